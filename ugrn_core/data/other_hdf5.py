"""HDF5 files that are no h5ad: 10x Genomics' matrices (CellRanger 2 and 3 on) and loom.

Both store genes by cells. 10x compresses by cells, which read as cells by genes is CSR; loom is dense.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import h5py
import numpy as np

from ugrn_core.data.column import MANY, MAX_LEVELS, Codes
from ugrn_core.data.hdf5 import child, keys, read
from ugrn_core.data.layout import Matrix, OpenedFile, Table, check_shape
from ugrn_core.errors import InputError

SAMPLE = "sample"
"""Column of the samples that barcodes name."""
_ENDING = re.compile(r"[ACGTN]-0{0,9}([1-9]\d{0,5})$")

TENX_PARTS = {"barcodes", "data", "indices", "indptr", "shape"}
LOOM_PARTS = {"matrix", "row_attrs", "col_attrs"}
GENE_NAMES = ("Gene", "gene_names", "var_names", "gene", "Symbol", "GeneName", "Accession", "gene_ids", "ID")
CELL_NAMES = ("CellID", "obs_names", "cell_names", "CellIDs", "Cell", "barcode", "barcodes", "cell_id")


def sample_of(barcode: str) -> str:
    """The number behind a barcode, without zeros before it; empty where there is none."""
    ending = _ENDING.search(barcode)
    return ending[1] if ending else ""


@dataclass(frozen=True)
class Barcodes(Table):
    """Barcodes of several samples: ``cellranger aggr`` numbers them behind a dash."""

    def is_text(self, name: str) -> bool:
        return name == SAMPLE or super().is_text(name)

    def is_number(self, name: str) -> bool:
        return name != SAMPLE and super().is_number(name)

    def levels(self, name: str) -> Codes | None:
        if name != SAMPLE:
            return super().levels(name)
        found = [sample_of(barcode) for barcode in self.index()]
        levels = tuple(sorted(set(found) - {""}, key=int))
        if len(levels) > MAX_LEVELS:
            return MANY
        at = {level: n for n, level in enumerate(levels)}
        return Codes(np.array([at.get(sample, -1) for sample in found], np.int16), levels)


def other_layout(file: h5py.File) -> OpenedFile | None:
    """Tables and matrices of a 10x or loom file; None for any other."""
    names = set(keys(file))
    if {"obs", "var"} <= names:
        return None
    if names >= LOOM_PARTS:
        return _loom(file)
    groups = {name: node for name in sorted(names) if isinstance(node := child(file, name), h5py.Group)}
    found = {name: node for name, node in groups.items() if set(keys(node)) >= TENX_PARTS}
    return _tenx(file, found) if found else None


def _tenx(file: h5py.File, groups: dict[str, h5py.Group]) -> OpenedFile:
    """``matrix`` of CellRanger 3, or a group for each genome of CellRanger 2."""
    matrices: dict[str, Matrix] = {}
    tables: list[Table] = []
    for name, group in groups.items():
        features = child(group, "features")
        if features is not None and isinstance(features, h5py.Group):
            genes = Table(file, features, "id", tuple(_columns(features, "id")))
        else:
            genes = Table(file, group, "genes", tuple(c for c in ("gene_names",) if c in keys(group)))
        cells = _barcodes(file, group)
        n_genes, n_cells = _shape(group)
        matrix = Matrix("X" if len(groups) == 1 else name, group, "csr", (n_cells, n_genes), genes)
        check_shape(matrix, cells.n_rows)
        if tables and cells.n_rows != tables[0].n_rows:
            raise InputError("The genomes of the file have other numbers of cells. Give a file of one genome.")
        tables.append(cells)
        matrices[matrix.name] = matrix
    first = next(iter(matrices.values()))
    kind = "a 10x HDF5 file" + (f" of {len(groups)} genomes ({', '.join(groups)})" if len(groups) > 1 else "")
    return OpenedFile(tables[0], first.genes, tables[0].n_rows, matrices, {}, kind)


def _barcodes(file: h5py.File, group: h5py.Group) -> Table:
    """Cells by their barcodes, with the column :data:`SAMPLE` where their endings tell several samples apart."""
    plain = Table(file, group, "barcodes", ())
    several = len(set(map(sample_of, plain.some_names()))) > 1
    return Barcodes(file, group, "barcodes", (SAMPLE,)) if several else plain


def _shape(group: h5py.Group) -> tuple[int, int]:
    """Numbers of genes and cells."""
    node = child(group, "shape")
    if node is None or not isinstance(node, h5py.Dataset) or node.shape != (2,) or node.dtype.kind not in "iu":
        raise InputError(f"{group.name} says no shape of its matrix. Export it again with CellRanger.")
    n_genes, n_cells = map(int, read(node))
    return n_genes, n_cells


def _loom(file: h5py.File) -> OpenedFile:
    main, rows, columns = (child(file, name) for name in ("matrix", "row_attrs", "col_attrs"))
    if main is None or rows is None or columns is None or not isinstance(main, h5py.Dataset):
        raise InputError("The file has the parts of a loom file and no matrix. Write it anew with loompy.")
    if main.ndim != 2 or main.dtype.kind not in "biuf":
        raise InputError(f"The matrix of the loom file has the shape {main.shape}, expected genes by cells.")
    n_genes, n_cells = main.shape
    genes = _attributes(file, rows, GENE_NAMES, n_genes, "genes")
    cells = _attributes(file, columns, CELL_NAMES, n_cells, "cells")
    nodes = {"X": main}
    layers = child(file, "layers")
    for name in keys(layers) if layers is not None and isinstance(layers, h5py.Group) else []:
        node = child(layers, name)
        if (
            node is not None
            and isinstance(node, h5py.Dataset)
            and node.shape == main.shape
            and node.dtype.kind in "biuf"
        ):
            nodes[f"layers/{name}" if name == "X" else name] = node
    matrices = {n: Matrix(n, node, "turned", (n_cells, n_genes), genes) for n, node in nodes.items()}
    for matrix in matrices.values():
        check_shape(matrix, cells.n_rows)
    return OpenedFile(cells, genes, cells.n_rows, matrices, {}, "a loom file")


def _attributes(file: h5py.File, group: h5py.Group, names: tuple[str, ...], n: int, what: str) -> Table:
    """Attributes of rows or columns as a table; its index is the first known name that tells all rows apart."""
    there = [name for name in keys(group) if _is_column(child(group, name), n)]

    def by(name: str) -> Table:
        return Table(file, group, name, tuple(c for c in there if c != name))

    known = [name for name in names if name in there] or [name for name in there if by(name).is_text(name)]
    if not known:
        raise InputError(f"The loom file does not name its {what}: expected an attribute such as {names[0]}.")
    texts = {name: by(name).text(name) for name in known}
    apart = (name for name, text in texts.items() if text is not None and len(set(text)) == len(text))
    return by(next(apart, known[0]))


def _columns(group: h5py.Group, index: str) -> Iterator[str]:
    node = child(group, index)
    if node is None or not isinstance(node, h5py.Dataset) or node.ndim != 1:
        return
    for name in keys(group):
        if name != index and _is_column(child(group, name), node.size):
            yield name


def _is_column(node: h5py.Group | h5py.Dataset | None, n: int) -> bool:
    """Whether a node is one value a row; loom keeps drawings, and 10x its tags, beside such columns."""
    return node is not None and isinstance(node, h5py.Dataset) and node.shape == (n,)
