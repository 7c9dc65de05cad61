"""Networks on a Dask cluster: the scores of this process, whatever happens to workers, scheduler, stores and runs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from distributed import Client, LocalCluster
from typer.testing import CliRunner

import ugrn_core
from tests.small_network import trained
from ugrn_core import cluster
from ugrn_core.backbones.registry import load_backbone
from ugrn_core.cli.app import app
from ugrn_core.cluster import cluster_executor
from ugrn_core.errors import Cancelled, ClusterError, InputError, StoreError
from ugrn_core.genes.tfs import is_tf
from ugrn_core.network import blocks
from ugrn_core.network import executors as hands
from ugrn_core.network.direction import DirectionRule
from ugrn_core.network.question import NetworkRequest
from ugrn_core.network.run import predict_network
from ugrn_core.network.table import edge_table, write_edges
from ugrn_core.store import Store
from ugrn_core.translators.library import load_translator
from ugrn_core.types import Context

SMALL_BLOCKS = "from ugrn_core.network import blocks; blocks.PAIRS_A_BLOCK = 1; from ugrn_core.cli import main; main()"
NO_RULE = DirectionRule(None, None, "a test")


@pytest.fixture(scope="module")
def local_cluster():
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0") as running:
        yield running


@pytest.fixture
def executor(local_cluster):
    with cluster_executor(local_cluster.scheduler_address) as one:
        yield one


@pytest.fixture(scope="module")
def mini():
    return load_backbone("ugrn-mini")


@pytest.fixture(scope="module")
def all_sets():
    return load_translator("all-sets")


@pytest.fixture(scope="module")
def network(mini):
    """8 factors against themselves and 52 others."""
    symbols = mini.vocabulary.symbols
    factors = [s for s in symbols if is_tf(s)][:8]
    return NetworkRequest(tuple(factors), (*factors, *[s for s in symbols if not is_tf(s)][:52]))


@pytest.fixture
def small_blocks(monkeypatch):
    """A block a source."""
    monkeypatch.setattr(blocks, "PAIRS_A_BLOCK", 1)


@pytest.fixture(scope="module")
def toy():
    return load_backbone("toy-square")


@pytest.fixture
def handed_out(monkeypatch):
    """Addresses of everything that was given to workers."""
    listed = []
    real = cluster.DaskWorkers.submit

    def noted(self, function, *args):
        told = json.loads(args[-1])
        listed.extend([told[0]] if function is hands.score_on_worker else told[-1].values())
        return real(self, function, *args)

    monkeypatch.setattr(cluster.DaskWorkers, "submit", noted)
    return listed


def table(scores, translator):
    return edge_table(scores, translator, NO_RULE)


def alike(there, here, translator) -> None:
    """The same edge table: words equal, numbers to rtol 1e-5 (and the last of six decimals, which is rounded)."""
    there, here = (table(one, translator).set_index(["source", "target"]).sort_index() for one in (there, here))
    assert there.index.equals(here.index)
    for column in here:
        if here[column].dtype == object:
            assert there[column].equals(here[column])
        else:
            np.testing.assert_allclose(there[column], here[column], rtol=1e-5, atol=1.5e-6, err_msg=str(column))


def n_blocks(request) -> int:
    return len(list(blocks.block_pairs(request)))


def test_the_same_edge_table_as_in_this_process(executor, mini, all_sets, network, small_blocks, tmp_path):
    here = predict_network(mini, all_sets, network)
    said = []
    there = predict_network(mini, all_sets, network, executor=executor, progress=lambda *one: said.append(one))
    np.testing.assert_allclose(there.logits, here.logits, rtol=1e-5, atol=1e-5)
    alike(there, here, all_sets)
    shares = [share for share, _ in said]
    assert shares == sorted(shares) and shares[-1] == 1 and len(set(shares)) == n_blocks(network)
    write_edges(there, all_sets, NO_RULE, tmp_path / "edges.csv")
    assert len((tmp_path / "edges.csv").read_text().splitlines()) == 1 + there.n_edges


@pytest.mark.parametrize(
    ("method", "kind", "background"),
    [
        ("Ens", "genes", "fixed"),
        ("Ens", "profile", "fixed"),
        ("VVP", "profile", "fixed"),
        ("VVP", "pair", "fixed"),
        ("GDT", "genes", "follow"),
        ("GDT", "pair", "follow"),
        ("Baseline-Emb", "pair", "fixed"),
    ],
)
def test_every_kind_of_network(executor, toy, method, kind, background, tmp_path, handed_out):
    genes = tuple(toy.vocabulary.symbols[:30])
    translator = trained(toy, method, "pair" if kind == "pair" else "full", background)
    values = tuple(np.linspace(0.5, 3, 30).tolist()) if kind == "profile" else None
    context = Context() if kind == "pair" else Context(kind, genes, values, "a test")
    request = NetworkRequest(genes[:4], genes[2:20], context)
    with Store(tmp_path) as store:
        there = predict_network(toy, translator, request, store, executor=executor)
        alike(there, predict_network(toy, translator, request), translator)
        n = len(handed_out)
        assert n == (n_blocks(request) if kind == "pair" else len({*genes[:20]}))
        again = predict_network(toy, translator, request, store, executor=executor)
        here = predict_network(toy, translator, request, store)
        assert len(handed_out) == n, "stored work was handed out"
    for other in (again, here):
        np.testing.assert_array_equal(there.logits, other.logits)


def test_other_executors_give_the_same_and_their_loss_is_told(toy, small_blocks):
    translator = trained(toy)
    genes = tuple(toy.vocabulary.symbols[:12])
    request = NetworkRequest(genes[:6], genes)
    here = predict_network(toy, translator, request)
    with ThreadPoolExecutor(2) as threads:
        alike(predict_network(toy, translator, request, executor=threads), here, translator)
    import multiprocessing

    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as processes:
        alike(predict_network(toy, translator, request, executor=processes), here, translator)
        processes.submit(os._exit, 1)
        with pytest.raises(ClusterError, match="goes on from there"):
            predict_network(toy, translator, request, executor=processes)


def test_a_client_of_ones_own(local_cluster, toy, small_blocks):
    translator = trained(toy)
    genes = tuple(toy.vocabulary.symbols[:12])
    request = NetworkRequest(genes[:6], genes)
    with Client(local_cluster.scheduler_address, set_as_default=False) as client:
        there = predict_network(toy, translator, request, executor=client.get_executor())
    alike(there, predict_network(toy, translator, request), translator)


def test_workers_that_are_killed_cost_nothing_but_time(
    local_cluster, executor, mini, all_sets, network, small_blocks, tmp_path, handed_out
):
    """Both workers die, one after the other, and with them every copy of the model that was sent."""
    with Client(local_cluster.scheduler_address, set_as_default=False) as client:
        alive = list(client.run(os.getpid).values())
        assert len(alive) == 2

        def progress(share: float, _: str) -> None:
            if alive and share > 0.2 * (3 - len(alive)):
                os.kill(alive.pop(), signal.SIGKILL)

        with Store(tmp_path) as store:
            there = predict_network(mini, all_sets, network, store, executor=executor, progress=progress)
            assert store.stats().entries == n_blocks(network) == len(handed_out) == len(set(handed_out))
        assert not alive
        client.wait_for_workers(2, timeout=30)
    alike(there, predict_network(mini, all_sets, network), all_sets)


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's memory")
def test_workers_do_not_hand_their_memory_back_and_forth(local_cluster, executor, mini, all_sets):
    """With the nanny's own setting the kernel takes as much time as the model."""
    symbols = mini.vocabulary.symbols[:600]
    with Client(local_cluster.scheduler_address, set_as_default=False) as client:
        predict_network(mini, all_sets, NetworkRequest(symbols[:2], symbols[:3]), executor=executor)
        before = client.run(os.times)
        predict_network(mini, all_sets, NetworkRequest(symbols[:8], symbols), executor=executor)
        after = client.run(os.times)
    user, system = (
        sum(getattr(after[w], kind) - getattr(before[w], kind) for w in after) for kind in ("user", "system")
    )
    assert user > 0.3 and system < 0.3 * user


