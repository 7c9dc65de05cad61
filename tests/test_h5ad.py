from __future__ import annotations

import io
import os
from pathlib import Path

import anndata as ad
import h5py
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from ugrn_core.data import column as one_column
from ugrn_core.data import hdf5, layout, matrix
from ugrn_core.data.binning import bin_values
from ugrn_core.data.expression import ExpressionData, load_expression, save_expression
from ugrn_core.data.h5ad import example_data, inspect_h5ad, read_h5ad
from ugrn_core.data.layout import Matrix
from ugrn_core.errors import InputError
from ugrn_core.paths import corpus_folder

GENES = ["SOX2", "NANOG", "POU5F1", "TP53", "CDKN1A", "MYC", "GATA1", "KLF1", "TAL1", "HBB", "CCND1", "STAT1"]
ENSEMBL = [f"ENSG{i:011d}" for i in range(len(GENES))]


def counts(n_cells: int = 30, seed: int = 0) -> np.ndarray:
    values = np.random.default_rng(seed).poisson(1.2, (n_cells, len(GENES))).astype(np.float32)
    values[:, 0] += 1  # no empty cell
    return values


def cells(n_cells: int = 30) -> pd.DataFrame:
    kinds = pd.Categorical([("B", "T", "NK")[i % 3] if i % 7 else None for i in range(n_cells)])
    return pd.DataFrame(
        {"kind": kinds, "batch": [f"b{i % 2}" for i in range(n_cells)], "tall": [i > 3 for i in range(n_cells)],
         "depth": np.arange(n_cells), "one": pd.Categorical(["same"] * n_cells)},
        index=[f"cell{i}" for i in range(n_cells)],
    )  # fmt: skip


def dataset(x=None, **more) -> ad.AnnData:
    x = counts() if x is None else x
    return ad.AnnData(x, obs=cells(x.shape[0]), var=pd.DataFrame(index=GENES), **more)


def saved(data: ad.AnnData, folder: Path, name: str = "data.h5ad") -> Path:
    data.write_h5ad(folder / name)
    return folder / name


def log1p_cp10k(x: np.ndarray) -> np.ndarray:
    return np.log1p(x * 1e4 / x.sum(1, keepdims=True))


def in_form(form: str, x: np.ndarray):
    """The matrix in one of the forms in which files store it."""
    makers = {"dense": np.asarray, "csr": sparse.csr_matrix, "csc": sparse.csc_matrix, "int": np.int64}
    return makers[form](x)


@pytest.mark.parametrize("form", ["dense", "csr", "csc", "int"])
@pytest.mark.parametrize("block", [7, 10_000])
def test_profiles_are_the_means_of_direct_computation(tmp_path, monkeypatch, form, block):
    monkeypatch.setattr(matrix, "BLOCK_VALUES", block)
    x = counts()
    path = saved(dataset(in_form(form, x)), tmp_path)
    read = read_h5ad(path)
    truth = ad.read_h5ad(path)
    logs, bins = log1p_cp10k(x), bin_values(x)
    assert (read.units, read.matrix, read.species) == ("counts", "X", "human")
    assert read.genes == tuple(GENES)
    np.testing.assert_allclose(read.whole.log1p, logs.mean(0), rtol=1e-5)
    np.testing.assert_allclose(read.whole.bins, bins.mean(0), rtol=1e-6)
    np.testing.assert_allclose(read.whole.detection, (x > 0).mean(0), rtol=1e-6)
    np.testing.assert_allclose(read.variance, logs.var(0), rtol=1e-4)
    assert set(read.groups) == {"kind", "batch", "tall"}
    for column, profiles in read.groups.items():
        for level, profile in profiles.items():
            rows = (truth.obs[column].astype(str) == level).to_numpy()
            assert profile.n_cells == rows.sum()
            np.testing.assert_allclose(profile.log1p, logs[rows].mean(0), rtol=1e-5)
            np.testing.assert_allclose(profile.bins, bins[rows].mean(0), rtol=1e-6)
            np.testing.assert_allclose(profile.detection, (x[rows] > 0).mean(0), rtol=1e-6)
    np.testing.assert_array_equal(read.sample.toarray(), x)


