"""Files that are whole or not there, also after a kill or a loss of power: written beside, synced, moved into place.

What is being written lies under a name of its own (``NAME.partial``; a folder's files in ``.ugrn-partial``) under a
lock of the operating system. A kill leaves it behind, and the next who writes there begins it anew.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout, UnixFileLock

POLL_SECONDS = 0.02
PARTIAL = ".ugrn-partial"
PATIENCE = 10.0
"""Seconds for which another writer of the same place is waited for."""


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


@contextmanager
def whole_file(file: Path) -> Iterator[Path]:
    """A path to write to, which becomes ``file`` when the block ends; after an error nothing is left of it.

    A link is followed. OSError where the place is no plain file, or is being written by another program.
    """
    file = Path(os.path.realpath(file))
    if file.exists() and not file.is_file():
        raise OSError(f"{file} is no plain file")
    partial = file.with_name(f"{file.name}.partial")
    with _writer(partial):
        try:
            yield partial
            _sync(partial)
            partial.replace(file)
            _sync(file.parent)
        finally:
            partial.unlink(missing_ok=True)


def write_whole(file: Path, content: bytes) -> None:
    """Write a file that is whole or not there."""
    with whole_file(file) as partial:
        partial.write_bytes(content)


@contextmanager
def whole_folder(folder: Path, names: Sequence[str], gone: Sequence[str] = ()) -> Iterator[Path]:
    """A folder to write the files ``names`` into; they take their places in ``folder`` together when the block ends.

    The last of them is the seal of the others: it goes first and comes last, so that whoever sees it sees the files
    that were written with it, whenever this program is killed. Files ``gone`` of an earlier run are removed with those
    they belonged to; others of ``folder`` stay as they are.
    """
    folder = Path(os.path.realpath(folder))
    written = folder / PARTIAL
    with _writer(written):
        shutil.rmtree(written, ignore_errors=True)  # of a run that was killed
        try:
            written.mkdir()
            yield written
            for name in names:
                _sync(written / name)
            _sync(written)
            remove_sealed(folder, (*gone, *names))
            for name in names[:-1]:
                (written / name).replace(folder / name)
            _sync(folder)
            (written / names[-1]).replace(folder / names[-1])
            _sync(folder)
        finally:
            shutil.rmtree(written, ignore_errors=True)


def remove_sealed(folder: Path, names: Sequence[str]) -> None:
    """Remove files that belong together, their seal (the last) first."""
    for name in reversed(names):
        (folder / name).unlink(missing_ok=True)
        if name == names[-1]:
            _sync(folder)


@contextmanager
def _writer(partial: Path) -> Iterator[None]:
    with ExitStack() as held:
        try:
            held.enter_context(file_lock(partial.with_name(f"{partial.name}.lock"), seconds=PATIENCE))
        except Timeout as error:
            raise OSError(f"another program is writing {partial} now") from error
        yield


def _sync(path: Path) -> None:
    """Have the system write a file, or the names in a folder, to the disk."""
    if os.name == "nt" and path.is_dir():
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
