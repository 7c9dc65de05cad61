"""The network page in its address: genes, what is asked of them, and what is shown, as far as that is small.

An address that came from outside fills the controls; after that the controls write the address. Defaults are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.data.context import VARIABLE_GENES
from ugrn_core.errors import InputError
from ugrn_core.network.question import CELL_CHOICES, NetworkRequest
from ui.network import edge as network_edge
from ui.network import filters, keys, known_edges, question
from ui.network import genes as network_genes
from ui.network import views as network_views
from ui.shared import cells, contexts, example, kept, work
from ui.shared.address import arrived, kept_text, list_of, put, short_list, take_up_job


@dataclass(frozen=True)
class AddressEntry:
    """A value of the address: its session key, its default, and the values it may take, any where there are none."""

    key: str
    default: Any = None
    allowed: tuple[str, ...] = ()
    read: Callable[[str], Any] = str


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InputError(f"The address says {text!r} where a number is expected.") from None


def _share(text: str) -> float:
    low, high = filters.PREVALENCES
    if not low <= (share := _number(text)) <= high:
        raise InputError(f"The address says prevalence={text!r}; expected a share from {low:g} to {high:g}.")
    return share


def _count(text: str) -> int:
    return int(_number(text))


def _several(text: str) -> list[str]:
    return [word for word in text.split(",") if word]


CONTROLS: Mapping[str, AddressEntry] = {
    "mode": AddressEntry(keys.MODE, question.ONE, question.MODES),
    "against": AddressEntry(keys.AGAINST, question.GROUPS, tuple(question.AGAINST)),
    "from": AddressEntry(keys.FROM, network_genes.LIST, tuple(network_genes.LABELS)),
    "translator": AddressEntry(keys.TRANSLATOR),
    "to_translator": AddressEntry("net translator b"),
    "to_model": AddressEntry(keys.MODEL_B),
    "column": AddressEntry(keys.COLUMN, contexts.ALL_CELLS),
    "level": AddressEntry("net level"),
    "variable": AddressEntry(keys.VARIABLE, VARIABLE_GENES, read=_count),
    "to_level": AddressEntry("net level b"),
    "prevalence": AddressEntry(keys.ASKED_PREVALENCE, read=_share),
    "known": AddressEntry(keys.KNOWN, known_edges.BEELINE, tuple(known_edges.LABELS)),
    "rule": AddressEntry(keys.RULE, filters.FDR, tuple(filters.RULES)),
    "fdr": AddressEntry(keys.FDR, 0.5, read=_number),
    "probability": AddressEntry(keys.PROBABILITY, 0.05, read=_number),
    "best": AddressEntry(keys.BEST, 100, read=_count),
    "tags": AddressEntry("net tags", (), read=_several),
    "slopes": AddressEntry("net slopes", (), read=_several),
    "near": AddressEntry(keys.NEAR),
    "steps": AddressEntry(keys.STEPS, 1, read=_count),
    "per_source": AddressEntry(keys.PER_SOURCE, 0, read=_count),
    "search": AddressEntry(keys.SEARCH, (), read=_several),
    "why": AddressEntry(keys.WHY, False, ("yes",), lambda text: text == "yes"),
    "view": AddressEntry(keys.VIEW, network_views.GRAPH, tuple(network_views.VIEWS)),
}
ONLY_IN_TWO = ("against", "to_translator", "to_model", "to_level")
ONLY_OF_CELLS = ("column", "level", "variable", "to_level")


def apply_url(backbone: Backbone) -> None:
    """Fill the controls from an address that came from outside; an :class:`InputError` names a value without sense."""
    cells_of = [question.cell_key(origin) for origin in network_genes.LABELS]
    of_page = [entry.key for entry in CONTROLS.values()]
    given, state = arrived(*of_page, *cells_of, keys.EDGE), st.session_state
    request = take_up_job(given.get("job", ""), backbone.fingerprint)
    of_job = isinstance(request, NetworkRequest)
    if of_job:
        state[keys.KEPT] = request
    if given.get("genes"):
        listed = given["genes"]
        state[keys.GENES] = example.NETWORK if listed == example.GENES else list_of(listed, of_job=of_job)
    if given.get("sources"):
        named = list_of(given["sources"], of_job=of_job)
        state[keys.SOURCES], state[keys.SOURCES_FROM] = named, question.CHOSEN
    if given.get("edges"):
        state[keys.KNOWN_TEXT] = state[keys.KNOWN_GIVEN] = kept_text(given["edges"])
    for name, entry in CONTROLS.items():
        if given.get(name):
            if entry.allowed and given[name] not in entry.allowed:
                raise InputError(
                    f"The address says {name}={given[name]!r}; expected one of {', '.join(entry.allowed)}."
                )
            state[entry.key] = entry.read(given[name])
    if given.get("prevalence") or given.get("model"):
        filters.forget_prevalences()
    if given.get("cell") in CELL_CHOICES:
        state[question.cell_key()] = given["cell"]
    source, arrow, target = given.get("edge", "").partition(">")
    if arrow:
        network_edge.choose((source, target))


def write() -> None:
    """Put the controls into the address, and the job that is under way."""
    state, origin = st.session_state, network_genes.origin()
    left_out = (*(() if question.mode() == question.TWO else ONLY_IN_TWO),
                *(() if origin == network_genes.CELLS else ONLY_OF_CELLS))  # fmt: skip
    said = {name: _written(entry) for name, entry in CONTROLS.items() if name not in left_out}
    cell, edge = question.cell(), network_edge.chosen()
    said |= {
        "genes": _genes() if origin == network_genes.LIST else "",
        "edges": _edges() if state.get(keys.KNOWN) == known_edges.OWN else "",
        "sources": short_list(keys.SOURCES) if state.get(keys.SOURCES_FROM) == question.CHOSEN else "",
        "cell": cell if origin != network_genes.RECIPE and cell != question.cell_default() else "",
        "cells": cells.in_address(),
        "edge": ">".join(edge) if edge else "",
        "job": work.unfinished_job(),
    }
    put(said)


def _written(entry: AddressEntry) -> str:
    value = st.session_state.get(entry.key)
    if value is None or value == entry.default or value == []:
        return ""
    if entry.read is _several:
        return ",".join(value)
    if value is True:
        return "yes"
    return f"{value:.9g}" if isinstance(value, int | float) else str(value)


def _genes() -> str:
    """The list, or the word for that of the example, which is too long for an address; one from a file by its hash."""
    uploaded = st.session_state.get(keys.UPLOADED)
    if uploaded is not None:
        return kept.shelf().put_text(uploaded[1])
    if st.session_state.get(keys.GENES, "").replace(",", " ").split() == example.NETWORK.split():
        return example.GENES
    return short_list(keys.GENES)


def _edges() -> str:
    given = st.session_state.get(keys.KNOWN_GIVEN) or ""
    return kept.shelf().put_text(given) if given.strip() else ""
