"""Where 10x and loom files keep their cells, genes and matrices."""

from __future__ import annotations

from typing import Any

import h5py
import numpy as np
import pytest

from ugrn_core.data.column import MANY, Codes
from ugrn_core.data.layout import OpenedFile, Table
from ugrn_core.data.other_hdf5 import other_layout, sample_of
from ugrn_core.errors import InputError


@pytest.fixture
def file():
    with h5py.File("layouts", "w", driver="core", backing_store=False) as opened:
        yield opened


def fill(group: h5py.Group, **values: Any) -> None:
    for name, value in values.items():
        if name in group:
            del group[name]
        if isinstance(value, list) and isinstance(value[0], str):
            value = np.array(value, "S")
        if value is not None:
            group[name] = value


def tenx(file: h5py.File, name="matrix", barcodes=("AAA-1", "CCC-1", "GGG-1"), **more) -> h5py.Group:
    """Two genes in three cells."""
    group = file.create_group(name)
    fill(group, data=[1, 2, 3], indices=[0, 1, 0], indptr=[0, 1, 2, 3], shape=np.array([2, 3]), barcodes=list(barcodes))
    fill(group, **more)
    return group


def opened(file: h5py.File) -> OpenedFile:
    found = other_layout(file)
    assert found is not None
    return found


def levels_of(table: Table, name: str) -> Codes:
    found = table.levels(name)
    assert found is not None
    return found


# --- 10x -------------------------------------------------------------------------------------------------------------


def test_a_10x_file_has_features_or_genes(file):
    group = tenx(file)
    fill(group.create_group("features"), id=["E1", "E2"], name=["SOX2", "MYC"], tags=["a"], wide=np.ones((2, 2)))
    found = opened(file)
    assert (found.kind, found.n_cells, list(found.matrices), found.unusable) == ("a 10x HDF5 file", 3, ["X"], {})
    matrix = found.matrices["X"]
    assert (matrix.shape, matrix.kind, matrix.node.name, matrix.kept) == ((3, 2), "csr", "/matrix", None)
    assert (list(found.genes.index()), found.genes.columns) == (["E1", "E2"], ("name",))
    assert (list(found.cells.index()), found.cells.columns) == (["AAA-1", "CCC-1", "GGG-1"], ())
    del group["features"]
    for more, columns in (({}, ()), ({"gene_names": ["SOX2", "MYC"]}, ("gene_names",))):
        fill(group, genes=["E1", "E2"], **more)
        assert (list(opened(file).genes.index()), opened(file).genes.columns) == (["E1", "E2"], columns)
    fill(group.create_group("features"), id=np.ones((1, 2)), name=["SOX2"])
    with pytest.raises(InputError, match="no index that can be read"):
        opened(file).genes.index()


def test_a_file_of_several_genomes_has_a_matrix_of_each(file):
    for name in ("mm10", "GRCh38"):
        tenx(file, name, genes=["E1", "E2"], gene_names=["SOX2", "MYC"])
    found = opened(file)
    assert found.kind == "a 10x HDF5 file of 2 genomes (GRCh38, mm10)"
    assert {name: matrix.node.name for name, matrix in found.matrices.items()} == {"GRCh38": "/GRCh38", "mm10": "/mm10"}
    assert found.genes is found.matrices["GRCh38"].genes
    fill(file["mm10"], barcodes=["AAA", "CCC"], shape=np.array([2, 2]), indptr=[0, 1, 3])
    with pytest.raises(InputError, match="other numbers of cells"):
        opened(file)


def test_samples_are_a_column_where_barcodes_name_several(file):
    group = tenx(file, barcodes=["AAA-2", "CCC-10", "GGG-02"], genes=["E1", "E2"])
    cells = opened(file).cells
    assert cells.columns == ("sample",)
    assert (cells.is_text("sample"), cells.is_number("sample")) == (True, False)
    codes, levels = levels_of(cells, "sample")
    assert (codes.tolist(), codes.dtype, levels) == ([0, 1, 0], np.int16, ("2", "10"))
    fill(group, more=[1.5, 2, 3], words=["x", "y", "x"])
    assert (cells.is_text("more"), cells.is_number("more"), cells.is_text("words")) == (False, True, True)
    assert cells.is_number("words") is False
    assert levels_of(cells, "words").levels == ("x", "y")
    fill(group, barcodes=["AAA-2", "CCC", "GGG-3"])
    assert levels_of(opened(file).cells, "sample").codes.tolist() == [0, -1, 1]
    for n, many in ((200, False), (201, True)):
        fill(group, barcodes=[f"AAA-{i + 1}" for i in range(n)], shape=np.array([2, n]), indptr=np.zeros(n + 1, int))
        assert (opened(file).cells.levels("sample") is MANY) == many


@pytest.mark.parametrize(
    ("barcode", "sample"),
    [("ACGTN-1", "1"), ("A-007", "7"), ("A-0", ""), ("A-0000000001", "1"), ("A-1234567", ""), ("A-x", ""), ("A", ""),
     ("X-1", ""), ("A-1b", ""), ("A-100000", "100000")],
)  # fmt: skip
def test_a_sample_is_the_number_behind_a_barcode(barcode, sample):
    assert sample_of(barcode) == sample


@pytest.mark.parametrize(
    "shape", [None, [3], [2, 3, 1], [[2, 3]], [2.0, 3.0], ["2", "3"], np.array([[2], [3]])], ids=str
)
def test_a_matrix_says_its_shape(file, shape):
    group = tenx(file, genes=["E1", "E2"])
    fill(group, shape=shape)
    if shape is None:
        group.create_group("shape")
    with pytest.raises(InputError, match="says no shape"):
        opened(file)


