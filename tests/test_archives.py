"""The files of a folder or an archive: which are read, which belong together, and which are refused."""

from __future__ import annotations

import io
import tarfile
import zipfile
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

from ugrn_core.data.containers import archive
from ugrn_core.data.containers.archive import CellFiles, RealFolder, TarFolder, ZipFolder, find, is_tar
from ugrn_core.errors import InputError


def folder(*names: str) -> Any:
    return SimpleNamespace(kind="a folder", names=lambda: list(names), open=nullcontext)


THREE = ("matrix.mtx", "features.tsv", "barcodes.tsv")


@pytest.mark.parametrize(
    ("names", "wanted", "found"),
    [
        (THREE, "", CellFiles(*THREE)),
        (("matrix.mtx.gz", "genes.csv.gz", "cells.txt"), "", CellFiles("matrix.mtx.gz", "genes.csv.gz", "cells.txt")),
        ((*THREE, "other/genes.tsv", "readme.txt"), "", CellFiles(*THREE)),
        (
            ("a/b/matrix.mtx", "a/b/var.csv", "a/b/obs.csv", "a/genes.tsv"),
            "",
            CellFiles("a/b/matrix.mtx", "a/b/var.csv", "a/b/obs.csv"),
        ),
        (
            ("1_matrix.mtx", "1_genes.tsv", "1_cells.tsv", "2_matrix.mtx", "2_genes.tsv", "2_cells.tsv"),
            "2_matrix.mtx",
            CellFiles("2_matrix.mtx", "2_genes.tsv", "2_cells.tsv"),
        ),
        (
            ("12_matrix.mtx", "11_genes.tsv", "12_genes.tsv", "12_cells.tsv", "2_cells.tsv"),
            "",
            CellFiles("12_matrix.mtx", "12_genes.tsv", "12_cells.tsv"),
        ),
        ((*THREE, "x.h5ad"), "", CellFiles(*THREE)),
        (("x.h5ad", "y.csv", "z.txt"), "", CellFiles(single="x.h5ad")),
        (
            ("a/b/x.csv", "a/b/.y.csv", "__MACOSX/z.csv", ".w.csv", "a/__MACOSX/v.csv"),
            "",
            CellFiles(single="a/b/x.csv"),
        ),
        (("x.csv", "inner.zip"), "", CellFiles(single="x.csv")),
    ],
)
def test_a_matrix_with_its_names_or_one_file_is_read(names, wanted, found):
    assert find(folder(*names), wanted) == found


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (("a/matrix.mtx", "b/matrix.mtx"), r"There are 2 matrices in a folder \(a/matrix\.mtx, b/matrix\.mtx\)"),
        (("matrix.mtx",), "there are 0 lists of genes and 0 of cells"),
        (("matrix.mtx", "genes.tsv"), "there are 1 lists of genes and 0 of cells"),
        (("matrix.mtx", "cells.tsv"), "there are 0 lists of genes and 1 of cells"),
        (("matrix.mtx", "genes.tsv", "cells.tsv", "obs.tsv"), "there are 1 lists of genes and 2 of cells"),
        (("matrix.mtx", "genes.tsv", "vars.tsv", "cells.tsv", "obs.tsv"), "there are 2 lists of genes and 2 of cells"),
        (("matrix.mtx", "x/genes.tsv", "x/cells.tsv"), "there are 0 lists of genes and 0 of cells"),
        (("x.csv", "y.csv"), r"there is x\.csv, y\.csv; expected matrix\.mtx"),
        (("x.csv", "y.csv", "z.zip"), r"there is x\.csv, y\.csv, z\.zip; expected"),
        (("x.h5", "y.h5ad"), r"there is x\.h5, y\.h5ad; expected"),
        (("x.png", "y.tar.gz"), r"there is another archive \(x\.png, y\.tar\.gz\)"),
        (("x.png",), r"there is x\.png; expected"),
        ((), "there is nothing; expected"),
    ],
)
def test_what_leaves_no_choice_or_several_is_a_sentence(names, words):
    with pytest.raises(InputError, match=words):
        find(folder(*names))


def test_up_to_four_names_are_shown():
    assert archive._some(["a" * 61, "b"]) == "a" * 60 + ", b"
    assert archive._some("abcd") == "a, b, c, d"
    assert archive._some("abcdef") == "a, b, c, d and 2 more"
    assert archive._some([]) == ""


