"""Where the truth is known: the positive control on simulated circuits, as shipped."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from ugrn_core.circuits.control_case import TASKS, Task
from ugrn_core.circuits.control_frame import read_control
from ugrn_core.figures.circuit_control import (
    CONDITION_WORDS,
    conditions_of,
    control_sentences,
    plot_control,
    standing_of,
)
from ugrn_core.paths import ASSETS
from ui.benchmark import keys
from ui.shared.errors import plain
from ui.shared.figure_panel import figure_panel

SHIPPED = ASSETS / "benchmark" / "circuits" / "control.csv.gz"
COMMAND = "ugrn benchmark --table circuits --out control.csv.gz"
TASK_WORDS: dict[Task, str] = {
    "unordered": "An arrow, either way",
    "directed": "An arrow, this way",
    "turned": "Which way it points",
}
NOTE = "Simulated cells: what a pipeline can do at best, not what it does on real ones."


def show() -> None:
    """The section: what it is, how it came out, and a figure of one question under one condition."""
    if not SHIPPED.is_file():
        return
    frame = _frame()
    st.subheader("Where the truth is known", anchor="known-truth")
    st.markdown(
        "Of real cells nobody knows all arrows. Of simulated ones everybody does. Here the whole pipeline runs on "
        "circuits of its own making: cells, a model trained on them, its curves, and a translator that learnt the "
        "arrows of other circuits."
    )
    conditions = {CONDITION_WORDS.get(c, c[0]): c for c in conditions_of(frame)}
    cells = st.segmented_control(
        "Cells",
        list(conditions),
        default=next(iter(conditions)),
        required=True,
        key=keys.CONTROL_CELLS,
        help="Of a screen: in every second cell one regulator is held at a level drawn by lot. Hidden common causes: "
        "genes that act on several others and are not measured.",
    )
    task = st.segmented_control(
        "Question",
        list(TASK_WORDS),
        default="unordered",
        required=True,
        format_func=TASK_WORDS.__getitem__,
        key=keys.CONTROL_TASK,
        help=" ".join(f"{TASK_WORDS[task]}: {words}." for task, words in TASKS.items()),
    )
    condition = conditions[cells]
    lines = standing_of(frame, condition, next(known for known in TASK_WORDS if known == task))
    figure_panel(
        plot_control(lines),
        lines.drop(columns="name").round(4),
        name=f"known truth {condition[0]} {'confounded ' if condition[1] else ''}{task}",
        alt=f"Mean AUPRC on circuits never met: {lines['name'].iloc[0]} is first with {lines['auprc'].iloc[0]:.3f}",
        command=COMMAND,
        key=keys.KNOWN_TRUTH,
        note=NOTE,
    )
    st.markdown("\n".join(f"- {plain(sentence)}" for sentence in _sentences()))


@st.cache_data(show_spinner=False)
def _frame() -> pd.DataFrame:
    return read_control(SHIPPED)


@st.cache_data(show_spinner=False)
def _sentences() -> tuple[str, ...]:
    return tuple(control_sentences(_frame()))
