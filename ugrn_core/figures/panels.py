"""Response above slope on one axis of virtual values; source -> target on the left, target -> source on the right.

The figure is written as plotly's own dictionaries: its drawing functions take ten times as long for the same result,
and the explorer redraws at every change of a control.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from ugrn_core.figures.curves import RAW, SPECIFIC, Curve, split_curves
from ugrn_core.figures.marks import outside_marks, value_lines, value_marks
from ugrn_core.figures.style import (
    FONT_SIZE,
    GUIDE,
    SERIES,
    axis,
    follow_title,
    in_two_lines,
    minus,
    panel_title,
    response_title,
    restrained,
    slope_title,
    value_title,
)

HEIGHT = 460
DIRECTIONS = ("forward", "reverse")
HALVES = ((0.0, 0.47), (0.53, 1.0))
ROWS = {"response": (0.49, 1.0), "slope": (0.0, 0.33)}
LONG_TITLE = 44
"""Characters of a title that fit above one of two panels on a small screen."""

AS_PREDICTED = "response as predicted"


@dataclass(frozen=True)
class Panel:
    """One quantity in one direction; ``number`` counts panels from 1.

    ``beside`` is the first panel of its row, ``below`` the last of its column.
    """

    number: int
    beside: int
    below: int
    curves: tuple[Curve, ...]
    quantity: str
    across: tuple[float, float]
    down: tuple[float, float]

    @property
    def axes(self) -> tuple[str, str]:
        """plotly's names of the two axes; the first axis goes without a number."""
        number = "" if self.number == 1 else str(self.number)
        return f"x{number}", f"y{number}"

    @property
    def direction(self) -> str:
        return self.curves[0].direction

    @property
    def source(self) -> str:
        return _named([c.source for c in self.curves], several="the target")

    @property
    def target(self) -> str:
        return _named([c.target for c in self.curves], several="targets")

    @property
    def unit(self) -> str:
        return self.curves[0].unit

    @property
    def bases(self) -> list[float]:
        """Where its curves start, each value once."""
        return list(dict.fromkeys(c.base for c in self.curves))

    @property
    def slopes_alone(self) -> bool:
        """Whether no response is defined."""
        return all(np.isnan(c.response).all() for c in self.curves)


def plot_curves(
    frame: pd.DataFrame,
    *,
    height: int = HEIGHT,
    dense: pd.DataFrame | None = None,
    domain: tuple[float, float] | None = None,
    at: float | None = None,
) -> go.Figure:
    """Figure of a frame of :mod:`ugrn_core.figures.curves`, or of one direction of it.

    Colour and marker tell the series, a dashed line the pair-specific part. Both directions share their y axes, so
    that heights can be compared. Where no response is defined, the slope stands alone.

    ``dense`` is a frame of the same series at many values: they are the line then, and the values of ``frame`` the
    points on it. What lies outside ``domain`` is shaded. ``at`` is a value of the source at which the response of the
    first series and the area under its slope, from the base to there, are marked.
    """
    panels = _panels(split_curves(frame))
    titles = [_title(panel) for panel in panels]
    layout = restrained(
        height if panels[0].quantity == "response" else round(height * 0.7),
        title_lines=max(title["text"].count("<br>") + 1 for title in titles[: panels[0].below]),
        legend=len({(c.series, c.measure) for panel in panels for c in panel.curves}) > 1,
        x_lines=value_title(panels[0].source, panels[0].unit).count("<br>") + 1,
    )
    for panel in panels:
        layout |= _axes(panel)
    layout["annotations"] = titles
    layout["shapes"] = [mark for panel in panels for mark in _base_mark(panel)]
    through = {} if dense is None else {(c.series, c.direction): c for c in split_curves(dense)}
    data = [line for panel in panels for line in _lines(panel, through)]
    if domain is not None:
        shown = frame if dense is None else dense
        layout["shapes"] += [mark for panel in panels for mark in outside_marks(*panel.axes, shown, domain)]
    if at is not None and dense is not None:
        places = panel_places(frame)
        if marks := value_marks(places, dense, at):
            data = [*_clickable(data), *marks]
            layout["dragmode"] = "zoom"  # as ever; a page that takes clicks would let it pan
        layout["shapes"] += value_lines(places, at)
    return go.Figure({"data": data, "layout": layout}, _validate=False)  # a test validates it


def panel_places(frame: pd.DataFrame) -> list[tuple[str, str, str, str]]:
    """x axis, y axis, direction and quantity of every panel of a frame, in their order."""
    return [(*panel.axes, panel.direction, panel.quantity) for panel in _panels(split_curves(frame))]


def _panels(curves: Sequence[Curve]) -> list[Panel]:
    rows = {"slope": (0.0, 1.0)} if all(np.isnan(c.response).all() for c in curves) else ROWS
    parts = {d: part for d in DIRECTIONS if (part := tuple(c for c in curves if c.direction == d))}
    there = list(parts)
    across = HALVES if len(there) == 2 else ((0.0, 1.0),)
    panels: list[Panel] = []
    for quantity, down in rows.items():
        beside = len(panels) + 1
        for column, direction in enumerate(there):
            below = len(there) * (len(rows) - 1) + column + 1
            panels.append(Panel(len(panels) + 1, beside, below, parts[direction], quantity, across[column], down))
    return panels


