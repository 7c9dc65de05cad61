"""Background jobs: one compute queue a device, progress with an estimate, cancel, and one job a question.

A page submits a function and keeps the job's id; it polls :meth:`Job.status` and never touches the worker thread.
The functions take ``progress`` and ``cancel`` as in :mod:`ugrn_core.types`. Importing this module starts nothing.
"""

from __future__ import annotations

import atexit
import logging
import secrets
import threading
import time
import traceback
from collections.abc import Callable, Hashable
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from ugrn_core.device_queue import DeviceQueue
from ugrn_core.errors import Cancelled, UGRNError
from ugrn_core.memory import bytes_held
from ugrn_core.opened import OpenedResults, Trace
from ugrn_core.time_left import TimeLeft
from ugrn_core.types import Cancel, Progress

log = logging.getLogger(__name__)

State = Literal["queued", "working", "done", "failed", "cancelled"]
T = TypeVar("T")

KEEP_FINISHED = 64
KEEP_SECONDS = 1800.0
KEEP_BYTES = 1 << 30
FILES, PRINT = "files", "print"
WORKERS = {FILES: 2, PRINT: 1}
"""Queues that are no device, in which sessions take turns: two files are read at a time, one figure drawn for print."""
SHORT = " (short)"
"""Behind the name of a device: its second queue, so that a short question does not wait for a long job."""
EXIT_SECONDS = 3.0  # patience with running jobs when the interpreter ends


@dataclass(frozen=True)
class JobStatus:
    """What a page shows of a job at one moment.

    ``share`` is 0 to 1; ``seconds_left`` None where there is no estimate; ``ahead`` counts the jobs that have their
    turn on the device before this one; ``error`` is the sentence for the user of a failed job.
    """

    state: State
    share: float
    message: str
    seconds: float
    seconds_left: float | None
    ahead: int
    error: str | None

    @property
    def finished(self) -> bool:
        return self.state in ("done", "failed", "cancelled")


