"""scGPT's value binning (Cui et al. 2024): a cell's non-zero values by rank into bins 1..n_bins-1, zeros stay 0.

The n_bins-1 edges are the quantiles of the cell's non-zero values at evenly spaced levels from 0 to 1. A value between
two edges gets the number of edges at or below it. A value that equals several edges (ties, frequent in counts) may get
any of their bins: scGPT draws one uniformly, ``ceil(left - u * (left - right))`` with u from [0, 1). Here u is 1/2, the
middle bin, so that the same cell always gives the same bins; that is at most half a bin below the mean of the draws.

An edge is known by its position among the sorted values alone: whether it lies below, at or above a value is decided by
comparing ranks, and no edge is ever computed. So any change that keeps the order of values keeps their bins.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

N_BINS = 51
"""Bins of the published models, the bin of zero among them."""


def bin_values(values: np.ndarray | sparse.spmatrix, n_bins: int = N_BINS) -> np.ndarray | sparse.csr_matrix:
    """Bins 0..n_bins-1 of non-negative values (cell, gene), float32, same shape; sparse in, CSR out.

    Deterministic. Bins follow the ranks within a cell: normalisation and logarithms leave them as they are. A negative
    value is a ValueError. Cost: one sort of all values (about 30 ns each), and some copies of them.
    """
    if sparse.issparse(values):
        binned = sparse.csr_matrix(values, dtype=np.float32, copy=True)
        binned.sum_duplicates()
        binned.eliminate_zeros()
        binned.data = _bin_rows(binned.data, np.diff(binned.indptr), n_bins)
        return binned
    values = np.asarray(values)
    filled = values != 0
    binned = np.zeros(values.shape, np.float32)
    binned[filled] = _bin_rows(values[filled], filled.sum(axis=1), n_bins)
    return binned


def _bin_rows(values: np.ndarray, sizes: np.ndarray, n_bins: int) -> np.ndarray:
    """Bins (value,) float32 of non-zero values, ``sizes[i]`` of them in cell i, cell after cell."""
    if not len(values):
        return values.astype(np.float32)
    if values.min() < 0:
        raise ValueError(f"binning takes non-negative values, got {values.min()}")
    starts = np.cumsum(sizes) - sizes
    key = np.repeat(np.arange(len(sizes), dtype=np.int64) << 32, sizes) | _ranks(values)
    order = np.argsort(key)
    key = key[order]
    first = np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]]))  # of each run of equal values in a cell
    repeats = np.diff(first, append=len(key))
    cell = key[first] >> 32
    rank, last = first - starts[cell], sizes[cell] - 1  # rank of the first of the equal values, and the largest rank
    at_or_below = _edges_up_to(rank + repeats - 1, last, n_bins, np.less_equal)
    below = _edges_up_to(rank, last, n_bins, np.less)
    bins = np.empty(len(values), np.float32)
    bins[order] = np.repeat((at_or_below + below + 1) // 2, repeats)
    return bins


def _ranks(values: np.ndarray) -> np.ndarray:
    """Whole numbers below 2**32 in the order of the values, which are positive: their bits have it already."""
    if values.dtype == np.float32:
        return np.ascontiguousarray(values).view(np.uint32).astype(np.int64)
    return np.unique(values, return_inverse=True)[1].ravel()


def _edges_up_to(rank: np.ndarray, last: np.ndarray, n_bins: int, compare: np.ufunc) -> np.ndarray:
    """How many edges lie below (or at) a rank, 0 to ``last``.

    Positions of the edges are rounded as numpy.quantile rounds them: an edge next to a rank has the same side of it as
    in scGPT's bins. All edges of a cell with one value lie at it.
    """
    steps = n_bins - 2
    whole = np.where(last > 0, rank * steps // np.maximum(last, 1), steps if compare is np.less_equal else 0)
    return whole + compare(np.linspace(0, 1, n_bins - 1)[whole] * last, rank)
