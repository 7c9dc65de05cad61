"""Evidence of cells beside edges, against scipy, least squares and cells whose arrows are known."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import sparse, stats

from ugrn_core.circuits.random_circuit import random_circuit
from ugrn_core.circuits.simulation import measured_cells, simulate
from ugrn_core.data.cell_values import CellValues
from ugrn_core.data.column import Codes
from ugrn_core.errors import Cancelled, InputError
from ugrn_core.evidence import evidence as room
from ugrn_core.evidence.correlation import correlations, group_rows, net_coefficients, ranks_within
from ugrn_core.evidence.detection import detection_bins, percentiles
from ugrn_core.evidence.evidence import (
    COLUMNS,
    agreeing,
    evidence,
    evidence_sentence,
    file_places,
    genes_to_read,
    surest_first,
)
from ugrn_core.evidence.resampling import NORMAL, among_best, interval, resample_weights, steadiness

N_CELLS, N_GENES = 240, 7
SOURCES = np.array([4, 0, 2])


@pytest.fixture(scope="module")
def values() -> np.ndarray:
    """Cells with zeros and equal values; gene 1 depends on gene 0, gene 6 is on in two cells of the first group."""
    rng = np.random.default_rng(3)
    counts = rng.poisson(1.5, (N_CELLS, N_GENES)).astype(np.float32)
    counts[:, 1] = counts[:, 0] + rng.poisson(0.7, N_CELLS)
    counts[:, 6] = 0
    counts[:2, 6] = [1, 2]
    return np.log1p(counts)


@pytest.fixture(scope="module")
def codes() -> np.ndarray:
    return np.repeat([0, 1, 2], [120, 80, 40]).astype(np.int16)


def cells_of(values: np.ndarray, codes=None, donors=None, rate=None) -> CellValues:
    rate = (values > 0).mean(1).astype(np.float32) if rate is None else rate
    genes = tuple(f"G{i}" for i in range(values.shape[1]))
    within, of = (None if c is None else Codes(c, tuple(f"l{i}" for i in range(c.max() + 1))) for c in (codes, donors))
    return CellValues(genes, sparse.csr_matrix(values.astype(np.float32)), rate, within, of, len(values))


def weighted_mean(function, values, groups, s, t) -> float:
    """What scipy gives in each group in which both vary, weighted by cells."""
    parts = [(len(g), values[g][:, [s, t]]) for g in groups]
    there = [(n, part) for n, part in parts if (part.std(0) > 0).all()]
    if not there:
        return np.nan
    return sum(n * function(*part.T)[0] for n, part in there) / sum(n for n, _ in there)


@pytest.mark.parametrize("function", [stats.pearsonr, stats.spearmanr])
@pytest.mark.parametrize("grouped", [False, True])
def test_correlations_are_those_of_scipy_within_groups(values, codes, function, grouped):
    groups = group_rows(codes if grouped else None, N_CELLS)
    of = values if function is stats.pearsonr else ranks_within(sparse.csr_matrix(values), groups)
    found = correlations(of.astype(np.float32), SOURCES, groups)
    for i, s in enumerate(SOURCES):
        for t in range(N_GENES):
            np.testing.assert_allclose(found[i, t], weighted_mean(function, values, groups, s, t), atol=2e-5)


def test_weights_count_cells_as_often_as_repeating_them(values, codes):
    rng = np.random.default_rng(0)
    weights = rng.integers(0, 4, N_CELLS).astype(np.float32)
    again = np.repeat(np.arange(N_CELLS), weights.astype(int))
    found = correlations(values, SOURCES, group_rows(codes, N_CELLS), weights)
    truth = correlations(values[again], SOURCES, group_rows(codes[again], len(again)))
    np.testing.assert_allclose(found, truth, atol=2e-5)


def test_net_coefficients_are_least_squares_with_the_rate_and_a_level_a_group(values, codes):
    rate = ((values > 0).mean(1) + 0.05 * values[:, 3]).astype(np.float32)
    groups = group_rows(codes, N_CELLS)
    found = net_coefficients(values, rate, SOURCES, groups)
    levels = np.eye(3)[codes]

    def spread(x):
        return np.sqrt(sum(((x[g] - x[g].mean()) ** 2).sum() for g in groups))

    for i, s in enumerate(SOURCES):
        for t in (1, 3, 5):
            design = np.column_stack([values[:, s], rate, levels])
            slope = np.linalg.lstsq(design, values[:, t], rcond=None)[0][0]
            np.testing.assert_allclose(found[i, t], slope * spread(values[:, s]) / spread(values[:, t]), atol=1e-4)


def test_what_differs_between_groups_only_is_no_correlation(codes):
    rng = np.random.default_rng(5)
    both = codes[:, None] * 2.0 + rng.normal(0, 0.3, (N_CELLS, 2))
    both -= both.min()
    over_all = correlations(both.astype(np.float32), np.array([0]), group_rows(None, N_CELLS))[0, 1]
    within = correlations(both.astype(np.float32), np.array([0]), group_rows(codes, N_CELLS))[0, 1]
    assert over_all > 0.9
    assert abs(within) < 0.15


def test_percentiles_are_those_of_scipy_among_pairs_of_the_same_detection():
    rng = np.random.default_rng(1)
    strength = np.round(rng.random((30, 60)), 2)  # some are equal
    detection, of_sources = rng.random(60), rng.random(30)
    pairs = rng.random((30, 60)) > 0.1
    found = percentiles(strength, of_sources, detection, pairs)
    s, t = detection_bins(of_sources), detection_bins(detection)
    assert np.bincount(s).tolist() == [5] * 6
    assert np.bincount(t).tolist() == [6] * 10
    for i, j in [(0, 0), (7, 30), (29, 59)]:
        alike = strength[np.outer(s == s[i], t == t[j]) & pairs]
        truth = stats.percentileofscore(alike, strength[i, j], kind="mean") / 100 if pairs[i, j] else np.nan
        np.testing.assert_allclose(found[i, j], truth, rtol=1e-6)
    assert np.isnan(percentiles(strength[:3, :5], of_sources[:3], detection[:5], pairs[:3, :5])).all()  # too few


def test_the_best_are_the_largest_with_all_that_equal_the_last():
    size = np.array([[0.9, 0.5, np.nan], [0.5, 0.1, 0.7]])
    pairs = np.array([[True, True, True], [True, True, False]])
    assert among_best(size, pairs, 1).tolist() == [[True, False, False], [False, False, False]]
    assert among_best(size, pairs, 2).tolist() == [[True, True, False], [True, False, False]]
    assert among_best(size, pairs, 99).sum() == 4


def test_intervals_are_as_wide_as_those_of_cells_drawn_and_ranked_anew(values, codes):
    """Against the bootstrap written out with scipy: 200 draws, ranked again each."""
    groups = group_rows(codes, N_CELLS)
    ranks = ranks_within(sparse.csr_matrix(values), groups)
    shown = (values > 0).astype(np.float32)
    pairs = SOURCES[:, None] != np.arange(N_GENES)
    steady = steadiness(ranks, shown, SOURCES, groups, None, 1, pairs, resamples=200)
    rng, drawn, both = np.random.default_rng(9), [], []
    for _ in range(200):
        rows = np.concatenate([rng.choice(g, len(g)) for g in groups])
        again = group_rows(codes[rows], N_CELLS)
        drawn.append([weighted_mean(stats.spearmanr, values[rows], again, 0, t) for t in (1, 3)])
        both.append((shown[rows, 0] * shown[rows, 3]).mean())
    truth = np.arctanh(drawn).std(0, ddof=1)
    np.testing.assert_allclose(steady.spread[1, [1, 3]], truth, rtol=0.2)
    np.testing.assert_allclose(steady.both_spread[1, 3], np.std(both, ddof=1), rtol=0.2)
    low, high = interval(np.array(0.5), np.array(0.1))
    np.testing.assert_allclose([low, high], np.tanh(np.arctanh(0.5) + np.array([-NORMAL, NORMAL]) * 0.1))
    assert steady.among_best[1, 1] == 1.0


def test_donors_come_with_all_their_cells():
    donors = np.array([2, 2, 0, 1, 1, 1])
    weights = resample_weights([np.arange(6)], donors, 6, np.random.default_rng(0))
    assert len(set(weights[[0, 1]])) == len(set(weights[3:])) == 1
    assert weights[0] + weights[2] + weights[3] == 3


def test_the_arrows_of_a_circuit_are_shown_by_its_cells():
    circuit = random_circuit(60, 1)
    cells = measured_cells(circuit, simulate(circuit, 600, 2, step=0.5, life_times=8.0))
    names = circuit.measured
    regulators = [n for n in names if n.startswith("R")]
    rng = np.random.default_rng(0)
    table = pd.DataFrame([(s, t) for s in regulators for t in names if s != t], columns=["source", "target"])
    table["score"] = [float((s, t) in circuit.edges) + rng.normal() for s, t in table.itertuples(index=False)]
    seen: list[float] = []
    found = evidence(cells_of(cells), names, regulators, names, 60, progress=lambda share, _: seen.append(share))
    beside = found.beside(table)
    assert list(beside) == ["source", "target", "score", *COLUMNS]
    arrow = np.array([(s, t) in circuit.edges for s, t in zip(table["source"], table["target"], strict=True)])
    yes = (beside["cells_show"] == "yes").to_numpy()
    assert yes[arrow].mean() > 4 * yes[~arrow].mean() > 0
    assert beside.loc[arrow, "cells_top"].mean() > 5 * beside.loc[~arrow, "cells_top"].mean()
    agree = surest_first(agreeing(beside))
    assert set(agree["cells_show"]) == {"yes"}
    assert agree["agreement"].is_monotonic_decreasing
    best = [(s, t) in circuit.edges for s, t in zip(agree["source"][:20], agree["target"][:20], strict=True)]
    assert np.mean(best) > 3 * arrow.mean()
    assert seen == sorted(seen)
    assert seen[-1] == 1
    pd.testing.assert_frame_equal(beside, evidence(cells_of(cells), names, regulators, names, 60).beside(table))


def test_cells_show_a_pair_whose_interval_holds_no_zero_and_whose_percentile_is_high_enough():
    low, high = np.array([[-0.2, -0.5, 0.1, 0.0, 0.1, -0.5]]), np.array([[0.3, -0.1, 0.5, 0.5, 0.5, 0.0]])
    columns = {name: np.full(low.shape, 0.5) for name in COLUMNS} | {
        "cells_spearman_low": low,
        "cells_spearman_high": high,
        "cells_percentile": np.array([[0.99, 0.95, 0.95, 0.99, 0.94, 0.99]]),
    }
    genes = tuple("ABCDEF")
    found = room.Evidence(("A",), genes, columns, np.zeros(low.shape))
    edges = pd.DataFrame({"source": "A", "target": list(genes), "score": 0.0})
    assert found.beside(edges)["cells_show"].tolist() == ["no", "yes", "yes", "no", "no", "no"]


def test_a_gene_that_ten_cells_show_is_looked_at_and_one_of_nine_is_not(values):
    seldom = values.copy()
    seldom[:, 2:4] = 0
    seldom[:10, 2] = seldom[:9, 3] = 1.0
    names = tuple(f"G{i}" for i in range(4))
    few = evidence(cells_of(seldom[:, :4]), names, names, names, 3).few
    assert few.astype(bool).tolist() == [[3 in (s, t) for t in range(4)] for s in range(4)]


def test_words_say_what_the_cells_show(values, codes):
    names = tuple(f"G{i}" for i in range(N_GENES))
    found = evidence(cells_of(values, codes), names, names, names, 3)
    table = pd.DataFrame({"source": ["G0", "G6", "G0"], "target": ["G1", "G0", "X"], "score": [2.0, 1.0, 0.0]})
    beside = found.beside(table)
    assert beside["cells_show"].tolist() == ["yes", "too few cells", "not in the file"]
    assert beside.loc[2, ["cells_spearman", "agreement"]].isna().all()
    low, r, high = beside.loc[0, ["cells_spearman_low", "cells_spearman", "cells_spearman_high"]]
    assert 0 < low < r < high < 1
    assert beside.loc[0, "cells_both"] == pytest.approx(((values[:, 0] > 0) & (values[:, 1] > 0)).mean(), abs=1e-6)
    assert beside.loc[0, "agreement"] == pytest.approx(min(2.5 / 3, beside.loc[0, "cells_percentile"]), abs=1e-6)
    assert found.notes[0] == (
        "Evidence of 240 cells, within 3 groups; intervals, and which pairs are the best 3, are over 50 resamples of "
        "the cells."
    )
    assert found.beside(table.head(1), table["score"].to_numpy()).equals(beside.head(1))
    assert "The cells show it: yes." in evidence_sentence(beside.iloc[0])
    assert evidence_sentence(beside.iloc[2]) == "One of the two genes is not in the file."


def test_few_donors_are_refused_and_said(values):
    names = tuple(f"G{i}" for i in range(N_GENES))
    with pytest.raises(InputError, match="2 donors"):
        evidence(cells_of(values, donors=np.arange(N_CELLS) % 2), names, names, names, 3)
    found = evidence(cells_of(values, donors=np.arange(N_CELLS) % 4), names, names, names, 3)
    assert found.notes[0].endswith("50 resamples of the 4 donors, too few for them to be wide enough.")


def test_a_pair_that_rests_on_the_groups_of_one_donor_has_no_interval(values, codes):
    """Each group is of a donor of its own; gene 6 is seen in the first group only."""
    names, own = tuple(f"G{i}" for i in range(N_GENES)), values.copy()
    own[:40, 6] = own[:40, 0]
    table = pd.DataFrame({"source": ["G0", "G0"], "target": ["G6", "G1"], "score": [2.0, 1.0]})
    found = evidence(cells_of(own, codes, donors=codes), names, names, names, 3).beside(table)
    assert found.loc[0, ["cells_spearman_low", "cells_spearman_high"]].isna().all()
    assert found["cells_show"].tolist() == ["no", "yes"]
    assert evidence(cells_of(own, codes), names, names, names, 3).beside(table).loc[0, "cells_spearman_low"] > 0


def test_it_stops_when_asked(values):
    names = tuple(f"G{i}" for i in range(N_GENES))
    with pytest.raises(Cancelled):
        evidence(cells_of(values), names, names, names, 3, cancel=lambda: True)
    with pytest.raises(InputError, match="No source"):
        evidence(cells_of(values), names, ["X"], names, 3)


def test_columns_are_described_once():
    assert [c for c in room.COLUMNS if not c.startswith("cells_")] == ["agreement"]


def test_ranks_are_those_of_scipy_and_correlations_never_more_than_one(values, codes):
    groups = group_rows(codes, N_CELLS)
    ranks = ranks_within(sparse.csr_matrix(values), groups)
    for rows in groups:
        np.testing.assert_allclose(ranks[rows], stats.rankdata(values[rows], axis=0) / len(rows), rtol=1e-6)
    some = np.random.default_rng(1).normal(size=(50, 30)).astype(np.float32)
    both = correlations(np.hstack([some, -some]), np.arange(60), group_rows(None, 50))
    assert both.max() == 1 and both.min() == -1  # a third is beyond by rounding


def test_a_group_of_which_no_cell_was_drawn_says_nothing(values, codes):
    weights = np.ones(N_CELLS, np.float32)
    weights[codes == 1] = 0
    rest = codes != 1
    found = correlations(values, SOURCES, group_rows(codes, N_CELLS), weights)
    truth = correlations(values[rest], SOURCES, group_rows(codes[rest], int(rest.sum())))
    np.testing.assert_allclose(found, truth, atol=1e-6)


def test_net_of_rates_that_hardly_differ_that_do_not_and_that_are_all_there_is():
    rng = np.random.default_rng(4)
    codes, values = np.repeat([0, 1], [9, 6]), rng.normal(size=(15, 5))
    values[:, 4] = 2.0
    groups = group_rows(codes, 15)
    levels = np.eye(2)[codes]

    def spread(x):
        return np.sqrt(sum(((x[g] - x[g].mean()) ** 2).sum() for g in groups))

    for rate in (0.01 * rng.random(15), np.full(15, 0.25)):
        found = net_coefficients(values, rate.astype(np.float32), np.array([0, 3]), groups)
        for i, s in enumerate((0, 3)):
            for t in (1, 2):
                design = np.column_stack([values[:, s], rate, levels])
                slope = np.linalg.lstsq(design, values[:, t], rcond=None)[0][0]
                np.testing.assert_allclose(found[i, t], slope * spread(values[:, s]) / spread(values[:, t]), rtol=1e-4)
        assert np.isnan(found[:, 4]).all() and np.isfinite(found[:, :4]).all()
    rate = rng.random(15).astype(np.float32)
    hardly, barely = 2e-5, 0.02  # 1e-6 of the variance must be the source's own
    values[:, 0] = 100 * (rate + hardly * values[:, 0])
    values[:, 3] = 100 * (rate + barely * values[:, 3])
    found = net_coefficients(values, rate, np.array([0, 3]), groups)
    assert np.isnan(found[0]).all() and np.isfinite(found[1, :4]).all()
    values[:, 1] = 1 + 5e-5 * rng.normal(size=15)  # varies, by 2.5e-9
    values[:, 2] = 1 + 1e-5 * rng.normal(size=15)  # does not
    assert np.isfinite(net_coefficients(values, rate, np.array([3]), groups)[0]).tolist() == [
        True,
        True,
        False,
        True,
        False,
    ]


def test_pairs_and_genes_are_enough_for_a_percentile_from_twenty_and_ten_on():
    strength = np.arange(20.0)[None]
    assert detection_bins(np.arange(9.0)).tolist() == [0] * 9
    assert detection_bins(np.arange(10.0)).tolist() == [0] * 5 + [1] * 5
    assert detection_bins(np.arange(4.0)).tolist() == [0] * 4
    detection, pairs = np.ones(20), np.ones((1, 20), bool)
    np.testing.assert_allclose(percentiles(strength, np.ones(1), detection, pairs)[0], (np.arange(20) + 0.5) / 20)
    pairs[0, 3] = False
    assert np.isnan(percentiles(strength, np.ones(1), detection, pairs)).all()
    strength = np.append(strength, [[np.nan]], axis=1)  # no strength: not a pair to compare with
    found = percentiles(strength, np.ones(1), np.ones(21), np.ones((1, 21), bool))
    np.testing.assert_allclose(found[0], [*(np.arange(20) + 0.5) / 20, np.nan])


@pytest.mark.parametrize("resamples", [3, 6])
def test_steadiness_is_the_spread_over_the_same_resamples(resamples):
    """Seldom genes: of some pairs few resamples say anything, of one none."""
    rng = np.random.default_rng(2)
    n_cells, n_genes, best = 14, 40, 5
    values = rng.poisson(1.0, (n_cells, n_genes)).astype(np.float32)
    values[:, 20:] = 0
    values[rng.integers(0, n_cells, 19), np.arange(20, 39)] = 1  # the last is never seen
    groups = group_rows(np.repeat([0, 1], [8, 6]), n_cells)
    ranks, shown = ranks_within(sparse.csr_matrix(values), groups), (values > 0).astype(np.float32)
    sources, pairs = np.array([3, 0, 25]), rng.random((3, n_genes)) > 0.2
    told: list[float] = []
    found = steadiness(
        ranks, shown, sources, groups, None, best, pairs, resamples=resamples, progress=lambda p, _: told.append(p)
    )
    np.testing.assert_allclose(told, np.arange(1, resamples + 1) / resamples)
    drawn = np.random.default_rng(0)
    z, both, hits = [], [], np.zeros(pairs.shape)
    for _ in range(resamples):
        weights = np.concatenate([drawn.multinomial(len(g), np.full(len(g), 1 / len(g))) for g in groups])
        r = correlations(ranks, sources, groups, weights.astype(np.float32))
        z.append(np.arctanh(np.clip(r, -1 + 1e-6, 1 - 1e-6)))
        both.append((shown[:, sources] * weights[:, None]).T @ shown / n_cells)
        size = np.where(pairs & np.isfinite(r), np.abs(r), -1)
        hits += (size > 0) & (size >= np.sort(size.ravel())[-best] - 1e-6)
    defined = np.isfinite(z).sum(0)
    assert {0, 1, resamples // 2, resamples} <= set(defined.ravel().tolist())
    with np.errstate(all="ignore"):
        sums = np.nansum((np.array(z) - np.nansum(z, 0) / defined) ** 2, 0)
        spread = np.where(defined > resamples / 2, np.sqrt(sums / (defined - 1)), np.nan)
    np.testing.assert_allclose(found.spread, spread, rtol=2e-3, atol=2e-3)
    np.testing.assert_allclose(found.both_spread, np.std(both, axis=0, ddof=1), atol=1e-5)
    np.testing.assert_allclose(found.among_best, np.where(defined > 0, hits / resamples, np.nan), rtol=1e-6)


def test_the_best_are_the_same_either_way_round():
    """A with B rounds otherwise than B with A; at the end of the best both are in or none."""
    values = np.random.default_rng(8).poisson(2.0, (60, 12)).astype(np.float32)
    groups, every = group_rows(None, 60), np.arange(12)
    ranks, shown = ranks_within(sparse.csr_matrix(values), groups), (values > 0).astype(np.float32)
    for best in range(1, 12, 2):
        found = steadiness(ranks, shown, every, groups, None, best, ~np.eye(12, dtype=bool)).among_best
        np.testing.assert_array_equal(found, found.T)
    assert not among_best(np.full((1, 2), np.nan), np.ones((1, 2), bool), 3).any()


def test_cells_are_drawn_in_their_groups_with_the_seed_given_and_donors_as_a_whole():
    groups = [np.array([0, 2, 4]), np.array([1, 3])]
    first, second = (np.random.default_rng(5) for _ in range(2))
    weights = resample_weights(groups, None, 5, first)
    assert weights[[0, 2, 4]].tolist() == second.multinomial(3, [1 / 3] * 3).tolist()
    assert weights[[1, 3]].tolist() == second.multinomial(2, [1 / 2] * 2).tolist()
    donors = np.array([7, 7, 4, 5, 5])
    drawn = second.multinomial(3, [1 / 3] * 3)
    assert resample_weights(groups, donors, 5, first).tolist() == drawn[[2, 2, 0, 1, 1]].tolist()


def test_an_interval_of_a_correlation_of_one_is_none_of_no_width():
    assert stats.norm.ppf(0.975) == pytest.approx(NORMAL, abs=1e-6)
    low, high = interval(np.array([1, -1], np.float32), np.array([1.0, 1.0], np.float32))
    near = np.arctanh(1 - 1e-6)
    np.testing.assert_allclose(low, np.tanh([near - NORMAL, -near - NORMAL]), rtol=1e-3)
    np.testing.assert_allclose(high, np.tanh([near + NORMAL, -near + NORMAL]), rtol=1e-3)
    assert low[0] < 1 - 1e-5


def test_columns_are_what_their_parts_say(values, codes):
    """Pairs seen in nearly all cells and in nearly none: an interval of a share ends at 0 and 1."""
    own = values.copy()
    own[:, 5] = 1.0
    own[0, 5] = 0
    names, rows = tuple(f"G{i}" for i in range(N_GENES)), ["G5", "G0", "G6"]
    rate = np.random.default_rng(3).random(N_CELLS).astype(np.float32)
    told: list[float] = []
    found = evidence(
        cells_of(own, codes, rate=rate), names, rows, names[:5], progress=lambda share, _: told.append(share)
    )
    assert told[0] == 0.1 and told == sorted(told) and told[1] > 0.2 and told[-1] == 1
    assert found.sources == ("G0", "G5", "G6") and found.genes == names
    assert "which pairs are the best 100, are" in found.notes[0]
    places, groups = np.array([0, 5, 6]), group_rows(codes, N_CELLS)
    pairs = (np.arange(N_GENES) < 5) & (np.arange(N_GENES) != places[:, None])
    shown, ranks = (own > 0).astype(np.float32), ranks_within(sparse.csr_matrix(own), groups)
    steady = steadiness(ranks, shown, places, groups, None, 100, pairs)
    r, both = correlations(ranks, places, groups), shown[:, places].T @ shown / N_CELLS
    low, high = interval(r, steady.spread)
    edge_low, edge_high = both - 1.959964 * steady.both_spread, both + 1.959964 * steady.both_spread
    assert edge_low.min() < 0 and edge_high.max() > 1
    truth = {
        "cells_pearson": correlations(own, places, groups),
        "cells_net": net_coefficients(own, rate, places, groups),
        "cells_spearman": r,
        "cells_spearman_low": low,
        "cells_spearman_high": high,
        "cells_both": both,
        "cells_both_low": np.clip(edge_low, 0, None),
        "cells_both_high": np.clip(edge_high, None, 1),
        "cells_top": steady.among_best,
        "cells_percentile": percentiles(np.round(np.abs(r), 6), shown.sum(0)[places], shown.sum(0), pairs),
    }
    assert set(truth) == set(found.columns)
    for name, expected in truth.items():
        np.testing.assert_allclose(found.columns[name], expected, atol=1e-6, err_msg=name)
    edges = pd.DataFrame({"source": ["G0", "G5"], "target": ["G1", "G2"], "score": 1.0})
    beside = found.beside(edges)
    pd.testing.assert_frame_equal(beside, beside.round(6), check_exact=True)
    ungrouped = evidence(cells_of(own, rate=rate), names, rows, names).columns["cells_pearson"]
    np.testing.assert_allclose(ungrouped, correlations(own, places, group_rows(None, N_CELLS)), atol=1e-6)
    with pytest.raises(ValueError, match="6 symbols for 7 genes"):
        evidence(cells_of(own), names[:6], rows, names)


def test_two_genes_are_a_network_and_one_is_none(values):
    assert evidence(cells_of(values[:, :2]), ("A", "B"), ["A"], ["B"]).sources == ("A",)
    with pytest.raises(InputError, match="No source"):
        evidence(cells_of(values[:, :1]), ("A",), ["A"], ["A"])


def test_three_donors_are_enough_and_of_ten_nothing_is_said(values):
    names = tuple(f"G{i}" for i in range(N_GENES))
    for n in (3, 9, 10):
        donors = 2 * (np.arange(N_CELLS) % n)  # codes that no cell has are no donors
        found = evidence(cells_of(values, donors=donors), names, names, names, 3)
        assert np.isfinite(found.columns["cells_spearman_low"][0, 1])
        assert found.notes[0].endswith(f"of the {n} donors{'' if n == 10 else ', too few for them to be wide enough'}.")


def beside_of(score, percentile, **columns) -> pd.DataFrame:
    held = {name: np.full((1, len(score)), 0.5) for name in COLUMNS} | {"cells_percentile": np.array([percentile])}
    genes = tuple("ABCDEFG"[: len(score)])
    found = room.Evidence(("A",), genes, held | columns, np.zeros((1, len(score))))
    return found.beside(pd.DataFrame({"source": "A", "target": list(genes), "score": score}))


def test_agreement_is_the_smaller_of_two_percentiles_and_orders():
    beside = beside_of([3.0, 1.0, 1.0, 0.0], [0.25, 1.0, 0.2, 1.0])
    assert beside["agreement"].tolist() == [0.25, 0.5, 0.2, 0.125]
    assert beside_of([1.0], [0.9])["agreement"].tolist() == [0.5]
    assert beside_of([], [])["agreement"].tolist() == []
    table = pd.DataFrame(
        {"source": list("BABA"), "target": list("CDAC"), "agreement": [0.5, 0.5, 0.5, 0.9]}, index=[4, 5, 6, 7]
    ).assign(cells_show=["yes", "no", "yes", "no"])
    first = surest_first(table)
    assert [*zip(first["source"], first["target"], strict=True)] == [("A", "C"), ("A", "D"), ("B", "A"), ("B", "C")]
    assert list(first.index) == [0, 1, 2, 3]
    shown = agreeing(table)
    assert shown["target"].tolist() == ["C", "A"] and list(shown.index) == [0, 1]


def test_sentences_of_an_edge_say_what_is_lacking():
    row = pd.Series(
        {
            "cells_show": "no", "cells_spearman": -0.3, "cells_spearman_low": -0.4, "cells_spearman_high": -0.1,
            "cells_percentile": 0.8125, "cells_net": -0.25, "cells_both": 0.5, "cells_top": 0.12,
        }
    )  # fmt: skip
    assert evidence_sentence(row) == (
        "Spearman −0.30 (−0.40 to −0.10), larger than that of 81.2% of pairs that are detected as often; −0.25 net of "
        "detection; both genes in 50.0% of the cells; among the best in 12% of the resamples. The cells show it: no."
    )
    without = row.copy()
    without[["cells_spearman_low", "cells_percentile"]] = np.nan
    assert evidence_sentence(without).startswith("Spearman −0.30 (no interval: too few donors); −0.25 net")
    without["cells_spearman"] = np.nan
    assert evidence_sentence(without).startswith("The cells say nothing: in none of the groups")


def test_genes_are_found_in_a_file_by_what_it_shows_most_and_those_left_out_are_said(monkeypatch):
    names = ["GATA1", "SPI1", "gata1", "MYC", "RHD"]
    data = SimpleNamespace(genes=names, species="human", label="f.h5ad")
    data.whole = SimpleNamespace(detection=np.array([0.2, 0.9, 0.8, 0.1, 0.3]))
    assert file_places(data, ["GATA1", "MYC", "TP53"]) == {"GATA1": 2, "MYC": 3}
    assert genes_to_read(["SPI1", "GATA1"], ["MYC"], data) == ({"GATA1": 2, "MYC": 3, "SPI1": 1}, "")
    lacking = ["TP53", "KLF1", "TAL1", "FLI1", "LYL1", "ERG"]
    assert genes_to_read(["SPI1"], lacking[:5], data)[1] == "TP53, KLF1, TAL1, FLI1, LYL1: not in f.h5ad."
    assert genes_to_read(["SPI1"], lacking, data)[1].startswith("TP53, KLF1, TAL1, FLI1, LYL1 and 1 more: not in")
    monkeypatch.setattr(room, "MAX_GENES", 2)
    assert genes_to_read(["SPI1"], ["MYC", "SPI1"], data) == ({"MYC": 3, "SPI1": 1}, "")
    found, said = genes_to_read(["SPI1", "RHD"], ["MYC", "SPI1"], data)
    assert list(found) == ["RHD", "SPI1"] and said == "The first 2 of 3 genes are looked at in the cells."


def test_genes_of_a_mouse_file_go_by_its_names_or_by_human_symbols():
    data = SimpleNamespace(genes=["Gata1", "ENSMUSG00000002111", "Myc"], species="mouse", label="f")
    data.whole = SimpleNamespace(detection=np.array([0.2, 0.9, 0.8]))
    assert file_places(data, ["Gata1", "Spi1", "Klf1"]) == {"Gata1": 0, "Spi1": 1}
    assert file_places(data, ["GATA1", "SPI1"]) == {"GATA1": 0, "SPI1": 1}
    assert file_places(data, [data.genes[1]]) == {data.genes[1]: 1}
    data.species = "human"
    assert file_places(data, ["Spi1", "GATA1"]) == {"GATA1": 0}
