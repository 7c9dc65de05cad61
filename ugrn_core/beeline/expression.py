"""Expression of BEELINE's data sets: the perturbation and attention baselines need it.

Nothing of it is shipped. Two places are looked at, in ``UGRN_DATA_DIR`` and in the cache: ``BL--ExpressionData.csv``
beside the networks of a gene set, and ``ExpressionData.csv`` of ``BEELINE-data.zip`` (Zenodo), which is fetched on
request. Values are as in the files, logarithms to base 2 of one plus a normalised count.
"""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path, PurePosixPath
from shutil import copyfileobj

import numpy as np
import pandas as pd

from ugrn_core.beeline.networks import NETWORK_FOLDERS, SPECIES, Network
from ugrn_core.beeline.registry import fetched_folder
from ugrn_core.download import Meter, announced_size, download, only_one
from ugrn_core.errors import FetchError, InputError
from ugrn_core.paths import beeline_folder
from ugrn_core.pinned import PinnedFile
from ugrn_core.types import Cancel, Progress
from ugrn_core.whole_files import whole_file

ARCHIVE = "BEELINE-data.zip"
ARCHIVE_URL = f"https://zenodo.org/records/3701939/files/{ARCHIVE}?download=1"
ARCHIVE_SHA256 = "1fc849499492c25ac72514e79a339c39aa057e58cd272097450875cecb380afa"


@dataclass(frozen=True)
class Expression:
    """Expression of one data set: ``values`` (cell, gene) float32, base-2 logarithms of one plus a normalised count."""

    data_set: str
    genes: tuple[str, ...]
    values: np.ndarray


def find_expression(data_set: str, gene_set: str) -> Path | None:
    """The file with the expression of a data set, or None."""
    roots = [root for root in (beeline_folder(), fetched_folder()) if root is not None]
    beside = [r / n / data_set / gene_set / "BL--ExpressionData.csv" for r in roots for n in NETWORK_FOLDERS.values()]
    return next((file for file in [*beside, *(_whole(root, data_set) for root in roots)] if file.is_file()), None)


def fetch_expression(progress: Progress | None = None, cancel: Cancel | None = None, url: str = ARCHIVE_URL) -> Path:
    """Download BEELINE's archive (262 MB) and keep the expression of its data sets in the cache; the folder of it.

    The archive is compared with its pinned sha256 and let go once it is unpacked; a download that was cut off goes on,
    and an archive put into the folder by hand is used.
    """
    folder = fetched_folder()
    places = {data_set: _whole(folder, data_set) for data_set in SPECIES}
    with only_one(folder):
        if not all(place.is_file() for place in places.values()):
            archive = _archive(folder, url, progress, cancel)
            _unpack(archive, places)
            archive.unlink()
    if progress is not None:
        progress(1.0, f"expression of {len(places)} data sets is complete in {folder}")
    return folder


def _archive(folder: Path, url: str, progress: Progress | None, cancel: Cancel | None) -> Path:
    """The archive in ``folder``, downloaded where it is not there."""
    place = folder / ARCHIVE
    if place.is_file():
        return place
    try:
        file = PinnedFile(ARCHIVE, announced_size(url), ARCHIVE_SHA256)
        return download(url, file, folder, meter=Meter(file.size, progress), cancel=cancel)
    except FetchError as error:
        raise FetchError(
            f"{error} Run `ugrn fetch beeline-expression` again with a connection, or put {ARCHIVE} ({ARCHIVE_URL}, "
            f"sha256 {ARCHIVE_SHA256}) into {folder} by hand and run it then."
        ) from error


def _unpack(archive: Path, places: dict[str, Path]) -> None:
    """Write the expression of every data set to its place; each file appears when it is whole.

    The archive is hashed and unpacked through one open file, so that no other can take its place in between.
    """
    try:
        with archive.open("rb") as opened:
            got = file_digest(opened, "sha256").hexdigest()
            if got != ARCHIVE_SHA256:
                raise FetchError(
                    f"{archive} is not the pinned {ARCHIVE}: got sha256 {got}, expected sha256 {ARCHIVE_SHA256}. It "
                    "was left as it is; move or delete it and fetch again."
                )
            held = zipfile.ZipFile(opened)
            parts = {name: PurePosixPath(name).parts for name in held.namelist()}
            for data_set, place in places.items():
                ending = ("scrna-seq", data_set.casefold(), "expressiondata.csv")
                found = [name for name, p in parts.items() if tuple(q.casefold() for q in p[-3:]) == ending]
                if len(found) != 1:
                    raise FetchError(f"{archive} holds {len(found)} expression files of {data_set}, expected one.")
                place.parent.mkdir(parents=True, exist_ok=True)
                with whole_file(place) as partial, held.open(found[0]) as source, partial.open("wb") as target:
                    copyfileobj(source, target)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
        raise FetchError(f"{archive} cannot be unpacked: {error}. Delete it and fetch again.") from error


def _whole(root: Path, data_set: str) -> Path:
    """Place of a data set's whole expression, as in the archive."""
    published = {"hHEP": "hHep"}.get(data_set, data_set)
    return root / "BEELINE-data" / "inputs" / "scRNA-Seq" / published / "ExpressionData.csv"


def load_expression(file: Path, network: Network) -> Expression:
    """Expression of the genes of a network from a CSV of genes by cells; genes the file lacks are left out."""
    try:
        table = pd.read_csv(file, index_col=0, keep_default_na=False)
        values = table.to_numpy(np.float32)
    except (ValueError, OSError) as error:
        raise InputError(f"{file} is not a table of numbers, genes by cells: {error}.") from error
    names = [str(name).strip() for name in table.index]
    row = {name: i for i, name in reversed(list(enumerate(names)))}
    genes = tuple(g for g in network.genes if g in row)
    if not genes:
        raise InputError(f"{file} has no gene of {network.row.data_set}; expected genes in rows, cells in columns.")
    values = np.ascontiguousarray(values[[row[g] for g in genes]].T)
    if not np.isfinite(values).all() or values.min() < 0:
        raise InputError(f"{file} holds negative values or gaps; expected log2(1 + normalised count).")
    return Expression(network.row.data_set, genes, values)


def how_to_get(gene_set: str) -> str:
    """What to do where expression is missing."""
    return (
        f"Run `ugrn fetch beeline-expression` (262 MB from Zenodo), or put BL--ExpressionData.csv (genes by cells) "
        f"beside the {gene_set} networks of a data set. Without a connection, unpack {ARCHIVE} (sha256 "
        f"{ARCHIVE_SHA256}) of {ARCHIVE_URL} into the folder of the networks."
    )
