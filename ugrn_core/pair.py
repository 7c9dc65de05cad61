"""The pair explorer's pipeline: a request in, curves of both directions out; shared by the page and ``ugrn pair``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ugrn_core.added_genes import with_genes
from ugrn_core.backbones.backbone import Backbone
from ugrn_core.errors import InputError
from ugrn_core.estimate import Estimate, estimate
from ugrn_core.gene_effects.effects import GeneEffects, measures, reference_of, with_more_genes
from ugrn_core.gene_effects.shipped import shipped_reference
from ugrn_core.pair_specific import percentile
from ugrn_core.reference import centred_pair, reference_cost
from ugrn_core.residual import NODES, quadrature_nodes, relative_residual
from ugrn_core.store import Store
from ugrn_core.stored_sweep import directed_pairs, question_key
from ugrn_core.sweep import SCHEMA, check_settings
from ugrn_core.types import Cancel, Context, Curves, PairResult, Progress, SweepSettings, part_of


@dataclass(frozen=True)
class PairRequest:
    """Source and target (symbols of the backbone's vocabulary), context and settings."""

    source: str
    target: str
    context: Context
    settings: SweepSettings


@dataclass(frozen=True)
class PairSpecific:
    """Curves with gene-level effects taken out, both directions, and the percentiles (0-100) among random pairs."""

    forward: Curves
    reverse: Curves
    forward_percentile: float
    reverse_percentile: float
    n_reference: int
    n_random: int


def explore_pair(
    backbone: Backbone,
    request: PairRequest,
    store: Store | None = None,
    *,
    residual: bool = True,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> PairResult:
    """Curves of both directions; ``residual=False`` leaves the badge out (it costs 16 passes a grid interval)."""
    n_values = len(request.settings.grid)
    first = n_values / (n_values + NODES * (n_values + 1)) if residual else 1.0  # share of the passes
    (result,) = compare_targets(
        backbone,
        request.source,
        [request.target],
        request.context,
        request.settings,
        store,
        progress=part_of(progress, 0.0, first),
        cancel=cancel,
    )
    if not residual:
        return result
    rest = part_of(progress, first, 1.0)
    return replace(result, residual=pair_residual(backbone, request, store, progress=rest, cancel=cancel))


def compare_targets(
    backbone: Backbone,
    source: str,
    targets: Sequence[str],
    context: Context,
    settings: SweepSettings,
    store: Store | None = None,
    *,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> list[PairResult]:
    """One source against several targets in one and the same context, in the order of ``targets``; no residual."""
    _check_pairs([(source, t) for t in targets])
    whole, notes = with_genes(context, [source, *targets], settings.base)
    notes += _settings_notes(backbone, settings)
    there = [(source, t) for t in targets]
    swept = directed_pairs(
        backbone, [*there, *((t, s) for s, t in there)], whole, settings, store, progress=progress, cancel=cancel
    )
    n = len(targets)

    def curves(row: int, a: str, b: str) -> Curves:
        return Curves(a, b, None if swept.response is None else swept.response[row], swept.slope[row])

    return [
        PairResult(
            source=source,
            target=target,
            backbone=backbone.card.name,
            fingerprint=backbone.fingerprint,
            unit=backbone.card.unit,
            context=whole,
            context_size=2 if whole.kind == "pair" else len(whole.genes),
            settings=settings,
            forward=curves(i, source, target),
            reverse=curves(n + i, target, source),
            residual=None,
            notes=tuple(notes),
        )
        for i, target in enumerate(targets)
    ]


def pair_residual(
    backbone: Backbone,
    request: PairRequest,
    store: Store | None = None,
    *,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> float | None:
    """Residual badge, the larger of both directions; None under background ``follow``, where it is not defined."""
    settings = request.settings
    if settings.background == "follow":
        return None
    _check_pairs([(request.source, request.target)])
    whole, _ = with_genes(request.context, [request.source, request.target], settings.base)
    subject = f"{request.source}>{request.target}"
    key = question_key(backbone, f"residual-{SCHEMA}-{NODES}", whole, settings, subject)
    found = None if store is None else store.get(key)
    if found is None:
        by_start: dict[float, list[tuple[str, str]]] = {}
        for pair in ((request.source, request.target), (request.target, request.source)):
            by_start.setdefault(base_of(whole, pair[0], settings.base), []).append(pair)
        worst = 0.0
        for i, (start, pairs) in enumerate(by_start.items()):
            nodes, weights = quadrature_nodes(start, settings.grid)
            if not len(nodes):  # the one virtual value is the base: integral and response are zero
                continue
            fine = SweepSettings(settings.base, tuple(nodes), "fixed")
            part = part_of(progress, i / len(by_start), (i + 1) / len(by_start))
            slopes = directed_pairs(backbone, pairs, whole, fine, progress=part, cancel=cancel).slope
            responses = directed_pairs(backbone, pairs, whole, settings, store, cancel=cancel).response
            assert responses is not None  # fixed background
            for slope, response in zip(slopes, responses, strict=True):
                worst = max(worst, relative_residual(weights @ slope.astype(np.float64), response))
        found = {"residual": np.array([worst])}
        if store is not None:
            store.put(key, found)
    return float(found["residual"][0])


def pair_specific(
    backbone: Backbone,
    request: PairRequest,
    store: Store | None = None,
    *,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> PairSpecific:
    """Pair-specific curves of both directions with their percentiles; see :mod:`ugrn_core.pair_specific`."""
    source, target, settings = request.source, request.target, request.settings
    _check_pairs([(source, target)])
    whole, _ = with_genes(request.context, [source, target], settings.base)
    effects = _shipped(backbone, whole, settings)
    if effects is not None:
        effects = with_more_genes(backbone, settings, effects, (source, target), store, cancel=cancel)
        return _by_effects(backbone, request, effects, store, cancel)
    # the reference is swept for the first direction and serves both
    there = centred_pair(backbone, source, target, whole, settings, store, progress=progress, cancel=cancel)
    back = centred_pair(backbone, target, source, whole, settings, store, cancel=cancel)
    return PairSpecific(
        Curves(source, target, there.response, there.slope),
        Curves(target, source, back.response, back.slope),
        there.percentile,
        back.percentile,
        there.n_reference,
        there.n_random,
    )


def effects_are_shipped(backbone: Backbone, request: PairRequest) -> bool:
    """Whether :func:`pair_specific` has all but the pair's own genes at hand, whatever the store holds."""
    return _shipped(backbone, request.context, request.settings) is not None


def _shipped(backbone: Backbone, context: Context, settings: SweepSettings) -> GeneEffects | None:
    """Gene-level effects that come with the model, where they are by the whole reference of the pair context."""
    if context.kind != "pair":
        return None
    effects = shipped_reference(backbone, settings)
    return effects if effects is not None and list(effects.reference) == reference_of(backbone) else None


def _by_effects(
    backbone: Backbone, request: PairRequest, effects: GeneEffects, store: Store | None, cancel: Cancel | None
) -> PairSpecific:
    """Pair-specific curves of both directions from the pair's own curves and the effects of its genes."""
    there, back = (request.source, request.target), (request.target, request.source)
    own = directed_pairs(backbone, [there, back], Context(), request.settings, store, cancel=cancel)
    found = {
        name: effects.centred(name, [there, back], getattr(own, name), getattr(own, name)[::-1])
        for name in measures(request.settings)
    }
    peaks = np.abs(found[measures(request.settings)[0]]).max(1)
    forward, reverse = (
        Curves(*pair, found["response"][row] if "response" in found else None, found["slope"][row])
        for row, pair in enumerate((there, back))
    )
    shares = [percentile(float(peak), effects.peaks) for peak in peaks]
    n = len(set(effects.reference) - set(there))
    return PairSpecific(forward, reverse, shares[0], shares[1], n, len(effects.peaks))


def score_pairs(
    backbone: Backbone,
    pairs: Sequence[tuple[str, str]],
    context: Context,
    settings: SweepSettings,
    store: Store | None = None,
    *,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> pd.DataFrame:
    """One row a pair: ``source, target``, signed response and slope of largest size in each direction, and the
    response (under ``follow`` the slope) at every virtual value. All genes of the pairs are added to a full context."""
    _check_pairs(pairs)
    whole, _ = with_genes(context, [g for pair in pairs for g in pair], settings.base)
    both = [*pairs, *((t, s) for s, t in pairs)]
    swept = directed_pairs(backbone, both, whole, settings, store, progress=progress, cancel=cancel)
    n = len(pairs)
    frame = pd.DataFrame(pairs, columns=["source", "target"])
    curves = {"response": swept.response, "slope": swept.slope}
    for direction, rows in (("forward", slice(0, n)), ("reverse", slice(n, None))):
        for name, values in curves.items():
            frame[f"{direction}_max_{name}"] = np.nan if values is None else _peak(values[rows])
    shown = "slope" if swept.response is None else "response"
    for direction, rows in (("forward", slice(0, n)), ("reverse", slice(n, None))):
        for t, value in enumerate(settings.grid):
            frame[f"{direction}_{shown}_at_{value:g}"] = curves[shown][rows, t]
    return frame


def estimate_pair(backbone: Backbone, request: PairRequest, store: Store | None = None) -> Estimate:
    """Cost of :func:`explore_pair` with its residual: both directions, T + 16 nodes an interval each."""
    check_settings(request.settings, base_values=request.context.values)
    whole, _ = with_genes(request.context, [request.source, request.target], request.settings.base)
    n_values = len(request.settings.grid)
    nodes = 0 if request.settings.background == "follow" else NODES * (n_values + 1)
    tokens = 1 + (2 if whole.kind == "pair" else len(whole.genes))
    cached = 0.0
    if store is not None and nodes:
        subject = f"{request.source}>{request.target}"
        known = store.get(question_key(backbone, f"residual-{SCHEMA}-{NODES}", whole, request.settings, subject))
        cached = 0.0 if known is None else 1.0
    return estimate(backbone, tokens, 2 * (n_values + nodes), cached)


def estimate_curves(backbone: Backbone, request: PairRequest, store: Store | None = None) -> Estimate:
    """Cost of the curves of both directions without their residual."""
    whole, _ = with_genes(request.context, [request.source, request.target], request.settings.base)
    passes = 2 * len(request.settings.grid)
    if whole.kind == "pair":
        return estimate(backbone, 3, passes)
    both = (request.source, request.target)
    keys = [question_key(backbone, f"sweep-{SCHEMA}", whole, request.settings, gene) for gene in both]
    known = 0 if store is None else sum(store.get(key) is not None for key in keys)
    return estimate(backbone, 1 + len(whole.genes), passes, known / 2)


def estimate_specific(backbone: Backbone, request: PairRequest, store: Store | None = None) -> Estimate:
    """Cost of :func:`pair_specific`: nearly all of it is the reference, which the store keeps for later pairs.

    What the pair itself adds, its two genes with every gene of the reference, is not counted (about 1 part in 60).
    """
    whole, _ = with_genes(request.context, [request.source, request.target], request.settings.base)
    effects = _shipped(backbone, whole, request.settings)
    if effects is not None:
        missing = len({gene for gene in (request.source, request.target) if gene not in effects.at})
        pairs = 2 + 2 * missing * len(effects.reference)
        return estimate(backbone, 3, pairs * len(request.settings.grid))
    passes, cached = reference_cost(backbone, whole, request.settings, store)
    return estimate(backbone, 3 if whole.kind == "pair" else 1 + len(whole.genes), passes, cached)


def _peak(values: np.ndarray) -> np.ndarray:
    return np.take_along_axis(values, np.abs(values).argmax(1)[:, None], 1)[:, 0]


def base_of(context: Context, gene: str, base: float) -> float:
    """Value from which ``gene`` starts: its own in a profile, the virtual cell's otherwise."""
    return base if context.values is None else context.values[context.genes.index(gene)]


def _check_pairs(pairs: Sequence[tuple[str, str]]) -> None:
    if not pairs:
        raise InputError("There is no pair to look at: give a source and a target.")
    same = [s for s, t in pairs if s == t]
    if same:
        raise InputError(f"Source and target are the same gene ({same[0]}). A pair needs two different genes.")


def _settings_notes(backbone: Backbone, settings: SweepSettings) -> list[str]:
    check_settings(settings)
    low, high = backbone.card.domain
    outside = [v for v in (settings.base, *settings.grid) if not low <= v <= high]
    if not outside:
        return []
    listed = ", ".join(f"{v:g}" for v in dict.fromkeys(outside))
    return [
        f"Outside the values this model was trained on ({low:g} to {high:g} {backbone.card.unit}): {listed}. "
        "The model answers, but it never saw such values."
    ]
