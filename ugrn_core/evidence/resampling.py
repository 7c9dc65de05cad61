"""How steady correlations are when other cells had been drawn: 50 resamples of the cells, or of the donors.

Ranks are those among all cells and stay; what changes is how often each cell counts. For a Spearman correlation that
is the customary short way: ranking anew changes them by less than their scatter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ugrn_core.errors import stop_if
from ugrn_core.evidence.correlation import correlations
from ugrn_core.types import Cancel, Progress

RESAMPLES = 50
SEED = 0
NORMAL = 1.959964
"""Standard deviations of a 95 % interval."""
NEARLY_ONE = np.float32(1 - 1e-6)
ROUNDING = 1e-6
"""Correlations that differ by less are equal."""


@dataclass(frozen=True)
class Steadiness:
    """Of every pair (source, gene) float32: standard deviation over resamples of the correlation (its Fisher z) and of
    the share of cells that show both, and how often the pair is among the best; NaN where no correlation is defined."""

    spread: np.ndarray
    both_spread: np.ndarray
    among_best: np.ndarray


def resample_weights(
    groups: Sequence[np.ndarray], donors: np.ndarray | None, n_cells: int, rng: np.random.Generator
) -> np.ndarray:
    """How often each cell counts in one resample (cell,) float32.

    Cells are drawn with replacement within their group, as many as it has. With ``donors`` (cell,) codes, donors are,
    each with all its cells.
    """
    weights = np.zeros(n_cells, np.float32)
    if donors is not None:
        there, place = np.unique(donors, return_inverse=True)
        return rng.multinomial(len(there), np.full(len(there), 1 / len(there))).astype(np.float32)[place]
    for rows in groups:
        weights[rows] = rng.multinomial(len(rows), np.full(len(rows), 1 / len(rows)))
    return weights


def steadiness(
    ranks: np.ndarray,
    shown: np.ndarray,
    sources: np.ndarray,
    groups: Sequence[np.ndarray],
    donors: np.ndarray | None,
    best: int,
    pairs: np.ndarray,
    *,
    resamples: int = RESAMPLES,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Steadiness:
    """Resample ``ranks`` (cell, gene) and ``shown`` (cell, gene) float32, 1 where a cell shows a gene.

    ``best``: how many of the ``pairs`` (source, gene) bool that are asked about count as the best, by the size of
    their correlation. Cost: two matrix products a resample; memory: eight arrays (source, gene).
    """
    rng = np.random.default_rng(SEED)
    size = (len(sources), ranks.shape[1])
    n = np.zeros(size, np.float32)
    mean, squares, both_mean, both_squares = (np.zeros(size, np.float32) for _ in range(4))
    hits = np.zeros(size, np.float32)
    for turn in range(resamples):
        stop_if(cancel, "Stopped on request.")
        weights = resample_weights(groups, donors, len(ranks), rng)
        r = correlations(ranks, sources, groups, weights)
        hits += among_best(np.abs(r), pairs, best)
        defined = np.isfinite(r)
        z = np.arctanh(np.clip(r, -NEARLY_ONE, NEARLY_ONE))
        n += defined
        _add(mean, squares, z, np.maximum(n, 1), defined)
        both = (shown[:, sources] * (weights / weights.sum())[:, None]).T @ shown
        _add(both_mean, both_squares, both, np.full(size, turn + 1, np.float32), np.ones(size, bool))
        if progress:
            progress((turn + 1) / resamples, f"{turn + 1} of {resamples} resamples of the cells")
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = np.where(n > resamples / 2, np.sqrt(squares / (n - 1)), np.nan)
        return Steadiness(spread, np.sqrt(both_squares / (resamples - 1)), np.where(n > 0, hits / resamples, np.nan))


def among_best(size: np.ndarray, pairs: np.ndarray, best: int) -> np.ndarray:
    """Which of the ``pairs`` are among the ``best`` largest (source, gene) bool; equal ones at the end are all in
    (A with B and B with A differ by rounding)."""
    asked = pairs & np.isfinite(size)
    there = size[asked]
    if not len(there):
        return asked
    last = max(0, len(there) - best)
    return asked & (size >= np.partition(there, last)[last] - ROUNDING)


def interval(r: np.ndarray, spread: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """95 % interval of a correlation from the standard deviation of its Fisher z."""
    z = np.arctanh(np.clip(r, -NEARLY_ONE, NEARLY_ONE))
    return np.tanh(z - NORMAL * spread), np.tanh(z + NORMAL * spread)


def _add(mean: np.ndarray, squares: np.ndarray, value: np.ndarray, n: np.ndarray, where: np.ndarray) -> None:
    """Welford's update of means and sums of squared deviations, in place, of the entries ``where``."""
    step = np.where(where, value - mean, 0)
    mean += step / n
    squares += step * np.where(where, value - mean, 0)
