"""The result store: addresses, round trips, refusal of pickles, limits, and work shared by threads and processes."""

from __future__ import annotations

import hashlib
import logging
import multiprocessing
import os
import pickle
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from multiprocessing.synchronize import Barrier
from pathlib import Path

import diskcache
import numpy as np
import pytest
from diskcache.core import MODE_BINARY, MODE_PICKLE, MODE_TEXT
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ugrn_core.errors import Cancelled, StoreError
from ugrn_core.store import Store, cache_limit, sweep_key

QUESTION = {
    "fingerprint": "f" * 64,
    "schema": "sweep/1",
    "precision": "float32",
    "context_genes": ("GATA1", "KLF1", "SPI1"),
    "base": 10.0,
    "grid": (1.0, 5.0, 45.0),
    "background": "fixed",
    "source": "GATA1",
}
KEY = sweep_key(**QUESTION)
OTHER = sweep_key(**QUESTION | {"source": "KLF1"})
spawn = multiprocessing.get_context("spawn")


@pytest.fixture
def store(tmp_path: Path):
    with Store(tmp_path / "results", limit=64 << 20) as opened:
        yield opened


def rows(store: Store) -> sqlite3.Connection:
    return sqlite3.connect(store.folder / "cache.db")


# Addresses


def test_key_is_the_hash_of_canonical_json() -> None:
    text = (
        '{"background":"fixed","base":10.0,"bucket":null,"context_genes":["GATA1","KLF1","SPI1"],'
        f'"fingerprint":"{"f" * 64}","grid":[1.0,5.0,45.0],"precision":"float32","schema":"sweep/1","source":"GATA1"}}'
    )
    assert hashlib.sha256(text.encode()).hexdigest() == KEY


def test_key_forgets_the_order_of_genes_and_the_type_of_numbers() -> None:
    turned = QUESTION | {"context_genes": ["SPI1", "GATA1", "KLF1"], "base": 10, "grid": np.array([1, 5, 45])}
    assert sweep_key(**turned) == KEY
    assert sweep_key(**QUESTION | {"base": 0.0}) == sweep_key(**QUESTION | {"base": -0.0})


def test_key_moves_bases_with_their_genes() -> None:
    one = sweep_key(**QUESTION | {"base": (1.0, 2.0, 3.0)})
    assert one == sweep_key(**QUESTION | {"context_genes": ("SPI1", "KLF1", "GATA1"), "base": [3.0, 2.0, 1.0]})
    assert one != sweep_key(**QUESTION | {"context_genes": ("SPI1", "KLF1", "GATA1"), "base": [1.0, 2.0, 3.0]})


@pytest.mark.parametrize(
    "change",
    [
        {"fingerprint": "e" * 64},
        {"schema": "sweep/2"},
        {"precision": "float64"},
        {"context_genes": ("GATA1", "KLF1")},
        {"base": 10.5},
        {"base": (10.0, 10.0, 11.0)},
        {"grid": (5.0, 1.0, 45.0)},
        {"background": "follow"},
        {"source": "SPI1"},
        {"bucket": 0},
    ],
)
def test_key_depends_on_everything(change: dict) -> None:
    assert sweep_key(**QUESTION | change) != KEY


@pytest.mark.parametrize(
    "change", [{"context_genes": ("A", "A")}, {"base": (1.0, 2.0)}, {"base": float("nan")}, {"grid": (float("inf"),)}]
)
def test_key_refuses_what_has_no_meaning(change: dict) -> None:
    with pytest.raises(ValueError):
        sweep_key(**QUESTION | change)


# Round trips

ARRAYS = st.dictionaries(
    st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=8).filter("__metadata__".__ne__),
    hnp.arrays(
        st.sampled_from([np.float32, np.float64, np.float16, np.int64, np.uint8, np.bool_, np.dtype(">f4")]),
        hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5),
    ),
    max_size=4,
)


