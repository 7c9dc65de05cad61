"""The strongest trajectories of a neighbourhood as a heat map: a row a gene, in an order in which shapes are alike."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from ugrn_core.figures.style import FONT_SIZE, SERIES, axis, minus, restrained, short_unit, slope_unit
from ugrn_core.neighbourhood.run import Side
from ugrn_core.neighbourhood.table import shape_order

MOST_ROWS = 50
ROW_HEIGHT = 13
FALLS, RISES = SERIES[1].colour, SERIES[0].colour
SHADES = [[0.0, FALLS], [0.5, "rgba(128, 128, 128, 0.12)"], [1.0, RISES]]
"""Orange falls and blue rises; see-through between, so that it is right on light and dark pages."""

COLUMNS = ["gene", "virtual_value", "value", "share", "base", "unit", "value_unit"]


def prepare_trajectories(
    genes: Sequence[str], curves: np.ndarray, grid: Sequence[float], base: float, unit: str, measure: str
) -> pd.DataFrame:
    """Long frame (:data:`COLUMNS`) of the first :data:`MOST_ROWS` of ``genes``, ordered by shape.

    ``curves`` (gene, value) are of ``measure`` (``response`` or ``slope``); ``share`` is the value by the largest size
    of its curve, so that shapes can be compared. A response is 0 at the base, which is drawn where it is no virtual
    value.
    """
    curves = np.asarray(curves[:MOST_ROWS], np.float64)
    at = np.array(grid, float)
    if measure == "response" and base not in at:
        at, curves = np.append(at, base), np.column_stack([curves, np.zeros(len(curves))])
    curves = curves[:, np.argsort(at, kind="stable")]
    at = np.sort(at)
    size = np.abs(curves).max(1, initial=0.0, keepdims=True)
    share = np.divide(curves, size, out=np.zeros_like(curves), where=size > 0)
    order = shape_order(curves)
    n = len(at)
    return pd.DataFrame(
        {
            "gene": np.repeat(np.array(list(genes), object)[order], n),
            "virtual_value": np.tile(at, len(order)),
            "value": curves[order].ravel(),
            "share": share[order].ravel(),
            "base": base,
            "unit": short_unit(unit) if measure == "response" else slope_unit(unit),
            "value_unit": short_unit(unit),
        },
        columns=COLUMNS,
    )


def plot_trajectories(frame: pd.DataFrame, *, gene: str, side: Side) -> go.Figure:
    """Figure of :func:`prepare_trajectories`: the colour is each curve by its own largest size."""
    genes = list(dict.fromkeys(frame["gene"]))
    values = list(dict.fromkeys(frame["virtual_value"]))
    base, unit, at_unit = float(frame["base"].iloc[0]), str(frame["unit"].iloc[0]), str(frame["value_unit"].iloc[0])
    shape = len(genes), len(values)
    moved, read = (gene, "%{y}") if side == "source" else ("%{y}", gene)
    layout = restrained(110 + ROW_HEIGHT * max(len(genes), 8))
    layout["margin"] |= {"l": 84, "t": 30, "b": 58}
    names = [minus(f"{value:g}") + (" (base)" if value == base else "") for value in values]
    layout["xaxis"] = axis(
        title={"text": f"{gene if side == 'source' else 'the gene of the row'} set to ({at_unit})", "standoff": 6},
        type="category",
        showgrid=False,
        fixedrange=True,
    )
    layout["yaxis"] = axis(
        autorange="reversed", showgrid=False, fixedrange=True, tickfont={"size": FONT_SIZE - 3}, tickvals=genes
    )
    trace = {
        "type": "heatmap",
        "x": names,
        "y": genes,
        "z": frame["share"].to_numpy().reshape(shape).tolist(),
        "customdata": frame["value"].to_numpy().reshape(shape).tolist(),
        "zmin": -1,
        "zmax": 1,
        "colorscale": SHADES,
        "xgap": 1,
        "ygap": 1,
        "hovertemplate": f"{moved} at %{{x}}: {read} %{{customdata:+.3g}} {unit}<extra></extra>",
        "colorbar": {
            "orientation": "h",
            "thickness": 8,
            "len": 0.7,
            "x": 0.0,
            "xanchor": "left",
            "y": 1.0,
            "yanchor": "bottom",
            "tickvals": [-1, 0, 1],
            "ticktext": ["falls", "0", "rises"],
            "tickfont": {"size": FONT_SIZE - 3},
        },
    }
    return go.Figure({"data": [trace], "layout": layout})


def beside(figures: Sequence[go.Figure]) -> go.Figure:
    """Heat maps of :func:`plot_trajectories` in one figure, the first at the left; they share its colour bar."""
    first, *others = (figure.to_plotly_json() for figure in figures)
    n, gap = len(figures), 0.16
    width = (1 - gap * (n - 1)) / n
    traces, layout = list(first["data"]), first["layout"]
    layout["xaxis"]["domain"] = [0, width]
    for number, figure in enumerate(others, 2):
        place = {"xaxis": f"x{number}", "yaxis": f"y{number}", "showscale": False}
        traces += [trace | place for trace in figure["data"]]
        left = (width + gap) * (number - 1)
        layout[f"xaxis{number}"] = figure["layout"]["xaxis"] | {"domain": [left, left + width], "anchor": f"y{number}"}
        layout[f"yaxis{number}"] = figure["layout"]["yaxis"] | {"anchor": f"x{number}"}
        layout["height"] = max(layout["height"], figure["layout"]["height"])
    return go.Figure({"data": traces, "layout": layout})
