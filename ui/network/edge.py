"""The chosen edge: what its row says, its curves in the virtual cell of the network, and the way to the explorer."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

import pandas as pd
import streamlit as st

from ugrn_core.beeline.networks import Edge
from ugrn_core.figures.curves import prepare_pair
from ugrn_core.figures.panels import plot_curves
from ugrn_core.figures.style import short_unit, slope_unit
from ugrn_core.pair import PairRequest, estimate_curves, explore_pair
from ugrn_core.pair_output import pair_command
from ugrn_core.types import Context, PairResult
from ui.network import keys
from ui.network.run import Predicted
from ui.pair import reasons
from ui.pair.facts_row import signed
from ui.server.session import store
from ui.shared import cells, models, work
from ui.shared import keys as shared_keys
from ui.shared.address import open_gene
from ui.shared.errors import plain
from ui.shared.figure_panel import figure_panel
from ui.shared.settings import written
from ui.shared.work import Question

PAIR_PAGE = "pages/pair.py"
MOST_GENES = 60
"""Genes of a list that go into the address of the pair explorer."""


def chosen() -> Edge | None:
    """The edge that is looked at, as the edge table names its genes."""
    return st.session_state.get(keys.EDGE)


def choose(edge: Edge | None) -> None:
    """Look at an edge."""
    st.session_state[keys.EDGE] = edge


def picker(table: pd.DataFrame, key: str) -> None:
    """Callback of a table of edges: its chosen row is the edge that is looked at."""
    rows = st.session_state[key]["selection"]["rows"]
    choose(tuple(table.iloc[rows[0]][["source", "target"]]) if rows else None)


def show(networks: Sequence[Predicted], tables: Sequence[pd.DataFrame]) -> None:
    """The chosen edge in the network, or in both of them; a line that says how to choose where none is."""
    edge = chosen()
    first = networks[0].asked.request
    known = None if edge is None else symbols(networks[0], edge)
    if edge is None or known is None or known[0] not in first.sources or known[1] not in first.targets:
        st.caption(":material/ads_click: Choose an edge, in a table or by a click in a figure, to see its curves.")
        return
    source, target = edge
    st.subheader(f"{source} → {target}", anchor=False)
    if known != edge:
        st.caption(plain(f"{known[0]} and {known[1]} in human, which the model knows."))
    for network, table in zip(networks, tables, strict=True):
        _row(network, table, edge, len(networks) > 1)
    results = _curves(networks, known)
    if not results:
        return
    frame = _as_named(prepare_pair(results), edge, known)
    asked = networks[0].asked
    figure_panel(
        plot_curves(frame),
        frame,
        name=f"{source} to {target}, {next(iter(results))}, {asked.backbone.card.name}",
        alt=f"Response and slope of {target} when {source} moves, and the other way round",
        command=_command(networks[0], known),
        key=keys.EDGE_FIGURE,
    )
    _reasons(networks, known)
    with st.container(horizontal=True, gap="small"):
        if st.button(f"Open {source} and {target} in the pair explorer", icon=":material/open_in_new:", key=keys.OPEN):
            open_pair(networks[0], known)
        for gene, symbol in zip(edge, known, strict=True):
            if st.button(f"All of {gene}", icon=":material/genetics:", key=f"net all of {gene}"):
                open_gene(symbol)


def symbols(network: Predicted, edge: Edge) -> Edge:
    """An edge by the model's symbols."""
    names = network.asked.request.names
    return edge if names is None else (names.symbol(edge[0]), names.symbol(edge[1]))


def _as_named(frame: pd.DataFrame, edge: Edge, known: Edge) -> pd.DataFrame:
    """The curves with the genes as the edge table names them."""
    called = dict(zip(known, edge, strict=True))
    return frame.assign(source=frame["source"].map(called), target=frame["target"].map(called))


def _reasons(networks: Sequence[Predicted], edge: Edge) -> None:
    """What makes the translator of each network say what it says of an edge, where it is asked for."""
    st.toggle("Why the translator says so", key=keys.WHY, persist_state="session", help=reasons.HELP)
    if not st.session_state[keys.WHY]:
        return
    for number, network in enumerate(networks):
        asked = network.asked
        file, more = _virtual_cell(network)
        if set(edge) <= set(_genes(network, edge)):
            reasons.show(
                asked.backbone,
                asked.kept,
                edge,
                asked.request.context,
                ("networks", tuple(n.asked.key for n in networks)),
                file=file,
                more=more,
                key=f"net-why-{number}",
            )


