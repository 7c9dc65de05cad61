"""What the first rows of a table tell of it, and what is written of its cells."""

from __future__ import annotations

import dataclasses
import io
import re

import h5py
import numpy as np
import pytest
from scipy import sparse

from ugrn_core.data.containers import table
from ugrn_core.data.containers.streams import bounded
from ugrn_core.data.containers.table import Shape, holds_cells, write_table
from ugrn_core.errors import InputError
from ugrn_core.genes.tfs import transcription_factors

GENES = ["SOX2", "NANOG", "POU5F1", "TP53", "CDKN1A", "MYC", "GATA1", "KLF1"]
IDS = ["ENSG00000181449", "ENSG00000111704", "ENSG00000204531", "ENSG00000141510"]


def stream(text: str | bytes):
    return bounded(io.BytesIO(text if isinstance(text, bytes) else text.encode()))


def rows(text: str, delimiter: str = ",") -> list[tuple[int, list[str]]]:
    return list(table.rows_of(io.StringIO(text, newline=""), delimiter))


def shape_of(text: str, delimiter: str = ",") -> Shape:
    return table._shape(rows(text, delimiter), delimiter)


def written(folder, text: str | bytes):
    """Values (cell, gene), names of cells and genes, columns beside them, and the words."""
    path, words = write_table(stream(text), folder)
    with h5py.File(path) as file:
        parts = tuple(file[f"X/{name}"][()] for name in ("data", "indices", "indptr"))
        x = sparse.csr_matrix(parts, shape=tuple(file["X"].attrs["shape"])).toarray()
        both = []
        for name in ("obs", "var"):
            columns = {k: v[()] if v.dtype.kind == "f" else list(v.asstr()[()]) for k, v in file[name].items()}
            both.append((columns.pop("_index"), columns))
    return x, both[0], both[1], words


def same(found, x, cells, genes, words):
    np.testing.assert_array_equal(found[0], x)
    for (names, columns), (expected, others) in zip(found[1:3], (cells, genes), strict=True):
        assert (names, list(columns)) == (expected, list(others))
        for name, values in others.items():
            np.testing.assert_array_equal(columns[name], values)
    assert found[3] == words


# --- lines, rows, delimiters -----------------------------------------------------------------------------------------


def test_lines_are_read_in_their_encoding(monkeypatch):
    text = "a,ä\nb,c\n"
    for kind in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le"):
        mark = b"\xff\xfe" if kind == "utf-16-le" else b""
        assert list(table.lines_of(stream(mark + text.encode(kind)))) == ["a,ä\n", "b,c\n"]
    assert list(table.lines_of(stream(b"\xfe\xff" + text.encode("utf-16-be")))) == ["a,ä\n", "b,c\n"]
    with pytest.raises(InputError, match="nor text"):
        list(table.lines_of(stream(b"a\0b")))
    monkeypatch.setattr(table, "MAX_LINE", 4)
    assert list(table.lines_of(stream("ab\ncd\n"))) == ["ab\n", "cd\n"]
    with pytest.raises(InputError, match="longer than 4"):
        list(table.lines_of(stream("ab\nabcd\n")))


def test_rows_are_numbered_and_blank_ones_left_out():
    assert rows("a,b\n,\n\nc, d\n") == [(1, ["a", "b"]), (4, ["c", " d"])]
    assert rows("a   b\n", " ") == [(1, ["a", "b"])]


@pytest.mark.parametrize(
    ("lines", "delimiter"),
    [
        (["a,b", "1,2"], ","),
        (["a", "b,2", "c,3"], ","),  # titles one short
        (["a", "b,2"], ","),
        (["a", "b,2,1", "c,3,1"], None),  # two short
        (["a,b,c", "b,2", "c,3"], None),  # one too many
        (["a,b", "b,2", "c,3,4"], None),
        (["a", "b"], None),
        (["a,b"], None),
        ([], None),
        (["a,b c", "1,2 3"], ","),  # the first of several that do as well
        (["a;b c;d", "1;2 3;4"], ";"),
        (["a,b,c d", "1,2,3 4"], ","),
        (["a,b c d", "1,2 3 4"], " "),
    ],
)
def test_the_delimiter_gives_even_rows(lines, delimiter):
    assert table._delimiter(lines) == delimiter


