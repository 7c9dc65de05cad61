"""Translators on disk: ``NAME.safetensors`` with ``NAME.json``; those shipped, and the user's own.

Files of one's own may be anything: what cannot be read is listed as such and can be deleted. Where several people use
one server, each has a library of their own; functions take its folder as ``own``, by default the user's.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.errors import InputError
from ugrn_core.methods.catalogue import READINGS
from ugrn_core.paths import ASSETS, cache_folder, user_path
from ugrn_core.translators.kinds import KINDS
from ugrn_core.translators.mlp import TranslatorNet
from ugrn_core.translators.names import NAME, check_name
from ugrn_core.translators.schema import FeatureSchema
from ugrn_core.translators.translator import MOST_BYTES as MOST_CARD_BYTES
from ugrn_core.translators.translator import Translator, TranslatorCard, card_from_json, card_json
from ugrn_core.whole_files import whole_folder

MAX_BYTES = 50_000_000
MOST_OWN = 500
LARGEST_WEIGHT = 1e6
HASHES = "pair_hashes"
DEFAULT_TRANSLATORS = {
    "ugrn-mini-3": "hESC-STRING-class-3",
    "ugrn-mini-2": "hESC-STRING-class-2",
    "ugrn-mini-log1p-2": "all-sets-log1p-2",
    "ugrn-mini": "all-sets",
    "ugrn-mini-log1p": "all-sets-log1p",
}
"""The project's own translator of each embedded model."""


@dataclass(frozen=True)
class Listed:
    """A translator that lies in a folder; ``problem`` says why one cannot be used, and there is no card then."""

    name: str
    folder: Path
    shipped: bool
    card: TranslatorCard | None
    problem: str = ""

    def fits(self, backbone: Backbone) -> bool:
        """Whether it was trained on features of this very model."""
        return self.card is not None and self.card.schema.fingerprint == backbone.fingerprint


def shipped_folder() -> Path:
    """Folder of the translators that are part of the project."""
    return ASSETS / "translators"


def own_folder() -> Path:
    """Folder of the user's translators, below the cache folder."""
    return cache_folder() / "translators"


def check_place(name: str, folder: Path | None = None) -> Path:
    """The folder a translator can be kept in (the user's by default), or an InputError.

    One of one's own has no name of the project's in any letter case, and none that another file has in another case.
    """
    folder = _own(folder)
    if folder.resolve() == shipped_folder().resolve():
        check_name(name)
    else:
        _check_own(name, _shipped_names())
    there = _stems(folder)
    clash = next((stem for stem in there if stem.casefold() == name.casefold() and stem != name), None)
    if clash is not None:
        raise InputError(f"{name} and {clash} would be one file on some systems. Give it another name.")
    if len(there) >= MOST_OWN and name not in there:
        raise InputError(f"There are {len(there)} translators in {folder} already, {MOST_OWN} at most. Delete some.")
    return folder


def list_translators(own: Path | None = None) -> list[Listed]:
    """Every translator by name; what cannot be used, such as one's own with a name of the project's, says why."""
    shipped = _shipped_names()
    found = {stem: _listed(shipped_folder(), stem, None) for stem in shipped.values()}
    found |= {listed.name: listed for listed in _own_ones(own).values()}
    return [found[name] for name in sorted(found)]


def save_translator(translator: Translator, folder: Path | None = None) -> Path:
    """Write both files (into the user's folder by default), the card last; returns the weights file.

    The same translator gives the same bytes. A name that is no file name, or one of the project's, is an InputError.
    """
    name = translator.card.name
    folder = check_place(name, folder)
    tensors = tensors_of(translator)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(card_json(translator.card), indent=1, allow_nan=False)
        with whole_folder(folder, (f"{name}.safetensors", f"{name}.json")) as written:
            (written / f"{name}.safetensors").write_bytes(save(tensors))
            (written / f"{name}.json").write_bytes(f"{text}\n".encode())
    except OSError as error:
        raise InputError(f"The translator cannot be written to {folder}: {error}.") from error
    return folder / f"{name}.safetensors"


