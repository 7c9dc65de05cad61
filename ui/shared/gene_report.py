"""What became of every gene name of a list or file, in the same form on every page."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ugrn_core.genes.resolve import GeneReport
from ui.shared.errors import plain
from ui.shared.figure_panel import csv_button


def gene_report(report: GeneReport, notes: Sequence[str], key: str) -> DeltaGenerator:
    """The report as a table to sort and download, in an expander that is returned; ``key`` is unique on the page."""
    frame = report.frame()
    place = st.expander(f"Gene report: {len(frame):,} names, {len(report.unresolved):,} not used")
    with place:
        for note in notes:
            st.caption(plain(note))
        st.caption(plain(report.sentence()))
        st.dataframe(frame, width="stretch", hide_index=True, height=240, alt="What became of each gene name")
        csv_button(frame, "gene report", key)
    return place