class Job(Generic[T]):
    """One question on its way to an answer; made by :meth:`Jobs.submit`. ``id`` is random (128 bits, hex); ``trace``
    says what it read of the store."""

    def __init__(self, key: Hashable, device: str, opened: OpenedResults | None = None) -> None:
        self.id = secrets.token_hex(16)
        self.key = key
        self.device = device
        self.finished_at: float | None = None
        self.used_at = 0.0
        self.held_bytes = 0
        self.future: Future[T]
        self.owners: set[str] = set()
        self.trace = Trace(opened)
        self.beside = None if opened is None else opened.state
        self.stop = threading.Event()
        self._lock = threading.Lock()
        self._started_at: float | None = None
        self._share = 0.0
        self._message = ""
        self._pace = TimeLeft()

    def run(self, function: Callable[[Progress, Cancel], T]) -> T:
        """Call ``function`` on the worker thread; a bug is logged with its traceback and raised by :meth:`result`."""
        self._started_at = time.monotonic()
        try:
            with self.trace.on():
                result = function(self._progress, self.stop.is_set)
            self.held_bytes = bytes_held(result)
            return result
        except BaseException as error:
            if not isinstance(error, UGRNError):
                log.exception("job %s failed", self.id)
            traceback.clear_frames(error.__traceback__)  # a kept error must not keep the tensors of its frames
            raise

    def finish(self, _: Future[T]) -> None:
        """Note the time at which the job was done, failed or taken out of the queue."""
        self.finished_at = self.used_at = time.monotonic()

    def _progress(self, share: float, message: str) -> None:
        share = min(1.0, max(0.0, float(share)))
        with self._lock:
            self._share, self._message = share, message
            self._pace.update(share, time.monotonic())

    @property
    def state(self) -> State:
        if self.future.running():
            return "working"
        if not self.future.done():
            return "queued"
        if self.future.cancelled():
            return "cancelled"
        error = self.future.exception()
        return "done" if error is None else "cancelled" if isinstance(error, Cancelled) else "failed"

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until the job is finished, ``seconds`` at most; returns whether it is."""
        try:
            self.future.exception(seconds)
        except FutureTimeout:
            return False
        except CancelledError:
            pass
        return True

    def result(self, seconds: float | None = None) -> T:
        """The answer, waiting for it; raises what the function raised, :class:`Cancelled`, or TimeoutError."""
        try:
            return self.future.result(seconds)
        except CancelledError:
            raise Cancelled("Stopped before its turn came.") from None

    def error(self) -> str | None:
        """Sentence for the user of a failed job; a bug is named by its type, its traceback is in the log."""
        if self.state != "failed":
            return None
        error = self.future.exception()
        if isinstance(error, UGRNError):
            return str(error)
        return f"This is a bug in the program ({type(error).__name__}); its traceback is in the log."

    def seconds(self) -> tuple[float, float | None]:
        """Seconds since the start (0 while queued), and seconds left by the pace so far."""
        if self._started_at is None:
            return 0.0, None
        now = time.monotonic() if self.finished_at is None else self.finished_at
        with self._lock:
            return now - self._started_at, self._pace.seconds_left(now)

    def status(self, ahead: int = 0) -> JobStatus:
        """Snapshot of the job; ``ahead`` as counted by :meth:`Jobs.status`."""
        state = self.state
        seconds, left = self.seconds()
        with self._lock:
            share, message = self._share, self._message
        if state == "done":
            share = 1.0
        return JobStatus(state, share, message, seconds, left if state == "working" else None, ahead, self.error())


class Jobs:
    """Registry of the jobs of this process, shared by all sessions.

    Finished jobs stay for ``keep_seconds`` after they were last asked for, ``keep`` of them and about ``keep_bytes`` at
    most; but the last one stays whatever its size. One that was let go is computed (or read from the store) anew.
    ``owner`` names who asks, e.g. a session: a job that several owners share stops when the last of them cancels.
    """

    def __init__(
        self, keep: int = KEEP_FINISHED, keep_seconds: float = KEEP_SECONDS, keep_bytes: int = KEEP_BYTES
    ) -> None:
        self._keep = keep
        self._keep_bytes = keep_bytes
        self._keep_seconds = keep_seconds
        self._lock = threading.RLock()
        self._jobs: dict[str, Job[Any]] = {}
        self._queues: dict[str, DeviceQueue] = {}

    def executor(self, device: str = "cpu") -> DeviceQueue:
        """The compute queue of ``device``; the same one every time, or inside a short job that of short ones."""
        with self._lock:
            short = self._queues.get(device + SHORT)
            if short is not None and short.inside:
                return short
            if not self._queues:
                atexit.register(self.shutdown)
            return self._queues.setdefault(device, DeviceQueue(device, WORKERS.get(device, 1)))

    def submit(
        self,
        key: Hashable,
        function: Callable[[Progress, Cancel], T],
        *,
        device: str = "cpu",
        owner: str = "",
        short: bool = False,
        opened: OpenedResults | None = None,
    ) -> Job[T]:
        """Put ``function(progress, cancel)`` into the queue of ``device``, or join the job that has the same key.

        ``key`` must tell apart everything the answer depends on. Joined are jobs that wait, run or are done; after a
        failed, cancelled or stopping one the work starts anew. ``device`` counts for a new job only. A ``short`` job
        takes its turn among the short ones of the device, beside a long one that runs there. From inside a job this is
        a RuntimeError: a job hands out blocks through :meth:`executor`. ``opened``: results of a session that this
        work may read beside the store's; those who have not opened it never join.
        """
        if self.executor(device).inside:
            raise RuntimeError("a job cannot submit a job and wait for it; hand out blocks through Jobs.executor")
        device += SHORT if short and device not in WORKERS else ""
        turns = self.executor(device)
        beside = None if opened is None else opened.state
        with self._lock:
            self._forget()
            for job in self._jobs.values():
                if (
                    job.key == key
                    and job.beside == beside
                    and not job.stop.is_set()
                    and job.state in ("queued", "working", "done")
                ):
                    job.owners.add(owner)
                    job.used_at = time.monotonic()
                    return job
            job = Job[T](key, device, opened)
            job.owners.add(owner)
            job.future = turns.submit_for(owner if device in WORKERS else "", lambda: job.run(function))
            job.future.add_done_callback(job.finish)
            self._jobs[job.id] = job
            return job

    def get(self, job_id: str) -> Job[Any] | None:
        """The job with this id, or None where there is none (any more)."""
        with self._lock:
            self._forget()
            job = self._jobs.get(job_id)
            if job is not None:
                job.used_at = time.monotonic()
            return job

    def status(self, job_id: str) -> JobStatus | None:
        """Snapshot of a job with its place in the queue, or None where there is none (any more)."""
        with self._lock:
            job = self.get(job_id)
            if job is None:
                return None
            if job.state != "queued":
                return job.status()
            working = sum(other.device == job.device and other.state == "working" for other in self._jobs.values())
            return job.status(working + self.executor(job.device).ahead(job.future))

    def cancel(self, job_id: str, owner: str = "") -> None:
        """``owner`` no longer wants the job: without owners left, it is taken out of the queue or asked to stop."""
        with self._lock:
            job = self._jobs.get(job_id)
            if job is None:
                return
            job.owners.discard(owner)
            if not job.owners and not job.future.done():
                job.stop.set()
                job.future.cancel()

    def shutdown(self, seconds: float = EXIT_SECONDS) -> None:
        """Stop all jobs and wait for the running ones, ``seconds`` at most; for the end of the interpreter."""
        with self._lock:
            queues, jobs = list(self._queues.values()), list(self._jobs.values())
        for job in jobs:
            job.stop.set()
        deadline = time.monotonic() + seconds
        for each in queues:
            each.shutdown(wait=False, cancel_futures=True)
        for each in queues:
            each.join(max(0.0, deadline - time.monotonic()))

    def _forget(self) -> None:
        """Drop finished jobs that are too old, too many or too large, those first that nobody asked for longest."""
        now = time.monotonic()
        finished = [job for job in self._jobs.values() if job.finished_at is not None]
        held = 0
        for place, job in enumerate(sorted(finished, key=lambda job: -job.used_at)):
            held += job.held_bytes
            too_large = held > self._keep_bytes and place > 0
            if place >= self._keep or too_large or now - job.used_at > self._keep_seconds:
                del self._jobs[job.id]


JOBS = Jobs()
"""The registry of this process."""
