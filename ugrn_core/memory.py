"""Memory: sizes as people write them, what a value keeps alive, and freed memory that stays with the process."""

from __future__ import annotations

import ctypes
import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence, Set
from functools import cache
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,15})?)\s*([KMGT]?)(?:i?B)?", re.IGNORECASE)
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""Parameters of glibc's mallopt(3)."""
KEPT_A_HEAP = 256 << 20
LARGEST_KEPT = 32 << 20
DASK_TRIM = "65536"
"""What Dask's nanny sets for its workers: every freed 64 kB goes back to the system."""
MANY = 1000
LOOKED_AT = 200
"""Members of a collection of more than ``MANY`` that are looked at; the others are taken to be like them."""
MOST_VALUES = 200_000
SHARED = (type, ModuleType, FunctionType, BuiltinFunctionType, MethodType)


def bytes_of(text: str) -> int | None:
    """A number with K, M, G or T (powers of 1024) in bytes; None if it is no size."""
    match = _SIZE.fullmatch(text.strip())
    return None if match is None else int(float(match[1]) * 1024 ** " KMGT".index(match[2].upper() or " "))


@cache
def keep_freed_memory() -> None:
    """Let glibc keep up to 256 MB a heap that was freed, and give back at once what is larger than 32 MB.

    Activations of a sweep are some MB and come back a moment later. Giving them back costs a tenth of its time by
    glibc's defaults, and 1.7 times its processor time by those of Dask's workers (measured). A threshold that the user
    has set stays; other C libraries are left alone.
    """
    own = os.environ.get("MALLOC_TRIM_THRESHOLD_", DASK_TRIM) != DASK_TRIM
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None and not own:
        mallopt(M_TRIM_THRESHOLD, KEPT_A_HEAP)
        mallopt(M_MMAP_THRESHOLD, LARGEST_KEPT)


def bytes_held(value: object) -> int:
    """Arrays, tensors, frames, collections and the attributes of objects, each counted once; an estimate."""
    seen: set[int] = set()
    waiting: list[tuple[Any, float]] = [(value, 1.0)]
    total = 0.0
    while waiting and len(seen) < MOST_VALUES:
        one, weight = waiting.pop()
        if id(one) in seen or isinstance(one, SHARED):
            continue
        seen.add(id(one))
        own, parts = _of(one)
        total += weight * own
        waiting += [(part, weight * share) for part, share in parts]
    return int(total)


def _of(value: Any) -> tuple[int, Iterable[tuple[Any, float]]]:
    """Bytes of the value itself, and what else it holds, each with the number of times it stands for."""
    if isinstance(value, np.ndarray):
        return value.nbytes, _some(value.ravel()) if value.dtype == object else ()
    if hasattr(value, "untyped_storage"):  # a tensor
        return value.untyped_storage().nbytes(), ()
    if hasattr(value, "memory_usage"):  # a frame, a series, or the index of one
        usage = value.memory_usage(deep=True)
        return int(getattr(usage, "sum", lambda: usage)()), ()
    own = sys.getsizeof(value, 64)
    if isinstance(value, str | bytes | bytearray | int | float | complex | None):
        return own, ()
    if isinstance(value, Mapping):
        return own, [*_some(list(value.keys())), *_some(list(value.values()))]
    if isinstance(value, Sequence | Set):
        return own, _some(value if isinstance(value, Sequence) else list(value))
    slots = [getattr(value, name, None) for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())]
    return own, [(part, 1.0) for part in (*getattr(value, "__dict__", {}).values(), *slots)]


def _some(members: Sequence[Any] | np.ndarray) -> list[tuple[Any, float]]:
    if len(members) <= MANY:
        return [(member, 1.0) for member in members]
    places = np.linspace(0, len(members) - 1, LOOKED_AT).astype(int)
    return [(members[i], len(members) / LOOKED_AT) for i in places]