@given(arrays=ARRAYS, transposed=st.booleans())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_put_is_got(store: Store, arrays: dict[str, np.ndarray], transposed: bool) -> None:
    if transposed:
        arrays = {name: array.T for name, array in arrays.items()}
    store.put(KEY, arrays)
    found = store.get(KEY)
    assert found is not None
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        assert found[name].shape == array.shape
        assert found[name].dtype == array.dtype.newbyteorder("=")
        np.testing.assert_array_equal(found[name], array)


def test_missing_is_none_and_a_second_store_sees_the_first(store: Store) -> None:
    assert store.get(KEY) is None
    store.put_many({KEY: {"response": np.ones(3)}, OTHER: {"response": np.zeros(3)}})
    with Store(store.folder) as again:
        found = again.get(OTHER)
    assert found is not None
    np.testing.assert_array_equal(found["response"], np.zeros(3))


def test_a_key_that_is_no_address_is_a_bug_of_the_caller(store: Store) -> None:
    for key in ("../x", KEY[:-1], KEY.upper(), KEY + "\n"):
        with pytest.raises(ValueError, match="sweep_key"):
            store.get(key)


@pytest.mark.parametrize("damage", [slice(0, -1), slice(0, 9), slice(0, 0)])
def test_a_truncated_value_counts_as_missing_and_is_logged(store: Store, damage: slice, caplog) -> None:
    store.put(KEY, {"response": np.ones(30, dtype=np.float32)})
    with rows(store) as con:
        (value,) = con.execute("SELECT value FROM Cache").fetchone()
        con.execute("UPDATE Cache SET value = ?", (value[damage],))
    con.close()
    with caplog.at_level(logging.WARNING, "ugrn_core.store"):
        assert store.get(KEY) is None
    assert KEY in caplog.text
    store.put(KEY, {"response": np.ones(1)})
    assert store.get(KEY) is not None


# Nothing is unpickled


