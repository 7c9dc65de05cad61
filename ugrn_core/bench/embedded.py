"""The small embedded model in full contexts, beside torch's own forward mode, and in the pair context."""

from __future__ import annotations

from functools import partial

import torch

from ugrn_core.backbones.backbone import TransformerBackbone
from ugrn_core.bench.measure import Measurement, Work
from ugrn_core.bench.models import mini
from ugrn_core.bench.part import BenchPart
from ugrn_core.bench.passes import (
    DUAL,
    SWEEP,
    SweepRows,
    check_passes,
    pass_works,
    plain_forward_mode,
    share,
    sweep_rows,
    time_pairs,
)
from ugrn_core.bench.sizes import Sizes
from ugrn_core.types import Progress

PLAIN = "torch.func.jvp"


def measure_mini(sizes: Sizes, device: torch.device, progress: Progress | None = None) -> BenchPart:
    """Shares of the GEMM rate and times against plain forward mode in both contexts, and pairs a second."""
    backbone = mini(max(sizes.mini_genes), device)
    part = BenchPart("mini", backbone.card.name, sizes, device, len(sizes.mini_genes) + 1, progress)
    part.figures["model"] = backbone.card.name
    for genes in sizes.mini_genes:
        rows = sweep_rows(backbone, genes)
        check_passes(part, backbone, rows, f"_{genes}")
        works = [*pass_works(backbone, rows), *plain_works(backbone, rows, sizes.plain_batches)]
        figures(part, part.measure(works), {w.name: w for w in works}, genes)
    time_pairs(part, backbone, sizes.mini_pairs)
    return part


def figures(part: BenchPart, found: dict[str, Measurement], works: dict[str, Work], genes: int) -> None:
    """Shares, and times against forward mode at the batch where its time a row is least."""
    plain = min((found[name] for name in found if name.startswith(PLAIN)), key=lambda m: m.seconds_a_row)
    part.figures[f"plain_batch_{genes}"] = plain.batch
    for name in (DUAL, SWEEP):
        part.figure(f"{name}_gemm_fraction_{genes}", share(found[name]), works[name].run)
        part.figure(f"{name}_vs_plain_{genes}", plain.seconds_a_row / found[name].seconds_a_row, works[name].run)


def plain_works(backbone: TransformerBackbone, rows: SweepRows, batches: tuple[int, ...]) -> list[Work]:
    """Plain batched forward mode at every batch size to try."""
    return [
        Work(f"{PLAIN}, batch {n}", partial(plain_forward_mode, backbone, rows.first(n)), n, len(rows.ids) + 1)
        for n in batches
    ]
