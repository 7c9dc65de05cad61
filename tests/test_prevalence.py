"""Rankings at real prevalence: scores of the head against counting by hand, intervals, and planted truths."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score
from typer.testing import CliRunner

from tests.planted import GENE_NAMES, PlantedBackbone, planted_networks
from ugrn_core.beeline.networks import Network, Row
from ugrn_core.benchmark import early
from ugrn_core.benchmark.early import HEAD, Ranking, Resampled, head, paired, resampled, source_weights
from ugrn_core.benchmark.given import EVERYWHERE, GivenScores
from ugrn_core.benchmark.prevalence import (
    ALL_TESTS,
    PAIRED_COLUMNS,
    PREVALENCE_COLUMNS,
    Candidates,
    candidates,
    head_table,
    run_prevalence,
)
from ugrn_core.benchmark.request import BenchmarkRequest
from ugrn_core.benchmark.results import Parts
from ugrn_core.benchmark.run import Contestant, Run
from ugrn_core.cli.app import app

AT = {name: i for i, name in enumerate(HEAD)}


def ranked(labels: list[int], scores: list[float], sources: list[int] | None = None) -> Ranking:
    n = len(labels)
    return Ranking.of(np.array(labels), np.array(scores, float), np.array(sources or [0] * n))


def test_heads_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Best first: edge, no, edge, no, no, edge, no, no: three edges in eight."""
    monkeypatch.setattr(early, "AMONG", (1, 4, 9))
    labels, scores = [1, 0, 1, 0, 0, 1, 0, 0], [9, 8, 7, 6, 5, 4, 3, 2]
    got = head(ranked(labels, scores))
    assert got[:2].tolist() == [1.0, 0.5] and np.isnan(got[2]), "nine of eight pairs there are not"
    assert got[AT["early_precision"]] == pytest.approx(2 / 3), "two of the best three"
    assert got[AT["early_precision_ratio"]] == pytest.approx((2 / 3) / (3 / 8))
    assert got[AT["partial_auprc"]] == pytest.approx(1.0), "a recall of 0.1 is reached by the first edge"
    assert got[AT["auprc"]] == pytest.approx((1 + 2 / 3 + 3 / 6) / 3)
    monkeypatch.setattr(early, "RECALL", 0.5)
    assert head(ranked(labels, scores))[AT["partial_auprc"]] == pytest.approx((1 * 1 + 0.5 * 2 / 3) / 1.5)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 3)), min_size=2, max_size=6))
@settings(max_examples=60, deadline=None)
def test_equal_scores_count_in_the_mean_of_all_orders(rows: list[tuple[bool, int]]) -> None:
    labels, scores = [int(y) for y, _ in rows], [s for _, s in rows]
    if not 0 < sum(labels) < len(labels):
        assert np.isnan(head(ranked(labels, scores))).all()
        return
    k = sum(labels)
    orders = [sorted(p, key=lambda i: -scores[i]) for p in permutations(range(len(rows)))]
    mean = np.mean([sum(labels[i] for i in order[:k]) / k for order in orders])
    assert head(ranked(labels, scores))[AT["early_precision"]] == pytest.approx(mean)


@given(
    st.lists(st.tuples(st.booleans(), st.integers(-3, 3), st.integers(0, 4)), min_size=4, max_size=60).filter(
        lambda rows: 0 < sum(y for y, _, _ in rows) < len(rows)
    ),
    st.integers(0, 9),
)
@settings(max_examples=60, deadline=None)
def test_whole_auprc_is_scikit_learns_and_weights_are_repetitions(rows: list[tuple[bool, int, int]], seed: int) -> None:
    labels, scores, sources = (list(map(int, column)) for column in zip(*rows, strict=True))
    ranking = ranked(labels, scores, sources)
    assert head(ranking)[AT["auprc"]] == pytest.approx(average_precision_score(labels, scores))
    weights = source_weights(5, 1, seed)[0]
    often = weights[sources]
    repeated = [np.repeat(column, often) for column in (labels, scores, sources)]
    expected = head(Ranking.of(repeated[0], repeated[1].astype(float), repeated[2]))
    np.testing.assert_allclose(head(ranking, weights), expected, rtol=1e-12)


def test_a_resample_without_pairs_has_no_scores() -> None:
    assert np.isnan(head(ranked([], []))).all()


def test_resamples_draw_as_many_sources_as_there_are() -> None:
    weights = source_weights(30, 400, 3)
    assert weights.shape == (400, 30) and (weights.sum(1) == 30).all()
    np.testing.assert_allclose(weights.mean(0), 1, atol=0.2)
    np.testing.assert_array_equal(weights, source_weights(30, 400, 3))


def test_an_interval_over_sources_holds_the_spread_between_them() -> None:
    """Sources that are all alike give a narrow interval, two kinds of sources a wide one."""
    rng = np.random.default_rng(0)
    sources = np.repeat(np.arange(20), 40)
    labels = np.tile(np.r_[np.ones(8), np.zeros(32)], 20).astype(int)
    alike = labels + rng.normal(0, 1, len(labels))
    split = np.where(sources < 10, labels * 5.0, -labels) + rng.normal(0, 1, len(labels))
    weights = source_weights(20, 300, 0)
    widths = []
    for scores in (alike, split):
        result = resampled([Ranking.of(labels, scores, sources)], weights)
        low, high = result.interval()[:, AT["auprc"]]
        assert low <= result.value[AT["auprc"]] <= high
        widths.append(high - low)
    assert widths[1] > 2 * widths[0]


