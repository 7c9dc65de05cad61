"""What becomes ready while a lock is waited for is read, not computed; no lock outlives its work; zips and names."""

from __future__ import annotations

import io
import zipfile
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch

from ugrn_core import stored_sweep
from ugrn_core.backbones.toy import ToyBackbone
from ugrn_core.errors import ColumnError
from ugrn_core.network.exports.folder import zip_files
from ugrn_core.shared_work import WorkItem, shared_results
from ugrn_core.store import Store
from ugrn_core.types import Context, SweepSettings
from ui.shared import errors
from ui.shared.errors import plain

KEY = "a" * 64
SETTINGS = SweepSettings(1.0, (0.5, 2.0))
GENES = ("SOX2", "NANOG", "GATA1")


class Overtaken(Store):
    """Another run finishes everything between the first look and the lock."""

    def finish(self) -> None: ...

    @contextmanager
    def lock(self, *keys, cancel=None):
        with super().lock(*keys, cancel=cancel):
            self.finish()
            yield


def no_one(*_: object, **__: object):
    pytest.fail("computed although it was there")


def locks(store: Store) -> list[Path]:
    return list((store.folder / "locks").iterdir())


def test_a_piece_that_another_run_finished_meanwhile_is_read(tmp_path: Path) -> None:
    with Overtaken(tmp_path) as store:
        store.finish = lambda: store.put(KEY, {"x": np.ones(2)})
        ((_, found),) = list(shared_results([WorkItem((KEY,), no_one)], store, width=lambda: 1))
        assert found[KEY]["x"].tolist() == [1, 1]
        assert not locks(store)


@pytest.mark.parametrize("context", [Context(), Context("genes", GENES, label="a list")], ids=["pair", "full"])
def test_sweeps_that_another_run_finished_meanwhile_are_read(tmp_path: Path, context: Context, monkeypatch) -> None:
    toy = ToyBackbone(2, torch.device("cpu"))
    pairs = [("SOX2", "NANOG"), ("GATA1", "SOX2")]
    with Store(tmp_path / "other") as other, Overtaken(tmp_path / "own") as store:
        expected = stored_sweep.directed_pairs(toy, pairs, context, SETTINGS, other)

        def finish() -> None:
            names = [name for name in ("sweep_pairs", "sweep_sources") if hasattr(stored_sweep, name)]
            with Store(tmp_path / "own") as plain_store:
                stored_sweep.directed_pairs(toy, pairs, context, SETTINGS, Copied(plain_store, other))
            for name in names:
                monkeypatch.setattr(stored_sweep, name, no_one)

        store.finish = finish
        found = stored_sweep.directed_pairs(toy, pairs, context, SETTINGS, store)
        np.testing.assert_array_equal(found.slope, expected.slope)
        assert not locks(store)


class Copied:
    """Puts what ``other`` has into a store as it is asked for."""

    def __init__(self, store: Store, other: Store) -> None:
        self.store, self.other = store, other

    def get_many(self, keys):
        return {key: self.get(key) for key in keys}

    def get(self, key: str):
        found = self.other.get(key)
        if found is not None:
            self.store.put(key, found)
        return found


def test_no_lock_stays_when_work_fails_or_is_left(tmp_path: Path) -> None:
    def fails(missing, cancel) -> Future:
        raise ZeroDivisionError

    with Store(tmp_path) as store, ThreadPoolExecutor(1) as pool:
        with pytest.raises(ZeroDivisionError):
            list(shared_results([WorkItem((KEY,), fails)], store, width=lambda: 1))
        assert not locks(store)
        slow = [
            WorkItem((n * 64,), lambda missing, _: pool.submit(lambda: {missing[0]: {"x": np.ones(1)}})) for n in "bcd"
        ]
        with closing(shared_results(slow, store, width=lambda: 3)) as results:
            next(results)
        assert not locks(store)
        with store.lock(KEY, "b" * 64, "c" * 64, "d" * 64, cancel=lambda: True):
            pass


def test_a_zip_takes_files_beyond_the_old_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 1000)
    (tmp_path / "edges.csv").write_bytes(np.random.default_rng(0).bytes(5000))
    out = io.BytesIO()
    zip_files([tmp_path / "edges.csv"], out)
    assert zipfile.ZipFile(out).read("edges.csv") == (tmp_path / "edges.csv").read_bytes()


def test_names_from_files_turn_into_no_formatting() -> None:
    assert plain("[a](b) *c* <d> $e$ ~f~ _g_") == r"\[a\](b) \*c\* \<d\> \$e\$ \~f\~ \_g\_"


@pytest.mark.parametrize(
    ("columns", "more"),
    [
        (("source", "score"), " Choose it in the box Source and in the box Score."),
        (("gene", "label"), " Choose it in the box Label."),
        (("gene",), ""),
    ],
)
def test_a_table_without_a_column_names_the_boxes_of_the_page(monkeypatch, columns, more) -> None:
    said: list[str] = []
    monkeypatch.setattr(errors.st, "error", lambda text, icon: said.append(text))
    with errors.said_in_place():
        raise ColumnError("Which column?", *columns)
    assert said == [f"Which column?{more}"]


def test_buckets_are_those_of_every_store_there_is():
    buckets = [stored_sweep.bucket_of(f"GENE{n}") for n in range(400)]
    assert set(buckets) == set(range(stored_sweep.BUCKETS))
    assert [stored_sweep.bucket_of(gene) for gene in ("GATA1", "KLF1")] == [9, 6]
