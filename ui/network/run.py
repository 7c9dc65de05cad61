"""A network run on the page: what it will cost, its job, and the edge table of what came out."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Hashable
from dataclasses import dataclass, field

import pandas as pd
import streamlit as st

from ugrn_core.backbones.devices import describe_device, free_bytes
from ugrn_core.beeline.networks import Edge
from ugrn_core.cluster import cluster_executor, scheduler_address
from ugrn_core.network.direction import DirectionRule, direction_rule
from ugrn_core.network.estimate import NetworkEstimate, estimate_network
from ugrn_core.network.exports.folder import LOOKED_AT
from ugrn_core.network.run import predict_network
from ugrn_core.network.scores import NetworkScores
from ugrn_core.network.table import edge_table
from ugrn_core.time_left import byte_words
from ugrn_core.types import Cancel, Progress
from ui.network import keys
from ui.network.question import AskedNetwork
from ui.server.session import store
from ui.shared import kept, work
from ui.shared.errors import plain
from ui.shared.work import Question

WORDS = ["slope_direction", "direction", "novelty", "known", "tag"]
"""Columns of few words, kept as categories."""


@dataclass(frozen=True)
class Predicted:
    """A finished network; ``token`` tells it apart in caches."""

    asked: AskedNetwork
    scores: NetworkScores = field(repr=False)
    rule: DirectionRule
    token: str

    @property
    def notes(self) -> tuple[str, ...]:
        """What is unusual about the question, and why no direction is called where none is."""
        return tuple(dict.fromkeys([*self.asked.genes.notes, *self.asked.notes, *self.of_the_run]))

    @property
    def of_the_run(self) -> tuple[str, ...]:
        """Those that the recipe keeps, as ``ugrn network`` does."""
        why = (f"No direction is called: {self.rule.reason}.",) if self.rule.reason else ()
        return (*self.scores.notes, *why)


def predicted(asked: tuple[AskedNetwork, ...]) -> tuple[Predicted, ...] | None:
    """All networks that are asked for, or None while one is missing; then this place shows why.

    They start by a click, or at once where the store holds them and where the demo asks for them.
    """
    topic = ("networks", tuple(a.key for a in asked))
    work.turn_to(topic)
    slots = {f"network {number}": a for number, a in enumerate(asked)}
    costs = {slot: _estimate(slot, a) for slot, a in slots.items()}
    for slot, a in slots.items():
        if costs[slot].cached_share == 1 or keys.START_NOW in st.session_state:
            work.want(slot, a.key)
    st.session_state.pop(keys.START_NOW, None)
    if not all(work.wanted(slot, a.key) for slot, a in slots.items()):
        _offer(slots, costs)
        return None
    found = [_answer(slot, a, costs[slot], topic) for slot, a in slots.items()]
    if None in found:
        return None
    return tuple(p for p in found if p is not None)


def table_of(
    network: Predicted, prevalence: float, known: Collection[Edge] | None = None, known_token: str = ""
) -> pd.DataFrame:
    """The best :data:`LOOKED_AT` edges; ``known_token`` tells ``known`` apart."""
    return _table(network.token, prevalence, known_token, network, known)


def _offer(slots: dict[str, AskedNetwork], costs: dict[str, NetworkEstimate]) -> None:
    """What it costs and where it runs, and the button that starts it."""
    button, said = st.columns([2, 7], vertical_alignment="center")
    button.button(
        "Predict the network" if len(slots) == 1 else "Predict both networks",
        key=keys.PREDICT,
        type="primary",
        icon=":material/play_arrow:",
        width="stretch",
        on_click=_want,
        args=({slot: a.key for slot, a in slots.items()},),
    )
    lines = [f"{a.name}: {_size(a)}; {costs[slot].sentence()}" for slot, a in slots.items()]
    lines += dict.fromkeys(a.genes.report.sentence() for a in slots.values() if a.genes.report)
    said.caption("  \n".join(map(plain, filter(None, [*lines, _where(next(iter(slots.values())))]))))


def _want(wanted: dict[str, Hashable]) -> None:
    for slot, key in wanted.items():
        work.want(slot, key)


def _answer(slot: str, asked: AskedNetwork, cost: NetworkEstimate, topic: Hashable) -> Predicted | None:
    question = Question(
        asked.key,
        lambda progress, cancel: _job(asked, progress, cancel),
        f"Network of {asked.name}",
        max(cost.seconds, work.AT_ONCE),
        "cluster" if scheduler_address() else str(asked.backbone.device),
        about=_size(asked),
    )
    found = work.answer(slot, question, topic=topic)
    if found is None:
        return None
    scores, rule = found
    whose = repr((asked.key, kept.shelf().opened.state))  # nobody else sees what an opened session says
    return Predicted(asked, scores, rule, hashlib.sha256(whose.encode()).hexdigest())


def _job(asked: AskedNetwork, progress: Progress | None, cancel: Cancel | None) -> tuple[NetworkScores, DirectionRule]:
    backbone, translator = asked.backbone, asked.translator
    with cluster_executor() as executor:
        scores = predict_network(
            backbone, translator, asked.request, store(), executor=executor, progress=progress, cancel=cancel
        )
    return scores, direction_rule(backbone, translator, scores, cancel, store=store())


def _estimate(slot: str, asked: AskedNetwork) -> NetworkEstimate:
    """The cost as it was when this question came up; afterwards more of it is stored."""
    held = st.session_state.get(f"cost of {slot}")
    if held is None or held[0] != asked.key:
        held = asked.key, estimate_network(asked.backbone, asked.translator, asked.request, store())
        st.session_state[f"cost of {slot}"] = held
    return held[1]


def _size(asked: AskedNetwork) -> str:
    return f"{len(asked.request.sources):,} sources × {len(asked.request.targets):,} targets"


def _where(asked: AskedNetwork) -> str:
    """On which machine it will run; the address of a cluster comes from the environment alone."""
    address = scheduler_address()
    if address is not None:
        return f"It runs on the Dask cluster at {address}; seconds are those of this machine."
    device = describe_device(asked.backbone.device)
    if device.device == "cpu":
        return f"It runs on this machine (cpu, {device.threads} threads)."
    free = byte_words(free_bytes(asked.backbone.device))
    return f"It runs on this machine ({device.device}, {device.hardware}, {free} of its memory free)."


@st.cache_resource(max_entries=8, show_spinner="Sorting the edges")
def _table(
    token: str, prevalence: float, known_token: str, _network: Predicted, _known: Collection[Edge] | None
) -> pd.DataFrame:
    table = edge_table(
        _network.scores, _network.asked.translator, _network.rule, prevalence=prevalence, known=_known,
        limit=LOOKED_AT,
    )  # fmt: skip
    return table.astype(dict.fromkeys(WORDS, "category"))
