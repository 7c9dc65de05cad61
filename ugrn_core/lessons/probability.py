"""Lesson 7: what does 0.8 mean? It depends on how rare edges are where it is used."""

from __future__ import annotations

import numpy as np

from ugrn_core.lessons.model import model_name
from ugrn_core.lessons.record import Lesson, LessonQuestion, Prediction
from ugrn_core.translators.calibration import log_odds, probability, shift_prevalence

PRIOR = 0.5
SAID = (0.8, 0.9, 0.8, 0.7, 0.95)
PREVALENCES = (0.01, 0.02, 0.05)
ICONS = 100


def said(seed: int) -> float:
    """The probability that a translator gives at a prior of one half; 0.8 for the first seeds."""
    return SAID[(seed - 1) // len(PREVALENCES) % len(SAID)]


def prevalence(seed: int) -> float:
    """The share of edges among all pairs where the answer is used."""
    return PREVALENCES[(seed - 1) % len(PREVALENCES)]


def shifted(p: float, prior: float, where: float) -> float:
    """Probability at another share of edges; the function that the Network page uses."""
    return float(probability(shift_prevalence(np.array([log_odds(p)]), prior, where))[0])


def edges_of_hundred(p: float) -> int:
    """Of a hundred pairs with that probability, how many are edges, rounded."""
    return int(np.floor(ICONS * p + 0.5))


def choices(seed: int) -> tuple[int, ...]:
    """Numbers to choose from: the right one, what was said, and two between, rising."""
    right, high = edges_of_hundred(shifted(said(seed), PRIOR, prevalence(seed))), round(100 * said(seed))
    between = [right + round((high - right) * share) for share in (0.4, 0.7)]
    return tuple(sorted({right, *between, high}))


def predict(seed: int) -> Prediction:
    offered = choices(seed)
    right = edges_of_hundred(shifted(said(seed), PRIOR, prevalence(seed)))
    return Prediction(
        f"A translator learnt from pairs of which half were edges, and says {said(seed):g}. In your network one pair "
        f"in {1 / prevalence(seed):.0f} is an edge. Of 100 pairs that got {said(seed):g}, how many are edges?",
        tuple(f"about {n}" for n in offered),
        offered.index(right),
        f"Odds of {said(seed) / (1 - said(seed)):.3g} to 1 were said at even odds. Where edges are "
        f"{(1 - prevalence(seed)) / prevalence(seed):.0f} times rarer than other pairs, the odds are that many times "
        "smaller.",
    )


def check(seed: int) -> tuple[LessonQuestion, ...]:
    p, where = said(seed), prevalence(seed)
    now = shifted(p, PRIOR, where)
    return (
        LessonQuestion(
            f"{p:g} at a prior of {PRIOR:g} is which probability at a prevalence of {where:g}?",
            now,
            0.005,
            hint="Multiply the odds by the odds of the prevalence, and divide them by the odds of the prior.",
            working=f"Odds {p:g} / {1 - p:.3g} x {where:g} / {1 - where:g} = {now / (1 - now):.4f}; as a probability "
            f"{now:.4f}.",
        ),
        LessonQuestion(
            "A list of such pairs is shown. Which share of it is expected to be wrong (FDR)?",
            1 - now,
            0.005,
            hint="The mean of 1 - p over the pairs shown.",
            working=f"1 - {now:.4f}.",
        ),
    )


def seen(seed: int) -> tuple[str, str, str]:
    p, where = said(seed), prevalence(seed)
    now = shifted(p, PRIOR, where)
    return (
        f"A probability belongs to a share of edges: {p:g} among pairs of which half are edges is {now:.3f} where "
        f"they make up {100 * where:g} %.",
        f"Of a hundred such pairs about {edges_of_hundred(now)} would be edges and {ICONS - edges_of_hundred(now)} "
        f"would not: an FDR of {1 - now:.2f}.",
        "So the Network page names the prevalence beside every probability, and says how many of the edges it shows "
        "are expected to be wrong.",
    )


LESSON = Lesson(
    number=7,
    title="What does 0.8 mean?",
    question="A translator says 0.8. How many of a hundred such pairs are edges?",
    story="In training, half of the pairs are edges. In a cell, hardly any are. The same curve then deserves another "
    "probability.",
    simulated="nothing; the rule is exact for a translator that is calibrated",
    trained="nothing; the function is the one the Network page uses",
    predict=predict,
    check=check,
    seen=seen,
    equation=r"\operatorname{logit} p' = \operatorname{logit} p + \operatorname{logit} \pi' - \operatorname{logit} \pi,"
    r"\qquad \mathrm{FDR} = \frac{1}{n}\sum_{k=1}^{n} (1 - p'_k)",
    equation_note="Bayes' rule on odds: p was said at the prior, p' holds at the prevalence. The translator's sigmoid "
    "is Eq. 5 of the paper; the shift is ours.",
    free=lambda seed: {"model": model_name(seed), "source": "A", "target": "B"},
    to_do=(
        "Move the prevalence from one half down to one in a hundred, and watch the squares.",
        "Find the probability that is still worth one half at your prevalence.",
    ),
)
