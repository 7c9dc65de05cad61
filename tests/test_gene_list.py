from __future__ import annotations

import csv
import io
import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ugrn_core.errors import InputError
from ugrn_core.genes.columns import is_gene_like
from ugrn_core.genes.gene_list import parse_gene_list, read_gene_list
from ugrn_core.genes.pair_list import Pair, pair_list
from ugrn_core.genes.text_file import MAX_BYTES, refuse_other_text
from ugrn_core.genes.titles import TITLES, title_key

GENE = st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,8}(-[A-Za-z0-9]{1,3}|\.[0-9])?", fullmatch=True).filter(
    lambda name: title_key(name) not in TITLES
)
GENES = st.lists(GENE, min_size=1, max_size=12)
NUMBER = st.one_of(st.floats(-50, 50).map(lambda x: f"{x:.3g}"), st.integers(-9, 9).map(str), st.just("1.5e-300"))


@pytest.fixture(autouse=True, scope="module")
def known_names() -> None:
    """The tables of known names are read once, before tests with a deadline."""
    assert is_gene_like("SOX2")


def once(names: list[str]) -> list[str]:
    return list(dict.fromkeys(names))


@given(names=GENES, data=st.data())
def test_any_mixture_of_delimiters_quotes_and_comments_gives_the_names_in_order_once(names, data):
    assume(names[0] != "x")
    quote = st.sampled_from(["", "'", '"'])
    between = st.sampled_from([", ", ",", ";", " ; ", "\t", " ", "\n", "\r\n", "\n\n", " # a, comment\n", ",\r\n"])
    text = data.draw(st.sampled_from(["", "\ufeff", "# my genes\n", "\n"]))
    for name in names:
        mark = data.draw(quote)
        text += f"{mark}{name}{mark}{data.draw(between)}"
    assert parse_gene_list(text) == once(names)


def test_a_long_line_with_one_tab_is_a_list() -> None:
    names = [f"GENE{n}" for n in range(20)]
    assert parse_gene_list(", ".join(names) + "\tMYC") == [*names, "MYC"]
    assert parse_gene_list("MYC\t" + "; ".join(names)) == ["MYC", *names]


@given(names=GENES, width=st.integers(1, 4), delimiter=st.sampled_from([", ", ",", ";", "\t", " "]))
def test_a_list_on_several_lines_of_equal_length_is_read_in_full(names, width, delimiter):
    """The ragged and the even layout of a list without titles and numbers: no column is dropped."""
    assume(names[0] != "x")  # the title that R gives a vector
    known = {any(map(is_gene_like, column)) for j in range(width) if (column := names[j::width])}
    assume(len(known) == 1)  # beside genes, words of which none is a gene are clusters or the like
    lines = [delimiter.join(names[i : i + width]) for i in range(0, len(names), width)]
    assert parse_gene_list("\n".join(lines)) == once(names)


@given(
    rows=st.lists(st.tuples(GENE, NUMBER, st.one_of(NUMBER, st.just("NA"))), min_size=2, max_size=8),
    titles=st.sampled_from([None, ("gene", "logFC", "p"), ("x", "logFC", "anything"), ("", "a", "b")]),
    delimiter=st.sampled_from(",;\t"),
    line_end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_a_table_with_numbers_gives_its_first_column(rows, titles, delimiter, line_end, quoting):
    assume(not any(re.fullmatch("n[ds]", gene, re.IGNORECASE) for gene, _, _ in rows))  # marks of no number
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator=line_end, quoting=quoting)
    writer.writerows(([titles] if titles else []) + rows)
    assert parse_gene_list(text.getvalue()) == once([gene for gene, _, _ in rows])


@given(names=GENES)
def test_what_was_parsed_is_parsed_again_to_the_same(names):
    assume(names[0] != "x")
    assert parse_gene_list("\n".join(parse_gene_list("\n".join(names)))) == once(names)


