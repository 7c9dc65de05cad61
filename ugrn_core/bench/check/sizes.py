"""What the check runs: sizes for a GPU of a data centre in five minutes, and small ones that show that it runs."""

from __future__ import annotations

from dataclasses import dataclass

from ugrn_core.bench.sizes import FULL, QUICK, Sizes


@dataclass(frozen=True)
class CheckSizes:
    """``bench``: sizes shared with the bench. A whole network is ``network_sources`` x ``network_genes`` in the full
    context; ``cpu_sources`` of it are timed on the processor. The largest context is sought up to ``longest`` genes."""

    bench: Sizes
    exact_genes: int
    exact_pairs: int
    network_sources: int
    network_genes: int
    cpu_sources: int
    longest: int
    sessions_genes: int


CHECK = CheckSizes(FULL, 1000, 64, 300, 850, 1, 32_000, 400)
QUICK_CHECK = CheckSizes(QUICK, 80, 8, 6, 60, 1, 256, 40)
