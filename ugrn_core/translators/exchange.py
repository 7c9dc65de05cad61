"""Translators that come and go: both files in one zip; uploads, which are untrusted; bytes for workers elsewhere."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from ugrn_core.errors import InputError
from ugrn_core.translators.library import (
    MAX_BYTES,
    Listed,
    check_place,
    from_tensors,
    list_translators,
    open_tensors,
    save_translator,
    tensors_of,
)
from ugrn_core.translators.translator import Translator, card_from_json, card_json

CARD = "card"

MOST_MEMBERS = 10
MEMBER = b"PK\x01\x02"
"""What every file of a zip has an entry in its directory with."""


def pack_translator(translator: Translator) -> bytes:
    """The translator as a safetensors file in memory; the tensor ``card`` is JSON text."""
    text = np.frombuffer(json.dumps(card_json(translator.card), allow_nan=False).encode(), np.uint8).copy()
    return save(tensors_of(translator) | {CARD: torch.from_numpy(text)})


def open_translator(content: bytes) -> Translator:
    """The translator of :func:`pack_translator`."""
    try:
        tensors = load(content)
        card = card_from_json(tensors.pop(CARD).numpy().tobytes())
    except (SafetensorError, LookupError, ValueError, TypeError) as error:
        raise InputError(f"The translator that was sent does not open: {str(error)[:200]}") from error
    return from_tensors(card, tensors, "the translator that was sent")


def packed(chosen: Listed) -> bytes:
    """Both files of a translator as one zip; the same translator gives the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for ending in ("safetensors", "json"):
            content = (chosen.folder / f"{chosen.name}.{ending}").read_bytes()
            archive.writestr(zipfile.ZipInfo(f"{chosen.name}.{ending}"), content)
    return out.getvalue()


def bring_in(uploads: Sequence[tuple[str, bytes]], *, replace: bool = False, own: Path | None = None) -> str:
    """Check an uploaded translator (name and content of its files) and keep it among the user's own; its name.

    Nothing is written before all of it has been checked.
    """
    parts: dict[str, bytes] = {}
    for name, content in uploads:
        parts |= _unzipped(content) if _ending(name) == ".zip" else {_ending(name): content}
    if set(parts) != {".safetensors", ".json"}:
        got = ", ".join(sorted(parts))[:100]
        raise InputError(f"A translator is two files, NAME.safetensors and NAME.json; got {got or 'neither'}.")
    card = card_from_json(parts[".json"])
    translator = open_tensors(card, parts[".safetensors"], "the file of weights")
    name = card.name
    check_place(name, own)
    if name in {t.name for t in list_translators(own)} and not replace:
        raise InputError(f"You have a translator {name} already. Tick the box to replace it.")
    save_translator(translator, own)
    return name


def _ending(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


def _unzipped(content: bytes) -> dict[str, bytes]:
    """Files of a small zip by ending; their number, sizes and packing are checked before anything is read."""
    if content.count(MEMBER) > MOST_MEMBERS:
        raise InputError(f"The zip holds over {MOST_MEMBERS} files; expected the two files of a translator.")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [m for m in archive.infolist() if not m.is_dir()]
            if len(members) > 2 or sum(m.file_size for m in members) > MAX_BYTES:
                raise InputError(
                    f"The zip holds {len(members)} files of {sum(m.file_size for m in members):,} bytes; expected the "
                    f"two files of a translator, {MAX_BYTES:,} bytes at most."
                )
            if any(m.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for m in members):
                raise InputError("The zip is packed in an unusual way. Give the two files themselves.")
            return {_ending(m.filename): archive.read(m) for m in members}
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError, LookupError) as error:
        raise InputError(f"The zip cannot be read: {error}. Give the two files themselves.") from error
