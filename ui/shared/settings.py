"""Base value, virtual values and background of a sweep, by controls that start at the model's own defaults."""

from __future__ import annotations

import re
from collections.abc import Callable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ugrn_core.errors import InputError
from ugrn_core.figures.style import minus, short_unit
from ugrn_core.types import BackboneCard, Background, SweepSettings
from ui.shared import keys

MOST_VALUES = 64
BACKGROUNDS: dict[Background, str] = {"fixed": "Stays at base", "follow": "Moves along"}
BACKGROUND_HELP = (
    "The other genes of the virtual cell. Stays at base: only the source moves, and the response is the change it "
    "makes. Moves along: all genes stand at x; only the slope has a meaning then."
)


def controls(
    card: BackboneCard, places: tuple[DeltaGenerator, DeltaGenerator, DeltaGenerator], redraw: Callable[[], None]
) -> None:
    """One control in each of three places; the numbers are kept for every unit by itself."""
    st.session_state.setdefault(base_key(card), card.base)
    st.session_state.setdefault(grid_key(card), written(card.grid))
    st.session_state.setdefault(keys.BACKGROUND, "fixed")
    base, grid, background = places
    low, high = card.domain
    base.number_input(
        f"Base ({short_unit(card.unit)})",
        key=base_key(card),
        persist_state="session",
        step=1.0 if card.n_bins else 0.25,
        format="%g",
        on_change=redraw,
        help=f"Where the genes of the virtual cell stand. This model met values from {minus(f'{low:g}')} to {high:g}.",
    )
    grid.text_input(
        f"Virtual values ({short_unit(card.unit)})",
        key=grid_key(card),
        persist_state="session",
        on_change=redraw,
        help="Values the source is set to, one after the other.",
    )
    background.segmented_control(
        "Background",
        list(BACKGROUNDS),
        key=keys.BACKGROUND,
        persist_state="session",
        required=True,
        format_func=BACKGROUNDS.__getitem__,
        on_change=redraw,
        help=BACKGROUND_HELP,
    )


def read(card: BackboneCard) -> SweepSettings:
    """Settings by the controls; a value that is not a number is an :class:`InputError`."""
    base = st.session_state.get(base_key(card))
    grid = st.session_state.get(grid_key(card), written(card.grid))
    background = st.session_state.get(keys.BACKGROUND) or "fixed"
    return SweepSettings(card.base if base is None else float(base), parse_values(grid), background)


def parse_values(text: str) -> tuple[float, ...]:
    """Virtual values of ``1, 5, 15``, rising; an :class:`InputError` names what is not a number."""
    words = [w for w in re.split(r"[,;\s]+", text.strip()) if w]
    values = []
    for word in words:
        try:
            values.append(float(word))
        except ValueError:
            raise InputError(f"{word!r} among the virtual values is not a number. Write them as 1, 5, 15.") from None
    if len(values) > MOST_VALUES:
        raise InputError(f"{len(values)} virtual values are more than the {MOST_VALUES} a figure can show.")
    return tuple(sorted(values))


def written(values: tuple[float, ...], between: str = ", ") -> str:
    """Values as controls and addresses show them: all digits that they have, and no more."""
    return between.join(repr(float(v)).removesuffix(".0") for v in values)


def base_key(card: BackboneCard) -> str:
    """Session key of the base value; each unit has its own."""
    return f"base {card.unit}"


def grid_key(card: BackboneCard) -> str:
    """Session key of the virtual values; each unit has its own."""
    return f"grid {card.unit}"


def x_key(card: BackboneCard) -> str:
    """Session key of the value at which the panels of a figure are compared; each unit has its own."""
    return f"x {card.unit}"
