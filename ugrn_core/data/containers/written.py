"""A matrix of cells, gathered on disk in any order and written as an h5ad file; memory is that of a part."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import h5py
import numpy as np

from ugrn_core.data.layout import MAX_CELLS, MAX_GENES
from ugrn_core.errors import DiskError, InputError

MAX_ENTRIES = 40_000_000
"""Values that are not 0; they take 12 bytes each while they are gathered and 8 more once they are in order."""
PART = 1_000_000
RANGE = 4_000_000
"""Entries that are put in order at once."""


Axis = tuple[Sequence[str], dict[str, Any]]
"""Names of cells or genes, and columns beside them by title: text, or arrays of numbers."""


class Entries:
    """Entries (cell, gene, value) of a matrix; zeros are left out."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._n, self._last, self._in_order = folder, 0, -1, True
        self._files: list[BinaryIO] = [(folder / name).open("w+b") for name in ("cells", "genes", "values")]
        self._waiting: list[tuple[np.ndarray, ...]] = []
        self._n_waiting = 0
        self._counts = np.zeros(0, np.int64)

    def add(self, cells: np.ndarray, genes: np.ndarray, values: np.ndarray) -> None:
        """More entries (entry,) by their places from 0; a place beyond the limits of the project is an InputError."""
        filled = values != 0
        if not filled.all():
            cells, genes, values = cells[filled], genes[filled], values[filled]
        if len(values):
            check_sizes(int(cells.max()) + 1, int(genes.max()) + 1)
            self._waiting.append((cells.astype(np.int32), genes.astype(np.int32), values.astype(np.float32)))
            self._n_waiting += len(values)
        if self._n_waiting >= PART:
            self._flush()

    def _flush(self) -> None:
        if not self._waiting:
            return
        cells, genes, values = (np.concatenate(each) for each in zip(*self._waiting, strict=True))
        self._waiting, self._n_waiting = [], 0
        self._n += len(values)
        if self._n > MAX_ENTRIES:
            raise InputError(
                f"The file holds more than {MAX_ENTRIES:,} values that are not 0, which is the most that is read as "
                "text. Keep fewer cells, or write it as h5ad with anndata."
            )
        self._in_order = self._in_order and cells[0] >= self._last and bool((np.diff(cells) >= 0).all())
        self._last = int(cells[-1])
        counts = np.bincount(cells, minlength=len(self._counts))
        counts[: len(self._counts)] += self._counts
        self._counts = counts
        try:
            for file, part in zip(self._files, (cells, genes, values), strict=True):
                file.write(part.tobytes())
        except OSError as error:
            raise no_room(self._folder) from error

    def write(self, file: h5py.File, n_cells: int, n_genes: int) -> int:
        """Write ``X``, CSR with the genes of a cell in order; how many entries name a cell and a gene again."""
        check_sizes(n_cells, n_genes)
        self._flush()
        ends = np.zeros(n_cells + 1, np.int64)
        ends[1 : len(self._counts) + 1] = self._counts
        ends = np.cumsum(ends)
        group = file.create_group("X")
        group.attrs.update({"encoding-type": "csr_matrix", "encoding-version": "0.1.0", "shape": (n_cells, n_genes)})
        group["indptr"] = ends
        data = group.create_dataset("data", (self._n,), np.float32)
        indices = group.create_dataset("indices", (self._n,), np.int32)
        repeated = first = 0
        while first < n_cells:
            stop = int(np.searchsorted(ends, ends[first] + RANGE, side="right")) - 1
            stop = min(n_cells, max(first + 1, stop))
            cells, genes, values = self._range(first, stop, int(ends[first]), int(ends[stop]))
            places = cells.astype(np.int64) * n_genes + genes
            order = np.argsort(places, kind="stable")
            repeated += int((np.diff(places[order]) == 0).sum())
            part = slice(int(ends[first]), int(ends[stop]))
            data[part], indices[part] = values[order], genes[order]
            first = stop
        return repeated

    def _range(self, first: int, stop: int, start: int, end: int) -> tuple[np.ndarray, ...]:
        """The entries of cells ``first`` to ``stop``, which lie from ``start`` to ``end`` once all are in order."""
        if self._in_order:
            return tuple(self._part(place, start, end) for place in range(3))
        kept = []
        for begin in range(0, self._n, PART):
            part = (begin, min(begin + PART, self._n))
            cells = self._part(0, *part)
            here = np.flatnonzero((cells >= first) & (cells < stop))
            if len(here):
                kept.append((cells[here], self._part(1, *part)[here], self._part(2, *part)[here]))
        if not kept:
            return np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.float32)
        return tuple(np.concatenate(each) for each in zip(*kept, strict=True))

    def _part(self, place: int, start: int, end: int) -> np.ndarray:
        file = self._files[place]
        file.seek(4 * start)
        return np.frombuffer(file.read(4 * (end - start)), np.float32 if place == 2 else np.int32)

    def close(self) -> None:
        """Let the files go."""
        for file in self._files:
            file.close()


def write_cells(
    folder: Path,
    entries: Entries,
    cells: Axis,
    genes: Axis,
) -> tuple[Path, int]:
    """An h5ad file in the folder, and the number of repeated entries."""
    path = folder / "cells.h5ad"
    try:
        with h5py.File(path, "w") as file:
            repeated = entries.write(file, len(cells[0]), len(genes[0]))
            _write_table(file, "obs", *cells)
            _write_table(file, "var", *genes)
    except OSError as error:
        raise no_room(folder) from error
    return path, repeated


def check_sizes(n_cells: int, n_genes: int) -> None:
    """More cells or genes than are read are an InputError."""
    for n, most, what in ((n_cells, MAX_CELLS, "cells"), (n_genes, MAX_GENES, "genes")):
        if n > most:
            raise InputError(f"The file has {n:,} {what}; at most {most:,} are read. Keep fewer of them.")


def no_room(folder: Path) -> DiskError:
    """What is said where the temporary folder is full, or the file would grow beyond its limit."""
    return DiskError(
        f"There is no room to put the cells in order: {shutil.disk_usage(folder).free >> 20:,} MB are free in the "
        "temporary folder, and UGRN_READ_MEMORY bounds each file there. Make room, set TMPDIR to a folder with more, "
        "or write the cells as h5ad with anndata."
    )


def _write_table(file: h5py.File, table: str, index: Sequence[str], columns: Mapping[str, Any]) -> None:
    group = file.create_group(table)
    group.attrs["_index"] = "_index"
    for name, values in {"_index": index, **columns}.items():
        numbers = isinstance(values, np.ndarray)
        data = values if numbers else [value.replace("\0", "") for value in values]
        name = name.replace("/", "_").replace("\0", "")[:1000]
        if name not in group and name not in ("", ".", "..", "__categories"):
            group.create_dataset(name, data=data, dtype=None if numbers else h5py.string_dtype())
