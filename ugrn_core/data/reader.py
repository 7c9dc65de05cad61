"""The process that reads one file of cells: ``python -P -m ugrn_core.data.reader``, started by :mod:`.untrusted`.

One request as JSON on its input, answers as JSON lines on its output, the cells as files in the folder of the request.
Before it opens the file it gives up what reading does not need: memory, processor time, files, core dumps. So whatever
a file does to the HDF5 library ends here.
"""

from __future__ import annotations

import json
import signal
import sys
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from ugrn_core.data.cell_values import CellChoice, read_cell_values, save_cell_values
from ugrn_core.data.containers.opened import needs_writing
from ugrn_core.data.expression import save_expression
from ugrn_core.data.h5ad import inspect_h5ad, read_h5ad
from ugrn_core.data.limits import MEMORY, read_memory, read_seconds
from ugrn_core.errors import InputError, UGRNError
from ugrn_core.genes.tables import human_symbols, mouse_genes
from ugrn_core.genes.tfs import transcription_factors
from ugrn_core.memory import keep_freed_memory
from ugrn_core.types import Progress, part_of

MAX_ANSWER = 8 << 20
"""Characters of one answer; the names of groups are all that can be long."""
LOOKED_AT = 0.2
"""Share of the progress of a file that is opened, at which its cells are begun."""
OPEN_FILES = 32
UNPACKERS = ("zipfile.py", "tarfile.py", "gzip.py", "lzma.py", "bz2.py", "_compression.py")
SPARE_SECONDS = 10
"""Beyond the time for reading, at which the parent stops this process; for the case that the parent is gone."""


def main() -> None:
    """Carry out the one request on standard input."""
    keep_freed_memory()
    for load in (human_symbols, mouse_genes, transcription_factors):  # tables of our own are not of the file's account
        load()
    _answer(ready=True)
    request = json.loads(sys.stdin.readline())
    if needs_writing(Path(request["file"])):
        import pandas  # noqa: F401  (nor is what reads text)
    _give_up(read_memory(), read_seconds())
    try:
        _carry_out(request)
    except UGRNError as error:
        _answer(error=str(error))
    except MemoryError:
        _answer(
            error=f"Reading the file takes more than {read_memory() >> 20:,} MB of memory. Keep fewer cells, genes or "
            f"columns, or allow more with {MEMORY}, such as 2G."
        )
    except (OSError, RuntimeError, KeyError, TypeError, ValueError) as error:
        if not _of_a_library(error):
            raise  # a bug of ours, which the parent tells as one
        said = str(error).strip("'")[:160]
        _answer(error=f"The file is damaged ({said}). Copy it again, or write it anew with anndata.")


def _of_a_library(error: BaseException) -> bool:
    """Whether a library that reads or unpacks files raised it, wherever it was asked: each can fail on any damage."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    file = Path(place.tb_frame.f_code.co_filename) if place is not None else Path()
    return "h5py" in file.parts or file.name in UNPACKERS


def _carry_out(request: dict[str, Any]) -> None:
    def tell(share: float, what: str) -> None:
        _answer(progress=(share, what))

    progress: Progress | None = tell
    told: dict[str, Any] = {}
    if request["task"] == "open":
        contents = inspect_h5ad(request["file"], part_of(tell, 0.0, LOOKED_AT))
        told = {"contents": asdict(contents)}
        if contents.leaves_a_choice:
            _answer(done=True, **told)
            return
        progress = part_of(tell, LOOKED_AT, 1.0)
    file, folder = request["file"], Path(request["folder"])
    if request["task"] == "cells":
        keep = partial(save_cell_values, read_cell_values(file, _choice(request["choice"]), progress))
    else:
        choice = {name: request.get(name) for name in ("layer", "gene_column", "group")}
        keep = partial(save_expression, read_h5ad(file, **choice, progress=progress))
    try:
        keep(folder)
    except OSError as error:
        raise InputError(
            f"The cells that were read cannot be kept in {folder}: {error.strerror or error}. Make room "
            "there, or set TMPDIR to a folder with more."
        ) from error
    _answer(done=True, **told)


def _choice(said: dict[str, Any]) -> CellChoice:
    group = said.pop("group")
    return CellChoice(tuple(said.pop("genes")), group=None if group is None else tuple(group), **said)


def _give_up(memory: int, seconds: float) -> None:
    """Limit this process to ``memory`` bytes above what it has now and to ``seconds``, where the system can."""
    if sys.platform == "win32":
        return
    import resource

    whole = int(seconds) + SPARE_SECONDS
    signal.alarm(whole)
    _limit(resource.RLIMIT_CPU, whole)
    _limit(resource.RLIMIT_FSIZE, memory)
    _limit(resource.RLIMIT_NOFILE, OPEN_FILES)
    _limit(resource.RLIMIT_CORE, 0)
    if sys.platform == "linux":
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
        _limit(resource.RLIMIT_AS, pages * resource.getpagesize() + memory)


def _limit(kind: int, most: int) -> None:
    import resource

    allowed = resource.getrlimit(kind)[1]
    most = most if allowed == resource.RLIM_INFINITY else min(most, allowed)
    resource.setrlimit(kind, (most, most))


def _answer(**said: Any) -> None:
    line = json.dumps(said)
    if len(line) > MAX_ANSWER:
        raise InputError("The names of the groups in the file are too long. Leave out columns of text that name none.")
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
