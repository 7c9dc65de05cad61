"""What is kept of a data set once its file is let go: mean profiles, detection, variability and a sample of cells."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from scipy import sparse

from ugrn_core.data.binning import bin_values
from ugrn_core.data.column import Codes
from ugrn_core.data.group_sums import GroupSums
from ugrn_core.data.layout import Matrix
from ugrn_core.data.matrix import row_blocks
from ugrn_core.data.scale import Survey, Units, as_read, log1p_values
from ugrn_core.errors import InputError
from ugrn_core.genes.lookup import Species
from ugrn_core.types import Progress

MAX_SAMPLE = 500
SAMPLE_SEED = 0
_ALL = ""
"""Stands for all cells among the columns of cells, whose names are not empty."""

_MEANS = ("bins", "log1p", "detection")


@dataclass(frozen=True)
class Profile:
    """Means over the cells of a group, each (gene,) float32.

    ``bins``: per-cell bins 0..50 (scGPT's binning of the values of that cell). ``log1p``: log1p of values normalised
    to 10,000 a cell, or the file's own logarithms. ``detection``: share of cells in which the gene is not 0.
    """

    n_cells: int
    bins: np.ndarray
    log1p: np.ndarray
    detection: np.ndarray


@dataclass(frozen=True)
class ExpressionData:
    """A data set as the project keeps it; genes are named as in the file (see :func:`ugrn_core.genes.resolve.resolve`).

    ``matrix`` is the name of the matrix that was read, ``units`` what its numbers are. ``groups[column][level]`` are
    the profiles of cell groups. ``variance`` (gene,) is that of the log1p values over all cells (population variance,
    the measure by which BEELINE ranks genes; Pratapa et al. 2020). ``sample`` (cell, gene) float32 are up to 500 cells
    in the units of the file, drawn with a fixed seed. ``notes`` are sentences for the user.
    """

    label: str
    genes: tuple[str, ...]
    species: Species | None
    matrix: str
    units: Units
    n_cells: int
    whole: Profile
    groups: dict[str, dict[str, Profile]]
    variance: np.ndarray
    sample: sparse.csr_matrix
    notes: tuple[str, ...]

    @cached_property
    def digest(self) -> str:
        """Hash (32 hex digits) of all that is asked of it but the sample: the same cells read in the same way."""
        found = hashlib.sha256()
        for text in (self.label, self.species, self.matrix, self.units, self.n_cells, self.genes):
            found.update(repr(text).encode("utf-8", "surrogatepass"))
        profiles = [(column, level, p) for column, levels in self.groups.items() for level, p in levels.items()]
        for column, level, profile in [("", "", self.whole), *profiles]:
            found.update(repr((column, level, profile.n_cells)).encode("utf-8", "surrogatepass"))
            for values in (profile.bins, profile.log1p, profile.detection):
                found.update(np.ascontiguousarray(values).tobytes())
        found.update(np.ascontiguousarray(self.variance).tobytes())
        return found.hexdigest()[:32]

    def profile(self, group: tuple[str, str] | None = None) -> Profile:
        """Profile of all cells, or of the group (column, level); an unknown one is an InputError."""
        if group is None:
            return self.whole
        column, level = group
        if column not in self.groups:
            raise InputError(f"{self.label} has no groups by {column!r}. Choose from: {_named(self.groups)}.")
        if level not in self.groups[column]:
            raise InputError(f"{column} has no level {level!r}. Choose from: {_named(self.groups[column])}.")
        return self.groups[column][level]


@dataclass(frozen=True)
class Summary:
    """Profiles of all cells and of groups, with variance and sample, as :class:`ExpressionData` holds them."""

    whole: Profile
    groups: dict[str, dict[str, Profile]]
    variance: np.ndarray
    sample: sparse.csr_matrix


def summarise(matrix: Matrix, seen: Survey, columns: dict[str, Codes], progress: Progress | None = None) -> Summary:
    """One pass over a matrix that is not scaled.

    Cost and memory: one sort of a block of values, and those of :class:`~ugrn_core.data.group_sums.GroupSums`.
    """
    n_cells, n_genes = matrix.shape[0], matrix.n_genes
    everyone = Codes(np.zeros(n_cells, np.int8), ("",))
    sums = GroupSums({_ALL: everyone, **columns}, n_genes)
    squares = np.zeros(n_genes)
    drawn = np.sort(np.random.default_rng(SAMPLE_SEED).permutation(n_cells)[:MAX_SAMPLE])
    kept = []
    for start, stored in row_blocks(matrix):
        block = as_read(stored, seen)
        rows = slice(start, start + block.shape[0])
        logs = log1p_values(block, seen.units, seen.totals[rows])
        sums.add(start, sparse.csr_matrix(bin_values(block)), logs)
        squares += np.bincount(logs.indices, weights=logs.data.astype(np.float64) ** 2, minlength=n_genes)
        kept.append(block[drawn[(drawn >= start) & (drawn < rows.stop)] - start])
        if progress:
            progress(rows.stop / n_cells, f"{rows.stop:,} of {n_cells:,} cells read")
    mean = sums.sums(_ALL)[1][0] / n_cells
    variance = np.maximum(squares / n_cells - mean**2, 0).astype(np.float32)
    groups = {name: dict(zip(c.levels, _profiles(sums, name, c), strict=True)) for name, c in columns.items()}
    return Summary(_profiles(sums, _ALL, everyone)[0], groups, variance, sparse.vstack(kept, format="csr"))


def _profiles(sums: GroupSums, name: str, column: Codes) -> list[Profile]:
    """Mean profiles of the levels of a column."""
    counts = np.bincount(column.codes[column.codes >= 0], minlength=len(column.levels))
    bins, logs, cells = ((total / counts[:, None]).astype(np.float32) for total in sums.sums(name))
    return [Profile(int(n), bins[i], logs[i], cells[i]) for i, n in enumerate(counts)]


def _named(options: dict[str, object] | dict, shown: int = 8) -> str:
    names = list(options)
    return (", ".join(names[:shown]) + (", ..." if len(names) > shown else "")) or "none"


def save_expression(data: ExpressionData, folder: Path) -> None:
    """Write ``expression.json`` and ``expression.npz`` into an existing folder."""
    profiles = [data.whole, *(p for levels in data.groups.values() for p in levels.values())]
    arrays = {name: np.stack([getattr(p, name) for p in profiles]) for name in _MEANS}
    sample = data.sample
    arrays |= {"variance": data.variance, "data": sample.data, "indices": sample.indices, "indptr": sample.indptr}
    np.savez(folder / "expression.npz", allow_pickle=False, **arrays)
    facts = {name: getattr(data, name) for name in ("label", "genes", "species", "matrix", "units", "n_cells", "notes")}
    facts["groups"] = {c: {level: p.n_cells for level, p in levels.items()} for c, levels in data.groups.items()}
    (folder / "expression.json").write_text(json.dumps(facts), "utf-8")


def load_expression(folder: Path) -> ExpressionData:
    """Read what :func:`save_expression` wrote."""
    facts = json.loads((folder / "expression.json").read_text("utf-8"))
    with np.load(folder / "expression.npz", allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    sizes = [facts["n_cells"], *(n for levels in facts["groups"].values() for n in levels.values())]
    profiles = iter([Profile(n, *(arrays[name][i] for name in _MEANS)) for i, n in enumerate(sizes)])
    parts = tuple(arrays[name] for name in ("data", "indices", "indptr"))
    shape = (len(arrays["indptr"]) - 1, len(facts["genes"]))
    return ExpressionData(
        label=facts["label"],
        genes=tuple(facts["genes"]),
        species=facts["species"],
        matrix=facts["matrix"],
        units=facts["units"],
        n_cells=facts["n_cells"],
        whole=next(profiles),
        groups={c: {level: next(profiles) for level in levels} for c, levels in facts["groups"].items()},
        variance=arrays["variance"],
        sample=sparse.csr_matrix(parts, shape=shape),
        notes=tuple(facts["notes"]),
    )
