"""Network: a gene list or cells in, a predicted network out, to be explored, compared and taken away."""

from __future__ import annotations

import streamlit as st

from ui import frame
from ui.network import address, results
from ui.network import form as network_form
from ui.shared import models
from ui.shared.errors import said_in_place

frame.come_through_app()
title, modes = st.columns([3, 4], vertical_alignment="center")
title.title("Network", anchor=False)

with said_in_place():
    backbone = models.current()
    with said_in_place():
        address.apply_url(backbone)
    with modes, st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
        network_form.mode_choice()
    network_form.controls(backbone)
    results.show()
