"""BEELINE's networks on a page: whether they are here, a button that fetches them, what a model knows of them."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from ugrn_core.backbones.registry import BACKBONES, is_available
from ugrn_core.beeline.networks import Network, Row, load_network
from ugrn_core.beeline.registry import fetch_networks, missing_networks
from ugrn_core.beeline.report import report_frame
from ugrn_core.benchmark.sampling import SAMPLERS
from ugrn_core.types import Vocabulary
from ui.shared import keys, models, work
from ui.shared.errors import plain
from ui.shared.figure_panel import csv_button
from ui.shared.work import Question

SAMPLERS_EXPLAINED = " ".join(f"**{s.title}**: {s.label}." for s in SAMPLERS.values())
SHARES = ("reciprocal_share", "density", "density_labelled", "reversed_share")
REPORT_NOTE = (
    "Genes the model does not know are lost, and their edges with them. Shares are of what is kept. Reciprocal: the "
    "reverse is an edge too. Density: edges among all pairs of a listed regulator with a gene; labelled: of one that "
    "has an edge. Reversed: candidates for negatives that are an edge turned round."
)


def sampler_title(name: str) -> str:
    """A sampler in words."""
    return SAMPLERS[name].title


def vocabulary_of(model: str) -> Vocabulary | None:
    """Genes of a model of the registry, or of the user's own folder in the sidebar; None where neither is it."""
    if model in BACKBONES and is_available(BACKBONES[model]):
        return models.load(model).vocabulary
    own = models.current() if st.session_state.get(keys.MODEL) == models.OWN else None
    return own.vocabulary if own is not None and own.card.name == model else None


@st.cache_resource(max_entries=8, show_spinner="Reading BEELINE's networks")
def networks_of(rows: tuple[Row, ...], gene_set: str, fingerprint: str, _vocabulary: Vocabulary) -> dict[Row, Network]:
    """Networks in a model's vocabulary, for which ``fingerprint`` stands in the key of the cache."""
    return {row: load_network(*row, gene_set).within(_vocabulary) for row in rows}


def network_table(rows: tuple[Row, ...], gene_set: str, vocabulary: Vocabulary, fingerprint: str, key: str) -> None:
    """What a model knows of reference networks that are here; ``fingerprint`` tells models apart in the cache."""
    report = _report(rows, gene_set, fingerprint, vocabulary)
    shown = report[[c for c in report if c not in ("gene_set", "genes_lost")] + ["genes_lost"]]
    st.caption(REPORT_NOTE)
    st.dataframe(
        shown,
        width="stretch",
        hide_index=True,
        alt="Genes and edges of every network that the model knows",
        column_config={
            **{c: st.column_config.Column(c.replace("_", " ")) for c in shown},
            **{c: st.column_config.NumberColumn(c.replace("_", " "), format="percent") for c in SHARES},
        },
    )
    csv_button(report, "beeline networks", key)


@st.cache_resource(max_entries=8, show_spinner="Reading BEELINE's networks")
def _report(rows: tuple[Row, ...], gene_set: str, fingerprint: str, _vocabulary: Vocabulary) -> pd.DataFrame:
    return report_frame([load_network(*row, gene_set) for row in rows], _vocabulary)


def networks_are_here(gene_set: str, use: str, slot: str = "fetch beeline") -> bool:
    """Whether the networks can be read; else says so, with what they are of ``use`` for, and offers to fetch them."""
    if not missing_networks(gene_set):
        return True
    st.info(
        plain(
            "Which pairs are edges is BEELINE's knowledge and not part of this project. Fetch its networks once (132 "
            f"files, 5 MB), or point UGRN_DATA_DIR to a folder that has them; {use}"
        ),
        icon=":material/info:",
    )
    question = Question(
        ("fetch beeline",),
        lambda progress, cancel: fetch_networks(None, progress, cancel),
        "Download of the networks",
        work.UNASKED,
        device="network",
        button="Fetch the networks (5 MB)",
    )
    if work.answer(slot, question) is not None:
        st.rerun()
    st.caption("`ugrn fetch beeline` does the same.")
    return False
