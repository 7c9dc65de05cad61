"""BEELINE's network files, pinned to the byte: read from a local folder, or fetched on request into the cache.

Only names and hashes are part of this project (``assets/beeline/registry.txt``).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from urllib.parse import quote

from ugrn_core.download import Meter, download, only_one
from ugrn_core.errors import FetchError, InputError, stop_if
from ugrn_core.paths import ASSETS, beeline_folder, cache_folder
from ugrn_core.pinned import PinnedFile, check_file, pinned_bytes
from ugrn_core.types import Cancel, Progress

REPOSITORY = "zpliulab/GENELink"
COMMIT = "4eb816af27f5fe0cb26f9230286401801b251129"
FOLDER = "Dataset/Benchmark Dataset"
BASE_URL = f"https://raw.githubusercontent.com/{REPOSITORY}/{COMMIT}/{quote(FOLDER)}"
PAGE = f"https://github.com/{REPOSITORY}/tree/{COMMIT}/{quote(FOLDER)}"


@cache
def pinned_files() -> dict[str, PinnedFile]:
    """Pinned files by their path below the benchmark folder, e.g. ``STRING Dataset/hESC/TFs+500/TF.csv``."""
    lines = (ASSETS / "beeline" / "registry.txt").read_text("utf-8").splitlines()
    fields = (line.split("  ", 2) for line in lines if line and not line.startswith("#"))
    return {path: PinnedFile(Path(path).name, int(size), sha256) for sha256, size, path in fields}


def file_url(path: str, base_url: str = BASE_URL) -> str:
    """Address of a pinned file; spaces and plus signs of its path are quoted."""
    return f"{base_url.rstrip('/')}/{quote(path)}"


def fetched_folder() -> Path:
    """Where fetched networks are kept, in the published layout."""
    return cache_folder() / "beeline"


def network_files(part: str) -> dict[Path, bytes]:
    """The files below the folder ``part`` with their verified bytes, from ``UGRN_DATA_DIR``, else from the cache.

    InputError where there is neither, FetchError where a file is not the pinned one.
    """
    root = beeline_folder() or fetched_folder()
    wanted = {path: file for path, file in pinned_files().items() if path.startswith(f"{part}/")}
    missing = [path for path in wanted if not (root / path).is_file()]
    if missing:
        raise InputError(
            f"The BEELINE networks are not here: {root / missing[0]} is missing. Run `ugrn fetch beeline`, or set "
            f"UGRN_DATA_DIR to a folder with the layout of {PAGE}."
        )
    return {root / path: pinned_bytes(root / path, file) for path, file in wanted.items()}


def missing_networks(gene_set: str | None = None) -> tuple[str, ...]:
    """Paths of pinned files (of one gene set) that are neither in ``UGRN_DATA_DIR`` nor in the cache."""
    root = beeline_folder() or fetched_folder()
    return tuple(p for p in pinned_files() if _of(p, gene_set) and not (root / p).is_file())


def fetch_networks(
    gene_set: str | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
    base_url: str = BASE_URL,
) -> Path:
    """Download the networks (of one gene set, or all: 132 files, 5 MB) into the cache; the folder that holds them.

    What is there is verified and kept; a run that was stopped goes on with the next file.
    """
    wanted = {path: file for path, file in pinned_files().items() if _of(path, gene_set)}
    folder = fetched_folder()
    meter = Meter(sum(file.size for file in wanted.values()), progress)
    with only_one(folder):
        for path, file in wanted.items():
            stop_if(cancel, "Stopped; the networks fetched so far are kept for the next time.")
            place = folder / path
            if place.exists():
                check_file(place, file)
                meter.found(file.size)
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            try:
                download(file_url(path, base_url), file, place.parent, meter=meter, cancel=cancel)
            except FetchError as error:
                raise FetchError(
                    f"{error} Run `ugrn fetch beeline` again with a connection, or put the files of {PAGE} into "
                    f"{folder} by hand."
                ) from error
    if progress is not None:
        progress(1.0, f"{len(wanted)} network files are complete and verified in {folder}")
    return folder


def _of(path: str, gene_set: str | None) -> bool:
    return gene_set is None or Path(path).parent.name == gene_set
