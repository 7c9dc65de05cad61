"""Gene: one gene in, everything a model links to it out."""

from __future__ import annotations

import streamlit as st

from ui import frame
from ui.gene import controls, page, state
from ui.shared import models
from ui.shared.errors import said_in_place

frame.come_through_app()
title, sides = st.columns([3, 4], vertical_alignment="center")
title.title("Gene", anchor=False)

with said_in_place():
    backbone = models.current()
    with said_in_place():
        state.apply_url(backbone)
    with sides, st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
        controls.side_choice()
    controls.controls(backbone)
    page.results()
