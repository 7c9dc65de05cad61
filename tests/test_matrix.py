"""A stored matrix comes in blocks of rows that hold what was stored, of the size that was asked for."""

from __future__ import annotations

from itertools import islice, pairwise
from typing import Any

import h5py
import numpy as np
import pytest
from scipy import sparse

from ugrn_core.data import matrix as room
from ugrn_core.data.layout import Matrix, Table
from ugrn_core.data.matrix import row_blocks
from ugrn_core.errors import InputError

SIZES = [3, 0, 1, 7, 2, 2, 0, 4, 1, 0]
"""Values of each of ten cells, of seven genes."""
N_GENES = 7


def cells() -> np.ndarray:
    x = np.zeros((len(SIZES), N_GENES), np.float32)
    rng = np.random.default_rng(3)
    for row, size in zip(x, SIZES, strict=True):
        row[rng.permutation(N_GENES)[:size]] = rng.integers(1, 90, size)
    return x


@pytest.fixture
def file():
    with h5py.File("blocks", "w", driver="core", backing_store=False) as opened:
        yield opened


def stored(file: h5py.File, kind: Any, x, kept=None, chunks: Any = None) -> Matrix:
    table = Table(file, file, "", ())
    if kind in ("dense", "turned"):
        node = file.create_dataset("X", data=x if kind == "dense" else x.T, chunks=chunks)
    else:
        node = file.create_group("X")
        parts = sparse.csr_matrix(x) if kind == "csr" else sparse.csc_matrix(x)
        for name in ("data", "indices", "indptr"):
            node[name] = getattr(parts, name)
    return Matrix("X", node, kind, x.shape, table, kept)


def blocks(matrix: Matrix) -> list[tuple[int, np.ndarray]]:
    """First rows and blocks; of an endless number of them the first hundred."""
    found = list(islice(row_blocks(matrix), 100))
    assert all(block.dtype == np.float32 and (block.data != 0).all() for _, block in found)
    return [(start, block.toarray()) for start, block in found]


def same(found, starts, x):
    assert [start for start, _ in found] == starts
    for (start, block), stop in zip(found, [*starts[1:], len(x)], strict=True):
        np.testing.assert_array_equal(block, x[start:stop])


KINDS = ("dense", "turned", "csr", "csc")


@pytest.mark.parametrize("kind", KINDS)
def test_columns_that_are_no_genes_stay_out(file, kind, monkeypatch):
    monkeypatch.setattr(room, "BLOCK_VALUES", 9)
    kept = np.array([False, True, True, False, True, False, True])
    found = blocks(stored(file, kind, cells(), kept))
    np.testing.assert_array_equal(np.concatenate([block for _, block in found]), cells()[:, kept])


def greedy(sizes, most: int) -> list[int]:
    """First rows of ranges of ``most`` values, or of one row that has more; the end too."""
    starts, held = [0], 0
    for row, size in enumerate(sizes):
        if held + size > most and row > starts[-1]:
            starts.append(row)
            held = 0
        held += size
    return [*starts, len(sizes)]


@pytest.mark.parametrize("kind", ["csr", "csc"])
@pytest.mark.parametrize("most", [1, 2, 3, 4, 5, 19, 20])
def test_a_sparse_block_has_as_many_cells_as_its_values_leave_room_for(file, kind, most, monkeypatch):
    """A cell that has more is alone; cells without values go with those before them."""
    monkeypatch.setattr(room, "BLOCK_VALUES", most)
    same(blocks(stored(file, kind, cells())), greedy(SIZES, most)[:-1], cells())


@pytest.mark.parametrize("most", [2, 3, 9, 13, 100])
def test_a_matrix_by_genes_is_read_once_for_each_range_of_cells(file, most, monkeypatch):
    monkeypatch.setattr(room, "BLOCK_VALUES", 5)
    monkeypatch.setattr(room, "CSC_VALUES", most)
    ranges = greedy(SIZES, most)
    starts = [a + n for a, b in pairwise(ranges) for n in greedy(SIZES[a:b], 5)[:-1]]
    reads = []
    real = room.read
    monkeypatch.setattr(room, "read", lambda dataset, *part: reads.append(dataset.name) or real(dataset, *part))
    same(blocks(stored(file, "csc", cells())), starts, cells())
    n_parts = sum(SIZES) // 5
    assert reads.count("/X/data") == n_parts * (len(ranges) - 1)
    assert reads.count("/X/indices") == n_parts * len(ranges)


