"""What finds arrows without a model: scores of pairs from cells alone, to be held beside a translator's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.ensemble import ExtraTreesRegressor, GradientBoostingRegressor

TREES, LEAF = 30, 5
BOOSTED, RATE, DEPTH, SEEN_CELLS, SEEN_GENES = 60, 0.1, 3, 0.5, 0.1
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

    In the manner of GENIE3 (Huynh-Thu et al. 2010); the forests are extremely randomised trees on standardised cells.
    """
    return _importance(
        cells,
        regulators,
        lambda _: ExtraTreesRegressor(TREES, max_features="sqrt", min_samples_leaf=LEAF, random_state=seed),
    )


def boosted_importance(cells: np.ndarray, regulators: Sequence[int], seed: int = 0) -> np.ndarray:
    """The same by stochastic gradient boosting, in the manner of GRNBoost2 (Moerman et al. 2019).

    Each tree sees half of the cells and, at a split, a tenth of the genes.
    """
    return _importance(
        cells,
        regulators,
        lambda n: GradientBoostingRegressor(
            n_estimators=BOOSTED,
            learning_rate=RATE,
            max_depth=DEPTH,
            subsample=SEEN_CELLS,
            max_features=max(1, round(SEEN_GENES * n)),
            random_state=seed,
        ),
    )


def _importance(cells: np.ndarray, regulators: Sequence[int], model) -> np.ndarray:
    n = cells.shape[1]
    standard = (cells - cells.mean(0)) / cells.std(0)
    found = np.zeros((n, n))
    for target in range(n):
        sources = [s for s in regulators if s != target]
        forest = model(len(sources))
        found[sources, target] = forest.fit(standard[:, sources], standard[:, target]).feature_importances_
    return found
