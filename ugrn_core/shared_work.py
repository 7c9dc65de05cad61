"""Pieces of work that runs share: read from the store where it has them, else computed by an executor and kept.

A bounded number of pieces is under way at a time, each under the locks of its results. A lock is never waited for: a
piece that another run computes is put back and looked for again, so that two runs of one question work on different
pieces, and none waits for another while it holds what that one needs.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np

from ugrn_core.errors import Cancelled, stop_if
from ugrn_core.store import Store
from ugrn_core.types import Cancel

POLL_SECONDS = 0.1
"""How often ``cancel`` is asked while nothing happens."""
LOOK_AGAIN_SECONDS = 0.3
"""How often pieces are looked for that another run computes."""
GRACE_SECONDS = 5.0
"""Patience with pieces that run in this process when the work stops early: they look up between two batches."""
MOST_LOCKS = 400
"""Results under way at most: each lock is an open file, and a process may have about a thousand."""

Arrays = dict[str, np.ndarray]
Results = dict[str, Arrays]
"""Arrays by store address."""


@dataclass(frozen=True)
class WorkItem:
    """Something to compute: the store addresses of its results, and how those that are missing are handed over.

    ``submit(missing, cancel)`` gives the future of exactly the results under ``missing``; a task in this process asks
    ``cancel`` between its batches.
    """

    keys: tuple[str, ...]
    submit: Callable[[tuple[str, ...], Cancel], Future[Results]]


def shared_results(
    pieces: Iterable[WorkItem],
    store: Store | None,
    *,
    width: Callable[[], int],
    cancel: Cancel | None = None,
    explain: Callable[[BaseException], BaseException] = lambda error: error,
) -> Generator[tuple[WorkItem, Results], None, None]:
    """Each piece with all its results, once, in the order in which they are there; kept before they are given.

    ``width`` is asked for the number of pieces to have under way. ``explain`` turns what a task raised into what is
    raised here. Pieces are drawn as there is room for them. After an error, a stop or an early end of the caller
    (close the iterator) nothing is under way and nothing locked; what was finished is kept.
    """
    new, busy = iter(pieces), deque[WorkItem]()
    under_way: dict[Future[Results], _Held] = {}
    stop, look_again, drawn = threading.Event(), 0.0, False

    def stopped() -> bool:
        return stop.is_set() or (cancel is not None and cancel())

    try:
        while not (drawn and not busy and not under_way):
            again = 0
            if busy and time.monotonic() >= look_again:
                again, look_again = len(busy), time.monotonic() + LOOK_AGAIN_SECONDS
            while _room(under_way, width()) and (again or not drawn):
                stop_if(stopped)
                piece = busy.popleft() if again else next(new, None)
                again = max(0, again - 1)
                if piece is None:
                    drawn = True
                    break
                started = _start(piece, store, stopped)
                if started is None:
                    busy.append(piece)
                elif started.future is None:
                    yield piece, started.found
                else:
                    under_way[started.future] = started
            stop_if(stopped)
            for future in _finished(under_way, POLL_SECONDS if busy else 0.0):
                held = under_way.pop(future)
                yield held.piece, _results(held, future, store, explain)
    finally:
        stop.set()
        _let_go(under_way)


@dataclass(frozen=True)
class _Held:
    """A piece that was started: what the store had of it, and the future of the rest under its locks."""

    piece: WorkItem
    found: Results
    future: Future[Results] | None
    locks: ExitStack
    n_locks: int


def _room(under_way: dict[Future[Results], _Held], width: int) -> bool:
    return len(under_way) < max(1, width) and sum(held.n_locks for held in under_way.values()) < MOST_LOCKS


def _start(piece: WorkItem, store: Store | None, cancel: Cancel) -> _Held | None:
    """The piece, read or submitted; None where another run holds the lock of a result."""
    found = _read(store, piece.keys)
    missing = [key for key in piece.keys if key not in found]
    with ExitStack() as locks:
        if missing and store is not None:
            try:
                locks.enter_context(store.lock(*missing, cancel=lambda: True))  # a held lock is not waited for
            except Cancelled:
                return None
            found |= _read(store, missing)
            missing = [key for key in missing if key not in found]
        future = piece.submit(tuple(missing), cancel) if missing else None
        return _Held(piece, found, future, locks.pop_all() if missing else ExitStack(), len(missing))


def _read(store: Store | None, keys: Iterable[str]) -> Results:
    rows = {} if store is None else {key: store.get(key) for key in keys}
    return {key: arrays for key, arrays in rows.items() if arrays is not None}


def _finished(under_way: dict[Future[Results], _Held], pause: float) -> list[Future[Results]]:
    """Futures that are done, after a moment at most; where nothing is under way, after ``pause`` seconds none."""
    if not under_way:
        time.sleep(pause)
        return []
    done, _ = wait(under_way, POLL_SECONDS, FIRST_COMPLETED)
    return [future for future in under_way if future in done]


def _results(
    held: _Held, future: Future[Results], store: Store | None, explain: Callable[[BaseException], BaseException]
) -> Results:
    with held.locks:
        try:
            fresh = future.result()
        except BaseException as error:
            reason = explain(error)
            if reason is error:
                raise
            raise reason from error
        if store is not None:
            store.put_many(fresh)
    return held.found | fresh


def _let_go(under_way: dict[Future[Results], _Held]) -> None:
    """Cancel what has not begun, wait for what runs here and was told to stop, and open the locks."""
    try:
        for future in under_way:
            future.cancel()
        wait(under_way, GRACE_SECONDS)
    finally:
        for held in under_way.values():
            held.locks.close()
