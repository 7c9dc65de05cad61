"""JSON that may come from anybody, read into types: what does not fit is refused with its place and the reason.

Types are strict (``"0.1"`` is no number, ``true`` no count), numbers finite, texts and lists of bounded length; of a
long list the first fault is enough, as each costs memory. The records themselves are pydantic's dataclasses and models,
so that what is made here is held to the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from ugrn_core.errors import InputError

T = TypeVar("T")

STRICT = ConfigDict(strict=True, extra="forbid")
"""Of records that are read from files: no other entries, no conversions."""

MOST_GENES = 100_000
MOST_VALUES = 100
"""Virtual values of a grid; each costs a pass."""
LARGEST = 1e6
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def _plain(text: str) -> str:
    if CONTROL.search(text):
        raise ValueError("it holds control characters")
    return text


Line = Annotated[str, StringConstraints(max_length=4_000), AfterValidator(_plain)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_plain)]
Words = Annotated[tuple[Word, ...], Field(max_length=1_000, fail_fast=True)]
Gene = Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(_plain)]
Token = Annotated[str, StringConstraints(max_length=200), AfterValidator(_plain)]
"""Of a vocabulary."""
Genes = Annotated[tuple[Gene, ...], Field(max_length=MOST_GENES, fail_fast=True)]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Value = Annotated[float, Field(allow_inf_nan=False, ge=-LARGEST, le=LARGEST)]
Grid = Annotated[tuple[Value, ...], Field(min_length=1, max_length=MOST_VALUES)]
Share = Annotated[float, Field(ge=0, le=1)]
Inside = Annotated[float, Field(gt=0, lt=1)]
Count = Annotated[int, Field(ge=0, le=10**12)]
Positive = Annotated[int, Field(ge=1, le=10**9)]


def from_json(kind: type[T] | TypeAdapter[T], text: str | bytes, what: str, most: int) -> T:
    """The record of a JSON text of at most ``most`` bytes; an :class:`InputError` begins with ``what``.

    A key that stands twice is an error, and so is nesting beyond 200 levels; a byte order mark is passed over.
    """
    content = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if len(content) > most:
        raise InputError(f"{what}: too long, expected at most {most:,} bytes.")
    adapter = kind if isinstance(kind, TypeAdapter) else TypeAdapter(kind)
    content = content.removeprefix(b"\xef\xbb\xbf")
    try:
        found = adapter.validate_json(content)
        json.loads(content, object_pairs_hook=_once)
    except ValidationError as error:
        raise InputError(f"{what}: {complaint(error)}.") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{what}: {error}.") from error
    return found


def from_json_file(kind: type[T] | TypeAdapter[T], file: Path, most: int) -> T:
    """The record in a file; no more than ``most`` bytes of it are read."""
    try:
        with file.open("rb") as opened:
            content = opened.read(most + 1)
    except (OSError, ValueError) as error:
        raise InputError(f"{file} cannot be read: {error}.") from error
    return from_json(kind, content, file.name, most)


def complaint(error: ValidationError) -> str:
    """The first complaint in words, with its place and what stood there."""
    first = error.errors()[0]
    place = ".".join(map(str, first["loc"])) or "the text"
    reason = first["msg"].removeprefix("Value error, ").removeprefix("Input ").replace(" after validation", "")
    if first["type"] in ("unexpected_keyword_argument", "extra_forbidden"):
        reason = "unknown entry"
    return f"{place}: {reason[:1].lower()}{reason[1:]}{_got(first)}"[:600]


def _got(first: Any) -> str:
    """What stood there, at its length limit; nothing of what is missing or is no JSON."""
    if first["type"] in ("missing", "json_invalid", "missing_argument"):
        return ""
    return f", got {_short(first['input'])}"


def _short(value: object) -> str:
    """The beginning of a value; of what holds others only its kind and size."""
    if isinstance(value, dict | list | tuple):
        return f"a {type(value).__name__} of {len(value)}"
    text = repr(value[:60] if isinstance(value, str | bytes) else value)
    return text if len(text) <= 70 else f"{text[:60]}..."


def _once(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"{key[:60]!r} stands twice")
        found[key] = value
    return found
