"""Questions and their answers: at once where that is quick, else as a background job with progress and a way to stop.

A slot is a place on the page that shows one answer at a time. Worker threads never touch the page: a fragment asks
for the state of its job twice a second and draws the page anew when the job is finished.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Generic, TypeVar

import streamlit as st

from ugrn_core.errors import GeneError, InputError
from ugrn_core.jobs import JOBS, Job, JobStatus
from ugrn_core.opened import Trace
from ugrn_core.recent import RECENT
from ugrn_core.time_left import duration
from ugrn_core.types import Cancel, Progress
from ui.server.session import visitor
from ui.shared import kept, keys
from ui.shared.errors import plain

T = TypeVar("T")

AT_ONCE = 1.5
"""Seconds up to which an answer is computed while the page waits."""

SHORT = 20.0
"""Seconds up to which a question does not wait for the longer ones of others."""

UNASKED = 90.0
"""Seconds up to which a job starts by itself; longer ones wait for a click."""

GRACE = 0.05
"""Seconds a page waits for a job that may be done already, before it shows progress."""


@dataclass(frozen=True)
class Question(Generic[T]):
    """``key`` tells apart everything the answer depends on; ``seconds`` is what it will take, by estimate, or a
    function that estimates it, which is not asked where the answer is there already.

    ``button``: the words of a button that has to be clicked first, however short the work.
    """

    key: Hashable
    function: Callable[[Progress | None, Cancel | None], T]
    headline: str
    seconds: float | Callable[[], float]
    device: str = "cpu"
    button: str = ""
    about: str = ""
    """A few words more on what is asked, for the list of what was run."""

    def takes(self) -> float:
        """Seconds by estimate."""
        return self.seconds() if callable(self.seconds) else self.seconds


@dataclass
class Task:
    """A job this session has asked for, by slot; ``topic`` is the view it belongs to, None for all views."""

    key: Hashable
    job_id: str
    topic: Hashable
    stopped: bool = False


def turn_to(topic: Hashable) -> None:
    """The page shows another view now: stop the jobs of the one before."""
    for slot, task in list(_tasks().items()):
        if task.topic is not None and task.topic != topic:
            JOBS.cancel(task.job_id, visitor().owner)
            del _tasks()[slot]


def answer(slot: str, question: Question[T], topic: Hashable = None) -> T | None:
    """The answer, or None while there is none; then this place shows why, and how to go on.

    Quick questions are computed here and now, once for all sessions that ask the same. Others become a job. An
    :class:`InputError` is raised either way; after other failures a job can be tried again. ``topic``: see
    :func:`turn_to`.
    """
    opened = kept.shelf().opened
    if is_there(question):
        return RECENT.once(question.key, partial(question.function, None, None))
    question = replace(question, seconds=question.takes())
    if question.takes() < AT_ONCE:
        if opened.state is None:
            return RECENT.once(question.key, partial(question.function, None, None))
        with Trace(opened).on() as trace:
            found = question.function(None, None)
        _say_opened(slot, trace)
        return found
    task = _tasks().get(slot)
    if task is None or task.key != question.key:
        if not _wanted(slot, question):
            return None
        task = _submit(slot, question, topic)
    job = JOBS.get(task.job_id)
    if job is None:
        task = _submit(slot, question, topic)
        job = JOBS.get(task.job_id)
    assert job is not None
    return _outcome(slot, task, job, question)


def is_there(question: Question[Any]) -> bool:
    """Whether a quick question was answered a moment ago, here or in another session."""
    return question.key in RECENT and kept.shelf().opened.state is None


def at_once(question: Question[Any]) -> bool:
    """Whether the answer comes while the page waits."""
    return is_there(question) or question.takes() < AT_ONCE


def shared(key: Hashable, make: Callable[[], T], size: int | None = None) -> T:
    """What ``make`` makes of answers, once for all sessions that ask the same (:mod:`ugrn_core.recent`).

    Who has opened a session of somebody else stays alone: its results are nobody else's, and theirs may rest on them.
    """
    return RECENT.once(key, make, size) if kept.shelf().opened.state is None else make()


def take_up(job: Job[Any]) -> None:
    """Go on with a job whose id came with the address, without asking for a click again."""
    st.session_state[keys.TAKEN_UP] = job.key


def addressed(address: Mapping[str, str]) -> None:
    """What this page shows is found again by ``address``."""
    topics = [task.topic for task in _tasks().values() if task.topic is not None]
    kept.shelf().addressed(topics, address, st.session_state.get(keys.PAGE, ""))


def unfinished_job() -> str | None:
    """Id of a job of the present view that is not finished, for the address of the page."""
    for task in [task for task in _tasks().values() if task.topic is not None]:
        status = JOBS.status(task.job_id)
        if status is not None and not status.finished and not task.stopped:
            return task.job_id
    return None


def want(slot: str, key: Hashable) -> None:
    """The work of a question may start, however long it takes."""
    st.session_state[f"wanted {slot}"] = key


def wanted(slot: str, key: Hashable) -> bool:
    """Whether the work was asked for, here or by the job in an address."""
    here = (st.session_state.get(f"wanted {slot}"), st.session_state.get(keys.TAKEN_UP))
    return key in here or kept.shelf().asked_for(key)


def _tasks() -> dict[str, Task]:
    return st.session_state.setdefault(keys.TASKS, {})


def _wanted(slot: str, question: Question[T]) -> bool:
    """Whether the work may start: by itself, or because its button was clicked; else the button is drawn."""
    if question.takes() <= UNASKED and not question.button:
        return True
    if wanted(slot, question.key):
        return True
    words = question.button or f"{question.headline}: takes about {duration(question.takes())}"
    icon = None if question.button else ":material/play_arrow:"
    st.button(words, icon=icon, key=f"start {slot}", on_click=want, args=(slot, question.key))
    return False


def _submit(slot: str, question: Question[T], topic: Hashable) -> Task:
    short = question.takes() <= SHORT
    job = JOBS.submit(
        question.key,
        question.function,
        device=question.device,
        owner=visitor().owner,
        short=short,
        opened=kept.shelf().opened,
    )
    visitor().jobs.add(job.id)
    before = _tasks().get(slot)
    if before is not None and before.job_id != job.id:  # nobody looks at this place for its answer any more
        JOBS.cancel(before.job_id, visitor().owner)
    task = Task(question.key, job.id, topic)
    _tasks()[slot] = task
    if topic is not None:
        page, asked_for = st.session_state.get(keys.PAGE, ""), wanted(slot, question.key)
        kept.shelf().note(
            topic, page, question.headline, question.about, job, asked_for=asked_for, session=visitor().owner
        )
    return task


def _outcome(slot: str, task: Task, job: Job[T], question: Question[T]) -> T | None:
    if not task.stopped:
        job.wait(GRACE)
    if job.state == "done":
        _say_opened(slot, job.trace)
        return job.result()
    if task.stopped or job.state == "cancelled":
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f"{question.headline}: stopped. What was finished is kept.")
            st.button("Go on", key=f"again {slot}", on_click=_forget, args=(slot,))
    elif job.state == "failed":
        _failed(slot, job)
    else:
        _watch(slot, task.job_id, question.headline, question.takes())
    return None


def _say_opened(slot: str, trace: Trace) -> None:
    """An answer that rests on a saved session says so, and can be computed here instead."""
    if not trace.foreign:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("From the session that was opened; not computed here.", width="content")
        st.button("Compute it here", key=f"compute {slot}", on_click=_compute_here, args=(slot, trace), type="tertiary")


def _compute_here(slot: str, trace: Trace) -> None:
    task = _tasks().get(slot)
    if trace.opened is not None:
        trace.opened.drop(trace.foreign)
    if task is not None:
        want(slot, task.key)
    _forget(slot)


def _failed(slot: str, job: Job[T]) -> None:
    """Raise what another attempt would only repeat; show everything else with a way to try again."""
    error = job.future.exception()
    if isinstance(error, InputError | GeneError):
        raise error
    st.error(plain(job.error() or ""), icon=":material/error:")
    st.button("Try again", key=f"again {slot}", on_click=_forget, args=(slot,))


@st.fragment(run_every=0.5)
def _watch(slot: str, job_id: str, headline: str, seconds: float) -> None:
    status = JOBS.status(job_id)
    task = _tasks().get(slot)
    if status is None or status.finished or task is None or task.stopped:
        st.rerun()
    bar, stop = st.columns([6, 1], vertical_alignment="bottom")
    bar.progress(status.share, plain(f"{headline}: {_said(status, seconds)}"))
    stop.button("Stop", key=f"stop {slot}", on_click=_stop, args=(slot,), width="stretch")


def _said(status: JobStatus, seconds: float) -> str:
    """State of a job in a few words; before there is a pace, the estimate made beforehand stands in."""
    if status.state == "queued" and status.ahead:
        return f"waits for {status.ahead} other {'job' if status.ahead == 1 else 'jobs'} on this device"
    left = status.seconds_left if status.seconds_left is not None else max(0.0, seconds - status.seconds)
    done = f"{status.message}, " if status.message else ""
    return f"{done}about {duration(left)} left" if left >= 1 else f"{done}nearly done"


def _stop(slot: str) -> None:
    task = _tasks().get(slot)
    if task is not None:
        task.stopped = True
        JOBS.cancel(task.job_id, visitor().owner)
        run = kept.shelf().run_of(task.topic)
        if run is not None:
            kept.shelf().stop(run)


def _forget(slot: str) -> None:
    _tasks().pop(slot, None)
