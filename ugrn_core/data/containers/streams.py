"""Bytes of unknown origin, unpacked as they are read and never beyond a limit."""

from __future__ import annotations

import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

from ugrn_core.errors import InputError

MAX_UNPACKED = 4 << 30
"""Bytes that are unpacked from one file at most: more text than that is not read in the time for it."""
START_BYTES = 1 << 12
GZIP = b"\x1f\x8b"
ZIP = b"PK"
OTHER_PACKERS = {
    b"BZh": "packed with bzip2",
    b"\xfd7zXZ": "packed with xz",
    b"7z\xbc\xaf": "a 7z archive",
    b"Rar!": "a RAR archive",
    b"\x28\xb5\x2f\xfd": "packed with zstd",
}
DAMAGE = (
    EOFError,
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
    tarfile.TarError,
    struct.error,
    RuntimeError,  # also: encrypted, a method that is not there, headers within headers without end
    ValueError,
    KeyError,
    IndexError,
    OverflowError,
    AssertionError,
)
"""What the standard library raises on damaged archives, beside OSError."""

Moved = Callable[[int], None]
"""Told the bytes of the packed file that were read."""


class Bounded(io.RawIOBase):
    """A stream of bytes; after :data:`MAX_UNPACKED` of them, or where they cannot be unpacked, it is an InputError."""

    def __init__(self, stream: BinaryIO, moved: Moved | None = None) -> None:
        self._stream, self._read, self._moved = stream, 0, moved

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        with unpacking():
            part = self._stream.read(len(buffer))
        self._read += len(part)
        if self._read > MAX_UNPACKED:
            raise InputError(
                f"The file unpacks to more than {MAX_UNPACKED >> 20:,} MB, which is not read. Keep fewer cells, or "
                "write them as h5ad with anndata."
            )
        if self._moved:
            self._moved(self._read)
        buffer[: len(part)] = part
        return len(part)


def bounded(stream: BinaryIO, moved: Moved | None = None) -> io.BufferedReader:
    """The stream, buffered and bounded."""
    return io.BufferedReader(Bounded(stream, moved=moved), 1 << 18)


def beginning(stream: io.BufferedReader) -> bytes:
    """The first bytes of a stream, which are read again afterwards."""
    return stream.peek(START_BYTES)[:START_BYTES]


def unpacked(stream: io.BufferedReader) -> io.BufferedReader:
    """The stream, through gzip where it is packed so."""
    start = stream.peek(8)[:8]
    if start[:2] == GZIP:
        return bounded(gzip.GzipFile(fileobj=stream))  # type: ignore[arg-type]
    for mark, kind in OTHER_PACKERS.items():
        if start.startswith(mark):
            raise InputError(f"The file is {kind}; gzip and zip are unpacked here. Unpack it and give what is inside.")
    return stream


@contextmanager
def unpacking() -> Iterator[None]:
    """Turns the errors of damaged archives into one sentence."""
    try:
        yield
    except MemoryError:
        raise
    except (OSError, *DAMAGE) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise InputError(
            f"The file cannot be unpacked ({str(error)[:160] or type(error).__name__}): it is damaged or locked. Copy "
            "it again."
        ) from error
