"""Marks on panels of curves: what lies outside pre-training, and one value at which response and area are compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from ugrn_core.figures.curves import Curve, split_curves
from ugrn_core.figures.style import FONT_SIZE, GUIDE, SERIES, minus, see_through
from ugrn_core.trajectory import area, between

OUTSIDE = "rgba(128, 128, 128, 0.12)"
SHADE = 0.22
"""How much is seen of the colour of an area; half of it where several lie over one another."""
STEPS = 41
"""Values of the slider in a file that is taken away."""

Place = tuple[str, str, str, str]
"""x axis, y axis, direction and quantity of a panel."""


def outside_marks(across: str, down: str, frame: pd.DataFrame, domain: tuple[float, float]) -> list[dict[str, Any]]:
    """Grey where the values shown were never met in pre-training."""
    low, high = float(frame["virtual_value"].min()), float(frame["virtual_value"].max())
    ends = [(low, domain[0]), (domain[1], high)]
    return [
        {
            "type": "rect",
            "layer": "below",
            "fillcolor": OUTSIDE,
            "line": {"width": 0},
            **{"x0": start, "x1": stop, "y0": 0, "y1": 1, "xref": across, "yref": f"{down} domain"},
        }
        for start, stop in ends
        if start < stop
    ]


def compared(dense: pd.DataFrame, x: float) -> pd.DataFrame:
    """``series, direction, source, target, x, response, area, slope, unit``: the two numbers should be the same.

    ``response`` and ``slope`` are read off straight lines between the values, ``area`` is that under the slope from the
    base to ``x``. A frame without responses has no rows.
    """
    rows = [
        {
            "series": curve.series,
            "direction": curve.direction,
            "source": curve.source,
            "target": curve.target,
            "x": x,
            **_numbers(curve, x),
            "unit": curve.unit,
        }
        for curve in split_curves(dense)
        if not np.isnan(curve.response).any()
    ]
    return pd.DataFrame(rows)


def value_marks(places: Sequence[Place], dense: pd.DataFrame, x: float) -> list[dict[str, Any]]:
    """Traces: a point on each response, the shaded area under each slope and a point there; at those of the first
    series their numbers, which stand in one another's way for more."""
    curves = {(c.series, c.direction): c for c in split_curves(dense) if not np.isnan(c.response).any()}
    if not curves:
        return []
    names = list(dict.fromkeys(series for series, _ in curves))
    marks = []
    for across, down, direction, quantity in places:
        axes = {"type": "scatter", "xaxis": across, "yaxis": down, "showlegend": False, "hoverinfo": "skip"}
        for n, series in enumerate(names):
            curve = curves[series, direction]
            colour, row = SERIES[n % len(SERIES)].colour, _numbers(curve, x)
            if quantity == "slope":
                inside, heights = between(curve.at, curve.slope, curve.base, x)
                shade = see_through(colour, SHADE if len(names) == 1 else SHADE / 2)
                marks.append(
                    axes
                    | {"mode": "lines", "x": inside.tolist(), "y": heights.tolist(), "fill": "tozeroy"}
                    | {"fillcolor": shade, "line": {"width": 0}, "text": ""}
                )
            number = row["response"] if quantity == "response" else row["area"]
            words = "" if n else _number(number) if quantity == "response" else f"area {_number(number)}"
            marks.append(
                axes
                | {"mode": "markers+text", "x": [x], "y": [row[quantity]], "text": [words]}
                | {"textposition": _beside(x, curve.at, row[quantity], row["slope"], quantity), "cliponaxis": False}
                | {"textfont": {"size": FONT_SIZE} | ({"color": colour} if len(names) > 1 else {})}
                | {"marker": {"size": 10, "color": "rgba(0, 0, 0, 0)", "line": {"width": 2, "color": colour}}}
            )
    return marks


def value_lines(places: Sequence[Place], x: float) -> list[dict[str, Any]]:
    """Shapes: an upright line at the value in every panel."""
    line = {"color": GUIDE, "width": 1.5}
    return [
        {"type": "line", "layer": "below", "line": line, "x0": x, "x1": x, "y0": 0, "y1": 1}
        | {"xref": across, "yref": f"{down} domain"}
        for across, down, _, _ in places
    ]


def with_slider(figure: go.Figure, places: Sequence[Place], dense: pd.DataFrame, at: float) -> go.Figure:
    """A figure with marks at ``at`` and a slider of its own that moves them, for a file that is taken away
    (:mod:`ugrn_core.figures.standalone` makes it one that keys move too)."""
    low, high = float(dense["virtual_value"].min()), float(dense["virtual_value"].max())
    values = sorted({*np.linspace(low, high, STEPS).round(6).tolist(), float(at)})
    n_marks, n_lines = len(value_marks(places, dense, at)), len(places)
    if not n_marks:
        return figure
    traces = list(range(len(figure.data) - n_marks, len(figure.data)))
    shapes = range(len(figure.layout.shapes) - n_lines, len(figure.layout.shapes))
    steps = []
    for x in values:
        marks = value_marks(places, dense, x)
        moved = {name: [mark[name] for mark in marks] for name in ("x", "y", "text")}
        lines = {f"shapes[{i}].{end}": x for i in shapes for end in ("x0", "x1")}
        steps.append({"method": "update", "label": minus(f"{x:.3g}"), "args": [moved, lines, traces]})
    return go.Figure(figure).update_layout(sliders=[{"active": values.index(float(at)), "steps": steps}])


def _numbers(curve: Curve, x: float) -> dict[str, float]:
    """Response, area under the slope from the base, and slope at ``x``, by straight lines between the values."""
    start = float(np.interp(curve.base, curve.at, curve.response))  # 0 where the base is among the values
    return {
        "response": float(np.interp(x, curve.at, curve.response)) - start,
        "area": area(curve.at, curve.slope, curve.base, x),
        "slope": float(np.interp(x, curve.at, curve.slope)),
    }


def _number(value: float) -> str:
    return minus(f"{value:+.3g}")


def _beside(x: float, at: np.ndarray, y: float, slope: float, quantity: str) -> str:
    """Where a number stands beside its point: towards the middle of the panel, beside a response and within an area."""
    left = x > (at[0] + at[-1]) / 2
    above = (slope > 0) == left if quantity == "response" else y <= 0
    return f"{'top' if above else 'bottom'} {'left' if left else 'right'}"
