"""UGRN Explorer in the browser: ``make run``, ``ugrn app``, or ``streamlit run app.py``.

Streamlit reads this file twice: as a module, for the server and its door, and as a script, for every run of a session.
"""

from __future__ import annotations

import streamlit as st

if __name__ == "__main__":
    from ui.server import warm

    warm.wait()
    from ugrn_core.paths import ASSETS
    from ui import frame

    icon = str(ASSETS / "mark.svg")
    st.set_page_config(page_title="UGRN Explorer", page_icon=icon, layout="wide", initial_sidebar_state=270)
    page = frame.navigation()
    with frame.around_page():
        page.run()
else:
    from ui.server import door, idle_loops

    idle_loops.install()
    app = st.App(__file__, middleware=[door.middleware()], lifespan=door.lifespan)
