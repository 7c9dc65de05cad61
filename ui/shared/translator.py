"""The translator of a network: those that read curves of the model, the model's default first."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.network.blocks import translator_digest
from ugrn_core.translators.library import (
    DEFAULT_TRANSLATORS,
    Listed,
    find_translator,
    list_translators,
    load_translator,
)
from ugrn_core.translators.translator import Translator
from ui.server.session import library
from ui.shared.errors import NotYet


@dataclass(frozen=True)
class LoadedTranslator:
    """A translator of the library; ``digest`` tells apart everything its logits depend on."""

    translator: Translator
    digest: str


def fitting(backbone: Backbone) -> dict[str, Listed]:
    """Translators of this very model by name: its default, then those trained on most networks of most data sets."""
    found = [t for t in list_translators(library()) if t.fits(backbone)]
    default = DEFAULT_TRANSLATORS.get(backbone.card.name)
    return {t.name: t for t in sorted(found, key=lambda t: (t.name != default, *_breadth(t)))}


def choice(backbone: Backbone, label: str, key: str, *, other_than: str | None = None) -> None:
    """A select box of the fitting translators; a page without one says so, see :func:`chosen`."""
    known = fitting(backbone)
    names = [name for name in known if name != other_than] or list(known)
    if not names:
        return
    if st.session_state.get(key) not in names:
        st.session_state[key] = names[0]
    st.selectbox(
        label,
        names,
        key=key,
        persist_state="session",
        format_func=lambda name: _label(known[name]),
        help="It maps the curves of a pair to a probability, learnt from networks of other cells. The Translators "
        "page says how well each one does.",
    )


def chosen(backbone: Backbone, key: str) -> LoadedTranslator:
    """The translator a select box holds, the first one where there was no box yet."""
    known = fitting(backbone)
    if not known:
        raise NotYet(
            f"No translator reads curves of {backbone.card.name} yet. Choose another model in the sidebar, or train a "
            "translator for it on the Translators page."
        )
    name = st.session_state.get(key)
    return load(name if name in known else next(iter(known)))


def load(name: str) -> LoadedTranslator:
    """A translator of the library, kept in memory until its file changes."""
    weights = find_translator(name, library())
    return _load(str(weights), weights.stat().st_mtime)


@st.cache_resource(max_entries=8, show_spinner="Loading the translator")
def _load(file: str, stamp: float) -> LoadedTranslator:
    """``stamp`` changes when the file does."""
    translator = load_translator(file)
    return LoadedTranslator(translator, translator_digest(translator))


def _breadth(listed: Listed) -> tuple[int, str]:
    assert listed.card is not None
    return -len(listed.card.networks) * len(listed.card.train_sets), listed.name


def _label(listed: Listed) -> str:
    c = listed.card
    assert c is not None
    sets = ", ".join(c.train_sets) if len(c.train_sets) <= 2 else f"{len(c.train_sets)} data sets"
    alone = "two genes alone" if c.schema.context == "pair" else "all genes of a list"
    return f"{listed.name} · {c.schema.method} · {sets} · {alone}"
