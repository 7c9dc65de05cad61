"""The passes of one backbone over a full context: plain, dual, the sweep's own, and torch's forward mode."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from ugrn_core.backbones.backbone import TransformerBackbone
from ugrn_core.bench.counts import dual_formula, forward_formula, sweep_formula
from ugrn_core.bench.measure import Measurement, Work
from ugrn_core.bench.part import BenchPart
from ugrn_core.bench.rows import SweepRows

FORWARD, DUAL, SWEEP = "forward", "dual", "sweep"


def pass_works(backbone: TransformerBackbone, rows: SweepRows) -> list[Work]:
    """Plain pass, dual pass of any direction (:meth:`LeanTransformer.dual`), and the sweep's own pass
    (:meth:`BaseCell.sweep`, its base cell built once before), on the same rows."""
    config, batch, genes = backbone.model.config, len(rows.at), len(rows.ids)
    values, tangents, cell = rows.values, rows.tangents, backbone.base_cell(rows.ids, rows.base)
    formulas = {
        FORWARD: forward_formula(config, batch, genes),
        DUAL: dual_formula(config, batch, genes),
        SWEEP: sweep_formula(config, batch, genes, rows.sources),
    }
    runs = {
        FORWARD: lambda: backbone.reconstruct(rows.ids, values),
        DUAL: lambda: backbone.dual(rows.ids, values, tangents),
        SWEEP: lambda: cell.sweep(rows.at, rows.value),
    }
    return [Work(name, runs[name], batch, genes + 1, formulas[name]) for name in runs]


def plain_forward_mode(backbone: TransformerBackbone, rows: SweepRows) -> tuple[Tensor, Tensor]:
    """Reconstruction and slope (row, gene) by ``torch.func.jvp`` of the lean forward: what one would write without
    this project. Only math attention has a forward-mode rule."""
    with sdpa_kernel(SDPBackend.MATH):
        found = torch.func.jvp(lambda v: backbone.model(rows.ids, v), (rows.values,), (rows.tangents,))
    return found[0], found[1]


def check_passes(part: BenchPart, backbone: TransformerBackbone, rows: SweepRows, label: str = "") -> None:
    """Hold the sweep's own pass against the dual pass, and the dual pass against torch's forward mode."""
    sweep = backbone.base_cell(rows.ids, rows.base).sweep(rows.at, rows.value)
    dual = backbone.dual(rows.ids, rows.values, rows.tangents)
    plain = plain_forward_mode(backbone, rows.first(1))
    for i, what in enumerate(("reconstruction", "slope")):
        part.agree(f"sweep_vs_dual_{what}{label}", sweep[i], dual[i])
        part.agree(f"dual_vs_plain_{what}{label}", dual[i][:1], plain[i])


def share(measurement: Measurement) -> float:
    """Share of the GEMM rate of a work whose multiply-adds were counted."""
    assert measurement.gemm_fraction is not None
    return measurement.gemm_fraction
