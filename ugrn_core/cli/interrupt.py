"""Ctrl-C during a long run: the first one stops it between two pieces of work, the second at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from ugrn_core.cli.output import say
from ugrn_core.errors import Cancelled
from ugrn_core.types import Cancel

INTERRUPTED = 130
"""Exit status of a program that Ctrl-C ended, by custom."""


@contextmanager
def stop_on_interrupt() -> Iterator[Cancel]:
    """A cancel callback that Ctrl-C sets; a run that stops by it ends the program with a sentence and status 130."""
    stopped = threading.Event()

    def stop(*_: object) -> None:
        stopped.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        say("Stopping; what was finished is kept. Ctrl-C again ends at once.")

    before = signal.getsignal(signal.SIGINT)
    if before != signal.SIG_IGN:  # who started this program (nohup, a script's &) wants it left alone
        signal.signal(signal.SIGINT, stop)
    try:
        yield stopped.is_set
    except Cancelled as error:
        say("Stopped. The same line, given again, goes on from there.")
        raise typer.Exit(INTERRUPTED) from error
    finally:
        if before != signal.SIG_IGN:
            signal.signal(signal.SIGINT, before)
