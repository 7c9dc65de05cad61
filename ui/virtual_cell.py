"""Controls of the virtual cell: its genes, its base value, the virtual values, and what the other genes do."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from ugrn_core.types import BackboneCard
from ui import contexts, settings


def controls(card: BackboneCard, redraw: Callable[[], None]) -> None:
    """One row, and below it what belongs to the kind of virtual cell that is chosen."""
    cell, base, grid, background = st.columns([29, 12, 24, 24], vertical_alignment="bottom")
    st.session_state.setdefault("context", contexts.PAIR)
    cell.segmented_control(
        "Virtual cell",
        list(contexts.LABELS),
        key="context",
        persist_state="session",
        required=True,
        format_func=contexts.LABELS.__getitem__,
        help="The genes beside the pair. In the pair alone an answer takes a moment; cost grows with the square of "
        "the genes.",
    )
    settings.controls(card, (base, grid, background), redraw)
    contexts.controls(redraw)
