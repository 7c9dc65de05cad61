"""A figure of a lesson with its table, its file and its words for those who do not see it."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from ugrn_core.figures.circuit_drawing import WORDS, circuit_svg
from ugrn_core.figures.lessons import enlarged
from ugrn_core.figures.style import figure_config
from ui.lessons import state
from ui.shared.figure_panel import csv_button

LARGE = 1.5


def drawing(marked: tuple[str, ...] = ()) -> None:
    """The circuit, with genes of the question filled."""
    st.image(circuit_svg(marked), alt=WORDS, width="stretch" if state.now().large else "content")
    st.caption("Pointed: activates. Blunt: represses. K needs both A and H.")


def panel(figure: go.Figure, table: pd.DataFrame, *, name: str, alt: str) -> None:
    """Draw ``figure``; ``table`` has its numbers, ``alt`` says in words what it shows."""
    st.plotly_chart(
        enlarged(figure, LARGE) if state.now().large else figure,
        width="stretch",
        config=figure_config(name) | {"displayModeBar": False},
        alt=alt,
        key=f"learn figure {name}",
    )
    with st.expander("The numbers as a table"):
        st.dataframe(table, width="stretch", hide_index=True, height=240, alt=f"Numbers of the figure: {alt}")
        csv_button(table, name, f"learn {name}")
