"""VVP and GDT on the device against the processor in float32 and in float64: largest and median relative error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor

from ugrn_core.backbones.backbone import Backbone, TransformerBackbone
from ugrn_core.bench.check.models import CPU, every_model, moved
from ugrn_core.bench.passes import random_genes
from ugrn_core.bench.sizes import CheckSizes

Ask = Callable[[Backbone, CheckSizes, torch.dtype], tuple[Tensor, Tensor]]

GOAL = 1e-5
"""Largest error in float32 on the device against float64, as a share of the largest response or slope."""


@dataclass(frozen=True)
class Exactness:
    """Errors of one model, context and precision as shares of the largest answer of the reference; ``median`` is over
    all answers. ``against`` is ``float64`` or ``float32`` on the processor."""

    model: str
    context: str
    precision: str
    against: str
    what: str
    largest: float
    median: float
    within_goal: bool


def measure_exactness(sizes: CheckSizes, device: torch.device) -> list[Exactness]:
    """Every model, in the pair and the full context, in float32, and on CUDA in TF32 and bfloat16 too."""
    found = []
    for name, backbone in every_model(sizes.bench).items():
        contexts: dict[str, Ask] = {"pair": _pairs, "full": _full}
        for context, ask in contexts.items():
            question = _Question(backbone, sizes, ask)
            exact, plain = question.on(CPU, torch.float64), question.on(CPU, torch.float32)
            answers = {"float32": question.on(device, torch.float32)}
            if device.type == "cuda":
                with precision_of_products("high"):
                    answers["TF32"] = question.on(device, torch.float32)
                if isinstance(backbone, TransformerBackbone):
                    answers["bfloat16"] = question.on(device, torch.bfloat16)
            answers["float32 on the processor"] = plain
            for precision, answer in answers.items():
                for against, reference in (("float64", exact), ("float32", plain)):
                    if answer is not reference:
                        found += _errors(name, context, precision, against, answer, reference)
    return found


@contextmanager
def precision_of_products(precision: str) -> Iterator[None]:
    """Run with torch's float32 matrix products at ``highest`` or ``high`` (TF32), the kernel's among them."""
    from ugrn_core.backbones import fused_attention

    kept, kernel = torch.get_float32_matmul_precision(), fused_attention.PRECISION
    torch.set_float32_matmul_precision(precision)
    fused_attention.PRECISION = "tf32" if precision == "high" else kernel
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(kept)
        fused_attention.PRECISION = kernel


@dataclass(frozen=True)
class _Question:
    backbone: Backbone
    sizes: CheckSizes
    ask: Ask

    def on(self, device: torch.device, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        """Responses and slopes, flat, in float64 on the processor."""
        with torch.no_grad():
            found = self.ask(moved(self.backbone, device, dtype), self.sizes, dtype)
        response, slope = (x.to("cpu", torch.float64).flatten() for x in found)
        return response, slope


def _pairs(backbone: Backbone, sizes: CheckSizes, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    symbols = _genes(backbone, 2 * sizes.exact_pairs)
    half = len(symbols) // 2
    ids = torch.from_numpy(backbone.vocabulary.ids(symbols[: 2 * half])).view(2, half).T.contiguous()
    grid = torch.tensor(backbone.card.grid, device=backbone.device, dtype=dtype)
    with _default(dtype):
        out, slope = backbone.sweep_pairs(ids.to(backbone.device), backbone.card.base, grid)
        at_base = backbone.pairs_at_base(ids.to(backbone.device), backbone.card.base)[:, 1:]
    return out - at_base, slope


def _full(backbone: Backbone, sizes: CheckSizes, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    symbols = _genes(backbone, sizes.exact_genes)
    ids = torch.from_numpy(backbone.vocabulary.ids(symbols)).to(backbone.device)
    base = torch.full((len(ids),), backbone.card.base, device=backbone.device, dtype=dtype)
    value = torch.tensor(backbone.card.grid, dtype=dtype)
    at = torch.zeros(len(value), dtype=torch.int64)
    with _default(dtype):
        out, slope = backbone.base_cell(ids, base).sweep(at, value)
        return out - backbone.reconstruct(ids, base[None]), slope


@contextmanager
def _default(dtype: torch.dtype) -> Iterator[None]:
    """New tensors of the passes in the precision of the model."""
    kept = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(kept)


def _genes(backbone: Backbone, n: int) -> list[str]:
    return random_genes(cast(TransformerBackbone, backbone), min(n, len(backbone.vocabulary)))


def _errors(
    model: str,
    context: str,
    precision: str,
    against: str,
    answer: tuple[Tensor, Tensor],
    reference: tuple[Tensor, Tensor],
) -> list[Exactness]:
    found = []
    for what, ours, theirs in zip(("VVP", "GDT"), answer, reference, strict=True):
        error = (ours - theirs).abs() / theirs.abs().max().clamp(min=1e-30)
        largest = float(error.max())
        found.append(
            Exactness(model, context, precision, against, what, largest, float(error.median()), largest <= GOAL)
        )
    return found


def missed(found: list[Exactness]) -> list[Exactness]:
    """Lines of float32 on the device against float64 that are beyond the goal."""
    return [e for e in found if e.precision == "float32" and e.against == "float64" and not e.within_goal]


def without_rounding(found: list[Exactness]) -> list[Exactness]:
    """The same lines less those where the processor's own float32 is as far off: a ReLU on the other side of zero."""
    on_cpu = {
        (e.model, e.context, e.what): e.largest
        for e in found
        if e.precision == "float32 on the processor" and e.against == "float64"
    }
    return [e for e in missed(found) if e.largest > 2 * on_cpu[e.model, e.context, e.what]]
