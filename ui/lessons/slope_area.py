"""Widget of lesson 3: rectangles under the slope until they meet the response."""

from __future__ import annotations

import streamlit as st

from ugrn_core.figures.lessons import plot_rectangles
from ugrn_core.lessons.model import BASE, curve, exact_area, response_at
from ugrn_core.lessons.slope_area import FIRST, MOST_RECTANGLES, SOURCE, TARGET, end, rectangles
from ui.lessons import keys, state
from ui.lessons.panel import panel
from ui.lessons.state import State

PAIRS = ("A-B", "A-C", "S-A", "H-D", "P-Q")


def show(now: State) -> None:
    """Pair and number of rectangles, then the areas and the figure."""
    chosen = now.pair if now.pair in PAIRS else f"{SOURCE}-{TARGET}"
    left, right = st.columns([2, 3], gap="medium")
    pair = left.segmented_control(
        "Pair",
        PAIRS,
        default=chosen,
        required=True,
        format_func=lambda p: p.replace("-", " to "),
        key=keys.WIDGET_3_PAIR,
    )
    n = right.slider("Rectangles", 1, MOST_RECTANGLES, FIRST, key=keys.WIDGET_3_N)
    state.change(pair=pair)
    source, target = pair.split("-")
    x = end(now.seed)
    parts = rectangles(now.seed, n, source, target)
    area, response = float(parts["area"].sum()), response_at(now.seed, source, target, x)
    exact = exact_area(now.seed, source, target, x)
    columns = st.columns(4)
    for column, (name, value, words) in zip(
        columns,
        (
            ("Area of the rectangles", f"{area:+.3f}", f"{n} of them"),
            ("Response", f"{response:+.3f}", f"from {BASE:g} to {x:g}"),
            ("Gap", f"{100 * (area / response - 1):+.1f} %", "of the response"),
            ("Exact area", f"{exact:+.4f}", "by quadrature"),
        ),
        strict=True,
    ):
        column.metric(name, value.replace("-", "−"), words, delta_color="off", delta_arrow="off")
    panel(
        plot_rectangles(
            curve(now.seed, source, target),
            parts,
            f"x: virtual value of {source} (log1p)",
            f"slope of {target} (log1p per log1p)",
        ),
        parts.round(5),
        name=f"lesson 3 slope of {target} along {source}",
        alt=f"Slope of {target} along {source} with {n} rectangles from {BASE:g} to {x:g}; their area is {area:.3f}, "
        f"the response {response:.3f}",
    )
