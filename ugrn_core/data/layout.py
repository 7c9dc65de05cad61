"""Where things lie in an h5ad file: tables of cells and genes, matrices, in the layouts of all anndata versions.

Since 0.7 a table is a group of columns with an ``_index``; before, it was one compound data set whose categories lay
under ``uns``. Matrices are ``X``, ``raw`` and the layers, each dense, CSR or CSC.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import h5py
import numpy as np

from ugrn_core.data.hdf5 import attribute, child, keys, read_column
from ugrn_core.errors import InputError

MAX_CELLS = 1_000_000
MAX_GENES = 100_000
MAX_LEVELS = 50
"""A column of cells with 2 to this many levels is offered as groups."""


class Codes(NamedTuple):
    """A column of categories: codes (row,) int64, -1 for none, and the levels they stand for."""

    codes: np.ndarray
    levels: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """Rows of cells or genes: their index, and the names of the columns beside it."""

    file: h5py.File
    node: h5py.Group | h5py.Dataset
    index_name: str
    columns: tuple[str, ...]

    def index(self) -> np.ndarray:
        """Names of the rows, (row,) object."""
        names = self.text(self.index_name)
        if names is None:
            raise InputError(f"{self.node.name} has no index that can be read. Write the file anew with anndata.")
        return names

    def is_text(self, column: str) -> bool:
        """Whether a column holds text or categories."""
        values = self.values(column)
        return values is not None and (isinstance(values, Codes) or values.dtype.kind == "O")

    def text(self, column: str) -> np.ndarray | None:
        """A column as text, (row,) object; numbers are written out; None if it cannot be read as one column."""
        values = self.values(column)
        if isinstance(values, Codes):
            return np.array([*values.levels, ""], dtype=object)[values.codes]
        if values is None:
            return None
        return np.array(["" if v is None or v != v else str(v) for v in values.astype(object)], dtype=object)

    def values(self, column: str) -> np.ndarray | Codes | None:
        """A column in its own type; None for kinds this project has no use for."""
        if isinstance(self.node, h5py.Dataset):
            values = read_column(self.node, column)
            categories = child(self.file, "uns", f"{column}_categories") if values.dtype.kind in "iu" else None
            return values if categories is None else _categorical(values, categories)
        node = child(self.node, column)
        if isinstance(node, h5py.Dataset):
            categories = child(self.node, "__categories", column)
            return read_column(node) if categories is None else _categorical(read_column(node), categories)
        codes, categories = child(node, "codes"), child(node, "categories")
        if codes is not None and categories is not None:
            return _categorical(read_column(codes), categories)
        stored, mask = child(node, "values"), child(node, "mask")
        if stored is None or mask is None:
            return None
        column_values = read_column(stored).astype(object)
        column_values[read_column(mask).astype(bool)] = None
        return column_values

    def levels(self, column: str) -> Codes | None:
        """The levels met in a column of categories, text or yes/no.

        None for columns of another kind, and for text with more than ``MAX_LEVELS`` levels.
        """
        values = self.values(column)
        if isinstance(values, Codes):
            used = np.unique(values.codes[values.codes >= 0])
            rank = np.full(len(values.levels) + 1, -1, np.int64)
            rank[used] = np.arange(len(used))
            return Codes(rank[values.codes], tuple(values.levels[i] for i in used))
        return _coded(values) if values is not None and values.dtype.kind in "Ob" else None


@dataclass(frozen=True)
class Matrix:
    """One matrix (cell, gene) of the file; ``genes`` is the table of its columns."""

    name: str
    node: h5py.Group | h5py.Dataset
    kind: Literal["dense", "csr", "csc"]
    shape: tuple[int, int]
    genes: Table


@dataclass(frozen=True)
class Layout:
    """The parts of an open h5ad file that are read; ``unusable`` says why a matrix cannot be."""

    cells: Table
    genes: Table
    n_cells: int
    matrices: dict[str, Matrix]
    unusable: dict[str, str]


def read_layout(file: h5py.File) -> Layout:
    """Find tables and matrices; InputError where the file is no h5ad file."""
    cells, genes = _table(file, "obs"), _table(file, "var")
    if cells is None or genes is None:
        found = ", ".join(keys(file)[:6]) or "nothing"
        tenx = " It looks like a 10x file: scanpy.read_10x_h5(...) reads it." if "matrix" in file else ""
        raise InputError(
            f"The file is HDF5 but not h5ad: expected obs and var, found {found}.{tenx} Write one with anndata."
        )
    n_cells = len(cells.index())
    found = [("X", child(file, "X"), genes)]
    found += [("raw", child(file, "raw", "X"), _table(file, "raw", "var"))]
    found += [("raw", child(file, "raw.X"), _table(file, "raw.var"))]
    layers = child(file, "layers")
    if isinstance(layers, h5py.Group):
        taken = {name for name, node, _ in found if node is not None}
        found += [(f"layers/{k}" if k in taken else k, child(layers, k), genes) for k in keys(layers)]
    matrices, unusable = {}, {}
    for name, node, table in found:
        try:
            matrix = _matrix(name, node, table, n_cells)
        except InputError as error:
            unusable[name] = str(error)
            continue
        if matrix is not None:
            matrices[name] = matrix
    return Layout(cells, genes, n_cells, matrices, unusable)


def _table(file: h5py.File, *where: str) -> Table | None:
    node = child(file, *where)
    if node is None:
        return None
    if isinstance(node, h5py.Dataset) and node.dtype.names:
        return Table(file, node, node.dtype.names[0], tuple(node.dtype.names[1:]))
    if not isinstance(node, h5py.Group):
        return None
    index = attribute(node, "_index") or "_index"
    columns = tuple(k for k in keys(node) if k not in (index, "__categories"))
    return Table(file, node, str(index), columns)


def _matrix(name: str, node: h5py.Group | h5py.Dataset | None, genes: Table | None, n_cells: int) -> Matrix | None:
    """The matrix at a node; None where there is none, InputError where it is none, empty, too large or does not fit."""
    if node is None or genes is None or attribute(node, "encoding-type") == "null":
        return None
    matrix = _described(name, node, genes)
    _check_shape(matrix, n_cells)
    return matrix


def _described(name: str, node: h5py.Group | h5py.Dataset, genes: Table) -> Matrix:
    if isinstance(node, h5py.Dataset):
        if node.dtype.kind not in "iuf" or node.ndim != 2:
            kind = "text" if node.dtype.kind in "OSU" else f"type {node.dtype}"
            raise InputError(
                f"{name} holds {kind} in the shape {node.shape}, expected a matrix of numbers, cells by genes. "
                "Convert it: adata.X = adata.X.astype('float32')."
            )
        return Matrix(name, node, "dense", (node.shape[0], node.shape[1]), genes)
    kind = str(attribute(node, "encoding-type") or attribute(node, "h5sparse_format") or "").removesuffix("_matrix")
    shape = attribute(node, "shape")
    shape = attribute(node, "h5sparse_shape") if shape is None else shape
    if kind not in ("csr", "csc") or shape is None or np.shape(shape) != (2,):
        raise InputError(f"{name} is stored as {kind or 'an unknown kind'}, expected a dense, CSR or CSC matrix.")
    return Matrix(name, node, "csr" if kind == "csr" else "csc", (int(shape[0]), int(shape[1])), genes)


def _check_shape(matrix: Matrix, n_cells: int) -> None:
    rows, columns = matrix.shape
    if rows > MAX_CELLS or columns > MAX_GENES:
        raise InputError(
            f"{matrix.name} has {rows:,} cells and {columns:,} genes; at most {MAX_CELLS:,} cells and {MAX_GENES:,} "
            "genes are read. Keep fewer cells, e.g. scanpy.pp.subsample(adata, n_obs=50_000)."
        )
    if rows == 0 or columns == 0:
        raise InputError(
            f"{matrix.name} is empty: {rows} cells and {columns} genes. Check the filters that were applied to it."
        )
    n_genes = len(matrix.genes.index())
    if rows != n_cells or columns != n_genes:
        raise InputError(
            f"{matrix.name} has {rows:,} x {columns:,} entries, but the file names {n_cells:,} cells and "
            f"{n_genes:,} genes. Write the file anew with anndata."
        )


def _coded(values: np.ndarray) -> Codes | None:
    """Codes and sorted levels of text or yes/no, nothing being no level; None beyond ``MAX_LEVELS``."""
    first: dict[str, int] = {}
    codes = np.full(len(values), -1, np.int64)
    for i, value in enumerate(values):
        if value is None or value in ("", "nan"):
            continue
        codes[i] = first.setdefault(str(value), len(first))
        if len(first) > MAX_LEVELS:
            return None
    levels = sorted(first)
    rank = np.empty(len(levels) + 1, np.int64)
    rank[[first[level] for level in levels]] = np.arange(len(levels))
    rank[-1] = -1
    return Codes(rank[codes], tuple(levels))


def _categorical(codes: np.ndarray, categories: h5py.Group | h5py.Dataset) -> Codes:
    """Codes and categories as one column; a code without its category is an InputError."""
    if isinstance(categories, h5py.Group):  # nullable text, since anndata 0.12
        inner = child(categories, "values")
        categories = inner if isinstance(inner, h5py.Dataset) else categories
    if isinstance(categories, h5py.Group):
        raise InputError(f"The categories {categories.name} cannot be read. Write the file anew with anndata.")
    levels = tuple(map(str, read_column(categories)))
    if codes.dtype.kind not in "iu" or (len(codes) and codes.max() >= len(levels)):
        raise InputError(f"The codes of {categories.name} do not fit its categories. Write the file anew with anndata.")
    if len(set(levels)) != len(levels):
        raise InputError(f"{categories.name} names a category twice. Write the file anew with anndata.")
    return Codes(np.maximum(codes.astype(np.int64), -1), levels)