def test_the_head_ends_at_a_number_of_rows_or_fields(monkeypatch):
    text = "".join(f"{name},{i},{i}\n" for i, name in enumerate(["gene", *GENES]))
    for at_most, n in ((3, 3), (4, 4), (99, 8)):
        found, head, shape = table._opened(stream(text.replace("gene,0,0", "gene,c1,c2")), at_most)
        assert (len(head), head[0]) == (n, (2, ["SOX2", "1", "1"]))
        assert [row[0] for _, row in found] == GENES
        assert shape == Shape(["gene", "c1", "c2"], [1, 2], [0], False, 3)
    for most, n in ((1, 2), (5, 2), (6, 3), (8, 3), (9, 4)):  # the titles count and are not among the rows
        monkeypatch.setattr(table, "HEAD_FIELDS", most)
        assert len(table._opened(stream(text.replace("gene,0,0", "gene,c1,c2")))[1]) == n - 1
    monkeypatch.setattr(table, "HEAD_FIELDS", 99)
    numbered = "".join(f"{i},{i}\n" for i in range(4))
    assert [row for _, row in table._opened(stream(numbered))[0]] == [[str(i)] * 2 for i in range(4)]


def test_comments_are_passed_over_and_three_lines_tell_the_delimiter():
    text = "#gene,c1\nSOX2,1\nNANOG,2\n"
    assert table._opened(stream(text))[2].titles == ["#gene", "c1"]
    for comments in ("# x, y, z\n", "#x\n#y\n#z\n"):
        found, _, shape = table._opened(stream(comments + text + "SO,M,E\n"))
        assert shape.titles == ["#gene", "c1"]
        assert [row[0] for _, row in found] == ["SOX2", "NANOG", "SO"]
    found, _, shape = table._opened(stream("# by us\n" + text.removeprefix("#")))  # two columns, and no R titles
    assert shape.titles == ["gene", "c1"]
    assert table._opened(stream("\n \n" + text))[2].titles == ["#gene", "c1"]
    for bad in ("a word\nb\n", "", "#\n", "x\ny,z\nw\n"):
        with pytest.raises(InputError, match="no table of cells"):
            table._opened(stream(bad))


# --- the shape -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "titles", "numbers", "words"),
    [
        ("gene,c1,c2\nSOX2,1,2\nMYC,3,4\n", ["gene", "c1", "c2"], [1, 2], [0]),
        ("c1,c2\nSOX2,1,2\nMYC,3,4\n", ["", "c1", "c2"], [1, 2], [0]),
        ("SOX2,1,2\nMYC,3,4\n", [], [1, 2], [0]),
        ("1,2,3\n4,5,6\n", [], [0, 1, 2], []),
        ("gene,1,2\nSOX2,3,4\n", ["gene", "1", "2"], [1, 2], [0]),
        ("x,1,2\nSOX2,3,4\n", [], [1, 2], [0]),
        ("SOX2,MYC\n1,2\n", ["SOX2", "MYC"], [0, 1], []),
        (",SOX2,MYC\n0,1,2\n1,3,4\n", ["", "SOX2", "MYC"], [1, 2], [0]),  # rows are numbered
        ("index,SOX2,MYC\n0,1,2\n", ["index", "SOX2", "MYC"], [1, 2], [0]),
        ("cell,SOX2,MYC\n0,1,2\n", ["cell", "SOX2", "MYC"], [1, 2], [0]),
        ("Unnamed: 0,SOX2,MYC\n0,1,2\n", ["Unnamed: 0", "SOX2", "MYC"], [1, 2], [0]),
        ("gene,SOX2,MYC\n0,1,2\n", ["gene", "SOX2", "MYC"], [0, 1, 2], []),
        ("SOX2,cell,MYC\na,1,2\n", ["SOX2", "cell", "MYC"], [1, 2], [0]),
        ("gene,c1,\nSOX2,1,\n", ["gene", "c1", ""], [1], [0]),  # neither title nor values
        ("gene,c1,c2\nSOX2,1,\n", ["gene", "c1", "c2"], [1], [0, 2]),  # a title, no values
        ("gene,c1,\nSOX2,1,2\n", ["gene", "c1", ""], [1, 2], [0]),
        ("gene,c1,c2\nSOX2,NA,2\nMYC,1,nan\n", ["gene", "c1", "c2"], [1, 2], [0]),
        ("gene,c1,c2\nSOX2,1,x\nMYC,y,2\n", ["gene", "c1", "c2"], [], [0, 1, 2]),
        ("gene,c1,c2\nSOX2,1,2\nMYC,3\n", ["gene", "c1", "c2"], [1, 2], [0]),  # another width is not looked at
    ],
)
def test_titles_and_columns_of_numbers_are_told(text, titles, numbers, words):
    assert shape_of(text) == Shape(titles, numbers, words, False, len(rows(text)[1][1]))


