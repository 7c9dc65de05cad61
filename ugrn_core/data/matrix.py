"""A stored matrix in blocks of rows; what its numbers are is asked in :mod:`ugrn_core.data.scale`.

Memory stays bounded by the block: a matrix is never read whole, but for one stored by genes (CSC).
"""

from __future__ import annotations

from collections.abc import Iterator

import h5py
import numpy as np
from scipy import sparse

from ugrn_core.data.hdf5 import child, read
from ugrn_core.data.layout import Matrix
from ugrn_core.errors import InputError

BLOCK_VALUES = 4_000_000
MAX_VALUES = 2_000_000_000
"""Stored values (non-zero ones of a sparse matrix) of the largest matrix that is read."""
MAX_CSC_VALUES = 50_000_000


def row_blocks(matrix: Matrix) -> Iterator[tuple[int, sparse.csr_matrix]]:
    """(first row, block (row, gene) float32) over the whole matrix; stored zeros and repeats are gone.

    A sparse matrix whose indices do not fit its shape is an InputError: they are checked before any use.
    """
    if matrix.kind == "dense":
        yield from _dense_blocks(matrix)
    elif matrix.kind == "csr":
        yield from _csr_blocks(matrix)
    else:
        whole = _whole_csc(matrix)
        step = max(1, BLOCK_VALUES * matrix.shape[0] // max(1, whole.nnz))
        for start in range(0, matrix.shape[0], step):
            yield start, whole[start : start + step]


def _dense_blocks(matrix: Matrix) -> Iterator[tuple[int, sparse.csr_matrix]]:
    node = matrix.node
    n_cells, n_genes = matrix.shape
    _check_amount(matrix.name, n_cells * n_genes)
    stored = node.chunks[0] if node.chunks else 1
    step = max(1, BLOCK_VALUES // n_genes)
    step = max(stored, step // stored * stored) if stored * n_genes <= 4 * BLOCK_VALUES else step
    for start in range(0, n_cells, step):
        yield start, _clean(sparse.csr_matrix(_float32(read(node, slice(start, start + step)))))


def _csr_blocks(matrix: Matrix) -> Iterator[tuple[int, sparse.csr_matrix]]:
    data, indices, indptr = _sparse_parts(matrix, matrix.shape[0])
    start = 0
    while start < matrix.shape[0]:
        stop = int(np.searchsorted(indptr, indptr[start] + BLOCK_VALUES, side="right")) - 1
        stop = min(matrix.shape[0], max(start + 1, stop))
        part = slice(int(indptr[start]), int(indptr[stop]))
        shape = (stop - start, matrix.shape[1])
        rows = indptr[start : stop + 1] - indptr[start]
        block = (_float32(read(data, part)), read(indices, part).astype(np.int64), rows)
        yield start, _clean(_checked(sparse.csr_matrix, block, shape, matrix.name))
        start = stop


def _whole_csc(matrix: Matrix) -> sparse.csr_matrix:
    data, indices, indptr = _sparse_parts(matrix, matrix.shape[1])
    if data.shape[0] > MAX_CSC_VALUES:
        raise InputError(
            f"{matrix.name} is stored by genes (CSC) with {data.shape[0]:,} values; at most {MAX_CSC_VALUES:,} are "
            "read in this form. Store it by cells: adata.X = adata.X.tocsr()."
        )
    parts = (_float32(read(data)), read(indices).astype(np.int64), indptr)
    return _clean(_checked(sparse.csc_matrix, parts, matrix.shape, matrix.name).tocsr())


def _sparse_parts(matrix: Matrix, n_major: int) -> tuple[h5py.Dataset, h5py.Dataset, np.ndarray]:
    """Data, indices and the checked row (or column) starts of a sparse matrix."""
    data, indices, starts = (_part(matrix, *part) for part in (("data", "iuf"), ("indices", "iu"), ("indptr", "iu")))
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


def _checked(form: type, parts: tuple, shape: tuple[int, int], name: str):
    try:
        matrix = form(parts, shape=shape)
        matrix.check_format(full_check=True)
    except ValueError as error:
        raise InputError(f"{name} is a damaged sparse matrix ({error}). Write the file anew with anndata.") from error
    return matrix


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
