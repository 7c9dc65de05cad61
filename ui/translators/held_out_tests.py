"""A translator on networks of one's choice, beside scores that need no model: asked by a click, shown in place."""

from __future__ import annotations

import shlex

import pandas as pd
import streamlit as st

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.beeline.networks import NETWORK_FOLDERS, SPECIES, Network, Row
from ugrn_core.figures.translator import plot_held_out, prepare_held_out, words_on_tests
from ugrn_core.translation.cost import sweep_seconds
from ugrn_core.translation.edge_list import OWN
from ugrn_core.translation.held_out import chosen_frame, open_rows, training_rows
from ugrn_core.translators.library import Listed, load_translator
from ugrn_core.translators.translator import TranslatorCard
from ugrn_core.types import Cancel, Progress
from ui.server.session import store
from ui.shared import work
from ui.shared.beeline import networks_are_here, networks_of
from ui.shared.errors import plain, said_in_place
from ui.shared.figure_panel import figure_panel
from ui.shared.work import Question
from ui.translators import keys

SLOT = "test translator"
NOTE = (
    "Filled: the translator. Open: scores that need no model, on the very same pairs, fitted to its training networks."
)


def show(chosen: Listed, backbone: Backbone, metric: str) -> None:
    """Controls, the button and the scores; says why where a translator cannot be tested."""
    card = chosen.card
    assert card is not None
    with st.expander("Test it on other networks"), said_in_place():
        free = open_rows(card)
        if not free:
            st.caption("It was trained on every data set; above, each is left out in turn.")
        elif card.schema.fingerprint != backbone.fingerprint:
            st.caption(plain(f"Choose {card.schema.backbone} in the sidebar to test it."))
        elif networks_are_here(_gene_set(card), "translators are then tested on them.", slot="fetch for tests"):
            rows = _choice(card, free)
            if rows:
                _tests(chosen, backbone, card, rows, metric)


def _choice(card: TranslatorCard, free: tuple[Row, ...]) -> tuple[Row, ...]:
    """Networks and data sets; those the translator was trained on are not offered."""
    left, right = st.columns(2)
    names = [n for n in NETWORK_FOLDERS if any(r.network == n for r in free)]
    sets = [s for s in SPECIES if any(r.data_set == s for r in free)]
    chosen = left.multiselect("Networks", names, key=f"test networks of {card.name}", placeholder="All")
    on = right.multiselect("Data sets not trained on", sets, key=f"test sets of {card.name}", placeholder="All")
    rows = tuple(r for r in free if r.network in (chosen or names) and r.data_set in (on or sets))
    if not rows:
        st.caption("BEELINE has no such network: LOF/GOF exists for mESC only.")
    return rows


def _tests(chosen: Listed, backbone: Backbone, card: TranslatorCard, rows: tuple[Row, ...], metric: str) -> None:
    needed = tuple(dict.fromkeys([*rows, *training_rows(card)]))
    networks = networks_of(needed, _gene_set(card), backbone.fingerprint, backbone.vocabulary)
    question = Question(
        ("tested", card, rows),
        lambda progress, cancel: _job(chosen, backbone, rows, networks, progress, cancel),
        f"Test of {card.name}",
        max(_seconds(backbone, card, rows, networks), work.AT_ONCE),
        device=str(backbone.device),
        button=f"Test on {len(rows)} {'network' if len(rows) == 1 else 'networks'}",
    )
    frame = work.answer(SLOT, question)
    if frame is None:
        return
    shown = prepare_held_out(frame, metric)
    st.markdown(plain(words_on_tests(frame, card.schema.method, metric)))
    names = ",".join(dict.fromkeys(r.network for r in rows))
    sets = ",".join(dict.fromkeys(r.data_set for r in rows))
    figure_panel(
        plot_held_out(shown, metric),
        shown,
        name=f"{card.name} on chosen networks {metric}",
        alt=f"Scores of {card.name} and of shortcuts without a model on every chosen network",
        command=shlex.join(("ugrn", "translator", "test", card.name, "--network", names, "--sets", sets)),
        key=keys.CHOSEN_TESTS,
        note=NOTE,
    )


def _job(
    chosen: Listed,
    backbone: Backbone,
    rows: tuple[Row, ...],
    networks: dict[Row, Network],
    progress: Progress | None,
    cancel: Cancel | None,
) -> pd.DataFrame:
    translator = load_translator(chosen.folder / f"{chosen.name}.safetensors")
    return chosen_frame(translator, backbone, rows, networks, store(), progress=progress, cancel=cancel)


def _seconds(backbone: Backbone, card: TranslatorCard, rows: tuple[Row, ...], networks: dict[Row, Network]) -> float:
    most = card.max_pos or max(len(n.edges) for n in networks.values())
    n_pairs = sum(min(len(networks[row].edges), most) for row in rows) * (1 + card.neg_ratio)
    sizes = {row.data_set: len(networks[row].genes) for row in rows}
    return _estimate(backbone, card, n_pairs, tuple(sizes.values()))


@st.cache_resource(max_entries=32, show_spinner="Estimating the time")
def _estimate(_backbone: Backbone, card: TranslatorCard, n_pairs: int, sizes: tuple[int, ...]) -> float:
    return sweep_seconds(_backbone, card.schema, n_pairs, sizes)


def _gene_set(card: TranslatorCard) -> str:
    return "TFs+500" if card.gene_set == OWN else card.gene_set
