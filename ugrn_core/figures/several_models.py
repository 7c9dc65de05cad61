"""A pair in several models: one line a model, its response in spreads of random pairs."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from ugrn_core.figures.style import FONT_SIZE, SERIES, axis, panel_title, restrained

HEIGHT = 380
HALVES = {"forward": (0.0, 0.47), "reverse": (0.53, 1.0)}
SPREAD_BAND = "rgba(128, 128, 128, 0.12)"


def plot_models(frame: pd.DataFrame, measure: str = "response") -> go.Figure:
    """Figure of a frame of :func:`ugrn_core.several_models.prepare_models`; ``measure`` is what was compared.

    One spread up and down is shaded: what random pairs commonly do.
    """
    names = list(dict.fromkeys(frame["model"]))
    layout = restrained(HEIGHT, title_lines=1 + len(names) // 3, legend=True, x_lines=2)
    layout["annotations"], layout["shapes"] = [], []
    data: list[dict[str, Any]] = []
    for number, (direction, across) in enumerate(HALVES.items(), 1):
        part = frame[frame["direction"] == direction]
        x, y = ("x", "y") if number == 1 else (f"x{number}", f"y{number}")
        data += [_line(part[part["model"] == name], n, x, y, first=number == 1) for n, name in enumerate(names)]
        source, target = str(part["source"].iloc[0]), str(part["target"].iloc[0])
        title = {"text": f"x: virtual value of {source}<br>(place in the range of each model)", "standoff": 8}
        layout[f"xaxis{number}"] = axis(
            domain=across, anchor=y, tickformat=".0%", title=title | {"font": {"size": FONT_SIZE}}
        )
        layout[f"yaxis{number}"] = axis(anchor=x, zeroline=True, nticks=6) | ({"matches": "y"} if number > 1 else {})
        layout["annotations"].append(panel_title(f"{measure} of {target} (spreads of random pairs)", across[0], 1.0))
        band = {"type": "rect", "layer": "below", "line": {"width": 0}, "fillcolor": SPREAD_BAND, "y0": -1, "y1": 1}
        layout["shapes"].append(band | {"x0": 0, "x1": 1, "xref": f"{x} domain", "yref": y})
    return go.Figure({"data": data, "layout": layout})


def _line(part: pd.DataFrame, n: int, x: str, y: str, *, first: bool) -> dict[str, Any]:
    look, name = SERIES[n % len(SERIES)], str(part["model"].iloc[0])
    unit, source = str(part["unit"].iloc[0]), str(part["source"].iloc[0])
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": part["place"].astype(float).tolist(),
        "y": part["in_spreads"].astype(float).tolist(),
        "customdata": part[["virtual_value", "response"]].astype(float).to_numpy().tolist(),
        "xaxis": x,
        "yaxis": y,
        "name": name,
        "legendgroup": name,
        "showlegend": first,
        "line": {"color": look.colour, "width": 2},
        "marker": {"symbol": look.marker, "size": 7, "color": look.colour},
        "hovertemplate": f"{source} at %{{customdata[0]:.4g}} {unit}: %{{y:.3g}} spreads, %{{customdata[1]:.3g}} in "
        f"its own unit<extra>{name}</extra>",
    }
