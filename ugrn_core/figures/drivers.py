"""The best drivers, dose by dose: how far each leads towards B at every virtual value."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from ugrn_core.drivers.drivers import Drivers
from ugrn_core.figures.style import GUIDE, SERIES, axis, restrained

FRAME_COLUMNS = ["source", "value", "towards", "aside", "value_a"]


def prepare_drivers(found: Drivers, n: int = len(SERIES)) -> pd.DataFrame:
    """:data:`FRAME_COLUMNS` of the best ``n`` factors, best first, by virtual value; at the factor's own value in A,
    ``value_a``, the response is 0."""
    best = found.table.head(n)[["source", "value_a"]]
    at_a = best.assign(value=best["value_a"], towards=0.0, aside=0.0)
    frame = pd.concat([found.doses.merge(best, on="source"), at_a], ignore_index=True)
    rank = {source: i for i, source in enumerate(best["source"])}
    order = frame.assign(rank=frame["source"].map(rank)).sort_values(["rank", "value"], ignore_index=True)
    return order[FRAME_COLUMNS]


def plot_drivers(frame: pd.DataFrame, unit: str) -> go.Figure:
    """Figure of :func:`prepare_drivers`: a line a factor, a ring where it stands in A."""
    traces = []
    for n, (source, part) in enumerate(frame.groupby("source", sort=False)):
        look = SERIES[n % len(SERIES)]
        at_a = (part["value"] == part["value_a"]).to_numpy()
        symbols = [f"{look.marker}-open" if here else look.marker for here in at_a]
        traces.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "x": part["value"].tolist(),
                "y": (100 * part["towards"]).tolist(),
                "customdata": (100 * part["aside"]).tolist(),
                "name": str(source),
                "line": {"color": look.colour, "width": 2},
                "marker": {"symbol": symbols, "size": 8},
                "hovertemplate": f"{source} at %{{x:.2f}}: %{{y:.2f}} % of the way, %{{customdata:.2f}} % aside"
                "<extra></extra>",
            }
        )
    layout = restrained(400, title_lines=0, legend=True)
    layout["xaxis"] = axis(title={"text": f"virtual value of the factor ({unit}); open: its value in A"})
    layout["yaxis"] = axis(title={"text": "share of the way to B (%)"})
    layout["shapes"] = [
        {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": 0, "y1": 0, "line": {"color": GUIDE, "width": 1}}
    ]
    return go.Figure({"data": traces, "layout": layout})
