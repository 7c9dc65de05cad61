"""Sums over all cells and over every group of cells, block by block.

A column whose levels are unions of another one's levels (cell class and cell type, a name and its ontology id, the
donor's age and the donor) costs nothing: its sums are sums of the other's.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy import sparse

from ugrn_core.data.column import Codes

_PACKED = 2.0**22
"""Bins times this plus 1: of a million cells, the sum holds both sums exactly (bins below 2**26, cells below 2**21)."""
_LOOK = 2000
"""Cells on which most columns show that they are no unions of another one's levels."""


class GroupSums:
    """Sums of bins, of log1p values and of cells with a value, for each level of each column.

    Cost: about 4 ns a value and column. Memory: two float64 (level, gene).
    """

    def __init__(self, columns: Mapping[str, Codes], n_genes: int) -> None:
        self._columns = dict(columns)
        self._unions = unions(columns)
        summed = {name: (len(c.levels), n_genes) for name, c in columns.items() if name not in self._unions}
        self._packed = {name: np.zeros(shape) for name, shape in summed.items()}
        self._logs = {name: np.zeros(shape) for name, shape in summed.items()}

    def add(self, start: int, bins: sparse.csr_matrix, logs: sparse.csr_matrix) -> None:
        """Count in the block of cells that begins with cell ``start``; both (cell, gene), the same values filled."""
        packed = sparse.csr_matrix(
            (bins.data.astype(np.float64) * _PACKED + 1, bins.indices, bins.indptr), shape=bins.shape
        )
        doubles = sparse.csr_matrix((logs.data.astype(np.float64), logs.indices, logs.indptr), shape=logs.shape)
        for name in self._packed:
            codes, levels = self._columns[name]
            of_block = codes[start : start + bins.shape[0]]
            order = np.argsort(of_block, kind="stable")
            ends = np.searchsorted(of_block[order], np.arange(len(levels) + 1))
            order, ends = order[ends[0] :], ends - ends[0]  # cells of no level come first
            self._packed[name] += _merged(packed[order], ends)
            self._logs[name] += _merged(doubles[order], ends)

    def sums(self, name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Bins, log1p values and cells with a value, each (level, gene) float64."""
        if name in self._unions:
            finer, level = self._unions[name]
            n_levels = len(self._columns[name].levels)
            into = sparse.csr_matrix((np.ones(len(level)), (level, np.arange(len(level)))), (n_levels, len(level)))
            bins, logs, cells = self.sums(finer)
            return into @ bins, into @ logs, into @ cells
        bins = np.floor(self._packed[name] / _PACKED)
        return bins, self._logs[name], self._packed[name] - bins * _PACKED


def unions(columns: Mapping[str, Codes]) -> dict[str, tuple[str, np.ndarray]]:
    """For each column whose levels are unions of a finer one's: that one, and the level of each of its levels."""
    found: dict[str, tuple[str, np.ndarray]] = {}
    finest: list[str] = []
    for name in sorted(columns, key=lambda name: -len(columns[name].levels)):
        for finer in finest:
            level = _union(columns[name], columns[finer])
            if level is not None:
                found[name] = (finer, level)
                break
        else:
            finest.append(name)
    return found


def _union(column: Codes, finer: Codes) -> np.ndarray | None:
    """The level of the column that each level of the finer one belongs to, or None where one belongs to several."""
    for some in (slice(_LOOK), slice(None)):
        level = np.full(len(finer.levels) + 1, -1)
        level[finer.codes[some]] = column.codes[some]  # the last entry is that of cells of no level
        if (level[finer.codes[some]] != column.codes[some]).any() or level[-1] != -1:
            return None
    return None if (level[:-1] < 0).any() else level[:-1]


def _merged(rows: sparse.csr_matrix, ends: np.ndarray) -> np.ndarray:
    """Sums (level, gene) of consecutive rows, those of level i from ``ends[i]`` to ``ends[i + 1]``."""
    return sparse.csr_matrix((rows.data, rows.indices, rows.indptr[ends]), (len(ends) - 1, rows.shape[1])).toarray()
