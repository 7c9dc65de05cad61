"""Lesson 1: what is asked of a virtual cell, and how the answer depends on what else stands in it."""

from __future__ import annotations

from ugrn_core.lessons.model import AVERAGE, BASE, model_name, response_at
from ugrn_core.lessons.record import Lesson, LessonQuestion, Prediction

SOURCE, TARGET = "A", "B"
ENDS = (1.6, 1.8, 2.0)
ABOUT = 0.1
"""Share by which a response may change and still be called the same."""


def end(seed: int) -> float:
    """The value of A at which the check is asked."""
    return ENDS[seed % len(ENDS)]


def shrinkage(seed: int, x: float) -> float:
    """By how many percent the response is smaller in the average cell than in the pair alone."""
    alone = response_at(seed, SOURCE, TARGET, x)
    return 100 * (1 - response_at(seed, SOURCE, TARGET, x, (AVERAGE,)) / alone)


def predict(seed: int) -> Prediction:
    less = shrinkage(seed, 2.0) / 100
    right = 0 if less < -ABOUT else 2 if less > ABOUT else 1
    return Prediction(
        "B answers to A in a cell of these two genes alone. Now the twelve other genes are put beside them, each at "
        "its mean in the cells. The response of B to A ...",
        ("becomes larger", "stays the same, within a tenth", "becomes smaller"),
        right,
        "The other genes tell the model about B as well (F follows B, C moves against it), so that A alone has less "
        "to say.",
    )


def check(seed: int) -> tuple[LessonQuestion, ...]:
    x = end(seed)
    alone, among = response_at(seed, SOURCE, TARGET, x), response_at(seed, SOURCE, TARGET, x, (AVERAGE,))
    return (
        LessonQuestion(
            f"A goes from {BASE:g} to {x:g}. By how many percent is the response of B smaller in the average cell "
            "than in the pair alone?",
            shrinkage(seed, x),
            2.0,
            "%",
            "Read the response twice, with the pair alone and in the average cell: 100 x (1 - second / first).",
            f"{alone:.3f} alone, {among:.3f} in the average cell: 100 x (1 - {among:.3f} / {alone:.3f}).",
        ),
    )


def seen(seed: int) -> tuple[str, str, str]:
    alone, among = (response_at(seed, SOURCE, TARGET, 2.0, beside) for beside in ((), (AVERAGE,)))
    return (
        "A virtual cell is a set of genes at base values; one gene is moved, and the change that the model predicts "
        "for another is the response, point by point along the virtual values (VVP).",
        f"The question names the cell: B answered by {alone:.2f} with A alone and by {among:.2f} among all genes.",
        "No cell was touched: the answer is what the model has learnt to expect of B when it sees A there.",
    )


LESSON = Lesson(
    number=1,
    title="The virtual cell",
    question="What do we ask a cell model when we ask how B answers to A?",
    story="The model has seen thousands of cells and predicts each gene from the others. We build a cell that never "
    "existed: a few genes, all at the base value 1. Then we move one of them.",
    simulated="the cells of fourteen genes the model was trained on",
    trained="the model, about 20,000 weights, and every curve here",
    predict=predict,
    check=check,
    seen=seen,
    equation=r"\mathrm{VVP}_{ij}(v_t) = M(v \mid v_i \leftarrow v_t)_j - M(v)_j",
    equation_note="Eq. 8 of the paper: response of gene j when gene i goes from its base value to the virtual value. M "
    "is the model, v the virtual cell.",
    free=lambda seed: {"model": model_name(seed), "source": SOURCE, "target": TARGET},
    to_do=(
        "Move A along its values and watch B.",
        "Put F, C or H into the cell, one after the other.",
        "Switch to the average cell: twelve more genes, each at its mean.",
    ),
)
