"""Figures (plotly) of the tables."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from ugrn_core.errors import InputError
from ugrn_core.figures.curves import COLUMNS
from ugrn_core.figures.network_plot import plot_network, prepare_network
from ugrn_core.figures.panels import plot_curves
from ugrn_core.network.layout import place_genes


def curves(pairs: pd.DataFrame) -> go.Figure:
    """Response above slope over the virtual values, source -> target on the left: of a frame of :func:`ugrn_core.pair`.

    Several frames of one pair, put together with ``pandas.concat``, are drawn into the same panels by their
    ``series``. A frame without the columns is an InputError.
    """
    lacking = [name for name in COLUMNS if name not in pairs]
    if lacking:
        raise InputError(f"These are no curves: column {', '.join(lacking)} is missing. Take a frame of pair().")
    return plot_curves(pairs)


def network(edges: pd.DataFrame, *, highlight: str | None = None) -> go.Figure:
    """The best edges of a frame of :func:`ugrn_core.network` as a drawing, at most 1,000 edges of 300 genes.

    Of a network with groups give one group's rows. ``highlight``: a gene whose edges stand out. Places are
    deterministic. A table with an edge twice, or without the columns, is an InputError.
    """
    return plot_network(prepare_network(edges, place_genes(edges)), highlight=highlight)
