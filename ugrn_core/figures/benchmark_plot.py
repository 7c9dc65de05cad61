"""Cells of a benchmark table as coloured squares with their numbers, and averages by N/P as lines."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from ugrn_core.benchmark.tables import AVERAGE
from ugrn_core.figures.benchmark import CONTROLS, METRICS, RANDOM
from ugrn_core.figures.style import FONT_SIZE, GUIDE, SERIES, axis, restrained

ROW_HEIGHT = 34
HEAD = 96
SLANT = -55
"""Names of columns lean, in degrees: the columns are narrower than their names."""
GAP = 0.5
"""Width of the space between two groups of columns, in columns."""
WORST_LIFT = 0.15
"""Lifts beyond this have the strongest colour."""
DIVERGING = [
    [0.0, "rgba(213, 94, 0, 0.75)"],
    [0.5, "rgba(128, 128, 128, 0.08)"],
    [1.0, "rgba(0, 114, 178, 0.75)"],
]
"""Vermilion below the best shortcut, blue above it (Okabe and Ito 2008), see-through so that text of the page's
colour stays readable on light and dark."""

HEADINGS = {
    "Baseline-Pert": "Base-Pert",
    "Baseline-Emb": "Base-Emb",
    "Marginal-Ens": "gene level",
    "Co-expression": "co-expression",
    "Partial correlation": "partial corr.",
    f"Ens{RANDOM}": "random model",
    "RegDiffusion transposed": "transposed",
    "Edge look-up": "known edge",
    "Gene degrees": "degrees",
    "Target is a TF": "target is TF",
    "Target is listed": "target listed",
}
FEWER = "*"
"""Behind an average over fewer tests than there are: it is no equal of those beside it."""
SHORTER = {"Non-specific ChIP": "Non-spec.", "Cell-type-specific ChIP": "Cell-spec."}
GROUPS = {
    "method": "this model",
    "control": "controls",
    "corpus": "the corpus",
    "given": "others",
    "shortcut": "no model at all",
    "paper": "as printed",
}


def shown_cells(cells: pd.DataFrame, paper: pd.DataFrame) -> pd.DataFrame:
    """The cells a figure shows: the paper's methods, one control of each kind, every shortcut, the printed numbers."""
    hidden = cells["group"].isin(("control", "answers")) & ~cells["column"].isin(CONTROLS)
    kept = cells[~hidden]
    both = kept if paper.empty else pd.concat([kept, paper], ignore_index=True)
    return both.sort_values("group", key=lambda g: g.map(list(GROUPS).index), kind="stable", ignore_index=True)


def plot_table(cells: pd.DataFrame, metric: str, chosen: tuple[str, str] | None = None) -> go.Figure:
    """Figure of :func:`shown_cells`; each square is a point whose ``customdata`` is its row and column.

    ``chosen`` is a (row, column) to be framed.
    """
    rows, columns = list(dict.fromkeys(cells["row"])), list(dict.fromkeys(cells["column"]))
    at = _places(cells.drop_duplicates("column").set_index("column")["group"])
    x = cells["column"].map(at)
    y = cells["row"].map({row: n for n, row in enumerate(rows)})
    of_fewer = (cells["row"] == AVERAGE) & (cells["n_tests"] < cells["of_tests"])
    text = [_said(cell, FEWER if fewer else "") for cell, fewer in zip(cells.itertuples(), of_fewer, strict=True)]
    averages = f"{AVERAGE} ({FEWER} of fewer tests)" if of_fewer.any() else AVERAGE
    layout = restrained(HEAD + 12 + ROW_HEIGHT * len(rows))
    layout["margin"] = {"l": 132, "r": 22, "t": HEAD, "b": 8}
    layout["xaxis"] = axis(
        range=[-0.55, max(at.values()) + 0.55], showgrid=False, showticklabels=False, fixedrange=True
    )
    layout["yaxis"] = axis(
        tickvals=list(range(len(rows))),
        ticktext=[averages if row == AVERAGE else short_row(row) for row in rows],
        range=[len(rows) - 0.5, -0.5],
        showgrid=False,
        fixedrange=True,
    )
    layout["annotations"] = [_heading(column, at[column]) for column in columns] + _group_headings(cells, at)
    layout["shapes"] = _rules(rows, at) + ([_frame(chosen, rows, at)] if chosen else [])
    points = {
        "type": "scatter",
        "mode": "markers+text",
        "x": x.tolist(),
        "y": y.tolist(),
        "text": text,
        "textposition": "middle center",
        "textfont": {"size": FONT_SIZE - 2},
        "marker": {"symbol": "square", "size": 28, "opacity": 0},
        "customdata": cells[["row", "column"]].to_numpy().tolist(),
        "hovertext": [_hover(cell, metric) for cell in cells.itertuples()],
        "hovertemplate": "%{hovertext}<extra></extra>",
    }
    layout |= {"dragmode": False, "hovermode": "closest"}
    return go.Figure({"data": [*_squares(cells, at), points], "layout": layout})


