"""Rooms of the benchmark, its methods and neighbourhoods on a few pairs, worked out by hand or in plain NumPy."""

from __future__ import annotations

import gzip
import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import pdist, squareform

from tests.planted import GENE_NAMES, PlantedBackbone, planted_networks
from ugrn_core.beeline.expression import Expression
from ugrn_core.beeline.networks import Network, Row
from ugrn_core.benchmark import given, metrics, scores
from ugrn_core.benchmark.features import CurveTable, FeatureCache, FeatureContext, _by_place, _Step
from ugrn_core.benchmark.given import EVERYWHERE, given_scores, read_score_table
from ugrn_core.benchmark.metrics import (
    HEAD,
    EdgeRuns,
    Ranking,
    Resampled,
    head,
    heads,
    paired,
    ranking_metrics,
    resampled,
)
from ugrn_core.benchmark.prevalence import (
    ALL_TESTS,
    RESAMPLES,
    Candidates,
    _over_tests,
    check_resamples,
    head_table,
    paired_file,
    prevalence_line,
    read_prevalence,
    run_prevalence,
)
from ugrn_core.benchmark.protocols import PROTOCOLS
from ugrn_core.benchmark.request import BenchmarkRequest, Samples
from ugrn_core.benchmark.results import Parts, write_results
from ugrn_core.benchmark.run import Contestant, Run
from ugrn_core.benchmark.run_facts import RunFacts
from ugrn_core.benchmark.sampling import SAMPLERS, LabelledPairs, sample_pairs, union_pairs
from ugrn_core.benchmark.scores import has_scores, join_scores, read_scores, score_files, write_scores
from ugrn_core.benchmark.tables import (
    ROW_KEYS,
    interval_table,
    seed_spread,
    string_beside_nonspecific,
    wide_table,
    with_seeds,
)
from ugrn_core.data.binning import bin_values
from ugrn_core.errors import Cancelled, InputError
from ugrn_core.estimate import estimate
from ugrn_core.gene_effects import effects
from ugrn_core.gene_effects.effects import estimate_effects, gene_effects, reference_effects
from ugrn_core.methods import embedding as embedding_room
from ugrn_core.methods import marginal
from ugrn_core.methods.attention import attention_scores
from ugrn_core.methods.catalogue import METHODS
from ugrn_core.methods.embedding import _along, _ends, embedding_cosines
from ugrn_core.methods.expression_probes import expression_probes, mean_profile, zero_expression
from ugrn_core.methods.gene_class import gene_class
from ugrn_core.methods.marginal import GeneLevel, gene_level
from ugrn_core.methods.perturbation import perturbation_scores, zeroing_effects
from ugrn_core.methods.reading import Beside, Reading
from ugrn_core.methods.shortcuts import (
    KnownEdges,
    degrees_of_the_test,
    edge_lookup,
    gene_degrees,
    has_an_edge,
    reverse_is_an_edge,
    target_is_regulator,
    target_is_tf,
    target_out_degree,
)
from ugrn_core.neighbourhood import table as table_room
from ugrn_core.neighbourhood.run import SIDES, Neighbourhood, NeighbourhoodRequest
from ugrn_core.neighbourhood.table import filtered, neighbour_table, peak, shape_order, shapes, translator_scores
from ugrn_core.pair_hashes import pair_hashes
from ugrn_core.pair_specific import random_pair_peaks, reference_genes
from ugrn_core.store import Store
from ugrn_core.translators.translator import Translator
from ugrn_core.types import Context, FileNames, Progress, SweepSettings, Vocabulary

NAN = float("nan")

# scores of rankings


def test_names_of_scores_and_the_head_of_a_long_ranking() -> None:
    """Of twenty edges the first two count: at places 2 and 4, of a hundred pairs."""
    assert HEAD[:3] == ("precision_50", "precision_100", "precision_500") and RESAMPLES == 200
    labels = np.zeros(100, int)
    labels[[1, 3, *range(80, 98)]] = 1
    ranking = Ranking.of(labels, -np.arange(100.0), np.arange(100) % 3)
    found = dict(zip(HEAD, head(ranking), strict=True))
    assert found["partial_auprc"] == pytest.approx((1 / 2 + 2 / 4) / 2)
    assert found["precision_50"] == 2 / 50 and found["precision_100"] == 0.2 and math.isnan(found["precision_500"])
    assert found["early_precision"] == 0.1 and found["early_precision_ratio"] == pytest.approx(0.5)
    np.testing.assert_allclose(heads(ranking, np.ones((1, 3)))[0], head(ranking))
    both = resampled(
        [ranking, Ranking.of(labels, np.arange(100.0), np.arange(100) % 3)], np.array([[1, 1, 1], [2, 0, 1]])
    )
    other = Ranking.of(labels, np.arange(100.0), np.arange(100) % 3)
    np.testing.assert_allclose(both.value, (head(ranking) + head(other)) / 2)
    weights = np.array([2, 0, 1])
    np.testing.assert_allclose(both.drawn[1], (head(ranking, weights) + head(other, weights)) / 2)


def test_rankings_of_one_class_or_another_length() -> None:
    for labels in (np.zeros(3, int), np.ones(3, int)):
        assert all(math.isnan(v) for v in ranking_metrics(labels, np.arange(3.0)).values())
        ranking = Ranking.of(labels, np.arange(3.0), np.arange(3))
        assert np.isnan(head(ranking)).all() and np.isnan(heads(ranking, np.ones((2, 3)))).all()
    assert ranking_metrics(np.array([0, 0, 1]), np.arange(3.0)) == {"auprc": 1.0, "auroc": 1.0}
    with pytest.raises(ValueError, match=r"labels \(3,\), scores \(2,\)"):
        ranking_metrics(np.array([0, 0, 1]), np.arange(2.0))
    with pytest.raises(ValueError, match="not finite"):
        Ranking.of(np.array([0, 1]), np.array([0.0, np.inf]), np.zeros(2, int))


def test_only_runs_with_edges_are_kept_of_a_ranking() -> None:
    labels = np.array([0, 1, 0, 0, 0, 1, 1, 0, 0])
    runs = EdgeRuns.of(
        Ranking.of(labels, np.array([9, 8, 8, 7, 6, 5, 5, 4, 3.0]), np.array([0, 1, 2, 2, 0, 1, 0, 2, 2])), 3
    )
    assert runs.gap.toarray().tolist() == [[1, 0, 0], [1, 0, 1]] and runs.run.toarray().tolist() == [
        [0, 1, 1],
        [1, 1, 0],
    ]
    assert runs.edges.toarray().tolist() == [[0, 1, 0], [1, 1, 0]] and runs.tail.tolist() == [0, 0, 2]


def test_intervals_are_percentiles_and_p_counts_the_resamples_across_zero() -> None:
    drawn = np.stack([np.arange(201.0), np.r_[NAN, np.arange(200.0)], np.full(201, NAN)], 1)
    found = Resampled(np.zeros(3), drawn).interval()
    np.testing.assert_allclose(found[:, 0], [5, 195])
    np.testing.assert_allclose(found[:, 1], np.percentile(np.arange(200), [2.5, 97.5]))
    assert np.isnan(found[:, 2]).all() and np.isnan(Resampled(np.zeros(3), drawn[:0]).interval()).all()
    differences = np.array([[-1.0, 2], [0, 3], [3, 4], [4, 5], [5, 6], [6, 7], [7, 8], [8, 9], [9, NAN]])
    one = Resampled(np.array([4.0, NAN]), differences)
    told = paired(one, Resampled(np.ones(2), np.zeros((9, 2))))
    assert told["difference"][0] == 3 and told["p"][0] == pytest.approx(2 * (2 + 1) / 10) and np.isnan(told["p"][1])
    told = paired(replace(one, value=np.ones(2)), Resampled(np.ones(2), np.zeros((9, 2))))
    assert told["p"][1] == pytest.approx(2 * (1 + 1) / 10), "a resample without a score is on neither side"
    assert told["low"][0] == pytest.approx(np.percentile(differences[:, 0], 2.5))
    assert paired(one, one)["p"][0] == 1.0


