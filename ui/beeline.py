"""BEELINE's networks on a page: whether they can be read, and a button that fetches them."""

from __future__ import annotations

import streamlit as st

from ugrn_core.beeline.registry import fetch_networks, missing_networks
from ui import work
from ui.errors import plain
from ui.work import Question


def networks_are_here(gene_set: str, use: str, slot: str = "fetch beeline") -> bool:
    """Whether the networks can be read; else says so, with what they are of ``use`` for, and offers to fetch them."""
    if not missing_networks(gene_set):
        return True
    st.info(
        plain(
            "Which pairs are edges is BEELINE's knowledge and not part of this project. Fetch its networks once (132 "
            f"files, 5 MB), or point UGRN_DATA_DIR to a folder that has them; {use}"
        ),
        icon=":material/info:",
    )
    question = Question(
        ("fetch beeline",),
        lambda progress, cancel: fetch_networks(None, progress, cancel),
        "Download of the networks",
        work.UNASKED,
        device="network",
        button="Fetch the networks (5 MB)",
    )
    if work.answer(slot, question) is not None:
        st.rerun()
    st.caption("`ugrn fetch beeline` does the same.")
    return False
