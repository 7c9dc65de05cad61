"""The form of the network page: genes, sources, translator and virtual cell; one network, or two to compare."""

from __future__ import annotations

import streamlit as st

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.figures.context_advice import advice_on
from ugrn_core.network.question import FULL, PAIR
from ui.network import genes as network_genes
from ui.network import keys
from ui.network.question import (
    AGAINST,
    CHOSEN,
    FACTORS,
    GROUPS,
    MODELS,
    MODES,
    ONE,
    TRANSLATORS,
    TWO,
    AskedNetwork,
    against,
    cell,
    cell_default,
    cell_key,
    mode,
    other_model,
)
from ui.shared import models
from ui.shared import translator as network_translator
from ui.shared.errors import plain, said_in_place

MODE_LABELS = {ONE: ":material/hub: One network", TWO: ":material/compare_arrows: Two compared"}
SOURCES = {FACTORS: "The factors among them", CHOSEN: "My own"}
CELL_LABELS = {
    network_genes.LIST: {PAIR: "Two genes alone", FULL: "All genes at base"},
    network_genes.CELLS: {PAIR: "Two genes alone", FULL: "Means of the cells"},
}
CELL_HELP = (
    "What stands around each pair. Two genes alone: quick, and what the translators of this project were trained on. "
    "All genes: cost grows with the square of their number. Means: the mean profile of the cells or of one group; a "
    "translator that is not calibrated for means ranks edges, and there is no probability."
)


def mode_choice() -> str:
    """One network, or two compared."""
    st.session_state.setdefault(keys.MODE, ONE)
    st.segmented_control(
        "How many",
        list(MODES),
        key=keys.MODE,
        persist_state="session",
        required=True,
        format_func=MODE_LABELS.__getitem__,
        label_visibility="collapsed",
    )
    return mode()


def controls(backbone: Backbone) -> None:
    """Genes, sources, translator and virtual cell; in the mode of two, in what they differ."""
    state = st.session_state
    state.setdefault(keys.FROM, network_genes.LIST)
    state.setdefault(keys.SOURCES_FROM, FACTORS)
    state.setdefault(keys.FORM, keys.FOLDED_FOR not in state)
    if state.pop(keys.FOLD, False):
        state[keys.FORM] = False
    label = state.get(keys.HEADLINE, "What to predict") if not state[keys.FORM] else "What to predict"
    with st.expander(label, key=keys.FORM, on_change="rerun", icon=":material/tune:"):
        _controls(backbone)


def fold(asked: tuple[AskedNetwork, ...]) -> None:
    """Make room for networks that are there for the first time: draw the page anew with the form closed."""
    if (asked_now := tuple(a.key for a in asked)) == st.session_state.get(keys.FOLDED_FOR):
        return
    st.session_state[keys.FOLDED_FOR] = asked_now
    st.session_state[keys.HEADLINE] = _headline(asked)
    st.session_state[keys.FOLD] = True
    st.rerun()


def _controls(backbone: Backbone) -> None:
    two, state = mode() == TWO, st.session_state
    if two:
        _difference(backbone)
    two_groups = two and against() == GROUPS
    origins = [o for o in network_genes.LABELS if not (two and o == network_genes.RECIPE)]
    if two_groups or state[keys.FROM] not in origins:
        state[keys.FROM] = network_genes.CELLS
    origin, sources, around = st.columns([4, 4, 4])
    origin.segmented_control(
        "Genes",
        origins,
        key=keys.FROM,
        persist_state="session",
        required=True,
        disabled=two_groups,
        format_func=network_genes.LABELS.__getitem__,
    )
    if network_genes.origin() == network_genes.RECIPE:
        with said_in_place():
            network_genes.controls(two_groups)
        return
    sources.segmented_control(
        "Sources",
        list(SOURCES),
        key=keys.SOURCES_FROM,
        persist_state="session",
        required=True,
        format_func=SOURCES.__getitem__,
        help="The genes whose targets are asked for. Factors: the transcription factors of Lambert et al. 2018. Every "
        "gene is a target.",
    )
    _cell_choice(around, backbone)
    with said_in_place():
        network_genes.controls(two_groups)
    if state[keys.SOURCES_FROM] == CHOSEN:
        st.text_input(
            "My sources", key=keys.SOURCES, persist_state="session", placeholder="GATA1, TAL1 ... added where missing"
        )
    _translator_choices(backbone, two and against() == TRANSLATORS)


def _translator_choices(backbone: Backbone, two: bool) -> None:
    first, second = st.columns(2) if two else (st.container(), None)
    with first:
        network_translator.choice(backbone, "From" if two else "Translator", keys.TRANSLATOR)
    if second is not None:
        other_than = st.session_state.get(keys.TRANSLATOR)
        with second:
            network_translator.choice(backbone, "To", "net translator b", other_than=other_than)


def _headline(asked: tuple[AskedNetwork, ...]) -> str:
    """The question in a few words."""
    sizes = [f"{len(a.request.sources):,} sources × {len(a.request.targets):,} targets of {a.name}" for a in asked]
    readers = " and ".join(dict.fromkeys(a.translator.card.name for a in asked))
    kinds = {"pair": "two genes alone", "genes": "all genes at base", "profile": "means of the cells"}
    return plain(f"{' against '.join(sizes)} · {readers} · {kinds[asked[0].request.context.kind]}")


def _cell_choice(place, backbone: Backbone) -> None:
    origin, key = network_genes.origin(), cell_key()
    st.session_state.setdefault(key, cell_default())
    two_groups = mode() == TWO and against() == GROUPS
    if two_groups:
        st.session_state[key] = FULL
    place.segmented_control(
        "Virtual cell",
        list(CELL_LABELS[origin]),
        key=key,
        persist_state="session",
        required=True,
        disabled=two_groups,
        format_func=CELL_LABELS[origin].__getitem__,
        help=CELL_HELP,
    )
    if origin == network_genes.LIST and cell() == FULL:  # its translators were trained on two genes alone
        place.caption(advice_on(backbone.card.name, alone=False))


def _difference(backbone: Backbone) -> None:
    """In what the two networks differ; the second model where it is that."""
    st.session_state.setdefault(keys.AGAINST, GROUPS)
    what, which, how = st.columns([6, 3, 5])
    what.segmented_control(
        "Compare",
        list(AGAINST),
        key=keys.AGAINST,
        persist_state="session",
        required=True,
        format_func=AGAINST.__getitem__,
    )
    if against() != MODELS:
        return
    names = [name for name in models.available() if name != backbone.card.name]
    if st.session_state.get(keys.MODEL_B) not in names:
        st.session_state[keys.MODEL_B] = names[0]
    which.selectbox("Second model", names, key=keys.MODEL_B, persist_state="session")
    with said_in_place(), how:
        network_translator.choice(models.load(other_model(backbone)), "Its translator", "net translator of the other")
