"""Why the translator says so: what each virtual value of each curve of a pair adds to its logit, as bars."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence

import streamlit as st

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.errors import InputError
from ugrn_core.figures.reasons import plot_reasons
from ugrn_core.pair import PairRequest
from ugrn_core.translation.reasons import Reasons, estimate_reasons, pair_reasons, reasons_command, sums_by_curve
from ugrn_core.types import Context
from ui.pair import keys
from ui.pair.facts_row import signed
from ui.server.session import store
from ui.shared import contexts, models, work
from ui.shared import translator as network_translator
from ui.shared.errors import NotYet, plain
from ui.shared.figure_panel import figure_panel
from ui.shared.translator import LoadedTranslator
from ui.shared.work import Question

HELP = (
    "A translator turns the curves of a pair into a logit. Choose one to see which of their values make it say what "
    "it says, counted from the mean random pair (integrated gradients)."
)
NOTE = (
    "Blue adds, orange takes away. Neighbouring values of a curve move together, so that a translator may weigh one "
    "against the next: the sum over a curve says more than one bar. What moves a translator is not what moves a gene."
)


def beside_pair(backbone: Backbone, request: PairRequest, choice: contexts.ContextChoice, topic: Hashable) -> None:
    """A select box of translators, and the bars of the one that is chosen."""
    known = network_translator.fitting(backbone)
    if not known:
        return
    if st.session_state.get(keys.TRANSLATOR) not in known:
        st.session_state[keys.TRANSLATOR] = None
    st.selectbox(
        "Why a translator says so",
        list(known),
        index=None,
        key=keys.TRANSLATOR,
        persist_state="session",
        placeholder="Choose a translator",
        help=HELP,
        width=420,
    )
    name = st.session_state[keys.TRANSLATOR]
    if not name:
        return
    kept = network_translator.load(name)
    context = _context(kept, request.context)
    schema = kept.translator.card.schema
    if context.kind != request.context.kind:
        st.caption(plain(f"{name} was trained on two genes alone, and reads this pair so."))
    if (schema.base, schema.grid, schema.background) != (
        request.settings.base, request.settings.grid, request.settings.background,
    ):  # fmt: skip
        st.caption(plain(f"{name} reads the curves at the values it was trained at, not at those chosen above."))
    alone = context.kind == "pair"
    more = () if alone else (*choice.group_words, *choice.options)
    show(
        backbone, kept, (request.source, request.target), context, topic,
        file="pair" if alone else choice.file, more=more, key=keys.WHY,
    )  # fmt: skip


def show(
    backbone: Backbone,
    kept: LoadedTranslator,
    pair: tuple[str, str],
    context: Context,
    topic: Hashable,
    *,
    file: str,
    more: Sequence[str],
    key: str,
) -> None:
    """The bars of a pair in a context, with the sentence on the logit above them.

    ``file`` and ``more`` are what the command line is called with to get the context, ``key`` tells figures apart.
    """
    name, card = kept.translator.card.name, backbone.card
    question = Question(
        ("reasons", backbone.fingerprint, kept.digest, pair, context),
        lambda progress, cancel: pair_reasons(
            kept.translator, backbone, *pair, context, store(), progress=progress, cancel=cancel
        ),
        f"Random pairs that {name} is compared at",
        estimate_reasons(kept.translator, backbone, context, store()).seconds,
        str(backbone.device),
    )
    try:
        found = work.answer(key, question, topic)
    except InputError as reason:
        st.caption(plain(str(reason)))
        return
    if found is None:
        return
    st.markdown(_words(found, name, pair))
    figure_panel(
        plot_reasons(found.frame, card.unit),
        found.frame,
        name=f"why {pair[0]} to {pair[1]}, {name}, {card.name}",
        alt=f"What each virtual value adds to the logit of {pair[0]} to {pair[1]} by {name}, from the mean random pair",
        command=reasons_command(name, *pair, models.command_name(backbone), context=file, more=more),
        key=key,
        note=NOTE,
    )


def _context(kept: LoadedTranslator, asked: Context) -> Context:
    """The virtual cell a translator reads a pair in: two genes alone, or the one asked about."""
    if kept.translator.card.schema.context == "pair":
        return Context()
    if asked.kind == "pair":
        raise NotYet(
            f"{kept.translator.card.name} was trained in the cell of a whole gene list. Choose a gene list as the "
            "virtual cell above, or another translator."
        )
    return asked


def _words(found: Reasons, name: str, pair: tuple[str, str]) -> str:
    """The logit of the pair, that of the mean random pair, and what lies between them, curve by curve."""
    sums = " · ".join(f"{curve} {signed(value)}" for curve, value in sums_by_curve(found.frame).items())
    chance = "" if math.isnan(found.probability) else f" (probability {found.probability:.2g} at its own prevalence)"
    random = f"{signed(found.usual_logit)} to the mean of {found.n_random:,} random pairs"
    return plain(
        f"{name} gives {pair[0]} → {pair[1]} a logit of {signed(found.logit)}{chance}, and {random}. "
        f"The bars add up to the difference, {signed(found.logit - found.usual_logit)}: {sums}."
    )
