"""Every factor moved up and down in the virtual cell of A, ranked by how far its response leads towards B."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control, rankdata

from ugrn_core.added_genes import with_genes
from ugrn_core.backbones.backbone import Backbone, TransformerBackbone, random_twin
from ugrn_core.corpus_vectors import corpus_vectors
from ugrn_core.data.context import VARIABLE_GENES, data_context
from ugrn_core.data.expression import ExpressionData
from ugrn_core.drivers.toward import Doses, carriers, doses, shuffles
from ugrn_core.errors import InputError
from ugrn_core.estimate import Estimate, estimate
from ugrn_core.genes.file_names import in_file, named_as_in_file
from ugrn_core.genes.tfs import is_tf
from ugrn_core.store import Store
from ugrn_core.stored_sweep import source_key, stored_sources
from ugrn_core.types import Cancel, Context, Progress, SweepSettings, part_of

COLUMNS = {
    "source": "the factor that is moved",
    "move": "up or down: where its best virtual value lies from its value in A",
    "value": "that virtual value",
    "towards": "share of the way from A to B that its response goes: its projection on B - A",
    "alignment": "cosine of response and B - A",
    "aside": "length of the part of the response that is orthogonal to B - A, by the length of B - A",
    "nearer": "share by which the squared distance to B becomes smaller",
    "p_shuffled": "share of shuffles of the genes of B - A with as large a `towards`",
    "q_shuffled": "the same as a false discovery rate over all factors (Benjamini and Hochberg)",
    "p_random": "share of factors (up to 50 drawn, and the one asked about) that go as far with random weights",
    "value_a": "value of the factor in A",
    "value_b": "value in B",
    "rank_towards": "rank by `towards`, 1 the best; the order of the table",
    "rank_change": "rank by the size of its own change from A to B",
    "rank_corpus": "rank by the size of `corpus`",
    "corpus": "correlation over genes of B - A with the factor's co-expression in the corpus; needs no model",
    "carried_by": "genes that carry most of it",
}
DOSE_COLUMNS = ("source", "value", "towards", "alignment", "aside", "nearer")
CONTROL = (
    "On known factors of reprogramming, in studies that the model was not trained on, this order did no better than "
    "the size of each factor's own change (rank_change)."
)
"""What the positive control found (docs/decisions/125)."""
N_CARRIERS = 8
N_FACTORS = 200
"""Factors that are moved where none are named: with 500 other genes they make the virtual cells the models met."""
DECIMALS = 6
TWIN_SOURCES = 50
"""Factors that are moved in the model with random weights too, drawn with a seed where there are more."""
TWIN_SEED = 0


@dataclass(frozen=True)
class DriversRequest:
    """``context``: the virtual cell of A, every gene at its mean. ``difference`` (gene,): B - A in the same unit.
    ``sources`` are moved; they are genes of the context."""

    context: Context
    difference: tuple[float, ...]
    sources: tuple[str, ...]
    settings: SweepSettings

    def __post_init__(self) -> None:
        if self.context.kind != "profile" or len(self.difference) != len(self.context.genes):
            raise ValueError("drivers need the means of cells, and a difference for every gene")
        if not any(self.difference):
            raise InputError("The two states do not differ in any gene of the virtual cell. Choose two others.")
        if not self.sources:
            raise InputError("No transcription factor is among the genes of the virtual cell. Name the sources.")
        outside = [s for s in self.sources if s not in self.context.genes]
        if outside:
            raise InputError(f"{', '.join(outside[:5])}: not in the virtual cell. Name genes that these cells show.")


@dataclass(frozen=True)
class Drivers:
    """``table``: a row a factor, best first (:data:`COLUMNS`). ``doses``: a row a factor and virtual value
    (:data:`DOSE_COLUMNS`). Of a mouse file both have its names, and ``human_source``. ``notes``: sentences."""

    table: pd.DataFrame
    doses: pd.DataFrame
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class States:
    """The virtual cell of A, B - A (gene,), the genes to move, and sentences on what was chosen."""

    cell: Context
    difference: tuple[float, ...]
    sources: tuple[str, ...]
    notes: tuple[str, ...]


def between_groups(
    data: ExpressionData,
    backbone: Backbone,
    a: tuple[str, str],
    b: tuple[str, str],
    *,
    sources: Sequence[str] | None = None,
    n_factors: int = N_FACTORS,
    n_variable: int = VARIABLE_GENES,
    cap: int | None = None,
) -> States:
    """From group ``a`` (column, level) to group ``b``.

    The virtual cell holds the genes of :func:`ugrn_core.data.context.data_context` for either group, but of the
    transcription factors only the ``n_factors`` that differ most between the groups, which are moved; or ``sources``.
    A gene that only one of the groups chose stands at its own mean in both.
    """
    if a == b:
        raise InputError(f"The two states are the same: {a[0]} = {a[1]}. Choose two different groups.")
    first, _, notes = _cell_of(data, backbone, a, n_variable, cap)
    second, _, more = _cell_of(data, backbone, b, n_variable, cap)
    every = sorted({*first.genes, *second.genes, *(sources or ())})
    (at_a, _), (at_b, _) = (with_genes(cell, every, backbone.card.base) for cell in (first, second))
    value_a, value_b = (dict(zip(c.genes, c.values or (), strict=True)) for c in (at_a, at_b))
    there = [g for g in every if value_a[g] != 0 or not backbone.card.drop_zero_genes]
    change = {g: abs(value_b[g] - value_a[g]) for g in there}
    kept, moved, said = _chosen(there, change, "differ most between the two groups", sources, n_factors, cap)
    label = f"{first.label}, with the genes of {b[0]} = {b[1]}"
    cell = Context("profile", kept, tuple(value_a[g] for g in kept), label, names=first.names)
    difference = tuple(value_b[g] - value_a[g] for g in kept)
    return States(cell, difference, moved, (*said, *_of_both(notes, a, more, b)))


def _of_both(notes: Sequence[str], a: tuple[str, str], more: Sequence[str], b: tuple[str, str]) -> Iterator[str]:
    """Notes on the cells of either group. One that is of one group alone says of which: a factor that is left out in
    one is moved where the other shows it."""
    for note in dict.fromkeys([*notes, *more]):
        of = [f"{column} = {level}" for (column, level), told in ((a, notes), (b, more)) if note in told]
        yield note if len(of) > 1 or of[0] in note else f"In {of[0]} alone: {note}"


def to_set(
    data: ExpressionData,
    backbone: Backbone,
    a: tuple[str, str],
    wanted: Sequence[str],
    *,
    sources: Sequence[str] | None = None,
    n_factors: int = N_FACTORS,
    n_variable: int = VARIABLE_GENES,
    cap: int | None = None,
) -> States:
    """From group ``a`` to where a set of genes is higher: they are added to the virtual cell, and the difference is 1
    for each of them and 0 for the others, so that ``towards`` is their mean response."""
    first, variance, notes = _cell_of(data, backbone, a, n_variable, cap)
    genes, moved, said = _chosen(first.genes, variance, "vary most over all cells", sources, n_factors, cap)
    kept, rises = tuple(sorted({*genes, *wanted})), set(wanted)
    at_a, more = with_genes(first, kept, backbone.card.base)
    value = dict(zip(at_a.genes, at_a.values or (), strict=True))
    label = f"{first.label}, with {len(rises):,} genes wanted"
    cell = Context("profile", kept, tuple(value[g] for g in kept), label, names=first.names)
    return States(cell, tuple(float(g in rises) for g in kept), moved, (*said, *notes, *more))


def _cell_of(
    data: ExpressionData, backbone: Backbone, group: tuple[str, str], n_variable: int, cap: int | None
) -> tuple[Context, dict[str, float], tuple[str, ...]]:
    """Virtual cell of a group, the variance of every symbol over all cells, and notes without that on its length."""
    cell, report, notes = data_context(
        data, backbone.card, backbone.vocabulary, group=group, n_variable=n_variable, cap=cap
    )
    variance: dict[str, float] = {}
    for record, spread in zip(report.records, data.variance, strict=True):
        if record.symbol is not None:
            variance[record.symbol] = max(float(spread), variance.get(record.symbol, 0.0))
    return cell, variance, tuple(n for n in notes if "<cls>" not in n)


def _chosen(
    genes: Sequence[str],
    size: dict[str, float],
    why: str,
    sources: Sequence[str] | None,
    n_factors: int,
    cap: int | None,
) -> tuple[tuple[str, ...], tuple[str, ...], list[str]]:
    """Genes of the virtual cell by name, those that are moved, and what is said of it: of the factors those of the
    largest ``size``, which ``why`` puts in words."""
    there = set(genes)
    factors = sorted((g for g in there if is_tf(g)), key=lambda g: (-size[g], g))
    moved = tuple(sorted(factors[:n_factors] if sources is None else set(sources)))
    if not moved:
        raise InputError("No transcription factor is among the genes of these cells. Name the genes to move.")
    kept = tuple(sorted((there - set(factors)) | set(moved)))
    if cap is not None and len(kept) > cap:
        raise InputError(
            f"The genes of both groups are {len(kept):,}; the memory of this machine holds a virtual cell of {cap:,}. "
            "Take fewer variable genes or factors."
        )
    said = [f"{len(moved):,} factors are moved in a virtual cell of {len(kept):,} genes."]
    if sources is None and len(factors) > n_factors:
        said.append(f"They are the {n_factors:,} of {len(factors):,} detected factors that {why}.")
    return kept, moved, said


def find_drivers(
    backbone: Backbone,
    request: DriversRequest,
    store: Store | None = None,
    *,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Drivers:
    """Rank the sources. Cost: one sweep a source, and up to 50 more with random weights; they go through the store.

    A model that is no transformer has no random twin; then ``p_random`` is empty and a note says so.
    """
    shuffled = shuffles(np.array(request.difference))
    twin = random_twin(backbone) if isinstance(backbone, TransformerBackbone) else None
    drawn = _drawn(request.sources) if twin is not None else ()
    share = len(request.sources) / (len(request.sources) + len(drawn))
    found, leading = _moved(backbone, request, shuffled, store, part_of(progress, 0.0, share), cancel)
    by_chance = np.zeros(0)
    notes: list[str] = []
    if twin is None:
        notes.append(f"{backbone.card.name} has no weights to be drawn at random: p_random is empty.")
    else:
        some = replace(request, sources=drawn)
        random, _ = _moved(twin, some, shuffled, store, part_of(progress, share, 1.0), cancel)
        by_chance = np.array([d.towards.max() for d in random.values()])
    names = request.context.names
    leading = {source: in_file(names, genes) for source, genes in leading.items()}
    table, by_dose = (
        named_as_in_file(made, names, ("source",))
        for made in (_table(request, found, leading, by_chance), _dose_table(request, found))
    )
    return Drivers(table, by_dose, tuple(notes))


def _drawn(sources: tuple[str, ...]) -> tuple[str, ...]:
    order = np.random.default_rng(TWIN_SEED).permutation(len(sources))[:TWIN_SOURCES]
    return tuple(sources[i] for i in sorted(order))


def estimate_drivers(backbone: Backbone, request: DriversRequest, store: Store | None = None) -> Estimate:
    """Cost of :func:`find_drivers`: passes, seconds, and the share of the model's own sweeps that the store holds."""
    keys = [source_key(backbone, request.context, request.settings, s) for s in request.sources]
    share = 0.0 if store is None else sum(key in store for key in keys) / len(keys)
    n_moved = len(keys) + min(TWIN_SOURCES, len(keys))
    return estimate(backbone, 1 + len(request.context.genes), n_moved * len(request.settings.grid), share)