def test_twenty_rows_are_looked_at_and_commas_may_be_decimal():
    lines = ["gene,c1"] + [f"G{i},{i}" for i in range(30)]
    for place, numbers in ((1, []), (20, []), (21, [1])):
        spoilt = [*lines[:place], "G,x", *lines[place + 1 :]]
        assert shape_of("\n".join(spoilt)).numbers == numbers
    assert shape_of("gene;c1\nSOX2;1,5\n", ";") == Shape(["gene", "c1"], [1], [0], True, 2)
    assert not shape_of('gene,c1\nSOX2,"1,5"\n').numbers


def test_numbers_and_gaps():
    for field, comma, number in (
        ("1", False, True), ("-1e5", False, True), ("1.5", True, True), ("1,5", True, True), ("1,5", False, False),
        ("1_000", False, False), ("nan", False, False), ("inf", False, False), ("x", False, False), ("", False, False),
    ):  # fmt: skip
        assert table._is_number(field, comma) == number
    for field, gap in (("", True), (" NA ", True), ("<NA>", True), ("0", False), ("x", False)):
        assert table._is_gap(field) == gap


# --- an entry a row --------------------------------------------------------------------------------------------------


def tall(text: str, delimiter: str = ","):
    all_rows = rows(text, delimiter)
    shape = table._shape(all_rows, delimiter)
    return table._tall(all_rows[bool(shape.titles) :], shape)


def entries(n_cells: int, n_genes: int, head: str = "") -> str:
    return head + "".join(f"c{i},{GENES[j]},{i + j}\n" for i in range(n_cells) for j in range(n_genes))


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("cell,gene,count\na,SOX2,1\n", (0, 1, 2)),
        ("umi,symbol,barcode\n1,SOX2,a\n", (2, 1, 0)),
        ("cell,gene,count,x2\n1,SOX2,1,5\n", (0, 1, 2)),  # cells may be numbers
        ("cell,barcode,gene,count\na,b,SOX2,1\n", None),  # two columns of cells
        ("cell,gene,count,reads\na,SOX2,1,2\n", None),
        ("cell,gene,count\na,SOX2,x\n", None),  # no numbers
        (entries(3, 4), (0, 1, 2)),
        (entries(3, 4, "who,what,how\n"), (0, 1, 2)),
        ("".join(f"{GENES[j]},c{i},1\n" for i in range(4) for j in range(3)), (1, 0, 2)),
        ("".join(f"zq{i % 2}c,zq{i % 3}d,1\n" for i in range(12)), (1, 0, 2)),  # equally unknown: genes first
        ("gene,c1,c2\nSOX2,1,2\n", None),
        ("a,b,c,1\nd,e,f,2\n", None),
        ("".join(f"{g},{i},1\n" for g, i in zip(GENES[:4], IDS, strict=True)), None),  # two names of a gene
        ("".join(f"zq{i % 4}c,zq{i % 4}d,1\n" for i in range(8)), (1, 0, 2)),  # each half as often as there are rows
    ],
)
def test_columns_of_entries_are_told_by_titles_or_by_names(text, columns):
    assert tall(text) == columns


def test_rows_of_another_width_tell_nothing():
    assert tall(entries(3, 4) + "SOX2,TP53\n" * 40) == (0, 1, 2)


def test_two_names_and_a_number_may_be_one_cell():
    for distinct in (9, 5):
        with pytest.raises(InputError, match="two columns of names and one of numbers"):
            tall("".join(f"zq{i % distinct}c,zq{i % distinct}d,1\n" for i in range(9)))
    assert tall("".join(f"zq{i}c,zq{i % 4}d,1\n" for i in range(9))) == (1, 0, 2)


