"""Probes on top of the sweep against closed forms of the toys, direct computation and independent formulas."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from tests.pair_features import pair_features
from ugrn_core.backbones.toy import ToyBackbone
from ugrn_core.benchmark.features import FeatureCache, FeatureContext
from ugrn_core.errors import InputError
from ugrn_core.methods.attention import attention_matrix, attention_scores
from ugrn_core.methods.embedding import embedding_features
from ugrn_core.methods.gdt import GDT
from ugrn_core.methods.perturbation import perturbation_features, perturbation_scores, zeroing_effects
from ugrn_core.methods.vvp import VVP
from ugrn_core.pair_specific import (
    Reference,
    double_centred,
    percentile,
    random_pair_peaks,
    random_pairs,
    reference_genes,
)
from ugrn_core.reference import reference_of_context
from ugrn_core.residual import quadrature_nodes, relative_residual
from ugrn_core.types import Context, SweepSettings

SETTINGS = SweepSettings(1.0, (0.25, 2.0, 5.0))
PAIRS = [("SOX2", "NANOG"), ("TP53", "MDM2"), ("MDM2", "TP53")]


@pytest.fixture(scope="module", params=[1, 2])
def toy(request):
    return ToyBackbone(request.param, torch.device("cpu"))


def weight(toy, source, target):
    s, t = toy.vocabulary.ids([source, target])
    return toy.weights[t, s].item()


@pytest.mark.parametrize("in_context", [False, True])
def test_vvp_and_gdt_are_both_directions_side_by_side(toy, in_context):
    context = Context("genes", toy.vocabulary.symbols[:30], None, "thirty genes") if in_context else Context()
    vvp = pair_features(VVP, toy, PAIRS, context, SETTINGS)
    gdt = pair_features(GDT, toy, PAIRS, context, SETTINGS)
    grid, p = np.array(SETTINGS.grid), toy.power
    for row, (s, t) in enumerate(PAIRS):
        rise, slope = grid**p - 1.0, p * grid ** (p - 1)
        there, back = weight(toy, s, t), weight(toy, t, s)
        np.testing.assert_allclose(vvp[row], np.r_[there * rise, back * rise], rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(gdt[row], np.r_[there * slope, back * slope], rtol=1e-4, atol=1e-5)


def test_vvp_under_follow_is_refused(toy):
    around = FeatureContext("pair", SweepSettings(1.0, (2.0,), "follow"), {}, {})
    assert "not defined" in FeatureCache(toy, around).missing(VVP, []) and not FeatureCache(toy, around).missing(
        GDT, []
    )


def test_embedding_is_the_sum_and_symmetric(toy):
    there = embedding_features(toy, PAIRS)
    back = embedding_features(toy, [(t, s) for s, t in PAIRS])
    s, t = toy.vocabulary.ids(PAIRS[0])
    np.testing.assert_array_equal(there, back)
    np.testing.assert_allclose(there[0], (toy.weights[s] + toy.weights[t]).numpy())


def test_zeroing_effect_is_weight_times_value(toy):
    genes = list(toy.vocabulary.symbols[:12])
    cells = np.random.default_rng(0).uniform(0, 5, (5, 12)).astype(np.float32)
    effects = zeroing_effects(toy, genes, cells, genes[:4], batch=3)
    w = toy.weights[:12, :12].numpy()
    expected = (cells**toy.power).mean(0)[:4, None] * w.T[:4]
    np.testing.assert_allclose(effects, expected, rtol=1e-4, atol=1e-5)
    pairs = [(genes[0], genes[3]), (genes[3], genes[1])]
    scores = perturbation_scores(effects, genes[:4], genes, pairs)
    np.testing.assert_allclose(scores, [expected[0, 3], expected[3, 1]], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(
        perturbation_scores(effects, genes[:4], genes, pairs, absolute=True), np.abs(scores), rtol=1e-6
    )
    features = perturbation_features(effects, genes[:4], genes, pairs)
    np.testing.assert_allclose(features[:, 1], [expected[3, 0], expected[1, 3]], rtol=1e-4, atol=1e-5)


def test_a_gene_is_set_to_its_own_zero(toy):
    genes = list(toy.vocabulary.symbols[:4])
    zeros = np.float32([-1.5, 0, 0.5, -0.2])
    effects = zeroing_effects(toy, genes, np.ones(4), genes, zeros=zeros)
    expected = (1 - zeros[:, None] ** toy.power) * toy.weights[:4, :4].numpy().T
    np.testing.assert_allclose(effects, expected, rtol=1e-4, atol=1e-5)


def test_attention_orientation(toy):
    genes = list(toy.vocabulary.symbols[:5])
    matrix = attention_matrix(toy, genes, np.ones((3, 5)))
    size = toy.weights[:5, :5].abs().numpy()
    np.testing.assert_allclose(matrix, size / size.sum(1, keepdims=True), rtol=1e-5)
    pair = [(genes[1], genes[4])]
    assert attention_scores(matrix, genes, pair)[0] == matrix[1, 4]
    assert attention_scores(matrix, genes, pair, "transposed")[0] == matrix[4, 1]


@pytest.mark.parametrize("start", [0.0, 10.0, 60.0])
def test_quadrature_integrates_from_the_base_to_every_grid_value(start):
    grid = (1.0, 5.0, 15.0, 45.0)
    nodes, weights = quadrature_nodes(start, grid)
    slope = 3 * nodes**2 - 2 * nodes + 0.5
    response = np.array([(v**3 - v**2 + 0.5 * v) - (start**3 - start**2 + 0.5 * start) for v in grid])
    np.testing.assert_allclose(weights @ slope, response, rtol=1e-10, atol=1e-9)
    assert relative_residual(weights @ slope, response) < 1e-10
    assert relative_residual(weights @ slope, response * 1.1) > 0.05


def centred_by_hand(matrix, a, b):
    others = [k for k in range(len(matrix)) if k not in (a, b)]
    row = np.mean([matrix[a, k] for k in others], 0)
    column = np.mean([matrix[k, b] for k in others], 0)
    grand = np.mean([matrix[k, m] for k in others for m in others if k != m], 0)
    return matrix[a, b] - row - column + grand


def test_random_pairs_are_centred_like_a_single_pair():
    rng = np.random.default_rng(1)
    matrix = rng.standard_normal((9, 9, 3))
    peaks = random_pair_peaks(matrix, 1000)
    assert len(peaks) == 72
    every = sorted(np.abs(centred_by_hand(matrix, a, b)).max() for a in range(9) for b in range(9) if a != b)
    np.testing.assert_allclose(sorted(peaks), every, rtol=1e-9)
    others = [k for k in range(9) if k not in (2, 5)]
    one = double_centred(matrix[2, 5], matrix[2, others], matrix[others, 5], matrix[np.ix_(others, others)])
    np.testing.assert_allclose(one, centred_by_hand(matrix, 2, 5))


def test_gene_level_effects_vanish_and_a_planted_pair_stays():
    rng = np.random.default_rng(2)
    matrix = rng.standard_normal((20, 1, 4)) + rng.standard_normal((1, 20, 4))
    assert random_pair_peaks(matrix).max() < 1e-12
    matrix[3, 7] += 1.0
    np.testing.assert_allclose(centred_by_hand(matrix, 3, 7), 1.0)
    assert percentile(1.0, random_pair_peaks(matrix, 380)) == pytest.approx(100 * 379 / 380)


def test_reference_is_drawn_once_and_must_be_large_enough():
    genes = [f"G{i}" for i in range(500)]
    drawn = reference_genes(genes, 64)
    assert drawn == reference_genes(genes[::-1], 64) == sorted(set(drawn)) and len(drawn) == 64
    with pytest.raises(InputError, match="at least 8 other genes as a reference, this context has 7"):
        Reference(tuple(genes[:9]), np.zeros((9, 9, 2))).without("G0", "G1")
    matrix = np.arange(200.0).reshape(10, 10, 2)
    keep, among = Reference(tuple(genes[:10]), matrix).without("G0", "G4")
    assert keep == [1, 2, 3, 5, 6, 7, 8, 9]
    np.testing.assert_array_equal(among, matrix[keep][:, keep])


def test_what_is_drawn_is_the_same_for_ever():
    """What is shipped and kept of a model was computed with these genes and pairs."""
    genes = [f"G{i:03}" for i in range(500)]
    assert reference_genes(genes, 3) == ["G255", "G317", "G423"]
    assert reference_genes(genes[:5], 5) == reference_genes(genes[4::-1], 9) == genes[:5]
    assert np.array(random_pairs(5, 4)).tolist() == [[3, 0, 2, 2], [4, 4, 0, 1]]
    many = [f"G{i}" for i in range(300)]
    backbone = SimpleNamespace(vocabulary=SimpleNamespace(symbols=many))
    assert len(reference_of_context(backbone, Context())) == 256  # type: ignore[arg-type]
    assert len(reference_of_context(backbone, Context("genes", tuple(many)))) == 64  # type: ignore[arg-type]


def test_a_percentile_counts_smaller_peaks_and_not_equal_ones():
    assert percentile(2.0, np.array([1.0, 2.0, 2.0, 3.0])) == 25.0


def test_the_residual_is_relative_to_the_largest_response_however_small():
    response = np.array([0.0, -0.5, 0.25])
    assert relative_residual(np.array([0.1, -0.5, 0.2]), response) == pytest.approx(0.2)
    assert relative_residual(np.array([2e-6]), np.array([1.5e-6])) == pytest.approx(1 / 3)
    assert relative_residual(np.array([2e-7]), np.array([1e-7])) == pytest.approx(0.1)
