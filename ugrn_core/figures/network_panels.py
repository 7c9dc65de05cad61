"""Numbers of a predicted network as figures: degrees, expected FDR, and what differs between two networks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from ugrn_core.figures.network_adjacency import plot_adjacency, prepare_adjacency
from ugrn_core.figures.network_look import LEAST, written
from ugrn_core.figures.style import GUIDE, SERIES, Series, axis, restrained
from ugrn_core.genes.file_names import HUMAN_COLUMNS
from ugrn_core.network.compare import CHANGES
from ugrn_core.network.edge_filter import fdr_of_top, percent
from ugrn_core.network.edge_table import in_order
from ugrn_core.network.layout import prepare_nodes

__all__ = [
    "plot_adjacency",
    "plot_changes",
    "plot_degrees",
    "plot_fdr",
    "prepare_adjacency",
    "prepare_changes",
    "prepare_degrees",
    "prepare_fdr",
]

DEGREES = {"out_degree": "edges out (as source)", "in_degree": "edges in (as target)"}
FEW = 50
"""Up to so many edges an axis is linear."""
MOST_POINTS = 400
"""Points of a line of expected FDR."""
MOST_CHANGES = 3_000
"""Points of a figure of changes, the largest first; its table has all."""
CHANGE_LOOKS = {
    "gained": Series(SERIES[2].colour, "triangle-up"),
    "lost": Series(SERIES[1].colour, "triangle-down"),
    "kept": Series(SERIES[0].colour, "circle-open"),
}
CHANGE_COLUMNS = [
    "source", "target", "change", "probability_a", "probability_b", "probability_change", "score_change", "rank_a",
    "rank_b",
]  # fmt: skip
MANY_DIGITS = 5
"""Largest over smallest number on a logarithmic axis, beyond which not every digit has a place."""


def prepare_degrees(table: pd.DataFrame) -> pd.DataFrame:
    """``direction, edges, genes``: how many genes have at least so many edges out, and so many in, from 1 on."""
    nodes = prepare_nodes(table)
    parts = []
    for column, name in DEGREES.items():
        degrees = np.sort(nodes.loc[nodes[column] > 0, column].to_numpy())
        values = np.unique(degrees)
        genes = len(degrees) - np.searchsorted(degrees, values)
        parts.append(pd.DataFrame({"direction": name, "edges": values, "genes": genes}))
    return pd.concat(parts, ignore_index=True)


def plot_degrees(frame: pd.DataFrame) -> go.Figure:
    """Figure of :func:`prepare_degrees`: falling lines, out and in; logarithmic where a gene has many edges."""
    traces = []
    for n, name in enumerate(DEGREES.values()):
        part = frame[frame["direction"] == name]
        traces.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "x": part["edges"].tolist(),
                "y": part["genes"].tolist(),
                "name": name,
                "line": {"color": SERIES[n].colour, "width": 2, "dash": ("solid", "dash")[n], "shape": "vh"},
                "marker": {"symbol": SERIES[n].marker, "size": 7},
                "hovertemplate": f"%{{y:,}} genes with at least %{{x:,}} {name}<extra></extra>",
            }
        )
    many = len(frame) > 0 and int(frame["edges"].max()) > FEW
    layout = restrained(360, title_lines=0, legend=True)
    layout["xaxis"] = axis(title={"text": "number of edges k of a gene"}, **_scale(many))
    layout["yaxis"] = axis(title={"text": "genes with at least k edges"}, **_scale(many))
    return go.Figure({"data": traces, "layout": layout})


def prepare_fdr(table: pd.DataFrame, cut: int | None = None) -> pd.DataFrame:
    """``edges, fdr, probability``: expected FDR of the best 1, 2, ... edges, and the probability of the last of them.

    Of a long table some numbers of edges only, evenly on a logarithmic axis; ``cut`` is always one of them.
    """
    falling = in_order(table)["probability"].to_numpy(float)
    if np.isnan(falling).any():
        falling = falling[:0]
    n = len(falling)
    chosen = np.geomspace(1, n, MOST_POINTS).round().astype(int) if n > MOST_POINTS else np.arange(1, n + 1)
    extra = [cut] if cut is not None and 0 < cut <= n else []
    chosen = np.union1d(chosen, np.array(extra, int)).astype(int)
    rates = fdr_of_top(falling)[chosen - 1] if n else falling
    return pd.DataFrame({"edges": chosen, "fdr": rates.round(6), "probability": falling[chosen - 1] if n else falling})


def plot_fdr(frame: pd.DataFrame, cut: int | None = None, *, asked: float | None = None) -> go.Figure:
    """Figure of :func:`prepare_fdr`, with a mark at the best ``cut`` edges (read along the line between its points)
    and a dotted line at the rate ``asked`` for."""
    look = SERIES[0]
    line = {
        "type": "scatter",
        "mode": "lines",
        "x": frame["edges"].tolist(),
        "y": frame["fdr"].tolist(),
        "customdata": frame["probability"].tolist(),
        "line": {"color": look.colour, "width": 2.25},
        "hovertemplate": "best %{x:,} edges: %{y:.1%} expected to be wrong, the last of probability %{customdata:.3g}"
        "<extra></extra>",
    }
    layout = restrained(340, title_lines=0)
    layout["margin"]["t"] = 28
    layout["xaxis"] = axis(title={"text": "number of best edges shown"}, **_scale(len(frame) > FEW))
    layout["yaxis"] = axis(title={"text": "expected FDR (share that is wrong)"}, tickformat=".0%", range=[0, 1.05])
    if asked is not None:
        ends = {"x0": 0, "x1": 1, "xref": "paper", "y0": asked, "y1": asked}
        layout["shapes"] = [{"type": "line", "line": {"color": GUIDE, "dash": "dot"}} | ends]
        layout["annotations"] = [_above(f"asked for: {percent(asked)}", asked)]
    traces = [line]
    if cut is not None and len(frame) and 0 < cut <= frame["edges"].iloc[-1]:
        traces.append(_cut(cut, float(np.interp(cut, frame["edges"], frame["fdr"]))))
    return go.Figure({"data": traces, "layout": layout})


def prepare_changes(compared: pd.DataFrame) -> pd.DataFrame:
    """The edges of :func:`ugrn_core.network.compare.compare_networks` (:data:`CHANGE_COLUMNS`), largest change first.

    ``probability_a`` or ``probability_b`` is NaN where that network has not scored the pair.
    """
    human = [name for name in HUMAN_COLUMNS if name in compared]
    return compared[[*CHANGE_COLUMNS, *human]].reset_index(drop=True)


def plot_changes(frame: pd.DataFrame, names: tuple[str, str] = ("a", "b")) -> go.Figure:
    """Figure of :func:`prepare_changes`: probability in the second network against that in the first, or the rank
    where edges have no more than that (1, the best, above and to the right).

    On the diagonal nothing has changed. Edges that one network has not scored have no place in it and are counted
    above. A point's ``customdata`` is ``[source, target]``.
    """
    what = "rank" if frame["probability_a"].isna().all() or frame["probability_b"].isna().all() else "probability"
    axes = [f"{what}_a", f"{what}_b"]
    both = frame.dropna(subset=axes)
    shown = both.head(MOST_CHANGES)
    traces = [_changed(change, shown[shown["change"] == change], axes) for change in CHANGE_LOOKS]
    ends = shown[axes].clip(lower=LEAST).to_numpy(float)
    low, high = (float(ends.min()), float(ends.max())) if len(shown) else (0.001, 1.0)
    sides = [np.log10(low) - 0.08, np.log10(high) + 0.08]
    diagonal = {"x0": low, "y0": low, "x1": high, "y1": high}
    layout = restrained(480, title_lines=1, legend=True)
    for side, name in zip("xy", names, strict=True):
        title = {"text": f"{what} in {written(name)}"}
        ends = sides[::-1] if what == "rank" else sides
        layout[f"{side}axis"] = axis(title=title, type="log", range=ends, **_numbers(low, high))
    layout["yaxis"] |= {"scaleanchor": "x", "constrain": "domain"}
    layout["xaxis"]["constrain"] = "domain"
    layout["shapes"] = [{"type": "line", "layer": "below", "line": {"color": GUIDE, "width": 1}} | diagonal]
    layout["hovermode"] = "closest"
    if notes := _left_out(frame, both, names):
        at = {"x": 0, "y": 1, "xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "bottom"}
        layout["annotations"] = [{"text": written(notes), "showarrow": False, "yshift": 4} | at]
    return go.Figure({"data": [trace for trace in traces if trace["x"]], "layout": layout})


def _changed(change: str, part: pd.DataFrame, axes: Sequence[str]) -> dict[str, Any]:
    look = CHANGE_LOOKS[change]
    pairs = zip(part["source"], part["target"], strict=True)
    return {
        "type": "scatter",
        "mode": "markers",
        "x": part[axes[0]].clip(lower=LEAST).tolist(),
        "y": part[axes[1]].clip(lower=LEAST).tolist(),
        "name": f"{change} ({len(part):,})",
        "marker": {"symbol": look.marker, "color": look.colour, "size": 8, "opacity": 0.85},
        "customdata": part[["source", "target"]].to_numpy().tolist(),
        "hovertext": [f"{written(s)} \N{RIGHTWARDS ARROW} {written(t)}" for s, t in pairs],
        "hovertemplate": f"%{{hovertext}}<br>{change}: %{{x:.3g}}, then %{{y:.3g}}<extra></extra>",
    }


def _left_out(frame: pd.DataFrame, both: pd.DataFrame, names: tuple[str, str]) -> str:
    """Which edges have no point."""
    counts = frame["change"].value_counts()
    lone = zip(CHANGES[3:], reversed(names), strict=True)
    said = [f"{counts[change]:,} scored in {name} only" for change, name in lone if counts.get(change, 0)]
    if len(both) > MOST_CHANGES:
        said.append(f"{len(both) - MOST_CHANGES:,} with smaller changes")
    return f"Not drawn: {', '.join(said)}." if said else ""


def _cut(cut: int, rate: float) -> dict[str, Any]:
    words = f"{cut:,} shown: {percent(rate)}"
    return {
        "type": "scatter",
        "mode": "markers+text",
        "x": [cut],
        "y": [rate],
        "text": [words],
        "textposition": "bottom center" if rate > 0.5 else "top center",
        "marker": {"symbol": SERIES[1].marker, "color": SERIES[1].colour, "size": 11},
        "hovertemplate": f"{words} expected to be wrong<extra></extra>",
        "cliponaxis": False,
    }


def _above(text: str, y: float) -> dict[str, Any]:
    at = {"x": 0, "xref": "paper", "xanchor": "left", "y": y, "yanchor": "bottom"}
    return {"text": text, "showarrow": False} | at


def _scale(logarithmic: bool) -> dict[str, Any]:
    """A logarithmic axis has a number at 1, 2, 5 of every power of ten; a linear one starts at 0."""
    return {"type": "log"} | _numbers(1, 1e9) if logarithmic else {"rangemode": "tozero"}


def _numbers(low: float, high: float) -> dict[str, Any]:
    """Whole numbers along a logarithmic axis, where plotly writes 8 for 0.08: at 1, 2, 5 of every power of ten.

    Of less than that in sight, at every digit.
    """
    digits = (1, 2, 5) if high / low > MANY_DIGITS else range(1, 10)
    powers = range(int(np.floor(np.log10(low))) - 1, int(np.ceil(np.log10(high))) + 1)
    values = [digit * 10.0**power for power in powers for digit in digits]
    return {"tickvals": values, "ticktext": [f"{value:,.0f}" if value >= 1 else f"{value:g}" for value in values]}