def plot_ratios(ratios: pd.DataFrame, metric: str) -> go.Figure:
    """Figure of :func:`~ugrn_core.figures.benchmark.prepare_ratios`: ours as lines, the paper's dashed and open."""
    columns = list(dict.fromkeys(ratios["column"]))
    lines: list[dict[str, Any]] = []
    for (origin, column), part in ratios.groupby(["origin", "column"], sort=False):
        look = SERIES[columns.index(str(column)) % len(SERIES)]
        here = origin == "here"
        lines.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "x": part["neg_ratio"].tolist(),
                "y": part["value"].tolist(),
                "name": str(column) if here else f"{column}, paper",
                "line": {"color": look.colour, "width": 2.25 if here else 1.5, "dash": "solid" if here else "dash"},
                "marker": {"symbol": look.marker if here else f"{look.marker}-open", "size": 7},
            }
            | ({"error_y": _seeds(part)} if here else {})
        )
    prior = ratios.dropna(subset="prior").drop_duplicates("neg_ratio")
    chance = prior["prior"] if metric == "auprc" else pd.Series(0.5, prior.index)
    line = {"color": GUIDE, "width": 1.5, "dash": "dot"}
    dotted = {"x": prior["neg_ratio"].tolist(), "y": chance.tolist(), "line": line, "name": "by chance"}
    lines.append({"type": "scatter", "mode": "lines"} | dotted)
    layout = restrained(380)
    ratios_shown = sorted(ratios["neg_ratio"].unique().tolist())
    layout["xaxis"] = axis(title={"text": "N/P: negatives to a positive"}, type="log", tickvals=ratios_shown)
    layout["yaxis"] = axis(title={"text": f"mean {METRICS[metric]} over the tests"}, rangemode="tozero")
    layout |= {"showlegend": True, "legend": {"x": 1.02, "y": 1, "yanchor": "top"}}
    return go.Figure({"data": lines, "layout": layout})


def _seeds(part: pd.DataFrame) -> dict[str, Any]:
    """Bars from the lowest to the highest seed."""
    up, down = part["high"] - part["value"], part["value"] - part["low"]
    return {"type": "data", "symmetric": False, "array": up.tolist(), "arrayminus": down.tolist(), "thickness": 1.5}


def shortened(name: str, width: int = 15) -> str:
    """The beginning of a name of others, escaped for a figure."""
    return escape(name if len(name) <= width else name[: width - 1] + "…")


def short_row(row: str) -> str:
    """A row with a shorter name of its network, such as ``Non-spec. hHEP``."""
    for network, short in SHORTER.items():
        row = row.replace(network, short)
    return row


def _places(groups: pd.Series) -> dict[str, float]:
    """Where each column stands, with a gap between groups."""
    places, x, before = {}, -1.0, None
    for column, group in groups.items():
        x += 1.0 if group == before or before is None else 1.0 + GAP
        places[str(column)], before = x, group
    return places


def _heading(column: str, x: float) -> dict[str, Any]:
    name = column.removesuffix(" (paper)")
    return _note(HEADINGS.get(name, shortened(name)), x - 0.3, 2, FONT_SIZE - 2, "left") | {"textangle": SLANT}


