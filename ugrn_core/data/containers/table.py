"""A table of cells as text: genes or cells in rows, or an entry a row; which it is, the names of genes tell.

Columns of text beside the numbers are groups of cells where cells are in rows, and further names of genes where genes
are. The delimiter is the one that gives even rows.
"""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import io
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from ugrn_core.data.containers.streams import beginning
from ugrn_core.data.containers.written import Axis, Entries, check_sizes, write_cells
from ugrn_core.data.gene_names import known_share
from ugrn_core.errors import InputError
from ugrn_core.genes.columns import GAPS
from ugrn_core.genes.commas import Commas
from ugrn_core.genes.spelled import ENSEMBL
from ugrn_core.genes.titles import GENE_TITLES, title_key

MAX_LINE = 64_000_000
"""Characters of one line: the names of a million cells."""
MAX_NAME = 1000
HEAD_ROWS = 1000
HEAD_FIELDS = 2_000_000
"""Rows, and fields, that are looked at before it is decided what the table is."""
MANY = 20
"""Columns of numbers from which on a table of unknown purpose is one of cells."""
LEAST_KNOWN = 0.05
"""Share of known genes among names of genes; such lists begin with clones and transcripts that nobody named."""
CELL_TITLES = frozenset(
    {"cell", "cells", "cellid", "cellids", "cellbarcode", "cellname", "barcode", "barcodes", "cb", "sample", "sampleid"}
    | {"obs", "obsnames", "spot", "well"}
)
VALUE_TITLES = frozenset(
    {"count", "counts", "umi", "umis", "umicount", "umicounts", "numi", "value", "expression", "reads", "readcount"}
    | {"rawcount", "n", "x", "tpm", "cpm"}
)
TALL_TITLES = (CELL_TITLES, frozenset({*GENE_TITLES, "featureid"}), VALUE_TITLES)
ABOUT_CELLS = re.compile(
    r"n_?(counts?|umis?|features?|genes?)(_\w+)?|total_counts(_\w+)?|(log1p_\w+)|age|p?ann_[\w.]+|\w*doublet\w*"
    r"|pct_counts(_\w+)?|percent[._]?mito?\w*|percent[._]\w+|s_score|g2m_score|phase|leiden\w*|louvain\w*|clusters?"
    r"|seurat_clusters|\w*_snn_res\.[\d.]+|(x_)?(umap|tsne|pca?|dim)[_-]\d+|pseudotime|batch|donor|size_?factors?",
    re.IGNORECASE,
)
"""Columns of numbers that are about cells, not genes."""
ABOUT_GENES = re.compile(
    r"chr(om(osome)?)?|seq_?names?|start|end|strand|width|(gene_?|effective_?)?length|gc(_?content)?|n_cells(_\w+)?"
    r"|(mean|total|pct_dropout_by)_counts|means?|variances?(_norm)?|dispersions?(_norm)?|highly_variable\w*",
    re.IGNORECASE,
)
"""Columns beside the cells that are about genes."""
LARGE, ENOUGH_GENES = 0.25, 100
"""A column that no gene is named like and that holds so much of what all others hold in most cells is about cells,
where there are so many columns of numbers: a total of counts by whatever name."""

Line = tuple[int, list[str]]


@dataclasses.dataclass(frozen=True)
class Shape:
    """What the first rows of a table tell: which columns are numbers and which text; titles, where there are some.

    ``commas`` are of all numbers read so far.
    """

    titles: list[str]
    numbers: list[int]
    text: list[int]
    comma: bool
    width: int
    commas: Commas = dataclasses.field(default_factory=Commas, compare=False)


def write_table(stream: io.BufferedReader, folder: Path) -> tuple[Path, str]:
    """An h5ad file in the folder, and words on what the table is."""
    rows, head, shape = _opened(stream)
    entries = Entries(folder)
    try:
        tall = _tall(head, shape)
        if tall is not None:
            return _write_tall(rows, shape, tall, entries, folder)
        return _write_wide(rows, head, shape, entries, folder)
    finally:
        entries.close()


def holds_cells(stream: io.BufferedReader) -> bool:
    """Whether a text file of unknown purpose holds cells, and is no list of genes: from its first rows."""
    try:
        shape = _opened(stream, 3)[-1]
    except InputError:
        return False
    titles = {title_key(title) for title in shape.titles}
    tall = len(shape.numbers) < MANY and all(titles & of for of in TALL_TITLES)
    return tall or (len(shape.numbers) >= MANY and len(shape.numbers) >= len(shape.text))


