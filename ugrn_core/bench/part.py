"""What one part of the bench hands back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from ugrn_core.bench.goals import Verdict, goals
from ugrn_core.bench.measure import Measurement, Work, measure
from ugrn_core.bench.sizes import Sizes
from ugrn_core.types import Progress, part_of

TOLERANCE = 1e-4
"""Largest difference between two ways to one answer, as a share of its largest value: float32 through 12 layers."""

KINKS = 0.005
"""Share of answers that may be further apart: a slope jumps where rounding takes a ReLU to the other side of zero."""


@dataclass
class BenchPart:
    """Figures of one model by their keys in the report, with their measurements and verdicts.

    ``agreement`` is how far the answers of the ways compared are apart, ``no_gain`` the questions that are not
    answered much faster than elsewhere. ``steps`` are the sets of works to come, for the progress.
    """

    name: str
    model: str
    sizes: Sizes
    device: torch.device
    steps: int
    progress: Progress | None = None
    figures: dict[str, Any] = field(default_factory=dict)
    agreement: dict[str, float] = field(default_factory=dict)
    no_gain: dict[str, float] = field(default_factory=dict)
    measurements: list[Measurement] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    finished: int = 0

    def measure(self, works: list[Work]) -> dict[str, Measurement]:
        """Measurements of ``works`` in turns, kept for the report."""
        done = self.finished / self.steps
        self.finished += 1
        found = measure(
            works,
            model=self.model,
            device=self.device,
            gemm=self.sizes.gemm,
            repeats=self.sizes.repeats,
            progress=part_of(self.progress, done, self.finished / self.steps),
        )
        self.measurements += found.values()
        return found

    def agree(self, name: str, ours: Tensor, theirs: Tensor) -> None:
        """Keep how far two answers are apart; the speed of another answer would be the speed of nothing."""
        self.agreement[name] = largest_difference(ours, theirs)
        apart = share_apart(ours, theirs)
        if not apart <= KINKS:
            raise RuntimeError(
                f"{self.model}, {name}: {apart:.2%} of the answers differ by more than {TOLERANCE:g} of the largest, "
                f"the worst by {self.agreement[name]:.1e}."
            )

    def figure(self, key: str, value: float, work: Callable[[], object]) -> None:
        """Keep a figure; where a goal is set for it, judge it, and profile ``work`` if it misses."""
        self.figures[key] = value
        goal = goals(self.sizes).get(f"{self.name}.{key}")
        if goal:
            self.verdicts.append(goal.judge(value, work, self.device))


def largest_difference(a: Tensor, b: Tensor) -> float:
    """Largest absolute difference as a share of the largest absolute value of ``b``."""
    return float((a - b).abs().max() / b.abs().max())


def share_apart(a: Tensor, b: Tensor) -> float:
    """Share of entries that differ by more than ``TOLERANCE`` of the largest absolute value of ``b``; NaN differs."""
    far = ~((a - b).abs() <= TOLERANCE * b.abs().max())
    return float(far.float().mean())
