"""What the bench and the check of a GPU run: the sizes that the goals are set for, and small ones that only show that
everything runs.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """``goals``: whether the goals are meant for these sizes. Contexts count genes; ``<cls>`` comes on top.

    ``scgpt_*`` is the random-weights model of scGPT's size, ``mini_*`` the small embedded model. ``plain_batches``
    are tried for torch's own forward mode. ``growth_*`` and ``memory_sources`` are the points of the growth part;
    the fewest sources of the memory part fill a batch.
    """

    goals: bool = True
    gemm: int = 2048
    repeats: int = 5
    scgpt_layers: int = 12
    scgpt_width: int = 512
    scgpt_heads: int = 8
    scgpt_genes: int = 1000
    scgpt_pairs: int = 200
    backwards: int = 5
    mini_genes: tuple[int, int] = (849, 1411)
    mini_pairs: int = 2000
    plain_batches: tuple[int, ...] = (1, 2, 4, 8)
    growth_repeats: int = 3
    growth_genes: int = 849
    growth_sources: tuple[int, ...] = (2, 4, 8, 16)
    growth_values: tuple[int, ...] = (4, 8, 16, 32)
    growth_context: tuple[int, ...] = (212, 424, 849, 1698)
    memory_sources: tuple[int, ...] = (4, 16, 64)


FULL = Sizes()
QUICK = Sizes(
    goals=False,
    gemm=512,
    repeats=3,
    scgpt_layers=2,
    scgpt_width=128,
    scgpt_heads=4,
    scgpt_genes=100,
    scgpt_pairs=30,
    mini_genes=(150, 250),
    mini_pairs=100,
    plain_batches=(1, 4),
    growth_repeats=2,
    growth_genes=60,
    growth_sources=(2, 4, 8),
    growth_values=(2, 4, 8),
    growth_context=(50, 100, 200),
    memory_sources=(12, 24),
)


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
