"""Translators on disk: ``NAME.safetensors`` with ``NAME.json``; those shipped, and the user's own."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from ugrn_core.errors import InputError
from ugrn_core.paths import ASSETS, cache_folder
from ugrn_core.translators.mlp import TranslatorNet
from ugrn_core.translators.translator import Translator, TranslatorCard, card_from_json, card_json

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}")
MAX_BYTES = 50_000_000
HASHES = "pair_hashes"


@dataclass(frozen=True)
class Listed:
    """A translator that lies in a folder; ``problem`` is set where its card cannot be read."""

    name: str
    folder: Path
    shipped: bool
    card: TranslatorCard | None
    problem: str = ""


def shipped_folder() -> Path:
    """Folder of the translators that are part of the project."""
    return ASSETS / "translators"


def own_folder() -> Path:
    """Folder of the user's translators, below the cache folder."""
    return cache_folder() / "translators"


def list_translators() -> list[Listed]:
    """Every translator by name, the user's own first where both have a name."""
    found: dict[str, Listed] = {}
    for folder, shipped in ((own_folder(), False), (shipped_folder(), True)):
        for file in sorted(folder.glob("*.json")):
            if file.stem not in found and file.with_suffix(".safetensors").is_file():
                found[file.stem] = _listed(file, folder, shipped)
    return [found[name] for name in sorted(found)]


def save_translator(translator: Translator, folder: Path | None = None) -> Path:
    """Write both files (into the user's folder by default), the card last; returns the weights file.

    The same translator gives the same bytes. A name that is no file name is an InputError.
    """
    folder = own_folder() if folder is None else folder
    name = check_name(translator.card.name)
    tensors = tensors_of(translator)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        weights = folder / f"{name}.safetensors"
        _write(weights, save(tensors))
        text = json.dumps(card_json(translator.card), indent=1, allow_nan=False)
        _write(folder / f"{name}.json", f"{text}\n".encode())
    except OSError as error:
        raise InputError(f"The translator cannot be written to {folder}: {error}.") from error
    return weights


def load_translator(name_or_file: str | Path) -> Translator:
    """The translator of that name, or of that .safetensors file with its card beside it.

    Every tensor is accounted for; anything missing, left over or misshapen is an InputError.
    """
    weights = find_translator(name_or_file)
    card = read_card(weights.with_suffix(".json"))
    try:
        if weights.stat().st_size > MAX_BYTES:
            raise InputError(f"{weights} has {weights.stat().st_size:,} bytes; a translator has at most {MAX_BYTES:,}.")
        tensors = load(weights.read_bytes())
    except (OSError, SafetensorError) as error:
        raise InputError(f"{weights} cannot be read as a translator: {error}.") from error
    return from_tensors(card, tensors, str(weights))


def tensors_of(translator: Translator) -> dict[str, torch.Tensor]:
    """Everything of a translator but its card, by the names of its file."""
    tensors = {HASHES: torch.from_numpy(translator.pair_hashes.view(np.int64))}
    for part, nets in translator.nets.items():
        for seed, net in enumerate(nets):
            tensors |= {f"{part}.{seed}.{k}": v.detach().contiguous() for k, v in net.state_dict().items()}
    return tensors


def from_tensors(card: TranslatorCard, tensors: Mapping[str, torch.Tensor], origin: str) -> Translator:
    """The translator of :func:`tensors_of`; an InputError names their ``origin``."""
    left = dict(tensors)
    try:
        hashes = left.pop(HASHES).numpy().view(np.uint64)
        nets = {p: tuple(_net(left, f"{p}.{s}.") for s in range(card.seeds)) for p in card.schema.parts}
    except (KeyError, RuntimeError) as error:
        raise InputError(f"{origin} does not hold what its card says: {error}. Train it again.") from error
    if left:
        raise InputError(f"{origin} holds tensors its card does not know: {', '.join(sorted(left)[:3])}.")
    return Translator(card, nets, hashes)


def delete_translator(name: str) -> Path:
    """Delete one of the user's translators; a shipped one stays and is an InputError."""
    weights = own_folder() / f"{check_name(name)}.safetensors"
    if not weights.is_file():
        shipped = (shipped_folder() / weights.name).is_file()
        raise InputError(
            f"{name} is part of the project and stays." if shipped else f"{name} is not there. {_offered()}"
        )
    weights.with_suffix(".json").unlink(missing_ok=True)
    weights.unlink()
    return weights


def find_translator(name_or_file: str | Path) -> Path:
    """The weights file of a translator given by name, or by path; InputError where there is none."""
    given = Path(name_or_file).expanduser()
    if given.suffix == ".safetensors" and given.is_file():
        return given
    if NAME.fullmatch(str(name_or_file)):
        for folder in (own_folder(), shipped_folder()):
            if (folder / f"{name_or_file}.safetensors").is_file():
                return folder / f"{name_or_file}.safetensors"
    raise InputError(f"There is no translator {name_or_file!s}. {_offered()}")


def read_card(file: Path) -> TranslatorCard:
    """The card in a JSON file."""
    try:
        return card_from_json(json.loads(file.read_text("utf-8")))
    except (OSError, ValueError, InputError) as error:
        raise InputError(f"{file} cannot be read as the card of a translator: {error}.") from error


def check_name(name: str) -> str:
    """A name that can be a file name, or an InputError."""
    if not NAME.fullmatch(name):
        raise InputError(
            f"{name!r} cannot be the name of a translator: letters, digits, . _ + and - (64 at most, first a letter or "
            "digit)."
        )
    return name


def _net(tensors: dict[str, torch.Tensor], prefix: str) -> TranslatorNet:
    state = {k.removeprefix(prefix): tensors.pop(k) for k in list(tensors) if k.startswith(prefix)}
    net = TranslatorNet(len(state["mean"]))
    net.load_state_dict(state)
    return net.eval().requires_grad_(False)


def _listed(file: Path, folder: Path, shipped: bool) -> Listed:
    try:
        return Listed(file.stem, folder, shipped, read_card(file))
    except InputError as error:
        return Listed(file.stem, folder, shipped, None, str(error))


def _offered() -> str:
    names = [t.name for t in list_translators()]
    return f"There are {', '.join(names)}." if names else "There is none yet; make one with `ugrn translator train`."


def _write(file: Path, content: bytes) -> None:
    partial = file.with_name(f"{file.name}.partial")
    partial.write_bytes(content)
    partial.replace(file)
