"""Figures of the lessons. Every frame has its twin as a table beside it; colour never stands alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from ugrn_core.figures.style import FONT_SIZE, GUIDE, SERIES, axis, restrained

DASHES = ("solid", "dash", "dot", "dashdot")
HEIGHT = 340


def plot_lines(
    frame: pd.DataFrame,
    *,
    x_title: str,
    y_title: str,
    mark: tuple[float, str] | None = None,
    base: float | None = None,
    height: int = HEIGHT,
    scale: bool = False,
    y_range: tuple[float, float] | None = None,
) -> go.Figure:
    """Lines of a frame ``series, x, y``, in its order; ``base`` is a dotted line.

    ``mark`` is a value of x and the series whose point there is drawn large. ``scale`` divides all by the largest
    size, for curves whose heights are to be hidden.
    """
    largest = float(frame["y"].abs().max()) if scale else 1.0
    traces = []
    for n, (name, line) in enumerate(frame.groupby("series", sort=False)):
        look = SERIES[n % len(SERIES)]
        few = len(line) < 12
        traces.append(
            {
                "type": "scatter",
                "mode": "lines+markers" if few else "lines",
                "x": line["x"].tolist(),
                "y": (line["y"] / largest).tolist(),
                "name": str(name),
                "line": {"color": look.colour, "width": 2.5, "dash": DASHES[n % len(DASHES)]},
                "marker": {"symbol": look.marker, "size": 8},
                "hovertemplate": f"{name}<br>x %{{x:.2f}}: %{{y:.3f}}<extra></extra>",
            }
        )
        if mark is not None and mark[1] == name:
            at = line[(line["x"] - mark[0]).abs() < 1e-6]
            traces.append(
                {
                    "type": "scatter",
                    "mode": "markers",
                    "x": at["x"].tolist(),
                    "y": at["y"].tolist(),
                    "showlegend": False,
                    "marker": {"symbol": look.marker, "size": 14, "color": look.colour},
                    "hovertemplate": "x %{x:.2f}: %{y:.3f}<extra></extra>",
                }
            )
    layout = restrained(height, title_lines=0, legend=True)
    layout["xaxis"] = axis(title={"text": x_title, "standoff": 8})
    layout["yaxis"] = axis(title={"text": y_title}, zeroline=True, nticks=6)
    if y_range is not None:
        layout["yaxis"]["range"] = list(y_range)
    if base is not None:
        layout["shapes"] = [_upright(base, dash="dot")]
    return go.Figure({"data": traces, "layout": layout})


def plot_two_measures(frame: pd.DataFrame, titles: Mapping[str, str], unit: str) -> go.Figure:
    """Bars of each gene in ``frame`` (``gene`` and a column a measure), one panel a measure of ``titles``."""
    halves, traces = ((0.0, 0.44), (0.56, 1.0)), []
    layout = restrained(300, title_lines=1)
    layout["annotations"] = []
    for n, (column, title) in enumerate(titles.items()):
        number = "" if n == 0 else str(n + 1)
        traces.append(
            {
                "type": "bar",
                "x": frame["gene"].tolist(),
                "y": frame[column].tolist(),
                "xaxis": f"x{number}",
                "yaxis": f"y{number}",
                "marker": {"color": [SERIES[i].colour for i in range(len(frame))]},
                "width": 0.5,
                "text": [f"{v:.2f}" for v in frame[column]],
                "textposition": "outside",
                "cliponaxis": False,
                "showlegend": False,
                "hovertemplate": f"{title}<br>%{{x}}: %{{y:.3f}}<extra></extra>",
            }
        )
        layout[f"xaxis{number}"] = axis(domain=halves[n], anchor=f"y{number}", title={"text": "gene that is moved"})
        lowest, highest = min(0.0, frame[column].min()), max(0.0, frame[column].max())
        layout[f"yaxis{number}"] = axis(
            anchor=f"x{number}",
            title={"text": f"change of the target ({unit})"},
            zeroline=True,
            range=[1.2 * lowest, 1.2 * highest or 1.0],
        )
        layout["annotations"].append(
            {
                "text": title,
                "x": halves[n][0],
                "y": 1.0,
                "xref": "paper",
                "yref": "paper",
                "xanchor": "left",
                "yanchor": "bottom",
                "yshift": 6,
                "showarrow": False,
            }
        )
    return go.Figure({"data": traces, "layout": layout})


def plot_rectangles(slope: pd.DataFrame, rectangles: pd.DataFrame, x_title: str, y_title: str) -> go.Figure:
    """The slope (``x, slope``) as a line over rectangles (``left, right, height``), up to the last of them."""
    corners_x: list[float | None] = []
    corners_y: list[float | None] = []
    for r in rectangles.itertuples():
        corners_x += [r.left, r.left, r.right, r.right, None]
        corners_y += [0.0, r.height, r.height, 0.0, None]
    traces = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": corners_x,
            "y": corners_y,
            "fill": "toself",
            "fillcolor": "rgba(213, 94, 0, 0.25)",
            "line": {"color": SERIES[1].colour, "width": 1},
            "name": f"{len(rectangles)} rectangle{'' if len(rectangles) == 1 else 's'}",
            "hoverinfo": "skip",
        },
        {
            "type": "scatter",
            "mode": "lines",
            "x": slope["x"].tolist(),
            "y": slope["slope"].tolist(),
            "name": "slope",
            "line": {"color": SERIES[0].colour, "width": 2.5},
            "hovertemplate": "x %{x:.2f}: %{y:.3f}<extra></extra>",
        },
    ]
    layout = restrained(HEIGHT, title_lines=0, legend=True)
    layout["xaxis"] = axis(title={"text": x_title, "standoff": 8})
    layout["yaxis"] = axis(title={"text": y_title}, zeroline=True, nticks=6, rangemode="tozero")
    ends = (float(rectangles["left"].iloc[0]), float(rectangles["right"].iloc[-1]))
    layout["shapes"] = [_upright(x, dash="dot") for x in ends]
    return go.Figure({"data": traces, "layout": layout})


def plot_loss_curve(losses: Sequence[tuple[float, float]], last: float, x_title: str, y_title: str) -> go.Figure:
    """A loss curve (step, loss) on an axis that is as long as the training will be."""
    trace = {
        "type": "scatter",
        "mode": "lines+markers",
        "x": [x for x, _ in losses],
        "y": [y for _, y in losses],
        "name": "loss",
        "line": {"color": SERIES[0].colour, "width": 2},
        "marker": {"size": 4},
        "hovertemplate": "%{x:,.0f}: %{y:.4f}<extra></extra>",
    }
    layout = restrained(260, title_lines=0)
    layout["xaxis"] = axis(title={"text": x_title}, range=[0, last])
    layout["yaxis"] = axis(title={"text": y_title}, rangemode="tozero")
    return go.Figure({"data": [trace], "layout": layout})


def plot_attempts(frame: pd.DataFrame, prior: float, most: int, *, averaged: str) -> go.Figure:
    """Held-out AUPRC against labelled pairs (``most`` there are), one point an attempt: ``pairs, auprc, labels``; the
    prior as a line, and another one for the mean of the attempts whose labels are ``averaged``."""
    traces = []
    for n, (labels, part) in enumerate(frame.groupby("labels", sort=False)):
        look = SERIES[n % len(SERIES)]
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": part["pairs"].tolist(),
                "y": part["auprc"].tolist(),
                "name": str(labels),
                "marker": {"symbol": look.marker, "size": 11, "color": look.colour},
                "hovertemplate": f"{labels}<br>%{{x}} pairs: %{{y:.3f}}<extra></extra>",
            }
        )
        if labels == averaged and len(part) > 1:
            mean = float(part["auprc"].mean())
            traces.append(
                {
                    "type": "scatter",
                    "mode": "lines",
                    "x": [0, 1.05 * most],
                    "y": [mean, mean],
                    "name": f"their mean: {mean:.2f}",
                    "line": {"color": look.colour, "width": 2, "dash": "dot"},
                    "hoverinfo": "skip",
                }
            )
    layout = restrained(HEIGHT, title_lines=0, legend=True)
    layout["xaxis"] = axis(title={"text": "labelled pairs in training"}, range=[0, 1.05 * most])
    layout["yaxis"] = axis(title={"text": "AUPRC on held-out pairs"}, range=[0, 1.02])
    layout["shapes"] = [_level(prior)]
    layout["annotations"] = [_level_name(prior, f"prior {prior:.2f}: drawing lots")]
    return go.Figure({"data": traces, "layout": layout})


def plot_standing(frame: pd.DataFrame, prior: float) -> go.Figure:
    """Scores as bars from the prior on, best on top: ``label, auprc, kind``; hatched bars look at no model."""
    shown = frame.iloc[::-1]
    traces = []
    kinds = (("model", "asks the model", ""), ("no model", "asks no model", "/"), ("answers", "reads the answers", "x"))
    for n, (kind, name, pattern) in enumerate(kinds):
        part = shown[shown["kind"] == kind]
        if part.empty:
            continue
        traces.append(
            {
                "type": "bar",
                "orientation": "h",
                "x": (part["auprc"] - prior).tolist(),
                "base": prior,
                "customdata": part["auprc"].tolist(),
                "y": part["label"].tolist(),
                "name": name,
                "marker": {"color": SERIES[n].colour, "pattern": {"shape": pattern}},
                "text": [f"{v:.3f}" for v in part["auprc"]],
                "textposition": "outside",
                "cliponaxis": False,
                "hovertemplate": "%{y}: %{customdata:.3f}<extra></extra>",
            }
        )
    layout = restrained(90 + 42 * len(frame), title_lines=0, legend=True)
    low, high = min(prior, shown["auprc"].min()) - 0.01, shown["auprc"].max() + 0.02
    layout["margin"]["l"] = 10
    layout["xaxis"] = axis(title={"text": "mean AUPRC over the tests"}, range=[low, high])
    layout["yaxis"] = axis(
        automargin=True, categoryorder="array", categoryarray=shown["label"].tolist(), title={"text": ""}
    )
    layout["shapes"] = [_upright(prior, dash="solid")]
    return go.Figure({"data": traces, "layout": layout})


def plot_hundred(edges: int, words: tuple[str, str]) -> go.Figure:
    """A hundred squares, ``edges`` of them filled, from the upper left; ``words`` name both kinds."""
    places = [(i % 10, 9 - i // 10) for i in range(100)]
    traces = []
    parts = ((places[:edges], words[0], SERIES[0], "square"), (places[edges:], words[1], SERIES[1], "x-thin-open"))
    for part, name, look, symbol in parts:
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": [x for x, _ in part],
                "y": [y for _, y in part],
                "name": f"{len(part)} {name}",
                "marker": {
                    "symbol": symbol,
                    "size": 18 if symbol == "square" else 12,
                    "color": look.colour,
                    "line": {"width": 2, "color": look.colour},
                },
                "hoverinfo": "name",
            }
        )
    layout = restrained(380, title_lines=0, legend=True)
    hidden = {"visible": False, "range": [-0.7, 9.7], "fixedrange": True}
    layout["xaxis"] = hidden | {"scaleanchor": "y", "constrain": "domain"}
    layout["yaxis"] = hidden
    layout["margin"] |= {"l": 10, "b": 10}
    return go.Figure({"data": traces, "layout": layout})


def enlarged(figure: go.Figure, factor: float) -> go.Figure:
    """The figure with its writing and height ``factor`` times as large, for a projector."""
    layout = _scaled(figure.to_plotly_json()["layout"], factor)
    layout["height"] = round(layout["height"] * (1 + factor) / 2)
    layout["margin"] = {side: round(width * factor) for side, width in layout["margin"].items()}
    layout["legend"] = layout.get("legend", {}) | {"font": {"size": FONT_SIZE * factor}}  # the page's theme has its own
    return go.Figure({"data": figure.data, "layout": layout})


def _scaled(part: Any, factor: float, *, of_font: bool = False) -> Any:
    """Sizes of every font below ``part`` multiplied."""
    if isinstance(part, Mapping):
        return {
            key: value * factor
            if of_font and key == "size"
            else _scaled(value, factor, of_font=key in ("font", "tickfont"))
            for key, value in part.items()
        }
    if isinstance(part, list | tuple):
        return [_scaled(p, factor) for p in part]
    return part


def _upright(x: float, *, dash: str) -> dict[str, Any]:
    line = {"color": GUIDE, "width": 1.5, "dash": dash}
    return {"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "paper", "layer": "below", "line": line}


def _level(y: float) -> dict[str, Any]:
    line = {"color": GUIDE, "width": 1.5, "dash": "dash"}
    return {"type": "line", "x0": 0, "x1": 1, "xref": "paper", "y0": y, "y1": y, "layer": "below", "line": line}


def _level_name(y: float, text: str) -> dict[str, Any]:
    return {"text": text, "x": 1, "xref": "paper", "y": y, "xanchor": "right", "yanchor": "bottom", "showarrow": False}