def load_translator(name_or_file: str | Path, own: Path | None = None) -> Translator:
    """The translator of that name, or of that .safetensors file with its card beside it.

    Every tensor is accounted for; anything missing, left over, misshapen or not finite is an InputError.
    """
    weights = find_translator(name_or_file, own)
    try:
        card = read_card(weights.with_suffix(".json"))
        if str(name_or_file) == weights.stem != card.name:
            raise InputError(f"its card is that of {card.name}.")
        return open_tensors(card, _content(weights, MAX_BYTES), weights.name)
    except InputError as error:
        raise InputError(f"{weights} cannot be read as a translator: {error}") from error


def tensors_of(translator: Translator) -> dict[str, torch.Tensor]:
    """Everything of a translator but its card, by the names of its file."""
    tensors = {HASHES: torch.from_numpy(translator.pair_hashes.view(np.int64))}
    for part, nets in translator.nets.items():
        for seed, net in enumerate(nets):
            tensors |= {f"{part}.{seed}.{k}": v.detach().contiguous() for k, v in net.state_dict().items()}
    return tensors


def open_tensors(card: TranslatorCard, content: bytes, origin: str) -> Translator:
    """The translator of a card and its safetensors file in memory; an InputError names their ``origin``."""
    if len(content) > MAX_BYTES:
        raise InputError(f"{origin} has {len(content):,} bytes; a translator has at most {MAX_BYTES:,}.")
    try:
        tensors = load(content)
    except (SafetensorError, ValueError, LookupError, TypeError) as error:
        raise InputError(f"{origin} is not a whole file of tensors: {str(error)[:200]}.") from error
    return from_tensors(card, tensors, origin)


def from_tensors(card: TranslatorCard, tensors: Mapping[str, torch.Tensor], origin: str) -> Translator:
    """The translator of :func:`tensors_of`; an InputError names their ``origin``."""
    expected = {f"{p}.{s}.": _width(card.schema, p, tensors) for p in card.schema.parts for s in range(card.seeds)}
    left = dict(tensors)
    hashes = left.pop(HASHES, torch.empty(()))
    if hashes.dtype != torch.int64 or hashes.dim() != 1:
        raise InputError(f"{origin} does not hold what its card says: no list {HASHES}. Train it again.")
    nets: dict[str, tuple[TranslatorNet, ...]] = {}
    for prefix, width in expected.items():
        part = prefix.partition(".")[0]
        nets[part] = (*nets.get(part, ()), _net(left, prefix, width, KINDS[card.kind].hidden, origin))
    if left:
        raise InputError(f"{origin} holds tensors its card does not know: {', '.join(sorted(left)[:3])[:200]}.")
    return Translator(card, nets, np.unique(hashes.numpy().view(np.uint64)))


def delete_translator(name: str, own: Path | None = None) -> Path:
    """Delete one of the user's translators, readable or not; a shipped one stays and is an InputError."""
    stems = [stem for stem, listed in _own_ones(own).items() if listed.name == name]
    if not stems:
        shipped = name in _shipped_names().values()
        raise InputError(
            f"{name} is part of the project and stays." if shipped else f"{name[:100]!r} is not there. {_offered(own)}"
        )
    weights = _own(own) / f"{stems[0]}.safetensors"
    try:
        for file in (_own(own) / f"{stems[0]}.json", weights):
            file.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(f"{name} cannot be deleted: {error}.") from error
    return weights


def find_translator(name_or_file: str | Path, own: Path | None = None) -> Path:
    """The weights file of a translator given by name (the project's outrank one's own), or by path."""
    text = str(name_or_file)
    if NAME.fullmatch(text):
        for folder in (shipped_folder(), _own(own)):
            if (folder / f"{text}.safetensors").is_file():
                return folder / f"{text}.safetensors"
    try:
        given = user_path(text)
        if given.suffix == ".safetensors" and given.is_file():
            return given
    except (OSError, ValueError, RuntimeError):  # too long, a NUL in it, or the home of nobody
        pass
    raise InputError(
        f"There is no translator {text[:100] if text.isprintable() else repr(text[:100])}. {_offered(own)}"
    )


def read_card(file: Path) -> TranslatorCard:
    """The card in a JSON file; read once while the file stays as it is."""
    try:
        facts = file.stat()
    except (OSError, ValueError) as error:
        raise InputError(f"{file.name}, its card, cannot be read: {error}.") from error
    return _card(file, facts.st_mtime_ns, facts.st_size, facts.st_ino)


@lru_cache(maxsize=256)
def _card(file: Path, *stamp: int) -> TranslatorCard:
    return card_from_json(_content(file, MOST_CARD_BYTES), f"{file.name} cannot be read as the card of a translator")


