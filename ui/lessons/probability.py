"""Widget of lesson 7: a hundred pairs, and how many of them are edges."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from ugrn_core.figures.lessons import plot_hundred
from ugrn_core.lessons.probability import ICONS, PRIOR, edges_of_hundred, said, shifted
from ui.lessons import keys
from ui.lessons.panel import panel
from ui.lessons.state import State

PREVALENCES = (0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5)
PROBABILITIES = tuple(round(0.5 + 0.01 * i, 2) for i in range(50))


def show(now: State) -> None:
    """Probability and prevalence, then the hundred pairs."""
    left, right = st.columns([3, 4], gap="medium")
    with left:
        p = st.select_slider(
            f"Probability that was said, at a prior of {PRIOR:g}",
            PROBABILITIES,
            value=said(now.seed),
            format_func="{:.2f}".format,
            key=keys.WIDGET_7_P,
        )
        where = st.select_slider(
            "Prevalence: share of edges among all pairs here",
            PREVALENCES,
            value=0.5,
            format_func=lambda v: f"{100 * v:g} %",
            key=keys.WIDGET_7_PREVALENCE,
        )
        there = shifted(p, PRIOR, where)
        first, second = st.columns(2)
        first.metric("Probability here", f"{there:.3f}", f"{p:g} was said", delta_color="off", delta_arrow="off")
        second.metric("Expected FDR", f"{1 - there:.3f}", "share wrong", delta_color="off", delta_arrow="off")
        odds = p / (1 - p)
        st.caption(
            f"Odds {odds:.3g} to 1, times {where / (1 - where):.3g} (odds of the prevalence), divided by "
            f"{PRIOR / (1 - PRIOR):.3g} (odds of the prior): {there / (1 - there):.3g} to 1."
        )
    table = pd.DataFrame(
        {"prevalence": PREVALENCES, "probability here": [round(shifted(p, PRIOR, w), 4) for w in PREVALENCES]}
    ).assign(**{"edges of 100": lambda f: f["probability here"].map(edges_of_hundred)})
    edges = edges_of_hundred(there)
    with right:
        panel(
            plot_hundred(edges, ("are edges", "are not")),
            table,
            name="lesson 7 a hundred pairs",
            alt=f"Of {ICONS} pairs that got {p:g}, {edges} are edges at a prevalence of {100 * where:g} %, "
            f"{ICONS - edges} are not",
        )
