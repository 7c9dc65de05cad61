"""The lessons in order, how an answer stands, and how all answers of somebody stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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


@dataclass(frozen=True)
class Mark:
    """One line of a summary. ``right`` is None where nothing was said."""

    lesson: int
    title: str
    kind: str
    said: str
    right: bool | None

    @property
    def standing(self) -> str:
        """How it stands, in a word or two."""
        return {True: "right", False: "not so", None: "no answer"}[self.right]


def marks(seed: int, said: Mapping[int, tuple[int | None, tuple[float | None, ...]]]) -> list[Mark]:
    """Marks of the lessons in which something was said: the place of a choice, and numbers in the order asked."""
    return [mark for number in sorted(said) for mark in _of_lesson(seed, number, *said[number])]


def _of_lesson(seed: int, number: int, choice: int | None, numbers: tuple[float | None, ...]) -> list[Mark]:
    lesson = lesson_of(number)
    prediction = lesson.predict(seed)
    known = choice is not None and choice < len(prediction.choices)
    chosen = prediction.choices[choice] if known and choice is not None else ""
    found = [Mark(number, lesson.title, "prediction", chosen, choice == prediction.right if known else None)]
    for n, asked in enumerate(lesson.check(seed)):
        value = numbers[n] if n < len(numbers) else None
        right = None if value is None else asked.accepts(value)
        found.append(Mark(number, lesson.title, f"check {'abcd'[n]}", "" if value is None else f"{value:g}", right))
    return found
