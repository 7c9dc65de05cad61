"""Lesson 3: slope and response belong together, as a derivative and its integral do."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from ugrn_core.lessons.model import BASE, exact_area, model_name, response_at, slopes_at
from ugrn_core.lessons.record import Lesson, LessonQuestion, Prediction

SOURCE, TARGET = "A", "B"
ENDS = (2.0, 1.8, 1.6)
MOST_RECTANGLES = 40
FIRST = 3
CLOSE = 0.05


def end(seed: int) -> float:
    """Up to where the area is taken."""
    return ENDS[seed % len(ENDS)]


def rectangles(seed: int, n: int, source: str = SOURCE, target: str = TARGET) -> pd.DataFrame:
    """``left, right, height, area`` of ``n`` rectangles from base to the end, each as high as the slope at its left."""
    edges = np.linspace(BASE, end(seed), n + 1)
    height = _heights(seed, source, target)[n - 1]
    return pd.DataFrame({"left": edges[:-1], "right": edges[1:], "height": height, "area": height * np.diff(edges)})


@lru_cache(maxsize=32)
def gaps(seed: int, source: str = SOURCE, target: str = TARGET) -> np.ndarray:
    """How far 1, 2, ... rectangles are from the response, as shares of it; positive: too large."""
    whole = response_at(seed, source, target, end(seed))
    areas = [height.mean() * (end(seed) - BASE) for height in _heights(seed, source, target)]
    return np.array(areas) / whole - 1


@lru_cache(maxsize=32)
def _heights(seed: int, source: str, target: str) -> tuple[np.ndarray, ...]:
    """Slopes at the left edges of 1, 2, ... rectangles, all from one sweep, so that a slider finds them there."""
    edges = [np.linspace(BASE, end(seed), n + 1)[:-1] for n in range(1, MOST_RECTANGLES + 1)]
    all_edges = np.unique(np.concatenate(edges))
    slope = slopes_at(seed, source, target, tuple(all_edges.tolist()))
    return tuple(slope[np.searchsorted(all_edges, e)] for e in edges)


def enough(seed: int) -> int:
    """The fewest rectangles from which on the gap stays below 5 %."""
    far = np.flatnonzero(np.abs(gaps(seed)) >= CLOSE)
    return int(far[-1]) + 2 if len(far) else 1


def predict(seed: int) -> Prediction:
    found = gaps(seed)[FIRST - 1]
    right = 0 if found < -CLOSE else 2 if found > CLOSE else 1
    low, high = slopes_at(seed, SOURCE, TARGET, (BASE, end(seed)))
    return Prediction(
        f"The slope of B along A is {low:.2f} at {BASE:g} and {high:.2f} at {end(seed):g}. The area below it is "
        f"filled with {FIRST} rectangles as high as the slope at their left edge. Beside the response of B at "
        f"{end(seed):g}, their sum is ...",
        ("smaller by more than 5 %", "within 5 %", "larger by more than 5 %"),
        right,
        "Where a slope falls, its left edge is too high; where it rises, too low. The sum of a few rectangles keeps "
        "that error.",
    )


def check(seed: int) -> tuple[LessonQuestion, ...]:
    whole, n = response_at(seed, SOURCE, TARGET, end(seed)), enough(seed)
    return (
        LessonQuestion(
            "From how many rectangles on does their sum stay within 5 % of the response?",
            float(n),
            0.0,
            hint="Move the number of rectangles and watch the gap.",
            working=_around(seed, n),
        ),
        LessonQuestion(
            f"To which number does the area under the slope come, from {BASE:g} to {end(seed):g}, with endlessly many?",
            whole,
            0.02,
            hint="No need to count: it is the response.",
            working=f"The response at {end(seed):g} is {whole:.3f}; the integral by quadrature is "
            f"{exact_area(seed, SOURCE, TARGET, end(seed)):.3f}.",
        ),
    )


def _around(seed: int, n: int) -> str:
    before = f"Gap with {n - 1}: {100 * gaps(seed)[n - 2]:+.1f} %, w" if n > 1 else "W"
    return f"{before}ith {n}: {100 * gaps(seed)[n - 1]:+.1f} %."


def seen(seed: int) -> tuple[str, str, str]:
    whole, area = response_at(seed, SOURCE, TARGET, end(seed)), exact_area(seed, SOURCE, TARGET, end(seed))
    return (
        "The slope (GDT) says how fast the prediction of B changes where A stands; it is the exact derivative of the "
        "model, not a difference of two points.",
        f"Added up from base to {end(seed):g} it gives {area:.4f}, and the response is {whole:.4f}: one is the "
        "integral of the other.",
        "The pair explorer shows what is left of that comparison as the residual of every pair, because the two are "
        "computed in different ways and can only agree if both are right.",
    )


LESSON = Lesson(
    number=3,
    title="Slope and response",
    question="What has the slope at a point to do with the response?",
    story="The response says how far B has come, the slope how fast it is going. From the slope everywhere one must be "
    "able to tell the way.",
    simulated="the cells the model was trained on",
    trained="the model; slope and response are computed from it in two different ways",
    predict=predict,
    check=check,
    seen=seen,
    equation=r"\mathrm{GDT}_{ij}(v_t) = \frac{\partial M(v \mid v_i \leftarrow v_t)_j}{\partial v_i}, \qquad"
    r"\int_{v_b}^{v_t} \mathrm{GDT}_{ij}(u)\,du = \mathrm{VVP}_{ij}(v_t)",
    equation_note="Eq. 9 of the paper, and its integral from the base value.",
    free=lambda seed: {"model": model_name(seed), "source": SOURCE, "target": TARGET},
    to_do=(
        "Add rectangles one by one and watch the gap to the response close.",
        "Look where the rectangles stand above the curve and where below.",
        "Choose another pair: C falls when A rises. What is an area below zero?",
    ),
)
