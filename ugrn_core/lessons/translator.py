"""Lesson 4: what does a translator learn? From curves to arrows, with labels that are right, wrong, or shuffled."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import safetensors.numpy
from sklearn.metrics import average_precision_score

from ugrn_core.errors import InputError
from ugrn_core.lessons.model import model_name
from ugrn_core.lessons.record import Asked, Lesson, Prediction
from ugrn_core.paths import ASSETS
from ugrn_core.translators.mlp import TrainSettings, predict_logits, train_net

PAIRS_FILE = ASSETS / "circuits" / "pairs.safetensors"
FEWEST, MOST_STEP = 20, 20
NOISE_FIRST = 0.1
RATIOS = (2, 3, 4)
EPOCHS = TrainSettings().epochs


@lru_cache(maxsize=1)
def pairs() -> dict[str, np.ndarray]:
    """``train_x, train_y, test_x, test_y``: responses (pair, 12) float32 both ways, and whether there is an arrow.

    From random circuits of the positive control, each with a backbone of its own; those of the test are other ones.
    """
    if not PAIRS_FILE.is_file():
        raise InputError(f"{PAIRS_FILE} is missing; it is part of this project, so this copy of it is incomplete.")
    return {k: v.astype(np.float32) for k, v in safetensors.numpy.load_file(PAIRS_FILE).items()}


def ratio(seed: int) -> int:
    """Pairs without an arrow for each with one, in the held-out pairs of a seed."""
    return RATIOS[(seed - 1) % len(RATIOS)]


def held_out(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Features and labels of the held-out pairs of a seed: all negatives, and positives by :func:`ratio`."""
    x, y = pairs()["test_x"], pairs()["test_y"]
    rng = np.random.default_rng([seed, 4])
    positives, negatives = np.flatnonzero(y == 1), np.flatnonzero(y == 0)
    chosen = rng.permutation(positives)[: len(negatives) // ratio(seed)]
    rows = np.sort(np.concatenate([chosen, negatives]))
    return x[rows], y[rows]


def prior(seed: int) -> float:
    """Share of arrows among the held-out pairs: the AUPRC of drawing lots."""
    return float(held_out(seed)[1].mean())


def most_pairs() -> int:
    """Labelled pairs there are."""
    return len(pairs()["train_y"])


def training_pairs(seed: int, n: int, noise: float, *, shuffled: bool, turn: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """The first ``n`` pairs of a seed's order; a share ``noise`` of the labels is wrong, or all are shuffled, another
    way every ``turn``."""
    x, y = pairs()["train_x"], pairs()["train_y"]
    rng = np.random.default_rng([seed, 40])
    rows = rng.permutation(len(y))[:n]
    labels = y[rows].copy()
    wrong = rng.permutation(len(rows))[: round(noise * len(rows))]
    labels[wrong] = 1 - labels[wrong]
    return x[rows], np.random.default_rng([seed, 41, turn]).permutation(labels) if shuffled else labels


def attempt(
    seed: int,
    n: int,
    noise: float = NOISE_FIRST,
    *,
    shuffled: bool = False,
    turn: int = 0,
    watch: Callable[[int, float], None] | None = None,
) -> float:
    """AUPRC on the held-out pairs of the product's own translator, trained on ``n`` pairs; seconds at most.

    ``watch`` is given every epoch and its mean loss.
    """
    x, y = training_pairs(seed, n, noise, shuffled=shuffled, turn=turn)
    net, _ = train_net(x, y, seed=seed, watch=watch)
    test_x, test_y = held_out(seed)
    return float(average_precision_score(test_y, predict_logits(net, test_x)))


def predict(seed: int) -> Prediction:
    share = prior(seed)
    choices = (
        "to 0: all is wrong then",
        f"to {share:.2f}, the share of arrows among the held-out pairs",
        "to 0.50, as with a coin",
        "hardly at all: the curves are still the same",
    )
    return Prediction(
        "A translator learns from the curves of labelled pairs which of them have an arrow. Its held-out pairs are "
        f"{100 * share:.0f} % arrows. Now the labels of the training pairs are shuffled. The AUPRC on the held-out "
        "pairs falls ...",
        choices,
        1,
        "With shuffled labels there is nothing to learn, and a ranking by lot finds arrows as often as they are "
        "there: their share is the AUPRC.",
    )


def check(seed: int) -> tuple[Asked, ...]:
    _, y = held_out(seed)
    return (
        Asked(
            "Which AUPRC would drawing lots have on your held-out pairs?",
            prior(seed),
            0.01,
            hint="It is the share of arrows among them; the numbers stand above the figure.",
            working=f"{int(y.sum())} of {len(y)} pairs.",
        ),
        Asked(
            "You turn a fifth of the labels of 300 pairs into their opposite. How many of the labels are wrong?",
            60.0,
            0.0,
            hint="A share times a number.",
            working="0.2 x 300. Wrong labels cost less than shuffled ones: most still point the right way.",
        ),
    )


def seen(seed: int) -> tuple[str, str, str]:
    right, lots = attempt(seed, most_pairs(), 0.0), attempt(seed, most_pairs(), 0.0, shuffled=True)
    return (
        "A translator is a small network that turns the curves of a pair into the odds of an arrow; it learns from "
        "labelled pairs of some circuits and is asked about circuits it never met.",
        f"With all {most_pairs()} pairs it reached an AUPRC of {right:.2f} on them, with shuffled labels {lots:.2f}, "
        f"where the prior is {prior(seed):.2f}.",
        "So an AUPRC means nothing without its prior beside it, and shuffling is the cheapest test of a pipeline.",
    )


LESSON = Lesson(
    number=4,
    title="What does a translator learn?",
    question="How do curves become a yes or no, and how do we know that anything was learnt?",
    story="A curve is not an arrow. Somebody has to say for some pairs whether there is one; a small network, the "
    "translator, learns the rest.",
    simulated="random circuits, so that every label is known to be right (until you spoil it)",
    trained="a backbone a circuit, made before; the translator, here and now, by the code of the Translators page",
    predict=predict,
    check=check,
    seen=seen,
    equation=r"p_{ij} = \sigma\big(f(e_{ij})\big), \qquad e_{ij} = [\mathrm{VVP}_{ij};\, \mathrm{VVP}_{ji}]",
    equation_note="Eq. 5 of the paper: f has two hidden layers of 128 and 64, and is trained by cross-entropy (Eq. 2).",
    free=lambda seed: {"model": model_name(seed), "source": "A", "target": "B"},
    to_do=(
        "Train with few pairs, then with more, and watch the points.",
        "Make a fifth of the labels wrong. How much is lost?",
        "Shuffle the labels and train again, twice.",
    ),
)
