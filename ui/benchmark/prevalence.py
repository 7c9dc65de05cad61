"""All candidate pairs at the real share of edges: what the best of a list hold, with intervals and comparisons."""

from __future__ import annotations

import shlex
from pathlib import Path

import pandas as pd
import streamlit as st

from ugrn_core.benchmark.prevalence import paired_file, prevalence_line, read_prevalence
from ugrn_core.errors import InputError
from ugrn_core.figures.benchmark_heads import (
    CORPUS,
    MEASURES,
    head_sentences,
    names_of,
    networks_of,
    plot_heads,
    prepare_comparisons,
    prepare_heads,
    prepare_table,
)
from ugrn_core.figures.style import file_stem
from ugrn_core.methods.catalogue import METHODS
from ugrn_core.paths import ASSETS
from ugrn_core.spreadsheet import csv_text
from ui.benchmark import keys
from ui.benchmark.results import own_folder
from ui.shared.errors import plain
from ui.shared.figure_panel import figure_panel

SHIPPED = ASSETS / "benchmark" / "prevalence"
PEERS = Path("PEERS")
"""Stands in a command for the folder that `ugrn benchmark peers` wrote."""
LINE = ("ugrn", "benchmark", "prevalence", "--weights", "trained", "--translator", "mlp,logistic")
NOTE = (
    "A dot is a method with its interval over regulators (95 %). Below a data set: its share of edges, chance, dotted."
)
ABOUT = (
    "With as many negatives as positives a score says little of a list that somebody would test. Here every candidate "
    "pair of a test is ranked, at the share of edges that there really is; translators are trained as in Table 1, on "
    "hESC STRING alone, so that hESC is no test. “(logistic)” is the linear kind. The translators that come "
    "with the app have recipes and training sets of their own, on their cards; they are not what is ranked here."
)


def show(model: str) -> None:
    """The section below Table 1; where a model has no such run, how to get one."""
    st.subheader("At the real share of edges", anchor="real-share")
    found = frames_of(model)
    if found is None:
        st.caption(plain(f"There are no rankings of all candidates by {model}. This makes them for this page:"))
        out = own_folder() / "prevalence" / f"{model}.csv.gz"
        made = shlex.join([*LINE, "--backbone", model, "--out", str(out)])
        lines = [f"mkdir -p {shlex.quote(str(out.parent))}", made]
        st.code("\n".join(lines), language="bash", wrap_lines=True)
        return
    frame, compared = found
    st.markdown(ABOUT)
    st.markdown("\n".join(f"- {plain(sentence)}" for sentence in head_sentences(frame, compared)))
    left, right = st.columns([5, 3], gap="medium", vertical_alignment="bottom")
    networks = networks_of(frame)
    network = left.segmented_control("Network", networks, default=networks[0], required=True, key=keys.HEADS_NETWORK)
    measure = right.selectbox("What of it", list(MEASURES), format_func=MEASURES.__getitem__, key=keys.HEADS_MEASURE)
    lines = prepare_heads(frame, str(network), str(measure))
    figure_panel(
        plot_heads(lines, str(measure)),
        lines.round(4),
        name=f"heads of rankings, {model}, {network}, {measure}",
        alt=f"{MEASURES[str(measure)]} of every method on the tests of {network}, with intervals over regulators",
        command=prevalence_line(frame, f"{model}.csv.gz", None if set(frame["method"]) <= set(METHODS) else PEERS),
        key=keys.HEADS,
        note=NOTE,
    )
    _table(frame, str(network), model)
    _comparisons(frame, compared, str(measure), model)


def frames_of(model: str) -> tuple[pd.DataFrame, pd.DataFrame] | None:
    """Frames of scores and of comparisons of a model: the user's own, else those shipped, else None."""
    for folder in (own_folder() / "prevalence", SHIPPED):
        file = folder / f"{model}.csv.gz"
        if file.is_file() and paired_file(file).is_file():
            try:
                return _read(str(file), file.stat().st_mtime)
            except InputError as error:
                st.warning(plain(str(error)), icon=":material/error:")
    return None


@st.cache_resource(max_entries=4, show_spinner="Reading rankings")
def _read(file: str, stamp: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """``stamp`` changes when the file does."""
    return read_prevalence(Path(file))


def _table(frame: pd.DataFrame, network: str, model: str) -> None:
    """Every score on a network with its interval; the whole frame to take away."""
    table = prepare_table(frame, network)
    titles = {"test_set": "data set", "method": "method"} | {m: m.replace("_", " ") for m in MEASURES}
    with st.expander(f"All of these scores on {network}, with intervals"):
        st.dataframe(
            table.rename(columns=titles), width="stretch", hide_index=True, alt=f"Heads of rankings on {network}"
        )
        _file("All rows of the rankings", frame, f"rankings of all candidates, {model}", "heads whole")


def _comparisons(frame: pd.DataFrame, compared: pd.DataFrame, measure: str, model: str) -> None:
    """One method against all others on the same draws of regulators."""
    names = names_of(frame)
    with st.expander("One method against every other"):
        usual = names.index(CORPUS) if CORPUS in names else 0
        name = st.selectbox("Method", names, index=usual, key=keys.HEADS_NAME)
        lines = prepare_comparisons(compared, str(name), measure)
        st.caption(
            f"{MEASURES[measure]}: differences on the same draws of regulators, with their intervals. “all” is the "
            "mean over tests, from the lowest to the highest, with p by Wilcoxon's signed ranks, which is optimistic, "
            "as tests share genes."
        )
        number = st.column_config.NumberColumn
        three = ("value_a", "value_b", "difference", "low", "high")
        st.dataframe(
            lines,
            width="stretch",
            hide_index=True,
            alt=f"{name} against every other method",
            column_config={
                "test_network": "network",
                "test_set": "data set",
                **{c: number(c, format="%.3f") for c in three},
                "value_a": number(str(name), format="%.3f"),
                "value_b": number("other", format="%.3f"),
                "p": number("p", format="%.2g"),
                "n": number("draws or tests", format="%d"),
            },
        )
        _file("All comparisons", compared, f"comparisons, {model}", "heads compared")


def _file(label: str, frame: pd.DataFrame, name: str, key: str) -> None:
    """A button that downloads a whole frame, which is written when it is asked for."""
    st.download_button(
        label,
        data=lambda: csv_text(frame).encode(),
        file_name=f"{file_stem(name)}.csv",
        mime="text/csv",
        on_click="ignore",
        key=f"csv {key}",
        icon=":material/download:",
    )
