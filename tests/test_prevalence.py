"""Rankings at real prevalence: scores of the head against counting by hand, intervals, and planted truths."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score
from typer.testing import CliRunner

from tests.planted import GENE_NAMES, PlantedBackbone, planted_networks
from ugrn_core.beeline.networks import SPECIES, Network, Row
from ugrn_core.benchmark import metrics
from ugrn_core.benchmark.given import EVERYWHERE, GivenScores
from ugrn_core.benchmark.metrics import HEAD, Ranking, Resampled, head, heads, paired, resampled, source_weights
from ugrn_core.benchmark.prevalence import (
    ALL_TESTS,
    PAIRED_COLUMNS,
    PREVALENCE_COLUMNS,
    Candidates,
    candidates,
    head_table,
    named,
    paired_file,
    read_prevalence,
    run_prevalence,
    shown_name,
)
from ugrn_core.benchmark.request import BenchmarkRequest
from ugrn_core.benchmark.results import Parts, write_results
from ugrn_core.benchmark.run import Contestant, Run
from ugrn_core.cli.app import app
from ugrn_core.errors import InputError
from ugrn_core.figures.benchmark_heads import (
    GROUPS,
    MEASURES,
    RATIO,
    group_of,
    head_sentences,
    names_of,
    networks_of,
    plot_heads,
    prepare_comparisons,
    prepare_heads,
    prepare_table,
)
from ugrn_core.paths import ASSETS

AT = {name: i for i, name in enumerate(HEAD)}


def ranked(labels: list[int], scores: list[float], sources: list[int] | None = None) -> Ranking:
    n = len(labels)
    return Ranking.of(np.array(labels), np.array(scores, float), np.array(sources or [0] * n))


def test_heads_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Best first: edge, no, edge, no, no, edge, no, no: three edges in eight."""
    monkeypatch.setattr(metrics, "AMONG", (1, 4, 9))
    labels, scores = [1, 0, 1, 0, 0, 1, 0, 0], [9, 8, 7, 6, 5, 4, 3, 2]
    got = head(ranked(labels, scores))
    assert got[:2].tolist() == [1.0, 0.5] and np.isnan(got[2]), "nine of eight pairs there are not"
    assert got[AT["early_precision"]] == pytest.approx(2 / 3), "two of the best three"
    assert got[AT["early_precision_ratio"]] == pytest.approx((2 / 3) / (3 / 8))
    assert got[AT["partial_auprc"]] == pytest.approx(1.0), "a recall of 0.1 is reached by the first edge"
    assert got[AT["auprc"]] == pytest.approx((1 + 2 / 3 + 3 / 6) / 3)
    monkeypatch.setattr(metrics, "RECALL", 0.5)
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