def _own(folder: Path | None) -> Path:
    return own_folder() if folder is None else folder


def _stems(folder: Path) -> tuple[str, ...]:
    """Names of the files in a folder, without their endings, whatever they are."""
    if not folder.is_dir():
        return ()
    files = (file for file in folder.iterdir() if not file.is_dir() and file.suffix in (".json", ".safetensors"))
    return tuple(sorted({file.stem for file in files}))


def _shipped_names() -> dict[str, str]:
    """Names of the project's translators by what they are in lower case."""
    return {stem.casefold(): stem for stem in _stems(shipped_folder())}


def _check_own(name: str, shipped: Mapping[str, str]) -> None:
    taken = shipped.get(check_name(name).casefold())
    if taken is not None:
        raise InputError(f"{name} is the name of a translator of the project ({taken}). Give yours another one.")


def _own_ones(own: Path | None) -> dict[str, Listed]:
    """The user's translators by the name of their files."""
    shipped = _shipped_names()
    return {stem: _listed(_own(own), stem, shipped) for stem in _stems(_own(own))}


def _listed(folder: Path, stem: str, shipped: Mapping[str, str] | None) -> Listed:
    """What lies in a folder under a name; ``shipped`` are the names it must not have, None for those themselves.

    A name that UTF-8 cannot hold is shown with what can be read of it.
    """
    name = os.fsencode(stem).decode("utf-8", "replace")
    try:
        if shipped is not None:
            _check_own(stem, shipped)
        if not (folder / f"{stem}.safetensors").is_file():
            raise InputError(f"{name}.safetensors, its weights, is not there.")
        card = read_card(folder / f"{stem}.json")
        if card.name != stem:
            raise InputError(f"its card is that of {card.name}.")
        return Listed(name, folder, shipped is None, card)
    except InputError as error:
        taken = shipped is not None and stem in shipped.values()
        shown = f"{name} (own)" if taken else name
        return Listed(shown, folder, shipped is None, None, f"{name} cannot be read: {error}")


def _content(file: Path, most: int) -> bytes:
    """The bytes of a plain file, at most one more than ``most``."""
    try:
        if not file.is_file():
            raise InputError(f"{file.name} is no file.")
        with file.open("rb") as opened:
            return opened.read(most + 1)
    except (OSError, ValueError) as error:
        raise InputError(f"{file.name} cannot be read: {error}.") from error


def _width(schema: FeatureSchema, part: str, tensors: Mapping[str, torch.Tensor]) -> int:
    """Features a pair has in a part: both directions of every virtual value; with embeddings in it, as it is stored."""
    reading = READINGS[part]
    if reading.curves and not reading.beside:
        return 2 * len(reading.curves) * len(schema.grid)
    return tensors.get(f"{part}.0.mean", torch.empty(0)).numel()


def _net(
    tensors: dict[str, torch.Tensor], prefix: str, width: int, hidden: tuple[int, ...], origin: str
) -> TranslatorNet:
    """A network of tensors that have the names, shapes and finite numbers it needs; they are taken out."""
    with torch.device("meta"):
        shapes = {name: tuple(tensor.shape) for name, tensor in TranslatorNet(width, hidden).state_dict().items()}
    state = {}
    for name, shape in shapes.items():
        tensor = tensors.pop(f"{prefix}{name}", None)
        if tensor is None or tensor.dtype != torch.float32 or tuple(tensor.shape) != shape:
            got = "nothing" if tensor is None else f"{str(tensor.dtype).removeprefix('torch.')} {tuple(tensor.shape)}"
            raise InputError(
                f"{origin} does not hold what its card says: {prefix}{name} is {got}, expected float32 {shape}. "
                "Train it again."
            )
        if not bool((tensor.abs() <= LARGEST_WEIGHT).all()) or (name == "scale" and not bool((tensor > 0).all())):
            raise InputError(f"{origin}: {prefix}{name} holds numbers that no training gives (NaN, infinity, or huge).")
        state[name] = tensor
    net = TranslatorNet(width, hidden)
    net.load_state_dict(state)
    return net.eval().requires_grad_(False)


def _offered(own: Path | None) -> str:
    names = [t.name for t in list_translators(own)]
    return f"There are {', '.join(names)}." if names else "There is none yet; make one with `ugrn translator train`."
