"""Where a backbone computes: CUDA, then Apple's MPS, then the CPU; ``UGRN_DEVICE`` or an explicit choice outranks."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch

from ugrn_core.errors import DeviceError, InputError


@dataclass(frozen=True)
class DeviceFacts:
    """What to show of a device: torch's name of it, the hardware's name, CPU threads torch may use."""

    device: str
    hardware: str
    threads: int


def devices() -> tuple[str, ...]:
    """Devices of this machine, best first."""
    cuda = [f"cuda:{i}" for i in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
    mps = ["mps"] if torch.backends.mps.is_available() else []
    return (*cuda, *mps, "cpu")


def choose_device(requested: str | torch.device | None = None) -> torch.device:
    """Device to compute on: ``requested``, else ``UGRN_DEVICE``, else the best there is.

    ``cuda`` means the first CUDA device. A device that this machine does not have is an :class:`InputError`.
    """
    there = devices()
    source = "device" if requested is not None else "UGRN_DEVICE"
    wanted = str(requested) if requested is not None else os.environ.get("UGRN_DEVICE", "").strip()
    if not wanted:
        return torch.device(there[0])
    name = {"cuda": "cuda:0", "mps:0": "mps", "cpu:0": "cpu"}.get(wanted.lower(), wanted.lower())
    if name not in there:
        raise InputError(f"{source} is {wanted!r}; this machine has {', '.join(there)}.")
    return torch.device(name)


def describe_device(device: torch.device | None = None) -> DeviceFacts:
    """Facts of ``device``, or of the one :func:`choose_device` picks."""
    device = choose_device() if device is None else device
    hardware = torch.cuda.get_device_name(device) if device.type == "cuda" else _processor()
    return DeviceFacts(str(device), hardware, torch.get_num_threads())


def free_bytes(device: torch.device) -> int:
    """Bytes of memory free for this process: of the GPU, with what torch keeps for itself, else of the machine."""
    if device.type == "cuda":
        unused = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return torch.cuda.mem_get_info(device)[0] + unused
    import psutil

    return psutil.virtual_memory().available


def is_out_of_memory(error: BaseException) -> bool:
    """Whether torch says that memory ran out, in the words of CUDA, of MPS, or of a processor."""
    words = ("can't allocate memory", "MPS backend out of memory", "CUDA out of memory", "not enough memory")
    return isinstance(error, torch.OutOfMemoryError) or (
        isinstance(error, RuntimeError) and any(w in str(error) for w in words)
    )


@contextmanager
def device_errors(device: torch.device) -> Iterator[None]:
    """A GPU that fills up or vanishes is a :class:`DeviceError`; what a processor raises passes through."""
    try:
        yield
    except RuntimeError as error:
        if device.type == "cpu":
            raise
        if is_out_of_memory(error):
            what = "has no memory left for this"
        elif isinstance(error, _LOST) or any(w in str(error) for w in ("CUDA error", "CUDA driver", "NVIDIA", "MPS")):
            what = f"does not answer any more ({str(error).strip().splitlines()[0][:120]})"
        else:
            raise
        raise DeviceError(
            f"The GPU {device} {what}. What was finished is kept. Go on on the processor (device cpu), "
            "or ask for a smaller context."
        ) from error


_LOST: tuple[type[RuntimeError], ...] = tuple(
    kind for name in ("AcceleratorError",) if isinstance(kind := getattr(torch, name, None), type)
)
"""What newer versions of torch raise where a device failed."""


def _processor() -> str:
    """Name of the processor: from /proc/cpuinfo on Linux, from Python elsewhere."""
    listing = Path("/proc/cpuinfo")
    if listing.is_file():
        for line in listing.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
