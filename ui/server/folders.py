"""Which paths may be typed into the app: those below ``UGRN_ALLOWED_ROOT`` where it is set, else all on one's own
machine.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from ugrn_core.errors import InputError
from ugrn_core.paths import user_path
from ui.server.access import own_machine


def allowed_root() -> Path | None:
    """Folder below which paths are accepted, from anyone, and outside of which from nobody; None where none is set."""
    given = os.environ.get("UGRN_ALLOWED_ROOT")
    return user_path(given).resolve() if given else None


def paths_welcome() -> bool:
    """Whether any path can be typed here at all."""
    return allowed_root() is not None or own_machine()


def typed_path(text: str) -> Path:
    """The path that was typed, links followed; one that this server must not open is an :class:`InputError`.

    The message tells nothing of where links lead, or of what is there.
    """
    root = allowed_root()
    shown = text.strip()[:200]
    try:
        path = user_path(text.strip()).resolve()
        path.is_dir()
    except (OSError, ValueError):  # too long, or a NUL in it
        raise InputError(f"{shown!r} is no path of this machine.") from None
    if root is None and own_machine():
        return path
    if root is not None and path.is_relative_to(root):
        return path
    where = f"below {root}" if root else "on the machine the app runs on, when it listens to that machine alone"
    raise InputError(f"{shown} may not be opened from here: paths are accepted {where}. Upload the file instead.")


def typed_cells(text: str) -> Path:
    """The file or folder of cells that was typed; of a matrix.mtx the names lie in the files beside it."""
    path = typed_path(text)
    if re.search(r"\.mtx(\.gz)?$", path.name, re.IGNORECASE):
        typed_folder(str(path.parent))
    return typed_folder(text)


def typed_folder(text: str) -> Path:
    """The folder that was typed; none of the files in it may be a link that leads out of what may be opened."""
    folder = typed_path(text)
    root = allowed_root()
    if root is not None and folder.is_dir():
        away = [file.name for file in folder.iterdir() if not file.resolve().is_relative_to(root)]
        if away:
            raise InputError(f"{away[0][:100]} in {text.strip()[:200]} leads out of {root}, and may not be opened.")
    return folder
