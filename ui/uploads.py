"""Uploads of a session: Streamlit keeps every file that was ever uploaded until the session ends; here old ones go."""

from __future__ import annotations

from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

SMALL_ONES = 64 << 20
"""Room for lists and tables beside the largest upload allowed."""


def keep_within_bounds() -> None:
    """Let the oldest uploads of this session go until the others fit; the newest stays."""
    context = get_script_run_ctx()
    if context is None:
        return
    manager: Any = context.uploaded_file_mgr
    kept = list(getattr(manager, "file_storage", {}).get(context.session_id, {}).values())
    room = (int(st.get_option("server.maxUploadSize")) << 20) + SMALL_ONES
    for place, file in enumerate(reversed(kept)):
        room -= len(file.data)
        if room < 0 and place > 0:
            manager.remove_file(context.session_id, file.file_id)


def let_go(file: Any) -> None:
    """Drop an upload that has been read."""
    context = get_script_run_ctx()
    if context is not None:
        manager: Any = context.uploaded_file_mgr
        manager.remove_file(context.session_id, file.file_id)
