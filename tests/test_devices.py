"""Which device is chosen, and that no tensor strays from it: the passes run on torch's meta device."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from ugrn_core.backbones.backbone import TransformerBackbone
from ugrn_core.backbones.checkpoint import load_checkpoint
from ugrn_core.backbones.devices import choose_device, describe_device, devices
from ugrn_core.backbones.toy import ToyBackbone
from ugrn_core.errors import InputError


class Strays(TorchDispatchMode):
    """Collects every operation that takes or gives a tensor that is not on the meta device."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.seen = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        tensors = [x for x in tree_leaves((args, kwargs, out)) if isinstance(x, torch.Tensor)]
        self.seen += 1
        self.found += [str(func)] * any(t.device.type != "meta" for t in tensors)
        return out


def ask_everything(backbone: Any, n_genes: int = 6) -> list[torch.Tensor]:
    ids = torch.arange(n_genes, device="meta")
    values = torch.ones(2, n_genes, device="meta")
    return [
        backbone.reconstruct(ids, values),
        *backbone.dual(ids, values, values),
        backbone.attention(ids, values),
        backbone.gene_embeddings(ids),
    ]


@pytest.mark.parametrize("layout", ["scgpt", "scbenchmark"])
def test_no_tensor_strays_from_the_device(request: pytest.FixtureRequest, layout: str) -> None:
    loaded = load_checkpoint(request.getfixturevalue(f"{layout}_folder"), device="cpu")
    backbone = TransformerBackbone(loaded.model.to("meta"), loaded.card, loaded.vocabulary, loaded.fingerprint)
    assert backbone.device.type == "meta"
    with Strays() as strays:
        answers = ask_everything(backbone)
    assert strays.seen > 50 and strays.found == []
    assert all(a.is_meta and a.dtype == torch.float32 for a in answers)


@pytest.mark.parametrize("power", [1, 2])
def test_toys_stay_on_the_device(power: int) -> None:
    toy = ToyBackbone(power, torch.device("meta"))  # type: ignore[arg-type]
    with Strays() as strays:
        answers = ask_everything(toy)
    assert strays.found == [] and all(a.is_meta for a in answers)


def test_a_stray_tensor_would_be_seen() -> None:
    with Strays() as strays:
        torch.mul(torch.ones(2, device="meta"), torch.tensor(2.0))
    assert strays.found


def test_the_cpu_is_there_and_the_best_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UGRN_DEVICE", raising=False)
    assert devices()[-1] == "cpu"
    assert str(choose_device()) == devices()[0]


def test_cuda_then_mps_then_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UGRN_DEVICE", raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert devices() == ("cuda:0", "cuda:1", "mps", "cpu")
    assert str(choose_device()) == "cuda:0"
    assert str(choose_device("CUDA")) == "cuda:0"
    assert str(choose_device("cuda:1")) == "cuda:1"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert str(choose_device()) == "mps"
    assert str(choose_device(torch.device("mps", 0))) == "mps"


def test_the_environment_outranks_and_an_explicit_choice_outranks_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setenv("UGRN_DEVICE", "cpu")
    assert str(choose_device()) == "cpu"
    assert str(choose_device("mps")) == "mps"
    monkeypatch.setenv("UGRN_DEVICE", "")
    assert str(choose_device()) == devices()[0]


@pytest.mark.parametrize("wanted", ["gpu", "cuda:77", "meta", "cpu:1", "cuda:x"])
def test_a_device_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch, wanted: str) -> None:
    with pytest.raises(InputError, match=rf"device is '{wanted}'.*cpu"):
        choose_device(wanted)
    monkeypatch.setenv("UGRN_DEVICE", wanted)
    with pytest.raises(InputError, match=rf"UGRN_DEVICE is '{wanted}'.*cpu"):
        choose_device()


def test_loading_follows_the_choice(scgpt_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UGRN_DEVICE", "cuda:77")
    with pytest.raises(InputError, match="UGRN_DEVICE"):
        load_checkpoint(scgpt_folder)
    assert load_checkpoint(scgpt_folder, device="cpu").device.type == "cpu"


def test_description_names_the_hardware() -> None:
    facts = describe_device(torch.device("cpu"))
    assert facts.device == "cpu" and facts.hardware and facts.threads == torch.get_num_threads()


@pytest.mark.parametrize(("own", "expected"), [(None, "passive"), ("active", "active")])
def test_waiting_threads_sleep_unless_the_user_says_otherwise(own: str | None, expected: str) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "OMP_WAIT_POLICY"}
    environment |= {"OMP_WAIT_POLICY": own} if own else {}
    code = "import ugrn_core, os, sys; print(os.environ['OMP_WAIT_POLICY'], 'torch' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert said.stdout.split() == [expected, "False"]