def lines_of(stream: io.BufferedReader) -> Iterator[str]:
    """Lines of text in the encoding that its first bytes tell; what is not text is an InputError."""
    start = beginning(stream)
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif b"\0" in start:
        raise InputError(
            "The file is neither HDF5 nor an archive nor text; expected cells as h5ad, 10x h5, loom, matrix.mtx with "
            "its names, or a table."
        )
    else:
        encoding = "utf-8-sig"
    text = io.TextIOWrapper(stream, encoding, errors="replace")
    try:
        while line := text.readline(MAX_LINE):
            if len(line) == MAX_LINE:
                raise InputError(
                    f"A line of the file is longer than {MAX_LINE:,} characters. Give a table with line ends."
                )
            yield line
    finally:
        with contextlib.suppress(ValueError):  # closed already
            text.detach()  # or the stream is closed with it


def rows_of(lines: Iterable[str], delimiter: str) -> Iterator[Line]:
    """(number of the row, fields) of the rows that are not blank."""
    try:
        for number, row in enumerate(csv.reader(lines, delimiter=delimiter, skipinitialspace=delimiter == " "), 1):
            if any(row):
                yield number, row
    except csv.Error as error:
        raise InputError(f"The table cannot be read ({error}): a quote is not closed, or a field too long.") from error


def _opened(stream: io.BufferedReader, at_most: int = HEAD_ROWS) -> tuple[Iterator[Line], list[Line], Shape]:
    """All rows below the titles, the first of them, and what those tell."""
    lines = (line for line in lines_of(stream) if line.strip())
    some = list(itertools.islice(lines, 3))
    while some and some[0].startswith("#") and _delimiter(some) is None:  # a comment
        some = [*some[1:], *itertools.islice(lines, 1)]
    delimiter = _delimiter(some)
    if delimiter is None:
        raise InputError(
            "The file is text and no table of cells: no delimiter (tab, comma, semicolon, space) gives even rows of "
            f"two fields or more. It begins with {''.join(some[:1]).strip()[:60]!r}."
        )
    rows = rows_of(itertools.chain(some, lines), delimiter)
    head: list[Line] = []
    fields = 0
    for row in rows:
        head.append(row)
        fields += len(row[1])
        if len(head) > at_most or (fields > HEAD_FIELDS and len(head) > 1):  # the titles tell nothing alone
            break
    shape = _shape(head, delimiter)
    if shape.titles:
        del head[0]
    return itertools.chain(head, rows), head, shape


def _delimiter(lines: Sequence[str]) -> str | None:
    """The delimiter by which the lines have most fields, all the same number; titles may be one short, as in R, unless
    they begin as a comment does."""
    best, most = None, 1
    for delimiter in "\t;, ":
        try:
            widths = [len(row) for _, row in rows_of((line.strip("\r\n") for line in lines), delimiter)]
        except InputError:
            continue
        if len(set(widths[1:])) != 1 or widths[1] <= most:
            continue
        if widths[0] == widths[1] or (widths[0] == widths[1] - 1 and not lines[0].startswith("#")):
            best, most = delimiter, widths[1]
    return best


def _shape(head: list[Line], delimiter: str) -> Shape:
    width = len(head[1][1])
    comma = delimiter != ","
    titles = head[0][1] if len(head[0][1]) == width else ["", *head[0][1]]
    sample = [row for _, row in head[1:21] if len(row) == width]
    columns = list(zip(*sample, strict=True))
    there = [i for i in range(width) if titles[i] or any(columns[i])]
    numbers = [i for i in there if all(_is_number(c, comma) or _is_gap(c) for c in columns[i]) and any(columns[i])]
    named = any(not _is_number(titles[i], comma) for i in numbers)
    named |= title_key(titles[0]) in {"", "index", "id", "name", *CELL_TITLES, *GENE_TITLES}
    if numbers and numbers[0] == 0 and named and title_key(titles[0]) in {"", "unnamed0", "index"} | CELL_TITLES:
        del numbers[0]  # numbers of rows
    text = [i for i in there if i not in set(numbers)]
    return Shape(titles if named else [], numbers, text, comma, width)


def _tall(head: list[Line], shape: Shape) -> tuple[int, int, int] | None:
    """The columns of cell, gene and value where a row is one entry, else None."""
    places = [*shape.text, *shape.numbers]
    titled = [[i for i in places if shape.titles and title_key(shape.titles[i]) in of] for of in TALL_TITLES]
    if all(len(found) == 1 for found in titled) and titled[2][0] in shape.numbers and len(shape.numbers) < MANY:
        return titled[0][0], titled[1][0], titled[2][0]
    if len(shape.numbers) != 1 or len(shape.text) != 2:
        return None
    columns = [[row[i] for _, row in head if len(row) == shape.width] for i in shape.text]
    shares = [known_share(column) for column in columns]
    if min(shares) >= LEAST_KNOWN and 2 * min(shares) > max(shares):
        return None  # two names of a gene, and one cell
    if all(2 * len(set(column)) > len(column) for column in columns):
        raise InputError(
            "The table has two columns of names and one of numbers: one cell, or an entry a row? Name the columns "
            "cell, gene and count in the first row where each row is an entry."
        )
    gene = int(shares[1] > shares[0])
    return shape.text[1 - gene], shape.text[gene], shape.numbers[0]


