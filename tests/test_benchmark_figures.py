"""The benchmark as figures and words: lifts on equal tests, printed numbers, curves, wrong pairs, counted sentences."""

from __future__ import annotations

import re
import shlex
from functools import cache

import numpy as np
import pandas as pd
import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from tests.planted import PlantedBackbone, planted_networks
from ugrn_core.backbones.registry import DEFAULT_BACKBONE
from ugrn_core.beeline.networks import Row
from ugrn_core.benchmark import scores as pairs_of
from ugrn_core.benchmark.protocols import protocol
from ugrn_core.benchmark.request import BenchmarkRequest, Samples
from ugrn_core.benchmark.results import COLUMNS, read_results
from ugrn_core.benchmark.run_facts import benchmark_command, run_facts
from ugrn_core.benchmark.scores import write_scores
from ugrn_core.benchmark.tables import AVERAGE, interval_table, paper_table, seed_spread, wide_table, with_seeds
from ugrn_core.cli.app import app
from ugrn_core.errors import InputError
from ugrn_core.figures.benchmark import (
    RANDOM,
    SHORTCUTS,
    TableView,
    interval_cells,
    prepare_cells,
    prepare_missing,
    prepare_tests,
)
from ugrn_core.figures.benchmark_cell import cell_facts, companions, plot_seeds, prepare_cell_tests, prepare_seeds
from ugrn_core.figures.benchmark_paper import paper_cells, prepare_ratios, prepare_readings, why_no_paper
from ugrn_core.figures.benchmark_plot import plot_ratios, plot_table, shown_cells
from ugrn_core.figures.benchmark_ranking import plot_ranking, prepare_ranking, prepare_wrong
from ugrn_core.figures.benchmark_words import prepare_standings, verdict
from ugrn_core.figures.context_advice import WORDS, advice_from, advice_on, context_advice
from ugrn_core.methods.catalogue import METHODS
from ugrn_core.methods.shortcuts import KnownEdges, edge_lookup, gene_degrees
from ugrn_core.paths import ASSETS
from ugrn_core.types import Vocabulary

TESTS = ("hHEP", "mDC", "mESC")
UNSEEN = ("all", "both_unseen")


@cache
def shipped(table: int) -> pd.DataFrame:
    return read_results(ASSETS / "benchmark" / f"ugrn-mini_table_{table}.csv.gz")


def made(values: dict[str, dict[str, list[float]]], seeds: int = 2) -> pd.DataFrame:
    """Results of Table 1 on STRING: by subset and method one value a test; a seed adds 0.01 to all but the first."""
    rows = []
    for subset, methods in values.items():
        for method, scores in methods.items():
            weights = "random" if method.endswith(RANDOM) else "none" if method in SHORTCUTS else "trained"
            for data_set, value in zip(TESTS, scores, strict=True):
                for seed in range(seeds):
                    reason = f"needs expression of {data_set}, which is not here" if np.isnan(value) else ""
                    rows.append(
                        dict.fromkeys(COLUMNS, "x")
                        | {
                            "protocol": "table_1", "backbone": "none" if weights == "none" else "mine",
                            "weights": weights, "method": method.removesuffix(RANDOM), "test_set": data_set,
                            "test_network": "STRING", "train_sets": "hESC", "train_network": "STRING",
                            "neg_ratio": 1, "subset": subset, "seed": seed, "metric": "auprc",
                            "value": value + 0.01 * seed, "n_pos": 60, "n_neg": 60, "prior": 0.5,
                            "edge_overlap": 0.25, "status": "missing" if reason else "ok", "reason": reason,
                        }
                    )  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS))


SCORES = {
    "Baseline-Emb": [0.60, 0.60, 0.60],
    "VVP": [0.70, 0.55, 0.58],
    "GDT": [0.52, 0.75, np.nan],
    "Edge look-up": [0.50, 0.70, 0.50],
    "Target is listed": [0.65, 0.50, 0.59],
}


def cell(cells: pd.DataFrame, row: str, column: str) -> pd.Series:
    return cells[(cells["row"] == row) & (cells["column"] == column)].iloc[0]


# the table


