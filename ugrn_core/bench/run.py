"""The whole bench: sizes in, the report out."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import torch

from ugrn_core.backbones.devices import describe_device, devices
from ugrn_core.bench.embedded import measure_mini
from ugrn_core.bench.goals import Verdict
from ugrn_core.bench.growth import Growth, measure_growth
from ugrn_core.bench.machine import describe_machine, versions
from ugrn_core.bench.measure import GEMM, measure
from ugrn_core.bench.memory import Memory, measure_memory
from ugrn_core.bench.part import BenchPart
from ugrn_core.bench.precision import measure_precision
from ugrn_core.bench.scgpt import measure_scgpt
from ugrn_core.bench.sizes import Sizes
from ugrn_core.bench.timing import torch_threads
from ugrn_core.types import Progress, part_of

SCHEMA = 1
CPU = torch.device("cpu")


def run(sizes: Sizes, *, threads: int | None = None, progress: Progress | None = None) -> dict[str, Any]:
    """The report, ready for JSON: everything on the CPU, and passes, pairs and precisions once more on a GPU if there
    is one. ``threads``: of torch, for this run alone; default: as many as it has.

    Writes nothing but a temporary folder. Random numbers are seeded; times are not repeatable, of course.
    """
    with torch_threads(threads):
        machine = describe_machine()
        gpu = next((torch.device(d) for d in devices() if d != "cpu"), None)
        end = 1.0 if gpu is None else 0.7
        cpu = on_device(sizes, CPU, part_of(progress, 0.0, 0.7 * end))
        growth = measure_growth(sizes, CPU, part_of(progress, 0.7 * end, 0.85 * end))
        memory, verdict = measure_memory(sizes, CPU, part_of(progress, 0.85 * end, end))
        on_gpu = None if gpu is None else on_device(sizes, gpu, part_of(progress, end, 1.0))
    cpu["goals"].append(asdict(verdict))
    return _report(sizes, machine, cpu, growth, memory, on_gpu)


def on_device(sizes: Sizes, device: torch.device, progress: Progress | None = None) -> dict[str, Any]:
    """Figures of both models, precisions and the GEMM rate on one device."""
    gemm = measure([], model=GEMM, device=device, gemm=sizes.gemm, repeats=sizes.repeats)[GEMM]
    scgpt = measure_scgpt(sizes, device, _named(part_of(progress, 0.05, 0.6), "scGPT size"))
    mini = measure_mini(sizes, device, _named(part_of(progress, 0.6, 0.95), "embedded model"))
    precision = measure_precision(sizes, device, part_of(progress, 0.95, 1.0))
    verdicts: list[Verdict] = [*scgpt.verdicts, *mini.verdicts]
    return {
        "device": asdict(describe_device(device)),
        "gemm_gflops": gemm.gflops,
        "scgpt": scgpt.figures,
        "mini": mini.figures,
        "goals": [asdict(v) for v in verdicts],
        "no_gain": scgpt.no_gain,
        "agreement": _by_name(scgpt, mini),
        "precision": [asdict(p) for p in precision],
        "measurements": [asdict(m) for m in (gemm, *scgpt.measurements, *mini.measurements)],
    }


def _report(
    sizes: Sizes,
    machine: dict[str, Any],
    cpu: dict[str, Any],
    growth: dict[str, Growth],
    memory: Memory,
    gpu: dict[str, Any] | None,
) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "full_size": sizes.goals,
        "sizes": asdict(sizes),
        "machine": machine,
        "versions": versions(),
        **cpu,
        "growth": {axis: g.exponent for axis, g in growth.items()},
        "growth_points": {axis: asdict(g) for axis, g in growth.items()},
        "peak_rss_mb": max(memory.peak_mb),
        "memory": asdict(memory),
        "gpu": gpu,
    }


def _by_name(*parts: BenchPart) -> dict[str, float]:
    return {f"{part.name}.{name}": value for part in parts for name, value in part.agreement.items()}


def _named(progress: Progress | None, name: str) -> Progress | None:
    return None if progress is None else lambda share, text: progress(share, f"{name}: {text}")