def _write_tall(
    rows: Iterator[Line], shape: Shape, tall: tuple[int, int, int], entries: Entries, folder: Path
) -> tuple[Path, str]:
    cells: dict[str, int] = {}
    genes: dict[str, int] = {}
    while batch := list(itertools.islice(rows, HEAD_FIELDS // 10)):
        of_cells, of_genes = (
            np.array([known.setdefault(_field(row, i, shape), len(known)) for row in batch], np.int64)
            for known, i in ((cells, tall[0]), (genes, tall[1]))
        )
        entries.add(of_cells, of_genes, np.concatenate([_values(row, shape, [tall[2]]) for row in batch]))
        check_sizes(len(cells), len(genes))
    shape.commas.check("table")
    path, repeated = write_cells(folder, entries, (list(cells), {}), (list(genes), {}))
    if repeated:
        raise InputError(
            f"{repeated:,} rows of the table name a cell and a gene that another row has named. Add them up first, "
            "e.g. table.groupby(['cell', 'gene'], as_index=False).sum()."
        )
    cell, gene, value = (_title(shape, i) for i in tall)
    unread = [shape.titles[i] for i in range(shape.width) if shape.titles and i not in tall and shape.titles[i]]
    more = f"; not read: {', '.join(unread[:8])}" if unread else ""
    return path, f"a table with an entry a row (cell: {cell}, gene: {gene}, value: {value}{more})"


def _write_wide(
    rows: Iterator[Line], head: list[Line], shape: Shape, entries: Entries, folder: Path
) -> tuple[Path, str]:
    turned = _genes_in_rows(head, shape)
    _check_text(head, shape, turned)
    about = _about(head, shape, turned)
    numbers = [i for i in shape.numbers if i not in set(about)]
    check_sizes(*((len(numbers), 1) if turned else (1, len(numbers))))
    named = [shape.titles[i] if shape.titles else f"cell {n}" for n, i in enumerate(numbers, 1)]
    texts: list[list[str]] = [[] for _ in shape.text]
    facts: list[list[float]] = [[] for _ in about]
    n_rows = 0
    for place, row in enumerate(rows):
        n_rows = place + 1
        values = _values(row, shape, numbers)
        here = np.flatnonzero(values)
        there = np.full(len(here), place)
        entries.add(*((here, there) if turned else (there, here)), values[here])
        for fact, i in zip(facts, about, strict=True):
            fact.append(_number(row[1][i], row[0], i, shape))
        for column, i in zip(texts, shape.text, strict=True):
            column.append(row[1][i])
            if len(row[1][i]) > MAX_NAME:
                raise InputError(f"Row {row[0]:,} has a name of {len(row[1][i]):,} characters. Leave out texts.")
        check_sizes(*((1, n_rows) if turned else (n_rows, 1)))
    shape.commas.check("table")
    titles = [shape.titles[i] if shape.titles else f"column {i + 1}" for i in shape.text]
    by_row = _index(texts, titles, n_rows, turned)
    by_row[1].update({shape.titles[i]: np.array(fact) for i, fact in zip(about, facts, strict=True)})
    by_column: Axis = (named, {})
    path, _ = write_cells(folder, entries, *((by_column, by_row) if turned else (by_row, by_column)))
    if turned:
        told = f"; about genes: {', '.join(shape.titles[i] for i in about)}" if about else ""
        return path, f"a table with a gene a row and a cell a column{told}"
    told = f"; about cells: {', '.join(by_row[1])}" if by_row[1] else ""
    return path, f"a table with a cell a row and a gene a column{told}"


def _about(head: list[Line], shape: Shape, turned: bool) -> list[int]:
    """Columns of numbers that are facts of the rows, and no expression."""
    if not shape.titles:
        return []
    titled = ABOUT_GENES if turned else ABOUT_CELLS
    about = {i for i in shape.numbers if titled.fullmatch(shape.titles[i])}
    if not turned and len(shape.numbers) >= ENOUGH_GENES:
        left = [i for i in shape.numbers if i not in about]
        sample = np.stack([_values(line, shape, left) for line in head])
        others = np.nansum(sample, axis=1, keepdims=True) - sample
        large = (sample > LARGE * others).mean(axis=0) > 0.5
        about |= {i for i, much in zip(left, large, strict=True) if much and not known_share([shape.titles[i]])}
    return sorted(about)


def _check_text(head: list[Line], shape: Shape, turned: bool) -> None:
    """An InputError where a column of expression was taken for text, for a field of it that is no number."""
    for i in shape.text:
        title = shape.titles[i] if shape.titles else ""
        there = [(number, row[i]) for number, row in head if len(row) == shape.width and not _is_gap(row[i])]
        good = sum(_is_number(field, shape.comma) for _, field in there)
        expression = not ABOUT_GENES.fullmatch(title) if turned else bool(title) and known_share([title]) > 0
        if expression and 2 * good > len(there):
            for number, field in there:
                _number(field, number, i, shape)


def _genes_in_rows(head: list[Line], shape: Shape) -> bool:
    """Whether genes are in rows and not in columns, which their names tell; an InputError where they do not."""
    names = [shape.titles[i] for i in shape.numbers] if shape.titles else []
    columns = known_share(names)
    labels = [[row[i] for _, row in head if len(row) == shape.width] for i in shape.text]
    shares = list(map(known_share, labels))
    rows = max(shares, default=0.0)
    named = [i for i, share in enumerate(shares) if share >= LEAST_KNOWN and 2 * share > rows]
    if rows > columns and sum(not any(map(ENSEMBL.fullmatch, labels[i])) for i in named) > 1:
        raise InputError("Each row of the table names two genes: it is a list of edges, expected cells.")
    if not shape.numbers or max(rows, columns) < LEAST_KNOWN:
        raise InputError(
            f"The table names no known genes, neither in rows ({', '.join([*labels, []][0][:3])[:80] or 'nothing'}) "
            f"nor over columns of numbers ({', '.join(names[:3])[:80] or 'nothing'}); expected symbols or Ensembl ids "
            "of human or mouse in one of them."
        )
    if max(rows, columns) < 2 * min(rows, columns):
        raise InputError(
            "Rows and columns of the table are both named like genes; expected genes in one and cells in the other."
        )
    return columns < rows


def _title(shape: Shape, place: int) -> str:
    return repr(shape.titles[place]) if shape.titles else f"column {place + 1:,}"


def _index(columns: list[list[str]], titles: list[str], n_rows: int, genes: bool) -> Axis:
    """Names of the rows, and the other columns of text; rows that nothing names are numbered."""
    first = bool(columns) and (genes or title_key(titles[0]) in CELL_TITLES | {"", "index", "unnamed0"})
    if columns and (first or len(set(columns[0])) == n_rows):
        return columns[0], dict(zip(titles[1:], columns[1:], strict=False))
    return [str(i + 1) for i in range(n_rows)], dict(zip(titles, columns, strict=False))


def _values(row: Line, shape: Shape, places: list[int]) -> np.ndarray:
    """Numbers (place,) float32 of a row, NaN where there is none."""
    number, fields = row
    if len(fields) != shape.width:
        raise InputError(
            f"Row {number:,} of the table has {len(fields):,} fields, expected {shape.width:,} as above. Export it "
            "anew."
        )
    taken = [fields[i] for i in places]
    with np.errstate(over="ignore"):
        try:
            return np.array(taken, np.float64).astype(np.float32)
        except ValueError:
            return np.array([_number(f, number, i, shape) for f, i in zip(taken, places, strict=True)], np.float32)


def _number(field: str, row: int, place: int, shape: Shape) -> float:
    if _is_gap(field):
        return np.nan
    if not _is_number(field, shape.comma):
        raise InputError(
            f"Row {row:,} of the table holds {field[:40]!r} in {_title(shape, place)[:60]}, expected a number."
        )
    shape.commas.see(field)
    return float(field.replace(",", ".") if shape.comma else field)


def _field(row: Line, place: int, shape: Shape) -> str:
    number, fields = row
    if len(fields) != shape.width or not fields[place] or len(fields[place]) > MAX_NAME:
        raise InputError(
            f"Row {number:,} of the table has {len(fields):,} fields or no name, expected {shape.width:,} fields with "
            "a cell, a gene and a number."
        )
    return fields[place]


def _is_number(field: str, comma: bool) -> bool:
    try:
        float(field.replace(",", ".") if comma else field)
    except ValueError:
        return False
    return not _is_gap(field) and "_" not in field


def _is_gap(field: str) -> bool:
    return field.strip().lower() in GAPS | {"<na>"}
