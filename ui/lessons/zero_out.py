"""Widget of lesson 2: two genes of different mean and the same weight, knocked out and moved."""

from __future__ import annotations

import streamlit as st

from ugrn_core.figures.lessons import plot_two_measures
from ugrn_core.lessons.zero_out import HIGHEST_MEAN, VIRTUAL, circuit_effects, effects, means, weight
from ui.lessons import keys
from ui.lessons.panel import panel
from ui.lessons.state import State

FIRST_MEASURE = "set to zero (Eq. 3)"


def show(now: State) -> None:
    """Means and virtual value above both measures; the trained model below, once it is revealed."""
    loud, soft = means(now.seed)
    columns = st.columns(3)
    u = columns[0].slider("Mean of U", 0.1, HIGHEST_MEAN, loud, 0.1, key=keys.WIDGET_2_U)
    v = columns[1].slider("Mean of V", 0.1, HIGHEST_MEAN, soft, 0.1, key=keys.WIDGET_2_V)
    x = columns[2].slider("x: virtual value of either", 0.1, HIGHEST_MEAN, VIRTUAL, 0.1, key=keys.WIDGET_2_X)
    table = effects(u, v, weight(now.seed), x)
    st.caption(f"T = {weight(now.seed):g} x U + {weight(now.seed):g} x V. Base value of a virtual cell: 1.")
    panel(
        plot_two_measures(table, {"zeroing": FIRST_MEASURE, "response": f"response at x = {x:g} (Eq. 8)"}, "toy units"),
        table,
        name="lesson 2 zero-out and VVP",
        alt=f"Set to zero, U changes T by {table['zeroing'][0]:.2f} and V by {table['zeroing'][1]:.2f}; moved to "
        f"{x:g}, by {table['response'][0]:.2f} and {table['response'][1]:.2f}",
    )
    if not now.hide:
        st.markdown("**The same two numbers in the trained model**: A and H, which K needs both.")
        trained = circuit_effects(now.seed)
        panel(
            plot_two_measures(
                trained, {"zeroing": FIRST_MEASURE, "response": f"response at x = {VIRTUAL:g} (Eq. 8)"}, "log1p"
            ),
            trained,
            name="lesson 2 trained model",
            alt="In the trained model: "
            + "; ".join(
                f"{gene} set to zero changes K by {zeroing:.2f}, moved to {VIRTUAL:g} by {response:.2f}"
                for gene, zeroing, response in trained[["gene", "zeroing", "response"]].itertuples(index=False)
            ),
        )
