"""Sources against targets, a square an edge: what a drawing cannot show of a dense network."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from ugrn_core.figures.network_look import LEAST, edge_words, written
from ugrn_core.figures.style import FONT_SIZE, SERIES, axis, restrained
from ugrn_core.network.edge_table import TAGS, check_edge_table, in_order
from ugrn_core.network.layout import prepare_nodes

MOST_SOURCES = 40
MOST_TARGETS = 80
WIDTH = 860
"""Usual width of the matrix, in pixels."""
ROW_HEIGHT = 17
FEWEST_ROWS = 10
"""A figure of fewer sources is as high as one of these: its title and the bar of colours need the room."""
BLUE = "0, 114, 178"
SHADES = [[0.0, f"rgba({BLUE}, 0.22)"], [1.0, f"rgba({BLUE}, 1)"]]
"""One hue, see-through where weak, so that it is right on light and dark pages."""
MARKS = {TAGS[0]: "cross", TAGS[1]: "circle"}
"""Small marks on squares, by tag."""


def prepare_adjacency(table: pd.DataFrame) -> pd.DataFrame:
    """Edges of the busiest sources to the busiest targets: an edge table with ``row``, ``column``, ``of_sources`` and
    ``of_targets``.

    Rows are sources with the most edges out first, columns targets with the most edges in, ties by name; at most
    :data:`MOST_SOURCES` and :data:`MOST_TARGETS` of the ``of_sources`` and ``of_targets`` there are.
    """
    check_edge_table(table)
    nodes = prepare_nodes(table)
    rows = _busiest(nodes, "out_degree", MOST_SOURCES)
    columns = _busiest(nodes, "in_degree", MOST_TARGETS)
    kept = in_order(table[table["source"].isin(rows) & table["target"].isin(columns)])
    return kept.assign(
        row=kept["source"].map(rows).astype(int),
        column=kept["target"].map(columns).astype(int),
        of_sources=int((nodes["out_degree"] > 0).sum()),
        of_targets=int((nodes["in_degree"] > 0).sum()),
    )


def plot_adjacency(frame: pd.DataFrame) -> go.Figure:
    """Figure of :func:`prepare_adjacency`; the colour is the probability, or the score of edges that have none; a blank
    is no edge of the table.

    A square's ``customdata`` is ``[source, target]``.
    """
    rows = frame.drop_duplicates("row").sort_values("row")
    columns = frame.drop_duplicates("column").sort_values("column")
    n_columns = max(len(columns), 1)
    size = float(np.clip(0.86 * WIDTH / n_columns, 5, ROW_HEIGHT - 2))
    notes = _left_out(frame, len(rows), len(columns))
    layout = restrained(150 + ROW_HEIGHT * max(len(rows), FEWEST_ROWS), title_lines=1, legend=True)
    names = {"showgrid": False, "tickfont": {"size": FONT_SIZE - 3}, "fixedrange": True}
    layout["xaxis"] = (
        axis(
            title={"text": "target (the gene that is read), most edges in first"},
            tickvals=columns["column"].tolist(),
            ticktext=[written(name) for name in columns["target"]],
            tickangle=-90,
            range=[-0.7, n_columns - 0.3],
        )
        | names
    )
    layout["yaxis"] = (
        axis(
            title={"text": "source (the gene that is moved),<br>most edges out first"},
            tickvals=rows["row"].tolist(),
            ticktext=[written(name) for name in rows["source"]],
            range=[max(len(rows), 1) - 0.3, -0.7],
        )
        | names
    )
    layout["margin"] |= {"l": 96, "b": 96}
    layout["hovermode"] = "closest"
    if notes:
        at = {"x": 0, "y": 1, "xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "bottom"}
        layout["annotations"] = [{"text": notes, "showarrow": False, "yshift": 4} | at]
    return go.Figure({"data": [_squares(frame, size), *_marks(frame, size)], "layout": layout})


def _busiest(nodes: pd.DataFrame, degree: str, most: int) -> dict[str, int]:
    """Place of the ``most`` genes with the most edges."""
    there = nodes[nodes[degree] > 0].sort_values([degree, "gene"], ascending=[False, True]).head(most)
    return {str(gene): n for n, gene in enumerate(there["gene"])}


def _squares(frame: pd.DataFrame, size: float) -> dict[str, Any]:
    ranked = frame["probability"].isna().all()
    shade = frame["score"] if ranked else np.log10(frame["probability"].clip(lower=LEAST))
    shade = shade.to_numpy(float)
    low, high = (float(np.nanmin(shade)), float(np.nanmax(shade))) if len(frame) else (-1.0, 0.0)
    ticks = np.linspace(low, high, 4)
    bar = {
        "title": {"text": "score (logit)" if ranked else "probability"},
        "thickness": 12,
        "len": 0.9,
        "outlinewidth": 0,
        "tickvals": ticks.tolist(),
        "ticktext": [f"{tick if ranked else 10**tick:.2g}" for tick in ticks],
    }
    return {
        "type": "scatter",
        "mode": "markers",
        "x": frame["column"].tolist(),
        "y": frame["row"].tolist(),
        "showlegend": False,
        "marker": {
            "symbol": "square",
            "size": size,
            "opacity": 1,
            "color": [None if np.isnan(value) else float(value) for value in shade],
            "colorscale": SHADES,
            "cmin": low,
            "cmax": high,
            "colorbar": bar,
        },
        "customdata": frame[["source", "target"]].to_numpy().tolist(),
        "hovertext": ["<br>".join(written(line) for line in edge_words(edge)) for edge in frame.itertuples()],
        "hovertemplate": "%{hovertext}<extra></extra>",
    }


def _marks(frame: pd.DataFrame, size: float) -> list[dict[str, Any]]:
    """What is known of an edge, on its square."""
    marks = []
    for tag, symbol in MARKS.items():
        part = frame[frame["tag"] == tag]
        look = {"symbol": symbol, "size": max(5, 0.5 * size), "color": SERIES[4].colour, "opacity": 1}
        marks.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": part["column"].tolist(),
                "y": part["row"].tolist(),
                "name": tag,
                "marker": look,
                "hoverinfo": "skip",
            }
        )
    return [mark for mark in marks if mark["x"]]


def _left_out(frame: pd.DataFrame, n_rows: int, n_columns: int) -> str:
    """Which part of the network is shown, where it is not all of it."""
    if not len(frame):
        return "There is no edge to show."
    parts = (("sources", n_rows, frame["of_sources"].iloc[0]), ("targets", n_columns, frame["of_targets"].iloc[0]))
    said = [f"{n:,} of {of:,} {what}" for what, n, of in parts if n < of]
    return f"Showing the busiest {' and '.join(said)}." if said else ""
