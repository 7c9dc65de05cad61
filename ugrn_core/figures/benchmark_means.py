"""Averages of a table with their seeds, in the form in which texts name them: ``0.674 [0.672, 0.677]``."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from ugrn_core.beeline.networks import NETWORK_FOLDERS
from ugrn_core.benchmark.tables import AVERAGE, STRING, seed_spread, with_seeds
from ugrn_core.figures.benchmark import RANDOM, SHORTCUTS, TableView, prepare_tests

WITHOUT_STRING = tuple(n for n in NETWORK_FOLDERS if n != STRING)
SUMMARY = {
    "Emb": ("Baseline-Emb",),
    "VVP": ("VVP",),
    "GDT": ("GDT",),
    "Ens": ("Ens",),
    "gene level": ("Marginal-Ens",),
    "target is a TF": ("Target is a TF",),
    "target is listed": ("Target is listed",),
    "known edges, degrees": ("Edge look-up", "Gene degrees"),
    "random weights": (f"Ens{RANDOM}",),
}
"""Columns of the summary of a run; of several scores the better average."""
SUBSETS = ("all", "both_unseen")
NOTHING = "–"
ABOUT_AS_MUCH = 0.005
"""Difference of two averages under which one knows nothing beyond the other."""


class Mean(NamedTuple):
    """An average over the rows of a table, with its lowest and its highest seed; NaN where there is none."""

    value: float
    low: float
    high: float
    seeds: int

    def __str__(self) -> str:
        return NOTHING if np.isnan(self.value) else with_seeds(*self)


NONE = Mean(np.nan, np.nan, np.nan, 0)
Means = Mapping[str, Mean]
Summaries = Callable[[str, str, str], Means]
"""Averages of a run by the columns of ``SUMMARY``: of a model, a run's name and a subset."""


def averages(frame: pd.DataFrame, table: int = 1, subset: str = "all", networks: tuple[str, ...] = ()) -> Means:
    """Average AUPRC of every column of a table, over tests on some networks or on all."""
    tests = prepare_tests(frame, TableView(table, subset=subset, networks=networks))[["row", "column", "seed", "value"]]
    rows = tests.dropna(subset="value").groupby(["row", "column"])["value"].mean()
    means = rows.groupby(level="column").mean()
    spread = seed_spread(tests, ["row"])
    whole = spread.loc[AVERAGE]
    return {str(c): Mean(means[c], s.low, s.high, int(s.seeds)) for c, s in whole.iterrows() if c in means}


def summary(frame: pd.DataFrame, table: int, subset: str = "all") -> Means:
    """Averages of a run by the columns of ``SUMMARY``, of several scores the better."""
    means = averages(frame, table, subset)
    return {name: best(means, columns) for name, columns in SUMMARY.items()}


def best(means: Means, columns: Iterable[str] | None = SHORTCUTS) -> Mean:
    """The highest of some columns, by default of the scores without a model; None: of all."""
    there = [means[c] for c in columns or means if c in means and not np.isnan(means[c].value)]
    return max(there, key=lambda m: m.value, default=NONE)


def markdown(titles: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A table in markdown, its first column to the left."""
    titles = list(titles)
    lines = [titles, ["---", *["---"] * (len(titles) - 1)], *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def wrapped(text: str, width: int = 120) -> str:
    """Markdown with its paragraphs and points filled; tables stay as they are, a mean and its seeds in one line."""
    return "\n\n".join(block if block.startswith("|") else _filled(block, width) for block in text.split("\n\n"))


def section(text: str) -> str:
    """Markdown of a section by :func:`wrapped`, with a line's distance to what stands before and behind it."""
    return f"\n{wrapped(text.strip())}\n"


def _filled(block: str, width: int) -> str:
    whole = re.sub(r"(\d) \[([\d.]+), ([\d.]+\])", "\\1\xa0[\\2,\xa0\\3", re.sub(r"\n +", "\n", block))
    points = [
        textwrap.fill(
            point,
            width,
            subsequent_indent="  " if point.startswith("- ") else "",
            break_long_words=False,
            break_on_hyphens=False,
        )
        for point in re.split(r"\n(?=- )", whole)
    ]
    return "\n".join(points).replace("\xa0", " ")
