"""What the printed figures look like: scores of frozen runs beside the printed columns, and what that does not show."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from ugrn_core.benchmark.results import SECOND, frozen_results
from ugrn_core.figures.benchmark_printed import plot_likeness, prepare_panels
from ugrn_core.figures.benchmark_printed_words import printed_page
from ui.benchmark import keys
from ui.shared.figure_panel import figure_panel

COMMAND = "ugrn benchmark --table 1 --reverse-features labelled_only --out table_1_labelled_only.csv.gz"
NOTE = "Consistency, not proof: it reads the test labels, and says nothing of what a model knows."


def show() -> None:
    """The section below Table 1."""
    st.subheader("What the printed figures look like", anchor="printed-figures")
    points = _panels()
    figure_panel(
        plot_likeness(points),
        points,
        name="printed figures",
        alt="An honest score and two that read the answers, beside the printed GDT of scGPT on the rows of Table 1",
        command=COMMAND,
        key=keys.PRINTED_FIGURES,
        note=NOTE,
    )
    with st.expander("What this is, what it does not show, and what would decide it"):
        st.markdown(_page())


@st.cache_data(show_spinner=False)
def _panels() -> pd.DataFrame:
    return prepare_panels(frozen_results())


@st.cache_data(show_spinner=False)
def _page() -> str:
    """The page of the docs without its first heading."""
    return printed_page(frozen_results(), frozen_results(6), frozen_results(folder=SECOND)).split("\n\n", 1)[1]
