"""How well scores rank pairs, over all of them and at the head of a ranking, and which pairs a training has seen.

All scores of :data:`HEAD` are computed with weights of the sources: a bootstrap over sources is a run with other
weights. Equal scores count in the mean of all their orders, so that the order of the pairs does not matter.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sklearn
from scipy.sparse import coo_array, csr_array
from sklearn.metrics import average_precision_score, roc_auc_score

from ugrn_core.beeline.networks import Edge

METRICS = ("auprc", "auroc")
FEWEST_POSITIVES = 50
"""Subsets of unseen genes with fewer positives get no score."""
SUBSETS = ("all", "one_unseen", "both_unseen")

AMONG = (50, 100, 500)
BLOCK = 2_000_000
"""Most numbers, about, of one array while resamples are scored."""

RECALL = 0.1
"""Recall up to which the precision-recall curve counts in ``partial_auprc``."""

HEAD = (*(f"precision_{k}" for k in AMONG), "early_precision", "early_precision_ratio", "partial_auprc", "auprc")
"""``precision_K``: share of edges among the best K. ``early_precision``: the same among the best P, P being the number
of edges; ``early_precision_ratio``: over the share of edges among all (Pratapa et al. 2020). ``partial_auprc``:
mean precision up to a recall of ``RECALL``. ``auprc``: average precision, the same up to a recall of 1."""


def ranking_metrics(labels: np.ndarray, scores: np.ndarray) -> dict[str, float]:
    """AUPRC and AUROC of scores (pair,) against labels (pair,) in {0, 1}; NaN where one class is missing.

    Tied scores share a rank: the order of the pairs does not matter.
    """
    if labels.shape != scores.shape:
        raise ValueError(f"labels {labels.shape}, scores {scores.shape}")
    if not np.isfinite(scores).all():
        raise ValueError("scores that are not finite")
    if not 0 < labels.sum() < len(labels):
        return dict.fromkeys(METRICS, float("nan"))
    with sklearn.config_context(assume_finite=True, skip_parameter_validation=True):
        return {
            "auprc": float(average_precision_score(labels, scores)),
            "auroc": float(roc_auc_score(labels, scores)),
        }


def unseen_masks(pairs: Sequence[Edge], seen: Collection[str]) -> dict[str, np.ndarray]:
    """Masks (pair,) bool by subset: all, exactly one gene unseen, both genes unseen.

    ``seen`` are the genes of the training pairs, negatives included.
    """
    unseen = np.array([(s not in seen) + (t not in seen) for s, t in pairs], dtype=np.int8)
    return {"all": np.ones(len(pairs), bool), "one_unseen": unseen == 1, "both_unseen": unseen == 2}


def edge_overlap(known: np.ndarray, positive: np.ndarray) -> float:
    """Share of the positives (unit,) bool that are ``known`` (unit,) bool as edges of the training network, drawn or
    not; NaN where there is no positive."""
    return float(known[positive].mean()) if positive.any() else float("nan")


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
    return Resampled(value, np.mean([heads(r, weights) for r in rankings], 0))


def heads(ranking: Ranking, weights: np.ndarray) -> np.ndarray:
    """:func:`head` with every line of ``weights`` (resample, source): (resample, score)."""
    found = np.full((len(weights), len(HEAD)), np.nan)
    if ranking.labels.any():
        runs = EdgeRuns.of(ranking, weights.shape[1])
        step = max(BLOCK // runs.edges.shape[0], 1)
        for start in range(0, len(weights), step):
            found[start : start + step] = runs.heads(weights[start : start + step].T.astype(float))
    return found


@dataclass(frozen=True)
class EdgeRuns:
    """A ranking counted by source: between two runs of equal scores that hold edges only the number of pairs grows.

    ``gap``: pairs before each such run and after the one before it; ``run``: pairs in it; ``edges``: edges in it, all
    sparse (run, source). ``tail``: pairs after the last of them, (source,).
    """

    gap: csr_array
    run: csr_array
    edges: csr_array
    tail: np.ndarray

    @classmethod
    def of(cls, ranking: Ranking, n_sources: int) -> EdgeRuns:
        """Counts of a ranking that has edges; sources are numbered below ``n_sources``."""
        sizes = np.diff(ranking.ends, prepend=0)
        has_edge = np.add.reduceat(ranking.labels, ranking.ends - sizes) > 0
        number = np.repeat(np.cumsum(has_edge) - has_edge, sizes)  # of the first run with edges that is not yet over
        inside, n_runs = np.repeat(has_edge, sizes), int(has_edge.sum())

        def counted(chosen: np.ndarray) -> csr_array:
            where = (number[chosen], ranking.sources[chosen])
            return coo_array((np.ones(len(where[0])), where), shape=(n_runs, n_sources)).tocsr()

        tail = number == n_runs
        after = np.bincount(ranking.sources[tail], minlength=n_sources)
        return cls(counted(~inside & ~tail), counted(inside), counted(ranking.labels > 0), after.astype(float))

    def heads(self, weights: np.ndarray) -> np.ndarray:
        """The scores of ``HEAD``, (resample, score), with weights (source, resample)."""
        run, gained = self.run @ weights, self.edges @ weights
        ends, edges = np.cumsum(self.gap @ weights + run, axis=0), np.cumsum(gained, axis=0)
        pairs, n_edges = ends[-1] + self.tail @ weights, edges[-1]

        def among(k: np.ndarray) -> np.ndarray:
            at = np.minimum((ends < k).sum(0), len(ends) - 1)
            of = at, np.arange(len(k))
            inside = np.clip(k - (ends[of] - run[of]), 0, run[of])
            share = np.divide(inside, run[of], out=np.zeros(len(k)), where=run[of] > 0)
            return np.where(k <= pairs, (edges[of] - gained[of] * (1 - share)) / k, np.nan)

        def mean_precision(recall: float) -> np.ndarray:
            most = recall * n_edges
            counted = np.diff(np.minimum(edges, most), axis=0, prepend=0.0)
            precision = np.divide(edges, ends, out=np.zeros_like(edges), where=ends > 0)
            return (counted * precision).sum(0) / most

        best = [among(np.full(len(pairs), float(k))) for k in AMONG]
        with np.errstate(divide="ignore", invalid="ignore"):  # resamples without an edge have no score
            early = among(n_edges)
            ratio = early * pairs / n_edges
            scores = np.array([*best, early, ratio, mean_precision(RECALL), mean_precision(1.0)]).T
        return np.where(((n_edges > 0) & (n_edges < pairs))[:, None], scores, np.nan)


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
    some = ~np.isnan(drawn).all(0)
    found = np.full((2, drawn.shape[1]), np.nan)
    if some.any():
        found[:, some] = np.nanpercentile(drawn[:, some], [2.5, 97.5], axis=0)
    return found
