"""Anybody's scores in the tables: on the same pairs as everybody's, with what they leave out said beside them."""

from __future__ import annotations

import gzip
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score
from typer.testing import CliRunner

from tests.planted import GENE_NAMES, PlantedBackbone, planted_networks
from ugrn_core.beeline.networks import Row
from ugrn_core.benchmark.given import EVERYWHERE, GivenScores, check_name, given_scores, read_score_table
from ugrn_core.benchmark.request import BenchmarkRequest, Samples
from ugrn_core.benchmark.results import LATER, Parts, put_beside, read_results, write_results
from ugrn_core.benchmark.run import Contestant, Run
from ugrn_core.benchmark.run_facts import benchmark_command, run_facts
from ugrn_core.benchmark.runner import run_benchmark
from ugrn_core.benchmark.tables import string_beside_nonspecific, wide_table
from ugrn_core.cli.app import app
from ugrn_core.errors import GeneError, InputError
from ugrn_core.genes.pair_list import PairColumns
from ugrn_core.paths import beeline_folder
from ugrn_core.types import Vocabulary

REQUEST = BenchmarkRequest(
    1, max_pos=300, seeds=2, test_sets=("mDC", "mESC"), methods=("Gene degrees", "Target is listed")
)
STRING = Row("STRING", "mDC")
TRUTH = PlantedBackbone().weights.numpy()


def truth(pairs) -> np.ndarray:
    return np.array([TRUTH[GENE_NAMES.index(t), GENE_NAMES.index(s)] for s, t in pairs], float)


def everything() -> dict[tuple[str, str], float]:
    pairs = [(s, t) for s in GENE_NAMES for t in GENE_NAMES if s != t]
    return dict(zip(pairs, truth(pairs).tolist(), strict=True))


def run_of(folder: Path, *given: GivenScores, request: BenchmarkRequest = REQUEST) -> Run:
    networks = planted_networks(PlantedBackbone(), request.rows)
    parts = Parts(folder / "parts", request.header() | {"scores": [g.digest for g in given]})
    return Run(request, Samples(request, networks), {}, parts, given=given)


def results(folder: Path, *given: GivenScores, request: BenchmarkRequest = REQUEST) -> pd.DataFrame:
    folder.mkdir(exist_ok=True)
    return run_benchmark(run_of(folder, *given, request=request), [Contestant()])


def value(frame: pd.DataFrame, method: str, metric: str = "auprc", subset: str = "all", row: Row = STRING) -> float:
    chosen = frame[
        (frame.method == method) & (frame.metric == metric) & (frame.subset == subset) & (frame.seed == 0)
        & (frame.test_set == row.data_set) & (frame.test_network == row.network)
    ]  # fmt: skip
    return float(chosen["value"].item())


def test_given_scores_are_ranked_on_the_pairs_of_everybody(tmp_path: Path) -> None:
    frame = results(tmp_path, GivenScores("MINE", {EVERYWHERE: everything()}))
    sample = run_of(tmp_path, GivenScores("MINE", {EVERYWHERE: everything()})).samples.test(STRING, 1, 0)
    assert value(frame, "MINE") == average_precision_score(sample.labels, truth(sample.pairs)) == 1
    assert value(frame, "MINE", subset="one_unseen") == 1, "unseen genes stand beside it as for every method"
    mine = frame[frame.method == "MINE"]
    assert set(mine.backbone) == {"none"} == set(mine.translator) and (mine.coverage == 1).all()
    counts = ["test_set", "test_network", "seed", "subset", "metric", "n_pos", "n_neg", "prior"]
    listed = frame[frame.method == "Gene degrees"]
    assert mine[counts].to_numpy().tolist() == listed[counts].to_numpy().tolist()
    assert list(wide_table(frame, 1).columns[2:]) == ["Gene degrees", "Target is listed", "MINE"]


