"""Some cells of a data set with the values of some of its genes: what is asked of cells one by one, not of their means.

Both are bounded: at most :data:`MAX_CELLS` cells and :data:`MAX_GENES` genes, and cells times genes by
:data:`MAX_VALUES`; cells are drawn with a fixed seed.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
from scipy import sparse

from ugrn_core.data.column import MANY, MAX_LEVELS, Codes
from ugrn_core.data.containers.opened import open_cells
from ugrn_core.data.h5ad import SURVEY_SHARE, WRITING_SHARE, choose_matrix, layout_of
from ugrn_core.data.layout import OpenedFile
from ugrn_core.data.matrix import row_blocks
from ugrn_core.data.scale import as_read, log1p_values
from ugrn_core.errors import InputError
from ugrn_core.types import Progress, part_of

MAX_CELLS = 50_000
MAX_GENES = 3_000
MAX_VALUES = 16_000_000
"""Cells times genes: 128 MB where no value is 0."""
DRAW_SEED = 0


@dataclass(frozen=True)
class CellChoice:
    """What is read of a file: ``genes`` by their places among those of the file as it is read with ``layer`` and
    ``gene_column``; cells of the ``group`` (column, level) alone; the columns that say which cells belong together
    (``within``) and whom they are from (``donors``)."""

    genes: tuple[int, ...]
    layer: str | None = None
    gene_column: str | None = None
    group: tuple[str, str] | None = None
    within: str | None = None
    donors: str | None = None


@dataclass(frozen=True)
class CellValues:
    """``values`` (cell, gene) float32: log1p of values normalised to 10,000 a cell, or the file's own logarithms.

    ``rate`` (cell,) float32: share of all genes of the file that a cell shows. ``within`` and ``donors``: group and
    donor of every cell, None where none was asked for. ``n_cells``: those that were drawn from. ``notes``: sentences.
    """

    genes: tuple[str, ...]
    values: sparse.csr_matrix
    rate: np.ndarray
    within: Codes | None
    donors: Codes | None
    n_cells: int
    notes: tuple[str, ...] = ()

    def at_most(self, n: int) -> CellValues:
        """The same of ``n`` cells at most, drawn with a fixed seed and in their order."""
        if n >= self.values.shape[0]:
            return self
        rows = np.sort(np.random.default_rng(DRAW_SEED).permutation(self.values.shape[0])[:n])
        within, donors = (None if c is None else Codes(c.codes[rows], c.levels) for c in (self.within, self.donors))
        return replace(self, values=self.values[rows], rate=self.rate[rows], within=within, donors=donors)


def read_cell_values(file: Path | str | BinaryIO, choice: CellChoice, progress: Progress | None = None) -> CellValues:
    """The cells of a choice. A column that is not there, and a group without cells, are InputErrors.

    Two passes over the matrix. A file of unknown origin is read by
    :func:`ugrn_core.data.untrusted.read_untrusted_cells`.
    """
    if not choice.genes or len(choice.genes) > MAX_GENES:
        raise InputError(f"Cells are read for 1 to {MAX_GENES:,} genes, got {len(choice.genes):,}. Ask for fewer.")
    with open_cells(file, part_of(progress, 0.0, WRITING_SHARE)) as (opened, kind):
        layout = layout_of(opened, kind)
        progress = part_of(progress, WRITING_SHARE, 1.0) if kind else progress
        first, second = part_of(progress, 0.0, SURVEY_SHARE), part_of(progress, SURVEY_SHARE, 1.0)
        drawn, n_cells, columns, notes = _drawn(layout, choice)
        matrix, names, seen, _ = choose_matrix(layout, choice.layer, choice.gene_column, first)
        places = np.array(choice.genes)
        if places.min() < 0 or places.max() >= matrix.n_genes:
            raise InputError(f"The file has {matrix.n_genes:,} genes, not one numbered {int(places.max()) + 1:,}.")
        kept, rates = [], []
        for start, stored in row_blocks(matrix):
            block = as_read(stored, seen)
            stop = start + block.shape[0]
            rows = drawn[np.searchsorted(drawn, start) : np.searchsorted(drawn, stop)] - start
            some = log1p_values(block[rows], seen.units, seen.totals[start + rows])
            kept.append(some[:, places])
            rates.append(np.diff(some.indptr) / matrix.n_genes)
            if second:
                second(stop / layout.n_cells, f"{stop:,} of {layout.n_cells:,} cells read")
    values = sparse.vstack(kept, format="csr", dtype=np.float32)
    within, donors = (None if c is None else Codes(c.codes[drawn], c.levels) for c in columns)
    return CellValues(
        tuple(str(names[i]) for i in places),
        values,
        np.concatenate(rates).astype(np.float32),
        within,
        donors,
        n_cells,
        tuple(notes),
    )


def _drawn(layout: OpenedFile, choice: CellChoice) -> tuple[np.ndarray, int, list[Codes | None], list[str]]:
    """Places of the cells drawn, in order; how many they are drawn from; columns of groups and donors; notes."""
    wanted = np.ones(layout.n_cells, bool)
    if choice.group is not None:
        column, level = choice.group
        codes = _codes(layout, column)
        if level not in codes.levels:
            raise InputError(f"{column} has no level {level!r}. Choose from: {_some(codes.levels)}.")
        wanted = codes.codes == codes.levels.index(level)
    columns, notes = [], []
    for name in (choice.within, choice.donors):
        codes = None if name is None else _codes(layout, name)
        columns.append(codes)
        if codes is not None and (unlabelled := int((wanted & (codes.codes < 0)).sum())):
            notes.append(f"{unlabelled:,} cells without a label in {name} are left out.")
            wanted = wanted & (codes.codes >= 0)
    there = np.flatnonzero(wanted)
    if not len(there):
        raise InputError("No cell is left in these groups. Choose another group or column.")
    most = min(MAX_CELLS, MAX_VALUES // len(choice.genes))
    if len(there) > most:
        notes.append(
            f"{most:,} of {len(there):,} cells, drawn at random with a fixed seed, are looked at one by one: as many "
            f"as {len(choice.genes):,} genes leave room for."
        )
    drawn = np.sort(np.random.default_rng(DRAW_SEED).permutation(there)[:most])
    return drawn, len(there), columns, notes


def _codes(layout: OpenedFile, name: str) -> Codes:
    codes = layout.cells.levels(name) if name in layout.cells.columns else None
    if codes is None or codes is MANY:
        has = f"has no more than {MAX_LEVELS} levels" if codes is MANY else "says which cells belong together"
        raise InputError(f"There is no column {name!r} that {has}. The cells have: {_some(layout.cells.columns)}.")
    return codes


def _some(names: Sequence[str]) -> str:
    return (", ".join(names[:8]) + (", ..." if len(names) > 8 else "")) or "none"


def save_cell_values(cells: CellValues, folder: Path) -> None:
    """Write ``cells.json`` and ``cells.npz`` into an existing folder."""
    arrays = {"data": cells.values.data, "indices": cells.values.indices, "indptr": cells.values.indptr}
    arrays["rate"] = cells.rate
    facts: dict = {"genes": cells.genes, "n_cells": cells.n_cells, "notes": cells.notes}
    for name, codes in (("within", cells.within), ("donors", cells.donors)):
        facts[name] = None if codes is None else codes.levels
        if codes is not None:
            arrays[name] = codes.codes
    np.savez(folder / "cells.npz", allow_pickle=False, **arrays)
    (folder / "cells.json").write_text(json.dumps(facts), "utf-8")


def load_cell_values(folder: Path) -> CellValues:
    """Read what :func:`save_cell_values` wrote."""
    facts = json.loads((folder / "cells.json").read_text("utf-8"))
    with np.load(folder / "cells.npz", allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    parts = tuple(arrays[name] for name in ("data", "indices", "indptr"))
    values = sparse.csr_matrix(parts, shape=(len(arrays["indptr"]) - 1, len(facts["genes"])))
    within, donors = (
        None if facts[name] is None else Codes(arrays[name], tuple(facts[name])) for name in ("within", "donors")
    )
    genes, notes = tuple(facts["genes"]), tuple(facts["notes"])
    return CellValues(genes, values, arrays["rate"], within, donors, facts["n_cells"], notes)
