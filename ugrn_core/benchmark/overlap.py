"""What of a test was seen in training: genes, and edges."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from ugrn_core.beeline.networks import Edge

SUBSETS = ("all", "one_unseen", "both_unseen")


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
