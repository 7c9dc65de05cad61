"""Heads of rankings of all candidates, as a figure, as tables and in words; every number is of the frames given."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from ugrn_core.benchmark.metrics import AMONG, RECALL
from ugrn_core.benchmark.prevalence import ALL_TESTS, head_table, named
from ugrn_core.figures.style import FONT_SIZE, GUIDE, SERIES, axis, restrained
from ugrn_core.methods.catalogue import METHODS

RATIO = "early_precision_ratio"
MEASURES = {
    **{f"precision_{k}": f"Right among the best {k}" for k in AMONG},
    "early_precision": "Right among as many as there are edges",
    RATIO: "The same, in multiples of chance (early precision ratio)",
    "partial_auprc": f"Partial AUPRC, up to a recall of {RECALL:g}",
    "auprc": "AUPRC of all candidates",
}
"""The scores of ``HEAD`` as they are called on a page."""
CORPUS = "Co-expression"
NAMED = ("Ens", "Ens (logistic)", CORPUS, "Gene degrees")
"""What the sentences name, where the frame has it."""
HEAD_COLUMNS = [
    "test_set", "name", "value", "low", "high", "seed_low", "seed_high", "seeds", "prevalence", "n_pos",
    "n_candidates", "n_sources", "coverage",
]  # fmt: skip
PAIR_COLUMNS = ["test_network", "test_set", "against", "value_a", "value_b", "difference", "low", "high", "p", "n"]
ROW_HEIGHT = 22
GROUPS = ("of the model", "of its corpus", "of others, from cells", "without a model")
"""Kinds of methods, in the order of the legend."""


def networks_of(frame: pd.DataFrame) -> list[str]:
    """Networks tested on, in the order of the frame."""
    return list(dict.fromkeys(frame["test_network"]))


def names_of(frame: pd.DataFrame) -> list[str]:
    """Methods that have a value anywhere, as they are shown."""
    return list(dict.fromkeys(named(frame[frame["value"].notna()])["name"]))


def prepare_heads(frame: pd.DataFrame, network: str, measure: str) -> pd.DataFrame:
    """One score on the tests of a network (``HEAD_COLUMNS``): methods from the best mean down, tests in their order."""
    chosen = (frame["test_network"] == network) & (frame["metric"] == measure) & frame["value"].notna()
    lines = named(frame[chosen])
    sets = list(dict.fromkeys(lines["test_set"]))
    whole = lines.groupby("name")["test_set"].nunique() == len(sets)
    mean = lines.groupby("name")["value"].mean()
    order = sorted(mean.index, key=lambda name: (not whole[name], -mean[name]))
    place = {name: n for n, name in enumerate(order)}
    ordered = lines.assign(rank=lines["name"].map(place), at=lines["test_set"].map(sets.index))
    return ordered.sort_values(["rank", "at"], ignore_index=True)[HEAD_COLUMNS]


def prepare_table(frame: pd.DataFrame, network: str) -> pd.DataFrame:
    """Every score of every method on the tests of a network, each with its interval over regulators, as text."""
    part = frame[frame["test_network"] == network]
    return head_table(part).drop(columns="test_network") if part["value"].notna().any() else part.iloc[:0]


def prepare_comparisons(compared: pd.DataFrame, name: str, measure: str) -> pd.DataFrame:
    """``name`` against every other method (``PAIR_COLUMNS``): a line over all tests first, then one a test."""
    one = compared[(compared["method_a"] == name) & (compared["metric"] == measure)].rename(
        columns={"method_b": "against"}
    )
    other = compared[(compared["method_b"] == name) & (compared["metric"] == measure)].rename(
        columns={"method_a": "against", "value_a": "value_b", "value_b": "value_a", "low": "high", "high": "low"}
    )
    turned = other.assign(difference=-other["difference"], low=-other["low"], high=-other["high"])
    both = pd.concat([one[PAIR_COLUMNS], turned[PAIR_COLUMNS]], ignore_index=True)
    first = (both["test_set"] != ALL_TESTS).astype(int)
    return both.assign(first=first).sort_values("first", kind="stable", ignore_index=True)[PAIR_COLUMNS]


def plot_heads(lines: pd.DataFrame, measure: str) -> go.Figure:
    """Figure of :func:`prepare_heads`: a panel a data set, a dot with its interval a method, dotted at chance."""
    names, sets = list(dict.fromkeys(lines["name"]))[::-1], list(dict.fromkeys(lines["test_set"]))
    layout = restrained(130 + ROW_HEIGHT * len(names), title_lines=2)
    layout["margin"] |= {"l": 178, "b": 60}
    layout["annotations"], layout["shapes"] = [], []
    traces = []
    gap = 0.025
    width = (1 - gap * (len(sets) - 1)) / max(len(sets), 1)
    for n, data_set in enumerate(sets):
        part = lines[lines["test_set"] == data_set]
        number, left = "" if n == 0 else str(n + 1), n * (width + gap)
        # a panel of its own scale: shares of edges differ by an order of magnitude between data sets
        most = float(part["high"].max())
        layout[f"xaxis{number}"] = axis(
            domain=[left, left + width],
            anchor=f"y{number}",
            nticks=3,
            tickangle=0,
            range=[0, 1.04 * most or 1],
            fixedrange=True,
        )
        layout[f"yaxis{number}"] = axis(
            domain=[0, 1],
            anchor=f"x{number}",
            showticklabels=n == 0,
            tickvals=list(range(len(names))),
            ticktext=names,
            range=[-0.6, len(names) - 0.4],
            fixedrange=True,
        )
        prevalence = float(part["prevalence"].iloc[0])
        layout["annotations"].append(_above(f"<b>{data_set}</b><br>{100 * prevalence:.2g} %", left))
        chance = 1.0 if measure == RATIO else prevalence
        ends = {"x0": chance, "x1": chance, "y0": 0, "y1": 1, "xref": f"x{number}", "yref": f"y{number} domain"}
        layout["shapes"].append({"type": "line", "line": {"color": GUIDE, "width": 1.5, "dash": "dot"}} | ends)
        traces += _dots(part, names, number, {trace["name"] for trace in traces})
    layout |= {"dragmode": False, "hovermode": "closest", "showlegend": True}
    layout["legend"] = {"orientation": "h", "x": 0, "y": -34 / max(layout["height"] - 80, 1), "yanchor": "top"}
    return go.Figure({"data": traces, "layout": layout})


def _dots(part: pd.DataFrame, names: list[str], number: str, known: set[str]) -> list[dict[str, Any]]:
    """Dots of a panel with their intervals, a trace a group of methods; groups in ``known`` are in the legend."""
    groups = part["name"].map(group_of)
    traces = []
    for n, group in enumerate(GROUPS):
        of = part[groups == group]
        if of.empty:
            continue
        look = SERIES[n]
        bars = {
            "array": (of["high"] - of["value"]).clip(lower=0).tolist(),
            "arrayminus": (of["value"] - of["low"]).clip(lower=0).tolist(),
        }
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": of["value"].tolist(),
                "y": [names.index(name) for name in of["name"]],
                "xaxis": f"x{number}",
                "yaxis": f"y{number}",
                "name": group,
                "legendgroup": group,
                "showlegend": group not in known,
                "marker": {"color": look.colour, "symbol": look.marker, "size": 7},
                "error_x": bars
                | {"type": "data", "symmetric": False, "color": look.colour, "thickness": 1.3, "width": 3},
                "customdata": of[["name", "low", "high"]].to_numpy().tolist(),
                "hovertemplate": "%{customdata[0]}: %{x:.3f} (%{customdata[1]:.3f} to %{customdata[2]:.3f})"
                "<extra></extra>",
            }
        )
    return traces


def group_of(name: str) -> str:
    """What kind of method a shown name is of, one of ``GROUPS``."""
    method = METHODS.get(name.split(" (")[0])
    if method is None:
        return GROUPS[2]
    return GROUPS[{"corpus": 1, "shortcut": 3, "answers": 3}.get(method.family, 0)]


def _above(text: str, x: float) -> dict[str, Any]:
    place = {"x": x, "y": 1, "xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "bottom", "yshift": 4}
    return {"text": text, "showarrow": False, "font": {"size": FONT_SIZE - 1}} | place


def head_sentences(frame: pd.DataFrame, compared: pd.DataFrame, among: int = AMONG[0]) -> tuple[str, ...]:
    """What is ranked, what the best ``among`` hold on each network, and how the curves stand to their corpus."""
    measure = f"precision_{among}"
    lines = named(frame[(frame["metric"] == measure) & frame["value"].notna()])
    by_network = [_network(lines[lines["test_network"] == n], n, among) for n in networks_of(lines)]
    return (_what(lines), *filter(None, by_network), *_against_corpus(compared, measure, among))


def _what(lines: pd.DataFrame) -> str:
    tests = lines.drop_duplicates(["test_set", "test_network"])
    few, many = int(tests["n_candidates"].min()), int(tests["n_candidates"].max())
    low, high = 100 * tests["prevalence"].min(), 100 * tests["prevalence"].max()
    return (
        f"{len(tests)} tests rank {few:,} to {many:,} candidate pairs, {low:.2g} to {high:.2g} % of them edges; pairs "
        "whose label the training showed are left out. Intervals are over regulators "
        f"({int(lines['resamples'].iloc[0])} draws of them), and all methods are compared on the same draws."
    )


def _network(lines: pd.DataFrame, network: str, among: int) -> str:
    parts = []
    for name in NAMED:
        of = lines[lines["name"] == name]
        if len(of) == 1:
            parts.append(f"{name} {of['value'].item():.2g} ({of['low'].item():.2g} to {of['high'].item():.2g})")
        elif len(of):
            parts.append(f"{name} {_spread(of['value'])}")
    share = lines.drop_duplicates("test_set")["prevalence"]
    n = lines["test_set"].nunique()
    tests = "1 test, interval in brackets" if n == 1 else f"{n} tests, lowest and highest in brackets"
    return (
        f"{network} ({tests}), right among the best {among}: {'; '.join(parts)}; chance {_spread(share)}."
        if parts
        else ""
    )


def _spread(values: pd.Series) -> str:
    mean, low, high = (f"{v:.2g}" for v in (values.mean(), values.min(), values.max()))
    return mean if len(values) == 1 else f"{mean} ({low} to {high})"


def _against_corpus(compared: pd.DataFrame, measure: str, among: int) -> list[str]:
    """The curves against the co-expression of their corpus: over all tests, and test by test."""
    said = []
    for name in NAMED[:2]:
        lines = prepare_comparisons(compared, name, measure)
        lines = lines[lines["against"] == CORPUS]
        whole, tests = lines[lines["test_set"] == ALL_TESTS], lines[lines["test_set"] != ALL_TESTS]
        if whole.empty:
            continue
        over = whole.iloc[0]
        above, below = int((tests["low"] > 0).sum()), int((tests["high"] < 0).sum())
        p = "too few tests for a p" if np.isnan(over["p"]) else f"p {over['p']:.2g} by signed ranks"
        said.append(
            f"{name} against {CORPUS} of the corpus among the best {among}: {_signed(over['difference'])} on the mean "
            f"of {int(over['n'])} tests ({_signed(over['low'])} to {_signed(over['high'])}; {p}, which is optimistic, "
            f"as tests share genes); the interval lies above zero on {above} of them and below on {below}."
        )
    return said


def _signed(value: float) -> str:
    return f"{value:+.3f}".replace("-", "\u2212")
