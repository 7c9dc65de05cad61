"""Edges that are clicked in the drawing of a network, a page in a frame of its own, and the one that stands out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import streamlit as st
from streamlit.components.v2 import component

from ugrn_core.beeline.networks import Edge
from ugrn_core.network.question import NetworkRequest
from ugrn_core.paths import ASSETS
from ui.network import edge as network_edge
from ui.network import keys
from ui.shared.errors import plain


def listen(request: NetworkRequest) -> None:
    """Look at the edge that is clicked, if the network holds it; a message says where its curves are. The edge that is
    looked at, however it was chosen, stands out in the drawing."""

    def take() -> None:
        edge = held(request, st.session_state[keys.CLICKS]["edge"] or ())
        if edge is not None:
            network_edge.choose(edge)
            st.toast(plain(f"{edge[0]} → {edge[1]}: its curves are below the drawing."), icon=":material/south:")

    looked_at = network_edge.chosen()
    _component()(key=keys.CLICKS, data={"edge": list(looked_at) if looked_at else None}, on_edge_change=take)


def held(request: NetworkRequest, names: Sequence[object]) -> Edge | None:
    """The edge of two names of the drawing, in cells of a mouse file those of the file; None for no such edge."""
    source, target = (str(name).strip() for name in (*names, "", "")[:2])
    known = (source, target) if request.names is None else tuple(map(request.names.symbol, (source, target)))
    return (source, target) if known[0] in request.sources and known[1] in request.targets else None


@cache
def _component() -> Callable[..., object]:
    """The component of ``assets/network_clicks.js``, registered on first use."""
    return component("network_clicks", js=(ASSETS / "network_clicks.js").read_text("utf-8"))