def _group_headings(cells: pd.DataFrame, at: dict[str, float]) -> list[dict[str, Any]]:
    first = cells.drop_duplicates("group")
    return [
        _note(f"<b>{GROUPS[group]}</b>", at[column] - 0.5, HEAD - 24, FONT_SIZE - 1, "left")
        for group, column in zip(first["group"], first["column"], strict=True)
    ]


def _note(text: str, x: float, up: int, size: int, anchor: str) -> dict[str, Any]:
    return {
        "text": text,
        "x": x,
        "xref": "x",
        "xanchor": anchor,
        "y": 1,
        "yref": "paper",
        "yanchor": "bottom",
        "yshift": up,
        "showarrow": False,
        "font": {"size": size},
    }


def _squares(cells: pd.DataFrame, at: dict[str, float]) -> list[dict[str, Any]]:
    """One heatmap a group of columns, coloured by lift; shortcuts and missing cells stay pale."""
    maps = []
    for _, part in cells.groupby("group", sort=False):
        columns, rows = (list(dict.fromkeys(part[c])) for c in ("column", "row"))
        lifts = part.pivot(index="row", columns="column", values="lift").loc[rows, columns].fillna(0.0)
        maps.append(
            {
                "type": "heatmap",
                "z": lifts.to_numpy(float).tolist(),
                "x0": at[columns[0]],
                "dx": 1,
                "y0": 0,
                "dy": 1,
                "colorscale": DIVERGING,
                "zmin": -WORST_LIFT,
                "zmax": WORST_LIFT,
                "xgap": 2,
                "ygap": 2,
                "showscale": False,
                "hoverinfo": "skip",
            }
        )
    return maps


def _rules(rows: list[str], at: dict[str, float]) -> list[dict[str, Any]]:
    """A line above the averages."""
    if AVERAGE not in rows:
        return []
    y = rows.index(AVERAGE) - 0.5
    ends = {"x0": -0.5, "x1": max(at.values()) + 0.5, "y0": y, "y1": y, "xref": "x", "yref": "y"}
    return [{"type": "line", "line": {"color": GUIDE, "width": 1}} | ends]


def _frame(chosen: tuple[str, str], rows: list[str], at: dict[str, float]) -> dict[str, Any]:
    """A frame around the chosen cell."""
    y, x = rows.index(chosen[0]), at[chosen[1]]
    ends = {"x0": x - 0.5, "x1": x + 0.5, "y0": y - 0.5, "y1": y + 0.5, "xref": "x", "yref": "y"}
    return {"type": "rect", "line": {"color": "#E69F00", "width": 2.5}, "fillcolor": "rgba(0, 0, 0, 0)"} | ends


def _said(cell: Any, mark: str) -> str:
    """What stands in a square: the value with a mark, and small below it how far from it the farthest seed lies."""
    if not np.isfinite(cell.value):
        return "–"
    away = max(cell.high - cell.value, cell.value - cell.low)
    seeds = f"±{_thousandths(away)}" if cell.seeds > 1 else "1 seed" if cell.seeds else ""
    return f"{_thousandths(cell.value)}{mark}" + (f'<br><span style="font-size:9px">{seeds}</span>' if seeds else "")


def _thousandths(value: float) -> str:
    """Three digits without the zero before the point, for which a square has no room."""
    return f"{value:.3f}".removeprefix("0")


def _hover(cell: Any, metric: str) -> str:
    name = f"<b>{cell.column}</b>, {cell.row}"
    if not np.isfinite(cell.value):
        return f"{name}<br>no value: {cell.reason[:110]}"
    lines = [name, f"{METRICS[metric]} {cell.value:.3f}"]
    if cell.seeds:
        lines[1] += f", {cell.seeds} seeds: {cell.low:.3f} to {cell.high:.3f}" if cell.seeds > 1 else ", one seed"
    if np.isfinite(cell.lift):
        lines.append(f"{cell.lift:+.3f} to {cell.best_shortcut} ({cell.best_shortcut_value:.3f})".replace("-", "−"))
    if cell.of_tests > 1:
        lines.append(f"mean over {cell.n_tests} of {cell.of_tests} tests")
    if cell.group == "shortcut":
        lines.append("a score without a model")
    return "<br>".join(lines)
