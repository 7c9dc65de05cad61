"""The files in a folder, a zip or a tar archive: told by name, opened as streams, never written where a name says."""

from __future__ import annotations

import io
import re
import stat
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Protocol

from ugrn_core.data.containers.streams import Moved, bounded, unpacked, unpacking
from ugrn_core.errors import InputError

MAX_MEMBERS = 10_000
MAX_FOLDERS = 10_000

_MATRIX = re.compile(r"\.mtx(\.gz)?$", re.IGNORECASE)
_GENES = re.compile(r"(features?|genes?|gene_names?|gene_metadata|vars?)\.(tsv|csv|txt)(\.gz)?$", re.IGNORECASE)
_CELLS = re.compile(r"(barcodes?|cells?|cell_names?|cell_metadata|obs)\.(tsv|csv|txt)(\.gz)?$", re.IGNORECASE)
_TABLE = re.compile(r"\.(tsv|csv|txt|tab)(\.gz)?$", re.IGNORECASE)
_HDF5 = re.compile(r"\.(h5ad|h5|hdf5|loom)(\.gz)?$", re.IGNORECASE)
_ARCHIVE = re.compile(r"\.(zip|tar|tgz|7z|rar|tbz2?|txz|tar\.\w{2,3})$", re.IGNORECASE)


class Folder(Protocol):
    """Files that belong together; ``kind`` says where they lie."""

    kind: str

    def names(self) -> list[str]: ...

    def open(self, name: str) -> AbstractContextManager[io.BufferedReader]: ...


@dataclass(frozen=True)
class CellFiles:
    """What of a folder is read: a matrix with the names of genes and cells, or one file alone."""

    matrix: str = ""
    genes: str = ""
    cells: str = ""
    single: str = ""


class RealFolder:
    """A folder of the disk, of which the files in it are read and none below."""

    def __init__(self, path: Path, moved: Moved | None = None) -> None:
        self.kind, self._path, self._moved = "a folder", path, moved

    def names(self) -> list[str]:
        try:
            return _few(sorted(entry.name for entry in self._path.iterdir() if entry.is_file()))
        except OSError as error:
            raise InputError(f"The folder {self._path} cannot be read: {error.strerror}.") from error

    @contextmanager
    def open(self, name: str) -> Iterator[io.BufferedReader]:
        try:
            file = (self._path / name).open("rb")
        except OSError as error:
            raise InputError(f"{self._path / name} cannot be read: {error.strerror}.") from error
        with file:
            yield unpacked(bounded(file, self._moved))


class ZipFolder:
    """A zip archive."""

    def __init__(self, path: Path, moved: Moved | None = None) -> None:
        self.kind, self._moved = "a zip archive", moved
        with unpacking():
            self._zip = zipfile.ZipFile(path)

    def names(self) -> list[str]:
        infos = self._zip.infolist()
        links = [i.filename for i in infos if stat.S_ISLNK(i.external_attr >> 16)]
        return _checked([i.filename for i in infos if not i.is_dir()], links)

    @contextmanager
    def open(self, name: str) -> Iterator[io.BufferedReader]:
        with unpacking():
            member = self._zip.open(name)
        with member:
            yield unpacked(bounded(member, self._moved))  # type: ignore[arg-type]


class TarFolder:
    """A tar archive, packed with gzip or not; it is gone through anew for each file of it."""

    def __init__(self, path: Path, moved: Moved | None = None) -> None:
        self.kind, self._path, self._moved = "a tar archive", path, moved

    def names(self) -> list[str]:
        names, others = [], []
        for _, member in self._members():
            if not member.isdir():
                (names if member.isreg() else others).append(member.name)
        return _checked(names, others)

    @contextmanager
    def open(self, name: str) -> Iterator[io.BufferedReader]:
        for archive, member in self._members():
            if member.isreg() and member.name == name:
                with unpacking():
                    file = archive.extractfile(member)
                assert file is not None
                yield unpacked(bounded(file))  # type: ignore[arg-type]
                return
        raise InputError(f"{name[:100]} is not in the archive any more. Copy it again.")

    def _members(self) -> Iterator[tuple[tarfile.TarFile, tarfile.TarInfo]]:
        with self._path.open("rb") as file:
            stream = unpacked(bounded(file, self._moved))
            with unpacking():
                archive = tarfile.open(fileobj=stream, mode="r|")  # noqa: SIM115 (closes nothing)
            for _ in range(MAX_MEMBERS + MAX_FOLDERS):
                with unpacking():
                    member = archive.next()
                if member is None:
                    return
                yield archive, member


