"""Rows of a pass side by side on a processor: each thread takes whole rows and shares no operation with another.

Torch splits every single operation over its threads, which then wait for each other some thousand times in a pass.
Rows do not touch each other, so that a thread can take its rows through all layers alone, with its own caches. There
are as many as ``torch.get_num_threads()``; one thread, a GPU, or a single row is computed in place.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar, cast

import torch
from torch import Tensor

from ugrn_core.memory import keep_freed_memory

Item = TypeVar("Item")
Answer = TypeVar("Answer")
Tensors = TypeVar("Tensors", bound=tuple[Tensor, ...])


def row_threads(device: torch.device) -> int:
    """Threads that rows are shared among: those of torch on a processor, 1 elsewhere."""
    return torch.get_num_threads() if device.type == "cpu" else 1


def over_rows(function: Callable[..., Tensors], *rows: Tensor, device: torch.device | None = None) -> Tensors:
    """``function(*rows)``, all (row, ...), computed in equal parts on threads and put together in order.

    ``device`` computes; default: that of the rows, which may also lie on the host.
    """
    device = rows[0].device if device is None else device
    n = min(row_threads(device), len(rows[0]))
    if n < 2:
        return function(*rows)
    parts = list(zip(*(r.tensor_split(n) for r in rows), strict=True))
    found = side_by_side(lambda part: function(*part), parts, device)
    return cast(Tensors, tuple(torch.cat(results) for results in zip(*found, strict=True)))


def side_by_side(function: Callable[[Item], Answer], items: Sequence[Item], device: torch.device) -> list[Answer]:
    """``function`` of each item, in order, each on a thread without others; in place where torch has one thread."""
    n = row_threads(device)
    if n < 2 or len(items) < 2:
        return [function(item) for item in items]
    return list(_threads(n).map(torch.no_grad()(function), items))


@cache
def _threads(n: int) -> ThreadPoolExecutor:
    """``n`` threads on which torch uses no others."""
    keep_freed_memory()
    pool = ThreadPoolExecutor(n, thread_name_prefix="ugrn-rows")
    everyone = threading.Barrier(n)

    def start() -> None:
        torch.get_num_threads()  # or the number below would be overwritten at first use
        torch.set_num_threads(1)  # of this thread, and of threads not yet started
        everyone.wait()

    for started in [pool.submit(start) for _ in range(n)]:
        started.result()
    torch.set_num_threads(n)
    return pool
