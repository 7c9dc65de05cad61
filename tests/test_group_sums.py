from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from ugrn_core.data.column import Codes
from ugrn_core.data.group_sums import GroupSums, unions


def column(codes: np.ndarray) -> Codes:
    return Codes(codes.astype(np.int16), tuple(f"level{i}" for i in range(codes.max() + 1)))


@pytest.fixture
def columns() -> dict[str, Codes]:
    """Cell types, two names of them, classes of types, and a column that has nothing to do with them."""
    rng = np.random.default_rng(1)
    types = rng.integers(-1, 9, 3000)
    renamed = np.where(types < 0, -1, (types * 7 + 3) % 9)
    classes = np.where(types < 0, -1, types // 4)
    return {"type": column(types), "id": column(renamed), "class": column(classes), "donor": column(types[::-1].copy())}


def test_a_column_of_unions_is_found_with_the_finer_one(columns):
    found = unions(columns)
    assert set(found) == {"id", "class"}
    assert found["class"][0] == "type"
    np.testing.assert_array_equal(found["class"][1], np.arange(9) // 4)
    np.testing.assert_array_equal(found["id"][1], (np.arange(9) * 7 + 3) % 9)


def test_one_cell_that_does_not_fit_is_enough(columns):
    for place in (5, 2900):  # within and beyond the cells looked at first
        codes = columns["class"].codes.copy()
        codes[place] = (codes[place] + 1) % 3
        assert "class" not in unions({"type": columns["type"], "class": Codes(codes, ("a", "b", "c"))})
    unlabelled = np.flatnonzero(columns["type"].codes < 0)
    codes = columns["class"].codes.copy()
    codes[unlabelled] = 0  # one level for all cells without a type: no level of a type says so
    assert "class" not in unions({"type": columns["type"], "class": Codes(codes, ("a", "b", "c"))})


def test_every_cell_of_a_finer_level_has_a_level_or_it_is_no_union():
    finer = Codes(np.array([0, 1, 2, 0, 1, 2], np.int16), ("a", "b", "c"))
    assert unions({"finer": finer, "class": Codes(np.array([0, 1, 1] * 2), ("x", "y"))})["class"][1].tolist() == [
        0,
        1,
        1,
    ]
    for without in ([-1, 0, 1], [0, -1, 1], [0, 1, -1]):
        assert "class" not in unions({"finer": finer, "class": Codes(np.array(without * 2), ("x", "y"))})


@pytest.mark.parametrize("block", [170, 3000])
def test_sums_are_those_of_direct_computation(columns, block):
    rng = np.random.default_rng(0)
    values = rng.random((3000, 11)).astype(np.float32) * (rng.random((3000, 11)) < 0.4)
    bins = sparse.csr_matrix(np.ceil(values * 50).astype(np.float32))
    logs = sparse.csr_matrix(values)
    sums = GroupSums(columns, 11)
    for start in range(0, 3000, block):
        sums.add(start, bins[start : start + block], logs[start : start + block])
    for name, (codes, levels) in columns.items():
        for level in range(len(levels)):
            rows = codes == level
            got = [total[level] for total in sums.sums(name)]
            np.testing.assert_array_equal(got[0], bins.toarray()[rows].sum(0))
            np.testing.assert_allclose(got[1], values[rows].sum(0, dtype=np.float64), rtol=1e-6)
            np.testing.assert_array_equal(got[2], (values[rows] > 0).sum(0))


def test_a_million_full_cells_are_counted_exactly():
    """The two sums that share a number must not run into each other."""
    n = 1_000_000
    everyone = Codes(np.zeros(n, np.int8), ("all",))
    full = sparse.csr_matrix(np.full((n, 1), 50, np.float32))
    sums = GroupSums({"all": everyone}, 1)
    sums.add(0, full, full)
    bins, logs, cells = sums.sums("all")
    assert (bins[0, 0], logs[0, 0], cells[0, 0]) == (50 * n, 50 * n, n)
