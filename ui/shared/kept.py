"""What a visitor has loaded and run here, kept beyond one session: a page that is loaded anew finds it again.

It lies in the memory of the server, bounded, and is found by hashes and random numbers in an address, by the visitor
alone: on one's own machine there is one visitor, elsewhere each browser is one (the cookie of the door).
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import streamlit as st

from ugrn_core.errors import InputError
from ugrn_core.jobs import JOBS, Job, JobStatus
from ugrn_core.memory import bytes_held
from ugrn_core.opened import OpenedResults, Trace
from ugrn_core.session_file import KeptCells, KeptRun, Session
from ui.server.access import own_machine
from ui.server.session import VISITOR, VISITOR_ID, visitor

MOST_RUNS = 100
"""Runs listed; the oldest finished ones go."""
MOST_GOING_ON = 3
"""Long runs of a visitor that go on when nobody looks."""
CELLS_BYTES = 256 << 20
TEXT_BYTES = 1 << 20
"""Of one list."""
TEXTS_BYTES = 16 << 20
ALL_BYTES = 1 << 30
"""Of all visitors; those go that came longest ago."""
MOST_SHELVES = 500
LOOK_EVERY = 5.0
"""Seconds between two looks at how much all visitors take."""
MOST_ROWS = 1_000
"""Of a table that a run has found; its page and its files have all."""
OF_FILE = "from a file"
"""First word of the topic of a run that a session brought."""
MARK = "~"
"""Before the hash of a text in an address, where a short list would stand itself."""


@dataclass
class VisitorRun:
    """One question that was run: ``jobs`` by the key of their question, ``address`` of the page that shows it."""

    topic: Hashable
    page: str
    title: str
    about: str = ""
    started: float = field(default_factory=time.time)
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    jobs: dict[Hashable, str] = field(default_factory=dict)
    address: dict[str, str] = field(default_factory=dict)
    asked_for: bool = False
    stopped: bool = False
    sessions: set[str] = field(default_factory=set)
    """Owners of its jobs, of the same visitor."""
    found: dict[str, pd.DataFrame] = field(default_factory=dict)
    """Tables of what came out, the first rows of each, by name."""
    found_bytes: int = 0
    traces: list[Trace] = field(default_factory=list)
    """What its jobs read of the store or put into it."""
    seen: str = "queued"
    """Its last known state, for when the jobs are forgotten."""

    def statuses(self) -> list[JobStatus]:
        return [status for job_id in self.jobs.values() if (status := JOBS.status(job_id)) is not None]

    def state(self) -> str:
        """queued, working, done, failed or cancelled: that of the job that is behind the others."""
        if self.stopped:
            return "cancelled"
        states = {status.state for status in self.statuses()}
        if states:
            self.seen = next(s for s in ("failed", "cancelled", "working", "queued", "done") if s in states)
        return self.seen

    def follow(self, trace: Trace) -> None:
        """What a job of it reads or makes belongs to it."""
        if all(trace is not known for known in self.traces):
            self.traces.append(trace)

    def results(self) -> tuple[str, ...]:
        """Addresses of the results it rests on."""
        return tuple(sorted(set().union(*(trace.read for trace in self.traces))))

    @property
    def going_on(self) -> bool:
        return self.state() in ("queued", "working")

    def share(self) -> float:
        """Finished part of it, 0 to 1."""
        found = self.statuses()
        return sum(status.share for status in found) / len(found) if found else 1.0


@dataclass
class Shelf:
    """What is kept of one visitor. ``keeper`` owns the jobs that go on when no page asks for them."""

    keeper: str = field(default_factory=lambda: f"kept {secrets.token_hex(16)}")
    cells: OrderedDict[str, Any] = field(default_factory=OrderedDict)
    texts: OrderedDict[str, str] = field(default_factory=OrderedDict)
    runs: OrderedDict[str, VisitorRun] = field(default_factory=OrderedDict)
    sizes: dict[str, int] = field(default_factory=dict)
    opened: OpenedResults = field(default_factory=OpenedResults)
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def put_cells(self, cells: Any) -> str:
        """Keep cells; the hash by which they are found. Those go that were used longest ago."""
        digest = cells.data.digest
        with self.lock:
            if digest not in self.cells:
                self.sizes[digest] = bytes_held(cells.data)
            self.cells[digest] = cells
            self.cells.move_to_end(digest)
            while len(self.cells) > 1 and sum(self.sizes[d] for d in self.cells) > CELLS_BYTES:
                self.cells.popitem(last=False)
        return digest

    def put_text(self, text: str) -> str:
        """Keep a list; the mark and hash that stand for it in an address, nothing for an empty one or one too long."""
        content = text.encode("utf-8", "surrogatepass")
        if not text.strip() or len(content) > TEXT_BYTES:
            return ""
        digest = hashlib.sha256(content).hexdigest()[:32]
        with self.lock:
            self.texts[digest] = text
            self.texts.move_to_end(digest)
            while sum(map(len, self.texts.values())) > TEXTS_BYTES:
                self.texts.popitem(last=False)
        return MARK + digest

    def text(self, given: str) -> str | None:
        """The list of a mark and hash; None where it is not here."""
        return self.texts.get(given.removeprefix(MARK)) if given.startswith(MARK) else None

    def run_of(self, topic: Hashable) -> VisitorRun | None:
        return next((run for run in list(self.runs.values()) if run.topic == topic), None)

    def note(
        self, topic: Hashable, page: str, title: str, about: str, job: Job[Any], *, asked_for: bool, session: str = ""
    ) -> VisitorRun:
        """A job of a run has begun, for a ``session``; one that was asked for goes on when its page is gone."""
        with self.lock:
            run = self.run_of(topic)
            if run is None or run.stopped:
                if run is not None:
                    del self.runs[run.id]
                run = VisitorRun(topic, page, title, about)
                self.runs[run.id] = run
            run.follow(job.trace)
            if run.jobs and not any(_kind(key) == _kind(job.key) for key in run.jobs):
                return run  # curves of an edge beside a network
            if title not in run.title:
                run.title = f"{run.title} and {title}"
            run.jobs[job.key] = job.id
            run.sessions.add(session)
            if asked_for:
                run.asked_for = True
                job.owners.add(self.keeper)
            self._bound()
            return run

    def stop(self, run: VisitorRun) -> None:
        """End what of it goes on, unless another visitor wants it too; what was finished is in the store."""
        run.stopped = run.going_on or run.stopped
        for job_id in run.jobs.values():
            for owner in (self.keeper, *run.sessions):
                JOBS.cancel(job_id, owner)

    def forget(self, run: VisitorRun) -> None:
        """Take it from the list."""
        self.stop(run)
        with self.lock:
            self.runs.pop(run.id, None)

    def asked_for(self, key: Hashable) -> bool:
        """Whether the work of a question was started by a click before, and not stopped."""
        return any(run.asked_for and not run.stopped and key in run.jobs for run in list(self.runs.values()))

    def addressed(self, topics: Iterable[Hashable], address: Mapping[str, str], page: str) -> None:
        """The runs of what a page shows are found again by its address; what another page has shown keeps its own."""
        shown = set(topics)
        for run in list(self.runs.values()):
            if run.topic in shown and run.page == page:
                run.address = {name: value for name, value in address.items() if name != "job"}
                self._once(run)

    def _once(self, run: VisitorRun) -> None:
        """A run of a session that was opened and is shown now stands once in the list."""
        with self.lock:
            for other in list(self.runs.values()):
                if of_file(other) and other is not run and (other.page, other.address) == (run.page, run.address):
                    del self.runs[other.id]

    def show(self, topic: Hashable, **tables: pd.DataFrame) -> None:
        """What a run has found, as its page shows it."""
        run = self.run_of(topic)
        if run is not None:
            run.found = {name: plain_table(table.head(MOST_ROWS)) for name, table in tables.items()}
            run.found_bytes = bytes_held(run.found)

    def session(self) -> Session:
        """All of it, for a file."""
        with self.lock:
            cells = tuple(KeptCells(c.data, c.word, c.options) for c in self.cells.values())
            runs = tuple(
                KeptRun(run.page, run.title, run.about, run.started, run.state(), run.address, run.found, run.results())
                for run in list(self.runs.values())
                if run.page and run.address
            )
            return Session(cells, dict(self.texts), runs)

    def take(self, session: Session, cells: Callable[[KeptCells], Any], pages: Collection[str]) -> None:
        """Put what a file holds beside what is here; ``cells`` makes the cells of a page, ``pages`` are those there."""
        strange = next((run.page for run in session.runs if run.page not in pages), None)
        if strange is not None:
            raise InputError(f"The session names a page {strange[:60]!r} that is not here: is it of a newer version?")
        with self.lock:
            for held in session.cells:
                self.put_cells(cells(held))
            for text in session.lists.values():
                self.put_text(text)
            self.opened.add(session.results)
            for run in session.runs:
                address = {k: v for k, v in run.address.items() if k not in ("job", "folder")}
                seen = run.state if run.state in ("done", "failed") else "cancelled"
                made = VisitorRun((OF_FILE, secrets.token_hex(16)), run.page, run.title, run.about, run.started)
                made.address, made.found, made.seen = address, dict(run.found), seen
                made.found_bytes, made.traces = bytes_held(made.found), [Trace(read=set(run.results))]
                self.runs[made.id] = made
            self._bound()

    def going_on(self) -> list[VisitorRun]:
        return [run for run in list(self.runs.values()) if run.going_on]

    def held(self) -> int:
        """About how many bytes it keeps."""
        tables = sum(run.found_bytes for run in list(self.runs.values()))
        texts = sum(map(len, list(self.texts.values())))
        return sum(self.sizes[d] for d in list(self.cells)) + texts + tables + self.opened.held()

    def _bound(self) -> None:
        for run in [run for run in list(self.runs.values()) if run.asked_for and run.going_on][:-MOST_GOING_ON]:
            for job_id in run.jobs.values():
                JOBS.cancel(job_id, self.keeper)  # it goes on as long as a page looks at it
        for run in [run for run in list(self.runs.values()) if not run.going_on][: max(0, len(self.runs) - MOST_RUNS)]:
            del self.runs[run.id]


def of_file(run: VisitorRun) -> bool:
    """Whether a session brought it."""
    return isinstance(run.topic, tuple) and run.topic[:1] == (OF_FILE,)


def plain_table(table: pd.DataFrame) -> pd.DataFrame:
    """A table of its own, without categories."""
    return table.astype({name: object for name in table if table[name].dtype.name == "category"}).copy()


def _kind(key: Hashable) -> object:
    """The first word of a question's key."""
    return key[0] if isinstance(key, tuple) else key


