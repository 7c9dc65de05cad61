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
    """Response above slope over the virtual values, source -> target on the left (Qi et al. 2026, Eq. 8 and 9).

    Parameters
    ----------
    pairs
        A frame of :func:`ugrn_core.pair`. Several of one pair, put together with ``pandas.concat``, are drawn into the
        same panels by their ``series``.

    Returns
    -------
    Four panels, two with the ``follow`` background, where only slopes are defined; in the unit of the frame.
    Deterministic.

    Raises
    ------
    InputError
        A column of the frame is missing.
    """
    lacking = [name for name in COLUMNS if name not in pairs]
    if lacking:
        raise InputError(f"These are no curves: column {', '.join(lacking)} is missing. Take a frame of pair().")
    return plot_curves(pairs)


def network(edges: pd.DataFrame, *, highlight: str | None = None, edge: tuple[str, str] | None = None) -> go.Figure:
    """The best edges of a network as a drawing: arrows from source to target, which are predictions.

    Parameters
    ----------
    edges
        A frame of :func:`ugrn_core.network`, best first; of a network with groups one group's rows. Drawn are at most
        1,000 edges of 300 genes.
    highlight
        A gene whose edges stand out, source or target.
    edge
        ``(source, target)`` of an edge that has a band behind it.

    Returns
    -------
    A figure in which a wider line is a more probable edge, and the form of its tip says whether the slope rises or
    falls, which is no sign of regulation. Places have no unit and are the same each time.

    Raises
    ------
    InputError
        An edge stands twice in the table, or a column is missing.
    """
    return plot_network(prepare_network(edges, place_genes(edges)), highlight=highlight, edge=edge)