def test_two_sessions_share_the_work(local_cluster, mini, all_sets, network, small_blocks, tmp_path, handed_out):
    def session(_):
        with cluster_executor(local_cluster.scheduler_address) as own, Store(tmp_path) as store:
            return np.array(predict_network(mini, all_sets, network, store, executor=own).logits)

    with ThreadPoolExecutor(2) as sessions:
        first, second = sessions.map(session, range(2), timeout=60)
    np.testing.assert_array_equal(first, second)
    assert len(handed_out) == len(set(handed_out)) == n_blocks(network)


def test_a_stop_is_quick_and_reaches_the_workers(local_cluster, executor, mini, all_sets, monkeypatch, tmp_path):
    """A block of some 20,000 pairs would take a worker many seconds."""
    monkeypatch.setattr(blocks, "PAIRS_A_BLOCK", 10**6)
    symbols = mini.vocabulary.symbols[:1500]
    request = NetworkRequest(tuple(symbols[:16]), tuple(symbols))
    with Client(local_cluster.scheduler_address, set_as_default=False) as client, Store(tmp_path) as store:
        asked = []

        def cancel() -> bool:
            if not asked and any(client.run(executing).values()):
                time.sleep(0.5)
                asked.append(time.monotonic())
            return bool(asked)

        with pytest.raises(Cancelled):
            predict_network(mini, all_sets, request, store, executor=executor, cancel=cancel)
        assert time.monotonic() - asked[0] < 5
        assert not any((store.folder / "locks").iterdir())
        while any(client.run(executing).values()):
            assert time.monotonic() - asked[0] < 8, "the workers go on with what nobody wants"
            time.sleep(0.1)


