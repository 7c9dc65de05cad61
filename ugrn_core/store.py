"""Results on disk, addressed by what they were computed from; nothing that is read here is ever unpickled.

The rows lie in diskcache (:mod:`ugrn_core.rows`), each the bytes of a safetensors file with a checksum, so that
a group of results is written whole or not at all, and what was damaged on the disk is computed anew.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import safetensors.numpy
from filelock import Timeout
from safetensors import SafetensorError

from ugrn_core.errors import Cancelled, StoreError
from ugrn_core.memory import bytes_of
from ugrn_core.opened import TRACE
from ugrn_core.paths import cache_folder
from ugrn_core.rows import Busy, Damaged, StoredRows
from ugrn_core.time_left import byte_words
from ugrn_core.types import Background, Cancel
from ugrn_core.whole_files import file_lock

log = logging.getLogger(__name__)

DEFAULT_LIMIT = 4 << 30  # bytes
BUSY_SECONDS = 60  # wait for another writer before giving up
KEY = re.compile(r"[0-9a-f]{64}")
UNREADABLE = (SafetensorError, KeyError)  # KeyError: a number format that numpy does not have


def sweep_key(
    *,
    fingerprint: str,
    schema: str,
    precision: str,
    context_genes: Sequence[str],
    base: float | Sequence[float],
    grid: Sequence[float],
    background: Background,
    source: str,
    bucket: int | None = None,
) -> str:
    """Address of the sweep of one source: sha256 (hex) of canonical JSON of everything it depends on.

    ``base`` is one value, or one a context gene in the order of ``context_genes``. Genes are sorted (their bases with
    them), so the order in which a context was written does not matter: arrays under the key must follow the sorted
    genes. The order of ``grid`` does matter. ``bucket`` tells the parts of a pair context apart. A gene that occurs
    twice, a base vector of another length and NaN are ValueErrors.
    """
    if len(set(context_genes)) != len(context_genes):
        raise ValueError("a context names the same gene twice")
    order = sorted(range(len(context_genes)), key=lambda i: context_genes[i])
    bases = np.asarray(base, dtype=np.float64) + 0.0  # adding 0.0 makes -0.0 a plain zero
    if bases.ndim and len(bases) != len(context_genes):
        raise ValueError(f"{len(context_genes)} context genes, {len(bases)} base values")
    question = {
        "fingerprint": fingerprint,
        "schema": schema,
        "precision": precision,
        "context_genes": [context_genes[i] for i in order],
        "base": (bases[order] if bases.ndim else bases).tolist(),
        "grid": (np.asarray(grid, dtype=np.float64) + 0.0).tolist(),
        "background": background,
        "source": source,
        "bucket": bucket,
    }
    text = json.dumps(question, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


@dataclass(frozen=True)
class StoreStats:
    """Where the store lies, how many results it holds, its size and limit in bytes, and files left aside as damaged."""

    folder: Path
    entries: int
    size: int
    limit: int
    left_aside: tuple[Path, ...] = ()


class Store:
    """Named numpy arrays under content addresses (:func:`sweep_key`), shared by threads and processes.

    ``folder`` is by default ``results/`` of the cache folder and is made readable by its owner alone (mode 0700);
    ``limit`` is in bytes, by default ``UGRN_CACHE_LIMIT`` or 4 GiB. Nothing is evicted: a full store is a StoreError.
    What was found damaged is told once, in a warning of the log and in :meth:`notes`.
    """

    def __init__(self, folder: Path | None = None, limit: int | None = None) -> None:
        self.folder = cache_folder() / "results" if folder is None else folder
        self.limit = cache_limit() if limit is None else limit
        self._damaged, self._notes, self._guard = False, list[str](), threading.Lock()
        with self._plain_errors():
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.folder.chmod(0o700)
            self._locks = self.folder / "locks"
            self._locks.mkdir(exist_ok=True)
            self._rows = StoredRows(self.folder, BUSY_SECONDS, self._left_aside)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def get(self, key: str) -> dict[str, np.ndarray] | None:
        """Arrays under ``key``, or None where there are none; a damaged value counts as none, and that is told."""
        return self._read(key, self._packed(key))

    def get_many(self, keys: Iterable[str]) -> dict[str, dict[str, np.ndarray] | None]:
        """:meth:`get` of several keys, in one visit to the database."""
        asked = [_checked(key) for key in dict.fromkeys(keys)]
        with self._plain_errors():
            found = self._rows.get_many(asked, self._tell_damage)
        return {key: self._read(key, packed) for key, packed in zip(asked, found, strict=True)}

    def _read(self, key: str, packed: bytes | None) -> dict[str, np.ndarray] | None:
        if packed is None:
            return self.opened(key)
        try:
            found = safetensors.numpy.load(packed)
        except UNREADABLE:
            self._tell_damage(key)
            return None
        if (trace := TRACE.get()) is not None:
            trace.read.add(key)
        return found

    def opened(self, key: str) -> dict[str, np.ndarray] | None:
        """What a session that was opened has under ``key``, where the work of this thread may read it."""
        trace = TRACE.get()
        packed = None if trace is None or trace.opened is None else trace.opened.get(_checked(key))
        if trace is None or trace.opened is None or packed is None:
            return None
        try:
            found = safetensors.numpy.load(packed)
        except UNREADABLE:
            trace.opened.drop([key])
            return None
        trace.read.add(key)
        trace.foreign.add(key)
        return found

    def packed(self, key: str) -> bytes | None:
        """The bytes of the result under ``key`` for a file, of the store or of a session that was opened."""
        trace = TRACE.get()
        found = self._packed(key)
        return found if found is not None or trace is None or trace.opened is None else trace.opened.get(key)

    def __contains__(self, key: str) -> bool:
        """Whether there is a result under ``key`` that can be read."""
        if self._packed(key) is not None:
            return True
        trace = TRACE.get()
        return trace is not None and trace.opened is not None and key in trace.opened

    def _packed(self, key: str) -> bytes | None:
        with self._plain_errors():
            try:
                return self._rows.get(_checked(key))
            except Damaged:
                self._tell_damage(key)
                return None

    def put(self, key: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Keep ``arrays`` under ``key``, in place of what was there; StoreError where the store is full."""
        self.put_many({key: arrays})

    def put_many(self, items: Mapping[str, Mapping[str, np.ndarray]]) -> None:
        """Keep several results in one transaction: all of them, or none and a StoreError.

        Work that has read results of a session that was opened keeps its own beside these (:mod:`ugrn_core.opened`).
        """
        packed = {_checked(key): _pack(arrays) for key, arrays in items.items()}
        if (trace := TRACE.get()) is not None:
            trace.read.update(packed)
            if trace.foreign and trace.opened is not None:  # it rests on what somebody else says
                trace.opened.add(packed)
                return
        wanted = sum(map(len, packed.values()))

        def check(used: int) -> None:
            if used + wanted > self.limit:
                raise StoreError(
                    f"The result store in {self.folder} is full: {byte_words(used)} of {byte_words(self.limit)} are "
                    f"used and {byte_words(wanted)} more are needed. Empty it with `ugrn cache --clear`, or set "
                    "UGRN_CACHE_LIMIT to a larger size such as 8G."
                )

        with self._plain_errors():
            self._rows.put_many(packed, check)

    def notes(self) -> tuple[str, ...]:
        """What was found damaged since this store was opened, a sentence each."""
        with self._guard:
            return tuple(self._notes)

    @contextmanager
    def lock(self, *keys: str, cancel: Cancel | None = None) -> Iterator[None]:
        """Hold ``keys`` against other threads and processes, so that nothing is computed twice.

        Look again for each key once the lock is held: who waited finds the other's result. Take all keys of a group
        in one call (they are locked in sorted order, so that two groups never wait for each other); each costs an
        open file, so keep groups below a few hundred. The operating system lets go of the lock of a killed process.
        ``cancel`` is asked while waiting; then :class:`~ugrn_core.errors.Cancelled` is raised.
        """
        with ExitStack() as held:
            for key in sorted(set(map(_checked, keys))):
                try:
                    held.enter_context(file_lock(self._locks / key, cancel=cancel))
                except Timeout:
                    raise Cancelled("Stopped while another run computed the same result.") from None
                except OSError as error:
                    raise StoreError(_unusable(self.folder, error)) from error
            yield

    def stats(self) -> StoreStats:
        """Folder, number of results, size and limit in bytes."""
        with self._plain_errors():
            entries, size = self._rows.count_and_size()
            return StoreStats(self.folder, entries, size, self.limit, tuple(self._rows.left_aside()))

    def clear(self) -> int:
        """Remove every row, and files that were left aside as damaged; returns how many rows there were."""
        with self._plain_errors():
            return self._rows.clear()

    def close(self) -> None:
        """Close what is open; the store opens it again when it is used again."""
        self._rows.close()

    def _tell_damage(self, key: str) -> None:
        with self._guard:
            told, self._damaged = self._damaged, True
        log.debug("result %s in %s is damaged", key, self.folder)
        if not told:
            self._tell(
                f"A stored result in {self.folder} is damaged (its checksum does not fit); it and any others like it "
                "are computed anew. Disk or memory of this machine may be failing."
            )

    def _left_aside(self, file: Path, fresh: Path) -> None:
        self._tell(
            f"{file} is damaged or of another version of this program and cannot be read. It is left as it is, and "
            f"results are computed anew into {fresh.relative_to(self.folder)} beside it; "
            "`ugrn cache --clear` removes both."
        )

    def _tell(self, note: str) -> None:
        with self._guard:
            self._notes.append(note)
        log.warning(note)

    @contextmanager
    def _plain_errors(self) -> Iterator[None]:
        """Failures of the disk and of the database in words; StoreError and everything else pass through."""
        try:
            yield
        except (OSError, sqlite3.Error, Busy) as error:
            busy = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY
            if busy or isinstance(error, Timeout | Busy):
                raise StoreError(
                    f"The result store in {self.folder} has been busy for {BUSY_SECONDS} seconds. Stop the other run "
                    "that writes into it, or give this one a folder of its own with UGRN_CACHE_DIR."
                ) from error
            raise StoreError(_unusable(self.folder, error)) from error


def cache_limit() -> int:
    """Size limit in bytes: ``UGRN_CACHE_LIMIT`` (a number with K, M, G or T, powers of 1024), else 4 GiB."""
    given = os.environ.get("UGRN_CACHE_LIMIT", "").strip()
    if not given:
        return DEFAULT_LIMIT
    limit = bytes_of(given)
    if limit is None:
        raise StoreError(f"UGRN_CACHE_LIMIT is {given!r}; give a size such as 500M, 8G or a number of bytes.")
    return limit


def _pack(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Safetensors bytes; arrays are laid out in C order first, because the library writes their memory as it lies."""
    return safetensors.numpy.save({name: np.asarray(array, order="C") for name, array in arrays.items()})


def _checked(key: str) -> str:
    if not KEY.fullmatch(key):
        raise ValueError(f"{key!r} is not the address of a result (sha256 in hex, see sweep_key)")
    return key


def _unusable(folder: Path, error: Exception) -> str:
    return (
        f"The result store in {folder} cannot be used: {error}. Check that the folder can be written and that the "
        "disk has room, move the folder away, or name another one with UGRN_CACHE_DIR."
    )
