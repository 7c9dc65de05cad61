"""Learn: eight lessons on what a model says about regulation, with a circuit whose truth is known."""

from __future__ import annotations

import streamlit as st

from ui import frame
from ui.lessons import page, state
from ui.shared.errors import said_in_place

frame.come_through_app()
title, ways = st.columns([1, 4], vertical_alignment="center")
title.title("Learn", anchor=False)
with said_in_place():
    state.apply_url()
with ways:
    page.ways()
page.body()