# pairs


def test_sources_of_candidates() -> None:
    genes = ("A", "B", "C", "SOX2")
    network = Network(Row("STRING", "hESC"), "TFs+500", genes, ("B",), (("B", "C"),))
    rows = {name: SAMPLERS[name].rows(network) for name in ("per_tf", "uniform", "tf_x_gene", "all_pairs")}
    assert rows == {"per_tf": ("B",), "uniform": ("B",), "tf_x_gene": ("B", "SOX2"), "all_pairs": genes}


def test_a_union_leaves_the_reverse_of_an_edge_as_a_candidate() -> None:
    network = Network(Row("STRING", "hESC"), "TFs+500", ("A", "B"), ("A", "B"), (("A", "B"),))
    assert union_pairs([network], sampler="uniform").pairs == (("A", "B"), ("B", "A"))


def test_values_by_unit_are_means_of_those_there_are() -> None:
    pairs = (("A", "B"), ("B", "A"), ("A", "C"), ("C", "A"), ("B", "C"))
    sets = ("x", "x", "y", "y", "x")
    sample = LabelledPairs(pairs, np.array([1, 1, 0, 0, 1]), sets, np.array([0, 0, 2, 2, 1]))
    np.testing.assert_array_equal(sample.by_unit(np.array([1.0, 4, NAN, 7, NAN])), [2.5, NAN, 7])
    kept = sample.only({"y"})
    assert kept.pairs == pairs[2:4] and kept.labels.tolist() == [0, 0] and kept.data_sets == ("y", "y")
    assert kept.units is not None and kept.units.tolist() == [0, 0] and (sample.n_pos, sample.n_neg) == (3, 2)
    none = LabelledPairs((), np.array([], int), (), np.array([], int))
    assert none.by_unit(np.array([])).shape == (0,)
    plain = replace(sample, units=None)
    assert plain.by_unit(sample.labels) is sample.labels and plain.only({"x"}).units is None


def network_of(n_genes: int = 30, n_tfs: int = 6) -> Network:
    genes = tuple(f"G{i:03d}" for i in range(n_genes))
    edges = tuple(
        (s, t) for i, s in enumerate(genes[:n_tfs]) for j, t in enumerate(genes) if s != t and (3 * i + j) % 5 == 0
    )
    return Network(Row("STRING", "hESC"), "TFs+500", genes, genes[:n_tfs], edges)


def test_a_sample_by_default_is_balanced_whole_and_of_seed_0() -> None:
    network = network_of()
    usual = sample_pairs(network)
    assert usual.n_pos == usual.n_neg == len(network.edges)
    assert usual.pairs == sample_pairs(network, seed=0, neg_ratio=1, max_pos=len(network.edges)).pairs
    assert usual.pairs != sample_pairs(network, seed=1).pairs and sample_pairs(network, max_pos=1).n_pos == 1
    for wrong in ({"max_pos": 0}, {"neg_ratio": 0}, {"max_pos": 0, "neg_ratio": 0}):
        with pytest.raises(InputError, match="must be at least 1"):
            sample_pairs(network, **wrong)  # pyright: ignore[reportArgumentType]
    free = [p for p, y in zip(usual.pairs, usual.labels, strict=True) if not y][:5]
    kept_off = [*free, ("G000", "elsewhere"), ("elsewhere", "G001"), ("elsewhere", "too")]
    assert not set(sample_pairs(network, neg_ratio=50, forbidden=kept_off).pairs) & set(free)
    assert [PROTOCOLS[n].neg_ratios for n in (1, 2, 3, 4, 5)] == [(1,)] * 5


# rankings of all candidates

ASKED = BenchmarkRequest(1, max_pos=60, seeds=2, test_sets=("mDC",), methods=("Gene degrees",))


def run_of(request: BenchmarkRequest, folder: Path, networks: dict[Row, Network] | None = None, **more: object) -> Run:
    networks = networks or planted_networks(PlantedBackbone(), request.rows)
    return Run(request, Candidates(request, networks), {}, Parts(folder / "parts", request.header()), **more)  # pyright: ignore


def test_a_method_without_a_model_is_ranked_once_over_all_candidates(tmp_path: Path) -> None:
    """Every number of a line from the sample itself; a network whose edges were all told, and one without a pair."""
    networks = planted_networks(PlantedBackbone(), ASKED.rows)
    string, told, empty = (row for row in ASKED.rows if row.data_set == "mDC")
    training = networks[Row("STRING", "hESC")]
    some = tuple(e for e in training.edges if e[0] in training.tfs)[:3]
    genes = tuple(sorted({g for e in some for g in e} | {"G000", "G001", "G002"}))
    networks[told] = Network(told, "TFs+500", genes, tuple(sorted({s for s, _ in some})), tuple(sorted(some)))
    networks[empty] = Network(empty, "TFs+500", ("G000",), ("G000",), ())
    shares: list[float] = []
    run = run_of(replace(ASKED, max_pos=None), tmp_path, networks)
    lines, compared = run_prevalence(run, [Contestant()], 25, progress=lambda share, _: shares.append(share))
    assert shares == pytest.approx([1 / 3, 2 / 3, 1]) and not len(compared) and set(lines.max_pos) == {0}
    sample = run.samples.test(string, 1, 0)
    of = dict.fromkeys(s for s, _ in sample.pairs)
    out = {s: sum(e[0] == s for e in training.edges) for s in of}
    into = {t: sum(e[1] == t for e in training.edges) for t in networks[string].genes}
    ranked_by = np.array([np.log1p(out[s]) + np.log1p(into[t]) for s, t in sample.pairs], np.float32)
    number = {s: i for i, s in enumerate(sorted(of))}
    ranking = Ranking.of(sample.labels, ranked_by, np.array([number[s] for s, _ in sample.pairs]))
    weights = metrics.source_weights(len(of), 25, [0, zlib.crc32(b"STRING|mDC|sources")])
    expected = resampled([ranking], weights)
    mine = lines[lines.test_network == "STRING"]
    np.testing.assert_allclose(mine["value"], expected.value, rtol=1e-6)
    np.testing.assert_allclose(mine[["low", "high"]].to_numpy().T, expected.interval(), rtol=1e-5)
    np.testing.assert_array_equal(mine["seed_low"], mine["value"])
    np.testing.assert_array_equal(mine["seed_high"], mine["value"])
    first = mine.iloc[0]
    whole = len(networks[string].tfs) * (len(networks[string].genes) - 1)
    counts = (1, 25, sample.n_pos, len(sample.labels), len(of), whole - len(sample.labels))
    assert tuple(first[["seeds", "resamples", "n_pos", "n_candidates", "n_sources", "n_excluded"]]) == counts
    assert first.prevalence == sample.n_pos / len(sample.labels) and (first.status, first.coverage) == ("ok", 1.0)
    nothing, bare = (lines[lines.test_network == row.network] for row in (told, empty))
    assert set(nothing.status) == {"too_few"} and nothing["value"].isna().all() and nothing["low"].isna().all()
    left = len(run.samples.test(told, 1, 0).labels)
    assert set(nothing.reason) == {f"0 edges among {left} candidates"} and set(nothing.prevalence) == {0.0}
    assert (bare.status == "missing").all() and bare.coverage.isna().all() and bare.prevalence.isna().all()
    assert set(bare.n_candidates) == {0} and bare.seed_high.isna().all()
    genes = ("G000", "G001", "G002", "G003")
    shown = Candidates(ASKED, networks).told(ASKED.splits[0])
    one = next((s, t) for s in genes for t in genes if s != t and (s, t) not in shown)
    single = run_of(ASKED, tmp_path / "one", networks | {told: Network(told, "TFs+500", genes, one[:1], (one,))})
    lines, _ = run_prevalence(single, [Contestant()], 25)
    alone = lines[(lines.test_network == told.network) & (lines.metric == "early_precision")].iloc[0]
    assert (alone.status, alone.n_pos) == ("ok", 1) and 0 <= alone["value"] <= 1
    with pytest.raises(ValueError, match="all candidates"):
        run_prevalence(replace(run, samples=Samples(run.request, networks)), [Contestant()])
    with pytest.raises(Cancelled, match="features are kept"):
        run_prevalence(run, [Contestant()], cancel=lambda: True)


