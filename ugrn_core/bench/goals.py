"""What the sweep is held to. A goal that is missed comes with a profile of where the time went."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import torch
from torch.profiler import ProfilerActivity, profile

from ugrn_core.bench.sizes import Sizes
from ugrn_core.bench.timing import torch_threads, wait

Sense = Literal["at least", "at most"]
OPERATIONS_SHOWN = 8


@dataclass(frozen=True)
class HotSpot:
    """An operation, its own share of the profiled time, and how often it was called."""

    operation: str
    share: float
    calls: int


@dataclass(frozen=True)
class Verdict:
    """A goal and what was measured; ``profile`` is empty where the goal was met. ``figure`` names a key of the report
    as ``part.key``, ``device`` where it was measured."""

    figure: str
    says: str
    device: str
    value: float
    sense: Sense
    goal: float
    met: bool
    profile: tuple[HotSpot, ...]


@dataclass(frozen=True)
class Goal:
    """A figure of the report, in words, and the limit it is held to."""

    figure: str
    says: str
    sense: Sense
    limit: float

    def judge(self, value: float, work: Callable[[], object] | None, device: torch.device) -> Verdict:
        """Hold ``value`` against the limit; ``work`` is profiled where it misses (None: time is not what it is of)."""
        met = value >= self.limit if self.sense == "at least" else value <= self.limit
        spots = () if met or work is None else hot_spots(work, device)
        return Verdict(self.figure, self.says, str(device), value, self.sense, self.limit, met, spots)


def hot_spots(work: Callable[[], object], device: torch.device) -> tuple[HotSpot, ...]:
    """The operations that took most of one call of ``work``, largest first."""
    on_gpu = device.type == "cuda"
    activities = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if on_gpu else [])]
    # on one thread, because the profiler sees the thread that asks and no other
    with torch_threads(1), _silent_stderr(), profile(activities=activities) as seen:
        work()
        wait(device)
    events = [
        (e.self_device_time_total if on_gpu else e.self_cpu_time_total, str(e.key), int(e.count))
        for e in seen.key_averages()
    ]
    total = sum(time for time, _, _ in events) or 1.0
    largest = sorted(events, reverse=True)[:OPERATIONS_SHOWN]
    return tuple(HotSpot(operation, time / total, calls) for time, operation, calls in largest)


@contextmanager
def _silent_stderr() -> Iterator[None]:
    """Torch's profiler writes a line of its own to the process's stderr at every start and stop."""
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
            yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def goals(sizes: Sizes) -> dict[str, Goal]:
    """Every goal by its figure. The embedded model's are named by the contexts of ``sizes``."""
    any_pass, own_pass = "dual pass of any direction", "the sweep's own pass"
    plain, share = "times as fast as torch's forward mode", "share of the GEMM rate"
    found = [
        Goal("scgpt.forward_vs_official", "our plain pass, times as fast as the official model's", "at least", 1.1),
        Goal("scgpt.gdt_vs_reverse_mode", "GDT of all targets, times as fast as reverse mode", "at least", 1000.0),
        Goal("mini.pairs_per_second", "pairs a second, both directions, 6 values, VVP and GDT", "at least", 5000.0),
        Goal("memory.growth", "peak memory with the most sources over that with the fewest", "at most", 1.05),
    ]
    for name, words in (("dual", any_pass), ("sweep", own_pass)):
        found.append(
            Goal(f"scgpt.{name}_vs_official_forward", f"{words}: time, in official plain passes", "at most", 2.1)
        )
        found.append(Goal(f"scgpt.{name}_gemm_fraction", f"{words}, {share}", "at least", 0.75))
        found.append(Goal(f"mini.{name}_vs_plain_{sizes.mini_genes[0]}", f"{words}, {plain}", "at least", 2.0))
        for n in sizes.mini_genes:
            found.append(Goal(f"mini.{name}_gemm_fraction_{n}", f"{words}, {n:,} genes, {share}", "at least", 0.45))
    return {g.figure: g for g in found}
