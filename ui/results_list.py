"""What was run here: a sign of what is running on every page, and the list of all of it."""

from __future__ import annotations

import time

import streamlit as st

from ui import kept
from ui.errors import plain
from ui.kept import Run

PAGE = "pages/results.py"
EVERY = 2.0
"""Seconds between two looks at what is running."""
WORDS = {
    "queued": ("waits", "gray", ":material/schedule:"),
    "working": ("running", "blue", ":material/progress_activity:"),
    "done": ("finished", "green", ":material/check:"),
    "failed": ("failed", "red", ":material/error:"),
    "cancelled": ("stopped", "orange", ":material/stop_circle:"),
}


def sign() -> None:
    """A button in the sidebar while something is running: what, and how far it is; it leads to the list."""
    if kept.shelf().going_on():
        st.fragment(_sign, run_every=EVERY)()


def show() -> None:
    """The list, newest first."""
    runs = list(reversed(kept.shelf().runs.values()))
    if not runs:
        st.info(
            "Nothing was run yet. Networks, genes and pairs that take longer than a moment are listed here, with their "
            "addresses; they go on when you leave their page.",
            icon=":material/history:",
        )
        return
    if any(run.going_on for run in runs):
        st.fragment(_rows, run_every=EVERY)()
    else:
        _rows()
    st.caption(
        "Kept in the memory of this server for you alone: until it ends, or until others need the room. What was "
        "computed lies in the store and is not computed again."
    )


def _sign() -> None:
    running = kept.shelf().going_on()
    if not running:
        return
    first = running[0]
    more = f" and {len(running) - 1} more" if len(running) > 1 else ""
    label = f"{plain(first.title)}{more}: {first.share():.0%}"
    icon = ":material/progress_activity:"
    if st.button(label, icon=icon, key="what is running", type="tertiary", help="Running; open My results"):
        st.switch_page(PAGE)


def _rows() -> None:
    for run in reversed(list(kept.shelf().runs.values())):
        _row(run)


def _row(run: Run) -> None:
    what, when, state, reopen, end = st.columns([8, 3, 3, 2, 2], vertical_alignment="center")
    what.markdown(f"**{plain(run.title)}**" + (f"  \n{plain(run.about)}" if run.about else ""))
    when.caption(time.strftime("%Y-%m-%d %H:%M", time.localtime(run.started)))
    found = run.state()
    word, colour, icon = WORDS[found]
    with state:
        st.badge(f"{word} {run.share():.0%}" if found == "working" else word, color=colour, icon=icon)  # pyright: ignore
    if run.address and run.page and reopen.button("Open", key=f"open {run.id}", width="stretch"):
        st.switch_page(run.page, query_params=run.address)
    if run.going_on:
        end.button("Stop", key=f"end {run.id}", on_click=_stop, args=(run,), width="stretch")
    else:
        end.button("Delete", key=f"end {run.id}", on_click=_delete, args=(run,), width="stretch")


def _stop(run: Run) -> None:
    kept.shelf().stop(run)


def _delete(run: Run) -> None:
    kept.shelf().forget(run)