@pytest.mark.parametrize("table", range(1, 7))
def test_cells_are_those_of_the_wide_table(table):
    frame = shipped(table)
    if table == 6:  # its page shows the tests of one ratio
        frame = frame[frame["neg_ratio"] == 3]
    cells = prepare_cells(prepare_tests(frame, TableView(table, neg_ratio=3 if table == 6 else 1)))
    expected = wide_table(frame, 1 if table == 6 else table).drop(columns=["test_network", "test_set"], errors="ignore")
    wide = cells.pivot(index="row", columns="column", values="value")
    wide = wide.loc[list(dict.fromkeys(cells["row"])), list(dict.fromkeys(cells["column"]))].round(3).reset_index()
    assert list(wide.columns[1:]) == [c for c in expected.columns if c in wide]
    assert set(wide.columns) - {"row"} == {c for c in expected.columns if c.removesuffix(RANDOM) in METHODS}
    got, want = wide.iloc[:, 1:].to_numpy(float), expected[wide.columns[1:]].to_numpy(float)
    np.testing.assert_allclose(got, want, atol=0.0006)
    lifts = cells[cells["column"] == "VVP"]["lift"].to_numpy()
    shortcuts = expected[["Edge look-up", "Gene degrees", "Target is a TF", "Target is listed"]].max(axis=1)
    np.testing.assert_allclose(lifts, expected["VVP"] - shortcuts, atol=1e-9)


def test_lift_is_over_the_best_shortcut_of_the_same_tests():
    cells = prepare_cells(prepare_tests(made({"all": SCORES}), TableView(1)))
    of = cell(cells, "STRING hHEP", "VVP")
    assert (of["best_shortcut"], of["n_tests"], of["of_tests"]) == ("Target is listed", 1, 1)
    assert of["value"] == pytest.approx(0.705) and of["lift"] == pytest.approx(0.05)
    average = cell(cells, AVERAGE, "GDT")  # the third test does not count, for the shortcuts neither
    assert average["value"] == pytest.approx(0.635 + 0.005)
    assert average["best_shortcut"] == "Edge look-up" and average["best_shortcut_value"] == pytest.approx(0.605)
    assert (average["n_tests"], average["of_tests"]) == (2, 3)
    assert np.isnan(cell(cells, "STRING mESC", "GDT")["value"])
    assert cell(cells, "STRING mESC", "GDT")["reason"] == "needs expression of mESC, which is not here"
    assert np.isnan(cell(cells, "STRING hHEP", "Edge look-up")["lift"])


def test_filters_choose_the_tests():
    view = TableView(2, networks=("STRING",), data_sets=("hHEP", "mDC"))
    tests = prepare_tests(shipped(2), view)
    assert set(tests["test"]) == {"STRING hHEP", "STRING mDC"} and len(set(tests["row"])) == 22
    assert "only some are chosen" in why_no_paper(view) and paper_cells(view, "scGPT", prepare_cells(tests)).empty


@pytest.mark.parametrize(
    ("view", "backbone", "row", "method", "printed"),
    [
        (TableView(1), "scGPT", "STRING hHEP", "GDT", 0.906),
        (TableView(1), "scBenchmark", "STRING hHEP", "GDT", 0.912),
        (TableView(1), "scGPT", AVERAGE, "Ens", 0.743),
        (TableView(2), "scBenchmark", "Cell-type-specific ChIP mHSC-L", "GDT", 0.676),
        (TableView(3), "scBenchmark", "mHSC-L", "GDT", 0.696),
        (TableView(4), "scBenchmark", "mouse", "GDT", 0.923),
        (TableView(5), "scBenchmark", "LOF/GOF", "GDT", 0.678),
        (TableView(6, neg_ratio=10), "scBenchmark", AVERAGE, "GDT", 0.394),
        (TableView(6, "auroc", neg_ratio=2), "scBenchmark", AVERAGE, "Ens", 0.705),
    ],
)
def test_printed_numbers_stand_on_their_rows(view, backbone, row, method, printed):
    cells = prepare_cells(prepare_tests(shipped(view.table), view))
    paper = paper_cells(view, backbone, cells)
    found = cell(paper, row, f"{method} (paper)")
    best = max(cell(cells, row, s)["value"] for s in SHORTCUTS)
    assert found["value"] == printed and found["lift"] == pytest.approx(printed - best)


def test_the_printed_average_is_of_the_rows_shown():
    view = TableView(1, data_sets=("mDC", "mHSC-E"))
    paper = paper_cells(view, "scGPT", prepare_cells(prepare_tests(shipped(1), view)))
    one = paper_table(1)
    rows = one[(one["backbone"] == "scGPT") & one["data_set"].isin(["mDC", "mHSC-E"])]
    assert len(rows) == 6 and cell(paper, AVERAGE, "GDT (paper)")["value"] == pytest.approx(rows["GDT"].mean())


