"""Widget of lesson 6: the same questions to a trained model and to random weights, side by side and unnamed."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from ugrn_core.figures.lessons import plot_lines
from ugrn_core.lessons.random_weights import ROUNDS, Weights, curves, sides, sizes
from ui.lessons import keys
from ui.lessons.panel import panel
from ui.lessons.state import State

NAMES: dict[Weights, str] = {"trained": "trained", "random": "random weights"}


def blind(now: State) -> None:
    """The two sides of the first round, heights scaled, without names."""
    _sides(now, 1, named=False, true_heights=False)


def show(now: State) -> None:
    """Rounds to play; names, true heights and sizes once the reveal is asked for."""
    left, right = st.columns([3, 4], gap="medium")
    game = left.segmented_control("Round", range(1, ROUNDS + 1), default=1, required=True, key=keys.WIDGET_6_ROUND)
    with right:
        named = st.toggle("Say which is which", value=False, disabled=now.hide, key=keys.WIDGET_6_NAMED)
        heights = st.toggle("True heights, the same on both sides", value=False, key=keys.WIDGET_6_HEIGHTS)
    _sides(now, game, named=named and not now.hide, true_heights=heights)
    table = sizes(now.seed)
    st.markdown("Mean change of a target when its source goes from 0.1 to 2 (log1p), over all pairs of a kind:")
    st.dataframe(
        table.drop(columns="ratio").rename(
            columns={"arrows": "10 pairs with an arrow", "loose": "6 loose pairs of X, Y, Z"}
        ),
        column_config={
            name: st.column_config.NumberColumn(format="%.5f")
            for name in ("10 pairs with an arrow", "6 loose pairs of X, Y, Z")
        },
        hide_index=True,
        width="stretch",
        alt="Mean change of targets of both kinds of pairs, for trained and random weights",
    )


def _sides(now: State, game: int, *, named: bool, true_heights: bool) -> None:
    frames = {w: curves(now.seed, game, w).rename(columns={"pair": "series", "response": "y"}) for w in NAMES}
    largest = max(float(f["y"].abs().max()) for f in frames.values())
    for place, weights, column in zip(
        ("Left", "Right"), sides(now.seed, game), st.columns(2, gap="medium"), strict=True
    ):
        frame: pd.DataFrame = frames[weights]
        with column:
            st.markdown(f"**{place}**" + (f": {NAMES[weights]}" if named else ""))
            scaled = frame.assign(y=frame["y"] / (1.0 if true_heights else frame["y"].abs().max()))
            panel(
                plot_lines(
                    scaled,
                    x_title="x: value of the source (log1p)",
                    y_title="response (log1p)" if true_heights else "response, scaled",
                    base=1.0,
                    y_range=(-1.1 * largest, 1.1 * largest) if true_heights else None,
                ),
                scaled.round(5).rename(columns={"series": "pair", "y": "response"}),
                name=f"lesson 6 {place.lower()} {game}",
                alt=f"Responses of four pairs on the {place.lower()} side of round {game}, lowest to highest source: "
                + "; ".join(
                    f"{pair} {f['y'].iloc[0]:+.2f} to {f['y'].iloc[-1]:+.2f}"
                    for pair, f in scaled.groupby("series", sort=False)
                ),
            )
