"""The pair in company: up to three further genes in its virtual cell, curves with and without, and surfaces."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar

import pandas as pd
import streamlit as st

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.company import (
    MOST_COMPANIONS,
    Companion,
    Surface,
    estimate_surface,
    in_company,
    parse_companion,
    response_surface,
)
from ugrn_core.figures.beside_pair import Shown, plot_surface
from ugrn_core.figures.curves import prepare_pair
from ugrn_core.figures.panels import plot_curves
from ugrn_core.figures.report_pair import WITHOUT, pair_report
from ugrn_core.figures.style import short_unit
from ugrn_core.genes.file_names import in_file
from ugrn_core.pair import PairRequest, estimate_curves, explore_pair
from ugrn_core.pair_output import pair_command, surface_frame
from ugrn_core.trajectory import SECONDS
from ugrn_core.types import BackboneCard, FileNames, PairResult
from ui.pair import keys, trajectories
from ui.server.session import store
from ui.shared import contexts, settings, work
from ui.shared.errors import plain
from ui.shared.figure_panel import figure_panel
from ui.shared.genes import COMPANY, gene_fields, symbol_of
from ui.shared.models import command_name
from ui.shared.work import Question

Option = TypeVar("Option", bound=str)
STEPS = (25, 13, 9)
"""Values an axis of a surface, as many of them as the time allows."""
SHOWN: dict[Shown, str] = {"response": "Response", "interaction": "Interaction", "mixed": "Mixed derivative"}
SHOWN_HELP = (
    "Response: each row is a response curve, with the further gene at that value. Interaction: what of it changes "
    "against the further gene at base; 0 everywhere if the two merely add up. Mixed derivative: the second derivative "
    "along both genes, exact at its point. The model bends at corners too, which a derivative does not see."
)
INTRODUCTION = (
    "Does a third gene change this answer? Choose up to three genes that may mediate, confound or share the effect, "
    "and give each a value."
)
NOTE = "What the model predicts, not a test of mediation: it never saw an intervention."
BETWEEN = ","


def beside_pair(
    backbone: Backbone, request: PairRequest, result: PairResult, choice: contexts.ContextChoice, topic: Hashable
) -> None:
    """The section below a pair's figure; ``result`` is the pair without company."""
    st.subheader("In company", anchor=False)
    gene_fields(backbone, (COMPANY,), lambda: None, further=True)
    companions = _values(backbone, request.context.names)
    if not companions:
        st.caption(INTRODUCTION)
        return
    cell, notes = in_company(backbone, request, companions)
    for note in notes:
        st.caption(plain(note))
    left, right = st.columns(2, gap="medium")
    with left:
        _curves(backbone, request, cell, result, companions, choice, topic, notes)
    with right:
        _surface(backbone, request, companions, choice, topic)


def apply_url(text: str, card: BackboneCard) -> None:
    """Fill the controls from an address; an :class:`InputError` names an entry without sense."""
    named = [parse_companion(entry) for entry in text.split(BETWEEN)][: MOST_COMPANIONS + 1]
    st.session_state[COMPANY.name] = [name for name, _ in named]
    for name, value in named:
        st.session_state[value_key(name, card)] = value


def in_address(card: BackboneCard) -> str:
    """The company as the address shows it; empty where there is none."""
    genes = st.session_state.get(COMPANY.name) or []
    held = [(gene, st.session_state.get(value_key(gene, card))) for gene in genes]
    return BETWEEN.join(str(Companion(gene, float(value))) for gene, value in held if value is not None)


def shown_words() -> dict[str, str]:
    """What the surface shows, as the address has it; what stands there by itself is left out."""
    state = st.session_state
    if not state.get(COMPANY.name):
        return {}
    measure = state.get(keys.COMPANY_MEASURE) or "response"
    return {"measure": measure if measure != "response" else "", "moved": state.get(keys.COMPANY_MOVED) or ""}


def value_key(gene: str, card: BackboneCard) -> str:
    """Session key of where a further gene stands; each unit has its own."""
    return f"company {gene} {card.unit}"


def _values(backbone: Backbone, names: FileNames | None) -> list[Companion]:
    """A slider for each chosen gene, and what they say."""
    card = backbone.card
    typed = list(dict.fromkeys(st.session_state.get(COMPANY.name) or []))
    if len(typed) > MOST_COMPANIONS:
        st.caption(plain(f"At most {MOST_COMPANIONS} further genes: {', '.join(typed[MOST_COMPANIONS:])} left out."))
    found = []
    places = st.columns(MOST_COMPANIONS, gap="medium")
    for name, place in zip(typed[:MOST_COMPANIONS], places, strict=False):
        with place:
            gene = symbol_of(name, backbone)
            found.append(Companion(gene, _slider(name, in_file(names, (gene,))[0], card)))
    return found


def _slider(name: str, called: str, card: BackboneCard) -> float:
    key = value_key(name, card)
    start = float(st.session_state.get(key, _usual(card)))
    low, high = min(card.domain[0], start), max(card.domain[1], start)
    st.session_state[key] = start
    step = 10.0 ** len(str(int(card.domain[1] - card.domain[0]))) / 100
    label = plain(f"{called} stands at ({short_unit(card.unit)})")
    return float(st.slider(label, low, high, step=step, key=key, persist_state="session"))


def _usual(card: BackboneCard) -> float:
    """Where a further gene starts: at the largest virtual value within the pre-training."""
    inside = [v for v in settings.read(card).grid if card.domain[0] <= v <= card.domain[1]]
    return max(inside, default=card.domain[1])


