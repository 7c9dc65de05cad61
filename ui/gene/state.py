"""What the Gene page is asked, in the session and in the address."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from ugrn_core.added_genes import with_genes
from ugrn_core.backbones.backbone import Backbone
from ugrn_core.neighbourhood.run import SIDES, NeighbourhoodRequest, Side
from ugrn_core.neighbourhood.table import RANKS, Rank
from ui.gene import keys
from ui.shared import address, contexts, settings, translator
from ui.shared.errors import NotYet
from ui.shared.genes import symbol_of

SIDE_LABELS: dict[Side, str] = {"source": "As source", "target": "As target"}
RANK_LABELS: dict[Rank, str] = {"specific": "Pair-specific", "response": "As predicted", "score": "Translator"}


@dataclass(frozen=True)
class GeneQuestion:
    """One gene in one virtual cell; ``choice`` says where the cell comes from, ``notes`` what was added to it."""

    request: NeighbourhoodRequest
    choice: contexts.ContextChoice
    notes: tuple[str, ...]


def side() -> Side:
    """Which side is shown: the gene as source, or as target."""
    return st.session_state.get(keys.SIDE) or "source"


def rank() -> Rank:
    """By what the rows are ranked."""
    return st.session_state.get(keys.RANK) or "specific"


def factors_only() -> bool:
    """Whether transcription factors alone are shown: by itself so where they move the gene."""
    return bool(st.session_state.get(f"{keys.FACTORS} {side()}", side() == "target"))


def read(backbone: Backbone) -> GeneQuestion:
    """The question by the controls; an error for the user says what is still missing."""
    typed = st.session_state.get(keys.GENE)
    if not typed:
        raise NotYet("Choose a gene above to see what the model links to it.")
    choice = contexts.read(backbone)
    gene, chosen = symbol_of(str(typed), backbone), settings.read(backbone.card)
    whole, notes = with_genes(choice.main, [gene], chosen.base)
    return GeneQuestion(NeighbourhoodRequest(gene, whole, chosen), choice, tuple(notes))


def apply_url(backbone: Backbone) -> None:
    """Fill the controls from an address that came from outside."""
    factors, usual = [f"{keys.FACTORS} {end}" for end in SIDES], address.cell_keys(backbone.card)
    mine, state = (keys.SIDE, keys.RANK, keys.TEXT, keys.OWN, keys.TRANSLATOR, keys.ALIKE), st.session_state
    given = address.arrived(*mine, *factors, *usual)
    if given.get("gene"):
        state[keys.GENE] = given["gene"]
        state.pop(keys.ALIKE, None)
    for name, key, allowed in (("side", keys.SIDE, SIDES), ("rank", keys.RANK, RANKS)):
        if given.get(name):
            state[key] = address.one_of(name, given[name], allowed)
    if given.get("factors"):
        state[f"{keys.FACTORS} {side()}"] = address.one_of("factors", given["factors"], ("yes", "no")) == "yes"
    for name, key in (("text", keys.TEXT), ("translator", keys.TRANSLATOR), ("alike", keys.ALIKE)):
        if given.get(name):
            state[key] = given[name]
    if given.get("only"):
        state[keys.OWN] = given["only"].replace(",", ", ")
    address.apply_cell_url(given, backbone)


def write(backbone: Backbone) -> None:
    """Put the controls into the address."""
    state = st.session_state
    first = next(iter(translator.fitting(backbone)), "")
    words: dict[str, Any] = {
        "gene": state.get(keys.GENE),
        "side": side() if side() != "source" else "",
        "rank": rank() if rank() != "specific" else "",
        "factors": ("yes" if factors_only() else "no") if factors_only() != (side() == "target") else "",
        "text": (state.get(keys.TEXT) or "").strip(),
        "only": address.short_list(keys.OWN),
        "translator": state.get(keys.TRANSLATOR) if rank() == "score" and state.get(keys.TRANSLATOR) != first else "",
        "alike": state.get(keys.ALIKE),
    }
    address.put(words | address.cell_words(backbone.card))


def forget_alike(redraw: Callable[[], None]) -> Callable[[], None]:
    """A callback that goes back to the ranks."""

    def forget() -> None:
        st.session_state.pop(keys.ALIKE, None)
        redraw()

    return forget
