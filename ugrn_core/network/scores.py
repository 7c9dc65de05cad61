"""Scores of a whole network on disk: every source against every target, read in parts, in order of score.

A network may have more edges than memory has room for: what grows with it lies in files of a temporary folder, and
their pages are given back to the system after every part that was read or written.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ugrn_core.beeline.networks import Edge
from ugrn_core.network.blocks import BlockScores
from ugrn_core.network.order import DiskArray, ordered_places
from ugrn_core.network.request import NetworkRequest

SCATTERED = 128
"""Edges read or written at once all over the file: each can bring much of its neighbourhood into memory."""


@dataclass(frozen=True)
class NetworkScores:
    """``values`` (source, target, seed + 2) float32 in a file of its own: the logit of each seed's networks, the mean
    logit of target -> source, and the slope; a gene with itself is NaN. ``notes`` are sentences for the user."""

    request: NetworkRequest
    notes: tuple[str, ...]
    values: DiskArray

    @property
    def n_edges(self) -> int:
        """Number of scored edges."""
        same = len(set(self.request.sources) & set(self.request.targets))
        return len(self.request.sources) * len(self.request.targets) - same

    @property
    def logits(self) -> np.ndarray:
        """Logits (seed, source, target), a view of the file."""
        return np.moveaxis(self.values.array[..., :-2], -1, 0)

    @property
    def against(self) -> np.ndarray:
        """Mean logit of target -> source (source, target), a view of the file."""
        return self.values.array[..., -2]

    @property
    def slope(self) -> np.ndarray:
        """Slope of the largest size over the virtual values (source, target), a view of the file."""
        return self.values.array[..., -1]

    def mean_logits(self) -> np.ndarray:
        """Mean logit (source, target) over seeds, float32; in memory whole."""
        return self.logits.mean(0, dtype=np.float32)

    def at(self, places: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Logits (edge, seed), mean logits of the reverse (edge,) and slopes (edge,) of edges by their places in the
        flattened (source, target)."""
        values = self.values.array.reshape(-1, self.values.array.shape[-1])
        found = np.empty((len(places), values.shape[1]), np.float32)
        for start in range(0, len(places), SCATTERED):
            found[start : start + SCATTERED] = values[places[start : start + SCATTERED]]
            self.values.let_go()
        return found[:, :-2], found[:, -2], found[:, -1]

    def edges(self, places: np.ndarray) -> list[Edge]:
        """Names of edges by their places."""
        s, t = np.divmod(places, len(self.request.targets))
        sources, targets = np.array(self.request.sources, object), np.array(self.request.targets, object)
        return list(zip(sources[s].tolist(), targets[t].tolist(), strict=True))

    def order(self) -> np.ndarray:
        """Places of all edges, best score (6 decimals) first, ties by source and target; a view of a file."""
        return self._order.array

    def parts(self, size: int, limit: int | None = None) -> Iterator[np.ndarray]:
        """Places of the best ``limit`` edges (all by default) in order, ``size`` at a time."""
        n = self.n_edges if limit is None else min(limit, self.n_edges)
        for start in range(0, n, size):
            places = np.array(self.order()[start : min(start + size, n)])
            self._order.let_go()
            yield places

    @cached_property
    def _order(self) -> DiskArray:
        def rows(start: int, stop: int) -> np.ndarray:
            found = mean_over_seeds(self.values.array[start:stop, :, :-2])
            self.values.let_go()
            return found

        return ordered_places(rows, self.request.sources, self.request.targets)


def mean_over_seeds(logits: np.ndarray) -> np.ndarray:
    """Mean over the last axis, float32: the same number however many edges are looked at at once."""
    total = logits[..., 0].astype(np.float32)
    for seed in range(1, logits.shape[-1]):
        total += logits[..., seed]
    return total / np.float32(logits.shape[-1])


class ScoreFiles:
    """The scores of a run while it fills them, block by block."""

    def __init__(self, request: NetworkRequest, n_seeds: int) -> None:
        self.request = request
        self.values = DiskArray((len(request.sources), len(request.targets), n_seeds + 2), np.float32)
        for row in self.values.array:
            row.fill(np.nan)
            self.values.let_go()
        self.source = {g: i for i, g in enumerate(request.sources)}
        self.target = {g: i for i, g in enumerate(request.targets)}

    def fill(self, pairs: Sequence[Edge], block: BlockScores) -> None:
        """Put a block into its places: s -> t, and t -> s where the request has that edge too."""
        there, back = (mean_over_seeds(one.T) for one in (block.forward, block.reverse))
        self._put(pairs, block.forward, back, block.slope)
        rows = np.array([n for n, (s, t) in enumerate(pairs) if t in self.source and s in self.target], np.intp)
        if len(rows):
            turned = [pairs[r][::-1] for r in rows]
            self._put(turned, block.reverse[:, rows], there[rows], block.reverse_slope[rows])

    def finished(self, notes: tuple[str, ...]) -> NetworkScores:
        """The scores, all blocks filled."""
        return NetworkScores(self.request, notes, self.values)

    def _put(self, pairs: Sequence[Edge], logits: np.ndarray, against: np.ndarray, slope: np.ndarray) -> None:
        i = np.fromiter((self.source[s] for s, _ in pairs), np.intp, len(pairs))
        j = np.fromiter((self.target[t] for _, t in pairs), np.intp, len(pairs))
        values = np.column_stack([logits.T, against, slope])
        for start in range(0, len(pairs), SCATTERED):
            part = slice(start, start + SCATTERED)
            self.values.array[i[part], j[part]] = values[part]
            self.values.let_go()
