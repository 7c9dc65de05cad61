"""Results on disk, addressed by what they were computed from; nothing that is read here is ever unpickled.

diskcache keeps the rows in one SQLite file, safe across threads and processes. Its own ``Disk`` unpickles what it
reads (CVE-2025-69872), so :class:`PlainDisk` takes the place of it: keys are text, values are the bytes of a
safetensors file, and every other row is refused. Values lie inside the database, so that a group of results is
written whole or not at all, and a row never names a file.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import diskcache
import numpy as np
import safetensors.numpy
from diskcache.core import MODE_RAW
from filelock import FileLock, Timeout, UnixFileLock
from safetensors import SafetensorError

from ugrn_core.errors import Cancelled, StoreError
from ugrn_core.paths import cache_folder
from ugrn_core.types import Background, Cancel

log = logging.getLogger(__name__)

DEFAULT_LIMIT = 4 << 30  # bytes
BUSY_SECONDS = 60  # wait for another writer before giving up
LOCK_POLL_SECONDS = 0.02
KEY = re.compile(r"[0-9a-f]{64}")
SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?", re.IGNORECASE)


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


class PlainDisk(diskcache.Disk):
    """Text keys and bytes values, inside the database; anything else is a StoreError, in writing and in reading."""

    def put(self, key: object) -> tuple[str, bool]:
        if type(key) is not str:
            raise StoreError(f"The result store takes text keys, got {type(key).__name__}.")
        return key, True

    def get(self, key: object, raw: object) -> str:
        if raw != 1 or type(key) is not str:
            raise StoreError(_foreign("a key that is not plain text"))
        return key

    def store(self, value: object, read: bool, key: object = None) -> tuple[int, int, None, memoryview]:
        if read or type(value) is not bytes:
            raise StoreError(f"The result store takes bytes, got {type(value).__name__}.")
        return 0, MODE_RAW, None, sqlite3.Binary(value)

    def fetch(self, mode: int, filename: str | None, value: object, read: bool) -> bytes:
        if read or mode != MODE_RAW or filename is not None or type(value) is not bytes:
            raise StoreError(_foreign(f"a value of kind {mode}"))
        return value

    def remove(self, file_path: str) -> None:
        """Leave every file alone: rows of this store have none, so a row that names one was put there by others."""


def _foreign(what: str) -> str:
    return (
        f"The result store holds {what}, which this program never writes, and it was not read: "
        "somebody or something else wrote into it. Empty it with `ugrn cache --clear`."
    )


@dataclass(frozen=True)
class StoreStats:
    """Where the store lies, how many results it holds, and its size and limit in bytes."""

    folder: Path
    entries: int
    size: int
    limit: int


class Store:
    """Named numpy arrays under content addresses (:func:`sweep_key`), shared by threads and processes.

    ``folder`` is by default ``results/`` of the cache folder and is made readable by its owner alone (mode 0700);
    ``limit`` is in bytes, by default ``UGRN_CACHE_LIMIT`` or 4 GiB. Nothing is evicted: a full store is a StoreError.
    """

    def __init__(self, folder: Path | None = None, limit: int | None = None) -> None:
        self.folder = cache_folder() / "results" if folder is None else folder
        self.limit = cache_limit() if limit is None else limit
        with self._plain_errors():
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.folder.chmod(0o700)
            self._locks = self.folder / "locks"
            self._locks.mkdir(exist_ok=True)
            self._cache = diskcache.Cache(
                str(self.folder),
                timeout=BUSY_SECONDS,
                disk=PlainDisk,
                eviction_policy="none",
                cull_limit=0,
                statistics=0,
                tag_index=0,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def get(self, key: str) -> dict[str, np.ndarray] | None:
        """Arrays under ``key``, or None where there are none; a damaged value counts as none and is logged."""
        with self._plain_errors():
            packed = self._cache.get(_checked(key))
        if packed is None:
            return None
        try:
            return safetensors.numpy.load(packed)  # pyright: ignore[reportArgumentType]
        except (SafetensorError, KeyError) as error:  # KeyError: a number format that numpy does not have
            log.warning("result %s in %s is damaged and counts as missing: %s", key, self.folder, error)
            return None

    def __contains__(self, key: str) -> bool:
        """Whether there is a row under ``key``; it is not read."""
        with self._plain_errors():
            return _checked(key) in self._cache

    def put(self, key: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Keep ``arrays`` under ``key``, in place of what was there; StoreError where the store is full."""
        self.put_many({key: arrays})

    def put_many(self, items: Mapping[str, Mapping[str, np.ndarray]]) -> None:
        """Keep several results in one transaction: all of them, or none and a StoreError."""
        packed = {_checked(key): _pack(arrays) for key, arrays in items.items()}
        wanted = sum(map(len, packed.values()))
        with self._plain_errors(), self._cache.transact():
            used = self._cache.volume()
            if used + wanted > self.limit:
                raise StoreError(
                    f"The result store in {self.folder} is full: {_said(used)} of {_said(self.limit)} are used and "
                    f"{_said(wanted)} more are needed. Empty it with `ugrn cache --clear`, or set UGRN_CACHE_LIMIT "
                    "to a larger size such as 8G."
                )
            for key, value in packed.items():
                self._cache.set(key, value)

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
                held.enter_context(self._hold(key, cancel))
            yield

    @contextmanager
    def _hold(self, key: str, cancel: Cancel | None) -> Iterator[None]:
        path = self._locks / key
        lock = FileLock(path, poll_interval=LOCK_POLL_SECONDS)
        try:
            lock.acquire(cancel_check=cancel)
        except Timeout:
            raise Cancelled("Stopped while another run computed the same result.") from None
        except OSError as error:
            raise StoreError(_unusable(self.folder, error)) from error
        try:
            yield
        finally:
            if type(lock) is UnixFileLock:  # who waits sees that its file has lost its name, and opens a new one
                path.unlink(missing_ok=True)
            lock.release()

    def stats(self) -> StoreStats:
        """Folder, number of results, size and limit in bytes."""
        with self._plain_errors():
            return StoreStats(self.folder, len(self._cache), self._cache.volume(), self.limit)

    def clear(self) -> int:
        """Remove every row, foreign ones too; returns how many there were."""
        with self._plain_errors():
            return self._cache.clear(retry=True)

    def close(self) -> None:
        """Close the calling thread's connection; the store opens it again when it is used again."""
        self._cache.close()

    @contextmanager
    def _plain_errors(self) -> Iterator[None]:
        """Failures of the disk and of the database in words; StoreError and everything else pass through."""
        try:
            yield
        except diskcache.Timeout as error:
            raise StoreError(
                f"The result store in {self.folder} has been busy for {BUSY_SECONDS} seconds. "
                "Stop the other run that writes into it, or give this one a folder of its own with UGRN_CACHE_DIR."
            ) from error
        except (OSError, sqlite3.Error) as error:
            raise StoreError(_unusable(self.folder, error)) from error


