"""The toys in closed form, written out here once more by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ugrn_core.backbones.toy import ToyBackbone

CPU = torch.device("cpu")


@pytest.mark.parametrize("power", [1, 2])
def test_reconstruction_is_the_formula(power: int) -> None:
    toy = ToyBackbone(power, CPU)  # type: ignore[arg-type]
    ids, values = np.array([3, 17, 39]), np.array([[1.0, 2.0, 0.5], [0.0, 3.0, 5.0]], dtype=np.float32)
    w = toy.weights.numpy()
    expected = [[sum(w[k, s] * v[j] ** power for j, s in enumerate(ids)) for k in ids] for v in values]
    got = toy.reconstruct(torch.from_numpy(ids), torch.from_numpy(values))
    np.testing.assert_allclose(got.numpy(), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("power", [1, 2])
def test_slope_of_one_source_is_its_weight_times_the_inner_derivative(power: int) -> None:
    toy = ToyBackbone(power, CPU)  # type: ignore[arg-type]
    ids = torch.from_numpy(toy.vocabulary.ids(["SOX2", "NANOG", "ALB", "LEFTY2"]))
    values = torch.tensor([[1.0, 4.0, 1.0, 1.0]])
    _, slope = toy.dual(ids, values, torch.tensor([[0.0, 1.0, 0.0, 0.0]]))
    weights = toy.weights[ids, ids[1]]
    torch.testing.assert_close(slope[0], weights if power == 1 else 2 * weights * 4.0)


@pytest.mark.parametrize("power", [1, 2])
def test_dual_equals_forward_mode(power: int) -> None:
    toy = ToyBackbone(power, CPU)  # type: ignore[arg-type]
    ids = torch.stack([torch.randperm(40)[:7], torch.randperm(40)[:7]])
    values, tangents = torch.rand(2, 7), torch.randn(2, 7)
    expected = torch.func.jvp(lambda v: toy.reconstruct(ids, v), (values,), (tangents,))
    for got, want in zip(toy.dual(ids, values, tangents), expected, strict=True):
        torch.testing.assert_close(got, want)


def test_attention_rows_are_shares_of_absolute_weight() -> None:
    toy = ToyBackbone(1, CPU)
    ids = torch.tensor([5, 2, 30])
    got = toy.attention(ids, torch.rand(4, 3))
    w = toy.weights.numpy()
    expected = [[abs(w[k, s]) / sum(abs(w[k, x]) for x in (5, 2, 30)) for s in (5, 2, 30)] for k in (5, 2, 30)]
    assert got.shape == (4, 3, 3)
    np.testing.assert_allclose(got[3].numpy(), expected, rtol=1e-5)


def test_embeddings_are_rows_of_the_weights() -> None:
    toy = ToyBackbone(2, CPU)
    assert torch.equal(toy.gene_embeddings(torch.tensor([7, 0])), toy.weights[[7, 0]])


def test_toys_are_the_same_every_time_and_differ_from_each_other() -> None:
    assert ToyBackbone(1, CPU).fingerprint == ToyBackbone(1, CPU).fingerprint
    prints = {ToyBackbone(1, CPU).fingerprint, ToyBackbone(2, CPU).fingerprint, ToyBackbone(1, CPU, seed=1).fingerprint}
    assert len(prints) == 3
    assert len(set(ToyBackbone(1, CPU).vocabulary.symbols)) == 40
