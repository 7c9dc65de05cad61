"""The card of a translator in readable form: what it learnt from, how well it does, what its probabilities mean."""

from __future__ import annotations

import json

import pandas as pd
import streamlit as st

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.beeline.networks import Network, Row
from ugrn_core.benchmark.sampling import SAMPLERS
from ugrn_core.figures.style import minus
from ugrn_core.figures.translator import (
    METRIC_LABELS,
    plot_held_out,
    plot_reliability,
    prepare_held_out,
    prepare_reliability,
    words_on_tests,
)
from ugrn_core.translation.edge_list import OWN
from ugrn_core.translation.held_out import held_out_frame, needed_rows
from ugrn_core.translators.kinds import KINDS
from ugrn_core.translators.library import Listed
from ugrn_core.translators.translator import TranslatorCard, card_json
from ui.shared import models
from ui.shared.beeline import networks_are_here, networks_of, vocabulary_of
from ui.shared.errors import plain
from ui.shared.figure_panel import figure_panel
from ui.translators import held_out_tests, keys

HELD_OUT_NOTE = (
    "Filled: the translator, on data it never saw. Open: scores that need no model, on the very same pairs; those "
    "fitted to a network know other data sets only."
)
RELIABILITY_NOTE = (
    "Held-out pairs in ten bins of equal size. On the diagonal a probability means what it says; dotted: the prior."
)


def show(chosen: Listed, backbone: Backbone) -> None:
    """Facts, scores on data it never saw beside shortcuts, reliability, and the card itself."""
    card = chosen.card
    assert card is not None
    _facts(card)
    title, score = st.columns([4, 1], vertical_alignment="bottom")
    title.subheader("How well it does on data it never saw", anchor=False)
    with score, st.container(horizontal=True, horizontal_alignment="right"):
        metric = _metric()
    _held_out(card, metric)
    held_out_tests.show(chosen, backbone, metric)
    st.subheader("What its probabilities mean", anchor=False)
    _reliability(card)
    with st.expander("The card in full"):
        st.dataframe(_words(card), width="stretch", hide_index=True, alt="The card of the translator")
        st.download_button(
            "Card (JSON)",
            data=json.dumps(card_json(card), indent=1),
            file_name=f"{card.name}.json",
            mime="application/json",
            on_click="ignore",
            icon=":material/download:",
        )


def _kind(card: TranslatorCard) -> str:
    return card.kind if card.epochs is None else f"{card.epochs} epochs"


def _facts(card: TranslatorCard) -> None:
    auprc = [m.auprc for m in card.metrics]
    prior = [m.n_pos / (m.n_pos + m.n_neg) for m in card.metrics]
    columns = st.columns(5)
    facts = [
        ("Reads", card.schema.method, f"{card.schema.backbone}, {_context(card)}"),
        ("Trained on", f"{card.n_pos + card.n_neg:,} pairs", f"{card.n_pos:,} edges, {len(card.genes):,} genes"),
        ("Networks", f"{card.seeds} × {len(card.schema.parts)}", f"seeds × parts, {_kind(card)}"),
        (
            "Held-out AUPRC",
            f"{sum(auprc) / len(auprc):.3f}" if auprc else "none",
            f"{len(auprc)} tests, chance {sum(prior) / len(prior):.2f}" if auprc else "no data were held out",
        ),
        ("Prevalence", f"{card.prevalence:.3g}", "edges among candidate pairs"),
    ]
    for column, (label, value, words) in zip(columns, facts, strict=True):
        column.metric(label, value, words, delta_color="off", delta_arrow="off")


def _metric() -> str:
    """Which score the figures show."""
    return st.segmented_control(
        "Score",
        list(METRIC_LABELS),
        key=keys.TRANSLATOR_METRIC,
        default="auprc",
        required=True,
        format_func=METRIC_LABELS.__getitem__,
        label_visibility="collapsed",
    )


