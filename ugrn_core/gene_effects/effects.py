"""Gene-level effects: how much a gene moves others as a source, and is moved as a target, whatever the other gene is.

They are what a pair-specific curve leaves out (:mod:`ugrn_core.pair_specific`), for every gene of the vocabulary
at once, so that a whole neighbourhood is centred without another pass. Pair context only: in a full context they come
with the sweeps themselves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.estimate import Estimate, estimate
from ugrn_core.pair_specific import PAIR_REFERENCE, random_pair_peaks, reference_genes
from ugrn_core.store import Store
from ugrn_core.stored_sweep import question_key
from ugrn_core.sweep import SCHEMA, check_settings, sweep_pairs
from ugrn_core.types import Cancel, Context, Progress, SweepSettings, Vocabulary, counted, part_of

FEW_REFERENCE = 32
"""Reference genes where nothing is shipped: an eighth of the work of all of them, and a noisier mean."""
GENES_A_BLOCK = 128
VERSION = "effects-1"


@dataclass(frozen=True)
class GeneEffects:
    """Means over the reference genes, without the gene itself; ``response`` is missing under ``follow``.

    ``as_source`` and ``as_target`` map ``response`` and ``slope`` to (gene, value) float32 over ``genes``: all of the
    vocabulary, sorted, or the reference and perhaps some more; ``peaks`` (pair,) are max_t |pair-specific curve| of
    random pairs of reference genes.
    """

    genes: tuple[str, ...]
    reference: tuple[str, ...]
    as_source: Mapping[str, np.ndarray]
    as_target: Mapping[str, np.ndarray]
    peaks: np.ndarray

    @cached_property
    def at(self) -> Mapping[str, int]:
        """The row of every gene."""
        return {g: i for i, g in enumerate(self.genes)}

    @cached_property
    def inside(self) -> np.ndarray:
        """(gene,) bool: the genes of the reference."""
        return np.isin(self.genes, self.reference)

    @cached_property
    def totals(self) -> Mapping[str, np.ndarray]:
        """Sums (value,) float64 over all pairs of the reference, by measure."""
        left = len(self.reference) - 1
        return {name: (values[self.inside].astype(np.float64) * left).sum(0) for name, values in self.as_source.items()}

    def centred(self, name: str, pairs: Sequence[tuple[str, str]], own: np.ndarray, back: np.ndarray) -> np.ndarray:
        """Pair-specific curves (pair, value) float32 of directed pairs; ``name`` is ``response`` or ``slope``.

        ``own`` and ``back`` (pair, value) are the raw curves of source -> target and of target -> source. The two genes
        of a pair are left out of the reference, as in :func:`ugrn_core.pair_specific.double_centred`.
        """
        ends = np.array([(self.at[source], self.at[target]) for source, target in pairs], np.intp)
        rows, place = np.unique(ends, return_inverse=True)
        s, t = place.reshape(ends.shape).T
        inside, n = self.inside[rows], len(self.reference)
        means, members = (self.as_source[name], self.as_target[name]), (n - inside)[:, None]
        sums = [values[rows].astype(np.float64) * members for values in means]
        return centred(own, back, sums[0], sums[1], self.totals[name], s, t, inside, n)


def centred(
    own: np.ndarray,
    back: np.ndarray,
    as_source: np.ndarray,
    as_target: np.ndarray,
    total: np.ndarray,
    source: np.ndarray,
    target: np.ndarray,
    inside: np.ndarray,
    n: int,
) -> np.ndarray:
    """Double-centred curves (pair, value) float32 from sums: :func:`double_centred` taken apart, for many pairs.

    ``as_source`` and ``as_target`` (gene, value) float64 are sums over the ``n`` reference genes (those ``inside``)
    without the gene itself, ``total`` (value,) those of all their pairs; ``source`` and ``target`` are places.
    ``back`` is read between two reference genes only.
    """
    own, back = own.astype(np.float64), back.astype(np.float64)
    has_source, has_target = inside[source][:, None], inside[target][:, None]
    left = n - has_source.astype(int) - has_target
    row = (as_source[source] - has_target * own) / left
    column = (as_target[target] - has_source * own) / left
    rest = total - has_source * (as_source[source] + as_target[source])
    rest = (
        rest - has_target * (as_source[target] + as_target[target]) + np.where(has_source & has_target, own + back, 0.0)
    )
    return (own - row - column + rest / (left * (left - 1))).astype(np.float32)


def gene_effects(
    backbone: Backbone,
    settings: SweepSettings,
    store: Store | None = None,
    *,
    n_reference: int = FEW_REFERENCE,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> GeneEffects:
    """Effects of every gene of a backbone by ``n_reference`` genes, a part of the pair context's reference.

    Cost: 2 x ``n_reference`` pairs a gene. Kept in the store in blocks of genes, so that a stopped run goes on.
    """
    check_settings(settings)
    genes, reference = backbone.vocabulary.in_order, reference_of(backbone, n_reference)
    blocks = [genes[i : i + GENES_A_BLOCK] for i in range(0, len(genes), GENES_A_BLOCK)]
    found: list[dict[str, np.ndarray]] = []
    share = len(blocks) / (len(blocks) + 1)  # the reference itself is about one block more
    most, rest = part_of(progress, 0.0, share), part_of(progress, share, 1.0)
    for number, block in enumerate(blocks):
        part = counted(most, number * GENES_A_BLOCK, len(block), len(genes), "genes")
        found.append(_block(backbone, settings, block, reference, store, part, cancel))
        if part:
            part(1.0, "")
    joined = {name: np.concatenate([block[name] for block in found]) for name in found[0]}
    names = measures(settings)
    told = f"{len(genes):,} of {len(genes):,} genes"
    last: Progress | None = None if rest is None else lambda done, _words: rest(done, told)
    matrix = _block(backbone, settings, reference, reference, store, last, cancel, whole=True)
    if last:
        last(1.0, "")
    return GeneEffects(
        genes,
        tuple(reference),
        {name: joined[f"source {name}"] for name in names},
        {name: joined[f"target {name}"] for name in names},
        random_pair_peaks(matrix["matrix"]).astype(np.float32),
    )


def reference_effects(
    backbone: Backbone,
    settings: SweepSettings,
    *,
    n_reference: int = PAIR_REFERENCE,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> GeneEffects:
    """Effects of the reference genes alone, by each other: with :func:`with_more_genes` enough for any one pair.

    Cost: every ordered pair of the reference once, 65,280 for all of it.
    """
    check_settings(settings)
    reference = reference_of(backbone, n_reference)
    n = len(reference)
    i, j = np.nonzero(~np.eye(n, dtype=bool))
    pairs = [(reference[a], reference[b]) for a, b in zip(i.tolist(), j.tolist(), strict=True)]
    swept = sweep_pairs(backbone, pairs, settings, progress=progress, cancel=cancel)
    as_source, as_target, matrices = {}, {}, []
    for name, curves in _named(swept.response, swept.slope, settings):
        full = np.zeros((n, n, len(settings.grid)), np.float32)
        full[i, j] = curves
        for ends, axis in ((as_source, 1), (as_target, 0)):
            ends[name] = (full.sum(axis, dtype=np.float64) / (n - 1)).astype(np.float32)
        matrices.append(full)
    peaks = random_pair_peaks(matrices[0]).astype(np.float32)  # of the curve that ranks
    return GeneEffects(tuple(reference), tuple(reference), as_source, as_target, peaks)


def with_more_genes(
    backbone: Backbone,
    settings: SweepSettings,
    effects: GeneEffects,
    genes: Sequence[str],
    store: Store | None = None,
    *,
    cancel: Cancel | None = None,
) -> GeneEffects:
    """The effects with those of ``genes`` among them. Cost: two pairs a gene that is missing and reference gene."""
    missing = sorted({gene for gene in genes if gene not in effects.at})
    if not missing:
        return effects
    found = _block(backbone, settings, missing, effects.reference, store, None, cancel)
    return replace(
        effects,
        genes=(*effects.genes, *missing),
        as_source={n: np.concatenate([v, found[f"source {n}"]]) for n, v in effects.as_source.items()},
        as_target={n: np.concatenate([v, found[f"target {n}"]]) for n, v in effects.as_target.items()},
    )


def effects_key(backbone: Backbone, settings: SweepSettings, n_reference: int) -> str:
    """Store address under which the matrix of the reference genes stands: there where all blocks are."""
    return _key(backbone, settings, reference_of(backbone, n_reference), reference_of(backbone, n_reference), True)


def estimate_effects(
    backbone: Backbone, settings: SweepSettings, store: Store | None = None, n_reference: int = FEW_REFERENCE
) -> Estimate:
    """Cost of :func:`gene_effects`; what a stopped run left is counted only when it is complete."""
    n = min(n_reference, len(backbone.vocabulary))
    cached = 1.0 if store is not None and effects_key(backbone, settings, n_reference) in store else 0.0
    return estimate(backbone, 3, 2 * n * len(backbone.vocabulary) * len(settings.grid), cached)


def measures(settings: SweepSettings) -> tuple[str, ...]:
    """The curves there are under a background, the one that ranks first."""
    return ("slope",) if settings.background == "follow" else ("response", "slope")


def reference_of(backbone: Backbone, n: int = PAIR_REFERENCE) -> list[str]:
    """``n`` of the reference genes of the pair context, sorted: all of them, or a part drawn with seed 0."""
    return list(_drawn(backbone.vocabulary, PAIR_REFERENCE, n))


@lru_cache(maxsize=16)
def _drawn(vocabulary: Vocabulary, most: int, n: int) -> tuple[str, ...]:
    return tuple(reference_genes(reference_genes(vocabulary.in_order, most), n))


def _key(backbone: Backbone, settings: SweepSettings, genes: Sequence[str], reference: Sequence[str], whole: bool):
    listed = hashlib.sha256("\n".join([*reference, "", *genes]).encode()).hexdigest()
    return question_key(backbone, f"{VERSION}-{SCHEMA}", Context(), settings, listed, int(whole))


def _block(
    backbone: Backbone,
    settings: SweepSettings,
    genes: Sequence[str],
    reference: Sequence[str],
    store: Store | None,
    progress: Progress | None,
    cancel: Cancel | None,
    whole: bool = False,
) -> dict[str, np.ndarray]:
    """Means (gene, value) of some genes over the reference; ``whole``: the ranking curves among them, (n, n, value)."""
    key = _key(backbone, settings, genes, reference, whole)
    kept = None if store is None else store.get(key)
    if kept is not None:
        return kept
    shape = len(genes), len(reference), len(settings.grid)
    i, j = np.nonzero(np.array(genes)[:, None] != np.array(reference)[None])
    there = [(genes[a], reference[b]) for a, b in zip(i.tolist(), j.tolist(), strict=True)]
    asked = there if whole else [*there, *((t, s) for s, t in there)]
    swept = sweep_pairs(backbone, asked, settings, progress=progress, cancel=cancel)
    result: dict[str, np.ndarray] = {}
    for name, curves in _named(swept.response, swept.slope, settings):
        for end, part in (("source", curves[: len(there)]), ("target", curves[len(there) :])):
            if whole and (end == "target" or name != measures(settings)[0]):
                continue
            full = np.zeros(shape, np.float32)
            full[i, j] = part
            if whole:
                result["matrix"] = full
            else:
                others = np.bincount(i, minlength=len(genes))[:, None]
                result[f"{end} {name}"] = (full.sum(1, dtype=np.float64) / others).astype(np.float32)
    if store is not None:
        store.put(key, result)
    return result


def _named(response: np.ndarray | None, slope: np.ndarray, settings: SweepSettings) -> Iterator[tuple[str, np.ndarray]]:
    for name in measures(settings):
        values = slope if name == "slope" else response
        assert values is not None  # fixed background
        yield name, values