def test_what_is_neither_is_left_to_others(file):
    assert other_layout(file) is None
    fill(file, data=[1], indices=[1], barcodes=["x"])
    file.create_group("more")
    assert other_layout(file) is None
    tenx(file, genes=["E1", "E2"])
    assert opened(file).matrices["X"].node.name == "/matrix"
    file.create_group("obs")
    assert other_layout(file) is not None
    file.create_group("var")
    assert other_layout(file) is None
    for name in list(file):
        del file[name]
    file.create_group("obs"), file.create_group("var")
    assert other_layout(file) is None
    loom(file)
    assert other_layout(file) is None


def test_parts_without_genes_are_a_sentence(file):
    tenx(file)
    with pytest.raises(InputError, match="no index that can be read"):
        opened(file)


# --- loom ------------------------------------------------------------------------------------------------------------


def loom(file: h5py.File, rows: dict[str, Any] | None = None, columns: dict[str, Any] | None = None) -> None:
    """Two genes in three cells."""
    file["matrix"] = np.arange(6).reshape(2, 3)
    fill(file.create_group("row_attrs"), **(rows or {"Gene": ["SOX2", "MYC"]}))
    fill(file.create_group("col_attrs"), **(columns or {"CellID": ["a", "b", "c"]}))


def test_a_loom_file_is_turned_and_has_layers_that_fit(file):
    loom(file, {"Gene": ["SOX2", "MYC"], "Accession": ["E1", "E2"], "drawing": np.ones((2, 2)), "three": [1, 2, 3]})
    fill(file["col_attrs"], kind=["x", "y", "x"], two=[1, 2])
    found = opened(file)
    assert (found.kind, found.n_cells, list(found.matrices)) == ("a loom file", 3, ["X"])
    matrix = found.matrices["X"]
    assert (matrix.shape, matrix.kind, matrix.node.name) == ((3, 2), "turned", "/matrix")
    assert (list(found.genes.index()), found.genes.columns) == (["SOX2", "MYC"], ("Accession",))
    assert (list(found.cells.index()), found.cells.columns) == (["a", "b", "c"], ("kind",))
    layers = file.create_group("layers")
    fill(
        layers, spliced=np.ones((2, 3)), X=np.ones((2, 3)), other=np.ones((3, 2)), words=np.array([["a"] * 3] * 2, "S")
    )
    layers.create_group("folder")
    found = opened(file)
    assert {n: m.node.name for n, m in found.matrices.items()} == {
        "X": "/matrix", "layers/X": "/layers/X", "spliced": "/layers/spliced"
    }  # fmt: skip
    assert all(matrix.kind == "turned" and matrix.shape == (3, 2) for matrix in found.matrices.values())
    del file["layers"]
    file["layers"] = 5
    assert list(opened(file).matrices) == ["X"]


@pytest.mark.parametrize(
    ("matrix", "words"),
    [
        ({}, "and no matrix"),
        (np.ones(6), r"shape \(6,\), expected genes by cells"),
        (np.array([["a"] * 3] * 2, "S"), r"shape \(2, 3\), expected"),
    ],
)
def test_the_matrix_of_a_loom_file_is_numbers(file, matrix, words):
    loom(file)
    del file["matrix"]
    file.create_group("matrix") if isinstance(matrix, dict) else file.create_dataset("matrix", data=matrix)
    with pytest.raises(InputError, match=words):
        opened(file)
    for part in ("row_attrs", "col_attrs"):
        del file["matrix"]
        file["matrix"] = np.ones((2, 3))
        kept = file[part]
        del file[part]
        file[part] = h5py.SoftLink("/nowhere")
        with pytest.raises(InputError, match=r"no matrix|link to another place"):
            opened(file)
        del file[part]
        file[part] = kept


@pytest.mark.parametrize(
    ("rows", "index"),
    [
        ({"Accession": ["E1", "E2"], "Gene": ["SOX2", "MYC"], "gene_names": ["x", "y"]}, "Gene"),
        ({"Accession": ["E1", "E2"], "Gene": ["SOX2", "SOX2"]}, "Accession"),
        ({"Accession": ["E1", "E1"], "Gene": ["SOX2", "SOX2"], "ID": ["1", "2"]}, "ID"),
        ({"Accession": ["E1", "E1"], "Gene": ["SOX2", "SOX2"]}, "Gene"),
        ({"b": ["x", "x"], "c": ["x", "y"], "a": [1, 2]}, "c"),
        ({"b": ["x", "x"], "c": ["x", "x"], "a": [1, 2]}, "b"),
    ],
)
def test_genes_are_named_by_the_first_known_attribute_that_tells_them_apart(file, rows, index):
    loom(file, rows)
    genes = opened(file).genes
    assert list(genes.index()) == rows[index]
    assert genes.columns == tuple(sorted(set(rows) - {index}))


def test_attributes_that_name_nothing_are_a_sentence(file):
    loom(file, {"a": [1, 2]})
    with pytest.raises(InputError, match=r"does not name its genes: expected an attribute such as Gene\."):
        opened(file)
    fill(file["row_attrs"], Gene=["SOX2", "MYC"])
    fill(file["col_attrs"], CellID=None, n=[1, 2, 3])
    with pytest.raises(InputError, match=r"does not name its cells: expected an attribute such as CellID\."):
        opened(file)
