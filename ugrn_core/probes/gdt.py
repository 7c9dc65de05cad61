"""Gradient trajectory (Eq. 9): the slope of a target with respect to its source along the virtual values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.store import Store
from ugrn_core.stored_sweep import directed_pairs
from ugrn_core.types import Cancel, Context, Progress, SweepSettings


def gdt_features(
    backbone: Backbone,
    pairs: Sequence[tuple[str, str]],
    context: Context,
    settings: SweepSettings,
    store: Store | None = None,
    *,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> np.ndarray:
    """Pair features (pair, 2 x value) float32: slopes source -> target, then target -> source (paper, 4.2)."""
    both = [*pairs, *((t, s) for s, t in pairs)]
    slope = directed_pairs(backbone, both, context, settings, store, progress=progress, cancel=cancel).slope
    return np.hstack([slope[: len(pairs)], slope[len(pairs) :]])