def _moved(
    backbone: Backbone,
    request: DriversRequest,
    shuffled: np.ndarray,
    store: Store | None,
    progress: Progress | None,
    cancel: Cancel | None,
) -> tuple[dict[str, Doses], dict[str, tuple[str, ...]]]:
    """Doses of every source, and the genes that carry its best one."""
    genes, difference = request.context.genes, np.array(request.difference)
    at = {g: i for i, g in enumerate(genes)}
    found, leading = {}, {}
    for sweep in stored_sources(
        backbone, request.context, request.sources, request.settings, store, progress=progress, cancel=cancel
    ):
        assert sweep.response is not None
        own = at[sweep.source]
        here = doses(sweep.response, difference, own, shuffled)
        found[sweep.source] = here
        carried = carriers(sweep.response[here.best], difference, own, N_CARRIERS)
        leading[sweep.source] = tuple(genes[k] for k in carried)
    return found, leading


def _table(
    request: DriversRequest, found: dict[str, Doses], leading: dict[str, tuple[str, ...]], by_chance: np.ndarray
) -> pd.DataFrame:
    at = {g: i for i, g in enumerate(request.context.genes)}
    places = np.array([at[s] for s in found])
    value_a = np.array(request.context.values)[places]
    change = np.array(request.difference)[places]
    best = [d.best for d in found.values()]
    value = np.array([request.settings.grid[i] for i in best])
    numbers = {name: [getattr(d, name)[i] for d, i in zip(found.values(), best, strict=True)]
               for name in ("towards", "alignment", "aside", "nearer")}  # fmt: skip
    towards, p = np.array(numbers["towards"]), np.array([d.p for d in found.values()])
    corpus = _corpus(request, places)
    table = pd.DataFrame({"source": list(found), "move": np.where(value > value_a, "up", "down"), "value": value})
    table = table.assign(
        **numbers,
        p_shuffled=p,
        q_shuffled=false_discovery_control(p),
        p_random=[(1 + (by_chance >= t).sum()) / (1 + len(by_chance)) if len(by_chance) else np.nan for t in towards],
        value_a=value_a,
        value_b=value_a + change,
        rank_change=_ranks(np.abs(change)),
        rank_corpus=_ranks(np.abs(corpus)),
        corpus=corpus,
        carried_by=[", ".join(leading[s]) for s in found],
    )
    table = table.sort_values(["towards", "source"], ascending=[False, True], ignore_index=True)
    return table.assign(rank_towards=np.arange(1, len(table) + 1)).round(DECIMALS)[list(COLUMNS)]


def _dose_table(request: DriversRequest, found: dict[str, Doses]) -> pd.DataFrame:
    parts = [
        pd.DataFrame(
            {"source": s, "value": request.settings.grid, "towards": d.towards, "alignment": d.alignment,
             "aside": d.aside, "nearer": d.nearer}
        )
        for s, d in found.items()
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True).round(DECIMALS)[list(DOSE_COLUMNS)]


def _corpus(request: DriversRequest, places: np.ndarray) -> np.ndarray:
    """Correlation (source,) over the other genes of their co-expression with the source and the difference."""
    vectors = corpus_vectors().of(request.context.genes)
    difference = np.array(request.difference)
    found = np.zeros(len(places))
    for i, own in enumerate(places):
        others = np.arange(len(vectors)) != own
        with_source = vectors[others] @ vectors[own]
        if with_source.std() > 0 and difference[others].std() > 0:
            found[i] = np.corrcoef(with_source, difference[others])[0, 1]
    return found


def _ranks(size: np.ndarray) -> np.ndarray:
    return rankdata(-size, method="min").astype(int)
