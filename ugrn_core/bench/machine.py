"""The machine of a run, without its name and without paths."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import torch

from ugrn_core import __version__
from ugrn_core.backbones.devices import describe_device, devices

BUSY = 0.5
"""Share of the processors that other work may take before the run; above it the report says so."""


def describe_machine() -> dict[str, Any]:
    """Processor, cores, threads and whether waiting ones spin; the load of the last minute before the run, None where
    the system keeps none."""
    cores = os.cpu_count() or 1
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return {
        "processor": describe_device(torch.device("cpu")).hardware,
        "cores": cores,
        "threads": torch.get_num_threads(),
        "waiting_threads": os.environ.get("OMP_WAIT_POLICY", "default"),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "system": f"{platform.system()} {platform.machine()}",
        "devices": list(devices()),
        "load_before": load,
        "busy_before": load is not None and load > BUSY * cores,
    }


def versions() -> dict[str, str | None]:
    """What the run was made with; of torch also its build, which its package does not always name."""
    packages = {name: _version(name) for name in ("scgpt", "numpy")}
    return {"ugrn": __version__, "python": platform.python_version(), "torch": str(torch.__version__), **packages}


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
