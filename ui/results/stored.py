"""What computed results take on disk, and the way to be rid of them."""

from __future__ import annotations

import streamlit as st

from ugrn_core.errors import InputError
from ugrn_core.recent import RECENT
from ugrn_core.time_left import byte_words
from ui.results import keys
from ui.server.access import own_machine
from ui.server.session import store
from ui.shared.errors import plain, said_in_place


def show() -> None:
    """A line in the sidebar that opens on a click."""
    with st.popover("Stored results", icon=":material/database:", width="stretch"), said_in_place():
        stats = store().stats()
        st.markdown(f"{stats.entries:,} results, {byte_words(stats.size)} of {byte_words(stats.limit)}")
        if own_machine():
            st.caption(plain(f"Nothing is computed twice. Kept in {stats.folder}; also `ugrn cache`."))
            st.button("Clear", on_click=_clear, disabled=not stats.entries, key=keys.CLEAR_RESULTS)
        else:
            st.caption("Nothing is computed twice. Everybody who uses this server shares them.")

    _tell_damage(store().notes())


def _tell_damage(notes: tuple[str, ...]) -> None:
    """Tell a session once what was found damaged in the store; it stays until it is closed."""
    for note in notes[st.session_state.get(keys.DAMAGE_TOLD, 0) :]:
        st.toast(plain(note), icon=":material/warning:", duration="infinite")
    st.session_state[keys.DAMAGE_TOLD] = len(notes)


def _clear() -> None:
    """Never from the browser of a server that others use, however the button came to be clicked."""
    with said_in_place():
        if not own_machine():
            raise InputError("The results of a server that others use are cleared there, with `ugrn cache --clear`.")
        store().clear()
        RECENT.clear()
