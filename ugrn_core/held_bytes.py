"""About how many bytes a value keeps alive, so that what is kept for later can be bounded."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence, Set
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

MANY = 1000
LOOKED_AT = 200
"""Members of a collection of more than ``MANY`` that are looked at; the others are taken to be like them."""
MOST_VALUES = 200_000
SHARED = (type, ModuleType, FunctionType, BuiltinFunctionType, MethodType)


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
