"""A table of the benchmark: what it says in words, its cells beside the printed ones, and what is missing in it."""

from __future__ import annotations

import shlex

import pandas as pd
import streamlit as st

from ugrn_core.beeline.expression import how_to_get
from ugrn_core.beeline.networks import ROWS
from ugrn_core.beeline.registry import missing_networks
from ugrn_core.benchmark.protocols import PROTOCOLS
from ugrn_core.benchmark.run_facts import benchmark_command
from ugrn_core.benchmark.tables import STRING, paper_table, string_beside_nonspecific
from ugrn_core.figures.benchmark import (
    METRICS,
    SUBSETS,
    TableView,
    interval_cells,
    prepare_cells,
    prepare_missing,
    prepare_tests,
)
from ugrn_core.figures.benchmark_paper import paper_cells, prepare_ratios, prepare_readings, why_no_paper
from ugrn_core.figures.benchmark_plot import plot_ratios, plot_table, shown_cells
from ugrn_core.figures.benchmark_protocols import DRAWS, BothDraws, prepare_protocols, protocols_sentence
from ugrn_core.figures.benchmark_words import prepare_standings, verdict
from ugrn_core.methods.vvp import VVP
from ugrn_core.spreadsheet import csv_text
from ui.benchmark import controls, keys
from ui.benchmark.results import SHIPPED, Results
from ui.shared.beeline import network_table, vocabulary_of
from ui.shared.errors import plain
from ui.shared.figure_panel import csv_button, figure_panel

RATIO_COLUMNS = ("Baseline-Emb", "VVP", "GDT", "Ens", "Target is listed", "Gene degrees")
NOTE = (
    "Click a square for its details. Colour: how far a score is above (blue) or below (vermilion) the best score "
    "without a model on the same tests; strongest from 0.15. Small: no seed lies farther away."
)
PAPER_NOTE = "The printed numbers are of the paper's own pairs; their colour is over our shortcuts on our pairs."


def heading(table: int) -> str:
    """What the table trains and tests on; returns the half of the printed table that stands beside ours."""
    said, half = st.columns([5, 3], vertical_alignment="center")
    said.caption(f"{PROTOCOLS[table].title}. {PROTOCOLS[table].note if table != 4 else ''}")
    with half, st.container(horizontal=True, horizontal_alignment="right"):
        printed = controls.printed_half(table)
    if table == 4:
        _contradiction()
    return printed


def standings_of(results: Results, view: TableView) -> pd.DataFrame:
    """How VVP and GDT stand in this view."""
    return _standings(results.token, view, results.frame)


def verdicts(standings: pd.DataFrame) -> None:
    """What the table says, counted anew from its results."""
    st.markdown("  \n".join(plain(sentence).replace(r"\*\*", "**") for sentence in verdict(standings)))


def contributor(results: Results) -> None:
    """Whose run it is, where it is of others, and how to look at it closely."""
    if results.by:
        st.info(
            plain(f"Contributed by {results.by}. Not run by us; ")
            + f"`ugrn benchmark verify {shlex.quote(str(results.file.parent))}` computes what it can again.",
            icon=":material/group:",
        )


def string_note(results: Results, view: TableView) -> None:
    """What agreement with STRING is worth, where STRING is tested on."""
    said = _string_note(results.token, view.metric, view.subset, results.frame)
    if said and (not view.networks or STRING in view.networks):
        st.caption(plain(said))


def both_draws(results: Results, found: list[Results], view: TableView) -> None:
    """The same model on this table under the paper's draw of pairs and under ours, where both were run."""
    same = [r for r in found if r.alike(results) and r.facts.sampler in DRAWS]
    runs = {r.facts.sampler: r for r in reversed(same)} | {results.facts.sampler: results}
    if not set(DRAWS) <= set(runs):
        return
    tokens = tuple(runs[name].token for name in DRAWS)
    sentence, table = _both_draws(tokens, view, BothDraws(*(runs[name].frame for name in DRAWS)))
    st.markdown(plain(sentence))
    with st.expander("Every method under both draws of pairs"):
        st.dataframe(table, width="stretch", hide_index=True, alt="Averages of every method under both draws of pairs")
        csv_button(table, f"table {view.table}, both draws, {results.facts.backbone}", "draws")


@st.cache_resource(max_entries=32, show_spinner=False)
def _both_draws(tokens: tuple[str, ...], view: TableView, _draws: BothDraws) -> tuple[str, pd.DataFrame]:
    return protocols_sentence(_draws, view), prepare_protocols(_draws, view)


def findings() -> None:
    """What all shipped tables say together, as the README has it."""
    with st.expander("What all tables say together"):
        st.markdown((SHIPPED / "corpus_findings.md").read_text("utf-8"))
        st.markdown((SHIPPED / "findings.md").read_text("utf-8"))


def show(results: Results, view: TableView, printed: str) -> pd.DataFrame:
    """The figure of the table; returns its cells, those of the paper left out. A click chooses a cell."""
    cells = _cells(results.token, view, results.frame)
    paper = paper_cells(view, printed, cells)
    shown = shown_cells(cells, paper)
    chosen = _chosen(shown)
    name = f"table {view.table}, {results.facts.backbone}, {SUBSETS[view.subset]}, {METRICS[view.metric]}"
    figure_panel(
        plot_table(shown, view.metric, chosen),
        interval_cells(pd.concat([cells, paper]) if len(paper) else cells),
        name=name,
        alt=f"{METRICS[view.metric]} of every method on every row of Table {view.table}, beside the printed numbers",
        command=benchmark_command(results.facts, results.out),
        key=keys.TABLE_FIGURE,
        note=f"{NOTE} {why_no_paper(view) or PAPER_NOTE}",
        on_pick=_pick,
        wide=True,
    )
    return cells


