"""A response surface as a heat map: source to the right, companion upwards, colour what becomes of the target."""

from __future__ import annotations

from typing import Literal

import numpy as np
import plotly.graph_objects as go

from ugrn_core.company import Surface
from ugrn_core.figures.neighbourhood import SHADES
from ugrn_core.figures.style import FONT_SIZE, GUIDE, axis, panel_title, restrained
from ugrn_core.figures.titles import short_unit, slope_unit

HEIGHT = 460
Shown = Literal["response", "interaction", "mixed"]


def plot_surface(surface: Surface, shown: Shown, source_base: float, value: float) -> go.Figure:
    """Heat map of one measure of a surface, orange below 0 and blue above.

    Dotted lines mark the source's base and the ``value`` at which the companion stands.
    """
    z = getattr(surface, shown).astype(float)
    size = float(np.abs(z).max()) or 1.0
    short = short_unit(surface.unit)
    unit = f"{slope_unit(short)}²" if shown == "mixed" else short
    layout = restrained(HEIGHT, title_lines=2)
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