def open_pair(network: Predicted, edge: Edge) -> None:
    """Go to the pair explorer with this edge in the virtual cell of its network."""
    st.switch_page(PAIR_PAGE, query_params=pair_address(network, edge))


def pair_address(network: Predicted, edge: Edge) -> dict[str, str]:
    """Address of an edge in the pair explorer; long lists and own cells go by the session."""
    state, asked = st.session_state, network.asked
    context, chosen = asked.request.context, asked.translator.card.schema.settings
    said = {
        "source": edge[0],
        "target": edge[1],
        "model": state.get(shared_keys.MODEL),
        "folder": state.get(shared_keys.MODEL_FOLDER) if state.get(shared_keys.MODEL) == models.OWN else "",
        "base": written((chosen.base,)),
        "grid": written(chosen.grid, ","),
        "background": chosen.background,
        "context": {"pair": "", "genes": "genes", "profile": "cells"}[context.kind],
    }
    if context.kind == "genes":
        state[shared_keys.GENE_TEXT] = ", ".join(context.genes)
        said["genes"] = ",".join(context.genes) if len(context.genes) <= MOST_GENES else ""
    if context.kind == "profile" and asked.genes.group:
        said["column"], said["levels"] = asked.genes.group[0], quote(asked.genes.group[1])
        state[shared_keys.N_VARIABLE] = state.get(keys.VARIABLE)
        said["cells"] = cells.in_address()
    return {name: str(value) for name, value in said.items() if value}


def _row(network: Predicted, table: pd.DataFrame, edge: Edge, named: bool) -> None:
    """What the edge table says of an edge, in one line."""
    found = table[(table["source"] == edge[0]) & (table["target"] == edge[1])]
    name = f"**{plain(network.asked.name)}**: " if named else ""
    if found.empty:
        st.caption(f"{name}not scored, or beyond the best edges of this page.")
        return
    row = found.iloc[0]
    unit = slope_unit(short_unit(network.asked.backbone.card.unit))
    slope = "" if pd.isna(row["slope"]) else f" ({signed(row['slope'])} {unit})"
    chance = f"probability **{row['probability']:.3f}** ± {row['spread']:.3f}"
    if pd.isna(row["probability"]):
        chance = f"score **{row['score']:.3f}**, which ranks and is no probability"
    st.markdown(
        f"{name}{chance} · rank {found.index[0] + 1:,} of "
        f"{network.scores.n_edges:,} · {row['tag']} · {row['novelty']} in training · slope {row['slope_direction']}"
        f"{slope}, not a sign of regulation · direction {row['direction']}"
    )


def _curves(networks: Sequence[Predicted], edge: Edge) -> dict[str, PairResult]:
    """Curves by name of the network: both where they differ in the virtual cell, else those of the first."""
    found: dict[str, PairResult] = {}
    first = networks[0].asked
    shown = [n for n in networks if n.asked.backbone is first.backbone and set(edge) <= set(_genes(n, edge))]
    distinct = {n.asked.request.context: n for n in shown}
    for number, network in enumerate(distinct.values()):
        asked = network.asked
        request = PairRequest(*edge, asked.request.context, asked.translator.card.schema.settings)
        result = work.answer(
            f"edge {number}",
            Question(
                ("edge", asked.backbone.fingerprint, request),
                lambda progress, cancel, request=request: explore_pair(
                    first.backbone, request, store(), residual=False, progress=progress, cancel=cancel
                ),
                f"Curves of {edge[0]} and {edge[1]} in {asked.name}",
                estimate_curves(asked.backbone, request, store()).seconds,
                str(asked.backbone.device),
            ),
            topic=("networks", tuple(n.asked.key for n in networks)),
        )
        if result is not None:
            found[asked.name if len(distinct) > 1 else asked.request.context.label] = result
    return found


def _genes(network: Predicted, edge: Edge) -> Sequence[str]:
    context = network.asked.request.context
    return edge if context.kind == "pair" else context.genes


def _command(network: Predicted, edge: Edge) -> str:
    asked = network.asked
    request = PairRequest(*edge, asked.request.context, asked.translator.card.schema.settings)
    file, more = _virtual_cell(network)
    return pair_command(request, models.command_name(asked.backbone), context=file, more=more)


def _virtual_cell(network: Predicted) -> tuple[str, tuple[str, ...]]:
    """What a command line is called with to get the virtual cell of a network: its file, and further words."""
    asked = network.asked
    profile = asked.request.context.kind == "profile"
    more = (*asked.genes.group_words, *asked.genes.options) if profile else ()
    return "pair" if asked.request.context == Context() else asked.genes.file, more
