"""Figures of a translator: its loss while it trains, its held-out scores beside shortcuts, its reliability."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from ugrn_core.benchmark.metrics import METRICS
from ugrn_core.figures.style import GUIDE, SERIES, axis, restrained
from ugrn_core.translators.calibration import Calibration

LOSS_COLUMNS = ["part", "seed", "epoch", "loss"]
METRIC_LABELS = {"auprc": "AUPRC", "auroc": "AUROC"}


def prepare_loss(points: Sequence[tuple[str, int, int, float]]) -> pd.DataFrame:
    """Mean loss of every epoch so far: ``part, seed, epoch, loss`` (binary cross-entropy, natural log)."""
    return pd.DataFrame(list(points), columns=LOSS_COLUMNS)


def plot_loss(frame: pd.DataFrame, epochs: int) -> go.Figure:
    """Loss against epoch; a colour a part (VVP, GDT), a line a seed."""
    traces = []
    for n, (part, of_part) in enumerate(frame.groupby("part", sort=False)):
        look = SERIES[n % len(SERIES)]
        for i, (seed, line) in enumerate(of_part.groupby("seed")):
            traces.append(
                {
                    "type": "scatter",
                    "mode": "lines",
                    "x": line["epoch"].tolist(),
                    "y": line["loss"].tolist(),
                    "name": str(part),
                    "legendgroup": str(part),
                    "showlegend": i == 0,
                    "line": {"color": look.colour, "width": 1.8, "dash": ("solid", "dash", "dot", "dashdot")[i % 4]},
                    "hovertemplate": f"{part}, seed {seed}<br>epoch %{{x}}: %{{y:.4f}}<extra></extra>",
                }
            )
    layout = restrained(260, title_lines=0, legend=True)
    layout["xaxis"] = axis(title={"text": "epoch"}, range=[0.5, epochs + 0.5])
    layout["yaxis"] = axis(title={"text": "mean loss on training pairs (nats)"})
    return go.Figure({"data": traces, "layout": layout})


def prepare_held_out(frame: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Held-out scores of one metric: ``test, scored_by, value, prior``, tests by the translator's score, best first."""
    if metric not in METRICS:
        raise ValueError(f"no metric is called {metric!r}")
    shown = frame.assign(value=frame[metric], prior=frame["n_pos"] / (frame["n_pos"] + frame["n_neg"]))
    own = shown.drop_duplicates("test").sort_values("value", ascending=False)["test"]
    order = {test: n for n, test in enumerate(own)}
    by = shown.sort_values("test", key=lambda tests: tests.map(order), kind="stable", ignore_index=True)
    return by[["test", "scored_by", "value", "prior"]]


def plot_held_out(frame: pd.DataFrame, metric: str) -> go.Figure:
    """One line a test: the translator and every shortcut as markers on one axis."""
    names = list(dict.fromkeys(frame["scored_by"]))
    tests = list(dict.fromkeys(frame["test"]))[::-1]
    traces = []
    for n, name in enumerate(names):
        rows, look = frame[frame["scored_by"] == name], SERIES[n % len(SERIES)]
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": rows["value"].tolist(),
                "y": rows["test"].tolist(),
                "name": name,
                "marker": {
                    "color": look.colour,
                    "symbol": look.marker if n == 0 else f"{look.marker}-open",
                    "size": 11 if n == 0 else 9,
                    "line": {"width": 1.8},
                },
                "hovertemplate": f"{name}<br>%{{y}}: %{{x:.3f}}<extra></extra>",
            }
        )
    layout = restrained(90 + 26 * len(tests), title_lines=0, legend=True)
    layout["margin"]["l"] = 190
    layout["xaxis"] = axis(title={"text": f"{METRIC_LABELS[metric]} on held-out pairs (higher is better)"})
    layout["yaxis"] = axis(categoryorder="array", categoryarray=tests)
    return go.Figure({"data": traces, "layout": layout})


def words_on_tests(frame: pd.DataFrame, method: str, metric: str) -> str:
    """On how many tests a translator is above every shortcut, and by how much on average; empty without a shortcut.

    ``frame`` has ``test, scored_by`` and the metric, ``method`` is the translator's name there. Tests in which one of
    them has no value do not count.
    """
    wide = frame.pivot(index="test", columns="scored_by", values=metric).dropna()
    shortcuts = wide.drop(columns=method)
    if shortcuts.empty:
        return ""
    above, means = int((wide[method] > shortcuts.max(axis=1)).sum()), shortcuts.mean()
    return (
        f"{METRIC_LABELS[metric]} is above every shortcut on {above} of {len(wide)} tests. On average it is "
        f"{wide[method].mean():.3f}; the best shortcut, “{means.idxmax()}”, has {means.max():.3f}."
    )


def prepare_reliability(calibration: Calibration) -> pd.DataFrame:
    """Bins of held-out pairs: ``predicted`` (mean probability said), ``observed`` (share of edges), ``n`` pairs."""
    return pd.DataFrame([(b.predicted, b.observed, b.n) for b in calibration.reliability],
                        columns=["predicted", "observed", "n"])  # fmt: skip


def plot_reliability(frame: pd.DataFrame, prior: float) -> go.Figure:
    """Share of edges against the probability said; on the diagonal the probability means what it says."""
    line = {
        "type": "scatter",
        "mode": "lines+markers",
        "x": frame["predicted"].tolist(),
        "y": frame["observed"].tolist(),
        "customdata": frame["n"].tolist(),
        "name": "held-out pairs",
        "marker": {"color": SERIES[0].colour, "symbol": SERIES[0].marker, "size": 8},
        "line": {"color": SERIES[0].colour},
        "hovertemplate": "said %{x:.2f}, true %{y:.2f} of %{customdata:,} pairs<extra></extra>",
    }
    guides = [
        {"type": "line", "x0": 0, "y0": 0, "x1": 1, "y1": 1, "line": {"color": GUIDE, "width": 1}},
        {"type": "line", "x0": 0, "y0": prior, "x1": 1, "y1": prior, "line": {"color": GUIDE, "dash": "dot"}},
    ]
    layout = restrained(320, title_lines=0)
    layout["xaxis"] = axis(title={"text": "probability said"}, range=[0, 1])
    layout["yaxis"] = axis(title={"text": "share of edges among such pairs"}, range=[0, 1])
    return go.Figure({"data": [line], "layout": layout | {"shapes": guides}})
