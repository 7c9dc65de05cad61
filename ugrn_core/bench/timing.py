"""Medians of interleaved repeats: A B A B ..., so that a machine that slows down slows all of them."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from ugrn_core.types import Progress

SHORTEST = 0.05
"""Seconds that one repeat takes at least; a shorter work is called several times in it."""


@contextmanager
def torch_threads(n: int | None) -> Iterator[None]:
    """Run with ``n`` threads of torch, then with as many as before; None changes nothing."""
    before = torch.get_num_threads()
    if n is not None:
        torch.set_num_threads(n)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@dataclass(frozen=True)
class Timing:
    """Seconds of one call: the median, fastest and slowest of ``repeats`` repeats of ``calls`` calls each."""

    median: float
    fastest: float
    slowest: float
    repeats: int
    calls: int

    @property
    def spread(self) -> float:
        """Slowest minus fastest, as a share of the median."""
        return (self.slowest - self.fastest) / self.median


def interleaved(
    works: Mapping[str, Callable[[], object]],
    repeats: int,
    device: torch.device,
    *,
    progress: Progress | None = None,
) -> dict[str, Timing]:
    """Time ``works`` in turns, each warmed up first; waits for the device before the clock is read."""
    if progress:
        progress(0.0, f"warming up {len(works)} works")
    calls = {name: _calls(work, device) for name, work in works.items()}
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(repeats):
        if progress:
            progress((turn + 1) / (repeats + 1), f"turn {turn + 1} of {repeats} of {len(works)} works")
        for name, work in works.items():
            seconds[name].append(_seconds(work, calls[name], device) / calls[name])
    return {name: Timing(statistics.median(s), min(s), max(s), repeats, calls[name]) for name, s in seconds.items()}


def wait(device: torch.device) -> None:
    """Until the device has done all it was given; the CPU has nothing outstanding."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def _calls(work: Callable[[], object], device: torch.device) -> int:
    """Calls that fill one repeat. The first call warms up; it counts where it alone is long enough."""
    first = _seconds(work, 1, device)
    seconds = first if first >= 10 * SHORTEST else _seconds(work, 1, device)
    return max(1, math.ceil(SHORTEST / max(seconds, 1e-9)))


def _seconds(work: Callable[[], object], calls: int, device: torch.device) -> float:
    wait(device)
    start = time.perf_counter()
    for _ in range(calls):
        work()
    wait(device)
    return time.perf_counter() - start