@given(text=st.text())
def test_no_text_breaks_the_parser_and_no_name_is_empty_or_repeated(text):
    try:
        refuse_other_text(text, "gene list")
    except InputError:  # the beginning of a drawing or of JSON: refused, and nothing is made of it
        with pytest.raises(InputError):
            parse_gene_list(text)
        return
    names = parse_gene_list(text)
    assert all(name.strip() for name in names)
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gene\nSOX2\nNANOG", ["SOX2", "NANOG"]),
        ("x\nSOX2\nNANOG", ["SOX2", "NANOG"]),
        ("X\nY\nZ", ["X", "Y", "Z"]),
        ("Gene name\r\nSOX2\r\n", ["SOX2"]),
        ("TF\nSOX2", ["TF", "SOX2"]),  # transferrin is a gene
        ("gene", ["gene"]),  # alone it is no title
        ("['SOX2', \"NANOG\"]", ["SOX2", "NANOG"]),
        ("\u201cSOX2\u201d \u00a0NANOG\u200b", ["SOX2", "NANOG"]),
        ("1. SOX2\n2. NANOG", ["SOX2", "NANOG"]),
        ('"","genes"\n"1","SOX2"\n"2","NANOG"', ["SOX2", "NANOG"]),
        ('"","x"\n"1","SOX2"\n"2","NANOG"', ["SOX2", "NANOG"]),
        ("logFC\tpadj\nSOX2\t1\t0.1\nNANOG\t2\t0.2", ["SOX2", "NANOG"]),  # R: the title line is one cell short
        ("p_val,cluster,gene\nSOX2.1,0.1,a,SOX2\nNANOG.1,0.2,b,NANOG", ["SOX2", "NANOG"]),  # Seurat's markers
        ('gene,description\nSOX2,"SRY # box, 2"\nNANOG,homeobox', ["SOX2", "NANOG"]),
        ("source,target\nSOX2,NANOG\nKLF4,MYC", ["SOX2", "KLF4"]),
        ("SOX2,NANOG\nKLF4,MYC", ["SOX2", "NANOG", "KLF4", "MYC"]),  # no title, no numbers: a list
        ("SOX2,2.1", ["SOX2"]),
        ("SOX2, 2, NANOG", ["SOX2", "2", "NANOG"]),  # one line with two words is a list
        ("SOX2#1 NANOG #KLF4", ["SOX2#1", "NANOG"]),
        ("SOX2,NANOG,\nKLF4,MYC,", ["SOX2", "NANOG", "KLF4", "MYC"]),
        ("HLA-A MT-CO1 NKX2-1", ["HLA-A", "MT-CO1", "NKX2-1"]),
        (" \n\t# nothing\n", []),
    ],
)
def test_shapes_of_lists_and_tables(text, expected):
    assert parse_gene_list(text) == expected


def test_a_long_line_is_no_problem():
    names = [f"G{i}" for i in range(60_000)]
    assert parse_gene_list(" ".join(names)) == names


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_files_in_the_encodings_of_spreadsheets(tmp_path, encoding):
    content = 'gene,description\r\nSOX2,"dose 1 µM"\r\nNANOG,é\r\n'.encode(encoding)
    path = tmp_path / "genes.csv"
    path.write_bytes(content)
    assert read_gene_list(path).names == read_gene_list(content).names == ("SOX2", "NANOG")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no name"),
        (b"# only a comment\n", "no name"),
        (b"PK\x03\x04 xlsx", "Excel"),
        (b"\x89HDF\r\n\x1a\n", "HDF5"),
        (b"SOX2\x00\x01\x02", "binary"),
        (b"A" * (MAX_BYTES + 1), "5,000,000"),
    ],
)
def test_a_file_that_is_no_gene_list_is_refused_in_a_sentence(tmp_path, content, words):
    path = tmp_path / "bad.txt"
    path.write_bytes(content)
    for given_file in (content, path):
        with pytest.raises(InputError, match=words):
            read_gene_list(given_file)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"nowhere\.txt"):
        read_gene_list(tmp_path / "nowhere.txt")


def parse_pairs(text: str) -> list[Pair]:
    """Each pair once."""
    return list(dict.fromkeys(pair_list(text, labelled=False).pairs))


@given(
    pairs=st.lists(st.tuples(GENE, GENE), min_size=1, max_size=8),
    between=st.sampled_from([",", ", ", ";", "\t", " ", "->", " -> ", " => ", "→", " --> "]),
    title=st.sampled_from(["", "source,target\n", "TF\tTarget\n", "# pairs\n", "Gene1 -> Gene2\n"]),
)
def test_pairs_keep_their_order_and_direction(pairs, between, title):
    text = title + "\r\n".join(f"{a}{between}{b}" for a, b in pairs)
    assert parse_pairs(text) == list(dict.fromkeys(pairs))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("NKX2-1->HLA-A", [("NKX2-1", "HLA-A")]),
        (",TF,Target\n0,SOX2,NANOG\n1,KLF4,MYC", [("SOX2", "NANOG"), ("KLF4", "MYC")]),
        ("0,SOX2,NANOG\n1,KLF4,MYC", [("SOX2", "NANOG"), ("KLF4", "MYC")]),
        ("source,target,score\nSOX2,NANOG,0.9", [("SOX2", "NANOG")]),
        ("'SOX2' , \"NANOG\"  # known", [("SOX2", "NANOG")]),
        ("", []),
    ],
)
def test_shapes_of_pair_lists(text, expected):
    assert parse_pairs(text) == expected


@pytest.mark.parametrize("text", ["SOX2,NANOG\nKLF4", "SOX2,NANOG\nKLF4,", "SOX2,NANOG\n->KLF4"])
def test_a_line_without_two_names_is_named(text):
    with pytest.raises(InputError, match=r"Line 2 .*KLF4"):
        parse_pairs(text)
