"""Correlations of sources and targets over cells, within groups of cells.

Within a group of n cells the correlation is the usual one; over groups it is their mean, weighted by n. A group in
which one of the two genes does not vary says nothing of the pair and has no weight. What differs between groups only
(a gene that is on in one cell type) so gives no correlation.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse
from scipy.stats import rankdata

LEAST_VARIANCE = 1e-9
"""Below, a gene does not vary: float32 leaves as much of a constant."""
LEAST_OWN = 1e-6
"""Share of the variance of a source that its detection rate must leave, or nothing is said of it."""


def group_rows(codes: np.ndarray | None, n_cells: int) -> list[np.ndarray]:
    """Places of the cells of each group; all are one group where there are no codes."""
    if codes is None:
        return [np.arange(n_cells)]
    return [np.flatnonzero(codes == code) for code in np.unique(codes)]


def ranks_within(values: sparse.csr_matrix, groups: Sequence[np.ndarray]) -> np.ndarray:
    """Ranks (cell, gene) float32 of values that are not negative, among the cells of the group: averages where
    values are equal, divided by the number of cells."""
    ranks = np.empty(values.shape, np.float32)
    for rows in groups:
        columns, n = values[rows].tocsc(), len(rows)
        block = np.empty((n, values.shape[1]), np.float32)
        for gene in range(values.shape[1]):
            part = slice(columns.indptr[gene], columns.indptr[gene + 1])
            n_zero = n - (part.stop - part.start)
            block[:, gene] = (n_zero + 1) / 2 / n
            block[columns.indices[part], gene] = (n_zero + rankdata(columns.data[part])) / n
        ranks[rows] = block
    return ranks


def correlations(
    values: np.ndarray, sources: np.ndarray, groups: Sequence[np.ndarray], weights: np.ndarray | None = None
) -> np.ndarray:
    """Correlation (source, gene) float32 of ``values`` (cell, gene) float32 within groups; NaN where none is defined.

    ``sources``: places of genes. ``weights`` (cell,): how often each cell counts, once by default; groups then weigh
    by the sum of theirs.
    """
    total = np.zeros((len(sources), values.shape[1]), np.float32)
    weight = np.zeros_like(total)
    for rows in groups:
        counted = np.ones(len(rows), np.float32) if weights is None else weights[rows].astype(np.float32)
        n = counted.sum()
        if not n:
            continue
        here = values[rows]
        here = here - counted @ here / n
        variance = counted @ here**2 / n
        varies = variance > LEAST_VARIANCE
        scale = np.where(varies, 1 / np.sqrt(np.maximum(variance, LEAST_VARIANCE)), 0).astype(np.float32)
        here *= scale
        total += (here[:, sources] * counted[:, None]).T @ here
        weight += n * np.outer(varies[sources], varies)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.clip(total / weight, -1, 1)


def net_coefficients(
    values: np.ndarray, rate: np.ndarray, sources: np.ndarray, groups: Sequence[np.ndarray]
) -> np.ndarray:
    """Coefficient (source, gene) of the source in a least-squares regression of the target on the source, on the
    detection rate (cell,) of the cells and on one level a group; in standard deviations within groups, NaN where none
    is defined.

    A cell with more molecules shows more of everything, and so makes all genes correlate; that is taken out here.
    """
    n_genes = values.shape[1]
    products = np.zeros((len(sources), n_genes))
    squares, with_rate, rates = np.zeros(n_genes), np.zeros(n_genes), 0.0
    for rows in groups:
        here = values[rows] - values[rows].mean(0)
        of_rate = rate[rows].astype(np.float64) - rate[rows].mean(dtype=np.float64)
        products += here[:, sources].T @ here
        squares += (here**2).sum(0, dtype=np.float64)
        with_rate += of_rate @ here
        rates += of_rate @ of_rate
    varies = squares > LEAST_VARIANCE * len(values)
    by_rate = with_rate / rates if rates else np.zeros(n_genes)  # with one rate for all there is nothing to take out
    own = squares[sources] - with_rate[sources] * by_rate[sources]
    with np.errstate(invalid="ignore", divide="ignore"):
        coefficient = (products - np.outer(with_rate[sources], by_rate)) / own[:, None]
        standard = coefficient * np.sqrt(squares[sources, None] / squares)
    defined = np.outer(varies[sources] & (own > LEAST_OWN * squares[sources]), varies)
    return np.where(defined, standard, np.nan).astype(np.float32)
