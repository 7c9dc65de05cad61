"""Where the project keeps what it ships and what it writes; what it writes can be moved by the environment.

In a checkout the app and the assets lie beside the package and results in ``cache/``; in an installed package the
build has put the app and the assets below ``ugrn_core/_app``, and results go to the user's cache folder.
"""

from __future__ import annotations

import os
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
ROOT = PACKAGE.parent
"""Folder that ``ugrn_core`` is imported from: the checkout, or site-packages."""

INSTALLED = (PACKAGE / "_app").is_dir()
APP = PACKAGE / "_app" if INSTALLED else ROOT
"""Folder of ``app.py``, ``pages``, ``ui`` and ``assets``."""

ASSETS = APP / "assets"


def user_path(text: str | Path) -> Path:
    """A path as shells read it: ``~`` is the home folder, and the tilde of somebody unknown a tilde."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        return Path(text)


def cache_folder() -> Path:
    """Folder of the result store and of downloads: ``UGRN_CACHE_DIR``, else ``cache/`` of the checkout; an installed
    package takes the user's cache folder, as the system has it."""
    given = os.environ.get("UGRN_CACHE_DIR")
    if given:
        return user_path(given)
    if not INSTALLED:
        return ROOT / "cache"
    import platformdirs

    return Path(platformdirs.user_cache_dir("ugrn-explorer", appauthor=False))


def bench_report() -> Path:
    """File of the last ``ugrn bench`` in full size: part of the documentation in a checkout."""
    return (cache_folder() if INSTALLED else ROOT / "docs") / "benchmarks" / "latest.json"


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


def shipped_model(name: str) -> Path | None:
    """Folder of a model that is shipped, None for any other name."""
    return next((folder for folder in (ASSETS / "models").iterdir() if folder.name == name), None)
