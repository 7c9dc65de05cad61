"""Scores of a whole network on disk: every source against every target, read in parts, in order of score.

A network may have more edges than memory has room for: what grows with it lies in files of a temporary folder, and
their pages are given back to the system after every part that was read or written. Edges are sorted in pieces that fit
in memory.
"""

from __future__ import annotations

import errno
import mmap
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import BinaryIO

import numpy as np

from ugrn_core.beeline.networks import Edge
from ugrn_core.errors import DiskError
from ugrn_core.network.blocks import BlockScores
from ugrn_core.network.question import NetworkRequest

KEPT_BYTES = 64 << 20
"""Arrays up to this size may stay in memory whole."""
NOT_RESERVED_HERE = (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENODEV)
"""What file systems say that cannot reserve space."""
EDGES_A_PIECE = 1 << 21
"""Edges sorted at once (8 bytes each, and as much again a few times while they are sorted)."""
MICRO = 1e6
"""Scores are ranked with 6 decimals, as they are written."""
BIN_BITS = 14
"""Scores are counted by their upper bits, in bins of 2**14 millionths, to cut the edges into pieces."""
LOWEST = -(1 << 31)
NAMES = np.uint64(32)
"""Bits of the place in the alphabet, below the score."""
Rows = Callable[[int, int], np.ndarray]
"""Scores (source, target) of the sources from start to stop; NaN is no edge."""

SCATTERED = 128
"""Edges read or written at once all over the file: each can bring much of its neighbourhood into memory."""


class DiskArray:
    """``array`` of a shape and a number type, zeros at first; its file has no name and goes with the array.

    The space is reserved at once: a page that finds no room later would end the whole process (SIGBUS). A disk without
    room is a :class:`~ugrn_core.errors.DiskError`.
    """

    def __init__(self, shape: tuple[int, ...], kind: type[np.generic]) -> None:
        length = int(np.prod(shape, dtype=np.int64))
        size = max(1, length * np.dtype(kind).itemsize)
        try:
            with tempfile.TemporaryFile(prefix="ugrn-network-") as file:
                _reserve(file, size)
                self._map = mmap.mmap(file.fileno(), size)
        except OSError as error:
            raise DiskError(_no_room(size, error)) from error
        self.array: np.ndarray = np.frombuffer(self._map, kind, length).reshape(shape)

    def let_go(self) -> None:
        """Give the pages of a large array back to the system; what is in them stays in the file."""
        if self.array.nbytes > KEPT_BYTES and hasattr(mmap, "MADV_DONTNEED"):
            self._map.madvise(mmap.MADV_DONTNEED)


def _reserve(file: BinaryIO, size: int) -> None:
    """Make the file ``size`` zeros for which there is room."""
    if hasattr(os, "posix_fallocate"):
        try:
            os.posix_fallocate(file.fileno(), 0, size)
            return
        except OSError as error:
            if error.errno not in NOT_RESERVED_HERE:
                raise
    zeros = bytes(1 << 20)
    for start in range(0, size, len(zeros)):
        file.write(zeros[: size - start])
    file.flush()


def _no_room(size: int, error: OSError) -> str:
    try:
        folder = tempfile.gettempdir()
        where = f" {folder}, where {shutil.disk_usage(folder).free / 2**20:,.0f} MB are free"
    except OSError:
        where = ", and there is none that can be written"
    return (
        f"The network needs {size / 2**20:,.0f} MB in the temporary folder{where} ({error.strerror or error}). Make "
        "room there, or set TMPDIR to a folder with more; what was computed is kept."
    )


def ordered_places(rows: Rows, sources: Sequence[str], targets: Sequence[str]) -> DiskArray:
    """Places (edge,) int64 in the flattened (source, target): best score first, ties by source and target name.

    The scores are read twice, in parts: once to count edges by score, which cuts the order into pieces, and once to
    put every edge into its piece; then each piece is sorted by itself. A piece is larger than ``EDGES_A_PIECE`` only
    where more edges than that have nearly the same score.
    """
    if len(sources) * len(targets) >= 1 << 32:
        raise ValueError(f"{len(sources):,} x {len(targets):,} edges are more than can be ordered")
    by_source, by_target = (np.argsort(np.array(names, object)) for names in (sources, targets))
    ranks = np.argsort(by_source).astype(np.uint64), np.argsort(by_target).astype(np.uint64)
    bins = np.zeros(1 << (32 - BIN_BITS), np.int64)
    for keys in _keys(rows, *ranks):
        bins += np.bincount(_bin(keys), minlength=len(bins))
    piece, starts = _pieces(bins)
    sorted_keys = DiskArray((int(starts[-1]),), np.uint64)
    _distribute(_keys(rows, *ranks), piece, starts, sorted_keys)
    order = DiskArray(sorted_keys.array.shape, np.int64)
    for start, stop in pairwise(starts):
        keys = np.sort(sorted_keys.array[start:stop])
        s, t = np.divmod((keys & np.uint64(0xFFFFFFFF)).astype(np.int64), len(targets))
        order.array[start:stop] = by_source[s] * len(targets) + by_target[t]
        sorted_keys.let_go()
        order.let_go()
    return order


def _keys(rows: Rows, by_source: np.ndarray, by_target: np.ndarray) -> Iterator[np.ndarray]:
    """One number an edge, part by part: its falling score above, the place of its names in the alphabet below."""
    step = max(1, EDGES_A_PIECE // len(by_target))
    for start in range(0, len(by_source), step):
        falling = np.rint(-MICRO * rows(start, start + step).astype(np.float64))
        there = np.isfinite(falling)
        above = (np.clip(falling[there], LOWEST, -LOWEST - 1).astype(np.int64) - LOWEST).astype(np.uint64) << NAMES
        names = by_source[start : start + step, None] * np.uint64(len(by_target)) + by_target
        yield above | names[there]


def _bin(keys: np.ndarray) -> np.ndarray:
    return (keys >> np.uint64(32 + BIN_BITS)).astype(np.int64)


def _pieces(bins: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Piece of every bin, and where every piece starts, with the end: neighbouring bins, up to ``EDGES_A_PIECE``."""
    piece, sizes = np.zeros(len(bins), np.int64), [0]
    for at in np.flatnonzero(bins):
        if sizes[-1] and sizes[-1] + bins[at] > EDGES_A_PIECE:
            sizes.append(0)
        sizes[-1] += int(bins[at])
        piece[at] = len(sizes) - 1
    return piece, np.cumsum([0, *sizes])


def _distribute(parts: Iterator[np.ndarray], piece: np.ndarray, starts: np.ndarray, into: DiskArray) -> None:
    """Put every key behind those that its piece has already."""
    end = starts.copy()
    for keys in parts:
        of = piece[_bin(keys)]
        for n in np.unique(of):
            chosen = keys[of == n]
            into.array[end[n] : end[n] + len(chosen)] = chosen
            end[n] += len(chosen)
        into.let_go()


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
