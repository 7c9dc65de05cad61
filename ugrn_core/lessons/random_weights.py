"""Lesson 6: would an untrained model say so too? A blind comparison."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import numpy as np
import pandas as pd

from ugrn_core.backbones.backbone import random_twin
from ugrn_core.circuits.shipped import circuit_number
from ugrn_core.circuits.teaching import ARROWS, LOOSE
from ugrn_core.lessons.model import BASE, FINE, backbone_of, model_name
from ugrn_core.lessons.record import Lesson, LessonQuestion, Prediction
from ugrn_core.sweep import sweep_pairs
from ugrn_core.types import SweepSettings

Weights = Literal["trained", "random"]
ROUNDS = 4
SHOWN = (("S", "A"), ("A", "C"), ("X", "Y"), ("P", "Q"))
ARROW_PAIRS = tuple((s, t) for s, t, _ in ARROWS)
LOOSE_PAIRS = tuple((s, t) for s in LOOSE for t in LOOSE if s != t)


def sides(seed: int, game: int) -> tuple[Weights, Weights]:
    """Which weights stand left and which right in a round; drawn from the seed."""
    trained_left = np.random.default_rng([seed, game, 6]).random() < 0.5
    return ("trained", "random") if trained_left else ("random", "trained")


def curves(seed: int, game: int, weights: Weights) -> pd.DataFrame:
    """``pair, x, response`` of the shown pairs, each pair alone; every round has random weights of its own."""
    number = circuit_number(seed)
    response = _responses(number, -1 if weights == "trained" else game, SHOWN)
    names = [f"{s} to {t}" for s, t in SHOWN]
    return pd.DataFrame(
        {"pair": np.repeat(names, len(FINE)), "x": np.tile(FINE, len(names)), "response": response.ravel()}
    )


def sizes(seed: int) -> pd.DataFrame:
    """``weights, arrows, loose, ratio``: mean size of the change of a target, source from 0.1 to 2, of both kinds of
    pairs; for random weights over all rounds."""
    number, rows = circuit_number(seed), []
    for weights, games in (("trained", (-1,)), ("random", range(1, ROUNDS + 1))):
        spans = []
        for pairs in (ARROW_PAIRS, LOOSE_PAIRS):
            response = np.stack([_responses(number, game, pairs) for game in games])
            spans.append(float(np.abs(response[..., -1] - response[..., 0]).mean()))
        rows.append((weights, *spans, spans[0] / spans[1]))
    return pd.DataFrame(rows, columns=["weights", "arrows", "loose", "ratio"])


def predict(seed: int) -> Prediction:
    left, _ = sides(seed, 1)
    return Prediction(
        "You are shown the curves of two models of the same shape. One was trained on cells, the weights of the "
        "other are random numbers. Heights are scaled to the largest curve of each. Which model was trained?",
        ("The left one", "The right one"),
        0 if left == "trained" else 1,
        "The trained model bends for pairs with an arrow, up or down, and stays flat for X and Y. Random weights "
        "treat all pairs alike.",
    )


def check(seed: int) -> tuple[LessonQuestion, ...]:
    table = sizes(seed).set_index("weights")
    trained, drawn = table.loc["trained"], table.loc["random"]
    hint = "Divide the two columns of the table: pairs with an arrow by loose pairs."
    return (
        LessonQuestion(
            "Trained model: how many times larger is the mean change of a target with an arrow than of a loose one?",
            float(trained["ratio"]),
            round(0.05 * float(trained["ratio"]), 3),
            hint=hint,
            working=f"{trained['arrows']:.4f} / {trained['loose']:.4f}.",
        ),
        LessonQuestion(
            "Random weights: how many times?",
            float(drawn["ratio"]),
            round(0.05 * float(drawn["ratio"]), 3),
            hint=hint,
            working=f"{drawn['arrows']:.4f} / {drawn['loose']:.4f}.",
        ),
    )


def seen(seed: int) -> tuple[str, str, str]:
    table = sizes(seed).set_index("weights")["ratio"]
    return (
        "Random weights draw smooth curves as well: a curve by itself is no sign that anything was learnt.",
        f"The trained model answers {table['trained']:.1f} times as much to pairs with an arrow as to loose ones, "
        f"random weights {table['random']:.1f} times.",
        "The benchmark therefore runs every method on random weights too, and counts only what is left above them.",
    )


LESSON = Lesson(
    number=6,
    title="Would an untrained model say so?",
    question="How much of a curve was learnt, and how much does any network of this shape draw?",
    story="Take the same architecture twice, once trained and once with weights drawn by lot. Ask both the same four "
    "questions, without knowing which is which.",
    simulated="the cells one of the models was trained on",
    trained="one of the two models; the other was never trained",
    predict=predict,
    check=check,
    seen=seen,
    equation=r"\mathrm{VVP}_{ij}(v_t) = M_\theta(v \mid v_i \leftarrow v_t)_j - M_\theta(v)_j,"
    r"\qquad \theta \text{ trained or drawn by lot}",
    equation_note="Eq. 8 of the paper with other weights. Everything but the weights is the same.",
    free=lambda seed: {"model": model_name(seed), "source": "X", "target": "Y"},
    to_do=(
        "Look at the four curves on either side. Which pair would you look at first?",
        "Play the other rounds: other random weights, other sides.",
        "Turn to true heights: what gives the untrained model away?",
    ),
)


@lru_cache(maxsize=64)
def _responses(number: int, game: int, pairs: tuple[tuple[str, str], ...]) -> np.ndarray:
    """Responses (pair, value) on the fine values; ``game`` -1 is the trained model, else the seed of random weights."""
    backbone = backbone_of(number)
    model = backbone if game < 0 else random_twin(backbone, 1000 * number + game)
    response = sweep_pairs(model, pairs, SweepSettings(BASE, FINE)).response
    assert response is not None  # fixed background
    return response