def test_every_printed_number_has_its_place():
    for table in (1, 2, 3, 5):
        view = TableView(table)
        paper = paper_cells(view, "scBenchmark", prepare_cells(prepare_tests(shipped(table), view)))
        assert paper["value"].notna().all() and set(paper["reason"]) == {""}


@pytest.mark.parametrize(
    ("view", "why"), [(TableView(1, "auroc"), "AUROC"), (TableView(6, subset="both_unseen"), "unseen")]
)
def test_what_the_paper_does_not_print_is_said(view, why):
    assert why in why_no_paper(view)


def test_the_squares_say_what_they_are():
    view = TableView(1)
    cells = prepare_cells(prepare_tests(shipped(1), view))
    shown = shown_cells(cells, paper_cells(view, "scGPT", cells))
    figure = plot_table(shown, "auprc", ("STRING mDC", "GDT"))
    *maps, points = figure.data
    assert [(m.x0, len(m.z[0]), len(m.z)) for m in maps] == [(0, 7, 20), (7.5, 2, 20), (10, 4, 20), (14.5, 7, 20)]
    at = {tuple(c): (x, y, t) for c, x, y, t in zip(points.customdata, points.x, points.y, points.text, strict=True)}
    assert len(at) == 20 * 20
    x, y, text = at["STRING mHSC-GM", "VVP"]
    value = cell(cells, "STRING mHSC-GM", "VVP")
    seeds = f"±{max(value['high'] - value['value'], value['value'] - value['low']):.3f}".replace("0.", ".")
    assert text.startswith(f"{value['value']:.3f}<br>".removeprefix("0")) and seeds in text
    assert value["low"] < value["high"]
    assert maps[0].z[y][int(x)] == pytest.approx(value["lift"])
    assert at["STRING hHEP", "Origin-Pert"][2] == "–" and maps[0].z[0][0] == 0
    rectangle = next(s for s in figure.layout.shapes if s.type == "rect")
    x, y, _ = at["STRING mDC", "GDT"]
    assert (rectangle.x0, rectangle.x1, rectangle.y0, rectangle.y1) == (x - 0.5, x + 0.5, y - 0.5, y + 0.5)
    hover = dict(zip(map(tuple, points.customdata), points.hovertext, strict=True))
    assert "needs expression of hHEP" in hover["STRING hHEP", "Origin-Pert"]


def test_an_average_over_fewer_tests_than_its_neighbours_is_marked():
    view = TableView(1)
    cells = prepare_cells(prepare_tests(shipped(1), view))
    figure = plot_table(shown_cells(cells, paper_cells(view, "scGPT", cells)), "auprc")
    points = figure.data[-1]
    text = dict(zip(map(tuple, points.customdata), points.text, strict=True))
    assert "*" in text[AVERAGE, "Origin-Pert"] and "*" not in text[AVERAGE, "VVP"]
    assert figure.layout.yaxis.ticktext[-1] == "Avg (* of fewer tests)"
    complete = {method: scores for method, scores in SCORES.items() if np.isfinite(scores).all()}
    whole = plot_table(prepare_cells(prepare_tests(made({"all": complete}), view)), "auprc")
    assert whole.layout.yaxis.ticktext[-1] == AVERAGE


@pytest.mark.parametrize("table", [1, 3])
def test_every_mean_has_its_lowest_and_highest_seed(table):
    """By hand from the frame: the mean of each seed over the tests of a row, and over the rows."""
    frame = shipped(table)
    tests = prepare_tests(frame, TableView(table))
    cells = prepare_cells(tests)
    row = cells["row"].iloc[3]
    of = tests[(tests["row"] == row) & (tests["column"] == "GDT")].groupby("seed")["value"].mean()
    one = cell(cells, row, "GDT")
    assert (one["low"], one["high"], one["seeds"]) == (pytest.approx(of.min()), pytest.approx(of.max()), 3)
    whole = tests[tests["column"] == "GDT"].groupby(["seed", "row"])["value"].mean().groupby("seed").mean()
    average = cell(cells, AVERAGE, "GDT")
    assert (average["low"], average["high"]) == (pytest.approx(whole.min()), pytest.approx(whole.max()))
    there = cells[cells["seeds"] > 0]
    assert (there["low"] <= there["value"]).all() and (there["value"] <= there["high"]).all()
    shown = interval_cells(cells).set_index("row").loc[AVERAGE, "GDT"]
    assert shown == f"{average['value']:.3f} [{whole.min():.3f}, {whole.max():.3f}]"
    printed = interval_table(frame, table)
    assert printed["GDT"].iloc[-1] == shown and list(printed.columns) == list(wide_table(frame, table).columns)
    lacking = wide_table(frame, table)["Origin-Pert"].isna()
    assert (printed["Origin-Pert"].eq("") == lacking).all() and lacking.any(), "empty without a value"