def test_few_known_names_are_enough_for_a_name_of_genes():
    """A twentieth, and more than half of the share of the other column."""

    def text(first, second):
        return "".join(
            f"{GENES[0] if i < first else f'zq{i % 3}c'},{GENES[1] if i < second else f'zq{i % 3}d'},1\n"
            for i in range(40)
        )

    assert tall(text(2, 2)) is None
    assert tall(text(2, 3)) is None
    assert tall(text(2, 4)) == (0, 1, 2)
    assert tall(text(4, 2)) == (1, 0, 2)
    assert tall(text(1, 1)) == (1, 0, 2)
    assert tall(text(2, 1)) == (1, 0, 2)


def test_twenty_columns_of_numbers_are_no_entries():
    for more, columns in ((18, (0, 1, 2)), (19, None)):
        titles = ",".join(["cell", "gene", "count", *(f"y{i}" for i in range(more))])
        assert tall(f"{titles}\na,SOX2,1{',1' * more}\n") == columns


def test_entries_are_written_with_what_was_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(table, "HEAD_FIELDS", 40)  # four rows at a time
    text = "note,gene,count,cell,,more\n"
    x = np.zeros((3, 4), np.float32)
    for i in range(3):
        for j in range(4):
            x[i, j] = (i * 4 + j) % 5
            text += f"n,{GENES[j]},{int(x[i, j])},c{i},,{j}\n"
    words = "a table with an entry a row (cell: 'cell', gene: 'gene', value: 'count'; not read: note, more)"
    same(written(tmp_path, text), x, (["c0", "c1", "c2"], {}), (GENES[:4], {}), words)
    x = np.arange(3)[:, None] + np.arange(4)
    words = "a table with an entry a row (cell: column 1, gene: column 2, value: column 3)"
    same(written(tmp_path, entries(3, 4)), x, (["c0", "c1", "c2"], {}), (GENES[:4], {}), words)
    with pytest.raises(InputError, match=r"^1 rows of the table name a cell and a gene that another"):
        written(tmp_path, entries(3, 4) + "c1,SOX2,5\n")
    batches = []
    real = table.Entries.add
    monkeypatch.setattr(table.Entries, "add", lambda self, *parts: batches.append(len(parts[0])) or real(self, *parts))
    written(tmp_path, entries(3, 4))
    assert batches == [4, 4, 4]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("c9,SOX2\n", "Row 13 of the table has 2 fields or no name"),
        ("c9,SOX2,1,1\n", "Row 13 of the table has 4 fields or no name"),
        (",SOX2,1\n", "Row 13 of the table has 3 fields or no name"),
        ("c9,,1\n", "Row 13 of the table has 3 fields or no name"),
        ("c" * 1001 + ",SOX2,1\n", "Row 13 of the table has 3 fields or no name"),
    ],
)
def test_an_entry_without_a_name_or_a_number_is_refused(tmp_path, row, words):
    with pytest.raises(InputError, match=words):
        written(tmp_path, entries(3, 4) + row)
    written(tmp_path, entries(3, 4) + "c" * 1000 + ",SOX2,1\n")
    with pytest.raises(InputError, match="Row 25 of the table holds 'x' in column 3, expected a number"):
        written(tmp_path, entries(3, 8) + "c9,SOX2,x\n")


# --- a row a gene or a cell ------------------------------------------------------------------------------------------


def wide(names, columns, x, corner="") -> str:
    lines = [",".join([corner, *columns])] + [
        ",".join([name, *map(str, values)]) for name, values in zip(names, x, strict=True)
    ]
    return "\n".join(lines) + "\n"


def test_a_gene_or_a_cell_a_row(tmp_path):
    x = np.array([[0, 2, 0, 4, 5], [1, 0, 0, 0, 2], [7, 8, 0, 0, 0]])
    cells, genes = ["a", "b", "c"], GENES[:5]
    turned, plain = "a table with a gene a row and a cell a column", "a table with a cell a row and a gene a column"
    same(written(tmp_path, wide(genes, cells, x.T)), x, (cells, {}), (genes, {}), turned)
    same(written(tmp_path, wide(cells, genes, x)), x, (cells, {}), (genes, {}), plain)
    untitled = wide(genes, cells, x.T).split("\n", 1)[1]
    same(written(tmp_path, untitled), x, (["cell 1", "cell 2", "cell 3"], {}), (genes, {}), turned)
    unnamed = ",".join(genes) + "\n" + "\n".join(",".join(map(str, row)) for row in x) + "\n"
    same(written(tmp_path, unnamed), x, (["1", "2", "3"], {}), (genes, {}), plain)


