"""h5ad files of unknown origin, read in a process of their own.

The HDF5 library can loop for ever or crash on a damaged file, and holds a lock of the whole process meanwhile. So each
is read by a child process (:mod:`ugrn_core.data.reader`) of bounded memory, which is stopped when its time is over or
nobody wants its answer any more; the app lives on. The child sees neither the environment nor the folder nor the open
files of its parent.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, BinaryIO

from ugrn_core.data.cell_values import CellChoice, CellValues, load_cell_values
from ugrn_core.data.expression import ExpressionData, load_expression
from ugrn_core.data.h5ad import H5adContents
from ugrn_core.data.limits import MEMORY, SECONDS, read_memory, read_seconds
from ugrn_core.errors import DiskError, InputError, stop_if
from ugrn_core.paths import ROOT
from ugrn_core.types import Cancel, Progress

COMMAND = (sys.executable, "-P", "-m", "ugrn_core.data.reader")
START_SECONDS = 120.0
"""Patience with the start of the child, which imports a second's worth of packages; its time counts from then on."""
LOOK_SECONDS = 0.1
"""How often it is asked whether the answer is still wanted."""
MAX_UPLOAD_BYTES = 4 << 30
MOST_COMPLAINTS = 100_000
"""Bytes that are told of what a child writes as it ends."""
MOST_OF_A_NAME = 200
OF_THE_SYSTEM = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")
"""Variables without which the interpreter may not start."""
OVER_TIME = {-getattr(signal, name, 0) for name in ("SIGXCPU", "SIGALRM")}


