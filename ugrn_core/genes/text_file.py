"""Text of files that hold gene names, in any encoding of spreadsheets; what is no text is an error that says so."""

from __future__ import annotations

import codecs
import re
import sys
from pathlib import Path

from ugrn_core.errors import InputError
from ugrn_core.paths import user_path

MAX_BYTES = 5_000_000
"""Of a gene list, and of what is pasted or uploaded."""
MAX_EDGE_BYTES = 100_000_000
"""Of a file of pairs or edges on disk."""

_NO_TEXT = (
    (b"PK\x03\x04", "a zip or Excel file", "Save the sheet as CSV and give that."),
    (b"\xd0\xcf\x11\xe0", "an old Excel file", "Save the sheet as CSV and give that."),
    (b"\x89HDF", "an HDF5 file", "Give an h5ad file where expression is asked for."),
    (b"\x1f\x8b", "compressed with gzip", "Unpack it first."),
    (b"BZh", "compressed with bzip2", "Unpack it first."),
    (b"\xfd7zXZ", "compressed with xz", "Unpack it first."),
    (b"%PDF", "a PDF", "Copy its names into a text file."),
    (b"{\\rtf", "a file of a word processor (RTF)", "Save it as plain text."),
    (b"PAR1", "a Parquet file", "Save the table as CSV and give that."),
)
_DOT = re.compile(r"(?:(?://|#)[^\n]{0,500}\n\s{0,20}){0,20}(?:strict\s{1,20})?(?:di)?graph\b[^\n{]{0,200}\s{0,20}\{")
_OTHER_TEXT = (
    (("<!doctype html", "<html", "<table", "<body"), "a web page", "Download the file itself, on GitHub with Raw."),
    (("<?xml", "<graphml", "<gexf"), "XML", "Give a table instead, such as network.sif or edges.csv of a network."),
    (("graph [", "graph\n[", "creator "), "GML", "Give a table of source and target instead."),
)
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip


def read_text(file: Path | str | bytes, what: str = "gene list", limit: int = MAX_BYTES) -> str:
    """Text of a file, of standard input (``-``) or of an upload's bytes; what is too large or no text is an InputError.

    UTF-8, or UTF-16 and UTF-32 by their byte-order mark or their zeros; other bytes are read as Windows' Latin-1.
    """
    content = file if isinstance(file, bytes) else _bytes_of(file, limit + 1)
    if len(content) > limit:
        raise InputError(
            f"The {what} has more than {limit:,} bytes; at most {limit:,} are read. Keep the columns of names only."
        )
    return decoded(content, what)


def decoded(content: bytes, what: str = "gene list") -> str:
    """Text of some bytes without byte-order mark; bytes that are no text are an InputError that says what they are."""
    for start, kind, advice in _NO_TEXT:
        if content.startswith(start):
            raise InputError(f"The {what} is {kind}, expected text. {advice}")
    text = _decoded(content)
    if text is None:
        raise InputError(f"The {what} is a binary file, expected text: one gene name a line, or a CSV file.")
    refuse_other_text(text, what)
    return text


def refuse_other_text(text: str, what: str) -> None:
    """Text that is no list and no table but a web page, XML, JSON or a drawing is an InputError that says so."""
    start = text[:20_000].lstrip().lower()
    for starts, kind, advice in _OTHER_TEXT:
        if start.startswith(starts):
            raise InputError(f"The {what} is {kind}, expected names or a table. {advice}")
    if start.startswith("{") and ":" in start[:300] and '"' in start[:100]:
        raise InputError(f"The {what} is a JSON object, expected names or a table. Give its names, one a line.")
    if start.startswith("[") and start[1:20].lstrip().startswith("{"):
        raise InputError(f"The {what} is JSON, expected names or a table. Save its records as CSV with titles.")
    if _DOT.match(start):
        raise InputError(
            f"The {what} is a drawing in DOT (Graphviz), expected names or a table. Give its edges alone, one a line, "
            "such as SOX2 -> NANOG."
        )


def _decoded(content: bytes) -> str | None:
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), None) or _by_zeros(content[:2000])
    if encoding is not None:
        text = content.decode(encoding, errors="replace").removeprefix("\ufeff")
    else:
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError:
            text = content.decode("cp1252", errors="replace")
    return None if "\x00" in text else text


def _by_zeros(start: bytes) -> str | None:
    """UTF-16 without a mark: every other byte of Latin letters is zero."""
    pairs = len(start) // 2
    odd, even = start[1::2].count(0), start[0::2].count(0)
    if pairs and max(odd, even) > 0.8 * pairs and not min(odd, even):
        return "utf-16-le" if odd > even else "utf-16-be"
    return None


def _bytes_of(file: Path | str, most: int) -> bytes:
    """At most so many bytes of a file, a pipe or standard input."""
    if str(file) == "-":
        return sys.stdin.buffer.read(most)
    path = user_path(file)
    if path.is_dir():
        raise InputError(f"{path} is a folder: give the path of a text file with gene names.")
    try:
        with path.open("rb") as stream:
            return stream.read(most)
    except FileNotFoundError:
        raise InputError(f"{path} cannot be read as text: there is no such file. Give the path of a list.") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read as text: {error}.") from error
