"""What a session keeps of uploads, who waits for whom while files are read, and what ends with a page."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import sparse
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from tests.test_h5ad import dataset, saved
from tests.test_pages import framed, h5ad
from tests.test_reader import ENDLESS, children, instead
from ugrn_core.data.untrusted import read_untrusted_h5ad
from ugrn_core.device_queue import DeviceQueue
from ugrn_core.jobs import FILES, Jobs
from ugrn_core.memory import bytes_held
from ui.server import session
from ui.shared import cells, uploads

PATIENCE = 30.0


@pytest.fixture
def jobs() -> Iterator[Jobs]:
    registry = Jobs(keep=10, keep_bytes=10_000_000)
    yield registry
    registry.shutdown(PATIENCE)


def until(what, seconds: float = PATIENCE) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "nothing came of it"
        time.sleep(0.02)


# --- turns ---------------------------------------------------------------------------------------------------------


def test_owners_take_turns_and_each_has_its_own_order():
    order: list[str] = []
    gate, begun = threading.Event(), threading.Event()
    with DeviceQueue("test") as turns:
        turns.submit(lambda: (begun.set(), gate.wait(PATIENCE)))
        assert begun.wait(PATIENCE)
        futures = {}
        for owner, n in (("ann", 1), ("ann", 2), ("ann", 3), ("bob", 1), ("bob", 2), ("eve", 1)):
            futures[owner, n] = turns.submit_for(owner, lambda name=f"{owner}{n}": order.append(name))
        expected = ["ann1", "bob1", "eve1", "ann2", "bob2", "ann3"]
        assert sorted(futures, key=lambda key: turns.ahead(futures[key])) == [(e[:3], int(e[3])) for e in expected]
        futures["bob", 1].cancel()
        assert turns.ahead(futures["eve", 1]) == 1
        gate.set()
        for future in futures.values():
            if not future.cancelled():
                future.result(PATIENCE)
    assert order == [name for name in expected if name != "bob1"]


def test_two_workers_work_at_once_and_no_third():
    together, release = threading.Barrier(2), threading.Event()
    running: list[int] = []

    def task(n: int) -> None:
        running.append(n)
        if n < 2:
            together.wait(PATIENCE)
        release.wait(PATIENCE)

    with DeviceQueue("test", 2) as turns:
        futures = [turns.submit(task, n) for n in range(4)]
        until(lambda: len(running) == 2)
        time.sleep(0.05)
        assert sorted(running) == [0, 1]
        assert turns.ahead(futures[3]) == 1
        release.set()
        for future in futures:
            future.result(PATIENCE)
    assert len(running) == 4


def test_one_session_with_many_files_does_not_make_another_wait_for_all(jobs):
    """Two readers: while both are busy with Ann's files, Bob's comes next."""
    gates = [threading.Event() for _ in range(6)]
    ended: list[str] = []

    def reading(name: str, gate: threading.Event):
        def read(_progress, _cancel) -> str:
            assert gate.wait(PATIENCE)
            ended.append(name)
            return name

        return read

    ann = [jobs.submit(n, reading(f"ann{n}", gates[n]), device=FILES, owner="ann") for n in range(5)]
    until(lambda: ann[0].state == ann[1].state == "working")
    bob = jobs.submit("bob", reading("bob", gates[5]), device=FILES, owner="bob")
    assert [job.state for job in ann[2:]] == ["queued"] * 3
    status = jobs.status(bob.id)
    assert status is not None
    assert status.state == "queued"
    assert status.ahead == 3  # two at work, and Ann's third, which came before
    for gate in (gates[0], gates[2]):
        gate.set()
    until(lambda: bob.state == "working")
    assert ann[3].state == "queued"
    for gate in gates:
        gate.set()
    assert bob.result(PATIENCE) == "bob"


# --- memory --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "size"),
    [
        (np.zeros(1_000_000), 8e6),
        ({"a": [np.zeros(1000), (np.ones(1000), "x")]}, 16e3),
        (sparse.random(1000, 1000, 0.1, format="csr"), 12e5),
        (SimpleNamespace(x=np.zeros(1_000_000, np.uint8)), 1e6),
        (torch.zeros(1000, 1000), 4e6),
        (pd.DataFrame({"x": np.zeros(100_000), "y": ["text"] * 100_000}), 2e6),
        ([np.zeros(1000) for _ in range(5000)], 40e6),
        (tuple(f"GENE{i}" for i in range(100_000)), 6e6),
        (np.array([bytes([i % 250]) * 1000 for i in range(3000)], dtype=object), 3e6),
    ],
    ids=["array", "nested", "sparse", "object", "tensor", "frame", "many", "names", "objects"],
)
def test_bytes_held_are_about_right(value, size):
    assert 0.8 * size < bytes_held(value) < 6 * size


def test_what_is_shared_or_circular_is_counted_once():
    array = np.zeros(1_000_000)
    circle: list[object] = [array, {"again": array}]
    circle.append(circle)
    assert bytes_held(circle) == pytest.approx(8e6, rel=0.01)
    assert bytes_held([np, bytes_held, pd.DataFrame]) < 1000


def big(n: int):
    return lambda _progress, _cancel: np.full(4_000_000, n, np.uint8)


def test_finished_jobs_are_forgotten_by_bytes_those_first_that_nobody_asked_for(jobs):
    ended = [jobs.submit(n, big(n)) for n in range(2)]
    for job in ended:
        job.result(PATIENCE)
    until(lambda: all(job.finished_at for job in ended))
    time.sleep(0.002)
    assert jobs.get(ended[0].id) is not None  # asked for again: the other one goes first
    third = jobs.submit(2, big(2))
    third.result(PATIENCE)
    until(lambda: third.finished_at is not None)
    assert [jobs.get(job.id) is not None for job in (*ended, third)] == [True, False, True]


def test_the_last_one_stays_whatever_its_size(jobs):
    huge = jobs.submit("huge", lambda _progress, _cancel: np.zeros(50_000_000, np.uint8))
    huge.result(PATIENCE)
    until(lambda: huge.finished_at is not None)
    assert jobs.get(huge.id) is huge
    small = jobs.submit("small", lambda _progress, _cancel: 1)
    small.result(PATIENCE)
    until(lambda: small.finished_at is not None)
    assert jobs.get(huge.id) is None


@pytest.fixture
def manager(monkeypatch):
    """The uploads of a session, as Streamlit keeps them; 1 MB is the largest allowed."""
    manager = MemoryUploadedFileManager("/upload")
    context = SimpleNamespace(uploaded_file_mgr=manager, session_id="me")
    monkeypatch.setattr(uploads, "get_script_run_ctx", lambda: context)
    monkeypatch.setattr(uploads.st, "get_option", lambda _: 1)
    monkeypatch.setattr(uploads, "SMALL_ONES", 1000)
    return manager


def put(manager: MemoryUploadedFileManager, name: str, size: int, owner: str = "me") -> None:
    manager.add_file(owner, UploadedFileRec(name, f"{name}.h5ad", "", bytes(size)))


def left(manager: MemoryUploadedFileManager, owner: str = "me") -> list[str]:
    return list(manager.file_storage.get(owner, {}))


def test_old_uploads_of_a_session_go_until_the_others_fit(manager):
    put(manager, "other", 5 << 20, "somebody else")
    for n in range(5):
        put(manager, f"file{n}", 400_000)
    uploads.keep_within_bounds()
    assert left(manager) == ["file3", "file4"]
    uploads.keep_within_bounds()
    assert left(manager) == ["file3", "file4"]
    put(manager, "huge", 3 << 20)
    uploads.keep_within_bounds()
    assert left(manager) == ["huge"]
    uploads.let_go(SimpleNamespace(file_id="huge"))
    assert left(manager) == []
    assert left(manager, "somebody else") == ["other"]


def test_without_a_session_nothing_is_let_go(monkeypatch):
    monkeypatch.setattr(uploads, "get_script_run_ctx", lambda: None)
    uploads.keep_within_bounds()
    uploads.let_go(SimpleNamespace(file_id="x"))


# --- pages ---------------------------------------------------------------------------------------------------------


def taken(at) -> None:
    """Run a page until the cells are there."""
    end = time.monotonic() + PATIENCE
    while "cells" not in at.session_state or at.get("progress"):
        assert time.monotonic() < end and not at.error
        time.sleep(0.1)  # each run of the page takes from what the reader could have
        at.run()
    assert not at.exception and not at.error


def test_files_read_before_are_kept_within_bounds(tmp_path, monkeypatch):
    monkeypatch.setattr(cells, "KEPT_BYTES", 30_000)
    at = framed("start.py")
    at.session_state["cells_from"] = "path"
    at.run()
    sizes = []
    for n in range(4):
        h5ad(tmp_path / f"{n}.h5ad")
        at.text_input(key="cells_path").set_value(str(tmp_path / f"{n}.h5ad")).run()
        taken(at)
        assert at.session_state["cells"].data.label == f"{n}.h5ad"
        sizes.append(sum(map(bytes_held, at.session_state["contents of files"].values())))
    kept = at.session_state["contents of files"]
    assert [token[1] for token in kept][-1].endswith("3.h5ad")
    assert len(kept) < 4
    assert max(sizes) <= 30_000 or len(kept) == 1


def test_closing_the_page_ends_the_reading(tmp_path, monkeypatch):
    """Also of a file that keeps the reader busy without a word."""
    before = children()
    instead(monkeypatch, ENDLESS)
    at = framed("start.py")
    at.session_state["cells_from"] = "path"
    at.run()
    at.text_input(key="cells_path").set_value(str(h5ad(tmp_path / "endless.h5ad"))).run()
    until(lambda: children() - before)
    visitor: session.Visitor = at.session_state["visitor"]
    visitor.stop()  # what happens a while after the page was closed
    until(lambda: children() == before)


def test_stopping_a_job_ends_its_reader_and_the_next_one_begins(tmp_path, monkeypatch, jobs):
    before = children()
    path = saved(dataset(), tmp_path)
    instead(monkeypatch, ENDLESS)

    def read(progress, cancel):
        return read_untrusted_h5ad(path, progress=progress, cancel=cancel)

    endless = [jobs.submit(n, read, device=FILES, owner=f"session {n}") for n in range(3)]
    until(lambda: len(children() - before) == 2)
    assert [job.state for job in endless] == ["working", "working", "queued"]
    jobs.cancel(endless[0].id, "session 0")
    until(lambda: endless[2].state == "working")
    for n, job in enumerate(endless):
        jobs.cancel(job.id, f"session {n}")
    until(lambda: children() == before and {job.state for job in endless} == {"cancelled"})