def is_tar(start: bytes) -> bool:
    """Whether the first 512 bytes are the header of a tar archive."""
    return start[257:262] == b"ustar"


def find(folder: Folder, wanted: str = "") -> CellFiles:
    """The matrix (``wanted`` of several) with its names, or the one table or HDF5 file; else an InputError.

    Lists of names belong to a matrix where they lie in its folder and begin as it does: ``GSM1_matrix.mtx.gz``.
    """
    names = [name for name in folder.names() if not _hidden(name)]
    matrices = [wanted] if wanted else [name for name in names if _MATRIX.search(name)]
    if len(matrices) > 1:
        raise InputError(f"There are {len(matrices)} matrices in {folder.kind} ({_some(matrices)}), expected one.")
    if matrices:
        beside = [name for name in names if _folder_of(name) == _folder_of(matrices[0])]
        genes, cells = (_belonging(matrices[0], beside, pattern) for pattern in (_GENES, _CELLS))
        if len(genes) == len(cells) == 1:
            return CellFiles(matrices[0], genes[0], cells[0])
        raise InputError(
            f"Beside {matrices[0][:100]} in {folder.kind} there are {len(genes)} lists of genes and {len(cells)} of "
            "cells, expected one of each: features.tsv (or genes.tsv) and barcodes.tsv, packed with gzip or not."
        )
    single = [n for n in names if _HDF5.search(n)] or [n for n in names if _TABLE.search(n)]
    if len(single) == 1:
        return CellFiles(single=single[0])
    if not single and any(map(_ARCHIVE.search, names)):
        raise InputError(f"In {folder.kind} there is another archive ({_some(names)}). Unpack that and give it alone.")
    raise InputError(
        f"In {folder.kind} there is {_some(names) or 'nothing'}; expected matrix.mtx with features.tsv and "
        "barcodes.tsv, or one table or h5ad file."
    )


def _belonging(matrix: str, names: list[str], pattern: re.Pattern[str]) -> list[str]:
    """Names that match, those that share the most of the matrix's beginning where there are several."""
    found = [name for name in names if pattern.search(name)]
    shared = [sum(accumulate((a == b for a, b in zip(matrix, name, strict=False)), min)) for name in found]
    return [name for name, n in zip(found, shared, strict=True) if n == max(shared)]


def _checked(names: list[str], links: list[str]) -> list[str]:
    """Names of files in an archive; one that leads out of it, a link, or a name given twice is an InputError."""
    away = [name for name in [*names, *links] if _leads_out(name)]
    if away or links:
        which, what = (away[0], "a path that leads out of it") if away else (links[0], "a link or no file")
        raise InputError(f"The archive holds {which[:100]!r}, {what}. Pack the files themselves, by their names alone.")
    if len(set(names)) < len(names):
        raise InputError("The archive holds two files of one name. Pack the files anew.")
    return _few(names)


def _few(names: list[str]) -> list[str]:
    if len(names) > MAX_MEMBERS:
        raise InputError(f"There are more than {MAX_MEMBERS:,} files, expected a few. Give those of one matrix.")
    return names


def _leads_out(name: str) -> bool:
    parts = re.split(r"[/\\]", name)
    return name.startswith(("/", "\\")) or ".." in parts or bool(re.match(r"[A-Za-z]:", name)) or "\0" in name


def _hidden(name: str) -> bool:
    parts = name.split("/")
    return parts[-1].startswith(".") or "__MACOSX" in parts


def _folder_of(name: str) -> str:
    return name.rpartition("/")[0]


def _some(names: Iterable[str]) -> str:
    shown = [name[:60] for name in names]
    return ", ".join(shown[:4]) + (f" and {len(shown) - 4:,} more" if len(shown) > 4 else "")
