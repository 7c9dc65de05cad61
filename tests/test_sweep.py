"""The sweep against closed forms, reverse-mode autograd and finite differences, and its invariances."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ugrn_core import sweep as room
from ugrn_core.backbones.backbone import TransformerBackbone
from ugrn_core.backbones.toy import ToyBackbone
from ugrn_core.backbones.transformer import LeanTransformer, TransformerConfig
from ugrn_core.errors import Cancelled, InputError
from ugrn_core.sweep import (
    batch_size,
    check_settings,
    pair_responses,
    source_responses,
    sweep_pairs,
    sweep_sources,
    unless_full,
)
from ugrn_core.types import BackboneCard, SweepSettings, Vocabulary

GENES = [f"G{i}" for i in range(23)]
SETTINGS = SweepSettings(10.0, (1.0, 5.0, 15.0, 25.0))


@pytest.fixture(scope="module")
def backbone() -> TransformerBackbone:
    config = TransformerConfig(25, 32, 3, 4, 48, 32, True, True, 24, -2.0)
    with torch.random.fork_rng():
        torch.manual_seed(3)
        model = LeanTransformer(config)
    card = BackboneCard("random", "random", "scgpt", "bins", (0, 50), 10.0, SETTINGS.grid, 1200, 51)
    return TransformerBackbone(model, card, Vocabulary(GENES, range(23)), "random-weights")


def by_source(sweeps):
    return {s.source: s for s in sweeps}


@pytest.mark.parametrize("power", [1, 2])
def test_toy_closed_forms(power):
    toy = ToyBackbone(power, torch.device("cpu"))
    genes = list(toy.vocabulary.symbols[:6])
    grid = np.array([0.5, 2.0, 3.0])
    (sweep,) = sweep_sources(toy, genes, [genes[2]], SweepSettings(1.0, tuple(grid)))
    basis = torch.eye(6)
    ids = torch.from_numpy(toy.vocabulary.ids(genes))
    w = (toy.reconstruct(ids, basis) - toy.reconstruct(ids, torch.zeros(1, 6))).T.numpy()  # M(e_k) = W[:, k]
    np.testing.assert_allclose(sweep.response, np.outer(grid**power - 1.0, w[:, 2]), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(sweep.slope, np.outer(power * grid ** (power - 1), w[:, 2]), rtol=1e-5, atol=1e-6)


def test_response_is_a_difference_of_plain_passes(backbone):
    (sweep,) = sweep_sources(backbone, GENES, ["G4"], SETTINGS)
    ids = torch.arange(23)
    for t, value in enumerate(SETTINGS.grid):
        cell = torch.full((1, 23), 10.0)
        base = backbone.reconstruct(ids, cell)
        cell[0, 4] = value
        expected = (backbone.reconstruct(ids, cell) - base)[0].numpy()
        np.testing.assert_allclose(sweep.response[t], expected, atol=2e-6)


@pytest.mark.parametrize("background", ["fixed", "follow"])
def test_slope_is_the_reverse_mode_gradient(backbone, background):
    settings = SweepSettings(10.0, SETTINGS.grid, background)
    (sweep,) = sweep_sources(backbone, GENES, ["G7"], settings)
    for t, value in enumerate(settings.grid):
        cell = torch.full((1, 23), value if background == "follow" else 10.0)
        cell[0, 7] = value
        cell.requires_grad_(True)
        out = backbone.model(torch.arange(23), cell)
        for k in (0, 7, 22):
            (gradient,) = torch.autograd.grad(out[0, k], cell, retain_graph=True)
            np.testing.assert_allclose(sweep.slope[t, k], gradient[0, 7].item(), rtol=2e-4, atol=1e-6)
    assert (sweep.response is None) == (background == "follow")


def test_slope_is_the_finite_difference_of_the_response(backbone):
    double = TransformerBackbone(LeanTransformer(backbone.model.config), backbone.card, backbone.vocabulary, "x")
    double.model.load_state_dict(backbone.model.state_dict())
    double.model.double()
    ids, step = torch.arange(23), 1e-4
    cell = torch.full((1, 23), 10.0, dtype=torch.float64)
    for value in (5.0, 25.0):
        cell[0, 3] = value + step
        above = double.model(ids, cell)
        cell[0, 3] = value - step
        difference = ((above - double.model(ids, cell)) / (2 * step))[0].detach().numpy()
        (sweep,) = sweep_sources(backbone, GENES, ["G3"], SweepSettings(10.0, (value,)))
        np.testing.assert_allclose(sweep.slope[0], difference, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("batch", [1, 7, 1000])
def test_batch_size_does_not_matter(backbone, batch):
    expected = by_source(sweep_sources(backbone, GENES, ["G1", "G9", "G22"], SETTINGS))
    for sweep in sweep_sources(backbone, GENES, ["G1", "G9", "G22"], SETTINGS, batch=batch):
        np.testing.assert_allclose(sweep.response, expected[sweep.source].response, rtol=1e-4, atol=3e-6)
        np.testing.assert_allclose(sweep.slope, expected[sweep.source].slope, rtol=1e-4, atol=3e-7)


def test_order_of_genes_does_not_matter(backbone):
    order = np.random.default_rng(0).permutation(23)
    base = np.linspace(0, 40, 23)
    (straight,) = sweep_sources(backbone, GENES, ["G5"], SETTINGS, list(base))
    (shuffled,) = sweep_sources(backbone, [GENES[i] for i in order], ["G5"], SETTINGS, list(base[order]))
    np.testing.assert_allclose(shuffled.response, straight.response[:, order], rtol=1e-4, atol=3e-6)
    np.testing.assert_allclose(shuffled.slope, straight.slope[:, order], rtol=1e-4, atol=3e-7)


def test_a_base_value_for_each_gene(backbone):
    base = list(np.linspace(0, 40, 23))
    (sweep,) = sweep_sources(backbone, GENES, ["G5"], SETTINGS, base)
    cell = torch.tensor([base], dtype=torch.float32)
    plain = backbone.reconstruct(torch.arange(23), cell)
    cell[0, 5] = SETTINGS.grid[2]
    expected = (backbone.reconstruct(torch.arange(23), cell) - plain)[0].numpy()
    np.testing.assert_allclose(sweep.response[2], expected, atol=2e-6)


def test_pairs_equal_a_context_of_two(backbone):
    pairs = [("G1", "G2"), ("G2", "G1"), ("G20", "G3")]
    swept = sweep_pairs(backbone, pairs, SETTINGS)
    for batch in (1, 7, 1000):
        again = sweep_pairs(backbone, pairs, SETTINGS, batch=batch)
        np.testing.assert_allclose(again.response, swept.response, rtol=1e-4, atol=3e-6)
    for row, (source, target) in enumerate(pairs):
        (single,) = sweep_sources(backbone, [source, target], [source], SETTINGS)
        np.testing.assert_allclose(swept.response[row], single.response[:, 1], rtol=1e-4, atol=3e-6)
        np.testing.assert_allclose(swept.slope[row], single.slope[:, 1], rtol=1e-4, atol=3e-7)


def test_responses_alone_are_those_of_the_sweep_with_slopes(backbone):
    pairs = [(s, t) for s in GENES[:5] for t in GENES[3:9] if s != t]
    expected = sweep_pairs(backbone, pairs, SETTINGS)
    assert sweep_pairs(backbone, pairs, SETTINGS, responses=False).response is None
    base = list(np.linspace(0, 40, 23))
    swept = by_source(sweep_sources(backbone, GENES, GENES[2:5], SETTINGS, base))
    for batch in (None, 1, 7):
        found = pair_responses(backbone, pairs, SETTINGS, batch=batch)
        np.testing.assert_allclose(found, expected.response, rtol=1e-4, atol=3e-6)
        alone = dict(source_responses(backbone, GENES, GENES[2:5], SETTINGS, base, batch=batch))
        assert list(alone) == GENES[2:5]
        for source, response in alone.items():
            np.testing.assert_allclose(response, swept[source].response, rtol=1e-4, atol=3e-6)


def test_batches_are_of_rows_with_cls_and_progress_is_their_share(backbone, monkeypatch):
    """24 tokens and 3 tokens; 13 rows of pairs are 3 pairs of 4 values each, and one row is one pair."""
    told: list[float] = []
    pairs = [(s, "G7") for s in GENES[:7]]
    for rows, of_sources, of_pairs in (
        ({24: 5, 3: 13}, [5, 8], [3, 6, 7]),
        ({24: 8, 3: 1}, [8], [1, 2, 3, 4, 5, 6, 7]),
    ):
        monkeypatch.setattr(room, "batch_size", lambda tokens, device, rows=rows: rows[tokens])
        for run, whole, expected in (
            (sweep_sources, 8, of_sources),
            (source_responses, 8, of_sources),
            (sweep_pairs, 7, of_pairs),
            (pair_responses, 7, of_pairs),
        ):
            told.clear()
            asked = (GENES, ["G1", "G9"]) if whole == 8 else (pairs,)
            found = run(backbone, *asked, SETTINGS, progress=lambda share, _: told.append(share))
            if whole == 8:
                assert len(list(found)) == 2
            assert told == pytest.approx([n / whole for n in expected])


def test_both_directions_of_a_pair_share_one_pass_at_base(backbone, monkeypatch):
    """Also of ids that are far apart; which of both is the target is not mixed up."""
    pairs = [("G1", "G2"), ("G2", "G1"), ("G22", "G0"), ("G0", "G21"), ("G2", "G1"), ("G0", "G22")]
    seen: list[list[int]] = []
    real = TransformerBackbone.pairs_at_base
    monkeypatch.setattr(
        TransformerBackbone, "pairs_at_base", lambda self, ids, base: seen.extend(ids.tolist()) or real(self, ids, base)
    )
    found = sweep_pairs(backbone, pairs, SETTINGS)
    assert sorted(seen) == [[0, 21], [0, 22], [1, 2]]
    for row, (source, target) in enumerate(pairs):
        (single,) = sweep_sources(backbone, [source, target], [source], SETTINGS)
        np.testing.assert_allclose(found.response[row], single.response[:, 1], rtol=1e-4, atol=3e-6)


def test_values_up_to_a_million_are_asked_and_base_values_are_one_a_gene(backbone):
    check_settings(SweepSettings(1e6, (-1e6, 1e6)))
    for wrong in (SweepSettings(np.nextafter(1e6, np.inf), (1.0,)), SweepSettings(1.0, (np.nextafter(-1e6, -np.inf),))):
        with pytest.raises(InputError, match="up to 1,000,000, got"):
            check_settings(wrong)
    with pytest.raises(ValueError, match="23 genes, 1 base values"):
        list(sweep_sources(backbone, GENES, ["G1"], SETTINGS, [1.0]))


def test_no_pair_is_no_work_and_follow_has_no_responses(backbone):
    none = sweep_pairs(backbone, [], SETTINGS)
    assert none.slope.shape == none.response.shape == pair_responses(backbone, [], SETTINGS).shape == (0, 4)
    follow = SweepSettings(10.0, (5.0,), "follow")
    assert sweep_pairs(backbone, [], follow).response is None
    with pytest.raises(ValueError, match="no responses"):
        pair_responses(backbone, [("G1", "G2")], follow)
    with pytest.raises(ValueError, match="no responses"):
        next(source_responses(backbone, GENES, GENES[:1], follow))


def test_pairs_under_follow_move_both_genes(backbone):
    swept = sweep_pairs(backbone, [("G1", "G2")], SweepSettings(10.0, (5.0,), "follow"))
    assert swept.response is None
    cell = torch.full((1, 2), 5.0, requires_grad=True)
    backbone.model(torch.tensor([1, 2]), cell)[0, 1].backward()
    np.testing.assert_allclose(swept.slope[0, 0], cell.grad[0, 0].item(), rtol=2e-4, atol=1e-7)


def test_out_of_memory_halves_the_batch(backbone):
    sizes = []

    class Small:
        card, vocabulary, device, reconstruct = (
            backbone.card,
            backbone.vocabulary,
            backbone.device,
            backbone.reconstruct,
        )

        def base_cell(self, ids, base):
            cell = backbone.base_cell(ids, base)

            class Cell:
                def sweep(self, at, value):
                    sizes.append(len(at))
                    if len(at) > 2:
                        raise torch.OutOfMemoryError("no room")
                    return cell.sweep(at, value)

            return Cell()

    (sweep,) = sweep_sources(Small(), GENES, ["G1"], SETTINGS, batch=8)
    (expected,) = sweep_sources(backbone, GENES, ["G1"], SETTINGS)
    np.testing.assert_allclose(sweep.response, expected.response, rtol=1e-4, atol=3e-6)
    assert sizes == [4, 4, 2, 2]


def test_the_model_is_untouched(backbone):
    before = {k: v.clone() for k, v in backbone.model.state_dict().items()}
    list(sweep_sources(backbone, GENES, ["G1"], SETTINGS))
    assert all(torch.equal(before[k], v) for k, v in backbone.model.state_dict().items())
    assert all(p.grad is None and not p.requires_grad for p in backbone.model.parameters())
    assert not backbone.model.training


def test_cancel_stops_between_batches(backbone):
    asked = iter([False, True])
    with pytest.raises(Cancelled):
        list(sweep_sources(backbone, GENES, ["G1", "G2"], SETTINGS, batch=4, cancel=lambda: next(asked)))


@pytest.mark.parametrize(
    ("settings", "base_values", "word"),
    [
        (SweepSettings(10.0, ()), None, "empty"),
        (SweepSettings(float("nan"), (1.0,)), None, "finite"),
        (SweepSettings(10.0, (1.0, 1.0)), None, "twice"),
        (SweepSettings(10.0, (1.0,), "follow"), [1.0] * 23, "follow"),
        (SweepSettings(10.0, (1.0, 1e300)), None, "got 1e"),
        (SweepSettings(10.0, (1.0,), "sideways"), None, "sideways"),
    ],
)
def test_settings_without_meaning_are_refused(backbone, settings, base_values, word):
    with pytest.raises(InputError, match=word):
        list(sweep_sources(backbone, GENES, ["G1"], settings, base_values))


@pytest.mark.parametrize(("genes", "sources"), [(GENES, ["NOBODYS"]), ([*GENES, GENES[0]], [GENES[1]])])
def test_a_source_outside_and_a_gene_named_twice_are_mistakes_of_the_caller(backbone, genes, sources):
    with pytest.raises(ValueError, match="outside the context"):
        list(sweep_sources(backbone, genes, sources, SETTINGS))


def test_a_batch_fills_a_thread_of_the_processor_or_the_device_and_has_a_row_at_least():
    threads = torch.get_num_threads()
    assert [batch_size(tokens, torch.device("cpu")) for tokens in (1000, 10_000)] == [3 * threads, threads]
    assert [batch_size(tokens, torch.device("meta")) for tokens in (1 << 10, 1 << 20)] == [1 << 5, 1]


def test_a_gene_with_itself_is_refused(backbone):
    with pytest.raises(InputError, match="two different genes"):
        sweep_pairs(backbone, [("G1", "G1")], SETTINGS)


def test_pairs_whose_batch_does_not_fit_are_halved_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where MPS says so, in its own words, and when both genes stand at base."""
    toy = ToyBackbone(2, torch.device("cpu"))
    pairs = [(s, t) for s in toy.vocabulary.symbols[:6] for t in toy.vocabulary.symbols[6:12]]
    settings = SweepSettings(1.0, (0.5, 2.0))
    wanted = sweep_pairs(toy, pairs, settings)
    sizes: list[int] = []

    def small(real):
        def limited(ids, *rest):
            sizes.append(len(ids))
            if len(ids) > 3:
                raise RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)")
            return real(ids, *rest)

        return limited

    for name in ("sweep_pairs", "pairs_at_base"):
        monkeypatch.setattr(toy, name, small(getattr(toy, name)))
    found = sweep_pairs(toy, pairs, settings)
    assert max(sizes) > 3 and sizes[-1] <= 3
    sizes.clear()
    sweep_pairs(toy, pairs[:7], settings, batch=10)
    assert sizes == [7, 5, 2, 2, 2, 1, 5, 2, 2, 2, 1], "at base in batches of 10 cells, then of 5 pairs"
    np.testing.assert_array_equal(found.slope, wanted.slope)
    np.testing.assert_allclose(found.response, wanted.response, rtol=1e-5, atol=1e-6)


def test_two_rows_that_do_not_fit_are_read_one_by_one_and_other_errors_are_raised() -> None:
    toy = ToyBackbone(1, torch.device("cpu"))
    tried: list[str] = []

    def full(size: int, words: str) -> str | None:
        def compute() -> str:
            tried.append(words)
            raise RuntimeError(words)

        return unless_full(compute, torch.device("cpu"), size)

    assert full(2, "CUDA out of memory") is None
    for size, words in ((1, "out of memory"), (2, "shapes cannot be multiplied")):
        with pytest.raises(RuntimeError, match=words):
            full(size, words)
    assert len(tried) == 3
    assert unless_full(lambda: toy, torch.device("cpu"), 1) is toy


def test_one_row_that_does_not_fit_is_an_error() -> None:
    toy = ToyBackbone(1, torch.device("cpu"))

    def full(*_: object) -> None:
        raise torch.OutOfMemoryError("no room")

    toy.sweep_pairs = full  # type: ignore[method-assign]
    with pytest.raises(torch.OutOfMemoryError):
        sweep_pairs(toy, [("GATA1", "KLF1")], SweepSettings(1.0, (0.5,)))
