"""Speed at scGPT's size and of the embedded model, each precision as a share of its own matrix product's rate."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict
from typing import Any, cast

import torch
from torch import Tensor

from ugrn_core.backbones.backbone import TransformerBackbone
from ugrn_core.backbones.fused_attention import fused_dual_attention, is_fused
from ugrn_core.backbones.transformer import dual_attention
from ugrn_core.bench.check.exactness import precision_of_products
from ugrn_core.bench.check.models import CPU, EMBEDDED, ReferenceModel, moved, scgpt_size
from ugrn_core.bench.counts import dual_formula, forward_formula, sweep_formula
from ugrn_core.bench.part import largest_difference
from ugrn_core.bench.passes import SweepRows, pairs_work, random_genes, sweep_rows
from ugrn_core.bench.sizes import CheckSizes
from ugrn_core.bench.timing import interleaved, wait
from ugrn_core.sweep import sweep_sources
from ugrn_core.types import SweepSettings

Runs = dict[str, Callable[[], object]]
TILES = ((64, 32, 4), (64, 64, 8), (128, 32, 8), (32, 32, 4))
"""Blocks of the fused kernel that are tried: query rows, keys, warps."""


def gemm_rates(sizes: CheckSizes, device: torch.device) -> dict[str, float]:
    """Multiply-adds a second of a square product, by precision."""
    n = sizes.bench.gemm if device.type == "cpu" else 2 * sizes.bench.gemm
    a, b = (torch.randn(n, n, generator=torch.Generator().manual_seed(i)).to(device) for i in (0, 1))
    rates = {}
    for precision in precisions(device):
        x, y = (a.bfloat16(), b.bfloat16()) if precision == "bfloat16" else (a, b)
        with _set(precision):
            rates[precision] = n**3 / _time({"gemm": lambda x=x, y=y: x @ y}, sizes, device)["gemm"]
    return rates


def precisions(device: torch.device) -> tuple[str, ...]:
    """What the device multiplies in."""
    return ("float32", "TF32", "bfloat16") if device.type == "cuda" else ("float32", "bfloat16")


def scgpt_speed(sizes: CheckSizes, device: torch.device) -> dict[str, Any]:
    """Official forward, plain pass, dual pass, the sweep's own, reverse mode and pairs, at scGPT's size."""
    ours, reference = scgpt_size(sizes.bench, device)
    rates = gemm_rates(sizes, device)
    rows = sweep_rows(ours, sizes.bench.scgpt_genes)
    found: dict[str, Any] = {"reference": reference.what, "gemm_gflops": {p: 2e-9 * r for p, r in rates.items()}}
    found["passes"] = {p: _passes(ours, rows, p, rates[p], sizes, device) for p in precisions(device)}
    found |= _against_reference(ours, reference, rows, sizes, device)
    work = pairs_work(ours, sizes.bench.scgpt_pairs)
    found["pairs_per_second"] = work.batch / _time({"pairs": work.run}, sizes, device)["pairs"]
    found["fused"] = fused_speed(sizes, device)
    return found


def mini_speed(sizes: CheckSizes, device: torch.device) -> dict[str, Any]:
    """The embedded model in full contexts."""
    from ugrn_core.backbones.checkpoint import load_checkpoint
    from ugrn_core.paths import ASSETS

    backbone = load_checkpoint(ASSETS / "models" / EMBEDDED[0], device=device)
    rate = gemm_rates(sizes, device)["float32"]
    return {
        str(n): _passes(backbone, sweep_rows(backbone, n), "float32", rate, sizes, device)
        for n in sizes.bench.mini_genes
    }


def whole_network(sizes: CheckSizes, device: torch.device) -> dict[str, Any]:
    """A network's sweeps in the full context, from symbols to arrays on the host, at scGPT's size; the processor's
    time is that of a few sources, extrapolated."""
    ours = scgpt_size(sizes.bench, device)[0]
    genes = random_genes(ours, sizes.network_genes)
    settings = SweepSettings(ours.card.base, ours.card.grid)
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    list(sweep_sources(ours, genes, genes[:1], settings))  # warms up
    started = time.perf_counter()
    n = sum(1 for _ in sweep_sources(ours, genes, genes[: sizes.network_sources], settings))
    seconds = time.perf_counter() - started
    answer = torch.zeros(2, len(settings.grid), len(genes), device=device)
    copy = _time({"copy": answer.cpu}, sizes, device)["copy"]
    on_cpu = moved(ours, CPU)
    started = time.perf_counter()
    list(sweep_sources(on_cpu, genes, genes[: sizes.cpu_sources], settings))
    cpu_seconds = (time.perf_counter() - started) / sizes.cpu_sources * n
    return {
        "sources": n,
        "genes": len(genes),
        "seconds": seconds,
        "sources_per_second": n / seconds,
        "transfer_share": n * copy / seconds,
        "peak_bytes": torch.cuda.max_memory_allocated(device) if device.type == "cuda" else None,
        "cpu_seconds_extrapolated": cpu_seconds,
        "cpu_sources_measured": sizes.cpu_sources,
    }


def fused_speed(sizes: CheckSizes, device: torch.device) -> dict[str, Any]:
    """The fused kernel beside blocks of scores, by its tiles and ways to multiply, each with its error; why not where
    it cannot run."""
    size = sizes.bench
    heads, width = size.scgpt_heads, size.scgpt_width // size.scgpt_heads
    qkv = torch.randn(2, 8, size.scgpt_genes + 1, 3, heads, width, generator=torch.Generator().manual_seed(0))
    qkv = qkv.to(device)
    if not is_fused(qkv):
        return {"not_run": "no CUDA device with Triton"}
    exact = dual_attention(qkv[:, :1].to("cpu", torch.float64))
    blocks = dual_attention(qkv.cpu()).to(device)
    found: dict[str, Any] = {"blocks_error": largest_difference(blocks[:, :1].to("cpu", torch.float64), exact)}
    for precision in ("ieee", "tf32x3", "tf32"):
        for queries, keys, warps in TILES:
            name = f"{precision} {queries} x {keys}, {warps} warps"
            try:
                run = _kernel(qkv, precision, queries, keys, warps)
                error = largest_difference(run()[:, :1].to("cpu", torch.float64), exact)
                found[name] = {"seconds": _time({name: run}, sizes, device)[name], "error": error}
            except Exception as error:  # noqa: BLE001 - a tile that a card cannot hold is a finding, not the end
                found[name] = {"not_run": f"{type(error).__name__}: {str(error)[:200]}"}
    return found


def _kernel(qkv: Tensor, precision: str, queries: int, keys: int, warps: int) -> Callable[[], Tensor]:
    return lambda: fused_dual_attention(qkv, precision, queries=queries, keys=keys, warps=warps)


def _passes(
    backbone: TransformerBackbone,
    rows: SweepRows,
    precision: str,
    gemm: float,
    sizes: CheckSizes,
    device: torch.device,
) -> dict[str, Any]:
    """Seconds of the three passes in one precision and their share of its matrix product's rate."""
    dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
    model = cast(TransformerBackbone, moved(backbone, device, dtype)) if dtype != torch.float32 else backbone
    values, tangents, base = (x.to(dtype) for x in (rows.values, rows.tangents, rows.base))
    cell, at, value = model.base_cell(rows.ids, base), rows.at.cpu(), rows.value.to("cpu", dtype)
    batch, genes = len(rows.at), len(rows.ids)
    runs: Runs = {
        "forward": lambda: model.reconstruct(rows.ids, values),
        "dual": lambda: model.dual(rows.ids, values, tangents),
        "sweep": lambda: cell.sweep(at, value),
    }
    adds = {
        "forward": forward_formula(model.model.config, batch, genes).multiply_adds,
        "dual": dual_formula(model.model.config, batch, genes).multiply_adds,
        "sweep": sweep_formula(model.model.config, batch, genes, rows.sources).multiply_adds,
    }
    with _set(precision):
        seconds = _time(runs, sizes, device)
    lines = {n: {"seconds": s, "gemm_fraction": adds[n] / s / gemm, "batch": batch} for n, s in seconds.items()}
    return lines | {"synchronises": _synchronises(runs["sweep"], device)}


