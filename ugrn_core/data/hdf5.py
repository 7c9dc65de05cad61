"""Reading of untrusted HDF5 files: what is opened lies inside the file, is of bounded size, and fails in a sentence.

HDF5 can point outside itself (external links, external and virtual data sets); such a file could make the app read
other files of its machine. So every link of a file is looked at once on opening, and a file with a way out is refused
whole. After that only hard links are followed, one name at a time: a name from inside a file is never a path. Nothing
is executed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import h5py
import numpy as np

from ugrn_core.errors import InputError

MAX_FILE_BYTES = 64 << 30
MAX_CHUNK_BYTES = 64 << 20
"""Size of one stored chunk once decompressed: HDF5 reads no less than that, and works on three copies of it."""
MAX_LINKS = 100_000
MAX_DEPTH = 32
"""Groups within groups; anndata itself needs five."""

_SIGNATURE = b"\x89HDF\r\n\x1a\n"


@contextmanager
def open_hdf5(source: Path | str | BinaryIO) -> Iterator[h5py.File]:
    """The file (a path or a seekable binary file) opened for reading; InputError if it is no sound HDF5 file."""
    if isinstance(source, (str, Path)):
        path = Path(source)
        if not path.is_file():
            raise InputError(f"There is no file {path}: give the path of an h5ad file.")
        with path.open("rb") as head:
            _check_start(head, path.stat().st_size)
        opened: Path | BinaryIO = path
    else:
        size = source.seek(0, os.SEEK_END)
        source.seek(0)
        _check_start(source, size)
        opened = source
    with readable("The file"):
        file = h5py.File(opened, "r", rdcc_nbytes=MAX_CHUNK_BYTES)  # or a large chunk is unpacked again for each part
    with file:
        _check_links(file)
        yield file


@contextmanager
def readable(what: str) -> Iterator[None]:
    """Turns the errors of the HDF5 library into an InputError about ``what``."""
    try:
        yield
    except MemoryError as error:
        raise _too_large(what) from error
    except (OSError, RuntimeError, KeyError, TypeError, ValueError) as error:
        if "alloc" in str(error):
            raise _too_large(what) from error
        raise InputError(
            f"{what} cannot be read: it is truncated or damaged, or stored with a filter that is not installed "
            f"({str(error).strip(chr(39))[:160]}). Copy the file again, or write it anew with anndata."
        ) from error


def _too_large(what: str) -> InputError:
    return InputError(
        f"{what} takes more memory than the reading of a file may take. Leave it out when writing the file, or write "
        "it in smaller chunks; UGRN_READ_MEMORY allows more, such as 2G."
    )


def child(group: h5py.Group | h5py.Dataset | None, *names: str) -> h5py.Group | h5py.Dataset | None:
    """What lies at ``names`` below a group, or None if nothing does; a name with "/" or a link is an InputError."""
    node: Any = group
    for name in names:
        if not isinstance(node, h5py.Group):
            return None
        encoded = _checked_name(name.encode("utf-8", "surrogateescape"), str(node.name))
        with readable(f"{node.name}/{name}"):
            links = node.id.links
            there = links.exists(encoded)
            if there and links.get_info(encoded).type != h5py.h5l.TYPE_HARD:
                raise InputError(
                    f"{node.name.rstrip('/')}/{name} is a link to another place, which is not followed in an uploaded "
                    "file. Write the file anew with anndata, so that it holds its own data."
                )
            node = node[encoded] if there else None
    if isinstance(node, h5py.Dataset):
        return node if _check_storage(node) else None
    return node if isinstance(node, h5py.Group) else None


def keys(group: h5py.Group) -> list[str]:
    """Names in a group, sorted; one that is not UTF-8 is left out, since nothing can show it."""
    with readable(str(group.name)):
        return sorted(name for name in group if isinstance(name, str))  # h5py gives others as bytes


def attribute(node: h5py.Group | h5py.Dataset, name: str) -> Any:
    """An attribute, bytes as text; None where there is none."""
    with readable(f"The attribute {name} of {node.name}"):
        value = node.attrs.get(name)
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def read(dataset: h5py.Dataset, selection: Any = ()) -> np.ndarray:
    """Part of a data set as an array."""
    with readable(str(dataset.name)):
        return dataset[selection]


def _check_start(file: BinaryIO, size: int) -> None:
    if size == 0:
        raise InputError("The file is empty (0 bytes). Copy or export it again.")
    if size > MAX_FILE_BYTES:
        raise InputError(
            f"The file has {size / 2**30:.1f} GB; at most {MAX_FILE_BYTES >> 30} GB are read. Keep fewer cells, e.g. "
            "scanpy.pp.subsample(adata, n_obs=50_000), and drop what is not needed (obsp, layers)."
        )
    start = file.read(len(_SIGNATURE))
    if start != _SIGNATURE and not _after_a_user_block(file, size):
        kind = {b"\x1f\x8b": "gzip-compressed", b"PK": "a zip archive"}.get(start[:2], "not HDF5")
        raise InputError(
            f"The file is {kind}, expected an h5ad file (HDF5). Unpack it, or export one with anndata: "
            "adata.write_h5ad('data.h5ad')."
        )


def is_hdf5(path: Path) -> bool:
    """Whether HDF5 begins somewhere in the file where it may."""
    with path.open("rb") as file:
        return file.read(len(_SIGNATURE)) == _SIGNATURE or _after_a_user_block(file, path.stat().st_size)


def _after_a_user_block(file: BinaryIO, size: int) -> bool:
    """Whether HDF5 begins after bytes of other use: 512 of them, or twice, four times ... as many."""
    offset = 512
    while offset < size:
        file.seek(offset)
        if file.read(len(_SIGNATURE)) == _SIGNATURE:
            return True
        offset *= 2
    return False


def _check_links(file: h5py.File) -> None:
    """Look at every link once, and at the storage of every data set; a way out of the file is an InputError.

    Soft links stay within a file that has no external ones, and are not followed. What cannot be opened here cannot be
    read later either, and is left to the reader's own error.
    """
    seen, n_links = {h5py.h5o.get_info(file.id).addr}, 0
    waiting: list[tuple[h5py.h5g.GroupID, str, int]] = [(file.id, "", 0)]
    while waiting:
        group, path, depth = waiting.pop()
        for name in _link_names(group, path, MAX_LINKS - n_links):
            n_links += 1
            where = f"{path}/{_shown(_checked_name(name, path))}"
            with readable(where):
                kind = group.links.get_info(name).type
            if kind not in (h5py.h5l.TYPE_HARD, h5py.h5l.TYPE_SOFT):
                raise InputError(
                    f"{where} is a link to another file, which is not followed in an uploaded file. Write the file "
                    "anew with anndata, so that it holds its own data."
                )
            node = _opened(group, name) if kind == h5py.h5l.TYPE_HARD else None
            if isinstance(node, h5py.h5d.DatasetID):
                _check_inside(node, where)
            elif isinstance(node, h5py.h5g.GroupID) and (address := h5py.h5o.get_info(node).addr) not in seen:
                if depth == MAX_DEPTH:
                    raise InputError(
                        f"The file has more than {MAX_DEPTH} groups within each other, expected the few of an h5ad "
                        "file. Write it anew with anndata."
                    )
                seen.add(address)
                waiting.append((node, where, depth + 1))


def _link_names(group: h5py.h5g.GroupID, path: str, room: int) -> list[bytes]:
    """Names in a group; more than there is room for is an InputError."""
    names: list[bytes] = []

    def take(name: bytes) -> bool | None:
        names.append(name)
        return True if len(names) > room else None  # True ends the iteration

    with readable(path or "/"):
        group.links.iterate(take)
    if len(names) > room:
        raise InputError(
            f"The file has more than {MAX_LINKS:,} entries, expected the few of an h5ad file. Drop what is not needed "
            "(uns, obsm, varm) and write it anew with anndata."
        )
    return names


def _opened(group: h5py.h5g.GroupID, name: bytes) -> Any:
    try:
        return h5py.h5o.open(group, name)
    except (OSError, RuntimeError, KeyError, TypeError, ValueError):
        return None


def _checked_name(name: bytes, where: str) -> bytes:
    """The name of one entry of a group; what HDF5 would take for a path is an InputError."""
    if name in (b"", b".", b"..") or b"/" in name or b"\0" in name:
        raise InputError(
            f"The file names {_shown(name)!r} as an entry of {where or '/'}; a name that is empty or holds a / is not "
            "followed in an uploaded file. Rename it (columns, index and layers without /) and write the file anew."
        )
    return name


def _shown(name: bytes) -> str:
    return name[:80].decode("utf-8", "replace")


def _check_inside(dataset: h5py.h5d.DatasetID, name: str) -> None:
    with readable(name):
        stored = dataset.get_create_plist()
        outside = stored.get_layout() == h5py.h5d.VIRTUAL or stored.get_external_count() > 0
    if outside:
        raise InputError(
            f"{name} is stored in another file, which is not followed in an uploaded file. Write the file anew with "
            "anndata, so that it holds its own data."
        )


def _check_storage(dataset: h5py.Dataset) -> bool:
    """Whether the data set is of a type that numpy has; storage elsewhere or in too large chunks is an InputError."""
    _check_inside(dataset.id, str(dataset.name))
    try:
        size = dataset.dtype.itemsize
    except TypeError:
        return False
    chunk = int(np.prod(dataset.chunks or (0,), dtype=np.float64)) * size
    if chunk > MAX_CHUNK_BYTES:
        raise InputError(
            f"{dataset.name} is stored in chunks of {chunk / 2**20:,.0f} MB; at most {MAX_CHUNK_BYTES >> 20} MB are "
            "read at once. Write the file anew with anndata."
        )
    return True
