"""A file of scores as a table ``source, target, score``: what any method of network inference writes.

Columns are found by their titles, or are the two of names and the one of numbers that there are.
"""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pandas as pd

from ugrn_core.errors import InputError
from ugrn_core.genes.gene_list import read_text

MOST_BYTES = 200_000_000
TITLES = {
    "source": ("source", "tf", "regulator", "from", "gene1"),
    "target": ("target", "gene", "to", "gene2"),
    "score": ("score", "importance", "weight", "edgeweight", "probability", "value"),
}


def read_score_table(file: Path | bytes) -> pd.DataFrame:
    """Lines of a file (or of an upload's bytes) with ``source, target`` (text) and ``score`` (float, finite)."""
    text = read_text(file)
    called = "the upload" if isinstance(file, bytes) else str(file)
    try:
        rows = pd.read_csv(io.StringIO(text), sep=_delimiter(text), header=None, dtype=str, keep_default_na=False)
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise InputError(f"{called} is no table of source, target and score: {error}.") from error
    table = _columns(rows, called)
    if table.empty:
        raise InputError(f"{called} holds no score; expected lines of source, target and score.")
    return table


def _delimiter(text: str) -> str:
    first = next((line for line in text.splitlines() if line.strip()), "")
    return next((d for d in "\t;," if d in first), r"\s+")


def _columns(rows: pd.DataFrame, called: str) -> pd.DataFrame:
    head = [re.sub(r"[^a-z0-9]", "", str(cell).lower()) for cell in rows.iloc[0]] if len(rows) else []
    at = {name: next((head.index(t) for t in titles if t in head), None) for name, titles in TITLES.items()}
    if None in at.values():
        if len(head) != 3 or any(v is not None for v in at.values()):
            raise InputError(
                f"{called} has the columns {', '.join(head[:6]) or 'none'}; expected source, target and score."
            )
        at = {"source": 0, "target": 1, "score": 2}
    else:
        rows = rows.iloc[1:]
    table = pd.DataFrame({name: rows[column].str.strip() for name, column in at.items()}).reset_index(drop=True)
    score = pd.to_numeric(table["score"], errors="coerce")
    wrong = ~np.isfinite(score) | (table["source"] == "") | (table["target"] == "")
    if wrong.any():
        line = ", ".join(table[wrong].iloc[0])
        raise InputError(f"{called} has the line {line[:60]!r}; expected two genes and a number.")
    return table.assign(score=score.astype(float))
