"""h5ad files of unknown origin, read in a process of their own.

The HDF5 library can loop for ever or crash on a damaged file, and holds a lock of the whole process meanwhile. So an
upload is read by a child process of bounded memory, which is stopped when it makes no progress; the app lives on.
``python -m ugrn_core.data.untrusted`` is that child: one request as JSON on its input, answers as JSON lines on its
output.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from ugrn_core.data.expression import ExpressionData
from ugrn_core.data.expression_file import load_expression, save_expression
from ugrn_core.data.h5ad import H5adContents, inspect_h5ad, read_h5ad
from ugrn_core.errors import InputError
from ugrn_core.paths import ROOT
from ugrn_core.types import Progress

STALL_SECONDS = 45.0
"""A child that says nothing for so long is stopped; between two blocks of cells lie a few seconds at most."""
MAX_MEMORY = 12 << 30
"""Address space of the child, where the system can limit it."""
MAX_UPLOAD_BYTES = 4 << 30
COMMAND = (sys.executable, "-m", "ugrn_core.data.untrusted")


def read_untrusted_h5ad(
    file: Path | str | BinaryIO,
    *,
    layer: str | None = None,
    gene_column: str | None = None,
    progress: Progress | None = None,
) -> ExpressionData:
    """As :func:`ugrn_core.data.h5ad.read_h5ad`, whatever the file does; starting the child takes about 1 s."""
    with tempfile.TemporaryDirectory(prefix="ugrn-") as folder, _on_disk(file, Path(folder)) as path:
        request = {"task": "read", "file": str(path), "folder": folder, "layer": layer, "gene_column": gene_column}
        _ask(request, progress)
        return load_expression(Path(folder))


def inspect_untrusted_h5ad(file: Path | str | BinaryIO) -> H5adContents:
    """As :func:`ugrn_core.data.h5ad.inspect_h5ad`, whatever the file does."""
    with tempfile.TemporaryDirectory(prefix="ugrn-") as folder, _on_disk(file, Path(folder)) as path:
        answer = _ask({"task": "inspect", "file": str(path)}, None)
    contents = answer["contents"]
    return H5adContents(
        contents["n_cells"],
        contents["n_genes"],
        tuple(contents["layers"]),
        tuple(contents["gene_columns"]),
        {column: tuple(levels) for column, levels in contents["groups"].items()},
    )


@contextlib.contextmanager
def _on_disk(file: Path | str | BinaryIO, folder: Path) -> Iterator[Path]:
    """Path of the file; an upload is copied into the folder under its own name."""
    if isinstance(file, (str, Path)):
        yield Path(file).absolute()
        return
    size = file.seek(0, os.SEEK_END)
    if size > MAX_UPLOAD_BYTES:
        raise InputError(f"The file has {size / 2**30:.1f} GB; at most {MAX_UPLOAD_BYTES >> 30} GB are read.")
    file.seek(0)
    inner = folder / "upload"
    inner.mkdir()
    path = inner / (Path(getattr(file, "name", "")).name or "upload.h5ad")
    with path.open("wb") as copy:
        shutil.copyfileobj(file, copy)
    file.seek(0)
    yield path


def _ask(request: dict[str, Any], progress: Progress | None) -> dict[str, Any]:
    """The child's last answer; its error is raised here, a stall or a crash becomes an InputError."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    with (
        tempfile.TemporaryFile("w+") as complaints,
        subprocess.Popen(
            COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=complaints, text=True, env=environment
        ) as child,
    ):
        try:
            _send(child, request)
            answer = _last_answer(child, progress)
        finally:
            child.kill()
        complaints.seek(0)
        said = complaints.read()
    if "error" in answer:
        raise InputError(answer["error"])
    if answer.get("done"):
        return answer
    if "Traceback" in said:
        raise RuntimeError(f"reading {request['file']} failed:\n{said}")
    raise InputError("Reading the file crashed: it is damaged. Copy it again, or write it anew with anndata.")


def _send(child: subprocess.Popen[str], request: dict[str, Any]) -> None:
    assert child.stdin is not None
    with contextlib.suppress(BrokenPipeError), child.stdin as pipe:  # a child that is gone shows in its answer
        pipe.write(json.dumps(request))


def _last_answer(child: subprocess.Popen[str], progress: Progress | None) -> dict[str, Any]:
    lines: queue.Queue[str | None] = queue.Queue()
    threading.Thread(target=_forward, args=(child.stdout, lines), daemon=True).start()
    answer: dict[str, Any] = {}
    while True:
        try:
            line = lines.get(timeout=STALL_SECONDS)
        except queue.Empty:
            raise InputError(
                f"Reading the file made no progress for {STALL_SECONDS:.0f} seconds and was stopped: it is damaged, or "
                "stored so that cells cannot be read one after another. Write it anew with anndata."
            ) from None
        if line is None:
            return answer
        answer = json.loads(line)
        if progress and "progress" in answer:
            progress(*answer["progress"])


def _forward(stream: Any, lines: queue.Queue[str | None]) -> None:
    for line in stream:
        lines.put(line)
    lines.put(None)


def _answer(**said: Any) -> None:
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


def _serve() -> None:
    """Carry out the one request on standard input."""
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    request = json.load(sys.stdin)
    try:
        if request["task"] == "inspect":
            _answer(done=True, contents=asdict(inspect_h5ad(request["file"])))
            return
        data = read_h5ad(
            request["file"],
            layer=request["layer"],
            gene_column=request["gene_column"],
            progress=lambda share, what: _answer(progress=(share, what)),
        )
        save_expression(data, Path(request["folder"]))
        _answer(done=True)
    except InputError as error:
        _answer(error=str(error))
    except MemoryError:
        _answer(error=f"Reading the file takes more than {MAX_MEMORY >> 30} GB of memory. Keep fewer cells or genes.")


if __name__ == "__main__":
    _serve()
