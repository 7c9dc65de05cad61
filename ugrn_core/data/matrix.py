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


def row_blocks(matrix: Matrix) -> Iterator[tuple[int, sparse.csr_matrix]]:
    """(first row, block (row, gene) float32) over all cells and the columns that are kept; no zeros, no repeats.

    A sparse matrix whose indices do not fit its shape is an InputError: they are checked before any use.
    """
    for start, block in BLOCKS[matrix.kind](matrix):
        yield start, block if matrix.kept is None else _columns(block, matrix.kept)


def _columns(block: sparse.csr_matrix, kept: np.ndarray) -> sparse.csr_matrix:
    """The columns (bool) of a block."""
    there = kept[block.indices]
    starts = np.concatenate([[0], np.cumsum(there)])[block.indptr]
    parts = (block.data[there], (np.cumsum(kept) - 1)[block.indices[there]], starts)
    return sparse.csr_matrix(parts, shape=(block.shape[0], int(kept.sum())))


def _dense_blocks(matrix: Matrix) -> Iterator[tuple[int, sparse.csr_matrix]]:
    node = matrix.node
    n_cells, n_genes = matrix.shape
    _check_amount(matrix.name, n_cells * n_genes)
    stored = node.chunks[0] if node.chunks else 1
    step = max(1, BLOCK_VALUES // n_genes)
    step = max(stored, step // stored * stored) if stored * n_genes <= 4 * BLOCK_VALUES else step
    for start in range(0, n_cells, step):
        yield start, _clean(sparse.csr_matrix(_float32(read(node, slice(start, start + step)))))


def _turned_blocks(matrix: Matrix) -> Iterator[tuple[int, sparse.csr_matrix]]:
    node = matrix.node
    n_cells, n_genes = matrix.shape
    _check_amount(matrix.name, n_cells * n_genes)
    stored = node.chunks[1] if node.chunks else 1
    step = max(1, BLOCK_VALUES // n_genes)
    step = max(stored, step // stored * stored) if stored * n_genes <= 4 * BLOCK_VALUES else step
    for start in range(0, n_cells, step):
        yield start, _clean(sparse.csr_matrix(_float32(read(node, np.s_[:, start : start + step])).T))


def _csr_blocks(matrix: Matrix) -> Iterator[tuple[int, sparse.csr_matrix]]:
    data, indices, indptr = _sparse_parts(matrix, matrix.shape[0])
    start = 0
    while start < matrix.shape[0]:
        stop = int(np.searchsorted(indptr, indptr[start] + BLOCK_VALUES, side="right")) - 1
        stop = min(matrix.shape[0], max(start + 1, stop))
        part = slice(int(indptr[start]), int(indptr[stop]))
        shape = (stop - start, matrix.shape[1])
        rows = indptr[start : stop + 1] - indptr[start]
        parts = (_float32(read(data, part)), _checked(read(indices, part), matrix.shape[1], matrix.name), rows)
        yield start, _clean(sparse.csr_matrix(parts, shape=shape))
        start = stop


def _csc_blocks(matrix: Matrix) -> Iterator[tuple[int, sparse.csr_matrix]]:
    """Blocks of a matrix that is stored by genes: for each range of cells all of it is read, and theirs is kept."""
    data, indices, indptr = _sparse_parts(matrix, matrix.shape[1])
    if data.shape[0] > MAX_CSC_VALUES:
        raise InputError(
            f"{matrix.name} is stored by genes (CSC) with {data.shape[0]:,} values; at most {MAX_CSC_VALUES:,} are "
            "read in this form. Store it by cells: adata.X = adata.X.tocsr()."
        )
    ends = np.zeros(matrix.shape[0] + 1, np.int64)
    for _, cells in _parts_by_gene(matrix, indices):
        ends[1:] += np.bincount(cells, minlength=matrix.shape[0])
    ends = np.cumsum(ends)
    start = 0
    while start < matrix.shape[0]:
        stop = int(np.searchsorted(ends, ends[start] + CSC_VALUES, side="right")) - 1
        stop = min(matrix.shape[0], max(start + 1, stop))
        kept: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        for part, cells in _parts_by_gene(matrix, indices):
            here = np.flatnonzero((cells >= start) & (cells < stop))
            genes = np.searchsorted(indptr, part.start + here, side="right") - 1
            kept.append((_float32(read(data, part)[here]), cells[here] - start, genes.astype(np.int32)))
        values, cells, genes = (np.concatenate(each) for each in zip(*kept, strict=True))
        del kept
        of_range = _clean(sparse.csr_matrix((values, (cells, genes)), shape=(stop - start, matrix.shape[1])))
        step = max(1, BLOCK_VALUES * (stop - start) // max(1, of_range.nnz))
        for first in range(0, stop - start, step):
            yield start + first, of_range[first : first + step]
        start = stop


def _parts_by_gene(matrix: Matrix, indices: h5py.Dataset) -> Iterator[tuple[slice, np.ndarray]]:
    """The cells of all stored values in parts, with where each part lies in the file."""
    for first in range(0, max(1, indices.shape[0]), BLOCK_VALUES):
        part = slice(first, min(first + BLOCK_VALUES, indices.shape[0]))
        yield part, _checked(read(indices, part), matrix.shape[0], matrix.name)


def _sparse_parts(matrix: Matrix, n_major: int) -> tuple[h5py.Dataset, h5py.Dataset, np.ndarray]:
    """Data, indices and the checked row (or column) starts of a sparse matrix."""
    data, indices, starts = (_part(matrix, *part) for part in (("data", "biuf"), ("indices", "iu"), ("indptr", "iu")))
    _check_amount(matrix.name, data.shape[0])
    indptr = read(starts).astype(np.int64) if starts.shape[0] == n_major + 1 else np.zeros(0, np.int64)
    longest = matrix.shape[0] + matrix.shape[1] - n_major  # entries of one row (or column) at most
    steps = np.diff(indptr)
    if (
        not len(indptr)
        or indptr[0] != 0
        or not indptr[-1] == data.shape[0] == indices.shape[0]
        or ((steps < 0) | (steps > longest)).any()
    ):
        raise InputError(f"{matrix.name} is a damaged sparse matrix: its row starts do not fit. Write it anew.")
    return data, indices, indptr


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
    if indices.min(initial=0) < 0 or indices.max(initial=0) >= size:
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
