"""Peak memory of a sweep against the number of its sources, each in a process of its own.

``python -m ugrn_core.bench.memory`` is that process: one request as JSON on its input, the answer as JSON on its
output. Results are let go as soon as they are handed out, as the store does, so that the peak is the sweep's own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ugrn_core.bench.goals import Verdict, goals
from ugrn_core.bench.models import mini
from ugrn_core.bench.passes import random_genes
from ugrn_core.bench.sizes import Sizes
from ugrn_core.paths import ROOT
from ugrn_core.sweep import sweep_sources
from ugrn_core.types import Progress, SweepSettings

COMMAND = (sys.executable, "-m", "ugrn_core.bench.memory")


@dataclass(frozen=True)
class Memory:
    """Peak resident MB (10^6 bytes) of a whole process that sweeps so many sources over so many genes, and before the
    sweep, with torch and the model loaded. ``growth`` is the last peak over the first."""

    genes: int
    sources: tuple[int, ...]
    peak_mb: tuple[float, ...]
    before_mb: tuple[float, ...]
    growth: float


def measure_memory(sizes: Sizes, device: torch.device, progress: Progress | None = None) -> tuple[Memory, Verdict]:
    """Peaks with few and many sources, and whether they stay the same."""
    answers = []
    for i, sources in enumerate(sizes.memory_sources):
        if progress:
            progress(i / len(sizes.memory_sources), f"peak memory with {sources} sources")
        answers.append(_ask(sizes.growth_genes, sources, device))
    peaks = tuple(a["peak_mb"] for a in answers)
    before = tuple(a["before_mb"] for a in answers)
    growth = peaks[-1] / peaks[0]
    goal = goals(sizes)["memory.growth"]
    verdict = goal.judge(growth, None, device)
    return Memory(sizes.growth_genes, sizes.memory_sources, peaks, before, growth), verdict


def drain(n_genes: int, n_sources: int, device: torch.device) -> None:
    """Sweep sources over a context of the embedded model and keep nothing."""
    backbone = mini(n_genes, device)
    genes = random_genes(backbone, n_genes)
    settings = SweepSettings(backbone.card.base, backbone.card.grid)
    for _ in sweep_sources(backbone, genes, genes[:n_sources], settings):
        pass


def peak_rss() -> int:
    """Largest resident size of this process so far, in bytes.

    Linux keeps it per program (VmHWM); ``getrusage`` elsewhere, which on Linux would remember the parent's.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return 1024 * int(line.split()[1])
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak


def _ask(genes: int, sources: int, device: torch.device) -> dict[str, Any]:
    request = {"genes": genes, "sources": sources, "device": str(device), "threads": torch.get_num_threads()}
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run(
        COMMAND, input=json.dumps(request), capture_output=True, text=True, env=environment, check=False
    )
    if done.returncode:
        raise RuntimeError(f"sweeping {sources} sources over {genes} genes failed:\n{done.stderr}")
    return json.loads(done.stdout)


def _serve() -> None:
    request = json.load(sys.stdin)
    torch.set_num_threads(request["threads"])
    device = torch.device(request["device"])
    drain(2, 1, device)
    before = peak_rss()
    drain(request["genes"], request["sources"], device)
    sys.stdout.write(json.dumps({"before_mb": before / 1e6, "peak_mb": peak_rss() / 1e6}))


if __name__ == "__main__":
    _serve()
