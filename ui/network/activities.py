"""Activities of the network's factors in groups of the cells: computed on request, a heat map and its table."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Hashable
from dataclasses import dataclass, field

import pandas as pd
import streamlit as st

from ugrn_core.benchmark.given import read_score_table
from ugrn_core.evidence.activities import COLUMNS, N_RANDOM, activities, with_signs
from ugrn_core.evidence.evidence import file_places
from ugrn_core.figures.activities import MOST_FACTORS, plot_activities, prepare_activities
from ugrn_core.types import Cancel, Progress, part_of
from ui.network import genes as network_genes
from ui.network import keys
from ui.network.run import Predicted
from ui.shared import cells, work
from ui.shared.errors import plain, said_in_place
from ui.shared.figure_panel import csv_button, figure_panel
from ui.shared.work import Question

BEST = 1000
SECONDS = 6.0
"""By estimate; most of it looks up the genes of the file."""
LOOKING_UP = 0.5
UNSIGNED = (
    "Every edge weighs 1, since no sign was learnt: slopes are no signs of regulation. An activity says that the "
    "targets are high together, not that the factor activates them."
)
SIGNED = "Every edge weighs 1 or −1 by the sign that your table gives it; the others are left out."
SIGNS_HELP = (
    "Source, target and sign (above 0: activates, below: represses), such as mor of DoRothEA or CollecTRI. Only edges "
    "of the network that the table has are taken then."
)


@dataclass(frozen=True)
class ActivitiesQuestion:
    """Activities of a network in the groups of a column, from its ``n_best`` edges."""

    network: Predicted = field(repr=False)
    cells: cells.Cells = field(repr=False)
    table: pd.DataFrame = field(repr=False)
    column: str
    n_best: int
    signs: tuple[str, pd.DataFrame] | None = field(default=None, repr=False)
    """Name and content of a table of signs."""

    @property
    def key(self) -> tuple:
        signs = None if self.signs is None else hashlib.sha256(self.signs[1].to_csv().encode()).hexdigest()
        return ("activities", self.network.token, self.cells.token, self.column, self.n_best, signs)


def show(network: Predicted, table: pd.DataFrame, topic: Hashable) -> None:
    """Controls, progress, figure and table; nothing of a network that is not one of the cells held."""
    held = cells.current()
    if network_genes.origin() != network_genes.CELLS or held is None or network.asked.genes.file != held.word:
        return
    if not held.data.groups:
        return
    with st.expander("Activities of its factors in groups of cells", icon=":material/grid_on:"), said_in_place():
        columns = list(held.data.groups)
        group = network.asked.genes.group
        if st.session_state.get(keys.ACTIVITY_COLUMN) not in columns:
            st.session_state[keys.ACTIVITY_COLUMN] = group[0] if group is not None else columns[0]
        st.session_state.setdefault(keys.ACTIVITY_TOP, max(10, min(BEST, len(table) // 4)))
        by, best, given = st.columns([4, 3, 6], vertical_alignment="bottom")
        by.selectbox("Groups of cells by", columns, key=keys.ACTIVITY_COLUMN, persist_state="session")
        best.number_input(
            "Best edges taken",
            10,
            100_000,
            key=keys.ACTIVITY_TOP,
            persist_state="session",
            step=100,
            help="A factor needs five targets among them, and at most half of the genes; the others stand beside.",
        )
        file = given.file_uploader(
            "Signs of edges, where you have them",
            type=["csv", "tsv", "txt"],
            key=keys.ACTIVITY_SIGNS,
            max_upload_size=20,
            help=SIGNS_HELP,
        )
        st.caption(plain(_words(network)))
        signs = None if file is None else (file.name, read_score_table(file.getvalue()).frame)
        if signs is not None:
            table, told = with_signs(_plain(table), signs[1])
            st.caption(plain(f"{signs[0]}: {told}"))
        asked = ActivitiesQuestion(
            network,
            held,
            table,
            st.session_state[keys.ACTIVITY_COLUMN],
            int(st.session_state[keys.ACTIVITY_TOP]),
            signs,
        )
        found = work.answer("activities", _question(asked), topic=topic)
        if found is not None:
            _result(asked, found)


def _words(network: Predicted) -> str:
    """What the network's translator knows of signs and directions, before anything is computed."""
    name = network.asked.translator.card.name
    direction = f" and calls no direction ({network.rule.reason})" if network.rule.reason else ""
    return (
        f"{name} has learnt no signs{direction}: from the network alone every edge weighs 1. No translator of this "
        "project has learnt any; a table of known signs makes activities signed."
    )


def _plain(table: pd.DataFrame) -> pd.DataFrame:
    """Edges without categories."""
    return table.astype({"source": object, "target": object})


def _question(asked: ActivitiesQuestion) -> Question[pd.DataFrame]:
    return Question(
        asked.key,
        lambda progress, cancel: _job(asked, progress, cancel),
        "Computing activities",
        work.AT_ONCE + SECONDS,
        button="Compute the activities",
    )


def _job(asked: ActivitiesQuestion, progress: Progress | None, cancel: Cancel | None) -> pd.DataFrame:
    plain_edges, data = _plain(asked.table), asked.cells.data
    places = file_places(data, list(dict.fromkeys([*plain_edges["source"], *plain_edges["target"]])))
    return activities(
        plain_edges,
        data,
        places,
        asked.column,
        n_best=asked.n_best,
        progress=part_of(progress, LOOKING_UP, 1.0),
        cancel=cancel,
    )


def _result(asked: ActivitiesQuestion, found: pd.DataFrame) -> None:
    name = f"activities by {asked.column}, network of {asked.network.asked.name}"
    frame = prepare_activities(found)
    figure_panel(
        plot_activities(frame, asked.column),
        frame,
        name=name,
        alt="Activity of factors in groups of cells, a square each",
        command=_command(asked),
        key=keys.ACTIVITIES,
        note=UNSIGNED if asked.signs is None else SIGNED,
    )
    number = st.column_config.NumberColumn
    formats = {"activity": "%.2f", "p": "%.2e", "p_random": "%.3f"}
    st.dataframe(
        found,
        width="stretch",
        height=300,
        hide_index=True,
        alt="Activity of every factor in every group of cells",
        column_config={c: number(c.replace("_", " "), format=form, help=COLUMNS[c]) for c, form in formats.items()},
    )
    csv_button(found, name, "activities")
    n = found["source"].nunique()
    drawn = f" The figure has the {MOST_FACTORS} with the largest." if n > MOST_FACTORS else ""
    st.caption(
        plain(
            f"t-values of {n:,} factors as decoupler's ulm gives them, from the group's mean log values against those "
            f"of all cells, and how often {N_RANDOM} random networks of the same degrees do as much.{drawn}"
        )
    )


def _command(asked: ActivitiesQuestion) -> str:
    """The line that gives the same of the edges.csv of this network."""
    genes = asked.network.asked.genes
    line = ["ugrn", "activities", "--edges", "edges.csv", "--cells", genes.file, "--by", asked.column]
    options = zip(genes.options[::2], genes.options[1::2], strict=True)
    line += [word for option in options if option[0] != "--variable" for word in option]
    line += ["--signs", asked.signs[0]] if asked.signs is not None else []
    return shlex.join([*line, *(["--top", str(asked.n_best)] if asked.n_best != BEST else [])])
