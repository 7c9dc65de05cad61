"""Pair explorer: what a model predicts for one gene when another one moves."""

from __future__ import annotations

import streamlit as st

from ui import frame
from ui.pair import address, explorer
from ui.shared import models
from ui.shared.errors import said_in_place

frame.come_through_app()
title, modes = st.columns([3, 4], vertical_alignment="center")
title.title("Pair explorer", anchor=False)

with said_in_place():
    backbone = models.current()
    with said_in_place():
        address.apply_url(backbone)
    with modes, st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
        mode = explorer.mode_choice()
    explorer.controls(backbone, mode)
    explorer.results()