class Trap:
    """Unpickling an instance makes a folder."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self):
        return os.mkdir, (str(self.marker),)


@pytest.fixture
def trap(tmp_path: Path) -> tuple[bytes, Path]:
    marker = tmp_path / "sprung"
    pickled = pickle.dumps(Trap(marker))
    pickle.loads(pickled)  # the trap works ...
    marker.rmdir()  # ... and is set again
    return pickled, marker


def plant(store: Store, sql: str, *values: object) -> None:
    with rows(store) as con:
        assert con.execute(sql, values).rowcount == 1
    con.close()


def test_a_planted_pickle_value_is_refused(store: Store, trap: tuple[bytes, Path]) -> None:
    pickled, marker = trap
    store.put(KEY, {"response": np.ones(3)})
    plant(store, "UPDATE Cache SET mode = ?, value = ?", MODE_PICKLE, sqlite3.Binary(pickled))
    with pytest.raises(StoreError, match="not read"):
        store.get(KEY)
    assert not marker.exists()
    with diskcache.Cache(str(store.folder)) as naive:  # the library's own Disk springs it: the test can fail
        naive.get(KEY)
    assert marker.exists()


def test_a_planted_pickle_file_is_refused(store: Store, trap: tuple[bytes, Path]) -> None:
    pickled, marker = trap
    (store.folder / "planted.val").write_bytes(pickled)
    store.put(KEY, {"response": np.ones(3)})
    plant(store, "UPDATE Cache SET mode = ?, value = NULL, filename = 'planted.val'", MODE_PICKLE)
    with pytest.raises(StoreError, match="not read"):
        store.get(KEY)
    assert not marker.exists()


def test_a_planted_pickle_key_is_refused(store: Store, trap: tuple[bytes, Path]) -> None:
    pickled, marker = trap
    store.put(KEY, {"response": np.ones(3)})
    plant(store, "UPDATE Cache SET raw = 0, key = ?", sqlite3.Binary(pickled))
    assert store.get(KEY) is None
    with pytest.raises(StoreError, match="not plain text"):
        list(store._cache)
    with pytest.raises(StoreError, match="not plain text"):
        store._cache.peekitem()
    assert not marker.exists()
    with diskcache.Cache(str(store.folder)) as naive:
        list(naive)
    assert marker.exists()


@pytest.mark.parametrize("mode", [MODE_BINARY, MODE_TEXT])
def test_a_row_that_names_a_file_is_neither_read_nor_does_clearing_remove_the_file(store: Store, mode: int) -> None:
    victim = store.folder.parent / "thesis.txt"
    victim.write_text("precious")
    store.put(KEY, {"response": np.ones(3)})
    plant(store, "UPDATE Cache SET mode = ?, value = NULL, filename = ?", mode, "../thesis.txt")
    with pytest.raises(StoreError, match="not read"):
        store.get(KEY)
    store.put(KEY, {"response": np.ones(3)})
    plant(store, "UPDATE Cache SET mode = ?, value = NULL, filename = ?", mode, "../thesis.txt")
    assert store.clear() == 1
    assert victim.read_text() == "precious"
    assert store.get(KEY) is None


def test_pickles_are_not_written_either(store: Store) -> None:
    for write in (
        lambda: store._cache.set(KEY, {"a": 1}),
        lambda: store._cache.set(KEY, "text"),
        lambda: store._cache.set(("a", 1), b"bytes"),
    ):
        with pytest.raises(StoreError, match="takes"):
            write()
    assert store.stats().entries == 0


# Folder, limit, errors


@pytest.mark.skipif(os.name == "nt", reason="modes are those of POSIX")
def test_only_the_owner_can_read_the_folder(tmp_path: Path) -> None:
    for name in ("new", "open"):
        folder = tmp_path / name
        if name == "open":
            folder.mkdir(mode=0o755)
        Store(folder).close()
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_folder_follows_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UGRN_CACHE_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("UGRN_CACHE_LIMIT", "2M")
    with Store() as store:
        assert (store.folder, store.limit) == (tmp_path / "elsewhere" / "results", 2 << 20)


@pytest.mark.parametrize(
    ("given_size", "expected"),
    [("", 4 << 30), ("123", 123), ("500M", 500 << 20), ("1.5 gib", 3 << 29), ("2T", 2 << 40), ("8GB", 8 << 30)],
)
def test_limit_from_the_environment(monkeypatch: pytest.MonkeyPatch, given_size: str, expected: int) -> None:
    monkeypatch.setenv("UGRN_CACHE_LIMIT", given_size)
    assert cache_limit() == expected


@pytest.mark.parametrize("given_size", ["lots", "-1", "4 gigs", "1e9"])
def test_a_limit_that_is_no_size_is_said(monkeypatch: pytest.MonkeyPatch, given_size: str) -> None:
    monkeypatch.setenv("UGRN_CACHE_LIMIT", given_size)
    with pytest.raises(StoreError, match="500M"):
        cache_limit()


def test_a_full_store_says_so_keeps_what_it_has_and_can_be_emptied(tmp_path: Path) -> None:
    block = {"response": np.zeros(100_000, dtype=np.float32)}  # 0.4 MB
    keys = [sweep_key(**QUESTION | {"bucket": i}) for i in range(8)]
    with Store(tmp_path, limit=1 << 20) as store:
        store.put_many({keys[0]: block, keys[1]: block})
        with pytest.raises(StoreError, match=r"(?s)full.*ugrn cache --clear.*UGRN_CACHE_LIMIT"):
            store.put_many({keys[2]: {"small": np.ones(1)}, keys[3]: block})
        assert [store.get(key) is not None for key in keys[:4]] == [True, True, False, False]
        before = store.stats()
        assert (before.entries, before.limit) == (2, 1 << 20)
        assert 800_000 < before.size <= before.limit
        assert store.clear() == 2
        after = store.stats()
        assert (after.entries, after.size < 100_000) == (0, True)
        store.put(keys[3], block)
        assert store.get(keys[3]) is not None


def test_a_file_that_is_no_database_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "cache.db").write_bytes(b"not a database" * 100)
    with pytest.raises(StoreError, match="UGRN_CACHE_DIR"):
        Store(tmp_path)


def test_a_folder_that_is_a_file_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("")
    with pytest.raises(StoreError, match="cannot be used"):
        Store(tmp_path / "results")


def test_the_store_loads_no_torch() -> None:
    code = "import sys, ugrn_core.store; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


# Work shared by threads and processes


def compute_all(folder: Path, ledger: Path, keys: list[str], seed: int, barrier: Barrier | threading.Barrier) -> None:
    """Every key in an order of its own, singly and in groups; each computation leaves a line in the ledger."""
    order = np.random.default_rng(seed).permutation(len(keys))
    barrier.wait(60)
    with Store(folder) as store:
        for group in np.array_split(order, len(keys) // 2):
            wanted = [keys[i] for i in group]
            with store.lock(*wanted):
                missing = [key for key in wanted if store.get(key) is None]
                with ledger.open("a") as lines:
                    lines.writelines(f"{key}\n" for key in missing)
                store.put_many({key: {"value": np.array([int(key[:8], 16)])} for key in missing})


def expect_each_once(folder: Path, ledger: Path, keys: list[str]) -> None:
    assert sorted(ledger.read_text().split()) == sorted(keys)
    with Store(folder) as store:
        for key in keys:
            found = store.get(key)
            assert found is not None
            assert found["value"] == int(key[:8], 16)
    assert not list((folder / "locks").iterdir()) or os.name == "nt"


@pytest.fixture
def keys() -> list[str]:
    return [sweep_key(**QUESTION | {"bucket": i}) for i in range(40)]


def test_processes_compute_each_key_once(tmp_path: Path, keys: list[str]) -> None:
    barrier = spawn.Barrier(3)
    workers = [
        spawn.Process(target=compute_all, args=(tmp_path / "results", tmp_path / "ledger", keys, seed, barrier))
        for seed in range(3)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    expect_each_once(tmp_path / "results", tmp_path / "ledger", keys)


def test_threads_compute_each_key_once(tmp_path: Path, keys: list[str]) -> None:
    barrier = threading.Barrier(4)
    arguments = (tmp_path / "results", tmp_path / "ledger", keys)
    workers = [threading.Thread(target=compute_all, args=(*arguments, seed, barrier)) for seed in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    expect_each_once(*arguments)


HOLD = """
import sys, time
from pathlib import Path
from ugrn_core.store import Store
with Store(Path(sys.argv[1])) as store, store.lock(sys.argv[2]):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_killed_process_lets_go_of_its_lock(store: Store) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(store.folder), KEY], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        asked: list[bool] = []

        def cancel() -> bool:
            asked.append(True)
            return len(asked) > 2

        with pytest.raises(Cancelled), store.lock(KEY, cancel=cancel):
            pytest.fail("two processes hold one key")
        with store.lock(OTHER):
            pass
        holder.send_signal(signal.SIGKILL if os.name != "nt" else signal.SIGTERM)
        holder.wait(10)
        waited = threading.Event()
        deadline = threading.Timer(20, waited.set)
        deadline.start()
        with store.lock(KEY, cancel=waited.is_set):
            store.put(KEY, {"response": np.ones(3)})
        deadline.cancel()
    finally:
        holder.kill()
        holder.wait()
        if holder.stdout is not None:
            holder.stdout.close()
    assert store.get(KEY) is not None


def test_an_error_inside_lets_go_of_the_lock(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.lock(KEY, OTHER):
        _ = 1 / 0
    with store.lock(OTHER, KEY, cancel=lambda: True):
        pass
