"""What the numbers of a matrix are: counts, values on a linear scale, logarithms, or scaled values.

Nothing in a file says so reliably. Tested are, in this order: negative values; whole numbers; whether the cells have
one total once logarithms are undone, and otherwise as they stand; whether the values of a cell are multiples of its
smallest one, as in counts divided by the depth of the cell, once logarithms are undone or as they stand; whether values
lie at whole numbers or at one distance from them, as in counts corrected for ambient RNA. What is left is taken for
logarithms up to :data:`LARGEST_LOG`, and for linear beyond. The reading is always said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import sparse

from ugrn_core.data.layout import Matrix
from ugrn_core.data.matrix import row_blocks
from ugrn_core.errors import InputError
from ugrn_core.types import Progress

Units = Literal["counts", "linear", "log"]
Kind = Literal[
    "scaled", "yes or no", "counts", "fractional counts", "multiples", "normalised", "linear", "normalised logarithms",
    "logarithms of counts", "logarithms",
]  # fmt: skip

LARGEST_LOG = 25.0
"""No logarithm of an expression value is larger: log2 of a million transcripts is 20."""
SAME_TOTAL = 0.01
"""Cells whose totals vary by less than this share (standard deviation by mean) may have been normalised to one."""
EXACTLY_ONE_TOTAL = 1e-4
"""The same for sums of values that may be logarithms: those of metacells differ by a percent."""
NOISE = 0.01
"""Negative values of at most this share of the largest value, and of the sum of all values, are noise around zero."""
NEARLY_WHOLE = 1e-4
ALL_WHOLE = 0.99
SHARE_OF_WHOLE = 0.05
"""Logarithms and normalised values are whole numbers by chance only (0.8 % at most in the files this was tried on)."""
SHARE_OF_MULTIPLES = 0.9
ONE_FRACTION = 0.6
"""Length of the mean direction of fractional parts on a circle: 1 where all are one, up to 0.5 for logarithms."""
SIMILAR_FRACTION = 0.3
WILD = 3.0
"""Totals of antilogarithms that vary so many times as much as those of the values: the values are no logarithms."""
LOOKED_AT = 200
"""Cells whose values are compared with each other, evenly through the file."""

BASES = {"natural": np.e, "base 2": 2.0, "base 10": 10.0}
KINDS_OF_LOGARITHMS = ("normalised logarithms", "logarithms of counts", "logarithms")
KINDS_OF_COUNTS = ("yes or no", "counts", "fractional counts")


@dataclass(frozen=True)
class Survey:
    """One pass over a matrix: what its numbers are, and the total of each cell.

    ``totals`` (cell,) float64 are sums of the values as :func:`as_read` gives them. ``base`` is that of the logarithms
    (a key of :data:`BASES`), ``total`` the one all cells were normalised to. ``negatives`` counts values below zero,
    ``filled`` those that are not 0.
    """

    kind: Kind
    smallest: float
    largest: float
    totals: np.ndarray
    base: str = "natural"
    total: float | None = None
    negatives: int = 0
    filled: int = 0

    @property
    def scaled(self) -> bool:
        """Centred or scaled, so that neither ranks of expressed genes nor zeros are left."""
        return self.kind == "scaled"

    @property
    def units(self) -> Units:
        """Units of a matrix that is not scaled."""
        if self.kind in KINDS_OF_COUNTS:
            return "counts"
        return "log" if self.kind in KINDS_OF_LOGARITHMS else "linear"

    def sentences(self, name: str) -> list[str]:
        """What the numbers are taken for, and why; what is changed before they are used."""
        if self.scaled:
            return [f"{name} has negative values (down to {self.smallest:.3g}): it is scaled."]
        said = [f"{name} holds {self._words()}."]
        if self.negatives:
            many = f"{self.negatives:,} values of {name} are" if self.negatives > 1 else f"One value of {name} is"
            said.append(
                f"{many} slightly negative (down to {self.smallest:.3g}), as rounding or a correction leaves them, and "
                "taken for 0."
            )
        return said

    def _words(self) -> str:
        up_to = f"up to {self.largest:,.4g}"
        total = "" if self.total is None else f"{self.total:,.0f}" if self.total >= 100 else f"{self.total:.3g}"
        log, use = ("log1p", "used as they are")
        if self.base != "natural":
            log, use = f"log(x + 1) to {self.base}", "turned into natural logarithms"
        words: dict[Kind, str] = {
            "yes or no": "0 and 1 only (detected or not); they are used as counts",
            "counts": f"counts (whole numbers up to {self.largest:,.0f})",
            "fractional counts": f"corrected, estimated or rounded counts (not all whole, {up_to}); used as counts",
            "multiples": f"counts multiplied by a factor for each cell ({up_to}), on a linear scale",
            "normalised": f"values on a linear scale ({up_to}), of cells normalised to a total of {total}",
            "linear": f"normalised values on a linear scale ({up_to}; totals of cells differ)",
            "normalised logarithms": f"{log} values of cells normalised to a total of {total}; they are {use}",
            "logarithms of counts": f"{log} values of counts or shares (at most {self.largest:.3g}); they are {use}",
            "logarithms": f"values of at most {self.largest:.3g}, not whole: they are taken for logarithms and {use}",
        }
        return words[self.kind]


def survey(matrix: Matrix, genes: np.ndarray, progress: Progress | None = None) -> Survey:
    """Look at every value once; a value that is not a finite number is an InputError that names its gene."""
    seen = _Seen(matrix.shape[0])
    for start, block in row_blocks(matrix):
        if progress:
            stop = start + block.shape[0]
            progress(stop / matrix.shape[0], f"{stop:,} of {matrix.shape[0]:,} cells of {matrix.name} looked at")
        _check_finite(matrix.name, block, start, genes)
        seen.add(start, block)
    return seen.survey()


def as_read(block: sparse.csr_matrix, seen: Survey) -> sparse.csr_matrix:
    """A block (row, gene) float32 as it is used: noise below zero is 0, counts are whole, logarithms natural."""
    data = block.data
    if seen.negatives:
        data = np.maximum(data, 0)
    if seen.kind in ("counts", "yes or no"):
        data = np.rint(data)
    if seen.base != "natural":
        data = data * np.float32(np.log(BASES[seen.base]))
    used = sparse.csr_matrix((data, block.indices, block.indptr), shape=block.shape)
    if seen.negatives:
        used = used.copy()  # its places are those of the block
        used.eliminate_zeros()
    return used


def log1p_values(block: sparse.csr_matrix, units: Units, totals: np.ndarray) -> sparse.csr_matrix:
    """log1p of values normalised to 10,000 a cell; logarithms as they are. ``totals`` (row,) are those of the block."""
    if units == "log":
        return block
    per_row = np.repeat(1e4 / np.maximum(totals, 1e-12), np.diff(block.indptr))
    return sparse.csr_matrix(
        (np.log1p(block.data * per_row).astype(np.float32), block.indices, block.indptr), shape=block.shape
    )


class _Seen:
    """What is gathered over the blocks of a matrix; memory: four float64 a cell and the values of 200 cells."""

    def __init__(self, n_cells: int) -> None:
        self.smallest, self.largest, self.negatives, self.filled = 0.0, 0.0, 0, 0
        self.below, self.above, self.whole = 0.0, 0.0, True
        self.totals = np.zeros(n_cells)
        self.antilogs = {base: np.zeros(n_cells) for base in BASES}
        self.wanted = np.unique(np.linspace(0, n_cells - 1, LOOKED_AT).astype(int))
        self.cells: list[np.ndarray] = []

    def add(self, start: int, block: sparse.csr_matrix) -> None:
        if not block.nnz:
            return
        values = block.data
        self.filled += len(values)
        self.smallest, self.largest = min(self.smallest, float(values.min())), max(self.largest, float(values.max()))
        below = values[values < 0]
        self.negatives += len(below)
        self.below -= float(below.sum(dtype=np.float64))
        values = np.maximum(values, 0)
        self.above += float(values.sum(dtype=np.float64))
        self.whole = self.whole and bool(_nearly_whole(values[values > 0]).all())
        rows = slice(start, start + block.shape[0])
        self.totals[rows] = _sums(block, values)
        if self.largest <= LARGEST_LOG:
            for base, number in BASES.items():
                self.antilogs[base][rows] = _sums(block, _antilog(values, number))
        for row in self.wanted[(self.wanted >= rows.start) & (self.wanted < rows.stop)] - start:
            one = values[block.indptr[row] : block.indptr[row + 1]]
            self.cells.append(one[one > 0])

    def survey(self) -> Survey:
        kind, base, total = self._read()
        factor = np.log(BASES[base])
        totals = self.totals * factor
        return Survey(kind, self.smallest, self.largest, totals, base, total, self.negatives, self.filled)

    def _read(self) -> tuple[Kind, str, float | None]:
        """Kind, base of the logarithms, and the total of normalised cells."""
        if self.below > NOISE * self.above or -self.smallest > NOISE * self.largest:
            return "scaled", "natural", None
        if self.whole:
            return ("yes or no" if self.largest <= 1 else "counts"), "natural", None
        found = self._from_totals() or self._from_multiples()
        if found is not None:
            return found
        if _whole_share(self.cells) >= SHARE_OF_WHOLE or _one_fraction(self.cells) >= self._enough():
            return "fractional counts", "natural", None
        return ("logarithms" if self.largest <= LARGEST_LOG else "linear"), "natural", None

    def _enough(self) -> float:
        """How much alike fractional parts must be: less so where undoing logarithms makes the totals wild."""
        plain, undone = _spread(self.totals), min(map(_spread, self.antilogs.values()))
        return SIMILAR_FRACTION if plain > 0.1 and undone > WILD * plain else ONE_FRACTION

    def _from_totals(self) -> tuple[Kind, str, float | None] | None:
        plain = _spread(self.totals)
        if self.largest > LARGEST_LOG:
            return ("normalised", "natural", _mean(self.totals)) if plain < SAME_TOTAL else None
        spreads = {base: _spread(totals) for base, totals in self.antilogs.items()}
        base = min(spreads, key=spreads.__getitem__)
        if spreads[base] < min(SAME_TOTAL, plain / 2):
            return "normalised logarithms", base, _mean(self.antilogs[base])
        return ("normalised", "natural", _mean(self.totals)) if plain < EXACTLY_ONE_TOTAL else None

    def _from_multiples(self) -> tuple[Kind, str, float | None] | None:
        shares = {"": _multiples(self.cells)}
        for base, number in BASES.items() if self.largest <= LARGEST_LOG else ():
            undone = [_antilog(cell, number) for cell in self.cells]
            shares[base] = 1.0 if _whole_share(undone, 0.01) > ALL_WHOLE else _multiples(undone)
        best = max(shares, key=shares.__getitem__)
        if shares[best] < SHARE_OF_MULTIPLES:
            return None
        return ("logarithms of counts", best, None) if best else ("multiples", "natural", None)


def _check_finite(name: str, block: sparse.csr_matrix, start: int, genes: np.ndarray) -> None:
    finite = np.isfinite(block.data)
    if finite.all():
        return
    at = int(np.flatnonzero(~finite)[0])
    cell = start + int(np.searchsorted(block.indptr, at, side="right")) - 1
    raise InputError(
        f"{name} holds {'NaN' if np.isnan(block.data[at]) else 'an infinite value'} (gene "
        f"{genes[block.indices[at]]}, cell number {cell + 1:,}), expected numbers. Replace missing values, "
        "e.g. by 0, or choose another layer."
    )


def _antilog(values: np.ndarray, base: float) -> np.ndarray:
    return np.expm1(np.minimum(values, LARGEST_LOG) * np.log(base))


def _sums(block: sparse.csr_matrix, values: np.ndarray) -> np.ndarray:
    """Sums (row,) float64 of values in the places of those of the block."""
    return sparse.csr_matrix((values, block.indices, block.indptr), shape=block.shape).sum(axis=1, dtype=np.float64).A1


def _nearly_whole(values: np.ndarray, tolerance: float = NEARLY_WHOLE) -> np.ndarray:
    """Which positive values are whole numbers from 1 on, but for rounding."""
    whole = np.rint(values)
    return (whole >= 1) & (np.abs(values - whole) <= tolerance)


def _whole_share(cells: list[np.ndarray], tolerance: float = NEARLY_WHOLE) -> float:
    """Share of whole numbers among the values below 100: larger ones may be whole for want of digits."""
    values = np.concatenate([[], *cells])
    small = values[values < 100]
    return float(_nearly_whole(small, tolerance).mean()) if len(small) else 0.0


def _spread(totals: np.ndarray) -> float:
    """Standard deviation by mean of the totals of cells that are not empty.

    Of a single cell: how far its total is from a power of ten, which it is normalised to as a rule.
    """
    filled = totals[totals > 0]
    if not len(filled) or not np.isfinite(filled).all():
        return np.inf
    if len(filled) == 1:
        return float(abs(filled[0] / 10 ** np.rint(np.log10(filled[0])) - 1))
    return float(filled.std() / filled.mean())


def _mean(totals: np.ndarray) -> float:
    return float(totals[totals > 0].mean())


def _multiples(cells: list[np.ndarray]) -> float:
    """Share of the distinct values of a cell, up to 30 times its smallest, that are a multiple of it.

    The median over cells, of cells with three distinct values within that range and half of all values in it; 0 where
    fewer than half of the cells that are not empty have as many.
    """
    shares = []
    filled = [cell for cell in cells if len(cell)]
    for values in filled:
        ratio = values / values.min()
        near = ratio[ratio < 30]
        distinct = _distinct(near)
        if len(distinct) >= 3 and len(near) >= len(ratio) / 2:
            shares.append(float((np.abs(distinct - np.rint(distinct)) <= 0.01 * np.sqrt(distinct)).mean()))
    return float(np.median(shares)) if shares and len(shares) >= len(filled) / 2 else 0.0


def _distinct(ratios: np.ndarray) -> np.ndarray:
    """The distinct numbers among them, but for rounding."""
    ordered = np.sort(ratios)
    return ordered[np.diff(ordered, prepend=-np.inf) > 1e-3]


def _one_fraction(cells: list[np.ndarray]) -> float:
    """How much alike the fractional parts of values from 0.5 to the largest logarithm are, 0 to 1."""
    values = np.concatenate([[], *cells])
    near = values[(values >= 0.5) & (values <= LARGEST_LOG)]
    return float(np.abs(np.exp(2j * np.pi * near).mean())) if len(near) else 0.0
