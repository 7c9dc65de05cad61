"""Which columns of cells are offered as groups, which of them can be summed, and what is said of the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from ugrn_core.data.column import MANY, MAX_LEVELS, Codes
from ugrn_core.data.group_sums import unions
from ugrn_core.data.layout import Table
from ugrn_core.data.limits import SECONDS, read_seconds
from ugrn_core.types import Progress

MAX_PROFILE_VALUES = 8_000_000
"""Levels times genes for which profiles are kept (about 100 MB); further columns are left out and named."""
GROUPED_VALUES_A_SECOND = 60_000_000
"""Values that are not 0 times columns that are summed over, of a second that reading may take: summing takes about a
third of the time. Further columns are left out and named."""
LIKE_NOTHING = ("", "nan")
"""Labels that are shown as they are, and said: the cells may have had none."""


@dataclass
class Groups:
    """Columns of cells by name; ``many`` have more than ``MAX_LEVELS`` levels."""

    columns: dict[str, Codes] = field(default_factory=dict)
    many: list[str] = field(default_factory=list)

    def notes(self) -> list[str]:
        """What is to be said of columns and labels."""
        return [
            *_note(self.many, f"Columns of more than {MAX_LEVELS} levels are not offered as groups"),
            *_note(_counted(self.columns, _unlabelled), "Cells without a label are in no group of a column"),
            *_note(_counted(self.columns, _like_nothing), "Labels that are empty or say nan are groups like others"),
        ]


def find_groups(cells: Table, progress: Progress | None = None, group: str = "") -> Groups:
    """Columns of 2 to ``MAX_LEVELS`` levels: that of ``group`` (COLUMN or COLUMN=LEVEL) first, numbers last."""
    found = Groups()
    for name in _in_order(cells, group):
        if progress:
            progress(0.0, f"column {name!r} of cells looked at")
        codes = cells.levels(name)
        if codes is MANY:
            found.many.append(name)
        elif codes is not None and len(codes.levels) >= 2:
            found.columns[name] = codes
    return found


def offered(columns: Mapping[str, Codes]) -> str:
    """Which groups of cells there are, as a sentence."""
    if not columns:
        return f"It has no groups of cells: no column of them has 2 to {MAX_LEVELS} levels."
    return _note([f"{name} ({len(codes.levels)})" for name, codes in columns.items()], "Groups of cells")[0]


def affordable(groups: Groups, order: tuple[str, ...], n_genes: int, filled: int) -> tuple[dict[str, Codes], list[str]]:
    """The columns whose profiles can be kept and summed, in the given order, and a note on the others.

    ``filled`` is the number of values of the matrix that are not 0.
    """
    kept: dict[str, Codes] = {}
    large: list[str] = []
    n_levels = 1
    for name, codes in groups.columns.items():
        if (n_levels + len(codes.levels)) * n_genes <= MAX_PROFILE_VALUES:
            kept[name] = codes
            n_levels += len(codes.levels)
        else:
            large.append(name)
    finer = unions(kept)
    family = {name: finer[name][0] if name in finer else name for name in kept}
    room = max(1, int(GROUPED_VALUES_A_SECOND * read_seconds()) // max(1, filled))
    chosen = list(dict.fromkeys(family.values()))[:room]
    slow = [name for name in kept if family[name] not in chosen]
    notes = []
    if large:
        notes.append(f"No profiles are kept for the groups of {', '.join(large)}: too many levels times genes.")
    if slow:
        notes.append(
            f"No profiles are kept for the groups of {', '.join(slow)}: with so many cells, {room} columns are summed "
            "in the time that reading may take. Drop columns that are not needed, e.g. adata.obs = "
            f"adata.obs[[{slow[0]!r}]], or allow more with {SECONDS}."
        )
    return {name: kept[name] for name in order if name in kept and name not in slow}, notes


def _in_order(cells: Table, group: str) -> list[str]:
    def place(name: str) -> tuple[bool, bool]:
        wanted = group == name or group.startswith(f"{name}=")
        return (not wanted, cells.is_number(name))

    return sorted(cells.columns, key=place)


def _counted(columns: dict[str, Codes], count) -> Iterator[str]:
    for name, codes in columns.items():
        if n_cells := count(codes):
            yield f"{name} ({n_cells:,})"


def _unlabelled(codes: Codes) -> int:
    return int((codes.codes < 0).sum())


def _like_nothing(codes: Codes) -> int:
    return int(np.isin(codes.codes, [i for i, v in enumerate(codes.levels) if v.strip().lower() in LIKE_NOTHING]).sum())


def _note(names: Iterator[str] | list[str], what: str) -> list[str]:
    found = list(names)
    return [f"{what}: {', '.join(found[:10])}{', ...' if len(found) > 10 else ''}."] if found else []
