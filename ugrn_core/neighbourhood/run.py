"""One gene swept against all others, in both directions.

Two genes alone: two passes a virtual value with every other gene. A full context: one sweep of the gene, which reads
all others, and one of every gene that is moved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.errors import InputError
from ugrn_core.estimate import Estimate, estimate
from ugrn_core.gene_effects.effects import GeneEffects, measures
from ugrn_core.genes.tfs import is_tf
from ugrn_core.pair_specific import (
    CONTEXT_REFERENCE,
    FEWEST_REFERENCE,
    random_pair_peaks,
    reference_genes,
)
from ugrn_core.places import Place, place_of
from ugrn_core.store import Store
from ugrn_core.stored_sweep import question_key, source_key, stored_sources
from ugrn_core.sweep import SCHEMA, check_settings, sweep_pairs
from ugrn_core.types import Cancel, Context, Progress, SweepSettings, counted

Side = Literal["source", "target"]
SIDES: tuple[Side, ...] = ("source", "target")
"""``source``: the gene is moved and the others are read; ``target``: the others are moved, and the gene is read."""

Reach = Literal["factors", "all"]
"""Other genes asked about. For two genes alone these are the transcription factors, or the whole vocabulary. In a full
context all genes are read, and the factors, or all genes, are moved one after the other."""

VERSION = "neighbourhood-1"
GENES_A_PART = 4096
"""Genes swept and kept together; the factors are a part of their own, the first."""


@dataclass(frozen=True)
class NeighbourhoodRequest:
    """``gene`` is a symbol of the backbone; the context is the pair alone, or holds the gene."""

    gene: str
    context: Context
    settings: SweepSettings
    reach: Reach = "all"


def check_request(backbone: Backbone, request: NeighbourhoodRequest) -> None:
    """Refuse a question without sense."""
    check_settings(request.settings, base_values=request.context.values)
    if request.context.kind != "pair" and request.gene not in request.context.genes:
        raise InputError(f"{request.gene} is not in the virtual cell; add it to its genes.")
    if not other_genes(backbone, request):
        raise InputError(f"There is no other gene than {request.gene} in this virtual cell; give it more genes.")


def other_genes(backbone: Backbone, request: NeighbourhoodRequest) -> tuple[str, ...]:
    """The other genes in the order in which they are swept: factors first, each part by name."""
    inside = backbone.vocabulary.symbols if request.context.kind == "pair" else request.context.genes
    factors, rest = factors_and_rest([g for g in inside if g != request.gene])
    return factors if request.context.kind == "pair" and request.reach == "factors" else (*factors, *rest)


def factors_and_rest(genes: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Transcription factors among genes, and the others; both sorted."""
    ordered = sorted(genes)
    return tuple(g for g in ordered if is_tf(g)), tuple(g for g in ordered if not is_tf(g))


@dataclass(frozen=True)
class Neighbourhood:
    """Curves of one gene with ``others``, each (other, value) float32, by side and measure (``response``, ``slope``).

    Rows of others that were not moved are NaN at the side ``target``. ``specific`` holds the pair-specific curves and
    ``peaks`` those of random pairs, by ``n_reference`` genes: empty and None before :func:`with_effects`.
    """

    request: NeighbourhoodRequest
    others: tuple[str, ...]
    raw: Mapping[Side, Mapping[str, np.ndarray]]
    specific: Mapping[Side, Mapping[str, np.ndarray]]
    peaks: np.ndarray | None = None
    n_reference: int = 0

    @property
    def deciding(self) -> str:
        """The measure that ranks: the response, under ``follow`` the slope."""
        return measures(self.request.settings)[0]

    def pairs(self, side: Side) -> list[tuple[str, str]]:
        """Directed pairs (source, target) in the order of ``others``."""
        gene = self.request.gene
        return [(gene, g) if side == "source" else (g, gene) for g in self.others]


