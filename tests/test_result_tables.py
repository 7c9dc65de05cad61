"""The shipped result tables: whole, of the shipped weights, and what README and page say of them."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from tests import results_text
from tests.results_text import FOLDER, MODELS, RUNS, runs_of
from ugrn_core.benchmark.results import COLUMNS, read_results
from ugrn_core.figures.benchmark import TableView
from ugrn_core.figures.benchmark_readme import average
from ugrn_core.figures.benchmark_words import prepare_standings, prepare_summary
from ugrn_core.figures.corpus_findings import corpus_findings, shipped_frames

TABLES = sorted(FOLDER.glob("*_table_*.csv.gz"))
ALL_GENES = "cut, all genes"


@cache
def summary(model: str, run: str) -> pd.DataFrame:
    """Averages of a run, a line a subset."""
    frame = read_results(FOLDER / f"{model}_table_{RUNS[run]}.csv.gz")
    return prepare_summary(frame, int(RUNS[run][0])).set_index("subset")


def test_all_six_tables_and_the_cut_are_shipped_for_both_models():
    names = [*(str(n) for n in range(1, 7)), "1_pair_cut", "1_full_cut"]
    assert {f"{model}_table_{n}.csv.gz" for model in MODELS for n in names} <= {t.name for t in TABLES}


def test_the_second_generation_stands_beside_the_first():
    names = ("1", "1_logistic", "2", "3", "4", "5")
    assert {f"ugrn-mini-2_table_{n}.csv.gz" for n in names} <= {t.name for t in TABLES}
    frames = {n: read_results(FOLDER / f"{n}_table_1.csv.gz") for n in ("ugrn-mini-2", "ugrn-mini-2-reconstructed")}
    of = {n: set(f.loc[f["weights"] == "trained", "objective"]) for n, f in frames.items()}
    assert of == {"ugrn-mini-2": {"distilled"}, "ugrn-mini-2-reconstructed": {"reconstructed"}}
    for frame in frames.values():
        assert {"Co-expression", "Partial correlation", "Emb-pair"} <= set(frame["method"])


def test_the_corpus_paragraph_is_made_from_the_frames_and_stands_in_the_docs():
    text = " ".join((FOLDER / "corpus_findings.md").read_text().split())
    assert text == corpus_findings(shipped_frames())
    assert text in " ".join(results_text.PAGE.read_text().split())
    corpus = summary_of("ugrn-mini-2_table_1", "Co-expression")
    assert f"reaches {corpus['all']:.3f} over all pairs and {corpus['both_unseen']:.3f} where both genes" in text
    for name, words in (
        ("ugrn-mini-2_table_1", "the paper's translator"),
        ("ugrn-mini-2_table_1_logistic", "a linear"),
    ):
        ens = summary_of(name, "Ens")
        assert f"{ens['all']:.3f} and {ens['both_unseen']:.3f} with {words}" in text
    assert ("nothing beyond it" in text) == (summary_of("ugrn-mini-2_table_1", "Ens")["all"] <= corpus["all"] + 0.005)


def summary_of(name: str, method: str) -> dict[str, float]:
    """Averages of a method over the tests of Table 1, taken from the frame by hand: seeds first, then tests."""
    frame = read_results(FOLDER / f"{name}.csv.gz")
    of = frame[(frame["method"] == method) & (frame["metric"] == "auprc") & (frame["weights"] != "random")]
    tests = of.groupby(["subset", "test_network", "test_set"], observed=True)["value"].mean()
    return {str(subset): float(tests[subset].mean()) for subset in ("all", "both_unseen")}


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.name)
def test_a_table_is_whole(table: Path):
    frame = read_results(table)
    assert list(frame.columns) == list(COLUMNS)
    of_a_model = {"random-transformer": {"random"}, "reconstructed": {"trained"}}
    expected = next((w for name, w in of_a_model.items() if name in table.name), {"trained", "random"})
    assert set(frame["weights"]) == {"none", *expected}
    assert set(frame["seed"]) == {0, 1, 2}
    assert (frame.loc[frame["value"].isna(), "reason"] != "").all()
    assert frame["value"].dropna().between(0, 1).all()


@pytest.mark.parametrize("model", MODELS)
def test_the_cut_is_the_same_in_both_contexts(model: str):
    frames = [read_results(FOLDER / f"{model}_table_1_{c}_cut.csv.gz") for c in ("pair", "full")]
    same = ["protocol", "test_set", "test_network", "seed", "subset", "method", "weights", "n_pos", "n_neg", "prior"]
    pd.testing.assert_frame_equal(frames[0][same], frames[1][same])
    assert [set(f["context"]) - {"none"} for f in frames] == [{"pair"}, {"full"}]
    assert {f["protocol"].iloc[0] for f in frames} == {"table_1 (100 sources)"}


@pytest.mark.parametrize("sampler", ["uniform", "degree_matched", "tf_matched"])
@pytest.mark.parametrize("model", MODELS)
def test_table_1_is_shipped_with_the_other_samplers(model: str, sampler: str):
    frame = read_results(FOLDER / f"{model}_table_1_{sampler}.csv.gz")
    assert set(frame["sampler"]) == {sampler} and set(frame["backbone"]) == {"none", model}


def test_readme_and_page_say_what_the_frames_say():
    assert results_text.section() in results_text.README.read_text("utf-8"), "make results"
    assert results_text.PAGE.read_text("utf-8") == results_text.page(), "make results"


def test_averages_have_their_seeds_beside_them():
    """By hand: the mean of the rows' means over seeds, and the same by seed."""
    frame = read_results(FOLDER / "ugrn-mini_table_1.csv.gz")
    of = frame[(frame.method == "VVP") & (frame.weights == "trained") & (frame.metric == "auprc")]
    by_seed = of[of.subset == "all"].groupby("seed")["value"].mean()
    got = average(frame, "VVP")
    assert got == pytest.approx((by_seed.mean(), by_seed.min(), by_seed.max()))
    assert str(got) == f"{by_seed.mean():.3f} ({by_seed.min():.3f} to {by_seed.max():.3f})"


