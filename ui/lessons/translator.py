"""Widget of lesson 4: train a translator here and now, with labels that are right, wrong, or shuffled."""

from __future__ import annotations

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ugrn_core.figures.lessons import plot_attempts, plot_loss_curve
from ugrn_core.lessons.translator import (
    EPOCHS,
    FEWEST,
    NOISE_FIRST,
    SHUFFLES,
    attempt,
    held_out,
    most_pairs,
    prior,
)
from ui.lessons import keys
from ui.lessons.panel import panel
from ui.lessons.state import State

RIGHT, SHUFFLED = "labels as they are", "labels shuffled"
DRAW_EVERY = 5
COLUMNS = ["attempt", "pairs", "wrong labels", "labels", "auprc"]


def show(now: State) -> None:
    """What to train with, a button, the loss as it falls, and all attempts so far."""
    attempts: list[tuple] = st.session_state.setdefault(keys.ATTEMPTS, {}).setdefault(now.seed, [])
    columns = st.columns([4, 4, 3], vertical_alignment="bottom", gap="medium")
    n = columns[0].slider("Labelled pairs", FEWEST, most_pairs(), min(200, most_pairs()), 20, key=keys.WIDGET_4_N)
    noise = columns[1].slider(
        "Wrong labels (%)",
        0,
        40,
        round(100 * NOISE_FIRST),
        5,
        key=keys.WIDGET_4_NOISE,
        help="Turned into their opposite.",
    )
    shuffled = columns[2].toggle(
        "Shuffle all labels",
        key=keys.WIDGET_4_SHUFFLE,
        help=f"Trains {SHUFFLES} times, each time with another shuffle: one alone may come out high or low by chance.",
    )
    _, labels = held_out(now.seed)
    st.caption(
        f"Held out: {len(labels)} pairs of circuits the translator never met, {int(labels.sum())} of them with an "
        "arrow. Their labels are right whatever you do."
    )
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        go = st.button("Train", type="primary", icon=":material/play_arrow:", key=keys.WIDGET_4_GO)
        if st.button("Clear", disabled=not attempts, key=keys.WIDGET_4_CLEAR):
            attempts.clear()
    left, right = st.columns([2, 3], gap="medium")
    place = left.empty()
    last: list[tuple[float, float]] = st.session_state.setdefault(keys.LAST_LOSS, [])
    if go:
        for _ in range(SHUFFLES if shuffled else 1):
            _train(now.seed, n, noise, shuffled, attempts, last, place)
    if last:
        _draw(place, last, "last")
    else:
        place.caption(
            "The loss will fall here while the translator trains. It falls with shuffled labels too: learning by heart."
        )
    with right:
        table = pd.DataFrame(attempts, columns=COLUMNS)
        reached = f"; the last one reached {attempts[-1][-1]:.3f}" if attempts else ""
        lots = table.loc[table["labels"] == SHUFFLED, "auprc"]
        if len(lots):
            reached += f"; the mean of {len(lots)} shuffles is {lots.mean():.3f}"
        panel(
            plot_attempts(table, prior(now.seed), most_pairs(), averaged=SHUFFLED),
            table.round({"auprc": 4}),
            name="lesson 4 attempts",
            alt=f"AUPRC on held-out pairs of {len(attempts)} attempts, prior {prior(now.seed):.2f}{reached}",
        )


def _train(
    seed: int,
    n: int,
    noise: int,
    shuffled: bool,
    attempts: list[tuple],
    last: list[tuple[float, float]],
    place: DeltaGenerator,
) -> None:
    """One training, its loss drawn as it falls, its score added to ``attempts``."""
    last.clear()

    def watch(epoch: int, loss: float) -> None:
        last.append((float(epoch), loss))
        if epoch % DRAW_EVERY == 0 and not shuffled:
            _draw(place, last, f"{len(attempts)} {epoch}")

    turn = sum(labels == SHUFFLED for *_, labels, _ in attempts)
    score = attempt(seed, n, noise / 100, shuffled=shuffled, turn=turn, watch=watch)
    attempts.append((len(attempts) + 1, n, noise, SHUFFLED if shuffled else RIGHT, score))
    if shuffled:
        _draw(place, last, f"{len(attempts)} end")


def _draw(place: DeltaGenerator, points: list[tuple[float, float]], name: str) -> None:
    """The loss so far, in its place."""
    place.plotly_chart(
        plot_loss_curve(points, EPOCHS, "epoch", "loss on training pairs (nats)"),
        width="stretch",
        config={"displayModeBar": False},
        alt=f"Loss on the training pairs after {points[-1][0]:.0f} epochs: {points[-1][1]:.3f}",
        key=f"learn loss {name}",
    )