@pytest.mark.parametrize("name", ["/x", "\\x", "../x", "a/../x", "a\\..\\x", "C:x", "c:/x", "a\0b"])
def test_a_name_that_leads_out_is_refused_before_a_link_is(name):
    with pytest.raises(InputError, match="a path that leads out of it"):
        archive._checked(["ok", name, "/y"], ["link"])
    with pytest.raises(InputError, match="a path that leads out of it"):
        archive._checked(["ok"], [name])


def test_links_repeats_and_too_many_are_refused(monkeypatch):
    for name in ("a..b", "a/b", "ab:c", "...", "1:x"):
        assert archive._checked([name], []) == [name]
    with pytest.raises(InputError, match="'one', a link or no file"):
        archive._checked(["ok"], ["one", "two"])
    with pytest.raises(InputError, match="two files of one name"):
        archive._checked(["a", "b", "a"], [])
    monkeypatch.setattr(archive, "MAX_MEMBERS", 2)
    assert archive._checked(["a", "b"], []) == ["a", "b"]
    with pytest.raises(InputError, match="more than 2 files"):
        archive._checked(["a", "b", "c"], [])


def packed(tmp_path, kind: str, *names: str) -> Any:
    """An archive of files that hold their own names; names that end with a slash are folders."""
    path = tmp_path / f"x.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(path, "w") as out:
            for name in names:
                out.writestr(name, name)
        return ZipFolder(path)
    with tarfile.open(path, "w") as out:
        for name in names:
            info = tarfile.TarInfo(name)
            info.type, info.size = (tarfile.DIRTYPE, 0) if name.endswith("/") else (tarfile.REGTYPE, len(name))
            out.addfile(info, io.BytesIO(name.encode()))
    return TarFolder(path)


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_files_of_an_archive_are_told_and_opened(tmp_path, monkeypatch, kind):
    opened = packed(tmp_path, kind, "a/", "a/one", "a/b/", "two", "a/b/three")
    assert opened.names() == ["a/one", "two", "a/b/three"]
    for name in opened.names():
        with opened.open(name) as file:
            assert file.read() == name.encode()
    monkeypatch.setattr(archive, "MAX_MEMBERS", 3)
    assert len(opened.names()) == 3
    monkeypatch.setattr(archive, "MAX_MEMBERS", 2)
    with pytest.raises(InputError, match="more than 2 files"):
        opened.names()
    monkeypatch.setattr(archive, "MAX_FOLDERS", 1)  # the first three of all
    if kind == "tar":
        assert opened.names() == ["a/one"]
        with pytest.raises(InputError, match="three is not in the archive any more"), opened.open("a/b/three"):
            pass


def test_a_link_in_a_zip_is_told_by_its_mode(tmp_path):
    for mode, words in ((0o100644, None), (0o120777, "a link or no file"), (0o060644, None), (0, None)):
        with zipfile.ZipFile(tmp_path / "x.zip", "w") as out:
            member = zipfile.ZipInfo("one")
            member.external_attr = mode << 16
            out.writestr(member, b"x")
        if words is None:
            assert ZipFolder(tmp_path / "x.zip").names() == ["one"]
        else:
            with pytest.raises(InputError, match=words):
                ZipFolder(tmp_path / "x.zip").names()


def test_a_link_in_a_tar_is_no_file_and_a_folder_of_its_name_is_not_opened(tmp_path):
    with tarfile.open(tmp_path / "x.tar", "w") as out:
        for kind in (tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.REGTYPE):
            info = tarfile.TarInfo("one")
            info.type, info.linkname = kind, "two" if kind == tarfile.SYMTYPE else ""
            info.size = 3 if kind == tarfile.REGTYPE else 0
            out.addfile(info, io.BytesIO(b"yes"))
    with pytest.raises(InputError, match="'one', a link or no file"):
        TarFolder(tmp_path / "x.tar").names()
    with TarFolder(tmp_path / "x.tar").open("one") as file:
        assert file.read() == b"yes"


def test_files_of_a_real_folder_are_told_in_order(tmp_path):
    for name in ("b", "a"):
        (tmp_path / name).write_text(name)
    (tmp_path / "c").mkdir()
    opened = RealFolder(tmp_path)
    assert opened.names() == ["a", "b"]
    with opened.open("b") as file:
        assert file.read() == b"b"
    with pytest.raises(InputError, match="c cannot be read"), opened.open("c"):
        pass
    with pytest.raises(InputError, match="none cannot be read"):
        RealFolder(tmp_path / "none").names()


def test_a_tar_is_told_by_five_bytes():
    start = b"x" * 257 + b"ustar" + b"x" * 250
    assert is_tar(start)
    assert not is_tar(start[1:])
    assert not is_tar(b"x" + start)
