"""The whole check: a device in, one JSON out, written after every part so that a part that fails costs no other."""

from __future__ import annotations

import json
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from ugrn_core.backbones.devices import describe_device
from ugrn_core.backbones.fused_attention import has_triton
from ugrn_core.bench.check import limits, speed
from ugrn_core.bench.check.exactness import measure_exactness, missed, without_rounding
from ugrn_core.bench.machine import describe_machine, versions
from ugrn_core.bench.sizes import CheckSizes
from ugrn_core.types import Progress
from ugrn_core.whole_files import write_whole

SCHEMA = 1
Part = Callable[[CheckSizes, torch.device], Any]

PARTS: dict[str, Part] = {
    "exactness": lambda sizes, device: _exactness(sizes, device),
    "two_sessions": limits.two_sessions,
    "out_of_memory": limits.out_of_memory,
    "scgpt": speed.scgpt_speed,
    "mini": speed.mini_speed,
    "network": speed.whole_network,
    "growth": limits.growth,
    "largest_context": limits.largest_context,
}
"""Parts in the order they run: what must hold first, what takes longest last."""


def run_check(
    sizes: CheckSizes, device: torch.device, out: Path | None = None, progress: Progress | None = None
) -> dict[str, Any]:
    """The report, ready for JSON; ``out`` is written after every part. A part that fails is its message."""
    report: dict[str, Any] = {
        "schema": SCHEMA,
        "sizes": asdict(sizes),
        "device": asdict(describe_device(device)) | _gpu(device),
        "machine": describe_machine(),
        "versions": versions(),
        "seconds": {},
    }
    for i, (name, part) in enumerate(PARTS.items()):
        if progress:
            progress(i / len(PARTS), name)
        started = time.perf_counter()
        try:
            report[name] = part(sizes, device)
        except Exception as error:  # noqa: BLE001 - on a borrowed machine the other parts must still run
            report[name] = {"failed": f"{type(error).__name__}: {error}", "where": traceback.format_exc(limit=-2)}
        report["seconds"][name] = round(time.perf_counter() - started, 2)
        report["goals"] = goals(report)
        if out is not None:
            out.parent.mkdir(parents=True, exist_ok=True)
            write_whole(out, f"{json.dumps(report, indent=1)}\n".encode())
    return report


def goals(report: dict[str, Any]) -> list[dict[str, Any]]:
    """What of the goals can be judged so far: figure, value, limit, met."""
    found = []

    def judge(figure: str, value: float | None, limit: float, at_least: bool) -> None:
        if value is not None:
            met = value >= limit if at_least else value <= limit
            found.append({"figure": figure, "value": value, "limit": limit, "at_least": at_least, "met": met})

    exact = report.get("exactness", {})
    beyond = exact.get("missed_beyond_the_processors_own_rounding")
    judge("float32: lines beyond 1e-5 of float64 and twice the processor's own error", beyond, 0, at_least=False)
    if report["device"]["device"] != "cpu":
        for precision, passes in report.get("scgpt", {}).get("passes", {}).items():
            share = passes["dual"]["gemm_fraction"]
            judge(f"dual pass, share of the GEMM rate, {precision}", share, 0.6, at_least=True)
        seconds = report.get("network", {}).get("seconds")
        judge("seconds of the network in the full context", seconds, 60, at_least=False)
    judge("seconds to cancel", report.get("two_sessions", {}).get("seconds_to_cancel"), 1, at_least=False)
    judge("difference after halving", report.get("out_of_memory", {}).get("difference"), 1e-5, at_least=False)
    return found


def _exactness(sizes: CheckSizes, device: torch.device) -> dict[str, Any]:
    found = measure_exactness(sizes, device)
    return {
        "lines": [asdict(e) for e in found],
        "missed": len(missed(found)),
        "missed_beyond_the_processors_own_rounding": len(without_rounding(found)),
    }


def _gpu(device: torch.device) -> dict[str, Any]:
    if device.type != "cuda":
        return {"triton": has_triton()}
    facts = torch.cuda.get_device_properties(device)
    return {
        "memory": facts.total_memory,
        "capability": f"{facts.major}.{facts.minor}",
        "cuda": torch.version.cuda,
        "triton": has_triton(),
    }