def cache_limit() -> int:
    """Size limit in bytes: ``UGRN_CACHE_LIMIT`` (a number with K, M, G or T, powers of 1024), else 4 GiB."""
    given = os.environ.get("UGRN_CACHE_LIMIT", "").strip()
    if not given:
        return DEFAULT_LIMIT
    match = SIZE.fullmatch(given)
    if match is None:
        raise StoreError(f"UGRN_CACHE_LIMIT is {given!r}; give a size such as 500M, 8G or a number of bytes.")
    return int(float(match[1]) * 1024 ** " KMGT".index(match[2].upper() or " "))


def _pack(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Safetensors bytes; arrays are laid out in C order first, because the library writes their memory as it lies."""
    return safetensors.numpy.save({name: np.asarray(array, order="C") for name, array in arrays.items()})


def _checked(key: str) -> str:
    if not KEY.fullmatch(key):
        raise ValueError(f"{key!r} is not the address of a result (sha256 in hex, see sweep_key)")
    return key


def _said(size: int) -> str:
    return f"{size / 2**30:.2f} GiB" if size >= 2**29 else f"{size / 2**20:.2f} MiB"


def _unusable(folder: Path, error: Exception) -> str:
    return (
        f"The result store in {folder} cannot be used: {error}. Check that the folder can be written and that the "
        "disk has room, move the folder away, or name another one with UGRN_CACHE_DIR."
    )
