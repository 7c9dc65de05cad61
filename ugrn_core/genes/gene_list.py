"""Pasted text and small files in, gene names out; names are not checked here (see resolve).

What is tolerated: comma, semicolon, tab, space and line break between names, quotes, brackets, comments, blank lines,
byte-order marks, Windows line ends.

**List or table?** A text is a *table* (see :mod:`ugrn_core.genes.columns`), of which only one column is read, when it
has a line of titles, or a column of numbers beside one of names. Any other text is a *list*, read in full, line after
line: names in two columns without titles and without numbers are all kept. Of a table the column is read that

- the caller names, or
- is titled symbol, gene, names or the like, or, where there is none, source, tf or target, or
- holds the most names that are known for genes.

Several such columns without titles are an InputError that names them. What was read as what is said in
:attr:`GeneList.said`. Gene sets (GMT) are read set by set: of several one is chosen as a column is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ugrn_core.errors import ColumnError, InputError
from ugrn_core.genes.columns import GAPS, Columns, bare, is_gene_like, is_number, read_columns
from ugrn_core.genes.spelled import LONGEST
from ugrn_core.genes.text_file import read_text, refuse_other_text
from ugrn_core.genes.text_lines import Lines, said_lines, short
from ugrn_core.genes.tfs import is_tf
from ugrn_core.genes.titles import GENE_TITLES, SOURCE_TITLES, TARGET_TITLES, title_key

MAX_NAMES = 70_000
"""Different names of one list: more than the largest vocabulary has."""
LONGEST_WORD = 1_000
MOST_CHOICES = 1_000
"""Columns or gene sets that are offered."""

_VECTOR = re.compile(r"\s{0,20}(?:\w{1,40}\s{0,5}(?:<-|=)\s{0,5})?(?:c\(|\(|\[|\{)")
_APART = re.compile(r"[,;\s]+")
_QUOTES = re.compile('["`\u201c\u201d\\[\\]{}]')
_ENDING = re.compile(r"\((?:\d{1,9}(?: ?[gr])?|[+-])\)")


@dataclass(frozen=True)
class GeneList:
    """Names in the order of the text, each once. ``columns`` may be chosen instead of ``column``, where it is a table.

    ``said``: what was read as what, a sentence; empty for a plain list.
    """

    names: tuple[str, ...]
    said: str = ""
    columns: tuple[str, ...] = ()
    column: str = ""


def parse_gene_list(text: str) -> list[str]:
    """Gene names of a text; see :func:`gene_list`."""
    return list(gene_list(text).names)


def read_gene_list(file: Path | str | bytes, column: str | None = None, *, regulators: bool = False) -> GeneList:
    """Gene list of a text file (a path, ``-`` or the bytes of an upload); none or too many names are an InputError."""
    found = gene_list(read_text(file), column, regulators=regulators)
    if not found.names:
        raise InputError("The gene list is empty: no name was found in it. Give one gene a line, e.g. SOX2.")
    return found


def gene_list(text: str, column: str | None = None, *, regulators: bool = False) -> GeneList:
    """Gene names of a text. ``column``: which one of a table, by title or by number from 1; another is an InputError.

    ``regulators``: where the text is a table of edges, its sources are meant.
    """
    refuse_other_text(text, "gene list")
    lines = said_lines(text)
    sets = gene_sets(lines)
    if sets is not None:
        return _of_sets(sets, column)
    table = read_columns(lines)
    at = () if table is None else _columns(table, column, regulators)
    if table is not None and at:
        return _of_table(table, at)
    if column is not None:
        raise InputError(f"The gene list has no columns: leave out {short(column)!r}, or give a table with titles.")
    if table is not None and (titles := _titles_that_are_genes(table)):
        return GeneList(_once(titles), f"Genes: the titles of {len(titles):,} columns.")
    names, said = _of_card(lines) or _of_words(lines)
    return GeneList(_once(names), said)


def column_names(text: str) -> tuple[str, ...]:
    """What may be chosen as a column of the text: columns of a table, names of gene sets; none of a plain list."""
    lines = said_lines(text)
    sets = gene_sets(lines)
    table = read_columns(lines) if sets is None else None
    return tuple(sets)[:MOST_CHOICES] if sets is not None else table.names[:MOST_CHOICES] if table is not None else ()


def _columns(table: Columns, asked: str | None, regulators: bool) -> list[int]:
    """The column of names; none where the text is read as a list, or where titles may be the genes."""
    if asked is not None:
        return [table.find(asked, "genes")]
    rows = len(table.sample) + table.titled
    numbers, words = table.of_kind("number"), table.of_kind("genes", "words")
    if not words:
        return []
    if not (table.titled or numbers):
        return _beside_words(table) if rows > 2 else []
    if rows == 1:  # one line is a table only if all but the name are numbers
        long = any(len(cell) > LONGEST for row in table.sample for cell in row)
        if long or len(numbers) < len(table.names) - 1:
            return []
    ends = (SOURCE_TITLES, TARGET_TITLES)
    for titles in (*ends, GENE_TITLES) if regulators else (GENE_TITLES, *ends):
        found = table.titled_any(titles)
        if found:
            return [max(found, key=lambda j: table.kinds[j] == "genes")]  # the first of the surest kind
    best = sorted(words, key=lambda j: (-_worth(table, j), j))
    if len(best) > 1 and not table.titled and _worth(table, best[1]) >= 0.5 * _worth(table, best[0]):
        raise ColumnError(
            f"The table has no titles and {len(best)} columns of names: {table.choices(sorted(best))}. Say which holds "
            "the genes, or put a line of titles above them.",
            "gene",
        )
    if not _worth(table, best[0]) and _titles_that_are_genes(table):
        return []
    return best[:1]


def _beside_words(table: Columns) -> list[int]:
    """Columns of genes beside one in which no word is a gene, such as clusters or the relations of SIF; else none."""
    genes = table.of_kind("genes")
    none = [j for j in table.of_kind("words") if not _worth(table, j)]
    return genes if genes and none and len(genes) + len(none) == len(table.names) else []


def _worth(table: Columns, column: int) -> float:
    """Share of names known for genes in a column, times the share of different ones."""
    cells = [row[column] for row in table.sample[:200] if row[column].lower() not in GAPS]
    return sum(map(is_gene_like, set(cells))) / len(cells) if cells else 0.0


def _titles_that_are_genes(table: Columns) -> list[str]:
    """Titles of the columns of numbers in a table of cells by genes; none in any other table."""
    titles = [table.names[j] for j in table.of_kind("number")] if table.titled else []
    some = titles[:200]
    return titles if len(titles) > 1 and sum(map(is_gene_like, some)) > 0.5 * len(some) else []


def _of_table(table: Columns, at: list[int]) -> GeneList:
    rows = table.cells(at).drop_duplicates()
    names = [name for cells in rows.itertuples(index=False) for cell in cells for name in names_of_cell(cell)]
    called = " and ".join(table.called(j) for j in at)
    others = [short(table.names[j]) for j in table.of_kind("genes", "words")]
    if not table.titled:
        called += f" of {len(table.names):,}"
    elif len(others) > 1:
        called += f" of {len(table.names):,} ({', '.join(others[:8])}{', ...' if len(others) > 8 else ''})"
    return GeneList(_once(names), f"Genes: {called}.", table.names[:MOST_CHOICES], table.names[at[0]])


def names_of_cell(cell: str) -> list[str]:
    """Names in one cell: SOX2;NANOG, and SOX2/NANOG or SOX2 /// SOX3 where each part is known for a gene."""
    if cell.lower() in GAPS:
        return []
    names = [part for part in re.split(r"[,;]", cell) if part.strip()]
    if "/" in cell:
        parts = [part.strip() for name in names for part in name.split("/") if part.strip()]
        names = parts if len(parts) <= 500 and all(map(is_gene_like, parts)) else names
    return names if names == [cell] else [bare(name) for name in names]