def test_shares_of_a_run_with_a_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Features are seven tenths of a contestant, its tests the rest."""
    request = replace(ASKED, seeds=1, methods=("Edge look-up", "Baseline-Emb"), test_sets=("mDC",))
    shares: list[float] = []
    monkeypatch.setattr(FeatureCache, "prepare", lambda _, samples, methods, progress, cancel: progress(0.5, "half"))
    contestants = [Contestant(), Contestant(PlantedBackbone(), "trained")]
    lines, _ = run_prevalence(
        run_of(request, tmp_path), contestants, 20, lambda share, _: shares.append(share), kinds=("logistic", "mlp")
    )
    tests = [0.7 + 0.3 * n / 3 for n in (1, 2, 3)]
    assert shares == pytest.approx([1 / 6, 2 / 6, 3 / 6, 0.5 + 0.35 / 2, *(0.5 + t / 2 for t in tests)])
    kinds = lines[lines.metric == "auprc"].groupby("method")["translator"].agg(list)
    assert kinds["Edge look-up"] == ["none"] * 3 and kinds["Baseline-Emb"] == ["logistic", "mlp"] * 3


def test_two_methods_over_all_tests_by_signed_ranks() -> None:
    ours, theirs = np.array([3.0, 5, 7, 9, 11, 13, NAN, 1]), np.array([1.0, 1, 1, 1, 1, 1, 1, NAN])
    row = _over_tests("auprc", "A", "B", ours, theirs)
    assert row[:5] == (ALL_TESTS, ALL_TESTS, "auprc", "A", "B") and row[5:] == (8, 1, 7, 2, 12, 2 / 2**6, "tests", 6)
    few = _over_tests("auprc", "A", "B", ours[1:], theirs[1:])
    assert few[5:10] == (9, 1, 8, 4, 12) and math.isnan(few[10]) and few[12] == 5
    alike = _over_tests("auprc", "A", "B", ours[:6], ours[:6])
    assert alike[7:10] == (0, 0, 0) and math.isnan(alike[10])
    none = _over_tests("auprc", "A", "B", ours[6:], theirs[6:])
    assert np.isnan(none[5:11]).all() and none[12] == 0


def test_a_number_of_resamples_is_20_to_10_000() -> None:
    for right in (20, 10_000):
        check_resamples(right)
    for wrong in (19, 10_001):
        with pytest.raises(InputError, match="20 to 10,000"):
            check_resamples(wrong)


def some_lines(*more: Mapping[str, object]) -> pd.DataFrame:
    usual = {"backbone": "m", "weights": "trained", "translator": "mlp", "method": "VVP", "test_set": "hHEP"}
    usual |= {"gene_set": "TFs+500", "max_pos": 300.0, "seeds": 2.0, "resamples": 40.0}
    return pd.DataFrame([usual | dict(m) for m in more])


def test_the_line_that_makes_rankings_again(tmp_path: Path) -> None:
    bare = {"backbone": "none", "weights": "none", "translator": "none", "method": "Gene degrees", "seeds": 1.0}
    every = ({"test_set": d} for d in ("hHEP", "mDC", "mESC", "mHSC-E", "mHSC-GM", "mHSC-L"))
    end = "--max-pos 300 --seeds 2 --resamples 40"
    whole = some_lines(bare, *every)
    assert prevalence_line(whole, "x.csv") == (
        "ugrn benchmark prevalence --backbone m --gene-set TFs+500 --weights trained --translator mlp "
        f"--methods 'VVP,Gene degrees' {end} --out x.csv"
    )
    both = some_lines({}, {"weights": "random", "translator": "logistic"}, {"method": "NOT OURS"})
    assert prevalence_line(both, "x.csv", Path("peers")) == (
        "ugrn benchmark prevalence --backbone m --gene-set TFs+500 --weights both --translator mlp,logistic "
        f"--methods VVP --test-sets hHEP {end} --peers peers --out x.csv"
    )
    assert "--backbone m " in prevalence_line(some_lines(bare, {}), "x.csv"), "one line of a model"
    assert prevalence_line(some_lines(bare), "x.csv") == (
        "ugrn benchmark prevalence --gene-set TFs+500 --weights none --methods 'Gene degrees' --test-sets hHEP "
        "--max-pos 300 --seeds 1 --resamples 40 --out x.csv"
    )
    assert paired_file(Path("a/b.csv.csv.gz")) == Path("a/b_paired.csv.csv.gz")


def test_a_table_of_heads_and_what_is_read_back(tmp_path: Path) -> None:
    request = replace(ASKED, seeds=1, methods=("Gene degrees", "Edge look-up"))
    lines, compared = run_prevalence(run_of(request, tmp_path), [Contestant()], 20)
    one = lines[(lines.method == "Gene degrees") & (lines.test_network == "STRING") & (lines.metric == "auprc")].iloc[0]
    shown = head_table(lines).set_index(["test_network", "test_set", "method"])
    assert shown.loc[("STRING", "mDC", "Gene degrees"), "auprc"] == f"{one.value:.3f} [{one.low:.3f}, {one.high:.3f}]"
    assert list(dict.fromkeys(n for n, _, _ in shown.index)) == list(dict.fromkeys(lines.test_network))
    lines = lines.assign(method="NA", reason="null")
    file = tmp_path / "x.csv"
    write_results(lines, file)
    write_results(compared, paired_file(file))
    back, _ = read_prevalence(file)
    assert set(back.method) == {"NA"} and set(back.reason) == {"null"} and back["value"].dtype == float
    write_results(lines.assign(value=NAN), file)
    with pytest.raises(InputError, match="no score of any method"):
        read_prevalence(file)


# tables


def frame_of(*rows: tuple[str, str, str, str, int, float], metric: str = "auprc", subset: str = "all") -> pd.DataFrame:
    columns = ["test_network", "test_set", "method", "weights", "seed", "value"]
    return pd.DataFrame(rows, columns=columns).assign(metric=metric, subset=subset)


TABLE = pd.concat(
    [
        frame_of(
            ("STRING", "mDC", "MINE", "none", 0, 0.30), ("STRING", "mDC", "GDT", "trained", 0, 0.60),
            ("STRING", "mDC", "GDT", "trained", 1, 0.64), ("STRING", "mDC", "GDT", "random", 0, 0.50),
            ("STRING", "hHEP", "GDT", "trained", 0, 0.70), ("STRING", "hHEP", "GDT", "trained", 1, 0.90),
            ("STRING", "hHEP", "VVP", "trained", 0, 0.55), ("Non-specific ChIP", "mDC", "GDT", "trained", 0, 0.40),
            ("Non-specific ChIP", "mDC", "GDT", "trained", 1, NAN),
            ("Non-specific ChIP", "mDC", "VVP", "trained", 0, NAN),
            ("Non-specific ChIP", "mDC", "MINE", "none", 0, 0.20),
        ),
        frame_of(("STRING", "mDC", "GDT", "trained", 0, 0.99), metric="auroc"),
        frame_of(("STRING", "mDC", "GDT", "trained", 0, 0.98), subset="both_unseen"),
    ],
    ignore_index=True,
)  # fmt: skip


def test_a_wide_table_by_hand() -> None:
    assert list(ROW_KEYS) == list(PROTOCOLS) and ROW_KEYS[5] == ("train_network",)
    wide = wide_table(TABLE, 1)
    assert list(wide.columns) == ["test_network", "test_set", "VVP", "GDT", "GDT (random weights)", "MINE"]
    assert wide[["test_network", "test_set"]].to_numpy().tolist() == [
        ["STRING", "mDC"], ["STRING", "hHEP"], ["Non-specific ChIP", "mDC"], ["Avg", ""],
    ]  # fmt: skip
    expected = [[NAN, 0.62, 0.5, 0.3], [0.55, 0.8, NAN, NAN], [NAN, 0.4, NAN, 0.2]]
    np.testing.assert_allclose(wide.iloc[:3, 2:].to_numpy(float), expected)
    np.testing.assert_allclose(wide.iloc[3, 2:].to_numpy(float), [0.55, (0.62 + 0.8 + 0.4) / 3, 0.5, 0.25])
    assert list(wide.index) == [0, 1, 2, 3]
    shown = interval_table(TABLE, 1).iloc[:, 2:].to_numpy().tolist()
    assert shown[0] == ["", "0.620 [0.600, 0.640]", "0.500 (1 seed)", "0.300 (1 seed)"]
    assert shown[1][1] == "0.800 [0.700, 0.900]" and shown[2][1] == "0.400 (1 seed)" and shown[2][0] == ""
    seeds = [(0.60 + 0.70 + 0.40) / 3, (0.64 + 0.90 + 0.40) / 3]
    assert shown[3][1] == f"{1.82 / 3:.3f} [{seeds[0]:.3f}, {seeds[1]:.3f}]", "a row of one seed has its own mean"
    assert (with_seeds(0.5, 0.4, 0.6, 2), with_seeds(0.5, 0.5, 0.5, 1)) == ("0.500 [0.400, 0.600]", "0.500 (1 seed)")
    assert with_seeds(NAN, NAN, NAN, 3) == ""
    spread = seed_spread(TABLE[TABLE.metric == "auprc"].assign(column=TABLE["method"]), ["test_set"])
    assert list(spread.index.names) == ["test_set", "column"] and spread.loc[("hHEP", "GDT"), "seeds"] == 2
    words = string_beside_nonspecific(TABLE)
    assert words.endswith(
        "On STRING and on Non-specific ChIP: MINE 0.300 (1 seed) and 0.200 (1 seed); "
        "GDT 0.710 [0.650, 0.770] and 0.400 (1 seed)."
    )
    assert string_beside_nonspecific(TABLE[TABLE.weights == "random"]) == ""


# scores of a file


def text(*lines: str) -> bytes:
    return "\n".join(lines).encode()


def test_a_table_of_scores_and_what_of_it_is_no_score(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    titles = "source,target,human_source,human_target,score"
    read = read_score_table(text(titles, "Sox2,Nanog,SOX2,NANOG,50%", titles, 'Myc,Sox2,MYC,SOX2,"1,5"'), score="score")
    assert read.frame.to_numpy().tolist() == [["Sox2", "Nanog", 0.5], ["Myc", "Sox2", 1.5]]
    assert read.human == {"Sox2": "SOX2", "Myc": "MYC", "Nanog": "NANOG"} and list(read.frame.index) == [0, 1]
    assert read.said == "Source: column source, target: column target, score: column score."
    half = read_score_table(text("source,target,human_source,score", "Sox2,Nanog,SOX2,2", "Myc,Sox2,MYC,3"))
    assert half.human == {} and half.frame["score"].tolist() == [2, 3]
    told = read_score_table(text("source,target,score", "MYC,source,1", "target,MYC,2", "SOX2,target,3"))
    assert len(told.frame) == 3, "a gene of that name is no line of titles"
    untitled = read_score_table(text("source,target,,level", "MYC,SOX2,7,1", "SOX2,MYC,8,2"))
    assert untitled.frame["score"].tolist() == [1, 2], "the only number with a title"
    assert read_score_table(text("source,target,score,weight", "MYC,SOX2,7,1", "SOX2,MYC,8,2")).frame["score"][1] == 8
    bare = read_score_table(text("MYC,SOX2,7", "SOX2,MYC,8"))
    assert bare.frame["score"].tolist() == [7, 8]
    for lines, said in (
        (("source,target,score", "MYC,SOX2,1", "SOX2,MYC,inf", "MYC,TP53,x"), "Line 3 .* is .SOX2,MYC,inf"),
        (("source,target,score", "MYC,,1", "SOX2,MYC,2"), "Line 2 .* is .MYC,,1"),
        (("source,target,score", "MYC,SOX2,1", ",MYC,2"), "Line 3 .* is .,MYC,2"),
        (("source,target,score", "source,target,score"), "has titles and no line below them"),
        (("source,target", "MYC,SOX2"), "there is no other column"),
        (("source,target,a,b", "MYC,SOX2,1,2", "SOX2,MYC,3,4"), "cannot be told: .*a.*b"),
        (("words",), "no table of source, target and score: got .words"),
        ((), "no table of source, target and score, and is empty"),
        (("source,target,score", "MYC,SOX2,1", f"MYC,{'x' * 1001},2"), "a name of 1,001 characters"),
        (("source,target,score", "MYC,SOX2,1", f"{'x' * 1001},MYC,2"), "a name of 1,001 characters"),
    ):
        with pytest.raises(InputError, match=said):
            read_score_table(text(*lines), score="score" if said.startswith(("Line", "has")) else None)
    monkeypatch.setattr(given, "MAX_EDGE_BYTES", 40)
    fits = text("source,target,score", "MYC,SOX2,1") + b" " * 10
    assert len(fits) == 40 and len(read_score_table(gzip.compress(fits)).frame) == 1
    with pytest.raises(InputError, match="more than 40 bytes"):
        read_score_table(gzip.compress(fits + b" "))
    with pytest.raises(InputError, match="There is no file"):
        read_score_table(tmp_path / "none.csv")


def test_notes_count_what_was_lost_of_scores() -> None:
    vocabulary = Vocabulary(("POU5F1", "SOX2", "NANOG", "MYC"), range(4))
    rows = [("POU5F1", "SOX2", 1.0), ("POU5F1", "SOX2", 3.0), ("POU5F1", "SOX2", 3.0), ("XYZ9", "SOX2", 1.0)]
    rows += [("SOX2", "XYZ9", 1.0), ("MYC", "MYC", 1.0), ("NANOG", "NANOG", 1.0), ("SOX2", "NANOG", -1.0)]
    made = given_scores("MINE", {"mDC": pd.DataFrame(rows, columns=["source", "target", "score"])}, vocabulary)
    assert made.tables == {"mDC": {("POU5F1", "SOX2"): 3.0, ("SOX2", "NANOG"): -1.0}}
    assert made.notes[0] == (
        "MINE, mDC: 8 lines, scores of 2 pairs; 2 with a gene the model does not know are left out; 2 of a gene with "
        "itself are left out; of 1 pairs with several scores the highest is kept."
    )
    assert len(made.notes) == 2 and "XYZ9" in made.notes[1]
    plain = given_scores(
        "MINE", {EVERYWHERE: pd.DataFrame(rows[:1], columns=["source", "target", "score"])}, vocabulary
    )
    assert plain.notes == ("MINE: 1 lines, scores of 1 pairs.",)
    np.testing.assert_array_equal(made.of("mDC", [("SOX2", "NANOG"), ("NANOG", "SOX2")]), [-1, NAN])
    assert np.isnan(made.of("hESC", [("SOX2", "NANOG")])).all() and made.method().given is not None
    for name in ("a", "x" * 40, "A b"):
        given.check_name(name)


def test_scores_of_single_pairs_come_back_in_any_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = network_of()
    row = network.row
    facts = replace(run_facts_of(), max_pos=0, max_sources=0)
    sample = sample_pairs(network, neg_ratio=1, seed=0)
    file = tmp_path / "deep" / "er" / scores.scores_name("table_1", "Str hESC", "planted", "trained")
    values = np.arange(len(sample.pairs), dtype=float)
    for _ in range(2):  # the folder is there the second time
        write_scores(file, {row: sample.pairs}, {row: {"GDT": values, "VVP": -values}}, "this run")
    assert has_scores(file, "this run") is True and has_scores(tmp_path / "none", "this run") is False
    with pytest.raises(InputError, match="another run"):
        has_scores(file, "other run")
    order = np.random.default_rng(0).permutation(len(values))
    asked = [*(sample.pairs[i] for i in order), *((f"N{i}", "M") for i in range(40))]
    held = read_scores(file, row, asked)
    np.testing.assert_array_equal(held["GDT"][: len(order)], values[order])
    assert np.isnan(held["GDT"][len(order) :]).all() and set(held) == {"GDT", "VVP"}
    with pytest.raises(InputError, match="holds no scores of mDC"):
        read_scores(file, Row("STRING", "mDC"), asked)
    write_scores(tmp_path / "empty", {row: ()}, {row: {"GDT": np.array([])}}, "this run")
    assert np.isnan(read_scores(tmp_path / "empty", row, asked)["GDT"]).all()

    monkeypatch.setattr(scores, "load_network", lambda *_: network)
    split = PROTOCOLS[1].splits[0]
    vocabulary = Vocabulary(network.genes, range(len(network.genes)))
    assert score_files(facts, split, file.parent) == {"trained": file}
    assert score_files(replace(facts, max_sources=5), split, file.parent) == {}
    cut = file.parent / scores.scores_name("table_1 (5 sources)", split.label, "planted", "random")
    cut.write_bytes(file.read_bytes())
    assert score_files(replace(facts, max_sources=5), split, file.parent) == {"random": cut}
    joined = join_scores({"trained": file, "random": file}, facts, split, row, vocabulary)
    assert joined.pairs == sample.pairs and joined.prior == sample.labels.mean()
    alone = join_scores({"random": file}, facts, split, row, vocabulary).scores
    assert "GDT (random weights)" in alone and "GDT" not in alone
    np.testing.assert_array_equal(joined.scores["GDT"], values)
    np.testing.assert_array_equal(joined.scores["VVP (random weights)"], -values)
    np.testing.assert_array_equal(joined.scores["Edge look-up"], sample.labels)
    assert {"Gene degrees", "Target is listed", "Reverse is an edge"} < set(joined.scores)
    for files, few, said in (({"trained": file}, 7, "other pairs than hESC STRING"), ({}, 0, "no file")):
        if few:
            write_scores(file, {row: sample.pairs[few:]}, {row: {"GDT": values[few:]}}, "this run")
        with pytest.raises(InputError, match=said):
            join_scores(files, facts, split, row, vocabulary)
    part = sample_pairs(network, neg_ratio=1, seed=0, max_pos=4)
    write_scores(file, {row: part.pairs}, {row: {"GDT": np.arange(8.0)}}, "this run")
    assert join_scores({"trained": file}, replace(facts, max_pos=4), split, row, vocabulary).pairs == part.pairs


def test_both_directions_of_a_unit_are_joined_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    genes = tuple(f"G{i:03d}" for i in range(40))
    rng = np.random.default_rng(0)
    one_way = {tuple(sorted(map(str, rng.choice(genes, 2, replace=False)))) for _ in range(90)}
    edges = tuple(sorted({(s, t) for a, b in one_way for s, t in ((a, b), (b, a))}))
    network = Network(Row("STRING", "hESC"), "TFs+500", genes, genes, edges)
    sample = sample_pairs(network, sampler="exchanged")
    assert sample.units is not None and sample.n_neg > 10
    values = np.arange(len(sample.pairs), dtype=float)
    file = tmp_path / "x.safetensors"
    write_scores(file, {network.row: sample.pairs}, {network.row: {"GDT": values}}, "run")
    monkeypatch.setattr(scores, "load_network", lambda *_: network)
    facts = replace(run_facts_of(), sampler="exchanged")
    joined = join_scores({"trained": file}, facts, PROTOCOLS[1].splits[0], network.row, Vocabulary(genes, range(40)))
    assert joined.pairs == tuple(p for p in sample.pairs if p[0] < p[1])
    at = dict(zip(sample.pairs, values.tolist(), strict=True))
    means = [(at[s, t] + at[t, s]) / 2 for s, t in joined.pairs]
    np.testing.assert_array_equal(joined.scores["GDT"], means)
    truth = dict(zip(sample.pairs, sample.labels.tolist(), strict=True))
    assert joined.labels.tolist() == [truth[pair] for pair in joined.pairs] and joined.prior == 0.5
    with pytest.raises(InputError, match="one negative for each positive"):
        sample_pairs(network, sampler="exchanged", neg_ratio=2)


def run_facts_of() -> RunFacts:
    return RunFacts(
        1, "planted", ("trained",), "per_tf", "TFs+500", "pair", "fixed", 1.0, "0.5,2", 0, 0, 1, (1,), (), ()
    )


# features


def test_curves_are_found_by_pair_and_what_was_not_swept_is_a_key_error() -> None:
    number = {"A": 0, "B": 1, "C": 2}
    table = CurveTable(number, np.array([1, 3, 5]), None, np.array([[1.0], [2.0], [3.0]]))
    assert table.forward_and_reverse("slope", [("A", "B"), ("B", "A")]).tolist() == [[1, 2], [2, 1]]
    assert table.forward_and_reverse("slope", []).shape == (0, 2)
    for pair in (("A", "C"), ("C", "B"), ("B", "C")):
        with pytest.raises(KeyError):
            table.forward_and_reverse("slope", [pair])
    with pytest.raises(ValueError, match="no response"):
        table.forward_and_reverse("response", [("A", "B")])


def test_rows_of_two_places_go_back_where_they_were() -> None:
    sample = LabelledPairs((("A", "B"), ("B", "C"), ("C", "A"), ("A", "C")), np.zeros(4, int), ("x", "y", "x", "y"))
    asked = []

    def read(place: str, pairs: list[tuple[str, str]]) -> np.ndarray:
        asked.append((place, pairs))
        return np.array([[ord(s), ord(t), len(asked)] for s, t in pairs], float)

    found = _by_place(sample, sample.data_sets, read)
    assert found.tolist() == [[65, 66, 1], [66, 67, 2], [67, 65, 1], [65, 67, 2]] and found.dtype == np.float32
    assert asked == [("x", [("A", "B"), ("C", "A")]), ("y", [("B", "C"), ("A", "C")])]


def test_what_features_cost_and_how_far_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    sample = LabelledPairs((("A", "B"), ("B", "C"), ("A", "D")), np.zeros(3, int), ("mDC", "mDC", "mESC"))
    settings = SweepSettings(1.0, (0.5, 2.0))
    genes = {"mDC": tuple("ABCDE"), "mESC": tuple("ABD")}
    profile = Expression("mDC", genes["mDC"], np.ones((2, 5), np.float32))
    methods = [METHODS[name] for name in ("GDT", "Marginal-GDT", "Origin-Pert")]
    costs = {}
    for context in ("pair", "full"):
        around = FeatureContext(context, settings, genes, {"mDC": profile})
        steps = FeatureCache(PlantedBackbone(), around)._steps([sample], methods)
        costs[context] = [(s.place, s.cost) for s in steps]
        assert around.place("mDC") == ("" if context == "pair" else "mDC")
        assert around.cell(around.place("mDC")).kind == ("pair" if context == "pair" else "genes")
        assert not FeatureCache(PlantedBackbone(), around).missing(METHODS["Origin-Pert"], ["mDC"])
        assert "mESC, which" in FeatureCache(PlantedBackbone(), around).missing(METHODS["Origin-Pert"], ["mDC", "mESC"])
        assert len(FeatureCache(PlantedBackbone(), around)._steps([sample], methods[:1])) == len(steps) // 2
    assert costs["pair"] == [("", 6), ("", 2 * 32 * 4), ("mDC", 25 // 3)]
    assert costs["full"] == [("mDC", 9), ("mDC", 32 * 3), ("mESC", 4), ("mESC", 32 * 2), ("mDC", 25 // 3)]

    def told(_: object, progress: Progress, cancel: object) -> str:
        progress(0.0, "")
        progress(1.0, "")
        return "done"

    cache = FeatureCache(PlantedBackbone(), FeatureContext("pair", settings, genes, {}))
    kept: dict[str, str] = {}
    steps = [_Step(1, kept, "a", told), _Step(3, kept, "b", told)]
    monkeypatch.setattr(FeatureCache, "_steps", lambda *_: steps)
    shares: list[float] = []
    cache.prepare([], [], lambda share, _: shares.append(share))
    assert shares == [0, 0.25, 0.25, 1] and kept == {"a": "done", "b": "done"}
    with pytest.raises(ValueError, match="has no translator"):
        cache.features(METHODS["Origin-Pert"], sample)


# methods

W = PlantedBackbone().weights.numpy()
NEEDED = tuple(f"G{i:03d}" for i in (2, 40, 7))


def expression_of(values: np.ndarray, first: int = 0) -> Expression:
    return Expression("mDC", tuple(f"G{first + i:03d}" for i in range(values.shape[1])), values.astype(np.float32))


def test_probes_of_a_mean_profile_are_products_and_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """M(v) = W v: setting a gene to zero takes W[t, s] x_s; twenty-one genes are two groups of sources."""
    model = PlantedBackbone()
    values = np.random.default_rng(0).random((5, 20)) * (np.arange(20) != 3)
    profile = values.mean(0) * np.log(2)
    shares: list[float] = []
    with Store(tmp_path) as store:
        for computed in (True, False):
            if not computed:
                monkeypatch.setattr(model, "reconstruct", lambda *_: pytest.fail("computed again"))
                monkeypatch.setattr(model, "attention", lambda *_: pytest.fail("computed again"))
            found = expression_probes(
                model, expression_of(values), NEEDED, store, progress=lambda share, _: shares.append(share)
            )
            assert found.genes == (*(f"G{i:03d}" for i in range(20)), "G040")
            at = [*range(20), 40]
            x = np.array([*profile, 0.0])
            np.testing.assert_allclose(found.effects, x[:, None] * W[np.ix_(at, at)].T, rtol=1e-3, atol=1e-5)
            np.testing.assert_allclose(found.attention, W[np.ix_(at, at)], rtol=1e-6)
    assert shares == pytest.approx([16 / 21, 1.0] * 2)
    dropping = PlantedBackbone()
    dropping.card = replace(dropping.card, drop_zero_genes=True)
    some = expression_probes(dropping, expression_of(values), NEEDED).genes
    assert some == (*(f"G{i:03d}" for i in range(20) if i != 3), "G040"), "3 is nowhere expressed and nobody asks"
    assert "G003" in expression_probes(dropping, expression_of(values), ("G003",)).genes
    binned = mean_profile(expression_of(values), replace(model.card, unit="bins", n_bins=51))
    np.testing.assert_allclose(binned, np.mean([bin_values(row[None], 51)[0] for row in values], 0), rtol=1e-6)
    strange = replace(expression_of(values[:, :2]), genes=("G000", "NOT IN IT"))
    assert expression_probes(PlantedBackbone(), strange, ()).genes == ("G000",)


def test_a_gene_that_is_not_expressed_has_a_place_of_its_own_in_every_data_set(tmp_path: Path) -> None:
    model = PlantedBackbone()
    model.card = replace(model.card, unit="standard deviations")
    rng = np.random.default_rng(1)
    with Store(tmp_path) as store:
        for seed in range(2):
            values = rng.random((12, 18)) + seed
            off = zero_expression(expression_of(values), model.card)
            found = expression_probes(model, expression_of(values), ("G030",), store)
            at = [*range(18), 30]
            away = np.array([-off.get(g, 0.0) for g in found.genes])
            logs = values * np.log(2)
            np.testing.assert_allclose(away[:18], np.minimum(logs.mean(0) / logs.std(0), 3.125), rtol=1e-3)
            np.testing.assert_allclose(found.effects, away[:, None] * W[np.ix_(at, at)].T, rtol=1e-3, atol=1e-4)


def test_zeroing_says_how_far_it_is_and_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    model, genes = PlantedBackbone(), GENE_NAMES[:5]
    shares: list[float] = []
    cells = np.random.default_rng(0).random((4, 5))
    found = zeroing_effects(model, genes, cells, genes[:3], progress=lambda share, _: shares.append(share))
    assert shares == [0.25, 0.5, 0.75, 1.0]
    np.testing.assert_allclose(found, cells.mean(0)[:3, None] * W[:5, :3].T, rtol=1e-3, atol=1e-5)
    with pytest.raises(Cancelled):
        zeroing_effects(model, genes, cells, genes[:3], cancel=lambda: True)
    with pytest.raises(ValueError, match=r"5 genes, cells \(4, 4\)"):
        zeroing_effects(model, genes, cells[:, :4], genes[:3])
    assert perturbation_scores(found, genes[:3], genes, [(genes[0], genes[1])])[0] == found[0, 1]
    with pytest.raises(ValueError, match="sideways"):
        attention_scores(found, genes, [], "sideways")  # pyright: ignore[reportArgumentType]


def level_by_hand(level: GeneLevel, genes: Sequence[str], reference: list[int], factor: np.ndarray, kind: str) -> None:
    """Means of W over the reference without the gene itself, times what a virtual value makes of them."""
    i = [int(g[1:]) for g in genes]
    out = {s: np.mean([W[k, s] for k in reference if k != s]) for s in {*i, *reference}}
    into = {t: np.mean([W[t, k] for k in reference if k != t]) for t in {*i, *reference}}
    grand = np.mean([out[s] for s in reference])
    pairs = [(genes[0], genes[1]), (genes[2], genes[0])]
    for (s, t), row in zip(pairs, level.forward_and_reverse(kind, pairs), strict=True):
        s, t = int(s[1:]), int(t[1:])
        expected = np.r_[(out[s] + into[t] - grand) * factor, (out[t] + into[s] - grand) * factor]
        np.testing.assert_allclose(row, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.parametrize("background", ["fixed", "follow"])
def test_gene_level_is_of_the_reference_and_is_kept(
    alone: bool, background: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(marginal, "GENES_A_GROUP", 9)
    model, settings = PlantedBackbone(), SweepSettings(1.0, (0.5, 2.0, 3.0), background)  # pyright: ignore
    inside = GENE_NAMES if alone else GENE_NAMES[:45]
    reference = [int(g[1:]) for g in reference_genes(inside, 32)]
    outside = [i for i in range(45) if i not in reference]
    genes = [GENE_NAMES[i] for i in (outside[0], reference[3], outside[1])]
    context = Context() if alone else Context("genes", inside)
    shares: list[float] = []
    with Store(tmp_path) as store:
        for computed in (True, False):
            if not computed and alone:
                monkeypatch.setattr(marginal, "sweep_pairs", lambda *_, **__: pytest.fail("computed again"))
            level = gene_level(model, genes, context, settings, store, progress=lambda share, _: shares.append(share))
            assert len(level.number) == 34
            level_by_hand(level, genes, reference, np.ones(3), "slope")
            if background == "fixed":
                level_by_hand(level, genes, reference, np.array([-0.5, 1, 2]), "response")
            else:
                assert set(level.grand) == {"slope"}
    assert shares == pytest.approx([9 / 34, 18 / 34, 27 / 34, 1.0] * 2 if alone else [1.0] * 2)


def test_bands_of_axes_double_up_to_the_width(monkeypatch) -> None:
    assert [_ends(width) for width in (1, 2, 3, 4, 5, 8, 12)] == [
        [0, 1], [0, 1, 2], [0, 1, 2, 3], [0, 1, 2, 4], [0, 1, 2, 4, 5], [0, 1, 2, 4, 8], [0, 1, 2, 4, 8, 12],
    ]  # fmt: skip
    model = PlantedBackbone()
    short = PlantedBackbone(1)
    pairs = [(GENE_NAMES[0], GENE_NAMES[1])]
    whole = embedding_cosines(model, [*pairs, (GENE_NAMES[-1], GENE_NAMES[1])])
    monkeypatch.setattr(embedding_room, "GENES_AT_ONCE", 2)
    _along.clear()
    np.testing.assert_allclose(embedding_cosines(model, [*pairs, (GENE_NAMES[-1], GENE_NAMES[1])]), whole, atol=1e-6)
    for one in (model, short, model):  # the axes of the last model asked are kept
        table = one.weights[:, :5].numpy().astype(float)
        unit = table / np.linalg.norm(table, axis=1, keepdims=True)
        axes = np.linalg.svd(unit)[2]
        found = embedding_cosines(one, pairs)[0]
        assert found[0] == pytest.approx(unit[0] @ unit[1], abs=1e-6) and len(found) == 1 + 2 * 4
        assert found[1] == pytest.approx((unit[0] @ axes[0]) * (unit[1] @ axes[0]), abs=1e-6)
    little = PlantedBackbone(2)
    little.weights = little.weights * 1e-3
    assert embedding_cosines(little, pairs)[0, 0] == pytest.approx(embedding_cosines(PlantedBackbone(2), pairs)[0, 0])


def test_what_a_translator_reads_stands_in_order_and_its_usual_input_is_a_mean() -> None:
    class_ = Beside("numbers", lambda _, pairs: np.array([[len(s), ord(t)] for s, t in pairs], np.float32))
    reading = Reading(("response", "slope"), (class_,))
    pairs = [("A", "B"), ("AA", "D")]
    there, back = ({n: np.full((2, 3), v + k, np.float32) for k, n in enumerate(("response", "slope"))} for v in (1, 5))
    model = PlantedBackbone()
    found = reading.features(model, pairs, there, back)
    assert found.tolist() == [
        [1] * 3 + [5] * 3 + [2] * 3 + [6] * 3 + [1, 66],
        [1] * 3 + [5] * 3 + [2] * 3 + [6] * 3 + [2, 68],
    ]
    assert found.dtype == np.float32 and reading.reverse_columns(3) == [3, 4, 5, 9, 10, 11]
    usual = reading.usual(model, pairs, {"response": np.array([[1.0, 2, 3]]), "slope": np.array([[7.0, 8, 9]])})
    assert usual.tolist() == [[1, 2, 3, 1, 2, 3, 7, 8, 9, 7, 8, 9, 1.5, 67]]


def test_answers_and_shortcuts_on_a_few_pairs() -> None:
    known = KnownEdges(
        frozenset({("A", "B"), ("A", "C")}),
        frozenset({"C"}),
        frozenset({("B", "A"), ("C", "D"), ("C", "A")}),
        tuple("ABCD"),
    )
    pairs = [("A", "B"), ("B", "A"), ("C", "D"), ("A", "X"), ("D", "C")]
    drawn = pair_hashes(pairs) / 2.0**64

    def ranks(values: list[float]) -> list[float]:
        """The pair's rank among the different values, and its draw, over how many there are."""
        kinds = sorted(set(values))
        return [(kinds.index(v) + d) / len(kinds) for v, d in zip(values, drawn, strict=True)]

    assert edge_lookup(known, pairs).tolist() == [1, 0, 0, 0, 0]
    assert target_is_regulator(known, pairs).tolist() == [0, 0, 0, 0, 1]
    assert target_is_tf(known, [("A", "SOX2"), ("SOX2", "A")]).tolist() == [1, 0]
    assert gene_degrees(known, pairs[:2]).tolist() == pytest.approx([math.log(3) + math.log(2), 0])
    assert reverse_is_an_edge(known, pairs).tolist() == pytest.approx(ranks([1, 0, 0, 0, 1]))
    assert has_an_edge(known, pairs).tolist() == pytest.approx(ranks([1, 1, 1, 0, 1]))
    assert target_out_degree(known, pairs).tolist() == pytest.approx(ranks([1, 0, 0, 0, 2]))
    out, into = {"B": 1, "C": 2}, {"A": 2, "D": 1}
    degrees = [round(math.log1p(out.get(s, 0)) + math.log1p(into.get(t, 0)), 6) for s, t in pairs]
    assert degrees_of_the_test(known, pairs).tolist() == pytest.approx(ranks(degrees))
    assert has_an_edge(known, pairs[:1]).tolist() == pytest.approx(drawn[:1].tolist()), "one kind of pair"
    assert gene_degrees(known, []).shape == (0,) and has_an_edge(known, []).shape == (0,)
    assert gene_class(PlantedBackbone(), []).shape == (0, 2)


