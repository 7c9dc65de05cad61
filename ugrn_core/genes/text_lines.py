"""Lines of a text that say something: without comments, blank lines, rules and characters that nobody sees."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import compress

from ugrn_core.genes.titles import TITLES, title_key

COMMENT_STARTS = ("#", "!", "%", "//", ">")
_NO_COMMENT = r"(?!N/A|DIV/0!|REF!|VALUE!|NAME\?|NUM!|NULL!|[0-9A-Fa-f]{6}(?![0-9A-Za-z]))"
"""What stands behind the # of a spreadsheet's errors and of colours."""
_COMMENT = re.compile(rf"(?:^|(?<=\s))#{_NO_COMMENT}|(?<=[,;])#(?=\s)")
_COMMENT_LINE = re.compile(rf"\s*+(?:#{_NO_COMMENT}|!|%|//|>)")
_INVISIBLE = re.compile("[\ufeff\u200b\u200c\u200d\u2060]")
_NOTHING = " \t\v\f,;\"'|"
_RULE = re.compile(r"[-:=+|\s]+")
_LONGEST_TITLES = 1_000_000


@dataclass(frozen=True)
class Lines:
    """The lines of a text that say something, and the number of each in it, from 1."""

    texts: list[str]
    numbers: list[int]

    def __len__(self) -> int:
        return len(self.texts)

    def after(self, n: int) -> Lines:
        """All but the first n."""
        return Lines(self.texts[n:], self.numbers[n:])

    def called(self, i: int) -> str:
        """``Line 7``; the last one beyond the end."""
        return f"Line {self.numbers[min(i, len(self) - 1)]}"

    def quoted(self, i: int) -> str:
        """What stands in a line, for a sentence."""
        return repr(short(self.texts[min(i, len(self) - 1)]))


def said_lines(text: str) -> Lines:
    """Lines without comments, blank ones and invisible characters; a title behind a comment sign is kept as a line."""
    text = _INVISIBLE.sub("", text.replace("\0", "")) if not text.isascii() or "\0" in text else text
    raw = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    lines = _where([bool(line.strip(_NOTHING)) for line in raw], Lines(raw, list(range(1, len(raw) + 1))))
    if any(start in text for start in COMMENT_STARTS):
        lines = _without_comments(lines)
    if "--" in text or "==" in text:
        lines = _where([not _is_rule(line) for line in lines.texts], lines)
    return lines


def short(text: str) -> str:
    """Text for a sentence."""
    return text if len(text) <= 60 else f"{text[:57]}..."


def _where(kept: list[bool], lines: Lines) -> Lines:
    return Lines(list(compress(lines.texts, kept)), list(compress(lines.numbers, kept)))


def _is_rule(text: str) -> bool:
    """A line of dashes between the titles and the rows of a table."""
    return text[:1] in "-=+|:" and bool(_RULE.fullmatch(text))


def _without_comments(lines: Lines) -> Lines:
    """Lines up to a # that starts a word outside double quotes; the last comment before the first line stays, without
    its sign, where it is the row of titles."""
    kept, numbers = [], []
    title: tuple[int, str] | None = None
    for number, text in zip(lines.numbers, lines.texts, strict=True):
        start = text.lstrip()
        if _COMMENT_LINE.match(start):
            title = title if kept else (number, start.lstrip("#!%/> "))
        elif (left := _without_comment(text)).strip(_NOTHING):
            kept.append(left)
            numbers.append(number)
    if title is not None and kept and _is_commented_title(title[1], kept[0]):
        return Lines([title[1], *kept], [title[0], *numbers])
    return Lines(kept, numbers)


def _is_commented_title(title: str, first: str) -> bool:
    """``#node1 node2 score`` above lines of three cells."""
    if len(title) + len(first) > _LONGEST_TITLES:
        return False
    for delimiter in "\t,; ":
        cells = [[c for c in text.split(delimiter) if c or delimiter != " "] for text in (title, first)]
        if len(cells[0]) == len(cells[1]) > 1:
            return sum(title_key(cell) in TITLES for cell in cells[0]) > (delimiter == " ")
    return False


def _without_comment(text: str) -> str:
    if "#" not in text:
        return text
    if '"' not in text:
        found = _COMMENT.search(text)
        return text[: found.start()] if found else text
    quotes = at = 0
    for found in _COMMENT.finditer(text):
        quotes += text.count('"', at, found.start())
        at = found.start()
        if quotes % 2 == 0:
            return text[:at]
    return text
