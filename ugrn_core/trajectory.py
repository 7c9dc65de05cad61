"""Trajectories: response and slope of a pair at many values over the domain, so that corners of a model show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.pair import PairRequest, estimate_curves
from ugrn_core.store import Store
from ugrn_core.types import SweepSettings

MOST_VALUES = 65
FEWEST_VALUES = 17
SECONDS = 10.0
"""What the curves of one context may take by estimate; beyond it there are fewer values, and in the end none."""


def dense_values(domain: tuple[float, float], settings: SweepSettings, bases: Sequence[float], n: int) -> list[float]:
    """``n`` even steps over the domain and whatever of grid and bases lies outside it, and all of these too; rising.

    Virtual values and base values are among them, so that probe points lie on the curve and areas begin at a base.
    """
    own = [*settings.grid, settings.base, *bases]
    even = np.linspace(min(domain[0], *own), max(domain[1], *own), n)
    near = (even[-1] - even[0]) / (1000 * n)  # a step beside a value of the user's own says nothing new
    kept = [float(v) for v in even if min(abs(v - o) for o in own) > near]
    return sorted({*kept, *map(float, own)})


def dense_request(
    backbone: Backbone,
    request: PairRequest,
    store: Store | None = None,
    *,
    bases: Sequence[float] = (),
    seconds: float = SECONDS,
) -> PairRequest | None:
    """The same question at as many values as the time allows, 65 at most; None where 17 would take longer."""
    for n in (MOST_VALUES, 33, FEWEST_VALUES):
        values = dense_values(backbone.card.domain, request.settings, bases, n)
        asked = replace(request, settings=replace(request.settings, grid=tuple(values)))
        if estimate_curves(backbone, asked, store).seconds <= seconds:
            return asked
    return None


def area(x: np.ndarray, slope: np.ndarray, start: float, stop: float) -> float:
    """Signed area under a slope from ``start`` to ``stop``, by straight lines between its values (value,)."""
    at, heights = between(x, slope, start, stop)
    return float(np.sign(stop - start) * np.trapezoid(heights, at))


def between(x: np.ndarray, y: np.ndarray, start: float, stop: float) -> tuple[np.ndarray, np.ndarray]:
    """Points of a curve from ``start`` to ``stop``, rising, with both ends read off straight lines; x rises."""
    low, high = min(start, stop), max(start, stop)
    inside = (x > low) & (x < high)
    ends = np.interp([low, high], x, y)
    return np.concatenate([[low], x[inside], [high]]), np.concatenate([[ends[0]], y[inside], [ends[1]]])
