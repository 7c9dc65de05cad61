"""What was run here: a sign of what is running on every page, and the list of all of it."""

from __future__ import annotations

import time

import streamlit as st

from ugrn_core import __version__
from ugrn_core.session_file import MOST_BYTES, KeptCells, read_session, with_results, write_session
from ugrn_core.store import Store
from ui.results import keys
from ui.server.session import store
from ui.shared import kept, uploads
from ui.shared import keys as shared_keys
from ui.shared.cells import Cells
from ui.shared.errors import plain, said_in_place
from ui.shared.kept import VisitorRun

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
    """The list, newest first, and the file of all of it."""
    with said_in_place():
        _file()
    runs = list(reversed(kept.shelf().runs.values()))
    if not runs:
        st.info(
            "Nothing was run yet. What takes longer than a moment is listed here, to be opened again; what you started "
            "by a click goes on when you leave its page.",
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


def _file() -> None:
    """Save what was loaded, asked and found as one file, and open such a file."""
    shelf, stored = kept.shelf(), store()
    save, opened = st.columns([2, 5], vertical_alignment="bottom")
    save.download_button(
        "Save the session",
        data=lambda: _session(shelf, stored),
        file_name="session.ugrn.zip",
        mime="application/zip",
        on_click="ignore",
        disabled=not (shelf.runs or shelf.cells or shelf.texts),
        icon=":material/save:",
        key=keys.SAVE_SESSION,
        width="stretch",
        help="Profiles of cells (not the cells), lists, runs and what they found: one file, which opens on another "
        "machine without computing anew.",
    )
    turn = st.session_state.setdefault(keys.SESSION_TURN, 0)
    file = opened.file_uploader(
        "Open a saved session", type=["zip"], key=f"session file {turn}", max_upload_size=MOST_BYTES >> 20
    )
    if file is not None:
        session = read_session(file.getvalue())
        shelf.take(session, _cells, tuple(st.session_state.get(shared_keys.PAGES, ())))
        uploads.let_go(file)
        st.session_state[keys.SESSION_TURN] = turn + 1
        st.rerun()


def _session(shelf: kept.Shelf, stored: Store) -> bytes:
    """The file; what a run rests on comes from the store, or from the session that brought it."""
    return write_session(
        with_results(shelf.session(), lambda key: stored.packed(key) or shelf.opened.get(key)), __version__
    )


def _cells(held: KeptCells) -> Cells:
    return Cells(held.data, f"session {held.data.digest}", held.word, held.options)


def _sign() -> None:
    running = kept.shelf().going_on()
    if not running:
        return
    first = running[0]
    more = f" and {len(running) - 1} more" if len(running) > 1 else ""
    label = f"{plain(first.title)}{more}: {first.share():.0%}"
    icon = ":material/progress_activity:"
    if st.button(label, icon=icon, key=keys.WHAT_IS_RUNNING, type="tertiary", help="Running; open My results"):
        st.switch_page(PAGE)


def _rows() -> None:
    for run in reversed(list(kept.shelf().runs.values())):
        _row(run)


def _row(run: VisitorRun) -> None:
    """What was asked and when, what it found, its state and the buttons; in two lines where there is no room."""
    found = run.state()
    word, colour, icon = WORDS[found]
    brought = ["from a saved session"] if kept.of_file(run) else []
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(run.started))
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        with st.container(gap="xxsmall", width=430):
            st.markdown(f"**{plain(run.title)}**")
            st.caption(plain(" · ".join(filter(None, [run.about, when, *brought]))))
        st.space("stretch")
        for name, table in run.found.items():
            with st.popover(f"{name.title()}: {len(table):,} rows", key=f"found {name} {run.id}", width="content"):
                st.dataframe(table, hide_index=True, height=320, alt=f"{name} of {run.title}")
        st.badge(f"{word} {run.share():.0%}" if found == "working" else word, color=colour, icon=icon)  # pyright: ignore
        if run.address and run.page and st.button("Open", key=f"open {run.id}"):
            st.switch_page(run.page, query_params=run.address)
        if run.going_on:
            st.button("Stop", key=f"end {run.id}", on_click=_stop, args=(run,))
        else:
            st.button("Delete", key=f"end {run.id}", on_click=_delete, args=(run,))


def _stop(run: VisitorRun) -> None:
    kept.shelf().stop(run)


def _delete(run: VisitorRun) -> None:
    kept.shelf().forget(run)
