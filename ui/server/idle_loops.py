"""Event loops that hold no file until they run: Streamlit makes one a session and hardly ever runs it.

An ordinary one holds three (a poll object and a pair of sockets), so that 60 sessions ran out of 256 files.
"""

from __future__ import annotations

import asyncio
import selectors
import sys


class IdleLoop(asyncio.SelectorEventLoop):
    """A loop that asks the system by ``poll``, which needs no file, and opens its sockets when it first runs."""

    def __init__(self) -> None:
        self._csock = self._ssock = None
        super().__init__(selectors.PollSelector())

    def _make_self_pipe(self) -> None:
        """Called by the base when it is made; nobody can wait for a loop that does not run."""

    def run_forever(self) -> None:
        if self._csock is None:
            super()._make_self_pipe()  # pyright: ignore[reportAttributeAccessIssue]
        super().run_forever()

    def _close_self_pipe(self) -> None:
        if self._csock is not None:
            super()._close_self_pipe()  # pyright: ignore[reportAttributeAccessIssue]


class IdleLoops(asyncio.DefaultEventLoopPolicy):
    """Makes every new loop an :class:`IdleLoop`; those that are there stay."""

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        return IdleLoop()


def install() -> None:
    """From now on; again and again does nothing. Other policies than Python's own stay."""
    if sys.platform != "win32" and type(asyncio.get_event_loop_policy()) is asyncio.DefaultEventLoopPolicy:
        asyncio.set_event_loop_policy(IdleLoops())
