"""One source against several targets, in one and the same virtual cell."""

from __future__ import annotations

import streamlit as st

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.errors import InputError
from ugrn_core.figures.curves import prepare_peaks, prepare_targets
from ugrn_core.pair import PairRequest, compare_targets, estimate_curves
from ui.pair import keys, trajectories
from ui.pair import view as pair_view
from ui.server.session import store
from ui.shared import contexts, settings, work
from ui.shared.errors import NotYet, plain
from ui.shared.figure_panel import figure_panel
from ui.shared.gene_report import show_report
from ui.shared.genes import MOST_TARGETS, symbol_of
from ui.shared.work import Question

MOST_NAMES = 50
"""Names that are looked up where more were typed than can be compared."""


def show(backbone: Backbone) -> None:
    """Everything below the controls."""
    source, targets, choice = read(backbone)
    chosen = settings.read(backbone.card)
    first = PairRequest(source, targets[0], choice.main, chosen)
    topic = ("targets", backbone.fingerprint, source, targets, first)
    work.turn_to(topic)
    results = work.answer(
        "targets",
        Question(
            topic,
            lambda progress, cancel: compare_targets(
                backbone, source, targets, choice.main, chosen, store(), progress=progress, cancel=cancel
            ),
            f"Curves of {source} and {len(targets)} targets",
            lambda: estimate_curves(backbone, first, store()).seconds * len(targets),
            str(backbone.device),
        ),
        topic=topic,
    )
    if results is None:
        return
    frame = prepare_targets(results)
    dense = trajectories.of_targets(
        backbone,
        first,
        len(targets),
        lambda values, progress, cancel: compare_targets(
            backbone, source, targets, choice.main, values, store(), progress=progress, cancel=cancel
        ),
        prepare_targets,
        topic,
    )
    for note in results[0].notes:
        st.caption(plain(note))
    lines = [
        pair_view.command(backbone, PairRequest(source, target, choice.main, chosen), choice) for target in targets
    ]
    drawn = trajectories.draw(frame, dense, backbone.card, topic)
    figure_panel(
        drawn.figure,
        frame,
        taken=drawn.taken,
        on_pick=drawn.on_pick("targets-figure", backbone.card),
        name=f"{source} to {len(targets)} targets, {backbone.card.name}",
        alt=f"Response and slope of {', '.join(targets)} when {source} moves, and the other way round",
        command="\n".join(lines),
        key=keys.TARGETS_FIGURE,
    )
    with st.expander("Largest changes"):
        peaks = prepare_peaks(frame).drop(columns=["series", "measure"])
        st.dataframe(peaks, width="stretch", hide_index=True, alt="The largest change of every curve")
    show_report(choice)


def read(backbone: Backbone) -> tuple[str, tuple[str, ...], contexts.ContextChoice]:
    """Source, targets and context by the controls; an error for the user says what is still missing."""
    state = st.session_state
    if not state.get(keys.SOURCE) or not state.get(keys.TARGETS):
        raise NotYet("Choose a source and at least one target above to compare their curves.")
    choice = contexts.read(backbone)
    source = symbol_of(state[keys.SOURCE], backbone)
    named = dict.fromkeys(symbol_of(t, backbone) for t in dict.fromkeys(state[keys.TARGETS][:MOST_NAMES]))
    targets = [t for t in named if t != source]
    if not targets:
        raise InputError(f"Source and target are the same gene ({source}). Choose another target.")
    if source in named:
        st.caption(plain(f"{source} is the source and left out of the targets."))
    if len(targets) > MOST_TARGETS:
        left_out = ", ".join(targets[MOST_TARGETS:])
        st.caption(plain(f"At most {MOST_TARGETS} targets are compared: {left_out} left out."))
    return source, tuple(targets[:MOST_TARGETS]), choice
