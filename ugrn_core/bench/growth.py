"""How the time of a sweep grows with sources, virtual values and context: slopes of straight lines in log-log."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from ugrn_core.backbones.backbone import TransformerBackbone
from ugrn_core.bench.models import mini
from ugrn_core.bench.passes import random_genes
from ugrn_core.bench.sizes import Sizes
from ugrn_core.bench.timing import interleaved
from ugrn_core.sweep import sweep_sources
from ugrn_core.types import Progress, SweepSettings, part_of

CONTEXT_SOURCES = 1


@dataclass(frozen=True)
class Growth:
    """Median seconds at each point, the slope of log seconds over log points, and the fit's R squared."""

    points: tuple[int, ...]
    seconds: tuple[float, ...]
    spreads: tuple[float, ...]
    exponent: float
    r_squared: float


def fit(points: Sequence[float], seconds: Sequence[float]) -> tuple[float, float]:
    """Slope of log seconds over log points by least squares, and its R squared (1 where the time does not change)."""
    x, y = np.log(points), np.log(seconds)
    slope, offset = np.polyfit(x, y, 1)
    rest, total = ((y - slope * x - offset) ** 2).sum(), ((y - y.mean()) ** 2).sum()
    return float(slope), float(1 - rest / total) if total else 1.0


def measure_growth(sizes: Sizes, device: torch.device, progress: Progress | None = None) -> dict[str, Growth]:
    """Growth over ``sources``, ``values`` and ``context`` of whole sweeps with the embedded model.

    A sweep's fixed cost (the base cell and its plain pass) is part of it, so that few sources grow a little less than
    in proportion. Time grows with the context between linearly and quadratically: attention is the quadratic part.
    """
    longest = max(sizes.growth_genes, *sizes.growth_context)
    backbone = mini(longest, device)
    genes = random_genes(backbone, min(longest, len(backbone.vocabulary)))
    card = backbone.card
    fixed = genes[: sizes.growth_genes]
    works = {
        "sources": {n: _sweep(backbone, fixed, n, card.grid) for n in sizes.growth_sources},
        "values": {n: _sweep(backbone, fixed, 1, _grid(card.domain, n)) for n in sizes.growth_values},
        "context": {n: _sweep(backbone, genes[:n], CONTEXT_SOURCES, card.grid) for n in sizes.growth_context},
    }
    found = {}
    for i, (axis, runs) in enumerate(works.items()):
        part = part_of(progress, i / len(works), (i + 1) / len(works))
        found[axis] = _growth(runs, sizes.growth_repeats, device, part)
    return found


def _growth(
    runs: dict[int, Callable[[], object]], repeats: int, device: torch.device, progress: Progress | None
) -> Growth:
    times = interleaved({str(n): run for n, run in runs.items()}, repeats, device, progress=progress)
    medians = [t.median for t in times.values()]
    exponent, r_squared = fit(list(runs), medians)
    return Growth(tuple(runs), tuple(medians), tuple(t.spread for t in times.values()), exponent, r_squared)


def _sweep(
    backbone: TransformerBackbone, genes: Sequence[str], n_sources: int, grid: Sequence[float]
) -> Callable[[], object]:
    settings = SweepSettings(backbone.card.base, tuple(grid))
    return lambda: sum(1 for _ in sweep_sources(backbone, genes, genes[:n_sources], settings))


def _grid(domain: tuple[float, float], n: int) -> list[float]:
    low, high = domain
    return [low + (high - low) * (i + 1) / n for i in range(n)]
