"""The reference a pair is compared with: random genes in the same kind of context, swept once and kept.

In the pair context the reference is 256 genes of the backbone's vocabulary; in a full context, 64 of its own genes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.pair_specific import (
    CONTEXT_REFERENCE,
    PAIR_REFERENCE,
    Reference,
    double_centred,
    percentile,
    random_pair_peaks,
    reference_genes,
)
from ugrn_core.store import Store
from ugrn_core.stored_sweep import directed_pairs, question_key, stored_sources
from ugrn_core.sweep import PairSweep, sweep_pairs
from ugrn_core.types import Cancel, Context, Progress, SweepSettings

VERSION = "reference-1"


@dataclass(frozen=True)
class Centred:
    """Pair-specific curves (value,) of one direction and the percentile of their peak; response None under follow."""

    response: np.ndarray | None
    slope: np.ndarray
    percentile: float
    n_reference: int
    n_random: int


def centred_pair(
    backbone: Backbone,
    source: str,
    target: str,
    context: Context,
    settings: SweepSettings,
    store: Store | None = None,
    *,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Centred:
    """Pair-specific curves of (source -> target); both lie in the context unless it is the pair alone.

    The percentile is that of max_t |response|, under ``follow`` of max_t |slope|. First call in a context: 65,280
    pairs (pair context) or 64 sources (full context); later calls read the store.
    """
    curves = _reference(backbone, context, settings, store, progress, cancel)
    names = ("slope",) if settings.background == "follow" else ("response", "slope")
    genes = curves["slope"].genes
    own = directed_pairs(backbone, [(source, target)], context, settings, store, cancel=cancel)
    row = _fan(backbone, [(source, g) for g in genes if g != source], context, settings, store, cancel)
    column = _fan(backbone, [(g, target) for g in genes if g != target], context, settings, store, cancel)
    results, peaks, n_left = {}, np.empty(0), 0
    for name in names:
        keep, matrix = curves[name].without(source, target)
        left = [genes[i] for i in keep]
        n_left = len(left)
        results[name] = double_centred(
            getattr(own, name)[0],
            _rows(getattr(row, name), [g for g in genes if g != source], left),
            _rows(getattr(column, name), [g for g in genes if g != target], left),
            matrix,
        ).astype(np.float32)
    deciding = names[0]
    peaks = random_pair_peaks(curves[deciding].matrix)
    peak = float(np.abs(results[deciding]).max())
    return Centred(results.get("response"), results["slope"], percentile(peak, peaks), n_left, len(peaks))


def reference_cost(
    backbone: Backbone, context: Context, settings: SweepSettings, store: Store | None = None
) -> tuple[int, float]:
    """Dual passes of a reference and the share of it that the store holds (all or nothing)."""
    genes = reference_of_context(backbone, context)
    sweeps = len(genes) * (len(genes) - 1) if context.kind == "pair" else len(genes)
    known = None if store is None else store.get(_key(backbone, genes, context, settings))
    return sweeps * len(settings.grid), 0.0 if known is None else 1.0


def reference_of_context(backbone: Backbone, context: Context) -> list[str]:
    """The reference genes of a context, sorted: of the vocabulary for two genes alone, else of its own genes."""
    alone = context.kind == "pair"
    return reference_genes(
        backbone.vocabulary.symbols if alone else context.genes, PAIR_REFERENCE if alone else CONTEXT_REFERENCE
    )


def _key(backbone: Backbone, genes: Sequence[str], context: Context, settings: SweepSettings) -> str:
    return question_key(backbone, VERSION, context, settings, "\n".join(genes))


def _reference(
    backbone: Backbone,
    context: Context,
    settings: SweepSettings,
    store: Store | None,
    progress: Progress | None,
    cancel: Cancel | None,
) -> dict[str, Reference]:
    genes = reference_of_context(backbone, context)
    key = _key(backbone, genes, context, settings)
    found = None if store is None else store.get(key)
    if found is None:
        found = _sweep_reference(backbone, genes, context, settings, store, progress, cancel)
        if store is not None:
            store.put(key, found)
    return {name: Reference(tuple(genes), matrix) for name, matrix in found.items()}


def _sweep_reference(
    backbone: Backbone,
    genes: list[str],
    context: Context,
    settings: SweepSettings,
    store: Store | None,
    progress: Progress | None,
    cancel: Cancel | None,
) -> dict[str, np.ndarray]:
    n, n_values = len(genes), len(settings.grid)
    names = ("slope",) if settings.background == "follow" else ("response", "slope")
    matrices = {name: np.zeros((n, n, n_values), np.float32) for name in names}
    if context.kind == "pair":
        a, b = np.nonzero(~np.eye(n, dtype=bool))
        pairs = [(genes[i], genes[j]) for i, j in zip(a, b, strict=True)]
        swept = sweep_pairs(backbone, pairs, settings, progress=progress, cancel=cancel)
        for name in names:
            matrices[name][a, b] = getattr(swept, name)
        return matrices
    column = {g: k for k, g in enumerate(context.genes)}
    at = [column[g] for g in genes]
    sweeps = stored_sources(backbone, context, genes, settings, store, progress=progress, cancel=cancel)
    for i, sweep in enumerate(sweeps):
        for name in names:
            matrices[name][i] = getattr(sweep, name)[:, at].T
    return matrices


def _fan(
    backbone: Backbone,
    pairs: Sequence[tuple[str, str]],
    context: Context,
    settings: SweepSettings,
    store: Store | None,
    cancel: Cancel | None,
) -> PairSweep:
    """Curves of one gene with every reference gene; in the pair context kept as one row of the store."""
    if context.kind != "pair" or store is None:
        return directed_pairs(backbone, pairs, context, settings, store, cancel=cancel)
    subject = "\n".join(f"{s}>{t}" for s, t in pairs)
    key = question_key(backbone, VERSION, context, settings, subject)
    found = store.get(key)
    if found is None:
        swept = sweep_pairs(backbone, pairs, settings, cancel=cancel)
        found = {"slope": swept.slope} if swept.response is None else {"slope": swept.slope, "response": swept.response}
        store.put(key, found)
    return PairSweep(found.get("response"), found["slope"])


def _rows(curves: np.ndarray, genes: list[str], wanted: list[str]) -> np.ndarray:
    at = {g: i for i, g in enumerate(genes)}
    return curves[[at[g] for g in wanted]]
