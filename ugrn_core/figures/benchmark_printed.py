"""What the printed figures look like: scores of ours beside the printed columns of Table 1, row by row.

Likeness is consistency, not proof: a score like a printed column says what could have made it, not what did.
"""

from __future__ import annotations

from textwrap import wrap
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from ugrn_core.beeline.networks import NETWORK_FOLDERS
from ugrn_core.benchmark.request import COMPUTED, LABELLED_ONLY
from ugrn_core.benchmark.tables import AVERAGE, paper_table
from ugrn_core.figures.style import FONT_SIZE, GUIDE, SERIES, axis, restrained
from ugrn_core.methods.catalogue import METHODS
from ugrn_core.methods.gdt import GDT

RUN = ["backbone", "weights", "sampler", "reverse_features", "method"]
"""Columns of the frame that name one score of one run."""
WITHIN = ("STRING", "Non-specific ChIP", "Cell-type-specific ChIP")
"""Networks with several rows, so that there is a correlation within them."""
LIKENESS_COLUMNS = [
    *RUN, "printed_backbone", "printed_method", "rows", "mean", "printed_mean", "r", "difference",
    *(f"r {n}" for n in WITHIN), *(f"mean {n}" for n in NETWORK_FOLDERS),
]  # fmt: skip


def prepare_points(frame: pd.DataFrame) -> pd.DataFrame:
    """Every score of results of Table 1 on every row, beside the printed columns.

    Columns: ``RUN``, ``test_network``, ``test_set``, ``value`` (mean AUPRC over seeds, all pairs),
    ``printed_backbone``, ``printed_method``, ``printed``. One line a score, row and printed column.
    """
    kept = frame[(frame["metric"] == "auprc") & (frame["subset"] == "all") & (frame["neg_ratio"] == 1)]
    by = [*RUN, "test_network", "test_set"]
    ours = kept.groupby(by, sort=False, observed=True)["value"].mean().dropna().reset_index()
    ours = ours.drop_duplicates(by)
    table = paper_table(1)
    table = table[table["network"] != AVERAGE].rename(
        columns={"backbone": "printed_backbone", "network": "test_network", "data_set": "test_set"}
    )
    methods = [c for c in table.columns if c in METHODS]
    printed = table.melt(["printed_backbone", "test_network", "test_set"], methods, "printed_method", "printed")
    return ours.merge(printed, on=["test_network", "test_set"])


def prepare_likeness(frame: pd.DataFrame) -> pd.DataFrame:
    """How like each score is to each printed column (``LIKENESS_COLUMNS``), over the rows that have both.

    ``r`` is Pearson's over rows, ``difference`` the mean absolute one, ``r NETWORK`` within a network's rows.
    """
    lines = []
    for key, rows in prepare_points(frame).groupby([*RUN, "printed_backbone", "printed_method"], sort=False):
        ours, printed = rows["value"].to_numpy(), rows["printed"].to_numpy()
        network = rows["test_network"].to_numpy()
        within = [_r(ours[network == n], printed[network == n]) for n in WITHIN]
        means = [_mean(ours[network == n]) for n in NETWORK_FOLDERS]
        gap = _mean(np.abs(ours - printed))
        lines.append((*key, len(rows), _mean(ours), _mean(printed), _r(ours, printed), gap, *within, *means))
    return pd.DataFrame(lines, columns=LIKENESS_COLUMNS)


def prepare_panels(frame: pd.DataFrame, printed: tuple[str, str] = ("scGPT", "GDT")) -> pd.DataFrame:
    """Points of the figure, each with its ``panel``: GDT of a trained model as it is and with labelled reverse halves
    only, and the reverse edge, beside one printed column (backbone, method)."""
    points = prepare_points(frame[frame["sampler"] == "per_tf"])
    points = points[(points["printed_backbone"] == printed[0]) & (points["printed_method"] == printed[1])]
    model = min(set(points["backbone"]) - {"none"})
    trained = (points["backbone"] == model) & (points["weights"] == "trained") & (points["method"] == GDT.name)
    panels = {
        f"GDT of {model}": trained & (points["reverse_features"] == COMPUTED),
        "the same, reads the labels": trained & (points["reverse_features"] == LABELLED_ONLY),
        "reverse is an edge (no model)": points["method"] == METHODS["Reverse is an edge"].name,
    }
    return pd.concat([points[chosen].assign(panel=name) for name, chosen in panels.items()], ignore_index=True)