def test_pairs_without_a_score_stand_last_and_the_share_of_the_others_is_said(tmp_path: Path) -> None:
    """The oracle: fill in what is lower than everything, and ask scikit-learn."""
    half = {p: v for p, v in everything().items() if GENE_NAMES.index(p[0]) % 2}
    frame = results(tmp_path, GivenScores("MINE", {EVERYWHERE: half}))
    sample = run_of(tmp_path, GivenScores("MINE", {EVERYWHERE: half})).samples.test(STRING, 1, 0)
    there = np.array([p in half for p in sample.pairs])
    filled = np.where(there, truth(sample.pairs), -1e9)
    assert value(frame, "MINE") == pytest.approx(average_precision_score(sample.labels, filled))
    assert value(frame, "MINE", "auroc") == pytest.approx(roc_auc_score(sample.labels, filled))
    row = frame[(frame.method == "MINE") & (frame.test_set == "mDC") & (frame.test_network == "STRING")].iloc[0]
    assert row.coverage == pytest.approx(there.mean()) and row.status == "partial"
    assert row.reason == f"{there.mean():.1%} of the pairs have a score; the rest stand last"


def test_one_file_a_data_set_or_one_for_all(tmp_path: Path) -> None:
    own = GivenScores("MINE", {"mDC": everything(), EVERYWHERE: {p: -v for p, v in everything().items()}})
    frame = results(tmp_path / "a", own)
    assert value(frame, "MINE", "auroc") == 1 and value(frame, "MINE", "auroc", row=Row("STRING", "mESC")) == 0
    alone = results(tmp_path / "b", GivenScores("MINE", {"mDC": everything()}))
    elsewhere = alone[(alone.method == "MINE") & (alone.test_set == "mESC")]
    assert set(elsewhere.status) == {"missing"} and elsewhere["value"].isna().all() and (elsewhere.coverage == 0).all()
    assert set(elsewhere.reason) == {"no score of any of these pairs was given"}


VOCABULARY = Vocabulary(("POU5F1", "SOX2", "NANOG", "MYC"), range(4))


