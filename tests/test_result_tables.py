"""The shipped result tables: whole, of the shipped weights, and what README and page say of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import pytest

from tests import results_text
from tests.results_text import FOLDER, MODELS, runs_of
from ugrn_core.benchmark.results import COLUMNS, read_results
from ugrn_core.figures.benchmark import ANSWERS, TableView, prepare_cells, prepare_tests
from ugrn_core.figures.benchmark_findings import FULLEST, TAUGHT, stands
from ugrn_core.figures.benchmark_means import NONE, SUMMARY, Mean, averages
from ugrn_core.figures.benchmark_words import prepare_standings

TABLES = sorted(FOLDER.glob("*_table_*.csv.gz"))
ALL_GENES = "cut, all genes"
SAMPLERS = ("uniform", "degree_matched", "tf_matched")


def summary(model: str, run: str, subset: str = "all") -> dict[str, float]:
    """Averages of a run."""
    return {name: mean.value for name, mean in results_text.summary_of(model, run, subset).items()}


def test_all_six_tables_and_the_cut_are_shipped_for_both_models():
    names = [*(str(n) for n in range(1, 7)), "1_pair_cut", "1_full_cut"]
    assert {f"{model}_table_{n}.csv.gz" for model in MODELS for n in names} <= {t.name for t in TABLES}


def test_the_second_generation_stands_beside_the_first():
    names = ("1", "1_logistic", "1_dropout", "2", "2_logistic", "3", "4", "5", "6")
    both = (FULLEST, "ugrn-mini-2")
    assert {f"{model}_table_{n}.csv.gz" for model in both for n in names} <= {t.name for t in TABLES}
    frames = {n: read_results(FOLDER / f"{n}_table_1.csv.gz") for n in ("ugrn-mini-2", "ugrn-mini-2-reconstructed")}
    of = {n: set(f.loc[f["weights"] == "trained", "objective"]) for n, f in frames.items()}
    assert of == {"ugrn-mini-2": {"distilled"}, "ugrn-mini-2-reconstructed": {"reconstructed"}}
    for frame in frames.values():
        assert {"Co-expression", "Partial correlation", "Emb-pair"} <= set(frame["method"])


def test_methods_with_gene_class_stand_beside_their_twins():
    """By hand: only with listed regulators is it above 0.69, and a random transformer is not far below."""
    text = results_text.findings()["corpus_findings.md"]
    for kind, words in (("logistic", "linear"), ("dropout", "dropout")):
        frames = [read_results(FOLDER / f"{FULLEST}{n}_table_1_{kind}.csv.gz") for n in ("", "-random-transformer")]
        for method in ("VVP+class", "Curves+class", "Curves+listed"):
            of = [f[(f.method == method) & (f.metric == "auprc") & (f.subset == "all")] for f in frames]
            whole, half = (m.groupby(["weights", "test_network", "test_set"])["value"].mean() for m in of)
            means = whole["trained"].mean(), half["random"].mean(), whole["random"].mean()
            line = next(line for line in text.splitlines() if line.startswith(f"| {method}, {words} |"))
            assert [float(n) for n in re.findall(r"(\d\.\d{3}) \[", line)][::2] == [round(m, 3) for m in means]
            assert min(means[:2]) > means[2] + 0.05 and abs(means[0] - means[1]) < 0.01, "the embeddings say it"
            assert (means[0] >= 0.69) == (method == "Curves+listed")


def test_the_words_on_all_tables_are_made_from_the_frames_and_stand_in_the_docs():
    page = results_text.PAGE.read_text("utf-8")
    for name, text in results_text.findings().items():
        assert (FOLDER / name).read_text("utf-8") == text, "make results"
        assert text.strip() in page


def test_the_corpus_stands_first_with_its_seeds():
    """By hand from the frame: seeds first, then tests."""
    text = results_text.findings()["corpus_findings.md"]
    corpus = summary_of(f"{FULLEST}_table_1", "Co-expression")
    for name, words in (
        (f"{FULLEST}_table_1", f"`{FULLEST}` ({TAUGHT[FULLEST]})"),
        (f"{FULLEST}_table_1_logistic", f"`{FULLEST}` ({TAUGHT[FULLEST]}), linear translator"),
    ):
        ens = summary_of(name, "Ens")
        line = next(line for line in text.splitlines() if line.startswith(f"| {words} |"))
        numbers = [float(n) for n in re.findall(r"\d\.\d{3}", line)]
        assert numbers[0] == round(ens["all"], 3) and numbers[3] == round(ens["both_unseen"], 3)
        assert len(numbers) == 12 and numbers[1] <= numbers[0] <= numbers[2]
    said = " ".join(text.split())
    assert ("nothing beyond it" in said) == (summary_of(f"{FULLEST}_table_1", "Ens")["all"] <= corpus["all"] + 0.005)


def test_other_tables_are_told_of_both_kinds_of_translator():
    """By hand from the frame, and whether less than in Table 1 survives."""
    text = results_text.findings()["corpus_findings.md"]
    gaps = {}
    for n in (1, 2):
        rows = TESTS if n == 1 else ("train_network", "train_sets")
        ours, corpus = (summary_of(f"{FULLEST}_table_{n}_logistic", m, rows) for m in ("Ens", "Co-expression"))
        gaps[n] = ours["all"] - corpus["all"]
    line = next(line for line in text.splitlines() if line.startswith(f"| Table 2, `{FULLEST}`, linear translator |"))
    numbers = [float(n) for n in re.findall(r"(\d\.\d{3}) \[", line)]
    assert numbers == [round(of[s], 3) for s in ("all", "both_unseen") for of in (ours, corpus)]
    assert gaps[2] < gaps[1] and "too, less of it survives (" in " ".join(text.split())


def test_both_virtual_cells_of_the_default_are_told():
    """By hand from the frames of the cut: the figures, and how they stand to partial correlation and to the first."""
    text = results_text.findings()["corpus_findings.md"]
    said = " ".join(text.split())
    for ending, words in (("", ""), ("_logistic", ", linear translator")):
        cells = ("pair", "full")
        ens = {c: list(summary_of(f"{FULLEST}_table_1_{c}_cut{ending}", "Ens").values()) for c in cells}
        partial = list(summary_of(f"{FULLEST}_table_1_full_cut{ending}", "Partial correlation").values())
        corpus = list(summary_of(f"{FULLEST}_table_1_full_cut{ending}", "Co-expression").values())
        line = next(line for line in text.splitlines() if line.startswith(f"| `{FULLEST}`{words} | mDC and mHSC-E |"))
        numbers = [float(n) for n in re.findall(r"(\d\.\d{3}) \[", line)]
        assert numbers == [round(v, 3) for v in (*ens["pair"], *ens["full"], *partial, *corpus)]
        first = [summary_of(f"{model}_table_1_full_cut", "Ens").values() for model in MODELS]
        old = [max(values) for values in zip(*first, strict=True)]
        for other in (partial, old):
            assert all(a > b + 0.005 for a, b in zip(ens["full"], other, strict=True))
        assert all(a < b - 0.005 for a, b in zip(ens["full"], ens["pair"], strict=True))
        assert "above partial correlation, above the better model of the first generation, and below " in said
        assert "and below itself with two genes alone, by either translator." in said


def test_averages_stand_to_others_by_what_counts():
    means = {v: Mean(v, v, v, 1) for v in (0.6, 0.604, 0.61)}
    for ours, theirs, words in (
        ((0.61, 0.61), (0.604, 0.6), "above"),
        ((0.6, 0.604), (0.604, 0.6), "level with"),
        ((0.6, 0.6), (0.61, 0.61), "below"),
        ((0.61, 0.6), (0.6, 0.6), "above (all pairs) and level with (unseen genes)"),
    ):
        assert stands([means[v] for v in ours], [means[v] for v in theirs]) == words


def test_no_mean_of_the_docs_is_bare():
    """Every number of three decimals stands with its seeds or is one of them; rankings have theirs in words."""
    before, after = results_text.PAGE.read_text("utf-8").split("## At the real share")
    for line in (before + after.split("## Every run")[1]).splitlines():
        assert not re.search(r"\d\.\d{3}(?!,|\]|\d| \[| \(1 seed)", line), line


def test_both_draws_of_pairs_stand_beside_one_another():
    """Numbers by hand, and the claim: nothing that reads the answers is above chance under ours."""
    draws = results_text.draws(FULLEST)
    assert set(draws) == {1, 2, 3, 4, 5}
    page = results_text.PAGE.read_text("utf-8")
    for table, (paper, ours) in draws.items():
        assert (set(paper["sampler"]), set(ours["sampler"])) == ({"per_tf"}, {"exchanged"})
        without = averages(ours, table)
        assert max(without[name].value for name in ANSWERS) < 0.515 < averages(paper, table)[ANSWERS[0]].value
        line = next(text for text in page.splitlines() if text.startswith(f"| Table {table} | exchanged |"))
        assert str(without["Ens"]) in line and str(without[ANSWERS[0]]) in line
    by_hand = summary_of(f"{FULLEST}_table_1_exchanged", "Ens")["all"]
    assert averages(draws[1].ours)["Ens"].value == pytest.approx(by_hand)


TESTS = ("test_network", "test_set")


def summary_of(name: str, method: str, rows: tuple[str, ...] = TESTS) -> dict[str, float]:
    """Averages of a method over the rows of a table (tests in Table 1), by hand: seeds first, then rows."""
    frame = read_results(FOLDER / f"{name}.csv.gz")
    of = frame[(frame["method"] == method) & (frame["metric"] == "auprc") & (frame["weights"] != "random")]
    tests = of.groupby(["subset", *rows], observed=True)["value"].mean()
    return {str(subset): float(tests[subset].mean()) for subset in ("all", "both_unseen")}


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.name)
def test_a_table_is_whole(table: Path):
    frame = read_results(table)
    assert list(frame.columns) == list(COLUMNS)
    alone = {"random-transformer": {"random"}, "reconstructed": {"trained"}, "table_1_exch": {"trained", "random"}}
    alone |= {
        key: {"trained"}
        for key in (
            "exchanged",
            "table_2_logistic",
            *(f"mini-{n}_table_1_{c}" for n in (2, 3) for c in ("full", "pair")),
        )
    }
    alone |= {f"mini-{n}_table_{s}.": {"trained"} for n in (2, 3) for s in ("6", *(f"1_{s}" for s in SAMPLERS))}
    alone |= {f"log1p-2_table_{n}": {"trained"} for n in range(2, 7)}
    expected = next((w for name, w in alone.items() if name in table.name), {"trained", "random"})
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


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("model", [*MODELS, "ugrn-mini-2", FULLEST])
def test_table_1_is_shipped_with_the_other_samplers(model: str, sampler: str):
    frame = read_results(FOLDER / f"{model}_table_1_{sampler}.csv.gz")
    assert set(frame["sampler"]) == {sampler} and set(frame["backbone"]) == {"none", model}


def test_readme_and_page_say_what_the_frames_say():
    for text in (results_text.section(), results_text.example()):
        assert text in results_text.README.read_text("utf-8"), "make results"
    assert results_text.PAGE.read_text("utf-8") == results_text.page(), "make results"


def test_averages_have_their_seeds_beside_them():
    """By hand: the mean of the rows' means over seeds, and the same by seed."""
    frame = read_results(FOLDER / "ugrn-mini_table_1.csv.gz")
    of = frame[(frame.method == "VVP") & (frame.weights == "trained") & (frame.metric == "auprc")]
    by_seed = of[of.subset == "all"].groupby("seed")["value"].mean()
    got = averages(frame)["VVP"]
    assert got == pytest.approx((by_seed.mean(), by_seed.min(), by_seed.max(), 3))
    assert str(got) == f"{by_seed.mean():.3f} [{by_seed.min():.3f}, {by_seed.max():.3f}]"
    assert "Marginal-VVP" in averages(frame) and str(NONE) == "–"


