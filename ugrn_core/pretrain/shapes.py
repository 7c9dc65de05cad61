"""Do a model's curves say more than a straight line, and than a Gaussian copula, in data sets that it never saw?

Pairs are chosen by the training data sets alone: related genes, and among them the tenth whose conditional means bend
most where both halves of those data sets agree on it. They are judged in the held-out data sets by the conditional
means of the target in nine bins of the source: the squared correlation of these means with what is predicted for the
profiles of each bin, 0 where it has the other sign. So no predictor has to know the size of an effect, and none gains
by a free sign. Predictors are the source's own value (a line), the model's curve read at it, and copulas: what a
Gaussian dependence of the strength seen in training gives with the two distributions that the genes have in the
held-out data set, and with those that they have in each of its cell types (there it is told the types' means, too).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri
from scipy.stats import rankdata

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.genes.tfs import is_tf
from ugrn_core.pretrain.standardise import ZCorpus, ZPart
from ugrn_core.spreadsheet import csv_text
from ugrn_core.sweep import sweep_pairs
from ugrn_core.types import Progress, SweepSettings, part_of
from ugrn_core.whole_files import write_whole

SOURCES = 600
TARGETS_EACH = 8
RELATED = 0.35
"""Least absolute cosine of a related pair."""
FEWEST_PROFILES = 30
FEWEST_DATA_SETS = 4
FEWEST_IN_BIN = 5
FEWEST_OF_TYPE = 20
BINS = 9
REACH = 3.0
KNOTS = np.linspace(-REACH, REACH, BINS)
GRID = np.round(np.linspace(-REACH, REACH, 25), 3)
BENT = 10
"""One related pair in so many is among the most bent."""
QUADRATURE = 15
COLUMNS = (
    *("source", "target", "cosine", "bend", "most_bent", "gain", "data_sets", "profiles", "line", "copula"),
    *("copula_in_types", "curve", "below", "above"),
)
"""A pair: the cosine of its vectors; what its bend explains of the target's variance beyond the line from one half of
the training data sets to the other; whether that is among the highest tenth; what the model's curve explains beyond the
line in the training data sets; held-out data sets and their profiles; shares explained there; the model's response at
-3 and at 3."""


def shape_frame(
    backbone: Backbone,
    training: ZCorpus,
    held_out: ZCorpus,
    vectors: np.ndarray,
    types: Mapping[str, np.ndarray],
    progress: Progress | None = None,
) -> pd.DataFrame:
    """One line a pair (``COLUMNS``), the most bent first; ``copula_in_types`` is NaN without a data set with types.

    ``vectors`` (gene, dimension) are of unit length, from the training data sets; ``types`` (profile,) are the cell
    types of a held-out data set by its name.
    """
    parts = [p for p in held_out.parts if p.n >= FEWEST_PROFILES]
    pairs = _related(vectors, held_out.genes, _pool(parts, len(held_out.genes)))
    names = [(held_out.genes[i], held_out.genes[j]) for i, j in pairs]
    response = sweep_pairs(backbone, names, SweepSettings(backbone.card.base, tuple(GRID.tolist()))).response
    assert response is not None  # fixed background
    known = _known(training, pairs, response, part_of(progress, 0.0, 0.5))
    there = {p.name: frozenset(p.genes.tolist()) for p in parts}
    lines = []
    for n, ((i, j), (bend, gain, strength)) in enumerate(zip(pairs, known, strict=True)):
        shared = [p for p in parts if {i, j} <= there[p.name]]
        found = [_judged(held_out.z[p.rows][:, [i, j]].T, response[n], strength, types.get(p.name)) for p in shared]
        weights = np.array([p.n for p in shared], float)
        shares = [_mean(np.array(column, float), weights) for column in zip(*found, strict=True)]
        cosine = float(vectors[i] @ vectors[j])
        ends = float(response[n][0]), float(response[n][-1])
        lines.append((*names[n], cosine, bend, False, gain, len(shared), int(weights.sum()), *shares, *ends))
        if progress and n % 100 == 0:
            progress(0.5 + 0.5 * n / len(pairs), f"{n:,} of {len(pairs):,} pairs judged")
    frame = pd.DataFrame(lines, columns=list(COLUMNS)).dropna(subset=["line", "copula", "curve"])
    frame = frame.sort_values(["bend", "source", "target"], ascending=[False, True, True], ignore_index=True)
    frame["most_bent"] = np.arange(len(frame)) < len(frame) // BENT
    return frame


PREDICTORS = {"line": "line", "copula": "Gaussian copula", "curve": "the model's curve"}
RESAMPLES = 200


def beside(frame: pd.DataFrame, predictor: str, other: str) -> tuple[float, float, float, float]:
    """How much more one predictor explains than another, with an interval over sources, and in which share of pairs.

    (mean difference, 2.5 %, 97.5 %, share of pairs), pairs without both left out; sources are drawn 200 times.
    """
    there = frame.dropna(subset=[predictor, other])
    difference = (there[predictor] - there[other]).to_numpy()
    _, source = np.unique(there["source"], return_inverse=True)
    sums, counts = np.bincount(source, difference), np.bincount(source)
    drawn = np.random.default_rng(0).integers(len(counts), size=(RESAMPLES, len(counts)))
    low, high = np.quantile(sums[drawn].sum(1) / counts[drawn].sum(1), [0.025, 0.975])
    return float(difference.mean()), float(low), float(high), float((difference > 0).mean())


def write_shapes(frame: pd.DataFrame, file: Path) -> None:
    """The frame as CSV, four decimals."""
    write_whole(file, csv_text(frame.round(4)).encode())


def _pool(parts: Sequence[ZPart], n_genes: int) -> np.ndarray:
    """Genes that enough held-out data sets have."""
    return np.flatnonzero(sum(np.bincount(p.genes, minlength=n_genes) for p in parts) >= FEWEST_DATA_SETS)


def _related(vectors: np.ndarray, genes: Sequence[str], pool: np.ndarray) -> list[tuple[int, int]]:
    """Up to ``TARGETS_EACH`` related targets of drawn sources, half of the sources factors where there are enough."""
    rng = np.random.default_rng(0)
    factor = np.array([is_tf(genes[int(i)]) for i in pool])
    half = [rng.permutation(pool[mask])[: SOURCES // 2] for mask in (factor, ~factor)]
    pairs = []
    for i in np.concatenate(half):
        cosine = np.abs(vectors[pool] @ vectors[i])
        near = [j for j, c in zip(pool, cosine, strict=True) if j != i and c > RELATED]
        pairs += [(int(i), int(j)) for j in rng.permutation(near)[:TARGETS_EACH]]
    return pairs


def _known(
    training: ZCorpus, pairs: Sequence[tuple[int, int]], response: np.ndarray, progress: Progress | None
) -> list[tuple[float, float, float]]:
    """Bend, gain and strength of each pair in the training data sets: what the bend explains from half to half, what
    the model's curve explains beyond the line, and the mean correlation of normal scores."""
    n_genes, parts = len(training.genes), training.parts
    counts = np.zeros((len(parts), n_genes), bool)
    for k, part in enumerate(parts):
        counts[k, part.genes] = True
    row_part = np.repeat(np.arange(len(parts)), [p.n for p in parts])
    row_weight = np.repeat([p.weight / p.n for p in parts], [p.n for p in parts])
    weight = np.array([p.weight for p in parts])
    used = sorted({g for pair in pairs for g in pair})
    column = {g: c for c, g in enumerate(used)}
    z = np.clip(training.z[:, used], -REACH, REACH)
    scores = np.concatenate([_normal_scores(z[p.rows]) for p in parts])
    starts = [p.rows.start for p in parts]
    found = []
    for n, (i, j) in enumerate(pairs):
        both = counts[:, i] & counts[:, j]
        x, y = z[:, column[i]], z[:, column[j]]
        halves = []
        whole = _means(x[both[row_part]], y[both[row_part]], row_weight[both[row_part]])
        curve = np.interp(KNOTS, GRID, response[n])
        gain = float((whole[1] * (_fitted(*whole, curve) ** 2 - _fitted(*whole, KNOTS) ** 2)).sum())
        for odd in (0, 1):
            rows = (both & (np.arange(len(parts)) % 2 == odd))[row_part]
            halves.append(_means(x[rows], y[rows], row_weight[rows]))
        products = np.add.reduceat(scores[:, column[i]] * scores[:, column[j]], starts) / [p.n for p in parts]
        strength = float(np.average(products[both], weights=weight[both])) if both.any() else 0.0
        found.append((_bend(*halves), gain, float(np.clip(strength, -0.95, 0.95))))
        if progress and n % 100 == 0:
            progress(n / len(pairs), f"{n:,} of {len(pairs):,} pairs")
    return found


