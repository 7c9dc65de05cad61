"""Bytes under text keys in one SQLite file, each with a checksum that binds them to their key.

Nothing that is read is believed: the tables must be exactly those that are made here, text and numbers are no values,
and a value counts only where its checksum fits. A file that SQLite cannot make sense of is left as it is, and a fresh
one with the next number is begun beside it; nothing is ever renamed under a program that has it open.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from filelock import FileLock

log = logging.getLogger(__name__)

TABLE = "CREATE TABLE cache (key TEXT PRIMARY KEY, value BLOB NOT NULL, checksum BLOB NOT NULL)"
SCHEMA = {("table", "cache", "cache", TABLE), ("index", "sqlite_autoindex_cache_1", "cache", None)}
NAME = re.compile(r"cache(?:-(\d{1,6}))?\.db")
KEPT_OPEN = 4
"""Connections that wait for their next use; each is three open files."""
FILES_IN_TURN = 3
"""Fresh files begun for one piece of work before the disk is given up."""
NOT_DAMAGE = {
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH, sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_NOLFS, sqlite3.SQLITE_TOOBIG,
}  # fmt: skip
"""What is said of a sound file too: the disk is full, the folder is locked, another program writes."""

T = TypeVar("T")


class Damaged(Exception):
    """A row whose value does not fit its checksum."""


class Rows:
    """The rows of a folder, shared by threads and processes. Errors are OSError and sqlite3.Error.

    ``seconds``: how long another writer is waited for. ``aside`` is told of a file that was left, and of the fresh one.
    """

    def __init__(self, folder: Path, seconds: float, aside: Callable[[Path, Path], None]) -> None:
        self.folder, self.seconds, self._aside = folder, seconds, aside
        self._guard, self._free, self._process = threading.Lock(), list[sqlite3.Connection](), os.getpid()
        self.file = self._newest()
        self._use(lambda con: None)

    def get(self, key: str) -> bytes | None:
        """The value under ``key``, None where there is no row; :class:`Damaged` where its checksum does not fit."""
        found = self._use(lambda con: con.execute("SELECT value, checksum FROM cache WHERE key = ?", (key,)).fetchone())
        if found is None:
            return None
        value, given = found
        if type(value) is not bytes or given != checksum(key, value):
            raise Damaged(key)
        return value

    def put_many(self, values: Mapping[str, bytes], check: Callable[[int], None]) -> None:
        """Write all values or none; ``check`` is told the bytes in use, inside the transaction, and may refuse."""

        def write(con: sqlite3.Connection) -> None:
            con.execute("BEGIN IMMEDIATE")
            try:
                check(_bytes_used(con))
                rows = ((key, value, checksum(key, value)) for key, value in values.items())
                con.executemany("INSERT OR REPLACE INTO cache VALUES (?, ?, ?)", rows)
                con.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):  # SQLite may have rolled back by itself
                    con.execute("ROLLBACK")
                raise

        self._use(write)

    def count(self) -> int:
        """Number of rows."""
        return self._use(lambda con: con.execute("SELECT count(*) FROM cache").fetchone()[0])

    def size(self) -> int:
        """Bytes in use."""
        return self._use(_bytes_used)

    def clear(self) -> int:
        """Remove every row, and the files that were left aside; returns the number of rows."""
        for file in self.left_aside():
            for part in _parts(file):
                part.unlink(missing_ok=True)
        return self._use(_empty)

    def left_aside(self) -> list[Path]:
        """Files that hold no rows of ours any more, oldest first."""
        return [file for number, file in sorted(self._numbered()) if number < _number(self.file)]

    def close(self) -> None:
        """Close the connections that are not in use; the next use opens one again."""
        for con in self._taken():
            con.close()

    def _use(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do ``work`` with a connection, in a fresh file where the present one is damaged."""
        for left in reversed(range(FILES_IN_TURN)):
            file = self.file
            try:
                con = self._borrow(file)
                try:
                    result = work(con)
                except BaseException:
                    con.close()
                    raise
            except sqlite3.Error as error:
                if not left or not _is_damage(error, file):
                    raise
                self._leave(file, error)
            else:
                self._give_back(con, file)
                return result
        raise AssertionError("unreachable: the last turn returns or raises")

    def _borrow(self, file: Path) -> sqlite3.Connection:
        with self._guard:
            if self._process != os.getpid():  # a forked process must not use the connections of its parent
                self._free, self._process = [], os.getpid()
            if self._free:
                return self._free.pop()
        return self._opened(file)

    def _give_back(self, con: sqlite3.Connection, file: Path) -> None:
        with self._guard:
            if file == self.file and len(self._free) < KEPT_OPEN:
                self._free.append(con)
                return
        con.close()

    def _taken(self) -> list[sqlite3.Connection]:
        with self._guard:
            taken, self._free = self._free, []
        return taken

    def _opened(self, file: Path) -> sqlite3.Connection:
        """A connection to a file whose tables are ours; they are made where it is new."""
        con = sqlite3.connect(file, timeout=self.seconds, isolation_level=None, check_same_thread=False)
        try:
            con.text_factory = bytes  # text is no value, so that it need not be text either
            for pragma in ("trusted_schema = OFF", "cell_size_check = ON", "mmap_size = 0", "synchronous = NORMAL"):
                con.execute(f"PRAGMA {pragma}")
            if not _schema(con):
                with FileLock(self.folder / "open.lock", timeout=self.seconds):
                    con.execute("PRAGMA journal_mode = WAL")
                    con.execute("BEGIN IMMEDIATE")
                    if not _schema(con):
                        con.execute(TABLE)
                    con.execute("COMMIT")
            if _schema(con) != SCHEMA:
                raise sqlite3.DatabaseError("its tables are not those of this program")
        except BaseException:
            con.close()
            raise
        return con

    def _leave(self, file: Path, error: Exception) -> None:
        """Go on in the next file; other threads and processes that find the same follow."""
        with self._guard:
            if self.file != file:
                return
            newest = self._newest()
            fresh = newest if _number(newest) > _number(file) else file.with_name(f"cache-{_number(file) + 1}.db")
            self.file = fresh
        self.close()
        log.info("%s was left: %s", file, error)
        self._aside(file, fresh)

    def _newest(self) -> Path:
        return max(self._numbered(), default=(1, self.folder / "cache.db"))[1]

    def _numbered(self) -> Iterator[tuple[int, Path]]:
        yield from ((_number(file), file) for file in self.folder.glob("cache*.db") if NAME.fullmatch(file.name))


