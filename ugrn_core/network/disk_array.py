"""A numpy array in a temporary file, whose pages go back to the system after every part that was read or written."""

from __future__ import annotations

import mmap
import tempfile
from pathlib import Path

import numpy as np

KEPT_BYTES = 64 << 20
"""Arrays up to this size may stay in memory whole."""


class DiskArray:
    """``array`` of a shape and a number type, zeros at first; its file goes with the last reference to it."""

    def __init__(self, shape: tuple[int, ...], kind: type[np.generic]) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="ugrn-network-", ignore_cleanup_errors=True)
        size = int(np.prod(shape, dtype=np.int64)) * np.dtype(kind).itemsize
        with (Path(self.folder.name) / "array").open("w+b") as file:
            file.truncate(max(size, 1))
            self._map = mmap.mmap(file.fileno(), max(size, 1))
        self.array: np.ndarray = np.frombuffer(self._map, kind, int(np.prod(shape, dtype=np.int64))).reshape(shape)

    def let_go(self) -> None:
        """Give the pages of a large array back to the system; what is in them stays in the file."""
        if self.array.nbytes > KEPT_BYTES and hasattr(mmap, "MADV_DONTNEED"):
            self._map.madvise(mmap.MADV_DONTNEED)