# neighbourhoods and gene-level effects


def neighbours(background: str = "fixed", **more: object) -> Neighbourhood:
    """SOX2 with four others at two virtual values; the last was not moved."""
    settings = SweepSettings(1.0, (0.5, 2.0), background)  # pyright: ignore[reportArgumentType]
    there = {
        "response": np.array([[1.0, -2], [0.25, 0], [-3, 3], [1, 2]]),
        "slope": np.array([[0.0, 0], [1, -2], [3, 1], [2, 2]]),
    }
    back = {name: np.vstack([-values[:3] / 2, np.full((1, 2), NAN)]) for name, values in there.items()}
    raw = {side: {n: v.astype(np.float32) for n, v in of.items()} for side, of in (("source", there), ("target", back))}
    request = NeighbourhoodRequest("SOX2", Context(), settings)
    return Neighbourhood(request, ("NANOG", "ALB", "GATA1", "KLF1"), raw, **({"specific": {}} | more))  # pyright: ignore


def test_a_neighbourhood_as_a_table_by_hand() -> None:
    found = neighbours()
    table = neighbour_table(found, "source")
    assert table["gene"].tolist() == list(found.others) and table["tf"].tolist() == [True, False, True, True]
    assert table["response"].tolist() == [-2, 0.25, -3, 2] and table["at"].tolist() == [2.0, 0.5, 0.5, 2.0]
    assert table["slope"].tolist() == [0, -2, 3, 2]
    assert table["slope_direction"].tolist() == ["flat", "falls", "rises", "rises"]
    for column in ("specific", "percentile", "score"):
        assert table[column].isna().all()
    for column in ("known", "novelty", "tag"):
        assert table[column].tolist() == [""] * 4
    back = neighbour_table(found, "target")
    assert back["gene"].tolist() == ["NANOG", "ALB", "GATA1"] and back["response"].tolist() == [1, -0.125, 1.5]
    follow = neighbour_table(neighbours("follow"), "source")
    assert follow["response"].tolist() == [0, -2, 3, 2] and follow["at"].tolist() == [0.5, 2.0, 0.5, 0.5]
    specific = {
        side: {"response": np.array([[0.1, -0.4], [NAN, NAN], [0.2, 0.2], [9, 1]])} for side in ("source", "target")
    }
    centred = neighbours(specific=specific, peaks=np.array([0.5, 0.2, 0.4, 0.1]))
    table = neighbour_table(centred, "source", scores=np.array([1 / 3, 2, NAN, -1]))
    assert table["specific"].tolist()[::2] == [-0.4, 0.2] and math.isnan(table["specific"][1])
    assert table["percentile"].tolist()[::2] == [50, 25] and table["percentile"][3] == 100
    assert math.isnan(table["percentile"][1]) and table["score"].tolist()[:2] == [0.333333, 2]
    assert peak(np.zeros((3, 0))).shape == (3,) and np.isnan(peak(np.zeros((3, 0)))).all()


