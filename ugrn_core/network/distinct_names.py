"""Names of groups of cells where not every letter can stand: folders, entries of HDF5 files."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

_NOT_A_FOLDER = re.compile(r"[^\w.+-]+")
_LONGEST = 60
"""Letters of the longest folder; file systems take 255 bytes, of which a letter may need four."""


def folder_names(groups: Sequence[str], taken: Iterable[str] = ()) -> dict[str, str]:
    """A folder for each group: its name in letters, digits, - . + and _, numbered where several would be the same.

    ``taken`` are names of files beside them. Folders differ in more than the case of letters.
    """
    return distinct_names(groups, _plain_folder, taken)


def distinct_names(names: Sequence[str], plain: Callable[[str], str], taken: Iterable[str] = ()) -> dict[str, str]:
    """``plain`` of each name, with a number behind those that are one and the same, in any case of letters."""
    how_often = Counter(plain(name).casefold() for name in names) + Counter(name.casefold() for name in taken)
    used = {*how_often}
    found = {}
    for name in names:
        best, number = plain(name), 0
        if how_often[best.casefold()] > 1:
            while not number or f"{best}_{number}".casefold() in used:
                number += 1
            best = f"{best}_{number}"
            used.add(best.casefold())
        found[name] = best
    return found


def _plain_folder(group: str) -> str:
    name = unicodedata.normalize("NFC", group)
    return _NOT_A_FOLDER.sub("_", name).strip("._")[:_LONGEST].strip("._") or "group"
