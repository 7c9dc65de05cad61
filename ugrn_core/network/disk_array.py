"""A numpy array in a temporary file, whose pages go back to the system after every part that was read or written."""

from __future__ import annotations

import errno
import mmap
import os
import shutil
import tempfile
from typing import BinaryIO

import numpy as np

from ugrn_core.errors import DiskError

KEPT_BYTES = 64 << 20
"""Arrays up to this size may stay in memory whole."""
NOT_RESERVED_HERE = (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENODEV)
"""What file systems say that cannot reserve space."""


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
