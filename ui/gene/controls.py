"""Controls of the Gene page: the gene, its side, the rank, the filters, and the virtual cell."""

from __future__ import annotations

import streamlit as st

from ugrn_core.backbones.backbone import Backbone
from ui.gene import keys, state
from ui.shared import translator, virtual_cell
from ui.shared.genes import GENE, gene_fields

SIDE_HELP = "As source: the gene is moved and every other one is read. As target: the others are moved, one by one."
RANK_HELP = (
    "Pair-specific: what is left of the response when the usual effect of the source and the usual movement of the "
    "target are taken out. As predicted: the response itself, which is mostly how easily a gene moves. Translator: its "
    "score, a rank; over a whole vocabulary it is no probability."
)


def redraw() -> None:
    """Callback of a control: draw the results anew and nothing else."""
    st.rerun(keys.FRAGMENT)


def side_choice() -> None:
    """The gene as source or as target."""
    st.session_state.setdefault(keys.SIDE, "source")
    st.segmented_control(
        "Side",
        list(state.SIDE_LABELS),
        key=keys.SIDE,
        persist_state="session",
        required=True,
        format_func=state.SIDE_LABELS.__getitem__,
        label_visibility="collapsed",
        help=SIDE_HELP,
    )


def controls(backbone: Backbone) -> None:
    """Everything above the results."""
    gene, rank, text, more = st.columns([5, 6, 3, 3], vertical_alignment="bottom")
    with gene:
        gene_fields(backbone, (GENE,), redraw)
    st.session_state.setdefault(keys.RANK, "specific")
    rank.segmented_control(
        "Ranked by",
        list(state.RANK_LABELS),
        key=keys.RANK,
        persist_state="session",
        required=True,
        format_func=state.RANK_LABELS.__getitem__,
        help=RANK_HELP,
    )
    text.text_input("Symbol holds", key=keys.TEXT, persist_state="session", placeholder="e.g. HOX", on_change=redraw)
    with more, st.popover("Filters", icon=":material/tune:", width="stretch"):
        _filters(backbone)
    virtual_cell.controls(backbone.card, redraw, "gene")


def _filters(backbone: Backbone) -> None:
    key = f"{keys.FACTORS} {state.side()}"
    st.session_state.setdefault(key, state.side() == "target")
    st.toggle("Transcription factors only", key=key, persist_state="session", on_change=redraw)
    st.text_area(
        "Only these genes",
        key=keys.OWN,
        persist_state="session",
        height=80,
        placeholder="KLF1, HBB, GYPA ... or empty for all",
        on_change=redraw,
    )
    translator.choice(backbone, "Translator", keys.TRANSLATOR)
