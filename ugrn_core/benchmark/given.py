"""Scores that somebody brings: any method's, of any program, ranked on the pairs that everybody is ranked on.

A pair without a score of its own stands below all that have one. Names are matched to a vocabulary as gene lists are.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ugrn_core.beeline.networks import SPECIES, Edge
from ugrn_core.errors import InputError
from ugrn_core.genes.resolve import resolve
from ugrn_core.methods.catalogue import METHODS
from ugrn_core.methods.method import Method
from ugrn_core.types import Vocabulary

EVERYWHERE = ""
"""Key of scores that are for every data set."""
NAME = re.compile(r"[\w+.:/-](?:[\w+.:/ -]{0,38}[\w+.:/-])?")


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
