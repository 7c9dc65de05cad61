"""What the numbers of a matrix are taken for: the same cells on every scale give the same profiles."""

from __future__ import annotations

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from ugrn_core.data.binning import bin_values
from ugrn_core.data.h5ad import read_h5ad
from ugrn_core.data.matrix import BLOCK_VALUES
from ugrn_core.data.scale import _multiples
from ugrn_core.errors import InputError

N_CELLS, N_GENES = 60, 1500


def counts(depth: float = 0.4, alike: bool = False, n_cells: int = N_CELLS) -> np.ndarray:
    """(cell, gene): a few genes are high, most are 0 in most cells; ``alike``: rows of one composition and depth."""
    rng = np.random.default_rng(0)
    mean = rng.gamma(0.3, 3, N_GENES) * depth
    cell = np.ones(n_cells) if alike else rng.lognormal(0, 0.4, n_cells)
    shape = 1e4 if alike else 2
    return np.minimum(rng.poisson(rng.gamma(shape, mean / shape * cell[:, None])), 24).astype(np.float32)


def read(tmp_path, x, **more):
    genes = ["SOX2", "NANOG", "MYC", *(f"GENE{i}" for i in range(x.shape[1] - 3))]
    file = tmp_path / "scale.h5ad"
    x = x if sparse.issparse(x) else np.asarray(x, np.float32)
    ad.AnnData(x, var=pd.DataFrame(index=genes)).write_h5ad(file)
    return read_h5ad(file, **more)


def cp10k(x: np.ndarray, total: float = 1e4) -> np.ndarray:
    return x / x.sum(1, keepdims=True) * total


def log1p_cp10k(x: np.ndarray) -> np.ndarray:
    return np.log1p(cp10k(x))


@pytest.mark.parametrize("total", [1e4, 1e6, 2345])
@pytest.mark.parametrize("n_cells", [1, 2, 40])
def test_logarithms_of_cells_that_are_all_alike_are_not_taken_twice(tmp_path, total, n_cells):
    """Metacells and pseudobulk: their logarithms have nearly one total as they stand."""
    x = counts(30, alike=True, n_cells=n_cells)
    x[:, 5] += 1000
    logs = np.log1p(cp10k(x, total))
    data = read(tmp_path, logs)
    assert data.units == "log"
    np.testing.assert_allclose(data.whole.log1p, logs.mean(0), rtol=1e-5)
    if n_cells > 1 or total != 2345:
        assert f"normalised to a total of {total:,.0f}" in data.notes[0]


@pytest.mark.parametrize("n_genes", [300, 800])
def test_logarithms_of_some_genes_of_cells_that_are_all_alike_are_logarithms(tmp_path, n_genes):
    x = np.stack([counts(2)[10 * i : 10 * i + 10].sum(0) for i in range(6)])
    logs = log1p_cp10k(x)
    logs = logs[:, np.argsort(-logs.mean(0))[:n_genes]]
    assert logs.sum(1).std() < 0.03 * logs.sum(1).mean()
    np.testing.assert_allclose(read(tmp_path, logs).whole.log1p, logs.mean(0), rtol=1e-5)


CORRECTED = {
    "one share of a count less": lambda x, rng: np.maximum(x - 0.07, 0),
    "ambient of each gene less": lambda x, rng: np.maximum(x - 0.3 * rng.random(x.shape[1]) ** 3, 0),
    "a share of some counts": lambda x, rng: np.where(
        (rng.random(x.shape) < 0.3) & (x > 0), x * rng.random(x.shape), x
    ),
    "times a factor of the cell": lambda x, rng: x * rng.uniform(0.6, 0.95, (len(x), 1)),
    "times a factor of the gene": lambda x, rng: x * rng.uniform(0.85, 1, (1, x.shape[1])),
    "halves": lambda x, rng: x / 2,
    "rounded to tenths": lambda x, rng: np.round(x * rng.uniform(0.8, 1, x.shape), 1),
}


