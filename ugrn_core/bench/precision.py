"""What a lower precision would gain in speed and lose in VVP and GDT; the sweep itself always runs in float32."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ugrn_core.backbones.full_context import BaseCell
from ugrn_core.backbones.transformer import LeanTransformer
from ugrn_core.bench.models import mini, scgpt_size
from ugrn_core.bench.part import largest_difference
from ugrn_core.bench.passes import SweepRows, sweep_rows
from ugrn_core.bench.sizes import Sizes
from ugrn_core.bench.timing import interleaved
from ugrn_core.types import Progress

FLOAT32 = "float32"


@dataclass(frozen=True)
class Precision:
    """Seconds of one batch of a sweep, times as fast as float32, and the largest error of responses (VVP) and slopes
    (GDT) against float64, as a share of the largest response and slope."""

    model: str
    device: str
    precision: str
    genes: int
    batch: int
    seconds: float
    vs_float32: float
    vvp_error: float
    gdt_error: float


def measure_precision(sizes: Sizes, device: torch.device, progress: Progress | None = None) -> list[Precision]:
    """Every precision of this device: the embedded model anywhere, scGPT's size too on a GPU."""
    backbones = [(mini(sizes.mini_genes[0], device), sizes.mini_genes[0])]
    if device.type != "cpu":
        backbones.append((scgpt_size(sizes, device)[0], sizes.scgpt_genes))
    found = []
    for backbone, genes in backbones:
        if progress:
            progress(len(found) / 8, f"precision of {backbone.card.name}")
        found += compare_precisions(backbone.model, sweep_rows(backbone, genes), backbone.card.name, sizes.repeats)
    return found


def compare_precisions(model: LeanTransformer, rows: SweepRows, name: str, repeats: int) -> list[Precision]:
    """float32 and what the rows' device has beside it, in turns, with errors against float64 on the CPU."""
    device = rows.ids.device
    exact = swept(copy.deepcopy(model).to("cpu", torch.float64), on_cpu_in_float64(rows))
    low, small = copy.deepcopy(model).bfloat16(), in_type(rows, torch.bfloat16)
    runs: dict[str, Callable[[], tuple[Tensor, Tensor]]] = {
        FLOAT32: lambda: swept(model, rows),
        "bfloat16": lambda: swept(low, small),
    }
    if device.type == "cuda":
        runs["TF32"] = lambda: _in_tf32(model, rows)
    times = interleaved(runs, repeats, device)
    found = []
    for precision, run in runs.items():
        response, slope = (x.to("cpu", torch.float64) for x in run())
        found.append(
            Precision(
                model=name,
                device=str(device),
                precision=precision,
                genes=len(rows.ids),
                batch=len(rows.at),
                seconds=times[precision].median,
                vs_float32=times[FLOAT32].median / times[precision].median,
                vvp_error=largest_difference(response, exact[0]),
                gdt_error=largest_difference(slope, exact[1]),
            )
        )
    return found


@torch.no_grad()
def swept(model: LeanTransformer, rows: SweepRows) -> tuple[Tensor, Tensor]:
    """Response and slope (row, gene) as the sweep computes them, in the precision of the model and the rows."""
    out, slope = BaseCell(model, rows.ids, rows.base).sweep(rows.at, rows.value)
    return out - model(rows.ids, rows.base[None]), slope


def in_type(rows: SweepRows, dtype: torch.dtype) -> SweepRows:
    """The rows with their values in another floating-point type."""
    return replace(rows, base=rows.base.to(dtype), value=rows.value.to(dtype))


def on_cpu_in_float64(rows: SweepRows) -> SweepRows:
    """The rows where float64 is exact and always there (Apple's MPS has none)."""
    return in_type(SweepRows(rows.ids.cpu(), rows.base.cpu(), rows.at.cpu(), rows.value.cpu()), torch.float64)


def _in_tf32(model: LeanTransformer, rows: SweepRows) -> tuple[Tensor, Tensor]:
    with _tf32():
        return swept(model, rows)


@contextmanager
def _tf32() -> Iterator[None]:
    kept = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("high")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(kept)
