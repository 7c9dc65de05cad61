"""What stands beside a pair. A response surface as a heat map: source to the right, companion upwards, colour what
becomes of the target. Several models: one line a model, its response in spreads of random pairs.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from ugrn_core.company import Surface
from ugrn_core.figures.neighbourhood import SHADES
from ugrn_core.figures.style import FONT_SIZE, GUIDE, SERIES, axis, panel_title, restrained, short_unit, slope_unit

SURFACE_HEIGHT = 460
Shown = Literal["response", "interaction", "mixed"]


def plot_surface(surface: Surface, shown: Shown, source_base: float, value: float) -> go.Figure:
    """Heat map of one measure of a surface, orange below 0 and blue above.

    Dotted lines mark the source's base and the ``value`` at which the companion stands.
    """
    z = getattr(surface, shown).astype(float)
    size = float(np.abs(z).max()) or 1.0
    short = short_unit(surface.unit)
    unit = f"{slope_unit(short)}²" if shown == "mixed" else short
    layout = restrained(SURFACE_HEIGHT, title_lines=2)
    layout["margin"] |= {"r": 4}
    source, _, companion = surface.called
    named = {"xaxis": source, "yaxis": companion}
    for name, gene in named.items():
        title = {"text": f"{gene} ({short})", "font": {"size": FONT_SIZE}, "standoff": 8}
        layout[name] = axis(title=title, showgrid=False, constrain="domain")
    layout["annotations"] = [_title(surface, shown, source_base, unit)]
    line = {"color": GUIDE, "width": 1.5, "dash": "dot"}
    layout["shapes"] = [
        {"type": "line", "line": line, "x0": source_base, "x1": source_base, "y0": 0, "y1": 1, "yref": "y domain"},
        {"type": "line", "line": line, "x0": 0, "x1": 1, "xref": "x domain", "y0": value, "y1": value},
    ]
    trace = {
        "type": "heatmap",
        "x": surface.source_values.tolist(),
        "y": surface.companion_values.tolist(),
        "z": z.tolist(),
        "zmin": -size,
        "zmax": size,
        "colorscale": SHADES,
        "hovertemplate": (f"{source} at %{{x:.3g}}, {companion} at %{{y:.3g}}: %{{z:+.3g}} {unit}<extra></extra>"),
        "colorbar": {"thickness": 10, "outlinewidth": 0, "tickfont": {"size": FONT_SIZE - 2}, "nticks": 7},
    }
    return go.Figure({"data": [trace], "layout": layout})


def _title(surface: Surface, shown: Shown, source_base: float, unit: str) -> dict[str, object]:
    source, target, companion = surface.called
    text = {
        "response": f"change of predicted {target} ({unit})<br>when {source} goes from {source_base:.4g} to x",
        "interaction": f"what {companion} adds to that change ({unit}),<br>against {companion} at "
        f"{surface.companion_base:.4g}",
        "mixed": f"second derivative of predicted {target}<br>along {source} and {companion} ({unit})",
    }[shown]
    return panel_title(text, 0, 1)


MODELS_HEIGHT = 380
HALVES = {"forward": (0.0, 0.47), "reverse": (0.53, 1.0)}
SPREAD_BAND = "rgba(128, 128, 128, 0.12)"


def plot_models(frame: pd.DataFrame, measure: str = "response") -> go.Figure:
    """Figure of a frame of :func:`ugrn_core.several_models.prepare_models`; ``measure`` is what was compared.

    One spread up and down is shaded: what random pairs commonly do.
    """
    names = list(dict.fromkeys(frame["model"]))
    layout = restrained(MODELS_HEIGHT, title_lines=1 + len(names) // 3, legend=True, x_lines=2)
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
