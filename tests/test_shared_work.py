"""Work shared by runs: everything once, a bounded number under way, no run waits for another while it holds a lock."""

from __future__ import annotations

import hashlib
import threading
import time
from concurrent.futures import BrokenExecutor, Future, ThreadPoolExecutor
from contextlib import ExitStack, closing

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ugrn_core import shared_work
from ugrn_core.device_queue import DeviceQueue
from ugrn_core.errors import Cancelled, ClusterError, StoreError
from ugrn_core.shared_work import WorkItem, shared_results
from ugrn_core.store import Store


def address(n: int) -> str:
    return hashlib.sha256(str(n).encode()).hexdigest()


def value(key: str) -> dict[str, np.ndarray]:
    return {"x": np.frombuffer(bytes.fromhex(key), np.uint8)}


class Counted:
    """Computes pieces on threads and notes what was computed, by whom, and how many at once."""

    def __init__(self, pool, seconds: float = 0.0) -> None:
        self.pool, self.seconds = pool, seconds
        self.computed: list[str] = []
        self.most, self._now, self._lock = 0, 0, threading.Lock()

    def piece(self, *numbers: int) -> WorkItem:
        return WorkItem(tuple(address(n) for n in numbers), self.submit)

    def submit(self, missing, cancel) -> Future:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
            self.computed += missing
        future = self.pool.submit(self._work, missing)
        future.add_done_callback(self._done)
        return future

    def _work(self, missing):
        time.sleep(self.seconds)
        return {key: value(key) for key in missing}

    def _done(self, _) -> None:
        with self._lock:
            self._now -= 1


@pytest.fixture(scope="module")
def pool():
    with ThreadPoolExecutor(8) as threads:
        yield threads


def nothing_locked(store: Store) -> bool:
    return not any((store.folder / "locks").iterdir())


def whole(results, pieces) -> bool:
    found = list(results)
    assert sorted(p.keys for p, _ in found) == sorted(p.keys for p in pieces)
    for piece, arrays in found:
        assert set(arrays) == set(piece.keys)
        for key in piece.keys:
            np.testing.assert_array_equal(arrays[key]["x"], value(key)["x"])
    return True


@given(
    sizes=st.lists(st.integers(1, 4), max_size=12),
    stored=st.sets(st.integers(0, 47)),
    width=st.integers(1, 6),
    with_store=st.booleans(),
)
@settings(max_examples=30, deadline=None)
def test_everything_once_and_never_more_than_wanted(pool, tmp_path_factory, sizes, stored, width, with_store):
    starts = np.cumsum([0, *sizes])
    counted = Counted(pool)
    pieces = [counted.piece(*range(a, a + n)) for a, n in zip(starts, sizes, strict=False)]
    keys = [key for piece in pieces for key in piece.keys]
    with Store(tmp_path_factory.mktemp("store")) as store:
        store.put_many({address(n): value(address(n)) for n in stored})
        known = {address(n) for n in stored} if with_store else set()
        assert whole(shared_results(pieces, store if with_store else None, width=lambda: width), pieces)
        assert sorted(counted.computed) == sorted(set(keys) - known) and counted.most <= width
        assert nothing_locked(store)
        if with_store:
            again = Counted(pool)
            assert whole(shared_results(pieces, store, width=lambda: width), pieces) and not again.computed


def test_two_runs_of_one_question_share_the_work_and_neither_waits(pool, tmp_path):
    runs = [Counted(pool, 0.05) for _ in range(2)]
    listed = [[run.piece(2 * n, 2 * n + 1) for n in range(16)] for run in runs]

    def one(run: int) -> bool:
        with Store(tmp_path) as store:
            return whole(shared_results(listed[run], store, width=lambda: 2), listed[run])

    started = time.monotonic()
    with ThreadPoolExecutor(2) as sessions:
        assert all(sessions.map(one, range(2), timeout=20))
    seconds = time.monotonic() - started
    computed = [key for run in runs for key in run.computed]
    assert len(computed) == len(set(computed)) == 32
    assert min(len(run.computed) for run in runs) >= 8, "one session computed nearly all of it"
    assert seconds < 16 / 2 * 0.05 + 2


def test_runs_that_cut_the_work_differently_do_not_lock_each_other_out(pool, tmp_path):
    runs = [Counted(pool, 0.01) for _ in range(2)]
    listed = [
        [runs[0].piece(*range(n, n + 4)) for n in range(0, 24, 4)],
        [runs[1].piece(*range(max(0, n), min(24, n + 3))) for n in range(21, -3, -3)],
    ]

    def one(run: int) -> bool:
        with Store(tmp_path) as store:
            return whole(shared_results(listed[run], store, width=lambda: 3), listed[run])

    with ThreadPoolExecutor(2) as sessions:
        assert all(sessions.map(one, range(2), timeout=20))
    computed = [key for run in runs for key in run.computed]
    assert len(computed) == len(set(computed)) == 24


def test_a_run_takes_over_what_another_one_gave_up(pool, tmp_path):
    counted = Counted(pool)
    with Store(tmp_path) as store, Store(tmp_path) as other:
        locked = threading.Event()
        give_up = threading.Event()

        def holder() -> None:
            with other.lock(address(0)):
                locked.set()
                give_up.wait(10)

        thread = threading.Thread(target=holder)
        thread.start()
        locked.wait(10)
        results = shared_results([counted.piece(n) for n in range(3)], store, width=lambda: 2)
        first = [next(results)[0].keys, next(results)[0].keys]
        assert sorted(first) == sorted([(address(1),), (address(2),)])
        give_up.set()
        assert next(results)[0].keys == (address(0),) and next(results, None) is None
        thread.join()
        assert len(counted.computed) == 3 and nothing_locked(store)


