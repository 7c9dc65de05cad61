"""A text as a table: its delimiter, its titles, and what each of its columns holds.

A text is a table when its lines, split at one and the same delimiter, have the same number of cells, two or more. Of
the delimiters that do so (tab, semicolon, bar, white space, comma) the first is taken whose cells hold no comma but a
decimal one. Blank lines and comments are no lines; a first line that is one cell short, as R writes it, is complete.

The first line is a title where it is told apart from the rest: a word that tables of genes are titled with, a word
above numbers, numbers above words, or words that are no genes above genes. A word that is a gene too (TF is
transferrin) does not make a title of a line of genes.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal

import numpy as np
import pandas as pd

from ugrn_core.errors import InputError
from ugrn_core.genes.spelled import ENSEMBL, LONGEST, latin_forms, names_inside, repeat_of, tidy
from ugrn_core.genes.tables import alias_key, everyday_names, former_symbols, human_symbols, mouse_genes
from ugrn_core.genes.text_lines import Lines, short
from ugrn_core.genes.titles import TITLES, title_key

Kind = Literal["number", "genes", "words", "empty"]

SAMPLE = 1_000
SAMPLE_CHARACTERS = 1_000_000
"""Lines by which delimiter, titles and kinds of columns are told, and how long they are together."""
MOST_COLUMNS = 100_000
LOOKED_UP = 200
"""Columns, and different cells of each, that are looked at for names of genes."""

ONE_SHORT = "\0"
"""What stands in front of a first line that is one cell short, until it is known to be one of titles."""
UNTITLED = "no title"
"""Name of a column without a title beside others that have one."""
GAPS = frozenset(("", "na", "nan", "n/a", "-inf", "inf", "null", "none", "-", "."))
NUMBER = re.compile(r"[+-]?(?:\d++(?:[.,]\d*+)?|[.,]\d++)(?:[eE][+-]?\d++)?%?")
_DECIMAL_COMMA = re.compile(r"[+-]?\d*+,\d++(?:[eE][+-]?\d++)?%?")
_LONGEST_NUMBER = 60

_WRAPPING = re.compile("[\"'`\u201c\u201d\u2018\u2019\\[\\]{}]")
_SEPARATOR_LINE = re.compile(r"sep=(.)", re.IGNORECASE)


@dataclass(frozen=True)
class Columns:
    """A table. ``names`` call its columns: their titles, numbers where they have none; ``kinds`` what they hold."""

    names: tuple[str, ...]
    titled: bool
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
        found = [(place[key], i) for i, name in enumerate(self.names) if (key := title_key(name)) in place]
        return [i for _, i in sorted(found) if self.titled and self.kinds[i] in ("genes", "words")]

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
        text = "\n".join(_ready(self.lines.texts, self.delimiter))
        try:
            frame = pd.read_csv(
                io.StringIO(text),
                sep=r"\s+" if self.delimiter == " " else self.delimiter,
                header=None,
                names=list(range(len(self.names))),
                dtype=str,
                na_filter=False,
                skipinitialspace=self.delimiter != " ",
                skip_blank_lines=False,
                engine="c",
            )
        except (pd.errors.ParserError, csv.Error, ValueError) as error:
            raise InputError(self._broken(str(error))) from error
        return pd.DataFrame({place: _bared(frame[column]) for place, column in enumerate(columns)})

    def _broken(self, error: str) -> str:
        found = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", error)
        if found:
            at = int(found[2]) - 1
            return (
                f"{self.lines.called(at)} has {int(found[3]):,} cells, expected {int(found[1]):,} as in those above "
                f"it: got {self.lines.quoted(at)}."
            )
        return (
            "The table ends inside a cell: a quotation mark is opened and not closed. Correct it, or leave out quotes."
        )


def _bared(column: pd.Series) -> np.ndarray:
    codes, cells = pd.factorize(column)
    return np.array([bare(cell) for cell in cells], dtype=object)[codes]


def bare(cell: str) -> str:
    """A cell without blanks, quotes and brackets around it; a spreadsheet's ``="SOX2"`` too."""
    return _WRAPPING.sub("", cell).strip(" \t\v\f,;").removeprefix("=").strip()


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
    texts = _sample(lines.texts)
    if not texts:
        return None
    split = {d: rows for d in (forced[1] if forced else "\t;| ,") if (rows := _even_rows(texts, d))}
    if "|" in split and not _is_title(split["|"][0], split["|"][1:]):
        del split["|"]  # ENSG00000181449|SOX2 is one name
    clean = [d for d, rows in split.items() if d == "\t" or (d != "," and _only_decimal_commas(rows))]
    delimiter = next(iter([*clean, *(d for d in (",", ";", "|", " ") if d in split)]), None)
    if delimiter is None or len(split[delimiter][0]) > MOST_COLUMNS:
        return None
    return _columns([[bare(cell) for cell in row] for row in split[delimiter]], lines, delimiter)


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
    names: list[str] = []
    times: Counter[str] = Counter()
    for j, cell in enumerate(rows[0]):
        title = (cell or UNTITLED) if titled else str(j + 1)
        times[title] += 1
        names.append(title if times[title] == 1 else f"{title} ({times[title]})")
    sample = tuple(tuple(row) for row in body)
    return Columns(tuple(names), titled, kinds, delimiter, sample, lines.after(1) if titled else lines)


def _even_rows(texts: list[str], delimiter: str) -> list[list[str]] | None:
    """Cells of all lines at a delimiter if these have the same number of cells, two or more, else None."""
    if delimiter != " " and not any(delimiter in text for text in texts[:2]):
        return None
    try:
        rows = list(csv.reader(_ready(texts, delimiter), delimiter=delimiter, skipinitialspace=True))
    except csv.Error:  # a cell of more than 131,072 characters
        return None
    widths = Counter(map(len, rows[1:] or rows))
    width = widths.most_common(1)[0][0]
    if len(rows) > 1 and len(rows[0]) + 1 == width:
        rows[0] = [ONE_SHORT, *rows[0]]
    if len(widths) > 1 or len(rows[0]) != width:
        rows = [_trimmed(row) for row in rows]
        width = len(rows[0])
    if width < 2 or any(len(row) != width for row in rows):
        return None
    return rows


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
    if any(k == "number" and not is_number(cell) and cell.lower() not in GAPS - {""} for cell, k in pairs):
        return True
    words = [cell for cell, k in pairs if k in ("genes", "words")]
    if words and all(map(is_number, words)):
        return True
    of_genes = [j for j, k in enumerate(kinds) if k == "genes"]
    alike = sum(genes[j] for j in of_genes)
    return len(below) > 2 and len(of_genes) > 1 and alike < len(of_genes) / 2 and _share(below, of_genes) >= 0.8


def _share(rows: Sequence[Sequence[str]], columns: list[int]) -> float:
    cells = [row[j] for row in rows[:LOOKED_UP] for j in columns if row[j].lower() not in GAPS]
    return sum(map(is_gene_like, cells)) / len(cells)


def _kind(cells: list[str], look_up: bool = True) -> Kind:
    filled = [cell for cell in cells if cell.lower() not in GAPS]
    if not filled:
        return "empty"
    if all(map(is_number, filled)):
        return "number"
    asked = list(dict.fromkeys(filled))[:LOOKED_UP]
    return "genes" if look_up and sum(map(is_gene_like, asked)) >= 0.5 * len(asked) else "words"
