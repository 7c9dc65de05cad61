"""The pair explorer: controls above, and below them one of three views, which alone is drawn anew by a control."""

from __future__ import annotations

import streamlit as st

from ugrn_core.backbones.backbone import Backbone
from ui.pair import address, keys, pair_list, targets
from ui.pair import view as pair_view
from ui.shared import models, virtual_cell
from ui.shared.errors import said_in_place
from ui.shared.genes import SOURCE, TARGET, TARGETS, gene_fields

MODES = {"pair": "One pair", "targets": "Several targets", "list": "List of pairs"}
VIEWS = {"pair": pair_view, "targets": targets, "list": pair_list}


def redraw() -> None:
    """Callback of a control: draw the results anew and nothing else."""
    st.rerun(keys.FRAGMENT)


def mode_choice() -> str:
    """Which of the three views is chosen; a single pair may show its pair-specific part."""
    if st.session_state.setdefault(keys.MODE, "pair") == "pair":
        pair_view.toggle(redraw)
    st.segmented_control(
        "View",
        list(MODES),
        key=keys.MODE,
        persist_state="session",
        required=True,
        format_func=MODES.__getitem__,
        label_visibility="collapsed",
    )
    return st.session_state[keys.MODE]


def controls(backbone: Backbone, mode: str) -> None:
    """What is asked: genes, virtual cell, values."""
    if mode == "pair":
        gene_fields(backbone, (SOURCE, TARGET), redraw)
    elif mode == "targets":
        gene_fields(backbone, (SOURCE, TARGETS), redraw)
    else:
        pair_list.controls(redraw)
    virtual_cell.controls(backbone.card, redraw, "pair")


@st.fragment(key=keys.FRAGMENT)
def results() -> None:
    """The view of the chosen mode."""
    with said_in_place():
        backbone = models.current()
        VIEWS[st.session_state.get(keys.MODE) or "pair"].show(backbone)
        address.write(backbone.card)
