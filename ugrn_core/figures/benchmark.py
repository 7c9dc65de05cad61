"""A table of the benchmark as cells: what a method reaches on a row, and how much of it needs no model at all.

A row of Tables 1 and 6 is a test; rows of the other tables are trainings, and a cell is the mean over their tests.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ugrn_core.beeline.networks import SPECIES
from ugrn_core.benchmark.methods import METHODS, PAPER_METHODS
from ugrn_core.benchmark.metrics import FEWEST_POSITIVES
from ugrn_core.benchmark.paper import AVERAGE, paper_table
from ugrn_core.benchmark.tables import ROW_KEYS

RANDOM = " (random weights)"
SHORTCUTS = tuple(m.name for m in METHODS.values() if m.family == "shortcut")
CONTROLS = ("Marginal-Ens", f"Ens{RANDOM}")
BY_TEST = (1, 6)
"""Tables whose rows are shown as tests; the others have a row a training."""
PRINTED_BACKBONES = ("scGPT", "scBenchmark")
"""Backbones of the paper's Table 1; its other tables are of the second."""
SUBSETS = {"all": "all pairs", "one_unseen": "one gene unseen", "both_unseen": "both genes unseen"}
METRICS = {"auprc": "AUPRC", "auroc": "AUROC"}

CELL_COLUMNS = [
    "row", "column", "group", "value", "lift", "best_shortcut", "best_shortcut_value", "n_tests", "of_tests", "reason",
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


def table_number(protocol: str) -> int:
    """Number of the table in the name of a protocol, such as ``table_1 (100 sources)``."""
    found = re.match(r"table_(\d+)\b", protocol)
    if found is None:
        raise ValueError(f"no protocol is called {protocol!r}")
    return int(found[1])


def column_name(method: str, weights: str) -> str:
    """Name of a column: the method, and whether its weights are random."""
    return f"{method}{RANDOM}" if weights == "random" else method


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
    the rows that have a value, as the paper averages.
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
            best = _best(shortcuts, beside[n])
            about = (counted[n], int(of_tests[row]), reasons.get((row, column), ""))
            cells.append((row, column, *_lifted(column, means[n], best), *about))
        if len(rows) > 1:
            some = ~np.isnan(means)
            mean = float(means[some].mean()) if some.any() else np.nan
            best = _best(shortcuts, beside[some].mean(0) if some.any() else np.full(len(shortcuts), np.nan))
            reason = "" if some.any() else "no row has a value"
            cells.append((AVERAGE, column, *_lifted(column, mean, best), sum(counted), int(of_tests.sum()), reason))
    return pd.DataFrame(cells, columns=CELL_COLUMNS)


def paper_cells(view: TableView, backbone: str, cells: pd.DataFrame) -> pd.DataFrame:
    """Printed cells of the rows of ``cells``, in the same columns; ``lift`` is over our shortcuts on our pairs.

    ``backbone`` (one of ``PRINTED_BACKBONES``) chooses among the two halves of Table 1. No line where
    :func:`why_no_paper` has a reason.
    """
    if why_no_paper(view):
        return pd.DataFrame(columns=CELL_COLUMNS)
    printed = paper_table(view.table)
    if view.table == 1:
        printed = printed[printed["backbone"] == backbone]
    names = _printed_rows(printed, view)
    mean = cells[cells["column"].isin(SHORTCUTS)].pivot(index="row", columns="column", values="value")
    made = []
    for row in dict.fromkeys(cells["row"]):
        for method in (m for m in PAPER_METHODS if m in printed):
            value = printed.loc[names == row, method]
            value = float(value.iloc[0]) if len(value) else np.nan
            best = _best(list(mean.columns), mean.loc[row].to_numpy(float))
            lifted = _lifted(f"{method} (paper)", value, best)
            made.append((row, f"{method} (paper)", *lifted, 0, 0, "" if np.isfinite(value) else "not printed"))
    return pd.DataFrame(made, columns=CELL_COLUMNS)


def why_no_paper(view: TableView) -> str:
    """Why no printed number belongs beside a view; empty where one does."""
    if view.subset != "all":
        return "The paper prints no scores of unseen genes."
    if view.metric != "auprc" and view.table != 6:
        return "The paper prints AUROC in Table 6 only."
    if view.table != 1 and (view.networks or view.data_sets):
        return "The paper prints means over all tests, and here only some are chosen."
    return ""


def wide_cells(cells: pd.DataFrame) -> pd.DataFrame:
    """Cells as a table: one line a row, one column a method, values with 3 decimals."""
    table = cells.pivot(index="row", columns="column", values="value")
    table = table.loc[list(dict.fromkeys(cells["row"])), list(dict.fromkeys(cells["column"]))]
    table.columns.name = None
    return table.round(3).reset_index()


def prepare_ratios(frame: pd.DataFrame, view: TableView, columns: tuple[str, ...]) -> pd.DataFrame:
    """Averages by N/P, ours and the paper's: ``origin, column, neg_ratio, value, prior``."""
    ours = []
    for ratio in sorted(frame["neg_ratio"].unique()):
        at = TableView(view.table, view.metric, view.subset, int(ratio), view.networks, view.data_sets)
        tests = prepare_tests(frame, at)
        prior = float(tests.groupby("test")["prior"].mean().mean())
        cells = prepare_cells(tests)
        means = cells[cells["row"] == cells["row"].iloc[-1]].set_index("column")["value"]
        names = [c for c in columns if c in means]
        ours += [("here", c, int(ratio), float(means[c]), prior) for c in names]
    table = paper_table(6)
    table = table[(table["metric"] == view.metric) & (table["neg_ratio"] != AVERAGE)]
    unfiltered = not (view.networks or view.data_sets) and view.subset == "all"
    printed = [
        ("paper", c, int(r), float(v), np.nan)
        for c in columns
        if c in table and unfiltered
        for r, v in zip(table["neg_ratio"], table[c], strict=True)
    ]
    return pd.DataFrame(ours + printed, columns=["origin", "column", "neg_ratio", "value", "prior"])


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


def prepare_readings() -> pd.DataFrame:
    """Table 4's Origin columns beside Table 1's means of each species: ``row, method, printed, human, mouse, fits``.

    Origin methods are not trained, so that their score depends on the tested sets alone. ``human`` and ``mouse`` are
    the means of Table 1's rows (scBenchmark) of that species; ``fits`` names the one that the printed value is nearer
    to. The caption says that the row names the species trained on.
    """
    one = paper_table(1)
    one = one[(one["backbone"] == PRINTED_BACKBONES[1]) & (one["network"] != AVERAGE)]
    species = one["data_set"].map(SPECIES)
    lines = []
    for _, printed in paper_table(4).iterrows():
        for method in ("Origin-Pert", "Origin-Attn"):
            means = {s: float(one.loc[species == s, method].mean()) for s in ("human", "mouse")}
            nearer = min(means, key=lambda s: abs(means[s] - printed[method]))
            lines.append((printed["species"], method, printed[method], means["human"], means["mouse"], nearer))
    return pd.DataFrame(lines, columns=["row", "method", "printed", "human", "mouse", "fits"]).round(3)


def _printed_rows(printed: pd.DataFrame, view: TableView) -> pd.Series:
    """Names of the rows of a printed table, as :func:`row_names` has them; of Table 6 averages at one N/P."""
    if view.table == 6:
        average = (printed["neg_ratio"] == str(view.neg_ratio)) & (printed["metric"] == view.metric)
        return pd.Series(np.where(average, AVERAGE, ""), printed.index)
    keys = {1: ("network", "data_set"), 2: ("network", "data_set"), 3: ("data_set",), 4: ("species",), 5: ("network",)}
    first, *more = (printed[key] for key in keys[view.table])
    return (first.str.cat(more, sep=" ") if more else first).str.strip()


def _ordered(columns: pd.Index) -> list[str]:
    """Columns in the order of the registry, trained before random."""
    order = [name + twin for twin in ("", RANDOM) for name in METHODS]
    return [name for name in order if name in columns]


def _group(column: str) -> str:
    if column.endswith("(paper)"):
        return "paper"
    if column in SHORTCUTS:
        return "shortcut"
    return "method" if column in PAPER_METHODS else "control"


def _row_means(values: np.ndarray, place: np.ndarray, n_rows: int) -> np.ndarray:
    """Means (row, column) of ``values`` (line, column) by the row each line belongs to; NaN for a row without lines."""
    sums = np.zeros((n_rows, values.shape[1]))
    np.add.at(sums, place, values)
    counts = np.bincount(place, minlength=n_rows)[:, None].astype(float)
    return np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)


def _best(names: list[str], values: np.ndarray) -> tuple[str, float]:
    """The best shortcut and its value; nothing where there is none."""
    if not len(names) or np.isnan(values).all():
        return "", np.nan
    n = int(np.nanargmax(values))
    return names[n], float(values[n])


def _lifted(column: str, value: float, best: tuple[str, float]) -> tuple[str, float, float, str, float]:
    group = _group(column)
    lift = np.nan if group == "shortcut" else value - best[1]
    return group, float(value), float(lift), *best


def _reasons(tests: pd.DataFrame) -> dict[tuple[str, str], str]:
    """What is to be said of a cell: the reasons of its tests, each once."""
    said = tests[tests["reason"] != ""].astype({"reason": str})
    by = said.groupby(["row", "column"], sort=False)["reason"]
    return {key: "; ".join(dict.fromkeys(group)) for key, group in by}


def _text(column: pd.Series) -> pd.Series:
    return column.astype(str)