def test_one_seed_is_said_and_a_seed_without_a_row_has_the_mean_of_that_row():
    lines = [("a", 0, 0.5), ("a", 1, 0.7), ("b", 0, 0.2), ("b", 1, np.nan), ("c", 0, np.nan), ("c", 1, np.nan)]
    tests = pd.DataFrame(lines, columns=["row", "seed", "value"]).assign(column="X")
    spread = seed_spread(tests, ["row"])
    assert spread.loc[("a", "X")].tolist() == [0.5, 0.7, 2] and spread.loc[("b", "X")].tolist() == [0.2, 0.2, 1]
    assert ("c", "X") not in spread.index
    assert spread.loc[(AVERAGE, "X")].tolist() == pytest.approx([0.35, 0.45, 2])
    assert with_seeds(0.2, 0.2, 0.2, 1) == "0.200 (1 seed)" and with_seeds(np.nan, 0, 0, 0) == ""


def test_colours_fade_to_nothing_at_zero_and_are_mirrored():
    figure = plot_table(prepare_cells(prepare_tests(made({"all": SCORES}), TableView(1))), "auprc")
    scale = [tuple(s) for s in figure.data[0].colorscale]
    assert figure.data[0].zmin == -figure.data[0].zmax and scale[1][0] == 0.5
    assert "213, 94, 0" in scale[0][1] and "0, 114, 178" in scale[2][1]  # Okabe and Ito


def test_averages_by_ratio_are_those_of_the_wide_table():
    frame = shipped(6)
    view = TableView(6)
    ratios = prepare_ratios(frame, view, ("VVP", "Target is listed"))
    expected = wide_table(frame, 6).set_index("neg_ratio")["VVP"].drop(AVERAGE)
    ours = ratios[(ratios["origin"] == "here") & (ratios["column"] == "VVP")]
    np.testing.assert_allclose(ours["value"], expected.loc[[str(r) for r in ours["neg_ratio"]]], atol=1e-9)
    table = paper_table(6)
    printed = ratios[(ratios["origin"] == "paper") & (ratios["column"] == "VVP")]
    rows = table[(table["metric"] == "auprc") & (table["neg_ratio"] != AVERAGE)]
    assert printed["value"].tolist() == rows["VVP"].tolist()
    figure = plot_ratios(ratios, "auprc")
    assert [line.name for line in figure.data] == ["VVP", "Target is listed", "VVP, paper", "by chance"]


def test_missing_is_told_by_kind():
    missing = prepare_missing(prepare_tests(shipped(5), TableView(5))).set_index("reason")
    assert missing.loc["needs expression of the cells that are tested on", "tests"] == 19
    assert "trained on mDC only, for want of the other sets' expression" in missing.index
    few = prepare_missing(prepare_tests(shipped(5), TableView(5, subset="both_unseen")))
    assert few["reason"].str.contains("fewer than 50 positives").any()


def test_table_4_contradicts_its_caption_in_all_four_numbers():
    readings = prepare_readings().set_index(["row", "method"])
    one = paper_table(1)
    one = one[(one["backbone"] == "scBenchmark") & one["data_set"].str.startswith("m")]
    assert readings.loc[("mouse", "Origin-Pert"), "mouse"] == pytest.approx(one["Origin-Pert"].mean(), abs=0.0006)
    assert (readings["fits"] == readings.index.get_level_values("row")).all()
    gap = [abs(r["printed"] - r[row]) for (row, _), r in readings.iterrows()]
    assert max(gap) < 0.01


# words


