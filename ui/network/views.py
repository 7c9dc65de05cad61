"""Views of a network: drawn, as a matrix, its hubs and degrees, its expected FDR, and the table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from ugrn_core.figures.network_adjacency import plot_adjacency, prepare_adjacency
from ugrn_core.figures.network_html import network_html
from ugrn_core.figures.network_page import Theme
from ugrn_core.figures.network_panels import (
    plot_degrees,
    plot_fdr,
    prepare_degrees,
    prepare_fdr,
)
from ugrn_core.figures.network_plot import plot_network, prepare_network
from ugrn_core.figures.report import Report
from ugrn_core.network.edge_filter import EdgeFilter
from ugrn_core.network.edge_table import TAGS
from ugrn_core.network.layout import place_genes
from ugrn_core.network.summary import hub_table
from ui.network import clicks, edge_table, keys
from ui.network import edge as network_edge
from ui.network import files as network_files
from ui.network import filters as network_shown
from ui.network.known_edges import ReferenceEdges
from ui.network.run import Predicted
from ui.shared.figure_panel import csv_button, figure_panel
from ui.shared.gene_report import gene_table

GRAPH, FDR = "graph", "fdr"
HEIGHT = 560
"""Pixels of the drawing."""


@dataclass(frozen=True)
class View:
    """What is looked at: a network, its table, the edges shown of it; ``token`` tells the table apart in caches."""

    network: Predicted
    table: pd.DataFrame
    shown: pd.DataFrame
    token: str
    filters: EdgeFilter
    known: ReferenceEdges

    @property
    def name(self) -> str:
        """For file names."""
        asked = self.network.asked
        return f"network of {asked.name}, {asked.backbone.card.name}, {asked.translator.card.name}"

    @property
    def command(self) -> str:
        return network_files.command(self.network, self.filters, self.known)


def show(view: View) -> None:
    """The chosen view of the edges shown, and a field to search for genes."""
    st.session_state.setdefault(keys.VIEW, GRAPH)
    offered = [name for name in VIEWS if name != FDR or view.network.asked.has_probabilities]
    if st.session_state[keys.VIEW] not in offered:
        st.session_state[keys.VIEW] = GRAPH
    which, search = st.columns([7, 4], vertical_alignment="center")
    which.segmented_control(
        "View",
        offered,
        key=keys.VIEW,
        persist_state="session",
        required=True,
        format_func=LABELS.__getitem__,
        label_visibility="collapsed",
    )
    network_shown.search(view.network.asked.request, search)
    if view.shown.empty:
        st.info(nothing_passes(view.filters, view.known), icon=":material/filter_list_off:")
        return
    VIEWS[st.session_state[keys.VIEW]](view)


def nothing_passes(filters: EdgeFilter, known: ReferenceEdges) -> str:
    """Why no edge is shown, and what to do about it."""
    if known.edges is None and filters.tags and set(filters.tags) <= {TAGS[1]}:
        return "No known edges are laid over this network, so none is known: choose a list under Known edges."
    if filters.reads_probabilities:
        return "No edge passes: allow a larger FDR or a smaller probability, or reset the filters."
    return "No edge passes: take away some of the filters, or reset them."


def _graph(view: View) -> None:
    """The drawing, and beside it the edges to choose from."""
    drawing, edges = st.columns([7, 3], gap="small")
    theme: Theme = "dark" if st.context.theme.type == "dark" else "light"
    with drawing:
        st.iframe(
            _html(view.token, view.filters, theme, _looked_at(), view.shown),
            height=HEIGHT,
            alt=f"The {len(view.shown):,} edges shown as a drawing; the table beside it has the same edges",
        )
    clicks.listen(view.network.asked.request)
    with edges:
        edge_table.short(view.shown, view.token, view.filters, HEIGHT)


def _panel(
    view: View,
    figure: go.Figure,
    frame: pd.DataFrame,
    key: str,
    what: str,
    alt: str,
    pick: bool,
    report: Callable[[], Report] | None = None,
) -> None:
    """A figure of the network with its table; ``what`` ends the name of its files, ``pick``: its marks name edges."""
    figure_panel(
        figure,
        frame,
        name=f"{view.name}{what}",
        alt=alt,
        command=view.command,
        key=key,
        on_pick=(lambda: _pick(key)) if pick else None,
        report=report,
    )


def _figure(view: View) -> None:
    frame = prepare_network(view.shown, _places(view.token, view.filters, view.shown))
    figure = plot_network(frame, highlight=_looked_at(), edge=network_edge.chosen())
    report = network_files.report_of(view.network, view.filters, view.table, view.shown, view.known, figure)
    _panel(view, figure, frame, "net-figure", "", "The network as drawn in the graph, for export", True, report)


def _matrix(view: View) -> None:
    frame = prepare_adjacency(view.shown)
    alt = "Sources against targets, a square an edge"
    _panel(view, plot_adjacency(frame), frame, "net-matrix", ", matrix", alt, pick=True)


def _hubs(view: View) -> None:
    hubs = hub_table(view.shown)
    likely = hubs["mean_probability_out"].notna().any()
    gene_table(
        hubs,
        "gene",
        "hubs table",
        height=420,
        alt="Genes by their number of edges",
        column_order=[c for c in hubs if likely or c != "mean_probability_out"],
        column_config={
            "is_tf": st.column_config.CheckboxColumn("factor"),
            "out_degree": st.column_config.NumberColumn("edges out"),
            "in_degree": st.column_config.NumberColumn("edges in"),
            "mean_probability_out": st.column_config.NumberColumn("mean probability out", format="%.4f"),
            "strongest_targets": st.column_config.TextColumn("strongest targets"),
        },
    )
    csv_button(hubs, f"{view.name}, hubs", "hubs")
    st.caption("Of the edges shown. Hubs are in part what the translator learnt of genes alone, whatever their pair.")


def _degrees(view: View) -> None:
    frame = prepare_degrees(view.shown)
    alt = "How many genes have how many edges out and in"
    _panel(view, plot_degrees(frame), frame, "net-degrees", ", degrees", alt, pick=False)


def _fdr(view: View) -> None:
    ends = ["source", "target"]
    best = view.table.head(len(view.shown))[ends].to_numpy()
    cut = len(view.shown) if (best == view.shown[ends].to_numpy()).all() else None
    if cut is None:
        st.caption("The filters leave out some of the best edges: the rate of those shown is the one above.")
    frame = prepare_fdr(view.table, cut)
    figure = plot_fdr(frame, cut, asked=view.filters.max_fdr)
    alt = "Expected share of wrong edges among the best ones, by their number"
    _panel(view, figure, frame, "net-fdr", ", expected FDR", alt, pick=False)


def _table(view: View) -> None:
    edge_table.full(view.shown, view.token, view.filters)


VIEWS: Mapping[str, Callable[[View], None]] = {
    GRAPH: _graph, "figure": _figure, "matrix": _matrix, "hubs": _hubs, "degrees": _degrees, FDR: _fdr,
    "table": _table,
}  # fmt: skip
LABELS = {
    GRAPH: ":material/hub: Graph",
    "figure": "Figure",
    "matrix": "Matrix",
    "hubs": "Hubs",
    "degrees": "Degrees",
    FDR: "FDR",
    "table": "Table",
}


def _looked_at() -> str | None:
    """The gene whose edges stand out: the one searched for, or the centre of the neighbourhood."""
    searched = st.session_state.get(keys.SEARCH) or []
    return searched[0] if searched else st.session_state.get(keys.NEAR)


def _pick(key: str) -> None:
    """Callback of a click in a figure: a mark of an edge names its source and target."""
    points = st.session_state[key]["selection"]["points"]
    if points and len(points[0].get("customdata") or ()) >= 2:
        network_edge.choose(tuple(points[0]["customdata"][:2]))


@st.cache_resource(max_entries=16, show_spinner="Placing the genes")
def _places(token: str, filters: EdgeFilter, _shown: pd.DataFrame) -> pd.DataFrame:
    return place_genes(_shown)


@st.cache_resource(max_entries=12, show_spinner="Drawing")
def _html(token: str, filters: EdgeFilter, theme: Theme, highlight: str | None, _shown: pd.DataFrame) -> str:
    return network_html(_shown, _places(token, filters, _shown), theme=theme, caption="", highlight=highlight)
