"""Where the project keeps what it ships and what it writes; every folder can be moved by the environment."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ASSETS = ROOT / "assets"


def user_path(text: str | Path) -> Path:
    """A path as shells read it: ``~`` is the home folder, and the tilde of somebody unknown a tilde."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        return Path(text)


def cache_folder() -> Path:
    """Folder of the result store and of downloads: ``UGRN_CACHE_DIR``, else ``cache/`` of the project."""
    return user_path(os.environ.get("UGRN_CACHE_DIR") or ROOT / "cache")


def checkpoint_folder(name: str) -> Path:
    """Folder in which the downloaded checkpoint ``name`` is kept, or where a user may put its files by hand."""
    return cache_folder() / "checkpoints" / name


def beeline_folder() -> Path | None:
    """Local BEELINE networks: ``UGRN_DATA_DIR`` itself or its ``beeline/``; None where neither holds them."""
    given = os.environ.get("UGRN_DATA_DIR")
    if not given:
        return None
    for folder in (Path(given), Path(given) / "beeline"):
        if (folder / "STRING Dataset").is_dir():
            return folder
    return None


def corpus_folder() -> Path | None:
    """Local pre-training corpus: ``UGRN_CORPUS_DIR`` itself or its ``corpus/``; None where neither holds h5ad files."""
    given = os.environ.get("UGRN_CORPUS_DIR")
    if not given:
        return None
    for folder in (Path(given), Path(given) / "corpus"):
        if any(folder.glob("*.h5ad")):
            return folder
    return None
