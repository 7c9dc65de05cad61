"""The cells of this session: the bundled example, an upload or a path; read in the background, then kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import streamlit as st

from ugrn_core.data.cell_values import CellChoice, CellValues, read_cell_values
from ugrn_core.data.expression import ExpressionData
from ugrn_core.data.h5ad import H5adContents, example_data, example_file
from ugrn_core.data.untrusted import open_untrusted_h5ad, read_untrusted_cells, read_untrusted_h5ad
from ugrn_core.errors import InputError
from ugrn_core.jobs import FILES
from ugrn_core.memory import bytes_held
from ugrn_core.types import Cancel, Progress
from ui.server.folders import paths_welcome, typed_cells
from ui.shared import kept, keys, uploads
from ui.shared.errors import NotYet, plain, said_in_place
from ui.shared.work import Question, answer

T = TypeVar("T")
Token = tuple[Any, ...]

NONE, EXAMPLE, UPLOAD, PATH, AGAIN = "none", "example", "upload", "path", "again"
LABELS = {
    NONE: "None",
    EXAMPLE: "Example: 700 blood cells",
    UPLOAD: "Upload cells",
    PATH: "Path of cells",
    AGAIN: "Loaded before",
}
AUTOMATIC = "automatic"
SUFFIXES = ["h5ad", "h5", "hdf5", "loom", "zip", "tar", "tgz", "gz", "csv", "tsv", "txt"]
KEPT_BYTES = 256 << 20
SLOW_READ = 5.0
"""Seconds announced for reading a file before its pace is known; reading always runs in the background."""


@dataclass(frozen=True)
class Cells:
    """A data set of this session. ``token`` tells it apart in caches; ``word`` and ``options`` go to ``--context``.

    ``file``: where its cells can be read one by one, None where they cannot any more.
    """

    data: ExpressionData
    token: str
    word: str
    options: tuple[str, ...] = ()
    file: Path | None = None
    gene_column: str | None = None


def choose() -> None:
    """The select box of cells in the sidebar, and what belongs to the choice."""
    before = [AGAIN] if kept.shelf().cells else []
    offered = [NONE, EXAMPLE, UPLOAD, *([PATH] if paths_welcome() else []), *before]
    if st.session_state.get(keys.CELLS_FROM) not in offered:
        st.session_state[keys.CELLS_FROM] = NONE
    st.selectbox(
        "Cells",
        offered,
        key=keys.CELLS_FROM,
        format_func=LABELS.__getitem__,
        on_change=_let_go,
        help="Cells give a virtual cell its genes and their mean values. Without them, ask in the pair alone or in a "
        "list of genes.",
    )
    with said_in_place():
        read = {NONE: _none, EXAMPLE: _take_example, UPLOAD: _upload, PATH: _path, AGAIN: _again}
        read[st.session_state[keys.CELLS_FROM]]()
    cells = current()
    if cells is not None:
        st.caption(facts(cells.data))
        with st.expander("How it was read", type="compact"):
            for note in cells.data.notes:
                st.caption(plain(note))


def current() -> Cells | None:
    """The cells of this session, or None."""
    return st.session_state.get(keys.CELLS)


def use_example() -> None:
    """Callback of a button: take the bundled cells."""
    _let_go()
    st.session_state[keys.CELLS_FROM] = EXAMPLE


def in_address() -> str:
    """The cells of this session in an address: the example's word, or the hash by which they are kept."""
    held = current()
    if held is None:
        return ""
    return EXAMPLE if held.word == EXAMPLE else kept.shelf().put_cells(held)


def read_url(word: str) -> None:
    """Take the cells that an address names; what is not kept here (any more) is said where cells are chosen."""
    if word == EXAMPLE:
        use_example()
    elif word in kept.shelf().cells:
        st.session_state[keys.CELLS_FROM], st.session_state[keys.CELLS_AGAIN] = AGAIN, word
    else:
        st.session_state[keys.CELLS_MISSED] = True


def facts(data: ExpressionData) -> str:
    """One line on a data set."""
    return f"{plain(data.label)} · {data.n_cells:,} cells · {len(data.genes):,} genes"


def _let_go() -> None:
    st.session_state.pop(keys.CELLS, None)
    st.session_state.pop(keys.CELLS_MISSED, None)


def _none() -> None:
    st.session_state.pop(keys.CELLS, None)
    if st.session_state.get(keys.CELLS_MISSED):
        raise NotYet("The cells of this address are not kept here (any more): upload them again.")


def _again() -> None:
    """Cells that were read here before, in this session or an earlier one."""
    found = kept.shelf().cells
    digests = list(reversed(found))
    if st.session_state.get(keys.CELLS_AGAIN) not in digests:
        st.session_state[keys.CELLS_AGAIN] = digests[0]
    chosen = digests[0]
    if len(digests) > 1:
        chosen = st.selectbox(
            "Cells loaded before",
            digests,
            key=keys.CELLS_AGAIN,
            format_func=lambda digest: found[digest].data.label,
            persist_state="session",
        )
    held = found[chosen]
    if held.file is not None and not held.file.exists():  # the copy of an upload goes with its session
        held = replace(held, file=None)
    st.session_state[keys.CELLS] = held
    st.button("Forget these cells", key=keys.FORGET_CELLS, on_click=_forget, args=(chosen,))