def test_standings_count_the_tests_won():
    frame = made({"all": SCORES | {"Ens": [0.61, 0.61, 0.61], "Marginal-VVP": [0.71, 0.5, 0.5]}})
    by = prepare_standings(frame, TableView(1)).query("subset == 'all' and network == 'all'").set_index("method")
    assert by.loc["VVP", ["tests", "over_embeddings", "over_shortcuts", "over_both", "over_gene_level"]].tolist() == [
        3, 1, 1, 1, 2,
    ]  # fmt: skip
    assert by.loc["GDT", ["tests", "over_embeddings", "over_shortcuts", "over_both"]].tolist() == [2, 1, 1, 1]
    assert by.loc["VVP", "best_shortcut"] == "Target is listed"
    assert by.loc["VVP", "best_shortcut_value"] == pytest.approx(0.58 + 0.005)


def test_the_farthest_seed_of_the_means_is_said():
    """By hand on a shipped table: of the means named, in tests that all have, the seed that is farthest away."""
    tests = prepare_tests(shipped(1), TableView(1))
    by = prepare_standings(shipped(1), TableView(1)).query("subset == 'all' and network == 'all'").set_index("method")
    named = ["VVP", "Baseline-Emb", "Marginal-VVP", f"VVP{RANDOM}", "Target is a TF", by.loc["VVP", "best_shortcut"]]
    means = tests.groupby(["column", "seed"])["value"].mean().unstack("seed").loc[named]
    farthest = means.sub(means.mean(axis=1), axis=0).abs().to_numpy().max()
    assert by.loc["VVP", "away"] == pytest.approx(farthest)
    said = " ".join(verdict(prepare_standings(shipped(1), TableView(1))))
    assert f"No seed of these means lies farther than {by['away'].max():.3f} from them." in said


def words(by_subset: dict[str, dict[str, list[float]]]) -> str:
    return " ".join(verdict(prepare_standings(made(by_subset), TableView(1))))


def test_the_sentences_follow_the_numbers():
    low = dict(SCORES, GDT=[0.52, 0.75, 0.50])
    said = words({"all": low, "both_unseen": low | {"Target is a TF": [0.60, 0.60, 0.60]}})
    assert "VVP 0.615, GDT 0.595: above embeddings (0.605) for VVP alone; above the best score" in said
    assert "“Target is listed” (0.585)" in said and "above “Target is a TF” by the census (0.605) for VVP alone" in said
    assert "Above both at once: VVP on 1 and GDT on 1 of 3 tests." in said
    high = {k: [v + (0.3 if k in ("VVP", "GDT") else 0) for v in values] for k, values in low.items()}
    said = words({"all": low, "both_unseen": high})
    assert "VVP 0.915, GDT 0.895: above embeddings (0.605); above the best" in said
    assert "The best of VVP, GDT, Ens and embeddings is 0.330 above that score." in said and "Nothing" not in said
    worst = {k: [v - (0.3 if k not in SHORTCUTS else 0) for v in values] for k, values in low.items()}
    said = words({"all": worst, "both_unseen": worst})
    assert "not above embeddings (0.305); not above the best" not in said, "VVP is above the embeddings"
    assert "not above the best score without a model, “Target is listed” (0.585)" in said
    assert "**Nothing of this model, embeddings included, is above that score** (0.270 short)." in said
    assert "no test has edges enough" in words({"all": low})


def test_sentences_name_the_gene_level_part_and_random_weights():
    level = {"Marginal-VVP": [0.61, 0.61, 0.61], f"VVP{RANDOM}": [0.50, 0.52, 0.51]}
    said = words({"all": SCORES | level, "both_unseen": SCORES | level})
    assert "gene-level part alone reaches 0.615 for VVP over all pairs, 0.615 for VVP where both genes" in said
    assert "random weights reach 0.515 at most over all pairs" in said


@pytest.mark.parametrize("table", range(1, 7))
def test_every_number_of_the_sentences_is_in_the_counts(table):
    standings = prepare_standings(shipped(table), TableView(table))
    columns = ("value", "embeddings", "gene_level", "random", "census", "best_shortcut_value", "away")
    known = {f"{v:.3f}" for c in columns for v in standings[c]}
    unseen = standings[(standings["subset"] == "both_unseen") & (standings["network"] == "all")]
    best = max(unseen["value"].max(), unseen["embeddings"].iloc[0])
    known.add(f"{abs(best - unseen['best_shortcut_value'].iloc[0]):.3f}")
    said = " ".join(verdict(standings))
    numbers = set(re.findall(r"\d\.\d{3}", said))
    assert len(numbers) > 10 and numbers <= known and "nan" not in said


# one cell


