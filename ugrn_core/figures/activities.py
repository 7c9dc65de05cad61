"""Activities of factors in groups of cells: a square each, with a mark where random networks rarely do as much."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from ugrn_core.figures.neighbourhood import SHADES
from ugrn_core.figures.style import axis, restrained

MOST_FACTORS = 30
RARE = 0.05
"""Share of random networks below which an activity is marked."""
ROW = 19
"""Pixels of a factor."""


def prepare_activities(table: pd.DataFrame, most: int = MOST_FACTORS) -> pd.DataFrame:
    """Rows of :func:`ugrn_core.evidence.activities.activities` of the ``most`` factors with the largest activity in
    size, those first that are highest in the first groups."""
    size = table["activity"].abs().groupby(table["source"]).max()
    chosen = size.sort_values(ascending=False, kind="stable").index[:most]
    kept = table[table["source"].isin(chosen)]
    wide = kept.pivot(index="source", columns="group", values="activity")[list(dict.fromkeys(kept["group"]))]
    top = wide.to_numpy().argmax(1)
    order = pd.DataFrame({"source": wide.index, "group": top, "size": -wide.max(axis=1).to_numpy()})
    rank = {s: n for n, s in enumerate(order.sort_values(["group", "size", "source"])["source"])}
    return kept.assign(at=kept["source"].map(rank)).sort_values(["at", "group"], ignore_index=True).drop(columns="at")


def plot_activities(frame: pd.DataFrame, column: str) -> go.Figure:
    """Figure of :func:`prepare_activities`: factors down, groups of ``column`` across."""
    factors, groups = list(dict.fromkeys(frame["source"])), list(dict.fromkeys(frame["group"]))
    wide = {
        name: frame.pivot(index="source", columns="group", values=name).reindex(index=factors, columns=groups)
        for name in ("activity", "p_random", "targets")
    }
    most = float(frame["activity"].abs().max()) if len(frame) else 1.0
    square = {
        "type": "heatmap",
        "x": groups,
        "y": factors,
        "z": wide["activity"].to_numpy().tolist(),
        "zmin": -most,
        "zmax": most,
        "colorscale": SHADES,
        "text": [["•" if p <= RARE else "" for p in row] for row in wide["p_random"].to_numpy()],
        "texttemplate": "%{text}",
        "customdata": [
            [[p, int(n)] for p, n in zip(*rows, strict=True)]
            for rows in zip(wide["p_random"].to_numpy(), wide["targets"].to_numpy(), strict=True)
        ],
        "hovertemplate": "%{y} in %{x}: activity %{z:.2f}, %{customdata[1]} targets; as large in %{customdata[0]:.1%} "
        "of random networks<extra></extra>",
        "colorbar": {"title": {"text": "activity (t)"}, "thickness": 12},
        "xgap": 1,
        "ygap": 1,
    }
    layout = restrained(110 + ROW * max(8, len(factors)), title_lines=1, x_lines=3)
    layout["margin"]["l"] = 90
    layout["xaxis"] = axis(
        title={"text": f"{column}; • as large in at most {RARE:.0%} of random networks"}, type="category"
    )
    layout["yaxis"] = axis(
        title={"text": "factor"}, type="category", autorange="reversed", dtick=1, automargin=True, showgrid=False
    )
    return go.Figure({"data": [square], "layout": layout})
