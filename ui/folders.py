"""Which paths may be typed into the app: all on one's own machine, those below ``UGRN_ALLOWED_ROOT`` elsewhere."""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path

import streamlit as st

from ugrn_core.errors import InputError
from ugrn_core.paths import user_path


def own_machine() -> bool:
    """Whether the server listens on the loopback interface only, so that nobody else reaches it."""
    address = st.get_option("server.address")
    if not address:
        return False
    try:
        return address == "localhost" or ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def allowed_root() -> Path | None:
    """Folder below which paths are accepted from anyone, or None."""
    given = os.environ.get("UGRN_ALLOWED_ROOT")
    return user_path(given).resolve() if given else None


def paths_welcome() -> bool:
    """Whether any path can be typed here at all."""
    return own_machine() or allowed_root() is not None


def typed_path(text: str) -> Path:
    """The path that was typed; one that this server must not open is an :class:`InputError`."""
    path = user_path(text.strip()).resolve()
    root = allowed_root()
    if own_machine() or (root is not None and path.is_relative_to(root)):
        return path
    where = f"below {root}" if root else "on the machine the app runs on, when it listens to that machine alone"
    raise InputError(f"{path} may not be opened from here: paths are accepted {where}. Upload the file instead.")