def _forget(digest: str) -> None:
    kept.shelf().cells.pop(digest, None)
    _let_go()
    st.session_state[keys.CELLS_FROM] = NONE


def _take_example() -> None:
    st.session_state[keys.CELLS] = Cells(_bundled(), "example", "example")


def _upload() -> None:
    """Read what is uploaded. Once read the file is let go, unless it offers another matrix or other gene names."""
    turn = st.session_state.setdefault(keys.UPLOAD_TURN, 0)
    file = st.file_uploader("File of cells", type=SUFFIXES, key=f"upload {turn}", label_visibility="collapsed")
    if file is None:
        return
    contents = _read(file, file.name, ("upload", file.file_id))
    if contents is not None and not contents.leaves_a_choice:
        st.session_state[keys.UPLOAD_TURN] = turn + 1
        uploads.let_go(file)


def _path() -> None:
    text = st.text_input(
        "Path", key=keys.CELLS_PATH, persist_state="session", placeholder="cells.h5ad", label_visibility="collapsed"
    )
    if text.strip():
        path = typed_cells(text)
        _read(path, str(path), ("path", str(path), *_stamp(path)))


def _stamp(path: Path) -> tuple[int, ...]:
    """What changes when the file does."""
    try:
        stats = [file.stat() for file in (path, *(sorted(path.iterdir()) if path.is_dir() else ()))]
    except OSError:  # said by the reader
        return ()
    return tuple(number for stat in stats for number in (stat.st_mtime_ns, stat.st_size, stat.st_ino))


def _read(file: Path | BinaryIO, word: str, token: Token) -> H5adContents | None:
    """Read a file in the background, what it offers and its cells, at once where it leaves no choice; returns what it
    offers once the cells are there.

    An untrusted file is read by a process of its own, so that the page lives on whatever the file does. It ends when
    its job is stopped, as it is when the page is closed.
    """

    def look(progress: Progress | None, cancel: Cancel | None) -> tuple[H5adContents, ExpressionData | None]:
        return open_untrusted_h5ad(file, progress=progress, cancel=cancel)

    opened = _kept("contents", token, "Reading the file", look)
    if opened is None:
        return None
    contents, data = opened
    layer, gene_column = _matrix_choice(contents)
    if data is None:

        def read(progress: Progress | None, cancel: Cancel | None) -> ExpressionData:
            choice = {"layer": layer, "gene_column": gene_column}
            return read_untrusted_h5ad(file, **choice, progress=progress, cancel=cancel)

        data = _kept("data", (*token, layer, gene_column), "Reading the cells", read)
    if data is None:
        return None
    options = [*(["--layer", layer] if layer else []), *(["--gene-column", gene_column] if gene_column else [])]
    copy = uploads.copy_of(token, file)
    held = Cells(data, repr((*token, layer, gene_column)), word, tuple(options), copy, gene_column)
    st.session_state[keys.CELLS] = held
    kept.shelf().put_cells(held)
    return contents


def _kept(what: str, token: Token, headline: str, function: Callable[[Progress | None, Cancel | None], T]) -> T | None:
    """``function``'s result for ``token``, computed as a job and then kept by the session; None on the way there.

    What a session keeps takes ``KEPT_BYTES`` at most, or is the last one alone: that goes which was used longest ago.
    """
    kept: dict[Token, T] = st.session_state.setdefault(f"{what} of files", {})
    result = kept.pop(token, None)
    if result is None:
        st.session_state.pop(keys.CELLS, None)
        result = answer(f"file {what}", Question((what, token), function, headline, SLOW_READ, device=FILES))
    if result is not None:
        kept[token] = result
        while len(kept) > 1 and sum(map(bytes_held, kept.values())) > KEPT_BYTES:
            del kept[next(iter(kept))]
    return result


def _matrix_choice(contents: H5adContents) -> tuple[str | None, str | None]:
    """Matrix and gene names, each None for an automatic choice; asked only where the file offers several."""
    layer = gene_column = AUTOMATIC
    if len(contents.layers) > 1:
        layer = st.selectbox("Matrix", [AUTOMATIC, *contents.layers], key=keys.LAYER)
    if len(contents.gene_columns) > 1:
        gene_column = st.selectbox("Gene names", [AUTOMATIC, *contents.gene_columns], key=keys.GENE_COLUMN)
    return (None if layer == AUTOMATIC else layer), (None if gene_column == AUTOMATIC else gene_column)


@st.cache_resource(show_spinner="Reading the example cells")
def _bundled() -> ExpressionData:
    return example_data()


def read_values(
    cells: Cells, choice: CellChoice, progress: Progress | None = None, cancel: Cancel | None = None
) -> CellValues:
    """The cells of a choice, read by a process of their own; those of the example here."""
    if cells.word == EXAMPLE:
        return read_cell_values(example_file(), choice, progress)
    if cells.file is None or not cells.file.exists():
        raise InputError("The file of these cells is not here any more. Upload it again to ask the cells.")
    return read_untrusted_cells(cells.file, choice, progress=progress, cancel=cancel)
