"""Curves by their shape: which are nearest to one, and in which order they look alike."""

from __future__ import annotations

import numpy as np
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import pdist


def shapes(curves: np.ndarray) -> np.ndarray:
    """Curves (row, value) float64 of length 1, so that only their shape and direction count; a flat one stays 0."""
    curves = curves.astype(np.float64)
    size = np.sqrt((curves**2).sum(1, keepdims=True))
    return np.divide(curves, size, out=np.zeros_like(curves), where=size > 0)


def likeness(curves: np.ndarray, row: int) -> np.ndarray:
    """Cosine (row,) of every curve with curve ``row``: 1 the same shape, -1 its mirror image."""
    unit = shapes(curves)
    return unit @ unit[row]


def most_alike(curves: np.ndarray, row: int, n: int) -> np.ndarray:
    """Rows of the ``n`` curves nearest in shape to curve ``row``, itself left out; nearest first, ties by row."""
    near = likeness(curves, row)
    order = np.argsort(-near.round(9), kind="stable")
    return order[order != row][:n]


def shape_order(curves: np.ndarray) -> np.ndarray:
    """Rows in an order in which neighbours look alike: average linkage of distances between shapes, leaves turned so
    that neighbours are nearest."""
    if len(curves) < 3:
        return np.arange(len(curves))
    return leaves_list(linkage(pdist(shapes(curves)), "average", optimal_ordering=True))