class Shelves:
    """The shelves of all visitors of this server, by a name that nobody else has."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._shelves: OrderedDict[str, Shelf] = OrderedDict()
        self._looked = 0.0

    def of(self, name: str) -> Shelf:
        """A visitor's shelf, made where there is none; others go where all take too much."""
        with self._lock:
            new = name not in self._shelves
            shelf = self._shelves.setdefault(name, Shelf()) if new else self._shelves[name]
            self._shelves.move_to_end(name)
            if not new and time.monotonic() - self._looked < LOOK_EVERY:
                return shelf
            self._looked = time.monotonic()
            while len(self._shelves) > 1 and (len(self._shelves) > MOST_SHELVES or self._held() > ALL_BYTES):
                _, gone = self._shelves.popitem(last=False)
                for run in gone.going_on():
                    gone.stop(run)
            return shelf

    def clear(self) -> None:
        with self._lock:
            self._shelves.clear()

    def _held(self) -> int:
        return sum(shelf.held() for shelf in self._shelves.values())


SHELVES = Shelves()
"""Of this process."""


def shelf() -> Shelf:
    """That of this visitor."""
    if own_machine():
        return SHELVES.of("own machine")
    given = st.context.cookies.to_dict().get(VISITOR, "")
    return SHELVES.of(given if VISITOR_ID.fullmatch(given) else visitor().owner)
