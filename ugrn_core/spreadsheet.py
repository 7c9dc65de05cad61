"""Tables for spreadsheets, which run a cell that begins like a formula, whatever put it there.

Such a text gets an apostrophe in front, and one that begins with apostrophes before such a sign gets one more: taking
one away gives every text back.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pandas as pd

RUNS = re.compile("'*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
"""Begins a formula in some program, or is stripped by one that then sees a formula; also the wide forms."""
GUARDED = re.compile(f"'(?={RUNS.pattern})")


def guarded(text: str) -> str:
    """The text as a cell that no spreadsheet runs."""
    return f"'{text}" if RUNS.match(text) else text


def unguarded(cell: str) -> str:
    """The text that :func:`guarded` made a cell of."""
    return cell[1:] if GUARDED.match(cell) else cell


def guarded_table(table: pd.DataFrame) -> pd.DataFrame:
    """A table with all texts guarded, titles among them; numbers stay."""
    columns = {guarded(str(name)): _each_text(table[name], guarded) for name in table}
    return pd.DataFrame(columns, index=table.index)


def unguarded_table(table: pd.DataFrame) -> pd.DataFrame:
    """The table that :func:`guarded_table` was given; its titles stay."""
    return table.assign(**{str(name): _each_text(table[name], unguarded) for name in table})


def _each_text(column: pd.Series, change: Callable[[str], str]) -> pd.Series:
    """The column with its texts changed: each is looked at once, of a million rows few say something new."""
    if pd.api.types.is_numeric_dtype(column):
        return column
    texts = {value for value in set(column.tolist()) if isinstance(value, str)}
    changed = {text: new for text in texts if (new := change(text)) != text}
    if not changed:
        return column
    return column.map(lambda value: changed.get(value, value) if isinstance(value, str) else value)


def csv_text(table: pd.DataFrame, float_format: str | None = None) -> str:
    """A table as CSV with titles and without row numbers, texts guarded."""
    return guarded_table(table).to_csv(index=False, lineterminator="\n", float_format=float_format)