def test_the_sample_is_seeded_and_of_real_cells(tmp_path):
    x = counts(700)
    path = saved(dataset(sparse.csr_matrix(x)), tmp_path)
    first, second = read_h5ad(path).sample.toarray(), read_h5ad(path).sample.toarray()
    assert first.shape == (500, len(GENES))
    np.testing.assert_array_equal(first, second)
    known = {row.tobytes() for row in x}
    assert all(row.tobytes() in known for row in first)


def test_an_upload_reads_as_its_file(tmp_path):
    path = saved(dataset(), tmp_path)
    upload = io.BytesIO(path.read_bytes())
    upload.name = "mine.h5ad"
    from_upload, from_path = read_h5ad(upload), read_h5ad(str(path))
    np.testing.assert_array_equal(from_upload.whole.bins, from_path.whole.bins)
    assert (from_upload.label, from_path.label) == ("mine.h5ad", "data.h5ad")
    assert not upload.closed


def test_units_are_recognised_and_used_accordingly(tmp_path):
    x = counts()
    logs = log1p_cp10k(x)
    linear = x / x.sum(1, keepdims=True) * 1e6
    shifted = {"counts": x, "log": logs, "linear": linear}
    read = {name: read_h5ad(saved(dataset(v.astype(np.float32)), tmp_path)) for name, v in shifted.items()}
    assert {name: data.units for name, data in read.items()} == {"counts": "counts", "log": "log", "linear": "linear"}
    for data in read.values():
        np.testing.assert_allclose(data.whole.log1p, logs.mean(0), rtol=1e-4)
    assert "normalised to a total of 10,000" in read["log"].notes[0]
    partial = read_h5ad(saved(dataset(logs[:, ::-1] * np.linspace(0.5, 1, len(GENES), dtype=np.float32)), tmp_path))
    assert partial.units == "log"
    assert "taken for logarithms" in partial.notes[0]


def test_shares_of_one_are_linear_not_logarithms(tmp_path):
    x = counts()
    assert read_h5ad(saved(dataset(x / x.sum(1, keepdims=True)), tmp_path)).units == "linear"


def test_scaled_x_gives_way_to_raw_and_then_to_a_layer(tmp_path):
    x = counts()
    scaled = (x - x.mean(0)) / x.std(0)
    with_raw = dataset(scaled)
    with_raw.raw = ad.AnnData(log1p_cp10k(x), var=pd.DataFrame(index=GENES))
    read = read_h5ad(saved(with_raw, tmp_path))
    assert (read.matrix, read.units) == ("raw", "log")
    assert any("raw was used instead of X" in note for note in read.notes)
    read = read_h5ad(saved(dataset(scaled, layers={"also": scaled, "counts": x}), tmp_path))
    assert (read.matrix, read.units) == ("counts", "counts")
    np.testing.assert_allclose(read.whole.bins, bin_values(x).mean(0), rtol=1e-6)
    alone = saved(dataset(scaled, layers={"also": scaled}), tmp_path)
    with pytest.raises(InputError, match=r"negative values.*neither .raw nor a layer"):
        read_h5ad(alone)
    with pytest.raises(InputError, match=r"negative values.*The file has: X, also"):
        read_h5ad(alone, layer="also")


def test_raw_may_hold_more_genes_than_x(tmp_path):
    x = counts()
    data = dataset(x)[:, :5].copy()
    data.raw = ad.AnnData(x, var=pd.DataFrame(index=GENES))
    path = saved(data, tmp_path)
    assert len(read_h5ad(path).genes) == 5
    assert read_h5ad(path, layer="raw").genes == tuple(GENES)


