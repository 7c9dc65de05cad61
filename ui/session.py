"""What one session is and what all sessions of the server share."""

from __future__ import annotations

import secrets

import streamlit as st

from ugrn_core.store import Store


@st.cache_resource(show_spinner=False)
def store() -> Store:
    """The result store of this server."""
    return Store()


def owner() -> str:
    """Random name of this session: who asks for a job, and may stop it."""
    return st.session_state.setdefault("owner", secrets.token_hex(16))
