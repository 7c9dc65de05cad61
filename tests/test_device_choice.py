"""A device is shown, can be chosen, and is left where it fails; workers of a cluster take one each."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.test_pages import framed, fresh  # noqa: F401 - a fixture
from ugrn_core.backbones import devices, toy
from ugrn_core.backbones.devices import device_errors, free_bytes, is_out_of_memory
from ugrn_core.errors import DeviceError

CUDA = torch.device("cuda:0")


@pytest.fixture
def two_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UGRN_DEVICE", raising=False)
    monkeypatch.setattr(devices, "devices", lambda: ("cuda:0", "cpu"))


def test_there_is_nothing_to_choose_on_a_processor_alone() -> None:
    at = framed("start.py").run()
    assert "Compute on" not in [box.label for box in at.selectbox]


@pytest.mark.usefixtures("two_devices")
def test_a_gpu_that_fails_is_a_sentence_and_the_work_goes_on_on_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    made = toy.ToyBackbone.__init__

    def fails_on_cuda(self: toy.ToyBackbone, power: int, device: torch.device, seed: int = 0) -> None:
        if device.type == "cuda":
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 MiB.")
        made(self, power, device, seed)  # type: ignore[arg-type]

    monkeypatch.setattr(toy.ToyBackbone, "__init__", fails_on_cuda)
    at = framed("pair.py")
    at.query_params["source"], at.query_params["target"] = "GATA1", "KLF1"
    at = at.run()
    box = next(b for b in at.selectbox if b.label == "Compute on")
    assert box.value == "cuda:0" and not at.exception
    assert any("GPU cuda:0 has no memory left" in e.value for e in at.error)
    button = next(b for b in at.button if b.label == "Go on on the processor")
    at = button.click().run()
    assert not at.error and not at.exception
    assert next(b for b in at.selectbox if b.label == "Compute on").value == "cpu"
    assert any("cpu" in c.value for c in at.caption)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (torch.OutOfMemoryError("CUDA out of memory."), "no memory left"),
        (RuntimeError("CUDA error: device-side assert triggered"), "does not answer"),
        (RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)"), "no memory left"),
        (RuntimeError("Found no NVIDIA driver on your system."), "does not answer"),
    ],
)
def test_trouble_of_a_gpu_is_told_from_bugs(error: RuntimeError, words: str) -> None:
    with pytest.raises(DeviceError, match=words), device_errors(CUDA):
        raise error
    with pytest.raises(type(error)), device_errors(torch.device("cpu")):
        raise error


def test_a_bug_passes_through() -> None:
    with pytest.raises(RuntimeError, match="shapes"), device_errors(CUDA):
        raise RuntimeError("shapes do not fit")
    assert not is_out_of_memory(RuntimeError("shapes do not fit"))


def test_free_memory_of_the_machine_is_known() -> None:
    assert free_bytes(torch.device("cpu")) > 1 << 20


@pytest.mark.parametrize("visible", ["0", "3"])
def test_a_worker_sees_its_own_gpu_only(visible: str) -> None:
    """With ``CUDA_VISIBLE_DEVICES`` torch counts one device, whatever its number on the machine; the count is made up
    here, as there is no GPU."""
    code = """
import os, torch
torch.cuda.is_available = lambda: True
torch.cuda.device_count = lambda: len(os.environ["CUDA_VISIBLE_DEVICES"].split(","))
from ugrn_core.backbones.devices import choose_device, devices
print(choose_device(), len([d for d in devices() if d.startswith("cuda")]))
"""
    environment = {k: v for k, v in os.environ.items() if k != "UGRN_DEVICE"} | {"CUDA_VISIBLE_DEVICES": visible}
    root = Path(__file__).resolve().parent.parent
    said = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=root, capture_output=True, text=True, check=True
    )
    assert said.stdout.split() == ["cuda:0", "1"]
