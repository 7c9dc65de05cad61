"""Pre-training on a tiny corpus: standardising, what is taught, what is shown and hidden, resuming, export."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace

import anndata as ad
import numpy as np
import pandas as pd
import pytest
import torch
from scipy import sparse
from scipy.special import ndtri

from ugrn_core.backbones.backbone import random_twin
from ugrn_core.backbones.checkpoint import load_checkpoint
from ugrn_core.backbones.toy import ToyBackbone
from ugrn_core.network.example import most_bent
from ugrn_core.pretrain import corpus as corpus_module
from ugrn_core.pretrain import sampling, shapes, train
from ugrn_core.pretrain import tissues as tissue_room
from ugrn_core.pretrain.corpus import load_corpus
from ugrn_core.pretrain.doors import MASK_VALUE, Unit, ValueRange
from ugrn_core.pretrain.export import export
from ugrn_core.pretrain.sampling import BatchSampler
from ugrn_core.pretrain.selection import cross_validate
from ugrn_core.pretrain.shapes import beside, shape_frame
from ugrn_core.pretrain.standardise import ZCorpus, ZPart, standardise
from ugrn_core.pretrain.targets import BENT, Teacher
from ugrn_core.pretrain.tissue_targets import tissue_knowledge
from ugrn_core.pretrain.tissues import recovered, tissue_frame
from ugrn_core.pretrain.train import (
    FAINT,
    PretrainSettings,
    explained,
    new_model,
    pretrain,
    slope_error,
)
from ugrn_core.pretrain.vectors import (
    BASE_KNOT,
    FLOOR,
    KNOTS,
    RISE_KNOTS,
    Knowledge,
    corpus_knowledge,
    correlation_vectors,
)

GENES = [f"G{i:02d}" for i in range(40)]


def write(folder, name, counts, genes, units="UMI counts", **extra):
    var = pd.DataFrame({"scgpt_symbol": genes}, index=genes)
    data = ad.AnnData(sparse.csr_matrix(counts.astype(np.float32)), var=var)
    data.uns |= {"species": "human", "units": units, "study": "made up"}
    for key, value in extra.items():
        setattr(data, key, value)
    data.write_h5ad(folder / f"{name}.h5ad")
    return data


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(corpus_module, "MIN_DATA_SETS", 2)
    rng = np.random.default_rng(0)
    at = tmp_path / "corpus"
    at.mkdir()
    write(at, "a", rng.poisson(np.linspace(0.5, 12, 40), (30, 40)), GENES)
    write(at, "b", np.log1p(rng.poisson(3, (8, 30)) * 1.0), GENES[:30], "log1p(CP10k)")
    write(at, "mait_MAST", rng.poisson(2, (12, 40)), GENES)
    measured = np.zeros((40, 2), bool)
    measured[:20, 0] = measured[10:, 1] = True
    counts = rng.poisson(4, (6, 40)).astype(float)
    counts[:3, 20:] = counts[3:, :10] = 0
    obs = pd.DataFrame({"file_idx": [0, 0, 0, 1, 1, 1], "units": "mean log2(CPM+1)"}, index=list("abcdef"))
    write(at, "fuma", counts, GENES, "see obs.units", obs=obs, varm={"measured": measured})
    return at


@pytest.fixture
def small_batches(monkeypatch):
    monkeypatch.setattr(sampling, "GENES_A_CELL", (2, 24))
    monkeypatch.setattr(sampling, "REAL_GENES", (8, 20))
    monkeypatch.setattr(sampling, "TOKENS_A_BATCH", 200)


def small(corpus: ZCorpus, unit: Unit = "standardised", signal=0.7) -> BatchSampler:
    knowledge = corpus_knowledge(corpus, 16, 16)
    return BatchSampler(corpus, Teacher.of(knowledge, signal), ValueRange.of(unit, corpus.mean, corpus.deviation))


SMALL = PretrainSettings(
    *("standardised", "scgpt"),
    **{"width": 16, "n_heads": 2, "n_layers": 1, "ff_width": 16},
    **{"warmup": 5, "steps": 200, "checkpoint_every": 100},
)


def test_corpus_reads_log1p_of_ten_thousand_and_its_parts(folder):
    corpus = load_corpus(folder)
    assert corpus.genes == tuple(GENES)
    assert [(p.name, len(p.rows), p.held_out) for p in corpus.parts] == [
        ("a", 30, False),
        ("b", 8, False),
        ("fuma:0", 3, False),
        ("fuma:1", 3, False),
        ("mait_MAST", 12, True),
    ]
    np.testing.assert_allclose(np.expm1(corpus.values.astype(np.float64)).sum(1), 1e4, rtol=0.01)
    assert not corpus.values[30:38, 30:].any()
    assert set(corpus.parts[2].measured) == set(range(20)) and set(corpus.parts[1].measured) == set(range(30))


def test_small_and_held_out_parts_are_not_trained_on(folder):
    corpus = load_corpus(folder)
    assert [p.name for p in standardise(corpus).parts] == ["a", "b"]
    assert [p.name for p in standardise(corpus, held_out=True).parts] == ["mait_MAST"]


def planted(bent: bool, n: int = 4000) -> ZCorpus:
    """Gene 0 drives genes 1 to 3, by a line, or by a threshold where ``bent``; genes 4 to 7 are noise."""
    rng = np.random.default_rng(0)
    z = rng.standard_normal((n, 8)).astype(np.float32)
    driver = np.maximum(z[:, 0] - 0.5, 0) * 3 if bent else z[:, 0]
    z[:, 1:4] = driver[:, None] + 0.4 * z[:, 1:4]
    z = (z - z.mean(0)) / z.std(0)
    cut = np.linspace(0, n, 5).astype(int)
    parts = tuple(ZPart(f"p{a}", slice(a, b), np.arange(8)) for a, b in pairwise(cut))
    return ZCorpus(tuple("ABCDEFGH"), z, parts, np.ones(8, np.float32), np.ones(8, np.float32))


def grouped() -> ZCorpus:
    """Forty genes in four groups that go together, in two parts of 100 profiles."""
    rng = np.random.default_rng(0)
    z = np.repeat(rng.standard_normal((200, 4)), 10, axis=1) + 0.5 * rng.standard_normal((200, 40))
    z = ((z - z.mean(0)) / z.std(0)).astype(np.float32)
    parts = tuple(ZPart(f"p{a}", slice(a, a + 100), np.arange(40)) for a in (0, 100))
    return ZCorpus(tuple(GENES), z, parts, np.ones(40, np.float32), np.ones(40, np.float32))


def curve(knowledge: Knowledge, source: int, target: int) -> np.ndarray:
    """What is taught of a target (knot,) when a source is moved, both alone."""
    teacher = Teacher.of(knowledge, 0.9)
    z = torch.zeros(len(KNOTS), 2)
    z[:, 0] = torch.from_numpy(KNOTS)
    genes = torch.tensor([[source, target]]).expand(len(KNOTS), 2)
    return teacher.means(genes, z, torch.ones_like(z))[:, 1].numpy()


def test_curves_find_a_threshold_where_there_is_one_and_nothing_else():
    straight, bent = (curve(corpus_knowledge(planted(b), 6, 6), 0, 1) for b in (False, True))
    steps = np.diff(straight)[1:-1]
    assert steps.max() < 1.7 * steps.min(), "a line stays one within what was seen"
    below, above = bent[BASE_KNOT] - bent[BASE_KNOT - 2], bent[BASE_KNOT + 2] - bent[BASE_KNOT]
    assert above > 3 * below  # the threshold is at 0.5, and shrinking leaves some of the line
    noise = corpus_knowledge(planted(False), 6, 6).bends[4:]
    assert np.abs(noise).max() < 0.3


def test_the_rise_comes_back_to_the_mean_where_the_genes_beside_do():
    """Values of which the upper ones say nothing more: the rise is level there but for its floor, and never falls."""
    rng = np.random.default_rng(0)
    z = rng.standard_normal((4000, 8)).astype(np.float32)
    z[:, 1:] = np.minimum(z[:, [0]], 0.5) + 0.3 * z[:, 1:]
    z = (z - z.mean(0)) / z.std(0)
    parts = tuple(ZPart(f"p{a}", slice(a, a + 1000), np.arange(8)) for a in range(0, 4000, 1000))
    corpus = ZCorpus(tuple("ABCDEFGH"), z, parts, np.ones(8, np.float32), np.ones(8, np.float32))
    found = corpus_knowledge(corpus, 6, 6)
    rise = dict(zip(RISE_KNOTS.tolist(), found.rise.tolist(), strict=True))
    assert rise[0] == 0 and rise[1] - rise[-1] == pytest.approx(2, abs=1e-5)
    assert rise[2] - rise[1] < 0.25 * (rise[-1] - rise[-2])
    assert (np.diff(found.rise) >= FLOOR * np.diff(RISE_KNOTS) - 1e-5).all()
    across = np.einsum("gkd,gd->gk", found.bends, found.vectors)
    np.testing.assert_allclose(across, 0, atol=1e-5)


def test_bends_count_for_genes_that_go_together_and_not_in_large_cells():
    """A pair's curve is its line and what the bend says of the target, by how much the two are related."""
    rng = np.random.default_rng(0)
    unit = rng.standard_normal((200, 6)).astype(np.float32)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    bends = rng.standard_normal((200, len(KNOTS), 6)).astype(np.float32)
    bends -= np.einsum("gkd,gd->gk", bends, unit)[..., None] * unit[:, None]
    bends[:, BASE_KNOT] = 0
    knowledge = Knowledge(unit, unit[:, :0], RISE_KNOTS, bends)
    for target in range(1, 8):
        cosine = unit[0] @ unit[target]
        expected = 0.9 * (cosine * KNOTS + BENT * abs(cosine) * bends[0] @ unit[target])
        np.testing.assert_allclose(curve(knowledge, 0, target), expected, atol=1e-4)
    genes, z = torch.arange(120)[None], torch.from_numpy(rng.standard_normal((1, 120)).astype(np.float32))
    flat = Teacher.of(replace(knowledge, bends=np.zeros_like(bends)), 0.9)
    assert torch.equal(*(t.means(genes, z, torch.ones_like(z)) for t in (Teacher.of(knowledge, 0.9), flat)))


