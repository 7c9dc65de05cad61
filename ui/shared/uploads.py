"""Uploads of a session: Streamlit keeps every file that was ever uploaded until the session ends; here old ones go."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any, BinaryIO

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from ui.shared import keys

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


def copy_of(token: object, file: Path | BinaryIO) -> Path | None:
    """A path as it is; a copy of an upload on disk, one a session, which goes with it. None where there is no room.

    What is asked of cells one by one reads their file again, long after the upload was let go.
    """
    if isinstance(file, Path):
        return file
    held = st.session_state.get(keys.COPY_OF_CELLS)
    if held is None or held[0] != token:
        st.session_state.pop(keys.COPY_OF_CELLS, None)
        try:
            folder = tempfile.TemporaryDirectory(prefix="ugrn-cells-", ignore_cleanup_errors=True)
            file.seek(0)
            with (Path(folder.name) / "cells").open("wb") as copy:
                shutil.copyfileobj(file, copy, 1 << 20)
        except OSError:
            return None
        finally:
            file.seek(0)
        held = st.session_state[keys.COPY_OF_CELLS] = token, folder
    return Path(held[1].name) / "cells"
