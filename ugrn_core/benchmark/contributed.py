"""Runs of others: a folder with a card and frames of results, which comes from anybody and is held to its types.

``card.json`` says who ran which model and how; ``*.csv`` and ``*.csv.gz`` are frames, one a run, and ``scores/RUN/``
may hold the scores of single pairs (:mod:`ugrn_core.benchmark.scores`). Nothing else is read.
"""

from __future__ import annotations

import gzip
import io
import platform
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import pandas as pd
from pydantic import Field, StringConstraints, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as record
from typing_extensions import TypedDict

from ugrn_core import __version__
from ugrn_core.beeline.networks import GENE_SETS, ROWS, Row
from ugrn_core.benchmark.given import check_name
from ugrn_core.benchmark.metrics import METRICS, SUBSETS
from ugrn_core.benchmark.results import COLUMNS, LATER, NONE, NUMBERS, STATUSES
from ugrn_core.benchmark.run_facts import RunFacts, run_facts
from ugrn_core.benchmark.sampling import SAMPLERS
from ugrn_core.checked_json import STRICT, Count, Digest, Line, Positive, Share, Value, Word, complaint, from_json_file
from ugrn_core.errors import InputError
from ugrn_core.methods.catalogue import METHODS
from ugrn_core.spreadsheet import unguarded_table

CARD = "card.json"
MOST_CARD_BYTES = 200_000
MOST_FRAME_BYTES = 400_000_000
"""Of one frame, unpacked."""
MOST_FRAMES = 60
Day = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")]


@record(frozen=True, config=STRICT)
class RunCard:
    """Who ran which model and how. ``fingerprint`` is that of the weights, as `ugrn doctor` and a run say it.

    ``commands``: the lines that made the frames, by the name of their files; ``versions``: of programs, by name.
    """

    who: Annotated[Line, Field(min_length=1)]
    model: Word
    made: Day
    fingerprint: Digest | None = None
    contact: Line = ""
    notes: Line = ""
    commands: Annotated[dict[Word, Line], Field(max_length=MOST_FRAMES)] = Field(default_factory=dict)
    versions: Annotated[dict[Word, Word], Field(max_length=50)] = Field(default_factory=dict)


class ResultRow(TypedDict):
    """One row of a frame of results, as strict as the runner writes it; None stands for an empty cell."""

    __pydantic_config__ = STRICT  # pyright: ignore[reportGeneralTypeIssues] (pydantic's way)

    protocol: Word
    backbone: Word
    weights: Literal["trained", "random", "none"]
    objective: Word
    translator: Word
    method: Word
    context: Word
    background: Word
    base: Value | None
    grid: Word
    reverse_features: Word
    train_sets: Word
    train_network: Word
    test_set: Word
    test_network: Word
    gene_set: Word
    sampler: Word
    neg_ratio: Positive
    max_pos: Count
    subset: Word
    seed: Count
    metric: Word
    value: Share | None
    n_pos: Count
    n_neg: Count
    prior: Share | None
    edge_overlap: Share | None
    status: Word
    reason: Line
    units: Literal["pairs", "both directions"]
    coverage: Share | None


ROWS_OF_FRAME = TypeAdapter(list[ResultRow])
ALLOWED = {
    "metric": METRICS,
    "subset": SUBSETS,
    "status": STATUSES,
    "sampler": tuple(SAMPLERS),
    "gene_set": GENE_SETS,
}
"""What may stand in columns of words."""


@dataclass(frozen=True)
class Contributed:
    """A folder as it was read: frames by the name of their files without endings, and what each is of."""

    folder: Path
    card: RunCard
    frames: Mapping[str, pd.DataFrame]
    facts: Mapping[str, RunFacts]


def read_contributed(folder: Path) -> Contributed:
    """Card and frames of a folder; anything that does not hold to its types is an InputError that names the file."""
    card = read_card(folder)
    files = frame_files(folder)
    if not files:
        raise InputError(f"{folder} holds no frame of results; expected .csv or .csv.gz files of `ugrn benchmark`.")
    frames, facts = {}, {}
    for file in files:
        stem = file.name.removesuffix(".gz").removesuffix(".csv")
        frames[stem] = read_frame(file)
        try:
            facts[stem] = run_facts(frames[stem])
        except InputError as error:
            raise InputError(f"{file.name}: {error}") from error
    return Contributed(folder, card, frames, facts)