def test_seeds_are_compared_on_the_tests_all_of_them_have():
    frame = made(dict.fromkeys(UNSEEN, SCORES))
    seeds = prepare_seeds(frame, TableView(1), AVERAGE, ("GDT", "Target is listed"))
    chosen = seeds[(seeds["subset"] == "all") & (seeds["seed"] == 1)].set_index("column")
    assert chosen.loc["GDT", "value"] == pytest.approx(0.645) and chosen["n_tests"].tolist() == [2, 2]
    assert chosen.loc["Target is listed", "value"] == pytest.approx(0.585)
    figure = plot_seeds(seeds, "auprc")
    assert [a.text for a in figure.layout.annotations] == ["all pairs, 2 tests", "both genes unseen, 2 tests"]
    dots = [d for d in figure.data if len(d.x) == 2]
    assert list(dots[0].x) == pytest.approx([0.635, 0.645]) and figure.layout.xaxis2.matches == "x"


def test_companions_are_the_controls_of_a_method():
    assert companions("GDT", "Gene degrees") == ("GDT", "Baseline-Emb", "Marginal-GDT", f"GDT{RANDOM}", "Gene degrees")
    assert companions("Baseline-Emb", "Edge look-up") == ("Baseline-Emb", f"Baseline-Emb{RANDOM}", "Edge look-up")
    assert companions("Edge look-up", "Edge look-up") == ("Edge look-up", "Baseline-Emb")


def test_the_tests_of_a_cell():
    frame = made({"all": SCORES, "both_unseen": SCORES})
    tests = prepare_cell_tests(frame, TableView(1), AVERAGE, "GDT").set_index("test")
    first = tests.loc["STRING hHEP"]
    assert first["value"] == pytest.approx(0.525) and first["spread"] == pytest.approx(0.01)
    assert first["best_shortcut"] == "Target is listed" and first["lift"] == pytest.approx(0.525 - 0.655)
    assert (first["trained_on"], first["seeds"], first["n_pos"]) == ("STRING of hESC", 2, 60)
    assert tests.loc["STRING mESC", "status"] == "missing" and tests.loc["STRING mESC", "seeds"] == 0
    facts = cell_facts(tests.reset_index())
    assert (facts.n_tests, facts.n_unseen, facts.edge_overlap) == (2, 2, 0.25)
    assert facts.both_unseen == pytest.approx(0.64)


ranked = st.lists(st.tuples(st.booleans(), st.integers(0, 8)), min_size=4, max_size=60).filter(
    lambda r: 0 < sum(y for y, _ in r) < len(r)
)


@given(ranked)
@settings(max_examples=50, deadline=None)
def test_curves_have_the_areas_of_scikit_learn(pairs):
    labels = np.array([int(y) for y, _ in pairs])
    scores = np.array([float(s) for _, s in pairs])
    ranking = prepare_ranking(labels, {"a": scores})
    pr, roc = (ranking[ranking["curve"] == c] for c in ("PR", "ROC"))
    assert pr["area"].iloc[0] == pytest.approx(average_precision_score(labels, scores))
    assert roc["area"].iloc[0] == pytest.approx(roc_auc_score(labels, scores))
    steps = np.sum(np.diff(pr["x"]) * pr["y"].to_numpy()[1:])  # as the figure draws it
    assert steps == pytest.approx(average_precision_score(labels, scores))
    assert np.trapezoid(roc["y"], roc["x"]) == pytest.approx(roc_auc_score(labels, scores))


def test_long_curves_are_thinned_and_keep_their_ends():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 5000)
    ranking = prepare_ranking(labels, {"a": rng.normal(size=5000) + labels, "b": rng.normal(size=5000)})
    assert len(ranking) <= 4 * 400
    roc = ranking[(ranking["curve"] == "ROC") & (ranking["column"] == "a")]
    assert (roc["x"].iloc[0], roc["y"].iloc[0], roc["x"].iloc[-1], roc["y"].iloc[-1]) == (0, 0, 1, 1)
    figure = plot_ranking(ranking, 0.5)
    assert [line.name for line in figure.data][2] == "by chance" and figure.data[0].line.shape == "vh"


@given(ranked)
@settings(max_examples=50, deadline=None)
def test_wrong_sides_add_up_to_what_auroc_lacks(pairs):
    labels = np.array([int(y) for y, _ in pairs])
    scores = np.array([float(s) for _, s in pairs])
    names = [(f"S{i:02d}", "T") for i in range(len(pairs))]
    wrong = prepare_wrong(names, labels, scores, most=len(pairs))
    for truth in ("edge", "no edge"):
        part = wrong[wrong["truth"] == truth]["wrong_side"]
        assert part.mean() == pytest.approx(1 - roc_auc_score(labels, scores))
        assert part.is_monotonic_decreasing