def _of_card(lines: Lines) -> tuple[list[str], str] | None:
    """Names of the card of a gene set, as MSigDB writes it: a property a line, one of them the genes."""
    for text in lines.texts[:100]:
        title, tab, cells = text.partition("\t")
        if tab and title_key(title) == "genesymbols":
            return [bare(cell) for cell in re.split(r"[,\t]", cells)], f"Genes: line {short(title)}."
    return None


def _of_words(lines: Lines) -> tuple[list[str], str]:
    """Names of a plain list, and what its first line was if not a name."""
    said = ""
    if len(lines) > 1 and _is_one_title(lines.texts):
        said, lines = f"Title: {short(lines.texts[0].strip())}.", lines.after(1)
    text = "\n".join(lines.texts)
    opened = _VECTOR.match(text)
    if opened and text.rstrip()[-1:] in ")]}":  # a vector of R, a list or a set of Python
        text = text[opened.end() :].rstrip()[:-1]
    parts = _APART.split(_QUOTES.sub(" ", text))
    words: list[str] = []
    for word in parts if "(" in text else dict.fromkeys(parts):
        if word[:1] == "(" and words and len(words[-1]) <= LONGEST and _ENDING.fullmatch(word):
            words[-1] += f" {word}"
        elif any(map(str.isalnum, word)):
            words.append(bare(word))
    if len(words) > 20 and sum(map(is_number, words)) > 0.5 * len(words):
        raise InputError(
            "Most of the gene list is numbers. Expected names, one a line, or a table whose lines all have the same "
            "number of cells, with titles above them."
        )
    return words, said


