"""A text as a table: its delimiter, its titles, and what each of its columns holds.

A text is a table when its lines, split at one and the same delimiter, have the same number of cells, two or more. Of
the delimiters that do so (tab, semicolon, bar, white space, comma) the first is taken whose cells hold no comma but a
decimal one. Blank lines and comments are no lines, empty cells at the end of lines are no cells; a first line that is
one cell short, as R writes it, is complete.

The first line is a title where it is told apart from the rest: a word that tables of genes are titled with, a word
above numbers, numbers above words, or words that are no genes above genes. A word that is a gene too (TF is
transferrin) does not make a title of a line of genes, and neither does ``<0.001`` or ``n.d.`` beside genes.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import chain
from typing import Literal

import numpy as np
import pandas as pd

from ugrn_core.errors import InputError
from ugrn_core.genes.spelled import ENSEMBL, LONGEST, latin_forms, names_inside, repeat_of, tidy
from ugrn_core.genes.tables import alias_key, everyday_names, former_symbols, human_symbols, mouse_genes
from ugrn_core.genes.text_lines import Lines, short
from ugrn_core.genes.titles import TITLES, title_key
from ugrn_core.spreadsheet import unguarded

Kind = Literal["number", "genes", "words", "empty"]

SAMPLE = 1_000
SAMPLE_CHARACTERS = 1_000_000
"""Lines by which delimiter, titles and kinds of columns are told, and how long they are together."""
MOST_COLUMNS = 100_000
LOOKED_UP = 200
"""Columns, and different cells of each, that are looked at for names of genes."""

_END = "\0"
"""A line after the last: inside a cell where a quotation mark was never closed."""
ONE_SHORT = "\0"
"""What stands in front of a first line that is one cell short, until it is known to be one of titles."""
UNTITLED = "no title"
"""Name of a column without a title beside others that have one."""
GAPS = frozenset(("", "na", "nan", "n/a", "-inf", "inf", "null", "none", "-", "."))
NUMBER = re.compile(r"[+-]?(?:\d++(?:[.,]\d*+)?|[.,]\d++)(?:[eE][+-]?\d++)?%?")
_DECIMAL_COMMA = re.compile(r"[+-]?\d*+,\d++(?:[eE][+-]?\d++)?%?")
_LONGEST_NUMBER = 60
_NO_NUMBER = re.compile(r"#(?:N/A|DIV/0!|REF!|VALUE!|NAME\?|NUM!|NULL!)|n\.?[ds]\.?", re.IGNORECASE)
"""What programs write where they have no number."""
_NUMBERED = re.compile(r"(.{1,200})\.\d{1,4}")
"""Pandas calls the second of two columns titled gene gene.1."""

_FORMULA = re.compile(r'="([^"]*)"')
_BLANKS = " \t\v\f,;\u00a0"
_AROUND = _BLANKS + "\"'`\u201c\u201d\u2018\u2019[]{}"
_SEPARATOR_LINE = re.compile(r"\"?sep=(.)\"?", re.IGNORECASE)


@dataclass(frozen=True)
class Columns:
    """A table. ``names`` call its columns: their titles, numbers where they have none; ``kinds`` what they hold."""

    names: tuple[str, ...]
    titled: bool
    keys: tuple[str, ...]
    """The titles in the form in which they are compared, those of repeated columns alike; empty without titles."""
    kinds: tuple[Kind, ...]
    delimiter: str
    sample: tuple[tuple[str, ...], ...]
    """Cells of the first rows, without titles."""
    lines: Lines
    """All rows as they were written, without titles."""

    def find(self, name: str, what: str) -> int:
        """Column by its title or its number from 1; another one is an InputError that names the choices."""
        key = title_key(name)
        for matches in (lambda t: t == name, lambda t: t.casefold() == name.casefold(), lambda t: title_key(t) == key):
            found = [i for i, title in enumerate(self.names) if matches(title)]
            if found:
                return found[0]
        if name.isdecimal() and 1 <= int(name[:6]) <= len(self.names):
            return int(name) - 1
        raise InputError(f"There is no column {short(name)!r} for the {what}. Choose from: {self.choices()}.")

    def titled_any(self, titles: Sequence[str]) -> list[int]:
        """Columns with one of these titles, in the order of ``titles``; none that holds numbers or nothing."""
        place = {title: i for i, title in enumerate(titles)}
        found = sorted((place[key], i) for i, key in enumerate(self.keys) if key in place)
        return [i for _, i in found if self.kinds[i] in ("genes", "words")]

    def of_kind(self, *kinds: Kind) -> list[int]:
        """Columns that hold one of these."""
        return [i for i, kind in enumerate(self.kinds) if kind in kinds]

    def called(self, column: int) -> str:
        """``column tf``, or ``column 2``."""
        name = self.names[column]
        return "the column without a title" if name == UNTITLED else f"column {short(name)}"

    def choices(self, columns: Sequence[int] | None = None) -> str:
        """Columns by name, with what they begin with where they have no titles."""
        listed = list(range(len(self.names))) if columns is None else list(columns)
        first = self.sample[0] if self.sample else ()
        shown = [f"{short(self.names[i])}" + ("" if self.titled else f" ({short(first[i])}, ...)") for i in listed[:12]]
        return ", ".join(shown) + (", ..." if len(listed) > 12 else "")

    def cells(self, columns: Sequence[int]) -> pd.DataFrame:
        """All rows of some columns, as written but for quotes around them; titled 0, 1, ... by ``columns``."""
        width, found = len(self.names), [[] for _ in columns]
        texts = chain(_ready(self.lines.texts, self.delimiter), [_END])
        rows = csv.reader(texts, delimiter=self.delimiter, skipinitialspace=True)
        last = 0
        try:
            for row in rows:
                if row[0] == _END:
                    break
                if row[-1].endswith(_END):
                    raise InputError(self._open_quote(last))
                if len(row) < width or (len(row) > width and any(map(str.strip, row[width:]))):
                    raise InputError(self._broken(len(row), last))
                for column, cells in zip(columns, found, strict=True):
                    cells.append(row[column])
                last = rows.line_num
        except csv.Error:
            raise InputError(_too_long(self.lines, last)) from None
        return pd.DataFrame({place: _bared(pd.Series(cells, dtype=object)) for place, cells in enumerate(found)})

    def _broken(self, cells: int, at: int) -> str:
        return (
            f"{self.lines.called(at)} has {cells:,} {'cell' if cells == 1 else 'cells'}, expected {len(self.names):,} "
            f"as in those above it: got {self.lines.quoted(at)}."
        )

    def _open_quote(self, at: int) -> str:
        return (
            f"{self.lines.called(at)} opens a quotation mark that is never closed: {self.lines.quoted(at)}. Correct "
            "it, or leave out quotes."
        )


def _too_long(lines: Lines, at: int) -> str:
    return (
        f"{lines.called(at)} holds a cell of more than {csv.field_size_limit():,} characters, or a quotation mark that "
        f"is not closed: {lines.quoted(at)}. Correct it, or leave out quotes."
    )


def _bared(column: pd.Series) -> np.ndarray:
    codes, cells = pd.factorize(column)
    return np.array([bare(cell) for cell in cells], dtype=object)[codes]


def bare(cell: str) -> str:
    """A cell without blanks, quotes and brackets around it.

    What was guarded against spreadsheets is as it was, and so is what was written for them as ``="SOX2"``.
    """
    cell = cell.strip(_BLANKS)
    if (left := unguarded(cell)) != cell and not (cell[-1] == "'" and is_number(cell[1:-1])):
        return left.strip(_BLANKS)
    if (formula := _FORMULA.fullmatch(cell)) is not None:
        cell = formula[1]
    cell = cell.strip(_AROUND)
    if cell[:1] == "(" and ")" not in cell:
        return cell[1:].strip(_AROUND)
    return cell[:-1].strip(_AROUND) if cell[-1:] == ")" and "(" not in cell else cell


def is_number(cell: str) -> bool:
    """Whether a cell is a number, with a point or a decimal comma."""
    return len(cell) <= _LONGEST_NUMBER and bool(NUMBER.fullmatch(cell))


@cache
def _known_names() -> frozenset[str]:
    names = {symbol.upper() for symbol in human_symbols()} | mouse_genes().by_upper.keys()
    return frozenset(names | everyday_names().keys() | former_symbols().keys())


@lru_cache(maxsize=100_000)
def is_gene_like(cell: str) -> bool:
    """Whether a name, or one inside it, is known for a gene of human or mouse, in any spelling; no single letter is."""
    name = tidy(cell) if len(cell) <= LONGEST else ""
    if len(name) < 2 or is_number(name):
        return False
    base = repeat_of(name)
    forms = [name, *names_inside(name), *latin_forms(name), *((base,) if base else ())]
    known = _known_names()
    return any(form.upper() in known or alias_key(form) in known or ENSEMBL.fullmatch(form) for form in forms)


def read_columns(lines: Lines) -> Columns | None:
    """The lines as a table, or None where they are none."""
    forced = _SEPARATOR_LINE.fullmatch(lines.texts[0].strip()) if len(lines) else None  # Excel's first line
    lines = lines.after(1) if forced else lines
    lines = lines.after(_lines_above(lines.texts[:6]))
    texts = _sample(lines.texts)
    if not texts:
        return None
    cut = len(texts) < len(lines)
    split = {d: rows for d in (forced[1] if forced else "\t;| ,") if (rows := _even_rows(texts, d, cut))}
    if "|" in split and not _is_title(split["|"][0], split["|"][1:]):
        del split["|"]  # ENSG00000181449|SOX2 is one name
    clean = [d for d, rows in split.items() if d == "\t" or (d != "," and _only_decimal_commas(rows))]
    delimiter = next(iter([*clean, *(d for d in (",", ";", "|", " ") if d in split)]), None)
    if delimiter is None or len(split[delimiter][0]) > MOST_COLUMNS:
        return None
    return _columns([[bare(cell) for cell in row] for row in split[delimiter]], lines, delimiter)


def _lines_above(texts: list[str]) -> int:
    """Lines of a caption above a row of titles, each of one cell; 0 where there is none."""
    for above, text in enumerate(texts[1:6], start=1):
        for delimiter in "\t;,":
            cells = [bare(cell) for cell in text[:10_000].split(delimiter)]
            captions = [[cell for cell in line[:10_000].split(delimiter) if cell.strip()] for line in texts[:above]]
            if sum(title_key(cell) in TITLES for cell in cells) > 1 and all(len(filled) < 2 for filled in captions):
                return above
    return 0


def _sample(texts: list[str]) -> list[str]:
    room, sample = SAMPLE_CHARACTERS, []
    for text in texts[:SAMPLE]:
        room -= len(text)
        if room < 0:
            break
        sample.append(text)
    return sample


def _columns(rows: list[list[str]], lines: Lines, delimiter: str) -> Columns | None:
    below = rows[1:] or rows
    titled = len(rows) > 1 and _is_title(rows[0], below)
    if rows[0][0] == ONE_SHORT:
        if not titled or (len(rows[0]) == 3 and all(map(is_gene_like, rows[0][1:]))):  # rather pairs, and one with more
            return None
        rows[0][0] = ""
    body = below if titled else rows
    kinds: tuple[Kind, ...] = tuple(_kind([row[j] for row in body], j < LOOKED_UP) for j in range(len(rows[0])))
    titles = [(cell or UNTITLED) if titled else str(j + 1) for j, cell in enumerate(rows[0])]
    there = set(titles)
    keys = [title_key(m[1] if (m := _NUMBERED.fullmatch(title)) and m[1] in there else title) for title in titles]
    times: Counter[str] = Counter()
    names: list[str] = []
    for title in titles:
        times[title] += 1
        names.append(title if times[title] == 1 else f"{title} ({times[title]})")
    sample = tuple(tuple(row) for row in body)
    lines = lines.after(1) if titled else lines
    return Columns(tuple(names), titled, tuple(keys) if titled else (), kinds, delimiter, sample, lines)


def _even_rows(texts: list[str], delimiter: str, cut: bool) -> list[list[str]] | None:
    """Cells of all lines at a delimiter if these have the same number of cells, two or more, else None.

    Empty cells at the end of lines are let go where they are more than some line has, or empty in all of them. ``cut``:
    more lines follow, so that the last row may be half of one.
    """
    if delimiter != " " and not any(delimiter in text for text in texts[:2]):
        return None
    try:
        rows = list(csv.reader(_ready(texts, delimiter), delimiter=delimiter, skipinitialspace=True))
    except csv.Error:  # a cell of more than 131,072 characters
        return None
    rows = rows[:-1] if cut and len(rows) > 1 else rows
    if len({len(row) for row in rows}) > 1 or not any(row[-1].strip() for row in rows if row):
        filled = [len(_trimmed(row)) for row in rows]
        width = max(filled)
        if len(rows) > 1 and len(rows[0]) + 1 == width:
            rows[0] = [ONE_SHORT, *rows[0]]
        if any(len(row) < width for row in rows):
            return None
        rows = [row[:width] for row in rows]
    return rows if len(rows[0]) > 1 else None


def _ready(texts: Sequence[str], delimiter: str) -> Sequence[str]:
    """Lines for a reader: without blanks around, and without the bars around a line of a table in bars."""
    if delimiter == " ":
        return [text.replace("\t", " ").strip() for text in texts]
    return [text.strip().strip("|") for text in texts] if delimiter == "|" else texts


def _trimmed(row: list[str]) -> list[str]:
    end = len(row)
    while end and not row[end - 1].strip():
        end -= 1
    return row[:end]


def _only_decimal_commas(rows: list[list[str]]) -> bool:
    return all("," not in cell or _DECIMAL_COMMA.fullmatch(cell) for row in rows for cell in row)


def _is_title(first: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether the first row names the columns; see the module."""
    first = [bare(cell) for cell in first[:LOOKED_UP]]
    titles = [title_key(cell) in TITLES for cell in first]
    genes = [is_gene_like(cell) for cell in first]
    if any(titles) and all(title or not gene for title, gene in zip(titles, genes, strict=True)):
        return True
    kinds = [_kind([row[j] for row in below]) for j in range(len(first))]
    pairs = list(zip(first, kinds, strict=True))
    if any(k == "number" and not is_numeric(cell) for cell, k in pairs):
        return True
    words = [cell for cell, k in pairs if k in ("genes", "words")]
    if words and all(map(is_number, words)):
        return True
    of_genes = [j for j, k in enumerate(kinds) if k == "genes"]
    if len(of_genes) < 2 or _share(below, of_genes) < 0.8:
        return False
    alike = sum(genes[j] for j in of_genes)
    spaced = all(" " in first[j] for j in of_genes)
    return alike < len(of_genes) / 2 and (len(below) > 2 or (spaced and not alike))


def is_numeric(cell: str) -> bool:
    """Whether a cell stands in a column of numbers: a number, several, a bound such as <0.001, or none."""
    if is_number(cell):
        return True
    if len(cell) > LONGEST or cell.lower() in GAPS - {""} or _NO_NUMBER.fullmatch(cell):
        return True
    parts = re.split(r"[;|,/]", cell.lstrip("<>~\u2264\u2265 ").rstrip("*"))
    return bool(cell) and all(is_number(part.strip()) for part in parts)


def _share(rows: Sequence[Sequence[str]], columns: list[int]) -> float:
    cells = [row[j] for row in rows[:LOOKED_UP] for j in columns if row[j].lower() not in GAPS]
    return sum(map(is_gene_like, cells)) / len(cells)


def _kind(cells: list[str], look_up: bool = True) -> Kind:
    filled = [cell for cell in cells if cell.lower() not in GAPS]
    if not filled:
        return "empty"
    if all(map(is_numeric, filled)):
        return "number"
    asked = list(dict.fromkeys(filled))[:LOOKED_UP]
    return "genes" if look_up and sum(map(is_gene_like, asked)) >= 0.5 * len(asked) else "words"
