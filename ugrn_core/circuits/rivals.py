"""What finds arrows without a model: scores of pairs from cells alone, to be held beside a translator's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.ensemble import ExtraTreesRegressor

TREES = 60
LEAF = 5
RIDGE = 1e-3


def correlation(cells: np.ndarray) -> np.ndarray:
    """Size of Pearson's correlation, (gene, gene), of log1p cells (cell, gene)."""
    return np.abs(np.corrcoef(cells.T.astype(float)))


def partial_correlation(cells: np.ndarray) -> np.ndarray:
    """Size of the correlation of two genes given all others, (gene, gene)."""
    inverse = np.linalg.inv(np.cov(cells.T.astype(float)) + RIDGE * np.eye(cells.shape[1]))
    scale = np.sqrt(np.diag(inverse))
    return np.abs(inverse / np.outer(scale, scale))


def tree_importance(cells: np.ndarray, regulators: Sequence[int], seed: int = 0) -> np.ndarray:
    """Importance of every regulator for every gene in a forest that predicts the gene, (gene, gene), source by target.

    In the manner of GENIE3 and GRNBoost2: the forests are extremely randomised trees on standardised cells.
    """
    n = cells.shape[1]
    standard = (cells - cells.mean(0)) / cells.std(0)
    found = np.zeros((n, n))
    for target in range(n):
        sources = [s for s in regulators if s != target]
        forest = ExtraTreesRegressor(TREES, max_features="sqrt", min_samples_leaf=LEAF, random_state=seed)
        found[sources, target] = forest.fit(standard[:, sources], standard[:, target]).feature_importances_
    return found
