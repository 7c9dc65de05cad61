"""Which widget belongs to which lesson; each is drawn anew by its own controls and nothing else on the page is."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from ui.lessons import (
    causality,
    keys,
    probability,
    random_weights,
    shortcuts,
    slope_area,
    state,
    translator,
    virtual_cell,
    zero_out,
)
from ui.lessons.state import State
from ui.shared.errors import said_in_place

WIDGETS: dict[int, Callable[[State], None]] = {
    1: virtual_cell.show,
    2: zero_out.show,
    3: slope_area.show,
    4: translator.show,
    5: shortcuts.show,
    6: random_weights.show,
    7: probability.show,
    8: causality.show,
}
BEFORE: dict[int, Callable[[State], None]] = {6: random_weights.blind}
"""What must be seen before a prediction can be made."""


def before(lesson: int, now: State) -> None:
    """What a lesson shows beside its question."""
    if lesson in BEFORE:
        with said_in_place():
            BEFORE[lesson](now)


@st.fragment(key=keys.LEARN)
def show(lesson: int) -> None:
    """The widget of a lesson."""
    with said_in_place():
        WIDGETS[lesson](state.now())
    state.write()
