"""Scores of a whole network on disk: every source against every target, read in parts."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ugrn_core.beeline.networks import Edge
from ugrn_core.network.blocks import BlockScores
from ugrn_core.network.request import NetworkRequest


@dataclass(frozen=True)
class NetworkScores:
    """``logits`` (seed, source, target), ``against`` (source, target): the mean logit of target -> source, and
    ``slope`` (source, target), float32 in files of a temporary folder; a gene with itself is NaN."""

    request: NetworkRequest
    notes: tuple[str, ...]
    logits: np.ndarray
    against: np.ndarray
    slope: np.ndarray
    folder: tempfile.TemporaryDirectory[str] = field(repr=False, compare=False)

    @property
    def n_edges(self) -> int:
        """Number of scored edges."""
        same = len(set(self.request.sources) & set(self.request.targets))
        return len(self.request.sources) * len(self.request.targets) - same

    def mean_logits(self) -> np.ndarray:
        """Mean logit (source, target) over seeds, float32."""
        return self.logits.mean(0, dtype=np.float32)

    def edges(self, places: np.ndarray) -> list[Edge]:
        """Names of edges by their places in the flattened (source, target)."""
        s, t = np.divmod(places, len(self.request.targets))
        return [(self.request.sources[i], self.request.targets[j]) for i, j in zip(s, t, strict=True)]

    def order(self) -> np.ndarray:
        """Places of all edges, best score (6 decimals) first, ties by source and target."""
        score = np.round(self.mean_logits().astype(np.float64), 6)
        by_source, by_target = (_ranks(names) for names in (self.request.sources, self.request.targets))
        s, t = np.divmod(np.arange(score.size), score.shape[1])
        ordered = np.lexsort((by_target[t], by_source[s], -score.ravel()))
        return ordered[np.isfinite(score.ravel()[ordered])]


class ScoreFiles:
    """The arrays of a run while it fills them, block by block."""

    def __init__(self, request: NetworkRequest, n_seeds: int) -> None:
        self.request = request
        self.folder = tempfile.TemporaryDirectory(prefix="ugrn-network-", ignore_cleanup_errors=True)
        shape = len(request.sources), len(request.targets)
        self.logits = self._file("logits", (n_seeds, *shape))
        self.against = self._file("against", shape)
        self.slope = self._file("slope", shape)
        self.source = {g: i for i, g in enumerate(request.sources)}
        self.target = {g: i for i, g in enumerate(request.targets)}

    def fill(self, pairs: Sequence[Edge], block: BlockScores) -> None:
        """Put a block into its places: s -> t, and t -> s where the request has that edge too."""
        there, back = block.forward.mean(0), block.reverse.mean(0)
        self._put(pairs, np.arange(len(pairs)), block.forward, back, block.slope)
        rows = np.array([n for n, (s, t) in enumerate(pairs) if t in self.source and s in self.target], np.intp)
        if len(rows):
            self._put([pairs[r][::-1] for r in rows], rows, block.reverse, there, block.reverse_slope)

    def finished(self, notes: tuple[str, ...]) -> NetworkScores:
        """The scores, all blocks filled."""
        return NetworkScores(self.request, notes, self.logits, self.against, self.slope, self.folder)

    def _put(self, pairs, rows: np.ndarray, logits: np.ndarray, against: np.ndarray, slope: np.ndarray) -> None:
        i = np.fromiter((self.source[s] for s, _ in pairs), np.intp, len(pairs))
        j = np.fromiter((self.target[t] for _, t in pairs), np.intp, len(pairs))
        self.logits[:, i, j] = logits[:, rows]
        self.against[i, j] = against[rows]
        self.slope[i, j] = slope[rows]

    def _file(self, name: str, shape: tuple[int, ...]) -> np.ndarray:
        array = np.lib.format.open_memmap(Path(self.folder.name) / f"{name}.npy", "w+", np.float32, shape)
        array.fill(np.nan)
        return array


def _ranks(names: Sequence[str]) -> np.ndarray:
    """Place of each name in alphabetical order."""
    ranks = np.empty(len(names), np.int64)
    ranks[sorted(range(len(names)), key=names.__getitem__)] = np.arange(len(names))
    return ranks
