"""How well scores rank pairs, and which pairs of a test a training has seen."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import sklearn
from sklearn.metrics import average_precision_score, roc_auc_score

from ugrn_core.beeline.networks import Edge

METRICS = ("auprc", "auroc")
FEWEST_POSITIVES = 50
"""Subsets of unseen genes with fewer positives get no score."""
SUBSETS = ("all", "one_unseen", "both_unseen")


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


def unseen_masks(pairs: Sequence[Edge], seen: Collection[str]) -> dict[str, np.ndarray]:
    """Masks (pair,) bool by subset: all, exactly one gene unseen, both genes unseen.

    ``seen`` are the genes of the training pairs, negatives included.
    """
    unseen = np.array([(s not in seen) + (t not in seen) for s, t in pairs], dtype=np.int8)
    return {"all": np.ones(len(pairs), bool), "one_unseen": unseen == 1, "both_unseen": unseen == 2}


def edge_overlap(known: np.ndarray, positive: np.ndarray) -> float:
    """Share of the positives (unit,) bool that are ``known`` (unit,) bool as edges of the training network, drawn or
    not; NaN where there is no positive."""
    return float(known[positive].mean()) if positive.any() else float("nan")
