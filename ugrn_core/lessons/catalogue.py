"""The lessons in order, and how an answer stands."""

from __future__ import annotations

from ugrn_core.errors import InputError
from ugrn_core.lessons import (
    causality,
    probability,
    random_weights,
    shortcuts,
    slope_area,
    translator,
    virtual_cell,
    zero_out,
)
from ugrn_core.lessons.record import Lesson

LESSONS: dict[int, Lesson] = {
    lesson.number: lesson
    for lesson in (
        virtual_cell.LESSON,
        zero_out.LESSON,
        slope_area.LESSON,
        translator.LESSON,
        shortcuts.LESSON,
        random_weights.LESSON,
        probability.LESSON,
        causality.LESSON,
    )
}
MINUTES = 10


def lesson_of(number: int) -> Lesson:
    """A lesson by its number; another number is an :class:`InputError`."""
    if number not in LESSONS:
        raise InputError(f"lesson is {number}; expected 1 to {len(LESSONS)}.")
    return LESSONS[number]