@pytest.mark.parametrize("kind", ["dense", "turned"])
@pytest.mark.parametrize(
    ("values", "chunk", "step"),
    [
        (6, None, 1),  # not even one cell fits
        (7, None, 1),
        (34, None, 4),
        (35, None, 5),
        (35, 2, 4),  # whole chunks
        (35, 3, 3),
        (14, 8, 8),  # a chunk of as many as four blocks is read at once
        (13, 8, 1),  # more is not
        (14, 3, 3),
        (1000, 3, 141),
    ],
)
def test_a_dense_block_has_cells_in_whole_chunks(file, kind, values, chunk, step, monkeypatch):
    monkeypatch.setattr(room, "BLOCK_VALUES", values)
    chunks = None if chunk is None else (chunk, 1) if kind == "dense" else (1, chunk)
    same(blocks(stored(file, kind, cells(), chunks=chunks)), list(range(0, len(SIZES), step)), cells())


@pytest.mark.parametrize("kind", ["csr", "csc"])
def test_a_matrix_without_values_is_all_zeros(file, kind):
    found = blocks(stored(file, kind, np.zeros((3, 5), np.float32)))
    np.testing.assert_array_equal(np.concatenate([block for _, block in found]), np.zeros((3, 5)))


@pytest.mark.parametrize("kind", ["csr", "csc"])
def test_repeats_are_added_and_stored_zeros_left_out(file, kind):
    """As many entries as a row has places are possible, one more is damage."""
    node = file.create_group("X")
    node["data"] = np.array([1, 2, 0, 4, 1e300])
    node["indices"] = np.array([2, 0, 1, 0, 1], np.uint64)
    node["indptr"] = np.array([0, 3, 5])
    shape = (2, 3) if kind == "csr" else (3, 2)
    ((_, found),) = blocks(Matrix("X", node, kind, shape, Table(file, file, "", ())))
    expected = np.array([[2, 0, 1], [4, np.inf, 0]], np.float32)
    np.testing.assert_array_equal(found, expected if kind == "csr" else expected.T)
    node["indices"][:] = [2, 0, 2, 0, 0]
    ((_, found),) = blocks(Matrix("X", node, kind, shape, Table(file, file, "", ())))
    assert found.sum() == np.inf
    assert (found[0, 2] if kind == "csr" else found[2, 0]) == 1


DAMAGE = {
    "a row of more values than genes": ({"indptr": [0, 5, 5, 5]}, "row starts"),
    "rows that go back": ({"indptr": [0, 2, 1, 5]}, "row starts"),
    "values before the first row": ({"indptr": [1, 2, 4, 5]}, "row starts"),
    "values beyond the last row": ({"indptr": [0, 1, 3, 4]}, "row starts"),
    "a row start too few": ({"indptr": [0, 2, 5]}, "row starts"),
    "a row start too many": ({"indptr": [0, 2, 3, 5, 5]}, "row starts"),
    "indices too few": ({"indices": [0, 1, 2, 0]}, "row starts"),
    "indices too many": ({"indices": [0, 1, 2, 0, 1, 1]}, "row starts"),
    "an index below 0": ({"indices": [0, 1, -1, 0, 1]}, "beyond its shape"),
    "an index beyond": ({"indices": [0, 1, 4, 0, 1]}, "beyond its shape"),
    "no indices": ({"indices": None}, "lacks a part"),
    "a folder of indices": ({"indices": {}}, "lacks a part"),
    "indices that are fractions": ({"indices": [0.0, 1, 2, 0, 1]}, "holds no numbers"),
    "data that are words": ({"data": [b"a"] * 5}, "holds no numbers"),
    "data in rows": ({"data": [[1.0]] * 5}, "lacks a part"),
}


@pytest.mark.parametrize("what", DAMAGE)
@pytest.mark.parametrize("kind", ["csr", "csc"])
def test_parts_that_do_not_fit_are_refused(file, kind, what):
    parts: dict[str, Any] = {"data": [1.0, 2, 3, 4, 5], "indices": [0, 1, 2, 0, 1], "indptr": [0, 1, 3, 5]}
    change, words = DAMAGE[what]
    node = file.create_group("X")
    for name, values in (parts | change).items():
        if isinstance(values, dict):
            node.create_group(name)
        elif values is not None:
            node[name] = values
    shape = (3, 4) if kind == "csr" else (4, 3)
    with pytest.raises(InputError, match=words):
        blocks(Matrix("X", node, kind, shape, Table(file, file, "", ())))


@pytest.mark.parametrize("kind", KINDS)
def test_as_many_values_as_the_limit_are_read_and_no_more(file, kind, monkeypatch):
    x = cells()
    amount = x.size if kind in ("dense", "turned") else (x != 0).sum()
    matrix = stored(file, kind, x)
    for limit in ("MAX_VALUES", *(("MAX_CSC_VALUES",) if kind == "csc" else ())):
        monkeypatch.setattr(room, limit, amount)
        np.testing.assert_array_equal(np.concatenate([block for _, block in blocks(matrix)]), x)
        monkeypatch.setattr(room, limit, amount - 1)
        with pytest.raises(InputError, match=f"at most {amount - 1}"):
            blocks(matrix)
        monkeypatch.setattr(room, limit, amount)
