"""Controls of the virtual cell: its genes, its base value, the virtual values, and what the other genes do."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from ugrn_core.figures.context_advice import advice_on
from ugrn_core.types import BackboneCard
from ui.shared import contexts, keys, settings

SHARED = ("background", "context", "gene_text", "column", "levels", "n_variable")
"""Session keys of controls that both pages have, beside those of the unit."""


def controls(card: BackboneCard, redraw: Callable[[], None], page: str) -> None:
    """One row, and below it what belongs to the kind of virtual cell that is chosen; ``page`` names whose row it is."""
    _keep_values(card, page)
    cell, base, grid, background = st.columns([29, 12, 24, 24], vertical_alignment="bottom")
    st.session_state.setdefault(keys.CONTEXT, contexts.PAIR)
    cell.segmented_control(
        "Virtual cell",
        list(contexts.LABELS),
        key=keys.CONTEXT,
        persist_state="session",
        required=True,
        format_func=contexts.LABELS.__getitem__,
        help="The genes beside the pair. In the pair alone an answer takes a moment; cost grows with the square of "
        "the genes.",
    )
    settings.controls(card, (base, grid, background), redraw)
    contexts.controls(redraw)
    said = advice_on(card.name, alone=contexts.kind() == contexts.PAIR)
    if said:
        st.caption(said)


def _keep_values(card: BackboneCard, page: str) -> None:
    """Carry the values from one page to the next.

    A browser that goes from a page to another one with the same controls says what they held, mounts them empty and
    then says that; a value that is assigned anew is shown.
    """
    state = st.session_state
    if state.get(keys.CELL_PAGE) == page:
        return
    state[keys.CELL_PAGE] = page
    for key in (settings.base_key(card), settings.grid_key(card), *SHARED):
        if key in state:
            state[key] = state[key]
