"""What the reading of one h5ad file may take; both can be set by the environment."""

from __future__ import annotations

import math
import os

from ugrn_core.errors import InputError
from ugrn_core.memory import bytes_of

SECONDS = "UGRN_READ_SECONDS"
MEMORY = "UGRN_READ_MEMORY"
DEFAULT_SECONDS = 60.0
DEFAULT_MEMORY = 512 << 20
LEAST_MEMORY = 64 << 20


def read_seconds() -> float:
    """Seconds from the start of the reader to its last answer."""
    given = os.environ.get("UGRN_READ_SECONDS", "").strip()
    try:
        seconds = float(given) if given else DEFAULT_SECONDS
    except ValueError:
        seconds = math.nan
    if not 1 <= seconds <= 1e6:
        raise InputError(f"{SECONDS} is {given!r}; give a number of seconds from 1 to a million, such as 300.")
    return seconds


def read_memory() -> int:
    """Bytes that the reader may take above what it has when it starts."""
    given = os.environ.get("UGRN_READ_MEMORY", "").strip()
    memory = bytes_of(given) if given else DEFAULT_MEMORY
    if memory is None or not LEAST_MEMORY <= memory < 1 << 50:
        raise InputError(f"{MEMORY} is {given!r}; give a size of 64M or more, such as 2G.")
    return memory
