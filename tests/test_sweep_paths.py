"""The sweep's short ways through the transformer equal plain dual passes to float32 rounding."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ugrn_core.backbones.backbone import PlainCell, plain_pairs
from ugrn_core.backbones.full_context import BaseCell
from ugrn_core.backbones.linear import ONEDNN, add_linear_, affine, spare_rows
from ugrn_core.backbones.transformer import LeanTransformer, TransformerConfig
from ugrn_core.backbones.two_genes import pairs_at_base, reconstruct_pairs, small_attention, sweep_pairs

SHAPES = [  # width, layers, heads, feed-forward, gene width, norms
    (32, 3, 4, 40, 32, True),
    (24, 2, 1, 17, 32, False),
    (32, 1, 2, 32, 32, True),
]


def random_model(shape, gain=2.0) -> LeanTransformer:
    d, n, h, f, e, norms = shape
    config = TransformerConfig(60, d, n, h, f, e, norms, norms, 59, -2.0 if norms else 0.0)
    with torch.random.fork_rng():
        torch.manual_seed(5)
        model = LeanTransformer(config)
        for p in model.parameters():
            p.data.mul_(gain)
    return model.eval().requires_grad_(False)


def doubled(model: LeanTransformer) -> LeanTransformer:
    double = LeanTransformer(model.config)
    double.load_state_dict(model.state_dict())
    return double.double().requires_grad_(False)


def as_exact(found, plain, exact):
    """Each result is as near to the float64 one as the plain float32 pass is, or to float32 rounding."""
    for f, p, e in zip(found, plain, exact, strict=True):
        scale = max(1.0, float(e.abs().max()))
        assert (f - e).abs().max() <= 3 * (p - e).abs().max() + 3e-6 * scale


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("n_genes", [1, 2, 21, 50])
def test_context_sweep_equals_dual_passes(shape, n_genes):
    model = random_model(shape)
    rng = torch.Generator().manual_seed(n_genes)
    ids = torch.randperm(58, generator=rng)[:n_genes]
    base = torch.rand(n_genes, generator=rng) * 50
    at = torch.randint(n_genes, (9,), generator=rng)
    value = torch.tensor([0.0, 1, 5, 10, 15, 25, 50, 511, 600])  # the ceiling of 512 among them
    exact = PlainCell(doubled(model), ids, base.double()).sweep(at, value.double())
    as_exact(BaseCell(model, ids, base).sweep(at, value), PlainCell(model, ids, base).sweep(at, value), exact)


@pytest.mark.parametrize("shape", SHAPES)
def test_pair_sweep_equals_dual_passes(shape):
    model = random_model(shape)
    pairs = torch.tensor([(s, t) for s in range(0, 50, 9) for t in range(1, 58, 11) if s != t])
    grid = torch.tensor([0.0, 1, 10, 45, 600])
    exact = plain_pairs(doubled(model), pairs, 10.0, grid.double())
    as_exact(sweep_pairs(model, pairs, 10.0, grid), plain_pairs(model, pairs, 10.0, grid), exact)


@pytest.mark.parametrize("shape", SHAPES)
def test_pairs_without_slopes_equal_plain_passes(shape):
    model = random_model(shape)
    pairs = torch.tensor([(s, t) for s in range(0, 50, 9) for t in range(1, 58, 11) if s != t])
    grid = torch.tensor([0.0, 1, 10, 45, 600])
    exact, _ = plain_pairs(doubled(model), pairs, 10.0, grid.double())
    with torch.no_grad():
        as_exact([reconstruct_pairs(model, pairs, 10.0, grid)], plain_pairs(model, pairs, 10.0, grid)[:1], [exact])


@pytest.mark.parametrize("shape", SHAPES)
def test_pairs_at_base_equal_plain_passes(shape):
    model = random_model(shape)
    pairs = torch.tensor([(s, t) for s in range(0, 50, 9) for t in range(1, 58, 11) if s != t])
    base = torch.full(pairs.shape, 10.0)
    exact = doubled(model)(pairs, base.double())
    as_exact([pairs_at_base(model, pairs, 10.0)], [model(pairs, base)], [exact])


def test_a_source_that_takes_all_attention_can_be_taken_out():
    """Where one key has nearly all the weight, removing it from a float32 sum would leave noise."""
    model = random_model(SHAPES[0])
    layer = model.layers[0]
    layer.qkv.weight.data[:64].mul_(12)
    ids, base = torch.arange(12), torch.full((12,), 10.0)
    cell = BaseCell(model, ids, base)
    weights = (cell.scores - cell.scores.logsumexp(-1, keepdim=True)).exp()
    assert weights.max() > 0.9999
    at, value = torch.arange(12), torch.full((12,), 3.0)
    exact = PlainCell(doubled(model), ids, base.double()).sweep(at, value.double())
    as_exact(cell.sweep(at, value), PlainCell(model, ids, base).sweep(at, value), exact)


def test_linear_maps_are_those_of_torch_whichever_library_computes_them():
    torch.manual_seed(1)
    wide, weight, bias = torch.randn(3, 40, 2 * 24), torch.randn(7, 24), torch.randn(7)
    for x in (wide[..., :24], wide[..., ::2].transpose(0, 1), wide[0, :3, :24], wide[:0, :, :24]):
        expected = torch.nn.functional.linear(x.double(), weight.double())
        with torch.no_grad():
            np.testing.assert_allclose(affine(x, weight), expected, rtol=1e-5, atol=1e-5)
            np.testing.assert_allclose(affine(x, weight, bias), expected + bias, rtol=1e-5, atol=1e-5)
            np.testing.assert_allclose(add_linear_(torch.ones(*x.shape[:-1], 7), x, weight), expected + 1, atol=1e-5)
    kept = weight.requires_grad_()
    affine(wide[..., :24], kept).sum().backward()
    np.testing.assert_allclose(kept.grad[0], wide[..., :24].sum((0, 1)), rtol=1e-4, atol=1e-4)


def test_small_attention_equals_its_definition():
    torch.manual_seed(0)
    q, k, v = torch.randn(2, 2, 6, 4, 8), torch.randn(2, 3, 6, 4, 8), torch.randn(2, 3, 6, 4, 8)

    def attend(q, k, v):
        q, k, v = (x.permute(1, 2, 0, 3) for x in (q, k, v))  # (R, H, tokens, c)
        return ((q @ k.transpose(-1, -2) / 8**0.5).softmax(-1) @ v).permute(2, 0, 1, 3)

    out, tangent = torch.func.jvp(attend, (q[0], k[0], v[0]), (q[1], k[1], v[1]))
    found = small_attention(q, k, v)
    np.testing.assert_allclose(found[0], out, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found[1], tangent, rtol=1e-4, atol=1e-6)


def test_spare_rows_leave_few_numbers_of_rows_and_add_an_eighth_at_most():
    cpu = torch.device("cpu")
    whole = [n + spare_rows(n, cpu) for n in range(1, 5000)]
    if not ONEDNN:
        assert whole == list(range(1, 5000))
        return
    assert all(n <= w and 8 * (w - n) < n for n, w in enumerate(whole, 1))
    assert len({w for w in whole if 512 <= w < 1024}) == 8 and whole[:16] == list(range(1, 17))
    assert spare_rows(1001, torch.device("meta")) == 0


@pytest.mark.skipif(not ONEDNN, reason="no oneDNN in this torch")
def test_pairs_of_many_numbers_are_products_of_few_shapes(monkeypatch):
    model, asked = random_model(SHAPES[0]), set()

    def seen(x, weight, bias=None):
        asked.add((tuple(x.shape), tuple(weight.shape)))
        return torch.nn.functional.linear(x, weight, bias)

    for room in ("two_genes", "transformer", "linear"):
        monkeypatch.setattr(f"ugrn_core.backbones.{room}.affine", seen, raising=False)
    rng = torch.Generator().manual_seed(1)
    for n in range(33, 49):  # 16 numbers of pairs with as many numbers of different genes
        ids = torch.stack([torch.randperm(58, generator=rng)[:2] for _ in range(n)])
        whole = reconstruct_pairs(model, ids, 10.0, torch.tensor([1.0, 30.0]))
        some = reconstruct_pairs(model, ids[:5], 10.0, torch.tensor([1.0, 30.0]))
        assert whole.shape == (n, 2)
        np.testing.assert_allclose(whole[:5], some, rtol=1e-4, atol=1e-4)
    products = {shape[1] for shape in asked}
    assert len(asked) <= 12 * len(products), asked
