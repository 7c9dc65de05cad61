"""What the commands write: results to stdout and nothing else there; notes and progress to stderr."""

from __future__ import annotations

import errno
import io
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import typer

from ugrn_core.errors import Cancelled, InputError
from ugrn_core.time_left import TimeLeft, duration
from ugrn_core.types import Cancel, Progress
from ugrn_core.whole_files import write_whole

if TYPE_CHECKING:
    import pandas as pd

    from ugrn_core.figures.report import ReportKind


UNWRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF}
LINE_EVERY = 10.0
"""Seconds between two lines of progress where stderr is not a terminal (a log file, a batch job)."""

INTERRUPTED = 130
"""Exit status of a program that Ctrl-C ended, by custom."""


def prepare_streams() -> None:
    """Results are UTF-8 whatever the locale; what a terminal cannot show is spelt out there."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        if sys.stdout.isatty():
            sys.stdout.reconfigure(errors="backslashreplace")
        else:
            sys.stdout.reconfigure(encoding="utf-8", errors="surrogateescape")


def say(sentence: str) -> None:
    """A sentence to the user, on stderr; where that cannot be written, nobody is told."""
    try:
        typer.echo(sentence, err=True)
    except OSError:
        _let_go(sys.stderr)


def write_text(text: str) -> None:
    """A line, or several, on stdout, at once. A full disk and a closed stdout are InputErrors."""
    if sys.stdout is None:
        raise InputError("The results cannot be written: standard output is closed.")
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        raise  # who reads has seen enough; it ends in silence
    except OSError as error:
        raise InputError(explain_full(error) or str(error)) from error


def explain_full(error: OSError) -> str | None:
    """What is said of an error in writing to stdout, which is given up then; None for an error of another kind."""
    if error.filename is not None or error.errno not in UNWRITABLE:
        return None
    _let_go(sys.stdout)
    return f"The results cannot be written to standard output: {error.strerror}."


def _let_go(stream: TextIO) -> None:
    """Lose what a stream still holds, which Python would try to write, and complain of, at its end."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def write_json(content: Any) -> None:
    """JSON on stdout; NaN and infinity have no place in JSON and are a ValueError."""
    write_text(json_text(content))


def json_text(content: Any) -> str:
    """JSON as it is written everywhere."""
    return json.dumps(content, indent=2, allow_nan=False)


def write_csv(frame: pd.DataFrame) -> None:
    """CSV with a header and without row numbers on stdout; texts are guarded against spreadsheets."""
    from ugrn_core.spreadsheet import csv_text

    write_text(csv_text(frame).removesuffix("\n"))


def write_table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Aligned columns on stdout, for reading; the last column is never cut."""
    widths = [max(len(row[i]) for row in (titles, *rows)) for i in range(len(titles) - 1)]
    lines = ([*map(str.ljust, row, widths), row[-1]] for row in (titles, *rows))
    write_text("\n".join("  ".join(line).rstrip() for line in lines))


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
    pace, shown = TimeLeft(), time.monotonic()
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


def write_file(file: Path, content: bytes, option: str) -> None:
    """Write a file that ``option`` names."""
    try:
        write_whole(file, content)
    except OSError as error:
        raise InputError(f"{file} cannot be written: {error}. Name another file with {option}.") from error


def in_a_folder(file: Path) -> bool:
    """Whether a file of this name can be expected to be written."""
    return not file.is_dir() and file.absolute().parent.is_dir()


def report_kind(file: Path) -> ReportKind:
    """html or pdf, by the ending; what cannot be made here is refused before anything is computed."""
    ending = file.suffix.lower()
    if ending not in (".html", ".pdf") or not in_a_folder(file):
        raise InputError(f"--report is {str(file)!r}; expected a file in a folder that is there, .html or .pdf.")
    if ending == ".html":
        return "html"
    check_print()
    return "pdf"


def check_print() -> None:
    """Refuse to print where no browser can."""
    from ugrn_core.figures.printed import what_is_missing

    missing = what_is_missing()
    if missing:
        raise InputError(missing)


@contextmanager
def stop_on_interrupt() -> Iterator[Cancel]:
    """A cancel callback that Ctrl-C sets; a run that stops by it ends the program with a sentence and status 130."""
    stopped = threading.Event()

    def stop(*_: object) -> None:
        stopped.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        say("Stopping; what was finished is kept. Ctrl-C again ends at once.")

    before = signal.getsignal(signal.SIGINT)
    if before != signal.SIG_IGN:  # who started this program (nohup, a script's &) wants it left alone
        signal.signal(signal.SIGINT, stop)
    try:
        yield stopped.is_set
    except Cancelled as error:
        say("Stopped. The same line, given again, goes on from there.")
        raise typer.Exit(INTERRUPTED) from error
    finally:
        if before != signal.SIG_IGN:
            signal.signal(signal.SIGINT, before)
