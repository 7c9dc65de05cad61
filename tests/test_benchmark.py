"""The benchmark: planted truths it must find, shuffled ones it must not, and a run that survives being killed."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score
from typer.testing import CliRunner

from tests.planted import CPU, GENE_NAMES, PlantedBackbone, planted_networks
from ugrn_core.backbones.backbone import random_twin
from ugrn_core.backbones.registry import load_backbone
from ugrn_core.backbones.toy import GENES, ToyBackbone
from ugrn_core.beeline.expression import Expression, find_expression, load_expression
from ugrn_core.beeline.networks import ROWS, Network, Row, load_network
from ugrn_core.benchmark import runner
from ugrn_core.benchmark.budget import budget
from ugrn_core.benchmark.features import sweep_table
from ugrn_core.benchmark.metrics import ranking_metrics
from ugrn_core.benchmark.request import BenchmarkRequest, Samples, cut_network
from ugrn_core.benchmark.results import COLUMNS, STATUSES, Parts, read_results, write_results
from ugrn_core.benchmark.run import Contestant, Run
from ugrn_core.benchmark.run_facts import benchmark_command, run_facts
from ugrn_core.benchmark.runner import run_benchmark
from ugrn_core.benchmark.scores import read_scores
from ugrn_core.benchmark.tables import AVERAGE, paper_table, wide_table
from ugrn_core.cli.app import app
from ugrn_core.cli.benchmark import contestants_of
from ugrn_core.corpus_vectors import corpus_vectors
from ugrn_core.errors import Cancelled, InputError
from ugrn_core.methods.catalogue import METHODS, PAPER_METHODS, trained_parts
from ugrn_core.methods.embedding import embedding_features, embedding_pair_features
from ugrn_core.methods.expression_probes import mean_profile, zero_expression
from ugrn_core.methods.marginal import REFERENCE, gene_level
from ugrn_core.methods.shortcuts import (
    KnownEdges,
    coexpression,
    edge_lookup,
    gene_degrees,
    partial_coexpression,
    target_is_regulator,
    target_is_tf,
)
from ugrn_core.pair_hashes import pair_hashes
from ugrn_core.pair_specific import reference_genes
from ugrn_core.paths import ASSETS, ROOT, beeline_folder
from ugrn_core.store import Store
from ugrn_core.translators.kinds import KINDS
from ugrn_core.translators.mlp import predict_logits
from ugrn_core.types import Context, SweepSettings

MakeFolder = Callable[..., Path]

REQUEST = BenchmarkRequest(1, max_pos=400, seeds=1, test_sets=("mDC", "mHSC-E"))


def make_run(
    tmp_path: Path,
    request: BenchmarkRequest = REQUEST,
    *,
    shuffle: bool = False,
    expression: Mapping[str, Expression] | None = None,
    store: Store | None = None,
    scores: Path | None = None,
    header: Mapping[str, object] | None = None,
) -> Run:
    networks = planted_networks(PlantedBackbone(), request.rows, shuffle)
    parts = Parts(tmp_path / "parts.jsonl", dict(header or request.header()))
    return Run(request, Samples(request, networks), expression or {}, parts, store, scores)


def contestants() -> list[Contestant]:
    return [Contestant(), Contestant(PlantedBackbone(), "trained")]


def mean(frame: pd.DataFrame, method: str, metric: str = "auroc", subset: str = "all") -> float:
    chosen = frame[(frame.method == method) & (frame.metric == metric) & (frame.subset == subset)]
    return float(chosen["value"].mean())


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    return run_benchmark(make_run(tmp_path_factory.mktemp("planted")), contestants())


# the whole frame


def test_frame_has_the_columns_of_the_design_and_a_row_for_everything(planted: pd.DataFrame) -> None:
    assert tuple(planted.columns) == COLUMNS
    assert len(planted) == 6 * len(METHODS) * 3 * 2, "6 tests, 3 subsets, 2 metrics"
    assert set(planted["status"]) <= set(STATUSES)
    without = planted["value"].isna()
    assert (planted.loc[without, "reason"] != "").all() and not planted.loc[without, "status"].isin(["ok"]).any()
    assert set(planted.loc[planted.method.isin(["Edge look-up", "Gene degrees"]), "backbone"]) == {"none"}
    assert not planted.duplicated(["method", "test_set", "test_network", "subset", "metric", "seed"]).any()


def test_planted_truth_is_found_on_genes_never_seen(planted: pd.DataFrame) -> None:
    for method in ("VVP", "GDT", "Ens"):
        assert mean(planted, method) > 0.95
        assert mean(planted, method, subset="both_unseen") > 0.95
    for control in ("Marginal-VVP", "Marginal-GDT", "Marginal-Ens", "Target is a TF"):
        assert mean(planted, control) < 0.7, "the truth is of pairs: the gene level hardly shows it"


def test_shuffled_labels_are_not_found(tmp_path: Path) -> None:
    shuffled = run_benchmark(make_run(tmp_path, shuffle=True), contestants())
    for method, record in METHODS.items():
        if record.family == "answers":
            continue  # they find whatever the labels are
        value = mean(shuffled, method)
        assert np.isnan(value) or abs(value - 0.5) < 0.05, method


def test_the_same_run_twice_gives_the_same_bytes(tmp_path: Path, planted: pd.DataFrame) -> None:
    again = run_benchmark(make_run(tmp_path), contestants())
    for name, frame in (("a.csv.gz", planted), ("b.csv.gz", again)):
        write_results(frame, tmp_path / name)
    assert (tmp_path / "a.csv.gz").read_bytes() == (tmp_path / "b.csv.gz").read_bytes()


def test_results_survive_the_disk(tmp_path: Path, planted: pd.DataFrame) -> None:
    write_results(planted, tmp_path / "r.csv")
    back = read_results(tmp_path / "r.csv")
    pd.testing.assert_frame_equal(back, planted, atol=1e-6, check_dtype=False)
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="not a frame of benchmark results"):
        read_results(tmp_path / "other.csv")


def test_small_subsets_have_no_score_but_their_counts(tmp_path: Path) -> None:
    frame = run_benchmark(make_run(tmp_path, replace(REQUEST, max_pos=60, methods=("GDT",))), contestants())
    unseen = frame[frame.subset == "both_unseen"]
    assert (unseen.status == "too_few").all() and unseen["value"].isna().all()
    assert (unseen.n_pos < 50).all() and unseen.reason.str.contains("fewer than 50").all()
    assert (frame[frame.subset == "all"].status == "ok").all()


# resuming


def stop_after(n: int):
    asked = iter(range(10_000))
    return lambda: next(asked) >= n


def test_a_killed_run_goes_on_from_what_it_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = run_benchmark(make_run(tmp_path), contestants())
    file = tmp_path / "parts.jsonl"
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(lines[:40]) + lines[40][: len(lines[40]) // 2])  # killed while it wrote
    trained: list[str] = []
    real = runner.Scored.scores
    monkeypatch.setattr(runner.Scored, "scores", lambda self, m: (trained.append(m.name), real(self, m))[1])
    again = run_benchmark(make_run(tmp_path), contestants())
    pd.testing.assert_frame_equal(again, whole)
    assert len(trained) == len(lines) - 40, "39 blocks were there; the one cut off and the rest were done again"


KILLED = """
import os, signal, sys
from pathlib import Path
from tests import test_benchmark as t

