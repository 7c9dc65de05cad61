"""What stands above the curves of a pair: the largest changes, how usual they are, and whether to trust them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ugrn_core.figures.curves import RAW, prepare_peaks
from ugrn_core.figures.pair_figure import beyond, residual_words, signed
from ugrn_core.figures.style import minus, short_unit, slope_unit
from ugrn_core.pair import PairSpecific
from ugrn_core.types import Curves, PairResult

RESIDUAL_HELP = (
    "The slope, integrated from the base value to x, must give the response, although both are computed in different "
    "ways. The residual is the largest gap between them, relative to the largest response of both directions."
)
PERCENTILE_HELP = (
    "Share of random pairs in the same kind of virtual cell whose pair-specific response is smaller. Pair-specific: "
    "what is left of the response when the usual effect of this source and the usual movement of this target are "
    "taken out."
)


def facts_row(frame: pd.DataFrame, result: PairResult, specific: PairSpecific | None) -> DeltaGenerator:
    """Four facts on ``frame`` of :func:`prepare_pair`; ``result`` belongs to its first series. Returns the place of
    the residual, which may come after the figure (:func:`show_residual`)."""
    peaks = prepare_peaks(frame)
    first = peaks[(peaks["series"] == peaks["series"].iloc[0]) & (peaks["measure"] == RAW)]
    short = short_unit(result.unit)
    what, unit = ("Largest change", short)
    if result.forward.response is None:
        what, unit = ("Steepest slope", slope_unit(short))
    columns = st.columns(4)
    percentiles = (0.0, 0.0) if specific is None else (specific.forward_percentile, specific.reverse_percentile)
    centred = (None, None) if specific is None else (specific.forward, specific.reverse)
    n_random = 0 if specific is None else specific.n_random
    for column, peak, own, percentile in zip(columns, first.itertuples(), centred, percentiles, strict=False):
        column.metric(
            f"{what} of {peak.target}",
            f"{signed(peak.peak)} {unit}",
            delta=_place(peak) if own is None else _standing(own, percentile, n_random),
            delta_color="off",
            delta_arrow="off",
            help=None if own is None else PERCENTILE_HELP,
        )
    columns[3].metric(
        "Virtual cell",
        f"{result.context_size:,} genes",
        result.context.label if len(result.context.label) < 40 else f"{result.context.label[:38]}...",
        delta_color="off",
        delta_arrow="off",
    )
    return columns[2].empty()


def show_residual(place: DeltaGenerator, residual: float | None, background: str) -> None:
    """The residual, or that it follows, in its place among the facts."""
    value, words = residual_words(residual, background)
    place.metric("Residual", value, words, delta_color="off", delta_arrow="off", help=RESIDUAL_HELP)


def _place(peak: Any) -> str:
    return f"at {peak.source} = {minus(f'{peak.at:g}')}"


def _standing(own: Curves, percentile: float, n_random: int) -> str:
    """The pair-specific change of the largest size, which the percentile is of, and how usual it is."""
    curve = own.slope if own.response is None else own.response
    return f"pair-specific {signed(float(curve[np.abs(curve).argmax()]))}: {beyond(percentile, n_random)}"
