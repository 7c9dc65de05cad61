"""The one long frame of results: its form, the parts file by which a killed run goes on, frames beside one another.

Frames of Table 1 that were made with the first generation of the embedded models are kept as they were made: whatever
weights come later, what is said of the printed figures rests on these; ``README.md`` beside them has the commands and
the fingerprints of the weights.
"""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from ugrn_core.errors import InputError
from ugrn_core.paths import ASSETS
from ugrn_core.spreadsheet import csv_text, unguarded_table
from ugrn_core.whole_files import write_whole

COLUMNS = (
    *("protocol", "backbone", "weights", "objective", "translator", "method", "context", "background", "base", "grid"),
    "reverse_features",
    *("train_sets", "train_network", "test_set", "test_network", "gene_set", "sampler", "neg_ratio", "max_pos"),
    *("subset", "seed", "metric", "value", "n_pos", "n_neg", "prior", "edge_overlap", "status", "reason"),
    *("units", "coverage"),
)
STATUSES = ("ok", "partial", "too_few", "missing")
"""``partial``: trained on a part of the training sets, named in reason. The last two have no value."""
LATER: dict[str, Any] = {"units": "pairs", "coverage": 1.0}
"""Columns that frames of before do not have, and what is true of those: pairs are ranked, each with its own score."""
NONE = "none"
"""In the columns of the backbone and its settings where a method has no model."""

Result = dict[str, Any]
BlockKey = tuple[str, ...]

NUMBERS = ("base", "value", "prior", "edge_overlap", "coverage")
TESTS = ("backbone", "weights", "neg_ratio", "train_sets", "train_network", "seed", "test_set", "test_network")
"""Columns that name one test by one contestant: a run goes from test to test, and in each from method to method."""

FROZEN = ASSETS / "benchmark" / "frozen"
SECOND = FROZEN / "second_generation"
"""The same question asked of a later model, in frames of their own: the words on the first rest on the first alone."""

WITNESS = "Gene degrees"
"""A score whose values tell the pairs of a test: it needs no model, and every frame may have it."""

SAME = (
    *(c for c in TESTS if c not in ("backbone", "weights")),
    *("gene_set", "sampler", "max_pos", "subset", "metric", "units", "n_pos", "n_neg"),
)


class Parts:
    """Finished blocks of a run, in memory and on disk; ``header`` says what the run is and must not change.

    ``run`` is the header as one text.
    """

    def __init__(self, file: Path, header: dict[str, Any]) -> None:
        self.file = file
        self.blocks: dict[BlockKey, list[Result]] = {}
        lines = self._lines()
        self.run = json.dumps(header, sort_keys=True)
        header = json.loads(self.run)
        if lines and lines[0] != header:
            changed = sorted(k for k in header.keys() | lines[0].keys() if lines[0].get(k) != header.get(k))
            raise InputError(
                f"{file} holds parts of another run (it differs in {', '.join(changed)}). Delete it, or choose another "
                "file for the results."
            )
        for line in lines[1:]:
            self.blocks[tuple(line["block"])] = [_row(r) for r in line["rows"]]
        text = "".join(f"{json.dumps(line)}\n" for line in lines or [header])
        write_whole(file, text.encode())  # without the line that a kill cut off

    def __contains__(self, key: object) -> bool:
        return key in self.blocks

    def append(self, key: BlockKey, rows: Sequence[Result]) -> None:
        """Keep a finished block, on disk at once."""
        self.blocks[key] = list(rows)
        line = json.dumps({"block": list(key), "rows": [_plain(r) for r in rows]})
        with self.file.open("a", encoding="utf-8") as out:
            out.write(f"{line}\n")

    def _lines(self) -> list[dict[str, Any]]:
        if not self.file.is_file():
            return []
        lines = self.file.read_text("utf-8").split("\n")[:-1]
        try:
            return [json.loads(line) for line in lines]
        except ValueError as error:
            raise InputError(f"{self.file} is not a parts file of a benchmark: {error}. Delete it.") from error


def result_frame(rows: Sequence[Result]) -> pd.DataFrame:
    """Rows as a frame with exactly ``COLUMNS``."""
    return pd.DataFrame(list(rows), columns=list(COLUMNS))


def write_results(frame: pd.DataFrame, file: Path) -> None:
    """CSV with 6 decimals, packed where the name ends in .gz; the file appears when it is whole.

    The same frame gives the same bytes.
    """
    text = csv_text(frame, "%.6f").encode()
    write_whole(file, gzip.compress(text, mtime=0) if file.suffix == ".gz" else text)


def read_results(file: Path) -> pd.DataFrame:
    """A frame of results from its CSV; a file with other columns is an InputError."""
    try:
        frame = pd.read_csv(file, keep_default_na=False, na_values={c: [""] for c in NUMBERS})
    except (OSError, ValueError) as error:
        raise InputError(f"{file} cannot be read as benchmark results: {error}.") from error
    if tuple(frame.columns) == tuple(c for c in COLUMNS if c not in LATER):
        frame = frame.assign(**LATER)
    if tuple(frame.columns) != COLUMNS:
        raise InputError(f"{file} is not a frame of benchmark results: its columns are {list(frame.columns)[:8]} ...")
    return unguarded_table(frame)


def _plain(record: dict[str, Any]) -> dict[str, Any]:
    """JSON has no NaN: it is written as null."""
    return {k: None if isinstance(v, float) and math.isnan(v) else v for k, v in record.items()}


def _row(record: dict[str, Any]) -> Result:
    return LATER | {k: float("nan") if v is None else v for k, v in record.items()}


def frozen_results(table: int = 1, folder: Path = FROZEN) -> pd.DataFrame:
    """All frozen frames of a table under one another; ``folder`` is ``FROZEN`` or ``SECOND``."""
    files = sorted(folder.glob(f"*_table_{table}_*.csv.gz"))
    return pd.concat([read_results(file) for file in files], ignore_index=True)


def put_beside(frame: pd.DataFrame, more: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """``frame`` with the rows of methods that only ``more`` has, and a sentence on those left out, if any.

    A row is taken where ``WITNESS`` has the same value in both frames on that test, seed and subset: then the pairs are
    the same. Rows without that witness are left out.
    """
    new = more[~more["method"].isin(set(frame["method"]))]
    known = _witness(frame).merge(_witness(more), on=list(SAME), suffixes=("", "_more"))
    same = known[
        (known["value"] - known["value_more"]).abs().lt(2e-6) | known[["value", "value_more"]].isna().all(axis=1)
    ]
    kept = new.merge(same[list(SAME)], on=list(SAME), how="inner")[list(COLUMNS)]
    lost = sorted(set(new["method"].astype(str)) - set(kept["method"].astype(str)))
    note = f"{', '.join(lost)}: scored on other pairs than these, and left out." if lost else ""
    if kept.empty:
        return frame, note
    return pd.concat([frame, kept], ignore_index=True), note


def _witness(frame: pd.DataFrame) -> pd.DataFrame:
    found = frame[(frame["method"] == WITNESS)][[*SAME, "value"]]
    return found.astype({c: str for c in SAME if found[c].dtype == "category"}).drop_duplicates(list(SAME))
