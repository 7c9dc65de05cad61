"""A file or folder of cells as an open HDF5 file, whatever it was."""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import h5py

from ugrn_core.data.containers.archive import CellFiles, Folder, RealFolder, TarFolder, ZipFolder, find, is_tar
from ugrn_core.data.containers.streams import GZIP, ZIP, Moved, bounded, unpacked
from ugrn_core.data.containers.written import no_room
from ugrn_core.data.hdf5 import is_hdf5, open_hdf5
from ugrn_core.errors import InputError
from ugrn_core.types import Progress

MARKET = b"%%MatrixMarket"


@contextmanager
def open_cells(file: Path | str | BinaryIO, progress: Progress | None = None) -> Iterator[tuple[h5py.File, str]]:
    """The file opened, and what it is; "" for HDF5 as it stands. What is neither HDF5 nor holds cells is an InputError.

    Anything else than HDF5 is written as HDF5 into a temporary folder first; a binary file must be HDF5.
    """
    if not isinstance(file, (str, Path)) or not _other(Path(file)):
        with open_hdf5(file) as opened:
            yield opened, ""
        return
    with tempfile.TemporaryDirectory(prefix="ugrn-cells-", ignore_cleanup_errors=True) as room:
        path, kind = _converted(Path(file), Path(room), _moved(Path(file), progress))
        with open_hdf5(path) as opened:
            yield opened, kind


def needs_writing(file: Path) -> bool:
    """Whether a file is written as HDF5 before it is read."""
    return _other(file)


def _other(path: Path) -> bool:
    if path.is_dir():
        return True
    if not path.is_file() or path.stat().st_size == 0:
        return False  # said by open_hdf5
    return not is_hdf5(path)


def _moved(path: Path, progress: Progress | None) -> Moved | None:
    size = max(1, path.stat().st_size)
    return progress and (lambda read: progress(min(1.0, read / size), "Unpacking and ordering the cells"))


def _converted(path: Path, room: Path, moved: Moved | None) -> tuple[Path, str]:
    if path.is_dir():
        return _of_folder(RealFolder(path), room)
    with path.open("rb") as file:
        start = file.read(512)
        file.seek(0)
        if start[:2] == ZIP and start[2:4] in (b"\3\4", b"\5\6", b"\7\x08"):
            return _of_folder(ZipFolder(path, moved), room)
        if start[:2] == GZIP:
            stream = unpacked(bounded(file, moved))
            inside = stream.peek(512)[:512]
            if inside.startswith(MARKET) and path.suffix == ".gz":
                return _beside(path, room)
            if not is_tar(inside):
                path, kind = _of_stream(stream, room, "The file")
                return path, f"{kind}, packed with gzip"
        elif not is_tar(start):
            if start.startswith(MARKET):
                return _beside(path, room)
            return _of_stream(unpacked(bounded(file, moved)), room, "The file")
    return _of_folder(TarFolder(path, moved), room)


def _of_folder(folder: Folder, room: Path) -> tuple[Path, str]:
    found = find(folder)
    if found.single:
        with folder.open(found.single) as stream:
            path, kind = _of_stream(stream, room, found.single[:100])
    else:
        path, kind = _of_matrix(folder, found, room)
    return path, f"{kind}, in {folder.kind}"


def _of_matrix(folder: Folder, found: CellFiles, room: Path) -> tuple[Path, str]:
    from ugrn_core.data.containers.mtx import write_mtx

    with folder.open(found.genes) as genes, folder.open(found.cells) as cells, folder.open(found.matrix) as matrix:
        return write_mtx(matrix, genes, cells, room)


def _of_stream(stream: io.BufferedReader, room: Path, what: str) -> tuple[Path, str]:
    """One file alone, unpacked: HDF5 or a table."""
    from ugrn_core.data.containers.table import write_table

    start = stream.peek(512)[:512]
    if start.startswith(b"\x89HDF"):
        path = room / "unpacked.h5"
        try:
            with path.open("wb") as copy:
                shutil.copyfileobj(stream, copy, 1 << 20)
        except OSError as error:
            raise no_room(room) from error
        return path, ""
    if start.startswith(MARKET):
        raise InputError(
            f"{what} is a matrix without the names of its genes and cells. Give the folder with matrix.mtx, "
            "features.tsv and barcodes.tsv, or the three in a zip or tar.gz archive."
        )
    if start[:2] in (GZIP, ZIP) or is_tar(start):
        raise InputError(f"{what} holds another archive. Unpack it and give what is inside.")
    return write_table(stream, room)


def _beside(path: Path, room: Path) -> tuple[Path, str]:
    """A matrix given by its path, with the names that lie beside it."""
    folder = RealFolder(path.parent)
    path, kind = _of_matrix(folder, find(folder, path.name), room)
    return path, kind
