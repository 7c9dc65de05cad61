"""What a lesson is: a question, a prediction that is locked, something to move, a check with a computed answer.

A lesson holds no answers. Its functions compute them from a seed, each time, with the functions the product uses.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


def signed(value: float) -> str:
    """A change in words, to two digits: +1.37, −0.01, and 0.00 for what rounds to nothing."""
    text = f"{value:+.2f}"
    return "0.00" if float(text) == 0 else text.replace("-", "−")


@dataclass(frozen=True)
class Prediction:
    """What a student says before anything is shown; ``right`` is the place of the choice that turns out true."""

    question: str
    choices: tuple[str, ...]
    right: int
    reason: str


@dataclass(frozen=True)
class LessonQuestion:
    """A number to find. ``tolerance`` is absolute, in ``unit``; ``hint`` says where to look, ``working`` how it comes
    about."""

    question: str
    answer: float
    tolerance: float
    unit: str = ""
    hint: str = ""
    working: str = ""

    def accepts(self, value: float) -> bool:
        """Whether an answer is near enough; a rounding error more is forgiven."""
        return math.isfinite(value) and abs(value - self.answer) <= self.tolerance * (1 + 1e-9) + 1e-12

    @property
    def said(self) -> str:
        """The answer in words, to the digits that its tolerance is worth."""
        digits = max(0, -math.floor(math.log10(self.tolerance))) if self.tolerance else 0
        return f"{round(self.answer, digits) + 0.0:.{digits}f}{self.unit and f' {self.unit}'}"


@dataclass(frozen=True)
class Lesson:
    """One lesson. ``seen`` are the three sentences at its end, ``equation`` LaTeX with the words of ``equation_note``.

    ``simulated`` and ``trained`` say what is which. ``free`` are query parameters of the pair page, by seed.
    """

    number: int
    title: str
    question: str
    story: str
    simulated: str
    trained: str
    predict: Callable[[int], Prediction]
    check: Callable[[int], tuple[LessonQuestion, ...]]
    seen: Callable[[int], tuple[str, str, str]]
    equation: str
    equation_note: str
    free: Callable[[int], Mapping[str, str]]
    to_do: tuple[str, ...] = field(default=())
    """Steps with the widget, in order, for the page and the worksheet."""
