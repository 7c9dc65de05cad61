"""A figure for print: PDF or SVG of a chosen width, made on the server by a job of its own queue."""

from __future__ import annotations

import hashlib

import plotly.graph_objects as go
import streamlit as st

from ugrn_core.errors import InputError
from ugrn_core.figures.printed import KINDS, USUAL_WIDTH, WIDTHS, Kind, printed, what_is_missing
from ugrn_core.figures.style import file_stem
from ugrn_core.jobs import PRINT
from ui.shared import work
from ui.shared.errors import plain
from ui.shared.work import Question

SECONDS = 8.0
"""What drawing takes, about; nearly all of it is the start of the browser."""
NAMES: dict[Kind, str] = {"pdf": "PDF", "svg": "SVG"}
MIME: dict[Kind, str] = {"pdf": "application/pdf", "svg": "image/svg+xml"}
WIDTH_HELP = (
    "85 mm is one column of most journals, 180 mm two. The letters of a figure of 150 mm or more are 10 points."
)


def for_print(figure: go.Figure, name: str, key: str) -> None:
    """An expander that, once open, makes the figure as a file for print."""
    place = st.expander("For print", key=f"print {key}", on_change="rerun", icon=":material/print:")
    if not place.open:
        return
    with place:
        missing = what_is_missing()
        if missing:
            st.info(plain(f"{missing} The HTML file and the camera button of the figure do without."))
            return
        _controls(figure, name, key)


def _controls(figure: go.Figure, name: str, key: str) -> None:
    st.session_state.setdefault(f"print width {key}", USUAL_WIDTH)
    st.session_state.setdefault(f"print kind {key}", KINDS[0])
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        width = st.number_input(
            "Width (mm)", *WIDTHS, step=5.0, format="%g", key=f"print width {key}", width=160, help=WIDTH_HELP
        )
        st.segmented_control("File", KINDS, key=f"print kind {key}", required=True, format_func=NAMES.__getitem__)
    kind: Kind = st.session_state[f"print kind {key}"]
    told = hashlib.sha256(str(figure.to_json()).encode()).hexdigest()
    try:
        file = work.answer(
            f"print {key}",
            Question(
                ("print", told, kind, width),
                lambda progress, cancel: printed(figure, kind, width, progress=progress, cancel=cancel),
                f"{NAMES[kind]} of {width:g} mm",
                SECONDS,
                PRINT,
                button=f"Make the {NAMES[kind]}",
            ),
        )
    except InputError as reason:
        st.error(plain(str(reason)), icon=":material/error:")
        return
    if file is not None:
        st.download_button(
            f"{NAMES[kind]}, {width:g} mm, {len(file) / 1000:,.0f} kB",
            file,
            f"{file_stem(name)}.{kind}",
            MIME[kind],
            on_click="ignore",
            key=f"printed {key}",
            icon=":material/download:",
            type="primary",
        )
