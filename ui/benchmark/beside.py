"""What stands beside a run: other methods of its pairs, from files of the page's folders and from one given here."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import streamlit as st

from ugrn_core.beeline.networks import SPECIES
from ugrn_core.benchmark.given import EVERYWHERE, GivenScores, given_scores, read_score_table, score_columns
from ugrn_core.benchmark.results import NONE, put_beside
from ugrn_core.benchmark.runner import given_frame
from ugrn_core.errors import InputError
from ugrn_core.genes.pair_list import PairColumns
from ugrn_core.types import Vocabulary
from ui.benchmark import keys
from ui.benchmark.results import Results
from ui.shared import work
from ui.shared.beeline import networks_are_here, vocabulary_of
from ui.shared.columns import score_boxes
from ui.shared.errors import plain, said_in_place
from ui.shared.work import Question

ALL = "all data sets"
SECONDS_A_SPLIT = 2.0
"""About, for a training of the table with its tests."""


def beside(results: Results, found: list[Results]) -> Results:
    """A run with the methods without a model of other files of its table, as far as they are of the same pairs."""
    for other in found:
        if other.facts.backbone == NONE and other.facts.given and other.facts.sampler == results.facts.sampler:
            results = _with_scores(results, other.token, other.frame)
    return results


def own_scores(results: Results) -> Results:
    """The run with the scores of a file that is given here, on the same pairs."""
    with st.expander("Put the scores of another method beside these", icon=":material/upload_file:"), said_in_place():
        given = _scores(results)
        if given is None:
            return results
        for note in given.notes:
            st.caption(plain(note))
        facts = results.facts
        vocabulary = vocabulary_of(facts.backbone)
        assert vocabulary is not None, "scores were read with it"
        question = Question(
            ("given scores", results.token, given.digest),
            lambda progress, cancel: given_frame(facts, given, vocabulary, progress=progress, cancel=cancel),
            f"Scores of {given.name} on the pairs of Table {facts.table}",
            min(SECONDS_A_SPLIT * facts.seeds * 22, work.UNASKED),
        )
        frame = work.answer("given scores", question)
        if frame is not None:
            return _with_scores(results, f"given {given.digest}", frame)
    return results


def _scores(results: Results) -> GivenScores | None:
    """Scores by the controls, or None while there are none."""
    st.caption(
        "A table of source, target and score, as any program of network inference writes it. It is scored on the very "
        "pairs of this run, in the session only; pairs without a score stand last."
    )
    name, place, both = st.columns([3, 3, 2], vertical_alignment="bottom")
    called = name.text_input("Name of the method", key=keys.GIVEN_NAME, max_chars=40, persist_state="session")
    of = place.selectbox("Scores for", [ALL, *SPECIES], key=keys.GIVEN_SET, persist_state="session")
    undirected = both.checkbox("Count for both directions", key=keys.GIVEN_UNDIRECTED, persist_state="session")
    file = st.file_uploader("Table of scores", type=["csv", "tsv", "txt"], max_upload_size=100, key=keys.GIVEN_FILE)
    if file is None or not called:
        return None
    if not networks_are_here(results.facts.gene_set, "the scores are held against them.", "fetch for scores"):
        return None
    vocabulary = vocabulary_of(results.facts.backbone)
    if vocabulary is None:
        raise InputError(f"{results.facts.backbone} is not here, and with it which pairs were drawn.")
    key = EVERYWHERE if of == ALL else str(of)
    content = file.getvalue()
    chosen = score_boxes(_columns(content), "given column")
    return _read(content, chosen, called.strip(), key, undirected, results.facts.backbone, vocabulary)


@st.cache_resource(max_entries=4, show_spinner=False)
def _columns(content: bytes) -> tuple[str, ...]:
    return score_columns(content)


@st.cache_resource(max_entries=4, show_spinner="Reading scores")
def _read(
    content: bytes,
    chosen: tuple[PairColumns, str | None],
    name: str,
    place: str,
    undirected: bool,
    model: str,
    _vocabulary: Vocabulary,
) -> GivenScores:
    read = read_score_table(content, *chosen)
    made = given_scores(name, {place: read.frame}, _vocabulary, undirected=undirected)
    return replace(made, notes=(read.said, *made.notes))


def _with_scores(results: Results, token: str, more: pd.DataFrame) -> Results:
    frame, note = _both(results.token, token, results.frame, more)
    if note:
        st.caption(plain(note))
    return results if frame is results.frame else replace(results, held=frame, token=f"{results.token} + {token}")


@st.cache_resource(max_entries=16, show_spinner=False)
def _both(token: str, more_token: str, _frame: pd.DataFrame, _more: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    return put_beside(_frame, _more)
