"""Which edges of a network are shown: by expected FDR, probability or number, and by what they are."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ugrn_core.errors import UGRNError
from ugrn_core.genes.file_names import in_file
from ugrn_core.genes.lookup import Species
from ugrn_core.network.edge_filter import EdgeFilter, Selection, network_gene
from ugrn_core.network.edge_table import DIRECTIONS, SLOPE_DIRECTIONS, TAGS
from ugrn_core.network.exports.folder import LOOKED_AT
from ugrn_core.network.question import NetworkRequest
from ugrn_core.translators.translator import TranslatorCard
from ugrn_core.types import Vocabulary
from ui.network import keys
from ui.shared.errors import plain

FDR, PROBABILITY, BEST = "fdr", "probability", "best"
RULES = {FDR: "FDR", PROBABILITY: "Probability", BEST: "Best edges"}
PREVALENCES = (0.0001, 0.5)
FDR_HELP = (
    "The share of the edges shown that is expected to be wrong: the mean of 1 − probability over them. The longest "
    "list of best edges that keeps to it is shown; where there is none, the top 50 with theirs."
)
PREVALENCE_HELP = (
    "The share of all pairs that are assumed to be edges. Every probability and FDR holds at this share; the default "
    "is the median density of the networks the translator learnt from. A larger one makes all edges more probable and "
    "changes the order of none."
)
SLOPE_HELP = (
    "Whether the predicted target rises or falls with the source where the slope is largest, or, where the translator "
    "reads responses alone, from the lowest virtual value to the highest. This is **not a sign of regulation**: it "
    "does not tell activation from repression. A translator you train on signed edges of your own (label 1 activation, "
    "0 repression) is the place for signs: its probability is that of activation."
)
DEFAULTS = {
    keys.RULE: FDR,
    keys.FDR: 0.5,
    keys.PROBABILITY: 0.05,
    keys.BEST: 100,
    keys.STEPS: 1,
    keys.PER_SOURCE: 0,
}


def settle_names(request: NetworkRequest, vocabulary: Vocabulary, species: Species | None) -> None:
    """Genes as the edge table names them for those that were typed into the filters or came with an address; before
    these are read. A name that is not in the network is taken out and said."""
    state, genes = st.session_state, tuple(dict.fromkeys([*request.sources, *request.targets]))
    for key, there, what in (
        (keys.SEARCH, genes, "gene"), (keys.OF_SOURCES, request.sources, "source"),
        (keys.OF_TARGETS, request.targets, "target"), (keys.NEAR, genes, "gene"),
    ):  # fmt: skip
        held = state.get(key)
        names = [held] if isinstance(held, str) else list(held or [])
        found: dict[str, None] = {}
        for name in names:
            try:
                found[network_gene(name, vocabulary, there, what, species, request.names)] = None
            except UGRNError as error:
                st.warning(plain(str(error)), icon=":material/search_off:")
        if list(found) != names:
            state[key] = list(found) if key != keys.NEAR else next(iter(found), None)


def controls(request: NetworkRequest, card: TranslatorCard, probabilities: bool) -> DeltaGenerator:
    """Rule and its threshold, prevalence, and the filters in a popover; returns the place beside them.

    Without ``probabilities`` the best edges are shown by their number, and there is no other rule.
    """
    for name, value in DEFAULTS.items():
        st.session_state.setdefault(name, value)
    rule, threshold, share, more, other = st.columns([36, 22, 14, 16, 18], vertical_alignment="bottom")
    if probabilities:
        _rule(rule, threshold, share, card)
    else:
        rule.caption("By rank: no probability is known in this virtual cell.")
        threshold.number_input("The best", 1, LOOKED_AT, key=keys.BEST, persist_state="session", step=50)
    with more.popover(_label(), icon=":material/filter_list:", width="stretch"):
        _filters(request)
    return other


def _rule(rule: DeltaGenerator, threshold: DeltaGenerator, share: DeltaGenerator, card: TranslatorCard) -> None:
    rule.segmented_control(
        "Show by",
        list(RULES),
        key=keys.RULE,
        persist_state="session",
        required=True,
        format_func=RULES.__getitem__,
        help=FDR_HELP,
    )
    with threshold:
        _threshold()
    key = prevalence_key(card.name)
    st.session_state.setdefault(key, st.session_state.get(keys.ASKED_PREVALENCE) or card.prevalence)
    chosen = share.number_input(
        "Prevalence", *PREVALENCES, key=key, persist_state="session", step=0.005, format="%.4g", help=PREVALENCE_HELP
    )
    st.session_state[keys.ASKED_PREVALENCE] = None if chosen == card.prevalence else chosen


def search(request: NetworkRequest, place) -> None:
    """A field that keeps the edges of the genes chosen."""
    place.multiselect(
        "Search",
        _genes(request),
        key=keys.SEARCH,
        persist_state="session",
        placeholder="Edges of these genes ...",
        accept_new_options=True,
        label_visibility="collapsed",
    )


def prevalence_key(translator: str) -> str:
    """Session key of the prevalence; every translator has its own."""
    return f"net prevalence {translator}"


def forget_prevalences() -> None:
    """Let the one of the address take their place."""
    for key in [k for k in st.session_state if str(k).startswith(prevalence_key(""))]:
        del st.session_state[key]


def prevalence(card: TranslatorCard) -> float:
    """The share of edges that is assumed."""
    return st.session_state.get(prevalence_key(card.name)) or card.prevalence


def read(probabilities: bool) -> EdgeFilter:
    """Filters by the controls; without ``probabilities`` the best edges whatever the rule."""
    state = st.session_state
    rule = (state.get(keys.RULE) or FDR) if probabilities else BEST
    near = state.get(keys.NEAR)
    return EdgeFilter(
        min_probability=state[keys.PROBABILITY] if rule == PROBABILITY else None,
        max_fdr=state[keys.FDR] if rule == FDR else None,
        slope_directions=_given("net slopes"),
        directions=_given("net directions"),
        tags=_given("net tags"),
        sources=_given(keys.OF_SOURCES),
        targets=_given(keys.OF_TARGETS),
        genes=_given(keys.SEARCH),
        near=(near, int(state[keys.STEPS])) if near else None,
        top_per_source=int(state[keys.PER_SOURCE]) or None,
        cap=int(state[keys.BEST]) if rule == BEST else None,
    )


def fill(shown: EdgeFilter) -> None:
    """Put a record into the controls."""
    state = st.session_state
    _reset()
    if shown.min_probability is not None:
        state[keys.RULE], state[keys.PROBABILITY] = PROBABILITY, shown.min_probability
    elif shown.max_fdr is not None:
        state[keys.RULE], state[keys.FDR] = FDR, shown.max_fdr
    elif shown.cap is not None:
        state[keys.RULE], state[keys.BEST] = BEST, min(shown.cap, LOOKED_AT)
    lists = {
        "net slopes": shown.slope_directions, "net directions": shown.directions, "net tags": shown.tags,
        keys.OF_SOURCES: shown.sources, keys.OF_TARGETS: shown.targets, keys.SEARCH: shown.genes,
    }  # fmt: skip
    for key, values in lists.items():
        state[key] = list(values or ())
    state[keys.NEAR], state[keys.STEPS] = shown.near or (None, 1)
    state[keys.PER_SOURCE] = shown.top_per_source or 0


def selected(token: str, table: pd.DataFrame, filters: EdgeFilter, share: float) -> Selection:
    """Edges of ``table`` that pass; ``token`` tells the table apart, and with it its prevalence ``share``."""
    return _selected(token, filters, table, share)


@st.cache_resource(max_entries=24, show_spinner=False)
def _selected(token: str, filters: EdgeFilter, _table: pd.DataFrame, _share: float) -> Selection:
    return filters.select(_table, _share)


def _threshold() -> None:
    rule = st.session_state[keys.RULE]
    if rule == FDR:
        st.slider("At most", 0.01, 0.99, key=keys.FDR, persist_state="session", step=0.01, format="percent")
    elif rule == PROBABILITY:
        st.number_input("At least", 0.0, 1.0, key=keys.PROBABILITY, persist_state="session", step=0.01, format="%.4g")
    else:
        st.number_input("The best", 1, LOOKED_AT, key=keys.BEST, persist_state="session", step=50)


def _filters(request: NetworkRequest) -> None:
    sources, genes = sorted(in_file(request.names, request.sources)), _genes(request)
    _pills("Tag", TAGS, "net tags", "Training pair: the translator saw it. Known network: see Known edges.")
    _pills("Slope direction: not a sign of regulation", SLOPE_DIRECTIONS, "net slopes", SLOPE_HELP)
    _pills(
        "Direction",
        DIRECTIONS,
        "net directions",
        "Called where the score tells both directions apart by more than it does for 99 % of random pairs.",
    )
    left, right = st.columns(2)
    left.multiselect(
        "Sources", sources, key=keys.OF_SOURCES, persist_state="session", placeholder="All", accept_new_options=True
    )
    right.multiselect(
        "Targets",
        sorted(in_file(request.names, request.targets)),
        key=keys.OF_TARGETS,
        persist_state="session",
        placeholder="All",
        accept_new_options=True,
    )
    left.number_input(
        "Best edges of each source (0: all)", 0, LOOKED_AT, key=keys.PER_SOURCE, persist_state="session", step=1
    )
    left, right = st.columns(2)
    left.selectbox(
        "Around one gene",
        genes,
        index=None,
        key=keys.NEAR,
        persist_state="session",
        placeholder="No gene",
        accept_new_options=True,
        help="The genes that are reached from it along shown edges, either way, and all edges among them.",
    )
    right.number_input("Steps from it", 1, 100, key=keys.STEPS, persist_state="session")
    st.button("Reset", on_click=_reset, key=keys.RESET)


def _pills(label: str, options: Sequence[str], key: str, explained: str) -> None:
    st.pills(label, options, key=key, selection_mode="multi", persist_state="session", help=f"{explained} None: all.")


def _label() -> str:
    n = sum(bool(_given(k)) for k in ("net slopes", "net directions", "net tags", keys.OF_SOURCES, keys.OF_TARGETS))
    n += bool(st.session_state.get(keys.NEAR)) + bool(st.session_state.get(keys.PER_SOURCE))
    return f"Filters: {n}" if n else "Filters"


def _given(key: str) -> tuple[str, ...] | None:
    return tuple(st.session_state.get(key) or ()) or None


def _genes(request: NetworkRequest) -> list[str]:
    """As the edge table names them."""
    return sorted(set(in_file(request.names, [*request.sources, *request.targets])))


def forget_strangers(key: str, known: Sequence[str]) -> None:
    """Drop from what a field holds all that it no longer offers."""
    held = st.session_state.get(key)
    if held:
        st.session_state[key] = [value for value in held if value in set(known)]


def _reset() -> None:
    for key in ("net slopes", "net directions", "net tags", keys.OF_SOURCES, keys.OF_TARGETS):
        st.session_state[key] = []
    st.session_state[keys.NEAR], st.session_state[keys.STEPS], st.session_state[keys.PER_SOURCE] = None, 1, 0
