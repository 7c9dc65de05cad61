"""Other methods on the cells of a network, beside it: run on request, compared by overlap, ranks and known edges."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Hashable
from dataclasses import dataclass, field
from functools import cache, partial

import pandas as pd
import streamlit as st

from ugrn_core.benchmark.peer_comparison import Comparison, compare, scores_on_cells
from ugrn_core.benchmark.peers import PEERS, is_here
from ugrn_core.data.cell_values import CellChoice, CellValues
from ugrn_core.data.expression import ExpressionData
from ugrn_core.evidence.evidence import genes_to_read
from ugrn_core.evidence.kept import cells_key, kept_scores
from ugrn_core.figures.peer_ranks import MOST_DOTS, plot_ranks, prepare_ranks
from ugrn_core.genes.file_names import HUMAN_COLUMNS, in_file
from ugrn_core.spreadsheet import csv_text
from ugrn_core.types import Cancel, Progress, part_of
from ui.network import genes as network_genes
from ui.network import keys
from ui.network.known_edges import ReferenceEdges
from ui.network.run import Predicted
from ui.server.session import store
from ui.shared import cells, work
from ui.shared.errors import said_in_place
from ui.shared.figure_panel import csv_button, figure_panel
from ui.shared.work import Question

DEFAULT = ("Spearman", "GRNBoost2")
CELLS_USED = 1000
READING = 0.1
SECONDS_A_GENE = {"GRNBoost2": 1.5, "RegDiffusion": 0.2, "RegDiffusion transposed": 0.2}
"""By estimate, of a thousand cells."""


@dataclass(frozen=True)
class PeersQuestion:
    """Methods on the cells of a network; ``known`` edges all are held against."""

    network: Predicted = field(repr=False)
    cells: cells.Cells = field(repr=False)
    table: pd.DataFrame = field(repr=False)
    known: ReferenceEdges = field(repr=False)
    methods: tuple[str, ...]

    @property
    def key(self) -> tuple:
        group = self.network.asked.genes.group
        return ("peers", self.network.token, self.cells.token, group, self.known.token, self.methods)


def show(network: Predicted, table: pd.DataFrame, known: ReferenceEdges, topic: Hashable) -> None:
    """Controls, progress, and a row a method; nothing of a network that is not one of the cells held."""
    held = cells.current()
    if network_genes.origin() != network_genes.CELLS or held is None or network.asked.genes.file != held.word:
        return
    with st.expander("Other methods on the same cells", icon=":material/compare:"), said_in_place():
        there = [name for name, peer in PEERS.items() if is_here(peer)]
        st.session_state.setdefault(keys.PEERS, [name for name in DEFAULT if name in there])
        st.multiselect("Methods", there, key=keys.PEERS, persist_state="session", placeholder="None")
        if not st.session_state[keys.PEERS]:
            return
        asked = PeersQuestion(network, held, table, known, tuple(st.session_state[keys.PEERS]))
        found = work.answer("peers", _question(asked), topic=topic)
        if found is not None:
            _result(asked, found)


def _question(asked: PeersQuestion) -> Question[Comparison]:
    n_genes = len(asked.network.asked.request.targets)
    reading = _reading(asked.key, asked)
    missing = [name for name in asked.methods if reading.key(name) not in store()]
    seconds = sum(SECONDS_A_GENE.get(name, 0.0) for name in missing) * n_genes
    return Question(
        asked.key,
        lambda progress, cancel: _job(asked, reading, progress, cancel),
        "Running other methods",
        work.AT_ONCE + (5 + seconds if missing else 0.0),
        button="Run them on the cells" if missing else "",
    )


@dataclass(frozen=True)
class _Reading:
    """What is read of the cells for the methods."""

    data: ExpressionData
    sources: tuple[str, ...]
    places: dict[str, int]
    choice: CellChoice

    def key(self, method: str) -> str:
        """Address of the scores of a method."""
        return cells_key(f"peer {method}", self.data, self.choice, tuple(self.places), self.sources, (), CELLS_USED)


@st.cache_resource(max_entries=16, show_spinner=False)
def _reading(key: Hashable, _asked: PeersQuestion) -> _Reading:
    """``key`` is that of the question."""
    network = _asked.network.asked
    request, data = network.request, _asked.cells.data
    sources, targets = (in_file(request.names, genes) for genes in (request.sources, request.targets))
    places, _ = genes_to_read(sources, targets, data)
    choice = CellChoice(tuple(places.values()), data.matrix, _asked.cells.gene_column, network.genes.group)
    return _Reading(data, tuple(s for s in sources if s in places), places, choice)


def _job(asked: PeersQuestion, reading: _Reading, progress: Progress | None, cancel: Cancel | None) -> Comparison:
    request, places = asked.network.asked.request, reading.places

    @cache
    def read() -> CellValues:
        return cells.read_values(asked.cells, reading.choice, part_of(progress, 0.0, READING), cancel).at_most(
            CELLS_USED
        )

    def run(name: str, within: Progress | None) -> pd.DataFrame:
        return scores_on_cells(
            [PEERS[name]], read(), tuple(places), reading.sources, progress=within, cancel=cancel
        )[name]  # fmt: skip

    found, n = {}, len(asked.methods)
    for place, name in enumerate(asked.methods):
        within = part_of(part_of(progress, READING, 1.0), place / n, (place + 1) / n)
        found[name] = kept_scores(store(), reading.key(name), partial(run, name, within))
    edges = asked.table[["source", "target", "score", *(c for c in HUMAN_COLUMNS if c in asked.table)]]
    there = edges[edges["source"].isin(list(places)) & edges["target"].isin(list(places))]
    known = asked.known.edges
    if known and request.names is not None:
        known = {(request.names.of(s), request.names.of(t)) for s, t in known}
    pairs = set(zip(there["source"], there["target"], strict=True))
    judged = known if known and known & pairs else None
    return compare(there, found, judged)


def _result(asked: PeersQuestion, found: Comparison) -> None:
    number = st.column_config.NumberColumn
    shares = [c for c in found.summary if c.startswith(("overlap", "chance"))]
    st.dataframe(
        found.summary,
        width="stretch",
        hide_index=True,
        alt="A row a method: how its scores agree with the network",
        column_config={
            "rank_correlation": number("rank correlation", format="%.3f"),
            "auprc": number("AUPRC", format="%.4f", help="Against the known edges chosen above"),
            "prior": number("chance", format="%.4f"),
            **{c: number(c.replace("_", " of the best "), format="percent") for c in shares},
        },
    )
    name = f"other methods, network of {asked.network.asked.name}"
    frame = prepare_ranks(found.ranks, asked.methods)
    figure_panel(
        plot_ranks(frame),
        frame,
        name=f"ranks by {name}",
        alt="Rank of every pair in the network and by each method, a dot an edge",
        command=_command(asked),
        key=keys.RANKS,
        note=f"Ranks, 1 the best; up to {MOST_DOTS:,} edges, the best of the network. Agreement is no proof of either.",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        csv_button(found.summary, name, "peers")
        st.download_button(
            "Ranks",
            data=lambda: csv_text(found.ranks).encode(),
            file_name=f"ranks_{hashlib.sha256(repr(asked.key).encode()).hexdigest()[:8]}.csv",
            mime="text/csv",
            on_click="ignore",
            key=keys.RANKS_PEERS,
            icon=":material/download:",
            help="The rank of every pair by every method",
        )
        st.caption(
            f"On {min(CELLS_USED, asked.cells.data.n_cells):,} cells at most. An overlap is the share of a method's "
            "best pairs among as many of the network; chance is what random pairs give."
        )
    st.code(_command(asked), language="bash", wrap_lines=True)


def _command(asked: PeersQuestion) -> str:
    """The line that gives the same of the edges.csv of this network."""
    genes = asked.network.asked.genes
    line = ["ugrn", "peers", "--edges", "edges.csv", "--cells", genes.file, *genes.group_words]
    options = zip(genes.options[::2], genes.options[1::2], strict=True)
    line += [word for option in options if option[0] != "--variable" for word in option]
    line += ["--methods", ",".join(asked.methods), "--cells-used", str(CELLS_USED), "--out", "peers"]
    return shlex.join(line)