def test_an_asked_for_layer_is_read_and_an_unknown_one_refused(tmp_path):
    x = counts()
    path = saved(dataset(log1p_cp10k(x), layers={"counts": x}), tmp_path)
    assert read_h5ad(path).units == "log"
    assert read_h5ad(path, layer="counts").units == "counts"
    with pytest.raises(InputError, match=r"no layer 'other'.*X, counts"):
        read_h5ad(path, layer="other")


def test_without_x_a_layer_is_used(tmp_path):
    path = saved(dataset(layers={"counts": counts()}), tmp_path)
    with h5py.File(path, "r+") as file:
        del file["X"]
    assert read_h5ad(path).matrix == "counts"


def test_gene_names_of_cellxgene_files(tmp_path):
    data = dataset()
    data.var = pd.DataFrame({"feature_name": pd.Categorical(GENES), "length": 1000}, index=ENSEMBL)
    path = saved(data, tmp_path)
    read = read_h5ad(path)
    assert read.genes == tuple(GENES)
    assert any("'feature_name'" in note for note in read.notes)
    assert read_h5ad(path, gene_column="index").genes == tuple(ENSEMBL)
    assert inspect_h5ad(path).gene_columns == ("index", "feature_name")
    with pytest.raises(InputError, match=r"no gene column 'symbols'.*index, feature_name"):
        read_h5ad(path, gene_column="symbols")
    data.var["feature_name"] = ["SOX2", *GENES[:-1]]
    assert read_h5ad(saved(data, tmp_path)).genes == tuple(ENSEMBL)


def test_the_species_is_guessed_from_spelling_and_ids(tmp_path):
    data = dataset()
    data.var_names = [g.capitalize() for g in GENES]
    assert read_h5ad(saved(data, tmp_path)).species == "mouse"
    data.var_names = [e.replace("ENSG", "ENSMUSG") for e in ENSEMBL]
    assert read_h5ad(saved(data, tmp_path)).species == "mouse"
    data.var_names = [f"probe_{i}" for i in range(len(GENES))]
    assert read_h5ad(saved(data, tmp_path)).species is None


def test_contents_are_listed_without_reading_a_matrix(tmp_path, monkeypatch):
    data = dataset(layers={"counts": counts()})
    data.obs["id"] = pd.Categorical([f"c{i}" for i in range(30)])
    data.obs["many"] = pd.Categorical([f"c{i}" for i in range(60)][:30])
    monkeypatch.setattr(one_column, "MAX_LEVELS", 50)
    monkeypatch.setattr(matrix, "row_blocks", None)
    found = inspect_h5ad(saved(data, tmp_path))
    assert (found.n_cells, found.n_genes, found.layers) == (30, len(GENES), ("X", "counts"))
    assert found.groups["kind"] == ("B", "NK", "T")
    assert found.groups["tall"] == ("False", "True")
    assert "one" not in found.groups
    assert "depth" not in found.groups


def test_profiles_beyond_the_memory_limit_are_left_out_and_named(tmp_path, monkeypatch):
    monkeypatch.setattr("ugrn_core.data.groups.MAX_PROFILE_VALUES", len(GENES) * 4)
    read = read_h5ad(saved(dataset(), tmp_path))
    assert set(read.groups) == {"batch"}  # columns in the order of the file's names
    assert any("kind, tall" in note for note in read.notes)


def test_empty_cells_stay_in_the_means_and_are_said(tmp_path):
    x = counts()
    x[3:6] = 0
    read = read_h5ad(saved(dataset(x), tmp_path))
    np.testing.assert_allclose(read.whole.bins, bin_values(x).mean(0), rtol=1e-6)
    assert any(note.startswith("3 of 30 cells have no counts") for note in read.notes)


