"""Edges known from elsewhere that a predicted network is held against: BEELINE's, or a list of one's own."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import streamlit as st

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.beeline.networks import Edge
from ugrn_core.beeline.registry import missing_networks
from ugrn_core.genes.pair_list import PairColumns
from ugrn_core.genes.text_file import read_text
from ugrn_core.network.edge_table import beeline_edges
from ugrn_core.translation.edge_list import OwnEdges, parse_edges
from ui.network import keys
from ui.shared import columns
from ui.shared.beeline import networks_are_here
from ui.shared.errors import NotYet, plain, said_in_place

BEELINE, OWN, NONE = "beeline", "own", "none"
OWN_FILE = "known.csv"
LABELS = {BEELINE: "BEELINE", OWN: "My own edges", NONE: "Nothing"}


@dataclass(frozen=True)
class ReferenceEdges:
    """``edges`` None: nothing is checked. ``token`` tells it apart in caches, ``label`` names it in a sentence, and
    ``words`` are those of a command, none for BEELINE."""

    edges: frozenset[Edge] | None = field(default=None, repr=False)
    token: str = ""
    label: str = ""
    words: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """In a recipe: the file a command is given, else BEELINE."""
        return OWN_FILE if self.words else self.label


def controls(backbone: Backbone) -> None:
    """Where known edges come from, in a popover."""
    st.session_state.setdefault(keys.KNOWN, NONE if missing_networks() else BEELINE)
    with st.popover("Known edges", icon=":material/fact_check:", width="stretch"), said_in_place():
        st.segmented_control(
            "Held against",
            list(LABELS),
            key=keys.KNOWN,
            persist_state="session",
            required=True,
            format_func=LABELS.__getitem__,
            help="An edge that is known elsewhere is tagged so. Being known there is no proof, and being unknown no "
            "refutation.",
        )
        if st.session_state[keys.KNOWN] == BEELINE:
            if networks_are_here("TFs+1000", "predicted edges are then held against them."):
                st.caption("The edges of all BEELINE networks of all its data sets, taken together.")
        elif st.session_state[keys.KNOWN] == OWN:
            _own_controls(backbone)


def read(backbone: Backbone) -> ReferenceEdges:
    """Known edges by the controls; nothing where they are not there yet."""
    kind = st.session_state.get(keys.KNOWN)
    if kind == BEELINE and not missing_networks():
        return ReferenceEdges(_beeline(), BEELINE, "BEELINE")
    text = st.session_state.get(keys.KNOWN_GIVEN) or ""
    if kind == OWN and text.strip():
        chosen = st.session_state.get(keys.KNOWN_COLUMNS) or PairColumns()
        edges = _own(text, chosen, backbone.fingerprint, backbone)
        token = hashlib.sha256(repr((text, chosen)).encode()).hexdigest()
        return ReferenceEdges(
            frozenset(edges.network.edges), token, "your list", ("--known", OWN_FILE, *chosen.cli_args())
        )
    return ReferenceEdges()


def _own_controls(backbone: Backbone) -> None:
    text = st.text_area(
        "Edges: source,target, one a line",
        key=keys.KNOWN_TEXT,
        persist_state="session",
        height=140,
        placeholder="GATA1,KLF1\nSPI1 -> CSF1R",
    )
    file = st.file_uploader("or a CSV file", type=["csv", "txt", "tsv"], max_upload_size=5, key=keys.KNOWN_FILE)
    given = read_text(file.getvalue()) if file is not None else text or ""
    st.session_state[keys.KNOWN_GIVEN] = ""
    if not given.strip():
        raise NotYet("There are no edges yet: paste some above or upload a file.")
    chosen = columns.pair_boxes(given, keys.KNOWN, labelled=True)
    edges = _own(given, chosen, backbone.fingerprint, backbone)
    st.session_state[keys.KNOWN_GIVEN], st.session_state[keys.KNOWN_COLUMNS] = given, chosen
    st.caption(plain(f"{len(edges.network.edges):,} edges. {' '.join(edges.notes)} {edges.report.sentence()}"))


@st.cache_resource(show_spinner="Reading BEELINE's networks")
def _beeline() -> frozenset[Edge] | None:
    return beeline_edges()


@st.cache_resource(max_entries=8, show_spinner="Reading the edges")
def _own(text: str, columns: PairColumns, fingerprint: str, _backbone: Backbone) -> OwnEdges:
    """``fingerprint`` stands for the vocabulary in the key of the cache."""
    return parse_edges(text, _backbone.vocabulary, columns)
