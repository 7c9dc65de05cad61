"""Drivers: two groups of cells in, the factors that move the first towards the second out."""

from __future__ import annotations

import streamlit as st

from ui import frame
from ui.drivers import page as drivers
from ui.shared import models
from ui.shared.errors import said_in_place

frame.come_through_app()
st.title("Drivers", anchor=False)

with said_in_place():
    drivers.show(models.current())
