"""Where a lesson stands: in the address, so that a link opens a prepared step and a summary can be handed in.

``said`` holds what was answered, lesson by lesson: ``1=2:34.5;2=0`` is choice 2 and the number 34.5 in lesson 1, and
choice 0 in lesson 2. An address comes from anybody: each of its values is checked, and one without sense is named.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import streamlit as st

from ugrn_core.circuits.shipped import LARGEST_SEED
from ugrn_core.circuits.teaching import GENES
from ugrn_core.errors import InputError
from ugrn_core.lessons.catalogue import LESSONS
from ugrn_core.lessons.model import AVERAGE
from ui.lessons import keys
from ui.shared import address
from ui.shared import keys as shared_keys

STEPS = {"predict": "Predict", "look": "Look", "check": "Check", "seen": "What you saw"}
OVERVIEW, SUMMARY = "lessons", "summary"
MOST_NUMBERS = 4
ONE = re.compile(r"(?P<lesson>\d{1,2})=(?P<choice>\d{0,2})(?P<numbers>(?::[-+.\deE]{0,24})*)")


@dataclass(frozen=True)
class Said:
    """What was answered in a lesson: the place of the choice that was locked, and the numbers of the check."""

    choice: int | None = None
    numbers: tuple[float | None, ...] = ()


@dataclass(frozen=True)
class State:
    """A view of the Learn page. ``place`` is a lesson's number as text, or one of the two pages around them.

    ``hide``: the reveal is covered. ``pair`` and ``beside`` belong to the widget of the lesson.
    """

    place: str = OVERVIEW
    step: str = "predict"
    seed: int = 1
    pair: str = ""
    beside: tuple[str, ...] = ()
    hide: bool = False
    large: bool = False
    said: Mapping[int, Said] = field(default_factory=dict)

    @property
    def lesson(self) -> int:
        """Number of the lesson that is open; 0 for none."""
        return int(self.place) if self.place.isdigit() else 0

    def answer(self, lesson: int) -> Said:
        """What was said in a lesson."""
        return self.said.get(lesson, Said())

    def with_answer(self, lesson: int, answer: Said) -> State:
        """The state with another answer of a lesson."""
        return replace(self, said={**self.said, lesson: answer})


def now() -> State:
    """The present state."""
    return st.session_state.setdefault(keys.LEARN, State())


def put(state: State) -> None:
    """Go on with another state."""
    st.session_state[keys.LEARN] = state


def change(**values: object) -> None:
    """Go on with other values; for callbacks."""
    put(replace(now(), **values))  # pyright: ignore[reportArgumentType]


def open_lesson(place: str, step: str = "predict") -> None:
    """Turn to a lesson, or to one of the pages around them; what belongs to the last widget is let go."""
    for key in [k for k in st.session_state if str(k).startswith("learn widget")]:
        del st.session_state[key]
    change(place=place, step=step, pair="", beside=(), hide=False)


def apply_url() -> None:
    """Fill the state from an address that came from outside; an :class:`InputError` names a value without sense."""
    given = st.session_state.pop(shared_keys.ARRIVED, None)
    if not given:
        return
    for key in [k for k in st.session_state if str(k).startswith("learn widget")]:
        del st.session_state[key]
    put(State())
    put(read(given))


def read(given: Mapping[str, str]) -> State:
    """The state of an address."""
    places = (OVERVIEW, SUMMARY, *map(str, LESSONS))
    return State(
        place=_one_of("lesson", given.get("lesson") or OVERVIEW, places),
        step=_one_of("step", given.get("step") or "predict", tuple(STEPS)),
        seed=_seed(given.get("seed") or "1"),
        pair=_pair(given.get("pair") or ""),
        beside=_genes(given.get("with") or ""),
        hide=_one_of("hide", given.get("hide") or "0", ("0", "1")) == "1",
        large=_one_of("large", given.get("large") or "0", ("0", "1")) == "1",
        said=read_said(given.get("said") or ""),
    )


def written(state: State) -> dict[str, str]:
    """The address of a state; what is usual is left out."""
    values = {
        "lesson": state.place if state.place != OVERVIEW else "",
        "step": state.step if state.lesson and state.step != "predict" else "",
        "seed": str(state.seed) if state.seed != 1 else "",
        "pair": state.pair if state.lesson else "",
        "with": ",".join(state.beside) if state.lesson else "",
        "hide": "1" if state.hide and state.lesson else "",
        "large": "1" if state.large else "",
        "said": write_said(state.said),
    }
    return {name: value for name, value in values.items() if value}


def write() -> None:
    """Put the state into the address; the chosen model stays in it for the other pages, lessons have their own."""
    address.put(written(now()))


def read_said(text: str) -> dict[int, Said]:
    """Answers of an address; see the head of this file."""
    said: dict[int, Said] = {}
    for part in filter(None, text.split(";")):
        match = ONE.fullmatch(part)
        lesson = int(match["lesson"]) if match else 0
        if match is None or lesson not in LESSONS:
            raise InputError(
                f"{part[:40]!r} among the answers of this address has no sense; expected such as 1=2:34.5, a lesson, "
                "its choice and its numbers. Ask for the link again."
            )
        numbers = tuple(_number(n) for n in match["numbers"].split(":")[1:])
        if len(numbers) > MOST_NUMBERS:
            raise InputError(f"lesson {lesson} has {len(numbers)} numbers here; expected {MOST_NUMBERS} at most.")
        said[lesson] = Said(int(match["choice"]) if match["choice"] else None, numbers)
    return said


def write_said(said: Mapping[int, Said]) -> str:
    """Answers for an address."""
    parts = []
    for lesson, answer in sorted(said.items()):
        numbers = "".join(f":{'' if n is None else f'{n:.6g}'}" for n in answer.numbers)
        parts.append(f"{lesson}={'' if answer.choice is None else answer.choice}{numbers}")
    return ";".join(parts)


def _number(text: str) -> float | None:
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(f"{text!r} among the answers of this address is not a number. Ask for the link again.")
    return value


def _seed(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 6 and 1 <= int(text) <= LARGEST_SEED):
        raise InputError(f"seed is {text[:40]!r}; expected a whole number from 1 to {LARGEST_SEED:,}.")
    return int(text)


def _pair(text: str) -> str:
    source, _, target = text.partition("-")
    if text and (source not in GENES or target not in GENES or source == target):
        raise InputError(f"pair is {text[:40]!r}; expected two genes of the circuit ({', '.join(GENES)}), such as A-B.")
    return text


def _genes(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(filter(None, text.split(","))))
    unknown = [n for n in names if n not in (*GENES, AVERAGE)]
    if unknown:
        raise InputError(
            f"with names {unknown[0][:40]!r}; expected genes of the circuit ({', '.join(GENES)}) or {AVERAGE!r}."
        )
    return names


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise InputError(f"{name} is {value[:40]!r}; expected {', '.join(allowed)}.")
    return value