def test_the_file_of_an_old_anndata_version(tmp_path):
    """The layout before 0.7: compound tables, categories under uns, raw.X; read as the modern file is."""
    x = counts()
    path = tmp_path / "old.h5ad"
    codes = np.arange(30, dtype=np.int8) % 2
    with h5py.File(path, "w") as file:
        file["X"] = x - 1
        obs = np.zeros(30, [("index", "S8"), ("kind", "i1"), ("depth", "f4")])
        obs["index"], obs["kind"] = [f"c{i}".encode() for i in range(30)], codes
        file["obs"] = obs
        file["var"] = np.array([(g.encode(),) for g in GENES], [("index", "S8")])
        file["uns/kind_categories"] = np.array([b"B", b"T"])
        file["raw.var"] = np.array([(g.encode(),) for g in GENES], [("index", "S8")])
        raw = sparse.csr_matrix(x)
        group = file.create_group("raw.X")
        group.attrs["h5sparse_format"], group.attrs["h5sparse_shape"] = "csr", raw.shape
        for name in ("data", "indices", "indptr"):
            group[name] = getattr(raw, name)
    read = read_h5ad(path)
    assert (read.matrix, list(read.groups), read.genes) == ("raw", ["kind"], tuple(GENES))
    np.testing.assert_allclose(read.groups["kind"]["T"].bins, bin_values(x[codes == 1]).mean(0), rtol=1e-6)


def test_the_file_of_anndata_0_7(tmp_path):
    path = saved(dataset(), tmp_path)
    with h5py.File(path, "r+") as file:
        codes, levels = file["obs/kind/codes"][:], file["obs/kind/categories"][:]
        del file["obs/kind"]
        file["obs/kind"] = codes
        file["obs/__categories/kind"] = levels
    assert list(inspect_h5ad(path).groups["kind"]) == ["B", "NK", "T"]


def test_an_unknown_group_names_those_there_are(tmp_path):
    read = read_h5ad(saved(dataset(), tmp_path))
    assert read.profile(("kind", "B")) is read.groups["kind"]["B"]
    with pytest.raises(InputError, match=r"no groups by 'colour'.*kind"):
        read.profile(("colour", "red"))
    with pytest.raises(InputError, match=r"no level 'X'.*B, NK, T"):
        read.profile(("kind", "X"))


def test_progress_ends_at_one(tmp_path, monkeypatch):
    monkeypatch.setattr(matrix, "BLOCK_VALUES", 100)
    seen: list[float] = []
    read_h5ad(saved(dataset(), tmp_path), progress=lambda share, _: seen.append(share))
    assert len(seen) > 2
    assert seen == sorted(seen)
    assert seen[0] > 0 and seen[-1] == 1.0


def test_names_and_labels_that_are_not_utf8_do_no_harm(tmp_path):
    path = saved(dataset(), tmp_path)
    with h5py.File(path, "r+") as file:
        file.create_dataset(b"obs/\xff\xfe", data=np.arange(30))
        del file["obs/batch"]
        file["obs/batch"] = np.array([b"\xff", b"\xfe"] * 15)  # one label once the bytes are replaced
        file["obs/lab"] = np.array([b"\xffa", b"\xffb"] * 15)
    assert set(read_h5ad(path).groups) == {"kind", "tall", "lab"}


# --- files that cannot be used -------------------------------------------------------------------------------------


def no_cells(folder):
    return saved(dataset()[:0].copy(), folder)


def no_genes(folder):
    return saved(dataset()[:, :0].copy(), folder)


def turned_around(folder):
    data = dataset(counts(40))
    return saved(data.T.copy(), folder)


def repeated_names(folder):
    data = dataset()
    data.var_names = ["SOX2", *GENES[:-1]]
    return saved(data, folder)


def integer_names(folder):
    data = dataset()
    data.var_names = [str(i) for i in range(len(GENES))]
    return saved(data, folder)


def an_empty_name(folder):
    data = dataset()
    data.var_names = ["", *GENES[:-1]]
    return saved(data, folder)


def with_value(value, form):
    def make(folder):
        x = counts()
        x[4, 2] = value
        return saved(dataset(in_form(form, x)), folder)

    return make


def all_zero(folder):
    return saved(dataset(counts() * 0), folder)


