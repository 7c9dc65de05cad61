"""The view in the address of the page, so that it can be shared or loaded anew: what of it is small.

An address that came from outside (a link, the back button, another page) fills the controls; after that the controls
write the address. Values that are the model's own defaults are left out.
"""

from __future__ import annotations

import math
import time
from collections.abc import Hashable, Mapping
from typing import Any
from urllib.parse import quote, unquote

import streamlit as st

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.data.context import VARIABLE_GENES
from ugrn_core.errors import InputError
from ugrn_core.genes.gene_list import parse_gene_list
from ugrn_core.genes.text_file import read_text
from ugrn_core.jobs import JOBS
from ugrn_core.neighbourhood.run import NeighbourhoodRequest
from ugrn_core.pair import PairRequest
from ugrn_core.types import BackboneCard
from ui.shared import cells, contexts, kept, keys, models, settings, work

CHOICES = {
    "context": tuple(contexts.LABELS),
    "background": tuple(settings.BACKGROUNDS),
}
GENE_PAGE = "pages/gene.py"
ON_ITS_WAY = 1.5
"""Seconds in which an address that was written reaches the browser; Back is pressed later."""
MOST_GENES = 60
"""Genes of a pasted list that still go into an address."""


def read_url() -> None:
    """Notice an address that came from outside, and take model and example cells from it; before anything is drawn."""
    given = st.query_params.to_dict()
    if given == st.session_state.get(keys.ADDRESS) or _is_on_its_way(given):
        return
    st.session_state[keys.ADDRESS] = st.session_state[keys.ARRIVED] = given
    if given.get("model"):
        st.session_state[keys.MODEL] = given["model"]
        st.session_state.pop(keys.MODEL_NOT_HERE, None)
    if given.get("folder"):
        st.session_state[keys.MODEL_FOLDER] = given["folder"]
    if given.get("cells"):
        cells.read_url(given["cells"])


def _is_on_its_way(given: Mapping[str, str]) -> bool:
    """Whether the browser asked before the address that was written last had reached it: then it names one before.

    Taken for a link, that one would turn back what was clicked in the meantime.
    """
    return any(given == before for before, _ in _just_left())


def _just_left() -> list[tuple[Mapping[str, str], float]]:
    since = time.monotonic() - ON_ITS_WAY
    return [(before, at) for before, at in st.session_state.get(keys.ADDRESSES_LEFT, []) if at > since]


def arrived(*defaults: str) -> dict[str, str]:
    """The address that came from outside, once; empty where none did.

    One with a model is that of a whole view, in which what is usual was left out: these ``defaults`` of the session are
    forgotten first, so that Back restores a view and not a mixture of two. A page without an address is as it was left.
    """
    given = st.session_state.pop(keys.ARRIVED, {})
    if given.get("model"):
        for key in defaults:
            st.session_state.pop(key, None)
    return given


def cell_keys(card: BackboneCard) -> tuple[str, ...]:
    """Session keys of :func:`cell_words` that are at their defaults where an address leaves them out."""
    return ("context", "background", settings.base_key(card), settings.grid_key(card))


def apply_cell_url(given: Mapping[str, str], backbone: Backbone) -> None:
    """Fill what the explorer and the gene page share from an address: virtual cell, values, a job under way."""
    card, state = backbone.card, st.session_state
    if given.get("column"):
        state[keys.COLUMN] = given["column"]
    if given.get("levels"):
        state[keys.LEVELS] = parts(given["levels"])
    if given.get("variable"):
        state[keys.N_VARIABLE] = int(number("variable", given["variable"]))
    found = take_up_job(given.get("job", ""), backbone.fingerprint)
    _find_genes_again(found)
    if given.get("genes"):
        state[keys.GENE_TEXT] = list_of(given["genes"], of_job=found is not None)
    for name, allowed in CHOICES.items():
        if given.get(name):
            state[name] = one_of(name, given[name], allowed)
    if given.get("grid"):
        state[settings.grid_key(card)] = settings.written(settings.parse_values(given["grid"]))
    if given.get("base"):
        state[settings.base_key(card)] = number("base", given["base"])


def cell_words(card: BackboneCard) -> dict[str, Any]:
    """What of the address the explorer and the gene page share."""
    chosen, context = settings.read(card), contexts.kind()
    return {
        "base": settings.written((chosen.base,)) if chosen.base != card.base else "",
        "grid": settings.written(chosen.grid, ",") if chosen.grid != card.grid else "",
        "background": chosen.background if chosen.background != "fixed" else "",
        "context": context if context != contexts.PAIR else "",
        "genes": _listed() if context == contexts.GENES else "",
        **(_cells() if context == contexts.CELLS else {}),
        "job": work.unfinished_job(),
    }


