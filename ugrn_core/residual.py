"""Residual badge: does the slope integrate to the response?

max over t of |integral of G from v_b to v_t - R_t| / max(max_t |R_t|, 1e-6), by Gauss-Legendre quadrature on a grid of
its own, never on the display grid. The derivative of a dual pass and the difference of two plain passes are computed
in different ways, so a small residual says that both are right at this pair.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

NODES = 16
FLOOR = 1e-6


def quadrature_nodes(start: float, grid: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    """Nodes (node,) and weights (value, node): weights[t] @ G(nodes) is the integral of G from ``start`` to grid[t].

    Each interval between neighbours of {start, *grid} carries 16 nodes; the integral is negative below ``start``.
    """
    ends = np.unique(np.array([start, *grid], dtype=np.float64))
    x, w = np.polynomial.legendre.leggauss(NODES)
    half = np.diff(ends) / 2
    nodes = ((ends[:-1] + half)[:, None] + half[:, None] * x).ravel()
    signed = np.array([np.where((ends[:-1] >= min(start, v)) & (ends[:-1] < max(start, v)), 1.0, 0.0) for v in grid])
    signed *= np.sign(np.array(grid) - start)[:, None]
    weights = (signed * half)[:, :, None] * w
    return nodes, weights.reshape(len(grid), len(nodes))


def relative_residual(integral: np.ndarray, response: np.ndarray) -> float:
    """Largest gap between integrated slope and response, both (value,), relative to the largest response."""
    return float(np.abs(integral - response).max() / max(float(np.abs(response).max()), FLOOR))
