"""Reading of untrusted HDF5 files: what is opened lies inside the file, is of bounded size, and fails in a sentence.

HDF5 can point outside itself (external links, external and virtual data sets); such a file could make the app read
other files of its machine, so that only hard links to data stored in the file are followed. Nothing is executed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import h5py
import numpy as np

from ugrn_core.errors import InputError

MAX_FILE_BYTES = 4 << 30
MAX_CHUNK_BYTES = 1 << 30
"""Size of one stored chunk once decompressed: HDF5 reads no less than that."""
MAX_COLUMN_BYTES = 512 << 20

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
        size = source.seek(0, 2)
        source.seek(0)
        _check_start(source, size)
        source.seek(0)
        opened = source
    with readable("The file"):
        file = h5py.File(opened, "r")
    with file:
        yield file


@contextmanager
def readable(what: str) -> Iterator[None]:
    """Turns the errors of the HDF5 library into an InputError about ``what``."""
    try:
        yield
    except (OSError, RuntimeError, KeyError) as error:
        raise InputError(
            f"{what} cannot be read: it is truncated or damaged, or stored with a filter that is not installed "
            f"({str(error).strip(chr(39))[:160]}). Copy the file again, or write it anew with anndata."
        ) from error


def child(group: h5py.Group | h5py.Dataset | None, *names: str) -> h5py.Group | h5py.Dataset | None:
    """What lies at ``names`` below a group, or None if nothing does; a link that leaves the file is an InputError."""
    node: Any = group
    for name in names:
        if not isinstance(node, h5py.Group):
            return None
        with readable(f"{node.name}/{name}"):
            link = node.get(name, getlink=True) if name in node else None
            if link is not None and not isinstance(link, h5py.HardLink):
                raise InputError(
                    f"{node.name.rstrip('/')}/{name} is a link to another place, which is not followed in an uploaded "
                    "file. Write the file anew with anndata, so that it holds its own data."
                )
            node = node[name] if link is not None else None
    if isinstance(node, h5py.Dataset):
        _check_storage(node)
    return node if isinstance(node, (h5py.Group, h5py.Dataset)) else None


def keys(group: h5py.Group) -> list[str]:
    """Names in a group, sorted."""
    with readable(str(group.name)):
        return sorted(k if isinstance(k, str) else bytes(k).decode("utf-8", "replace") for k in group)


def attribute(node: h5py.Group | h5py.Dataset, name: str) -> Any:
    """An attribute, bytes as text; None where there is none."""
    with readable(f"The attribute {name} of {node.name}"):
        value = node.attrs.get(name)
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def read(dataset: h5py.Dataset, selection: Any = ()) -> np.ndarray:
    """Part of a data set as an array."""
    with readable(str(dataset.name)):
        return dataset[selection]


def read_column(dataset: h5py.Dataset, field: str | None = None) -> np.ndarray:
    """A whole one-dimensional data set, or one field of a table; text as an object array of str."""
    dtype = dataset.dtype if field is None else dataset.dtype[field]
    if dataset.ndim != 1 or dataset.size * dtype.itemsize > MAX_COLUMN_BYTES:
        raise InputError(
            f"{dataset.name} has the shape {dataset.shape} and entries of {dtype.itemsize} bytes, expected a column of "
            f"at most {MAX_COLUMN_BYTES >> 20} MB. Write the file anew with anndata."
        )
    values = read(dataset, () if field is None else field)
    if values.dtype.kind not in "OS":
        return values
    return np.array([v.decode("utf-8", "replace") if isinstance(v, bytes) else str(v) for v in values], dtype=object)


def _check_start(file: BinaryIO, size: int) -> None:
    if size == 0:
        raise InputError("The file is empty (0 bytes), expected an h5ad file. Copy or export it again.")
    if size > MAX_FILE_BYTES:
        raise InputError(
            f"The file has {size / 2**30:.1f} GB; at most {MAX_FILE_BYTES >> 30} GB are read. Keep fewer cells, e.g. "
            "scanpy.pp.subsample(adata, n_obs=50_000), and drop what is not needed (obsp, layers)."
        )
    start = file.read(len(_SIGNATURE))
    if start != _SIGNATURE:
        kind = {b"\x1f\x8b": "gzip-compressed", b"PK": "a zip archive"}.get(start[:2], "not HDF5")
        raise InputError(
            f"The file is {kind}, expected an h5ad file (HDF5). Unpack it, or export one with anndata: "
            "adata.write_h5ad('data.h5ad')."
        )


def _check_storage(dataset: h5py.Dataset) -> None:
    if dataset.external or dataset.is_virtual:
        raise InputError(
            f"{dataset.name} is stored in another file, which is not followed in an uploaded file. Write the file "
            "anew with anndata, so that it holds its own data."
        )
    chunk = int(np.prod(dataset.chunks or (0,), dtype=np.float64)) * dataset.dtype.itemsize
    if chunk > MAX_CHUNK_BYTES:
        raise InputError(
            f"{dataset.name} is stored in chunks of {chunk / 2**30:.1f} GB; at most {MAX_CHUNK_BYTES >> 30} GB are "
            "read at once. Write the file anew with anndata."
        )
