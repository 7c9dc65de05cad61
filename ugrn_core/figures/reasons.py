"""Why a translator says so: bars of what each virtual value of each curve of a pair adds to its logit."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from ugrn_core.figures.style import FONT_SIZE, SERIES, axis, minus, panel_title, restrained, value_title

ROW_HEIGHT = 190
HALVES = {"forward": (0.0, 0.47), "reverse": (0.53, 1.0)}
GAP = 0.14
"""Share of the height between two rows of panels."""
UP, DOWN = SERIES[0].colour, SERIES[1].colour


def plot_reasons(frame: pd.DataFrame, unit: str) -> go.Figure:
    """Figure of ``Reasons.frame``: a row a curve, both directions side by side, all bars on one scale.

    Bars stand at even distances, whatever lies between their virtual values. What is read beside curves is not drawn.
    """
    frame = frame[frame["virtual_value"].notna()]
    curves = list(dict.fromkeys(frame["curve"]))
    layout = restrained(60 + ROW_HEIGHT * len(curves), x_lines=value_title("", unit).count("<br>") + 1)
    layout["bargap"] = 0.35
    layout["annotations"] = []
    data: list[dict[str, Any]] = []
    for row, curve in enumerate(curves):
        for direction, across in HALVES.items():
            part = frame[(frame["curve"] == curve) & (frame["direction"] == direction)]
            number, lowest = len(data) + 1, row == len(curves) - 1
            down = _down(row, len(curves))
            data.append(_bars(part, number, unit))
            layout |= _axes(part, number, across, down, unit, lowest=lowest)
            layout["annotations"].append(_title(part, across[0], down[1]))
    return go.Figure({"data": data, "layout": layout})


def _down(row: int, n: int) -> tuple[float, float]:
    height = (1.0 - GAP * (n - 1)) / n
    top = 1.0 - row * (height + GAP)
    return max(0.0, top - height), top


def _bars(part: pd.DataFrame, number: int, unit: str) -> dict[str, Any]:
    source, target, curve = (str(part[name].iloc[0]) for name in ("source", "target", "curve"))
    adds = part["adds"].astype(float)
    return {
        "type": "bar",
        "x": [minus(f"{v:g}") for v in part["virtual_value"]],
        "y": adds.tolist(),
        "xaxis": _name("x", number),
        "yaxis": _name("y", number),
        "name": f"{curve} of {target}",
        "showlegend": False,
        "marker": {"color": [UP if v >= 0 else DOWN for v in adds]},
        "customdata": part[["of_the_pair", "of_random_pairs"]].astype(float).to_numpy().tolist(),
        "hovertemplate": f"{curve} of {target} where {source} stands at %{{x}}: adds %{{y:+.3g}}<br>"
        "here %{customdata[0]:.3g}, of random pairs %{customdata[1]:.3g}<extra></extra>",
    }


def _axes(
    part: pd.DataFrame, number: int, across: tuple[float, float], down: tuple[float, float], unit: str, *, lowest: bool
) -> dict[str, Any]:
    x = axis(domain=across, anchor=_name("y", number), type="category", showgrid=False, showticklabels=lowest)
    y = axis(domain=down, anchor=_name("x", number), zeroline=True, nticks=5)
    if lowest:
        title = value_title(str(part["source"].iloc[0]), unit)
        x["title"] = {"text": title, "font": {"size": FONT_SIZE}, "standoff": 8}
    if across[0] == 0:
        y["title"] = {"text": "adds to the logit", "font": {"size": FONT_SIZE}, "standoff": 6}
    else:
        y["showticklabels"] = True
    if number > 1:
        y["matches"] = "y"
    return {f"xaxis{number}": x, f"yaxis{number}": y}


def _title(part: pd.DataFrame, left: float, top: float) -> dict[str, Any]:
    source, target, curve = (str(part[name].iloc[0]) for name in ("source", "target", "curve"))
    return panel_title(f"{curve} of {target} to {source}", left, top)


def _name(letter: str, number: int) -> str:
    return letter if number == 1 else f"{letter}{number}"
