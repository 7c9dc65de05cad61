"""What one session is, what becomes of its work when its page is closed, and what all sessions of the server share."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from ugrn_core.errors import InputError
from ugrn_core.jobs import JOBS
from ugrn_core.opened import TRACE, Trace
from ugrn_core.paths import cache_folder
from ugrn_core.store import Store
from ui.server import keys
from ui.server.access import shared_library

PATIENCE = 15.0
"""Seconds after which the jobs of a closed page are stopped; a page that was loaded anew has joined them by then."""

VISITOR = "ugrn-visitor"
"""Cookie by which the door (:mod:`ui.server.door`) tells browsers apart where several people use one server."""
LIBRARY_BYTES = 1 << 30
"""Disk that the libraries of all sessions take together; beyond, those go that were visited longest ago."""
OWN_BYTES = 256 << 20
"""Disk that the library of one browser takes."""
VISITOR_ID = re.compile(r"[0-9a-f]{32}")
WEEK = 7 * 24 * 3600
"""Seconds that a browser, and what it left here, is remembered after its last visit."""


@dataclass
class Visitor:
    """A session: ``owner`` is its random name as an owner of jobs, ``jobs`` the ids of those it asked for."""

    owner: str
    jobs: set[str] = field(default_factory=set)
    leaving: threading.Timer | None = None

    def stay(self) -> None:
        """The page is there, perhaps again."""
        if self.leaving is not None:
            self.leaving.cancel()
            self.leaving = None

    def leave(self) -> None:
        """The page was closed, or lost its connection: stop its jobs unless it comes back."""
        self.leaving = threading.Timer(PATIENCE, self.stop)
        self.leaving.daemon = True
        self.leaving.start()

    def stop(self) -> None:
        """Give up all jobs; those that another session wants too go on."""
        for job_id in self.jobs:
            JOBS.cancel(job_id, self.owner)


def store() -> Store:
    """The result store of this server; on a page, what sessions that its visitor opened hold is read beside it."""
    opened = (
        st.session_state.get(keys.OPENED_RESULTS) if get_script_run_ctx(suppress_warning=True) is not None else None
    )
    if opened is not None and TRACE.get() is None:
        TRACE.set(Trace(opened))
    return _store()


@st.cache_resource(show_spinner=False)
def _store() -> Store:
    return Store()


def visitor() -> Visitor:
    """This session."""
    if keys.VISITOR not in st.session_state:
        st.session_state[keys.VISITOR] = Visitor(secrets.token_hex(16))
    known: Visitor = st.session_state[keys.VISITOR]
    _present(known.owner, known)
    return known


def library() -> Path | None:
    """Folder of this session's own translators; None where all have one library (docs/deploy.md).

    It is its browser's, so that a page that is loaded anew finds them again, and goes a week after the last visit.
    """
    if shared_library():
        return None
    given = st.context.cookies.to_dict().get(VISITOR, "")
    folder = _libraries() / (given if VISITOR_ID.fullmatch(given) else visitor().owner)
    with suppress(OSError):
        os.utime(folder)
    return folder


def make_room_in_libraries(wanted: int) -> None:
    """Let libraries of other browsers go, those visited longest ago first, until ``wanted`` more bytes fit.

    More than one browser may keep is an :class:`InputError`; a library for all has no bound.
    """
    own = library()
    if own is None:
        return
    if _size(own) + wanted > OWN_BYTES:
        raise InputError(
            f"Your translators would take more than the {OWN_BYTES >> 20} MB of disk that one browser has on this "
            "server. Take some away as a zip and delete them here."
        )
    libraries = [folder for folder in own.parent.glob("*") if VISITOR_ID.fullmatch(folder.name)]
    sizes = {folder: (_visited(folder), _size(folder)) for folder in libraries}
    total = wanted + sum(size for _, size in sizes.values())
    for folder in sorted(sizes, key=lambda folder: sizes[folder][0]):
        if total <= LIBRARY_BYTES:
            return
        if folder != own:
            shutil.rmtree(folder, ignore_errors=True)
            total -= sizes[folder][1]


def _visited(folder: Path) -> float:
    with suppress(OSError):
        return folder.stat().st_mtime
    return 0.0


def _size(folder: Path) -> int:
    total = 0
    with suppress(OSError):  # gone meanwhile
        for file in folder.rglob("*"):
            total += file.lstat().st_size
    return total


@st.cache_resource(ttl=WEEK / 7, show_spinner=False)
def _libraries() -> Path:
    """Where libraries of sessions lie; once a day those that nobody came back to are removed."""
    above = cache_folder() / "translators-of-sessions"
    for folder in above.glob("*"):
        with suppress(OSError):
            if VISITOR_ID.fullmatch(folder.name) and time.time() - folder.stat().st_mtime > WEEK:
                shutil.rmtree(folder)
    return above


@st.cache_resource(scope="session", on_release=Visitor.leave, show_spinner=False)
def _present(owner: str, _visitor: Visitor) -> Visitor:
    """Kept as long as the session is connected; made anew when it comes back."""
    _visitor.stay()
    return _visitor