def table(*rows: tuple[str, str, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["source", "target", "score"])


def test_names_are_matched_and_what_was_lost_is_said() -> None:
    lines = table(
        ("Oct4", "SOX2", 1), ("OCT4", "NANOG", -2), ("XYZ9", "SOX2", 5), ("MYC", "MYC", 1), ("OCT4", "SOX2", 3)
    )
    made = given_scores("MINE", {EVERYWHERE: lines}, VOCABULARY)
    assert made.tables[EVERYWHERE] == {("POU5F1", "SOX2"): 3, ("POU5F1", "NANOG"): -2}
    said = " ".join(made.notes)
    for words in ("scores of 2 pairs", "1 with a gene", "1 of a gene with itself", "of 1 pairs with several scores"):
        assert words in said
    both = given_scores("MINE", {"mDC": lines}, VOCABULARY, undirected=True).tables["mDC"]
    assert both[("SOX2", "POU5F1")] == 3 and len(both) == 4
    with pytest.raises(GeneError):
        given_scores("MINE", {EVERYWHERE: table(("A", "B", 1))}, VOCABULARY)
    with pytest.raises(InputError, match="data sets are hESC"):
        given_scores("MINE", {"mars": lines}, VOCABULARY)


@pytest.mark.parametrize(
    "name", ["VVP", "vvp", "gene degrees", "none", "", " x", "a\nb", "a|b", "=1+1", "x" * 41, "<b>"]
)
def test_names_that_are_taken_or_none_are_refused(name: str) -> None:
    with pytest.raises(InputError):
        check_name(name)


def test_a_digest_is_of_the_scores_and_not_of_their_order() -> None:
    a = GivenScores("M", {"mDC": {("A", "B"): 1.0, ("B", "C"): 2.0}})
    assert a.digest == GivenScores("M", {"mDC": {("B", "C"): 2.0, ("A", "B"): 1.0}}).digest
    assert a.digest != GivenScores("M", {"mDC": {("A", "B"): 1.0, ("B", "C"): 2.5}}).digest
    assert a.digest != GivenScores("M", {EVERYWHERE: {("A", "B"): 1.0, ("B", "C"): 2.0}}).digest


# frames


def test_rows_stand_beside_a_run_of_the_same_pairs_and_no_other(tmp_path: Path) -> None:
    ours = results(tmp_path / "a")
    mine = results(tmp_path / "b", GivenScores("MINE", {EVERYWHERE: everything()}))
    joined, note = put_beside(ours, mine)
    assert len(joined) == len(mine) and set(joined.method) - set(ours.method) == {"MINE"} and not note
    other = results(
        tmp_path / "c", GivenScores("MINE", {EVERYWHERE: everything()}), request=replace(REQUEST, max_pos=50)
    )
    same, note = put_beside(ours, other)
    assert "MINE" not in set(same.method) and "MINE" in note and "other pairs" in note
    bare = mine[mine.method == "MINE"]
    assert "MINE" not in set(put_beside(ours, bare)[0].method), "nothing says that its pairs are the same"


def test_frames_of_before_are_read_with_what_was_true_of_them(tmp_path: Path) -> None:
    frame = results(tmp_path)
    write_results(frame.drop(columns=list(LATER)), tmp_path / "old.csv")
    pd.testing.assert_frame_equal(read_results(tmp_path / "old.csv"), frame, atol=1e-6, check_dtype=False)


def test_the_command_of_a_run_of_scores(tmp_path: Path) -> None:
    facts = run_facts(results(tmp_path, GivenScores("MINE", {EVERYWHERE: everything()})))
    line = benchmark_command(facts, "out.csv")
    assert facts.given == ("MINE",) and "--scores MINE.csv --name MINE" in line and "--weights none" in line


def test_string_is_said_beside_nonspecific_chip(tmp_path: Path) -> None:
    frame = results(tmp_path, GivenScores("MINE", {EVERYWHERE: everything()}))
    means = frame[(frame.method == "MINE") & (frame.metric == "auprc") & (frame.subset == "all")]
    by = [means[means.test_network == n].groupby("seed")["value"].mean() for n in ("STRING", "Non-specific ChIP")]
    said = string_beside_nonspecific(frame)
    assert "partly by construction" in said
    shown = [f"{m.mean():.3f} [{m.min():.3f}, {m.max():.3f}]" for m in by]
    assert f"MINE {shown[0]} and {shown[1]}" in said
    words = frame.astype({"method": "category", "weights": "category", "test_network": "category"})
    assert string_beside_nonspecific(words) == said, "as the page holds it"
    assert string_beside_nonspecific(frame[frame.test_network == "STRING"]) == ""


# files and the command


@pytest.mark.parametrize(
    "text",
    [
        "source,target,score\nPOU5F1,SOX2,0.5\nMYC,NANOG,-1e-3\n",
        "TF\ttarget\timportance\nPOU5F1\tSOX2\t0.5\nMYC\tNANOG\t-0.001\n",
        "Gene1,Gene2,EdgeWeight\r\nPOU5F1,SOX2,0.5\r\nMYC,NANOG,-0.001\r\n",
        "POU5F1\tSOX2\t0.5\nMYC\tNANOG\t-0.001\n",
        "\ufeffscore;target;source\n0.5;SOX2;POU5F1\n-0.001;NANOG;MYC\n",
    ],
)
def test_scores_are_read_in_the_forms_that_methods_write(text: str) -> None:
    got = read_score_table(text.encode()).frame
    assert got.to_numpy().tolist() == [["POU5F1", "SOX2", 0.5], ["MYC", "NANOG", -0.001]]


@pytest.mark.parametrize(
    ("text", "scores"),
    [
        ("source\ttarget\tscore\nSOX2\tMYC\t1,234\nMYC\tSOX2\t0,5\n", [1.234, 0.5]),
        ("source\ttarget\tscore\nSOX2\tMYC\t0,234\nMYC\tSOX2\t12,345\n", [0.234, 12.345]),
        ("source\ttarget\tscore\nSOX2\tMYC\t1,234\nMYC\tSOX2\t950\n", None),
        ('source,target,score\nSOX2,MYC,"1,234"\nMYC,SOX2,12\n', None),
    ],
)
def test_commas_are_of_decimals_where_the_others_say_so_and_else_refused(text: str, scores: list[float] | None) -> None:
    """Excel writes 1,234 beside 950 into a tab delimited text: the best edge would become the worst."""
    if scores is not None:
        assert read_score_table(text.encode()).frame["score"].tolist() == scores
        return
    with pytest.raises(InputError, match=r"holds '1,234', which may be 1234 or 1\.234"):
        read_score_table(text.encode())


def test_the_column_of_the_scores_can_be_named_and_files_may_be_packed(tmp_path: Path) -> None:
    text = "tf,gene,rank,importance\nPOU5F1,SOX2,1,0.5\nMYC,NANOG,2,0.25\n"
    file = tmp_path / "a.csv.gz"
    file.write_bytes(gzip.compress(text.encode()))
    read = read_score_table(file)
    assert read.frame["score"].tolist() == [0.5, 0.25] and "score: column importance" in read.said
    assert read_score_table(file, score="rank").frame["score"].tolist() == [1, 2]
    with pytest.raises(InputError, match="holds the names"):
        read_score_table(file, score="tf")
    with pytest.raises(InputError, match="cannot be told"):
        read_score_table(text.replace("importance", "level").encode())
    file.write_bytes(gzip.compress(text.encode())[:-9])
    with pytest.raises(InputError, match="cannot be read"):
        read_score_table(file)


@pytest.mark.parametrize(
    "text",
    ["", "a,b\n1,2\n", "source,target,score\nA,B,x\n", "source,target,score\nA,B,inf\n", "source,target,score\nA,B\n",
     "source,target\nA,B\n", "\0\1\2", "source,target,score\n"],
)  # fmt: skip
def test_what_is_no_table_of_scores_is_an_error_that_says_so(text: str) -> None:
    with pytest.raises(InputError):
        read_score_table(text.encode())


def ugrn(*words: object):
    return CliRunner().invoke(app, ["benchmark", *map(str, words)])


def test_columns_that_cannot_be_told_are_named_by_options_that_there_are(tmp_path: Path) -> None:
    file = tmp_path / "three.csv"
    file.write_text("POU5F1,SOX2,MYC,0.5\nMYC,NANOG,KLF4,0.25\n")
    words = ("--table", 1, "--out", tmp_path / "t.csv", "--scores", file, "--name", "MINE")
    result = ugrn(*words)
    assert result.exit_code == 2 and "cannot be told" in result.output, result.output
    options = re.findall(r"--[a-z-]+", result.output)
    assert options == ["--source-column", "--target-column"], "options of this very command"
    with pytest.raises(InputError) as caught:
        read_score_table(file)
    assert "--" not in str(caught.value), "a page shows this too"
    read = read_score_table(file, PairColumns("1", "3"))
    assert read.frame["target"].tolist() == ["MYC", "KLF4"]


def test_options_that_belong_together(tmp_path: Path) -> None:
    out = tmp_path / "t.csv"
    for words, said in (
        ((), "--table is missing"),
        (("--table", 1), "--out is missing"),
        (("--table", 1, "--out", out, "--name", "MINE"), "--scores, which is missing"),
        (("--table", 1, "--out", out, "--scores", "x.csv"), "--name is missing"),
        (("--table", 1, "--out", out, "--scores", tmp_path / "x.csv", "--name", "MINE"), "here is no file"),
        (("--table", 1, "--out", out, "--scores", "a", "--scores", "b", "--name", "M"), "here is no file"),
    ):
        result = ugrn(*words)
        assert result.exit_code == 2 and said in result.output, result.output


@pytest.mark.skipif(beeline_folder() is None, reason="UGRN_DATA_DIR names no folder with BEELINE networks")
def test_the_command_puts_a_file_into_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ugrn_core.beeline.networks import load_network

    monkeypatch.setenv("UGRN_CACHE_DIR", str(tmp_path / "cache"))
    edges = set(load_network("STRING", "mDC").edges)
    network = load_network("STRING", "mDC")
    file = tmp_path / "mine.csv"
    pairs = [(s, t) for s in network.tfs for t in network.genes if s != t]
    file.write_text("one,other,score\n" + "".join(f"{s},{t},{int((s, t) in edges)}\n" for s, t in pairs))
    out = tmp_path / "t.csv"
    cut = ("--table", 1, "--test-sets", "mDC", "--seeds", 1, "--max-pos", 100, "--methods", "Gene degrees")
    named = ("--source-column", "one", "--target-column", 2)
    result = ugrn(*cut, "--out", out, "--scores", f"mDC={file}", "--name", "MINE", *named)
    assert result.exit_code == 0, result.output
    frame = read_results(out)
    assert set(frame.method) == {"Gene degrees", "MINE"} and set(frame.backbone) == {"none"}
    assert value(frame, "MINE") == 1 and "partly by construction" in result.output and "MINE" in result.output
    assert "lines, scores of" in result.output
