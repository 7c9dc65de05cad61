"""A table of the benchmark as cells: what a method reaches on a row, and how much of it needs no model at all.

A row of Tables 1 and 6 is a test; rows of the other tables are trainings, and a cell is the mean over their tests.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ugrn_core.beeline.networks import SPECIES
from ugrn_core.benchmark.metrics import FEWEST_POSITIVES
from ugrn_core.benchmark.tables import AVERAGE, ROW_KEYS, seed_spread, with_seeds
from ugrn_core.methods.catalogue import METHODS, PAPER_METHODS

RANDOM = " (random weights)"
SHORTCUTS = tuple(m.name for m in METHODS.values() if m.family == "shortcut")
ANSWERS = tuple(m.name for m in METHODS.values() if m.family == "answers")
"""Scores that read the edges of the network tested on: in files, in no figure of a table, and nothing to beat."""
CORPUS = tuple(m.name for m in METHODS.values() if m.family == "corpus")
"""Co-expression in the corpus of the embedded models: no training on networks, and no shortcut either."""
GIVEN = "given"
"""Group of methods that came as scores, and of those of others."""
CONTROLS = ("Emb-pair", "Marginal-Ens", f"Ens{RANDOM}")
BY_TEST = (1, 6)
"""Tables whose rows are shown as tests; the others have a row a training."""
SUBSETS = {"all": "all pairs", "one_unseen": "one gene unseen", "both_unseen": "both genes unseen"}
METRICS = {"auprc": "AUPRC", "auroc": "AUROC"}

CELL_COLUMNS = [
    "row", "column", "group", "value", "lift", "best_shortcut", "best_shortcut_value", "n_tests", "of_tests", "reason",
    "low", "high", "seeds",
]  # fmt: skip


@dataclass(frozen=True)
class TableView:
    """The part of a frame of results that is looked at; ``networks`` and ``data_sets`` are those tested on."""

    table: int
    metric: str = "auprc"
    subset: str = "all"
    neg_ratio: int = 1
    networks: tuple[str, ...] = ()
    data_sets: tuple[str, ...] = ()


def prepare_tests(frame: pd.DataFrame, view: TableView, *, subset: str | None = None) -> pd.DataFrame:
    """The rows of a frame of results that a view shows, with their ``row``, ``test`` and ``column``.

    Empty ``networks`` or ``data_sets`` of the view stand for all; ``subset`` replaces the view's.
    """
    keep = (frame["metric"] == view.metric) & (frame["subset"] == (subset or view.subset))
    keep &= frame["neg_ratio"] == view.neg_ratio
    if view.networks:
        keep &= frame["test_network"].isin(view.networks)
    if view.data_sets:
        keep &= frame["test_set"].isin(view.data_sets)
    part = frame[keep]
    return part.assign(
        row=row_names(part, view.table),
        test=_text(part["test_network"]) + " " + _text(part["test_set"]),
        column=_text(part["method"]).where(part["weights"] != "random", _text(part["method"]) + RANDOM),
    )


def row_names(frame: pd.DataFrame, table: int) -> pd.Series:
    """Name of the row of every line: ``STRING hHEP``; for Table 4 the species trained on."""
    if table in BY_TEST:
        return _text(frame["test_network"]) + " " + _text(frame["test_set"])
    if table == 4:
        return _text(frame["train_sets"]).map(lambda sets: SPECIES[sets.split("|")[0]])
    first, *more = (_text(frame[key]) for key in ROW_KEYS[table])
    return first.str.cat(more, sep=" ") if more else first


def prepare_cells(tests: pd.DataFrame) -> pd.DataFrame:
    """Cells (``CELL_COLUMNS``) of :func:`prepare_tests`: every row with every method, and a row ``Avg``.

    ``value`` is the mean over the tests and seeds that have one, NaN with its reason where none has. ``lift`` is the
    value above the best shortcut, both over those same tests and seeds; shortcuts have none. ``Avg`` is the mean of
    the rows that have a value, as the paper averages. ``low`` and ``high`` are the lowest and the highest of ``seeds``
    seeds.
    """
    wide = tests.pivot(index=["row", "test", "seed"], columns="column", values="value")
    rows = list(dict.fromkeys(tests["row"]))
    place = np.array([rows.index(r) for r in wide.index.get_level_values("row")], dtype=int)
    shortcuts = [s for s in SHORTCUTS if s in wide]
    fixed = wide[shortcuts].to_numpy(float)
    reasons = _reasons(tests)
    of_tests = tests.groupby("row", sort=False)["test"].nunique()
    cells = []
    for column in _ordered(wide.columns):
        values = wide[column].to_numpy(float)
        there = ~np.isnan(values)
        means = _row_means(values[there, None], place[there], len(rows))[:, 0]
        beside = _row_means(fixed[there], place[there], len(rows))
        n_tests = wide[there].reset_index().groupby("row")["test"].nunique()
        counted = [int(n_tests.get(r, 0)) for r in rows]
        for n, row in enumerate(rows):
            best = best_of(shortcuts, beside[n])
            about = (counted[n], int(of_tests[row]), reasons.get((row, column), ""))
            cells.append((row, column, *lifted(column, means[n], best), *about))
        if len(rows) > 1:
            some = ~np.isnan(means)
            mean = float(means[some].mean()) if some.any() else np.nan
            best = best_of(shortcuts, beside[some].mean(0) if some.any() else np.full(len(shortcuts), np.nan))
            reason = "" if some.any() else "no row has a value"
            cells.append((AVERAGE, column, *lifted(column, mean, best), sum(counted), int(of_tests.sum()), reason))
    made = pd.DataFrame(cells, columns=CELL_COLUMNS[:-3])
    spread = seed_spread(tests, ["row"]).reset_index()
    joined = made.merge(spread, on=["row", "column"], how="left")
    return joined.assign(seeds=joined["seeds"].fillna(0).astype(int))[CELL_COLUMNS]


def best_of(names: list[str], values: np.ndarray) -> tuple[str, float]:
    """The best shortcut and its value; nothing where there is none."""
    if not len(names) or np.isnan(values).all():
        return "", np.nan
    n = int(np.nanargmax(values))
    return names[n], float(values[n])


def lifted(column: str, value: float, best: tuple[str, float]) -> tuple[str, float, float, str, float]:
    """Group, value, lift, best shortcut and its value of a cell; a shortcut has no lift."""
    group = _group(column)
    lift = np.nan if group == "shortcut" else value - best[1]
    return group, float(value), float(lift), *best


def interval_cells(cells: pd.DataFrame) -> pd.DataFrame:
    """Cells as a table, one line a row, one column a method, as text: each value with its lowest and highest seed;
    printed numbers as they are."""
    said = [
        with_seeds(c.value, c.low, c.high, c.seeds) if c.seeds else ("" if np.isnan(c.value) else f"{c.value:.3f}")
        for c in cells[["value", "low", "high", "seeds"]].itertuples()
    ]
    wide = cells.assign(said=said).pivot(index="row", columns="column", values="said")
    wide = wide.loc[list(dict.fromkeys(cells["row"])), list(dict.fromkeys(cells["column"]))]
    return wide.rename_axis(columns=None).reset_index()


def prepare_missing(tests: pd.DataFrame) -> pd.DataFrame:
    """What has no value, or one from a part of the training: ``reason, methods, tests``, one line a kind of reason."""
    lacking = tests[(tests["reason"] != "") & (tests["weights"] != "random")]
    by = lacking.assign(reason=_text(lacking["reason"]).map(_kind)).groupby("reason", sort=False)
    found = by.agg(methods=("column", lambda c: ", ".join(dict.fromkeys(c))), tests=("test", "nunique"))
    return found.sort_values("tests", ascending=False, kind="stable").reset_index()


def _kind(reason: str) -> str:
    """A reason without the names of data sets and the counts in it."""
    kinds = {
        r"needs expression of ": "needs expression of the cells that are tested on",
        r"training needs expression of ": "needs expression of the cells that are trained on",
        r"(trained on .* only): ": r"\1, for want of the other sets' expression",
        r"\d+ positives": f"fewer than {FEWEST_POSITIVES} positives: too few to score",
    }
    for pattern, kind in kinds.items():
        found = re.match(pattern, reason)
        if found is not None:
            return found.expand(kind)
    return reason


def _ordered(columns: pd.Index) -> list[str]:
    """Columns in the order of the registry, trained before random, then given ones."""
    order = [name + twin for twin in ("", RANDOM) for name in METHODS]
    return [name for name in order if name in columns] + [name for name in columns if name not in order]


def _group(column: str) -> str:
    if column.endswith("(paper)"):
        return "paper"
    if column in SHORTCUTS:
        return "shortcut"
    if column in ANSWERS:
        return "answers"
    if column in CORPUS:
        return "corpus"
    if column.removesuffix(RANDOM) not in METHODS:
        return GIVEN
    return "method" if column in PAPER_METHODS else "control"


def _row_means(values: np.ndarray, place: np.ndarray, n_rows: int) -> np.ndarray:
    """Means (row, column) of ``values`` (line, column) by the row each line belongs to; NaN for a row without lines."""
    sums = np.zeros((n_rows, values.shape[1]))
    np.add.at(sums, place, values)
    counts = np.bincount(place, minlength=n_rows)[:, None].astype(float)
    return np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)


def _reasons(tests: pd.DataFrame) -> dict[tuple[str, str], str]:
    """What is to be said of a cell: the reasons of its tests, each once."""
    said = tests[tests["reason"] != ""].astype({"reason": str})
    by = said.groupby(["row", "column"], sort=False)["reason"]
    return {key: "; ".join(dict.fromkeys(group)) for key, group in by}


def _text(column: pd.Series) -> pd.Series:
    return column.astype(str)
