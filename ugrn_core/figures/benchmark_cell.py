"""One cell of the benchmark: its score by seed and subset beside its controls, and its tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from ugrn_core.benchmark.tables import AVERAGE
from ugrn_core.figures.benchmark import METRICS, RANDOM, SHORTCUTS, SUBSETS, TableView, prepare_tests
from ugrn_core.figures.style import FONT_SIZE, GUIDE, SERIES, axis, restrained
from ugrn_core.methods.catalogue import METHODS

TEST_COLUMNS = [
    "trained_on", "test", "value", "spread", "best_shortcut", "best_shortcut_value", "lift", "one_unseen",
    "both_unseen", "edge_overlap", "prior", "n_pos", "n_neg", "seeds", "status", "reason",
]  # fmt: skip


def companions(column: str, best_shortcut: str) -> tuple[str, ...]:
    """What a column is drawn beside: embeddings, its gene-level control, its random twin, the best shortcut."""
    method = column.removesuffix(RANDOM)
    beside = ["Baseline-Emb", f"Marginal-{method}", f"{method}{RANDOM}", best_shortcut]
    names = [n for n in beside if n.removesuffix(RANDOM) in METHODS and n != column]
    return (column, *(n for n in names if not (n.endswith(RANDOM) and method in SHORTCUTS)))


def prepare_seeds(frame: pd.DataFrame, view: TableView, row: str, columns: Sequence[str]) -> pd.DataFrame:
    """Score by seed in every subset: ``subset, column, seed, value, n_tests, prior``; means over the row's tests.

    ``row`` may be ``Avg``. Only tests in which every one of ``columns`` has a value count, so that they can be
    compared.
    """
    parts = []
    for subset in SUBSETS:
        tests = prepare_tests(frame, view, subset=subset)
        tests = tests[tests["column"].isin(columns) & ((tests["row"] == row) | (row == AVERAGE))]
        wide = tests.pivot(index=["row", "test", "seed"], columns="column", values="value").dropna()
        prior = tests.drop_duplicates(["row", "test", "seed"]).set_index(["row", "test", "seed"])["prior"]
        for column in [c for c in columns if c in wide]:
            by = wide[column].groupby(level="seed")
            part = pd.DataFrame({"value": by.mean(), "n_tests": by.size()})
            part["prior"] = prior.loc[wide.index].groupby(level="seed").mean()
            parts.append(part.reset_index().assign(subset=subset, column=column))
    columns_of_frame = ["subset", "column", "seed", "value", "n_tests", "prior"]
    return pd.concat(parts, ignore_index=True)[columns_of_frame] if parts else pd.DataFrame(columns=columns_of_frame)


def prepare_cell_tests(frame: pd.DataFrame, view: TableView, row: str, column: str) -> pd.DataFrame:
    """Tests of a cell (``TEST_COLUMNS``), one line a test: means over seeds, and ``spread`` from lowest to highest.

    Tests without a value come last.
    """
    parts = {s: prepare_tests(frame, view, subset=s) for s in SUBSETS}
    parts = {s: t[(t["row"] == row) | (row == AVERAGE)] for s, t in parts.items()}
    main = parts[view.subset]
    wide = main.pivot(index=["row", "test", "seed"], columns="column", values="value")
    wide = wide.groupby(level=["row", "test"], sort=False).mean()
    names = [s for s in SHORTCUTS if s in wide]
    own = main[main["column"] == column]
    by = own.groupby(["row", "test"], sort=False)
    table = by.agg(value=("value", "mean"), low=("value", "min"), high=("value", "max"), seeds=("value", "count"))
    table["spread"] = table["high"] - table["low"]
    best = wide.loc[table.index, names]
    table["best_shortcut_value"] = best.max(axis=1)
    table["best_shortcut"] = best.fillna(-np.inf).idxmax(axis=1).where(best.notna().any(axis=1), "")
    table["lift"] = table["value"] - table["best_shortcut_value"]
    for subset in ("one_unseen", "both_unseen"):
        rest = parts[subset]
        table[subset] = rest[rest["column"] == column].groupby(["row", "test"])["value"].mean()
    for name in ("edge_overlap", "prior", "n_pos", "n_neg"):
        table[name] = by[name].mean()
    for name in ("status", "reason", "train_sets", "train_network"):
        table[name] = own.astype({name: str}).groupby(["row", "test"])[name].first()
    trained = table.pop("train_network") + " of " + table.pop("train_sets")
    table["trained_on"] = trained.str.replace("|", ", ", regex=False)
    table[["n_pos", "n_neg"]] = table[["n_pos", "n_neg"]].round().astype(int)
    table = table.sort_values("value", key=pd.isna, kind="stable")
    return table.reset_index()[TEST_COLUMNS]


@dataclass(frozen=True)
class CellFacts:
    """Means over the tests of a cell (of those with a value): scores, overlap, prior, and pairs a test."""

    n_tests: int
    both_unseen: float
    n_unseen: int
    edge_overlap: float
    prior: float
    n_pos: float
    n_neg: float


def cell_facts(tests: pd.DataFrame) -> CellFacts:
    """Facts on a frame of :func:`prepare_cell_tests`."""
    there = tests[tests["value"].notna()]
    used = there if len(there) else tests
    means = used[["both_unseen", "edge_overlap", "prior", "n_pos", "n_neg"]].mean()
    return CellFacts(len(there), means.iloc[0], int(used["both_unseen"].notna().sum()), *means.iloc[1:])


def plot_seeds(seeds: pd.DataFrame, metric: str) -> go.Figure:
    """Figure of :func:`prepare_seeds`: one panel a subset, a dot a seed, a bar at the mean, dotted at chance."""
    columns = list(dict.fromkeys(seeds["column"]))[::-1]
    subsets = [s for s in SUBSETS if (seeds["subset"] == s).any()]
    layout = restrained(96 + 30 * len(columns), title_lines=1)
    layout["margin"]["l"], layout["margin"]["b"] = 170, 46
    data: list[dict[str, Any]] = []
    layout["annotations"], layout["shapes"] = [], []
    width = (1 - 0.06 * (len(subsets) - 1)) / max(len(subsets), 1)
    for n, subset in enumerate(subsets):
        part = seeds[seeds["subset"] == subset]
        number = "" if n == 0 else str(n + 1)
        left = n * (width + 0.06)
        title = {"text": f"mean {METRICS[metric]}"}
        same = {"matches": "x"} if number else {}
        layout[f"xaxis{number}"] = axis(domain=[left, left + width], anchor=f"y{number}", title=title, nticks=6, **same)
        names = {"categoryorder": "array", "categoryarray": columns, "range": [-0.6, len(columns) - 0.4]}
        layout[f"yaxis{number}"] = axis(domain=[0, 1], anchor=f"x{number}", showticklabels=n == 0, **names)
        layout["annotations"].append(_above(f"{SUBSETS[subset]}, {_tests(part)}", left))
        data += _dots(part, columns, number)
        chance = float(part["prior"].mean()) if metric == "auprc" else 0.5
        ends = {"x0": chance, "x1": chance, "y0": 0, "y1": 1, "xref": f"x{number}", "yref": f"y{number} domain"}
        layout["shapes"].append({"type": "line", "line": {"color": GUIDE, "width": 1.5, "dash": "dot"}} | ends)
    return go.Figure({"data": data, "layout": layout})


def _dots(part: pd.DataFrame, columns: Sequence[str], number: str) -> list[dict[str, Any]]:
    """Dots of the seeds and a bar at their mean, one colour a column."""
    data = []
    for column, dots in part.groupby("column", sort=False):
        look = SERIES[(len(columns) - 1 - columns.index(str(column))) % len(SERIES)]
        where = {"xaxis": f"x{number}", "yaxis": f"y{number}", "showlegend": False, "type": "scatter"}
        seeds = {"mode": "markers", "x": dots["value"].tolist(), "y": [column] * len(dots)}
        marker = {"color": look.colour, "symbol": f"{look.marker}-open", "size": 8}
        text = {"hovertemplate": "%{x:.3f}<extra></extra>"}
        data.append(where | seeds | text | {"marker": marker})
        bar = {"symbol": "line-ns-open", "size": 18, "line": {"width": 3}, "color": look.colour}
        mean = {"mode": "markers", "x": [float(dots["value"].mean())], "y": [column]}
        data.append(where | mean | {"marker": bar, "hovertemplate": "mean %{x:.3f}<extra></extra>"})
    return data


def _tests(part: pd.DataFrame) -> str:
    n = int(part["n_tests"].max())
    return "1 test" if n == 1 else f"{n} tests"


def _above(text: str, x: float) -> dict[str, Any]:
    place = {"x": x, "y": 1, "xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "bottom", "yshift": 4}
    return {"text": text, "showarrow": False, "font": {"size": FONT_SIZE}} | place
