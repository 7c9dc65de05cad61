"""10x HDF5 files and loom are read as the h5ad file of the same cells is."""

from __future__ import annotations

import json

import anndata as ad
import h5py
import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from typer.testing import CliRunner

from ugrn_core.cli.app import app
from ugrn_core.data.h5ad import inspect_h5ad, read_h5ad
from ugrn_core.data.other_hdf5 import sample_of
from ugrn_core.data.untrusted import read_untrusted_h5ad
from ugrn_core.errors import InputError
from ugrn_core.genes.tables import human_symbols_by_id

GENES = ["SOX2", "NANOG", "POU5F1", "TP53", "CDKN1A", "MYC", "GATA1", "KLF1"]
IDS = [{symbol: gene for gene, symbol in human_symbols_by_id().items()}[name] for name in GENES]
KINDS = ["B", "T", "NK"] * 10


def counts() -> np.ndarray:
    x = np.random.default_rng(0).poisson(1.5, (30, len(GENES))).astype(np.float32)
    x[:, 0] += 1
    return x


def h5ad(folder):
    obs = pd.DataFrame({"kind": pd.Categorical(KINDS)}, index=[f"c{i}" for i in range(30)])
    ad.AnnData(counts(), obs=obs, var=pd.DataFrame(index=GENES)).write_h5ad(folder / "same.h5ad")
    return read_h5ad(folder / "same.h5ad")


def put(group, matrix, kind=np.int32):
    """A (gene, cell) matrix as 10x stores it, compressed by cells."""
    by_cell = sparse.csc_matrix(matrix)
    group["data"], group["indices"] = by_cell.data.astype(kind), by_cell.indices.astype(np.int64)
    group["indptr"], group["shape"] = by_cell.indptr.astype(np.int64), np.array(matrix.shape, np.int32)
    group["barcodes"] = np.array([f"ACGT{i}-1".encode() for i in range(matrix.shape[1])])


def tenx(folder, kinds=None, x=None, ids=IDS, names=GENES):
    path = folder / "filtered_feature_bc_matrix.h5"
    with h5py.File(path, "w") as file:
        group = file.create_group("matrix")
        put(group, (counts() if x is None else x).T)
        features = group.create_group("features")
        features["id"], features["name"] = np.array(ids, "S"), np.array(names, "S")
        features["feature_type"] = np.array(kinds or ["Gene Expression"] * len(ids), "S")
        features["genome"] = np.array(["GRCh38"] * len(ids), "S")
        features["_all_tag_keys"] = np.array([b"genome"])
    return path


def tenx_of_cellranger_2(folder, genomes=("GRCh38",)):
    path = folder / "matrices.h5"
    with h5py.File(path, "w") as file:
        for genome in genomes:
            group = file.create_group(genome)
            put(group, counts().T)
            group["genes"], group["gene_names"] = np.array(IDS, "S"), np.array(GENES, "S")
    return path


def loom(folder, **rows):
    path = folder / "cells.loom"
    with h5py.File(path, "w") as file:
        file.create_dataset("matrix", data=counts().T, chunks=(3, 4))
        file.create_group("attrs")
        file["row_attrs/Gene"] = np.array(GENES, "S")
        file["row_attrs/Accession"] = np.array(IDS, "S")
        file["row_attrs/drawing"] = np.zeros((len(GENES), 2))
        file["col_attrs/CellID"] = np.array([f"c{i}" for i in range(30)], "S")
        file["col_attrs/kind"] = np.array(KINDS, "S")
        file["col_attrs/cluster"] = np.arange(30) % 3
        file["col_attrs/X_umap"] = np.zeros((30, 2))
        file["layers/spliced"] = counts().T * 2
        for name, values in rows.items():
            del file[f"row_attrs/{name}"]
            file[f"row_attrs/{name}"] = values
    return path


def same_profiles(data, other):
    for name in ("bins", "log1p", "detection"):
        np.testing.assert_allclose(getattr(data.whole, name), getattr(other.whole, name), rtol=1e-6)
    np.testing.assert_allclose(data.variance, other.variance, rtol=1e-5)
    np.testing.assert_array_equal(data.sample.toarray(), other.sample.toarray())


@pytest.mark.parametrize("make", [tenx, tenx_of_cellranger_2, loom])
@pytest.mark.parametrize("block", [30, 10_000])
@pytest.mark.parametrize("read", [read_h5ad, read_untrusted_h5ad])
def test_other_containers_give_the_profiles_of_the_h5ad_file(tmp_path, monkeypatch, make, block, read):
    monkeypatch.setattr("ugrn_core.data.matrix.BLOCK_VALUES", block)
    data = read(make(tmp_path))
    assert data.genes == tuple(GENES)
    assert (data.species, data.units, data.n_cells) == ("human", "counts", 30)
    same_profiles(data, h5ad(tmp_path))
    kind = {tenx: "a 10x HDF5 file", tenx_of_cellranger_2: "a 10x HDF5 file", loom: "a loom file"}[make]
    assert f"The file is {kind}: 30 cells, 8 genes." in data.notes


def test_groups_and_layers_of_a_loom_file(tmp_path):
    data, truth = read_h5ad(loom(tmp_path)), h5ad(tmp_path)
    assert set(data.groups) == {"kind", "cluster"}
    for level in ("B", "T", "NK"):
        np.testing.assert_allclose(data.groups["kind"][level].bins, truth.groups["kind"][level].bins, rtol=1e-6)
    assert read_h5ad(loom(tmp_path), layer="spliced").sample.max() == 2 * data.sample.max()
    assert inspect_h5ad(loom(tmp_path)).layers == ("X", "spliced")


