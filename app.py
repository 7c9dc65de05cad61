"""UGRN Explorer in the browser: ``make run``, or ``streamlit run app.py``."""

from __future__ import annotations

import streamlit as st

from ui import frame

st.set_page_config(page_title="UGRN Explorer", page_icon="assets/mark.svg", layout="wide", initial_sidebar_state=270)
page = frame.navigation()
with frame.around_page():
    page.run()