def checksum(key: str, value: bytes) -> bytes:
    """16 bytes that fit this value under this key only."""
    return hashlib.blake2b(value, digest_size=16, key=bytes.fromhex(key)).digest()


def _number(file: Path) -> int:
    match = NAME.fullmatch(file.name)
    return int(match[1] or 1) if match else 1


def _schema(con: sqlite3.Connection) -> set[tuple[str | None, ...]]:
    rows = con.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall()
    return {tuple(part.decode(errors="replace") if isinstance(part, bytes) else part for part in row) for row in rows}


def _bytes_used(con: sqlite3.Connection) -> int:
    pages, free, size = (
        con.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size


def _empty(con: sqlite3.Connection) -> int:
    rows = con.execute("DELETE FROM cache").rowcount
    with suppress(sqlite3.OperationalError):  # another program reads: the room is used again, if not given back
        con.execute("VACUUM")
        con.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return rows


def _parts(file: Path) -> Iterator[Path]:
    yield from (file.with_name(file.name + end) for end in ("", "-wal", "-shm", "-journal"))


def _is_damage(error: sqlite3.Error, file: Path) -> bool:
    """Whether an error is the file's own, not that of the disk or of another program."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
    if code & 0xFF == sqlite3.SQLITE_READONLY:  # a damaged head says so too
        return all(os.access(part, os.W_OK) for part in (file.parent, *_parts(file)) if part.exists())
    return code == sqlite3.SQLITE_IOERR_SHORT_READ or code & 0xFF not in NOT_DAMAGE
