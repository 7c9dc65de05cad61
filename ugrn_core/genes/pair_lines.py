"""Pairs of gene names in lines of their own: with arrows (``A -> B -> C``), or the first two names of each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from ugrn_core.errors import InputError
from ugrn_core.genes.columns import bare, is_number
from ugrn_core.genes.text_lines import Lines
from ugrn_core.genes.titles import TITLES, title_key

ARROW = re.compile(r"<[-=]{1,3}>|[-=]{1,3}>|<[-=]{1,3}|-{1,2}\||[→⟶⇒➔➝←⟵⇐↔⟷⇔⊣]")
"""Between source and target, or target and source; none of its parts may match a long text again and again."""
_SIGNS = frozenset("<>|→⟶⇒➔➝←⟵⇐↔⟷⇔⊣")
_BACK, _BOTH = ("<", "←", "⟵", "⇐"), ("↔", "⟷", "⇔")
JOINED = re.compile(r"(\S{1,200}) \(([^()]{0,200})\) (\S{1,200})")
"""The name of an edge in Cytoscape."""
_ATTRIBUTES = re.compile(r"\[[^\[\]]{0,200}\]")


def has_arrows(lines: Lines) -> bool:
    """Whether some line holds an arrow."""
    return any(not _SIGNS.isdisjoint(text) and ARROW.search(text) for text in lines.texts)


def pairs_of_lines(lines: Lines) -> tuple[list[tuple[str, str]], str]:
    """Pairs of every line, each once, and what was read as what; a first line of titles is let go.

    Two words above lines that all have arrows are a title that is not known as one: an InputError.
    """
    pairs: list[tuple[str, str]] = []
    with_arrows, without = 0, list[int]()
    for i, text in enumerate(lines.texts):
        parts = ARROW.split(text)
        arrows = ARROW.findall(text)
        if i == 0 and len(lines) > 1 and (_are_titles(parts) or title_key(text) == "sharedname"):
            continue
        with_arrows += bool(arrows)
        names = [_end_of_arrow(part, k == 0) for k, part in enumerate(parts)] if arrows else _cells_of(text)
        if not all(names):
            raise no_pair(lines, i)
        if not arrows:
            without.append(i)
        for (a, b), arrow in zip(pairwise(names), arrows or ["->"], strict=True):
            back, both = arrow.startswith(_BACK), arrow in _BOTH or (arrow[0] == "<" and arrow[-1] == ">")
            pairs += [(a, b), (b, a)] if both else [(b, a)] if back else [(a, b)]
    if without == [0] and with_arrows > 1:
        raise no_pair(lines, 0)
    said = f"Pairs: {with_arrows:,} {'line' if with_arrows == 1 else 'lines'} with arrows, from source to target."
    return list(dict.fromkeys(pairs)), said if with_arrows else "Source: first name of a line, target: second."


@lru_cache(maxsize=10_000)
def _end_of_arrow(part: str, first: bool) -> str:
    """The one name of a part between arrows, else nothing; numbers after it, or before the first, are let go."""
    words = _ATTRIBUTES.sub(" ", part).strip(" ,;\t-=").replace(",", " ").replace(";", " ").split()
    if len(words) > 1 and words[1].startswith("(") and words[1].endswith(")"):
        words = [f"{words[0]} {words[1]}", *words[2:]]
    if first and len(words) == 2 and is_number(words[0]):
        words = words[1:]
    name = bare(words[0]) if words and all(map(is_number, words[1:])) else ""
    return "" if is_number(name) else name


def _cells_of(text: str) -> list[str]:
    """The two names of a line without arrows, empty if there are no two; numbers alone may stand around them."""
    joined = JOINED.fullmatch(text.strip(" \t\"'"))
    if joined is not None:
        return [joined[1], joined[3]]
    delimiter = next((d for d in "\t,;" if d in text), None)
    cells = [bare(cell) for cell in text.split(delimiter)]
    names = cells[1:] if len(cells) > 2 and is_number(cells[0]) else cells
    only_numbers = all(is_number(cell) or not cell for cell in names[2:])
    return names[:2] if len(names) > 1 and only_numbers else [""]


def _are_titles(parts: Sequence[str]) -> bool:
    words = [word for part in parts for word in re.split(r"[,;\s]", part[:1000]) if word]
    return sum(title_key(word) in TITLES for word in words) > 1


def no_pair(lines: Lines, i: int) -> InputError:
    """The error that names a line."""
    return InputError(
        f"{lines.called(i)} of the pair list is not a pair: got {lines.quoted(i)}, expected a source and a target "
        "such as 'NANOG, SOX2' or 'NANOG -> SOX2'."
    )
