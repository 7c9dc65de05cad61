"""Edges as tables from which one can be chosen."""

from __future__ import annotations

import hashlib

import pandas as pd
import streamlit as st

from ugrn_core.network.edge_filter import EdgeFilter
from ui.network import edge as network_edge
from ui.network import evidence

MOST_ROWS = 2000
"""Rows of a table on the page; the files hold all edges."""
SHORT = ["source", "target", "probability"]
SHORT_RANKED = ["source", "target", "score"]
"""Of edges without probabilities."""


def full(table: pd.DataFrame, token: str, filters: EdgeFilter) -> None:
    """All columns of the best edges shown."""
    number = st.column_config.NumberColumn
    _selectable(
        table,
        token,
        filters,
        name="edges",
        height=420,
        columns={
            "score": number("score (logit)", format="%.3f"),
            "probability": number("probability", format="%.4f"),
            "spread": number("± of the ensemble", format="%.4f"),
            "slope": number("slope", format="%+.3g"),
            "slope_direction": st.column_config.TextColumn("slope direction", help="Not a sign of regulation"),
            **evidence.column_config(),
        },
    )


def short(table: pd.DataFrame, token: str, filters: EdgeFilter, height: int) -> None:
    """The best edges shown in a narrow table, to stand beside a drawing."""
    number = st.column_config.NumberColumn
    columns = {
        "probability": number("p", format="%.3f", help="Probability, at the prevalence above"),
        "score": number("score", format="%.2f", help="It ranks; no probability is known in this virtual cell"),
    }
    short = SHORT_RANKED if table["probability"].isna().all() else SHORT
    _selectable(table[short], token, filters, name="edge list", height=height, columns=columns)


def _selectable(table: pd.DataFrame, token: str, filters: EdgeFilter, *, name: str, height: int, columns: dict) -> None:
    """A table whose chosen row is the edge that is looked at; another selection starts without a chosen row."""
    key = f"{name} {hashlib.sha256(f'{token} {filters}'.encode()).hexdigest()[:16]}"
    top = table.head(MOST_ROWS)
    st.dataframe(
        top,
        width="stretch",
        height=height,
        hide_index=True,
        key=key,
        on_select=lambda: network_edge.picker(top, key),
        selection_mode="single-row",
        alt="Edges shown, best first; choose one to see its curves",
        column_order=[c for c in top if top[c].notna().any() or c not in ("probability", "spread")],
        column_config=columns,
    )
    if len(table) > MOST_ROWS:
        st.caption(f"The top {MOST_ROWS:,} of {len(table):,} edges; edges.csv below has all.")
