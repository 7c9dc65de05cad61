"""Regression that leaves most genes out: relevance is learnt for each gene on each target.

What a source says of a target is a vector of weights with a variance of its own (automatic relevance determination,
MacKay 1994 and Tipping 2001, with one variance for all powers of a gene). Variances and noise are found by MacKay's
fixed point; a source whose variance falls below :data:`LEAST` is left out for good.
"""

from __future__ import annotations

import numpy as np

ROUNDS = 25
LEAST = 1e-4
FIRST, FIRST_NOISE = 0.02, 0.5
"""Variance of a source's share and of the noise before the first round, of a target of variance 1."""


def sparse_weights(powers: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Weights (source, power, target) of standardised targets z (cell, gene) on standardised powers (cell, gene,
    power) of all other genes. Cost: about ten solves of all genes' powers a target."""
    n_cells, n, degree = powers.shape
    inner = np.einsum("cid,cie->ide", powers, powers) / n_cells
    whitening = np.linalg.inv(np.linalg.cholesky(inner)).transpose(0, 2, 1)
    white = np.einsum("cid,ide->cie", powers, whitening).reshape(n_cells, -1)
    among, said = white.T @ white / n_cells, white.T @ z / n_cells
    found = np.zeros((n, degree, n))
    for target in range(n):
        others = np.delete(np.arange(n), target)
        kept, weights = _relevant(among, said[:, target], others, n_cells, degree)
        found[kept, :, target] = np.einsum("ide,ie->id", whitening[kept], weights)
    return found


def _relevant(
    among: np.ndarray, said: np.ndarray, sources: np.ndarray, n_cells: int, degree: int
) -> tuple[np.ndarray, np.ndarray]:
    """The sources that are left, and their weights (source, power)."""
    variance, noise = np.full(len(sources), FIRST), FIRST_NOISE
    weights = np.zeros((len(sources), degree))
    for _ in range(ROUNDS):
        at = (sources[:, None] * degree + np.arange(degree)).ravel()
        within = among[np.ix_(at, at)]
        spread = np.linalg.inv(within * (n_cells / noise) + np.diag(np.repeat(1.0 / variance, degree)))
        flat = spread @ said[at] * (n_cells / noise)
        weights = flat.reshape(-1, degree)
        free = np.clip(degree - np.diag(spread).reshape(-1, degree).sum(1) / variance, 1e-6, degree)
        left = n_cells * (1.0 - 2.0 * flat @ said[at] + flat @ within @ flat)
        noise = left / max(n_cells - free.sum(), 1.0)
        variance = (weights**2).sum(1) / free
        stay = variance > LEAST
        if not stay.any():
            return sources[:0], weights[:0]
        sources, variance, weights = sources[stay], variance[stay], weights[stay]
    return sources, weights
