"""A stored matrix in blocks of rows; what its numbers are is asked in :mod:`ugrn_core.data.scale`.

Memory stays bounded by the block: a matrix is never read whole. One stored by genes (CSC) is read several times over, a
range of cells each time.
"""

from __future__ import annotations

from collections.abc import Iterator

import h5py
import numpy as np
from scipy import sparse

from ugrn_core.data.hdf5 import child, read
from ugrn_core.data.layout import Matrix
from ugrn_core.errors import InputError

BLOCK_VALUES = 1_000_000
CSC_VALUES = 4_000_000
"""Values of the range of cells that is kept at once where a matrix is stored by genes."""
MAX_VALUES = 2_000_000_000
"""Stored values (non-zero ones of a sparse matrix) of the largest matrix that is read."""
MAX_CSC_VALUES = 50_000_000
MOST_BLOCKS = 4
"""Blocks that one row of stored chunks may take to be read at once."""


def row_blocks(matrix: Matrix) -> Iterator[tuple[int, sparse.csr_matrix]]:
    """(first row, block (row, gene) float32) over all cells and the columns that are kept; no zeros, no repeats.

    A sparse matrix whose indices do not fit its shape is an InputError: they are checked before any use.
    """
    for start, block in BLOCKS[matrix.kind](matrix):
        yield start, block if matrix.kept is None else _columns(block, matrix.kept)


def _columns(block: sparse.csr_matrix, kept: np.ndarray) -> sparse.csr_matrix:
    """The columns (bool) of a block."""
    return block[:, np.flatnonzero(kept)]


def _dense_blocks(matrix: Matrix) -> Iterator[tuple[int, sparse.csr_matrix]]:
    for cells in _ranges_of_dense(matrix, 0):
        yield cells.start, _clean(sparse.csr_matrix(_float32(read(matrix.node, cells))))


def _turned_blocks(matrix: Matrix) -> Iterator[tuple[int, sparse.csr_matrix]]:
    for cells in _ranges_of_dense(matrix, 1):
        yield cells.start, _clean(sparse.csr_matrix(_float32(read(matrix.node, (slice(None), cells))).T))


