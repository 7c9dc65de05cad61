"""Pre-training on a tiny corpus: what is shown and hidden, resuming, gene-disjoint folds, export."""

from __future__ import annotations

import json

import anndata as ad
import numpy as np
import pandas as pd
import pytest
import torch
from scipy import sparse

from ugrn_core.backbones.checkpoint import load_checkpoint
from ugrn_core.data.binning import bin_values
from ugrn_core.pretrain import corpus as corpus_module
from ugrn_core.pretrain.corpus import load_corpus
from ugrn_core.pretrain.export import export
from ugrn_core.pretrain.sampling import MASK_VALUE, Sampler
from ugrn_core.pretrain.selection import cross_validate
from ugrn_core.pretrain.train import PretrainSettings, held_out_r2, masked_loss, new_model, pretrain

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
    monkeypatch.setattr("ugrn_core.pretrain.train.HELD_OUT_BATCHES", ((4, 2), (16, 2)))
    monkeypatch.setattr("ugrn_core.pretrain.sampling.GENES_A_CELL", (2, 16))
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


def test_corpus_bins_each_profile_by_rank(folder):
    corpus = load_corpus(folder, "bins")
    assert corpus.genes == tuple(GENES)
    assert [(p.name, len(p.rows), p.held_out) for p in corpus.parts] == [
        ("a", 30, False),
        ("b", 8, False),
        ("fuma:0", 3, False),
        ("fuma:1", 3, False),
        ("mait_MAST", 12, True),
    ]
    raw = ad.read_h5ad(folder / "a.h5ad").X.toarray()
    np.testing.assert_array_equal(corpus.values[:30], bin_values(raw))
    assert not corpus.values[30:38, 30:].any()
    np.testing.assert_array_equal(corpus.nonzero(2), np.flatnonzero(raw[2]))


def test_log1p_units_are_brought_to_ten_thousand(folder):
    corpus = load_corpus(folder, "log1p")
    totals = np.expm1(corpus.values.astype(np.float64)).sum(1)
    np.testing.assert_allclose(totals, 1e4, rtol=0.01)


def test_unmeasured_genes_are_never_shown(folder):
    corpus = load_corpus(folder, "bins")
    sampler = Sampler(corpus)
    measured = {p.name: set(p.measured) for p in corpus.parts}
    assert measured["fuma:0"] == set(range(20)) and measured["b"] == set(range(30))
    rng = np.random.default_rng(0)
    for part in sampler.parts:
        for n in (5, 20):
            picked = sampler._genes_of_cell(rng, part, n, 0.5)
            assert picked[0] in part.rows and set(picked[1:]) <= measured[part.name]


@pytest.mark.parametrize("n_genes", [2, 3, 24])
def test_batches_hide_some_and_show_some(folder, n_genes):
    sampler = Sampler(load_corpus(folder, "bins"))
    batch, again = sampler.draw(1, 7, n_genes), sampler.draw(1, 7, n_genes)
    assert all(np.array_equal(getattr(batch, k), getattr(again, k)) for k in ("genes", "truth", "shown", "weight"))
    hidden = batch.shown == MASK_VALUE
    assert hidden.any(1).all() and (~hidden).any(1).all()
    assert not batch.weight[~hidden].any()
    np.testing.assert_array_equal(batch.shown[~hidden], batch.truth[~hidden])
    for genes, weight in zip(batch.genes, batch.weight, strict=True):
        values, counts = np.unique(genes, return_counts=True)
        assert not weight[np.isin(genes, values[counts > 1])].any()  # a repeated gene would give its value away


def test_a_resumed_run_equals_one_that_never_stopped(folder, tmp_path, monkeypatch):
    corpus = load_corpus(folder, "bins")
    full = PretrainSettings(
        "bins", "scgpt", width=16, n_layers=1, n_heads=2, ff_width=16, warmup=2, steps=200, checkpoint_every=100
    )
    monkeypatch.setattr("ugrn_core.pretrain.sampling.TOKENS_A_BATCH", 200)
    said = []
    pretrain(full, corpus, tmp_path / "whole", lambda m: {"x": 1.0}, said.append)

    def stop(model):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pretrain(full, corpus, tmp_path / "cut", stop, said.append)
    pretrain(full, corpus, tmp_path / "cut", lambda m: {"x": 1.0}, said.append)
    whole, cut = ((tmp_path / n / "step-200.safetensors").read_bytes() for n in ("whole", "cut"))
    assert whole == cut


def test_training_learns_and_exports(folder, tmp_path, monkeypatch):
    corpus = load_corpus(folder, "bins")
    settings = PretrainSettings(
        "bins", "scgpt", width=16, n_layers=1, n_heads=2, ff_width=16, warmup=5, steps=200, checkpoint_every=200
    )
    monkeypatch.setattr("ugrn_core.pretrain.sampling.TOKENS_A_BATCH", 400)
    model = new_model(settings, corpus)
    before = masked_loss(model, Sampler(corpus).draw(5, 5, 20), 10.0).item()
    run = tmp_path / "run"
    run.mkdir()
    (run / "genes.json").write_text(json.dumps(corpus.genes))
    seen = []
    pretrain(settings, corpus, run, lambda m: seen.append(m) or {"x": 1.0}, lambda text: None)
    after = masked_loss(seen[0], Sampler(corpus).draw(5, 5, 20), 10.0).item()
    assert after < 0.9 * before
    saved = export(run, 200, "ugrn-mini", tmp_path / "shipped")
    backbone = load_checkpoint(saved.folder, device="cpu")
    ids = torch.from_numpy(backbone.vocabulary.ids(GENES[:7]))
    values = torch.full((1, 7), 10.0)
    with torch.no_grad():
        np.testing.assert_allclose(backbone.reconstruct(ids, values), seen[0](ids, values), rtol=1e-5, atol=1e-6)
    assert set(held_out_r2(seen[0], corpus)) == {4, 16}


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