def test_columns_beside_the_numbers(tmp_path):
    genes = GENES[:4]
    text = "gene,id,c1,n_counts\n" + "".join(
        f"{g},{i},{n},{n + 1}\n" for n, (g, i) in enumerate(zip(genes, IDS, strict=True))
    )
    words = "a table with a gene a row and a cell a column"
    x = np.array([np.arange(4), np.arange(4) + 1])
    same(written(tmp_path, text), x, (["c1", "n_counts"], {}), (genes, {"id": IDS}), words)
    text = "kind,SOX2,MYC,n_counts,leiden\n" + "".join(f"k{n % 2},{n},{n * 2},{n + 5.5},{n % 3}\n" for n in range(6))
    x = np.stack([np.arange(6), np.arange(6) * 2], axis=1)
    words = "a table with a cell a row and a gene a column; about cells: kind, n_counts, leiden"
    facts = {"kind": ["k0", "k1"] * 3, "leiden": np.arange(6) % 3.0, "n_counts": np.arange(6) + 5.5}
    found = written(tmp_path, text)
    same(found, x, ([str(i + 1) for i in range(6)], dict(sorted(facts.items()))), (["SOX2", "MYC"], {}), words)
    many = "kind,SOX2,MYC,n_counts\n" + "k,1,2,3\n" * 24
    with pytest.raises(InputError, match="Row 26 of the table holds 'x' in 'n_counts', expected a number"):
        written(tmp_path, many + "k,1,2,x\n")
    untitled = "".join(f"{g},{i},{n},{n + 1}\n" for n, (g, i) in enumerate(zip(genes, IDS, strict=True)))
    x = np.array([np.arange(4), np.arange(4) + 1])
    same(written(tmp_path, untitled), x, (["cell 1", "cell 2"], {}), (genes, {"column 2": IDS}),
         "a table with a gene a row and a cell a column")  # fmt: skip


@pytest.mark.parametrize("field", ["n.d.", "#N/A", "<0.1", "1.234,5"])
def test_a_cell_or_a_gene_with_a_field_that_is_no_number_is_not_left_out(tmp_path, field):
    """In the first rows as further down: there a column of expression is not taken for one of text."""
    x = np.arange(48).reshape(6, 8).astype(object)
    cells = [f"cell{i}" for i in range(6)]
    x[1, 2] = field
    with pytest.raises(InputError, match=rf"Row 4 of the table holds {re.escape(repr(field))} in 'cell1', expected"):
        written(tmp_path, wide(GENES, cells, [[f'"{v}"' for v in row] for row in x.T]))
    with pytest.raises(InputError, match=rf"Row 3 of the table holds {re.escape(repr(field))} in 'POU5F1', expected"):
        written(tmp_path, wide(cells, GENES, [[f'"{v}"' for v in row] for row in x]))


def test_commas_between_thousands_are_no_decimals(tmp_path):
    x = np.array([[1, 1234, 3, 4], [5, 950, 7, 8]])
    text = wide(["cell1", "cell2"], GENES[:4], x).replace(",", "\t").replace("1234", "1,234")
    with pytest.raises(InputError, match=r"The table holds '1,234', which may be 1234 or 1\.234"):
        written(tmp_path, text)
    found = written(tmp_path, text.replace("950", "0,95"))[0]
    np.testing.assert_array_equal(found, np.array([[1, 1.234, 3, 4], [5, 0.95, 7, 8]], np.float32))
    entries = "cell\tgene\tcount\ncell1\tSOX2\t1,234\ncell2\tSOX2\t950\n"
    with pytest.raises(InputError, match=r"may be 1234 or 1\.234"):
        written(tmp_path, entries)