def plot_likeness(points: pd.DataFrame) -> go.Figure:
    """One panel a ``panel`` of points: the score of a row (upright) over the printed number (across), and equality."""
    panels = list(dict.fromkeys(points["panel"]))
    layout = restrained(400)
    layout["margin"] = {"l": 52, "r": 8, "t": 60, "b": 84}
    layout["annotations"], data = [], []
    for n, panel in enumerate(panels):
        name = "" if n == 0 else str(n + 1)
        left, right = n / len(panels) + 0.02 * (n > 0), (n + 1) / len(panels) - 0.02
        layout[f"xaxis{name}"] = axis(
            domain=[left, right], anchor=f"y{name}", range=[0.35, 1.0], title={"text": "as printed"}, fixedrange=True
        )
        layout[f"yaxis{name}"] = axis(
            anchor=f"x{name}", range=[0.35, 1.0], showticklabels=n == 0, fixedrange=True,
            title={"text": "AUPRC here" if n == 0 else ""},
        )  # fmt: skip
        layout["annotations"].append(
            {
                "text": "<br>".join(wrap(panel, 18)), "showarrow": False, "xref": "paper", "yref": "paper",
                "x": (left + right) / 2, "xanchor": "center", "y": 1.0, "yanchor": "bottom",
                "font": {"size": FONT_SIZE},
            }
        )  # fmt: skip
        line = {"color": GUIDE, "width": 1, "dash": "dot"}
        data.append(
            {
                "type": "scatter", "mode": "lines", "x": [0.35, 1.0], "y": [0.35, 1.0], "xaxis": f"x{name}",
                "yaxis": f"y{name}", "line": line, "showlegend": False, "hoverinfo": "skip",
            }
        )  # fmt: skip
        data += [_dots(points[(points["panel"] == panel)], k, name, n == 0) for k in range(len(NETWORK_FOLDERS))]
    layout |= {"showlegend": True, "legend": {"orientation": "h", "y": -0.2, "yanchor": "top", "x": 0}}
    layout |= {"dragmode": False, "hovermode": "closest"}
    return go.Figure({"data": data, "layout": layout})


def _dots(points: pd.DataFrame, number: int, name: str, legend: bool) -> dict[str, Any]:
    """The rows of one network in one panel."""
    network = list(NETWORK_FOLDERS)[number]
    part, look = points[points["test_network"] == network], SERIES[number]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": part["printed"].tolist(),
        "y": part["value"].tolist(),
        "xaxis": f"x{name}",
        "yaxis": f"y{name}",
        "name": network,
        "legendgroup": network,
        "showlegend": legend,
        "marker": {"color": look.colour, "symbol": look.marker, "size": 8},
        "hovertext": [
            f"{network} {r.test_set}: printed {r.printed:.3f}, here {r.value:.3f}" for r in part.itertuples()
        ],
        "hovertemplate": "%{hovertext}<extra></extra>",
    }


def _mean(values: np.ndarray) -> float:
    """The mean of what is there; NaN where nothing is."""
    there = values[~np.isnan(values)]
    return float(there.mean()) if len(there) else float("nan")


def _r(ours: np.ndarray, printed: np.ndarray) -> float:
    """Pearson's r; NaN for fewer than three rows or a score that is the same in all."""
    if len(ours) < 3 or (ours == ours[0]).all():
        return float("nan")
    a, b = ours - ours.mean(), printed - printed.mean()  # two fifths of the time of corrcoef, asked thousands of times
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))