def neighbourhood(
    backbone: Backbone,
    request: NeighbourhoodRequest,
    store: Store | None = None,
    *,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Neighbourhood:
    """Curves of a gene with all genes asked about; in a full context the pair-specific ones too.

    Read from the store where they are there, computed and kept otherwise, part by part.
    """
    check_request(backbone, request)
    if request.context.kind == "pair":
        return _alone(backbone, request, store, progress, cancel)
    return _in_context(backbone, request, store, progress, cancel)


def with_effects(found: Neighbourhood, effects: GeneEffects) -> Neighbourhood:
    """The neighbourhood with pair-specific curves and the peaks of random pairs."""
    specific: dict[Side, dict[str, np.ndarray]] = {}
    for side, other in (SIDES, SIDES[::-1]):
        raw, back = found.raw[side], found.raw[other]
        specific[side] = {name: effects.centred(name, found.pairs(side), raw[name], back[name]) for name in raw}
    return replace(found, specific=specific, peaks=effects.peaks, n_reference=len(effects.reference))


def estimate_neighbourhood(backbone: Backbone, request: NeighbourhoodRequest, store: Store | None = None) -> Estimate:
    """Cost of :func:`neighbourhood`: passes, seconds, and the share that the store holds."""
    context, n_values = request.context, len(request.settings.grid)
    if context.kind == "pair":
        parts = _parts(backbone, request)
        known = sum(len(part) for n, part in enumerate(parts) if _kept(backbone, request, store, n, part).there())
        total = sum(map(len, parts))
        return estimate(backbone, 3, 2 * total * n_values, known / max(total, 1))
    moved = _moved(request)
    keys = [source_key(backbone, context, request.settings, gene) for gene in moved]
    share = 0.0 if store is None else sum(key in store for key in keys) / len(keys)
    return estimate(backbone, 1 + len(context.genes), len(moved) * n_values, share)


def _alone(
    backbone: Backbone,
    request: NeighbourhoodRequest,
    store: Store | None,
    progress: Progress | None,
    cancel: Cancel | None,
) -> Neighbourhood:
    parts = _parts(backbone, request)
    n, done, found = sum(map(len, parts)), 0, []
    for number, part in enumerate(parts):
        within = counted(progress, done, len(part), n, "genes")
        found.append(
            _kept(backbone, request, store, number, part).get_or_compute(
                lambda part=part, within=within: _sweep(backbone, request, part, within, cancel), cancel
            )
        )
        done += len(part)
        if within:
            within(1.0, "")
    joined = {name: np.concatenate([part[name] for part in found]) for name in found[0]}
    names = measures(request.settings)
    raw: dict[Side, dict[str, np.ndarray]] = {s: {m: joined[f"{s} {m}"] for m in names} for s in SIDES}
    return Neighbourhood(request, tuple(g for part in parts for g in part), raw, {})


def _parts(backbone: Backbone, request: NeighbourhoodRequest) -> list[tuple[str, ...]]:
    factors, rest = factors_and_rest(other_genes(backbone, request))
    cut = [rest[i : i + GENES_A_PART] for i in range(0, len(rest), GENES_A_PART)]
    return [part for part in (factors, *cut) if part]


def _kept(
    backbone: Backbone, request: NeighbourhoodRequest, store: Store | None, number: int, part: tuple[str, ...]
) -> Place:
    """Where part ``number`` of a gene's curves lies, those with the genes of ``part`` in cells of two genes alone."""
    key = question_key(backbone, f"{VERSION}-{SCHEMA}", Context(), request.settings, request.gene)
    return place_of(store, VERSION, key, number, part)


def _sweep(
    backbone: Backbone,
    request: NeighbourhoodRequest,
    others: tuple[str, ...],
    progress: Progress | None,
    cancel: Cancel | None,
) -> dict[str, np.ndarray]:
    there = [(request.gene, g) for g in others]
    back = [(g, request.gene) for g in others]
    swept = sweep_pairs(backbone, [*there, *back], request.settings, progress=progress, cancel=cancel)
    result = {}
    for name in measures(request.settings):
        values = getattr(swept, name)
        result |= {f"source {name}": values[: len(others)], f"target {name}": values[len(others) :]}
    return result


def _reference(request: NeighbourhoodRequest) -> list[str]:
    """Reference genes of a full context, none where it has too few."""
    genes = reference_genes(request.context.genes, CONTEXT_REFERENCE)
    return genes if len(genes) - 2 >= FEWEST_REFERENCE else []


def _moved(request: NeighbourhoodRequest) -> list[str]:
    """Genes that are moved in a full context: the gene, then the factors or all, then the rest of the reference."""
    factors, rest = factors_and_rest([g for g in request.context.genes if g != request.gene])
    asked = factors if request.reach == "factors" else (*factors, *rest)
    return list(dict.fromkeys([request.gene, *asked, *_reference(request)]))


def _in_context(
    backbone: Backbone,
    request: NeighbourhoodRequest,
    store: Store | None,
    progress: Progress | None,
    cancel: Cancel | None,
) -> Neighbourhood:
    """One sweep at a time is held: of each, what it says of the gene, and its part in the reference."""
    genes, names = request.context.genes, measures(request.settings)
    others = other_genes(backbone, request)
    at = {g: i for i, g in enumerate(genes)}
    here, columns = at[request.gene], [at[g] for g in others]
    reference = _reference(request)
    inside = [at[g] for g in reference]
    n, n_values, width = len(genes), len(request.settings.grid), len(reference)
    there = {name: np.empty((len(others), n_values), np.float32) for name in names}
    read = {name: np.full((n, n_values), np.nan, np.float32) for name in names}
    as_source, as_target = ({name: np.zeros((n, n_values)) for name in names} for _ in range(2))
    matrix = np.zeros((width, width, n_values), np.float32)
    moved = _moved(request)
    sweeps = stored_sources(backbone, request.context, moved, request.settings, store, progress=progress, cancel=cancel)
    for sweep in sweeps:
        own = at[sweep.source]
        for name in names:
            curves = getattr(sweep, name).T  # (gene, value)
            if own == here:
                there[name][:] = curves[columns]
            else:
                read[name][own] = curves[here]
            if not reference:
                continue
            as_source[name][own] = curves[[k for k in inside if k != own]].sum(0, dtype=np.float64)
            if own in inside:
                free = np.arange(n) != own
                as_target[name][free] += curves[free]
                if name == names[0]:
                    matrix[inside.index(own)] = curves[inside]
    back = {name: values[columns] for name, values in read.items()}
    found = Neighbourhood(request, others, {"source": there, "target": back}, {})
    if not reference:
        return found
    members = (width - np.isin(genes, reference))[:, None]
    effects = GeneEffects(
        genes,
        tuple(reference),
        {name: (sums / members).astype(np.float32) for name, sums in as_source.items()},
        {name: (sums / members).astype(np.float32) for name, sums in as_target.items()},
        random_pair_peaks(matrix).astype(np.float32),
    )
    return with_effects(found, effects)