def _against_reference(
    ours: TransformerBackbone, reference: ReferenceModel, rows: SweepRows, sizes: CheckSizes, device: torch.device
) -> dict[str, Any]:
    """Our forward beside theirs, and the slopes of all targets beside reverse mode through theirs, extrapolated."""
    leaf = rows.values[:1].clone().requires_grad_(True)
    out = reference.forward(rows.ids, leaf)[0]
    cell, at, value = ours.base_cell(rows.ids, rows.base), rows.at[:1].cpu(), rows.value[:1].cpu()
    slope = cell.sweep(at, value)[1][0]
    theirs = torch.autograd.grad(out[5], leaf, retain_graph=True)[0][0, rows.at[0]]
    runs: Runs = {
        "reference forward": torch.no_grad()(lambda: reference.forward(rows.ids, rows.values)),
        "our forward": lambda: ours.reconstruct(rows.ids, rows.values),
        "graph": lambda: reference.forward(rows.ids, leaf),
        "backward": lambda: torch.autograd.grad(out[0], leaf, retain_graph=True),
        "one source": lambda: cell.sweep(at, value),
    }
    seconds = _time(runs, sizes, device)
    reverse = seconds["graph"] + len(rows.ids) * seconds["backward"]
    return {
        "seconds": seconds,
        "forward_vs_reference": seconds["reference forward"] / seconds["our forward"],
        "gdt_vs_reverse_mode": reverse / seconds["one source"],
        "slope_difference": float((slope[5] - theirs).abs() / slope.abs().max()),
    }


def _synchronises(run: Callable[[], object], device: torch.device) -> str | None:
    """What torch says of a batch in which the host waits for the device; None where it does not wait, or on a CPU."""
    if device.type != "cuda":
        return None
    torch.cuda.set_sync_debug_mode("error")
    try:
        run()
    except RuntimeError as error:
        return str(error).splitlines()[0]
    finally:
        torch.cuda.set_sync_debug_mode("default")
    return None


def _set(precision: str) -> Any:
    return precision_of_products("high") if precision == "TF32" else nullcontext()


def _time(runs: Runs, sizes: CheckSizes, device: torch.device) -> dict[str, float]:
    found = interleaved(runs, sizes.bench.repeats, device)
    wait(device)
    return {name: asdict(timing)["median"] for name, timing in found.items()}
