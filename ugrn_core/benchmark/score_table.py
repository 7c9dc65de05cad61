"""A file of scores as a table ``source, target, score``: what any method of network inference writes.

Sources and targets are found as in lists of pairs (:mod:`ugrn_core.genes.pair_list`); the score by its title, or
because it is the only column of numbers.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from ugrn_core.errors import ColumnError, InputError
from ugrn_core.genes.columns import UNTITLED, Columns, is_number, read_columns
from ugrn_core.genes.pair_list import PairColumns, check_names, ends
from ugrn_core.genes.text_file import MAX_EDGE_BYTES, read_text
from ugrn_core.genes.text_lines import said_lines
from ugrn_core.genes.titles import SCORE_TITLES, title_key

WHAT = "table of scores"
ANY = PairColumns()


@dataclass(frozen=True)
class ScoreTable:
    """Lines with ``source, target`` (text) and ``score`` (float, finite); ``said``: what was read as what. ``human``:
    human symbols by name, where the columns ``human_source`` and ``human_target`` of this project's tables have them.
    """

    frame: pd.DataFrame
    said: str
    human: Mapping[str, str] = field(default_factory=dict)


def read_score_table(
    file: Path | bytes,
    columns: PairColumns = ANY,
    score: str | None = None,
) -> ScoreTable:
    """Scores of a file, of one packed with gzip, or of an upload's bytes; columns are found where none is named.

    What is no such table is an InputError that says what was expected.
    """
    table = _table(file)
    source, target = ends(table, columns)
    at = _score_column(table, score, {source, target})
    human = [table.names.index(f"human_{end}") for end in ("source", "target") if f"human_{end}" in table.names]
    frame = table.cells([source, target, at, *(human if len(human) == 2 else ())])
    if table.titled:  # titles once more, where files were put together
        frame = frame[~((frame[0] == table.names[source]) & (frame[1] == table.names[target]))]
    numbers = frame[2].map(_number)
    wrong = np.flatnonzero(~np.isfinite(numbers) | (frame[0] == "") | (frame[1] == ""))
    if len(wrong):
        line = int(frame.index[wrong[0]])
        raise InputError(
            f"{table.lines.called(line)} of the {WHAT} is {table.lines.quoted(line)}; expected two genes and a finite "
            f"number as the score ({table.called(at)}). Leave out lines without one."
        )
    if frame.empty:
        raise InputError(f"The {WHAT} has titles and no line below them.")
    check_names(pd.concat([frame[0], frame[1]]))
    said = f"Source: {table.called(source)}, target: {table.called(target)}, score: {table.called(at)}."
    made = pd.DataFrame({"source": frame[0], "target": frame[1], "score": numbers.astype(float)})
    symbols = {n: s for k in (0, 1) for n, s in zip(frame[k], frame[k + 3], strict=True)} if len(human) == 2 else {}
    return ScoreTable(made.reset_index(drop=True), said, symbols)


def score_columns(file: Path | bytes) -> tuple[str, ...]:
    """Columns that may be named, by title or by number from 1; what is no table is an InputError."""
    return _table(file).names


def _table(file: Path | bytes) -> Columns:
    lines = said_lines(read_text(_unpacked(file), WHAT, MAX_EDGE_BYTES))
    table = read_columns(lines) if len(lines) else None
    if table is None:
        first = f": got {lines.quoted(0)}" if len(lines) else ", and is empty"
        raise InputError(f"The {WHAT} is no table of source, target and score{first}.")
    return table


def _unpacked(file: Path | bytes) -> Path | bytes:
    """The content of a file packed with gzip, up to what is read at most; other files as they are."""
    try:
        with io.BytesIO(file) if isinstance(file, bytes) else file.open("rb") as stream:
            if stream.read(2) != b"\x1f\x8b":
                return file
            stream.seek(0)
            with gzip.open(stream) as unpacked:
                return unpacked.read(MAX_EDGE_BYTES + 1)
    except FileNotFoundError:
        raise InputError(f"There is no file {file}; expected a {WHAT}.") from None
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"The {WHAT} cannot be read: {error}.") from error


def _score_column(table: Columns, asked: str | None, taken: set[int]) -> int:
    if asked is not None:
        at = table.find(asked, "scores")
        if at in taken:
            raise InputError(f"The scores are in the {table.called(at)}, which holds the names. Choose another one.")
        return at
    numbers = [j for j in table.of_kind("number") if j not in taken]
    keys = {title_key(table.names[j]): j for j in reversed(numbers)} if table.titled else {}
    titled = next((keys[title] for title in SCORE_TITLES if title in keys), None)
    if titled is not None:
        return titled
    left = [j for j in numbers if not table.titled or table.names[j] != UNTITLED]
    if len(left) == 1:
        return left[0]
    others = [j for j in range(len(table.names)) if j not in taken]
    choices = f": {table.choices(others)}" if others else ", there is no other column than those of the names"
    raise ColumnError(
        f"Which column of the {WHAT} holds the score cannot be told{choices}. Say it, or title it score.", "score"
    )


def _number(cell: str) -> float:
    """A number, with a point or a decimal comma, in percent or not; NaN for anything else."""
    if not is_number(cell):
        return float("nan")
    value = float(cell.rstrip("%").replace(",", "."))
    return value / 100 if cell.endswith("%") else value
