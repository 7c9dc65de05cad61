"""What became of every gene name of a list or file, in the same form on every page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ugrn_core.genes.resolve import GeneReport
from ui.shared.address import open_gene
from ui.shared.contexts import ContextChoice
from ui.shared.errors import plain
from ui.shared.figure_panel import csv_button


def gene_table(frame: pd.DataFrame, column: str, key: str, **look: Any) -> None:
    """A table whose chosen row leads to the page of the gene in its ``column``, empty where there is none.

    ``look`` is for ``st.dataframe``.
    """
    event = st.dataframe(
        frame, width="stretch", hide_index=True, key=key, on_select="rerun", selection_mode="single-row", **look
    )
    genes = [str(frame[column].iloc[row]) for row in event["selection"]["rows"] if row < len(frame)]
    if not genes:
        st.caption(":material/ads_click: Choose a row to see all that the model links to its gene.")
        return
    gene = genes[0]
    if not gene:
        st.caption("The model does not know this name.")
    elif st.button(f"All of {gene}", icon=":material/genetics:", key=f"{key} gene"):
        open_gene(gene)


def gene_report(report: GeneReport, notes: Sequence[str], key: str) -> DeltaGenerator:
    """The report as a table to sort and download, in an expander that is returned; a row leads to the page of its gene.

    ``key`` is unique on the page.
    """
    frame = report.frame()
    place = st.expander(f"Gene report: {len(frame):,} names, {len(report.unresolved):,} not used")
    with place:
        for note in notes:
            st.caption(plain(note))
        st.caption(plain(report.sentence()))
        gene_table(frame, "symbol", f"{key} table", height=240, alt="What became of each gene name")
        csv_button(frame, "gene report", key)
    return place


def show_report(choice: ContextChoice) -> None:
    """What became of every gene of the list or file of a virtual cell."""
    if choice.report is None:
        return
    with gene_report(choice.report, choice.notes, "gene-report"):
        if choice.gene_list:
            st.download_button(
                choice.file,
                choice.gene_list,
                choice.file,
                on_click="ignore",
                icon=":material/download:",
                help="The list as a file, for the command line",
            )
