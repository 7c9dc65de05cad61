"""Continuous curves behind the probe points, and the value of x at which response and area are compared."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.figures.curves import prepare_pair
from ugrn_core.figures.marks import compared, with_slider
from ugrn_core.figures.panels import panel_places, plot_curves
from ugrn_core.figures.style import minus, short_unit
from ugrn_core.pair import PairRequest, estimate_curves, explore_pair
from ugrn_core.trajectory import SECONDS, dense_request
from ugrn_core.types import BackboneCard, PairResult
from ui.pair.facts_row import signed
from ui.server.session import store
from ui.shared import work
from ui.shared.errors import plain
from ui.shared.settings import x_key
from ui.shared.work import Question

X_HELP = (
    "The value of the moved gene at which both panels are compared. The area under the slope, from the base to here, "
    "is the response here: both are computed in different ways, and their gap is the residual. Arrow keys move it, "
    "and so does a click on a curve."
)


FIGURE_BYTES = 200_000
"""What a figure of curves takes, about."""


@dataclass(frozen=True)
class Drawn:
    """A figure for the page; ``taken`` makes the same with a slider of its own, for the file that is taken away."""

    figure: go.Figure
    taken: Callable[[], go.Figure] | None = None
    movable: bool = False

    def on_pick(self, key: str, card: BackboneCard) -> Callable[[], None] | None:
        """What a click on a curve of the figure with this ``key`` does: x is there then; None where nothing moves."""
        return (lambda: move_to(st.session_state[key], card)) if self.movable else None


def move_to(picked: Mapping[str, Any], card: BackboneCard) -> None:
    """Compare the panels at the point that was clicked."""
    points = picked["selection"]["points"]
    if points:
        st.session_state[x_key(card)] = float(points[0]["x"])


def of_pair(
    backbone: Backbone,
    requests: Mapping[str, PairRequest],
    bases: tuple[float, ...],
    topic: Hashable,
    *,
    slot: str = "dense",
) -> pd.DataFrame | None:
    """Curves of a pair in several contexts at many values; None, and said, where that would take too long."""
    results: dict[str, PairResult] = {}
    denser: list[tuple[str, PairRequest]] = []
    for number, (name, request) in enumerate(requests.items()):
        asked = dense_request(backbone, request, store(), bases=bases, seconds=SECONDS / len(requests))
        if asked is None:
            return _too_long()
        result = work.answer(
            f"{slot} {number}",
            Question(
                ("dense", backbone.fingerprint, asked),
                lambda progress, cancel, asked=asked: explore_pair(
                    backbone, asked, store(), residual=False, progress=progress, cancel=cancel
                ),
                f"Continuous curves in {name}",
                lambda asked=asked: estimate_curves(backbone, asked, store()).seconds,
                str(backbone.device),
            ),
            topic=topic,
        )
        if result is None:
            return None
        results[name] = result
        denser.append((name, asked))
    return work.shared(("dense frame", backbone.fingerprint, tuple(denser)), lambda: prepare_pair(results))


def of_targets(
    backbone: Backbone, first: PairRequest, n: int, compute: Callable, prepare: Callable, topic: Hashable
) -> pd.DataFrame | None:
    """Curves of several targets at many values: ``compute(settings)`` gives the results, ``prepare`` their frame."""
    asked = dense_request(backbone, first, store(), seconds=SECONDS / n)
    if asked is None:
        return _too_long()
    seconds = estimate_curves(backbone, asked, store()).seconds * n
    results = work.answer(
        "dense targets",
        Question(
            ("dense", topic, asked.settings),
            lambda progress, cancel: compute(asked.settings, progress, cancel),
            "Continuous curves",
            seconds,
            str(backbone.device),
        ),
        topic=topic,
    )
    return None if results is None else prepare(results)


def _too_long() -> None:
    st.caption("Lines join the probe points: continuous curves of this virtual cell would take too long.")


def draw(frame: pd.DataFrame, dense: pd.DataFrame | None, card: BackboneCard, told: Hashable) -> Drawn:
    """The figure of a frame, with its slider above where there are continuous curves of responses.

    ``told`` tells the frame apart from all others: what two sessions look at is drawn once.
    """
    movable = dense is not None and not dense["response"].isna().any()
    at = _value(frame, dense, card) if dense is not None and movable else None
    key = ("curves drawn", told, None if dense is None else len(dense), card.domain, at)
    figure = work.shared(key, lambda: plot_curves(frame, dense=dense, domain=card.domain, at=at), FIGURE_BYTES)
    if dense is None or at is None:
        return Drawn(figure)
    return Drawn(figure, lambda: with_slider(figure, panel_places(frame), dense, at), movable=True)


def x_now(frame: pd.DataFrame, dense: pd.DataFrame, card: BackboneCard) -> float:
    """The value at which panels are compared: that of the slider, and the largest virtual value before it is moved."""
    low, high = float(dense["virtual_value"].min()), float(dense["virtual_value"].max())
    held = st.session_state.get(x_key(card))
    start = float(frame["virtual_value"].max()) if held is None else float(held)
    return min(max(start, low), high)


def _value(frame: pd.DataFrame, dense: pd.DataFrame, card: BackboneCard) -> float:
    """The slider and, beside it, response and area there."""
    low, high = float(dense["virtual_value"].min()), float(dense["virtual_value"].max())
    key, step = x_key(card), 10.0 ** len(str(int(high - low))) / 1000
    st.session_state[key] = x_now(frame, dense, card)
    slider, words = st.columns([2, 3], gap="medium", vertical_alignment="bottom")
    at = slider.slider(
        f"x ({short_unit(card.unit)})", low, high, step=step, key=key, persist_state="session", help=X_HELP
    )
    words.caption(plain(" · ".join(_told(compared(dense, at)))))
    return float(at)


def _told(found: pd.DataFrame) -> list[str]:
    """Response and area of every curve at x; a context is named where there are several."""
    several = found["series"].nunique() > 1
    return [
        f"{row.source} at {minus(f'{row.x:.4g}')}: {row.target} {signed(float(row.response))}, "
        f"area under its slope {signed(float(row.area))}"
        + (f" ({row.series})" if several and row.series not in (row.source, row.target) else "")
        for row in found.itertuples()
    ]
