"""Growth, the largest context that fits, memory that runs out, and two sessions on one device."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from itertools import islice
from typing import Any

import numpy as np
import torch

from ugrn_core.bench.check.models import EMBEDDED, scgpt_size
from ugrn_core.bench.growth import measure_growth
from ugrn_core.bench.passes import random_genes
from ugrn_core.bench.sizes import CheckSizes
from ugrn_core.device_queue import DeviceQueue
from ugrn_core.errors import Cancelled
from ugrn_core.sweep import SourceSweep, sweep_sources
from ugrn_core.types import SweepSettings

LIMIT = 0.05
"""Share of the GPU's memory left to the process while memory is made to run out."""
PATIENCE = 20.0
"""Seconds after which a longer context is not tried any more."""


def growth(sizes: CheckSizes, device: torch.device) -> dict[str, Any]:
    """Exponents of time over sources, values and context with the embedded model."""
    return {axis: asdict(found) for axis, found in measure_growth(sizes.bench, device).items()}


def largest_context(sizes: CheckSizes, device: torch.device) -> dict[str, Any]:
    """The longest context, by doubling, whose sweep of one value fits the device at scGPT's size."""
    backbone = scgpt_size(sizes.bench, device)[0]
    tried, n, said = [], 250, f"none up to {sizes.longest:,} genes"
    while n <= sizes.longest:
        started = time.perf_counter()
        try:
            ids = torch.arange(n, device=device) % len(backbone.vocabulary)
            cell = backbone.base_cell(ids, torch.full((n,), backbone.card.base, device=device))
            cell.sweep(torch.tensor([0]), torch.tensor([1.0]))[1].sum().item()
        except torch.OutOfMemoryError as error:
            said = str(error).splitlines()[0]
            break
        tried.append({"genes": n, "seconds": time.perf_counter() - started})
        if tried[-1]["seconds"] > PATIENCE:
            said = f"stopped after {PATIENCE:.0f} s"
            break
        n *= 2
    return {"fits": tried[-1]["genes"] if tried else 0, "tried": tried, "ended_by": said}


def out_of_memory(sizes: CheckSizes, device: torch.device) -> dict[str, Any]:
    """A batch beyond the memory left to the process: it is halved until it fits, and the numbers stay the same."""
    backbone = scgpt_size(sizes.bench, device)[0]
    genes = random_genes(backbone, sizes.bench.scgpt_genes)
    settings = SweepSettings(backbone.card.base, backbone.card.grid)
    sources = genes[:4]
    wanted = list(sweep_sources(backbone, genes, sources, settings))
    if device.type != "cuda":
        return {"not_run": "a processor's memory has no such limit", "sources": len(wanted)}
    batch = 64 * len(sources) * len(settings.grid)
    torch.cuda.empty_cache()
    torch.cuda.set_per_process_memory_fraction(LIMIT, device)
    try:
        with counted_failures() as failures:
            many = genes[: batch // len(settings.grid)]
            found = list(islice(sweep_sources(backbone, genes, many, settings, batch=batch), len(sources)))
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0, device)
    return {"batch_asked_for": batch, "halvings": len(failures), "difference": _difference(found, wanted)}


@contextmanager
def counted_failures() -> Iterator[list[str]]:
    """Collects what torch says each time memory runs out in a full-context sweep."""
    from ugrn_core.backbones.full_context import BaseCell

    failures: list[str] = []
    sweep = BaseCell.sweep

    def watched(cell: BaseCell, at: torch.Tensor, value: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        try:
            return sweep(cell, at, value)
        except torch.OutOfMemoryError as error:
            failures.append(str(error).splitlines()[0])
            raise

    BaseCell.sweep = watched  # pyright: ignore[reportAttributeAccessIssue]
    try:
        yield failures
    finally:
        BaseCell.sweep = sweep


def two_sessions(sizes: CheckSizes, device: torch.device) -> dict[str, Any]:
    """Two threads ask one device through its queue: nobody gets the other's answer, and a cancelled run ends soon."""
    from ugrn_core.backbones.checkpoint import load_checkpoint
    from ugrn_core.paths import ASSETS

    backbone = load_checkpoint(ASSETS / "models" / EMBEDDED[0], device=device)
    genes = random_genes(backbone, sizes.sessions_genes)
    settings = SweepSettings(backbone.card.base, backbone.card.grid)
    queue = DeviceQueue("check")
    alone = {s: list(sweep_sources(backbone, genes, [s], settings)) for s in genes[:8]}
    wrong: list[float] = []

    def session(sources: list[str]) -> None:
        for source in sources:
            found = queue.submit(lambda s=source: list(sweep_sources(backbone, genes, [s], settings))).result()
            wrong.append(_difference(found, alone[source]))

    threads = [threading.Thread(target=session, args=(genes[i:8:2],)) for i in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stop = threading.Event()
    endless = queue.submit(lambda: list(sweep_sources(backbone, genes, genes * 1000, settings, cancel=stop.is_set)))
    time.sleep(0.2)
    asked = time.perf_counter()
    stop.set()
    try:
        endless.result()
        cancelled = False
    except Cancelled:
        cancelled = True
    seconds = time.perf_counter() - asked
    queue.shutdown()
    return {"largest_difference": max(wrong), "cancelled": cancelled, "seconds_to_cancel": seconds}


def _difference(found: list[SourceSweep], wanted: list[SourceSweep]) -> float:
    """Largest difference of the slopes as a share of the largest slope."""
    a, b = (np.stack([s.slope for s in x]) for x in (found, wanted))
    return float(np.abs(a - b).max() / np.abs(b).max())