def test_two_methods_are_compared_on_the_same_resamples() -> None:
    rng = np.random.default_rng(0)
    one = rng.normal(0.5, 0.2, (200, len(HEAD)))
    better = Resampled(one.mean(0) + 0.01, one + 0.01)
    found = paired(better, Resampled(one.mean(0), one))
    np.testing.assert_allclose(found["difference"], 0.01)
    np.testing.assert_allclose(found["low"], 0.01)
    np.testing.assert_allclose(found["p"], 2 / 201)
    same = paired(better, better)
    assert (same["p"] == 1).all() and (same["difference"] == 0).all()


def test_candidates_are_all_pairs_of_a_regulator_without_those_that_training_told() -> None:
    network = Network(Row("STRING", "mDC"), "TFs+500", ("A", "B", "C"), ("A", "B"), (("A", "B"), ("B", "C")))
    whole = candidates(network, frozenset())
    assert whole.pairs == (("A", "B"), ("A", "C"), ("B", "A"), ("B", "C")) and whole.labels.tolist() == [1, 0, 0, 1]
    cut = candidates(network, frozenset({("A", "B"), ("B", "A"), ("C", "A")}))
    assert cut.pairs == (("A", "C"), ("B", "C"))


# whole runs

REQUEST = BenchmarkRequest(
    1, max_pos=300, seeds=2, test_sets=("mDC", "mESC"), methods=("GDT", "Gene degrees", "Edge look-up")
)


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, pd.DataFrame, pd.DataFrame]:
    folder = tmp_path_factory.mktemp("prevalence")
    networks = planted_networks(PlantedBackbone(), REQUEST.rows)
    noise = np.random.default_rng(0)
    scores = {(s, t): float(noise.random()) for s in GENE_NAMES for t in GENE_NAMES if s != t}
    given_ = (GivenScores("NOISE", {EVERYWHERE: scores}),)
    run = Run(REQUEST, Candidates(REQUEST, networks), {}, Parts(folder / "parts", REQUEST.described()), given=given_)
    return run, *run_prevalence(run, [Contestant(), Contestant(PlantedBackbone(), "trained")], resamples=40)


def test_a_planted_truth_leads_and_noise_is_at_the_share_of_edges(frames) -> None:
    run, frame, _ = frames
    assert tuple(frame.columns) == PREVALENCE_COLUMNS
    assert len(frame) == 7 * 4 * len(HEAD), "seven tests, four methods"
    row = Row("STRING", "mDC")
    of = frame[(frame.test_set == "mDC") & (frame.test_network == "STRING")].set_index(["method", "metric"])
    sample = run.samples.test(row, 1, 0)
    share = sample.labels.mean()
    ratio = of.loc[("GDT", "early_precision_ratio")]
    assert ratio.prevalence == pytest.approx(share) and ratio["value"] > 0.9 / share
    assert of.loc[("NOISE", "early_precision_ratio"), "value"] == pytest.approx(1, abs=0.25)
    assert (frame.low <= frame["value"]).all() or frame["value"].isna().any()
    assert ratio.seeds == 2 and ratio.seed_low <= ratio["value"] <= ratio.seed_high
    assert of.loc[("NOISE", "auprc"), "seeds"] == 1, "nothing of it is drawn"
    told = run.samples.told(REQUEST.splits[0])
    assert not set(sample.pairs) & told and run.samples.train_edges(REQUEST.splits[0]) <= told
    whole = len(run.samples.networks[row].tfs) * (len(run.samples.networks[row].genes) - 1)
    assert ratio.n_candidates + ratio.n_excluded == whole
    assert of.loc[("Edge look-up", "early_precision_ratio"), "value"] == pytest.approx(1), "no training edge is left"


def test_every_two_methods_are_compared_on_every_test_and_over_all(frames) -> None:
    _, frame, compared = frames
    assert tuple(compared.columns) == PAIRED_COLUMNS
    pairs = compared[["method_a", "method_b"]].drop_duplicates()
    assert len(pairs) == 6 and len(compared) == 6 * (7 + 1) * len(HEAD)
    over = compared[(compared.test_set == ALL_TESTS) & (compared.metric == "early_precision_ratio")]
    one = over[(over.method_a == "NOISE") & (over.method_b == "GDT")].iloc[0]
    assert one.n == 7 and one.p == pytest.approx(2 / 2**7) and one.difference < 0, "seven tests, all one way"
    means = frame[frame.metric == "early_precision_ratio"].groupby("method")["value"].mean()
    assert one.difference == pytest.approx(means["NOISE"] - means["GDT"])
    by_test = compared[(compared.kind == "sources") & (compared.method_a == "NOISE") & (compared.method_b == "GDT")]
    assert (by_test[by_test.metric == "auprc"].p < 0.06).all()


def test_the_table_shows_intervals_and_no_bare_mean(frames) -> None:
    shown = head_table(frames[1])
    assert list(shown.columns) == ["test_network", "test_set", "method", *HEAD]
    cell = shown[(shown.method == "GDT")]["auprc"].iloc[0]
    assert cell.count(".") == 3 and "[" in cell and "," in cell


def test_options_of_the_command(tmp_path: Path) -> None:
    out = tmp_path / "p.csv"
    for options, said in (
        (["--out", str(out), "--resamples", "3"], "expected 20 to 10,000"),
        (["--out", str(tmp_path / "p.txt")], "ends in .csv"),
        (["--out", str(out), "--undirected"], "--scores, which is missing"),
    ):
        result = CliRunner().invoke(app, ["benchmark", "prevalence", *options])
        assert result.exit_code == 2 and said in result.output, result.output
    mixed = CliRunner().invoke(app, ["benchmark", "--table", "1", "prevalence", "--out", str(out)])
    assert mixed.exit_code == 2 and "behind it" in mixed.output
