"""The figure of a pair from its results: probe points, and continuous curves where they do not take too long."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.figures.curves import prepare_pair
from ugrn_core.figures.panels import plot_curves
from ugrn_core.pair import PairRequest, explore_pair
from ugrn_core.store import Store
from ugrn_core.trajectory import dense_request
from ugrn_core.types import PairResult


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
