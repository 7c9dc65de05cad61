"""Widget of lesson 5: who wins, by sampler of negatives and by what of the pairs is new."""

from __future__ import annotations

import streamlit as st

from ugrn_core.figures.lessons import plot_standing
from ugrn_core.lessons.shortcuts import (
    ALL_DRAWN,
    ASKED_WITH,
    REVERSE,
    model_of,
    samplers_of,
    shown_models,
    standing,
)
from ui.lessons import keys
from ui.lessons.panel import panel
from ui.lessons.state import State
from ui.shared.beeline import sampler_title

SUBSETS = {"all": "All pairs", "both_unseen": "Both genes new"}


def show(now: State) -> None:
    """Model, sampler and subset, then the bars."""
    choices = st.container(horizontal=True, gap="medium")
    model = choices.segmented_control(
        "Model",
        shown_models(),
        default=model_of(now.seed),
        required=True,
        key=keys.WIDGET_5_MODEL,
        help=f"Votes and checks are about {model_of(now.seed)}, the model of your seed.",
    )
    samplers = samplers_of(model)
    sampler = choices.segmented_control(
        "Pairs without an edge are drawn",
        samplers,
        default=ASKED_WITH if ASKED_WITH in samplers else samplers[0],
        required=True,
        format_func=sampler_title,
        key=keys.WIDGET_5_SAMPLER + ("" if model == model_of(now.seed) else f" of {model}"),
    )
    subset = choices.segmented_control(
        "Tested on",
        list(SUBSETS),
        default="all",
        required=True,
        format_func=SUBSETS.__getitem__,
        key=keys.WIDGET_5_SUBSET,
        help="New: a gene that occurs in no pair the translator learnt from.",
    )
    answers = st.toggle(
        f"Show '{REVERSE}' too: it reads the answers",
        key=keys.WIDGET_5_ANSWERS,
        help="It scores a pair by whether the turned pair is an edge of the very network that is tested. No method; it "
        "shows what a leak would look like.",
    )
    table = standing(model, sampler, subset)
    table = table if answers else table[table["kind"] != "answers"]
    drawn = sampler_title(sampler)
    st.caption(
        f"Drawn {drawn}: {ALL_DRAWN[sampler]}. Table 1 of the paper's protocol, {model}, one negative for each "
        "positive: lots score 0.5, where the bars begin."
    )
    first = table.iloc[0]
    panel(
        plot_standing(table, 0.5),
        table.round({"auprc": 4}),
        name=f"lesson 5 standing {sampler} {subset}",
        alt=f"Mean AUPRC with negatives drawn {drawn}: {first['method']} is first with {first['auprc']:.3f}",
    )
