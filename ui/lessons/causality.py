"""Widget of lesson 8: the model's answer, then what do() does."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from ugrn_core.figures.lessons import plot_lines
from ugrn_core.lessons.causality import CASES, Case, case_of, comparison, end
from ugrn_core.lessons.model import BASE, LOWEST, curve, true_response
from ugrn_core.lessons.record import signed
from ui.lessons import keys, state
from ui.lessons.panel import drawing, panel
from ui.lessons.state import State

MODEL, TRUTH = "model, the pair alone", "do(), simulated"


def show(now: State) -> None:
    """Pair, third gene, hand on the simulation; then curves and, when all is revealed, the table of all pairs."""
    chosen = now.pair if case_of(now.pair) else CASES[0].name
    names = [case.name for case in CASES]
    name = st.pills(
        "Pair",
        names,
        default=chosen,
        required=True,
        format_func=lambda p: f"{p.replace('-', ' to ')} ({case_of(p).pattern})",  # pyright: ignore
        key=keys.WIDGET_8_PAIR,
        wrap=True,
    )
    case = case_of(name)
    assert case is not None
    left, right = st.columns([4, 5], gap="medium")
    with left:
        known = held = False
        if case.third:
            known = st.toggle(
                f"{case.third} in the model's cell",
                value=case.third in now.beside,
                key=f"learn widget 8 with {name}",
                help=f"{case.third} stands at {BASE:g} there.",
            )
            held = st.toggle(
                f"Hold {case.third} under do()",
                disabled=now.hide,
                key=f"learn widget 8 hold {name}",
                help=f"A clamp: {case.third} stays at {BASE:g} in the simulated cells, whatever its regulators say.",
            )
        state.change(pair=name, beside=(case.third,) if known else ())
        st.markdown(case.words)
        if now.hide:
            st.caption("What do() does is covered: say first what you expect. Reveal it below.")
        drawing((case.source, case.target))
    with right:
        frame = _frame(now, case, known=known, held=held)
        panel(
            plot_lines(
                frame,
                x_title=f"x: value of {case.source} (log1p)",
                y_title=f"change of {case.target} from {case.source} = {BASE:g} (log1p)",
                base=BASE,
                height=360,
            ),
            _table(now, frame),
            name=f"lesson 8 {case.source} to {case.target}",
            alt=f"Change of {case.target} along {case.source}: "
            + "; ".join(f"{s} ends at {g['y'].iloc[-1]:+.2f}" for s, g in frame.groupby("series", sort=False)),
        )
    if not now.hide:
        _all_pairs(now)


def _frame(now: State, case: Case, *, known: bool, held: bool) -> pd.DataFrame:
    lines = {MODEL: curve(now.seed, case.source, case.target)}
    if known:
        lines[f"model, with {case.third} in the cell"] = curve(now.seed, case.source, case.target, (case.third,))
    if not now.hide:
        with st.spinner("Simulating cells under do()"):
            lines[TRUTH] = true_response(now.seed, case.source, case.target)
            if held:
                lines[f"do(), with {case.third} held"] = true_response(
                    now.seed, case.source, case.target, (case.third,)
                )
    parts = [f.assign(series=name, y=f["response"])[["series", "x", "y"]] for name, f in lines.items()]
    return pd.concat(parts, ignore_index=True)


def _table(now: State, frame: pd.DataFrame) -> pd.DataFrame:
    """The values at which do() was simulated, and the change over the whole way, one column a line."""
    wide = frame[frame["x"].isin([LOWEST, 0.4, 0.7, BASE, 1.3, 1.6, 2.0])].pivot_table(
        index="x", columns="series", values="y", sort=False
    )
    whole = (wide.loc[end(now.seed)] - wide.loc[LOWEST]).rename(f"{LOWEST:g} to {end(now.seed):g}")
    wide.index = wide.index.map("{:g}".format)
    return pd.concat([wide, whole.to_frame().T]).round(3).reset_index(names="x")


def _all_pairs(now: State) -> None:
    with st.spinner("Simulating cells under do()"):
        table = comparison(now.seed)
    st.markdown(f"**All patterns**: change of the target, source from {LOWEST:g} to {end(now.seed):g} (log1p)")
    shown = table.rename(columns={"model": "model, pair alone", "with_third": "with third gene", "true": TRUTH})
    numbers = shown.columns[2:]
    shown[numbers] = shown[numbers].map(lambda v: "" if pd.isna(v) else signed(v))
    st.dataframe(
        shown,
        hide_index=True,
        width="stretch",
        alt="Change of the target by the model and by do(), for every pattern of the circuit",
    )