def test_repeated_symbols_of_a_loom_file_give_way_to_its_ids(tmp_path):
    data = read_h5ad(loom(tmp_path, Gene=np.array([*GENES[:-1], "SOX2"], "S")))
    assert data.genes == tuple(IDS)


def test_antibodies_of_a_10x_file_stay_out(tmp_path):
    x = np.concatenate([counts(), 500 * np.ones((30, 2), np.float32)], axis=1)
    kinds = ["Gene Expression"] * 8 + ["Antibody Capture"] * 2
    data = read_h5ad(tenx(tmp_path, kinds, x, [*IDS, "CD4", "CD8"], [*GENES, "CD4_ab", "CD8_ab"]))
    same_profiles(data, h5ad(tmp_path))
    assert any("2 Antibody Capture" in note for note in data.notes)


def test_repeated_symbols_of_a_10x_file_give_way_to_its_ids(tmp_path):
    assert read_h5ad(tenx(tmp_path, names=[*GENES[:-1], "SOX2"])).genes == tuple(IDS)


def test_genomes_are_offered_and_said(tmp_path):
    path = tenx_of_cellranger_2(tmp_path, ("GRCh38", "mm10"))
    data = read_h5ad(path)
    assert data.matrix == "GRCh38"
    assert any("of 2 genomes (GRCh38, mm10)" in note for note in data.notes)
    assert read_h5ad(path, layer="mm10").matrix == "mm10"


def test_samples_that_barcodes_name_are_groups(tmp_path):
    barcodes = [f"{'ACGT' * 4}-{i % 3 + 9}" for i in range(30)]
    path = tenx(tmp_path)
    with h5py.File(path, "r+") as file:
        del file["matrix/barcodes"]
        file["matrix/barcodes"] = np.array(barcodes, "S")
    data = read_h5ad(path)
    assert list(data.groups["sample"]) == ["9", "10", "11"]
    same = h5ad(tmp_path)  # its kinds come in the same turn
    for sample, kind in zip(data.groups["sample"].values(), ("B", "T", "NK"), strict=True):
        np.testing.assert_allclose(sample.log1p, same.groups["kind"][kind].log1p)
    assert not read_h5ad(tenx(tmp_path)).groups  # one sample
    assert [sample_of(b) for b in ("ACGT-1", "ACGT-012", "ACGT", "cell-3", "ACGT-x", "")] == ["1", "12", "", "", "", ""]


def change(path, where, value):
    with h5py.File(path, "r+") as file:
        del file[where]
        if value is not None:
            file[where] = value
    return path


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda f: change(tenx(f), "matrix/shape", np.array([8])), "says no shape"),
        (lambda f: change(tenx(f), "matrix/shape", np.array([9, 30])), "expected one for each|file names"),
        (lambda f: change(tenx(f), "matrix/indices", np.full(3, 99)), "damaged sparse matrix"),
        (lambda f: change(tenx(f), "matrix/barcodes", np.array([b"a", b"b"])), "file names 2 cells"),
        (lambda f: change(tenx(f), "matrix/features/name", np.array([b"a"])), ""),
        (lambda f: change(loom(f), "matrix", np.zeros(3)), "expected genes by cells"),
        (lambda f: change(loom(f), "matrix", np.full((8, 30), b"x")), "expected genes by cells"),
        (lambda f: change(loom(f), "col_attrs", None), "parts of a 10x file .* or of loom"),
    ],
)
def test_damaged_files_are_a_sentence_or_read_without_the_damage(tmp_path, make, words):
    path = make(tmp_path)
    if not words:
        assert len(read_h5ad(path).genes) == 8
        return
    with pytest.raises(InputError, match=words) as caught:
        read_h5ad(path)
    assert str(caught.value).endswith(".")


def test_a_loom_file_without_names_of_genes_says_what_is_missing(tmp_path):
    path = loom(tmp_path)
    with h5py.File(path, "r+") as file:
        del file["row_attrs/Gene"], file["row_attrs/Accession"]
    with pytest.raises(InputError, match="does not name its genes: expected an attribute such as Gene"):
        read_h5ad(path)


@pytest.mark.parametrize("make", [tenx, loom])
def test_the_command_line_takes_them_as_a_context(tmp_path, monkeypatch, make):
    monkeypatch.setenv("UGRN_CACHE_DIR", str(tmp_path / "cache"))
    words = ["pair", "GATA1", "KLF1", "--context", str(make(tmp_path)), "--json"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["context_size"] >= 5
    assert "The file is a" in result.stderr


@pytest.mark.parametrize("size", [512, 2048])
@pytest.mark.parametrize("read", [read_h5ad, read_untrusted_h5ad])
def test_bytes_of_other_use_before_the_file_do_not_matter(tmp_path, size, read):
    truth = h5ad(tmp_path)
    path = tmp_path / "block.h5ad"
    with h5py.File(tmp_path / "same.h5ad") as file, h5py.File(path, "w", userblock_size=size) as copy:
        for name in file:
            file.copy(name, copy)
    with path.open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file")
    same_profiles(read(path), truth)


@pytest.mark.parametrize("kind", [sparse.csr_matrix, sparse.csc_matrix, np.asarray])
def test_yes_and_no_are_read_as_counts_of_one(tmp_path, kind):
    var = pd.DataFrame(index=GENES)
    ad.AnnData(kind(counts() > 1), var=var).write_h5ad(tmp_path / "bool.h5ad")
    ad.AnnData((counts() > 1).astype(np.float32), var=var).write_h5ad(tmp_path / "one.h5ad")
    data, truth = read_untrusted_h5ad(tmp_path / "bool.h5ad"), read_h5ad(tmp_path / "one.h5ad")
    assert data.units == "counts"
    same_profiles(data, truth)
