"""Which columns of cells become groups: numbers, many levels, nothing as a label, odd names."""

from __future__ import annotations

import anndata as ad
import h5py
import numpy as np
import pandas as pd
import pytest

from ugrn_core.data.h5ad import inspect_h5ad, read_h5ad

GENES = ["SOX2", "NANOG", "POU5F1", "TP53"]
N = 600


def file_with(tmp_path, **columns):
    x = np.random.default_rng(0).poisson(2, (N, len(GENES))).astype(np.float32)
    x[:, 0] += 1
    obs = pd.DataFrame(columns, index=[f"c{i}" for i in range(N)])
    path = tmp_path / "groups.h5ad"
    ad.AnnData(x, obs=obs, var=pd.DataFrame(index=GENES)).write_h5ad(path)
    return path


def over_and_over(values) -> list:
    return [values[i % len(values)] for i in range(N)]


NUMBERS = {
    "int8": (np.array(over_and_over([0, 1, 2]), np.int8), ["0", "1", "2"]),
    "uint16": (np.array(over_and_over([1, 2, 10]), np.uint16), ["1", "2", "10"]),
    "negative": (np.array(over_and_over([-1, 0, 7])), ["-1", "0", "7"]),
    "float clusters": (np.array(over_and_over([0.0, 1.0, 2.0])), ["0", "1", "2"]),
    "missing": (np.array(over_and_over([0.0, 1.0, np.nan])), ["0", "1"]),
    "nullable": (pd.array(over_and_over([3, None, 4]), dtype="Int64"), ["3", "4"]),
    "days": (np.array(over_and_over([0, 0.1, 0.5, 1, 7]), np.float32), ["0", "0.1", "0.5", "1", "7"]),
    "plates": (np.array(over_and_over(range(150))), [str(i) for i in range(150)]),
    "yes or no": (np.array(over_and_over([True, False])), ["False", "True"]),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_that_are_met_again_and_again_are_groups(tmp_path, name):
    values, levels = NUMBERS[name]
    path = file_with(tmp_path, cluster=values)
    read = read_h5ad(path)
    assert list(read.groups["cluster"]) == levels
    assert f"Groups of cells: cluster ({len(levels)})." in read.notes
    assert inspect_h5ad(path).groups["cluster"] == tuple(levels)
    x = ad.read_h5ad(path).X
    for level in levels[:3]:
        rows = np.array(
            [
                v == (level == "True" if name == "yes or no" else np.float32(level))
                for v in np.array(pd.Series(values).astype("float32"))
            ]
        )
        assert read.groups["cluster"][level].n_cells == rows.sum() > 0
        np.testing.assert_allclose(read.groups["cluster"][level].detection, (x[rows] > 0).mean(0), rtol=1e-6)


@pytest.mark.parametrize(
    "values",
    [np.arange(N), np.random.default_rng(0).normal(size=N), np.full(N, 3), np.arange(N) // 2, np.full(N, np.nan)],
    ids=["every cell its own", "measured", "one", "more than 200", "none"],
)
def test_measurements_are_no_groups(tmp_path, values):
    assert "depth" not in read_h5ad(file_with(tmp_path, depth=values)).groups


@pytest.mark.parametrize("kind", ["category", "text"])
@pytest.mark.parametrize("n_levels", [51, 60, 200])
def test_up_to_200_levels_are_offered(tmp_path, kind, n_levels):
    names = over_and_over([f"type {i}" for i in range(n_levels)])
    path = file_with(tmp_path, fine=pd.Categorical(names) if kind == "category" else np.array(names))
    if kind == "text":
        as_text(path, "fine", names)
    read = read_h5ad(path)
    assert len(read.groups["fine"]) == n_levels
    assert sum(profile.n_cells for profile in read.groups["fine"].values()) == N


@pytest.mark.parametrize("kind", ["category", "text"])
def test_more_levels_are_said_and_ids_of_cells_are_not(tmp_path, kind):
    path = file_with(tmp_path, fine=pd.Categorical(over_and_over([f"type {i}" for i in range(201)])))
    with h5py.File(path, "r+") as file:
        file["obs/barcode"] = [f"ACGT{i}" for i in range(N)]
    if kind == "text":
        as_text(path, "fine", over_and_over([f"type {i}" for i in range(201)]))
    read = read_h5ad(path)
    assert not read.groups
    assert "Columns of more than 200 levels are not offered as groups: fine." in read.notes


@pytest.mark.parametrize("kind", ["category", "text"])
@pytest.mark.parametrize("label", ["", "nan", " ", "NaN"])
def test_labels_that_look_like_nothing_are_groups_and_said(tmp_path, kind, label):
    names = over_and_over(["a", label, "b"])
    path = file_with(tmp_path, kind=pd.Categorical(names))
    if kind == "text":
        as_text(path, "kind", names)
    read = read_h5ad(path)
    assert {level: profile.n_cells for level, profile in read.groups["kind"].items()} == {
        "a": 200,
        label: 200,
        "b": 200,
    }
    assert "Labels that are empty or say nan are groups like others: kind (200)." in read.notes


def test_cells_without_a_label_are_in_no_group_and_counted(tmp_path):
    path = file_with(tmp_path, kind=pd.Categorical(over_and_over(["a", None, "b"])), day=over_and_over([1, 2, np.nan]))
    read = read_h5ad(path)
    assert {level: profile.n_cells for level, profile in read.groups["kind"].items()} == {"a": 200, "b": 200}
    assert "Cells without a label are in no group of a column: kind (200), day (200)." in read.notes


def test_names_of_columns_and_levels_may_hold_anything(tmp_path):
    odd = {"leiden_res=0.5": ["0", "1"], "cell/type": ["NK/T", "NK-T"], "a/b/c": [" a", "a"], " ": ["B=x", "B cell"]}
    path = file_with(tmp_path, **{name: pd.Categorical(over_and_over(levels)) for name, levels in odd.items()})
    with h5py.File(path) as file:
        assert "type" in file["obs/cell"]  # HDF5 made a group of the name
    read = read_h5ad(path)
    assert {column: set(levels) for column, levels in read.groups.items()} == {c: set(v) for c, v in odd.items()}
    assert set(inspect_h5ad(path).groups) == set(odd)


def test_a_column_of_the_old_layout_with_a_slash_has_its_categories(tmp_path):
    path = file_with(tmp_path, **{"cell/type": pd.Categorical(over_and_over(["B", "T"]))})
    with h5py.File(path, "r+") as file:
        codes, levels = file["obs/cell/type/codes"][:], file["obs/cell/type/categories"][:]
        del file["obs/cell"]
        file["obs/cell/type"] = codes
        file["obs/__categories/cell/type"] = levels
    assert set(read_h5ad(path).groups["cell/type"]) == {"B", "T"}


def test_levels_that_are_numbers_as_text_are_in_their_order(tmp_path):
    path = file_with(tmp_path)
    as_text(path, "cluster", over_and_over(["10", "9", "2", "x"]))
    assert list(read_h5ad(path).groups["cluster"]) == ["2", "9", "10", "x"]


def test_numbers_never_take_the_room_of_labels(tmp_path, monkeypatch):
    path = file_with(tmp_path, a_number=over_and_over(range(100)), kind=pd.Categorical(over_and_over(["B", "T"])))
    monkeypatch.setattr("ugrn_core.data.groups.MAX_PROFILE_VALUES", 50 * len(GENES))
    read = read_h5ad(path)
    assert list(read.groups) == ["kind"]
    assert any("groups of a_number" in note for note in read.notes)


def as_text(path, column, names):
    with h5py.File(path, "r+") as file:
        if column in file["obs"]:
            del file[f"obs/{column}"]
        file[f"obs/{column}"] = names