def append(self, key, rows, real=t.Parts.append):
    real(self, key, rows)
    if len(self.blocks) == 25:
        os.kill(os.getpid(), signal.SIGKILL)

t.Parts.append = append
t.run_benchmark(t.make_run(Path(sys.argv[1])), t.contestants())
"""


def test_a_run_killed_by_the_system_goes_on_with_the_block_it_was_at(
    tmp_path: Path, planted: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], cwd=ROOT, check=False, capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()[-500:]
    run = make_run(tmp_path)
    assert len(run.parts.blocks) == 25
    appended: list[object] = []
    real = Parts.append
    monkeypatch.setattr(Parts, "append", lambda self, key, rows: (appended.append(key), real(self, key, rows))[1])
    pd.testing.assert_frame_equal(run_benchmark(run, contestants()), planted)
    assert len(appended) == 6 * len(METHODS) - 25, "every block is done once"


def test_a_cancelled_run_keeps_its_blocks(tmp_path: Path) -> None:
    request = replace(REQUEST, seeds=3, methods=("Edge look-up", "GDT"))
    run = make_run(tmp_path, request)
    with pytest.raises(Cancelled):
        run_benchmark(run, contestants(), cancel=stop_after(5))
    kept = len(make_run(tmp_path, request).parts.blocks)
    assert 0 < kept < 6 * 2 * 3
    frame = run_benchmark(make_run(tmp_path, request), contestants())
    pd.testing.assert_frame_equal(frame, run_benchmark(make_run(tmp_path / "..", request), contestants()))


def test_parts_of_another_run_are_not_mixed_in(tmp_path: Path) -> None:
    make_run(tmp_path)
    with pytest.raises(InputError, match="differs in max_pos"):
        make_run(tmp_path, replace(REQUEST, max_pos=7))
    (tmp_path / "parts.jsonl").write_text("no json\n")
    with pytest.raises(InputError, match="not a parts file"):
        make_run(tmp_path)


def test_a_store_changes_nothing_and_spares_the_sweep(tmp_path: Path, planted: pd.DataFrame) -> None:
    backbone = PlantedBackbone()
    counted = [Contestant(), Contestant(backbone, "trained")]
    with Store(tmp_path / "store") as store:
        first = run_benchmark(make_run(tmp_path, store=store), counted)
        backbone.dual = lambda *_: pytest.fail("computed again")  # type: ignore[method-assign]
        (tmp_path / "again").mkdir()
        again = run_benchmark(make_run(tmp_path / "again", store=store), counted)
    pd.testing.assert_frame_equal(first, planted)
    pd.testing.assert_frame_equal(again, planted)


def test_budget_counts_what_is_left(tmp_path: Path) -> None:
    run = make_run(tmp_path, replace(REQUEST, methods=("Edge look-up", "VVP", "GDT", "Ens")))
    before = budget(run, contestants()[1])
    pairs = {p for s in run.samples.everything() for a, b in s.pairs for p in ((a, b), (b, a))}
    assert (before.pairs, before.passes, before.trainings, before.blocks) == (len(pairs), 4 * len(pairs), 2, 18)
    assert before.seconds > 0 and f"{len(pairs):,} directed pairs" in before.sentence()
    run_benchmark(run, contestants())
    assert budget(run, contestants()[1]).sentence() == "planted (trained): nothing left to do."


# methods


def test_registry_names_the_papers_methods_first() -> None:
    assert tuple(METHODS)[:7] == PAPER_METHODS
    for m in METHODS.values():
        given = (m.reading is not None, bool(m.members), m.from_expression is not None, m.shortcut is not None)
        assert sum(given) == 1, m.name
        assert all(p.reading is not None for p in trained_parts(m))


def test_shortcuts_by_hand() -> None:
    known = KnownEdges(frozenset({("A", "B"), ("A", "C"), ("B", "C")}), frozenset({"C"}))
    pairs = [("A", "B"), ("B", "A"), ("A", "C"), ("X", "SOX2")]
    assert edge_lookup(known, pairs).tolist() == [1, 0, 1, 0]
    assert gene_degrees(known, pairs) == pytest.approx(
        [np.log(3) + np.log(2), np.log(2), np.log(3) + np.log(3), 0.0], rel=1e-6
    )
    assert target_is_tf(known, pairs).tolist() == [0, 0, 0, 1]
    assert target_is_regulator(known, pairs).tolist() == [0, 0, 1, 0]


def test_gene_level_is_the_row_and_column_means_of_the_weights() -> None:
    """In the pair context of M(v) = W v the response is W[t, s] (v - b): its means are means of W."""
    backbone = PlantedBackbone()
    run_settings = SweepSettings(1.0, (0.5, 2.0))
    level = gene_level(backbone, GENE_NAMES[:5], Context(), run_settings)
    reference = [int(g[1:]) for g in reference_genes(GENE_NAMES, REFERENCE)]
    w = backbone.weights.numpy()
    grand = np.mean([w[t, s] for s in reference for t in reference if s != t])

    def by_hand(s: int, t: int) -> float:
        row = np.mean([w[k, s] for k in reference if k != s])
        column = np.mean([w[t, k] for k in reference if k != t])
        return row + column - grand

    s, t = 1, 3
    got = level.forward_and_reverse("response", [(GENE_NAMES[s], GENE_NAMES[t])])[0]
    expected = [by_hand(s, t) * -0.5, by_hand(s, t) * 1.0, by_hand(t, s) * -0.5, by_hand(t, s) * 1.0]
    np.testing.assert_allclose(got, expected, atol=1e-5)
    slope = level.forward_and_reverse("slope", [(GENE_NAMES[s], GENE_NAMES[t])])[0]
    np.testing.assert_allclose(slope, [by_hand(s, t)] * 2 + [by_hand(t, s)] * 2, atol=1e-5)


def test_gene_level_of_a_full_context_agrees_with_the_pair_context_where_the_model_is_linear() -> None:
    backbone = PlantedBackbone()
    cell = Context("genes", GENE_NAMES[:40])
    full = gene_level(backbone, GENE_NAMES[:40], cell, SweepSettings(1.0, (2.0,)))
    pairs = [(GENE_NAMES[3], GENE_NAMES[20])]
    at = [int(g[1:]) for g in reference_genes(cell.genes, REFERENCE)]
    w = backbone.weights.numpy()
    row = np.mean([w[k, 3] for k in at if k != 3])
    column = np.mean([w[20, k] for k in at if k != 20])
    grand = np.mean([w[t, s] for s in at for t in at if s != t])
    assert full.forward_and_reverse("slope", pairs)[0, 0] == pytest.approx(row + column - grand, abs=1e-5)


def test_curves_are_read_by_pair_in_both_directions() -> None:
    toy = ToyBackbone(2, CPU)
    table = sweep_table(toy, [("SOX2", "NANOG"), ("MYC", "TP53")], Context(), SweepSettings(1.0, (2.0, 3.0)))
    w = toy.weights.numpy()
    i = {g: k for k, g in enumerate(GENES)}
    got = table.forward_and_reverse("response", [("TP53", "MYC")])[0]
    there, back = w[i["MYC"], i["TP53"]], w[i["TP53"], i["MYC"]]
    np.testing.assert_allclose(got, [3 * there, 8 * there, 3 * back, 8 * back], rtol=1e-4)
    with pytest.raises(KeyError):
        table.forward_and_reverse("slope", [("SOX2", "MYC")])


def expression_of(data_set: str, rows: tuple[Row, ...]) -> Expression:
    networks = planted_networks(PlantedBackbone(), rows)
    genes = next(n.genes for r, n in networks.items() if r.data_set == data_set)
    values = np.random.default_rng(0).random((20, len(genes))).astype(np.float32)
    return Expression(data_set, genes, values)


def test_methods_with_expression_score_where_it_is_and_say_where_it_is_not(tmp_path: Path) -> None:
    here = {"mDC": expression_of("mDC", REQUEST.rows)}
    methods = ("Origin-Pert", "Origin-Attn", "Baseline-Pert")
    frame = run_benchmark(make_run(tmp_path, replace(REQUEST, methods=methods), expression=here), contestants())
    whole = frame[frame.subset == "all"]
    scored = whole[(whole.test_set == "mDC") & (whole.method != "Baseline-Pert")]
    assert (scored.status == "ok").all() and scored["value"].notna().all()
    elsewhere = whole[(whole.test_set == "mHSC-E")]
    assert (elsewhere.status == "missing").all()
    assert set(elsewhere.reason) == {"needs expression of mHSC-E, which is not here"}
    untrained = whole[(whole.test_set == "mDC") & (whole.method == "Baseline-Pert")]
    assert (untrained.reason == "training needs expression of hESC, which is not here").all()


def test_origin_scores_are_what_the_planted_model_says(tmp_path: Path) -> None:
    """M(x) - M(x with i at 0) is W[j, i] x_i: signed, so that its ranking is that of the product."""
    here = {"mDC": expression_of("mDC", REQUEST.rows)}
    run = make_run(tmp_path, replace(REQUEST, methods=("Origin-Pert",), test_sets=("mDC",)), expression=here)
    frame = run_benchmark(run, contestants())
    row = Row("STRING", "mDC")
    sample = run.samples.test(row, 1, 0)
    profile = dict(zip(here["mDC"].genes, mean_profile(here["mDC"], PlantedBackbone().card), strict=True))
    w = PlantedBackbone().weights.numpy()
    product = np.array([w[int(t[1:]), int(s[1:])] * profile[s] for s, t in sample.pairs])
    got = frame[(frame.test_network == "STRING") & (frame.subset == "all") & (frame.metric == "auroc")]
    assert got["value"].item() == pytest.approx(roc_auc_score(sample.labels, product), abs=2e-3)


def test_a_union_trains_on_the_sets_that_have_expression_and_says_so(tmp_path: Path) -> None:
    request = BenchmarkRequest(5, max_pos=100, seeds=1, test_sets=("mDC",), methods=("Baseline-Pert",))
    here = {"mDC": expression_of("mDC", request.rows)}
    frame = run_benchmark(make_run(tmp_path, request, expression=here), contestants())
    string = frame[(frame.train_network == "STRING") & (frame.subset == "all")]
    assert (string.status == "partial").all() and string.reason.str.startswith("trained on mDC only").all()
    assert set(string.test_network) == {"Non-specific ChIP", "Cell-type-specific ChIP"}
    lofgof = frame[(frame.train_network == "LOF/GOF") & (frame.subset == "all")]
    assert (lofgof.status == "missing").all(), "LOF/GOF has mESC alone"


def test_follow_has_slopes_and_no_responses(tmp_path: Path) -> None:
    request = replace(REQUEST, settings=SweepSettings(1.0, (0.5, 2.0), "follow"), methods=("VVP", "GDT", "Ens"))
    frame = run_benchmark(make_run(tmp_path, request), contestants())
    by_method = frame[frame.subset == "all"].groupby("method")["status"].agg(set)
    assert by_method["GDT"] == {"ok"} and by_method["VVP"] == {"missing"} == by_method["Ens"]


def test_full_context_takes_the_cell_of_each_data_set(tmp_path: Path) -> None:
    request = replace(REQUEST, context="full", methods=("GDT", "Marginal-GDT"))
    frame = run_benchmark(make_run(tmp_path, request), contestants())
    assert set(frame[frame.method == "GDT"].context) == {"full"}
    assert mean(frame, "GDT") > 0.95, "M(v) = W v has the same slope in every cell"


def test_max_sources_cuts_regulators_and_shows_in_the_protocol(tmp_path: Path) -> None:
    request = replace(REQUEST, max_sources=5)
    network = planted_networks(PlantedBackbone(), request.rows)[Row("STRING", "mDC")]
    cut = cut_network(network, PlantedBackbone().vocabulary, 5)
    assert len(cut.tfs) == 5 and set(cut.edges) == {e for e in network.edges if e[0] in cut.tfs}
    assert cut.genes == network.genes and cut == cut_network(network, PlantedBackbone().vocabulary, 5)
    assert request.protocol_name == "table_1 (5 sources)"


def test_requests_that_make_no_sense_are_refused() -> None:
    for wrong, words in (
        ({"table": 7}, "tables 1 to 6"),
        ({"sampler": "random"}, "per_tf"),
        ({"context": "cell"}, "pair and full"),
        ({"seeds": 0}, "seeds is 0"),
        ({"methods": ("GDR",)}, "GDR"),
        ({"test_sets": ("hESC",)}, "no test on hESC"),
    ):
        with pytest.raises(InputError, match=words):
            replace(REQUEST, **wrong)


# metrics, scores, tables


@given(
    st.lists(st.tuples(st.booleans(), st.integers(-3, 3)), min_size=2, max_size=60).filter(
        lambda rows: 0 < sum(y for y, _ in rows) < len(rows)
    )
)
@settings(max_examples=100, deadline=None)
def test_metrics_are_scikit_learns_and_ties_share_a_rank(rows: list[tuple[bool, int]]) -> None:
    labels = np.array([y for y, _ in rows], np.int8)
    scores = np.array([s for _, s in rows], np.float32)
    got = ranking_metrics(labels, scores)
    assert got["auprc"] == average_precision_score(labels, scores)
    assert got["auroc"] == pytest.approx(roc_auc_score(labels, scores))
    wins = [(a > b) + 0.5 * (a == b) for a in scores[labels == 1] for b in scores[labels == 0]]
    assert got["auroc"] == pytest.approx(np.mean(wins))
    shuffled = np.random.default_rng(0).permutation(len(rows))
    assert ranking_metrics(labels[shuffled], scores[shuffled]) == pytest.approx(got)


def test_metrics_of_one_class_are_nan_and_nan_scores_are_a_bug() -> None:
    assert np.isnan(ranking_metrics(np.ones(3, np.int8), np.arange(3.0))["auprc"])
    with pytest.raises(ValueError, match="not finite"):
        ranking_metrics(np.array([0, 1]), np.array([np.nan, 1]))


def test_scores_are_kept_by_pair_hash_and_join_again(tmp_path: Path) -> None:
    run = make_run(tmp_path, scores=tmp_path / "scores")
    frame = run_benchmark(run, contestants())
    row = Row("STRING", "mDC")
    sample = run.samples.test(row, 1, 0)
    files = sorted(f.name for f in (tmp_path / "scores").iterdir())
    assert files == ["table_1_Str_hESC_planted_trained.safetensors"], "the look-up of training edges is not kept"
    held = read_scores(tmp_path / "scores" / files[0], row, sample.pairs)
    printed = frame[(frame.method == "GDT") & (frame.test_set == "mDC") & (frame.test_network == "STRING")]
    value = printed[(printed.subset == "all") & (printed.metric == "auprc")]["value"].item()
    assert average_precision_score(sample.labels, held["GDT"]) == pytest.approx(value, abs=1e-6)
    assert np.isnan(read_scores(tmp_path / "scores" / files[0], row, [("A", "B")])["GDT"]).all()
    (tmp_path / "scores" / files[0]).unlink()
    run_benchmark(make_run(tmp_path, scores=tmp_path / "scores"), contestants())
    again = read_scores(tmp_path / "scores" / files[0], row, sample.pairs)
    np.testing.assert_array_equal(again["GDT"], held["GDT"])
    (tmp_path / "other").mkdir()
    other = make_run(tmp_path / "other", replace(REQUEST, sampler="uniform"), scores=tmp_path / "scores")
    with pytest.raises(InputError, match=r"scores of another run.*folder of its own"):
        run_benchmark(other, contestants())


def test_pair_hash_is_the_head_of_sha256() -> None:
    assert int(pair_hashes([("SOX2", "NANOG")])[0]) == int(hashlib.sha256(b"SOX2\tNANOG").hexdigest()[:16], 16)
    assert len(set(pair_hashes([("A", "B"), ("B", "A"), ("A", "BB")]))) == 3


def test_wide_table_is_the_mean_over_tests_and_seeds(planted: pd.DataFrame) -> None:
    wide = wide_table(planted, 1)
    assert list(wide.columns[:2]) == ["test_network", "test_set"] and wide.iloc[-1]["test_network"] == "Avg"
    one = planted[(planted.method == "GDT") & (planted.metric == "auprc") & (planted.subset == "all")]
    assert wide.iloc[-1]["GDT"] == pytest.approx(one["value"].mean())
    assert list(wide["test_set"])[:2] == ["mDC", "mHSC-E"]
    assert list(wide.columns[2:5]) == ["Origin-Pert", "Origin-Attn", "Baseline-Pert"]


def printed_averages(table: int) -> pd.DataFrame:
    """Printed and recomputed averages: ``block, method, printed, recomputed, gap``; no row for Table 4, which has none.

    A block is what one average stands for: a backbone in Table 1, a metric in Table 6, else the whole table.
    """
    frame = paper_table(table)
    methods = [m for m in PAPER_METHODS if m in frame]
    blocks = next((c for c in ("backbone", "metric") if c in frame), None)
    groups = [("table", frame)] if blocks is None else list(frame.groupby(blocks, sort=False))
    rows = []
    for name, group in groups:
        average = (group == AVERAGE).any(axis=1)
        for method in methods if average.any() else ():
            printed = float(group.loc[average, method].iloc[0])
            recomputed = float(group.loc[~average, method].mean())
            rows.append((name, method, printed, recomputed, abs(printed - recomputed)))
    return pd.DataFrame(rows, columns=["block", "method", "printed", "recomputed", "gap"])


@pytest.mark.parametrize(("table", "n_averages"), [(1, 14), (2, 7), (3, 7), (4, 0), (5, 7), (6, 10)])
def test_printed_averages_recompute(table: int, n_averages: int) -> None:
    averages = printed_averages(table)
    assert len(averages) == n_averages and (averages["gap"] <= 0.001).all(), "printed with three decimals"


def test_printed_tables_have_their_rows_and_agree_with_each_other() -> None:
    first, second = paper_table(1), paper_table(2)
    assert [tuple(r) for r in second[["network", "data_set"]].iloc[:-1].to_numpy()] == [tuple(r) for r in ROWS]
    own = first[(first.backbone == "scBenchmark") & (first.network == "Avg")]
    for method in PAPER_METHODS:
        assert own[method].item() == second.loc[0, method], "Str hESC of Table 2 is the average of Table 1"
    sixth = paper_table(6).set_index(["metric", "neg_ratio"])
    assert sixth.loc[("auprc", "1"), "Ens"] == own["Ens"].item()


def test_printed_origin_columns_of_table_4_name_the_tested_species() -> None:
    """Origin methods train nothing: their mean over Table 1's mouse rows is what Table 4 prints beside Mouse."""
    first = paper_table(1)
    mouse = first[(first.backbone == "scBenchmark") & first.data_set.str.startswith("m")]
    fourth = paper_table(4).set_index("species")
    for method in ("Origin-Pert", "Origin-Attn"):
        assert fourth.loc["mouse", method] == pytest.approx(mouse[method].mean(), abs=0.001)