def test_the_worst_pairs_come_first():
    labels, scores = np.array([1, 1, 0, 0]), np.array([0.9, 0.1, 0.8, 0.2])
    wrong = prepare_wrong([("A", "B"), ("A", "C"), ("A", "D"), ("A", "E")], labels, scores, most=1)
    assert set(zip(wrong["target"], wrong["truth"], wrong["wrong_side"], strict=True)) == {
        ("C", "edge", 1.0), ("D", "no edge", 0.5),
    }  # fmt: skip


# runs and their pairs


@pytest.mark.parametrize("table", range(1, 7))
def test_a_run_is_read_from_its_frame_and_its_command_is_understood(table):
    facts = run_facts(shipped(table))
    assert (facts.table, facts.backbone, facts.sampler) == (table, "ugrn-mini", "per_tf")
    assert (facts.seeds, facts.max_pos) == (3, 2000)
    line = benchmark_command(facts, "out file.csv")
    words = shlex.split(line)
    assert words[:2] == ["ugrn", "benchmark"]
    command = typer.main.get_command(app).commands["benchmark"]  # pyright: ignore[reportAttributeAccessIssue]
    given = command.make_context("benchmark", words[2:]).params
    assert given["table"] == table and given["grid"] == "1,5,15,25,35,45" and given["weights"] is None, "both"
    assert given["test_sets"] == "" and given["max_sources"] == 0
    assert given["methods"] in ("", ",".join(facts.methods)), "a run that lacks a newer method names its own"
    assert given["translator"] == "mlp" and given["reverse_features"] == "computed"


def test_a_cut_run_says_what_was_cut():
    frame = shipped(1)
    frame = frame[frame["test_set"].isin(["mDC"]) & (frame["weights"] != "random") & (frame["method"] != "GDT")]
    facts = run_facts(frame.assign(protocol="table_1 (100 sources)", context=frame["context"].replace("pair", "full")))
    assert "full context" in facts.label and "100 sources a network" in facts.label and "tests on mDC" in facts.label
    line = benchmark_command(facts, "x.csv")
    assert "--max-sources 100" in line and "--test-sets mDC" in line and "--context full" in line
    assert "--weights trained" not in line or facts.weights == ("trained",)
    assert "GDT" not in line.split("--methods")[1].split()[0].split(",")


def test_frames_of_several_runs_are_refused():
    frame = shipped(1)
    both = pd.concat([frame, frame.assign(sampler="uniform")])
    with pytest.raises(InputError, match="several runs: sampler is per_tf, uniform"):
        run_facts(both)


def test_scores_are_joined_with_the_truth(tmp_path, monkeypatch):
    backbone = PlantedBackbone()
    row, source = Row("STRING", "mDC"), Row("STRING", "hESC")
    networks = planted_networks(backbone, (row, source))
    monkeypatch.setattr(pairs_of, "load_network", lambda network, data_set, gene_set: networks[Row(network, data_set)])
    frame = made({"all": SCORES}).assign(max_pos=300, sampler="uniform", gene_set="TFs+500", context="pair")
    facts = run_facts(frame.assign(base=1.0, grid="2 3", background="fixed"))
    sample = Samples(BenchmarkRequest(1, sampler="uniform", max_pos=300), networks).test(row, 1, 0)
    truth = np.array([backbone.weights[int(t[1:]), int(s[1:])] for s, t in sample.pairs])
    write_scores(tmp_path / "table_1_Str_hESC_mine_trained.safetensors", {row: sample.pairs}, {row: {"VVP": truth}}, "")
    write_scores(tmp_path / "table_1_Str_hESC_mine_random.safetensors", {row: sample.pairs}, {row: {"VVP": -truth}}, "")
    (split,) = protocol(1).splits
    files = pairs_of.score_files(facts, split, tmp_path)
    assert set(files) == {"trained", "random"}
    found = pairs_of.join_scores(files, facts, split, row, backbone.vocabulary)
    known = KnownEdges(frozenset(networks[source].edges), frozenset(networks[row].tfs))
    assert (found.scores["Edge look-up"] == edge_lookup(known, sample.pairs)).all()
    assert (found.scores["Gene degrees"] == gene_degrees(known, sample.pairs)).all()
    assert found.pairs == sample.pairs and (found.labels == sample.labels).all() and found.prior == sample.labels.mean()
    assert roc_auc_score(found.labels, found.scores["VVP"]) == 1.0
    np.testing.assert_allclose(found.scores[f"VVP{RANDOM}"], -truth, rtol=1e-6)
    fewer = Vocabulary(backbone.vocabulary.symbols[:100], range(100))
    with pytest.raises(InputError, match="of other pairs than mDC STRING has here"):
        pairs_of.join_scores(files, facts, split, row, fewer)


