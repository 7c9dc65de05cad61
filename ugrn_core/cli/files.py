"""Files that commands write beside stdout: whole or not there, by the ending of their name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ugrn_core.errors import InputError
from ugrn_core.whole_files import write_whole

if TYPE_CHECKING:
    from ugrn_core.figures.report import ReportKind


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
