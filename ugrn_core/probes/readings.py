"""What a translator reads of a pair: curves both ways, and beside them numbers that need no pass of the model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.genes.tfs import is_tf
from ugrn_core.probes.embedding import embedding_cosines, embedding_features

Curve = Literal["response", "slope"]
Pairs = Sequence[tuple[str, str]]


def gene_class(_: Backbone, pairs: Pairs) -> np.ndarray:
    """Whether source and target are in the census of factors, (pair, 2) float32: facts of genes, none of the pair."""
    return np.array([(is_tf(s), is_tf(t)) for s, t in pairs], np.float32).reshape(-1, 2)


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


COSINES = Beside("cosines of the embeddings", embedding_cosines)
CLASS = Beside("gene class", gene_class)
READINGS: dict[str, Reading] = {
    "VVP": Reading(("response",)),
    "GDT": Reading(("slope",)),
    "Baseline-Emb": Reading((), (Beside("sum of the embeddings", embedding_features),)),
    "VVP+class": Reading(("response",), (COSINES, CLASS)),
}
"""By the name of a translator's part, which is that of the method in the benchmark."""


def reads_curves(parts: Iterable[str]) -> bool:
    """Whether any of these parts reads a curve: whether pairs cost passes of the model."""
    return any(READINGS[part].curves for part in parts)
