"""Translators: what they are, how well they do, and how to make one from networks or from edges of one's own."""

from __future__ import annotations

import streamlit as st

from ui import frame, models, translator_card, translator_list, translator_training
from ui.errors import said_in_place

frame.come_through_app()
title, modes = st.columns([3, 4], vertical_alignment="center")
title.title("Translators", anchor=False)

with said_in_place():
    backbone = models.current()
    translator_list.adopt()
    with modes, st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
        mode = translator_list.mode_choice()
    if mode == translator_list.LOOK:
        chosen = translator_list.choose(backbone)
        if chosen is not None:
            translator_card.show(chosen, backbone)
            translator_list.files(chosen)
    else:
        translator_training.form(backbone)
    translator_list.write_address(mode)