def _ranges_of_dense(matrix: Matrix, axis: int) -> Iterator[slice]:
    """Ranges of the cells, which lie along an axis as it is stored; they end where chunks do, unless these are huge."""
    n_cells, n_genes = matrix.shape
    _check_amount(matrix.name, n_cells * n_genes)
    stored = matrix.node.chunks[axis] if matrix.node.chunks else 1
    step = max(1, BLOCK_VALUES // n_genes)
    if stored * n_genes <= MOST_BLOCKS * BLOCK_VALUES:
        step = max(stored, step // stored * stored)
    for start in range(0, n_cells, step):
        yield slice(start, start + step)


def _ranges(ends: np.ndarray, most: int) -> Iterator[tuple[int, int]]:
    """First row and the one after the last, of ranges of ``most`` values or of one row that has more; ``ends``
    (row + 1,) says how many values there are before each row, and in all."""
    start = 0
    while start < len(ends) - 1:
        stop = max(start + 1, int(np.searchsorted(ends, ends[start] + most, side="right")) - 1)
        yield start, stop
        start = stop


def _csr_blocks(matrix: Matrix) -> Iterator[tuple[int, sparse.csr_matrix]]:
    n_cells, n_genes = matrix.shape
    data, indices, indptr = _sparse_parts(matrix, n_cells, n_genes)
    for start, stop in _ranges(indptr, BLOCK_VALUES):
        part = slice(int(indptr[start]), int(indptr[stop]))
        rows = indptr[start : stop + 1] - indptr[start]
        parts = (_float32(read(data, part)), _checked(read(indices, part), n_genes, matrix.name), rows)
        yield start, _clean(sparse.csr_matrix(parts, shape=(stop - start, n_genes)))


def _csc_blocks(matrix: Matrix) -> Iterator[tuple[int, sparse.csr_matrix]]:
    """Blocks of a matrix that is stored by genes: for each range of cells all of it is read, and theirs is kept."""
    n_cells, n_genes = matrix.shape
    data, indices, indptr = _sparse_parts(matrix, n_genes, n_cells)
    if data.size > MAX_CSC_VALUES:
        raise InputError(
            f"{matrix.name} is stored by genes (CSC) with {data.size:,} values; at most {MAX_CSC_VALUES:,} are "
            "read in this form. Store it by cells: adata.X = adata.X.tocsr()."
        )
    counts = np.zeros(n_cells, np.int64)
    for _, cells in _parts_by_gene(matrix, indices):
        counts += np.bincount(cells, minlength=n_cells)
    for start, stop in _ranges(np.append(0, np.cumsum(counts)), CSC_VALUES):
        kept: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        for part, cells in _parts_by_gene(matrix, indices):
            here = np.flatnonzero((cells >= start) & (cells < stop))
            genes = np.searchsorted(indptr, part.start + here, side="right") - 1
            kept.append((_float32(read(data, part)[here]), cells[here] - start, genes.astype(np.int32)))
        values, cells, genes = (np.concatenate(each) for each in zip(*kept, strict=True))
        del kept
        of_range = _clean(sparse.csr_matrix((values, (cells, genes)), shape=(stop - start, n_genes)))
        for first, last in _ranges(of_range.indptr, BLOCK_VALUES):
            yield start + first, of_range[first:last]


def _parts_by_gene(matrix: Matrix, indices: h5py.Dataset) -> Iterator[tuple[slice, np.ndarray]]:
    """The cells of all stored values in parts, with where each part lies in the file; one of none where there are
    none."""
    for first in range(0, indices.size or 1, BLOCK_VALUES):
        part = slice(first, first + BLOCK_VALUES)
        yield part, _checked(read(indices, part), matrix.shape[0], matrix.name)


def _sparse_parts(matrix: Matrix, n_major: int, n_minor: int) -> tuple[h5py.Dataset, h5py.Dataset, np.ndarray]:
    """Data, indices and the checked row (or column) starts of a sparse matrix: ``n_major`` of ``n_minor`` entries."""
    data, indices, starts = (_part(matrix, *part) for part in (("data", "biuf"), ("indices", "iu"), ("indptr", "iu")))
    _check_amount(matrix.name, data.size)
    if starts.size == n_major + 1 and data.size == indices.size:
        indptr = read(starts).astype(np.int64)
        steps = np.diff(indptr, prepend=0, append=data.size)  # nothing lies before the first row and after the last
        if not steps[0] and not steps[-1] and ((steps >= 0) & (steps <= n_minor)).all():
            return data, indices, indptr
    raise InputError(f"{matrix.name} is a damaged sparse matrix: its row starts do not fit. Write it anew.")


def _part(matrix: Matrix, name: str, kinds: str) -> h5py.Dataset:
    part = child(matrix.node, name)
    if part is None or not isinstance(part, h5py.Dataset) or part.ndim != 1 or part.dtype.kind not in kinds:
        raise InputError(
            f"{matrix.name} lacks a part of a sparse matrix or holds no numbers, expected data, indices and indptr. "
            "Write the file anew with anndata."
        )
    return part


def _checked(indices: np.ndarray, size: int, name: str) -> np.ndarray:
    """Indices of 0 to ``size`` - 1 as int32; others would make scipy write beyond its arrays."""
    if ((indices < 0) | (indices >= size)).any():
        raise InputError(
            f"{name} is a damaged sparse matrix: it has an index beyond its shape. Write the file anew with anndata."
        )
    return indices.astype(np.int32)


def _float32(values: np.ndarray) -> np.ndarray:
    """float32; what is too large becomes infinite and is refused by :func:`survey`."""
    with np.errstate(over="ignore"):
        return values.astype(np.float32)


def _clean(block: sparse.csr_matrix) -> sparse.csr_matrix:
    block.sum_duplicates()
    block.eliminate_zeros()
    return block


def _check_amount(name: str, values: int) -> None:
    if values > MAX_VALUES:
        raise InputError(
            f"{name} holds {values:,} values; at most {MAX_VALUES:,} are read. Keep fewer cells, e.g. "
            "scanpy.pp.subsample(adata, n_obs=50_000), or store it sparse."
        )


BLOCKS = {"dense": _dense_blocks, "turned": _turned_blocks, "csr": _csr_blocks, "csc": _csc_blocks}
