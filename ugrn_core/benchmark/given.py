"""Scores that somebody brings: any method's, of any program, ranked on the pairs that everybody is ranked on.

Sources and targets are found as in lists of pairs (:mod:`ugrn_core.genes.pair_list`); the score by its title, or
because it is the only column of numbers.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from ugrn_core.beeline.networks import SPECIES, Edge
from ugrn_core.errors import ColumnError, InputError
from ugrn_core.genes.columns import UNTITLED, Columns, is_number, read_columns
from ugrn_core.genes.commas import Commas
from ugrn_core.genes.pair_list import PairColumns, check_names, ends
from ugrn_core.genes.resolve import resolve
from ugrn_core.genes.text_file import MAX_EDGE_BYTES, read_text
from ugrn_core.genes.text_lines import said_lines
from ugrn_core.genes.titles import SCORE_TITLES, title_key
from ugrn_core.methods.catalogue import METHODS
from ugrn_core.methods.method import Method
from ugrn_core.types import Vocabulary

WHAT = "table of scores"
ANY = PairColumns()

EVERYWHERE = ""
"""Key of scores that are for every data set."""

NAME = re.compile(r"[\w+.:/-](?:[\w+.:/ -]{0,38}[\w+.:/-])?")


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
    numbers = frame[2].map(_number).astype(float)
    wrong = np.flatnonzero(~np.isfinite(numbers) | (frame[0] == "") | (frame[1] == ""))
    if len(wrong):
        line = int(frame.index[wrong[0]])
        raise InputError(
            f"{table.lines.called(line)} of the {WHAT} is {table.lines.quoted(line)}; expected two genes and a finite "
            f"number as the score ({table.called(at)}). Leave out lines without one."
        )
    commas = Commas()
    frame[2].map(commas.see)
    commas.check(WHAT)
    if frame.empty:
        raise InputError(f"The {WHAT} has titles and no line below them.")
    check_names(pd.concat([frame[0], frame[1]]))
    said = f"Source: {table.called(source)}, target: {table.called(target)}, score: {table.called(at)}."
    made = pd.DataFrame({"source": frame[0], "target": frame[1], "score": numbers})
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


@dataclass(frozen=True)
class GivenScores:
    """Scores of a method by data set, each by pair; under ``EVERYWHERE`` those for the data sets not named.

    ``notes``: what became of the names and lines of each table, as sentences.
    """

    name: str
    tables: Mapping[str, Mapping[Edge, float]]
    notes: tuple[str, ...] = ()

    def of(self, data_set: str, pairs: Sequence[Edge]) -> np.ndarray:
        """Scores (pair,) in the order of the pairs, NaN where there is none."""
        table = self.tables.get(data_set, self.tables.get(EVERYWHERE, {}))
        return np.array([table.get(pair, np.nan) for pair in pairs], float)

    @property
    def digest(self) -> str:
        """Name of the content: the same scores have the same one."""
        whole = hashlib.sha256(self.name.encode())
        for data_set, table in sorted(self.tables.items()):
            whole.update(f"\n{data_set}\n".encode())
            for (s, t), score in sorted(table.items()):
                whole.update(f"{s}\t{t}\t{score!r}\n".encode())
        return whole.hexdigest()

    def method(self) -> Method:
        """The scores as a method of the benchmark."""
        return Method(self.name, "scores of a file", "given", given=self.of)


def given_scores(
    name: str,
    tables: Mapping[str, pd.DataFrame],
    vocabulary: Vocabulary,
    *,
    undirected: bool = False,
) -> GivenScores:
    """Scores by data set (``EVERYWHERE``: all) from tables ``source, target, score``, names matched to ``vocabulary``.

    ``undirected``: a score counts for both directions. Of several scores of one pair the highest is kept, which is
    said, as is what the vocabulary does not know.
    """
    check_name(name)
    kept: dict[str, dict[Edge, float]] = {}
    notes: list[str] = []
    for data_set, table in tables.items():
        if data_set not in (EVERYWHERE, *SPECIES):
            raise InputError(f"there are no scores for {data_set!r}; data sets are {', '.join(SPECIES)}.")
        kept[data_set], said = _matched(table, vocabulary, undirected)
        notes += [f"{name}{f', {data_set}' if data_set else ''}: {sentence}" for sentence in said]
    if not any(kept.values()):
        raise InputError(f"{name} has no score of a pair of two genes that the model knows.")
    return GivenScores(name, kept, tuple(notes))


def check_name(name: str) -> None:
    """Refuse a name that a method of the benchmark has, or that is none for a column of a table."""
    if not NAME.fullmatch(name):
        raise InputError(
            f"the name of the scores is {name[:60]!r}; expected up to 40 letters, digits, spaces and + . : / - signs."
        )
    taken = {known.casefold() for known in (*METHODS, "none", "Avg")}
    if name.casefold() in taken:
        raise InputError(f"{name} is a method of the benchmark; give the scores another name.")


def _matched(table: pd.DataFrame, vocabulary: Vocabulary, undirected: bool) -> tuple[dict[Edge, float], list[str]]:
    """Scores by pair of the vocabulary's symbols, and what is to be said of the table."""
    report = resolve(list(dict.fromkeys([*table["source"], *table["target"]])), vocabulary)
    symbol = {r.name: r.symbol for r in report.records}
    scores: dict[Edge, float] = {}
    unknown = itself = twice = 0
    for a, b, score in zip(table["source"], table["target"], map(float, table["score"]), strict=True):
        source, target = symbol[a], symbol[b]
        if source is None or target is None:
            unknown += 1
        elif source == target:
            itself += 1
        else:
            for pair in ((source, target), (target, source)) if undirected else ((source, target),):
                twice += pair in scores and scores[pair] != score
                scores[pair] = max(score, scores.get(pair, score))
    said = [f"{len(table):,} lines, scores of {len(scores):,} pairs"]
    said += [f"{unknown:,} with a gene the model does not know are left out"] if unknown else []
    said += [f"{itself:,} of a gene with itself are left out"] if itself else []
    said += [f"of {twice:,} pairs with several scores the highest is kept"] if twice else []
    return scores, [f"{'; '.join(said)}.", *([] if _all_exact(report) else [report.sentence()])]


def _all_exact(report) -> bool:
    return all(r.status == "exact" for r in report.records)