def _normal_scores(z: np.ndarray) -> np.ndarray:
    """Normal scores (profile, gene) of mean ranks, of deviation 1 in each column; a flat column is 0."""
    scores = ndtri(rankdata(z, axis=0) / (len(z) + 1))
    scores -= scores.mean(0)
    deviation = scores.std(0)
    return (scores / np.where(deviation > 1e-6, deviation, np.inf)).astype(np.float32)


def _means(x: np.ndarray, y: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Conditional means (bin,) of y and the share of weight in each bin; an empty bin has mean and share 0."""
    at = _bin(x)
    sums = np.bincount(at, weight, BINS)
    means = np.bincount(at, weight * y, BINS) / np.maximum(sums, 1e-12)
    return means, sums / max(sums.sum(), 1e-12)


def _bin(x: np.ndarray) -> np.ndarray:
    return np.rint((np.clip(x, -REACH, REACH) + REACH) / (2 * REACH) * (BINS - 1)).astype(np.int64)


def _bend(one: tuple[np.ndarray, np.ndarray], other: tuple[np.ndarray, np.ndarray]) -> float:
    """What bins explain of the other half's binned means beyond a line through them, mean of both ways."""
    gains = []
    for (fitted, share), (judged, there) in ((one, other), (other, one)):
        line = (share * fitted).sum() + _fitted(fitted, share, KNOTS)
        known = np.where(share > 0, fitted, line)
        gains.append((there * ((judged - line) ** 2 - (judged - known) ** 2)).sum())
    return float(np.mean(gains))


def _fitted(means: np.ndarray, share: np.ndarray, shape: np.ndarray) -> np.ndarray:
    """What a shape (bin,) says of binned means beyond their level, scaled to fit them best."""
    away = shape - (share * shape).sum()
    return away * (share * away * means).sum() / max((share * away**2).sum(), 1e-9)


def _judged(
    values: np.ndarray, response: np.ndarray, strength: float, types: np.ndarray | None
) -> tuple[float, float, float, float]:
    """Shares that line, copula, copula in cell types and curve explain of the binned means of a data set.

    ``values`` (2, profile) are of source and target; NaN where fewer than three bins are filled or nothing varies.
    """
    x, y = np.clip(values, -REACH, REACH)
    groups = np.zeros(len(x), int)
    inside = float("nan")
    sign = 1.0 if strength >= 0 else -1.0
    share = partial(_share, _bin(x), y)
    if types is not None:
        _, groups = np.unique(types, return_inverse=True)
        sizes = np.bincount(groups)
        groups = np.where(sizes[groups] >= FEWEST_OF_TYPE, groups, -1)
        inside = share(_copula(x, y, groups, strength))
    whole = _copula(x, y, np.zeros(len(x), int), strength)
    return share(sign * x), share(whole), inside, share(np.interp(x, GRID, response))


def _copula(x: np.ndarray, y: np.ndarray, groups: np.ndarray, strength: float) -> np.ndarray:
    """E[y | x] (profile,) under a Gaussian copula of that strength in each group, with the group's own distributions.

    Equal values of x share the mean over the ranks that they take together.
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(QUADRATURE)
    found = np.zeros(len(x))
    for group in np.unique(groups):
        rows = np.flatnonzero(groups == group)
        n = len(rows)
        latent = ndtri((np.argsort(np.argsort(x[rows], kind="stable"), kind="stable") + 0.5) / n)
        given = strength * latent[:, None] + np.sqrt(1 - strength**2) * nodes
        means = np.interp(ndtr(given) * n - 0.5, np.arange(n), np.sort(y[rows])) @ (weights / weights.sum())
        _, same = np.unique(x[rows], return_inverse=True)
        found[rows] = (np.bincount(same, means) / np.bincount(same))[same]
    return found


def _share(at: np.ndarray, y: np.ndarray, predicted: np.ndarray) -> float:
    """Squared correlation of binned means of y with those predicted, weighted by profiles; 0 where it is negative."""
    n = np.bincount(at, minlength=BINS)
    filled = n >= FEWEST_IN_BIN
    if filled.sum() < 3:
        return float("nan")
    means = [(np.bincount(at, v, BINS)[filled] / n[filled]) for v in (y, predicted)]
    w = n[filled] / n[filled].sum()
    truth, said = (m - (w * m).sum() for m in means)
    size = (w * truth**2).sum() * (w * said**2).sum()
    if (w * truth**2).sum() < 1e-9:
        return float("nan")
    return float(max((w * truth * said).sum() / np.sqrt(size), 0.0) ** 2) if size > 1e-15 else 0.0


def _mean(shares: np.ndarray, weights: np.ndarray) -> float:
    there = ~np.isnan(shares)
    return float(np.average(shares[there], weights=weights[there])) if there.any() else float("nan")
