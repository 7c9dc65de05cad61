"""What the corpus knows of a gene, in one space: a vector, how its value counts, and how its curves bend beside that.

The cosine of two vectors is about the mean correlation of two genes within the corpus' data sets. How far a gene's
value moves the genes that go with it does not grow in proportion: the *rise* is that curve, one for all genes. The
*bend* of a gene at a value is what is left across: where conditional means leave the direction of the gene's vector, so
that some targets saturate earlier than others. It is read off by scalar products with the targets' vectors, so that no
pair has to be estimated by itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse
from scipy.ndimage import gaussian_filter1d
from sklearn.isotonic import IsotonicRegression
from sklearn.utils.extmath import randomized_svd

from ugrn_core.pretrain.standardise import ZCorpus, ZPart

KNOTS = np.linspace(-3, 3, 9, dtype=np.float32)
"""Values, in standard deviations from the mean, at which a bend is estimated; between them it is a straight line."""

BASE_KNOT = len(KNOTS) // 2
PRIOR_WEIGHT = 20.0
"""A bend is shrunk as if so much weight of profiles had been seen at its knot without one."""

REACH = 3.0
RISE_KNOTS = np.linspace(-REACH, REACH, 25, dtype=np.float32)
"""Values at which a rise is estimated."""
MIDDLE, ONE = len(RISE_KNOTS) // 2, round(1 / float(RISE_KNOTS[1] - RISE_KNOTS[0]))
NEAREST = 50
"""How a gene's value counts is seen in so many genes that go with it most, or against it."""
SMOOTH = 0.3
"""Deviation of the kernel, in standard deviations of a value, by which the rise is smoothed."""
FLOOR = 0.1
"""So much of the rise is the value itself: nowhere is it flat."""


@dataclass(frozen=True)
class Knowledge:
    """``vectors`` (gene, dimension) unit length or zero; ``beyond`` (gene, further dimension) in their scale, from
    which no curve is taught; ``rise`` (knot of :data:`RISE_KNOTS`), never falling; ``bends`` (gene, knot, dimension),
    at right angles to the gene's vector; rise and bends are zero at the mean."""

    vectors: np.ndarray
    beyond: np.ndarray
    rise: np.ndarray
    bends: np.ndarray


@dataclass(frozen=True)
class _Decomposition:
    """V sqrt(S) (gene, dimension), the norms of the stacked columns (gene,), and U (profile, dimension), unweighted."""

    v: np.ndarray
    s: np.ndarray
    norm: np.ndarray
    u: np.ndarray


def correlation_vectors(corpus: ZCorpus, n_dims: int, seed: int = 0) -> np.ndarray:
    """Unit vectors (gene, dimension) float32: V sqrt(S) of the standardised corpus, a zero vector for a flat gene.

    A part weighs as the square root of its number of profiles; every gene's column has unit norm over the parts that
    measured it, so that common genes do not outweigh rare ones. sqrt(S) in place of S keeps the many small
    components audible: they carry pairs, the first few carry cell types.
    """
    return _unit(_decompose(corpus, n_dims, seed))[0]


def corpus_knowledge(corpus: ZCorpus, n_dims: int, width: int, seed: int = 0) -> Knowledge:
    """Vectors, rise and bends of ``n_dims`` dimensions, and those beyond up to ``width`` (two minutes on one core,
    5 GB).

    At each knot the profiles near it are averaged in the space of the decomposition, which takes the noise of single
    cells away; the weighted line through these means is subtracted; what is left is shrunk by its own error: by the
    weight at the knot, and by how well the odd and the even parts of the corpus agree, for each dimension and gene.
    """
    whole = _decompose(corpus, width, seed)
    found = replace(whole, v=whole.v[:, :n_dims], s=whole.s[:n_dims], u=whole.u[:, :n_dims])
    vectors, length = _unit(found)
    beyond = whole.v[:, n_dims:] / np.maximum(length, 1e-6)[:, None] * vectors.any(1, keepdims=True)
    scale = found.norm / np.maximum(length, 1e-6)
    halves = []
    for first in (0, 1):
        sums, weights = _knot_sums(corpus, corpus.parts[first::2], found.u)
        halves.append((sums * (found.s**-0.5) * scale[:, None, None], weights))
    a, b = (_bend(*half) for half in halves)
    by_dimension = _reliability(a, b, (0, 1))
    by_gene = np.sqrt(_reliability(a, b, (1, 2)))
    both = _bend(halves[0][0] + halves[1][0], halves[0][1] + halves[1][1])
    bends = both * by_dimension * by_gene[:, None, None]
    bends -= bends[:, BASE_KNOT : BASE_KNOT + 1]
    bends -= np.einsum("gkd,gd->gk", bends, vectors)[..., None] * vectors[:, None]
    size = np.linalg.norm(bends, axis=2, keepdims=True)
    bends *= np.minimum(1, 1.0 / np.maximum(size, 1e-6))  # never further from the line than the line rises by itself
    return Knowledge(vectors, beyond.astype(np.float32), _rise(corpus, vectors), bends.astype(np.float32))