@pytest.mark.parametrize("title", ["nCount_Spatial", "nFeature_SCT", "age", "pANN_0.25_0.09_913", "doublet_score"])
def test_facts_of_cells_are_no_genes(tmp_path, title):
    text = wide(["cell1", "cell2"], ["SOX2", "MYC", title.replace(",", "")], [[1, 2, 63], [3, 4, 64]])
    words = f"a table with a cell a row and a gene a column; about cells: {title}"
    same(
        written(tmp_path, text), [[1, 2], [3, 4]], (["cell1", "cell2"], {title: [63, 64]}), (["SOX2", "MYC"], {}), words
    )


def test_a_total_of_counts_by_another_name_is_about_cells(tmp_path):
    """Told by its size, where there are many genes and none is called so; a known gene may be as large."""
    genes = sorted(transcription_factors())[:110]
    x = np.random.default_rng(0).integers(0, 9, (6, 110))
    both = np.column_stack([x, x.sum(1)])
    cells = [f"cell{i}" for i in range(6)]
    found = written(tmp_path, wide(cells, [*genes, "depth"], both))
    np.testing.assert_array_equal(found[0], x)
    assert found[1][1]["depth"].tolist() == x.sum(1).tolist() and found[3].endswith("about cells: depth")
    assert written(tmp_path, wide(cells, [*genes, "HBB"], both))[0].shape == (6, 111)
    assert written(tmp_path, wide(cells, [*genes[:50], "depth"], both[:, 60:]))[0].shape == (6, 51), "few genes"


def test_facts_of_genes_are_no_cells(tmp_path):
    """As featureCounts writes them."""
    genes = GENES[:4]
    text = "Geneid,Chr,Start,Length,a,b\n" + "".join(
        f"{g},{c},{i * 1000},{i * 10},{i},{i + 1}\n"
        for i, (g, c) in enumerate(zip(genes, ["1", "2", "X", "3"], strict=True))
    )
    x = np.array([np.arange(4), np.arange(4) + 1])
    facts = {"Chr": ["1", "2", "X", "3"], "Start": np.arange(4) * 1000.0, "Length": np.arange(4) * 10.0}
    words = "a table with a gene a row and a cell a column; about genes: Start, Length"
    same(written(tmp_path, text), x, (["a", "b"], {}), (genes, dict(sorted(facts.items()))), words)


@pytest.mark.parametrize(
    ("columns", "titles", "genes", "names", "others"),
    [
        ([["a", "b"], ["x", "x"]], ["cell", "kind"], False, ["a", "b"], {"kind": ["x", "x"]}),
        ([["a", "a"], ["x", "y"]], ["cell", "kind"], False, ["a", "a"], {"kind": ["x", "y"]}),
        ([["a", "a"], ["x", "y"]], ["", "kind"], False, ["a", "a"], {"kind": ["x", "y"]}),
        ([["a", "a"], ["x", "y"]], ["index", "kind"], False, ["a", "a"], {"kind": ["x", "y"]}),
        ([["a", "b"], ["x", "x"]], ["who", "kind"], False, ["a", "b"], {"kind": ["x", "x"]}),
        ([["a", "a"], ["x", "y"]], ["who", "cell"], False, ["1", "2"], {"who": ["a", "a"], "cell": ["x", "y"]}),
        ([["a", "a"], ["x", "y"]], ["who", "id"], True, ["a", "a"], {"id": ["x", "y"]}),
        ([], [], True, ["1", "2"], {}),
        ([], [], False, ["1", "2"], {}),
    ],
)  # fmt: skip
def test_the_first_column_names_the_rows_where_it_can(columns, titles, genes, names, others):
    assert table._index(columns, titles, 2, genes) == (names, others)


def genes_in_rows(names, columns, more=""):
    text = wide(names, columns, [[f"{i}{more}" for i in range(len(columns))] for _ in names], "name")
    all_rows = rows(text)
    return table._genes_in_rows(all_rows[1:], table._shape(all_rows, ","))


def some_known(n: int, of: int) -> list[str]:
    return [GENES[i] if i < n else f"zq{i}q" for i in range(of)]


