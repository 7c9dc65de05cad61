"""Works in, measurements out: timed in turns with a matrix product, whose rate is what their rates are shares of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from ugrn_core.bench.counts import Formula, counted
from ugrn_core.bench.timing import Timing, interleaved
from ugrn_core.types import Progress

GEMM = "matrix product"


@dataclass(frozen=True)
class Work:
    """One thing to time: ``batch`` rows of ``tokens`` tokens. ``formula`` where its multiply-adds are ours to count."""

    name: str
    run: Callable[[], object]
    batch: int
    tokens: int
    formula: Formula | None = None


@dataclass(frozen=True)
class Measurement:
    """A line of the report. Seconds are of one call; ``spread`` is (slowest - fastest) / median.

    ``multiply_adds`` were counted in this run as the matrix products were called; ``formula`` with its ``symbols``
    says where they come from and ``formula_multiply_adds`` is its value. ``gemm_fraction`` is the rate as a share of
    the matrix product's, timed in the same turns.
    """

    name: str
    model: str
    device: str
    batch: int
    tokens: int
    seconds: float
    fastest: float
    slowest: float
    spread: float
    repeats: int
    calls: int
    formula: str | None
    symbols: dict[str, int] | None
    formula_multiply_adds: int | None
    multiply_adds: int | None
    gflops: float | None
    gemm_fraction: float | None

    @property
    def seconds_a_row(self) -> float:
        return self.seconds / self.batch


def measure(
    works: Sequence[Work],
    *,
    model: str,
    device: torch.device,
    gemm: int,
    repeats: int,
    progress: Progress | None = None,
) -> dict[str, Measurement]:
    """Measurements of ``works`` by name, and of a float32 product of ``gemm`` x ``gemm`` matrices timed among them."""
    product = gemm_work(gemm, device)
    adds = {w.name: counted(w.run) for w in works if w.formula} | {GEMM: gemm**3}
    times = interleaved({w.name: w.run for w in (product, *works)}, repeats, device, progress=progress)
    rate = gemm**3 / times[GEMM].median
    return {
        w.name: _measurement(w, times[w.name], adds.get(w.name), rate, model if w is not product else GEMM, device)
        for w in (product, *works)
    }


def gemm_work(size: int, device: torch.device) -> Work:
    """A float32 product of square matrices; ``batch`` and ``tokens`` are its two outer sizes."""
    generator = torch.Generator().manual_seed(0)
    a, b = (torch.randn(size, size, generator=generator).to(device) for _ in range(2))
    out = torch.empty_like(a)
    return Work(GEMM, lambda: torch.mm(a, b, out=out), size, size, Formula("S**3", {"S": size}))


def _measurement(
    work: Work, timing: Timing, adds: int | None, gemm_rate: float, model: str, device: torch.device
) -> Measurement:
    rate = None if adds is None else adds / timing.median
    return Measurement(
        name=work.name,
        model=model,
        device=str(device),
        batch=work.batch,
        tokens=work.tokens,
        seconds=timing.median,
        fastest=timing.fastest,
        slowest=timing.slowest,
        spread=timing.spread,
        repeats=timing.repeats,
        calls=timing.calls,
        formula=work.formula.text if work.formula else None,
        symbols=dict(work.formula.symbols) if work.formula else None,
        formula_multiply_adds=work.formula.multiply_adds if work.formula else None,
        multiply_adds=adds,
        gflops=None if rate is None else 2e-9 * rate,
        gemm_fraction=None if rate is None else rate / gemm_rate,
    )
