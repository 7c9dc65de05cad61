"""A figure with everything that belongs to it: its numbers, its downloads, and the command that makes it again."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from streamlit.components.v2 import component

from ugrn_core.figures.report import Report, report_html
from ugrn_core.figures.standalone import standalone_html
from ugrn_core.figures.style import figure_config, file_stem
from ugrn_core.paths import ASSETS
from ugrn_core.spreadsheet import csv_text
from ui.shared.for_print import for_print

NOTE = (
    "A hypothesis of the model, not a measurement: neither cause nor effect, and up or down does not tell activation "
    "from repression."
)


def figure_panel(
    figure: go.Figure,
    frame: pd.DataFrame,
    *,
    name: str,
    alt: str,
    command: str,
    key: str,
    note: str = NOTE,
    taken: Callable[[], go.Figure] | None = None,
    on_pick: Callable[[], None] | None = None,
    report: Callable[[], Report] | None = None,
    wide: bool = False,
    two_columns: bool = False,
) -> None:
    """Draw ``figure`` of ``frame``. ``name`` becomes file names, ``alt`` is read aloud, ``command`` is shell text.

    ``taken`` makes what the HTML file shows, where that is another figure, when it is asked for. ``on_pick`` is called
    when a point is clicked; the session then holds the choice under ``key``. ``report`` makes what a report says beside
    the figure, when it is asked for. A ``wide`` figure is scrolled where the page is too narrow for its numbers, one of
    ``two_columns`` on a telephone.
    """
    with st.container(key="wide figure" if wide else "figure of two columns" if two_columns else None):
        st.plotly_chart(
            figure,
            width="stretch",
            config=figure_config(name),
            alt=alt,
            key=key,
            on_select=on_pick or "ignore",
            selection_mode="points",
        )
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        csv_button(frame, name, key)
        st.download_button(
            "HTML",
            data=lambda: standalone_html(taken() if taken else figure, title=name, note=note, command=command),
            file_name=f"{file_stem(name)}.html",
            mime="text/html",
            on_click="ignore",
            key=f"html {key}",
            icon=":material/download:",
            help="The figure as one file that works without a connection",
        )
        if report is not None:
            st.download_button(
                "Report",
                data=lambda: report_html(report(), figure),
                file_name=f"{file_stem(name)} report.html",
                mime="text/html",
                on_click="ignore",
                key=f"report {key}",
                icon=":material/description:",
                help="A page to print: figure, settings, genes, what to keep in mind, and how to do it again",
            )
        _pictures()(key=f"pictures {key}", data={"key": key}, width="content")
        st.caption(note)
    for_print(figure, name, key)
    with st.expander("Numbers and command line"):
        st.dataframe(frame, width="stretch", hide_index=True, height=260, alt=f"The numbers of the figure: {alt}")
        st.code(command, language="bash", wrap_lines=True)


@cache
def _pictures() -> Callable[..., object]:
    """The component of ``assets/pictures.js``, registered on first use."""
    script, style = ((ASSETS / f"pictures.{kind}").read_text("utf-8") for kind in ("js", "css"))
    named = "".join(
        f'<button value="{kind.lower()}" title="The figure as it is on the screen, {kind}">{kind}</button>'
        for kind in ("PNG", "SVG")
    )
    return component("pictures", html=f'<div class="pictures">{named}</div>', css=style, js=script)


def csv_button(frame: pd.DataFrame, name: str, key: str) -> None:
    """A button that downloads ``frame``."""
    st.download_button(
        "CSV",
        data=lambda: csv_text(frame).encode(),
        file_name=f"{file_stem(name)}.csv",
        mime="text/csv",
        on_click="ignore",
        key=f"csv {key}",
        icon=":material/download:",
        help="The numbers as a table",
    )