def test_names_of_genes_tell_rows_from_columns():
    assert genes_in_rows(GENES, ["c", "b"])
    assert not genes_in_rows(["c", "b"], GENES)
    assert genes_in_rows(some_known(1, 20), ["c", "b"])  # a twentieth
    assert not genes_in_rows(["c", "b"], some_known(1, 20))
    for rows_, columns in ((some_known(1, 21), ["c", "b"]), (["c", "b"], some_known(1, 21))):
        with pytest.raises(InputError, match="names no known genes"):
            genes_in_rows(rows_, columns)
    assert genes_in_rows(some_known(4, 8), some_known(2, 8))  # twice as many
    assert not genes_in_rows(some_known(2, 8), some_known(4, 8))
    for a, b in ((5, 3), (3, 5), (4, 4)):
        with pytest.raises(InputError, match="both named like genes"):
            genes_in_rows(some_known(a, 8), some_known(b, 8))
    all_rows = rows("x,y\n1,2\n")
    with pytest.raises(InputError, match=r"\(nothing\) nor over columns of numbers \(x, y\)"):
        table._genes_in_rows(all_rows[1:], table._shape(all_rows, ","))


def test_rows_that_name_two_genes_are_edges():
    def of(*columns):
        all_rows = rows("\n".join(",".join(row) for row in zip(*columns, ["1"] * len(columns[0]), strict=True)))
        return table._genes_in_rows(all_rows, table._shape(all_rows, ","))

    four, others = GENES[:4], GENES[4:]
    with pytest.raises(InputError, match="names two genes"):
        of(four, others)
    with pytest.raises(InputError, match="names two genes"):
        of(some_known(1, 20), some_known(1, 20))  # a twentieth of each
    assert of(four, IDS)  # two names of one gene
    assert of(four, ["zq1q", "zq2q", "zq3q", "zq4q"])
    with pytest.raises(InputError, match="names two genes"):
        of(four, others, IDS)
    with pytest.raises(InputError, match="names two genes"):
        of(four, ["zq1q", *others[:3]])
    assert of(four, ["zq1q", "zq2q", *others[:2]])  # half as many
    all_rows = rows("SOX2,zq1q\nMYC,TP53,1\n".replace("SOX2,zq1q", "a,b,SOX2"))
    with pytest.raises(InputError, match="both named like genes"):
        table._genes_in_rows(all_rows[1:], table._shape(all_rows, ","))
    all_rows = rows("zq1q,zq2q,1\nzq3q,zq4q,1\n" + "SOX2,MYC\n" * 9)
    with pytest.raises(InputError, match="no known genes"):
        table._genes_in_rows(all_rows, table._shape(all_rows, ","))
    all_rows = rows("SOX2,MYC\nNANOG,TP53\n")  # no numbers
    with pytest.raises(InputError, match="names two genes"):
        table._genes_in_rows(all_rows, table._shape(all_rows, ","))
    all_rows = rows("gene,kind\nSOX2,a\nNANOG,b\n")
    with pytest.raises(InputError, match="no known genes"):
        table._genes_in_rows(all_rows[1:], Shape(["gene", "kind"], [], [0, 1], False, 2))


def test_a_row_is_a_row_of_numbers():
    shape = Shape(["gene", "c1", "c2"], [1, 2], [0], True, 3)
    assert table._values((2, ["SOX2", "1", "2.5"]), shape, [1, 2]).tolist() == [1, 2.5]
    np.testing.assert_array_equal(table._values((2, ["SOX2", "1,5", "NA"]), shape, [2, 1]), [np.nan, 1.5])
    with pytest.raises(InputError, match=r"^Row 2 of the table has 2 fields, expected 3"):
        table._values((2, ["SOX2", "1"]), shape, [1])
    with pytest.raises(InputError, match=r"^Row 2 of the table holds 'x' in 'c2', expected a number"):
        table._values((2, ["SOX2", "1,5", "x"]), shape, [1, 2])
    with pytest.raises(InputError, match=r"^Row 2 of the table holds 'x' in column 3, expected a number"):
        table._values((2, ["SOX2", "1,5", "x"]), dataclasses.replace(shape, titles=[]), [1, 2])
    with pytest.raises(InputError, match=r"^Row 2 of the table holds '1,5' in 'c1'"):
        table._values((2, ["SOX2", "1,5", "1"]), dataclasses.replace(shape, comma=False), [1, 2])