def test_edges_of_every_gene_with_their_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(network: str, data_set: str, gene_set: str) -> SimpleNamespace:
        inside = {("STRING", "hESC"): [("A", "B"), ("B", "C")], ("LOF/GOF", "mESC"): [("A", "B")]}
        return SimpleNamespace(edges=inside.get((network, data_set), []))

    monkeypatch.setattr(table_room, "load_network", load)
    monkeypatch.setattr(table_room, "missing_networks", lambda: [])
    both = "hESC STRING, mESC LOF/GOF"
    assert table_room.edges_by_gene() == {
        "A": {("A", "B"): both}, "B": {("A", "B"): both, ("B", "C"): "hESC STRING"}, "C": {("B", "C"): "hESC STRING"},
    }  # fmt: skip
    monkeypatch.setattr(table_room, "missing_networks", lambda: ["x"])
    assert table_room.edges_by_gene() is None


def test_tags_of_neighbours_by_what_the_translator_saw() -> None:
    seen = {"card": SimpleNamespace(genes=("SOX2", "NANOG", "ALB")), "pair_hashes": pair_hashes([("SOX2", "NANOG")])}
    translator: Translator = SimpleNamespace(**seen)  # pyright: ignore[reportAssignmentType]
    known = {("SOX2", "ALB"): "hESC STRING"}
    for edges, tags in (
        (known, ["training pair", "known network", "model only", "model only"]),
        (None, ["training pair", "model only", "model only", "model only"]),
    ):
        table = neighbour_table(neighbours(), "source", translator=translator, known=edges)
        assert table["tag"].tolist() == tags and table["novelty"][0] == "pair seen"
        assert table["known"].tolist() == ["", "hESC STRING" if edges else "", "", ""]
    strange: Translator = SimpleNamespace(**(seen | {"card": SimpleNamespace(genes=("TP53",))}))  # pyright: ignore
    tags = neighbour_table(neighbours(), "source", translator=strange, known={})["tag"].tolist()
    assert tags == ["training pair", *["both genes unseen"] * 3]


