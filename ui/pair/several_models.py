"""The same pair through every model that is here, on one axis, with what their disagreement says."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

import streamlit as st

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.backbones.registry import load_backbone, status
from ugrn_core.figures.beside_pair import plot_models
from ugrn_core.pair import PairRequest
from ugrn_core.pair_output import pair_command
from ugrn_core.several_models import (
    LOWER_BOUND,
    InModel,
    agreement,
    pair_in_model,
    prepare_models,
    settings_in,
    summary,
)
from ugrn_core.types import Cancel, Context, Progress, part_of
from ui.pair import keys
from ui.server.session import store
from ui.shared import models, work
from ui.shared.errors import plain
from ui.shared.figure_panel import figure_panel
from ui.shared.work import Question

SECONDS_A_MODEL = 3.0
"""Announced: loading one, and its random pairs."""
HELP = (
    "The same two genes alone in every model of this project and every one that was downloaded. Each counts in a unit "
    "of its own; what random pairs do is the measure they share."
)


def beside_pair(backbone: Backbone, request: PairRequest, topic: Hashable) -> None:
    """A toggle, and below it the pair in every model."""
    st.toggle("In every model that is here", key=keys.SEVERAL_SHOWN, persist_state="session", help=HELP)
    if not st.session_state[keys.SEVERAL_SHOWN]:
        return
    names = others(backbone)
    asked = replace(request, context=Context())
    if request.context.kind != "pair":
        st.caption("Compared for the two genes alone: a longer virtual cell has other genes in every model.")
    found = work.answer(
        "models",
        Question(
            ("models", backbone.fingerprint, asked, tuple(names)),
            lambda progress, cancel: _in_models(backbone, asked, names, progress, cancel),
            f"{request.source} and {request.target} in {len(names) + 1} models",
            SECONDS_A_MODEL * (len(names) + 1),
            str(backbone.device),
        ),
        topic=topic,
    )
    if found is not None:
        _show(found, backbone, asked)


def others(backbone: Backbone) -> list[str]:
    """Names of the other models that are here: embedded and downloaded ones, no toys and no circuits."""
    here = [s.name for s in status() if s.available and s.kind in ("embedded", "fetchable")]
    return [name for name in here if name != backbone.card.name]


def _in_models(
    backbone: Backbone, asked: PairRequest, names: list[str], progress: Progress | None, cancel: Cancel | None
) -> list[InModel]:
    """The pair in the chosen model and in each of the others that knows both genes, one loaded after the other."""
    found, n = [], len(names) + 1
    for number, name in enumerate([None, *names]):
        model = backbone if name is None else load_backbone(name, backbone.device)
        if {asked.source, asked.target} <= set(model.vocabulary.symbols):
            settings = settings_in(model, asked.settings, backbone.card.unit)
            part = part_of(progress, number / n, (number + 1) / n)
            found.append(
                pair_in_model(model, asked.source, asked.target, settings, store(), progress=part, cancel=cancel)
            )
        if progress:
            progress((number + 1) / n, f"{number + 1} of {n} models")
    return found


def _show(found: list[InModel], backbone: Backbone, asked: PairRequest) -> None:
    if len(found) < 2:
        st.caption(plain(f"No other model that is here knows both {asked.source} and {asked.target}."))
        return
    table, frame = summary(found), prepare_models(found)
    for sentence in agreement(table, found[0].measure):
        st.markdown(plain(sentence))
    lines = [
        pair_command(
            replace(asked, settings=model.result.settings),
            models.command_name(backbone) if model.name == backbone.card.name else model.name,
        )
        for model in found
    ]
    figure_panel(
        plot_models(frame, found[0].measure),
        frame,
        name=f"{asked.source} to {asked.target} in {len(found)} models",
        alt=f"Response of {asked.target} when {asked.source} moves, and the other way round, in {len(found)} models",
        command="\n".join(lines),
        key=keys.MODELS,
        note=LOWER_BOUND,
    )
    st.dataframe(
        table.round(3).dropna(axis=1, how="all"),
        width="stretch",
        hide_index=True,
        alt="Direction and percentile of the pair in every model",
        column_config={
            "largest": st.column_config.NumberColumn("largest (spreads)", format="%+.2f"),
            "percentile": st.column_config.NumberColumn("percentile", format="%.1f"),
            "specific_percentile": st.column_config.NumberColumn(
                "pair-specific percentile", format="%.1f", help="Empty where it is not there at once"
            ),
        },
    )
