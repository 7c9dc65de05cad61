"""The model of this session: the choice in the sidebar, what it is, and the loaded backbone behind it."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.backbones.registry import BACKBONES, load_backbone, status
from ugrn_core.pinned import stamp_of
from ui.server.folders import paths_welcome, typed_folder
from ui.shared import keys
from ui.shared.errors import NotYet, plain, said_in_place

OWN = "own"
"""Choice of a checkpoint folder that the user names."""


def choose() -> None:
    """The select box of models, with a field for a folder of one's own."""
    names = available() + ([OWN] if paths_welcome() else [])
    asked = st.session_state.get(keys.MODEL)
    if asked not in names:
        st.session_state[keys.MODEL] = names[0]
        if asked:
            st.session_state[keys.MODEL_NOT_HERE] = str(asked)
    st.selectbox("Model", names, key=keys.MODEL, format_func=_label, on_change=_forget_the_missing)
    if missing := st.session_state.get(keys.MODEL_NOT_HERE):
        st.warning(plain(f"{missing}, which the address asks for, is not here. This is {names[0]} instead."))
    if st.session_state[keys.MODEL] == OWN:
        st.text_input(
            "Checkpoint folder",
            key=keys.MODEL_FOLDER,
            persist_state="session",
            placeholder="a folder with args.json, vocab.json and weights",
            help="An official scGPT checkpoint, or one in the scBenchmark layout. Weights are read as tensors only.",
        )
    _choose_device()


def _forget_the_missing() -> None:
    st.session_state.pop(keys.MODEL_NOT_HERE, None)


def _choose_device() -> None:
    """A select box of devices, where there is more than the processor."""
    from ugrn_core.backbones.devices import choose_device, devices

    there = devices()
    if len(there) < 2:
        return
    if st.session_state.get(keys.DEVICE) not in there:
        st.session_state[keys.DEVICE] = str(choose_device())
    st.selectbox(
        "Compute on",
        there,
        key=keys.DEVICE,
        persist_state="session",
        format_func=_device_label,
        help="Results agree to rounding on all of them, and what is stored is used whoever computed it.",
    )


def to_processor() -> None:
    """Compute on the processor from now on."""
    st.session_state[keys.DEVICE] = "cpu"


def describe() -> None:
    """A caption on the chosen model: how large, in which unit, on which device. Loads it, so it comes last."""
    with said_in_place():
        backbone = current()
        st.caption(facts(backbone))


def facts(backbone: Backbone) -> str:
    """One line on a loaded backbone."""
    from ugrn_core.backbones.devices import describe_device

    card, device = backbone.card, describe_device(backbone.device)
    threads = (
        f", {device.threads} {'thread' if device.threads == 1 else 'threads'}"
        if device.device == "cpu"
        else f" ({device.hardware})"
    )
    kind = "Closed form" if card.layout == "toy" else "Small embedded model" if card.embedded else "Your own weights"
    if card.name in BACKBONES and BACKBONES[card.name].kind == "fetchable":
        kind = "Downloaded weights"
    made = "" if card.objective == "none" else f" · {card.objective}"
    return f"{kind}{made} · {len(backbone.vocabulary):,} genes · values in {card.unit} · {device.device}{threads}"


def current() -> Backbone:
    """The chosen backbone; a :class:`UGRNError` where it cannot be loaded."""
    name = st.session_state.get(keys.MODEL)
    if name != OWN:
        return load(str(name))
    text = st.session_state.get(keys.MODEL_FOLDER, "").strip()
    if not text:
        raise NotYet("No checkpoint folder is given yet: type its path in the sidebar, or choose another model.")
    folder = typed_folder(text)
    return _load(str(folder), _stamp(folder), st.session_state.get(keys.DEVICE))


def available() -> list[str]:
    """Names of the models of the registry that are here."""
    return [s.name for s in status() if s.available]


def of_real_cells() -> list[str]:
    """Choices that are models of real cells."""
    return [name for name in available() if BACKBONES[name].kind in ("embedded", "fetchable")] + [OWN]


def load(name: str) -> Backbone:
    """A model of the registry beside the chosen one."""
    folder = BACKBONES[name].folder if name in BACKBONES else None
    return _load(name, () if folder is None else _stamp(folder), st.session_state.get(keys.DEVICE))


def first_choice() -> Backbone:
    """The model that every session begins with, loaded for all of them; asks for no session."""
    from ugrn_core.backbones.devices import choose_device, devices

    name = available()[0]
    folder = BACKBONES[name].folder
    return _load(name, () if folder is None else _stamp(folder), str(choose_device()) if len(devices()) > 1 else None)


def command_name(backbone: Backbone) -> str:
    """What ``--backbone`` is called with to get this model again."""
    if st.session_state.get(keys.MODEL) == OWN:
        return st.session_state[keys.MODEL_FOLDER].strip()
    return backbone.card.name


@st.cache_resource(max_entries=3, show_spinner="Loading the model")
def _load(name: str, stamp: tuple[object, ...], device: str | None) -> Backbone:
    """``stamp`` changes when the files of a folder do."""
    return load_backbone(name, device)


def _stamp(folder: Path) -> tuple[object, ...]:
    """Names, sizes and times of the files of a folder."""
    files = sorted(f for f in folder.glob("*") if f.is_file() and not f.name.startswith("."))
    return tuple((f.name, *stamp_of(f)) for f in files)


def _device_label(device: str) -> str:
    return "This machine's processor" if device == "cpu" else f"GPU ({device})"


def _label(name: str) -> str:
    return "A checkpoint folder" if name == OWN else BACKBONES[name].label.partition(" (")[0]
