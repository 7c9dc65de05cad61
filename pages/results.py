"""My results: what was run here, to be opened again."""

from __future__ import annotations

import streamlit as st

from ui import frame
from ui.results import runs as results_list
from ui.shared import address

frame.come_through_app()
st.title("My results", anchor=False)
results_list.show()
address.put({})
