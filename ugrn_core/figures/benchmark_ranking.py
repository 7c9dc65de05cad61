"""The ranking of the pairs of one test: PR and ROC curves, and the pairs that are ranked most wrongly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score, roc_curve

from ugrn_core.beeline.networks import Edge
from ugrn_core.figures.style import GUIDE, SERIES, axis, restrained

MOST_POINTS = 400
"""Points of a drawn PR or ROC curve; the areas are of all pairs."""
DASHES = ("solid", "dash", "dashdot", "longdash", "dot", "longdashdot")


def prepare_ranking(labels: np.ndarray, scores: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """PR and ROC curves: ``column, curve, x, y, area``; areas are AUPRC (average precision) and AUROC of all pairs.

    ``labels`` (pair,) in {0, 1}, each of ``scores`` (pair,). ``x`` is recall or the share of non-edges found, ``y``
    precision or recall. Long curves are thinned evenly to ``MOST_POINTS``.
    """
    parts = []
    for column, values in scores.items():
        precision, recall, _ = precision_recall_curve(labels, values)
        wrong, found, _ = roc_curve(labels, values)
        areas = {"PR": average_precision_score(labels, values), "ROC": roc_auc_score(labels, values)}
        for curve, x, y in (("PR", recall[::-1], precision[::-1]), ("ROC", wrong, found)):
            kept = np.unique(np.linspace(0, len(x) - 1, min(len(x), MOST_POINTS)).round().astype(int))
            parts.append(
                pd.DataFrame({"x": x[kept], "y": y[kept]}).assign(column=column, curve=curve, area=areas[curve])
            )
    return pd.concat(parts, ignore_index=True)[["column", "curve", "x", "y", "area"]]


def plot_ranking(ranking: pd.DataFrame, prior: float) -> go.Figure:
    """Figure of :func:`prepare_ranking`, PR left and ROC right; dotted is chance, for PR the ``prior``."""
    columns = list(dict.fromkeys(ranking["column"]))
    areas = ranking.drop_duplicates(["column", "curve"]).pivot(index="column", columns="curve", values="area")
    layout = restrained(340, legend=True)
    layout["margin"]["t"] = 44
    ends = {"range": [-0.02, 1.02], "nticks": 6}
    axes = (("", (0.0, 0.46), "recall", "precision"), ("2", (0.54, 1.0), "non-edges taken for edges", "edges found"))
    for number, across, x, y in axes:
        layout[f"xaxis{number}"] = axis(domain=across, anchor=f"y{number}", title={"text": x, "standoff": 6}, **ends)
        layout[f"yaxis{number}"] = axis(anchor=f"x{number}", title={"text": y, "standoff": 6}, **ends)
    chance = {"PR": ([0, 1], [prior, prior], ""), "ROC": ([0, 1], [0, 1], "2")}
    data: list[dict[str, Any]] = []
    for curve, (x, y, number) in chance.items():
        for n, column in enumerate(columns):
            part = ranking[(ranking["column"] == column) & (ranking["curve"] == curve)]
            look = SERIES[n % len(SERIES)]
            label = f"{column}: AUPRC {areas.loc[column, 'PR']:.3f}, AUROC {areas.loc[column, 'ROC']:.3f}"
            line = {"color": look.colour, "width": 2, "shape": "linear" if curve == "ROC" else "vh", "dash": DASHES[n]}
            data.append(_line(part["x"].tolist(), part["y"].tolist(), line, label, number, curve == "PR"))
        line = {"color": GUIDE, "width": 1.5, "dash": "dot"}
        data.append(_line(x, y, line, "by chance", number, False))
    return go.Figure({"data": data, "layout": layout})


def prepare_wrong(pairs: Sequence[Edge], labels: np.ndarray, scores: np.ndarray, most: int = 25) -> pd.DataFrame:
    """Pairs most wrongly ranked: ``source, target, truth, score, wrong_side``, ``most`` of each truth, worst first.

    ``wrong_side`` is the share of the other class on the wrong side of the pair: of an edge, the non-edges that score
    higher; of a non-edge, the edges that score lower; ties count half. Over either class its mean is 1 - AUROC.
    """
    truth = labels.astype(bool)
    edges, others = np.sort(scores[truth]), np.sort(scores[~truth])
    share = np.empty(len(scores))
    share[truth] = 1 - _below(others, scores[truth])
    share[~truth] = _below(edges, scores[~truth])
    table = pd.DataFrame(list(pairs), columns=["source", "target"])
    table["truth"] = np.where(truth, "edge", "no edge")
    table["score"], table["wrong_side"] = scores.astype(float), share
    table = table.sort_values(["wrong_side", "source", "target"], ascending=[False, True, True])
    return table.groupby("truth", sort=False).head(most).reset_index(drop=True)


def _below(ordered: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Share of ``ordered`` below each value, ties half: (value,)."""
    low, high = np.searchsorted(ordered, values, "left"), np.searchsorted(ordered, values, "right")
    return (low + high) / (2 * max(len(ordered), 1))


def _line(
    x: list[float], y: list[float], line: dict[str, Any], name: str, number: str, in_legend: bool
) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "y": y,
        "xaxis": f"x{number}",
        "yaxis": f"y{number}",
        "name": name,
        "legendgroup": name,
        "showlegend": in_legend,
        "line": line,
        "hovertemplate": "%{x:.2f}, %{y:.2f}<extra>" + name + "</extra>",
    }
