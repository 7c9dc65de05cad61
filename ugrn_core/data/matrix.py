"""A stored matrix in blocks of rows, and what its numbers are: counts, linear, logarithms, or scaled values.

Memory stays bounded by the block: a matrix is never read whole, but for one stored by genes (CSC).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import h5py
import numpy as np
from scipy import sparse

from ugrn_core.data.hdf5 import child, read
from ugrn_core.data.layout import Matrix
from ugrn_core.errors import InputError
from ugrn_core.types import Progress

Units = Literal["counts", "linear", "log"]

BLOCK_VALUES = 4_000_000
MAX_VALUES = 2_000_000_000
"""Stored values (non-zero ones of a sparse matrix) of the largest matrix that is read."""
MAX_CSC_VALUES = 50_000_000
LARGEST_LOG = 25.0
"""No logarithm of an expression value is larger: log2 of a million transcripts is 20."""
SAME_TOTAL = 0.01
"""Cells whose totals vary by less than this share (standard deviation by mean) were normalised to one total."""


@dataclass(frozen=True)
class Survey:
    """One pass over a matrix: its smallest and largest value, whether all are whole numbers, and the totals of cells.

    ``totals`` (cell,) are sums of the values, ``antilog_totals`` sums of exp(value) - 1, meaningless beyond
    ``LARGEST_LOG``. Both float64.
    """

    smallest: float
    largest: float
    whole: bool
    totals: np.ndarray
    antilog_totals: np.ndarray

    @property
    def scaled(self) -> bool:
        """Negative values: centred or scaled, so that neither ranks of expressed genes nor zeros are left in them."""
        return self.smallest < 0

    @property
    def units(self) -> Units:
        """Units of a matrix that is not scaled."""
        if self.whole:
            return "counts"
        if self.largest <= LARGEST_LOG and not _constant(self.totals):
            return "log"
        return "linear"

    def sentence(self, name: str) -> str:
        """What the numbers are taken for, and why."""
        if self.scaled:
            return f"{name} has negative values (down to {self.smallest:.3g}): it is scaled."
        if self.units == "counts":
            return f"{name} holds counts (whole numbers up to {self.largest:,.0f})."
        if self.units == "linear":
            return f"{name} holds normalised values on a linear scale (up to {self.largest:,.4g})."
        if _constant(self.antilog_totals):
            total = float(np.mean(self.antilog_totals[self.antilog_totals > 0]))
            return (
                f"{name} holds log1p values of cells normalised to a total of {total:,.0f}; they are used as they are."
            )
        return (
            f"{name} holds values of at most {self.largest:.3g} that are not whole: they are taken for logarithms and "
            "used as they are."
        )


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


def survey(matrix: Matrix, genes: np.ndarray, progress: Progress | None = None) -> Survey:
    """Look at every value once; a value that is not a finite number is an InputError that names its gene."""
    n_cells = matrix.shape[0]
    smallest, largest, whole = 0.0, 0.0, True
    totals, antilog = np.zeros(n_cells), np.zeros(n_cells)
    for start, block in row_blocks(matrix):
        rows = slice(start, start + block.shape[0])
        if progress:
            progress(rows.stop / n_cells, f"{rows.stop:,} of {n_cells:,} cells of {matrix.name} looked at")
        if not block.nnz:
            continue
        finite = np.isfinite(block.data)
        if not finite.all():
            at = int(np.flatnonzero(~finite)[0])
            cell = start + int(np.searchsorted(block.indptr, at, side="right")) - 1
            raise InputError(
                f"{matrix.name} holds {'NaN' if np.isnan(block.data[at]) else 'an infinite value'} (gene "
                f"{genes[block.indices[at]]}, cell number {cell + 1:,}), expected numbers. Replace missing values, "
                "e.g. by 0, or choose another layer."
            )
        smallest = min(smallest, float(block.data.min()))
        largest = max(largest, float(block.data.max()))
        whole = whole and bool((block.data == np.rint(block.data)).all())
        totals[rows] = block.sum(axis=1, dtype=np.float64).A1
        block.data = np.expm1(np.minimum(block.data, LARGEST_LOG))
        antilog[rows] = block.sum(axis=1, dtype=np.float64).A1
    return Survey(smallest, largest, whole, totals, antilog)


def log1p_values(block: sparse.csr_matrix, units: Units, totals: np.ndarray) -> sparse.csr_matrix:
    """log1p of values normalised to 10,000 a cell; logarithms as they are. ``totals`` (row,) are those of the block."""
    if units == "log":
        return block
    per_row = np.repeat(1e4 / np.maximum(totals, 1e-12), np.diff(block.indptr))
    return sparse.csr_matrix(
        (np.log1p(block.data * per_row).astype(np.float32), block.indices, block.indptr), shape=block.shape
    )


def _constant(totals: np.ndarray) -> bool:
    """Whether all cells that are not empty have one total; a single cell does not tell."""
    filled = totals[totals > 0]
    return len(filled) > 1 and float(filled.std()) < SAME_TOTAL * float(filled.mean())


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
