"""scGPT's size with random weights, beside the official model on the same weights."""

from __future__ import annotations

from dataclasses import asdict

import torch
from torch import Tensor

from ugrn_core.backbones.backbone import TransformerBackbone
from ugrn_core.bench.measure import Measurement, Work
from ugrn_core.bench.models import OfficialModel, scgpt_size
from ugrn_core.bench.part import BenchPart
from ugrn_core.bench.passes import (
    DUAL,
    FORWARD,
    SWEEP,
    SweepRows,
    check_passes,
    pairs_against_reverse_mode,
    pass_works,
    share,
    sweep_rows,
    time_pairs,
)
from ugrn_core.bench.reverse import ReverseMode, all_targets, reverse_mode
from ugrn_core.bench.sizes import Sizes
from ugrn_core.types import Progress

OFFICIAL, UNFUSED = "official forward", "official forward, layers not fused"
ONE_SOURCE = "GDT of one source at one value, base cell included"


def measure_scgpt(sizes: Sizes, device: torch.device, progress: Progress | None = None) -> BenchPart:
    """Plain and dual passes, all-target GDT beside reverse mode, and pairs."""
    ours, theirs = scgpt_size(sizes, device)
    part = BenchPart("scgpt", "scGPT size, random weights", sizes, device, 3, progress)
    rows = sweep_rows(ours, sizes.scgpt_genes)
    reverse = reverse_mode(theirs, rows, sizes.backwards)
    _check(part, ours, theirs, rows, reverse)
    works = [*pass_works(ours, rows), *_official_works(theirs, rows), _one_source(ours, rows), *reverse.works]
    figures(part, part.measure(works), {w.name: w for w in works}, reverse, len(rows.ids))
    pairs_against_reverse_mode(part, ours, theirs)
    time_pairs(part, ours, sizes.scgpt_pairs)
    return part


def figures(
    part: BenchPart, found: dict[str, Measurement], works: dict[str, Work], reverse: ReverseMode, n_genes: int
) -> None:
    """Ratios and shares out of the measurements; the official forward is the faster of its two ways.

    Under background follow every source stands in one cell, whose backwards give all of them at once: reverse mode
    needs as many backwards there as forward mode needs dual passes.
    """
    official = min(found[OFFICIAL].seconds, found[UNFUSED].seconds)
    part.figure("forward_vs_official", official / found[FORWARD].seconds, works[FORWARD].run)
    part.figure("forward_gemm_fraction", share(found[FORWARD]), works[FORWARD].run)
    for name in (DUAL, SWEEP):
        part.figure(f"{name}_vs_official_forward", found[name].seconds / official, works[name].run)
        part.figure(f"{name}_gemm_fraction", share(found[name]), works[name].run)
    whole = all_targets(found, n_genes, reverse.reason)
    part.figure("gdt_vs_reverse_mode", whole.seconds / found[ONE_SOURCE].seconds, works[ONE_SOURCE].run)
    part.figures["gdt_vs_reverse_mode_in_a_sweep"] = whole.seconds / found[SWEEP].seconds_a_row
    part.figures["reverse_mode"] = asdict(whole)
    part.no_gain["follow_vs_reverse_mode"] = whole.seconds / n_genes / found[DUAL].seconds_a_row


def _check(
    part: BenchPart, ours: TransformerBackbone, theirs: OfficialModel, rows: SweepRows, reverse: ReverseMode
) -> None:
    with torch.no_grad():
        part.agree("forward_vs_official", ours.reconstruct(rows.ids, rows.values), theirs(rows.ids, rows.values))
    check_passes(part, ours, rows)
    slope = ours.base_cell(rows.ids, rows.base).sweep(rows.at[:1], rows.value[:1])[1][0]
    part.agree("gdt_vs_reverse_mode", slope[reverse.targets], reverse.slopes)


def _official_works(theirs: OfficialModel, rows: SweepRows) -> list[Work]:
    values = rows.values

    @torch.no_grad()
    def official() -> Tensor:
        return theirs(rows.ids, values)

    def unfused() -> Tensor:
        torch.backends.mha.set_fastpath_enabled(False)
        try:
            return official()
        finally:
            torch.backends.mha.set_fastpath_enabled(True)

    return [
        Work(name, run, len(rows.at), len(rows.ids) + 1) for name, run in ((OFFICIAL, official), (UNFUSED, unfused))
    ]


def _one_source(ours: TransformerBackbone, rows: SweepRows) -> Work:
    def run() -> object:
        return ours.base_cell(rows.ids, rows.base).sweep(rows.at[:1], rows.value[:1])

    return Work(ONE_SOURCE, run, 1, len(rows.ids) + 1)
