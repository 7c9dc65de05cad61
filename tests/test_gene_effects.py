"""Gene-level effects of all genes: the same numbers as one pair at a time, and files that fit or are not read."""

from __future__ import annotations

import re
import sys

import numpy as np
import pytest
import torch

from tests.test_pages import framed, fresh  # noqa: F401 (a fixture)
from ugrn_core.backbones.registry import BACKBONES, DEFAULT_BACKBONE, load_backbone
from ugrn_core.backbones.toy import ToyBackbone
from ugrn_core.errors import Cancelled
from ugrn_core.estimate import estimate
from ugrn_core.gene_effects import effects as gene_effects_module
from ugrn_core.gene_effects import shipped
from ugrn_core.gene_effects.effects import (
    estimate_effects,
    gene_effects,
    reference_effects,
    reference_of,
    with_more_genes,
)
from ugrn_core.gene_effects.shipped import packed, shipped_effects, shipped_file, shipped_reference
from ugrn_core.neighbourhood.run import NeighbourhoodRequest, neighbourhood
from ugrn_core.pair import PairRequest, effects_are_shipped, estimate_specific, pair_specific
from ugrn_core.pair_specific import double_centred, random_pair_peaks
from ugrn_core.store import Store
from ugrn_core.stored_sweep import stored_sources
from ugrn_core.sweep import sweep_pairs
from ugrn_core.types import Context, SweepSettings
from ui.shared import work

SETTINGS = SweepSettings(1.0, (0.25, 2.0, 5.0))
FOLLOW = SweepSettings(1.0, (0.25, 2.0, 5.0), "follow")


@pytest.fixture
def toy():
    return ToyBackbone(2, torch.device("cpu"))


def every_pair(backbone, settings):
    """Curves (gene, gene, value) of all pairs of the vocabulary, source by target, 0 on the diagonal, by measure."""
    genes = sorted(backbone.vocabulary.symbols)
    pairs = [(s, t) for s in genes for t in genes if s != t]
    swept = sweep_pairs(backbone, pairs, settings)
    off = ~np.eye(len(genes), dtype=bool)
    found = {}
    for name, values in (("response", swept.response), ("slope", swept.slope)):
        if values is not None:
            found[name] = np.zeros((len(genes), len(genes), len(settings.grid)), np.float32)
            found[name][off] = values
    return genes, found


@pytest.mark.parametrize("settings", [SETTINGS, FOLLOW])
@pytest.mark.parametrize("n_reference", [12, 256])
def test_centred_curves_are_those_of_the_definition_inside_and_outside_the_reference(toy, settings, n_reference):
    genes, curves = every_pair(toy, settings)
    effects = gene_effects(toy, settings, n_reference=n_reference)
    assert set(effects.as_source) == set(curves) and len(effects.reference) == min(n_reference, len(genes))
    for name, matrix in curves.items():
        for s, t in [(0, 1), (3, 30), (17, 2), (39, 20), (8, 9)]:
            keep = [k for k, g in enumerate(genes) if g in effects.reference and k not in (s, t)]
            expected = double_centred(matrix[s, t], matrix[s, keep], matrix[keep, t], matrix[np.ix_(keep, keep)])
            got = effects.centred(name, [(genes[s], genes[t])], matrix[s, t][None], matrix[t, s][None])
            np.testing.assert_allclose(got[0], expected, rtol=1e-4, atol=1e-4)