def test_an_error_ends_the_run_in_its_own_words_and_keeps_what_was_done(pool, tmp_path):
    counted = Counted(pool)

    def broken(missing, cancel):
        raise_ = Future()
        raise_.set_exception(BrokenExecutor("a process died"))
        return raise_

    pieces = [counted.piece(0), WorkItem((address(1),), broken), counted.piece(2)]
    with Store(tmp_path) as store:
        with pytest.raises(ClusterError, match="lost") as caught:
            list(shared_results(pieces, store, width=lambda: 1, explain=lambda error: ClusterError(f"lost: {error}")))
        assert isinstance(caught.value.__cause__, BrokenExecutor)
        assert address(0) in store and address(2) not in store and nothing_locked(store)
        with pytest.raises(BrokenExecutor) as plainly:
            list(shared_results(pieces, store, width=lambda: 1))
        assert plainly.value.__cause__ is None


def test_there_is_room_for_one_piece_at_least_and_for_locks_below_their_limit(monkeypatch):
    def under_way(*locks: int) -> dict:
        return {n: shared_work._Held(WorkItem((), no_one), {}, None, ExitStack(), k) for n, k in enumerate(locks)}

    def no_one(missing, cancel):
        raise AssertionError

    for width, held, room in ((0, (), True), (0, (1,), False), (1, (1,), False), (2, (1,), True), (2, (1, 1), False)):
        assert shared_work._room(under_way(*held), width) == room
    monkeypatch.setattr(shared_work, "MOST_LOCKS", 5)
    assert shared_work._room(under_way(2, 2), 9)
    assert not shared_work._room(under_way(2, 3), 9)


def test_what_is_done_is_told_and_an_empty_wait_is_short(monkeypatch):
    slept: list[float] = []
    monkeypatch.setattr(shared_work.time, "sleep", slept.append)
    assert shared_work._finished({}, 0.25) == [] and slept == [0.25]
    done, waiting = Future(), Future()
    done.set_result({})
    assert shared_work._finished({waiting: None, done: None}, 9.0) == [done] and slept == [0.25]  # pyright: ignore


def test_a_store_has_what_is_fresh_and_gives_what_it_had(pool, tmp_path):
    counted = Counted(pool)
    piece = counted.piece(0, 1, 2)
    with Store(tmp_path) as store:
        store.put(address(1), value(address(1)))
        started = shared_work._start(piece, store, lambda: False)
        assert started is not None and started.future is not None
        assert (set(started.found), started.n_locks) == ({address(1)}, 2)
        assert sorted(counted.computed) == sorted([address(0), address(2)])
        found = shared_work._results(started, started.future, store, lambda error: error)
        assert set(found) == set(piece.keys) and nothing_locked(store)
        assert set(shared_work._read(store, [address(0), address(9)])) == {address(0)}
    assert shared_work._read(None, [address(0)]) == {}


def test_a_stop_reaches_the_task_and_leaves_nothing_behind(tmp_path):
    queue = DeviceQueue("a test of stops")
    asked = []

    def slow(missing, cancel) -> Future:
        def work():
            while not cancel():
                time.sleep(0.01)
            asked.append(True)
            raise Cancelled("between two batches")

        return queue.submit(work)

    stop = threading.Event()
    with Store(tmp_path) as store:
        started = time.monotonic()
        threading.Timer(0.2, stop.set).start()
        with pytest.raises(Cancelled):
            list(shared_results([WorkItem((address(0),), slow)], store, width=lambda: 1, cancel=stop.is_set))
        assert asked and time.monotonic() - started < 2 and nothing_locked(store)
    queue.shutdown()


def test_a_caller_that_ends_early_leaves_nothing_behind(pool, tmp_path):
    counted = Counted(pool, 0.05)
    with Store(tmp_path) as store:
        with closing(shared_results([counted.piece(n) for n in range(20)], store, width=lambda: 4)) as results:
            next(results)
        assert nothing_locked(store) and len(counted.computed) <= 8


def test_pieces_are_drawn_as_there_is_room(pool):
    counted, drawn = Counted(pool, 0.01), []

    def pieces():
        for n in range(30):
            drawn.append(n)
            yield counted.piece(n)

    for done, _ in enumerate(shared_results(pieces(), None, width=lambda: 3), start=1):
        assert len(drawn) <= done + 3


def test_locks_stay_below_their_limit(pool, tmp_path, monkeypatch):
    monkeypatch.setattr(shared_work, "MOST_LOCKS", 10)
    counted = Counted(pool, 0.01)
    pieces = [counted.piece(*range(n, n + 4)) for n in range(0, 40, 4)]
    with Store(tmp_path) as store:
        most = 0
        for _ in shared_results(pieces, store, width=lambda: 100):
            most = max(most, len(list((store.folder / "locks").iterdir())))
    assert counted.most <= 3 and most <= 12


def test_a_full_store_says_so_and_leaves_nothing_behind(pool, tmp_path):
    counted, again, n = Counted(pool), Counted(pool), 200
    with Store(tmp_path) as store:
        store.limit = store.stats().size + 9000
        with pytest.raises(StoreError, match="full"):
            list(shared_results([counted.piece(i) for i in range(n)], store, width=lambda: 2))
        kept = store.stats().entries
        assert 0 < kept < n and nothing_locked(store)
        store.limit = 1 << 30
        assert len(list(shared_results([again.piece(i) for i in range(n)], store, width=lambda: 2))) == n
        assert len(again.computed) == n - kept