def _held_out(card: TranslatorCard, metric: str) -> None:
    if not card.metrics:
        st.info("Too little was held out to judge it: it was trained on a single data set or on few edges.")
        return
    networks = _networks(card)
    frame = _held_out_frame(json.dumps(card_json(card)), networks is not None, card, networks)
    tests = st.multiselect(
        "Tests", [m.test for m in card.metrics], key=f"tests of {card.name}", placeholder="All held-out tests"
    )
    frame = frame[frame["test"].isin(tests)] if tests else frame
    shown = prepare_held_out(frame, metric)
    st.markdown(plain(words_on_tests(frame, card.schema.method, metric)))
    figure_panel(
        plot_held_out(shown, metric),
        shown,
        name=f"{card.name} held-out {METRIC_LABELS[metric]}",
        alt=f"{METRIC_LABELS[metric]} of {card.name} and of shortcuts without a model on every held-out test",
        command=f"ugrn translator show {card.name}",
        key=keys.HELD_OUT,
        note=HELD_OUT_NOTE if frame["scored_by"].nunique() > 1 else "The translator, on data it never saw.",
    )


@st.cache_data(max_entries=32, show_spinner="Drawing the pairs of its tests again, for the shortcuts")
def _held_out_frame(
    text: str, with_shortcuts: bool, _card: TranslatorCard, _networks: dict[Row, Network] | None
) -> pd.DataFrame:
    """``text`` is the whole card; all pairs of the training are drawn for it, some seconds."""
    return held_out_frame(_card, _networks)


def _networks(card: TranslatorCard) -> dict[Row, Network] | None:
    """The networks of the card for its shortcuts; None, with the reason in place, where they cannot be had."""
    if OWN in card.networks:
        st.caption("Trained on edges of one's own and judged on genes left out in turn; shortcuts were not run.")
        return None
    if not networks_are_here(card.gene_set, "shortcuts without a model are then scored on the same pairs."):
        return None
    vocabulary = vocabulary_of(card.schema.backbone)
    if vocabulary is None and models.current().fingerprint == card.schema.fingerprint:
        vocabulary = models.current().vocabulary
    if vocabulary is None:
        st.info(plain(f"The shortcuts need the genes of {card.schema.backbone}, which is not here."))
        return None
    return networks_of(needed_rows(card), card.gene_set, card.schema.fingerprint, vocabulary)


def _reliability(card: TranslatorCard) -> None:
    calibration = card.calibration
    if calibration is None:
        st.info("Too few held-out pairs: its probabilities are not calibrated.")
        return
    better = calibration.brier < calibration.brier_prior
    st.markdown(
        f"Brier score **{calibration.brier:.3f}** on {calibration.n_pairs:,} held-out pairs, each data set left out "
        f"of the fit in its turn; always saying the prior scores {calibration.brier_prior:.3f} (lower is better). "
        + ("" if better else "**Its probabilities say no more than the prior does.** ")
        + f"Probabilities are then moved to the prevalence, {card.prevalence:.3g} unless you give another."
    )
    frame = prepare_reliability(calibration)
    figure_panel(
        plot_reliability(frame, calibration.prior),
        frame,
        name=f"{card.name} reliability",
        alt="Share of edges among held-out pairs against the probability said",
        command=f"ugrn translator show {card.name}",
        key=keys.RELIABILITY,
        note=RELIABILITY_NOTE,
    )


def _words(card: TranslatorCard) -> pd.DataFrame:
    s = card.schema
    lines = {
        "model": f"{s.backbone} (fingerprint {s.fingerprint[:12]})",
        "features": f"{s.method}, {_context(card)}, background {s.background}",
        "base and virtual values": minus(f"{s.base:g}; {', '.join(f'{v:g}' for v in s.grid)}") + f" ({s.unit})",
        "networks": ", ".join(card.networks),
        "data sets": ", ".join(card.train_sets),
        "gene set": card.gene_set,
        "negatives": f"{card.sampler}: {SAMPLERS[card.sampler].label}" if card.sampler in SAMPLERS else card.sampler,
        "N/P": f"{card.neg_ratio}",
        "most positives a network": "all" if card.max_pos is None else f"{card.max_pos:,}",
        "training": f"{KINDS[card.kind].label}: {_kind(card)}, {card.seeds} seeds",
        "training pairs (first seed)": f"{card.n_pos:,} positives, {card.n_neg:,} negatives",
        "share of edges among them (prior)": f"{card.prior:.3f}",
        "prevalence": f"{card.prevalence:.3g}, the median density of the training networks over their regulators",
        "genes": f"{len(card.genes):,}",
    }
    return pd.DataFrame(list(lines.items()), columns=["what", "value"])


def _context(card: TranslatorCard) -> str:
    return "two genes alone" if card.schema.context == "pair" else "all genes of a list"