def text_matrix(folder):
    path = saved(dataset(), folder)
    with h5py.File(path, "r+") as file:
        del file["X"]
        file["X"] = np.full((30, len(GENES)), b"high")
    return path


def one_dimension(folder):
    path = saved(dataset(), folder)
    with h5py.File(path, "r+") as file:
        del file["X"]
        file["X"] = np.ones(30)
    return path


def no_matrix(folder):
    path = saved(dataset(), folder)
    with h5py.File(path, "r+") as file:
        del file["X"]
    return path


def misfit(folder):
    path = saved(dataset(), folder)
    with h5py.File(path, "r+") as file:
        del file["X"]
        file["X"] = np.ones((30, 5))
    return path


def truncated(folder):
    path = saved(dataset(), folder)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    return path


def damaged(folder):
    path = folder / "damaged.h5ad"
    dataset(sparse.csr_matrix(counts(400))).write_h5ad(path, compression="gzip")
    with h5py.File(path) as file:
        at = file["X/data"].id.get_chunk_info(0)
    content = bytearray(path.read_bytes())
    content[at.byte_offset : at.byte_offset + at.size] = b"\xff" * at.size
    path.write_bytes(bytes(content))
    return path


def zero_bytes(folder):
    (folder / "empty.h5ad").touch()
    return folder / "empty.h5ad"


def plain_text(folder):
    (folder / "text.h5ad").write_text("Dear editor, thank you.\nYours\n")
    return folder / "text.h5ad"


def gzipped(folder):
    (folder / "zipped.h5ad").write_bytes(b"\x1f\x8b\x08 and more")
    return folder / "zipped.h5ad"


def other_hdf5(folder):
    with h5py.File(folder / "tenx.h5", "w") as file:
        file["matrix/data"] = [1, 2]
    return folder / "tenx.h5"


def huge_shape(folder):
    path = saved(dataset(), folder)
    with h5py.File(path, "r+") as file:
        for name in ("obs/_index", "X"):
            del file[name]
        n = layout.MAX_CELLS + 1
        file.create_dataset("obs/_index", shape=(n,), dtype="S1", chunks=(10_000,), fillvalue=b"c")
        file.create_dataset("X", shape=(n, len(GENES)), dtype="f4", chunks=(1000, len(GENES)))
    return path


def csr_with(part, change):
    def make(folder):
        path = saved(dataset(sparse.csr_matrix(counts())), folder)
        with h5py.File(path, "r+") as file:
            values = change(file[f"X/{part}"][:])
            del file[f"X/{part}"]
            file[f"X/{part}"] = values
        return path

    return make


def beyond(values):
    values[3] = 10**6
    return values


def negative(values):
    values[3] = -5
    return values


def falling(values):
    values[3] = values[5] + 1
    return values


def external_link(folder):
    other = saved(dataset(), folder, "other.h5ad")
    path = saved(dataset(), folder)
    with h5py.File(path, "r+") as file:
        del file["X"]
        file["X"] = h5py.ExternalLink(str(other), "X")
    return path


def soft_link(folder):
    path = saved(dataset(), folder)
    with h5py.File(path, "r+") as file:
        file.move("X", "uns/x")
        file["X"] = h5py.SoftLink("/uns/x")
    return path


def external_storage(folder):
    secret = folder / "secret.bin"
    secret.write_bytes(np.ones((30, len(GENES)), np.float32).tobytes())
    path = saved(dataset(), folder)
    with h5py.File(path, "r+") as file:
        del file["X"]
        file.create_dataset("X", shape=(30, len(GENES)), dtype="f4", external=[(str(secret), 0, h5py.h5f.UNLIMITED)])
    return path


def virtual_storage(folder):
    other = saved(dataset(), folder, "other.h5ad")
    path = saved(dataset(), folder)
    with h5py.File(path, "r+") as file:
        del file["X"]
        virtual = h5py.VirtualLayout((30, len(GENES)), "f4")
        virtual[:] = h5py.VirtualSource(str(other), "X", (30, len(GENES)))
        file.create_virtual_dataset("X", virtual)
    return path