@pytest.mark.parametrize("n", [2, 7, 120])
def test_means_without_bends_are_the_gaussian_conditional_means(n):
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((200, 5)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    flat = np.zeros((200, len(KNOTS), 5), np.float32)
    teacher = Teacher.of(Knowledge(vectors, vectors[:, :0], RISE_KNOTS, flat), 0.6)
    genes = rng.choice(200, n, replace=False)
    z = rng.standard_normal(n).astype(np.float32).clip(-3, 3)
    asked = torch.from_numpy(genes)[None], torch.from_numpy(z)[None], torch.ones(1, n)
    found = teacher.means(*asked)[0].numpy()
    covariance = 0.6 * vectors[genes].astype(float) @ vectors[genes].T.astype(float) + 0.4 * np.eye(n)
    for j in range(0, n, 5):
        others = np.setdiff1d(np.arange(n), j)
        expected = covariance[j, others] @ np.linalg.solve(covariance[np.ix_(others, others)], z[others])
        assert found[j] == pytest.approx(expected, abs=2e-4)


def test_a_genes_own_value_says_nothing_of_its_target():
    teacher = small(planted(False)).teacher
    genes, z = torch.arange(6)[None], torch.randn(1, 6, generator=torch.Generator().manual_seed(0))
    moved = z.clone()
    moved[0, 2] += 1.5
    before, after = (teacher.means(genes, v, torch.ones_like(v)) for v in (z, moved))
    assert before[0, 2] == pytest.approx(after[0, 2].item(), abs=1e-5)
    assert (before - after).abs().max() > 0.1


@pytest.mark.parametrize("unit", ["standardised", "log1p"])
def test_a_door_and_back(unit):
    door = ValueRange.of(unit, np.array([0.2, 1.5], np.float32), np.array([0.1, 0.8], np.float32))
    genes, z = np.array([[0, 1]]), np.array([[0.7, -0.3]], np.float32)
    np.testing.assert_allclose(door.z(genes, door.values(genes, z)), z, atol=1e-5)
    assert door.values(genes, np.array([[-50.0, 50.0]])).tolist() == [[0, door.top]]


@pytest.mark.parametrize("n_genes", [2, 3, 24])
def test_virtual_batches_are_repeatable_and_count_a_gene_once(folder, small_batches, n_genes):
    sampler = small(standardise(load_corpus(folder)))
    batch, again = sampler.virtual(1, 7, n_genes), sampler.virtual(1, 7, n_genes)
    assert all(np.array_equal(getattr(batch, k), getattr(again, k)) for k in ("genes", "truth", "shown", "weight"))
    assert batch.shown.min() >= 0 and batch.shown.max() <= 50
    for genes, weight in zip(batch.genes, batch.weight, strict=True):
        values, counts = np.unique(genes, return_counts=True)
        np.testing.assert_array_equal(weight > 0, ~np.isin(genes, values[counts > 1]))


@pytest.mark.parametrize("unit", ["standardised", "log1p"])
@pytest.mark.parametrize(("n_genes", "alike"), [(2, 4), (9, 2)])
def test_cells_in_a_row_differ_in_one_gene_and_their_truth_in_its_slope(small_batches, unit, n_genes, alike):
    sampler = small(grouped(), unit)
    batch = sampler.moved(1, 7, n_genes)
    assert batch.move is not None and batch.alike == alike
    cells = len(batch.move)
    genes = batch.genes[:cells]
    blocks = batch.shown.reshape(alike, cells, n_genes)
    np.testing.assert_array_equal(batch.genes, np.tile(genes, (alike, 1)))
    for before, after in pairwise(blocks):
        apart = before != after
        assert (apart.sum(1) <= 1).all() and apart.any(1).mean() > 0.8
        moved = (sampler.door.z(genes, after) - sampler.door.z(genes, before)).sum(1)
        np.testing.assert_allclose(moved, batch.move, atol=1e-4)
    scale = sampler.door.scale
    truth = torch.from_numpy(batch.truth)
    assert slope_error(truth, batch, scale) == 0
    assert slope_error(truth + 3, batch, scale) == pytest.approx(0, abs=1e-8), "a level is no slope"
    step = torch.arange(alike).repeat_interleave(cells)[:, None] * torch.from_numpy(batch.move).repeat(alike)[:, None]
    assert slope_error(truth + 0.4 * scale * step, batch, scale) == pytest.approx(0.16, rel=1e-3)


def test_pairs_are_moved_over_the_whole_range_and_half_of_their_batches_are_of_genes_that_are_not_related():
    sampler = small(grouped())
    spans, related = [], []
    for step in range(40):
        batch = sampler.moved(0, step, 2)
        assert batch.move is not None
        cells = len(batch.move)
        z = sampler.door.z(batch.genes, batch.shown).reshape(4, cells, 2)
        spans.append(np.abs(z[-1] - z[0]).max(1))
        related.append((batch.genes[:cells, 0] // 10 == batch.genes[:cells, 1] // 10).mean())
    assert 0.55 < np.concatenate(spans).min() < 1 and 4 < np.concatenate(spans).max() < 4.6
    apart = np.array(related) < 0.45  # of forty genes in four groups, and the nearest are all others
    assert 8 < apart.sum() <= 40


@pytest.fixture
def two_tissues() -> tuple[np.ndarray, np.ndarray, Knowledge]:
    """Genes 0 and 1 go together in x and apart in y, genes 2 to 5 are high in x; in odd cells 0 and 1 are but noise."""
    rng = np.random.default_rng(0)
    values = 3 + rng.standard_normal((1200, 8))
    tissues = np.repeat(["x", "y"], 600)
    sign = np.repeat([1.0, -1.0], 600)
    even = np.arange(1200) % 2 == 0
    values[even, 1] = 3 + sign[even] * (values[even, 0] - 3)
    values[:, 2:6] += 0.7 * sign[:, None]
    return values, tissues, Knowledge(np.eye(8, dtype="f"), np.zeros((8, 0), "f"), RISE_KNOTS, np.zeros((8, 9, 8), "f"))


def test_what_is_taught_of_tissues_is_what_their_even_cells_say(two_tissues, monkeypatch):
    found = tissue_knowledge(*two_tissues)
    monkeypatch.setattr(sampling, "RELATED", 1)
    vectors = two_tissues[2].vectors
    asked = found.associations(np.array([0, 1, 0]), np.array([0, 0, 6]), np.array([[1, 7]] * 3), vectors)
    assert asked[0, 0] > 0.6 and asked[1, 0] < -0.6
    assert np.abs(asked[:, 1]).max() < 0.15 and abs(asked[2, 0]) < 0.15
    assert set(found.unusual[0, :4]) == {2, 3, 4, 5} and (found.means[0, 2:6] > 0.4).all()


def test_a_virtual_cell_of_a_tissue_has_its_means_and_one_gene_moved(two_tissues, monkeypatch):
    corpus = grouped()
    genes = tuple(GENES[:8])
    few = ZCorpus(
        genes, corpus.z[:, :8], (replace(corpus.parts[0], genes=np.arange(8)),), corpus.mean[:8], corpus.deviation[:8]
    )
    knowledge, tissues = two_tissues[2], tissue_knowledge(*two_tissues)
    door = ValueRange.of("standardised", few.mean, few.deviation)
    sampler = BatchSampler(few, Teacher.of(knowledge, 0.7), door, tissues)
    monkeypatch.setattr(sampling, "TOKENS_A_BATCH", 4000)
    batch, again = sampler.of_tissues(1, 3, 6), sampler.of_tissues(1, 3, 6)
    assert np.array_equal(batch.shown, again.shown) and np.array_equal(batch.truth, again.truth)
    assert batch.move is not None and batch.alike == 2
    cells = len(batch.move)
    first, second = batch.shown.reshape(2, cells, 6)
    assert (first != second)[:, 0].mean() > 0.95 and not (first != second)[:, 1:].any(), "the first gene alone is moved"
    move = np.where(batch.move != 0, batch.move, 1)
    slope = np.diff(door.z(batch.genes, batch.truth).reshape(2, cells, 6), axis=0)[0] / move[:, None]
    seen = 0
    for row, (names, slopes) in enumerate(zip(batch.genes, slope, strict=False)):
        x = door.z(batch.genes, batch.shown)[row][names == 2]
        if names[0] == 0 and 1 in names and len(x) and batch.move[row]:
            sign = 1 if x.mean() > 0 else -1
            assert slopes[names == 1][0] * sign > 0.4
            seen += 1
    assert seen > 2
    assert (slope[:, 0] == 0).all(), "a gene's own value says nothing of its target"


def test_curves_are_judged_against_lines_and_copulas_in_data_sets_that_chose_nothing(monkeypatch):
    """A curve that is the planted threshold explains more than line and copula, and one that bends below less."""
    corpus = planted(True, 4000)
    vectors = corpus_knowledge(corpus, 6, 6).vectors

    def frame(curve) -> pd.DataFrame:
        def answers(_, pairs, settings):
            return SimpleNamespace(response=np.tile(curve(np.array(settings.grid)), (len(pairs), 1)))

        monkeypatch.setattr(shapes, "sweep_pairs", answers)
        types = {"p0": np.repeat(["a", "b"], 500)}
        return shape_frame(ToyBackbone(1, torch.device("cpu")), corpus, corpus, vectors, types)

    right, wrong = frame(lambda x: np.maximum(x - 0.5, 0)), frame(lambda x: np.maximum(-x - 0.5, 0))
    assert tuple(right.columns) == shapes.COLUMNS and (right["bend"].diff().dropna() <= 0).all()
    driven = right[(right["source"] == "A") & right["target"].isin([*"BCD"])]
    assert len(driven) == 3 and (driven["bend"] > 0.1).all() and (driven["curve"] > 0.95).all()
    assert (driven["curve"] > driven["line"] + 0.05).all() and (driven["data_sets"] == 4).all()
    assert (wrong.set_index(["source", "target"])["curve"].loc["A"].loc[[*"BCD"]] == 0).all(), "the other sign"
    assert (driven["gain"] > 0.05).all() and (most_bent(right)["gain"].diff().dropna() <= 0).all()
    assert wrong.set_index(["source", "target"])["gain"].loc["A"].max() <= 0, "a line explains more than that"
    more, low, high, share = beside(driven, "curve", "line")
    assert low <= more <= high and more == pytest.approx((driven["curve"] - driven["line"]).mean()) and share == 1


def test_a_copula_has_the_means_of_its_closed_form():
    """With normal distributions E[y | x] is the strength times x, with a log-normal y it is an exponential."""
    rng = np.random.default_rng(0)
    x, noise = (rng.permutation(ndtri((np.arange(20_000) + 0.5) / 20_000)) for _ in range(2))
    rho, here = 0.6, np.abs(x) < 1.5
    for y, truth in ((noise, rho * x), (np.exp(noise), np.exp(rho * x + (1 - rho**2) / 2))):
        found = shapes._copula(x, y, np.zeros(len(x), int), rho)
        np.testing.assert_allclose(found[here], truth[here], rtol=0.01, atol=0.01)
    zeros = np.where(x < 0, 0.0, x)  # half of the values are equal: they share their mean
    found = shapes._copula(zeros, noise, np.zeros(len(x), int), rho)
    np.testing.assert_allclose(found[zeros == 0], -rho * np.sqrt(2 / np.pi), atol=0.03)


def test_differences_between_tissues_are_counted_in_cells_that_chose_nothing(monkeypatch):
    """Genes 0 and 1 go together in one tissue and apart in another; gene 2 says which tissue it is."""
    rng = np.random.default_rng(0)
    tissues = np.repeat(["x", "y", "z"], 600)
    values = 3 + rng.standard_normal((1800, 6))
    sign = np.repeat([1, -1, 0], 600)
    values[:, 1] = 3 + 0.8 * sign * (values[:, 0] - 3) + 0.6 * (values[:, 1] - 3)
    values[:, 2] += 2 * sign
    vectors = np.ones((6, 1), np.float32)

    def slope(_, __, cell, means):
        return float(means[2]) if 2 in cell and len(cell) > 2 else 0.0

    monkeypatch.setattr(tissue_room, "_slope", slope)
    frame = tissue_frame(ToyBackbone(1, torch.device("cpu")), GENES[:6], values.astype(np.float32), tissues, vectors)
    assert tuple(frame.columns) == tissue_room.COLUMNS and (frame["cells"] == 300).all()
    first = frame[: len(set(tissues))]
    assert set(first["source"]) | set(first["target"]) == {"G00", "G01"}, "the pair that differs most comes first"
    np.testing.assert_allclose(first["association"], [0.8, -0.8, 0], atol=0.12)
    found = recovered(first)
    assert found["tissue_genes"][0] > 0.95 and found["tissue_genes"][3] == 1
    assert found["pair"][0] == 0 and found["pair"][3] == 0


def test_real_batches_hide_measured_values_of_one_data_set(folder, small_batches):
    corpus = standardise(load_corpus(folder))
    sampler = small(corpus)
    for step in range(5):
        batch = sampler.real(0, step)
        hidden = batch.shown == MASK_VALUE
        np.testing.assert_array_equal(hidden, batch.weight > 0)
        np.testing.assert_array_equal(batch.shown[~hidden], batch.truth[~hidden])
        assert any(set(batch.genes[hidden]) <= set(p.genes) for p in corpus.parts) and hidden.any()


def test_a_resumed_run_equals_one_that_never_stopped(small_batches, tmp_path):
    corpus = grouped()
    sampler = small(corpus)
    knowledge, said = corpus_knowledge(corpus, 16, 16), []

    def model():
        return new_model(SMALL, knowledge, sampler.door)

    pretrain(SMALL, sampler, model(), tmp_path / "whole", lambda m: {"x": 1.0}, said.append)

    def stop(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pretrain(SMALL, sampler, model(), tmp_path / "cut", stop, said.append)
    pretrain(SMALL, sampler, model(), tmp_path / "cut", lambda m: {"x": 1.0}, said.append)
    whole, cut = ((tmp_path / n / "step-200.safetensors").read_bytes() for n in ("whole", "cut"))
    assert whole == cut


@pytest.mark.parametrize(("unit", "layout"), [("standardised", "scgpt"), ("log1p", "scbenchmark")])
def test_distilling_learns_the_means_and_exports_them_in_its_unit(small_batches, tmp_path, unit, layout):
    corpus = grouped()
    settings = replace(SMALL, unit=unit, layout=layout, steps=900, learning_rate=3e-3, checkpoint_every=900)
    sampler = small(corpus, unit)
    judged = [sampler.virtual(9, i, 6) for i in range(4)]
    model = new_model(settings, corpus_knowledge(corpus, 16, 16), sampler.door)
    before, seen, run = explained(model, judged), [], tmp_path / "run"
    pretrain(settings, sampler, model, run, lambda m: seen.append(m) or {"x": 1.0}, lambda text: None)
    assert explained(seen[0], judged) > max(before, 0) + 0.2
    (run / "genes.json").write_text(json.dumps(corpus.genes))
    backbone = load_checkpoint(export(run, 900, "ugrn-mini-2", tmp_path / "shipped").folder, device="cpu")
    card = backbone.card
    assert (card.objective, card.layout) == ("distilled", layout)
    if unit == "standardised":
        assert (card.unit, card.base, card.grid) == ("standard deviations", 0, (-3, -2, -1, 1, 2, 3))
    else:
        assert card.unit == "log1p"
    ids, z = torch.arange(7), torch.linspace(-2, 2, 7)[None]
    with torch.no_grad():
        inside = torch.from_numpy(sampler.door.values(ids.numpy()[None], z.numpy()))
        expected = sampler.door.z(ids.numpy()[None], seen[0](ids, inside).numpy())
        asked = z if unit == "standardised" else inside
        found = backbone.reconstruct(ids, asked).numpy()
    found = found if unit == "standardised" else sampler.door.z(ids.numpy()[None], found)
    np.testing.assert_allclose(found, expected, atol=0.02)


def test_the_rate_warms_up_and_falls_to_a_hundredth_and_a_random_model_takes_no_step():
    rates = np.array([train._rate(step, SMALL) for step in range(SMALL.all_steps)])
    assert rates.argmax() == 4 and rates.max() == pytest.approx(SMALL.learning_rate, rel=0.01)
    assert rates[-1] == pytest.approx(0.01 * SMALL.learning_rate, rel=0.05) and (np.diff(rates[5:]) < 0).all()
    runs = {o: replace(SMALL, objective=o).all_steps for o in ("distilled", "reconstructed", "random")}
    assert runs == {"distilled": 200, "reconstructed": 200, "random": 0}


def test_embeddings_start_from_all_that_is_known_and_curves_from_its_first_dimensions():
    corpus = grouped()
    found = corpus_knowledge(corpus, 4, 16)
    assert found.vectors.shape == (40, 4) and found.bends.shape[2] == 4 and found.beyond.shape == (40, 12)
    np.testing.assert_allclose(np.linalg.norm(found.vectors, axis=1), 1, atol=1e-5)
    known = np.hstack([found.vectors, found.beyond])
    unit = known / np.linalg.norm(known, axis=1, keepdims=True)
    np.testing.assert_allclose(unit, correlation_vectors(corpus, 16), atol=1e-4)
    started = new_model(SMALL, found, small(corpus).door).gene_embedding.weight[:40].detach().numpy()
    np.testing.assert_allclose(started, np.hstack([found.vectors, FAINT * found.beyond]) * 4, atol=1e-5)


def test_objectives_differ_in_what_is_learnt_not_in_where_they_start(small_batches, tmp_path):
    corpus = grouped()
    sampler, knowledge = small(corpus), corpus_knowledge(corpus, 16, 16)
    saved = {}
    for objective, step in (("distilled", 100), ("reconstructed", 100), ("random", 0)):
        settings = replace(SMALL, objective=objective, steps=100)
        model = new_model(settings, knowledge, sampler.door)
        start = {k: v.clone() for k, v in model.state_dict().items()}
        pretrain(settings, sampler, model, tmp_path / objective, lambda m: {"x": 1.0}, lambda text: None)
        assert (tmp_path / objective / f"step-{step}.safetensors").exists()
        saved[objective] = start, model.state_dict()
    first = saved["random"][0]
    assert all(torch.equal(first[k], start[k]) for start, _ in saved.values() for k in first)
    assert all(torch.equal(first[k], saved["random"][1][k]) for k in first)
    assert not torch.equal(saved["distilled"][1]["head.2.bias"], saved["reconstructed"][1]["head.2.bias"])


def test_twins_are_random_all_over_or_above_the_embeddings(tmp_path):
    from ugrn_core.backbones.registry import load_backbone

    backbone = load_backbone("ugrn-mini", device="cpu")
    whole, half = random_twin(backbone), random_twin(backbone, keep_embeddings=True)
    assert whole.card.objective == half.card.objective == "random"
    assert len({backbone.fingerprint, whole.fingerprint, half.fingerprint}) == 3
    ids = torch.arange(5)
    assert torch.equal(half.gene_embeddings(ids), backbone.gene_embeddings(ids))
    assert not torch.equal(whole.gene_embeddings(ids), backbone.gene_embeddings(ids))
    theirs = (b.model.blocks[0].qkv.weight for b in (backbone, half, whole))
    trained, above, random = theirs
    assert torch.equal(above, random) and not torch.equal(above, trained)


def test_folds_share_no_gene_and_find_a_planted_signal():
    rng = np.random.default_rng(0)
    genes = [f"G{i}" for i in range(60)]
    pairs = pd.DataFrame([(s, t) for s in genes for t in genes if s != t], columns=["source", "target"]).sample(
        800, random_state=0
    )
    signal = rng.standard_normal((len(pairs), 3)).astype(np.float32)
    pairs["label"] = (signal[:, 0] > 0).astype(int)
    noise = rng.standard_normal((len(pairs), 3)).astype(np.float32)
    found = cross_validate(pairs, {"VVP": signal, "GDT": noise}).groupby("method")["auroc"].mean()
    assert found["VVP"] > 0.95
    assert abs(found["GDT"] - 0.5) < 0.1
