"""Files that have exactly the bytes they are known by: told by size and sha256, and by nothing else.

A hash of a large file is kept beside it with the size and the time of the bytes it is of, and computed anew when
either changes.
"""

from __future__ import annotations

import hashlib
import json
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from ugrn_core.checked_json import STRICT, Count, Digest, Word, from_json_file
from ugrn_core.errors import FetchError, InputError
from ugrn_core.whole_files import write_whole

KEPT = ".sha256.json"
MOST_KEPT_BYTES = 1 << 20
RACY = 2_000_000_000
"""Nanoseconds: a file that was written so shortly before may be written again at what is the same time to the disk."""
_KEPT = TypeAdapter(dict[Word, tuple[Count, int, Digest]], config=STRICT)


@dataclass(frozen=True)
class PinnedFile:
    """A file that has exactly these bytes."""

    name: str
    size: int
    sha256: str

    def __str__(self) -> str:
        return f"{self.name} ({self.size:,} bytes, sha256 {self.sha256})"


def is_pinned(path: Path, file: PinnedFile) -> bool:
    """Whether ``path`` holds the pinned bytes; its hash is computed once as long as it stays as it is."""
    try:
        return path.is_file() and path.stat().st_size == file.size and kept_sha256(path) == file.sha256
    except OSError:
        return False


def kept_sha256(path: Path) -> str:
    """sha256 of a file: the one kept beside it where size and time are still the same, else computed and kept."""
    stamp = stamp_of(path)
    kept = _kept(path.parent).get(path.name)
    if kept is not None and kept[:-1] == stamp:
        return kept[-1]
    sha256 = sha256_of(path)
    if stamp_of(path) == stamp and abs(time.time_ns() - stamp[1]) > RACY:
        _keep(path.parent, _kept(path.parent) | {path.name: (*stamp, sha256)})
    return sha256


def check_file(path: Path, file: PinnedFile) -> None:
    """Raise :class:`FetchError` unless ``path`` holds exactly the pinned bytes; the file is not touched."""
    size = path.stat().st_size
    _compare(path, file, size, sha256_of(path) if size == file.size else "")


def pinned_bytes(path: Path, file: PinnedFile) -> bytes:
    """The content of ``path``; a :class:`FetchError` unless these very bytes are the pinned ones."""
    with path.open("rb") as opened:
        content = opened.read(file.size)
    _compare(path, file, path.stat().st_size, hashlib.sha256(content).hexdigest())
    return content


def _compare(path: Path, file: PinnedFile, size: int, sha256: str) -> None:
    got = f"{size:,} bytes" if size != file.size else f"sha256 {sha256}"
    expected = f"{file.size:,} bytes" if size != file.size else f"sha256 {file.sha256}"
    if got != expected:
        raise FetchError(
            f"{path} is not the pinned {file.name}: got {got}, expected {expected}. It was left as it is; move or "
            "delete it and fetch again."
        )


def sha256_of(path: Path) -> str:
    """sha256 (hex) of a file, read for it."""
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def stamp_of(path: Path) -> tuple[int, int]:
    facts = path.stat()
    return facts.st_size, facts.st_mtime_ns


def _kept(folder: Path) -> dict[str, tuple[int, int, str]]:
    """Hashes kept in a folder; none where they cannot be read."""
    try:
        return from_json_file(_KEPT, folder / KEPT, MOST_KEPT_BYTES)
    except InputError:
        return {}


def _keep(folder: Path, hashes: dict[str, tuple[int, int, str]]) -> None:
    """Written whole or not at all; a folder that cannot be written has its files hashed every time."""
    with suppress(OSError):
        write_whole(folder / KEPT, json.dumps(hashes).encode())
