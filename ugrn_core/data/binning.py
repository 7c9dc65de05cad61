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
    value is a ValueError. Cost: one sort a cell.
    """
    if sparse.issparse(values):
        binned = sparse.csr_matrix(values, dtype=np.float32, copy=True)
        binned.sum_duplicates()
        binned.eliminate_zeros()
        for start, stop in zip(binned.indptr[:-1], binned.indptr[1:], strict=True):
            binned.data[start:stop] = bin_nonzero(binned.data[start:stop], n_bins)
        return binned
    values = np.asarray(values)
    binned = np.zeros(values.shape, np.float32)
    for row, out in zip(values, binned, strict=True):
        nonzero = np.flatnonzero(row)
        out[nonzero] = bin_nonzero(row[nonzero], n_bins)
    return binned


def bin_nonzero(values: np.ndarray, n_bins: int = N_BINS) -> np.ndarray:
    """Bins (value,) float32 in 1..n_bins-1 of the non-zero values of one cell, in the order given."""
    if not len(values):
        return np.zeros(0, np.float32)
    distinct, which, repeats = np.unique(values, return_inverse=True, return_counts=True)
    if distinct[0] < 0:
        raise ValueError(f"binning takes non-negative values, got {distinct[0]}")
    last = np.cumsum(repeats) - 1  # rank of the last of the equal values, from 0
    # positions of the edges as numpy.quantile rounds them: next to a rank a value gets the same side as in scGPT's bins
    edges = np.linspace(0, 1, n_bins - 1) * (len(values) - 1)
    left = np.searchsorted(edges, last, side="right")  # edges at or below the value
    right = np.searchsorted(edges, last - repeats + 1, side="left")  # edges below it
    return ((left + right + 1) // 2).astype(np.float32)[which]