def ratios(results: Results, view: TableView) -> None:
    """Averages by N/P beside the printed ones, for a run with several."""
    frame = _ratios(results.token, view, results.frame)
    st.subheader(f"Mean {METRICS[view.metric]} by N/P", anchor=False)
    figure_panel(
        plot_ratios(frame, view.metric),
        frame,
        name=f"table 6 by ratio, {results.facts.backbone}, {METRICS[view.metric]}",
        alt=f"Mean {METRICS[view.metric]} by the number of negatives to a positive, ours and the paper's",
        command=benchmark_command(results.facts, results.out),
        key=keys.RATIOS,
        note="AUPRC falls with more negatives for every method, chance included; compare with the dotted line. Bars: "
        "the lowest and the highest seed.",
    )


def downloads(results: Results, view: TableView, standings: pd.DataFrame) -> None:
    """Everything behind the table as CSV, and what is missing in it with the way to get it."""
    lacking = _lacking(results.token, view, results.frame)
    stem = f"table {view.table}, {results.facts.backbone}"
    st.subheader("Files", anchor=False)
    with st.container(horizontal=True, vertical_alignment="center"):
        _button("All rows of the run", lambda: results.frame, f"{stem}, all rows", "rows")
        _button("The squares with their lifts", lambda: _cells(results.token, view, results.frame), stem, "lifts")
        _button("The printed table", lambda: paper_table(view.table), f"table {view.table}, printed", "printed")
        _button("The counts behind the paragraph", lambda: standings, f"{stem}, counts", "counts")
    _networks(results, view)
    if lacking.empty:
        return
    with st.expander(f"What is missing here, and how to get it: {len(lacking)} kinds"):
        st.dataframe(lacking, width="stretch", hide_index=True, alt="What has no value and why")
        if lacking["reason"].str.contains("expression").any():
            st.markdown(plain(how_to_get(results.facts.gene_set)) + " Then run again:")
            st.code(benchmark_command(results.facts, results.out_for_page), language="bash", wrap_lines=True)


def _networks(results: Results, view: TableView) -> None:
    """What the model knows of the networks behind the table, where they are here."""
    facts = results.facts
    vocabulary = vocabulary_of(facts.backbone)
    if vocabulary is None or missing_networks(facts.gene_set):
        return
    used = {row for split in PROTOCOLS[view.table].splits for row in (*split.train, *split.tests)}
    rows = tuple(row for row in ROWS if row in used)
    with st.expander(f"What {plain(facts.backbone)} knows of the {len(rows)} networks behind this table"):
        network_table(rows, facts.gene_set, vocabulary, facts.backbone, "table networks")


def _contradiction() -> None:
    """Table 4's caption against its own numbers."""
    readings = prepare_readings()
    st.warning(
        "The caption of the printed Table 4 says that a row names the species trained on. Its Origin columns are not "
        "trained and depend on the tested sets alone, and they equal the means of Table 1 over sets of the species "
        "that the row names, as if it named the species tested on. Here a row is the species **trained on**, "
        "as the caption says; the file of the run names both sides.",
        icon=":material/contrast:",
    )
    with st.expander("The printed numbers beside both readings"):
        st.dataframe(readings, width="stretch", hide_index=True, alt="Table 4's Origin columns beside Table 1's means")
        csv_button(readings, "table 4, two readings", "readings")


@st.cache_resource(max_entries=64, show_spinner=False)
def _standings(token: str, view: TableView, _frame: pd.DataFrame) -> pd.DataFrame:
    return prepare_standings(_frame, view)


@st.cache_resource(max_entries=64, show_spinner=False)
def _cells(token: str, view: TableView, _frame: pd.DataFrame) -> pd.DataFrame:
    return prepare_cells(prepare_tests(_frame, view))


@st.cache_resource(max_entries=64, show_spinner=False)
def _lacking(token: str, view: TableView, _frame: pd.DataFrame) -> pd.DataFrame:
    return prepare_missing(prepare_tests(_frame, view))


@st.cache_resource(max_entries=64, show_spinner=False)
def _ratios(token: str, view: TableView, _frame: pd.DataFrame) -> pd.DataFrame:
    return prepare_ratios(_frame, view, RATIO_COLUMNS)


@st.cache_resource(max_entries=64, show_spinner=False)
def _string_note(token: str, metric: str, subset: str, _frame: pd.DataFrame) -> str:
    return string_beside_nonspecific(_frame, metric, subset)


def _button(label: str, frame, name: str, key: str) -> None:
    st.download_button(
        label,
        data=lambda: csv_text(frame()).encode(),
        file_name=f"{name.replace(', ', '_').replace(' ', '_')}.csv",
        mime="text/csv",
        on_click="ignore",
        key=f"csv {key}",
        icon=":material/download:",
    )


def _chosen(shown: pd.DataFrame) -> tuple[str, str]:
    """The chosen cell; where the session has none of this table, VVP on the first row."""
    state = st.session_state
    if state.get(keys.ROW) not in set(shown["row"]):
        state[keys.ROW] = str(shown["row"].iloc[0])
    if state.get(keys.METHOD) not in set(shown["column"]):
        state[keys.METHOD] = VVP.name if VVP.name in set(shown["column"]) else str(shown["column"].iloc[0])
    return state[keys.ROW], state[keys.METHOD]


def _pick() -> None:
    """Callback of a click in the figure: its square is the chosen cell; of a printed one, ours of the same method."""
    points = st.session_state[keys.TABLE_FIGURE]["selection"]["points"]
    if points:
        row, column = points[0]["customdata"][:2]
        st.session_state[keys.ROW], st.session_state[keys.METHOD] = row, column.removesuffix(" (paper)")
