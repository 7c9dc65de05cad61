"""One pair: both directions, raw and pair-specific, in one context or in up to three groups of cells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.errors import InputError
from ugrn_core.figures.curves import prepare_pair
from ugrn_core.figures.report_pair import pair_report
from ugrn_core.genes.file_names import in_file
from ugrn_core.pair import (
    PairRequest,
    PairSpecific,
    effects_are_shipped,
    estimate_curves,
    estimate_pair,
    estimate_specific,
    explore_pair,
    pair_residual,
    pair_specific,
)
from ugrn_core.pair_output import pair_command
from ugrn_core.types import PairResult
from ui.pair import company, keys, reasons, several_models, trajectories
from ui.pair.facts_row import facts_row, show_residual
from ui.server.session import store
from ui.shared import contexts, settings, work
from ui.shared.address import open_gene
from ui.shared.errors import NotYet, plain, said_in_place
from ui.shared.figure_panel import figure_panel
from ui.shared.gene_report import show_report
from ui.shared.genes import symbol_of
from ui.shared.models import command_name
from ui.shared.work import Question


def toggle(redraw: Callable[[], None]) -> None:
    """Whether the pair-specific part is asked for."""
    st.session_state.setdefault(keys.SPECIFIC, True)
    st.toggle(
        "Pair-specific",
        key=keys.SPECIFIC,
        persist_state="session",
        on_change=redraw,
        help="What is left of the response when the usual effect of this source and the usual movement of this target "
        "are taken out (dashed), and its percentile among random pairs. The first time takes a while.",
    )


def show(backbone: Backbone) -> None:
    """Everything below the controls."""
    request, choice = read(backbone)
    work.turn_to(_topic(backbone, request))
    above, figure_place = st.container(), st.container()
    results = _curves(backbone, request, choice)
    if not results:
        return
    asked = _residual_question(backbone, request)
    after_figure = work.at_once(asked) and not work.is_there(asked)  # the figure is what one waits for
    residual = None if after_figure else work.answer("residual", asked, _topic(backbone, request))
    specific = _specific(backbone, request) if st.session_state.get(keys.SPECIFIC, True) else None
    name, result = next(iter(results.items()))
    source, target = in_file(result.context.names, (request.source, request.target))
    requests = {name: replace(request, context=choice.contexts[name]) for name in results}
    told = ("pair frame", backbone.fingerprint, tuple(requests.items()), specific is not None)
    frame = work.shared(told, lambda: prepare_pair(results, specific))
    dense = trajectories.of_pair(backbone, requests, tuple(frame["base"].unique()), _topic(backbone, request))
    with above:
        residual_place = facts_row(frame, result, specific)
        show_residual(residual_place, residual, request.settings.background)
        for note in result.notes:
            st.caption(plain(note))
    with figure_place:
        drawn = trajectories.draw(frame, dense, backbone.card, told)
        line = command(backbone, request, choice)
        figure_panel(
            drawn.figure,
            frame,
            taken=drawn.taken,
            on_pick=drawn.on_pick("pair-figure", backbone.card),
            name=f"{source} to {target}, {name}, {backbone.card.name}",
            alt=f"Response and slope of {target} when {source} moves, and the other way round",
            command=line,
            key=keys.FIGURE,
            two_columns=True,
            report=lambda: pair_report(
                backbone,
                result,
                frame,
                residual,
                specific,
                command=line,
                names=choice.names_told,
                notes=choice.notes,
            ),
        )
    if after_figure:
        residual = work.answer("residual", asked, _topic(backbone, request))
        show_residual(residual_place, residual, request.settings.background)
    with said_in_place():
        reasons.beside_pair(backbone, request, choice, _topic(backbone, request))
    with said_in_place():
        several_models.beside_pair(backbone, request, _topic(backbone, request))
    with said_in_place():
        company.beside_pair(backbone, request, result, choice, _topic(backbone, request))
    with st.container(horizontal=True, gap="small"):
        for gene, called in ((request.source, source), (request.target, target)):
            if st.button(f"All of {called}", icon=":material/genetics:", key=f"all of {gene}"):
                open_gene(gene)
    show_report(choice)


def read(backbone: Backbone) -> tuple[PairRequest, contexts.ContextChoice]:
    """The question by the controls; an error for the user says what is still missing."""
    typed = {name: st.session_state.get(name) for name in ("source", "target")}
    missing = [name for name, gene in typed.items() if not gene]
    if missing:
        raise NotYet(f"Choose a {' and a '.join(missing)} above to see their curves.")
    choice = contexts.read(backbone)
    source, target = (symbol_of(str(gene), backbone) for gene in typed.values())
    return PairRequest(source, target, choice.main, settings.read(backbone.card)), choice


def command(backbone: Backbone, request: PairRequest, choice: contexts.ContextChoice) -> str:
    """The line of ``ugrn pair`` that makes the curves of the first context again."""
    more = (*choice.group_words, *choice.options)
    return pair_command(request, command_name(backbone), context=choice.file, more=more)


def _curves(backbone: Backbone, request: PairRequest, choice: contexts.ContextChoice) -> dict[str, PairResult]:
    """Results by name of the context, the first one first; without those whose job is still under way."""
    found: dict[str, PairResult] = {}
    for number, (name, context) in enumerate(choice.contexts.items()):
        asked = replace(request, context=context)
        result = work.answer(
            f"curves {number}",
            Question(
                ("curves", backbone.fingerprint, asked),
                lambda progress, cancel, asked=asked: explore_pair(
                    backbone, asked, store(), residual=False, progress=progress, cancel=cancel
                ),
                f"Curves of {request.source} and {request.target} in {name}",
                lambda asked=asked: estimate_curves(backbone, asked, store()).seconds * len(choice.contexts),
                str(backbone.device),
            ),
            topic=_topic(backbone, request),
        )
        if result is not None:
            found[name] = result
        elif not number:
            return {}
    return found


def _residual_question(backbone: Backbone, request: PairRequest) -> Question[float | None]:
    def seconds() -> float:
        afresh = estimate_pair(backbone, request).seconds
        return afresh if afresh < work.AT_ONCE else estimate_pair(backbone, request, store()).seconds

    return Question(
        ("residual", backbone.fingerprint, request),
        lambda progress, cancel: pair_residual(backbone, request, store(), progress=progress, cancel=cancel),
        "Residual",
        seconds,
        str(backbone.device),
    )


def _specific(backbone: Backbone, request: PairRequest) -> PairSpecific | None:
    """Pair-specific curves, through a job but where what they need is shipped; a context too small for them is said
    below the figure."""

    def seconds() -> float:
        found = estimate_specific(backbone, request, store()).seconds
        return found if effects_are_shipped(backbone, request) else max(work.AT_ONCE, found)

    question = Question(
        ("specific", backbone.fingerprint, request),
        lambda progress, cancel: pair_specific(backbone, request, store(), progress=progress, cancel=cancel),
        "Pair-specific response and percentile among random pairs",
        seconds,
        str(backbone.device),
    )
    try:
        return work.answer("specific", question, topic=_topic(backbone, request))
    except InputError as reason:
        st.caption(plain(str(reason)))
        return None


def _topic(backbone: Backbone, request: PairRequest) -> tuple[str, str, PairRequest]:
    return ("pair", backbone.fingerprint, request)
