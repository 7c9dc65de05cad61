"""The result store: addresses, round trips, damage, limits, and work shared by threads and processes."""

from __future__ import annotations

import hashlib
import logging
import multiprocessing
import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

import diskcache
import numpy as np
import pytest
import safetensors.numpy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tests.each_once import compute_all
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


# Damage

VALUE = {"response": np.arange(30, dtype=np.float32), "slope": np.ones((2, 3), dtype=np.float32)}


def plant(store: Store, sql: str, *values: object) -> None:
    with rows(store) as con:
        assert con.execute(sql, values).rowcount in (-1, 1)
    con.close()


def same(found: dict[str, np.ndarray] | None) -> bool:
    return found is not None and found.keys() == VALUE.keys() and all(np.array_equal(found[n], VALUE[n]) for n in VALUE)


@pytest.mark.parametrize("damage", [slice(0, -1), slice(0, 9), slice(0, 0)])
def test_a_truncated_value_counts_as_missing_and_is_told_once(store: Store, damage: slice, caplog) -> None:
    store.put_many({KEY: VALUE, OTHER: VALUE})
    for key in (KEY, OTHER):
        with rows(store) as con:
            (value,) = con.execute("SELECT value FROM cache WHERE key = ?", (key,)).fetchone()
        con.close()
        plant(store, "UPDATE cache SET value = ? WHERE key = ?", value[damage], key)
    with caplog.at_level(logging.WARNING, "ugrn_core.store"):
        assert store.get(KEY) is None
        assert KEY not in store
        assert store.get(OTHER) is None
    assert caplog.messages == list(store.notes())
    (note,) = store.notes()
    assert "computed anew" in note
    store.put(KEY, VALUE)
    assert same(store.get(KEY))


def test_every_bit_of_a_value_is_guarded(store: Store) -> None:
    store.put(KEY, VALUE)
    with rows(store) as con:
        ((whole,),) = con.execute("SELECT value FROM cache")
    con.close()
    for place in range(len(whole)):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << place % 8
        plant(store, "UPDATE cache SET value = ?", bytes(flipped))
        assert store.get(KEY) is None
    plant(store, "UPDATE cache SET value = ?", whole)
    assert same(store.get(KEY))


def test_a_row_under_the_key_of_another_is_damaged(store: Store) -> None:
    store.put_many({KEY: VALUE, OTHER: {"response": np.zeros(30, dtype=np.float32)}})
    plant(store, "UPDATE cache SET key = 'x' WHERE key = ?", KEY)
    plant(store, "UPDATE cache SET key = ? WHERE key = ?", KEY, OTHER)
    plant(store, "UPDATE cache SET key = ? WHERE key = 'x'", OTHER)
    assert store.get(KEY) is None
    assert store.get(OTHER) is None


@pytest.mark.parametrize("planted", ["7", "2.5", "'text'", "CAST(x'eda080ff' AS TEXT)", "x'80044e2e'", "zeroblob(9)"])
@pytest.mark.parametrize("column", ["value", "mode", "filename"])
def test_a_planted_value_of_any_kind_counts_as_missing(store: Store, column: str, planted: str) -> None:
    store.put(KEY, VALUE)
    plant(store, f"UPDATE cache SET {column} = {planted}")
    assert store.get(KEY) is None
    assert store.clear() == 1


def test_a_value_with_a_right_checksum_that_is_no_safetensors_file_counts_as_missing(store: Store) -> None:
    from ugrn_core.rows import checksum

    packed = safetensors.numpy.save({"a": np.ones(2)})
    store.put(KEY, VALUE)
    for value in (b"", b"x" * 40, packed[:-1], packed.replace(b"F64", b"F99")):
        plant(store, "UPDATE cache SET value = ?", checksum(KEY, value) + value)
        assert store.get(KEY) is None


PLANTED = {
    "a trigger": "CREATE TRIGGER t AFTER INSERT ON cache BEGIN DELETE FROM cache; END",
    "a view": "CREATE VIEW v AS SELECT * FROM cache",
    "another setting": "INSERT INTO Settings VALUES ('sqlite_x; DROP TABLE Cache; --', 1)",
    "a changed setting": "UPDATE Settings SET value = 'least-recently-used' WHERE key = 'eviction_policy'",
    "a count that is none": "UPDATE Settings SET value = 'many' WHERE key = 'count'",
    "a lost column": "ALTER TABLE cache DROP COLUMN tag",
    "another column": "ALTER TABLE cache ADD COLUMN more",
    "no table": "DROP TABLE cache",
    "another index": "CREATE UNIQUE INDEX i ON cache (value)",
}


