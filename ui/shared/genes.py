"""Fields for genes, found by typing among all symbols of a model; transcription factors are marked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import streamlit as st
from streamlit.components.v2 import component

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.company import MOST_COMPANIONS
from ugrn_core.genes.resolve import resolve_one
from ugrn_core.genes.tables import everyday_names, former_symbols
from ugrn_core.genes.tfs import is_tf
from ugrn_core.paths import ASSETS
from ugrn_core.types import Vocabulary
from ui.shared import keys

HELP = "Type a few letters and choose. Enter takes a whole symbol or name (p53, OCT4), an Ensembl id or a mouse symbol."
MOST_TARGETS = 6


@dataclass(frozen=True)
class Field:
    """A field: its key in the session, its label, and how many genes it takes."""

    name: str
    label: str
    most: int = 1


SOURCE = Field("source", "Source: the gene that is moved")
TARGET = Field("target", "Target: the gene that is read")
GENE = Field("gene", "Gene")
TARGETS = Field("targets", "Targets: the genes that are read", MOST_TARGETS)
COMPANY = Field("company", "Further genes in the virtual cell, up to three", MOST_COMPANIONS)


def gene_fields(
    backbone: Backbone, fields: tuple[Field, ...], redraw: Callable[[], None], *, further: bool = False
) -> None:
    """Draw ``fields`` side by side; a choice goes to the session under the field's name, then ``redraw`` is called.

    ``further`` fields stand below others of the same page, which have been given the genes to search already.

    A field of one gene holds its text or None, a field of several a list. What was typed may be no symbol: see
    :func:`symbol_of`.
    """
    genes, tfs, names = ("", "", "") if further else search_texts(backbone)
    key = keys.FURTHER_GENE_FIELDS if further else keys.GENE_FIELDS
    shown = [{"name": f.name, "label": f.label, "help": HELP, "values": _values(f), "most": f.most} for f in fields]

    def take() -> None:
        chosen = st.session_state[key]["chosen"] or {}
        for field in fields:
            given = chosen.get(field.name) or []
            st.session_state[field.name] = given if field.most > 1 else (given[0] if given else None)
        redraw()

    swap = len(fields) == 2 and all(field.most == 1 for field in fields)
    data = {"genes": genes, "tfs": tfs, "names": names, "fields": shown, "swap": swap}
    _component()(key=key, data=data, on_chosen_change=take)


def search_texts(backbone: Backbone) -> tuple[str, str, str]:
    """What the fields search: symbols, the transcription factors among them, everyday names; a line each."""
    named = backbone.fingerprint, backbone.vocabulary
    return (*_texts(*named), _everyday(*named))


def symbol_of(typed: str, backbone: Backbone) -> str:
    """Symbol of a chosen or typed name; another spelling is said, an unknown one is a GeneError."""
    symbol = resolve_one(typed, backbone.vocabulary)
    if symbol != typed:
        st.caption(f"{typed} is {symbol} here.")
    return symbol


def _values(field: Field) -> list[str]:
    held = st.session_state.get(field.name)
    return list(held or [])[: field.most] if field.most > 1 else [held] if held else []


@cache
def _component() -> Callable[..., object]:
    """The component of ``assets/gene_fields.js``, registered on first use."""
    script, style = ((ASSETS / f"gene_fields.{kind}").read_text("utf-8") for kind in ("js", "css"))
    return component("gene_fields", html='<div class="gene-fields"></div>', css=style, js=script)


@st.cache_resource(max_entries=4, show_spinner=False)
def _texts(fingerprint: str, _vocabulary: Vocabulary) -> tuple[str, str]:
    """Symbols of a vocabulary and the transcription factors among them, each one a line, sorted."""
    symbols = sorted(_vocabulary.symbols)
    return "\n".join(symbols), "\n".join(s for s in symbols if is_tf(s))


@st.cache_resource(max_entries=4, show_spinner=False)
def _everyday(fingerprint: str, _vocabulary: Vocabulary) -> str:
    """Everyday names of genes, a name a line with the symbols of the vocabulary that it means."""
    meant = {**former_symbols(), **everyday_names()}
    here = ((key, [s for s in genes if s in _vocabulary]) for key, genes in meant.items())
    return "\n".join(f"{key}\t{','.join(genes)}" for key, genes in here if genes)
