"""What stands around every page: logo, style, and the sidebar with model, cells and stored results."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import streamlit as st

from ugrn_core.paths import ASSETS
from ui.results import runs as results_list
from ui.results import stored
from ui.server import keys as server_keys
from ui.shared import address, cells, kept, keys, models, uploads
from ui.start import tour

PAGES = {
    "Start": "pages/start.py",
    "Gene": "pages/gene.py",
    "Pair explorer": "pages/pair.py",
    "Network": "pages/network.py",
    "Drivers": "pages/drivers.py",
    "Translators": "pages/translators.py",
    "Benchmark": "pages/benchmark.py",
    "Learn": "pages/learn.py",
    "My results": results_list.PAGE,
}
"""Pages in the order of the menu; the first is the one at the root."""


def navigation() -> st.Page:
    """The menu; returns the page that is asked for."""
    start = next(iter(PAGES))
    page = st.navigation(
        [st.Page(path, title=title, default=title == start) for title, path in PAGES.items()], position="top"
    )
    st.session_state[keys.PAGE], st.session_state[keys.PAGES] = PAGES[page.title], tuple(PAGES.values())
    return page


@contextmanager
def around_page() -> Iterator[None]:
    """Draw the frame; the line on the model comes after the page, since loading a model takes a moment, and what is
    running, since the page may have started it."""
    st.session_state[keys.FRAMED], st.session_state[server_keys.OPENED_RESULTS] = True, kept.shelf().opened
    st.logo(str(ASSETS / "logo.svg"), size="large")
    st.html(ASSETS / "style.css")
    st.html(f"<script>{_script()}</script>", unsafe_allow_javascript=True)
    address.read_url()
    with st.sidebar:
        models.choose()
        about_model = st.container()
        cells.choose()
        st.space("small")
        running = st.container()
        stored.show()
    tour.show()
    yield
    uploads.keep_within_bounds()
    with running:
        results_list.sign()
    with about_model:
        models.describe()


@cache
def _script() -> str:
    return (ASSETS / "address.js").read_text("utf-8")


def come_through_app() -> None:
    """First line of a page: start over with app.py where Streamlit has run the page without it.

    It does so once after its start, if the first address asked for is that of a page: it takes files in ``pages/`` for
    pages of their own until ``st.navigation`` has been called.
    """
    if not st.session_state.get(keys.FRAMED):
        navigation()
        st.rerun()
