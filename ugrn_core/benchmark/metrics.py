"""AUROC and AUPRC (average precision: the precision at each recall step, not interpolated), by scikit-learn."""

from __future__ import annotations

import numpy as np
import sklearn
from sklearn.metrics import average_precision_score, roc_auc_score

METRICS = ("auprc", "auroc")
FEWEST_POSITIVES = 50
"""Subsets of unseen genes with fewer positives get no score."""


def ranking_metrics(labels: np.ndarray, scores: np.ndarray) -> dict[str, float]:
    """AUPRC and AUROC of scores (pair,) against labels (pair,) in {0, 1}; NaN where one class is missing.

    Tied scores share a rank: the order of the pairs does not matter.
    """
    if labels.shape != scores.shape:
        raise ValueError(f"labels {labels.shape}, scores {scores.shape}")
    if not np.isfinite(scores).all():
        raise ValueError("scores that are not finite")
    if not 0 < labels.sum() < len(labels):
        return dict.fromkeys(METRICS, float("nan"))
    with sklearn.config_context(assume_finite=True, skip_parameter_validation=True):
        return {
            "auprc": float(average_precision_score(labels, scores)),
            "auroc": float(roc_auc_score(labels, scores)),
        }
