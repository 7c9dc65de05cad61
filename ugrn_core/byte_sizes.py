"""Sizes in bytes as people write them: 500M, 8G."""

from __future__ import annotations

import re

_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,15})?)\s*([KMGT]?)(?:i?B)?", re.IGNORECASE)


def bytes_of(text: str) -> int | None:
    """A number with K, M, G or T (powers of 1024) in bytes; None if it is no size."""
    match = _SIZE.fullmatch(text.strip())
    return None if match is None else int(float(match[1]) * 1024 ** " KMGT".index(match[2].upper() or " "))
