"""Boxes for the columns of a table that was pasted or uploaded; what was read as what is said beside them."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from ugrn_core.errors import InputError
from ugrn_core.genes.gene_list import GeneList, column_names, gene_list
from ugrn_core.genes.pair_list import NONE, PairColumns, PairList, pair_list
from ui.shared.errors import BOXES, plain

Redraw = Callable[[], None] | None


def gene_box(text: str, key: str, redraw: Redraw = None) -> None:
    """A box for the column of genes where the text is a table, and what was read; without a word on what is wrong."""
    _forget_others(text, key)
    names = _names(text)
    try:
        found = read_genes(text, key)
    except InputError:
        found = None
    if names and (found is None or found.columns):
        _box("Column of the genes", names, key, found.column if found else "", redraw)
    if found is not None and found.said:
        st.caption(plain(found.said))


def read_genes(text: str, key: str) -> GeneList:
    """The gene list of a text, by the column chosen in the box of this key; an InputError says what is wrong."""
    return _genes(text, st.session_state.get(key))


def gene_words(key: str) -> tuple[str, ...]:
    """The column that was chosen, as words of a command; none where it was found."""
    column = st.session_state.get(key)
    return () if column is None else ("--gene-column", column)


def pair_boxes(text: str, key: str, *, labelled: bool, redraw: Redraw = None) -> PairColumns:
    """Boxes for source, target and label where the text is a table, and what was read; the columns chosen in them.

    Keys in the session begin with ``key``. What is wrong is not said here but where the pairs are read.
    """
    ends = {end: BOXES[end] for end in ("source", "target", *(("label",) if labelled else ()))}
    for end in ends:
        _forget_others(text, f"{key} {end}", NONE if end == "label" else "")
    names = _names(text)
    chosen = PairColumns(**{end: st.session_state.get(f"{key} {end}") for end in ends})
    try:
        found = read_pairs(text, chosen, labelled=labelled)
    except InputError:
        found = None
    if names and (found is None or found.columns):
        for place, (end, title) in zip(st.columns(len(ends)), ends.items(), strict=True):
            options = (*names, NONE) if end == "label" and NONE not in names else names
            with place:
                _box(title, options, f"{key} {end}", getattr(found.chosen, end) or "" if found else "", redraw)
    if found is not None and found.said:
        st.caption(plain(found.said))
    return chosen


def score_boxes(names: tuple[str, ...], key: str) -> tuple[PairColumns, str | None]:
    """Boxes for source, target and score of a table with these columns; those chosen, and the column of the scores."""
    for place, end in zip(st.columns(3), ("source", "target", "score"), strict=True):
        if st.session_state.get(f"{key} {end}") not in (None, *names):  # a column of another table
            st.session_state[f"{key} {end}"] = None
        with place:
            _box(BOXES[end], names, f"{key} {end}", "by its title", None)
    source, target, score = (st.session_state.get(f"{key} {end}") for end in ("source", "target", "score"))
    return PairColumns(source, target), score


@st.cache_resource(max_entries=16, show_spinner=False)
def read_pairs(text: str, columns: PairColumns, *, labelled: bool) -> PairList:
    """The pairs of a text; an InputError says what is wrong."""
    return pair_list(text, columns, labelled=labelled)


@st.cache_resource(max_entries=16, show_spinner=False)
def _genes(text: str, column: str | None) -> GeneList:
    return gene_list(text, column)


@st.cache_resource(max_entries=16, show_spinner=False)
def _names(text: str) -> tuple[str, ...]:
    return column_names(text)


def _forget_others(text: str, key: str, also: str = "") -> None:
    """Forget a choice that is no column of the text but of another one."""
    if st.session_state.get(key) not in (None, also, *_names(text)):
        st.session_state[key] = None


def _box(title: str, names: tuple[str, ...], key: str, found: str, redraw: Redraw) -> None:
    st.selectbox(
        title,
        names,
        index=None,
        key=key,
        persist_state="session",
        placeholder=found or "Choose a column",
        on_change=redraw,
    )
