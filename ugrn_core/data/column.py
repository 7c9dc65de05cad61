"""One column of a table of cells or genes, read in parts: memory is bounded whatever the column holds."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, TypeGuard

import h5py
import numpy as np

from ugrn_core.data.hdf5 import read
from ugrn_core.errors import InputError

MAX_LEVELS = 200
"""A column of cells with 2 to this many levels is offered as groups."""
MAX_NAME = 1000
"""Characters of the longest name of a level; what is longer is no name."""
MAX_FRACTIONS = 20
"""The same for numbers that are not all whole, such as days."""
CELLS_A_NUMBER = 2
"""Numbers that are met in so many cells on average are taken for groups, others for measurements."""
PART_BYTES = 4 << 20
PART_ROWS = 20_000
MAX_TEXT = 64 << 20
"""Characters of a column that is kept as text."""


class Codes(NamedTuple):
    """A column of categories: codes (row,), -1 for none, and the levels they stand for."""

    codes: np.ndarray
    levels: tuple[str, ...]


MANY = Codes(np.zeros(0, np.int16), ())
"""Levels of a column that has too many."""


@dataclass(frozen=True)
class Column:
    """A column as it is stored: values with a mask where there are none, or the codes of categories.

    ``field`` is set for a column of a compound data set.
    """

    values: h5py.Dataset
    field: str | None = None
    categories: h5py.Dataset | None = None
    mask: h5py.Dataset | None = None

    @property
    def dtype(self) -> np.dtype:
        return self.values.dtype if self.field is None else self.values.dtype[self.field]

    def is_text(self) -> bool:
        """Whether the column holds text or categories."""
        return self.categories is not None or _is_text(self.dtype)

    def text(self) -> np.ndarray:
        """The column as text, (row,) object; numbers are written out, what is missing is empty."""
        if self.categories is not None:
            levels = _all_text(_parts(self.categories), str(self.categories.name))
            if len(set(levels)) != len(levels):
                raise _misfit(self.categories, "names a category twice")
            codes = np.concatenate([np.zeros(0, np.int64), *self._codes()])
            return np.array([*levels, ""], dtype=object)[codes]
        return np.array(_all_text(self._masked(), str(self.values.name)), dtype=object)

    def some_text(self, at_most: int) -> tuple[str, ...]:
        """Entries as text, evenly through a column that is no column of categories."""
        rows = slice(None, None, max(1, self.values.shape[0] // at_most))
        values = read(self.values, rows if self.field is None else (self.field, rows))
        return tuple(_as_text(value) for value in values.tolist())

    def levels(self) -> Codes | None:
        """The levels met in a column of categories, text, yes or no, or numbers that are met again and again.

        None for columns of another kind and for ids of cells, :data:`MANY` for more than ``MAX_LEVELS`` levels.
        Categories keep their order, anything else is sorted. What is missing is no level; text that is empty or says
        "nan" is one.
        """
        if self.categories is not None:
            return self._used_categories()
        if _is_text(self.dtype):
            return self._text_levels()
        return self._number_levels()

    def _text_levels(self) -> Codes | None:
        met: dict[object, int] = {}
        codes, n_rows = [], 0
        for part in self._masked():
            n_rows += len(part)
            for value in set(part) - met.keys():
                met[value] = len(met)
            if len(met) > 2 * MAX_LEVELS:  # some may be one level once they are text
                return MANY if len(met) * CELLS_A_NUMBER <= n_rows else None
            codes.append(np.fromiter(map(met.__getitem__, part), np.int32, len(part)))
        names = [None if value is None else _as_text(value) for value in met]
        levels = sorted({name for name in names if name is not None}, key=_by_number)
        if any(len(level) > MAX_NAME for level in levels):
            return None
        if len(levels) > MAX_LEVELS:
            return MANY if len(levels) * CELLS_A_NUMBER <= n_rows else None
        place = {level: i for i, level in enumerate(levels)}
        rank = np.array([-1 if name is None else place[name] for name in names], dtype=np.int16)
        return Codes(rank[np.concatenate([np.zeros(0, np.int32), *codes])], tuple(levels))

    def _number_levels(self) -> Codes | None:
        met, n_labelled = np.zeros(0), 0
        for part in self._numbers():
            there = part[~np.isnan(part)]
            n_labelled += len(there)
            met = np.union1d(met, there)
            if len(met) > MAX_LEVELS:
                return None
        yes_or_no = self.dtype.kind == "b"
        most = MAX_LEVELS if (met == np.rint(met)).all() else MAX_FRACTIONS
        if not yes_or_no and len(met) > min(most, n_labelled // CELLS_A_NUMBER):
            return None
        codes = [np.where(np.isnan(p), -1, np.searchsorted(met, p)).astype(np.int16) for p in self._numbers()]
        number = self.dtype.type if self.dtype.kind == "f" else int
        names = (str(bool(v)) if yes_or_no else np.format_float_positional(number(v), trim="-") for v in met)
        return Codes(np.concatenate([np.zeros(0, np.int16), *codes]), tuple(names))

    def _numbers(self) -> Iterator[np.ndarray]:
        """Values in parts as float64, NaN where there is none."""
        masks = _parts(self.mask, like=self.values) if self.mask is not None else itertools.repeat(None)
        for part, missing in zip(_parts(self.values, self.field), masks, strict=False):
            values = part.astype(np.float64)
            if missing is not None:
                values[missing] = np.nan
            yield values

    def _used_categories(self) -> Codes | None:
        """Codes of the categories that occur, numbered anew; the other names are not even read."""
        assert self.categories is not None
        used = np.zeros(0, np.int64)
        for part in self._codes():
            used = np.union1d(used, part[part >= 0])
            if len(used) > MAX_LEVELS:
                return MANY if self.categories.shape[0] * CELLS_A_NUMBER <= self.values.shape[0] else None
        names = read(self.categories, used.tolist()) if len(used) else ()
        levels = tuple(_as_text(name) for name in names)
        if any(len(level) > MAX_NAME for level in levels):
            return None
        if len(set(levels)) != len(levels):
            raise _misfit(self.categories, "names a category twice")
        codes = [np.where(part >= 0, np.searchsorted(used, part), -1).astype(np.int16) for part in self._codes()]
        return Codes(np.concatenate([np.zeros(0, np.int16), *codes]), levels)

    def _codes(self) -> Iterator[np.ndarray]:
        """Checked codes in parts: each is -1 or has its category."""
        assert self.categories is not None
        n_categories = self.categories.shape[0]
        for part in _parts(self.values, self.field):
            if part.dtype.kind not in "iu" or (part >= n_categories).any():
                raise InputError(
                    f"The codes of {self.categories.name} do not fit its categories. Write the file anew with anndata."
                )
            yield np.maximum(part.astype(np.int64), -1)

    def _masked(self) -> Iterator[list[object]]:
        """Values in parts, None where the mask says that there is none."""
        if self.mask is None:
            yield from (part.tolist() for part in _parts(self.values, self.field))
            return
        for part, missing in zip(_parts(self.values), _parts(self.mask, like=self.values), strict=True):
            yield [None if gone else value for value, gone in zip(part.tolist(), missing.tolist(), strict=True)]


def _parts(dataset: h5py.Dataset, field: str | None = None, like: h5py.Dataset | None = None) -> Iterator[np.ndarray]:
    """A column, or one field of a table, in parts of some MB, cut as those of the column ``like``; text as bytes."""
    size = (like or dataset).dtype.itemsize
    if size > PART_BYTES:
        raise InputError(
            f"{dataset.name} has entries of {size:,} bytes; at most {PART_BYTES:,} are read. Write the file anew with "
            "anndata."
        )
    step = min(PART_ROWS, PART_BYTES // size)
    for start in range(0, dataset.shape[0], step):
        rows = slice(start, start + step)
        yield read(dataset, rows if field is None else (field, rows))


def _all_text(parts: Iterator[np.ndarray] | Iterator[list[object]], name: str) -> list[str]:
    """Everything in the parts as text; too much of it is an InputError."""
    text: list[str] = []
    size = 0
    for part in parts:
        new = [_as_text(value) for value in part]
        size += sum(map(len, new))
        if size > MAX_TEXT:
            raise InputError(
                f"{name} holds more than {MAX_TEXT >> 20} MB of text, expected names. Leave the column out and write "
                "the file anew."
            )
        text += new
    return text


def _as_text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return "" if value is None or value != value else str(value)


def _by_number(level: str) -> tuple[float, str]:
    """Sorts 2 before 10, and numbers before words."""
    return (float(level) if level.isdecimal() else np.inf, level)


def _is_text(dtype: np.dtype) -> bool:
    return h5py.check_string_dtype(dtype) is not None


def is_mask(node: h5py.Group | h5py.Dataset) -> TypeGuard[h5py.Dataset]:
    """Whether the entries are yes and no."""
    return readable_kind(node) and node.dtype.kind == "b"


def readable_kind(dataset: h5py.Group | h5py.Dataset, field: str | None = None) -> TypeGuard[h5py.Dataset]:
    """Whether the entries are text, numbers, or yes and no, and no references, lists or tables."""
    if not isinstance(dataset, h5py.Dataset):
        return False
    try:
        dtype = dataset.dtype if field is None else dataset.dtype[field]
    except TypeError:  # a type that numpy does not have
        return False
    return dtype.shape == () and (_is_text(dtype) or dtype.kind in "biuf")


def _misfit(dataset: h5py.Dataset, what: str) -> InputError:
    return InputError(f"{dataset.name} {what}. Write the file anew with anndata.")