# expression files, and the command


def test_expression_is_found_and_brought_to_units(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "STRING Dataset" / "mDC" / "TFs+500"
    folder.mkdir(parents=True)
    (folder / "BL--ExpressionData.csv").write_text(",c1,c2\nB,1,3\nA,0,2\nX,9,9\n")
    monkeypatch.setenv("UGRN_DATA_DIR", str(tmp_path))
    file = find_expression("mDC", "TFs+500")
    assert file is not None and find_expression("hESC", "TFs+500") is None
    network = Network(Row("STRING", "mDC"), "TFs+500", ("A", "B", "C"), (), ())
    expression = load_expression(file, network)
    assert expression.genes == ("A", "B") and expression.values.tolist() == [[0, 1], [2, 3]]
    card = PlantedBackbone().card
    np.testing.assert_allclose(mean_profile(expression, card), np.log(2) * np.array([1.0, 2.0]), rtol=1e-6)
    binned = mean_profile(expression, replace(card, unit="bins", n_bins=51))
    assert binned[0] < binned[1] <= 50
    deviations = replace(card, unit="standard deviations")
    many = replace(expression, values=np.arange(20, dtype=np.float32).reshape(10, 2) % 7)
    logs = many.values * np.log(2)
    assert mean_profile(many, deviations).tolist() == [0, 0] and not zero_expression(many, card)
    zeros = zero_expression(many, deviations)
    np.testing.assert_allclose([zeros["A"], zeros["B"]], -logs.mean(0) / logs.std(0), rtol=1e-5)
    with pytest.raises(InputError, match="2 cells are too few"):
        zero_expression(expression, deviations)
    with pytest.raises(InputError, match="in bins, log1p or standard deviations only"):
        mean_profile(expression, replace(card, unit="toy units"))
    file.write_text(",c1\nA,-1\n")
    with pytest.raises(InputError, match="negative"):
        load_expression(file, network)


@pytest.mark.skipif(beeline_folder() is None, reason="UGRN_DATA_DIR names no folder with BEELINE networks")
@pytest.mark.parametrize("layout", ["make_scgpt", "make_scbenchmark"])
def test_the_command_runs_a_table_on_an_official_layout(
    layout: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UGRN_CACHE_DIR", str(tmp_path / "cache"))
    make: MakeFolder = request.getfixturevalue(layout)
    folder = make()
    genes = sorted({g for r in ("hESC", "mDC") for g in _real_genes(r)})[:60]
    out = tmp_path / "t.csv"
    widen_vocabulary(folder, genes)
    cut = ["--test-sets", "mDC", "--seeds", "1", "--max-pos", "20", "--threads", "1"]
    result = CliRunner().invoke(app, ["benchmark", "--table", "1", *cut, "--backbone", str(folder), "--out", str(out)])
    assert result.exit_code == 0, result.output
    frame = read_results(out)
    assert set(frame.method) == set(METHODS) and not (tmp_path / "t.csv.parts").exists()
    assert "directed pairs" in result.output and "Avg" in result.output
    assert set(frame[frame.backbone != "none"].weights) == {"trained", "random"}
    scored = frame[(frame.status == "ok") & frame["value"].notna()]
    for weights in ("trained", "random"):
        assert {"Baseline-Emb", "VVP", "GDT", "Ens", "Marginal-Ens"} <= set(scored[scored.weights == weights].method)
    assert frame.reason.str.startswith("no edge of mDC").any(), "20 genes leave a network without an edge"
    wrong = CliRunner().invoke(app, ["benchmark", "--table", "1", "--out", str(tmp_path / "t.txt")])
    assert wrong.exit_code == 2 and "ends in .csv" in wrong.output


def _real_genes(data_set: str) -> tuple[str, ...]:
    network = load_network("STRING", data_set)
    return tuple(dict.fromkeys(g for e in network.edges for g in e))[:60]


def widen_vocabulary(folder: Path, genes: list[str]) -> None:
    """Give a tiny checkpoint other genes: the names change, the tensors stay."""
    tokens = json.loads((folder / "vocab.json").read_text())
    own = [t for t in tokens if not t.startswith("<")]
    renamed = dict(zip(own, genes, strict=False))
    (folder / "vocab.json").write_text(json.dumps({renamed.get(t, t): i for t, i in tokens.items()}))


def test_emb_pair_finds_what_a_sum_cannot() -> None:
    """An edge where the embeddings agree: the sum of both says nothing of that to a line, product and difference do."""
    backbone = PlantedBackbone()
    rng = np.random.default_rng(0)
    pairs = [(GENE_NAMES[a], GENE_NAMES[b]) for a, b in (rng.choice(150, 2, replace=False) for _ in range(600))]
    table = backbone.weights[:, :5].numpy()
    source, target = (table[[int(g[1:]) for g in genes]] for genes in zip(*pairs, strict=True))
    np.testing.assert_array_equal(embedding_features(backbone, pairs), source + target)
    np.testing.assert_array_equal(
        embedding_pair_features(backbone, pairs), np.hstack([source * target, abs(source - target)])
    )
    labels = ((source * target).sum(1) > 0).astype(np.int8)
    scores = {}
    for features in (embedding_features, embedding_pair_features):
        net, _ = KINDS["logistic"].train(features(backbone, pairs[:400]), labels[:400], seed=0)
        logits = predict_logits(net, features(backbone, pairs[400:]))
        scores[features.__name__] = roc_auc_score(labels[400:], logits)
    assert scores["embedding_pair_features"] > 0.95 and scores["embedding_features"] < 0.6


def test_a_random_transformer_over_the_trained_embeddings_is_a_contestant_with_a_line_of_its_own() -> None:
    model = load_backbone("ugrn-mini-2", "cpu")
    none, half = contestants_of(model, "random_transformer")
    assert (none.name, half.name, half.weights) == ("none", "ugrn-mini-2-random-transformer", "random")
    assert half.backbone is not None and half.backbone.card.objective == "random"
    ids = torch.arange(4)
    assert torch.equal(half.backbone.gene_embeddings(ids), model.gene_embeddings(ids))
    facts = replace(run_facts(read_results(ASSETS / "benchmark" / "ugrn-mini-2_table_1.csv.gz")), backbone=half.name)
    line = benchmark_command(replace(facts, weights=("random",)), "x.csv")
    assert "--backbone ugrn-mini-2 " in line and "--weights random_transformer" in line
    with pytest.raises(InputError, match="random_transformer or none"):
        contestants_of(model, "half")


def test_coexpression_is_the_cosine_and_its_partial_correlation_an_inverse() -> None:
    genes = ("SOX2", "POU5F1", "NANOG", "KLF1", "NO GENE")
    pairs = [("SOX2", "POU5F1"), ("POU5F1", "SOX2"), ("NANOG", "KLF1"), ("SOX2", "NO GENE")]
    known = KnownEdges(frozenset(), frozenset(), genes=genes)
    v = corpus_vectors().of(genes).astype(np.float64)
    np.testing.assert_allclose(coexpression(known, pairs), [v[0] @ v[1], v[1] @ v[0], v[2] @ v[3], 0], atol=1e-6)
    precision = np.linalg.inv(0.9 * v @ v.T + 0.1 * np.eye(5))
    by_hand = -precision[0, 1] / np.sqrt(precision[0, 0] * precision[1, 1])
    got = partial_coexpression(known, pairs)
    assert got[0] == pytest.approx(by_hand, abs=1e-6) and got[0] == got[1] and got[3] == 0
    alone = partial_coexpression(KnownEdges(frozenset(), frozenset(), genes=genes[:2]), pairs[:1])
    assert np.sign(alone[0]) == np.sign(v[0] @ v[1]), "of two genes alone it is the cosine, shrunk"


def test_a_run_with_the_linear_translator_says_so_and_finds_the_planted_truth(tmp_path: Path) -> None:
    frame = run_benchmark(
        make_run(tmp_path, replace(REQUEST, methods=("GDT", "Edge look-up"), translator="logistic")), contestants()
    )
    assert frame.groupby("method")["translator"].unique().map(list).to_dict() == {
        "GDT": ["logistic"],
        "Edge look-up": ["none"],
    }
    assert mean(frame, "GDT") > 0.95
    facts = run_facts(frame)
    assert facts.translator == "logistic" and "logistic translator" in facts.label
    assert "--translator logistic" in benchmark_command(facts, "x.csv")
    with pytest.raises(InputError, match="mlp, logistic, dropout"):
        replace(REQUEST, translator="forest")


def test_the_frame_says_what_weights_were_made_by(planted: pd.DataFrame) -> None:
    said = planted[["backbone", "weights", "objective"]].drop_duplicates().to_numpy().tolist()
    assert said == [["none", "none", "none"], ["planted", "trained", "reconstructed"]]
    assert set(planted.loc[planted.method.isin(["VVP", "Baseline-Emb", "Emb-pair"]), "translator"]) == {"mlp"}
    assert set(planted.loc[planted.method.isin(["Origin-Pert", "Co-expression", "Edge look-up"]), "translator"]) == {
        "none"
    }
    twin = random_twin(load_backbone("ugrn-mini"))  # pyright: ignore[reportArgumentType]
    assert (load_backbone("ugrn-mini").card.objective, twin.card.objective) == ("reconstructed", "random")
