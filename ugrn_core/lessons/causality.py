"""Lesson 8: is it causal? The model's answer beside what do() does in the simulated circuit."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from ugrn_core.lessons.model import BASE, LOWEST, change_to, model_name, true_change
from ugrn_core.lessons.record import Lesson, LessonQuestion, Prediction, signed

ENDS = (2.0, 1.6)
NO_EFFECT = 0.1
"""Below this change of a target, in log1p, do() is said to do nothing: the error of the simulation."""


@dataclass(frozen=True)
class Case:
    """A pair with its pattern, and the gene whose presence tells it apart (``third``; "" where there is none)."""

    source: str
    target: str
    third: str
    pattern: str
    words: str

    @property
    def name(self) -> str:
        return f"{self.source}-{self.target}"


CASES = (
    Case("D", "E", "H", "common cause", "H drives D and E. Neither acts on the other."),
    Case("A", "F", "B", "mediator", "A acts on F through B."),
    Case("A", "B", "", "arrow", "A acts on B."),
    Case("B", "A", "", "against the arrow", "A acts on B, not B on A."),
    Case("P", "Q", "", "toggle", "P and Q hold each other down."),
    Case("X", "Y", "", "nothing", "X and Y have nothing to do with each other."),
)


def case_of(name: str) -> Case | None:
    """The case of a pair such as ``D-E``."""
    return next((case for case in CASES if case.name == name), None)


def end(seed: int) -> float:
    """Up to where a source goes; it starts at the lowest value."""
    return ENDS[seed % len(ENDS)]


def comparison(seed: int) -> pd.DataFrame:
    """``pair, pattern, model, with_third, true``: change of the target, source from 0.1 to :func:`end`."""
    x = end(seed)
    rows = []
    for case in CASES:
        beside = (case.third,) if case.third else ()
        known = change_to(seed, case.source, case.target, x, beside) if beside else None
        rows.append(
            (
                f"{case.source} to {case.target}",
                case.pattern,
                change_to(seed, case.source, case.target, x),
                known,
                true_change(seed, case.source, case.target, x),
            )
        )
    return pd.DataFrame(rows, columns=["pair", "pattern", "model", "with_third", "true"]).astype({"with_third": float})


def fall(seed: int, case: Case) -> float:
    """By how many percent the model's response is smaller with the third gene in the cell."""
    x = end(seed)
    alone = change_to(seed, case.source, case.target, x)
    return 100 * (1 - change_to(seed, case.source, case.target, x, (case.third,)) / alone)


def shortfall(seed: int, case: Case) -> float:
    """By how many percent the model's response is smaller than the true one."""
    x = end(seed)
    model, true = change_to(seed, case.source, case.target, x), true_change(seed, case.source, case.target, x)
    return 100 * (1 - model / true)


def predict(seed: int) -> Prediction:
    x = end(seed)
    model, true = change_to(seed, "D", "E", x), true_change(seed, "D", "E", x)
    right = 2 if abs(true) < NO_EFFECT else 0 if abs(true) > 0.75 * abs(model) else 1
    return Prediction(
        f"H drives both D and E. In a cell of D and E alone the model lets E rise by {model:.2f} when D goes from "
        f"{LOWEST:g} to {x:g}. In the simulated cells D is now set by hand, first to {LOWEST:g}, then to {x:g}. By "
        "how much does E rise?",
        (f"By about {model:.2f}, as the model says", f"By about half of it, {model / 2:.2f}", "Not at all"),
        right,
        "High D is a sign of high H, so E is high as well; but whoever turns D turns no H. do(D) changed E by "
        f"{signed(true)}.",
    )


def check(seed: int) -> tuple[LessonQuestion, ...]:
    x, (common, chain) = end(seed), CASES[:2]
    true = true_change(seed, "A", "F", x)
    clamped = true_change(seed, "A", "F", x, ("B",))
    return (
        LessonQuestion(
            f"D goes from {LOWEST:g} to {x:g}. By how many percent is the model's response of E smaller once H is in "
            "the cell?",
            fall(seed, common),
            2.0,
            "%",
            "Put H into the cell and compare both responses.",
            f"{change_to(seed, 'D', 'E', x):.3f} alone, {change_to(seed, 'D', 'E', x, ('H',)):.3f} with H.",
        ),
        LessonQuestion(
            f"A is set by hand from {LOWEST:g} to {x:g} while B is held at {BASE:g}. How much does F change in the "
            "simulated cells?",
            clamped,
            NO_EFFECT,
            hint=f"Choose {chain.source} to {chain.target} and hold {chain.third}. The scatter of the simulation is "
            "forgiven.",
            working=f"Without holding B it is {signed(true)}; all of it passes through B.",
        ),
    )


def seen(seed: int) -> tuple[str, str, str]:
    table = comparison(seed).set_index("pair")
    toggle = CASES[4]
    off = shortfall(seed, toggle)

    def said(pair: str) -> str:
        return f"{signed(table.loc[pair, 'model'])} where do() did {signed(table.loc[pair, 'true'])}"

    return (
        f"Along the arrow from A to B the model said {said('A to B')}. Against the arrow it said {said('B to A')}, and "
        f"for D and E with their common cause {said('D to E')}: there is no effect, and the model shows one.",
        f"With the common cause in the cell the response falls by {fall(seed, CASES[0]):.0f} %, with the mediator by "
        f"{fall(seed, CASES[1]):.0f} %, but not to nothing, for one look at a gene does not tell all that it did; and "
        f"the toggle comes out {abs(off):.0f} % too {'small' if off > 0 else 'large'}.",
        "A model of cells knows what goes with what. Behind an edge on the Network page there may be an arrow, an "
        "arrow the other way round, or a common cause, and only an experiment tells them apart: so the page calls its "
        "edges hypotheses.",
    )


LESSON = Lesson(
    number=8,
    title="Is it causal?",
    question="The model says that E rises with D. Would it, if we raised D?",
    story="Nobody knows that for real cells. In a simulated circuit we can do it: take hold of a gene and watch the "
    "others.",
    simulated="the cells, and what do() does to them",
    trained="the model, which has seen cells but never an intervention",
    predict=predict,
    check=check,
    seen=seen,
    equation=r"M(v \mid v_i \leftarrow v_t)_j \approx \mathbb{E}[x_j \mid x_i = v_t] \;\neq\;"
    r" \mathbb{E}[x_j \mid \mathrm{do}(x_i = v_t)]",
    equation_note="The model of Eq. 8 is trained to expect a hidden gene from those it sees, on the left. What an "
    "intervention does is on the right.",
    free=lambda seed: {"model": model_name(seed), "source": "D", "target": "E", "context": "genes", "genes": "H"},
    to_do=(
        "D to E: look at the model, then reveal do(D).",
        "Put H into the cell. How much of the response is left?",
        "A to F: put B into the cell, and hold B in the simulation.",
        "Go through the other pairs: where is the model right, where only half, where not at all?",
    ),
)
