"""A table of genes, of which each leads to its page."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from ui.shared.address import open_gene


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