def _is_one_title(texts: list[str]) -> bool:
    """Whether a first line by itself names the list: gene, target, R's x, or TF above nothing but factors."""
    key = title_key(texts[0])
    if key == "tf":
        rest = [word for text in texts[1:200] for word in _APART.split(text) if word]
        return len(rest) > 1 and all(is_tf(word.upper()) for word in rest)
    if bare(texts[0]) == "x":  # as R writes it; X may be a gene of a simulated circuit
        return True
    return key in (*GENE_TITLES, *SOURCE_TITLES, *TARGET_TITLES) and not is_gene_like(texts[0])


def gene_sets(lines: Lines) -> dict[str, list[str]] | None:
    """Gene sets by name, of lines with a name, a description and genes between tabs (GMT); None for any other text."""
    first = [text.split("\t") for text in lines.texts[:50]]
    if not first or any(len(row) < 3 for row in first):
        return None
    sets = (
        (len(lines) == 1 and len(first[0]) > 5)
        or any("://" in row[1] for row in first)
        or len({len(row) for row in first}) > 1
        or (" " in first[0][1].strip() and len({row[1] for row in first}) == 1)  # our own regulons
    )
    named = [not is_gene_like(row[1]) and not is_number(row[1]) and not is_number(row[2]) for row in first]
    genes = [is_gene_like(bare(cell)) for row in first for cell in row[2:12] if cell.strip()]
    if not (sets and all(named) and genes and sum(genes) > 0.5 * len(genes)):
        return None
    rows = [[bare(cell) for cell in text.split("\t")] for text in lines.texts]
    return {row[0]: [cell for cell in row[2:] if cell] for row in rows}


def _of_sets(sets: dict[str, list[str]], asked: str | None) -> GeneList:
    chosen = next(iter(sets)) if asked is None and len(sets) == 1 else asked
    if chosen is None or chosen not in sets:
        got = "" if asked is None else f"; there is no {short(asked)!r}"
        named = ", ".join(map(short, list(sets)[:5])) + (", ..." if len(sets) > 5 else "")
        many = "1 gene set" if len(sets) == 1 else f"{len(sets):,} gene sets"
        raise InputError(f"The text holds {many} ({named}){got}. Choose one as the column of genes.")
    return GeneList(_once(sets[chosen]), f"Genes: the gene set {short(chosen)}.", tuple(sets)[:MOST_CHOICES], chosen)


def _once(names: Sequence[str]) -> tuple[str, ...]:
    """Each name once, in order; what is no list of names is an InputError."""
    found = tuple(dict.fromkeys(name for name in names if name))
    if len(found) > MAX_NAMES:
        raise InputError(
            f"The gene list holds {len(found):,} different names; at most {MAX_NAMES:,} are looked up. Give a list of "
            "genes, or a table whose lines all have the same number of cells."
        )
    long = next((name for name in found if len(name) > LONGEST_WORD), None)
    if long is not None:
        raise InputError(f"The gene list holds a word of {len(long):,} characters: it is no list of gene names.")
    return found
