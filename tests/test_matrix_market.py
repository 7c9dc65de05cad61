"""A matrix as text: its header, its entries and the lists of names beside it."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
from scipy import sparse

from tests.test_cell_tables import GENES, IDS, stream
from ugrn_core.data.containers import mtx, written
from ugrn_core.data.containers.mtx import Names, read_names, write_mtx
from ugrn_core.errors import InputError

X = np.array([[0, 1, 0, 2], [3, 0, 0, 0], [0, 0, 0, 4.5], [5, 6, 7, 8], [0, 0, 0, 9], [1, 1, 0, 0]])
"""(cell, gene), of six cells and four genes."""
CELLS = [f"ACGT-{i // 3 + 1}" if i % 3 else f"TTTT-{i // 3 + 1}" for i in range(6)]
HEAD = "%%MatrixMarket matrix coordinate real general\n"


def text_of(x, sizes=None, more="") -> str:
    entries = sparse.coo_matrix(x)
    lines = [f"{r + 1} {c + 1} {v:g}" for r, c, v in zip(entries.row, entries.col, entries.data, strict=True)]
    n_rows, n_columns = sizes or x.shape
    n = len(lines) + more.count("\n")
    return f"{HEAD}% a comment\n{n_rows} {n_columns} {n}\n" + "\n".join(lines) + "\n" + more


def read(folder, text, genes=tuple(GENES[:4]), cells=tuple(CELLS)):
    path, words = write_mtx(stream(text), stream("\n".join(genes)), stream("\n".join(cells)), folder)
    with h5py.File(path) as file:
        parts = tuple(file[f"X/{name}"][()] for name in ("data", "indices", "indptr"))
        x = sparse.csr_matrix(parts, shape=tuple(file["X"].attrs["shape"])).toarray()
        columns = [{k: list(v.asstr()[()]) for k, v in file[name].items()} for name in ("obs", "var")]
    return x, columns, words


def test_a_matrix_is_read_with_genes_or_cells_in_rows(tmp_path, monkeypatch):
    monkeypatch.setattr(mtx, "ENTRIES_A_PART", 3)
    columns = [{"_index": CELLS, "sample": ["1"] * 3 + ["2"] * 3}, {"_index": GENES[:4]}]
    for x, where in ((X.T, "genes"), (X, "cells")):
        found, named, words = read(tmp_path, text_of(x))
        np.testing.assert_array_equal(found, X)
        assert named == columns
        assert words == f"a matrix.mtx ({where} in rows) with its names"
    found, _, words = read(tmp_path, text_of(X[:4]), cells=CELLS[:4])  # as many genes as cells
    np.testing.assert_array_equal(found, X[:4].T)
    assert "genes in rows" in words
    found, _, _ = read(tmp_path, text_of(np.zeros((4, 6))))
    assert not found.any()


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("0 1 1", "outside its 4 rows and 6 columns"),
        ("5 1 1", "outside its 4 rows and 6 columns"),
        ("1 0 1", "outside its 4 rows and 6 columns"),
        ("1 7 1", "outside its 4 rows and 6 columns"),
        ("1.5 1 1", "cannot be read"),
        ("1 1.5 1", "cannot be read"),
        ("1 1 x", "cannot be read"),
        ("1 1 1\n2 1 1", "announces 12 entries and has 13"),
    ],
)
def test_entries_that_do_not_fit_are_refused(tmp_path, entry, words):
    first, *others = entry.split("\n")
    with pytest.raises(InputError, match=words):
        read(tmp_path, text_of(X.T, more=f"{first}\n") + "\n".join(others))
    found, _, _ = read(tmp_path, text_of(X.T, more="4 1 2\n"))  # at the edge
    assert found[0, 3] == 4


@pytest.mark.parametrize(("genes", "cells"), [(5, 6), (3, 6), (4, 7), (4, 5)])
def test_names_fit_the_matrix_or_are_refused(tmp_path, genes, cells):
    """One more than the matrix has is a row of titles."""
    n_genes, n_cells = genes + (genes == 5), cells + (cells == 7)
    with pytest.raises(InputError, match=r"rows and 6 columns, but \d genes and \d cells are named"):
        read(tmp_path, text_of(X.T), GENES[:n_genes], (CELLS * 2)[:n_cells])


def test_limits_hold_for_the_larger_side(tmp_path, monkeypatch):
    monkeypatch.setattr(written, "MAX_CELLS", 6)
    monkeypatch.setattr(written, "MAX_GENES", 4)
    read(tmp_path, text_of(X.T))
    for limit, most in (("MAX_CELLS", 5), ("MAX_GENES", 3)):
        with monkeypatch.context() as patched:
            patched.setattr(written, limit, most)
            with pytest.raises(InputError, match=f"at most {most} are read"):
                read(tmp_path, text_of(X.T), (), ())  # before any name is


# --- the header ------------------------------------------------------------------------------------------------------


def test_sizes_stand_after_comments_and_blank_lines():
    assert mtx._sizes(stream(HEAD + "%a\n\n % \n".replace(" % ", "%%") + "  \n4 6 11\n1 1 1\n")) == (4, 6, 11)
    assert mtx._sizes(stream(HEAD.replace("real", "integer").upper() + "4 6 123456789012345\n"))[2] == 123456789012345


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (HEAD.replace("%%", "%"), "begins with '%matrixmarket"),
        (HEAD.replace("matrix c", "vector c"), "begins with '%%matrixmarket vector"),
        (HEAD.replace(" general", ""), "begins with"),
        (HEAD.replace("general", "general more"), "begins with"),
        (HEAD.replace("coordinate", "array"), "is array real general"),
        (HEAD.replace("general", "symmetric"), "is coordinate real symmetric"),
        (HEAD.replace("real", "complex"), "is coordinate complex general"),
        (HEAD, "does not say how many"),
        (HEAD + "%\n", "does not say how many"),
        (HEAD + "4 6\n", "does not say how many"),
        (HEAD + "4 6 11 1\n", "does not say how many"),
        (HEAD + "4 6 -1\n", "does not say how many"),
        (HEAD + "4 6 1234567890123456\n", "does not say how many"),
    ],
)
def test_a_header_that_is_none_is_refused(text, words):
    with pytest.raises(InputError, match=words):
        mtx._sizes(stream(text))


@pytest.mark.parametrize("field", ["integer", "unsigned-integer", "real", "double"])
def test_numbers_of_any_kind_are_counts(field):
    """scipy writes unsigned-integer for uint32."""
    assert mtx._sizes(stream(HEAD.replace("real", field) + "4 6 11\n")) == (4, 6, 11)


# --- names -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "sizes", "columns", "titles"),
    [
        ("a\nb\nc\n", {3}, [["a", "b", "c"]], []),
        ("a\nb\nc\n", {2}, [["b", "c"]], ["a"]),
        ("a\nb\nc\n", {2, 3}, [["a", "b", "c"]], []),
        ("a\nb\nc\n", {7}, [["a", "b", "c"]], []),
        ("t\tu\na\t1\nb\t2\n", {2}, [["a", "b"], ["1", "2"]], ["t", "u"]),
        ("t\tu\na\tx\t7\nb\ty\t8\n", {2}, [["a", "b"], ["x", "y"], ["7", "8"]], ["", "t", "u"]),  # write.table of R
        (",t,u\na,x,7\nb,x,8\n", {2}, [["a", "b"], ["x", "x"], ["7", "8"]], ["", "t", "u"]),  # to_csv of pandas
        (",t\n0,x\n1,x\n2,x\n", {3}, [["0", "1", "2"], ["x"] * 3], ["", "t"]),  # of cells without names
        ("t\na\t1\t7\nb\t2\t8\n", {2}, [["a", "b"], ["1", "2"], ["7", "8"]], ["t", "column 2", "column 3"]),
        ("\tu\n0\ta\n1\tb\n", {2}, [["a", "b"]], ["u"]),  # rows are numbered
        ("x\tu\n0\ta\n1\tb\n", {2}, [["0", "1"], ["a", "b"]], ["x", "u"]),
        ('""\na\nb\n', {2}, [["a", "b"]], []),
        ("a,1\nb,2\n", {2}, [["a", "b"], ["1", "2"]], []),
        ("a,1\tx\nb,2\ty\n", {2}, [["a,1", "b,2"], ["x", "y"]], []),
        ("a 1\nb 2\n", {2}, [["a 1", "b 2"]], []),
        ("a\nb,2\n", {2}, [["a", "b,2"]], []),  # the first line tells
        ("a\r\nb\r\n", {2}, [["a", "b"]], []),
        ("title\n", {0}, [[]], ["title"]),
    ],
)
def test_lists_of_names_are_read(text, sizes, columns, titles):
    assert read_names(stream(text), "genes", sizes) == Names(columns, titles)


def test_lists_that_are_uneven_or_empty_are_refused():
    with pytest.raises(InputError, match="The list of cells is empty"):
        read_names(stream("\n\n"), "cells", {3})
    with pytest.raises(InputError, match="Line 4 of the list of cells has 1 fields, others have 2"):
        read_names(stream("t\tu\na\t1\n\nb\n"), "cells", {2})
    with pytest.raises(InputError, match="Line 1 of the list of cells has 1 fields, others have 2"):
        read_names(stream("a\nb\t1\n"), "cells", {2})


def test_columns_of_genes_are_named_by_what_they_hold():
    def of(*columns, titles=()):
        return mtx._of_genes(Names([list(column) for column in columns], list(titles)))

    assert of(IDS) == (IDS, {})
    assert of(IDS, GENES[:4]) == (IDS, {"gene_symbols": GENES[:4]})
    assert of(IDS, ["x"] * 4, GENES[:4]) == (IDS, {"feature_types": ["x"] * 4, "gene_symbols": GENES[:4]})
    assert of(IDS, ["x"] * 4, ["y"] * 4) == (IDS, {"feature_types": ["x"] * 4, "column 3": ["y"] * 4})
    assert of(IDS, GENES[:4], titles=["id", "name"]) == (IDS, {"name": GENES[:4]})
    few, many = ([f"zq{i % n}q" for i in range(60)] for n in (50, 51))
    assert list(of(["x"] * 60, few)[1]) == ["feature_types"]
    assert list(of(["x"] * 60, many)[1]) == ["gene_symbols"]


def test_samples_are_named_by_barcodes_where_nothing_else_is_said():
    def of(*columns, titles=()):
        return mtx._groups(Names([list(column) for column in columns], list(titles)))

    assert of(["A-1", "C-2"]) == {"sample": ["1", "2"]}
    assert of(["A-1", "C-1"]) == of(["A-1", "C"]) == of(["A", "C"]) == {}
    assert of(["A-1", "C-2"], ["x", "y"]) == {"column 2": ["x", "y"]}
    assert of(["A-1", "C-2"], ["x", "y"], titles=["cell", "kind"]) == {"kind": ["x", "y"]}