def _curves(
    backbone: Backbone,
    request: PairRequest,
    cell: PairRequest,
    result: PairResult,
    companions: list[Companion],
    choice: contexts.ContextChoice,
    topic: Hashable,
    notes: tuple[str, ...],
) -> None:
    """Response and slope of the target with company and without, in one figure."""
    within = work.answer(
        "company",
        Question(
            ("curves", backbone.fingerprint, cell),
            lambda progress, cancel: explore_pair(
                backbone, cell, store(), residual=False, progress=progress, cancel=cancel
            ),
            f"Curves in company of {_named(companions, cell.context.names)}",
            estimate_curves(backbone, cell, store()).seconds,
            str(backbone.device),
        ),
        topic,
    )
    if within is None:
        return
    names = (WITHOUT, f"with {' '.join(c.called(cell.context.names) for c in companions)}")
    source, target = in_file(cell.context.names, (request.source, request.target))
    frame = _forward(prepare_pair(dict(zip(names, (result, within), strict=True))))
    asked = dict(zip(names, (request, cell), strict=True))
    dense = trajectories.of_pair(backbone, asked, tuple(frame["base"].unique()), topic, slot="company dense")
    line = _command(backbone, request, companions, choice)
    genes = [c.gene for c in companions]
    drawn = _short(frame)
    through = None if dense is None else _short(_forward(dense))
    at = None if through is None else trajectories.x_now(drawn, through, backbone.card)
    figure_panel(
        plot_curves(drawn, dense=through, domain=backbone.card.domain, at=at),
        frame,
        name=f"{source} to {target} {names[1]}, {backbone.card.name}",
        alt=f"Response and slope of {target} when {source} moves, {names[0]} and {names[1]}",
        command=line,
        key=keys.COMPANY_CURVES,
        report=lambda: pair_report(
            backbone,
            within,
            frame,
            None,
            command=line,
            companions=genes,
            names=choice.names_told,
            notes=(*notes, *choice.notes),
        ),
        note=NOTE,
    )


def _surface(
    backbone: Backbone,
    request: PairRequest,
    companions: list[Companion],
    choice: contexts.ContextChoice,
    topic: Hashable,
) -> None:
    """The heat map of one companion, with the others where they stand."""
    with st.container(horizontal=True, gap="small"):
        shown = _choice("Measure", list(SHOWN), keys.COMPANY_MEASURE, SHOWN.__getitem__, SHOWN_HELP)
        genes, names = [c.gene for c in companions], request.context.names
        gene = (
            genes[0]
            if len(genes) == 1
            else _choice("Further gene", genes, keys.COMPANY_MOVED, lambda g: in_file(names, (g,))[0])
        )
    source, target, called = in_file(names, (request.source, request.target, gene))
    moved = next(c for c in companions if c.gene == gene)
    steps = _steps(backbone, request, companions, gene)
    surface = work.answer(
        "company surface",
        Question(
            ("surface", backbone.fingerprint, request, tuple(companions), gene, steps),
            lambda progress, cancel: response_surface(
                backbone, request, companions, gene, steps, store(), progress=progress, cancel=cancel
            ),
            f"Surface of {source} and {called}",
            estimate_surface(backbone, request, companions, gene, steps, store()).seconds,
            str(backbone.device),
        ),
        topic,
    )
    if surface is None:
        return
    base = _base(request)
    figure_panel(
        plot_surface(surface, shown, base, moved.value),
        surface_frame([surface]),
        name=f"{source} and {called} to {target}, {shown}, {backbone.card.name}",
        alt=f"{SHOWN[shown]} of {target} by the values of {source} and {called}",
        command=_command(backbone, request, companions, choice, "--surface", str(steps)),
        key=keys.COMPANY_SURFACE,
        note=f"{_largest(surface, shown)} {NOTE}",
    )


def _choice(
    label: str, options: list[Option], key: str, name: Callable[[Option], str] = str, words: str | None = None
) -> Option:
    if st.session_state.get(key) not in options:
        st.session_state[key] = options[0]
    st.segmented_control(label, options, key=key, persist_state="session", required=True, format_func=name, help=words)
    return st.session_state[key]


def _steps(backbone: Backbone, request: PairRequest, companions: list[Companion], gene: str) -> int:
    fits = (n for n in STEPS if estimate_surface(backbone, request, companions, gene, n, store()).seconds <= SECONDS)
    return next(fits, STEPS[-1])


def _largest(surface: Surface, shown: Shown) -> str:
    """Where the measure shown is largest, in a sentence."""
    values = getattr(surface, shown)
    at = abs(values).argmax()
    y, x = divmod(int(at), values.shape[1])
    source, _, companion = surface.called
    return (
        f"Largest: {values[y, x]:+.3g} at {source} {surface.source_values[x]:.3g} and {companion} "
        f"{surface.companion_values[y]:.3g}.".replace("-", "−")
    )


def _base(request: PairRequest) -> float:
    context = request.context
    if context.values is None or request.source not in context.genes:
        return request.settings.base
    return context.values[context.genes.index(request.source)]


def _command(
    backbone: Backbone, request: PairRequest, companions: list[Companion], choice: contexts.ContextChoice, *more: str
) -> str:
    company = [word for c in companions for word in ("--with", str(c))]
    words = (*choice.group_words, *choice.options, *company, *more)
    return pair_command(request, command_name(backbone), context=choice.file, more=words)


def _forward(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame["direction"] == "forward"].reset_index(drop=True)


def _short(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame for a figure of half the width, where a long unit and several genes have no room."""
    series = frame["series"].where(frame["series"].str.count("=") < 2, "with all of them")
    return frame.assign(unit=frame["unit"].map(short_unit), series=series)


def _named(companions: list[Companion], names: FileNames | None) -> str:
    return ", ".join(in_file(names, (c.gene for c in companions)))