def executing(dask_worker) -> bool:
    return bool(dask_worker.active_threads) and any("score_on" in str(k) for k in dask_worker.active_threads.values())


def test_a_full_store_ends_the_run(executor, mini, all_sets, network, small_blocks, tmp_path, handed_out):
    with Store(tmp_path) as store:
        store.limit = store.stats().size + 20_000
        with pytest.raises(StoreError, match="full"):
            predict_network(mini, all_sets, network, store, executor=executor)
        kept = store.stats().entries
        assert 0 < kept < n_blocks(network) and not any((store.folder / "locks").iterdir())
        store.limit = 1 << 30
        handed_out.clear()
        predict_network(mini, all_sets, network, store, executor=executor)
        assert len(handed_out) == n_blocks(network) - kept


def test_a_mistake_found_by_a_worker_arrives_as_such(local_cluster, executor):
    linear = load_backbone("toy-linear")
    translator = trained(linear)
    genes = tuple(linear.vocabulary.symbols[:5])
    with Client(local_cluster.scheduler_address, set_as_default=False) as client:
        client.run(exec, "import os; os.environ['UGRN_DEVICE'] = 'cuda:7'")
        try:
            with pytest.raises(InputError, match="UGRN_DEVICE is 'cuda:7'; this machine has cpu"):
                predict_network(linear, translator, NetworkRequest(genes[:2], genes), executor=executor)
        finally:
            client.run(exec, "import os; del os.environ['UGRN_DEVICE']")
    predict_network(linear, translator, NetworkRequest(genes[:2], genes), executor=executor)


def test_workers_of_another_version_are_refused(executor, toy, monkeypatch):
    translator = trained(toy)
    genes = tuple(toy.vocabulary.symbols[:5])
    monkeypatch.setattr(ugrn_core, "__version__", "7.0")
    with pytest.raises(ClusterError, match=r"has ugrn-explorer \S+ instead of 7\.0\. Workers need this program"):
        predict_network(toy, translator, NetworkRequest(genes[:2], genes), executor=executor)


def test_a_worker_that_lacks_a_library_is_told(toy):
    translator = trained(toy)
    genes = tuple(toy.vocabulary.symbols[:5])
    with LocalCluster(n_workers=1, threads_per_worker=1, processes=True, dashboard_address=":0") as bare:
        with Client(bare.scheduler_address, set_as_default=False) as client:
            client.run(exec, "import sys; sys.modules['torch'] = None")
        with cluster_executor(bare.scheduler_address) as own, pytest.raises(ClusterError, match=r"torch.*Workers need"):
            predict_network(toy, translator, NetworkRequest(genes[:2], genes), executor=own)


def test_the_address_of_a_worker_is_not_that_of_a_scheduler(local_cluster):
    with Client(local_cluster.scheduler_address, set_as_default=False) as client:
        address = next(iter(client.scheduler_info()["workers"]))
    with pytest.raises(ClusterError, match=r"a Dask Worker answers"), cluster_executor(address):
        pass


def test_a_command_that_is_killed_goes_on_where_it_was(
    local_cluster, mini, small_blocks, monkeypatch, tmp_path, handed_out
):
    """`kill -9` of `ugrn network --scheduler` after its first blocks; the same line again computes the others."""
    monkeypatch.setenv("UGRN_CACHE_DIR", str(tmp_path / "cache"))
    symbols = mini.vocabulary.symbols
    chosen = [s for s in symbols if is_tf(s)][:16] + [s for s in symbols if not is_tf(s)][:134]
    (tmp_path / "genes.txt").write_text("\n".join(chosen))
    factors = tuple(g for g in chosen if is_tf(g))
    total = n_blocks(NetworkRequest(factors, tuple(chosen)))
    line = ["network", "--genes", str(tmp_path / "genes.txt"), "--out", str(tmp_path / "out")]
    with (tmp_path / "log").open("wb") as log, Store() as store:
        running = subprocess.Popen(
            [sys.executable, "-c", SMALL_BLOCKS, *line, "--scheduler", local_cluster.scheduler_address],
            stdout=log, stderr=log,
        )  # fmt: skip
        try:
            while not (kept := store.stats().entries):
                assert running.poll() is None, (tmp_path / "log").read_text()
                time.sleep(0.02)
        finally:
            running.kill()
            running.wait(10)
        kept = store.stats().entries
        assert 0 < kept < total
        assert not (tmp_path / "out" / "edges.csv").exists()
        monkeypatch.setenv("UGRN_SCHEDULER", local_cluster.scheduler_address)
        result = CliRunner().invoke(app, line)
        assert result.exit_code == 0, result.output
        assert len(handed_out) == total - kept and store.stats().entries >= total
    edges = pd.read_csv(tmp_path / "out" / "edges.csv")
    assert len(edges) == len(factors) * (len(chosen) - 1)
