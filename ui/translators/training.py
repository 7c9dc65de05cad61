"""Train a translator: its cost, the button, a live loss curve, a way to stop, and what becomes of it."""

from __future__ import annotations

import shlex
from collections.abc import Hashable
from dataclasses import replace
from pathlib import Path

import streamlit as st

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.figures.translator import plot_loss, prepare_loss
from ugrn_core.store import Store
from ugrn_core.time_left import duration
from ugrn_core.translation.cost import TrainingCost, training_cost
from ugrn_core.translation.training import train_translator
from ugrn_core.translation.training_set import TrainingSet, TrainRequest
from ugrn_core.translators.kinds import KINDS, PAPER
from ugrn_core.translators.library import list_translators, save_translator
from ugrn_core.types import Cancel, Progress
from ui.server.session import library, make_room_in_libraries, store
from ui.shared import models, work
from ui.shared.errors import plain, said_in_place
from ui.shared.figure_panel import figure_panel
from ui.shared.work import Question
from ui.translators import form as translator_form
from ui.translators import keys
from ui.translators.form import TrainingQuestion

SLOT = "train translator"
TRANSLATOR_BYTES = 4 << 20
"""Room for a trained translator and its card."""
LOSS_NOTE = "Mean loss of each epoch on the pairs trained on; a line a seed. Falling loss is no proof of learning."


def form(backbone: Backbone) -> None:
    """Controls, cost, the button, and what becomes of the training."""
    with said_in_place():
        asked = translator_form.ask(backbone)
        if asked is None:
            return
        made = _answer(backbone, asked)
        if made is None:
            _live(asked.key, _epochs(asked))
            with st.expander("Command line"):
                st.code(command(backbone, asked), language="bash", wrap_lines=True)
        else:
            _made(backbone, asked, made)


def _answer(backbone: Backbone, asked: TrainingQuestion) -> str | None:
    """Name of the trained translator; None, with cost, button or progress in place, while there is none."""
    request = asked.request
    cost = _cost(backbone, replace(request, name="any"), asked.key, asked.material)
    st.caption(
        f"{cost.pairs:,} pairs in both directions, {cost.trainings} trainings: about {duration(cost.seconds)}, less "
        "where curves are stored already."
    )
    own = library()
    make_room_in_libraries(TRANSLATOR_BYTES)
    if request.name in {t.name for t in list_translators(own) if not t.shipped}:
        st.caption(f"You have a translator {plain(request.name)}; training replaces it.")
    question = Question(
        ("train", asked.key, own),
        lambda progress, cancel: _job(backbone, asked, store(), own, progress, cancel),
        f"Training of {request.name}",
        max(cost.seconds, work.AT_ONCE),
        device=str(backbone.device),
        button="Train",
    )
    return work.answer(SLOT, question)


def _made(backbone: Backbone, asked: TrainingQuestion, name: str) -> None:
    st.success(f"{plain(name)} is trained and kept.", icon=":material/check:")
    st.button("Look at it", on_click=_look, args=(name,), type="primary", icon=":material/description:")
    frame = prepare_loss(_points(asked.key))
    figure_panel(
        plot_loss(frame, _epochs(asked)),
        frame,
        name=f"{name} loss",
        alt="Mean training loss by epoch, a line a seed",
        command=command(backbone, asked),
        key=keys.LOSS,
        note=LOSS_NOTE,
    )


def command(backbone: Backbone, asked: TrainingQuestion) -> str:
    """The line of ``ugrn translator train`` that makes the same translator."""
    request = asked.request
    line = [
        *("ugrn", "translator", "train", request.name, "--backbone", models.command_name(backbone), *asked.words),
        *("--method", request.method, "--context", request.context, "--sampler", request.sampler),
        *("--neg-ratio", str(request.neg_ratio), "--max-pos", str(request.max_pos or 0)),
        *(() if request.kind == PAPER else ("--kind", request.kind)),
        *(() if request.epochs is None else ("--epochs", str(request.epochs))),
        *("--seeds", str(request.seeds)),
    ]
    return shlex.join(line)


def _epochs(asked: TrainingQuestion) -> int:
    """Epochs of the training; 1 for a kind that has none."""
    return asked.request.epochs or KINDS[asked.request.kind].epochs or 1


def _job(
    backbone: Backbone,
    asked: TrainingQuestion,
    kept: Store,
    own: Path | None,
    progress: Progress | None,
    cancel: Cancel | None,
) -> str:
    points = _points(asked.key)
    points.clear()
    made = train_translator(
        backbone,
        asked.request,
        asked.material,
        kept,
        progress=progress,
        cancel=cancel,
        watch=lambda part, seed, epoch, loss: points.append((part, seed, epoch, loss)),
    )
    save_translator(made, own)
    return asked.request.name


@st.fragment(run_every=1.0)
def _live(key: Hashable, epochs: int) -> None:
    """The loss so far, drawn anew every second while the job works."""
    points = list(_points(key))
    if points:
        st.plotly_chart(
            plot_loss(prepare_loss(points), epochs),
            width="stretch",
            key=keys.LIVE_LOSS,
            alt="Mean training loss by epoch so far",
        )
        st.caption(LOSS_NOTE)


_CURVES: dict[Hashable, list[tuple[str, int, int, float]]] = {}


def _points(key: Hashable) -> list[tuple[str, int, int, float]]:
    """Losses of a training, shared by all sessions that watch it; those of the last few trainings are kept."""
    while len(_CURVES) > 16 and key not in _CURVES:
        _CURVES.pop(next(iter(_CURVES)), None)
    return _CURVES.setdefault(key, [])


@st.cache_resource(max_entries=16, show_spinner="Estimating the time")
def _cost(_backbone: Backbone, request: TrainRequest, key: Hashable, _material: TrainingSet) -> TrainingCost:
    return training_cost(_backbone, request, _material)


def _look(name: str) -> None:
    st.session_state[keys.TRANSLATOR] = name
    st.session_state[keys.TRANSLATOR_MODE] = "Look"
