"""Symbols of a vocabulary that a misspelled name may have meant."""

from __future__ import annotations

import difflib
import re
from bisect import bisect_left
from collections import defaultdict
from functools import lru_cache

from ugrn_core.genes.tables import alias_key, everyday_names
from ugrn_core.genes.tfs import is_tf
from ugrn_core.types import Vocabulary

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"
_DATE = re.compile(r"(?:(\d{1,2})[- ./]?(MAR|SEP|OCT|DEC)[A-Z]*|(MAR|SEP|OCT|DEC)[A-Z]*[- ./]?(\d{1,2}))")
_CLONE = re.compile(r"\d{4}|^RP\d+-|^CT[A-D]-")  # names of clones are all alike
_LONGEST = 30


class Spelling:
    """The symbols of one vocabulary, arranged to be found by a name that is nearly right."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.by_upper = {s.upper(): s for s in reversed(vocabulary.symbols)}
        self._ordered = sorted(self.by_upper)
        self._buckets: dict[tuple[str, int], list[str]] = defaultdict(list)
        for upper in self._ordered:
            if not _CLONE.search(upper):
                self._buckets[upper[:1], len(upper)].append(upper)

    def suggest(self, name: str, n: int = 3) -> tuple[str, ...]:
        """Up to n symbols: dates undone, a letter too much or swapped, an ending missing, another letter, alike.

        Within each kind TFs come first. Nothing is suggested for an Ensembl id.
        """
        upper = name.upper()
        if len(upper) > _LONGEST or upper.startswith("ENS"):
            return ()
        found = dict.fromkeys(self._from_date(upper))
        if len(upper) > 2:
            for kind in (_too_long(upper), self._longer(upper, n), _too_short(upper), _replaced(upper)):
                hits = {self.by_upper[u] for u in kind if u in self.by_upper}
                found |= dict.fromkeys(sorted(hits, key=lambda s: (not is_tf(s), s)))
            if not (found or _CLONE.search(upper)):
                found = dict.fromkeys(self._alike(upper, n))
        return tuple(found)[:n]

    def _longer(self, upper: str, n: int) -> list[str]:
        start = bisect_left(self._ordered, upper)
        return [u for u in self._ordered[start : start + n] if u.startswith(upper)]

    def _alike(self, upper: str, n: int) -> list[str]:
        near = range(len(upper) - 2, len(upper) + 3)
        pool = [u for length in near for u in self._buckets.get((upper[:1], length), ())]
        return [self.by_upper[u] for u in difflib.get_close_matches(upper, pool, n, 0.75)]

    def _from_date(self, upper: str) -> list[str]:
        """Symbols behind a date that a spreadsheet has made of them (2-Sep was SEPT2, now SEPTIN2)."""
        date = _DATE.fullmatch(upper)
        if not date:
            return []
        number, month = (date[1], date[2]) if date[1] else (date[4], date[3])
        old = {"MAR": "MARCH", "SEP": "SEPT"}.get(month, month) + str(int(number))
        return [s for s in everyday_names().get(alias_key(old), ()) if s.upper() in self.by_upper]


def _too_long(word: str) -> set[str]:
    """The word without one letter, or with two neighbours swapped."""
    shorter = {word[:i] + word[i + 1 :] for i in range(len(word))}
    return shorter | {word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(len(word) - 1)}


def _too_short(word: str) -> set[str]:
    return {word[:i] + c + word[i:] for i in range(len(word) + 1) for c in _ALPHABET}


def _replaced(word: str) -> set[str]:
    return {word[:i] + c + word[i + 1 :] for i in range(len(word)) for c in _ALPHABET}


@lru_cache(maxsize=8)
def spelling(vocabulary: Vocabulary) -> Spelling:
    """The spelling index of a vocabulary, built once (about 0.1 s for 60,000 symbols)."""
    return Spelling(vocabulary)