def test_scores_of_neighbours_are_of_those_that_were_swept_both_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_room, "check_schema", lambda *_: None)
    monkeypatch.setattr(table_room, "feature_schema", lambda *_: None)

    def of(*parts: str, grid: tuple[float, ...] = (2.0,)) -> Translator:
        schema = SimpleNamespace(parts=parts, grid=grid, method=parts[0])
        summed = lambda features: sum(x @ (1.0 + np.arange(x.shape[1])) for x in features.values())  # noqa: E731
        return SimpleNamespace(card=SimpleNamespace(schema=schema, name="x"), logits=summed)  # pyright: ignore

    model, found = PlantedBackbone(), neighbours()
    forward, reverse = (translator_scores(of("VVP"), model, found, side) for side in SIDES)
    np.testing.assert_allclose(forward, [-2 + 2, 0, 3 - 3, NAN])
    np.testing.assert_allclose(reverse, [1 - 4, 0, -1.5 + 6, NAN])
    both = translator_scores(of("VVP", "GDT"), model, found, "source")
    np.testing.assert_allclose(both, [0, 0 + (-2 + 2), 0 + (1 - 1), NAN])
    turned = translator_scores(of("VVP", grid=(2.0, 0.5)), model, found, "source")
    np.testing.assert_allclose(turned[0], -2 + 2 + 3 * 1 + 4 * -0.5)
    nothing = replace(found, raw={**found.raw, "target": {n: np.full((4, 2), NAN) for n in ("response", "slope")}})
    assert np.isnan(translator_scores(of("VVP"), model, nothing, "source")).all()
    genes = GENE_NAMES[:3]
    plain = replace(found, others=genes[1:], request=replace(found.request, gene=genes[0]))
    emb = model.weights[:3, :5].numpy().astype(float)
    expected = (emb[0] + emb[1:]) @ np.arange(1, 6)
    np.testing.assert_allclose(translator_scores(of("Baseline-Emb"), model, plain, "source"), expected, rtol=1e-5)
    profile = Context("profile", ("SOX2", *found.others), (1.0,) * 5, "cells")
    with pytest.raises(InputError, match="one base value for all genes"):
        translator_scores(of("VVP"), model, replace(found, request=replace(found.request, context=profile)), "source")


