"""Parts of the Start page: what this is, what the curves mean, and what is there to work with."""

from __future__ import annotations

import streamlit as st

from ugrn_core.backbones.registry import BackboneStatus, fetch, status
from ugrn_core.figures.curves import prepare_pair
from ugrn_core.figures.panels import plot_curves
from ugrn_core.figures.style import figure_config
from ugrn_core.network.example import bent_pairs
from ugrn_core.pair import PairRequest, explore_pair
from ugrn_core.types import Context, SweepSettings
from ui.network import keys as network_keys
from ui.server.session import store
from ui.shared import address, cells, example, models, work
from ui.shared import keys as shared_keys
from ui.shared.address import open_gene
from ui.shared.errors import plain, said_in_place
from ui.shared.work import Question
from ui.start import keys, tour

PAIR_PAGE = "pages/pair.py"
NETWORK_PAGE = "pages/network.py"

INTRODUCTION = (
    "A single-cell foundation model has read the expression of thousands of genes in many cells, and predicts each "
    "gene from the others. Here you move one gene of a virtual cell and see what the model then predicts for another, "
    "or have all pairs of a gene list scored as a network."
)

MEANING = {
    "What a curve shows": (
        "**Response**: how far the predicted target moves when the source goes from the base value to x. "
        "**Slope**: how steep that is at x. Both directions stand side by side, in the model's own unit."
    ),
    "What it can tell": (
        "A hypothesis. A pair that responds more than random pairs do was learnt as belonging together, and may be "
        "worth a closer look. The pair-specific part leaves out what the two genes do with any gene."
    ),
    "What it cannot tell": (
        "Not cause and effect: the model saw cells, not experiments. Not the sign of regulation: up or down in a "
        "curve is no sign of activation or repression. Not a measurement of your cells."
    ),
}


def welcome() -> None:
    """What this is, one click to the worked example, and its curve."""
    text, picture = st.columns([6, 5], gap="medium", vertical_alignment="center")
    with text:
        st.title("Ask a cell model how one gene answers another", anchor=False)
        st.markdown(INTRODUCTION)
        with st.container(horizontal=True, gap="xsmall"):
            if st.button(f"All that moves with {example.SOURCE}", type="primary", key=keys.GENE_EXAMPLE):
                open_gene(example.SOURCE)
            if st.button(f"Open {example.SOURCE} and {example.TARGET}", key=keys.EXAMPLE):
                st.switch_page(
                    PAIR_PAGE, query_params=address.model_words() | {"source": example.SOURCE, "target": example.TARGET}
                )
            if st.button("Predict a network", key=keys.DEMO_NETWORK):
                _demo_network()
        tour.offer()
        _bent_pair()
        st.caption(f"{example.WHY} The network: {example.NETWORK_WHY}")
    with picture, said_in_place():
        _example_curve()


def meaning() -> None:
    """Plain words on the curves."""
    for column, (title, words) in zip(st.columns(3, gap="large"), MEANING.items(), strict=True):
        column.subheader(title, anchor=False)
        column.markdown(words)


def inventory() -> None:
    """Models and cells: what is here, and how to get what is not."""
    st.subheader("Models", anchor=False)
    found = status()
    for model in found:
        if model.everyday:
            _model_row(model)
    others = [model for model in found if not model.everyday]
    with st.expander(f"{len(others)} more: controls, the first generation, and models for lessons"):
        for model in others:
            _model_row(model)
    st.subheader("Cells", anchor=False)
    chosen = cells.current()
    with st.container(horizontal=True, vertical_alignment="center"):
        if chosen is not None:
            st.markdown(cells.facts(chosen.data))
        else:
            st.markdown(
                "None chosen. Cells give a virtual cell its genes and their mean values; h5ad, 10x, loom and tables "
                "are read."
            )
            st.button("Use the example: 700 blood cells", on_click=cells.use_example, key=keys.EXAMPLE_CELLS)


def _bent_pair() -> None:
    """One of the pairs whose curves say more than a line, to the pair page; nothing for a model without them."""
    pairs = bent_pairs(str(st.session_state.get(shared_keys.MODEL)))
    if not pairs:
        return
    chosen = st.selectbox(
        "A curve that bends",
        pairs,
        index=None,
        format_func=" → ".join,
        placeholder="A curve that bends",
        label_visibility="collapsed",
        key=keys.BENT_EXAMPLE,
        help="Pairs whose curves said most beyond a straight line in the data that the model was trained on; its card "
        "says what they do in data it never saw.",
    )
    if chosen is not None:
        source, target = chosen
        st.switch_page(PAIR_PAGE, query_params=address.model_words() | {"source": source, "target": target})


def _demo_network() -> None:
    """Go to the network page; its run starts there without another click."""
    st.session_state[network_keys.START_NOW] = True
    st.switch_page(NETWORK_PAGE, query_params=address.model_words() | {"genes": example.GENES})


def _example_curve() -> None:
    backbone = models.current()
    if not {example.SOURCE, example.TARGET} <= set(backbone.vocabulary.symbols):
        st.info(f"The chosen model does not know {example.SOURCE} and {example.TARGET}: choose another in the sidebar.")
        return
    card = backbone.card
    request = PairRequest(example.SOURCE, example.TARGET, Context(), SweepSettings(card.base, card.grid))
    frame = prepare_pair({Context().label: explore_pair(backbone, request, store(), residual=False)})
    st.plotly_chart(
        plot_curves(frame[frame["direction"] == "forward"], height=380),
        width="stretch",
        config=figure_config(f"{example.SOURCE} to {example.TARGET}") | {"displayModeBar": False},
        alt=f"Response and slope of {example.TARGET} when {example.SOURCE} moves, by {card.label}",
        key=keys.EXAMPLE_CURVE,
    )


def _model_row(model: BackboneStatus) -> None:
    name, origin, state = st.columns([4, 6, 3], vertical_alignment="center")
    name.markdown(plain(model.label))
    origin.caption(plain(model.origin))
    with state, said_in_place():
        if model.available:
            st.badge("Ready", color="green", icon=":material/check:")
        elif model.kind == "fetchable":
            _fetch_button(model)
        else:
            st.caption(plain(model.note))


def _fetch_button(model: BackboneStatus) -> None:
    question = Question(
        ("fetch", model.name),
        lambda progress, cancel: fetch(model.name, progress, cancel),
        f"Download of {model.name}",
        work.UNASKED,
        device="network",
        button=f"Download ({model.note.partition('(')[2]}",
    )
    if work.answer(f"fetch {model.name}", question) is not None:
        st.rerun()
