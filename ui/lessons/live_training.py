"""Train the model of a circuit here and now, and watch its loss fall."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd
import streamlit as st

from ugrn_core.circuits.shipped import LIVE_STEPS, circuit_number, save_circuit, train_circuit
from ugrn_core.circuits.training import LOSS_EVERY, Trained
from ugrn_core.figures.lessons import plot_loss_curve
from ugrn_core.jobs import JOBS
from ugrn_core.paths import cache_folder
from ui.lessons import keys, state
from ui.lessons.panel import panel
from ui.server.folders import paths_welcome
from ui.server.session import visitor
from ui.shared import keys as shared_keys
from ui.shared import models
from ui.shared.errors import plain

STEPS_AXIS, LOSS_AXIS = "step", "error of hidden values (log1p squared)"


@dataclass
class Live:
    """A training under way; the worker adds to ``losses``, the page reads them."""

    number: int
    job_id: str
    losses: list[float] = field(default_factory=list)


def show() -> None:
    """A button, and the curve while it runs and after."""
    number = circuit_number(state.now().seed)
    live: Live | None = st.session_state.get(keys.LIVE)
    with st.expander("Train the model yourself", expanded=live is not None):
        st.markdown(
            f"Circuit {number} is simulated (6,000 cells), some values are hidden, and about 20,000 weights learn to "
            f"fill them in: {LIVE_STEPS} steps, less than a minute. The shipped model had 2,000."
        )
        if live is None or live.number != number:
            st.button(
                "Simulate and train", icon=":material/play_arrow:", on_click=_start, args=(number,), key=keys.TRAIN
            )
            return
        job = JOBS.get(live.job_id)
        if job is None or job.state in ("failed", "cancelled"):
            st.caption(
                "The training was stopped." if job is None or job.state == "cancelled" else plain(job.error() or "")
            )
            st.button("Train again", on_click=_start, args=(number,), key=keys.TRAIN)
        elif job.state == "done":
            _done(live, job.result())
        else:
            _watch(live)


def _start(number: int) -> None:
    live = Live(number, "")

    def watch(losses: list[float]) -> None:
        live.losses[:] = losses

    job = JOBS.submit(
        ("learn train", number, visitor().owner),
        lambda progress, cancel: train_circuit(number, LIVE_STEPS, progress=progress, cancel=cancel, watch=watch),
        device="cpu",
        owner=visitor().owner,
    )
    visitor().jobs.add(job.id)
    live.job_id = job.id
    st.session_state[keys.LIVE] = live


@st.fragment(run_every=0.7)
def _watch(live: Live) -> None:
    status = JOBS.status(live.job_id)
    if status is None or status.finished:
        st.rerun()
    bar, stop = st.columns([6, 1], vertical_alignment="bottom")
    bar.progress(status.share, plain(status.message or "Simulating cells"))
    stop.button("Stop", key=keys.TRAIN_STOP, on_click=JOBS.cancel, args=(live.job_id, visitor().owner), width="stretch")
    if live.losses:
        st.plotly_chart(
            plot_loss_curve(_points(live.losses), LIVE_STEPS, STEPS_AXIS, LOSS_AXIS),
            width="stretch",
            config={"displayModeBar": False},
            alt=f"Loss after {len(live.losses) * LOSS_EVERY} steps: {live.losses[-1]:.3f}",
            key=keys.LIVE_LOSS,
        )


def _done(live: Live, trained: Trained) -> None:
    points = _points(list(trained.losses))
    panel(
        plot_loss_curve(points, LIVE_STEPS, STEPS_AXIS, LOSS_AXIS),
        pd.DataFrame(points, columns=["step", "loss"]).round(4),
        name=f"loss of circuit {live.number}",
        alt=f"Loss from {trained.losses[0]:.3f} to {trained.losses[-1]:.3f}",
    )
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if paths_welcome():
            st.button(
                "Use it on every page", icon=":material/check:", on_click=_use, args=(live, trained), key=keys.USE
            )
        st.button("Train again", on_click=_start, args=(live.number,), key=keys.TRAIN)
    st.code(
        f"ugrn learn train --seed {live.number} --steps {LIVE_STEPS} --out my-circuit\nugrn pair A B --backbone "
        "my-circuit",
        language="bash",
    )


def _use(live: Live, trained: Trained) -> None:
    """Write the model into the cache folder and choose it for all pages."""
    folder = cache_folder() / "circuits" / f"live-{live.number}-{live.job_id[:8]}"
    save_circuit(trained, live.number, folder)
    st.session_state[shared_keys.MODEL], st.session_state[shared_keys.MODEL_FOLDER] = models.OWN, str(folder)


def _points(losses: list[float]) -> list[tuple[float, float]]:
    return [(float((i + 1) * LOSS_EVERY), loss) for i, loss in enumerate(losses)]
