"""Backbones by name: what is there, what is not, and what the errors say."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from ugrn_core.backbones.checkpoint import load_checkpoint
from ugrn_core.backbones.registry import (
    BACKBONES,
    PINNED,
    PinnedCheckpoint,
    by_hand,
    is_available,
    load_backbone,
    status,
)
from ugrn_core.errors import CheckpointError, InputError
from ugrn_core.pinned import PinnedFile


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("UGRN_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("UGRN_DEVICE", "cpu")
    return tmp_path / "cache"


EMBEDDED = (
    *("ugrn-mini-3", "ugrn-mini-2", "ugrn-mini-log1p-2"),
    *("ugrn-mini-2-reconstructed", "ugrn-mini", "ugrn-mini-log1p"),
)
"""In the order they are offered, the default first."""


def test_keys_are_names_and_labels_differ() -> None:
    assert all(name == record.name for name, record in BACKBONES.items())
    assert len({r.label for r in BACKBONES.values()}) == len(BACKBONES)
    circuits = {f"circuit-{n}" for n in range(1, 6)}
    assert set(EMBEDDED) | circuits == {n for n in BACKBONES if n.split("-")[0] in ("ugrn", "circuit")}
    assert {"scgpt-human", "toy-linear", "toy-square"} < set(BACKBONES)


@pytest.mark.parametrize("name", ["toy-linear", "toy-square"])
def test_toys_load_and_carry_their_name(name: str) -> None:
    toy = load_backbone(name)
    assert toy.card.name == name
    ids = torch.arange(3)
    one, two = (toy.reconstruct(ids, torch.full((1, 3), x)) for x in (1.0, 2.0))
    torch.testing.assert_close(two, one * (2 if name == "toy-linear" else 4))


@pytest.mark.parametrize("name", EMBEDDED)
def test_embedded_models_load(name: str) -> None:
    if not is_available(BACKBONES[name]):
        pytest.skip(f"{BACKBONES[name].folder} does not hold the weights yet")
    backbone = load_backbone(name)
    assert (backbone.card.name, backbone.card.embedded, backbone.card.drop_zero_genes) == (name, True, False)
    assert backbone.card.layout == ("scbenchmark" if "log1p" in name else "scgpt")
    assert len(backbone.vocabulary) > 1000 and backbone.card.licence
    folder = BACKBONES[name].folder
    assert folder is not None and (folder / "model.safetensors").stat().st_size <= 12e6


def test_an_embedded_model_that_is_not_there_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("ugrn_core.backbones.registry.ASSETS", tmp_path)
    with pytest.raises(CheckpointError, match=r"ugrn-mini is not in .*incomplete"):
        load_backbone("ugrn-mini")


def test_a_folder_loads_as_a_backbone(scgpt_folder: Path) -> None:
    for given in (scgpt_folder, str(scgpt_folder)):
        assert load_backbone(given).fingerprint == load_checkpoint(scgpt_folder, device="cpu").fingerprint


def test_a_fetchable_model_that_is_not_there_says_how_to_get_it() -> None:
    with pytest.raises(CheckpointError) as caught:
        load_backbone("scgpt-human")
    assert "ugrn fetch scgpt-human" in str(caught.value)
    assert by_hand("scgpt-human") in str(caught.value)


def test_a_fetchable_model_put_there_is_loaded_with_its_own_facts(
    scgpt_folder: Path, empty_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = tuple(
        PinnedFile(p.name, p.stat().st_size, hashlib.sha256(p.read_bytes()).hexdigest()) for p in scgpt_folder.iterdir()
    )
    monkeypatch.setitem(PINNED, "scgpt-human", PinnedCheckpoint("http://127.0.0.1:1", "nowhere", files))
    (empty_cache / "checkpoints").mkdir(parents=True)
    scgpt_folder.rename(empty_cache / "checkpoints" / "scgpt-human")
    backbone = load_backbone("scgpt-human")
    assert (backbone.card.name, backbone.card.drop_zero_genes) == ("scgpt-human", True)
    assert "no terms are stated" in backbone.card.licence
    assert next(s for s in status() if s.name == "scgpt-human").available


@pytest.mark.parametrize(
    ("name", "hint"), [("ugrn_mini", "Did you mean ugrn-mini"), ("nothing-like-it", "scgpt-human")]
)
def test_an_unknown_name_lists_the_known_ones(name: str, hint: str) -> None:
    with pytest.raises(InputError) as caught:
        load_backbone(name)
    assert hint in str(caught.value) and all(known in str(caught.value) for known in BACKBONES)


def test_a_path_that_is_not_there_is_a_checkpoint_error(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no such folder"):
        load_backbone(tmp_path / "gone")


def test_status_has_a_line_for_each_and_a_way_out_where_missing() -> None:
    lines = {s.name: s for s in status()}
    assert list(lines) == list(BACKBONES)
    assert lines["toy-linear"].available and not lines["toy-linear"].note
    assert not lines["scgpt-human"].available
    assert "ugrn fetch scgpt-human (207 MB)" in lines["scgpt-human"].note
    assert str(lines["scgpt-human"].folder).endswith("checkpoints/scgpt-human")


def test_asking_what_is_there_loads_no_torch() -> None:
    code = (
        "import sys; from ugrn_core.backbones.registry import status; status(); "
        "print(sorted({'torch', 'pooch', 'requests', 'scgpt'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]" and done.stderr == ""
