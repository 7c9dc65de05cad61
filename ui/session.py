"""What one session is, what becomes of its work when its page is closed, and what all sessions of the server share."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, field

import streamlit as st

from ugrn_core.jobs import JOBS
from ugrn_core.store import Store

PATIENCE = 15.0
"""Seconds after which the jobs of a closed page are stopped; a page that was loaded anew has joined them by then."""


@dataclass
class Visitor:
    """A session: ``owner`` is its random name as an owner of jobs, ``jobs`` the ids of those it asked for."""

    owner: str
    jobs: set[str] = field(default_factory=set)
    leaving: threading.Timer | None = None

    def arrive(self) -> None:
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


@st.cache_resource(show_spinner=False)
def store() -> Store:
    """The result store of this server."""
    return Store()


def visitor() -> Visitor:
    """This session."""
    if "visitor" not in st.session_state:
        st.session_state["visitor"] = Visitor(secrets.token_hex(16))
    known: Visitor = st.session_state["visitor"]
    _present(known.owner, known)
    return known


@st.cache_resource(scope="session", on_release=Visitor.leave, show_spinner=False)
def _present(owner: str, _visitor: Visitor) -> Visitor:
    """Kept as long as the session is connected; made anew when it comes back."""
    _visitor.arrive()
    return _visitor
