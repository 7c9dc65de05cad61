"""The Learn page: the way between lessons, large type, and whatever is open."""

from __future__ import annotations

import streamlit as st

from ugrn_core.lessons.catalogue import LESSONS
from ui.lessons import keys, overview, state, steps
from ui.lessons.state import OVERVIEW, SUMMARY
from ui.shared.errors import said_in_place

LARGE_TYPE = """
<style>
html { font-size: 21px !important; }
[data-testid="stSidebar"], [data-testid="stSidebarCollapsedControl"], [data-testid="stExpandSidebarButton"] {
  display: none !important; }
.stMainBlockContainer { max-width: 1800px; }
</style>
"""


def ways() -> None:
    """Buttons to the list, to each lesson and to the summary, and the switch for large type."""
    now = state.now()
    places = {OVERVIEW: "All"} | {str(n): str(n) for n in LESSONS} | {SUMMARY: "Summary"}
    with st.container(horizontal=True, gap="xsmall", horizontal_alignment="right", vertical_alignment="center"):
        for place, name in places.items():
            st.button(
                name,
                key=f"learn go {place}",
                type="primary" if place == now.place else "tertiary",
                help=f"Lesson {place}: {LESSONS[int(place)].title}" if place.isdigit() else None,
                on_click=state.open_lesson,
                args=(place, "look" if place.isdigit() and now.answer(int(place)).choice is not None else "predict"),
            )
        st.toggle(
            "Large type",
            value=now.large,
            key=keys.LARGE,
            on_change=lambda: state.change(large=st.session_state[keys.LARGE]),
            help="For a projector: larger letters and figures, no sidebar.",
        )
    if now.large:
        st.html(LARGE_TYPE)


def body() -> None:
    """What is open."""
    now = state.now()
    if now.place == OVERVIEW:
        overview.show()
    elif now.place == SUMMARY:
        overview.summary()
    else:
        with said_in_place():
            steps.show(LESSONS[now.lesson])
    state.write()
