"""Bytes under text keys in diskcache, each with a checksum that binds them to their key; nothing is unpickled.

diskcache keeps the rows in one SQLite file, safe across threads and processes. What it believes, this room does not:
its own ``Disk`` unpickles (CVE-2025-69872), so :class:`PlainDisk` takes its place; it obeys the settings and triggers
of the file it opens, so both must be exactly those that it makes itself; a value counts only where its checksum fits.
A file that does not pass is left as it is, and a fresh folder with the next number is begun beside it: nothing is ever
renamed under a program that has it open.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import sqlite3
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import diskcache
from diskcache.core import METADATA, MODE_RAW

from ugrn_core.whole_files import file_lock

log = logging.getLogger(__name__)

FOLDER = re.compile(r"cache-(\d{1,6})")
CHECKSUM_BYTES = 16
CONNECTIONS = 4
"""Open connections of one store; each is three open files."""
FILES_IN_TURN = 3
"""Fresh files begun for one piece of work before the disk is given up."""
NOT_DAMAGE = {
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH, sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_NOLFS, sqlite3.SQLITE_TOOBIG,
}  # fmt: skip
"""What is said of a sound file too: the disk is full, the folder is locked, another program writes."""

SETTINGS: dict[str, Any] = {
    "eviction_policy": "none", "cull_limit": 0, "statistics": 0, "tag_index": 0, "sqlite_mmap_size": 0,
}  # fmt: skip
"""Nothing is evicted. No memory map: a file that another program cuts short would end this one."""

Busy = diskcache.Timeout
"""Another program writes and did not end in time."""

T = TypeVar("T")


class Damaged(Exception):
    """A row whose value does not fit its checksum, or is of a kind that is never written here."""


class PlainDisk(diskcache.Disk):
    """Text keys and bytes values, inside the database; anything else is refused, in writing and in reading."""

    def put(self, key: object) -> tuple[str, bool]:
        if type(key) is not str:
            raise TypeError(f"the store takes text keys, got {type(key).__name__}")
        return key, True

    def get(self, key: object, raw: object) -> str:
        if raw != 1 or type(key) is not str:
            raise Damaged("a key that is not plain text")
        return key

    def store(self, value: object, read: bool, key: object = None) -> tuple[int, int, None, memoryview]:
        if read or type(value) is not bytes:
            raise TypeError(f"the store takes bytes, got {type(value).__name__}")
        return 0, MODE_RAW, None, sqlite3.Binary(value)

    def fetch(self, mode: int, filename: str | None, value: object, read: bool) -> bytes:
        if read or mode != MODE_RAW or filename is not None or type(value) is not bytes:
            raise Damaged(f"a value of kind {mode}")
        return value

    def remove(self, file_path: str) -> None:
        """Leave every file alone: rows of this store have none, so a row that names one was put there by others."""


class StoredRows:
    """The rows of a folder, shared by threads and processes. Errors are OSError, sqlite3.Error and :data:`Busy`.

    ``seconds``: how long another writer is waited for. ``aside`` is told of a file that was left, and of the fresh one.
    """

    def __init__(self, folder: Path, seconds: float, aside: Callable[[Path, Path], None]) -> None:
        self.folder, self.seconds, self._aside = folder, seconds, aside
        self._guard, self._process = threading.Lock(), os.getpid()
        self._pool: ThreadPoolExecutor | None = None
        self._cache: diskcache.Cache | None = None
        self.file = self._newest()
        self._use(lambda kept: None)

    def get(self, key: str) -> bytes | None:
        """The value under ``key``, None where there is no row; :class:`Damaged` where its checksum does not fit."""
        return _sound(key, self._use(lambda kept: _text_in_place(key, kept)))

    def get_many(self, keys: Sequence[str], damaged: Callable[[str], None]) -> list[bytes | None]:
        """The values under several keys, in one visit to a thread with a connection: where many threads compute, each
        visit waits for its turn twice. ``damaged`` is told of keys whose checksum does not fit; they have no value."""

        def one(key: str, kept: diskcache.Cache) -> bytes | None:
            try:
                return _sound(key, _text_in_place(key, kept))
            except Damaged:
                damaged(key)
                return None

        return self._use(lambda kept: [one(key, kept) for key in keys])

    def put_many(self, values: Mapping[str, bytes], check: Callable[[int], None]) -> None:
        """Write all values or none; ``check`` is told the bytes in use, inside the transaction, and may refuse."""

        def write(kept: diskcache.Cache) -> None:
            with kept.transact():
                check(kept.volume())
                for key, value in values.items():
                    kept.set(key, checksum(key, value) + value)
                if any(kept.get(key) != checksum(key, value) + value for key, value in values.items()):
                    raise sqlite3.DatabaseError("a row that was written cannot be read back")

        self._use(write)

    def count_and_size(self) -> tuple[int, int]:
        """Number of rows, and bytes in use."""
        return self._use(lambda kept: (len(kept), kept.volume()))

    def clear(self) -> int:
        """Remove every row, and the files that were left aside; returns the number of rows."""
        for file in self.left_aside():
            for part in _parts(file):
                part.unlink(missing_ok=True)
            if file.parent != self.folder:
                file.parent.rmdir()
        return self._use(_empty)

    def left_aside(self) -> list[Path]:
        """Files that hold no rows of ours any more, oldest first."""
        return [f for n, f in sorted(self._numbered()) if n < self._number(self.file) and f.exists()]

    def close(self) -> None:
        """Close every connection once it is not in use; the next use opens one again."""
        with self._guard:
            pool, self._pool, kept = self._pool, None, self._cache
        if pool is None or self._process != os.getpid():
            return
        everyone = threading.Barrier(CONNECTIONS)

        def leave() -> None:
            everyone.wait()  # so that each thread does it once
            if kept is not None:
                kept.close()

        for left in [pool.submit(leave) for _ in range(CONNECTIONS)]:
            left.result()
        pool.shutdown()

    def _use(self, work: Callable[[diskcache.Cache], T]) -> T:
        """Do ``work`` with the cache, in a fresh file where the present one is damaged."""
        for left in reversed(range(FILES_IN_TURN)):
            file = self.file
            try:
                return self._threads().submit(lambda now=file: work(self._opened(now))).result()
            except sqlite3.Error as error:
                if not left or not _is_damage(error, file):
                    raise
                self._leave(file, error)
        raise AssertionError("unreachable: the last turn returns or raises")

    def _threads(self) -> ThreadPoolExecutor:
        """Threads that hold the connections: diskcache opens one a thread, and SQLite closes late."""
        with self._guard:
            if self._pool is None or self._process != os.getpid():  # a forked process has none of them
                self._pool = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="ugrn-store")
                self._process = os.getpid()
            return self._pool

    def _opened(self, file: Path) -> diskcache.Cache:
        with self._guard:
            if self._cache is None or self._cache.directory != str(file.parent):
                file.parent.mkdir(mode=0o700, exist_ok=True)
                # diskcache makes its tables one by one: who looks in between would take them for another program's.
                with file_lock(file.parent / "opening", seconds=self.seconds):
                    _check(file)
                    self._cache = diskcache.Cache(str(file.parent), timeout=self.seconds, disk=PlainDisk, **SETTINGS)
            return self._cache

    def _leave(self, file: Path, error: Exception) -> None:
        """Go on in the next file; other threads and processes that find the same follow."""
        with self._guard:
            if self.file != file:
                return
            newest, number = self._newest(), self._number(file)
            later = self._number(newest) > number
            self.file = newest if later else self.folder / f"cache-{number + 1}" / "cache.db"
        self.close()
        with self._guard:
            self._cache = None
        log.info("%s was left: %s", file, error)
        self._aside(file, self.file)

    def _newest(self) -> Path:
        return max(self._numbered())[1]

    def _numbered(self) -> Iterator[tuple[int, Path]]:
        yield 1, self.folder / "cache.db"
        for folder in self.folder.glob("cache-*"):
            if FOLDER.fullmatch(folder.name) and folder.is_dir():
                yield self._number(folder / "cache.db"), folder / "cache.db"

    def _number(self, file: Path) -> int:
        match = FOLDER.fullmatch(file.parent.name)
        return int(match[1]) if match and file.parent != self.folder else 1


def checksum(key: str, value: bytes) -> bytes:
    """16 bytes that fit this value under this key only."""
    return hashlib.blake2b(value, digest_size=CHECKSUM_BYTES, key=bytes.fromhex(key)).digest()


def _sound(key: str, found: bytes | None) -> bytes | None:
    if found is None:
        return None
    given, value = found[:CHECKSUM_BYTES], found[CHECKSUM_BYTES:]
    if given != checksum(key, value):
        raise Damaged(key)
    return value


def _text_in_place(key: str, kept: diskcache.Cache) -> bytes | None:
    try:
        return kept.get(key)
    except sqlite3.OperationalError as error:
        if "decode" in str(error):  # text that is none, where bytes belong
            raise Damaged(key) from error
        raise


def _empty(kept: diskcache.Cache) -> int:
    rows = len(kept)
    try:
        kept.clear(retry=True)
    except sqlite3.OperationalError as error:  # diskcache reads what it removes
        if "decode" not in str(error):
            raise
        con = sqlite3.connect(Path(kept.directory) / "cache.db")
        with con:
            con.execute("DELETE FROM Cache")
        con.close()
    return rows


def _check(file: Path) -> None:
    """Refuse a file whose tables, triggers and settings are not those of a fresh one, before diskcache obeys them."""
    if not file.exists() or not file.stat().st_size:
        return
    con = sqlite3.connect(file, timeout=60)
    try:
        found = _form(con)
    finally:
        con.close()
    if found[0] and found != _fresh_form():
        raise sqlite3.DatabaseError("its tables or settings are not those of this program")


@cache
def _fresh_form() -> tuple[object, ...]:
    with tempfile.TemporaryDirectory(prefix="ugrn-store-") as folder:
        diskcache.Cache(folder, disk=PlainDisk, **SETTINGS).close()
        con = sqlite3.connect(Path(folder) / "cache.db")
        try:
            return _form(con)
        finally:
            con.close()


def _form(con: sqlite3.Connection) -> tuple[object, ...]:
    """Tables, indexes and triggers in diskcache's words, and the settings less what it counts."""
    con.text_factory = lambda text: text.decode(errors="replace")
    tables = frozenset(con.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall())
    if not any(name == "Settings" for _, name, _, _ in tables):
        return tables, None
    settings = con.execute("SELECT key, value FROM Settings").fetchall()
    counted = all(isinstance(value, int) for key, value in settings if key in METADATA)
    return tables, counted, frozenset((k, type(v), v) for k, v in settings if k not in METADATA)


def _parts(file: Path) -> Iterator[Path]:
    yield from (file.with_name(file.name + end) for end in ("", "-wal", "-shm", "-journal"))


def _is_damage(error: sqlite3.Error, file: Path) -> bool:
    """Whether an error is the file's own, not that of the disk or of another program."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
    if code & 0xFF == sqlite3.SQLITE_READONLY:  # a damaged head says so too
        return all(os.access(part, os.W_OK) for part in (file.parent, *_parts(file)) if part.exists())
    return code == sqlite3.SQLITE_IOERR_SHORT_READ or code & 0xFF not in NOT_DAMAGE
