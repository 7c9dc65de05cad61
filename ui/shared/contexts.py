"""The virtual cell around the pair: the pair alone, a list of genes, or the genes and mean values of cells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import streamlit as st

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.data.context import (
    FEWEST_VARIABLE,
    MOST_VARIABLE,
    VARIABLE_GENES,
    data_context,
    list_context,
)
from ugrn_core.estimate import context_room
from ugrn_core.genes.resolve import GeneReport, resolve
from ugrn_core.genes.text_file import read_text
from ugrn_core.types import Context
from ui.shared import cells, columns, keys
from ui.shared.errors import NotYet

PAIR, GENES, CELLS = "pair", "genes", "cells"
LABELS = {PAIR: "The pair alone", GENES: "A gene list", CELLS: "Cells"}
ALL_CELLS = "all cells"
LIST_FILE = "genes.txt"
GENE_COLUMN = "gene column"
MOST_GROUPS = 3


@dataclass(frozen=True)
class ContextChoice:
    """Contexts by name, the first of them the one asked about.

    ``file``, ``group`` and ``options`` are what ``ugrn pair`` is called with to get the first one; ``gene_list`` is
    the text of ``file`` where the list was pasted.
    """

    contexts: dict[str, Context]
    file: str = PAIR
    group: tuple[str, str] | None = None
    options: tuple[str, ...] = ()
    report: GeneReport | None = None
    notes: tuple[str, ...] = ()
    gene_list: str = field(default="", repr=False)

    @property
    def group_words(self) -> tuple[str, ...]:
        """The group as words of a command."""
        return () if self.group is None else ("--group", "=".join(self.group))

    @property
    def names_told(self) -> str:
        """What became of the names of a list or file, in a sentence."""
        return "" if self.report is None else self.report.sentence()

    @property
    def main(self) -> Context:
        return next(iter(self.contexts.values()))


def kind() -> str:
    """Kind of context that is chosen."""
    return st.session_state.get(keys.CONTEXT) or PAIR


def controls(redraw: Callable[[], None]) -> None:
    """What belongs to the kind of context that is chosen, nothing for the pair alone."""
    if kind() == GENES:
        _gene_controls(redraw)
    elif kind() == CELLS:
        _cell_controls(redraw)


def read(backbone: Backbone) -> ContextChoice:
    """Contexts by the controls; an :class:`InputError` says what is still missing."""
    if kind() == GENES:
        return _of_genes(backbone)
    if kind() == CELLS:
        return _of_cells(backbone)
    return ContextChoice({Context().label: Context()})


def _gene_controls(redraw: Callable[[], None]) -> None:
    text, upload = st.columns([3, 2])
    text.text_area(
        "Genes of the virtual cell",
        key=keys.GENE_TEXT,
        persist_state="session",
        height=100,
        placeholder="SOX2, POU5F1, KLF4, MYC ... separated as you like, or pasted from a table",
        on_change=redraw,
    )
    upload.file_uploader(
        "or a text or CSV file", key=keys.GENE_FILE, type=["txt", "csv", "tsv"], max_upload_size=5, on_change=redraw
    )


def _of_genes(backbone: Backbone) -> ContextChoice:
    """The list with a box for its column; it is drawn anew with the results, and so is the box."""
    file = st.session_state.get(keys.GENE_FILE)
    label = "the pasted list" if file is None else file.name
    text = st.session_state.get(keys.GENE_TEXT) or "" if file is None else read_text(file.getvalue())
    columns.gene_box(text, GENE_COLUMN)
    names = columns.read_genes(text, GENE_COLUMN).names
    if not names:
        kept = _kept("genes")
        if kept is not None:
            return ContextChoice({kept.label: kept}, LIST_FILE)
        raise NotYet("The virtual cell has no genes yet: paste a list above or upload a file.")
    report = resolve(names, backbone.vocabulary)
    context = {label: list_context(report, label)}
    if file is None:
        return ContextChoice(context, LIST_FILE, report=report, gene_list="\n".join(names) + "\n")
    return ContextChoice(context, file.name, options=columns.gene_words(GENE_COLUMN), report=report)


def _cell_controls(redraw: Callable[[], None]) -> None:
    chosen = cells.current()
    if chosen is None:
        if _kept("profile") is None:
            st.button("Use the example: 700 blood cells", on_click=cells.use_example, icon=":material/grain:")
        return
    columns = [ALL_CELLS, *chosen.data.groups]
    if st.session_state.get(keys.COLUMN) not in columns:
        st.session_state[keys.COLUMN] = ALL_CELLS
    by, which, size = st.columns([2, 4, 2])
    column = by.selectbox("Group cells by", columns, key=keys.COLUMN, persist_state="session")
    if column != ALL_CELLS:
        levels = list(chosen.data.groups[column])
        kept = [x for x in st.session_state.get(keys.LEVELS) or [] if x in levels]
        st.session_state[keys.LEVELS] = kept or levels[:1]
        which.multiselect(
            "Groups, the first one asked about and up to two more for comparison",
            levels,
            key=keys.LEVELS,
            persist_state="session",
            max_selections=MOST_GROUPS,
            on_change=redraw,
        )
    with size:
        variable_genes("n_variable", redraw)


def variable_genes(key: str, redraw: Callable[[], None] | None = None) -> None:
    """How many of the most variable genes are taken."""
    asked = st.session_state.get(key)
    st.session_state[key] = (
        min(max(asked, FEWEST_VARIABLE), MOST_VARIABLE) if isinstance(asked, int) else VARIABLE_GENES
    )
    st.number_input(
        "Most variable genes",
        FEWEST_VARIABLE,
        MOST_VARIABLE,
        step=50,
        key=key,
        persist_state="session",
        help="Beside all transcription factors that are detected. Cost grows with the square of the genes.",
        on_change=redraw,
    )


def _of_cells(backbone: Backbone) -> ContextChoice:
    chosen = cells.current()
    if chosen is None:
        kept = _kept("profile")
        if kept is not None:
            return ContextChoice({kept.label: kept}, "cells.h5ad")
        raise NotYet("There are no cells yet: choose them in the sidebar, or use the example.")
    column = st.session_state.get(keys.COLUMN) or ALL_CELLS
    levels = st.session_state.get(keys.LEVELS) or []
    groups = [None] if column == ALL_CELLS else [(column, level) for level in levels]
    if not groups:
        raise NotYet(f"No group of {column} is chosen: choose one to three.")
    n_variable = st.session_state.get(keys.N_VARIABLE) or VARIABLE_GENES
    found = [of_group(backbone, chosen, group, n_variable) for group in groups]
    all_contexts = {name: context for one in found for name, context in one.contexts.items()}
    return replace(found[0], contexts=all_contexts, notes=tuple(note for one in found for note in one.notes))


def of_group(backbone: Backbone, chosen: cells.Cells, group: tuple[str, str] | None, n_variable: int) -> ContextChoice:
    """Genes and means of one group (column, level) of cells, or of all of them."""
    context, report, notes = _context(chosen.token, backbone.fingerprint, group, n_variable, chosen, backbone)
    size = () if n_variable == VARIABLE_GENES else ("--variable", str(n_variable))
    return ContextChoice(
        {ALL_CELLS if group is None else group[1]: context},
        chosen.word,
        group,
        (*chosen.options, *size),
        report,
        notes,
    )


@st.cache_resource(max_entries=64, show_spinner="Gathering the genes of these cells")
def _context(
    token: str,
    fingerprint: str,
    group: tuple[str, str] | None,
    n_variable: int,
    _chosen: cells.Cells,
    _backbone: Backbone,
) -> tuple[Context, GeneReport, tuple[str, ...]]:
    """Context of a group; ``token`` and ``fingerprint`` stand for the data and the model in the cache's key."""
    cap = context_room(_backbone)
    return data_context(_chosen.data, _backbone.card, _backbone.vocabulary, group=group, n_variable=n_variable, cap=cap)


def _kept(context_kind: str) -> Context | None:
    """Context of a job that was found again by its id, when the page was loaded anew without list and file."""
    kept = st.session_state.get(keys.KEPT_CONTEXT)
    return kept if kept is not None and kept.kind == context_kind else None