@given(
    st.lists(st.tuples(st.booleans(), st.integers(-3, 3), st.integers(0, 4)), min_size=1, max_size=60),
    st.integers(0, 9),
    st.sampled_from([(1, 4, 9), (2, 50, 3)]),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_all_resamples_at_once_are_those_one_by_one(
    monkeypatch: pytest.MonkeyPatch, rows: list[tuple[bool, int, int]], seed: int, among: tuple[int, ...]
) -> None:
    labels, scores, sources = (list(map(int, column)) for column in zip(*rows, strict=True))
    ranking = ranked(labels, scores, sources)
    weights = source_weights(5, 7, seed)
    monkeypatch.setattr(metrics, "AMONG", among)
    monkeypatch.setattr(metrics, "BLOCK", 3)  # a few resamples at a time
    expected = np.array([head(ranking, w) for w in weights])
    np.testing.assert_allclose(heads(ranking, weights), expected, rtol=1e-12, atol=1e-15)


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
    run = Run(REQUEST, Candidates(REQUEST, networks), {}, Parts(folder / "parts", REQUEST.header()), given=given_)
    contestants = [Contestant(), Contestant(PlantedBackbone(), "trained")]
    return run, *run_prevalence(run, contestants, resamples=40, kinds=("mlp", "logistic"))


def test_a_planted_truth_leads_and_noise_is_at_the_share_of_edges(frames) -> None:
    run, frame, _ = frames
    assert tuple(frame.columns) == PREVALENCE_COLUMNS
    assert set(frame.max_pos) == {300}
    assert len(frame) == 7 * 5 * len(HEAD), "seven tests, four methods, one of them by two kinds of translator"
    row = Row("STRING", "mDC")
    test = frame[(frame.test_set == "mDC") & (frame.test_network == "STRING")]
    of = test[test.translator != "logistic"].set_index(["method", "metric"])
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
    drawn = [run.samples.train(REQUEST.splits[0], 1, seed).pairs for seed in range(2)]
    assert told == run.samples.train_edges(REQUEST.splits[0]).union(*drawn), "one negative for each positive"
    whole = len(run.samples.networks[row].tfs) * (len(run.samples.networks[row].genes) - 1)
    assert ratio.n_candidates + ratio.n_excluded == whole
    assert of.loc[("Edge look-up", "early_precision_ratio"), "value"] == pytest.approx(1), "no training edge is left"


def test_every_two_methods_are_compared_on_every_test_and_over_all(frames) -> None:
    _, frame, compared = frames
    assert tuple(compared.columns) == PAIRED_COLUMNS
    pairs = compared[["method_a", "method_b"]].drop_duplicates()
    assert len(pairs) == 10 and len(compared) == 10 * (7 + 1) * len(HEAD)
    over = compared[(compared.test_set == ALL_TESTS) & (compared.metric == "early_precision_ratio")]
    one = over[(over.method_a == "NOISE") & (over.method_b == "GDT")].iloc[0]
    assert one.n == 7 and one.p == pytest.approx(2 / 2**7) and one.difference < 0, "seven tests, all one way"
    means = named(frame[frame.metric == "early_precision_ratio"]).groupby("name")["value"].mean()
    assert one.difference == pytest.approx(means["NOISE"] - means["GDT"])
    by_test = compared[(compared.kind == "sources") & (compared.method_a == "NOISE") & (compared.method_b == "GDT")]
    assert (by_test[by_test.metric == "auprc"].p < 0.06).all()


def test_the_table_shows_intervals_and_no_bare_mean(frames) -> None:
    shown = head_table(frames[1])
    assert list(shown.columns) == ["test_network", "test_set", "method", *HEAD]
    cell = shown[(shown.method == "GDT")]["auprc"].iloc[0]
    assert cell.count(".") == 3 and "[" in cell and "," in cell


def test_translators_of_both_kinds_rank_the_same_pairs(frames) -> None:
    """Each as in a run of its own, on the features of one sweep, and compared with one another."""
    run, frame, compared = frames
    alone = replace(run, request=replace(run.request, methods=("GDT",), translator="logistic"), given=())
    again, _ = run_prevalence(alone, [Contestant(PlantedBackbone(), "trained")], resamples=40, kinds=("logistic",))
    ours = frame[frame.translator == "logistic"].reset_index(drop=True)
    pd.testing.assert_frame_equal(ours, again)
    assert set(frame.loc[frame.method == "GDT", "translator"]) == {"mlp", "logistic"}
    both = compared[(compared.method_a == "GDT") & (compared.method_b == "GDT (logistic)")]
    assert len(both) == (7 + 1) * len(HEAD)
    assert shown_name({"method": "GDT", "weights": "random", "translator": "logistic"}) == (
        "GDT (logistic) (random weights)"
    )


def test_frames_are_read_back_and_other_files_refused(frames, tmp_path: Path) -> None:
    file = tmp_path / "p.csv.gz"
    write_results(frames[1], file)
    with pytest.raises(InputError, match="p_paired"):
        read_prevalence(file)
    write_results(frames[2], paired_file(file))
    scores, compared = read_prevalence(file)
    pd.testing.assert_frame_equal(scores, frames[1], atol=1e-6, check_dtype=False)
    pd.testing.assert_frame_equal(compared, frames[2], atol=1e-6, check_dtype=False)
    write_results(frames[1].assign(value="high"), file)
    with pytest.raises(InputError, match="cannot be read as rankings"):
        read_prevalence(file)
    write_results(frames[1].drop(columns="low"), file)
    with pytest.raises(InputError, match="expected what `ugrn benchmark prevalence` writes"):
        read_prevalence(file)


def test_methods_of_a_folder_of_peers_are_ranked_too(tmp_path: Path) -> None:
    from ugrn_core.cli.benchmark_peers import peers_of

    vocabulary = PlantedBackbone().vocabulary
    with pytest.raises(InputError, match=r"SET_METHOD\.csv\.gz"):
        peers_of(tmp_path, vocabulary)
    one, other = GENE_NAMES[:2]
    for name in ("mDC_RegDiffusion_transposed", "hHEP_Pearson", "mDC_Pearson"):
        write_results(pd.DataFrame({"source": [one], "target": [other], "score": [0.5]}), tmp_path / f"{name}.csv.gz")
    given_ = peers_of(tmp_path, vocabulary)
    found = {g.name: sorted(g.tables) for g in given_}
    assert found == {"Pearson": ["hHEP", "mDC"], "RegDiffusion transposed": ["mDC"]}


def test_options_of_the_command(tmp_path: Path) -> None:
    out = tmp_path / "p.csv"
    for options, said in (
        (["--out", str(out), "--resamples", "3"], "expected 20 to 10,000"),
        (["--out", str(tmp_path / "p.txt")], "ends in .csv"),
        (["--out", str(out), "--undirected"], "--scores, which is missing"),
        (["--out", str(out), "--translator", "mlp,forest"], "no translator of kind 'forest'"),
        (["--out", str(out), "--translator", "mlp,mlp"], "each once"),
        (["--out", str(out), "--peers", str(tmp_path)], "writes them"),
    ):
        result = CliRunner().invoke(app, ["benchmark", "prevalence", *options])
        assert result.exit_code == 2 and said in result.output, result.output
    mixed = CliRunner().invoke(app, ["benchmark", "--table", "1", "prevalence", "--out", str(out)])
    assert mixed.exit_code == 2 and "behind it" in mixed.output


# figures and words


def test_the_figure_has_every_method_with_its_interval_and_chance(frames) -> None:
    frame = frames[1]
    assert tuple(MEASURES) == HEAD and networks_of(frame)[0] == "STRING"
    lines = prepare_heads(frame, "STRING", "auprc")
    assert list(dict.fromkeys(lines["name"]))[-1] != "GDT" and len(lines) == 2 * 5, "two data sets, five methods"
    means = lines.groupby("name", sort=False)["value"].mean()
    assert means.is_monotonic_decreasing
    figure = plot_heads(lines, "auprc")
    drawn = {
        (t.xaxis, about[0]): (x, x + up)
        for t in figure.data
        for x, up, about in zip(t.x, t.error_x.array, t.customdata, strict=True)
    }
    first = lines[lines["test_set"] == lines["test_set"].iloc[0]]
    assert len(drawn) == 10
    for line in first.itertuples():
        assert drawn["x", line.name] == pytest.approx((line.value, max(line.high, line.value)))
    legend = [t.name for t in figure.data if t.showlegend]
    assert legend == [GROUPS[0], GROUPS[2], GROUPS[3]] and group_of("Ens (logistic)") == GROUPS[0]
    assert [s.x0 for s in figure.layout.shapes] == list(lines.drop_duplicates("test_set")["prevalence"])
    assert {s.x0 for s in plot_heads(prepare_heads(frame, "STRING", RATIO), RATIO).layout.shapes} == {1.0}
    table = prepare_table(frame, "STRING")
    assert list(table.columns) == ["test_set", "method", *HEAD] and len(table) == 10


def test_comparisons_are_turned_so_that_the_chosen_method_is_first(frames) -> None:
    compared = frames[2]
    ours, theirs = (prepare_comparisons(compared, name, "auprc") for name in ("GDT", "NOISE"))
    one = ours[ours["against"] == "NOISE"].set_index(["test_set", "test_network"])
    other = theirs[theirs["against"] == "GDT"].set_index(["test_set", "test_network"])
    assert len(one) == 8 and one.index[0] == (ALL_TESTS, ALL_TESTS)
    for a, b, sign in (("difference", "difference", -1), ("low", "high", -1), ("p", "p", 1), ("value_a", "value_b", 1)):
        np.testing.assert_allclose(one[a], sign * other[b].loc[one.index], err_msg=a)
    assert (one["low"] <= one["high"]).all() and (one["difference"] > 0).all()


def test_words_are_counted_from_the_frames(frames) -> None:
    _, frame, compared = frames
    renamed = {"NOISE": "Co-expression", "GDT": "Ens", "GDT (logistic)": "Ens (logistic)"}
    frame = frame.assign(method=frame["method"].replace(renamed))
    compared = compared.assign(**{c: compared[c].replace(renamed) for c in ("method_a", "method_b")})
    said = head_sentences(frame, compared)
    part = frame[(frame.metric == "precision_50") & frame["value"].notna()]
    tests = part.drop_duplicates(["test_set", "test_network"])
    assert f"{len(tests)} tests rank {tests.n_candidates.min():,.0f} to {tests.n_candidates.max():,.0f}" in said[0]
    string = part[(part.test_network == "STRING") & (part.method == "Ens") & (part.translator == "mlp")]["value"]
    assert f"Ens {string.mean():.2g} ({string.min():.2g} to {string.max():.2g})" in said[1]
    lines = prepare_comparisons(compared, "Ens", "precision_50")
    lines = lines[lines["against"] == "Co-expression"]
    over, each = lines.iloc[0], lines.iloc[1:]
    last = next(s for s in said if s.startswith("Ens against Co-expression"))
    assert f"+{over.difference:.3f} on the mean of {over.n:.0f} tests" in last
    assert f"above zero on {(each.low > 0).sum()} of them and below on {(each.high < 0).sum()}" in last


@pytest.mark.parametrize("file", sorted((ASSETS / "benchmark" / "prevalence").glob("*[!d].csv.gz")))
def test_shipped_rankings_are_whole(file: Path) -> None:
    """Every method on every test it can be asked on, the intervals around their values, and every two compared."""
    frame, compared = read_prevalence(file)
    there = frame[frame["value"].notna()]
    assert set(there["test_network"]) >= {"STRING", "Non-specific ChIP", "Cell-type-specific ChIP"}
    assert set(there["test_set"]) == set(SPECIES) - {"hESC"}, "training is on hESC"
    model = {"VVP", "GDT", "Ens", "Ens (logistic)", "Co-expression"}
    assert model | {"Pearson", "RegDiffusion", "RegDiffusion transposed"} <= set(names_of(frame))
    assert ((there["seed_low"] <= there["value"]) & (there["value"] <= there["seed_high"])).all()
    assert (there["low"] <= there["high"]).all() and (there["n_pos"] > 0).all()
    names = set(names_of(frame))
    assert set(compared["method_a"]) | set(compared["method_b"]) == names
    assert compared.groupby(["method_a", "method_b"]).ngroups == len(names) * (len(names) - 1) // 2
    for sentence in head_sentences(frame, compared):
        assert "nan" not in sentence
