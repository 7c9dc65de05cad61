"""How good the head of a ranking is, at the share of edges that there really is: what somebody would test first.

All scores of :data:`HEAD` are computed with weights of the sources: a bootstrap over sources is a run with other
weights. Equal scores count in the mean of all their orders, so that the order of the pairs does not matter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

AMONG = (50, 100, 500)
RECALL = 0.1
"""Recall up to which the precision-recall curve counts in ``partial_auprc``."""
HEAD = (*(f"precision_{k}" for k in AMONG), "early_precision", "early_precision_ratio", "partial_auprc", "auprc")
"""``precision_K``: share of edges among the best K. ``early_precision``: the same among the best P, P being the number
of edges; ``early_precision_ratio``: over the share of edges among all (Pratapa et al. 2020). ``partial_auprc``:
mean precision up to a recall of ``RECALL``. ``auprc``: average precision, the same up to a recall of 1."""


@dataclass(frozen=True)
class Ranking:
    """Pairs from the best down: ``labels`` and ``sources`` (pair,), and where each run of equal scores ends, (run,)."""

    labels: np.ndarray
    sources: np.ndarray
    ends: np.ndarray

    @classmethod
    def of(cls, labels: np.ndarray, scores: np.ndarray, sources: np.ndarray) -> Ranking:
        """From labels in {0, 1}, finite scores and the number of each pair's source, all (pair,)."""
        if not np.isfinite(scores).all():
            raise ValueError("scores that are not finite")
        order = np.argsort(-scores, kind="stable")
        falls = np.flatnonzero(np.diff(scores[order])) + 1
        return cls(labels[order].astype(float), sources[order], np.append(falls, len(order)))


def head(ranking: Ranking, weights: np.ndarray | None = None) -> np.ndarray:
    """The scores of ``HEAD``, (score,), with a weight for each source, (source,), or all alike; NaN without edges."""
    if not len(ranking.labels):
        return np.full(len(HEAD), np.nan)
    each = np.ones(len(ranking.labels)) if weights is None else weights[ranking.sources].astype(float)
    pairs = np.cumsum(each)[ranking.ends - 1]
    edges = np.cumsum(each * ranking.labels)[ranking.ends - 1]
    if not 0 < edges[-1] < pairs[-1]:
        return np.full(len(HEAD), np.nan)
    early = _precision_among(pairs, edges, edges[-1])
    among = [_precision_among(pairs, edges, k) for k in AMONG]
    ratio = early / (edges[-1] / pairs[-1])
    return np.array([*among, early, ratio, _mean_precision(pairs, edges, RECALL), _mean_precision(pairs, edges, 1.0)])


def _precision_among(pairs: np.ndarray, edges: np.ndarray, k: float) -> float:
    """Expected share of edges among the best k; NaN where there are fewer pairs. The runs' counts are cumulative."""
    if k > pairs[-1]:
        return np.nan
    at = int(np.searchsorted(pairs, k))
    before = (pairs[at - 1], edges[at - 1]) if at else (0.0, 0.0)
    share = (edges[at] - before[1]) / (pairs[at] - before[0])
    return float((before[1] + (k - before[0]) * share) / k)


def _mean_precision(pairs: np.ndarray, edges: np.ndarray, recall: float) -> float:
    """Area under precision by recall (precision at each step, not interpolated) up to a recall, over that recall."""
    most = recall * edges[-1]
    gained = np.diff(np.minimum(edges, most), prepend=0.0)
    precision = np.divide(edges, pairs, out=np.zeros_like(edges), where=pairs > 0)
    return float((gained * precision).sum() / most)


@dataclass(frozen=True)
class Resampled:
    """Scores of ``HEAD`` of one method on one test: ``value`` (score,), and ``drawn`` (resample, score)."""

    value: np.ndarray
    drawn: np.ndarray

    def interval(self) -> np.ndarray:
        """Percentiles 2.5 and 97.5 of the resamples, (2, score); NaN where a score has no value."""
        return _interval(self.drawn)


def source_weights(n_sources: int, resamples: int, seed: Sequence[int] | int) -> np.ndarray:
    """How often each source is drawn in each resample, (resample, source): as many as there are, with return."""
    return np.random.default_rng(seed).multinomial(n_sources, np.full(n_sources, 1 / n_sources), size=resamples)


def resampled(rankings: Sequence[Ranking], weights: np.ndarray) -> Resampled:
    """Mean scores of several rankings of the same pairs (seeds of one method), and the same in every resample."""
    value = np.mean([head(r) for r in rankings], 0)
    drawn = np.array([np.mean([head(r, w) for r in rankings], 0) for w in weights])
    return Resampled(value, drawn)


def paired(one: Resampled, other: Resampled) -> dict[str, Any]:
    """Difference of two methods on the same resamples: ``difference, low, high, p``, each (score,).

    ``p`` is two-sided: twice the share of resamples in which the difference is not on its own side of 0.
    """
    differences = one.drawn - other.drawn
    n = len(differences)
    low, high = _interval(differences)
    below, above = ((np.nan_to_num(differences, nan=0.0) * sign <= 0).sum(0) for sign in (1, -1))
    p = np.minimum(1.0, 2 * (np.minimum(below, above) + 1) / (n + 1))
    difference = one.value - other.value
    return {"difference": difference, "low": low, "high": high, "p": np.where(np.isnan(difference), np.nan, p)}


def _interval(drawn: np.ndarray) -> np.ndarray:
    if not len(drawn):
        return np.full((2, drawn.shape[1] if drawn.ndim > 1 else len(HEAD)), np.nan)
    some = ~np.isnan(drawn).all(0)
    found = np.full((2, drawn.shape[1]), np.nan)
    found[:, some] = np.nanpercentile(drawn[:, some], [2.5, 97.5], axis=0)
    return found
