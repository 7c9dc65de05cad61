"""Controls of the benchmark page, and their values in its address."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from ugrn_core.beeline.networks import NETWORK_FOLDERS, SPECIES
from ugrn_core.benchmark.protocols import PROTOCOLS
from ugrn_core.benchmark.sampling import SAMPLERS
from ugrn_core.figures.benchmark import METRICS, SUBSETS, TableView
from ugrn_core.figures.benchmark_paper import PRINTED_BACKBONES
from ui.benchmark import keys
from ui.benchmark.results import Results
from ui.benchmark.results import models as models_of
from ui.shared import address
from ui.shared import keys as shared_keys
from ui.shared.beeline import SAMPLERS_EXPLAINED, sampler_title

TABLES = [str(table) for table in PROTOCOLS]
DEFAULTS = {
    "table": "1", "pairs": "all", "metric": "auprc", "sampler": "per_tf", "printed": PRINTED_BACKBONES[0],
    "ratio": "10",
}  # fmt: skip
ALLOWED = {
    "table": TABLES,
    "pairs": list(SUBSETS),
    "metric": list(METRICS),
    "sampler": list(SAMPLERS),
    "printed": list(PRINTED_BACKBONES),
    "ratio": ["1", "2", "3", "5", "10"],
}
TEXTS = ("results", "run", "row", "method")
LISTS = {"networks": list(NETWORK_FOLDERS), "sets": list(SPECIES)}


@dataclass(frozen=True)
class BenchmarkQuestion:
    """Whose results, and how negatives were drawn."""

    model: str
    sampler: str


def apply_url() -> None:
    """Fill the controls from an address that came from outside; values without sense are left out."""
    state, given = st.session_state, address.arrived(*DEFAULTS, *TEXTS, *LISTS)
    for name, default in DEFAULTS.items():
        state.setdefault(name, default)
        if given.get(name) in ALLOWED[name]:
            state[name] = given[name]
    for name in TEXTS:
        if given.get(name):
            state[name] = given[name]
    for name, known in LISTS.items():
        if given.get(name):
            state[name] = [v for v in given[name].split(",") if v in known]


def write_address() -> None:
    """Put the controls into the address, so that the view can be shared."""
    state = st.session_state
    said = {name: state.get(name) for name in DEFAULTS if state.get(name) != DEFAULTS[name]}
    said |= {name: state.get(name) for name in TEXTS}
    said |= {name: ",".join(state.get(name) or []) for name in LISTS}
    if state.get(keys.TABLE) != "6":
        said.pop("ratio", None)
    if state.get(keys.RUN) == state.get(keys.FIRST_RUN):
        said.pop("run", None)
    address.put(said)


def table_choice() -> int:
    """Which of the six tables."""
    st.segmented_control(
        "Table of the paper",
        TABLES,
        key=keys.TABLE,
        persist_state="session",
        required=True,
        format_func="Table {}".format,
        label_visibility="collapsed",
    )
    return int(st.session_state[keys.TABLE])


def ask(found: list[Results]) -> BenchmarkQuestion:
    """Model, kind of pairs, metric and sampler, in one row with what is tested on."""
    known = models_of(found)
    if st.session_state.get(keys.RESULTS) not in known:
        mine = str(st.session_state.get(shared_keys.MODEL))
        ready = [r.facts.backbone for r in found]
        st.session_state[keys.RESULTS] = mine if mine in ready else known[0]
    model, pairs, metric, sampler, tests = st.columns([20, 28, 18, 16, 13], vertical_alignment="bottom")
    model.selectbox("Results of", known, key=keys.RESULTS, persist_state="session")
    pairs.segmented_control(
        "Pairs",
        list(SUBSETS),
        key=keys.PAIRS,
        persist_state="session",
        required=True,
        format_func={"all": "All", "one_unseen": "One unseen", "both_unseen": "Both unseen"}.__getitem__,
        help="Unseen: the gene occurs in no training pair. Only these say what carries over to new genes.",
    )
    metric.segmented_control(
        "Score", list(METRICS), key=keys.METRIC, persist_state="session", required=True, format_func=METRICS.__getitem__
    )
    sampler.selectbox(
        "Negatives",
        list(SAMPLERS),
        key=keys.SAMPLER,
        persist_state="session",
        format_func=sampler_title,
        help=f"How non-edges are drawn. {SAMPLERS_EXPLAINED}",
    )
    with tests.popover("Tests", icon=":material/filter_list:", width="stretch", help="Networks and sets tested on"):
        _filters()
    return BenchmarkQuestion(st.session_state[keys.RESULTS], st.session_state[keys.SAMPLER])


def view(table: int, results: Results) -> TableView:
    """The part of the results that the controls ask for; N/P by a slider where there are several."""
    state = st.session_state
    ratio = 1
    offered = [str(r) for r in results.facts.neg_ratios]
    if len(offered) > 1:
        if state.get(keys.RATIO) not in offered:
            state[keys.RATIO] = offered[0]
        st.columns([3, 2])[0].select_slider(
            "N/P: negatives to a positive, in training and test", offered, key=keys.RATIO, persist_state="session"
        )
        ratio = int(state[keys.RATIO])
    elif offered:
        ratio = results.facts.neg_ratios[0]
    networks, sets = (tuple(state.get(name) or ()) for name in LISTS)
    return TableView(table, state[keys.METRIC], state[keys.PAIRS], ratio, networks, sets or results.facts.test_sets)


def printed_half(table: int) -> str:
    """Which half of the printed Table 1 stands beside ours; its other tables are scBenchmark's."""
    if table != 1:
        return PRINTED_BACKBONES[1]
    st.segmented_control(
        "Printed numbers of",
        list(PRINTED_BACKBONES),
        key=keys.PRINTED,
        persist_state="session",
        required=True,
        format_func="Printed: {}".format,
        help="The paper's Table 1 has two halves, one a backbone.",
        label_visibility="collapsed",
    )
    return st.session_state[keys.PRINTED]


def _filters() -> None:
    """Networks and data sets tested on; nothing chosen means all."""
    st.pills(
        "Networks tested on",
        LISTS["networks"],
        key=keys.NETWORKS,
        selection_mode="multi",
        persist_state="session",
        help="None chosen: all",
    )
    st.pills(
        "Data sets tested on",
        LISTS["sets"],
        key=keys.SETS,
        selection_mode="multi",
        persist_state="session",
        help="None chosen: all",
    )