def _axes(panel: Panel) -> dict[str, Any]:
    """Both axes of a panel: x moves with the panel below, y with the panel beside."""
    n, lowest = panel.number, panel.number == panel.below
    x = axis(domain=panel.across, anchor=panel.axes[1], showticklabels=lowest)
    y = axis(domain=panel.down, anchor=panel.axes[0], zeroline=True, nticks=6)
    if lowest:
        x["title"] = {"text": value_title(panel.source, panel.unit), "font": {"size": FONT_SIZE - 1}, "standoff": 8}
    else:
        x["matches"] = f"x{panel.below}"
    if panel.beside != n:
        y["matches"] = "y" if panel.beside == 1 else f"y{panel.beside}"
    return {f"xaxis{n}": x, f"yaxis{n}": y}


def _title(panel: Panel) -> dict[str, Any]:
    """The panel's sentence, above its upper left corner."""
    return panel_title(in_two_lines(_sentence(panel), LONG_TITLE), panel.across[0], panel.down[1])


def _sentence(panel: Panel) -> str:
    if panel.quantity == "response":
        bases = panel.bases
        base = minus(f"{bases[0]:.4g}") if len(bases) == 1 else "its mean in the group"
        return response_title(panel.source, panel.target, panel.unit, base)
    title = follow_title if panel.slopes_alone else slope_title
    return title(panel.source, panel.target, panel.unit)


def _base_mark(panel: Panel) -> list[dict[str, Any]]:
    """A dotted line at the value where the source starts, where all series start at the same."""
    if len(panel.bases) != 1 or panel.slopes_alone:
        return []
    x, (across, down) = panel.bases[0], panel.axes
    line = {"color": GUIDE, "width": 1, "dash": "dot"}
    ends = {"x0": x, "x1": x, "y0": 0, "y1": 1, "xref": across, "yref": f"{down} domain"}
    return [{"type": "line", "layer": "below", "line": line} | ends]


def _lines(panel: Panel, through: Mapping[tuple[str, str], Curve]) -> list[dict[str, Any]]:
    """One line a series and measure, in the order of the frame, so that a series keeps its colour.

    A series that is among ``through`` (by name and direction) is drawn through those values, and its own are points.
    """
    names = list(dict.fromkeys(c.series for c in panel.curves))
    lines = []
    for curve in panel.curves:
        look, raw = SERIES[names.index(curve.series) % len(SERIES)], curve.measure == RAW
        label = _label(curve.series, raw, alone=len(names) == 1)
        x, y, at_base = _points(curve, panel.quantity)
        dense = through.get((curve.series, panel.direction)) if raw else None
        if dense is not None:
            lines.append(_smooth(panel, dense, look.colour, label))
        lines.append(
            {
                "type": "scatter",
                "mode": "lines+markers" if dense is None else "markers",
                "x": x.tolist(),
                "y": y.tolist(),
                "xaxis": panel.axes[0],
                "yaxis": panel.axes[1],
                "name": label,
                "legendgroup": label,
                "showlegend": panel.number == 1 and dense is None,
                "line": {"color": look.colour, "width": 2.25 if raw else 1.75, "dash": "solid" if raw else "dash"},
                "marker": {
                    "symbol": [f"{look.marker}-open" if here or not raw else look.marker for here in at_base],
                    "size": 7,
                    "color": look.colour,
                    "opacity": 1,
                },
                "hovertemplate": f"{curve.source} at %{{x:.4g}}: %{{y:.4g}}<extra>{label}</extra>",
            }
        )
    return lines


def _clickable(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same where every value of a curve can be clicked: that has to be a point, and is not seen. At the end stands
    what the legend shows of the curves, which would show such a point."""
    entries: list[dict[str, Any]] = []
    for line in [line for line in lines if line["mode"] == "lines"]:
        if line["showlegend"]:
            entries.append(line | {"x": [None], "y": [None], "legendrank": len(entries) + 1})
        unseen = {"size": 9, "opacity": 0, "color": line["line"]["color"]}
        line |= {"mode": "lines+markers", "marker": unseen, "showlegend": False}
    return [*lines, *entries]


def _smooth(panel: Panel, curve: Curve, colour: str, label: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": curve.at.tolist(),
        "y": curve[panel.quantity].tolist(),
        "xaxis": panel.axes[0],
        "yaxis": panel.axes[1],
        "name": label,
        "legendgroup": label,
        "showlegend": panel.number == 1,
        "line": {"color": colour, "width": 2.25},
        "hovertemplate": f"{curve.source} at %{{x:.4g}}: %{{y:.4g}}<extra>{label}</extra>",
    }


def _points(curve: Curve, quantity: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x, y and whether a point is the base, along x. A response is 0 at the base by definition, and is drawn so."""
    x, y, base = curve.at, curve[quantity], curve.base
    if quantity == "response" and base not in x:
        x, y = np.append(x, base), np.append(y, 0.0)
    order = np.argsort(x, kind="stable")
    return x[order], y[order], (x[order] == base) & (quantity == "response")


def _label(series: str, raw: bool, *, alone: bool) -> str:
    if alone:
        return AS_PREDICTED if raw else SPECIFIC
    return series if raw else f"{series}, {SPECIFIC}"


def _named(genes: Sequence[str], *, several: str) -> str:
    return genes[0] if len(set(genes)) == 1 else several