def _rise(corpus: ZCorpus, vectors: np.ndarray) -> np.ndarray:
    """How a value counts (knot,) float32: the mean of the genes that go with a gene, by its own value.

    Values of single profiles, nothing taken out of them: extreme values are mostly noise, and what goes with them comes
    back to the mean. One curve for all genes, never falling, smoothed; from -1 to 1 it rises by 2.
    """
    near = _nearest(vectors)
    sums, weights = np.zeros((2, len(RISE_KNOTS)))
    for part in corpus.parts:
        z = np.clip(corpus.z[part.rows], -REACH, REACH)
        measured = np.zeros(len(vectors), np.float32)
        measured[part.genes] = 1
        beside = (z @ near) / np.maximum(measured @ abs(near), 1e-6)
        add, there = _by_value(z[:, part.genes].ravel(), beside[:, part.genes].ravel())
        sums += part.weight / part.n * add
        weights += part.weight / part.n * there
    means = sums / np.maximum(weights, 1e-9)
    rise = IsotonicRegression().fit(RISE_KNOTS, means, sample_weight=weights + 1e-9).predict(RISE_KNOTS)
    beyond = np.pad(rise, 8, mode="reflect", reflect_type="odd")
    rise = gaussian_filter1d(beyond, SMOOTH / (RISE_KNOTS[1] - RISE_KNOTS[0]))[8:-8]
    rise -= rise[MIDDLE]
    rise *= 2 / max(rise[MIDDLE + ONE] - rise[MIDDLE - ONE], 0.02)
    return ((1 - FLOOR) * rise + FLOOR * RISE_KNOTS).astype(np.float32)


def _nearest(vectors: np.ndarray) -> sparse.csr_matrix:
    """Cosines (other, gene) of every gene's ``NEAREST`` others by size, zero elsewhere."""
    n = len(vectors)
    count = min(NEAREST, n - 1)
    others, cosines = np.empty((n, count), np.int64), np.empty((n, count), np.float32)
    for start in range(0, n, 1000):
        rows = np.arange(start, min(start + 1000, n))
        cosine = vectors[rows] @ vectors.T
        cosine[rows - start, rows] = 0
        others[rows] = np.argpartition(-np.abs(cosine), count - 1, axis=1)[:, :count]
        cosines[rows] = np.take_along_axis(cosine, others[rows], 1)
    gene = np.repeat(np.arange(n), count)
    return sparse.csr_matrix((cosines.ravel(), (others.ravel(), gene)), shape=(n, n))


def _by_value(z: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sums (knot,) of y and of weights by the knots of z, a value shared between its two nearest."""
    at = (z - RISE_KNOTS[0]) / (RISE_KNOTS[1] - RISE_KNOTS[0])
    low = np.minimum(at.astype(np.int64), len(RISE_KNOTS) - 2)
    share, size = at - low, len(RISE_KNOTS)
    sums, weights = (
        np.bincount(low, v * (1 - share), size) + np.bincount(low + 1, v * share, size) for v in (y, np.ones_like(y))
    )
    return sums, weights


def _decompose(corpus: ZCorpus, n_dims: int, seed: int) -> _Decomposition:
    stacked = corpus.z.copy()
    row_weight = np.zeros(len(stacked), np.float32)
    for part in corpus.parts:
        row_weight[part.rows] = part.weight / part.n  # mean over profiles, times the weight of the part
    stacked *= np.sqrt(row_weight)[:, None]
    norm = np.maximum(np.sqrt(np.einsum("ij,ij->j", stacked, stacked)), 1e-6)
    stacked /= norm
    u, s, v = randomized_svd(stacked, n_dims, n_iter=3, random_state=seed)
    return _Decomposition(v.T * np.sqrt(s), s, norm, u / np.sqrt(row_weight)[:, None])


def _unit(found: _Decomposition) -> tuple[np.ndarray, np.ndarray]:
    length = np.linalg.norm(found.v, axis=1)
    flat = length < 1e-6
    unit = np.where(flat[:, None], 0, found.v / np.where(flat, 1, length)[:, None])
    return unit.astype(np.float32), length


def _knot_sums(corpus: ZCorpus, parts: tuple[ZPart, ...], u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weighted sums of u by gene and knot (gene, knot, dimension), a profile shared between its two nearest knots,
    and the sums of weights (gene, knot)."""
    sums = np.zeros((len(corpus.genes), len(KNOTS), u.shape[1]), np.float32)
    weights = np.zeros((len(corpus.genes), len(KNOTS)), np.float32)
    for part in parts:
        low, share = knot_of(corpus.z[part.rows][:, part.genes])
        weight = part.weight / part.n
        for k in range(len(KNOTS)):
            near = np.where(low == k, 1 - share, 0) + np.where(low + 1 == k, share, 0)
            sums[part.genes, k] += weight * (near.T.astype(np.float32) @ u[part.rows].astype(np.float32))
            weights[part.genes, k] += weight * near.sum(0)
    return sums, weights


def knot_of(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The knot at or below each value, and the share that belongs to the next one; values beyond are at the last."""
    at = (np.clip(z, KNOTS[0], KNOTS[-1]) - KNOTS[0]) / (KNOTS[1] - KNOTS[0])
    low = np.minimum(at.astype(np.int64), len(KNOTS) - 2)
    return low, at - low


def _bend(sums: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """What is left of the means at the knots when their weighted line is taken away, shrunk by weight."""
    w = weights[..., None]
    means = sums / np.maximum(w, 1e-6)
    whole = np.maximum(w.sum(1, keepdims=True), 1e-6)
    x = KNOTS[:, None] - (w * KNOTS[:, None]).sum(1, keepdims=True) / whole
    level = (w * means).sum(1, keepdims=True) / whole
    slope = (w * x * means).sum(1, keepdims=True) / np.maximum((w * x**2).sum(1, keepdims=True), 1e-3)
    return (means - level - slope * x) * (w / (w + PRIOR_WEIGHT))


def _reliability(a: np.ndarray, b: np.ndarray, axes: tuple[int, int]) -> np.ndarray:
    """Agreement of two halves stepped up to the whole (Spearman-Brown), 0 to 1."""
    size = np.sqrt((a**2).sum(axes) * (b**2).sum(axes))
    r = np.clip((a * b).sum(axes) / np.maximum(size, 1e-9), 0, 1)
    return 2 * r / (1 + r)
