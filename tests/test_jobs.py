"""Jobs: turns on a device, progress, cancel, sharing, errors, forgetting, and the end of the interpreter."""

from __future__ import annotations

import gc
import logging
import subprocess
import sys
import textwrap
import threading
import time
import weakref
from collections.abc import Iterator
from concurrent.futures import CancelledError, Executor, as_completed

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ugrn_core.device_queue import DeviceQueue
from ugrn_core.errors import Cancelled, InputError
from ugrn_core.jobs import Jobs
from ugrn_core.time_left import TimeLeft
from ugrn_core.types import Cancel, Progress

PATIENCE = 20.0  # seconds; reached only where a test fails


@pytest.fixture
def jobs() -> Iterator[Jobs]:
    registry = Jobs(keep=3)
    yield registry
    registry.shutdown(PATIENCE)


class Gate:
    """A job that says that it has begun, reports half, and waits for a word (or for a cancel)."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.open = threading.Event()

    def __call__(self, progress: Progress, cancel: Cancel) -> str:
        progress(0.5, "half way")
        self.begun.set()
        while not self.open.wait(0.005):
            if cancel():
                raise Cancelled("Stopped.")
        return "through"


def at_once(progress: Progress, cancel: Cancel) -> int:
    return 42


# The queue


def test_queue_is_an_executor_whose_tasks_take_turns() -> None:
    together = 0
    most = 0

    def task(n: int) -> int:
        nonlocal together, most
        together += 1
        most = max(most, together)
        time.sleep(0.001)
        together -= 1
        return n * n

    with DeviceQueue("test") as turns:
        assert isinstance(turns, Executor)
        assert list(turns.map(task, range(20))) == [n * n for n in range(20)]
        futures = [turns.submit(task, n) for n in range(10)]
        assert sorted(future.result() for future in as_completed(futures)) == [n * n for n in range(10)]
    assert most == 1
    with pytest.raises(RuntimeError, match="shut down"):
        turns.submit(task, 1)


def test_queue_hands_over_errors_and_goes_on() -> None:
    with DeviceQueue("test") as turns:
        for error in (KeyError("gone"), SystemExit(3), KeyboardInterrupt()):

            def fail(error: BaseException = error) -> None:
                raise error

            assert turns.submit(fail).exception(PATIENCE) is error
        assert turns.submit(lambda: 1).result(PATIENCE) == 1


def test_a_task_may_hand_out_blocks_to_its_own_queue() -> None:
    with DeviceQueue("test") as turns:
        blocks = turns.submit(lambda: list(turns.map(abs, [-1, -2])))
        assert blocks.result(PATIENCE) == [1, 2]


def test_queue_can_leave_waiting_tasks_undone() -> None:
    turns = DeviceQueue("test")
    begun, go = threading.Event(), threading.Event()
    first = turns.submit(lambda: (begun.set(), go.wait(PATIENCE)))
    second = turns.submit(lambda: 2)
    assert begun.wait(PATIENCE)
    turns.shutdown(wait=False, cancel_futures=True)
    go.set()
    turns.join(PATIENCE)
    assert first.done()
    with pytest.raises(CancelledError):
        second.result(0)


# Jobs


def test_a_job_from_queued_to_done(jobs: Jobs) -> None:
    gate = Gate()
    first, second = jobs.submit("a", gate), jobs.submit("b", at_once)
    assert gate.begun.wait(PATIENCE)
    working, queued = jobs.status(first.id), jobs.status(second.id)
    assert working is not None
    assert (working.state, working.share, working.message) == ("working", 0.5, "half way")
    assert working.seconds > 0
    assert queued is not None
    assert (queued.state, queued.share, queued.ahead, queued.seconds) == ("queued", 0.0, 1, 0.0)
    assert not second.wait(0)
    gate.open.set()
    assert (first.result(PATIENCE), second.result(PATIENCE)) == ("through", 42)
    done = first.status()
    assert (done.state, done.share, done.error, done.finished) == ("done", 1.0, None, True)
    assert first.wait(0)


def test_ids_are_random_and_128_bits(jobs: Jobs) -> None:
    ids = {jobs.submit(n, at_once).id for n in range(20)}
    assert len(ids) == 20
    assert all(len(bytes.fromhex(one)) == 16 for one in ids)
    assert jobs.get("0" * 32) is None
    assert jobs.status("0" * 32) is None


def test_devices_do_not_wait_for_each_other(jobs: Jobs) -> None:
    gate = Gate()
    slow = jobs.submit("a", gate, device="cpu")
    assert gate.begun.wait(PATIENCE)
    assert jobs.submit("b", at_once, device="cuda:0").result(PATIENCE) == 42
    assert slow.state == "working"
    gate.open.set()
    assert jobs.executor("cpu") is jobs.executor("cpu")
    assert jobs.executor("cpu") is not jobs.executor("cuda:0")


def test_a_short_question_does_not_wait_for_a_long_job(jobs: Jobs) -> None:
    """Nor do the blocks that it hands out; short ones take turns among themselves."""
    gate, first = Gate(), Gate()
    long = jobs.submit("long", gate)
    assert gate.begun.wait(PATIENCE)
    waiting = jobs.submit("as long", at_once)
    short = jobs.submit("short", lambda *_: jobs.executor("cpu").submit(lambda: 7).result(PATIENCE), short=True)
    assert short.result(PATIENCE) == 7
    held = jobs.submit("held", first, short=True)
    assert first.begun.wait(PATIENCE)
    after = jobs.submit("after", at_once, short=True)
    status = jobs.status(after.id)
    assert status is not None and status.ahead == 1 and not waiting.future.done()
    first.open.set()
    gate.open.set()
    for inside, asked in ((True, True), (True, False), (False, True)):
        key = ("outer", inside, asked)
        outer = jobs.submit(key, lambda *_, short=asked: jobs.submit("x", at_once, short=short), short=inside)
        with pytest.raises(RuntimeError, match="a job cannot submit"):
            outer.result(PATIENCE)
    assert all(job.wait(PATIENCE) for job in (held, after, long, waiting))


def test_the_same_question_shares_one_job(jobs: Jobs) -> None:
    gate = Gate()
    first = jobs.submit(("pair", "A", "B"), gate, owner="ann")
    assert jobs.submit(("pair", "A", "B"), at_once, owner="bob") is first
    assert jobs.submit(("pair", "B", "A"), at_once, owner="bob") is not first
    jobs.cancel(first.id, owner="ann")
    jobs.cancel(first.id, owner="ann")
    gate.open.set()
    assert first.result(PATIENCE) == "through"  # Bob still wanted it
    jobs.cancel(first.id, owner="bob")  # too late, and the answer stays
    assert jobs.submit(("pair", "A", "B"), at_once, owner="eve") is first


def test_cancel_stops_a_running_job_and_the_question_can_be_asked_again(jobs: Jobs) -> None:
    gate, other = Gate(), Gate()
    first = jobs.submit("a", gate)
    assert gate.begun.wait(PATIENCE)
    jobs.cancel(first.id)
    again = jobs.submit("a", other)
    assert again is not first
    with pytest.raises(Cancelled, match="Stopped"):
        first.result(PATIENCE)
    assert (first.state, first.error()) == ("cancelled", None)
    other.open.set()
    assert again.result(PATIENCE) == "through"


def test_cancel_takes_a_waiting_job_out_of_the_queue(jobs: Jobs) -> None:
    gate = Gate()
    ran: list[str] = []
    jobs.submit("a", gate)
    waiting = jobs.submit("b", lambda progress, cancel: ran.append("b"))
    jobs.cancel(waiting.id)
    assert (waiting.state, waiting.wait(0)) == ("cancelled", True)
    with pytest.raises(Cancelled, match="before its turn"):
        waiting.result(0)
    gate.open.set()
    assert jobs.submit("c", at_once).result(PATIENCE) == 42
    assert ran == []
    jobs.cancel("0" * 32)  # long gone: nothing to do


def test_a_user_error_is_a_sentence_and_no_traceback(jobs: Jobs, caplog: pytest.LogCaptureFixture) -> None:
    def fail(progress: Progress, cancel: Cancel) -> None:
        raise InputError("The file holds no genes.")

    with caplog.at_level(logging.DEBUG):
        job = jobs.submit("a", fail)
        with pytest.raises(InputError, match="no genes"):
            job.result(PATIENCE)
    status = job.status()
    assert (status.state, status.error, status.finished) == ("failed", "The file holds no genes.", True)
    assert caplog.text == ""
    assert jobs.submit("a", at_once).result(PATIENCE) == 42


def test_a_bug_is_logged_with_its_traceback_and_raised_again(jobs: Jobs, caplog: pytest.LogCaptureFixture) -> None:
    class Activations:
        pass

    alive: list[weakref.ref[Activations]] = []

    def broken(progress: Progress, cancel: Cancel) -> None:
        big = Activations()
        alive.append(weakref.ref(big))
        raise KeyError("no such layer")

    with caplog.at_level(logging.ERROR, "ugrn_core.jobs"):
        job = jobs.submit("a", broken)
        with pytest.raises(KeyError, match="no such layer") as caught:
            job.result(PATIENCE)
    assert caught.traceback[-1].name == "broken"
    assert job.state == "failed"
    assert "bug" in str(job.error())
    assert "KeyError" in str(job.error())
    assert "in broken" in caplog.text
    caplog.clear()
    gc.collect()
    assert alive[0]() is None


def test_a_job_may_not_submit_a_job(jobs: Jobs) -> None:
    job = jobs.submit("a", lambda progress, cancel: jobs.submit("b", at_once))
    with pytest.raises(RuntimeError, match="hand out blocks"):
        job.result(PATIENCE)
    blocks = jobs.submit("c", lambda progress, cancel: list(jobs.executor("cpu").map(abs, [-3])))
    assert blocks.result(PATIENCE) == [3]


def test_finished_jobs_are_forgotten_by_number(jobs: Jobs) -> None:
    gate = Gate()
    held = jobs.submit("held", gate, device="other")
    ended = [jobs.submit(n, at_once) for n in range(5)]
    for job in ended:
        job.result(PATIENCE)
    jobs.submit("last", at_once).result(PATIENCE)
    jobs.executor("cpu").submit(lambda: None).result(PATIENCE)  # callbacks of the last job have run
    assert [jobs.get(job.id) is not None for job in ended] == [False, False, False, True, True]
    assert jobs.get(held.id) is held
    gate.open.set()


def test_finished_jobs_are_forgotten_by_age() -> None:
    jobs = Jobs(keep_seconds=0.0)
    job = jobs.submit("a", at_once)
    job.result(PATIENCE)
    jobs.executor("cpu").submit(lambda: None).result(PATIENCE)
    time.sleep(0.002)
    assert jobs.get(job.id) is None
    jobs.shutdown()


def test_many_threads_ask_one_question_and_it_is_computed_once(jobs: Jobs) -> None:
    ran: list[int] = []
    answers: list[object] = []
    barrier = threading.Barrier(8)

    def compute(progress: Progress, cancel: Cancel) -> int:
        ran.append(1)
        return 7

    def session(name: str) -> None:
        barrier.wait(PATIENCE)
        answers.append(jobs.submit("question", compute, owner=name).result(PATIENCE))

    threads = [threading.Thread(target=session, args=(str(n),)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert (answers, ran) == ([7] * 8, [1])


def test_progress_is_kept_within_its_range(jobs: Jobs) -> None:
    seen: list[float] = []

    def run(progress: Progress, cancel: Cancel) -> None:
        for share in (-1.0, 0.25, 7.0):
            progress(share, "")
            seen.append(job.status().share)

    with jobs._lock:  # the job must know its own name before it starts
        gate = Gate()
        jobs.submit("first", gate)
        job = jobs.submit("a", run)
    gate.open.set()
    job.result(PATIENCE)
    assert seen == [0.0, 0.25, 1.0]


@pytest.mark.parametrize(("body", "most"), [("while not cancel(): time.sleep(0.01)", 2.5), ("time.sleep(60)", 6.0)])
def test_a_running_job_does_not_hold_up_the_end_of_the_program(body: str, most: float) -> None:
    code = f"""
    import threading, time
    from ugrn_core.jobs import JOBS
    begun = threading.Event()
    def run(progress, cancel):
        begun.set()
        {body}
    JOBS.submit("a", run)
    begun.wait()
    print(time.monotonic())
    """
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], check=True, timeout=PATIENCE, capture_output=True, text=True
    )
    assert time.monotonic() - float(ended.stdout) < most
    assert ended.stderr == ""


def test_import_starts_no_thread_and_loads_no_streamlit_or_torch() -> None:
    code = (
        "import sys, threading, ugrn_core.jobs; "
        "sys.exit(threading.active_count() > 1 or bool({'streamlit', 'torch'} & sys.modules.keys()))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# Time left


def test_no_estimate_before_the_first_step() -> None:
    pace = TimeLeft()
    assert pace.seconds_left(0.0) is None
    pace.update(0.3, 5.0)
    assert pace.seconds_left(6.0) is None


@given(seconds=st.floats(0.01, 100), steps=st.integers(2, 50), start=st.floats(0, 0.9))
def test_a_steady_pace_is_told_exactly(seconds: float, steps: int, start: float) -> None:
    pace = TimeLeft()
    for n in range(steps):
        pace.update(start + (1 - start) * n / steps, 7.0 + n * seconds)
    now = 7.0 + (steps - 1) * seconds
    assert pace.seconds_left(now) == pytest.approx(seconds)
    assert pace.seconds_left(now + seconds / 2) == pytest.approx(seconds / 2)


def test_a_leap_from_the_store_barely_moves_the_estimate() -> None:
    pace = TimeLeft()
    pace.update(0.0, 0.0)
    pace.update(0.5, 0.001)  # half was there already
    for n in range(1, 4):
        pace.update(0.5 + 0.01 * n, 0.001 + n)
    assert pace.seconds_left(3.001) == pytest.approx(47, rel=0.05)


def test_the_pace_follows_a_change() -> None:
    pace = TimeLeft()
    pace.update(0.0, 0.0)
    for n in range(1, 11):
        pace.update(0.02 * n, float(n))  # 0.02 a second
    for n in range(1, 121):
        pace.update(0.2 + 0.002 * n, 10.0 + n)  # ten times slower
    left = pace.seconds_left(130.0)
    assert left is not None
    assert left == pytest.approx(0.56 / 0.002, rel=0.05)


def test_work_that_is_late_has_no_estimate_and_repeated_shares_are_no_steps() -> None:
    pace = TimeLeft()
    pace.update(0.0, 0.0)
    pace.update(0.5, 1.0)
    pace.update(0.5, 1.5)
    assert pace.seconds_left(1.5) == pytest.approx(0.5)
    assert pace.seconds_left(2.5) is None


def test_a_share_that_falls_back_starts_over() -> None:
    pace = TimeLeft()
    pace.update(0.0, 0.0)
    pace.update(0.8, 8.0)
    pace.update(0.2, 8.0)
    pace.update(0.3, 9.0)
    assert pace.seconds_left(9.0) == pytest.approx(7.0)