def huge_chunk(folder):
    path = saved(dataset(), folder)
    with h5py.File(path, "r+") as file:
        del file["obs/depth"]
        shape = (hdf5.MAX_CHUNK_BYTES // 8 + 1,)
        file.create_dataset("obs/depth", shape=shape, dtype="f8", chunks=shape, compression="gzip")
    return path


def codes_beyond(folder):
    path = saved(dataset(), folder)
    with h5py.File(path, "r+") as file:
        file["obs/kind/codes"][0] = 77
    return path


BROKEN = [
    (no_cells, "empty: 0 cells"),
    (no_genes, "empty: 30 cells and 0 genes"),
    (turned_around, "genes in rows.*adata.T"),
    (repeated_names, "1 of the gene names in 'index' occur twice or more .SOX2"),
    (integer_names, "integers .0, 1, 2"),
    (an_empty_name, "1 of the gene names in 'index' are empty"),
    (with_value(np.nan, "dense"), "NaN .gene POU5F1, cell number 5"),
    (with_value(np.nan, "csr"), "NaN .gene POU5F1, cell number 5"),
    (with_value(np.inf, "csc"), "infinite value .gene POU5F1, cell number 5"),
    (with_value(-np.inf, "dense"), "infinite value"),
    (all_zero, "nothing but zeros"),
    (text_matrix, "X holds text"),
    (one_dimension, "expected a matrix"),
    (no_matrix, "no X, no .raw and no layer"),
    (misfit, "30 x 5 entries, but the file names 30 cells and 12 genes"),
    (truncated, "truncated or damaged"),
    (damaged, "/X/data cannot be read: it is truncated or damaged"),
    (zero_bytes, "empty .0 bytes"),
    (plain_text, r"not HDF5|no table of cells"),
    (gzipped, r"gzip-compressed|cannot be unpacked"),
    (other_hdf5, "not h5ad: expected obs and var, found matrix.*10x"),
    (huge_shape, "1,000,001 cells.*at most 1,000,000 cells"),
    (csr_with("indices", beyond), "damaged sparse matrix"),
    (csr_with("indices", negative), "damaged sparse matrix"),
    (csr_with("indptr", falling), "damaged sparse matrix"),
    (csr_with("indptr", lambda v: v[:-1]), "damaged sparse matrix"),
    (csr_with("data", lambda v: v[:-1]), "damaged sparse matrix"),
    (csr_with("data", lambda v: np.full(len(v), b"x")), "holds no numbers"),
    (external_link, "X is a link to another file"),
    (soft_link, "X is a link to another place"),
    (external_storage, "stored in another file"),
    (virtual_storage, "stored in another file"),
    (huge_chunk, "chunks of 64 MB"),
    (codes_beyond, "do not fit its categories"),
]


@pytest.mark.parametrize(("make", "words"), BROKEN, ids=[f"{m.__name__}-{i}" for i, (m, _) in enumerate(BROKEN)])
@pytest.mark.parametrize("upload", [False, True], ids=["path", "upload"])
def test_a_file_that_cannot_be_used_gives_one_clear_sentence(tmp_path, make, words, upload):
    path = make(tmp_path)
    with pytest.raises(InputError, match=words) as caught:
        read_h5ad(io.BytesIO(path.read_bytes()) if upload else path)
    message = str(caught.value)
    assert message.endswith("."), message
    assert "Traceback" not in message
    assert len(message) < 500


def test_limits_of_size_are_in_the_message(tmp_path, monkeypatch):
    path = saved(dataset(sparse.csc_matrix(counts())), tmp_path)
    monkeypatch.setattr(matrix, "MAX_CSC_VALUES", 3)
    with pytest.raises(InputError, match=r"at most 3.*tocsr"):
        read_h5ad(path)
    monkeypatch.setattr(matrix, "MAX_VALUES", 2)
    with pytest.raises(InputError, match=r"at most 2 are read"):
        read_h5ad(path)
    monkeypatch.setattr(hdf5, "MAX_FILE_BYTES", 1 << 10)
    with pytest.raises(InputError, match=r"at most 0 GB are read"):
        read_h5ad(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"nowhere.h5ad"):
        read_h5ad(tmp_path / "nowhere.h5ad")


def test_blocks_stay_within_the_bound(tmp_path, monkeypatch):
    monkeypatch.setattr(matrix, "BLOCK_VALUES", 60)
    for form in ("dense", "csr"):
        with hdf5.open_hdf5(saved(dataset(in_form(form, counts(200))), tmp_path)) as file:
            found: Matrix = layout.read_layout(file).matrices["X"]
            sizes = [
                block.shape[0] * (block.shape[1] if form == "dense" else 1) for _, block in matrix.row_blocks(found)
            ]
            values = [block.nnz for _, block in matrix.row_blocks(found)]
        assert sum(sizes) == (200 * len(GENES) if form == "dense" else 200)
        assert max(values) <= 60


def test_the_bundled_example():
    data = example_data()
    assert (data.n_cells, len(data.genes), data.matrix, data.units) == (700, 765, "raw", "log")
    assert data.species == "human"
    assert set(data.groups) == {"bulk_labels", "phase", "louvain"}
    assert data.groups["bulk_labels"]["Dendritic"].n_cells == 240
    assert any("raw was used instead of X" in note for note in data.notes)


def test_the_bundled_example_has_the_values_scanpy_reads():
    scanpy = pytest.importorskip("scanpy", reason="needs scanpy")
    truth = scanpy.datasets.pbmc68k_reduced()
    raw = truth.raw.X.toarray()
    data = example_data()
    assert data.genes == tuple(truth.raw.var_names)
    np.testing.assert_allclose(data.whole.log1p, raw.mean(0), rtol=1e-4, atol=1e-6)
    rows = (truth.obs["bulk_labels"] == "CD34+").to_numpy()
    np.testing.assert_allclose(data.groups["bulk_labels"]["CD34+"].bins, bin_values(raw[rows]).mean(0), rtol=1e-5)


def same(a: ExpressionData, b: ExpressionData) -> None:
    for name in ("label", "genes", "species", "matrix", "units", "n_cells", "notes"):
        assert getattr(a, name) == getattr(b, name), name
    np.testing.assert_array_equal(a.variance, b.variance)
    np.testing.assert_array_equal(a.sample.toarray(), b.sample.toarray())
    assert {c: list(g) for c, g in a.groups.items()} == {c: list(g) for c, g in b.groups.items()}
    for group in [None, *((c, level) for c, levels in a.groups.items() for level in levels)]:
        one, other = a.profile(group), b.profile(group)
        assert one.n_cells == other.n_cells
        for name in ("bins", "log1p", "detection"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_kept_data_come_back_from_disk(tmp_path):
    data = read_h5ad(saved(dataset(), tmp_path))
    save_expression(data, tmp_path)
    same(load_expression(tmp_path), data)


@pytest.mark.skipif(not os.environ.get("UGRN_CORPUS_DIR"), reason="UGRN_CORPUS_DIR is not set")
@pytest.mark.parametrize(
    ("name", "units", "species"),
    [
        ("kang2018_pbmc_harmony", "counts", "human"),
        ("pbmc3k_10x", "log", "human"),
        ("jaitin2014_spleen", "counts", "mouse"),
        ("atlas_Darmanis_2015_subsamples", "linear", "human"),
        ("mouse_rnaseq_28types", "log", "mouse"),
    ],
)
def test_real_files(name, units, species):
    folder = corpus_folder()
    assert folder is not None
    data = read_h5ad(folder / f"{name}.h5ad")
    assert (data.units, data.species) == (units, species)
    assert 0 < data.whole.bins.mean() < 50
