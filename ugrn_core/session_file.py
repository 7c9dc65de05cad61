"""One file for a whole session: what was loaded (profiles and lists, no cells), asked and found.

A zip of ``session.json``, arrays as ``cells/DIGEST/NAME.npy`` (little-endian float32, nothing pickled), tables as
``found/RUN/NAME.csv`` and the stored results that runs rest on as ``results/ADDRESS.safetensors``. Read back it may
come from anybody: members and bytes are bounded before anything is unpacked, the record is held to its types, arrays to
the shapes it names, cells and results to their hashes. What results say is not believed here (:mod:`ugrn_core.opened`).
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, BinaryIO, Literal

import numpy as np
import pandas as pd
from numpy.lib import format as npy
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from scipy import sparse

from ugrn_core.checked_json import Gene, Line, Positive, Word, complaint, from_json
from ugrn_core.data.expression import ExpressionData, Profile
from ugrn_core.data.scale import Units
from ugrn_core.errors import InputError
from ugrn_core.genes.lookup import Species
from ugrn_core.spreadsheet import csv_text, unguarded_table

RECORD = "session.json"
MOST_BYTES = 256 << 20
"""Of a file, and of all that it unpacks to."""
MOST_RECORD_BYTES = 64 << 20
MOST_TABLE_BYTES = 8 << 20
MOST_COLUMNS = 100
"""Of a table."""
MOST_RESULT_BYTES = 192 << 20
"""Of all results; runs whose results do not fit are computed where the session is opened."""
MOST_MEMBERS = 20_000
MOST_TEXT = 1 << 20
MOST_HEADER_BYTES = 1024
"""Of an array."""
WHAT = "This is not a session of UGRN Explorer"
PACKING = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
ARRAYS = ("bins", "log1p", "detection")

Address = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
TableName = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")]
Key = Annotated[str, StringConstraints(pattern=r"^[a-z_0-9]{1,40}$")]
Text = Annotated[str, Field(max_length=MOST_TEXT)]


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Level(_Part):
    """A group of cells."""

    name: Word
    n_cells: Positive


Levels = Annotated[tuple[Level, ...], Field(max_length=1_000, fail_fast=True)]


class CellsRecord(_Part):
    """Profiles of cells; ``word`` and ``options`` are what a command line is given for them."""

    digest: Digest
    label: Line
    genes: Annotated[tuple[Gene, ...], Field(min_length=1, max_length=200_000, fail_fast=True)]
    species: Species | None
    matrix: Line
    units: Units
    n_cells: Positive
    groups: Annotated[dict[Word, Levels], Field(max_length=1_000)]
    notes: Annotated[tuple[Line, ...], Field(max_length=100, fail_fast=True)]
    word: Line
    options: Annotated[tuple[Line, ...], Field(max_length=20, fail_fast=True)]


class RunRecord(_Part):
    """A question that was run, the page that shows it with its address, the tables found, and what it rests on."""

    page: Word
    title: Line
    about: Line
    started: Annotated[float, Field(ge=0, le=1e11)]
    state: Literal["queued", "working", "done", "failed", "cancelled"]
    address: Annotated[dict[Key, Line], Field(max_length=100)]
    found: Annotated[tuple[TableName, ...], Field(max_length=10, fail_fast=True)]
    results: Annotated[tuple[Address, ...], Field(max_length=MOST_MEMBERS, fail_fast=True)] = ()


class SessionRecord(_Part):
    """``lists`` by their hash, as addresses name them; ``results``: a checksum by address. Version 1 had none."""

    session: Literal[1, 2]
    version: Line
    cells: Annotated[tuple[CellsRecord, ...], Field(max_length=100, fail_fast=True)]
    lists: Annotated[dict[Digest, Text], Field(max_length=1_000)]
    runs: Annotated[tuple[RunRecord, ...], Field(max_length=1_000, fail_fast=True)]
    results: Annotated[dict[Address, Digest], Field(max_length=MOST_MEMBERS)] = {}


@dataclass(frozen=True)
class KeptCells:
    """Cells of a session, and the words of a command that reads them."""

    data: ExpressionData
    word: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class KeptRun:
    """A run of a session with the tables it found, by name, and the addresses of the results it rests on."""

    page: str
    title: str
    about: str
    started: float
    state: str
    address: Mapping[str, str]
    found: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    results: tuple[str, ...] = ()


@dataclass(frozen=True)
class Session:
    """All that a file holds; ``results`` are packed, by address."""

    cells: tuple[KeptCells, ...] = ()
    lists: Mapping[str, str] = field(default_factory=dict)
    runs: tuple[KeptRun, ...] = ()
    results: Mapping[str, bytes] = field(default_factory=dict)


def with_results(session: Session, packed: Callable[[str], bytes | None]) -> Session:
    """The session with the results of its runs, the latest runs first, as far as there is room; ``packed``: one by its
    address. A run is given all of its results or none."""
    held: dict[str, bytes] = {}
    room, runs = MOST_RESULT_BYTES, list(session.runs)
    for place in sorted(range(len(runs)), key=lambda place: -runs[place].started):
        asked = runs[place].results
        new = {a: found for a in asked if a not in held and (found := packed(a)) is not None}
        size = sum(map(len, new.values()))
        fits = size <= room and len(held) + len(new) <= MOST_MEMBERS // 2
        if fits:
            held, room = held | new, room - size
        runs[place] = replace(runs[place], results=tuple(a for a in asked if a in held) if fits else ())
    return replace(session, runs=tuple(runs), results=held)


def write_session(session: Session, version: str) -> bytes:
    """The file; the same session gives the same bytes. What it has no place for is an InputError."""
    out = io.BytesIO()
    try:
        record = SessionRecord(
            session=2,
            version=version,
            cells=tuple(_cells_record(held) for held in session.cells),
            lists=dict(session.lists),
            runs=tuple(_run_record(run) for run in session.runs),
            results={address: _checksum(packed) for address, packed in sorted(session.results.items())},
        )
    except ValidationError as error:
        raise InputError(f"This session cannot be written to a file: {complaint(error)}.") from error
    with zipfile.ZipFile(out, "w") as archive:
        text = json.dumps(record.model_dump(mode="json"), indent=1)
        _add(archive, RECORD, f"{text}\n".encode())
        for held in session.cells:
            for name, values in _arrays(held.data).items():
                _add(archive, f"cells/{held.data.digest}/{name}.npy", _npy(values))
        for number, run in enumerate(session.runs):
            for name, table in run.found.items():
                _add(archive, f"found/{number}/{name}.csv", csv_text(table).encode("utf-8", "replace"))
        for address, packed in sorted(session.results.items()):
            _add(archive, f"results/{address}.safetensors", packed)
    if out.tell() > MOST_BYTES:
        raise InputError(f"The session takes over {MOST_BYTES:,} bytes: forget some cells, or delete runs.")
    return out.getvalue()


def read_session(file: bytes | BinaryIO) -> Session:
    """The session in a file of unknown origin, or an :class:`InputError` that says what is wrong with it."""
    opened = io.BytesIO(file) if isinstance(file, bytes) else file
    try:
        with zipfile.ZipFile(opened) as archive:
            sizes = _checked(archive)
            if RECORD not in sizes:
                raise InputError(f"{WHAT}: it holds no {RECORD}. Give a file that was saved in My results.")
            record = from_json(SessionRecord, _member(archive, RECORD, MOST_RECORD_BYTES), WHAT, MOST_RECORD_BYTES)
            expected = _names(record)
            if set(sizes) != expected:
                odd = sorted(set(sizes) ^ expected)[0][:100]
                raise InputError(f"{WHAT}: {odd} is {'missing' if odd in expected else 'not of it'}.")
            cells = tuple(_read_cells(archive, held) for held in record.cells)
            runs = tuple(_read_run(archive, number, run) for number, run in enumerate(record.runs))
            results = {address: _result(archive, address, digest) for address, digest in record.results.items()}
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError) as error:
        raise InputError(f"{WHAT}: it cannot be unpacked ({str(error)[:100]}).") from error
    return Session(cells, record.lists, runs, results)


def _cells_record(held: KeptCells) -> CellsRecord:
    data = held.data
    return CellsRecord(
        digest=data.digest,
        label=data.label,
        genes=data.genes,
        species=data.species,
        matrix=data.matrix,
        units=data.units,
        n_cells=data.n_cells,
        groups={
            column: tuple(Level(name=level, n_cells=p.n_cells) for level, p in levels.items())
            for column, levels in data.groups.items()
        },
        notes=data.notes,
        word=held.word,
        options=held.options,
    )


def _run_record(run: KeptRun) -> RunRecord:
    return RunRecord(
        page=run.page,
        title=run.title,
        about=run.about,
        started=run.started,
        state=run.state,  # pyright: ignore[reportArgumentType] (checked by the record)
        address=dict(run.address),
        found=tuple(run.found),
        results=run.results,
    )


def _arrays(data: ExpressionData) -> dict[str, np.ndarray]:
    """Arrays by name: (profile, gene), all cells first, then every group in the order of the record."""
    profiles = [data.whole, *(p for levels in data.groups.values() for p in levels.values())]
    stacked = {name: np.stack([getattr(p, name) for p in profiles]) for name in ARRAYS}
    return {name: values.astype("<f4") for name, values in (stacked | {"variance": data.variance}).items()}


def _npy(values: np.ndarray) -> bytes:
    out = io.BytesIO()
    npy.write_array(out, np.ascontiguousarray(values), version=(1, 0), allow_pickle=False)
    return out.getvalue()


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    member = zipfile.ZipInfo(name)  # of no date
    member.compress_type = zipfile.ZIP_DEFLATED
    member.external_attr = 0o644 << 16
    archive.writestr(member, content)


def _checked(archive: zipfile.ZipFile) -> dict[str, int]:
    """Sizes of the members by name, before any is unpacked."""
    members = archive.infolist()
    sizes = {m.filename: m.file_size for m in members}
    if len(members) > MOST_MEMBERS or sum(m.file_size for m in members) > MOST_BYTES:
        raise InputError(f"{WHAT}: it holds over {MOST_MEMBERS:,} files or {MOST_BYTES:,} bytes.")
    if len(sizes) < len(members) or any(m.compress_type not in PACKING or m.flag_bits & 1 for m in members):
        raise InputError(f"{WHAT}: a file in it stands twice, or is packed in an unusual way.")
    return sizes


def _names(record: SessionRecord) -> set[str]:
    arrays = {f"cells/{c.digest}/{name}.npy" for c in record.cells for name in (*ARRAYS, "variance")}
    tables = {f"found/{n}/{name}.csv" for n, run in enumerate(record.runs) for name in run.found}
    return {RECORD, *arrays, *tables, *(f"results/{address}.safetensors" for address in record.results)}


def _member(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    with archive.open(name) as opened:
        content = opened.read(most + 1)
    if len(content) > most:
        raise InputError(f"{WHAT}: {name} has over {most:,} bytes.")
    return content


def _read_cells(archive: zipfile.ZipFile, held: CellsRecord) -> KeptCells:
    n_genes = len(held.genes)
    groups = [(column, level) for column, levels in held.groups.items() for level in levels]
    if len({(c, level.name) for c, level in groups}) < len(groups):
        raise InputError(f"{WHAT}: a group of {held.label[:100]} stands twice.")
    shape = (1 + len(groups), n_genes)
    arrays = {name: _array(archive, f"cells/{held.digest}/{name}.npy", shape) for name in ARRAYS}
    variance = _array(archive, f"cells/{held.digest}/variance.npy", (n_genes,))

    def profile(row: int, n_cells: int) -> Profile:
        return Profile(n_cells, *(arrays[name][row] for name in ARRAYS))

    found: dict[str, dict[str, Profile]] = {column: {} for column in held.groups}
    for row, (column, level) in enumerate(groups, start=1):
        found[column][level.name] = profile(row, level.n_cells)
    nothing = sparse.csr_matrix((0, n_genes), dtype=np.float32)
    whole = profile(0, held.n_cells)
    data = ExpressionData(
        held.label, held.genes, held.species, held.matrix, held.units, held.n_cells, whole, found, variance, nothing,
        held.notes,
    )  # fmt: skip
    if data.digest != held.digest:
        raise InputError(f"{WHAT}: the profiles of {held.label[:100]} were changed after they were written.")
    return KeptCells(data, held.word, held.options)


def _array(archive: zipfile.ZipFile, name: str, shape: tuple[int, ...]) -> np.ndarray:
    """A float32 array of the shape its record names; its header is believed in nothing else."""
    size = 4 * int(np.prod(shape))
    opened = io.BytesIO(_member(archive, name, size + MOST_HEADER_BYTES))
    try:
        if npy.read_magic(opened) != (1, 0):
            raise ValueError("another version")
        got, in_columns, kind = npy.read_array_header_1_0(opened, max_header_size=MOST_HEADER_BYTES)
    except (ValueError, SyntaxError, TypeError, KeyError, RecursionError, MemoryError) as error:
        raise InputError(f"{WHAT}: {name} is no array of numbers.") from error
    content = opened.read()
    if got != shape or in_columns or kind != np.dtype("<f4") or len(content) != size:
        raise InputError(f"{WHAT}: {name} is an array of {kind} {got}, expected float32 {shape}.")
    values = np.frombuffer(content, "<f4").reshape(shape).astype(np.float32)
    if not np.isfinite(values).all():
        raise InputError(f"{WHAT}: {name} holds numbers that are not finite.")
    return values


def _read_run(archive: zipfile.ZipFile, number: int, run: RunRecord) -> KeptRun:
    found = {name: _table(archive, f"found/{number}/{name}.csv") for name in run.found}
    return KeptRun(run.page, run.title, run.about, run.started, run.state, run.address, found, run.results)


def _result(archive: zipfile.ZipFile, address: str, digest: str) -> bytes:
    packed = _member(archive, f"results/{address}.safetensors", MOST_BYTES)
    if _checksum(packed) != digest:
        raise InputError(f"{WHAT}: the result {address[:12]} was changed after it was written.")
    return packed


def _checksum(packed: bytes) -> str:
    return hashlib.blake2b(packed, digest_size=16).hexdigest()


def _table(archive: zipfile.ZipFile, name: str) -> pd.DataFrame:
    content = _member(archive, name, MOST_TABLE_BYTES)
    try:
        rows = csv.reader(io.StringIO(content.decode("utf-8", "replace"), newline=""))
        small = max(map(len, rows), default=0) <= MOST_COLUMNS  # before pandas gives names to what has no title
        table: Any = small and pd.read_csv(io.BytesIO(content), keep_default_na=False, na_values=[""], low_memory=False)
    except (ValueError, UnicodeError, OverflowError, MemoryError, RecursionError, csv.Error) as error:
        raise InputError(f"{WHAT}: {name} is no table ({str(error)[:100]}).") from error
    if not small:
        raise InputError(f"{WHAT}: {name} has over {MOST_COLUMNS} columns; no table of this project has.")
    if any(re.search(r"[\x00-\x1f]", str(column)) for column in table.columns):
        raise InputError(f"{WHAT}: {name} has titles that no table of this project has.")
    return unguarded_table(table)