def test_with_the_whole_reference_they_are_the_pair_explorers_curves_and_peaks(toy):
    effects = gene_effects(toy, SETTINGS, n_reference=256)
    genes, curves = every_pair(toy, SETTINGS)
    alone = pair_specific(toy, PairRequest("GATA1", "KLF1", Context(), SETTINGS))
    s, t = genes.index("GATA1"), genes.index("KLF1")
    for name in ("response", "slope"):
        got = effects.centred(name, [("GATA1", "KLF1")], curves[name][s, t][None], curves[name][t, s][None])[0]
        np.testing.assert_allclose(got, getattr(alone.forward, name), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(effects.peaks, random_pair_peaks(curves["response"]), rtol=1e-5)
    peak = np.abs(
        effects.centred("response", [("GATA1", "KLF1")], curves["response"][s, t][None], curves["response"][t, s][None])
    ).max()
    assert 100 * (effects.peaks < peak).mean() == pytest.approx(alone.forward_percentile, abs=0.2)


def test_a_stopped_run_goes_on_from_what_it_had(toy, tmp_path, monkeypatch):
    monkeypatch.setattr(gene_effects_module, "GENES_A_BLOCK", 8)
    swept = []
    real = sweep_pairs

    def counted(backbone, pairs, *args, **kwargs):
        swept.append(len(pairs))
        return real(backbone, pairs, *args, **kwargs)

    monkeypatch.setattr(gene_effects_module, "sweep_pairs", counted)
    with Store(tmp_path) as store:
        with pytest.raises(Cancelled):
            gene_effects(toy, SETTINGS, store, cancel=lambda: len(swept) > 2)
        before = len(swept)
        assert estimate_effects(toy, SETTINGS, store).cached_share == 0
        first = gene_effects(toy, SETTINGS, store)
        assert len(swept) - before == 5 - 2 + 1  # three blocks that were missing, and the matrix of the reference
        swept.clear()
        again = gene_effects(toy, SETTINGS, store)
        assert not swept and estimate_effects(toy, SETTINGS, store).cached_share == 1
    np.testing.assert_array_equal(first.as_source["response"], again.as_source["response"])
    np.testing.assert_array_equal(first.peaks, again.peaks)


def test_progress_rises_to_the_end_and_counts_one_kind_of_thing(toy, monkeypatch):
    monkeypatch.setattr(gene_effects_module, "GENES_A_BLOCK", 16)
    request, genes = NeighbourhoodRequest("GATA1", Context(), SETTINGS), tuple(toy.vocabulary.symbols)
    for run, end in (
        (lambda tell: gene_effects(toy, SETTINGS, progress=tell), "40 of 40 genes"),
        (lambda tell: neighbourhood(toy, request, progress=tell), "39 of 39 genes"),
        (
            lambda tell: list(stored_sources(toy, Context("genes", genes), genes[:20], SETTINGS, progress=tell)),
            "20 of 20 sources swept",
        ),
    ):
        told = []
        run(lambda share, text, told=told: told.append((share, text)))
        assert [s for s, _ in told] == sorted(s for s, _ in told) and told[-1] == (1.0, end)
        assert len({re.sub(r"^\d+", "", text) for _, text in told}) == 1 and len(told) > 2


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(shipped, "FOLDER", tmp_path)
    return tmp_path


def test_a_shipped_file_gives_back_what_was_computed(toy, folder):
    effects = gene_effects(toy, SETTINGS)
    assert shipped_effects(toy, SETTINGS) is None
    content = packed(toy, SETTINGS, effects)
    assert content == packed(toy, SETTINGS, effects)
    shipped_file(toy).write_bytes(content)
    found = shipped_effects(toy, SETTINGS)
    assert found is not None
    assert (found.genes, found.reference) == (effects.genes, effects.reference)
    for ours, theirs in ((found.as_source, effects.as_source), (found.as_target, effects.as_target)):
        assert set(ours) == set(theirs)
        for name, values in ours.items():
            np.testing.assert_allclose(values, theirs[name], atol=np.abs(theirs[name]).max() / 60_000)
    np.testing.assert_array_equal(found.peaks, effects.peaks)


@pytest.mark.parametrize(
    "settings",
    [SweepSettings(2.0, SETTINGS.grid), SweepSettings(1.0, (0.25, 2.0)), FOLLOW],
    ids=["base", "grid", "follow"],
)
def test_a_file_of_other_settings_is_as_if_it_were_not_there(toy, folder, settings):
    shipped_file(toy).write_bytes(packed(toy, SETTINGS, gene_effects(toy, SETTINGS)))
    assert shipped_effects(toy, settings) is None


def test_a_file_of_other_weights_or_of_noise_is_as_if_it_were_not_there(toy, folder):
    other = ToyBackbone(2, torch.device("cpu"), seed=1)
    shipped_file(toy).write_bytes(packed(other, SETTINGS, gene_effects(other, SETTINGS)))
    assert shipped_effects(toy, SETTINGS) is None
    shipped_file(toy).write_bytes(b"no such format" * 99)
    assert shipped_effects(toy, SETTINGS) is None


@pytest.mark.parametrize("name", [n for n, r in BACKBONES.items() if r.kind == "embedded"])
def test_what_is_shipped_is_small_and_a_sample_of_it_is_computed_afresh(name):
    file = shipped.FOLDER / f"{name}.safetensors"
    if not file.is_file():
        pytest.skip("nothing is shipped for this model")
    backbone = load_backbone(name, "cpu")
    settings = SweepSettings(backbone.card.base, backbone.card.grid)
    found = shipped_reference(backbone, settings)
    assert found is not None, f"{file.name} is of other weights: make effects MODEL={name}"
    assert file.stat().st_size < 2_000_000
    assert name != DEFAULT_BACKBONE or shipped_effects(backbone, settings) is not None  # ranks of all genes at once
    assert list(found.reference) == reference_of(backbone) and set(found.reference) <= set(found.genes)
    genes = [found.genes[i] for i in np.random.default_rng(0).choice(len(found.genes), 4, replace=False)]
    for gene in genes:
        others = [g for g in found.reference if g != gene]
        swept = sweep_pairs(backbone, [*((gene, g) for g in others), *((g, gene) for g in others)], settings)
        for measure in ("response", "slope"):
            values = getattr(swept, measure)
            place = found.genes.index(gene)
            for part, ends in ((values[: len(others)], found.as_source), (values[len(others) :], found.as_target)):
                atol = np.abs(ends[measure]).max() / 20_000
                np.testing.assert_allclose(ends[measure][place], part.mean(0), atol=atol)


@pytest.mark.parametrize("settings", [SETTINGS, FOLLOW])
def test_effects_of_the_reference_alone_are_those_of_the_whole_and_take_up_more_genes(toy, settings, tmp_path):
    whole = gene_effects(toy, settings, n_reference=12)
    few = reference_effects(toy, settings, n_reference=12)
    assert few.genes == few.reference == whole.reference
    outside = sorted(set(whole.genes) - set(whole.reference))[:2]
    with Store(tmp_path) as store:
        more = with_more_genes(toy, settings, few, [outside[1], few.genes[0], outside[0]], store)
    assert more.genes == (*few.genes, *outside) and with_more_genes(toy, settings, more, outside) is more
    at = [whole.genes.index(g) for g in more.genes]
    for ours, theirs in ((more.as_source, whole.as_source), (more.as_target, whole.as_target)):
        assert set(ours) == set(theirs)
        for name, values in ours.items():
            np.testing.assert_allclose(values, theirs[name][at], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(few.peaks, whole.peaks, rtol=1e-5)


def test_a_file_of_the_reference_alone_serves_pairs_and_no_neighbourhood(toy, folder, monkeypatch):
    module = sys.modules["ugrn_core.pair"]
    for room in (gene_effects_module, sys.modules["ugrn_core.reference"]):
        monkeypatch.setattr(room, "PAIR_REFERENCE", 12)
    settings = SweepSettings(toy.card.base, toy.card.grid)
    inside = reference_of(toy, 12)
    outside = sorted(set(toy.vocabulary.symbols) - set(inside))
    requests = [
        PairRequest(*pair, Context(), settings)
        for pair in ((outside[0], outside[1]), (inside[0], outside[2]), (inside[3], inside[1]))
    ]
    slow = [pair_specific(toy, request) for request in requests]
    shipped_file(toy).write_bytes(packed(toy, settings, reference_effects(toy, settings, n_reference=12)))
    assert shipped_effects(toy, settings) is None
    monkeypatch.setattr(module, "centred_pair", lambda *a, **k: pytest.fail("what is shipped was not read"))
    for request, theirs in zip(requests, slow, strict=True):
        ours = pair_specific(toy, request)
        assert ours.forward.response is not None and theirs.forward.response is not None
        np.testing.assert_allclose(ours.forward.response, theirs.forward.response, atol=5e-3)
        np.testing.assert_allclose(ours.reverse.slope, theirs.reverse.slope, atol=5e-3)
        assert ours.forward_percentile == pytest.approx(theirs.forward_percentile, abs=1)
        assert (ours.n_reference, ours.n_random) == (theirs.n_reference, theirs.n_random)
    for request, pairs in zip(requests, (2 + 2 * 2 * 12, 2 + 2 * 12, 2), strict=True):
        assert estimate_specific(toy, request) == estimate(toy, 3, pairs * len(settings.grid))
        assert effects_are_shipped(toy, request)
    cell = Context("genes", tuple(inside))
    assert not effects_are_shipped(toy, PairRequest(*inside[:2], cell, settings)), "they are of two genes alone"
    assert not effects_are_shipped(toy, PairRequest(*inside[:2], Context(), SweepSettings(0.5, settings.grid)))


def test_percentile_and_pair_specific_curves_come_with_the_first_figure(toy, folder, monkeypatch):
    settings = SweepSettings(toy.card.base, toy.card.grid)
    shipped_file(toy).write_bytes(packed(toy, settings, reference_effects(toy, settings)))
    submitted = []
    real = work._submit
    monkeypatch.setattr(work, "_submit", lambda slot, *more: submitted.append(slot) or real(slot, *more))
    at = framed("pair.py")
    at.query_params.update({"source": "GATA1", "target": "KLF1"})
    at.run()
    assert "specific" not in submitted and not at.exception
    assert "random pairs" in at.metric[0].delta and at.metric[0].delta.startswith("pair-specific")


def test_fewer_reference_genes_are_a_part_of_all(toy):
    assert set(reference_of(toy, 12)) < set(reference_of(toy))


@pytest.mark.parametrize("pair", [("GATA1", "KLF1"), ("IL6", "SOX2")])
def test_the_pair_explorer_reads_what_is_shipped_and_says_the_same(toy, folder, pair, monkeypatch):
    settings = SweepSettings(toy.card.base, toy.card.grid)
    request = PairRequest(*pair, Context(), settings)
    slow = pair_specific(toy, request)
    shipped_file(toy).write_bytes(packed(toy, settings, gene_effects(toy, settings, n_reference=256)))
    module = sys.modules["ugrn_core.pair"]  # the package has a function of that name
    monkeypatch.setattr(module, "centred_pair", lambda *a, **k: pytest.fail("what is shipped was not read"))
    quick = pair_specific(toy, request)
    assert estimate_specific(toy, request).passes == 2 * len(settings.grid)
    for ours, theirs in ((quick.forward, slow.forward), (quick.reverse, slow.reverse)):
        assert (ours.source, ours.target) == (theirs.source, theirs.target)
        np.testing.assert_allclose(ours.response, theirs.response, atol=5e-3)
        np.testing.assert_allclose(ours.slope, theirs.slope, atol=5e-3)
    assert quick.forward_percentile == pytest.approx(slow.forward_percentile, abs=0.2)
    assert quick.reverse_percentile == pytest.approx(slow.reverse_percentile, abs=0.2)
    assert (quick.n_reference, quick.n_random) == (slow.n_reference, slow.n_random)


def test_a_file_by_fewer_genes_is_not_read_in_place_of_the_whole_reference(toy, folder):
    settings = SweepSettings(toy.card.base, toy.card.grid)
    shipped_file(toy).write_bytes(packed(toy, settings, gene_effects(toy, settings, n_reference=12)))
    assert not effects_are_shipped(toy, PairRequest("GATA1", "KLF1", Context(), settings))
    assert pair_specific(toy, PairRequest("GATA1", "KLF1", Context(), settings)).n_reference == 38
