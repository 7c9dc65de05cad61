"""A sparse matrix as text (Matrix Market) beside the names of its genes and cells, as 10x and others write it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ugrn_core.data.containers.streams import beginning
from ugrn_core.data.containers.table import MAX_LINE, lines_of, rows_of
from ugrn_core.data.containers.written import Entries, check_sizes, write_cells
from ugrn_core.data.gene_names import known_share
from ugrn_core.data.other_hdf5 import SAMPLE, sample_of
from ugrn_core.errors import InputError

ENTRIES_A_PART = 500_000
FIELDS = ("integer", "unsigned-integer", "real", "double")
"""Kinds of numbers, as scipy and others call them."""
MAX_TYPES = 50
"""Different words in a column of features.tsv that says what a feature is."""


class Names(NamedTuple):
    """A list of names with further columns, each (row,); ``titles`` is empty where the list has none."""

    columns: list[list[str]]
    titles: list[str]


def write_mtx(
    matrix: io.BufferedReader, genes: io.BufferedReader, cells: io.BufferedReader, folder: Path
) -> tuple[Path, str]:
    """An h5ad file in the folder, and words on how the matrix was stored.

    Rows are genes, as 10x writes them, unless only the turned matrix fits the names.
    """
    n_rows, n_columns, n_entries = _sizes(matrix)
    check_sizes(*(sorted((n_rows, n_columns), reverse=True)))
    sizes = {n_rows, n_columns}
    of_genes, of_cells = read_names(genes, "genes", sizes), read_names(cells, "cells", sizes)
    n_genes, n_cells = len(of_genes.columns[0]), len(of_cells.columns[0])
    turned = (n_rows, n_columns) != (n_genes, n_cells)
    if turned and (n_rows, n_columns) != (n_cells, n_genes):
        raise InputError(
            f"The matrix has {n_rows:,} rows and {n_columns:,} columns, but {n_genes:,} genes and {n_cells:,} cells "
            "are named. Give the three files of one matrix."
        )
    entries, seen = Entries(folder), 0
    try:
        for rows, columns, values in _entries(matrix):
            if ((rows < 1) | (rows > n_rows) | (columns < 1) | (columns > n_columns)).any():
                raise InputError(
                    f"The matrix has an entry outside its {n_rows:,} rows and {n_columns:,} columns: it is damaged. "
                    "Export it again."
                )
            seen += len(values)
            entries.add(*((rows - 1, columns - 1) if turned else (columns - 1, rows - 1)), values)
        if seen != n_entries:
            raise InputError(
                f"The matrix announces {n_entries:,} entries and has {seen:,}: it is cut off or was joined with "
                "another. Copy it again."
            )
        path, _ = write_cells(folder, entries, (of_cells.columns[0], _groups(of_cells)), _of_genes(of_genes))
    finally:
        entries.close()
    return path, f"a matrix.mtx ({'cells' if turned else 'genes'} in rows) with its names"


def read_names(stream: io.BufferedReader, what: str, sizes: set[int]) -> Names:
    """Names of genes or cells; a first row that is one too many for both ``sizes`` of the matrix is one of titles."""
    lines = list(rows_of(lines_of(stream), _separator(stream)))
    if not lines:
        raise InputError(f"The list of {what} is empty. Give one name a line.")
    width = max(len(row) for _, row in lines)
    titles = lines.pop(0)[1] if len(lines) not in sizes and len(lines) - 1 in sizes else []
    for number, row in lines:
        if len(row) != width:
            raise InputError(
                f"Line {number:,} of the list of {what} has {len(row)} fields, others have {width}. Export it anew."
            )
    columns = [list(column) for column in zip(*(row for _, row in lines), strict=True)] or [[]]
    if titles:
        one_short = len(titles) == width - 1  # as R writes it: no title over the names
        titles = ["", *titles] if one_short else [*titles, *(f"column {i + 1}" for i in range(len(titles), width))]
        if not titles[0] and _are_row_numbers(columns):
            del columns[0], titles[0]
    return Names(columns, titles)


def _are_row_numbers(columns: list[list[str]]) -> bool:
    """Whether the first column numbers the rows, and the names are in the second: they are mostly different ones."""
    return len(columns) > 1 and all(map(str.isdecimal, columns[0])) and 2 * len(set(columns[1])) > len(columns[1])


def _separator(stream: io.BufferedReader) -> str:
    first, *_ = beginning(stream).splitlines() or [b""]
    return "\t" if b"\t" in first or b"," not in first else ","


def _of_genes(genes: Names) -> tuple[list[str], dict[str, list[str]]]:
    """Index and columns of the genes, by the names that they have in 10x files where they have no titles."""
    more = dict(zip(genes.titles[1:], genes.columns[1:], strict=False))
    if not genes.titles:
        for i, column in enumerate(genes.columns[1:], 2):
            types = len(set(column)) <= MAX_TYPES and not known_share(column)
            name = "feature_types" if types else "gene_symbols"
            more[f"column {i}" if name in more else name] = column
    return genes.columns[0], more


def _groups(cells: Names) -> dict[str, list[str]]:
    """Columns beside the barcodes; of barcodes alone the samples that they name, where these are several."""
    titles = cells.titles or [f"column {i + 1}" for i in range(len(cells.columns))]
    groups = dict(zip(titles[1:], cells.columns[1:], strict=True))
    samples = [] if groups else [sample_of(barcode) for barcode in cells.columns[0]]
    return {SAMPLE: samples} if len(set(samples)) > 1 and all(samples) else groups


def _sizes(matrix: io.BufferedReader) -> tuple[int, int, int]:
    """Rows, columns and entries, after the header."""
    header = matrix.readline(MAX_LINE).decode("ascii", "replace").lower().split()
    if header[:2] != ["%%matrixmarket", "matrix"] or len(header) != 5:
        raise InputError(
            f"The matrix begins with {' '.join(header)[:60]!r}, expected '%%MatrixMarket matrix coordinate integer "
            "general'. Export it again."
        )
    layout, field, symmetry = header[2:]
    if (layout, symmetry) != ("coordinate", "general") or field not in FIELDS:
        raise InputError(
            f"The matrix is {layout} {field} {symmetry}, expected coordinate integer (or real) general: counts of "
            "genes in cells. Write it with scipy.io.mmwrite from a sparse matrix."
        )
    lines = iter(lambda: matrix.readline(MAX_LINE), b"")
    words = next((line.split() for line in lines if line.strip() and not line.startswith(b"%")), [])
    if len(words) != 3 or not all(word.isdigit() and len(word) < 16 for word in words):
        raise InputError("The matrix does not say how many rows, columns and entries it has: it is damaged.")
    n_rows, n_columns, n_entries = map(int, words)
    return n_rows, n_columns, n_entries


def _entries(matrix: io.BufferedReader) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Rows and columns from 1, and values, in parts."""
    import pandas as pd

    types = {"row": np.int64, "column": np.int64, "value": np.float64}
    try:
        parts = pd.read_csv(
            matrix,
            sep=r"\s+",
            header=None,
            names=list(types),
            index_col=False,
            dtype=types,
            quoting=csv.QUOTE_NONE,
            comment="%",
            chunksize=ENTRIES_A_PART,
            encoding="latin-1",
        )
        for part in parts:
            with np.errstate(over="ignore"):
                yield part["row"].to_numpy(), part["column"].to_numpy(), part["value"].to_numpy().astype(np.float32)
    except pd.errors.EmptyDataError:
        return
    except (ValueError, OverflowError, pd.errors.ParserError) as error:
        raise InputError(
            f"The entries of the matrix cannot be read ({str(error).strip()[:120]}): expected a row, a column and a "
            "number on each line. Export it again."
        ) from error