def model_words() -> dict[str, str]:
    """The chosen model in an address."""
    state = st.session_state
    folder = state.get(keys.MODEL_FOLDER) if state.get(keys.MODEL) == models.OWN else ""
    return {name: str(value) for name, value in (("model", state.get(keys.MODEL)), ("folder", folder)) if value}


def go(page: str, words: Mapping[str, str], card: BackboneCard | None = None) -> None:
    """Another page, with the chosen model, and with a card in the virtual cell that is chosen."""
    cell = {} if card is None else {name: str(value) for name, value in cell_words(card).items() if value}
    cell.pop("job", None)
    st.switch_page(page, query_params=model_words() | cell | dict(words))


def open_gene(gene: str) -> None:
    """Go to the page of a gene, in the virtual cell that is chosen."""
    go(GENE_PAGE, {"gene": gene}, models.current().card)


def put(said: Mapping[str, Any]) -> None:
    """Make ``said``, without what is empty, the address of the page; the model comes first.

    Every page writes its address here: what is on its way to the browser is known in one place.
    """
    state = st.session_state
    now = model_words() | {name: str(value) for name, value in said.items() if value}
    if now != st.query_params.to_dict():
        st.query_params.from_dict(now)
    before = state.get(keys.ADDRESS)
    if now != before:
        state[keys.ADDRESSES_LEFT] = [*_just_left(), *([] if before is None else [(before, time.monotonic())])]
    state[keys.ADDRESS] = now
    work.addressed(now)


def _listed() -> str:
    """The genes of the virtual cell in an address: those pasted, or the list that was uploaded by its hash."""
    file = st.session_state.get(keys.GENE_FILE)
    return short_list("gene_text") if file is None else kept.shelf().put_text(read_text(file.getvalue()))


def _cells() -> dict[str, str]:
    state, word = st.session_state, cells.in_address()
    column = state.get(keys.COLUMN)
    if not word:
        return {}
    size = state.get(keys.N_VARIABLE)
    said = {"cells": word, "variable": str(size) if size not in (None, VARIABLE_GENES) else ""}
    if column and column != contexts.ALL_CELLS:
        said |= {"column": column, "levels": ",".join(map(quote, state.get(keys.LEVELS) or []))}
    return said


def short_list(key: str) -> str:
    """The gene list of a text field by its session key; a long one is kept, and its hash stands in the address."""
    text = st.session_state.get(key) or ""
    try:
        names = parse_gene_list(text)
    except InputError:  # said where the list is read
        return ""
    return ",".join(names) if len(names) <= MOST_GENES else kept.shelf().put_text(text)


def list_of(given: str, *, of_job: bool = False) -> str:
    """The text of a gene list in an address, by its names or by the hash of one that is kept.

    ``of_job``: nothing where it is not here, since a job in the address brings its genes.
    """
    if not given.startswith(kept.MARK):
        return ", ".join(parse_gene_list(given))
    return "" if of_job and kept.shelf().text(given) is None else kept_text(given)


def kept_text(given: str) -> str:
    """A list that is kept here; one that is not is an :class:`InputError`."""
    text = kept.shelf().text(given)
    if text is None:
        raise InputError("The list of this address is not kept here (any more): paste or upload it again.")
    return text


def take_up_job(job_id: str, fingerprint: str) -> Hashable:
    """Go on with a job of this model; its request, in which its genes are found again where the address cannot hold
    them. None where there is no such job."""
    job = JOBS.get(job_id)
    if job is None or not isinstance(job.key, tuple) or fingerprint not in job.key:
        return None
    work.take_up(job)
    return job.key[-1]


def _find_genes_again(request: Hashable) -> None:
    if isinstance(request, PairRequest | NeighbourhoodRequest) and request.context.kind != "pair":
        st.session_state[keys.KEPT_CONTEXT] = request.context


def parts(text: str) -> list[str]:
    """Words of a list in the address, which are quoted one by one."""
    return [unquote(part) for part in text.split(",")]


def one_of(name: str, value: str, allowed: tuple[str, ...]) -> str:
    """A value of the address that must be one of a few; an :class:`InputError` names them."""
    if value not in allowed:
        raise InputError(f"The address says {name}={value!r}; expected one of {', '.join(allowed)}.")
    return value


def number(name: str, value: str) -> float:
    """A finite number of the address; an :class:`InputError` says what stands there."""
    try:
        found = float(value)
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise InputError(f"The address says {name}={value!r}; expected a number.")
    return found
