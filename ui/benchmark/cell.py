"""The chosen cell of a benchmark table: its scores by seed beside its controls, and the tests behind it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ugrn_core.beeline.expression import how_to_get
from ugrn_core.benchmark.run_facts import benchmark_command
from ugrn_core.figures.benchmark import BY_TEST, METRICS, SHORTCUTS, SUBSETS, TableView
from ugrn_core.figures.benchmark_cell import (
    cell_facts,
    companions,
    plot_seeds,
    prepare_cell_tests,
    prepare_seeds,
)
from ui.benchmark import keys
from ui.benchmark.results import Results
from ui.shared.errors import plain
from ui.shared.figure_panel import csv_button, figure_panel

NOTE = "A dot a seed, a bar at their mean, dotted: chance. Only tests in which all of them have a score."
OVERLAP_HELP = "Share of the test's edges that are edges of the training network too: knowing them needs no model."
UNSEEN_HELP = "Pairs of genes that occur in no training pair. Below 50 edges there is no score."


def show(results: Results, view: TableView, cells: pd.DataFrame) -> None:
    """Everything on the chosen cell but its pairs."""
    row, column = _choice(view.table, cells)
    cell = cells[(cells["row"] == row) & (cells["column"] == column)].iloc[0]
    tests, seeds = _prepared(results.token, view, row, column, str(cell["best_shortcut"]), results.frame)
    if np.isnan(cell["value"]):
        _missing(results, str(cell["reason"]))
        return
    _facts(view, cell, tests)
    if cell["reason"]:
        st.caption(plain(str(cell["reason"])))
    name = f"{column} on {row}, table {view.table}, {results.facts.backbone}"
    figure_panel(
        plot_seeds(seeds, view.metric),
        seeds,
        name=f"{name}, by seed",
        alt=f"{METRICS[view.metric]} of {column} by seed, over all pairs and pairs of unseen genes, beside controls",
        command=benchmark_command(results.facts, results.out),
        key=keys.SEEDS,
        note=NOTE,
    )
    with st.expander(f"Tests behind it: {len(tests)}", expanded=1 < len(tests) <= 30):
        _tests(tests, name)


@st.cache_resource(max_entries=256, show_spinner=False)
def _prepared(
    token: str, view: TableView, row: str, column: str, shortcut: str, _frame: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The tests behind a cell, and its seeds beside those of its controls."""
    beside = companions(column, shortcut)
    return prepare_cell_tests(_frame, view, row, column), prepare_seeds(_frame, view, row, beside)


def chosen() -> tuple[str, str]:
    """Row and column of the chosen cell."""
    return st.session_state[keys.ROW], st.session_state[keys.METHOD]


def best_shortcut(cells: pd.DataFrame) -> str:
    """The best shortcut beside the chosen cell."""
    row, column = chosen()
    return str(cells.loc[(cells["row"] == row) & (cells["column"] == column), "best_shortcut"].iloc[0])


def _choice(table: int, cells: pd.DataFrame) -> tuple[str, str]:
    rows, columns = list(dict.fromkeys(cells["row"])), list(dict.fromkeys(cells["column"]))
    title, which, what = st.columns([4, 3, 3], vertical_alignment="bottom")
    title.subheader("One square in detail", anchor=False)
    which.selectbox("Tested on" if table in BY_TEST else "Trained on", rows, key=keys.ROW, persist_state="session")
    what.selectbox("Method", columns, key=keys.METHOD, persist_state="session")
    return chosen()


def _facts(view: TableView, cell: pd.Series, tests: pd.DataFrame) -> None:
    facts = cell_facts(tests)
    columns = st.columns(5)
    over = f"seeds {cell['low']:.3f} to {cell['high']:.3f}" if cell["seeds"] > 1 else "one seed"
    over = over if len(tests) == 1 else f"{_of_tests(facts.n_tests, len(tests))}; {over}"
    _fact(columns[0], f"{METRICS[view.metric]}, {SUBSETS[view.subset]}", f"{cell['value']:.3f}", over)
    lift, best = "–", "it is a shortcut itself"
    if cell["column"] not in SHORTCUTS:
        lift = f"{cell['lift']:+.3f}".replace("-", "−")
        best = f"{cell['best_shortcut']} {cell['best_shortcut_value']:.3f}"
    _fact(columns[1], "Above the best shortcut", lift, best)
    unseen = f"{facts.both_unseen:.3f}" if facts.n_unseen else "–"
    counted = _of_tests(facts.n_unseen, len(tests)) if facts.n_unseen else "too few edges"
    _fact(columns[2], "Both genes unseen", unseen, counted, UNSEEN_HELP)
    _fact(columns[3], "Edges known from training", f"{facts.edge_overlap:.0%}", "of the edges tested", OVERLAP_HELP)
    pairs = f"{facts.n_pos:,.0f} edges, {facts.n_neg:,.0f} not"
    _fact(columns[4], "Prior", f"{facts.prior:.3f}", pairs, "Share of edges among the pairs, by their means a test.")


def _of_tests(n: int, of: int) -> str:
    if of == 1:
        return "in this test"
    return f"mean of {of} tests" if n == of else f"mean of {n} of {of} tests"


def _fact(place: DeltaGenerator, label: str, value: str, below: str, explained: str | None = None) -> None:
    place.metric(label, value, below, delta_color="off", delta_arrow="off", help=explained)


def _missing(results: Results, reason: str) -> None:
    """Why the cell has no value, and what would give it one."""
    st.info(f"No score: {plain(reason)}.", icon=":material/block:")
    if "expression" in reason:
        st.markdown(plain(how_to_get(results.facts.gene_set)) + " Then run again:")
        st.code(benchmark_command(results.facts, results.out_for_page), language="bash", wrap_lines=True)


def _tests(tests: pd.DataFrame, name: str) -> None:
    column, number = st.column_config.Column, st.column_config.NumberColumn
    three = ("value", "spread", "one_unseen", "both_unseen", "prior")
    trained = list(dict.fromkeys(tests["trained_on"]))
    if len(trained) == 1:
        st.caption(plain(f"Trained on {trained[0]}."))
    st.dataframe(
        tests.drop(columns="trained_on") if len(trained) == 1 else tests,
        width="stretch",
        hide_index=True,
        alt="Scores of the cell by test",
        column_config={
            **{c: column(c.replace("_", " ")) for c in ("trained_on", "best_shortcut")},
            **{c: number(c.replace("_", " "), format="%.3f") for c in three},
            "best_shortcut_value": number("its value", format="%.3f"),
            "lift": number("lift", format="%+.3f"),
            "edge_overlap": number("known edges", format="percent"),
            "n_pos": number("edges"),
            "n_neg": number("non-edges"),
        },
    )
    csv_button(tests, f"{name}, tests", "cell tests")
