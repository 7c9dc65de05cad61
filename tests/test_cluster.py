"""The way to a cluster and the loss of it: addresses, a scheduler that is killed, runs that are killed, resumption."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from ugrn_core import cluster
from ugrn_core.backbones.registry import load_backbone
from ugrn_core.cluster import cluster_executor, scheduler_address, workers_of
from ugrn_core.device_queue import DeviceQueue
from ugrn_core.errors import ClusterError, InputError
from ugrn_core.genes.tfs import is_tf
from ugrn_core.network import blocks
from ugrn_core.network.question import NetworkRequest
from ugrn_core.network.run import predict_network
from ugrn_core.store import Store
from ugrn_core.translators.library import load_translator

PATIENCE = 60.0  # seconds; what is waited for takes a few on an idle machine


def until(true, what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, f"{what} did not happen"
        time.sleep(0.05)


class Processes:
    """A scheduler and workers as processes of their own, as users start them."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "scheduler.json"
        self.log = (folder / "log").open("w")
        self.started: list[subprocess.Popen[bytes]] = []
        self.scheduler = self._start("dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        until(self.file.exists, "the start of the scheduler")

    @property
    def address(self) -> str:
        return json.loads(self.file.read_text())["address"]

    def add_worker(self) -> None:
        self._start("dask_worker", "--nthreads", "1", "--no-dashboard", "--death-timeout", "5")

    def _start(self, what: str, *options: str) -> subprocess.Popen[bytes]:
        line = [sys.executable, "-m", f"distributed.cli.{what}", "--scheduler-file", str(self.file), *options]
        self.started.append(subprocess.Popen(line, stdout=self.log, stderr=self.log, start_new_session=True))
        return self.started[-1]

    def end(self) -> None:
        for process in self.started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)
        self.log.close()


@contextmanager
def processes(folder: Path) -> Iterator[Processes]:
    running = Processes(folder)
    try:
        yield running
    finally:
        running.end()


@contextmanager
def nothing_left_running() -> Iterator[None]:
    """No thread is left but the queue of the device and the one helper that Dask keeps for a process."""
    before = set(threading.enumerate())
    yield
    left = {thread.name for thread in set(threading.enumerate()) - before}
    assert left <= {"ugrn-cpu", "Dask-Offload_0"}


@pytest.fixture(scope="module")
def mini():
    return load_backbone("ugrn-mini")


@pytest.fixture(scope="module")
def all_sets():
    return load_translator("all-sets")


@pytest.fixture(scope="module")
def genes(mini):
    """12 factors, and 88 others."""
    symbols = mini.vocabulary.symbols
    return [s for s in symbols if is_tf(s)][:12] + [s for s in symbols if not is_tf(s)][:88]


@pytest.fixture
def counted(monkeypatch):
    """Numbers of pairs swept in this process, a block each."""
    sizes = []
    real = blocks.sweep_pairs

    def noted(backbone, pairs, *rest, **named):
        sizes.append(len(pairs))
        return real(backbone, pairs, *rest, **named)

    monkeypatch.setattr(blocks, "sweep_pairs", noted)
    return sizes


def test_the_address_of_a_scheduler(monkeypatch):
    monkeypatch.delenv("UGRN_SCHEDULER", raising=False)
    assert scheduler_address() is None
    assert scheduler_address("tcp://host:8786") == "tcp://host:8786"
    monkeypatch.setenv("UGRN_SCHEDULER", " tls://[::1]:1 ")
    assert scheduler_address() == "tls://[::1]:1"
    assert scheduler_address("tcp://10.0.0.1:9") == "tcp://10.0.0.1:9"
    monkeypatch.setenv("UGRN_SCHEDULER", "moon")
    with pytest.raises(InputError, match=r"UGRN_SCHEDULER is 'moon'; expected .*tcp://host:8786"):
        scheduler_address()
    for wrong in ("", "host:8786", "tcp://host", "tcp://host:0", "tcp://host:70000", "inproc://x", "http://a:1"):
        with pytest.raises(InputError, match="--scheduler is"):
            scheduler_address(wrong)


def test_without_an_address_work_stays_here(monkeypatch):
    monkeypatch.delenv("UGRN_SCHEDULER", raising=False)
    with cluster_executor() as executor:
        assert executor is None and workers_of(executor) is None
    assert workers_of(DeviceQueue("a test")) is None


def test_no_scheduler_is_told_at_once(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    started = time.monotonic()
    why = rf"No Dask scheduler answers at tcp://127\.0\.0\.1:{port}"
    with pytest.raises(ClusterError, match=why), cluster_executor(f"tcp://127.0.0.1:{port}"):
        pass
    assert time.monotonic() - started < 5


def test_what_listens_and_is_no_scheduler_is_told(monkeypatch):
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 1)
    with socket.create_server(("127.0.0.1", 0)) as server, nothing_left_running():
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(ClusterError, match="No Dask scheduler answers"), cluster_executor(address):
            pass


def test_workers_that_come_late_and_a_scheduler_that_is_killed(
    mini, all_sets, genes, counted, monkeypatch, tmp_path, caplog
):
    """A run waits for workers and says so; it ends when the scheduler dies, and goes on where it was, here."""
    monkeypatch.setattr(blocks, "PAIRS_A_BLOCK", 1)
    request = NetworkRequest(tuple(genes[:12]), tuple(genes))
    sizes = [2 * len(block) for block in blocks.block_pairs(request)]
    with nothing_left_running(), processes(tmp_path) as running, Store(tmp_path / "store") as store:
        said: list[str] = []
        killed: list[float] = []

        def progress(share: float, words: str) -> None:
            said.append(words)
            if "waiting" in words and len(running.started) == 1:
                running.add_worker()
            if share > 0.2 and not killed:
                running.scheduler.kill()
                killed.append(time.monotonic())

        with cluster_executor(running.address) as executor:
            with pytest.raises(ClusterError, match=r"scheduler was lost\. .* goes on from there") as caught:
                predict_network(mini, all_sets, request, store, executor=executor, progress=progress)
            assert time.monotonic() - killed[0] < 10
            del executor
        assert time.monotonic() - killed[0] < 25
        assert "waiting for a worker of the cluster" in said and not counted
        assert not [one for one in caplog.records if one.name == "distributed.client"], "a traceback beside the words"
        kept = store.stats().entries
        assert 0 < kept < len(sizes)
        assert not any((store.folder / "locks").iterdir())
        resumed = predict_network(mini, all_sets, request, store)
        assert len(counted) == len(sizes) - kept and store.stats().entries == len(sizes)
        np.testing.assert_allclose(
            resumed.logits, predict_network(mini, all_sets, request).logits, rtol=1e-5, atol=1e-5
        )
        del caught
