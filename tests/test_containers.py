"""Cells as text (matrix.mtx with its names, tables, archives) are read as the h5ad file of the same cells is."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zipfile
from typing import Literal

import numpy as np
import pandas as pd
import pytest
from scipy import io as scipy_io
from scipy import sparse
from typer.testing import CliRunner

from tests.test_other_hdf5 import GENES, IDS, KINDS, counts, h5ad, same_profiles, tenx
from ugrn_core.cli.app import app
from ugrn_core.data.containers import archive, mtx, streams, table, written
from ugrn_core.data.containers.streams import bounded
from ugrn_core.data.containers.table import holds_cells
from ugrn_core.data.h5ad import inspect_h5ad, read_h5ad
from ugrn_core.data.untrusted import read_untrusted_h5ad
from ugrn_core.errors import InputError

CELLS = [f"cell{i}" for i in range(30)]


def test_columns_of_genes_without_titles_are_named_by_what_they_hold():
    kinds, symbols = ["Gene Expression"] * len(GENES), list(GENES)
    others = [f"chr{i}:{i}" for i in range(len(GENES))]
    index, more = mtx._of_genes(mtx.Names([list(IDS), symbols, kinds, others], []))
    assert index == list(IDS)
    assert list(more) == ["gene_symbols", "feature_types", "column 4"]
    index, more = mtx._of_genes(mtx.Names([list(IDS), symbols, symbols], []))
    assert list(more) == ["gene_symbols", "column 3"]
    assert mtx._of_genes(mtx.Names([["a"], ["b"]], ["id", "name"])) == (["a"], {"name": ["b"]})


def frame(x=None):
    return pd.DataFrame((counts() if x is None else x).astype(int), index=CELLS, columns=GENES)


def mtx_folder(folder, *, prefix="", packed=False, turned=False, order="F", titles=False, types=True):
    """The three files as 10x writes them (genes in rows, by cell), and as others do."""
    folder = folder / "filtered_feature_bc_matrix"
    folder.mkdir()
    x = counts() if turned else counts().T
    matrix = sparse.coo_matrix(x)
    places = np.lexsort((matrix.row, matrix.col)) if order == "F" else np.arange(matrix.nnz)
    if order == "mixed":
        places = np.random.default_rng(1).permutation(matrix.nnz)
    lines = [f"{matrix.row[i] + 1} {matrix.col[i] + 1} {int(matrix.data[i])}" for i in places]
    head = "%%MatrixMarket matrix coordinate integer general\n%metadata_json: {}\n"
    head += f"{x.shape[0]} {x.shape[1]} {len(lines)}\n"
    features = [f"{a}\t{b}\tGene Expression" if types else f"{a}\t{b}" for a, b in zip(IDS, GENES, strict=True)]
    barcodes = list(CELLS)
    if titles:
        features = ["gene_id\tgene_name\tfeature_types", *features]
        barcodes = ["barcode\tkind", *(f"{cell}\t{kind}" for cell, kind in zip(CELLS, KINDS, strict=True))]
    texts = {"matrix.mtx": head + "\n".join(lines), "barcodes.tsv": "\n".join(barcodes) + "\n",
             ("features.tsv" if types else "genes.tsv"): "\n".join(features) + "\n"}  # fmt: skip
    for name, text in texts.items():
        path = folder / (prefix + name + (".gz" if packed else ""))
        path.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    return folder


def zipped(folder, name="cells.zip"):
    path = folder.parent / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for member in folder.iterdir():
            file.write(member, f"{folder.name}/{member.name}")
        file.writestr("__MACOSX/._matrix.mtx", b"x")
    return path


def tarred(folder, mode: Literal["w:gz", "w"] = "w:gz", name="cells.tar.gz"):
    path = folder.parent / name
    with tarfile.open(path, mode) as file:
        file.add(folder, folder.name)
    return path


def text(folder, content, name="cells.csv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


# --- what is read ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("pack", [lambda f: f, zipped, tarred, lambda f: tarred(f, "w", "cells.tar"),
                                  lambda f: next(f.glob("*matrix.mtx*"))])  # fmt: skip
def test_a_matrix_with_its_names_gives_the_profiles_of_the_h5ad_file(tmp_path, packed, pack):
    path = pack(mtx_folder(tmp_path, packed=packed, prefix="GSM1_" if packed else ""))
    data = read_h5ad(path)
    assert (data.genes, data.units, data.n_cells) == (tuple(GENES), "counts", 30)
    same_profiles(data, h5ad(tmp_path))
    assert any("a matrix.mtx (genes in rows) with its names" in n and "30 cells, 8 genes" in n for n in data.notes)


@pytest.mark.parametrize(
    "how",
    [
        {"turned": True},
        {"order": "C"},
        {"order": "mixed"},
        {"turned": True, "order": "mixed"},
        {"types": False},
        {"titles": True},
    ],
)
def test_a_matrix_in_any_order_is_the_same(tmp_path, monkeypatch, how):
    monkeypatch.setattr(written, "RANGE", 20)
    monkeypatch.setattr(written, "PART", 30)
    data = read_h5ad(mtx_folder(tmp_path, **how))
    assert data.genes == tuple(GENES)
    same_profiles(data, h5ad(tmp_path))
    if how.get("titles"):
        assert set(data.groups) == {"kind"}


def test_a_matrix_is_that_of_scipy_and_anndata(tmp_path):
    folder = mtx_folder(tmp_path)
    scipy_io.mmwrite(folder / "matrix.mtx", sparse.csr_matrix(counts().T.astype(int)))
    same_profiles(read_h5ad(folder), h5ad(tmp_path))


def test_the_isolated_reader_reads_them_and_the_label_is_the_file(tmp_path):
    path = zipped(mtx_folder(tmp_path))
    with path.open("rb") as upload:
        data = read_untrusted_h5ad(upload)
    assert data.label == "cells.zip"
    same_profiles(data, h5ad(tmp_path))
    assert "The file is a matrix.mtx (genes in rows) with its names, in a zip archive: 30 cells, 8 genes." in data.notes


def wide(**how):
    return lambda f: f.to_csv(**how)


TABLES = {
    "cells in rows": wide(),
    "genes in rows": lambda f: f.T.to_csv(),
    "tabs": lambda f: f.T.to_csv(sep="\t"),
    "semicolons with decimal commas": lambda f: (f * 1.0).T.to_csv(sep=";", decimal=","),
    "as R writes it": lambda f: f.T.to_csv().removeprefix(","),
    "spaces": lambda f: f.T.to_csv(sep=" ").removeprefix(" "),
    "quotes": lambda f: f.T.to_csv(quoting=2),
    "Windows": lambda f: f.to_csv(lineterminator="\r\n"),
    "byte order mark": lambda f: b"\xef\xbb\xbf" + f.T.to_csv().encode(),
    "UTF-16": lambda f: f.T.to_csv().encode("utf-16"),
    "gzip": lambda f: gzip.compress(f.to_csv().encode()),
    "a comment": lambda f: "# made, by us\n" + f.to_csv(),
    "no titles": lambda f: f.T.to_csv(header=False),
    "rows numbered": lambda f: f.T.rename_axis("gene").reset_index().to_csv(),
    "two names a gene": lambda f: f.T.assign(gene_id=IDS).rename_axis("gene_name").to_csv(),
    "numbered cells": lambda f: f.reset_index(drop=True).to_csv(),
    "cells without names": lambda f: f.to_csv(index=False),
    "an entry a row": lambda f: f.stack().rename_axis(["cell", "gene"]).rename("count").to_csv(),
    "an entry a row, by gene": lambda f: f.T.stack().rename_axis(["symbol", "barcode"]).rename("umi").to_csv(),
    "an entry a row, untitled": lambda f: f.stack().to_csv(header=False, sep="\t"),
    "an entry a row, numbered cells": lambda f: f.reset_index(drop=True).stack().rename_axis(["cell", "gene"])
    .rename("count").sample(frac=1, random_state=0).to_csv(),
}  # fmt: skip


@pytest.mark.parametrize("kind", TABLES)
def test_tables_give_the_profiles_of_the_h5ad_file(tmp_path, kind):
    path = text(tmp_path, TABLES[kind](frame()))
    data = read_h5ad(path)
    order = [data.genes.index(gene) for gene in GENES]
    assert (data.units, data.n_cells, len(data.genes)) == ("counts", 30, 8)
    truth = h5ad(tmp_path)
    for name in ("log1p", "detection", "bins"):
        np.testing.assert_allclose(getattr(data.whole, name)[order], getattr(truth.whole, name), rtol=1e-5)
    assert sum("a table with" in note for note in data.notes) == 1


def test_logarithms_in_a_table_are_those_of_the_h5ad_file(tmp_path):
    logged = pd.DataFrame(np.log1p(counts() / counts().sum(1, keepdims=True) * 1e4), index=CELLS, columns=GENES)
    data = read_h5ad(text(tmp_path, logged.T.to_csv()))
    assert data.units == "log"
    np.testing.assert_allclose(data.whole.log1p, h5ad(tmp_path).whole.log1p, rtol=1e-4)


def test_text_and_facts_beside_the_genes_are_groups_of_cells(tmp_path):
    cells = frame().assign(kind=KINDS, leiden=np.arange(30) % 3, n_counts=frame().sum(axis=1))
    data = read_h5ad(text(tmp_path, cells.to_csv()))
    truth = h5ad(tmp_path)
    assert data.genes == tuple(GENES)
    assert {"kind", "leiden"} <= set(data.groups) <= {"kind", "leiden", "n_counts"}
    np.testing.assert_allclose(data.groups["kind"]["B"].bins, truth.groups["kind"]["B"].bins, rtol=1e-6)
    assert any("about cells: kind, leiden, n_counts" in note for note in data.notes)
    assert inspect_h5ad(text(tmp_path, cells.to_csv())).groups["kind"] == ("B", "NK", "T")


@pytest.mark.parametrize(
    "pack",
    [
        lambda f, p: text(f, gzip.compress(p.read_bytes()), "cells.h5.gz"),
        lambda f, p: _zip(f, {"a/cells.h5": p.read_bytes(), "readme.txt": b"x"}),
        lambda f, p: _zip(f, {"cells.csv": frame().to_csv().encode()}),
    ],
)
def test_one_file_in_an_archive_is_read(tmp_path, pack):
    data = read_h5ad(pack(tmp_path, tenx(tmp_path)))
    same_profiles(data, h5ad(tmp_path))
    assert any(", in a zip archive: 30" in note or ", packed with gzip: 30" in note for note in data.notes)


def _zip(folder, members, mode=0o100644):
    path = folder / "some.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            member = zipfile.ZipInfo(name)
            member.external_attr = mode << 16
            file.writestr(member, content)
    return path


# --- what is refused ---------------------------------------------------------------------------------------------


def tar_of(folder, *members):
    path = folder / "some.tar.gz"
    with tarfile.open(path, "w:gz") as file:
        for name, content, kind, link in members:
            info = tarfile.TarInfo(name)
            info.size, info.type, info.linkname = len(content), kind, link
            file.addfile(info, io.BytesIO(content))
    return path


def spoilt(folder, change, name="matrix.mtx"):
    path = mtx_folder(folder) / name
    path.write_text(change(path.read_text()))
    return path.parent


def spoilt_zip(folder, flag):
    path = zipped(mtx_folder(folder))
    content = bytearray(path.read_bytes())
    for mark, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        place = content.find(mark)
        while place >= 0:
            content[place + at] |= flag
            place = content.find(mark, place + 1)
    path.write_bytes(content)
    return path


FILE, LINK, HARD, DEVICE = tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE
BAD = {
    "zip out of its folder": (lambda f: _zip(f, {"../matrix.mtx": b"x"}), "a path that leads out"),
    "zip from the root": (lambda f: _zip(f, {"/etc/matrix.mtx": b"x"}), "a path that leads out"),
    "zip to a drive": (lambda f: _zip(f, {"C:\\x\\matrix.mtx": b"x"}), "a path that leads out"),
    "tar out of its folder": (lambda f: tar_of(f, ("a/../../matrix.mtx", b"x", FILE, "")), "a path that leads out"),
    "tar from the root": (lambda f: tar_of(f, ("/matrix.mtx", b"x", FILE, "")), "a path that leads out"),
    "a link in a tar": (lambda f: tar_of(f, ("matrix.mtx", b"", LINK, "/etc/passwd")), "a link or no file"),
    "a link in a zip": (lambda f: _zip(f, {"matrix.mtx": b"/etc/passwd"}, mode=0o120777), "a link or no file"),
    "a hard link in a tar": (lambda f: tar_of(f, ("matrix.mtx", b"", HARD, "/etc/passwd")), "a link or no file"),
    "a device in a tar": (lambda f: tar_of(f, ("matrix.mtx", b"", DEVICE, "")), "a link or no file"),
    "an archive in a zip": (lambda f: _zip(f, {"inner.zip": b"PK"}), "another archive"),
    "an archive in a zip as a table": (lambda f: _zip(f, {"inner.csv": _zip(f, {}).read_bytes()}), "another archive"),
    "an archive in a tar": (lambda f: tar_of(f, ("x.tar.gz", b"x", FILE, "")), "another archive"),
    "gzip in gzip": (lambda f: text(f, gzip.compress(gzip.compress(b"a,b\n")), "a.gz"), "another archive"),
    "two files of one name": (lambda f: tar_of(f, *[("matrix.mtx", b"x", FILE, "")] * 2), "two files of one name"),
    "nothing in a zip": (lambda f: _zip(f, {}), "there is nothing"),
    "other things in a zip": (lambda f: _zip(f, {"a.png": b"x", "b.pdf": b"x"}), r"a\.png, b\.pdf"),
    "two tables in a zip": (lambda f: _zip(f, {"a.csv": b"x", "b.csv": b"x"}), "or one table"),
    "two matrices in a zip": (lambda f: _zip(f, {"a/matrix.mtx": b"x", "b/matrix.mtx": b"x"}), "There are 2 matrices"),
    "a matrix without names in a zip": (lambda f: _zip(f, {"matrix.mtx": b"x"}), "0 lists of genes and 0 of cells"),
    "a locked zip": (lambda f: spoilt_zip(f, 1), "cannot be unpacked .*password|encrypted"),
    "a zip cut off": (lambda f: text(f, zipped(mtx_folder(f)).read_bytes()[:300], "a.zip"), "cannot be unpacked"),
    "a tar.gz cut off": (lambda f: text(f, tarred(mtx_folder(f)).read_bytes()[:300], "a.tgz"), "cannot be unpacked"),
    "a gzip with another content": (lambda f: text(f, b"\x1f\x8b\x08" + b"x" * 90, "a.gz"), "cannot be unpacked"),
    "bzip2": (lambda f: text(f, b"BZh91AY&SY" + b"x" * 90, "a.bz2"), "packed with bzip2"),
    "a matrix alone": (lambda f: text(f, next(mtx_folder(f).glob("m*")).read_bytes(), "a.mtx"), "0 lists of genes"),
    "a matrix alone, packed": (
        lambda f: text(f, gzip.compress(next(mtx_folder(f).glob("m*")).read_bytes()), "upload"),
        "without the names of its genes and cells",
    ),
    "an empty folder": (lambda f: f, "there is nothing; expected matrix.mtx"),
    "a name too few": (
        lambda f: spoilt(f, name="barcodes.tsv", change=lambda t: t[t.index("\n") + 1 :]),
        "30 columns, but 8 genes and 29",
    ),
    "no names": (lambda f: spoilt(f, name="barcodes.tsv", change=lambda t: ""), "list of cells is empty"),
    "uneven names": (
        lambda f: spoilt(f, name="features.tsv", change=lambda t: t.replace("\tGene Expression", "", 1)),
        "fields, others",
    ),
    "an index beyond": (lambda f: spoilt(f, lambda t: t.replace("\n1 1 ", "\n9 1 ", 1)), "outside its 8 rows"),
    "an index of 0": (lambda f: spoilt(f, lambda t: t.replace("\n1 1 ", "\n0 1 ", 1)), "outside its 8 rows"),
    "a huge index": (lambda f: spoilt(f, lambda t: t.replace("\n1 1 ", f"\n1{'0' * 30} 1 ", 1)), "entries .* cannot"),
    "a word": (lambda f: spoilt(f, lambda t: t.replace("\n1 1 ", "\n1 x ", 1)), "entries .* cannot be read"),
    "NaN": (lambda f: spoilt(f, lambda t: t.replace("\n1 1 ", "\n1 1 nan\n1 2 ", 1)), "NaN|announces"),
    "entries too few": (lambda f: spoilt(f, lambda t: t[: t.rindex("\n")]), "announces .* cut off"),
    "a dense matrix": (lambda f: spoilt(f, lambda t: t.replace("coordinate", "array")), "is array integer"),
    "a symmetric matrix": (lambda f: spoilt(f, lambda t: t.replace("general", "symmetric")), "symmetric"),
    "a pattern": (lambda f: spoilt(f, lambda t: t.replace("integer", "pattern")), "pattern"),
    "no sizes": (lambda f: spoilt(f, lambda t: t.split("\n")[0]), "does not say how many"),
    "no header": (lambda f: spoilt(f, lambda t: t.replace("%%Matrix", "%Matrix")), "expected '%%MatrixMarket"),
    "sizes beyond all": (
        lambda f: spoilt(f, lambda t: t.replace("\n8 30 ", "\n999999999 999999999 ")),
        "at most .* are read",
    ),
    "prose": (lambda f: text(f, "Dear editor, we thank you.\nYours\n"), "no table of cells"),
    "one line": (lambda f: text(f, "a,b,c\n"), "no table of cells"),
    "blank": (lambda f: text(f, "\n\n  \n"), "no table of cells"),
    "binary": (lambda f: text(f, bytes(range(256)) * 9), "neither HDF5 nor an archive nor text"),
    "no known genes": (lambda f: text(f, frame().rename(columns=lambda c: f"zq{c}q").to_csv()), "names no known genes"),
    "genes by genes": (lambda f: text(f, frame().iloc[:8].set_axis(GENES).to_csv()), "both named like genes"),
    "a word in a table": (
        lambda f: text(f, frame().to_csv().replace("\ncell25,", "\ncell25,x")),
        "Row 27 .* 'x.' in 'SOX2'",
    ),
    "a row cut off": (lambda f: text(f, frame().to_csv()[:-4]), "Row 31 of the table has"),
    "a gap in a table": (lambda f: text(f, frame().astype(object).where(frame() > 0).to_csv()), "NaN"),
    "pairs twice": (
        lambda f: text(f, TABLES["an entry a row"](frame()) + "cell0,SOX2,1\n"),
        "1 rows of the table name a cell and a gene that another",
    ),
    "an open quote": (lambda f: text(f, frame().to_csv() + '"' + "x\n" * 100_000), "quote is not closed"),
    "an edge list": (lambda f: text(f, "source,target,score\nSOX2,NANOG,1\nTP53,MYC,2\n"), "two genes"),
}  # fmt: skip


@pytest.mark.parametrize("kind", BAD)
def test_bad_files_are_a_sentence(tmp_path, kind):
    make, words = BAD[kind]
    with pytest.raises(InputError, match=words) as caught:
        read_h5ad(make(tmp_path))
    assert str(caught.value).endswith(".")


def test_nothing_of_an_archive_is_written_where_its_names_say(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "room"))
    (tmp_path / "room").mkdir()
    before = sorted(tmp_path.rglob("*"))
    for make in (lambda f: _zip(f, {"../planted": b"x"}), lambda f: tar_of(f, ("../planted", b"x", FILE, ""))):
        path = make(tmp_path)
        with pytest.raises(InputError):
            read_h5ad(path)
        path.unlink()
    assert sorted(tmp_path.rglob("*")) == before


def test_headers_within_headers_end_as_a_sentence(tmp_path):
    header = tarfile.TarInfo("././@LongLink")
    header.type, header.size = tarfile.GNUTYPE_LONGNAME, 512
    block = header.tobuf(tarfile.GNU_FORMAT) + b"x" * 512
    path = text(tmp_path, gzip.compress(block * 5000), "deep.tar.gz")
    with pytest.raises(InputError):
        read_h5ad(path)


@pytest.mark.parametrize("make", ["gz", "zip", "tar"])
def test_bombs_end_at_a_limit(tmp_path, monkeypatch, make):
    monkeypatch.setattr(streams, "MAX_UNPACKED", 1 << 20)
    bomb = b"gene,c1\n" + b"SOX2,1.0000000000000000000000000000000\n" * 50_000
    path = {
        "gz": lambda: text(tmp_path, gzip.compress(bomb), "a.csv.gz"),
        "zip": lambda: _zip(tmp_path, {"a.csv": bomb}),
        "tar": lambda: tar_of(tmp_path, ("a.csv", bomb, FILE, "")),
    }[make]()
    with pytest.raises(InputError, match="unpacks to more than 1 MB"):
        read_h5ad(path)


def test_too_much_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(written, "MAX_ENTRIES", 100)
    with pytest.raises(InputError, match="more than 100 values"):
        read_h5ad(mtx_folder(tmp_path))
    monkeypatch.setattr(written, "MAX_ENTRIES", 10_000)
    monkeypatch.setattr(written, "MAX_GENES", 5)
    for content in (frame().to_csv(), frame().T.to_csv(), TABLES["an entry a row"](frame())):
        with pytest.raises(InputError, match="at most 5 are read"):
            read_h5ad(text(tmp_path, content))
    monkeypatch.setattr(archive, "MAX_MEMBERS", 3)
    with pytest.raises(InputError, match="more than 3 files"):
        read_h5ad(_zip(tmp_path, {str(i): b"" for i in range(4)}))
    monkeypatch.setattr(table, "MAX_LINE", 50)
    with pytest.raises(InputError, match="longer than 50 characters"):
        read_h5ad(text(tmp_path, frame().T.to_csv()))


def test_memory_of_the_reader_holds_for_text_too(tmp_path, monkeypatch):
    monkeypatch.setenv("UGRN_READ_MEMORY", "64M")
    path = text(tmp_path, b"gene,c1\nSOX2," + b"1" * 60_000_000 + b"\n")
    with pytest.raises(InputError, match=r"memory|too long|longer"):
        read_untrusted_h5ad(path)


def test_no_room_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("UGRN_READ_MEMORY", "64M")
    path = text(tmp_path, gzip.compress(b"\x89HDF\r\n\x1a\n" + b"\0" * (80 << 20)), "cells.h5ad.gz")
    with pytest.raises(InputError, match="no room to put the cells"):
        read_untrusted_h5ad(path)


# --- the command line ----------------------------------------------------------------------------------------------


def test_the_command_line_tells_cells_from_lists_of_genes(tmp_path):
    assert holds_cells(_stream(frame().T.to_csv()))
    assert holds_cells(_stream(TABLES["an entry a row"](frame())))
    for other in ("SOX2\nNANOG\n", "gene,logFC,padj\nSOX2,2.1,0.01\nKLF1,1,0.5\n", "", "SOX2,NANOG,TP53\n", "a b\nc\n"):
        assert not holds_cells(_stream(other))


def _stream(content):
    return bounded(io.BytesIO(content.encode()))


@pytest.mark.parametrize("make", [mtx_folder, lambda f: zipped(mtx_folder(f)), lambda f: text(f, frame().T.to_csv())])
def test_the_command_line_takes_them_as_a_context(tmp_path, monkeypatch, make):
    monkeypatch.setenv("UGRN_CACHE_DIR", str(tmp_path / "cache"))
    words = ["pair", "GATA1", "KLF1", "--context", str(make(tmp_path)), "--json"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["context_size"] >= 5
    assert "The file is a " in result.stderr