@pytest.mark.parametrize("sql", PLANTED.values(), ids=PLANTED)
def test_a_database_of_another_form_is_kept_beside_a_fresh_one(store: Store, sql: str, caplog) -> None:
    store.put(KEY, VALUE)
    store.close()
    plant(store, sql)
    before = (store.folder / "cache.db").stat().st_size
    with Store(store.folder) as again:
        if sql.startswith("DROP"):  # an empty file is a new store
            assert again.get(KEY) is None
        else:
            assert again.get(KEY) is None
            (note,) = again.notes()
            assert "cache-2" in note
            assert again.stats().left_aside == (store.folder / "cache.db",)
            assert (store.folder / "cache.db").stat().st_size == before
        again.put(KEY, VALUE)
    with Store(store.folder) as third:
        assert same(third.get(KEY))
        assert not third.notes()  # said once
        assert third.clear() == 1
        assert not third.stats().left_aside


def test_settings_of_an_earlier_store_are_not_looked_at(tmp_path: Path) -> None:
    """A store of the first version, with settings that once ended in a traceback."""
    con = sqlite3.connect(tmp_path / "cache.db")
    con.execute("CREATE TABLE Settings (key TEXT NOT NULL UNIQUE, value)")
    con.execute("INSERT INTO Settings VALUES ('disk_color', 'red'), ('sqlite_x; DROP TABLE Cache; --', 1), (7, 'x')")
    con.execute("CREATE TABLE Cache (rowid INTEGER PRIMARY KEY, key BLOB, raw INTEGER, value BLOB)")
    con.commit()
    con.close()
    kept = (tmp_path / "cache.db").read_bytes()
    with Store(tmp_path) as store:
        store.put(KEY, VALUE)
        assert same(store.get(KEY))
    assert (tmp_path / "cache.db").read_bytes() == kept


