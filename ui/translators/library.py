"""The translators there are: choose one, take it away, bring one in, delete one of one's own."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.translators.exchange import bring_in, packed
from ugrn_core.translators.library import DEFAULT_TRANSLATORS, Listed, delete_translator, list_translators
from ui.server.session import library, make_room_in_libraries
from ui.shared import address
from ui.shared.errors import plain, said_in_place
from ui.translators import keys

LOOK, TRAIN = "Look", "Train"
WELCOME = (
    "A translator is a small network that maps the curves of a gene pair to a logit: how much the pair looks like "
    "the edges it was trained on. What it says is a hypothesis."
)


def apply_url() -> None:
    """Fill the controls from an address that came from outside."""
    given = address.arrived("translator mode")
    if given.get("translator"):
        st.session_state[keys.TRANSLATOR] = given["translator"]
    if given.get("mode") in (LOOK.lower(), TRAIN.lower()):
        st.session_state[keys.TRANSLATOR_MODE] = given["mode"].title()


def write_address(mode: str) -> None:
    """The chosen translator, or the mode, in the address of the page."""
    chosen = st.session_state.get(keys.TRANSLATOR)
    address.put({"mode": mode.lower()} if mode == TRAIN else {"translator": chosen})


def mode_choice() -> str:
    """Look at a translator, or train one."""
    st.session_state.setdefault(keys.TRANSLATOR_MODE, LOOK)
    st.segmented_control(
        "What to do",
        [LOOK, TRAIN],
        key=keys.TRANSLATOR_MODE,
        persist_state="session",
        required=True,
        format_func={LOOK: ":material/description: Look", TRAIN: ":material/model_training: Train"}.__getitem__,
        label_visibility="collapsed",
    )
    return st.session_state[keys.TRANSLATOR_MODE]


def choose(backbone: Backbone) -> Listed | None:
    """The chosen translator; first the model's default, then others for it. None where its card cannot be read."""
    st.caption(WELCOME)
    default = DEFAULT_TRANSLATORS.get(backbone.card.name)
    order = sorted(list_translators(library()), key=lambda t: (not t.fits(backbone), t.name != default, t.name))
    found = {t.name: t for t in order}
    if st.session_state.get(keys.TRANSLATOR) not in found:
        if st.session_state.get(keys.TRANSLATOR):
            st.warning(
                plain(f"There is no translator {st.session_state[keys.TRANSLATOR]} here."), icon=":material/error:"
            )
        st.session_state[keys.TRANSLATOR] = next(iter(found), None)
    pick, bring = st.columns([5, 2], vertical_alignment="bottom")
    pick.selectbox(
        "Translator",
        list(found),
        key=keys.TRANSLATOR,
        persist_state="session",
        format_func=lambda name: _label(found[name], backbone),
    )
    with bring.popover("Bring one in", icon=":material/upload:", width="stretch"), said_in_place():
        _upload()
    with st.expander(f"All {len(found)} translators as a table"):
        st.dataframe(
            _table(found.values(), backbone), width="stretch", hide_index=True, alt="All translators with their cards"
        )
    chosen = found.get(st.session_state[keys.TRANSLATOR])
    if chosen is not None and chosen.card is None:
        st.error(plain(chosen.problem), icon=":material/error:")
        if not chosen.shipped:
            _delete_button(chosen.name)
        return None
    if chosen is not None and not chosen.fits(backbone):
        assert chosen.card is not None
        st.info(
            plain(
                f"{chosen.name} reads curves of {chosen.card.schema.backbone}. Choose that model in the sidebar to "
                "score pairs with it."
            ),
            icon=":material/info:",
        )
    return chosen


def files(chosen: Listed) -> None:
    """Download of both files, and deletion where the translator is the user's own."""
    st.subheader("Files", anchor=False)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            f"{chosen.name}.zip",
            data=lambda: packed(chosen),
            file_name=f"{chosen.name}.zip",
            mime="application/zip",
            on_click="ignore",
            icon=":material/download:",
            help="Weights (safetensors) and card (JSON)",
        )
        if chosen.shipped:
            st.caption("Part of the project; it stays.")
        else:
            _delete_button(chosen.name)
    st.code(
        f"ugrn translator show {chosen.name}\nugrn score --pairs pairs.csv --translator {chosen.name}", language="bash"
    )


def _delete_button(name: str) -> None:
    with st.popover("Delete", icon=":material/delete:"):
        st.markdown(f"Delete **{plain(name)}** for good?")
        st.button("Yes, delete it", key=keys.DELETE_TRANSLATOR, on_click=_delete, args=(name,))


def _upload() -> None:
    given = st.file_uploader(
        "Both files of a translator, or its zip",
        type=["safetensors", "json", "zip"],
        accept_multiple_files=True,
        max_upload_size=50,
        key=keys.TRANSLATOR_FILES,
    )
    replace = st.checkbox("Replace one of my own that has the same name")
    if st.button("Add", icon=":material/add:", disabled=not given):
        make_room_in_libraries(sum(f.size for f in given))
        name = bring_in([(f.name, f.getvalue()) for f in given], replace=replace, own=library())
        st.session_state[keys.NEXT_TRANSLATOR] = name
        st.toast(plain(f"{name} is added."))
    if st.session_state.get(keys.NEXT_TRANSLATOR):
        st.button("Show it", on_click=_show_next)


def _label(listed: Listed, backbone: Backbone) -> str:
    if listed.card is None:
        return f"{listed.name} (cannot be read)"
    c = listed.card
    sets = ", ".join(c.train_sets) if len(c.train_sets) <= 3 else f"{len(c.train_sets)} data sets"
    other = "" if listed.fits(backbone) else f" · for {c.schema.backbone}"
    return f"{listed.name} · {c.schema.method} · {sets}: {', '.join(c.networks)}{other}"


def _table(found, backbone: Backbone) -> pd.DataFrame:
    rows = []
    for t in found:
        c = t.card
        rows.append(
            {
                "name": t.name,
                "origin": "shipped" if t.shipped else "own",
                "fits the model": t.fits(backbone),
                "model": None if c is None else c.schema.backbone,
                "method": None if c is None else c.schema.method,
                "networks": None if c is None else ", ".join(c.networks),
                "data sets": None if c is None else ", ".join(c.train_sets),
                "mean held-out AUPRC": None
                if c is None or not c.metrics
                else round(sum(m.auprc for m in c.metrics) / len(c.metrics), 3),
                "problem": t.problem,
            }
        )
    return pd.DataFrame(rows)


def _delete(name: str) -> None:
    with said_in_place():
        delete_translator(name, library())
        st.session_state[keys.TRANSLATOR] = None
        st.toast(plain(f"{name} is deleted."))


def _show_next() -> None:
    st.session_state[keys.TRANSLATOR] = st.session_state.pop(keys.NEXT_TRANSLATOR)