def above(model: str, run: str, names: tuple[str, ...], subset: str = "all", *, every: bool = True) -> bool:
    """Whether VVP and GDT (or one of them) are above the averages of all these names."""
    by = summary(model, run).loc[subset]
    won = [by[method] > max(by[n] for n in names) for method in ("VVP", "GDT")]
    return all(won) if every else any(won)


NO_MODEL = ("target is a TF", "target is listed", "known edges, degrees")
FIRST = [f"Table {n}" for n in range(1, 5)]


def claims() -> list[tuple[str, bool]]:
    """Words of the paragraph, and whether they are true."""
    mini, log1p = MODELS
    unseen = "both_unseen"
    listed = [
        max(by[c] for c in ("Emb", "VVP", "GDT", "Ens")) <= by["target is listed"]
        for model in MODELS
        for run in (f"Table {n}" for n in range(1, 6))
        if (model, run) != (mini, "Table 4")
        for by in [summary(model, run).loc[unseen]]
    ]
    standings = prepare_standings(read_results(FOLDER / f"{mini}_table_2.csv.gz"), TableView(2))
    won = standings[(standings["subset"] == "all") & (standings["network"] != "all") & (standings["method"] == "VVP")]
    share = (won["over_both"] / won["tests"]).set_axis(won["network"])
    return [
        ("say more than every score without a model over all pairs of Tables 1 to 4",
         all(above(mini, run, NO_MODEL) for run in FIRST)),
        ("and not in Table 5, where the degrees of the training network lead",
         not above(mini, "Table 5", NO_MODEL, every=False)
         and summary(mini, "Table 5").loc["all", [*NO_MODEL, "Emb", "Ens"]].idxmax() == NO_MODEL[-1]),
        ("above the embeddings too in Tables 2 and 3", all(above(mini, f"Table {n}", ("Emb",)) for n in (2, 3))),
        ("most often on cell-type-specific ChIP", share.idxmax() == "Cell-type-specific ChIP"),
        ("and below them in Tables 1, 4 and 5",
         not any(above(mini, f"Table {n}", ("Emb",), every=False) for n in (1, 4, 5))),
        ("The curves of `ugrn-mini-log1p` are below the embeddings in every table",
         not any(above(log1p, f"Table {n}", ("Emb",), every=False) for n in range(1, 6))),
        ("above a census of transcription factors in Tables 1 to 4",
         all(above(mini, run, ("target is a TF",), unseen) for run in FIRST)),
        ("nothing of either model is above the list of regulators that comes with the test", all(listed)),
        ("save in Table 4 with `ugrn-mini`", above(mini, "Table 4", ("target is listed",), unseen, every=False)),
        ("with targets drawn by their degree, the curves of `ugrn-mini` in Table 1 are above embeddings and every",
         all(above(mini, "Table 1, by degree", ("Emb", *NO_MODEL), subset) for subset in ("all", unseen))),
        ("drawn evenly among all candidates, the embeddings lead",
         all(summary(model, "Table 1, uniform").loc["all"].idxmax() == "Emb" for model in MODELS)),
        ("the curves of both models fall behind the degrees of the training network",
         not any(above(model, "Table 1, uniform", NO_MODEL[-1:], every=False) for model in MODELS)),
        ("VVP and GDT of both models are above embeddings, gene level and every score without a model, over all pairs",
         all(above(model, ALL_GENES, ("Emb", "gene level", *NO_MODEL)) for model in MODELS)),
        ("and where both genes are unseen (VVP",
         all(above(model, ALL_GENES, ("Emb", "gene level", *NO_MODEL), unseen) for model in MODELS)),
    ]  # fmt: skip


def test_the_paragraph_of_page_and_docs_is_true():
    text = " ".join((FOLDER / "findings.md").read_text().split())
    assert text in " ".join(results_text.PAGE.read_text().split())
    for words, true in claims():
        assert words in text and true, words
    averages = {
        f"{v:.3f}" for model in MODELS for run in runs_of(model) for v in summary(model, run).to_numpy().ravel()
    }
    numbers = re.findall(r"\d\.\d{3}", text)
    assert len(numbers) > 20 and set(numbers) <= averages
    most = max(summary(model, run).loc["all", "random weights"] for model in MODELS for run in runs_of(model))
    assert f"Random weights reach {most:.3f} at most" in text
