"""What a translator reads of a pair: curves both ways, and beside them numbers that need no pass of the model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ugrn_core.backbones.backbone import Backbone

Curve = Literal["response", "slope"]
Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Beside:
    """Numbers of pairs beside curves, (pair, number) float32, by what they are called where a logit is explained."""

    label: str
    features: Callable[[Backbone, Pairs], np.ndarray]


@dataclass(frozen=True)
class Reading:
    """Features of a pair in order: each of ``curves``, there and back, then each of ``beside``."""

    curves: tuple[Curve, ...] = ()
    beside: tuple[Beside, ...] = ()

    def features(
        self, backbone: Backbone, pairs: Pairs, there: Mapping[str, np.ndarray], back: Mapping[str, np.ndarray]
    ) -> np.ndarray:
        """Features (pair, feature) float32 of pairs whose curves (pair, value) are ``there`` and ``back`` by name."""
        curves = [way[name] for name in self.curves for way in (there, back)]
        return np.hstack([*curves, *(b.features(backbone, pairs) for b in self.beside)]).astype(np.float32, copy=False)

    def usual(self, backbone: Backbone, pairs: Pairs, mean: Mapping[str, np.ndarray]) -> np.ndarray:
        """Features (1, feature) of no pair: ``mean`` curves (1, value) both ways, and means over ``pairs``."""
        beside = [b.features(backbone, pairs).mean(0, keepdims=True) for b in self.beside]
        return np.hstack([*(mean[name] for name in self.curves for _ in range(2)), *beside]).astype(np.float32)

    def reverse_columns(self, n_values: int) -> list[int]:
        """Columns of the curves target -> source."""
        return [n_values * (2 * n + 1) + v for n in range(len(self.curves)) for v in range(n_values)]


RESPONSES, SLOPES = Reading(("response",)), Reading(("slope",))
