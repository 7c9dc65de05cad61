"""Published tensor names onto the lean core and back; scBenchmark is held against a plain torch reference."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from ugrn_core.backbones.checkpoint import load_checkpoint, read_checkpoint, read_tensors
from ugrn_core.backbones.layouts import (
    LAYOUTS,
    canonical,
    canonical_tensors,
    empty_model,
    published_names,
    recognise,
    shown,
    to_published,
)
from ugrn_core.backbones.transformer import TransformerConfig
from ugrn_core.errors import CheckpointError

MakeFolder = Callable[..., Path]


class ScBenchmarkReference(nn.Module):
    """The published architecture from torch's own parts (facts of Qi et al. 2025), with its tensor names."""

    def __init__(self, n_tokens: int, width: int, n_heads: int, n_layers: int, gene_width: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(n_tokens, gene_width)
        self.emb_trans = nn.Linear(gene_width, width) if gene_width != width else None
        self.value_encoder = nn.Sequential(nn.Linear(1, width), nn.ReLU(), nn.Linear(width, width))
        layer = nn.TransformerEncoderLayer(width, n_heads, width, 0.15, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, n_layers, enable_nested_tensor=False)
        self.decoder = _three(width)
        self.gene2query = _three(width)
        self.layer_norm = nn.LayerNorm(width)

    def forward(self, ids: Tensor, values: Tensor) -> Tensor:
        genes = self.embedding(ids)
        genes = genes if self.emb_trans is None else self.emb_trans(genes)
        x = genes + self.value_encoder(values.clamp(max=512).unsqueeze(-1))
        return self.decoder(self.encoder(x)).squeeze(-1)


def _three(width: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(width, width), nn.LeakyReLU(0.01), nn.Linear(width, width), nn.LeakyReLU(0.01), nn.Linear(width, 1)
    )


@pytest.mark.parametrize(("gene_width", "heads", "layers"), [(16, 2, 2), (10, 4, 3), (24, 1, 1)])
def test_scbenchmark_layout_computes_what_the_published_architecture_computes(
    make_scbenchmark: MakeFolder, gene_width: int, heads: int, layers: int
) -> None:
    folder = make_scbenchmark(gene_width=gene_width, nheads=heads, nlayers=layers)
    backbone = load_checkpoint(folder, device="cpu")
    tokens = read_checkpoint(folder).tokens
    reference = ScBenchmarkReference(len(tokens), 16, heads, layers, gene_width).eval()
    reference.load_state_dict(read_tensors(folder / "best_model.pt"), strict=True)
    genes = torch.from_numpy(backbone.vocabulary.ids(["SOX2", "NANOG", "ALB", "TP53", "HBB"]))
    values = torch.tensor([[1.0, 1, 1, 1, 1], [0, 0.25, 7.5, 600, -1]])
    with_cls = torch.cat([torch.tensor([tokens["<cls>"]]), genes]).expand(2, -1)
    with torch.no_grad():
        expected = reference(with_cls, torch.cat([torch.zeros(2, 1), values], 1))[:, 1:]
    torch.testing.assert_close(backbone.reconstruct(genes, values), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("spelling", ["in_proj", "Wqkv", "_impl", "module"])
def test_every_spelling_is_the_same_model(make_scgpt: MakeFolder, spelling: str) -> None:
    plain, other = (
        load_checkpoint(make_scgpt("in_proj"), device="cpu"),
        load_checkpoint(make_scgpt(spelling), device="cpu"),
    )
    assert other.fingerprint == plain.fingerprint
    genes = torch.from_numpy(plain.vocabulary.ids(["SOX2", "NANOG", "ALB"]))
    values = torch.tensor([[10.0, 1, 45]])
    assert torch.equal(plain.reconstruct(genes, values), other.reconstruct(genes, values))


def test_one_tensor_in_two_spellings_is_refused() -> None:
    name = "transformer_encoder.layers.0.self_attn."
    with pytest.raises(CheckpointError, match="stored twice"):
        canonical_tensors({f"{name}Wqkv.weight": torch.ones(1), f"{name}in_proj_weight": torch.ones(1)})


def test_layout_is_told_from_the_gene_embedding() -> None:
    assert recognise(["encoder.embedding.weight", "x"]).name == "scgpt"
    assert recognise(["embedding.weight", "encoder.layers.0.norm1.weight"]).name == "scbenchmark"
    for names in (["weight"], [], ["encoder.embedding.weight", "embedding.weight"]):
        with pytest.raises(CheckpointError, match=r"encoder\.embedding\.weight"):
            recognise(names)


def test_six_names_are_shown_and_the_number_of_the_others() -> None:
    assert shown("abcdef") == "a, b, c, d, e, f"
    assert shown("abcdefgh") == "a, b, c, d, e, f and 2 more"
    assert shown("abcdefg") == "a, b, c, d, e, f and 1 more"
    assert shown([]) == ""


@pytest.mark.parametrize("layout", ["scgpt", "scbenchmark"])
@settings(deadline=None)
@given(width=st.integers(1, 5), gene_width=st.integers(1, 9), layers=st.integers(1, 12))
def test_names_map_one_to_one_and_cover_the_lean_core(layout: str, width: int, gene_width: int, layers: int) -> None:
    scgpt = layout == "scgpt"
    config = TransformerConfig(
        vocab_size=7,
        width=width,
        n_layers=layers,
        n_heads=1,
        ff_width=3,
        gene_width=width if scgpt else gene_width,
        gene_norm=scgpt,
        value_norm=scgpt,
        cls_id=0,
        cls_value=0.0,
    )
    state = empty_model(config).state_dict()
    names = published_names(LAYOUTS[layout], config)
    assert set(names) == set(state)
    assert len(set(names.values())) == len(names)
    assert set(to_published(LAYOUTS[layout], config, state)) == set(names.values())
    assert all(canonical(n) == n for n in names.values())


@settings(deadline=None)
@given(st.sampled_from(["", "module."]), st.sampled_from(["", "_impl."]), st.integers(0, 99))
def test_canonical_name_is_stable(prefix: str, inner: str, layer: int) -> None:
    stored = f"{prefix}transformer_encoder.layers.{layer}.self_attn.{inner}Wqkv.bias"
    assert canonical(stored) == f"transformer_encoder.layers.{layer}.self_attn.in_proj_bias"
    assert canonical(canonical(stored)) == canonical(stored)