def read_untrusted_h5ad(
    file: Path | str | BinaryIO,
    *,
    layer: str | None = None,
    gene_column: str | None = None,
    group: str | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> ExpressionData:
    """As :func:`ugrn_core.data.h5ad.read_h5ad`, whatever the file does; starting the child takes about 1 s.

    Time and memory are bounded by ``UGRN_READ_SECONDS`` and ``UGRN_READ_MEMORY``; more is an InputError. ``cancel`` is
    asked all the time; then :class:`~ugrn_core.errors.Cancelled` is raised.
    """
    choice = {"layer": layer, "gene_column": gene_column, "group": group}
    with _room() as folder:
        path = _on_disk(file, folder)
        _ask({"task": "read", "file": str(path), "folder": str(folder), **choice}, folder, progress, cancel)
        return replace(load_expression(folder), label=_label(file))


def open_untrusted_h5ad(
    file: Path | str | BinaryIO, *, progress: Progress | None = None, cancel: Cancel | None = None
) -> tuple[H5adContents, ExpressionData | None]:
    """What a file offers, and its cells where that leaves no choice; by one child, where both functions start two."""
    with _room() as folder:
        path = _on_disk(file, folder)
        answer = _ask({"task": "open", "file": str(path), "folder": str(folder)}, folder, progress, cancel)
        contents = _contents(answer["contents"])
        if contents.leaves_a_choice:
            return contents, None
        return contents, replace(load_expression(folder), label=_label(file))


def read_untrusted_cells(
    file: Path | str | BinaryIO,
    choice: CellChoice,
    *,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> CellValues:
    """As :func:`ugrn_core.data.cell_values.read_cell_values`, whatever the file does."""
    with _room() as folder:
        path = _on_disk(file, folder)
        request = {"task": "cells", "file": str(path), "folder": str(folder), "choice": asdict(choice)}
        _ask(request, folder, progress, cancel)
        return load_cell_values(folder)


def _contents(said: dict[str, Any]) -> H5adContents:
    return H5adContents(
        said["n_cells"],
        said["n_genes"],
        tuple(said["layers"]),
        tuple(said["gene_columns"]),
        {column: tuple(levels) for column, levels in said["groups"].items()},
    )


@contextlib.contextmanager
def _room() -> Iterator[Path]:
    """A folder for the upload and the answer, gone afterwards."""
    with _said():
        folder = tempfile.TemporaryDirectory(prefix="ugrn-", ignore_cleanup_errors=True)
    with folder:
        yield Path(folder.name)


@contextlib.contextmanager
def _said() -> Iterator[None]:
    """A temporary folder without room, or a machine without room for another process, as a DiskError."""
    try:
        yield
    except OSError as error:
        raise DiskError(
            f"There is no room to read a file: {error.strerror or error}. Make room in the temporary folder, or set "
            "TMPDIR to a folder with more."
        ) from error


def _on_disk(file: Path | str | BinaryIO, folder: Path) -> Path:
    """Path of the file; an upload is copied into the folder."""
    if isinstance(file, (str, Path)):
        return Path(file).absolute()
    size = file.seek(0, os.SEEK_END)
    if size > MAX_UPLOAD_BYTES:
        raise InputError(f"The file has {size / 2**30:.1f} GB; at most {MAX_UPLOAD_BYTES >> 30} GB are read.")
    file.seek(0)
    with _said(), (folder / "upload").open("wb") as copy:
        shutil.copyfileobj(file, copy)
    file.seek(0)
    return folder / "upload"


def _label(file: Path | str | BinaryIO) -> str:
    """The name of the file, without what no page can show."""
    name = Path(str(file if isinstance(file, (str, Path)) else getattr(file, "name", ""))).name
    return "".join(c if c.isprintable() else "?" for c in name)[:MOST_OF_A_NAME] or "the uploaded file"


def _environment(folder: Path) -> dict[str, str]:
    """All that the child learns of the environment; what it writes goes into the folder."""
    given = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    known = {name: os.environ[name] for name in OF_THE_SYSTEM if name in os.environ}
    return known | {
        "PYTHONPATH": os.pathsep.join([str(ROOT), *(entry for entry in given if os.path.isabs(entry))]),
        "PYTHONUTF8": "1",
        "TMPDIR": str(folder),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "1",
        "HDF5_USE_FILE_LOCKING": "BEST_EFFORT",
        "HDF5_PLUGIN_PRELOAD": "::",  # no filters from libraries that a file names
        SECONDS: str(read_seconds()),
        MEMORY: str(read_memory()),
    }


def _ask(request: dict[str, Any], folder: Path, progress: Progress | None, cancel: Cancel | None) -> dict[str, Any]:
    """The child's last answer; its error is raised here, too much time or a crash becomes an InputError."""
    with (folder / "complaints").open("w+b") as complaints, _started(folder, complaints) as child:
        try:
            _send(child, request)
            answer = _last_answer(child, progress, cancel)
        finally:
            child.kill()
        ended = child.wait()
        complaints.seek(0)
        said = complaints.read(MOST_COMPLAINTS).decode("utf-8", "replace")
    if "error" in answer:
        raise InputError(answer["error"])
    if answer.get("done"):
        return answer
    if ended in OVER_TIME:
        raise _over_time(answer)
    if "Traceback" in said:
        raise RuntimeError(f"reading {request['file']} failed:\n{said}")
    raise InputError("Reading the file crashed: it is damaged. Copy it again, or write it anew with anndata.")


def _started(folder: Path, complaints: BinaryIO) -> subprocess.Popen[bytes]:
    with _said():
        return subprocess.Popen(
            COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            cwd=folder,
            env=_environment(folder),
            start_new_session=True,  # Ctrl-C is for the parent, which ends the child
        )


def _send(child: subprocess.Popen[bytes], request: dict[str, Any]) -> None:
    assert child.stdin is not None
    with contextlib.suppress(BrokenPipeError), child.stdin as pipe:  # a child that is gone shows in its answer
        pipe.write(json.dumps(request).encode() + b"\n")


def _last_answer(child: subprocess.Popen[bytes], progress: Progress | None, cancel: Cancel | None) -> dict[str, Any]:
    lines: queue.Queue[bytes] = queue.Queue()
    threading.Thread(target=_forward, args=(child.stdout, lines), daemon=True).start()
    answer: dict[str, Any] = {}
    end = time.monotonic() + START_SECONDS
    while True:
        stop_if(cancel, "Stopped on request.")
        try:
            line = lines.get(timeout=LOOK_SECONDS)
        except queue.Empty:
            if time.monotonic() > end:
                raise _over_time(answer) from None
            continue
        if not line:
            return answer
        answer = json.loads(line)
        if answer.get("ready"):
            end = time.monotonic() + read_seconds()
        if progress and "progress" in answer:
            progress(*answer["progress"])


def _forward(stream: BinaryIO, lines: queue.Queue[bytes]) -> None:
    with contextlib.suppress(ValueError, OSError):  # closed
        for line in stream:
            lines.put(line)
    lines.put(b"")


def _over_time(answer: dict[str, Any]) -> InputError:
    """What is said where the time is over; ``answer`` is the last one."""
    seconds = read_seconds()
    last = f" (last: {answer['progress'][1]})" if "progress" in answer else ""
    return InputError(
        f"Reading the file was not done after {seconds:,.0f} seconds{last} and was stopped: it is damaged, stored so "
        "that cells cannot be read one after another, or large. Drop columns and cells that are not needed, write it "
        f"anew with anndata, or allow more time with {SECONDS}."
    )
