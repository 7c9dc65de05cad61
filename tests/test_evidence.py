"""Evidence of cells beside edges, against scipy, least squares and cells whose arrows are known."""

from __future__ import annotations

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
from ugrn_core.evidence.evidence import COLUMNS, agreeing, evidence, evidence_sentence, surest_first
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
    low, high = np.array([[-0.2, -0.5, 0.1, 0.0, 0.1]]), np.array([[0.3, -0.1, 0.5, 0.5, 0.5]])
    columns = {name: np.full(low.shape, 0.5) for name in COLUMNS} | {
        "cells_spearman_low": low,
        "cells_spearman_high": high,
        "cells_percentile": np.array([[0.99, 0.95, 0.95, 0.99, 0.94]]),
    }
    genes = tuple("ABCDE")
    found = room.Evidence(("A",), genes, columns, np.zeros(low.shape))
    edges = pd.DataFrame({"source": "A", "target": list(genes), "score": 0.0})
    assert found.beside(edges)["cells_show"].tolist() == ["no", "yes", "yes", "no", "no"]


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
