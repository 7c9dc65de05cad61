"""The hyper-dual pass: its mixed derivative against finite differences and reverse mode taken twice."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from tests.test_transformer import SHAPES, close, make_cells, make_model
from ugrn_core.backbones import hyper_dual as room
from ugrn_core.backbones import transformer
from ugrn_core.backbones.hyper_dual import hyper_dual
from ugrn_core.backbones.transformer import VALUE_CEILING, LeanTransformer


def make_question(n_cells: int = 2, n_genes: int = 7) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Gene ids, values and two directions that mix all genes, in double precision."""
    ids, values, first = make_cells(n_cells, n_genes)
    return ids, values.double(), first.double(), first.flip(1).double()


def reverse_twice(model: LeanTransformer, ids: Tensor, values: Tensor, first: Tensor, second: Tensor) -> Tensor:
    """Mixed derivative (cell, gene) by reverse mode, one reconstructed gene after the other."""
    values, columns = values.clone().requires_grad_(), []
    for k in range(values.shape[1]):
        (slope,) = torch.autograd.grad(model(ids, values)[:, k].sum(), values, create_graph=True)
        (bent,) = torch.autograd.grad((slope * first).sum(), values)
        columns.append((bent * second).sum(1))
    return torch.stack(columns, 1)


def attention_spelt_out(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Torch's own kernel has no second derivative."""
    return (q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])).softmax(-1) @ v


@pytest.mark.parametrize("shape", SHAPES)
def test_all_four_parts_equal_reverse_mode_and_the_dual_pass(shape: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transformer.F, "scaled_dot_product_attention", attention_spelt_out)
    model = make_model(**shape).double()
    ids, values, first, second = make_question()
    value, a, b, mixed = hyper_dual(model, ids, values, first, second)
    expected = reverse_twice(model, ids, values, first, second)
    assert expected.abs().max() > 1e-4
    close(mixed, expected, 1e-9)
    close(value, model(ids, values), 1e-9)
    for ours, direction in ((a, first), (b, second)):
        close(ours, model.dual(ids, values, direction)[1], 1e-9)


def test_mixed_derivative_equals_finite_differences_and_is_that_of_two_genes() -> None:
    model = make_model(**SHAPES[1]).double()
    ids, values, _, _ = make_question()
    step, first, second = 1e-4, torch.zeros_like(values), torch.zeros_like(values)
    first[:, 2], second[:, 5] = 1.0, 1.0

    def at(a: float, b: float) -> Tensor:
        return model(ids, values + a * step * first + b * step * second)

    difference = (at(1, 1) - at(1, -1) - at(-1, 1) + at(-1, -1)) / (4 * step * step)
    mixed = hyper_dual(model, ids, values, first, second)[3]
    torch.testing.assert_close(mixed, difference, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(hyper_dual(model, ids, values, second, first)[3], mixed)


def test_a_block_of_queries_float32_and_a_cell_of_its_own_ids_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    model = make_model(**SHAPES[2])
    ids, values, first, second = (part.float() if part.is_floating_point() else part for part in make_question(3, 9))
    whole = hyper_dual(model, ids, values, first, second)
    exact = hyper_dual(make_model(**SHAPES[2]).double(), ids, values.double(), first.double(), second.double())
    monkeypatch.setattr(room, "SCORE_BLOCK", 3 * 4 * 10 * 4)  # blocks of four queries, the last of two
    for cut, one, precise in zip(hyper_dual(model, ids.repeat(3, 1), values, first, second), whole, exact, strict=True):
        close(cut, one, 1e-5)
        close(one.double(), precise, 1e-4)


def test_queries_are_taken_in_blocks_of_so_many_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    model = make_model(**SHAPES[2])
    ids, values, first, second = (part.float() if part.is_floating_point() else part for part in make_question(3, 9))
    seen: list[int] = []
    real = room._softmax
    monkeypatch.setattr(room, "_softmax", lambda s: seen.append(s.shape[3]) or real(s))
    for size, rows in ((3 * 4 * 10 * 4, [4, 4, 2]), (1, [1] * 10), (1 << 20, [10])):
        monkeypatch.setattr(room, "SCORE_BLOCK", size)
        seen.clear()
        hyper_dual(model, ids, values, first, second)
        assert seen == rows * 2, "in each of two layers"


def test_at_a_corner_the_derivative_is_that_of_the_dual_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """ReLU has none at 0; at the ceiling itself it is that from below."""
    ones = torch.tensor([[0.0, 2.0, -2.0], *[[1.0] * 3] * 3])
    assert room._relu(ones).tolist() == [[0, 2, 0], *[[0, 1, 0]] * 3]
    assert room._relu(ones, 0.5).tolist() == [[0, 2, -1], *[[0.5, 1, 0.5]] * 3]
    for module in (room, transformer):
        monkeypatch.setattr(module, "VALUE_CEILING", 3.0)
    model = make_model(**SHAPES[2])
    ids, values, first, second = (part.float() / 20 if part.is_floating_point() else part for part in make_question())
    values[:, 3], first[:, 3] = 3.0, 1.0
    _, a, _, _ = hyper_dual(model, ids, values, first, second)
    close(a, model.dual(ids, values, first)[1])
    first[:, 3] = 0.0
    assert (hyper_dual(model, ids, values, first, second)[1] - a).abs().max() > 1e-3


def test_beyond_the_ceiling_nothing_moves() -> None:
    model = make_model(**SHAPES[0])
    ids, values, first, second = (part.float() if part.is_floating_point() else part for part in make_question())
    first[:], second[:] = 0.0, 0.0
    first[:, 1], second[:, 3], values[:, 3] = 1.0, 1.0, VALUE_CEILING + 1
    _, _, b, mixed = hyper_dual(model, ids, values, first, second)
    assert not b.any()
    assert not mixed.any()
