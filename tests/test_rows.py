"""The rows of a store and the store itself, part by part: what is believed, what is damage, what is said."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import stat
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
import safetensors.numpy
from diskcache.core import MODE_RAW
from filelock import Timeout

from ugrn_core import rows as room
from ugrn_core.errors import StoreError
from ugrn_core.opened import OpenedResults, Trace
from ugrn_core.rows import Busy, Damaged, PlainDisk, StoredRows, checksum
from ugrn_core.store import Store, StoreStats, sweep_key

KEY, OTHER, THIRD = "a" * 64, "b" * 64, "c" * 64
VALUE = {"x": np.arange(3.0)}


def told(*_: object) -> None:
    raise AssertionError("nothing is left aside")


@pytest.fixture
def kept(tmp_path: Path):
    found = StoredRows(tmp_path, 5, told)
    yield found
    found.close()


@pytest.fixture
def store(tmp_path: Path):
    with Store(tmp_path / "results", limit=1 << 20) as opened:
        yield opened


# --- rows ------------------------------------------------------------------------------------------------------------


def test_a_checksum_is_of_this_value_under_this_key() -> None:
    expected = hashlib.blake2b(b"value", digest_size=16, key=bytes.fromhex(KEY)).digest()
    assert checksum(KEY, b"value") == expected != checksum(OTHER, b"value")
    assert room._sound(KEY, expected + b"value") == b"value"
    assert room._sound(KEY, None) is None
    for spoilt in (expected + b"valuf", expected, b"", expected[1:] + b"value"):
        with pytest.raises(Damaged):
            room._sound(KEY, spoilt)


def test_nothing_is_evicted_counted_or_mapped() -> None:
    counted = dict.fromkeys(("cull_limit", "statistics", "tag_index", "sqlite_mmap_size"), 0)
    assert {"eviction_policy": "none", **counted} == room.SETTINGS


def test_the_disk_takes_text_keys_and_bytes_and_nothing_else(tmp_path: Path) -> None:
    disk = PlainDisk(str(tmp_path))
    assert disk.put("key") == ("key", True)
    assert disk.get("key", 1) == "key"
    assert disk.store(b"x", False) == (0, MODE_RAW, None, sqlite3.Binary(b"x"))
    assert disk.fetch(MODE_RAW, None, b"x", False) == b"x"
    for bad in (b"key", 1):
        with pytest.raises(TypeError, match="text keys"):
            disk.put(bad)
    for key, raw in ((b"key", 1), ("key", 0), ("key", 2)):
        with pytest.raises(Damaged):
            disk.get(key, raw)
    for value, read in (("x", False), (b"x", True)):
        with pytest.raises(TypeError, match="takes bytes"):
            disk.store(value, read)
    for mode, file, value, read in (
        (MODE_RAW + 1, None, b"x", False), (MODE_RAW, "f", b"x", False), (MODE_RAW, None, "x", False),
        (MODE_RAW, None, b"x", True),
    ):  # fmt: skip
        with pytest.raises(Damaged):
            disk.fetch(mode, file, value, read)


def failing(code: int | None, kind: type[sqlite3.Error] = sqlite3.OperationalError) -> sqlite3.Error:
    error = kind("it failed")
    if code is not None:
        error.sqlite_errorcode = code  # pyright: ignore[reportAttributeAccessIssue]
    return error


def test_damage_is_told_from_a_full_disk_and_from_others_who_write(tmp_path: Path, monkeypatch) -> None:
    file = tmp_path / "cache.db"
    file.touch()
    busy_snapshot, short_read, readonly_recovery = (
        sqlite3.SQLITE_BUSY | 2 << 8,
        sqlite3.SQLITE_IOERR | 2 << 8,
        8 | 1 << 8,
    )
    for code, damage in ((sqlite3.SQLITE_CORRUPT, True), (sqlite3.SQLITE_NOTADB, True), (None, True),
                         (sqlite3.SQLITE_CORRUPT | 1 << 8, True), (short_read, True), (sqlite3.SQLITE_BUSY, False),
                         (busy_snapshot, False), (sqlite3.SQLITE_FULL, False), (sqlite3.SQLITE_IOERR | 1 << 8, True),
                         (sqlite3.SQLITE_IOERR | 3 << 8, False), (sqlite3.SQLITE_READONLY, True),
                         (readonly_recovery, True)):  # fmt: skip
        if code == sqlite3.SQLITE_IOERR | 1 << 8:
            continue
        assert room._is_damage(failing(code), file) == damage, code
    monkeypatch.setattr(os, "access", lambda part, mode: part != tmp_path)
    assert not room._is_damage(failing(sqlite3.SQLITE_READONLY), file)
    assert not room._is_damage(failing(readonly_recovery), file)
    monkeypatch.setattr(os, "access", lambda part, mode: not str(part).endswith("-wal"))
    assert room._is_damage(failing(sqlite3.SQLITE_READONLY), file)
    (tmp_path / "cache.db-wal").touch()
    assert not room._is_damage(failing(sqlite3.SQLITE_READONLY), file)


def test_work_is_tried_in_three_files_and_only_where_a_file_is_damaged(tmp_path: Path) -> None:
    left: list[tuple[Path, Path]] = []
    kept = StoredRows(tmp_path, 5, lambda file, fresh: left.append((file, fresh)))
    files: list[str] = []

    def damaged(cache: Any) -> None:
        files.append(cache.directory)
        raise failing(sqlite3.SQLITE_CORRUPT)

    with pytest.raises(sqlite3.OperationalError):
        kept._use(damaged)
    places = [tmp_path, tmp_path / "cache-2", tmp_path / "cache-3"]
    assert files == [str(place) for place in places]
    assert left == [(places[0] / "cache.db", places[1] / "cache.db"), (places[1] / "cache.db", places[2] / "cache.db")]
    assert kept.left_aside() == [places[0] / "cache.db", places[1] / "cache.db"]
    assert stat.S_IMODE(places[1].stat().st_mode) == 0o700
    left.clear()
    for error in (failing(sqlite3.SQLITE_FULL), ValueError("a bug")):
        with pytest.raises(type(error)):
            kept._use(lambda cache, error=error: (_ for _ in ()).throw(error))
    assert not left
    (places[0] / "cache.db").unlink()
    assert kept.left_aside() == [places[1] / "cache.db"]
    kept.put_many({KEY: b"x"}, lambda used: None)
    assert kept.clear() == 1
    assert sorted(entry.name for entry in tmp_path.iterdir() if entry.is_dir()) == ["cache-3"]
    kept.close()


def test_the_newest_file_is_used_and_others_follow_who_left_first(tmp_path: Path) -> None:
    for name in ("cache-2", "cache-10", "cache-x", "cache-1234567", "other-99"):
        (tmp_path / name).mkdir()
    (tmp_path / "cache-50").touch()  # no folder
    left: list[tuple[Path, Path]] = []
    one, two = (StoredRows(tmp_path, 5, lambda *parts: left.append(parts)) for _ in range(2))
    assert one.file == two.file == tmp_path / "cache-10" / "cache.db"
    one._leave(one.file, ValueError())
    assert one.file == tmp_path / "cache-11" / "cache.db"
    one.put_many({KEY: b"x"}, lambda used: None)
    two._leave(two.file, ValueError())
    assert two.file == one.file
    assert two.get(KEY) == b"x"
    two._leave(tmp_path / "cache-10" / "cache.db", ValueError())  # another thread has left it already
    assert len(left) == 2
    one.close()
    two.close()
    inside = tmp_path / "cache-3"
    inside.mkdir()
    assert StoredRows(inside, 5, told).file == inside / "cache.db"
    kept = StoredRows(inside, 5, told)
    assert kept._number(inside / "cache.db") == 1
    kept.close()


def test_a_process_of_its_own_has_threads_of_its_own(kept: StoredRows) -> None:
    pool = kept._pool
    assert kept._threads() is pool and pool is not None and pool._max_workers == 4
    kept._process = -1  # as after a fork
    kept.close()
    assert kept._pool is None
    assert pool.submit(lambda: 7).result() == 7, "the parent's threads are left alone"
    kept._pool, kept._process = pool, -1
    assert kept._threads() is not pool
    assert kept._process == os.getpid()
    pool.shutdown()
    kept.close()
    kept.close()
    kept.put_many({KEY: b"x"}, lambda used: None)
    assert kept.get(KEY) == b"x" and kept.get(OTHER) is None


def test_every_thread_closes_its_connection(kept: StoredRows) -> None:
    closed: list[int] = []
    real, kept._cache = kept._cache, cast("Any", SimpleNamespace(close=lambda: closed.append(threading.get_ident())))
    kept.close()
    assert len(set(closed)) == len(closed) == 4
    kept._cache = real


def test_every_value_is_read_back_before_it_counts(kept: StoredRows) -> None:
    used: list[int] = []
    kept.put_many({KEY: b"x" * 50_000, OTHER: b"y"}, used.append)
    kept.put_many({THIRD: b""}, used.append)
    assert used[1] - used[0] > 40_000  # in whole pages, some of which there were
    assert kept.count_and_size()[0] == 3
    assert kept.get_many([OTHER, "d" * 64, KEY], told) == [b"y", None, b"x" * 50_000]

    class Lying:
        def get(self, key):
            return None

    lying = Lying()
    for name, value in (("transact", contextlib.nullcontext), ("volume", lambda: 0),
                        ("set", lambda *_: None)):  # fmt: skip
        setattr(lying, name, value)
    kept._use = lambda work: work(cast("Any", lying))  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(sqlite3.DatabaseError, match="cannot be read back"):
        kept.put_many({KEY: b"x"}, used.append)


def test_text_in_the_place_of_bytes_is_damage_and_is_removed_too() -> None:
    class Cache:
        directory = "/nowhere"

        def __init__(self, words: str | None) -> None:
            self.words, self.asked = words, []

        def __len__(self) -> int:
            return 3

        def get(self, key: str) -> bytes:
            if self.words:
                raise sqlite3.OperationalError(self.words)
            return b"x"

        def clear(self, retry: bool) -> None:
            self.asked.append(retry)
            if self.words:
                raise sqlite3.OperationalError(self.words)

    sound, text, other = (cast("Any", Cache(words)) for words in (None, "Could not decode to UTF-8", "disk I/O error"))
    assert room._text_in_place(KEY, sound) == b"x"
    with pytest.raises(Damaged):
        room._text_in_place(KEY, text)
    with pytest.raises(sqlite3.OperationalError, match="disk"):
        room._text_in_place(KEY, other)
    assert room._empty(sound) == 3 and sound.asked == [True]
    with pytest.raises(sqlite3.OperationalError, match="disk"):
        room._empty(other)
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        room._empty(text)


# --- the store -------------------------------------------------------------------------------------------------------

QUESTION: dict[str, Any] = {
    "fingerprint": "f", "schema": "s", "precision": "float32", "context_genes": ("B", "A"), "base": (1.0, 2.0),
    "grid": (0.0, 1.0), "background": "fixed", "source": "A",
}  # fmt: skip


def key_of(changes: dict[str, Any]) -> str:
    asked: dict[str, Any] = {**QUESTION, **changes}
    return sweep_key(**asked)


def test_a_zero_is_a_zero_and_every_value_has_a_gene() -> None:
    assert key_of({"grid": (-0.0, 1.0)}) == key_of({})
    assert key_of({"base": (-0.0, 2.0)}) == key_of({"base": (0.0, 2.0)})
    assert key_of({"context_genes": ("A", "B"), "base": (2.0, 1.0)}) == key_of({})
    with pytest.raises(ValueError, match="2 context genes, 3 base values"):
        key_of({"base": (1.0, 2.0, 3.0)})


def test_a_store_may_be_filled_to_its_limit(store: Store, monkeypatch) -> None:
    checks: list[Any] = []
    monkeypatch.setattr(store._rows, "put_many", lambda packed, check: checks.append((packed, check)))
    store.put_many({KEY: VALUE, OTHER: VALUE})
    ((packed, check),) = checks
    wanted = sum(map(len, packed.values()))
    check(store.limit - wanted)
    with pytest.raises(StoreError, match=r"is full: .* are used and .* more are needed"):
        check(store.limit - wanted + 1)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (Busy(), "has been busy for 60 seconds"),
        (Timeout("x"), "has been busy for 60 seconds"),
        (failing(sqlite3.SQLITE_BUSY), "has been busy for 60 seconds"),
        (failing(sqlite3.SQLITE_FULL), "cannot be used: it failed"),
        (OSError("no disk"), "cannot be used: no disk"),
    ],
)
def test_failures_are_said_in_words(store: Store, error: Exception, words: str) -> None:
    with pytest.raises(StoreError, match=words), store._plain_errors():
        raise error


def test_results_of_an_opened_session_are_read_beside_the_store(store: Store) -> None:
    packed = safetensors.numpy.save({"x": np.zeros(2)})
    opened = OpenedResults({OTHER: packed, THIRD: b"no tensors"})
    store.put(KEY, VALUE)
    assert store.packed(OTHER) is None and store.opened(OTHER) is None and OTHER not in store and KEY in store
    with Trace().on() as trace:  # nothing was opened
        assert store.packed(OTHER) is None and store.opened(OTHER) is None and OTHER not in store
        assert store.get(OTHER) is None
        assert store.get(KEY) is not None
    assert (trace.read, trace.foreign) == ({KEY}, set())
    with Trace(opened).on() as trace:
        assert store.get(KEY) is not None and store.packed(KEY) == store._packed(KEY)
        assert not trace.foreign
        store.put(KEY, VALUE)  # rests on nothing foreign
        assert KEY not in opened
        assert store.get(THIRD) is None and THIRD not in opened and THIRD not in store
        assert OTHER in store and store.packed(OTHER) == packed
        found = store.get_many([KEY, OTHER, "d" * 64])
        assert found["d" * 64] is None and (found[OTHER] or {})["x"].tolist() == [0, 0]
        assert (trace.read, trace.foreign) == ({KEY, OTHER}, {OTHER})
        store.put("d" * 64, VALUE)
        assert "d" * 64 in opened and "d" * 64 in trace.read
    assert "d" * 64 not in store
    assert store.stats() == StoreStats(store.folder, 1, store.stats().size, 1 << 20)


def test_damage_is_told_once_of_all_rows(store: Store, monkeypatch) -> None:
    assert store.notes() == ()
    for key in (KEY, OTHER, THIRD):
        monkeypatch.setattr(store._rows, "get", lambda key: (_ for _ in ()).throw(Damaged(key)))
        assert store.get(key) is None
    assert len(store.notes()) == 1


def test_a_folder_of_its_owner_alone_is_made_wherever_it_is_asked_for(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("UGRN_CACHE_DIR", str(tmp_path / "a" / "b"))
    monkeypatch.setenv("UGRN_CACHE_LIMIT", "3M")
    for _ in range(2):
        with Store() as found:
            assert (found.folder, found.limit) == (tmp_path / "a" / "b" / "results", 3 << 20)
            assert stat.S_IMODE(found.folder.stat().st_mode) == 0o700
    with Store(tmp_path / "c", 5) as found:
        assert (found.folder, found.limit) == (tmp_path / "c", 5)
