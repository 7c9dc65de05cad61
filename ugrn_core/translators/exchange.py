"""Translators that come and go as files: both in one zip, and uploads, which are untrusted."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

from ugrn_core.errors import InputError
from ugrn_core.translators.library import (
    MAX_BYTES,
    Listed,
    check_name,
    list_translators,
    load_translator,
    save_translator,
)


def packed(chosen: Listed) -> bytes:
    """Both files of a translator as one zip; the same translator gives the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for ending in ("safetensors", "json"):
            content = (chosen.folder / f"{chosen.name}.{ending}").read_bytes()
            archive.writestr(zipfile.ZipInfo(f"{chosen.name}.{ending}"), content)
    return out.getvalue()


def bring_in(uploads: Sequence[tuple[str, bytes]], *, replace: bool = False) -> str:
    """Check an uploaded translator (name and content of its files) and keep it among the user's own; its name."""
    parts: dict[str, bytes] = {}
    for name, content in uploads:
        parts |= _unzipped(content) if name.lower().endswith(".zip") else {Path(name).suffix.lower(): content}
    if set(parts) != {".safetensors", ".json"}:
        raise InputError(
            f"A translator is two files, NAME.safetensors and NAME.json; got {', '.join(sorted(parts)) or 'neither'}."
        )
    with tempfile.TemporaryDirectory() as folder:
        for suffix, content in parts.items():
            (Path(folder) / f"upload{suffix}").write_bytes(content)
        translator = load_translator(Path(folder) / "upload.safetensors")
    name = check_name(translator.card.name)
    known = {t.name: t for t in list_translators()}
    if name in known and known[name].shipped:
        raise InputError(f"{name} is the name of a translator of the project. Give yours another one in its card.")
    if name in known and not replace:
        raise InputError(f"You have a translator {name} already. Tick the box to replace it.")
    save_translator(translator)
    return name


def _unzipped(content: bytes) -> dict[str, bytes]:
    """Files of a small zip by ending; unpacked sizes are checked before anything is read."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [m for m in archive.infolist() if not m.is_dir()]
            if len(members) > 2 or sum(m.file_size for m in members) > MAX_BYTES:
                raise InputError(
                    f"The zip holds {len(members)} files of {sum(m.file_size for m in members):,} bytes; expected the "
                    f"two files of a translator, {MAX_BYTES:,} bytes at most."
                )
            return {Path(m.filename).suffix.lower(): archive.read(m) for m in members}
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
        raise InputError(f"The zip cannot be read: {error}. Give the two files themselves.") from error
