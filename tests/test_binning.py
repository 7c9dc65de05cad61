from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import sparse

from ugrn_core.data.binning import N_BINS, bin_values

COUNTS = arrays(np.float32, st.tuples(st.integers(1, 4), st.integers(1, 40)), elements=st.integers(0, 6).map(float))
DISTINCT = arrays(
    np.float32, st.integers(2, 80), elements=st.floats(0.125, 1000, width=32), unique=True
)  # no ties: scGPT draws nothing


def bin_nonzero(values: np.ndarray, n_bins: int = N_BINS) -> np.ndarray:
    """Bins of a cell in which every gene has a value."""
    return np.asarray(bin_values(np.asarray(values)[None], n_bins))[0]


def bins_by_definition(row: np.ndarray, n_bins: int, share: float) -> np.ndarray:
    """Scalar reading of the definition: edges are quantiles, ties are spread by ``share`` in [0, 1)."""
    result = np.zeros(len(row))
    nonzero = [x for x in row if x > 0]
    if not nonzero:
        return result
    edges = np.quantile(nonzero, np.linspace(0, 1, n_bins - 1))
    for i, x in enumerate(row):
        if x > 0:
            at_or_below = sum(e <= x for e in edges)
            below = sum(e < x for e in edges)
            result[i] = np.ceil(at_or_below - share * (at_or_below - below))
    return result


@given(COUNTS)
def test_bins_are_the_definition_with_ties_in_the_middle(values):
    expected = np.stack([bins_by_definition(row, 51, 0.5) for row in values])
    np.testing.assert_array_equal(bin_values(values), expected)


@given(COUNTS)
def test_sparse_and_dense_agree_and_zeros_stay(values):
    binned = bin_values(sparse.csr_matrix(values))
    assert isinstance(binned, sparse.csr_matrix)
    np.testing.assert_array_equal(binned.toarray(), bin_values(values))
    np.testing.assert_array_equal(bin_values(values) > 0, values > 0)


@given(DISTINCT, st.integers(3, 60))
def test_bins_keep_the_order_and_span_the_range(values, n_bins):
    bins = bin_nonzero(values, n_bins)
    assert (np.diff(bins[np.argsort(values)]) >= 0).all()
    assert bins.max() == n_bins - 1
    assert bins.min() >= 1


@settings(max_examples=30, deadline=None)  # the first call imports scgpt
@given(COUNTS, DISTINCT)
def test_bins_are_those_of_the_official_package(counts, distinct):
    """The tie-breaking number of scGPT is replaced by 1/2; without ties no number is drawn that matters."""
    binning = pytest.importorskip("scgpt.preprocess", reason="needs the scgpt package").binning
    drawn = np.random.rand
    try:
        np.random.rand = lambda n: np.full(n, 0.5)
        for row in counts:
            if row.any():
                np.testing.assert_array_equal(bin_values(row[None])[0], binning(row, 51))
    finally:
        np.random.rand = drawn
    assume((len(distinct) - 1) % 7)  # else an edge may fall on a value, and scGPT's side of it is a matter of rounding
    np.testing.assert_array_equal(bin_values(distinct[None])[0], binning(distinct, 51))


def test_the_middle_bin_is_within_half_a_bin_of_the_mean_of_the_bins_scgpt_draws_from():
    values = np.array([1, 1, 1, 1, 1, 1, 2, 2, 2, 3, 3, 7], np.float32)
    shares = (np.arange(1000) + 0.5) / 1000  # evenly through [0, 1), instead of random numbers
    draws = np.mean([bins_by_definition(values, 51, share) for share in shares], axis=0)
    gap = draws - bin_nonzero(values)
    assert (gap > -0.03).all()
    assert (gap < 0.53).all()


@given(COUNTS, st.floats(1e-3, 1e3), st.sampled_from([np.log1p, np.sqrt, np.square, np.log2]))
def test_normalisation_and_logarithms_leave_the_bins_as_they_are(values, factor, change):
    """Exactly, ties and edges that fall on a value included; zeros stay zeros."""
    changed = np.where(values > 0, change(values * factor + 2), 0)
    np.testing.assert_array_equal(bin_values(changed), bin_values(values))


@given(st.lists(st.integers(1, 5), min_size=1, max_size=120), st.integers(3, 60))
def test_bins_are_those_of_the_ranks(values, n_bins):
    """Also where the edges fall exactly on a value (numbers of values with a factor in common with n_bins - 2)."""
    _, ranks = np.unique(values, return_inverse=True)
    np.testing.assert_array_equal(
        bin_nonzero(np.float32(values), n_bins), bin_nonzero(np.exp(ranks.astype(np.float64)), n_bins)
    )


def test_an_edge_that_rounding_puts_beside_a_value_stays_beside_it_in_logarithms():
    values = np.float32([1, 1, 1, 1, 4, 5, 5, 6])
    for same in (values, np.log1p(values), np.log1p(values * 4), values / values.sum() * 1e4):
        np.testing.assert_array_equal(bin_nonzero(same), [11, 11, 11, 11, 29, 40, 40, 50])
    np.testing.assert_array_equal(bins_by_definition(values, 51, 0.5), bin_nonzero(values))


@pytest.mark.parametrize("name", ["gaps", "floats"])
def test_whole_cells_have_the_bins_of_quantiles(name):
    """Cells of the sizes that occur, every size modulo 49 among them: the bins of all shipped models and results."""
    rng = np.random.default_rng(0)
    for n in [*range(1, 120), *range(1960, 2010), 5000]:
        counts = rng.negative_binomial(1, 0.2, n) + 1.0
        values = counts if name == "gaps" else np.log1p(counts / counts.sum() * 1e4)
        values = values.astype(np.float32)
        edges = np.quantile(values, np.linspace(0, 1, 50))
        left, right = np.searchsorted(edges, values, "right"), np.searchsorted(edges, values, "left")
        differ = bin_nonzero(values) != (left + right + 1) // 2
        assert differ.sum() == 0, n


def test_stored_zeros_and_repeats_of_a_sparse_matrix_do_not_count():
    messy = sparse.csr_matrix((np.float32([0, 1, 2, 5]), [0, 2, 2, 1], [0, 4]), shape=(1, 4))
    np.testing.assert_array_equal(bin_values(messy).toarray(), bin_values(messy.toarray()))
    assert messy.nnz == 4  # the input is left as it was


def test_no_values_have_no_bins():
    for empty in (np.zeros(0), np.zeros(0, np.float32)):
        assert (bin_nonzero(empty).shape, bin_nonzero(empty).dtype) == ((0,), np.float32)
    nothing = bin_values(sparse.csr_matrix((2, 3)))
    assert (nothing.shape, nothing.nnz, len(nothing.data)) == ((2, 3), 0, 0)
    np.testing.assert_array_equal(bin_values(np.zeros((2, 3))), np.zeros((2, 3)))


def test_negative_values_are_refused():
    with pytest.raises(ValueError, match="-1"):
        bin_values(np.array([[1.0, -1.0]]))