def test_rows_are_filtered_by_class_list_and_name() -> None:
    table = neighbour_table(neighbours(), "source")
    named = FileNames("d", {"NANOG": "Nanog.1", "ALB": "Alb1"})
    for asked, expected in (
        ({}, ["NANOG", "ALB", "GATA1", "KLF1"]),
        ({"factors": True}, ["NANOG", "GATA1", "KLF1"]),
        ({"genes": []}, []),
        ({"genes": ["ALB", "GATA1"], "factors": True}, ["GATA1"]),
        ({"text": "  "}, ["NANOG", "ALB", "GATA1", "KLF1"]),
        ({"text": "nA"}, ["NANOG"]),
        ({"text": "a."}, []),
        ({"text": "g.1", "names": named}, ["NANOG"]),
        ({"text": "b1", "names": named}, ["ALB"]),
    ):
        assert filtered(table, **asked)["gene"].tolist() == expected, asked  # pyright: ignore[reportArgumentType]


def test_three_curves_are_put_in_order_and_more_of_them_as_near_as_can_be() -> None:
    three = np.array([[1.0, 0], [0, 1], [0.9, 0.1]])
    assert shape_order(three).tolist() in ([1, 2, 0], [0, 2, 1])
    curves = np.random.default_rng(3).standard_normal((14, 3))
    apart = squareform(pdist(shapes(curves)))

    def length(order: np.ndarray) -> float:
        return float(apart[order[:-1], order[1:]].sum())

    loose = leaves_list(linkage(pdist(shapes(curves)), "average"))
    assert length(shape_order(curves)) < length(loose) - 1e-6
    np.testing.assert_allclose(
        shapes(np.array([[3.0, 4, 0], [0, 0, 0], [1e-9, 0, 0]])), [[0.6, 0.8, 0], [0] * 3, [1, 0, 0]]
    )


