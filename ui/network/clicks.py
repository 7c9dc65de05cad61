"""Edges that are clicked in the drawing of a network, which stands in a frame of its own."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import streamlit as st
from streamlit.components.v2 import component

from ugrn_core.network.request import NetworkRequest
from ugrn_core.paths import ASSETS
from ui.network import edge as network_edge
from ui.shared.errors import plain

CLICKS = "net clicks"


def listen(request: NetworkRequest) -> None:
    """Look at the edge that is clicked, if the network holds it; a message says where its curves are."""

    def take() -> None:
        edge = (st.session_state[CLICKS]["edge"] or (None, None))[:2]
        source, target = (str(name).strip() for name in edge)
        if source in request.sources and target in request.targets:
            network_edge.choose((source, target))
            st.toast(plain(f"{source} → {target}: its curves are below the drawing."), icon=":material/south:")

    _component()(key=CLICKS, on_edge_change=take)


@cache
def _component() -> Callable[..., object]:
    """The component of ``assets/network_clicks.js``, registered on first use."""
    return component("network_clicks", js=(ASSETS / "network_clicks.js").read_text("utf-8"))
