"""A predicted network as a plotly figure, for export: genes as markers, edges as lines with a tip at the target."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from ugrn_core.figures.network_look import (
    CHOSEN,
    DASHES,
    FACTOR,
    GENES,
    HEADINGS,
    OTHER,
    TIPS,
    WIDTHS,
    crowding,
    edge_words,
    gene_sizes,
    gene_words,
    prepare_network,
    strength_heading,
    strength_words,
    written,
)
from ugrn_core.figures.style import FONT_SIZE, restrained
from ugrn_core.network.layout import prepare_nodes

__all__ = ["plot_network", "prepare_network"]

HEIGHT = 640
BEND = 0.14
"""Height of the bow of an edge whose reverse is drawn too, for its length."""
WIDTH = 780
"""Usual width of the drawing beside its legend, in pixels: where tips and genes meet as they should."""
POINTS = 9
NAMED = 60
"""Genes that get a name; in a larger network those with the most edges do, at most so many."""
FAINT = 0.12
BAND = 8
"""How much wider than its edge a band is, in pixels."""
TIP = 7
"""Size of the tip of an edge without width, in pixels."""


def plot_network(
    frame: pd.DataFrame,
    *,
    highlight: str | None = None,
    edge: tuple[str, str] | None = None,
    note: str = "",
    height: int = HEIGHT,
) -> go.Figure:
    """Figure of a frame of :func:`prepare_network`; ``note`` stands above it.

    A point on an edge has ``[source, target]`` as its ``customdata``, a gene ``[gene]``. Edges of ``highlight`` stand
    out, the others are faint. A band lies behind ``edge``, where it is one of them.
    """
    nodes = _sized(frame)
    ends = _geometry(frame, nodes, height)
    beside = np.ones(len(frame), bool)
    if highlight is not None:
        beside = ((frame["source"] == highlight) | (frame["target"] == highlight)).to_numpy()
        beside |= not beside.any()
    small = crowding(len(nodes))
    lines, tips = _lines(frame, ends, beside, small), _tips(frame, ends, beside, small)
    looked_at = ((frame["source"] == edge[0]) & (frame["target"] == edge[1])).to_numpy() if edge else np.zeros(0, int)
    lines = [*(_band(ends[row], frame["strength"].iloc[row]) for row in np.flatnonzero(looked_at)), *lines]
    layout = restrained(height, title_lines=bool(note), legend=True)
    layout["legend"] = {"x": 1.01, "y": 1, "yanchor": "top", "tracegroupgap": 12, "itemclick": False}
    layout["legend"] |= {"itemdoubleclick": False, "grouptitlefont": {"size": FONT_SIZE}, "itemsizing": "trace"}
    hidden = {"visible": False, "showgrid": False, "zeroline": False}
    layout["xaxis"] = dict(hidden)
    layout["yaxis"] = hidden | {"scaleanchor": "x", "scaleratio": 1}
    layout["hovermode"] = "closest"
    layout["margin"] |= {"l": 8, "b": 8}
    if note:
        at = {"x": 0, "y": 1, "xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "bottom"}
        layout["annotations"] = [{"text": written(note), "showarrow": False, "yshift": 6} | at]
    return go.Figure({"data": [*lines, *tips, *_genes(frame, nodes, highlight), *_legend(frame)], "layout": layout})


def _sized(frame: pd.DataFrame) -> pd.DataFrame:
    """The genes with their number of edges and diameter in pixels."""
    nodes = prepare_nodes(frame)
    nodes["edges"] = nodes["out_degree"] + nodes["in_degree"]
    return nodes.assign(size=gene_sizes(nodes["edges"]).round(1))


def _geometry(frame: pd.DataFrame, nodes: pd.DataFrame, height: int) -> np.ndarray:
    """Points (edge, POINTS, 2) from source to the rim of the target; edges with a reverse are bowed."""
    start = frame[["x_source", "y_source"]].to_numpy(float)
    end = frame[["x_target", "y_target"]].to_numpy(float)
    along = end - start
    length = np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    pairs = set(zip(frame["source"], frame["target"], strict=True))
    both = np.array([(t, s) in pairs for s, t in zip(frame["source"], frame["target"], strict=True)], float)
    control = (start + end) / 2 + 2 * BEND * both[:, None] * along[:, ::-1] * (1, -1)
    extent = np.ptp(np.vstack([start, end]), axis=0) if len(frame) else np.ones(2)
    pixel = max(1e-9, *(extent / (WIDTH, 0.85 * height)))
    rim = pixel * (0.5 * nodes.set_index("gene")["size"][frame["target"]].to_numpy(float) + TIP / 2)
    t = np.linspace(0, 1, POINTS)[None, :, None] * (1 - np.clip(rim[:, None] / length, 0, 0.45))[:, None]
    return (1 - t) ** 2 * start[:, None] + 2 * t * (1 - t) * control[:, None] + t**2 * end[:, None]


def _lines(frame: pd.DataFrame, ends: np.ndarray, beside: np.ndarray, small: float) -> list[dict[str, Any]]:
    """One trace for edges that look the same."""
    keys = frame[["slope_direction", "tag", "strength"]].assign(beside=beside).reset_index(drop=True)
    traces = []
    alike = keys.groupby(list(keys.columns), sort=True, observed=True).indices
    for (slope, tag, strength, near), rows in alike.items():
        points = np.concatenate([ends[rows], np.full((len(rows), 1, 2), np.nan)], axis=1).reshape(-1, 2)
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "x": _known(points[:, 0]),
                "y": _known(points[:, 1]),
                "line": {"color": TIPS[slope].colour, "width": small * WIDTHS[strength], "dash": _dash(tag)},
                "opacity": 0.8 if near else FAINT,
                "hoverinfo": "skip",
                "showlegend": False,
            }
        )
    return traces


def _band(points: np.ndarray, strength: int) -> dict[str, Any]:
    """What lies behind the edge that is looked at, as in the drawing to explore."""
    return {
        "type": "scatter",
        "mode": "lines",
        "x": points[:, 0].tolist(),
        "y": points[:, 1].tolist(),
        "line": {"color": CHOSEN, "width": WIDTHS[strength] + BAND},
        "hoverinfo": "skip",
        "showlegend": False,
    }


def _tips(frame: pd.DataFrame, ends: np.ndarray, beside: np.ndarray, small: float) -> list[dict[str, Any]]:
    """The tips, and points in the middle of edges that are not seen but can be pointed at."""
    if not len(frame):
        return []
    tip, last = ends[:, -1], ends[:, -1] - ends[:, -2]
    words = ["<br>".join(written(line) for line in edge_words(edge)) for edge in frame.itertuples()]
    about = {
        "type": "scatter",
        "mode": "markers",
        "customdata": frame[["source", "target"]].to_numpy().tolist(),
        "hovertext": words,
        "hovertemplate": "%{hovertext}<extra></extra>",
        "showlegend": False,
    }
    looks = [TIPS[slope] for slope in frame["slope_direction"]]
    head = {
        "symbol": [look.symbol for look in looks],
        "color": [look.colour for look in looks],
        "size": [small * (TIP + 1.4 * WIDTHS[strength]) for strength in frame["strength"]],
        "angle": np.degrees(np.arctan2(last[:, 0], last[:, 1])).round(2).tolist(),
        "opacity": np.where(beside, 1.0, FAINT).tolist(),
    }
    middle = ends[:, POINTS // 2]
    unseen = {"size": 12, "opacity": 0, "color": [look.colour for look in looks]}
    return [
        about | {"x": middle[:, 0].tolist(), "y": middle[:, 1].tolist(), "marker": unseen},
        about | {"x": tip[:, 0].tolist(), "y": tip[:, 1].tolist(), "marker": head},
    ]


def _genes(frame: pd.DataFrame, nodes: pd.DataFrame, highlight: str | None) -> list[dict[str, Any]]:
    """One trace a kind of gene; size grows with the number of edges."""
    most = NAMED if len(nodes) <= 2 * NAMED else NAMED // 2
    named = set(nodes.sort_values(["edges", "gene"], ascending=[False, True]).head(most)["gene"].tolist())
    at = {g: (x, y) for end in ("source", "target") for g, x, y in frame[[end, f"x_{end}", f"y_{end}"]].to_numpy()}
    traces = []
    for kind, part in nodes.groupby(np.where(nodes["is_tf"], FACTOR, OTHER)):
        chosen = (part["gene"] == highlight).to_numpy()
        traces.append(
            {
                "type": "scatter",
                "mode": "markers+text",
                "x": [float(at[gene][0]) for gene in part["gene"].tolist()],
                "y": [float(at[gene][1]) for gene in part["gene"].tolist()],
                "text": [written(gene) if gene in named or gene == highlight else "" for gene in part["gene"].tolist()],
                "textposition": "bottom center",
                "textfont": {"size": np.where(chosen, FONT_SIZE + 3, FONT_SIZE - 2).tolist()},
                "marker": {
                    "symbol": GENES[kind].symbol,
                    "color": GENES[kind].colour,
                    "size": part["size"].tolist(),
                    "opacity": 1,
                    "line": {
                        "width": np.where(chosen, 4, 1).tolist(),
                        "color": np.where(chosen, CHOSEN, "rgba(128, 128, 128, 0.9)").tolist(),
                    },
                },
                "customdata": part[["gene"]].to_numpy().tolist(),
                "hovertext": ["<br>".join(written(line) for line in gene_words(n)) for n in part.itertuples()],
                "hovertemplate": "%{hovertext}<extra></extra>",
                "showlegend": False,
            }
        )
    return traces


def _legend(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Entries without points: every kind of gene, tip, dash and width that is drawn."""
    kinds = prepare_nodes(frame)["is_tf"]
    entries: list[tuple[str, str, dict[str, Any]]] = []
    for kind, there in ((FACTOR, kinds.any()), (OTHER, (~kinds).any())):
        marker = {"symbol": GENES[kind].symbol, "color": GENES[kind].colour, "size": 11}
        entries += [("gene", kind, {"mode": "markers", "marker": marker})] if there else []
    for slope, look in TIPS.items():
        marker = {"symbol": look.symbol, "color": look.colour, "size": 11}
        shown = {"mode": "lines+markers", "marker": marker, "line": {"color": look.colour, "width": WIDTHS[1]}}
        entries += [("slope_direction", slope, shown)] if (frame["slope_direction"] == slope).any() else []
    grey = {"color": "rgb(128, 128, 128)"}
    for tag in DASHES:
        line = {"mode": "lines", "line": grey | {"dash": _dash(tag), "width": WIDTHS[1]}}
        entries += [("tag", tag, line)] if (frame["tag"] == tag).any() else []
    words = strength_words(frame) if len(frame) else {}
    entries += [("strength", w, {"mode": "lines", "line": grey | {"width": WIDTHS[n]}}) for n, w in words.items()]
    nowhere = {"type": "scatter", "x": [None], "y": [None], "showlegend": True, "hoverinfo": "skip"}
    named = HEADINGS | {"strength": strength_heading(frame)}
    headings = {group: {"text": in_lines(named[group])} for group, *_ in entries}
    return [
        nowhere | look | {"name": name, "legendgroup": group, "legendgrouptitle": headings[group]}
        for group, name, look in entries
    ]


def in_lines(heading: str) -> str:
    """A heading of the legend, broken before its bracket."""
    return heading.replace(" (", "<br>(")


def _dash(tag: str) -> str:
    return ",".join(f"{n}px" for n in DASHES[tag]) or "solid"


def _known(values: np.ndarray) -> list[float | None]:
    return [None if np.isnan(v) else float(v) for v in values]