def test_averages_are_those_of_the_page():
    """A row of a training first, then the mean of rows; where a seed has no value, it does not move the ends."""
    frame = read_results(FOLDER / "ugrn-mini-2_table_5.csv.gz")
    for subset in ("all", "both_unseen"):
        cells = prepare_cells(prepare_tests(frame, TableView(5, subset=subset)))
        whole = cells[(cells["row"] == "Avg") & cells["value"].notna()].set_index("column")
        got = averages(frame, 5, subset)
        assert set(got) == set(whole.index)
        for name, mean in got.items():
            assert mean == pytest.approx(tuple(whole.loc[name, ["value", "low", "high", "seeds"]])), name


def above(model: str, run: str, names: tuple[str, ...], subset: str = "all", *, every: bool = True) -> bool:
    """Whether VVP and GDT (or one of them) are above the averages of all these names."""
    by = summary(model, run, subset)
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
        for by in [summary(model, run, unseen)]
    ]
    standings = prepare_standings(read_results(FOLDER / f"{mini}_table_2.csv.gz"), TableView(2))
    won = standings[(standings["subset"] == "all") & (standings["network"] != "all") & (standings["method"] == "VVP")]
    share = (won["over_both"] / won["tests"]).set_axis(won["network"])
    return [
        ("say more than every score without a model over all pairs of Tables 1 to 4",
         all(above(mini, run, NO_MODEL) for run in FIRST)),
        ("and not in Table 5, where the degrees of the training network lead",
         not above(mini, "Table 5", NO_MODEL, every=False)
         and leader(mini, "Table 5", (*NO_MODEL, "Emb", "Ens")) == NO_MODEL[-1]),
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
        ("With targets drawn by their degree, the curves of `ugrn-mini` in Table 1 are above embeddings and every",
         all(above(mini, "Table 1, by degree", ("Emb", *NO_MODEL), subset) for subset in ("all", unseen))),
        ("drawn evenly among all candidates, the embeddings lead",
         all(leader(model, "Table 1, uniform", SUMMARY) == "Emb" for model in MODELS)),
        ("the curves of both models fall behind the degrees of the training network",
         not any(above(model, "Table 1, uniform", NO_MODEL[-1:], every=False) for model in MODELS)),
        ("VVP and GDT of both models are above embeddings, gene level and every score without a model, over all pairs",
         all(above(model, ALL_GENES, ("Emb", "gene level", *NO_MODEL)) for model in MODELS)),
        ("and where both genes are unseen (VVP",
         all(above(model, ALL_GENES, ("Emb", "gene level", *NO_MODEL), unseen) for model in MODELS)),
    ]  # fmt: skip


def leader(model: str, run: str, names: Iterable[str]) -> str:
    """The highest of some averages."""
    return max(names, key=summary(model, run).__getitem__)


def test_the_words_on_the_first_generation_are_true():
    text = " ".join(results_text.findings()["findings.md"].split())
    for words, true in claims():
        assert words in text and true, words
    most = max(summary(model, run)["random weights"] for model in MODELS for run in runs_of(model))
    assert f"Random weights reach {most:.3f} [" in text
