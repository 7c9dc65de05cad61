"""Where things lie in an h5ad file: tables of cells and genes, matrices, in the layouts of all anndata versions.

Since 0.7 a table is a group of columns with an ``_index``; before, it was one compound data set whose categories lay
under ``uns``. Matrices are ``X``, ``raw`` and the layers, each dense, CSR or CSC.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import h5py
import numpy as np

from ugrn_core.data.column import Codes, Column, is_mask, readable_kind
from ugrn_core.data.hdf5 import attribute, child, keys
from ugrn_core.errors import InputError

MAX_CELLS = 1_000_000
MAX_GENES = 100_000
MAX_SLASHES = 4
"""In the name of a column or layer."""


@dataclass(frozen=True)
class Table:
    """Rows of cells or genes: their index, and the names of the columns beside it."""

    file: h5py.File
    node: h5py.Group | h5py.Dataset
    index_name: str
    columns: tuple[str, ...]

    @property
    def n_rows(self) -> int:
        """Number of rows, without reading any."""
        if isinstance(self.node, h5py.Dataset):
            return int(self.node.size)
        return self._index().values.shape[0]

    def index(self) -> np.ndarray:
        """Names of the rows, (row,) object."""
        return self._index().text()

    def some_names(self, at_most: int = 2000) -> tuple[str, ...]:
        """Names of some rows, evenly through the table."""
        return self._index().some_text(at_most)

    def is_text(self, name: str) -> bool:
        """Whether a column holds text or categories."""
        column = self.column(name)
        return column is not None and column.is_text()

    def is_number(self, name: str) -> bool:
        """Whether a column holds numbers, and no yes or no."""
        column = self.column(name)
        return column is not None and not column.is_text() and column.dtype.kind != "b"

    def text(self, name: str) -> np.ndarray | None:
        """A column as text, (row,) object; numbers are written out; None if it cannot be read as one column."""
        column = self.column(name)
        return None if column is None else column.text()

    def levels(self, name: str) -> Codes | None:
        """The levels met in a column of categories, text or yes/no, as :meth:`Column.levels`."""
        column = self.column(name)
        return None if column is None else column.levels()

    def column(self, name: str) -> Column | None:
        """Where a column is stored; None for kinds this project has no use for, InputError for a wrong length."""
        column = self._stored(name)
        if column is None:
            return None
        parts = [part for part in (column.values, column.mask) if part is not None]
        if name != self.index_name and any(part.shape != (self.n_rows,) for part in parts):
            raise InputError(
                f"{column.values.name} has {' x '.join(map(str, column.values.shape))} entries, expected one for each "
                f"of the {self.n_rows:,} rows. Write the file anew with anndata."
            )
        return column

    def _index(self) -> Column:
        index = self.column(self.index_name)
        misfit = index is not None and index.mask is not None and index.mask.shape != index.values.shape
        if index is None or index.values.ndim != 1 or misfit:
            raise InputError(f"{self.node.name} has no index that can be read. Write the file anew with anndata.")
        return index

    def _stored(self, name: str) -> Column | None:
        if isinstance(self.node, h5py.Dataset):
            if self.node.ndim != 1 or not readable_kind(self.node, name):
                return None
            is_code = Column(self.node, name).dtype.kind in "iu"
            categories = child(self.file, "uns", f"{name}_categories") if is_code else None
            return Column(self.node, name, _categories(categories))
        path = [name] if name == self.index_name else name.split("/")
        node = child(self.node, *path)
        if isinstance(node, h5py.Dataset):
            categories = child(self.node, "__categories", *path)
            return Column(node, None, _categories(categories)) if readable_kind(node) else None
        codes, categories = child(node, "codes"), child(node, "categories")
        if isinstance(codes, h5py.Dataset) and categories is not None:
            return Column(codes, None, _categories(categories)) if readable_kind(codes) else None
        values, mask = child(node, "values"), child(node, "mask")
        if values is None or mask is None or not (readable_kind(values) and is_mask(mask)):
            return None
        return Column(values, None, None, mask)


@dataclass(frozen=True)
class Matrix:
    """One matrix (cell, gene) of the file; ``genes`` is the table of its columns.

    ``turned`` is dense and stored as genes by cells. ``shape`` (cell, gene) is that of the whole, ``kept`` (column,)
    bool says which columns are genes, None that all are.
    """

    name: str
    node: h5py.Group | h5py.Dataset
    kind: Literal["dense", "turned", "csr", "csc"]
    shape: tuple[int, int]
    genes: Table
    kept: np.ndarray | None = None

    @property
    def n_genes(self) -> int:
        return self.shape[1] if self.kept is None else int(self.kept.sum())


@dataclass(frozen=True)
class OpenedFile:
    """The parts of an open file that are read; ``unusable`` says why a matrix cannot be, ``kind`` what the file is."""

    cells: Table
    genes: Table
    n_cells: int
    matrices: dict[str, Matrix]
    unusable: dict[str, str]
    kind: str = "an h5ad file"


def read_layout(file: h5py.File) -> OpenedFile:
    """Find tables and matrices of an h5ad file; InputError where it is none."""
    cells, genes = _table(file, "obs"), _table(file, "var")
    if cells is None or genes is None:
        found = ", ".join(keys(file)[:6]) or "nothing"
        raise InputError(
            f"The file is HDF5 but not h5ad: expected obs and var, found {found}; nor has it the parts of a 10x file "
            "(matrix with barcodes, data, indices, indptr and shape) or of loom (matrix, row_attrs, col_attrs). Write "
            "one with anndata."
        )
    n_cells = cells.n_rows
    if n_cells > MAX_CELLS:
        raise InputError(
            f"The file has {n_cells:,} cells; at most {MAX_CELLS:,} cells are read. Keep fewer, e.g. "
            "scanpy.pp.subsample(adata, n_obs=50_000)."
        )
    found = [("X", child(file, "X"), genes)]
    found += [("raw", child(file, "raw", "X"), _table(file, "raw", "var"))]
    found += [("raw", child(file, "raw.X"), _table(file, "raw.var"))]
    layers = child(file, "layers")
    if isinstance(layers, h5py.Group):
        taken = {name for name, node, _ in found if node is not None}
        names = _with_slashes(layers, lambda group: "data" in keys(group) or _sparse_kind(group) is not None)
        found += [(f"layers/{k}" if k in taken else k, child(layers, *k.split("/")), genes) for k in names]
    matrices, unusable = {}, {}
    for name, node, table in found:
        try:
            matrix = _matrix(name, node, table, n_cells)
        except InputError as error:
            unusable[name] = str(error)
            continue
        if matrix is not None:
            matrices[name] = matrix
    return OpenedFile(cells, genes, n_cells, matrices, unusable)


def _table(file: h5py.File, *where: str) -> Table | None:
    node = child(file, *where)
    if node is None:
        return None
    if isinstance(node, h5py.Dataset) and node.dtype.names:
        return Table(file, node, node.dtype.names[0], tuple(node.dtype.names[1:]))
    if not isinstance(node, h5py.Group):
        return None
    index = attribute(node, "_index") or "_index"
    return Table(file, node, str(index), tuple(k for k in _columns(node) if k not in (index, "__categories")))


def _columns(node: h5py.Group) -> Iterator[str]:
    return _with_slashes(node, lambda group: bool({"codes", "values", "categories", "mask"} & set(keys(group))))


def _with_slashes(node: h5py.Group, is_one: Callable[[h5py.Group], bool], depth: int = 0) -> Iterator[str]:
    """Names of what lies in a group. Of a name with a slash HDF5 makes a group with the rest of the name in it."""
    for name in keys(node):
        below = child(node, name)
        if isinstance(below, h5py.Group) and not is_one(below) and depth < MAX_SLASHES and name != "__categories":
            yield from (f"{name}/{rest}" for rest in _with_slashes(below, is_one, depth + 1))
        else:
            yield name


def _matrix(name: str, node: h5py.Group | h5py.Dataset | None, genes: Table | None, n_cells: int) -> Matrix | None:
    """The matrix at a node; None where there is none, InputError where it is none, empty, too large or does not fit."""
    if node is None or genes is None or attribute(node, "encoding-type") == "null":
        return None
    matrix = _matrix_at(name, node, genes)
    check_shape(matrix, n_cells)
    return matrix


def _matrix_at(name: str, node: h5py.Group | h5py.Dataset, genes: Table) -> Matrix:
    if isinstance(node, h5py.Dataset):
        if node.dtype.kind not in "biuf" or node.ndim != 2:
            kind = "text" if node.dtype.kind in "OSU" else f"type {node.dtype}"
            raise InputError(
                f"{name} holds {kind} in the shape {node.shape}, expected a matrix of numbers, cells by genes. "
                "Convert it: adata.X = adata.X.astype('float32')."
            )
        return Matrix(name, node, "dense", (node.shape[0], node.shape[1]), genes)
    kind = _sparse_kind(node)
    shape = attribute(node, "shape")
    shape = attribute(node, "h5sparse_shape") if shape is None else shape
    if kind not in ("csr", "csc") or shape is None or np.shape(shape) != (2,):
        raise InputError(f"{name} is stored as {kind or 'an unknown kind'}, expected a dense, CSR or CSC matrix.")
    return Matrix(name, node, "csr" if kind == "csr" else "csc", (int(shape[0]), int(shape[1])), genes)


def _sparse_kind(node: h5py.Group) -> str | None:
    """csr, csc or another word of the file."""
    kind = attribute(node, "encoding-type") or attribute(node, "h5sparse_format")
    return None if kind is None else str(kind).removesuffix("_matrix")


def check_shape(matrix: Matrix, n_cells: int) -> None:
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
    n_genes = matrix.genes.n_rows
    if rows != n_cells or columns != n_genes:
        raise InputError(
            f"{matrix.name} has {rows:,} x {columns:,} entries, but the file names {n_cells:,} cells and "
            f"{n_genes:,} genes. Write the file anew with anndata."
        )


def _categories(node: h5py.Group | h5py.Dataset | None) -> h5py.Dataset | None:
    """The data set that holds categories; one that cannot be read is an InputError."""
    inner = child(node, "values") if isinstance(node, h5py.Group) else node  # nullable text, since anndata 0.12
    if node is None or (inner is not None and readable_kind(inner) and inner.ndim == 1):
        return inner
    raise InputError(f"The categories {node.name} cannot be read. Write the file anew with anndata.")