def test_limits_of_a_wide_table(tmp_path, monkeypatch):
    from ugrn_core.data.containers import written as room

    x = np.arange(15).reshape(3, 5)
    plain, turned = wide(["a", "b", "c"], GENES[:5], x), wide(GENES[:5], ["a", "b", "c"], x.T)
    monkeypatch.setattr(room, "MAX_GENES", 5)
    monkeypatch.setattr(room, "MAX_CELLS", 3)
    assert written(tmp_path, plain)[0].shape == written(tmp_path, turned)[0].shape == (3, 5)
    for limit, words in (("MAX_GENES", "5 genes; at most 4"), ("MAX_CELLS", "3 cells; at most 2")):
        monkeypatch.setattr(room, limit, 4 if limit == "MAX_GENES" else 2)
        for text in (plain, turned):
            with pytest.raises(InputError, match=words):
                written(tmp_path, text)
        monkeypatch.setattr(room, limit, 5 if limit == "MAX_GENES" else 3)
    for names, columns, limit in ((["c"], GENES[:5], "MAX_CELLS"), (["b", "c", "d"], GENES[:1], "MAX_GENES")):
        y = np.ones((len(names), len(columns)), int)
        with monkeypatch.context() as patched:
            patched.setattr(room, limit, 1)
            assert written(tmp_path, wide(names, columns, y))[0].shape == y.shape
            assert written(tmp_path, wide(columns, names, y.T))[0].shape == y.shape
    monkeypatch.setattr(room, "MAX_CELLS", 1)  # a row of zeros counts, and is refused as it is met
    monkeypatch.setattr(table, "write_cells", None)
    with pytest.raises(InputError, match="2 cells; at most 1"):
        written(tmp_path, wide(["a", "b", "c"], GENES[:5], 0 * x))
    monkeypatch.setattr(room, "MAX_GENES", 1)
    with pytest.raises(InputError, match="2 genes; at most 1"):
        written(tmp_path, wide(GENES[:5], ["zq1"], 0 * x.T[:, :1]))


def test_a_long_name_is_refused(tmp_path):
    x = np.ones((2, 5), int)
    assert written(tmp_path, wide(["a", "b" * 1000], GENES[:5], x))[1][0][1] == "b" * 1000
    with pytest.raises(InputError, match="Row 3 has a name of 1,001 characters"):
        written(tmp_path, wide(["a", "b" * 1001], GENES[:5], x))


# --- is it cells at all ----------------------------------------------------------------------------------------------


def columns_of(n: int, text: int = 1, rows_: int = 4) -> str:
    titles = [*(f"t{i}" for i in range(text)), *(f"n{i}" for i in range(n))]
    return "\n".join(",".join(row) for row in [titles, *[["w"] * text + ["1"] * n] * rows_]) + "\n"


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        (columns_of(20), True),
        (columns_of(19), False),
        (columns_of(20, 20), True),
        (columns_of(20, 21), False),
        ("cell,gene,count\na,SOX2,1\n", True),
        ("cell,gene,count\na,SOX2,1\nb,SOX2,1\nc,SOX2,1\nd,SOX2,x\n", True),
        ("cell,gene,much\na,SOX2,1\n", False),
        ("cell,who,count\na,SOX2,1\n", False),
        ("who,gene,count\na,SOX2,1\n", False),
        ("no table\n", False),
        (columns_of(20, rows_=3) + "w" + ",x" * 20 + "\n", True),  # three rows are looked at
        (columns_of(20, rows_=2) + "w" + ",x" * 20 + "\n", False),
        ("cell,gene,count," + columns_of(20, 21), False),
        ("cell,gene,count," + columns_of(18, 0, 0).strip() + "\na,SOX2,1" + ",1" * 18 + "\n", True),
    ],
)
def test_a_text_of_unknown_purpose_is_cells_or_is_not(text, cells):
    assert holds_cells(stream(text)) == cells


def test_twenty_columns_of_numbers_are_cells_only_beside_less_text():
    """An entry a row has fewer: titles alone do not make twenty columns of numbers beside more of text cells."""
    titles = ["cell", "gene", "count", *(f"n{i}" for i in range(19)), *(f"t{i}" for i in range(30))]
    row = ["a", "SOX2", "1", *["1"] * 19, *["w"] * 30]
    assert not holds_cells(stream("\n".join(",".join(line) for line in (titles, row)) + "\n"))
