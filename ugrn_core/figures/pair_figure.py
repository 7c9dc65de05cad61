"""The figure of a pair from its results: probe points, and continuous curves where they do not take too long."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.figures.curves import prepare_pair
from ugrn_core.figures.panels import plot_curves
from ugrn_core.figures.style import minus
from ugrn_core.pair import PairRequest, explore_pair
from ugrn_core.store import Store
from ugrn_core.trajectory import dense_request
from ugrn_core.types import PairResult


def residual_words(residual: float | None, background: str) -> tuple[str, str]:
    """The residual as a share, and what it means."""
    if background == "follow":
        return "none", "not defined when all genes move"
    if residual is None:
        return "...", "follows"
    value = "< 0.01 %" if residual < 1e-4 else f"{100 * residual:.2g} %"
    if residual <= 0.02:
        return value, "slope and response agree"
    if residual <= 0.1:
        return value, "slope and response agree roughly"
    return value, "rounding or kinks: read with care"


def beyond(percentile: float, n_random: int) -> str:
    """A percentile among ``n_random`` pairs in words."""
    if percentile >= 100:
        return f"larger than all {n_random:,} random pairs"
    return f"larger than {percentile:.3g} % of random pairs"


def signed(value: float) -> str:
    """Three significant digits with a true minus sign and a plus."""
    return minus(f"{value:+.3g}")


def pair_figure(
    backbone: Backbone,
    requests: Mapping[str, PairRequest],
    results: Mapping[str, PairResult],
    store: Store | None = None,
) -> tuple[go.Figure, pd.DataFrame]:
    """Figure and frame of one pair in several contexts, by name; computes the continuous curves."""
    frame = prepare_pair(results)
    bases = tuple(frame["base"].unique())
    dense = {name: dense_request(backbone, request, store, bases=bases) for name, request in requests.items()}
    asked = {name: request for name, request in dense.items() if request is not None}
    through = None
    if len(asked) == len(requests):
        through = prepare_pair(
            {name: explore_pair(backbone, request, store, residual=False) for name, request in asked.items()}
        )
    return plot_curves(frame, dense=through, domain=backbone.card.domain), frame
