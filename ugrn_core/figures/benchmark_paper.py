"""The printed tables of the paper in the cells of ours, beside averages by N/P, and against Table 4's own caption."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ugrn_core.beeline.networks import SPECIES
from ugrn_core.benchmark.tables import AVERAGE, paper_table
from ugrn_core.figures.benchmark import (
    CELL_COLUMNS,
    SHORTCUTS,
    TableView,
    best_of,
    lifted,
    prepare_cells,
    prepare_tests,
)
from ugrn_core.methods.catalogue import PAPER_METHODS

PRINTED_BACKBONES = ("scGPT", "scBenchmark")
"""Backbones of the paper's Table 1; its other tables are of the second."""


def paper_cells(view: TableView, backbone: str, cells: pd.DataFrame) -> pd.DataFrame:
    """Printed cells of the rows of ``cells``, in the same columns; ``lift`` is over our shortcuts on our pairs.

    ``backbone`` (one of ``PRINTED_BACKBONES``) chooses among the two halves of Table 1; where only some of its rows are
    shown, ``Avg`` is the mean of their printed numbers. No line where :func:`why_no_paper` has a reason.
    """
    if why_no_paper(view):
        return pd.DataFrame(columns=CELL_COLUMNS)
    printed = paper_table(view.table)
    if view.table == 1:
        printed = printed[printed["backbone"] == backbone]
    names = _printed_rows(printed, view)
    shown = list(dict.fromkeys(cells["row"]))
    some = view.table == 1 and set(names) - set(shown)
    mean = cells[cells["column"].isin(SHORTCUTS)].pivot(index="row", columns="column", values="value")
    made = []
    for row in shown:
        there = names.isin(shown) & (names != AVERAGE) if some and row == AVERAGE else names == row
        for method in (m for m in PAPER_METHODS if m in printed):
            value = float(printed.loc[there, method].mean())
            best = best_of(list(mean.columns), mean.loc[row].to_numpy(float))
            reason = "" if np.isfinite(value) else "not printed"
            no_seeds = (np.nan, np.nan, 0)
            made.append((row, f"{method} (paper)", *lifted(f"{method} (paper)", value, best), 0, 0, reason, *no_seeds))
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


def prepare_ratios(frame: pd.DataFrame, view: TableView, columns: tuple[str, ...]) -> pd.DataFrame:
    """Averages by N/P, ours and the paper's: ``origin, column, neg_ratio, value, prior, low, high`` (lowest and highest
    seed)."""
    ours = []
    for ratio in sorted(frame["neg_ratio"].unique()):
        at = TableView(view.table, view.metric, view.subset, int(ratio), view.networks, view.data_sets)
        tests = prepare_tests(frame, at)
        prior = float(tests.groupby("test")["prior"].mean().mean())
        cells = prepare_cells(tests)
        means = cells[cells["row"] == cells["row"].iloc[-1]].set_index("column")[["value", "low", "high"]].astype(float)
        ours += [
            ("here", c, int(ratio), means.loc[c, "value"], prior, means.loc[c, "low"], means.loc[c, "high"])
            for c in columns
            if c in means.index
        ]
    table = paper_table(6)
    table = table[(table["metric"] == view.metric) & (table["neg_ratio"] != AVERAGE)]
    unfiltered = not (view.networks or view.data_sets) and view.subset == "all"
    printed = [
        ("paper", c, int(r), float(v), np.nan, np.nan, np.nan)
        for c in columns
        if c in table and unfiltered
        for r, v in zip(table["neg_ratio"], table[c], strict=True)
    ]
    return pd.DataFrame(ours + printed, columns=["origin", "column", "neg_ratio", "value", "prior", "low", "high"])


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
