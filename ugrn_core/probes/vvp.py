"""Virtual value perturbation (Eq. 8): the response of a target when its source leaves the base value."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.errors import InputError
from ugrn_core.store import Store
from ugrn_core.stored_sweep import directed_pairs
from ugrn_core.types import Cancel, Context, Progress, SweepSettings


def vvp_features(
    backbone: Backbone,
    pairs: Sequence[tuple[str, str]],
    context: Context,
    settings: SweepSettings,
    store: Store | None = None,
    *,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> np.ndarray:
    """Pair features (pair, 2 x value) float32: responses source -> target, then target -> source (paper, 4.2)."""
    if settings.background != "fixed":
        raise InputError("VVP needs background 'fixed': a response is not defined when the whole cell moves.")
    both = [*pairs, *((t, s) for s, t in pairs)]
    response = directed_pairs(backbone, both, context, settings, store, progress=progress, cancel=cancel).response
    assert response is not None  # fixed background
    return np.hstack([response[: len(pairs)], response[len(pairs) :]])