def test_effects_of_genes_are_means_of_the_truth(monkeypatch: pytest.MonkeyPatch) -> None:
    """M(v) = W v: the response of s on t is W[t, s] (v - 1), its slope W[t, s]."""
    monkeypatch.setattr(effects, "GENES_A_BLOCK", 64)
    model, settings = PlantedBackbone(), SweepSettings(1.0, (0.5, 3.0))
    shares: list[float] = []
    found = gene_effects(model, settings, progress=lambda share, _: shares.append(share))
    reference = [int(g[1:]) for g in found.reference]
    assert len(reference) == 32 and found.genes == GENE_NAMES and shares[-1] == 1.0 and shares == sorted(shares)
    assert shares[0] < 0.25 and 0.75 in shares, "three blocks of genes, and the reference"
    for g in (0, reference[0], 149):
        others = [k for k in reference if k != g]
        moved, read = W[others, g].mean(), W[g, others].mean()
        np.testing.assert_allclose(found.as_source["response"][g], [-moved / 2, 2 * moved], rtol=1e-3, atol=1e-5)
        np.testing.assert_allclose(found.as_target["response"][g], [-read / 2, 2 * read], rtol=1e-3, atol=1e-5)
        np.testing.assert_allclose(found.as_source["slope"][g], moved, rtol=1e-3, atol=1e-5)
        np.testing.assert_allclose(found.as_target["slope"][g], read, rtol=1e-3, atol=1e-5)
    alone = reference_effects(model, settings, n_reference=32)
    np.testing.assert_allclose(np.sort(alone.peaks), np.sort(found.peaks), rtol=1e-4)
    for ours, theirs in ((alone.as_source, found.as_source), (alone.as_target, found.as_target)):
        for name, values in ours.items():
            np.testing.assert_allclose(values, theirs[name][reference], rtol=1e-3, atol=1e-5)
    matrix = W[np.ix_(reference, reference)].T[..., None] * np.array([-0.5, 2.0])
    np.testing.assert_allclose(np.sort(found.peaks), np.sort(random_pair_peaks(matrix)), rtol=1e-3)
    asked = estimate_effects(model, settings)
    assert asked.cached_share == 0 and asked.passes == 2 * 32 * 150 * 2
    assert asked.bytes == estimate(model, 3, asked.passes).bytes  # pyright: ignore[reportArgumentType]