def test_the_recommended_cell_is_the_one_that_did_better_on_the_same_pairs():
    """Read from the shipped runs, against means counted here; with the frames changed places the advice changes."""
    frames = {c: read_results(ASSETS / "benchmark" / f"ugrn-mini_table_1_{c}_cut.csv.gz") for c in ("pair", "full")}
    found = context_advice("ugrn-mini")
    assert found is not None and found.sets == ("mDC", "mHSC-E")
    for c, frame in frames.items():
        ours = frame[(frame.method == "Ens") & (frame.weights == "trained") & (frame.metric == "auprc")]
        tests = ours.groupby(["subset", "test_set", "test_network"])["value"].mean()
        for mean, subset in zip(found.ens[c], UNSEEN, strict=True):
            assert (
                mean.value == pytest.approx(tests[subset].mean(), abs=1e-9) and f"{mean.value:.3f}" in found.sentence()
            )
    better = max(frames, key=lambda c: sum(m.value for m in found.ens[c]))
    assert found.best == better and f"{WORDS[better]}." in found.sentence()
    turned = advice_from("ugrn-mini", {"pair": frames["full"], "full": frames["pair"]})
    assert turned.best != found.best and "as good" not in found.sentence() + turned.sentence()
    same = advice_from("ugrn-mini", {"pair": frames["pair"], "full": frames["pair"]})
    assert same.best == "pair" and "as good and costs more" in same.sentence()
    assert context_advice("a model of mine") is None and advice_on("a model of mine") == ""
    assert advice_on("ugrn-mini", alone=better == "pair") == "", "what is recommended is chosen"
    assert advice_on("ugrn-mini", alone=better == "full") == found.sentence() == advice_on("ugrn-mini")


def test_what_is_recommended_for_the_default_is_decided_by_its_held_out_pairs():
    """By hand from the frames, and not from what it gives back of its teaching."""
    found = context_advice(DEFAULT_BACKBONE)
    assert found is not None and found.kind == "logistic"
    frames = {
        c: read_results(ASSETS / "benchmark" / f"{DEFAULT_BACKBONE}_table_1_{c}_100_logistic.csv.gz") for c in WORDS
    }
    means = {}
    for c, frame in frames.items():
        for method in ("Ens", "Partial correlation"):
            ours = frame[(frame.method == method) & (frame.metric == "auprc")]
            tests = ours.groupby(["subset", "test_set", "test_network"])["value"].mean()
            means[c, method] = [tests[subset].mean() for subset in UNSEEN]
    lead = sum(means["full", "Ens"]) / 2 - sum(means["pair", "Ens"]) / 2
    assert found.best == ("full" if lead > 0.005 else "pair"), "in doubt the smaller cell"
    assert ("as good and costs more" in found.sentence()) == (abs(lead) <= 0.005)
    assert [m.value for m in found.partial] == pytest.approx(means["full", "Partial correlation"])
    said = advice_on(DEFAULT_BACKBONE)
    assert f"{WORDS[found.best]}. On pairs of" in said and "R2" not in said and "(linear translator)" in said
    assert all(f"{m:.3f}" in said for c in frames for m in means[c, "Ens"])
    assert advice_on(DEFAULT_BACKBONE, alone=found.best == "pair") == ""


def test_a_model_that_was_not_asked_in_both_cells_is_judged_by_what_it_was_taught():
    last = pd.read_csv(ASSETS / "models" / "ugrn-mini-log1p-2" / "curve.csv").iloc[-1]
    said = advice_on("ugrn-mini-log1p-2", alone=False)
    assert f"{last['r2_means_2_genes']:.2f}" in said and f"{last['r2_means_512_genes']:.2f}" in said
    assert advice_on("ugrn-mini-log1p-2", alone=True) == "" and "the two genes alone" in said
