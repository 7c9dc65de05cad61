"""Lesson 4: what does a translator learn? From curves to arrows, with labels that are right, wrong, or shuffled."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import safetensors.numpy
from sklearn.metrics import average_precision_score

from ugrn_core.errors import InputError
from ugrn_core.lessons.model import model_name
from ugrn_core.lessons.record import Lesson, LessonQuestion, Prediction
from ugrn_core.paths import ASSETS
from ugrn_core.translators.mlp import TrainSettings, predict_logits, train_net

PAIRS_FILE = ASSETS / "circuits" / "pairs.safetensors"
FEWEST, MOST_STEP = 20, 20
NOISE_FIRST = 0.1
RATIOS = (3, 4, 5)
WRONG = (0.2, 0.3, 0.1, 0.4)
WRONG_OF = (300, 200, 400)
SHUFFLES = 8
"""Shuffles that are averaged: a single one can come out far from the prior."""

NEAR = 0.03
"""Up to this the mean of shuffles is said to be at the prior: about the scatter of that mean."""

EPOCHS = TrainSettings().epochs


@lru_cache(maxsize=1)
def pairs() -> dict[str, np.ndarray]:
    """``train_x, train_y, test_x, test_y``: responses (pair, 24) float32 both ways, and whether there is an arrow.

    From random circuits of the positive control, other ones for the test; the pair alone, then among all genes. A
    response enters as its signed square root. Then very large ones do not outweigh the rest, and a translator that
    has learnt nothing does not put all unusual curves at the top or at the bottom of its list.
    """
    if not PAIRS_FILE.is_file():
        raise InputError(f"{PAIRS_FILE} is missing; it is part of this project, so this copy of it is incomplete.")
    read = {k: v.astype(np.float32) for k, v in safetensors.numpy.load_file(PAIRS_FILE).items()}
    return {k: np.sign(v) * np.sqrt(np.abs(v)) if k.endswith("_x") else v for k, v in read.items()}


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


@lru_cache(maxsize=64)
def shuffles(seed: int, n: int, noise: float = 0.0) -> tuple[float, ...]:
    """AUPRC on the held-out pairs after each of :data:`SHUFFLES` shuffles of the labels of ``n`` pairs."""
    return tuple(attempt(seed, n, noise, shuffled=True, turn=turn) for turn in range(SHUFFLES))


def wrong_labels(seed: int) -> tuple[int, float, int]:
    """Pairs, the share of their labels that is turned round, and how many labels of this seed that turns."""
    n, share = WRONG_OF[seed % len(WRONG_OF)], WRONG[seed % len(WRONG)]
    n = min(n, most_pairs())
    (_, right), (_, wrong) = (training_pairs(seed, n, noise, shuffled=False) for noise in (0.0, share))
    return n, share, int((right != wrong).sum())


def predict(seed: int) -> Prediction:
    share = prior(seed)
    choices = (
        "to 0: all is wrong then",
        f"to about {share:.2f}, the share of arrows among the held-out pairs",
        "to 0.50, as with a coin" if abs(share - 0.5) > 0.1 else "to 1: the translator learns them by heart",
        "hardly at all: the curves are still the same",
    )
    return Prediction(
        "A translator learns from the curves of labelled pairs which of them have an arrow. Its held-out pairs are "
        f"{100 * share:.0f} % arrows. Now the labels of the training pairs are shuffled, several times over. On "
        "average the AUPRC on the held-out pairs falls ...",
        choices,
        1,
        "Shuffled labels say nothing of arrows. A ranking that knows nothing finds arrows about as often as they are "
        "there: their share is the AUPRC of drawing lots.",
    )


def check(seed: int) -> tuple[LessonQuestion, ...]:
    _, y = held_out(seed)
    n, share, wrong = wrong_labels(seed)
    return (
        LessonQuestion(
            "Which AUPRC would drawing lots have on your held-out pairs?",
            prior(seed),
            0.01,
            hint="It is the share of arrows among them; the numbers stand above the figure.",
            working=f"{int(y.sum())} of {len(y)} pairs.",
        ),
        LessonQuestion(
            f"Of {n} labelled pairs {100 * share:.0f} % get the opposite label. How many labels are wrong?",
            float(wrong),
            0.0,
            hint="A share times a number.",
            working=f"{share:g} x {n}. Wrong labels cost less than shuffled ones: most still point the right way.",
        ),
    )


def seen(seed: int) -> tuple[str, str, str]:
    right, lots = attempt(seed, most_pairs(), 0.0), shuffles(seed, most_pairs())
    return (
        "A translator is a small network that turns the curves of a pair into the odds of an arrow. It learns from "
        "labelled pairs of some circuits and is asked about circuits it never met.",
        f"With all {most_pairs()} pairs it reached an AUPRC of {right:.2f} there. With shuffled labels it reached "
        f"{np.mean(lots):.2f} on average over {len(lots)} shuffles ({min(lots):.2f} to {max(lots):.2f}), "
        f"{_beside(seed)}.",
        "So an AUPRC means nothing without its prior beside it, and shuffling the labels, more than once, is the "
        "cheapest test of a pipeline.",
    )


def _beside(seed: int) -> str:
    """Where the mean of the shuffles stands beside the prior, in words that hold for this seed."""
    above = float(np.mean(shuffles(seed, most_pairs()))) - prior(seed)
    if abs(above) < NEAR:
        return f"at the prior of {prior(seed):.2f}"
    if above > 0:
        return (
            f"a little above the prior of {prior(seed):.2f}: who has learnt nothing still ranks unusual curves first "
            "or last, and arrows have unusual curves"
        )
    return f"a little below the prior of {prior(seed):.2f}"


LESSON = Lesson(
    number=4,
    title="What does a translator learn?",
    question="How do curves become a yes or no, and how do we know that anything was learnt?",
    story="A curve is not an arrow. Somebody has to say for some pairs whether there is one; a small network, the "
    "translator, learns the rest.",
    simulated="random circuits, so that every label is known to be right (until you spoil it)",
    trained="one backbone for the cells of all circuits, made before; the translator, here and now, by the code of the "
    "Translators page",
    predict=predict,
    check=check,
    seen=seen,
    equation=r"p_{ij} = \sigma\big(f(e_{ij})\big), \qquad e_{ij} = [\mathrm{VVP}_{ij};\, \mathrm{VVP}_{ji}]",
    equation_note="Eq. 5 of the paper: f has two hidden layers of 128 and 64, and is trained by cross-entropy (Eq. 2). "
    "VVP is taken in the pair alone and among all genes, as its signed square root.",
    free=lambda seed: {"model": model_name(seed), "source": "A", "target": "B"},
    to_do=(
        "Train with few pairs, then with more, and watch the points.",
        "Make a fifth of the labels wrong. How much is lost?",
        f"Shuffle the labels: {SHUFFLES} trainings, each with another shuffle. Look at their mean.",
    ),
)
