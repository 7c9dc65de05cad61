"""What the cells show of the edges of a network: asked on request, beside the model and never mixed into it."""

from __future__ import annotations

import shlex
from collections.abc import Hashable
from dataclasses import dataclass, field, replace

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ugrn_core.data.cell_values import MAX_CELLS, MAX_VALUES, CellChoice
from ugrn_core.evidence.evidence import (
    BEST,
    COLUMNS,
    SHOWS,
    Evidence,
    evidence,
    evidence_sentence,
    genes_to_read,
)
from ugrn_core.evidence.kept import cells_key, kept_evidence
from ugrn_core.figures.style import file_stem
from ugrn_core.genes.file_names import in_file
from ugrn_core.network.edge_filter import Selection
from ugrn_core.network.evidence import beside_edges
from ugrn_core.network.exports.folder import Beside
from ugrn_core.network.exports.graph import graphml, network_graph
from ugrn_core.types import Cancel, Progress, part_of
from ui.network import edge as network_edge
from ui.network import genes as network_genes
from ui.network import keys
from ui.network.run import Predicted
from ui.server.session import store
from ui.shared import cells, work
from ui.shared.errors import plain, said_in_place
from ui.shared.figure_panel import csv_button
from ui.shared.work import Question

NOBODY = "nothing"
READING = 0.4
"""Share of the bar that reading the cells takes."""
READING_SECONDS = 6.0
SECONDS_A_VALUE = 1e-8
"""Of a source, a gene and a cell: 100 products of matrices."""
WITHIN_HELP = (
    "Cells of two types correlate by their types. Within groups, only what differs between cells of one group counts."
)
DONOR_HELP = "Cells of one donor are alike. With three donors or more, donors are drawn again instead of cells."


@dataclass(frozen=True)
class EvidenceQuestion:
    """Evidence for a network: the cells, their group, and which of them belong together."""

    network: Predicted = field(repr=False)
    cells: cells.Cells = field(repr=False)
    within: str | None
    donors: str | None
    best: int

    @property
    def key(self) -> tuple:
        group = self.network.asked.genes.group
        return ("evidence", self.network.token, self.cells.token, group, self.within, self.donors, self.best)


def ask(network: Predicted, topic: Hashable) -> tuple[DeltaGenerator, Evidence | None]:
    """Controls, progress, and the evidence once it is there; also the place for :func:`result`.

    ``topic``: see :func:`ui.shared.work.turn_to`. Nothing is drawn of a network that is not one of the cells held.
    """
    held = cells.current()
    if network_genes.origin() != network_genes.CELLS or held is None or network.asked.genes.file != held.word:
        return st.container(), None
    found = None
    with st.expander("What the cells show of these edges", icon=":material/scatter_plot:"):
        with said_in_place():
            found = work.answer("evidence", _question(_controls(network, held)), topic=topic)
        return st.container(), found


def beside(found: Evidence | None, table: pd.DataFrame, selection: Selection) -> Selection:
    """The edges shown with the evidence beside them; only those that the cells show too where that is asked for."""
    with_evidence = for_files(found)
    return selection if with_evidence is None else with_evidence(selection, table["score"])


def for_files(found: Evidence | None) -> Beside | None:
    """:func:`beside` by the toggles as they stand now, for files that are made outside the page's run."""
    if found is None:
        return None
    agree, sure = (bool(st.session_state.get(key)) for key in (keys.AGREE, keys.SURE))

    def with_evidence(selection: Selection, scores: pd.Series) -> Selection:
        return beside_edges(found, selection, scores, agree=agree, surest=sure)

    return with_evidence


def cli_args(found: Evidence | None) -> tuple[str, ...]:
    """What a command line of the network is called with for the same."""
    if found is None:
        return ()
    state = st.session_state
    chosen = (("--within", state[keys.WITHIN]), ("--donors", state[keys.DONORS]))
    named = [word for name, value in chosen if value != NOBODY for word in (name, value)]
    best = ["--best", str(state[keys.CELLS_BEST])] if state[keys.CELLS_BEST] != BEST else []
    said = [option for option, key in (("--agree", keys.AGREE), ("--surest", keys.SURE)) if state.get(key)]
    return ("--evidence", *named, *best, *said)


def token(found: Evidence | None, of_table: str) -> str:
    """What tells the edges apart that :func:`beside` gives, in caches."""
    if found is None:
        return of_table
    chosen = (keys.WITHIN, keys.DONORS, keys.CELLS_BEST, keys.AGREE, keys.SURE)
    return f"{of_table} {[st.session_state.get(key) for key in chosen]}"


def result(found: Evidence | None, network: Predicted, shown: pd.DataFrame) -> None:
    """What the evidence is worth, the chosen edge in it, and its files."""
    if found is None:
        return
    counts = shown["cells_show"].value_counts()
    said = ", ".join(f"{word} {counts[word]:,}" for word in SHOWS if word in counts)
    st.caption(plain(f"The cells show these edges: {said or 'none is left'}. {' '.join(found.notes)}"))
    edge = network_edge.chosen()
    row = shown[(shown["source"] == edge[0]) & (shown["target"] == edge[1])] if edge else shown.head(0)
    if len(row) and edge:
        st.markdown(plain(f"{edge[0]} and {edge[1]} in the cells: {evidence_sentence(row.iloc[0])}"))
    name = f"evidence for the network of {network.asked.name}"
    with st.container(horizontal=True, vertical_alignment="center"):
        csv_button(shown, name, "evidence")
        st.download_button(
            "GraphML",
            data=lambda: graphml(network_graph(shown, {"caption": "Predicted edges with what the cells show of them"})),
            file_name=f"{file_stem(name)}.graphml",
            on_click="ignore",
            key=keys.GRAPHML_EVIDENCE,
            icon=":material/download:",
            help="The edges shown with all columns, for Cytoscape, Gephi and others",
        )
        st.caption("The edges shown with all columns. A correlation has no direction, and no cause.")
    st.code(_command(network), language="bash", wrap_lines=True)