@pytest.mark.parametrize("how", CORRECTED)
def test_counts_that_are_not_whole_are_said_and_not_taken_for_logarithms(tmp_path, how):
    x = CORRECTED[how](counts(), np.random.default_rng(1)).astype(np.float32)
    assert x.max() <= 25
    data = read(tmp_path, sparse.csr_matrix(x))
    assert data.units != "log"
    np.testing.assert_allclose(data.whole.log1p, log1p_cp10k(x).mean(0), rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(data.whole.bins, bin_values(x).mean(0), rtol=1e-5)
    assert "count" in data.notes[0]


LOGARITHMS = {
    "of counts": lambda x: np.log1p(x),
    "of cp10k": log1p_cp10k,
    "of a thousand genes": lambda x: log1p_cp10k(x)[:, :1000],
    "of fifty genes": lambda x: log1p_cp10k(x)[:, np.argsort(-x.sum(0))[:50]],
    "in half precision": lambda x: log1p_cp10k(x).astype(np.float16),
    "of corrected counts": lambda x: log1p_cp10k(np.maximum(x - 0.07, 0)),
}


@pytest.mark.parametrize("what", LOGARITHMS)
@pytest.mark.parametrize(("base", "number"), [("natural", np.e), ("base 2", 2), ("base 10", 10)])
def test_logarithms_are_known_by_what_they_are_of_and_become_natural_ones(tmp_path, what, base, number):
    natural = LOGARITHMS[what](counts()).astype(np.float32)
    data = read(tmp_path, natural / np.float32(np.log(number)))
    assert data.units == "log"
    np.testing.assert_allclose(data.whole.log1p, natural.mean(0), rtol=2e-3 if "half" in what else 1e-5)
    assert any(f"to {base}" in note for note in data.notes) == (base != "natural")


@pytest.mark.parametrize("size", [1e-9, 1e-7, 1e-4, 0.02])
@pytest.mark.parametrize("of", ["counts", "logarithms"])
def test_tiny_negative_values_are_zeros_and_said(tmp_path, size, of):
    x = counts() if of == "counts" else log1p_cp10k(counts())
    noisy = x.copy()
    noisy[:, 7] = 0
    x[:, 7] = 0
    noisy[::2, 7] = -size
    data, clean = read(tmp_path, noisy), read(tmp_path, x)
    assert data.units == clean.units
    for name in ("log1p", "bins", "detection"):
        np.testing.assert_array_equal(getattr(data.whole, name), getattr(clean.whole, name))
    assert any("30 values of X are slightly negative" in n and f"{-size:.3g}" in n for n in data.notes)
    assert data.sample.min() == 0


@pytest.mark.parametrize("x", [np.array([[1, -5, 2], [0, 3, 6]]), np.array([[0.1, -0.2, 1], [1, 0.3, -0.9]])])
def test_values_well_below_zero_are_scaled(tmp_path, x):
    with pytest.raises(InputError, match="negative values"):
        read(tmp_path, x)


def test_counts_beside_whole_numbers_by_rounding_are_these(tmp_path):
    x = counts()
    rounded = read(tmp_path, x * np.float32(1 + 1e-6))
    assert rounded.units == "counts"
    np.testing.assert_array_equal(rounded.whole.bins, read(tmp_path, x).whole.bins)
    np.testing.assert_array_equal(rounded.sample.toarray(), x)


@pytest.mark.parametrize("total", [1, 100, 1e4, 1e6])
def test_one_total_on_a_linear_scale_is_linear(tmp_path, total):
    x = counts()
    data = read(tmp_path, cp10k(x, total))
    assert data.units == "linear"
    np.testing.assert_allclose(data.whole.log1p, log1p_cp10k(x).mean(0), rtol=1e-4)


def test_yes_or_no_is_said(tmp_path):
    data = read(tmp_path, counts() > 0)
    assert data.units == "counts"
    assert "0 and 1 only" in data.notes[0]


def test_the_reading_does_not_depend_on_the_blocks(tmp_path, monkeypatch):
    x = np.maximum(counts() - 0.07, 0)
    whole = read(tmp_path, x)
    monkeypatch.setattr("ugrn_core.data.matrix.BLOCK_VALUES", BLOCK_VALUES // 1000)
    parts = read(tmp_path, x)
    assert parts.notes == whole.notes
    np.testing.assert_allclose(parts.whole.log1p, whole.whole.log1p, rtol=1e-6)


def test_multiples_may_be_off_by_a_hundredth_of_their_root():
    assert _multiples([np.array([0.7, 1.4, 25 * 0.7 + 0.02, 2.1])]) == 1
    assert _multiples([np.array([0.7, 1.4, 25 * 0.7 + 0.05, 2.1])]) == 0.75
