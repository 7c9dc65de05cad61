"""Widget of lesson 1: move A, watch B, put other genes beside them."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from ugrn_core.circuits.teaching import GENES
from ugrn_core.figures.lessons import plot_lines
from ugrn_core.lessons.model import AVERAGE, BASE, FINE, base_level, curve
from ugrn_core.lessons.virtual_cell import SOURCE, TARGET
from ui.lessons import keys, state
from ui.lessons.panel import drawing, panel
from ui.lessons.state import State

CHIPS = (AVERAGE, *(g for g in GENES if g not in (SOURCE, TARGET)))
ALONE = "the pair alone"


def show(now: State) -> None:
    """Slider, chips, figure."""
    chosen = st.pills(
        "Beside them in the cell",
        CHIPS,
        selection_mode="multi",
        default=[g for g in now.beside if g in CHIPS],
        key=keys.WIDGET_1_WITH,
        wrap=True,
        help="Genes stand at the base value 1. In the average cell all twelve stand at their means.",
    )
    beside = (AVERAGE,) if AVERAGE in chosen else tuple(sorted(chosen))
    state.change(beside=tuple(chosen), pair=f"{SOURCE}-{TARGET}")
    left, right = st.columns([4, 5], gap="medium")
    with left:
        x = st.select_slider(
            f"x: {SOURCE} is moved to", FINE, value=2.0, format_func="{:.2f}".format, key=keys.WIDGET_1_X
        )
        moved = curve(now.seed, SOURCE, TARGET, beside)
        at = moved[(moved["x"] - x).abs() < 1e-6].iloc[0]
        level = base_level(now.seed, SOURCE, TARGET, beside)
        first, second = st.columns(2)
        first.metric(f"{TARGET} predicted", f"{at['predicted']:.2f}", f"at base {level:.2f}",
                     delta_color="off", delta_arrow="off")  # fmt: skip
        second.metric("Response", f"{at['response']:+.3f}".replace("-", "−"), _cell_words(beside),
                      delta_color="off", delta_arrow="off")  # fmt: skip
        drawing((SOURCE, TARGET, *(GENES if AVERAGE in beside else beside)))
    with right:
        frame = _frame(now.seed, beside)
        panel(
            plot_lines(
                frame,
                x_title=f"x: virtual value of {SOURCE} (log1p)",
                y_title=f"response of {TARGET} (log1p)",
                mark=(x, str(frame["series"].iloc[-1])),
                base=BASE,
                height=360,
            ),
            frame.rename(columns={"series": "cell", "y": "response"}),
            name=f"lesson 1 response of {TARGET} to {SOURCE}",
            alt=f"Response of {TARGET} along the values of {SOURCE}, in {_cell_words(beside)}; at {x:g} it is "
            f"{at['response']:.3f}",
        )


def _cell_words(beside: tuple[str, ...]) -> str:
    if not beside:
        return ALONE
    return "the average cell" if AVERAGE in beside else f"with {', '.join(beside)}"


def _frame(seed: int, beside: tuple[str, ...]) -> pd.DataFrame:
    """Lines of the pair alone and of the chosen cell."""
    cells = {ALONE: ()} | ({_cell_words(beside): beside} if beside else {})
    parts = [
        curve(seed, SOURCE, TARGET, genes).assign(series=name, y=lambda f: f["response"])
        for name, genes in cells.items()
    ]
    return pd.concat(parts, ignore_index=True)[["series", "x", "y"]].round({"y": 5})
