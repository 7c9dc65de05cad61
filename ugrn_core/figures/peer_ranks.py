"""Ranks of pairs by a network and by other methods on the same cells: a panel a method, a dot an edge."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from ugrn_core.figures.style import GUIDE, SERIES, axis, restrained

COLUMNS = ["method", "source", "target", "rank_network", "rank_method"]
OURS = "network"
MOST_DOTS = 2_000
"""Dots of a panel: the pairs that the network ranks best, whatever the method says of them."""
ACROSS = 3
"""Panels in a row."""
PANEL_HEIGHT = 330
GAP_X, GAP_Y = 0.09, 0.2


def prepare_ranks(ranks: pd.DataFrame, methods: Sequence[str]) -> pd.DataFrame:
    """:data:`COLUMNS` of a table of :class:`ugrn_core.benchmark.peer_comparison.Comparison`, best of the network first.

    Of many pairs the :data:`MOST_DOTS` that the network ranks best: chosen by one rank alone, so that agreement and
    disagreement with the other look as they are.
    """
    best = ranks.sort_values([OURS, "source", "target"], ignore_index=True).head(MOST_DOTS)
    parts = [
        best.rename(columns={OURS: "rank_network", method: "rank_method"}).assign(method=method)[COLUMNS]
        for method in methods
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS)


def plot_ranks(frame: pd.DataFrame) -> go.Figure:
    """Figure of :func:`prepare_ranks`: logarithmic ranks, 1 the best, lower left; the line is equal rank."""
    methods = list(dict.fromkeys(frame["method"]))
    across = min(ACROSS, max(1, len(methods)))
    down = max(1, math.ceil(len(methods) / across))
    layout = restrained(40 + PANEL_HEIGHT * down, title_lines=0)
    layout["shapes"] = []
    most = float(frame[["rank_network", "rank_method"]].max().max()) if len(frame) else 1.0
    ends = [-0.1, math.log10(max(most, 10.0)) + 0.1]
    traces = []
    for n, method in enumerate(methods):
        part, at = frame[frame["method"] == method], "" if n == 0 else str(n + 1)
        x, y = _domains(n, across, down)
        layout[f"xaxis{at}"] = axis(
            title={"text": "rank in the network"}, type="log", range=ends, dtick=1, domain=x,
            anchor=f"y{at}",
        )  # fmt: skip
        layout[f"yaxis{at}"] = axis(
            title={"text": f"rank by {method}"}, type="log", range=ends, dtick=1, domain=y,
            anchor=f"x{at}",
        )  # fmt: skip
        both = {"xref": f"x{at}", "yref": f"y{at}", "x0": 1, "y0": 1, "x1": most, "y1": most}
        layout["shapes"].append({"type": "line", "line": {"color": GUIDE, "dash": "dot", "width": 1}} | both)
        look = SERIES[n % len(SERIES)]
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": part["rank_network"].tolist(),
                "y": part["rank_method"].tolist(),
                "customdata": part[["source", "target"]].to_numpy().tolist(),
                "xaxis": f"x{at}",
                "yaxis": f"y{at}",
                "name": method,
                "marker": {"color": look.colour, "symbol": look.marker, "size": 5, "opacity": 0.5},
                "hovertemplate": "%{customdata[0]} to %{customdata[1]}: %{x:,} in the network, %{y:,} by "
                f"{method}<extra></extra>",
            }
        )
    return go.Figure({"data": traces, "layout": layout})


def _domains(n: int, across: int, down: int) -> tuple[list[float], list[float]]:
    """Where a panel lies across and up, each from and to, in the paper's coordinates."""
    wide = (1 - GAP_X * (across - 1)) / across
    high = (1 - GAP_Y * (down - 1)) / down
    row, column = divmod(n, across)
    left, low = column * (wide + GAP_X), 1 - row * (high + GAP_Y) - high
    return [max(0.0, left), min(1.0, left + wide)], [max(0.0, low), min(1.0, low + high)]
