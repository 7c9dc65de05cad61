"""What the commands write: results to stdout and nothing else there; notes and progress to stderr."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from ugrn_core.download import duration
from ugrn_core.pace import Pace
from ugrn_core.types import Progress

if TYPE_CHECKING:
    import pandas as pd

LINE_EVERY = 10.0
"""Seconds between two lines of progress where stderr is not a terminal (a log file, a batch job)."""


def say(sentence: str) -> None:
    """A sentence to the user, on stderr."""
    typer.echo(sentence, err=True)


def write_json(content: Any) -> None:
    """JSON on stdout; NaN and infinity have no place in JSON and are a ValueError."""
    typer.echo(json.dumps(content, indent=2, allow_nan=False))


def write_csv(frame: pd.DataFrame) -> None:
    """CSV with a header and without row numbers on stdout."""
    frame.to_csv(sys.stdout, index=False, lineterminator="\n")


def write_table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Aligned columns on stdout, for reading; the last column is never cut."""
    widths = [max(len(row[i]) for row in (titles, *rows)) for i in range(len(titles) - 1)]
    for row in (titles, *rows):
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        typer.echo("  ".join([*cells, row[-1]]).rstrip())


@contextmanager
def progress_on_stderr() -> Iterator[Progress]:
    """A progress callback: a bar with the time left on a terminal (gone when done), a line now and then elsewhere."""
    if sys.stderr.isatty():
        with _bar() as progress:
            yield progress
    else:
        yield _lines()


@contextmanager
def _bar() -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda share, sentence: bar.update(task, completed=share, description=sentence)


def _lines() -> Progress:
    pace, shown = Pace(), time.monotonic()
    pace.update(0.0, shown)

    def line(share: float, sentence: str) -> None:
        nonlocal shown
        now = time.monotonic()
        pace.update(share, now)
        left = pace.seconds_left(now)
        if now - shown >= LINE_EVERY:
            shown = now
            say(f"{share:4.0%}  {sentence}" + ("" if left is None else f", about {duration(left)} left"))

    return line
