"""Translators: what they are, how well they do, and how to make one from networks or from edges of one's own."""

from __future__ import annotations

import streamlit as st

from ui import frame
from ui.shared import models
from ui.shared.errors import said_in_place
from ui.translators import card as translator_card
from ui.translators import library, training

frame.come_through_app()
title, modes = st.columns([3, 4], vertical_alignment="center")
title.title("Translators", anchor=False)

with said_in_place():
    backbone = models.current()
    library.apply_url()
    with modes, st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
        mode = library.mode_choice()
    if mode == library.LOOK:
        chosen = library.choose(backbone)
        if chosen is not None:
            translator_card.show(chosen, backbone)
            library.files(chosen)
    else:
        training.form(backbone)
    library.write_address(mode)
