"""The lean core: its dual pass against torch's forward mode, finite differences, and the symmetries of a set model."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from ugrn_core.backbones import transformer
from ugrn_core.backbones.transformer import Layer, LeanTransformer, TransformerConfig

SHAPES = [
    {"n_heads": 1, "n_layers": 1, "gene_norm": True, "value_norm": True, "gene_width": 16, "cls_value": -2.0},
    {"n_heads": 2, "n_layers": 3, "gene_norm": True, "value_norm": True, "gene_width": 16, "cls_value": -2.0},
    {"n_heads": 4, "n_layers": 2, "gene_norm": False, "value_norm": False, "gene_width": 16, "cls_value": 0.0},
    {"n_heads": 2, "n_layers": 2, "gene_norm": False, "value_norm": False, "gene_width": 9, "cls_value": 0.0},
]


def make_model(**shape: object) -> LeanTransformer:
    """A seeded model of 31 tokens, width 16, with weights large enough that attention is far from uniform."""
    given = {"vocab_size": 31, "width": 16, "ff_width": 20, "cls_id": 30} | shape
    generator = torch.Generator().manual_seed(3)
    model = LeanTransformer(TransformerConfig(**given))  # type: ignore[arg-type]
    for name, p in model.named_parameters():
        p.data = 0.4 * torch.randn(p.shape, generator=generator) + ("norm" in name and name.endswith("weight"))
    return model.eval().requires_grad_(False)


def make_cells(n_cells: int, n_genes: int, top: float = 50.0) -> tuple[Tensor, Tensor, Tensor]:
    """Gene ids (gene,), values and tangents (cell, gene)."""
    generator = torch.Generator().manual_seed(n_cells * 100 + n_genes)
    ids = torch.randperm(30, generator=generator)[:n_genes]
    values = top * torch.rand(n_cells, n_genes, generator=generator)
    return ids, values, torch.randn(n_cells, n_genes, generator=generator)


def close(a: Tensor, b: Tensor, share: float = 1e-5) -> None:
    """Equal to ``share`` of the largest entry."""
    torch.testing.assert_close(a, b, rtol=0, atol=share * max(1.0, float(b.abs().max())))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("n_cells", "n_genes"), [(1, 1), (1, 2), (3, 13), (2, 30)])
def test_dual_equals_forward_mode_of_the_plain_pass(shape: dict, n_cells: int, n_genes: int) -> None:
    model = make_model(**shape)
    ids, values, tangents = make_cells(n_cells, n_genes)
    with sdpa_kernel(SDPBackend.MATH):
        primal, tangent = torch.func.jvp(lambda v: model(ids, v), (values,), (tangents,))  # type: ignore[misc]
    ours, slope = model.dual(ids, values, tangents)
    close(ours, primal)
    close(slope, tangent)
    close(ours, model(ids, values))


@pytest.mark.parametrize("shape", SHAPES)
def test_dual_equals_central_differences_in_double_precision(shape: dict) -> None:
    model = make_model(**shape).double()
    ids, values, tangents = make_cells(2, 7)
    values, tangents, step = values.double(), tangents.double(), 1e-6
    _, slope = model.dual(ids, values, tangents)
    difference = (model(ids, values + step * tangents) - model(ids, values - step * tangents)) / (2 * step)
    torch.testing.assert_close(slope, difference, rtol=1e-5, atol=1e-6)


def test_dual_does_not_depend_on_the_block_of_queries(monkeypatch: pytest.MonkeyPatch) -> None:
    model = make_model(**SHAPES[1])
    ids, values, tangents = make_cells(2, 17)
    whole = model.dual(ids, values, tangents)
    monkeypatch.setattr(transformer, "QUERY_ROWS", 1)
    monkeypatch.setattr(transformer, "SCORE_BLOCK", 18 * 5)  # blocks of one head and 5 queries, the last of 3
    seen, real = set(), transformer._dual_rows
    monkeypatch.setattr(transformer, "_dual_rows", lambda q, *rest: (seen.add(q.shape[1:3]), real(q, *rest))[1])
    for a, b in zip(whole, model.dual(ids, values, tangents), strict=True):
        close(a, b, 1e-6)
    assert seen == {(1, 5), (1, 3)}


@pytest.mark.parametrize("shape", SHAPES)
def test_answers_follow_a_permutation_of_genes(shape: dict) -> None:
    model = make_model(**shape)
    ids, values, tangents = make_cells(2, 11)
    order = torch.randperm(11, generator=torch.Generator().manual_seed(0))
    plain = model.dual(ids, values, tangents)
    moved = model.dual(ids[order], values[:, order], tangents[:, order])
    for a, b in zip(plain, moved, strict=True):
        close(b, a[:, order])
    close(model.attention(ids[order], values[:, order]), model.attention(ids, values)[:, order][:, :, order])


def test_cells_of_a_batch_do_not_see_each_other() -> None:
    model = make_model(**SHAPES[1])
    ids, values, tangents = make_cells(7, 9)
    together = model.dual(ids, values, tangents)
    for i in range(7):
        alone = model.dual(ids, values[i : i + 1], tangents[i : i + 1])
        for a, b in zip(together, alone, strict=True):
            close(a[i : i + 1], b)


def test_gene_ids_may_differ_from_cell_to_cell() -> None:
    model = make_model(**SHAPES[3])
    ids, values, tangents = make_cells(2, 6)
    other = (ids + 5) % 30
    both = torch.stack([ids, other])
    for a, first, second in zip(
        model.dual(both, values, tangents),
        model.dual(ids, values, tangents),
        model.dual(other, values, tangents),
        strict=True,
    ):
        close(a, torch.stack([first[0], second[1]]))


def test_values_above_the_ceiling_are_the_ceiling_and_have_no_slope() -> None:
    model = make_model(**SHAPES[1])
    ids, values, _ = make_cells(1, 5)
    above, at = values.clone(), values.clone()
    above[0, 2], at[0, 2] = 700.0, 512.0
    direction = torch.zeros(1, 5)
    direction[0, 2] = 1.0
    primal, slope = model.dual(ids, above, direction)
    close(primal, model(ids, at))
    assert torch.equal(slope, torch.zeros(1, 5))


def test_at_the_ceiling_itself_the_slope_is_that_from_below(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transformer, "VALUE_CEILING", 3.0)  # behind norms so large a value as 512 has hardly a slope
    model = make_model(**SHAPES[2])
    ids, values, direction = make_cells(1, 5, top=2.0)
    values[0, 2] = 3.0
    with sdpa_kernel(SDPBackend.MATH):
        below = torch.func.jvp(lambda v: model(ids, v), (values,), (direction,))[1]  # type: ignore[misc]
    slope = model.dual(ids, values, direction)[1]
    close(slope, below)
    direction[0, 2] = 0
    assert (model.dual(ids, values, direction)[1] - slope).abs().max() > 1e-3


def test_scores_are_held_by_cells_then_heads_then_rows() -> None:
    """Cells, heads and query rows of a block; never fewer than 32 rows where there are so many."""
    assert transformer._block(7, 10, 4, 1000) == (2, 4, 10)
    assert transformer._block(3, 10, 2, 600) == (3, 2, 10) and transformer._block(3, 10, 2, 599) == (2, 2, 10)
    assert transformer._block(3, 100, 8, 30_000) == (1, 3, 100) and transformer._block(3, 10, 4, 100) == (1, 1, 10)
    assert transformer._block(3, 100, 8, 5_000) == (1, 1, 50) and transformer._block(3, 100, 8, 100) == (1, 1, 32)


def test_no_tangent_in_no_tangent_out_and_slopes_add_up() -> None:
    model = make_model(**SHAPES[2])
    ids, values, tangents = make_cells(2, 8)
    assert torch.equal(model.dual(ids, values, torch.zeros(2, 8))[1], torch.zeros(2, 8))
    twice = model.dual(ids, values, 2 * tangents)[1]
    close(twice, 2 * model.dual(ids, values, tangents)[1])
    one_by_one = sum(model.dual(ids, values, tangents * (torch.arange(8) == i))[1] for i in range(8))
    close(one_by_one, model.dual(ids, values, tangents)[1])  # type: ignore[arg-type]


@pytest.mark.parametrize("shape", SHAPES[1:3])
def test_attention_is_that_of_torchs_own_layer(shape: dict) -> None:
    model = make_model(**shape)
    ids, values, _ = make_cells(2, 6)
    x, expected = model.embed(ids, values), torch.zeros(2, 7, 7)
    for layer in model.layers:
        assert isinstance(layer, Layer)
        theirs = torch.nn.MultiheadAttention(16, shape["n_heads"], batch_first=True)
        theirs.load_state_dict(
            {
                "in_proj_weight": layer.qkv.weight,
                "in_proj_bias": layer.qkv.bias,
                "out_proj.weight": layer.out.weight,
                "out_proj.bias": layer.out.bias,
            }
        )
        expected += theirs(x, x, x, need_weights=True, average_attn_weights=True)[1].detach()
        x = layer(x)
    close(model.attention(ids, values), expected[:, 1:, 1:])
    assert bool((model.attention(ids, values).sum(-1) < shape["n_layers"]).all())  # <cls> keeps its share


def test_questions_leave_the_model_and_the_inputs_untouched() -> None:
    model = make_model(**SHAPES[1])
    before = copy.deepcopy(model.state_dict())
    inputs = make_cells(2, 9)
    kept = [x.clone() for x in inputs]
    model.dual(*inputs)
    model(inputs[0], inputs[1])
    model.attention(inputs[0], inputs[1])
    assert all(torch.equal(before[n], t) for n, t in model.state_dict().items())
    assert all(p.grad is None for p in model.parameters())
    assert not model.training
    assert all(torch.equal(a, b) for a, b in zip(inputs, kept, strict=True))


def test_heads_must_divide_the_width() -> None:
    with pytest.raises(ValueError, match="not a multiple"):
        make_model(**SHAPES[0] | {"n_heads": 3})
