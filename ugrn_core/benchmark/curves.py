"""Curves of many directed pairs held in memory, read by pair: what VVP and GDT features are cut from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.beeline.networks import Edge
from ugrn_core.store import Store
from ugrn_core.stored_sweep import directed_pairs
from ugrn_core.types import Cancel, Context, Progress, SweepSettings


@dataclass(frozen=True)
class CurveTable:
    """Response and slope (pair, value) of directed pairs; ``codes`` (pair,) rise and name the pairs by gene number."""

    number: dict[str, int]
    codes: np.ndarray
    response: np.ndarray | None
    slope: np.ndarray

    def forward_and_reverse(self, kind: str, pairs: Sequence[Edge]) -> np.ndarray:
        """Features (pair, 2 x value) float32: source -> target, then target -> source; ``kind`` response or slope."""
        curves = getattr(self, kind)
        if curves is None:
            raise ValueError(f"there is no {kind} in this table")
        there = self._rows(pairs)
        back = self._rows([(t, s) for s, t in pairs])
        return np.hstack([curves[there], curves[back]])

    def _rows(self, pairs: Sequence[Edge]) -> np.ndarray:
        codes = pair_codes(pairs, self.number)
        rows = np.searchsorted(self.codes, codes)
        if len(codes) and (rows.max() >= len(self.codes) or (self.codes[rows] != codes).any()):
            raise KeyError("a pair that was not swept")
        return rows


def sweep_table(
    backbone: Backbone,
    pairs: Iterable[Edge],
    context: Context,
    settings: SweepSettings,
    store: Store | None = None,
    *,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> CurveTable:
    """Table of the given pairs in both directions, each once, computed through the store."""
    asked = both_directions(pairs)
    number = {g: i for i, g in enumerate(sorted({g for pair in asked for g in pair}))}
    codes = pair_codes(asked, number)
    order = np.argsort(codes)
    asked = [asked[i] for i in order]
    swept = directed_pairs(backbone, asked, context, settings, store, progress=progress, cancel=cancel)
    return CurveTable(number, codes[order], swept.response, swept.slope)


def both_directions(pairs: Iterable[Edge]) -> list[Edge]:
    """The pairs and their reverses, each once, sorted."""
    once = set(pairs)
    return sorted(once | {(t, s) for s, t in once})


def pair_codes(pairs: Sequence[Edge], number: dict[str, int]) -> np.ndarray:
    """One whole number a pair, (pair,) int64, unique for the genes of ``number``."""
    n = len(number)
    return np.fromiter((number[s] * n + number[t] for s, t in pairs), dtype=np.int64, count=len(pairs))
