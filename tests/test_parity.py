"""The official scgpt model beside ours on identical weights: values, and slopes by reverse-mode autograd."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from ugrn_core.backbones import passport
from ugrn_core.backbones.checkpoint import load_checkpoint, read_checkpoint, read_json, read_tokens, save_checkpoint
from ugrn_core.backbones.passport import TOLERANCE, official_reconstruction, parity
from ugrn_core.backbones.registry import BACKBONES, is_available
from ugrn_core.errors import CheckpointError, InputError

MakeFolder = Callable[..., Path]


def cells(folder: Path, n_genes: int, n_cells: int = 2) -> tuple[Tensor, Tensor]:
    """Gene ids (gene,) and values (cell, gene) of seeded random virtual cells."""
    generator = torch.Generator().manual_seed(n_genes)
    vocabulary = load_checkpoint(folder, device="cpu").vocabulary
    ids = torch.from_numpy(vocabulary.ids(vocabulary.symbols))[torch.randperm(20, generator=generator)[:n_genes]]
    return ids, 50 * torch.rand(n_cells, n_genes, generator=generator)


def close(ours: Tensor, official: Tensor, share: float) -> None:
    assert float((ours - official).abs().max()) < share * max(1.0, float(official.abs().max()))


@pytest.mark.parametrize("spelling", ["in_proj", "Wqkv", "_impl", "module"])
def test_every_spelling_agrees_with_the_official_model(make_scgpt: MakeFolder, spelling: str) -> None:
    report = parity(make_scgpt(spelling), n_genes=9)
    assert report.passed
    assert (report.n_cells, report.n_genes) == (4, 9)
    assert 0 < report.max_abs_difference < report.tolerance == TOLERANCE * max(1.0, report.largest_value)


@pytest.mark.parametrize("n_genes", [1, 2, 7, 20])
@pytest.mark.parametrize(
    "shape",
    [
        {"nheads": 1, "nlayers": 1},
        {"nheads": 2, "nlayers": 3, "d_hid": 7},
        {"nheads": 4, "nlayers": 2, "embsize": 36, "d_hid": 50},
    ],
)
def test_every_size_agrees_with_the_official_model(make_scgpt: MakeFolder, shape: dict, n_genes: int) -> None:
    assert parity(make_scgpt(**shape), n_genes=n_genes, seed=n_genes).passed


@pytest.mark.parametrize("cls_at", [0, 5, -1])
def test_cls_may_stand_anywhere_in_the_vocabulary(make_scgpt: MakeFolder, cls_at: int) -> None:
    assert parity(make_scgpt(cls_at=cls_at), n_genes=11).passed


@pytest.mark.parametrize("pad_value", [-2, 0, 3.5])
def test_cls_carries_the_pad_value(make_scgpt: MakeFolder, pad_value: float) -> None:
    assert parity(make_scgpt(pad_value=pad_value), n_genes=6).passed


def test_without_cls_the_layers_agree_too_and_the_answer_is_another(scgpt_folder: Path) -> None:
    """Ours always puts ``<cls>`` first; taken off by hand, the rest still is the official model without it."""
    ids, values = cells(scgpt_folder, 7)
    model, official = (
        load_checkpoint(scgpt_folder, device="cpu").model,
        passport.official(read_checkpoint(scgpt_folder)),
    )
    padding = torch.zeros(2, 7, dtype=torch.bool)
    with torch.no_grad():
        expected = official(ids.expand(2, -1), values, src_key_padding_mask=padding)["mlm_output"]
        tokens = model.embed(ids, values)[:, 1:]
        for layer in model.layers:
            tokens = layer(tokens)
        close(model.decode(tokens), expected, TOLERANCE)
        assert float((model(ids, values) - expected).abs().max()) > 100 * TOLERANCE


def test_a_wrong_number_of_heads_would_be_seen(make_scgpt: MakeFolder) -> None:
    """Parity can fail: the same weights under other heads are far off."""
    two, four = make_scgpt(nheads=2), make_scgpt(spelling="in_proj", nheads=4)
    ids, values = cells(two, 9)
    ours = load_checkpoint(four, device="cpu").reconstruct(ids, values)
    with torch.no_grad():
        official = official_reconstruction(passport.official(read_checkpoint(two)), read_checkpoint(two), ids, values)
    assert float((ours - official).abs().max()) > 1000 * TOLERANCE


@pytest.mark.parametrize("shape", [{"nheads": 1}, {"nheads": 4, "nlayers": 3}])
@pytest.mark.parametrize("n_genes", [2, 9])
def test_dual_agrees_with_reverse_mode_through_the_official_model(
    make_scgpt: MakeFolder, shape: dict, n_genes: int
) -> None:
    folder = make_scgpt(**shape)
    checkpoint, official = read_checkpoint(folder), passport.official(read_checkpoint(folder))
    backbone = load_checkpoint(folder, device="cpu")
    ids, values = cells(folder, n_genes, n_cells=1)
    values.requires_grad_(True)
    out = official_reconstruction(official, checkpoint, ids, values)[0]
    rows = [torch.autograd.grad(out[k], values, retain_graph=True)[0][0] for k in range(n_genes)]
    jacobian = torch.stack(rows)  # (target, source)
    for s in range(n_genes):
        primal, slope = backbone.dual(ids, values.detach(), torch.eye(n_genes)[s][None])
        close(primal[0], out.detach(), TOLERANCE)
        assert float((slope[0] - jacobian[:, s]).abs().max()) < 1e-4 * float(jacobian.abs().max())


def test_our_safetensors_folder_loads_into_the_official_class(scgpt_folder: Path, tmp_path: Path) -> None:
    """The published file names its tensors as the official class does: only its classification head is not in it."""
    from safetensors.torch import load_file

    checkpoint, model = read_checkpoint(scgpt_folder), load_checkpoint(scgpt_folder, device="cpu").model
    saved = save_checkpoint(tmp_path / "saved", model, checkpoint.tokens, checkpoint.args, "scgpt")
    official = passport.official(read_checkpoint(saved.folder))
    found: nn.modules.module._IncompatibleKeys = official.load_state_dict(load_file(saved.weights), strict=False)
    assert found.unexpected_keys == []
    assert all(k.startswith("cls_decoder.") for k in found.missing_keys)
    assert parity(saved.folder, n_genes=5).passed


def test_official_model_is_frozen_and_leaves_the_random_stream_alone(scgpt_folder: Path) -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    official = passport.official(read_checkpoint(scgpt_folder))
    assert torch.equal(torch.rand(3), expected)
    assert not official.training and not any(p.requires_grad for p in official.parameters())


def test_parity_says_nothing_on_the_way(scgpt_folder: Path, recwarn: pytest.WarningsRecorder, capfd) -> None:
    parity(scgpt_folder, n_genes=3)
    assert capfd.readouterr() == ("", "") and len(recwarn) == 0


def test_what_has_no_official_counterpart_is_refused(scbenchmark_folder: Path) -> None:
    with pytest.raises(InputError, match="no official package"):
        parity(scbenchmark_folder)


def test_a_vocabulary_without_pad_has_no_official_model(scgpt_folder: Path) -> None:
    tokens = read_tokens(scgpt_folder / "vocab.json")
    tokens["<mask>"] = tokens.pop("<pad>")
    (scgpt_folder / "vocab.json").write_text(json.dumps(tokens))
    with pytest.raises(CheckpointError, match="<pad>"):
        parity(scgpt_folder)


def test_no_genes_is_refused(scgpt_folder: Path) -> None:
    with pytest.raises(InputError, match="at least one gene"):
        parity(scgpt_folder, n_genes=0)


@pytest.mark.parametrize("name", ["ugrn-mini", "ugrn-mini-2", "ugrn-mini-3", "ugrn-mini-2-reconstructed"])
def test_the_embedded_scgpt_models_agree(name: str) -> None:
    record = BACKBONES[name]
    if not is_available(record):
        pytest.skip(f"{record.folder} does not hold the weights yet")
    assert record.folder is not None and parity(record.folder, n_genes=101).passed
    assert read_json(record.folder / "args.json")["layout"] == "scgpt"