GARBAGE: dict[str, Callable[[bytes], bytes]] = {
    "text": lambda whole: b"not a database" * 100,
    "half": lambda whole: whole[: len(whole) // 2],
    "a page": lambda whole: whole[:4096],
    "its head": lambda whole: whole[:100],
    "zeros": lambda whole: bytes(len(whole)),
    "zeros after its head": lambda whole: whole[:100] + bytes(len(whole) - 100),
    "a piece cut out": lambda whole: whole[:5000] + whole[6000:],
    "write version": lambda whole: whole[:18] + b"\x09" + whole[19:],
    "text encoding": lambda whole: whole[:56] + b"\x00\x00\x00\x09" + whole[60:],
    "schema format": lambda whole: whole[:44] + b"\xff\xff\xff\xff" + whole[48:],
    "page size": lambda whole: whole[:16] + b"\x02\x00" + whole[18:],
}


@pytest.mark.parametrize("damage", GARBAGE.values(), ids=GARBAGE)
def test_a_file_that_sqlite_cannot_read_is_kept_beside_a_fresh_one(tmp_path: Path, damage) -> None:
    many = {sweep_key(**QUESTION | {"bucket": i}): VALUE for i in range(50)}
    with Store(tmp_path) as store:
        store.put_many(many)
    file = tmp_path / "cache.db"
    file.write_bytes(damage(file.read_bytes()))
    with Store(tmp_path) as store:
        for key in many:
            found = store.get(key)
            assert found is None or same(found)
        store.put_many(many)
        assert all(same(store.get(key)) for key in many)
        assert file.exists()


def test_a_store_that_another_one_is_just_making_is_no_damage(tmp_path: Path, monkeypatch) -> None:
    """diskcache makes tables, settings and triggers one by one; others look while it does."""
    plain = diskcache.Cache.reset

    def slowly(*args, **options):
        time.sleep(0.005)
        return plain(*args, **options)

    def look(seconds: float) -> tuple[str, ...]:
        time.sleep(seconds)
        with Store(tmp_path) as store:
            return store.notes()

    monkeypatch.setattr(diskcache.Cache, "reset", slowly)
    with ThreadPoolExecutor(8) as sessions:
        assert list(sessions.map(look, [0.01 * i for i in range(8)], timeout=60)) == [()] * 8


def test_damage_anywhere_gives_the_right_numbers_or_none(tmp_path: Path) -> None:
    """Bytes of all kinds of pages are changed, the file is used, and nothing wrong or unsaid comes of it."""
    many = {sweep_key(**QUESTION | {"bucket": i}): VALUE for i in range(120)}
    with Store(tmp_path / "sound") as store:
        store.put_many(many)
    whole = (tmp_path / "sound" / "cache.db").read_bytes()
    random = np.random.default_rng(0)
    for turn in range(40):
        folder = tmp_path / f"damaged {turn}"
        folder.mkdir()
        spoilt = bytearray(whole)
        for place in random.integers(0, len(whole) if turn % 2 else 200, 1 + turn % 7):
            spoilt[place] = random.integers(256)
        (folder / "cache.db").write_bytes(spoilt)
        with Store(folder) as store:
            found = {key: store.get(key) for key in many}
            assert all(value is None or same(value) for value in found.values())
            store.put_many({key: VALUE for key, value in found.items() if value is None})
            again = {key: store.get(key) for key in many}
            assert all(value is None or same(value) for value in again.values())
            store.put_many({key: VALUE for key, value in again.items() if value is None})  # a write may find it too
            assert all(same(store.get(key)) for key in many)
            assert store.stats().entries >= 0
        shutil.rmtree(folder)


def test_damage_under_a_store_that_is_open_is_found_by_all_who_use_it(tmp_path: Path) -> None:
    many = {sweep_key(**QUESTION | {"bucket": i}): VALUE for i in range(200)}
    with Store(tmp_path) as one, Store(tmp_path) as other:
        one.put_many(many)
        one.close()
        other.close()  # what lay in memory is let go, so that the file is read
        file = tmp_path / "cache.db"
        whole = file.read_bytes()
        file.write_bytes(whole[:4096] + bytes(len(whole) - 4096))
        assert one.get(KEY) is None
        one.put(KEY, VALUE)
        assert same(other.get(KEY))
        assert one.notes() == other.notes()
        assert one.stats().left_aside == other.stats().left_aside == (file,)


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


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_that_cannot_be_written_is_a_store_error(tmp_path: Path) -> None:
    Store(tmp_path / "results").close()
    (tmp_path / "results").chmod(0o500)
    (tmp_path / "results" / "locks").chmod(0o500)
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(StoreError, match="UGRN_CACHE_DIR"):
            Store(tmp_path / "new")
        with (
            Store(tmp_path / "results") as store,
            pytest.raises(StoreError, match="UGRN_CACHE_DIR"),
            store.lock(KEY),
        ):
            pass
    finally:
        tmp_path.chmod(0o700)


def test_a_full_disk_or_a_folder_in_place_of_the_file_is_no_damage(tmp_path: Path) -> None:
    (tmp_path / "cache.db").mkdir()
    with pytest.raises(StoreError, match="UGRN_CACHE_DIR"):
        Store(tmp_path)
    assert not (tmp_path / "cache-2").exists()


def test_another_writer_is_waited_for_and_then_said(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    assert store._rows._cache is not None
    store._rows._cache._timeout = 0.1
    store.close()  # the connections that come have the new patience
    con = sqlite3.connect(store.folder / "cache.db", isolation_level=None)
    con.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="busy"):
        store.put(KEY, VALUE)
    assert store.get(KEY) is None  # readers go on
    con.execute("ROLLBACK")
    con.close()
    store.put(KEY, VALUE)
    assert not store.notes()


def test_many_threads_keep_few_files_open(store: Store) -> None:
    def use() -> None:
        store.get(KEY)

    store.put(KEY, VALUE)
    for _ in range(5):
        workers = [threading.Thread(target=use) for _ in range(20)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    assert len([f for f in Path("/proc/self/fd").iterdir() if str(store.folder) in os.path.realpath(f)]) <= 30


def test_a_folder_that_is_a_file_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("")
    with pytest.raises(StoreError, match="cannot be used"):
        Store(tmp_path / "results")


def test_the_store_loads_no_torch() -> None:
    code = "import sys, ugrn_core.store; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


# Work shared by threads and processes


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


def test_processes_compute_each_key_once(tmp_path: Path, keys: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(
        sys.modules, "__main__", ModuleType("__main__")
    )  # a page tried before is what children would run
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
