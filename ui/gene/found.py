"""The neighbourhood of a gene as far as it is there: factors first, then all genes, then what is special to pairs."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from functools import cache

import streamlit as st

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.beeline.networks import Edge
from ugrn_core.beeline.registry import missing_networks
from ugrn_core.gene_effects.effects import GeneEffects, estimate_effects, gene_effects
from ugrn_core.gene_effects.shipped import shipped_effects
from ugrn_core.jobs import FILES
from ugrn_core.neighbourhood.run import (
    Neighbourhood,
    NeighbourhoodRequest,
    estimate_neighbourhood,
    neighbourhood,
    with_effects,
)
from ugrn_core.neighbourhood.table import edges_by_gene
from ugrn_core.types import SweepSettings
from ui.gene import keys, state
from ui.server.session import store
from ui.shared import kept, work
from ui.shared.work import Question

KNOWN_SECONDS = 10.0
"""Seconds announced for reading BEELINE's networks."""


@dataclass(frozen=True)
class Found:
    """``complete``: all genes that can be asked about are there; ``known`` None: no network was looked at."""

    neighbourhood: Neighbourhood
    complete: bool
    known: Mapping[Edge, str] | None


def find(backbone: Backbone, request: NeighbourhoodRequest) -> Found | None:
    """What is there; what is not yet shows its progress, or a button that starts it, at this place of the page."""
    topic = ("gene", backbone.fingerprint, request)
    work.turn_to(topic)
    few = replace(request, reach="factors")
    first = _answer("gene factors", backbone, few, "transcription factors", topic)
    if first is None:
        return None
    whole = None
    if request.context.kind == "pair" or st.session_state.get(keys.ALL):
        words = "all genes" if request.context.kind == "pair" else "all genes as sources"
        whole = _answer("gene all", backbone, request, words, topic)
    best = whole or first
    if request.context.kind == "pair":
        effects = _effects(backbone, request.settings, topic)
        if effects is not None:
            raw = best
            told = ("specific to pairs", backbone.fingerprint, raw.request, len(effects.reference))
            best = work.shared(told, lambda: with_effects(raw, effects))
    return Found(best, whole is not None, _known(request.gene))


def _answer(
    slot: str, backbone: Backbone, request: NeighbourhoodRequest, words: str, topic: object
) -> Neighbourhood | None:
    return work.answer(
        slot,
        Question(
            ("neighbourhood", backbone.fingerprint, request),
            lambda progress, cancel: neighbourhood(backbone, request, store(), progress=progress, cancel=cancel),
            f"{request.gene} with {words}",
            lambda: estimate_neighbourhood(backbone, request, store()).seconds,
            str(backbone.device),
        ),
        topic=topic,  # pyright: ignore[reportArgumentType]
    )


def _effects(backbone: Backbone, settings: SweepSettings, topic: object) -> GeneEffects | None:
    """Gene-level effects: shipped, or computed once for a model and its settings, where the rank asks for them."""
    found = shipped_effects(backbone, settings)
    if found is not None:
        return found
    cost = estimate_effects(backbone, settings, store())
    if cost.cached_share == 1.0:
        return _kept_effects(backbone.fingerprint, settings, kept.shelf().opened.state, backbone)
    if state.rank() != "specific":
        return None
    return work.answer(
        "gene effects",
        Question(
            ("gene effects", backbone.fingerprint, settings),
            lambda progress, cancel: gene_effects(backbone, settings, store(), progress=progress, cancel=cancel),
            "What every gene does to others, once for this model and these values",
            max(work.AT_ONCE, cost.seconds),
            str(backbone.device),
        ),
        topic=topic,  # pyright: ignore[reportArgumentType]
    )


@st.cache_resource(max_entries=4, show_spinner=False)
def _kept_effects(fingerprint: str, settings: SweepSettings, opened: Hashable, _backbone: Backbone) -> GeneEffects:
    """``fingerprint`` stands for the model in the key of the cache, ``opened`` for what sessions brought."""
    return gene_effects(_backbone, settings, store())


def _known(gene: str) -> Mapping[Edge, str] | None:
    """BEELINE's edges of a gene; None while they are read, and where they are not there."""
    if missing_networks():
        return None
    if not _edges.cache_info().currsize:
        question = Question(("known edges",), lambda _p, _c: len(_edges()), "Known networks", KNOWN_SECONDS, FILES)
        if work.answer("gene known", question) is None:
            return None
    return _edges().get(gene, {})


@cache
def _edges() -> Mapping[str, Mapping[Edge, str]]:
    return edges_by_gene() or {}