def column_config() -> dict:
    """How the columns of the evidence are written in a table."""
    formats = {name: "%.2f" for name in COLUMNS if name not in ("cells_show", "agreement")}
    titles = {name: name.removeprefix("cells_").replace("_", " ") for name in COLUMNS}
    config = {
        name: st.column_config.NumberColumn(f"cells: {titles[name]}", format=form, help=COLUMNS[name])
        for name, form in formats.items()
    }
    config["cells_show"] = st.column_config.TextColumn("cells show it", help=COLUMNS["cells_show"])
    config["agreement"] = st.column_config.NumberColumn("agreement", format="%.3f", help=COLUMNS["agreement"])
    return config


def _controls(network: Predicted, held: cells.Cells) -> EvidenceQuestion:
    columns = [NOBODY, *held.data.groups]
    for key in (keys.WITHIN, keys.DONORS):
        if st.session_state.get(key) not in columns:
            st.session_state[key] = NOBODY
    st.session_state.setdefault(keys.CELLS_BEST, BEST)
    within, donors, best, agree = st.columns([3, 3, 2, 4], vertical_alignment="bottom")
    within.selectbox("Correlate within", columns, key=keys.WITHIN, persist_state="session", help=WITHIN_HELP)
    donors.selectbox("Donors", columns, key=keys.DONORS, persist_state="session", help=DONOR_HELP)
    best.number_input(
        "Best pairs",
        1,
        10_000,
        key=keys.CELLS_BEST,
        persist_state="session",
        step=50,
        help="How many pairs count as the best in each of the 50 resamples.",
    )
    with agree:
        st.toggle("Only edges that the cells show too", key=keys.AGREE, persist_state="session")
        st.toggle("Those first in which both are sure", key=keys.SURE, persist_state="session")
    first, second = (None if (v := st.session_state[key]) == NOBODY else v for key in (keys.WITHIN, keys.DONORS))
    return EvidenceQuestion(network, held, first, second, int(st.session_state[keys.CELLS_BEST]))


def _question(asked: EvidenceQuestion) -> Question[Evidence]:
    request, held = asked.network.asked.request, asked.cells
    n_cells = min(held.data.n_cells, MAX_CELLS, MAX_VALUES // len(request.targets))
    size = len(request.sources) * len(request.targets) * n_cells
    reading = _reading(asked.key, asked)
    there = reading.key in store()
    return Question(
        asked.key,
        lambda progress, cancel: _job(asked, reading, progress, cancel),
        "Asking the cells",
        work.AT_ONCE if there else READING_SECONDS + size * SECONDS_A_VALUE,
        button="" if there else "Ask the cells",
    )


@dataclass(frozen=True)
class _Reading:
    """What is read of the cells for a question, and the address of its answer."""

    sources: tuple[str, ...]
    targets: tuple[str, ...]
    places: dict[str, int]
    choice: CellChoice
    left_out: str
    key: str


@st.cache_resource(max_entries=16, show_spinner=False)
def _reading(key: Hashable, _asked: EvidenceQuestion) -> _Reading:
    """``key`` is that of the question."""
    request, data = _asked.network.asked.request, _asked.cells.data
    sources, targets = (in_file(request.names, genes) for genes in (request.sources, request.targets))
    places, left_out = genes_to_read(sources, targets, data)
    choice = CellChoice(
        tuple(places.values()),
        data.matrix,
        _asked.cells.gene_column,
        _asked.network.asked.genes.group,
        _asked.within,
        _asked.donors,
    )
    key = cells_key("evidence", data, choice, tuple(places), sources, targets, _asked.best)
    return _Reading(sources, targets, places, choice, left_out, key)


def _job(asked: EvidenceQuestion, reading: _Reading, progress: Progress | None, cancel: Cancel | None) -> Evidence:
    def compute() -> Evidence:
        read = cells.read_values(asked.cells, reading.choice, part_of(progress, 0.0, READING), cancel)
        return evidence(
            read,
            tuple(reading.places),
            reading.sources,
            reading.targets,
            asked.best,
            progress=part_of(progress, READING, 1.0),
            cancel=cancel,
        )

    found = kept_evidence(store(), reading.key, compute)
    return replace(found, notes=(*found.notes, reading.left_out)) if reading.left_out else found


def _command(network: Predicted) -> str:
    """The line that gives the same of the edges.csv of this network."""
    genes, state = network.asked.genes, st.session_state
    line = ["ugrn", "evidence", "--edges", "edges.csv", "--cells", genes.file, *genes.group_words]
    read = zip(genes.options[::2], genes.options[1::2], strict=True)
    chosen = (("--within", state[keys.WITHIN]), ("--donors", state[keys.DONORS]))
    options = [*((n, v) for n, v in read if n != "--variable"), *((n, v) for n, v in chosen if v != NOBODY)]
    options += [("--best", str(state[keys.CELLS_BEST]))] if state[keys.CELLS_BEST] != BEST else []
    line += [word for option in options for word in option]
    said = [option for option, key in (("--agree", keys.AGREE), ("--surest", keys.SURE)) if state.get(key)]
    return shlex.join([*line, *said])
