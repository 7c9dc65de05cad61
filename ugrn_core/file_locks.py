"""Locks of the operating system: one file a lock, removed on release, let go of by the kernel when its holder dies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, UnixFileLock

POLL_SECONDS = 0.02


@contextmanager
def file_lock(path: Path, *, seconds: float = -1, cancel: Callable[[], bool] | None = None) -> Iterator[None]:
    """Hold ``path`` against other threads and processes; :class:`filelock.Timeout` after ``seconds`` or ``cancel``."""
    lock = FileLock(path, timeout=seconds, poll_interval=POLL_SECONDS)
    lock.acquire(cancel_check=cancel)
    try:
        yield
    finally:
        if type(lock) is UnixFileLock:  # who waits sees that its file has lost its name, and opens a new one
            path.unlink(missing_ok=True)
        lock.release()
