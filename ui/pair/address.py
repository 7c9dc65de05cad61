"""The Pair page in its address: genes, mode, and what stands below the curves.

The virtual cell around them is shared with other pages (``ui/shared/address.py``).
"""

from __future__ import annotations

import streamlit as st

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.types import BackboneCard
from ui.pair import company, keys
from ui.shared import address, kept, settings
from ui.shared.genes import COMPANY

TEXTS = ("source", "target")
MODES = ("pair", "targets", "list")


def apply_url(backbone: Backbone) -> None:
    """Fill the controls from an address that came from outside; an :class:`InputError` names a value without sense."""
    card = backbone.card
    below = (COMPANY.name, keys.COMPANY_MEASURE, keys.COMPANY_MOVED, keys.TRANSLATOR, keys.SEVERAL_SHOWN)
    given = address.arrived("mode", keys.SPECIFIC, settings.x_key(card), *below, *address.cell_keys(card))
    for name in TEXTS:
        if given.get(name):
            st.session_state[name] = given[name]
    if given.get("targets"):
        st.session_state[keys.TARGETS] = address.parts(given["targets"])
    if given.get("mode"):
        st.session_state[keys.MODE] = address.one_of("mode", given["mode"], MODES)
    if given.get("pairs"):
        st.session_state[keys.PAIR_TEXT] = address.kept_text(given["pairs"])
    if given.get("with"):
        company.apply_url(given["with"], backbone.card)
    if given.get("translator"):
        st.session_state[keys.TRANSLATOR] = given["translator"]
    if given.get("measure"):
        st.session_state[keys.COMPANY_MEASURE] = address.one_of("measure", given["measure"], tuple(company.SHOWN))
    if given.get("moved"):
        st.session_state[keys.COMPANY_MOVED] = given["moved"]
    if given.get("specific"):
        st.session_state[keys.SPECIFIC] = address.one_of("specific", given["specific"], ("no",)) != "no"
    if given.get("models"):
        st.session_state[keys.SEVERAL_SHOWN] = address.one_of("models", given["models"], ("all",)) == "all"
    if given.get("x"):
        st.session_state[settings.x_key(backbone.card)] = address.number("x", given["x"])
    address.apply_cell_url(given, backbone)


def write(card: BackboneCard) -> None:
    """Put the controls into the address, and the job that is under way."""
    state = st.session_state
    mode = state.get(keys.MODE) or "pair"
    address.put(
        {
            "mode": mode if mode != "pair" else "",
            "source": state.get(keys.SOURCE) if mode != "list" else "",
            "target": state.get(keys.TARGET) if mode == "pair" else "",
            "targets": ",".join(state.get(keys.TARGETS) or []) if mode == "targets" else "",
            "x": _x(card) if mode != "list" else "",
            "with": company.in_address(card) if mode == "pair" else "",
            **(company.shown_words() if mode == "pair" else {}),
            "specific": "no" if mode == "pair" and not state.get(keys.SPECIFIC, True) else "",
            "translator": state.get(keys.TRANSLATOR) if mode == "pair" else "",
            "models": "all" if mode == "pair" and state.get(keys.SEVERAL_SHOWN) else "",
            "pairs": kept.shelf().put_text(state.get(keys.PAIR_TEXT) or "") if mode == "list" else "",
            **address.cell_words(card),
        }
    )


def _x(card: BackboneCard) -> str:
    """The value at which panels are compared; empty at the largest virtual value, where it starts."""
    held, grid = st.session_state.get(settings.x_key(card)), settings.read(card).grid
    return "" if held is None or (grid and held == max(grid)) else settings.written((held,))