def read_card(folder: Path) -> RunCard:
    """The card of a folder."""
    return from_json_file(TypeAdapter(RunCard), folder / CARD, MOST_CARD_BYTES)


def frame_files(folder: Path) -> list[Path]:
    """Files with frames, by name; more than ``MOST_FRAMES``, or one that is no plain file, is an InputError."""
    try:
        found = sorted(f for f in folder.iterdir() if f.name.endswith((".csv", ".csv.gz")))
    except OSError as error:
        raise InputError(f"{folder} cannot be read as a folder of results: {error}.") from error
    strange = [f.name for f in found if f.is_symlink() or not f.is_file()]
    if strange or len(found) > MOST_FRAMES:
        said = f"{strange[0]} is no plain file" if strange else f"it holds {len(found)} frames, at most {MOST_FRAMES}"
        raise InputError(f"{folder}: {said}.")
    return found


def read_frame(file: Path) -> pd.DataFrame:
    """A frame of results from anybody; every row is held to its types."""
    try:
        content = file.read_bytes() if file.suffix != ".gz" else _unpacked(file)
        if len(content) > MOST_FRAME_BYTES:
            raise InputError(f"{file.name}: too long, expected at most {MOST_FRAME_BYTES:,} bytes.")
        frame = pd.read_csv(io.BytesIO(content), keep_default_na=False, na_values={c: [""] for c in NUMBERS})
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise InputError(f"{file.name} cannot be read as benchmark results: {error}.") from error
    if tuple(frame.columns) == tuple(c for c in COLUMNS if c not in LATER):
        frame = frame.assign(**LATER)
    if tuple(frame.columns) != COLUMNS or frame.empty:
        raise InputError(f"{file.name} is not a frame of benchmark results: its columns are {list(frame.columns)[:6]}.")
    frame = unguarded_table(frame)
    for column in NUMBERS:
        if not pd.api.types.is_numeric_dtype(frame[column]):
            raise InputError(f"{file.name}: column {column} holds something else than numbers.")
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    try:
        ROWS_OF_FRAME.validate_python(rows)
    except ValidationError as error:
        raise InputError(f"{file.name}: {complaint(error)}.") from error
    _check_words(frame, file.name)
    return frame


def _unpacked(file: Path) -> bytes:
    with gzip.open(file) as opened:
        return opened.read(MOST_FRAME_BYTES + 1)


def _check_words(frame: pd.DataFrame, name: str) -> None:
    """Words that must be known ones, tests that BEELINE has, methods of ours or with a name that is one."""
    for column, known in ALLOWED.items():
        strange = sorted(set(frame[column]) - set(known))
        if strange:
            raise InputError(f"{name}: {column} is {strange[0][:60]!r}; expected {', '.join(known)}.")
    rows = {Row(n, s) for n, s in frame[["test_network", "test_set"]].drop_duplicates().itertuples(index=False)}
    if not rows <= set(ROWS):
        raise InputError(f"{name}: BEELINE has no {next(iter(rows - set(ROWS)))!s:.80}.")
    for method in set(frame["method"]) - set(METHODS):
        check_name(method)
    bare = frame["value"].isna() & (frame["reason"] == "")
    valued = frame["value"].notna() & frame["status"].isin(("missing", "too_few"))
    if bare.any() or valued.any():
        raise InputError(f"{name}: a row has no value and no reason, or a value where its status says there is none.")


def make_card(
    model: str,
    fingerprint: str | None,
    commands: Mapping[str, str],
    *,
    who: str,
    contact: str = "",
    notes: str = "",
) -> RunCard:
    """The card of a run of this installation, made today."""
    import numpy
    import torch

    versions = {"ugrn": __version__, "python": platform.python_version(), "torch": torch.__version__}
    versions |= {"numpy": numpy.__version__, "pandas": pd.__version__, "machine": platform.machine() or "unknown"}
    try:
        return RunCard(
            who=who,
            model=model,
            made=date.today().isoformat(),
            fingerprint=fingerprint,
            contact=contact,
            notes=notes,
            commands=dict(commands),
            versions={k: str(v) for k, v in versions.items()},
        )
    except ValidationError as error:
        raise InputError(f"The card cannot be made: {complaint(error)}.") from error


def card_json(card: RunCard) -> dict[str, object]:
    """The card as content of JSON."""
    return asdict(card)


def named(found: Contributed) -> str:
    """Whose run it is, for a heading."""
    return f"{found.card.who}, {found.card.model}, {found.card.made}" if found.card.model != NONE else found.card.who
