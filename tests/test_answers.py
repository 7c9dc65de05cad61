"""Scores and features that read the answers: they are what they say, are marked, and are never a default."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import pearsonr
from sklearn.metrics import roc_auc_score

from tests.planted import GENE_NAMES, PlantedBackbone
from ugrn_core.beeline.networks import ROWS, Network, Row
from ugrn_core.benchmark.request import (
    COMPUTED,
    LABELLED_ONLY,
    BenchmarkRequest,
    Samples,
    reverse_is_labelled,
    without_reverse,
)
from ugrn_core.benchmark.results import FROZEN, SECOND, Parts, frozen_results, read_results
from ugrn_core.benchmark.run import Contestant, Run
from ugrn_core.benchmark.run_facts import benchmark_command, run_facts
from ugrn_core.benchmark.runner import run_benchmark
from ugrn_core.benchmark.sampling import SAMPLERS, LabelledPairs, sample_pairs
from ugrn_core.benchmark.tables import paper_table
from ugrn_core.errors import InputError
from ugrn_core.figures.benchmark_printed import plot_likeness, prepare_likeness, prepare_panels
from ugrn_core.figures.benchmark_printed_words import printed_page
from ugrn_core.genes.tfs import is_tf
from ugrn_core.methods.catalogue import METHODS
from ugrn_core.methods.shortcuts import (
    KnownEdges,
    degrees_of_the_test,
    has_an_edge,
    reverse_is_an_edge,
    target_out_degree,
)
from ugrn_core.paths import ROOT

frozen = cache(frozen_results)
ANSWERS = ("Reverse is an edge", "Has an edge", "Target's out-degree", "Test degrees")


def chance_networks(rows: tuple[Row, ...]) -> dict[Row, Network]:
    """Networks that say nothing about the planted model: edges drawn at random, those among regulators both ways."""
    networks = {}
    for row in rows:
        rng = np.random.default_rng(ROWS.index(row))
        genes = tuple(sorted(rng.choice(GENE_NAMES, 90, replace=False)))
        tfs = genes[::2]
        edges = {(s, t) for s in tfs for t in genes if s != t and rng.random() < 0.1}
        edges |= {(t, s) for s, t in edges if t in tfs}
        networks[row] = Network(row, "TFs+500", genes, tfs, tuple(sorted(edges)))
    return networks


def results(tmp_path: Path, **changes: object) -> pd.DataFrame:
    request = BenchmarkRequest(1, max_pos=300, seeds=1, test_sets=("mDC", "mESC"), **changes)  # pyright: ignore[reportArgumentType]
    run = Run(request, Samples(request, chance_networks(request.rows)), {}, Parts(tmp_path / "parts", request.header()))
    return run_benchmark(run, [Contestant(), Contestant(PlantedBackbone(), "trained")])


def auroc(frame: pd.DataFrame, method: str) -> float:
    chosen = frame[(frame["method"] == method) & (frame["metric"] == "auroc") & (frame["subset"] == "all")]
    return float(chosen["value"].mean())


def test_half_of_the_features_goes_where_the_reverse_has_no_label() -> None:
    sample = LabelledPairs((("A", "B"), ("B", "A"), ("C", "D"), ("E", "F")), np.array([1, 0, 1, 0]), ("x",) * 4)
    kept = reverse_is_labelled(sample, {("D", "C")})
    assert kept.tolist() == [True, True, True, False], "drawn, drawn, an edge that was not drawn, neither"
    features = np.arange(1.0, 17.0).reshape(4, 4)
    cut = without_reverse(features, kept)
    assert cut[3].tolist() == [13, 14, 0, 0] and (cut[:3] == features[:3]).all() and features[3, 3] == 16


def test_labelled_only_finds_edges_in_a_model_that_knows_none(tmp_path: Path) -> None:
    """The networks are drawn at random: whatever is found with the labels' help is read from the labels."""
    honest = results(tmp_path, methods=("VVP", "GDT", "Baseline-Emb", *ANSWERS))
    (tmp_path / "b").mkdir()
    reading = results(tmp_path / "b", methods=("VVP", "GDT", "Baseline-Emb"), reverse_features=LABELLED_ONLY)
    for method in ("VVP", "GDT"):
        assert abs(auroc(honest, method) - 0.5) < 0.05, method
        assert auroc(reading, method) > 0.65, method
    assert auroc(reading, "Baseline-Emb") == auroc(honest, "Baseline-Emb"), "it has no half for target -> source"
    assert auroc(honest, "Reverse is an edge") > 0.65
    by = reading.groupby("method")["reverse_features"].unique().map(list).to_dict()
    assert by == {"VVP": [LABELLED_ONLY], "GDT": [LABELLED_ONLY], "Baseline-Emb": ["none"]}
    assert set(honest.loc[honest["method"] == "VVP", "reverse_features"]) == {COMPUTED}


def test_the_second_is_never_a_default_and_always_said(tmp_path: Path) -> None:
    assert BenchmarkRequest(1).reverse_features == COMPUTED
    with pytest.raises(InputError, match="computed and labelled_only"):
        BenchmarkRequest(1, reverse_features="some")  # pyright: ignore[reportArgumentType]
    facts = run_facts(results(tmp_path, methods=("GDT",), reverse_features=LABELLED_ONLY))
    assert facts.reads_labels and "reads the test labels" in facts.label
    assert "--reverse-features labelled_only" in benchmark_command(facts, "x.csv")
    honest = replace(facts, reverse_features=COMPUTED)
    assert not honest.reads_labels and "reads" not in honest.label
    assert "--reverse" not in benchmark_command(honest, "x.csv")


def test_scores_that_read_answers_by_hand() -> None:
    known = KnownEdges(frozenset(), frozenset(), frozenset({("A", "B"), ("A", "C"), ("C", "A")}))
    pairs = [("B", "A"), ("A", "B"), ("A", "C"), ("A", "D"), ("C", "B")]
    for score, by_hand in (
        (reverse_is_an_edge, [1, 0, 1, 0, 0]),
        (has_an_edge, [1, 1, 1, 0, 1]),
        (target_out_degree, [2, 0, 1, 0, 0]),
        (degrees_of_the_test, [1, 2, 2, 0, 1]),  # log(1) + log(2), log(3) + log(2) twice, log(3), log(2) + log(2)
    ):
        got = score(known, pairs)
        if score is degrees_of_the_test:
            by_hand = [np.log(2), np.log(6), np.log(6), np.log(3), np.log(4)]
        for i, a in enumerate(by_hand):
            for j, b in enumerate(by_hand):
                assert a <= b or got[i] > got[j], (score.__name__, pairs[i], pairs[j])
        assert len(set(got)) == len(pairs), "ties are broken"
        assert score(known, pairs[::-1]).tolist() == got[::-1].tolist(), "and in no order of the pairs"


def test_answers_are_a_family_of_their_own() -> None:
    assert {m.name for m in METHODS.values() if m.family == "answers"} == set(ANSWERS)


def wide_network() -> Network:
    genes = tuple(sorted(["SOX2", "NANOG", "TP53", *(f"G{i}" for i in range(20))]))
    edges = tuple(sorted(("G0", f"G{i}") for i in range(1, 9)))
    return Network(Row("STRING", "mDC"), "TFs+500", genes, ("G0", "G1"), edges)


def test_candidates_of_the_wide_samplers() -> None:
    network = wide_network()
    drawn = [name for name, sampler in SAMPLERS.items() if sampler.draw is not None]
    every = {name: sample_pairs(network, sampler=name, neg_ratio=100) for name in drawn}
    negatives = {k: {p for p, y in zip(s.pairs, s.labels, strict=True) if not y} for k, s in every.items()}
    sources = {"uniform": {"G0", "G1"}, "tf_x_gene": {"G0", "G1", *filter(is_tf, network.genes)}}
    sources["all_pairs"] = set(network.genes)
    assert sources["tf_x_gene"] == {"G0", "G1", "SOX2", "NANOG", "TP53"}
    for name, allowed in sources.items():
        whole = {(s, t) for s in allowed for t in network.genes if s != t} - set(network.edges)
        assert negatives[name] == whole, name
    one = sample_pairs(network, sampler="all_pairs")
    assert one.n_neg == one.n_pos and one.positives() == sample_pairs(network).positives()


def test_a_reverse_edge_is_told_by_its_rank() -> None:
    network = wide_network()
    network = replace(network, edges=tuple(sorted([*network.edges, ("G1", "G0")])))
    sample = sample_pairs(network, sampler="all_pairs", neg_ratio=5)
    known = KnownEdges(frozenset(), frozenset(network.tfs), frozenset(network.edges))
    truth = np.array([(t, s) in network.edges for s, t in sample.pairs])
    assert roc_auc_score(truth, reverse_is_an_edge(known, sample.pairs)) == 1.0


# what the printed figures look like


def test_likeness_is_pearsons_r_and_the_mean_difference_over_rows() -> None:
    rows = [(n, d, s) for n in ("STRING", "Non-specific ChIP") for d in ("hHEP", "mDC", "mESC") for s in (0, 1)]
    rng = np.random.default_rng(0)
    made = pd.DataFrame(rows, columns=["test_network", "test_set", "seed"]).assign(
        backbone="mine", weights="trained", sampler="per_tf", reverse_features="computed", method="GDT",
        metric="auprc", subset="all", neg_ratio=1, value=rng.random(len(rows)),
    )  # fmt: skip
    lines = prepare_likeness(made)
    line = lines[(lines["printed_backbone"] == "scGPT") & (lines["printed_method"] == "GDT")].iloc[0]
    ours = made["value"].to_numpy().reshape(6, 2).mean(1)
    printed = paper_table(1)
    printed = printed[(printed["backbone"] == "scGPT")].set_index(["network", "data_set"])["GDT"]
    theirs = np.array([printed[n, d] for n, d, s in rows if s == 0])
    assert line["rows"] == 6 and line["r"] == pytest.approx(pearsonr(ours, theirs).statistic)
    assert line["difference"] == pytest.approx(np.abs(ours - theirs).mean())
    assert line["r STRING"] == pytest.approx(pearsonr(ours[:3], theirs[:3]).statistic)
    assert line["mean STRING"] == pytest.approx(ours[:3].mean()) and np.isnan(line["r Cell-type-specific ChIP"])


def test_the_page_of_the_docs_is_what_the_frozen_frames_say() -> None:
    page = printed_page(frozen(), frozen(6), frozen(folder=SECOND))
    assert (ROOT / "docs" / "printed-figures.md").read_text() == page
    assert "This is consistency, not proof" in page and "Nothing is alleged" in page


def test_what_the_page_concludes_is_true() -> None:
    likeness = prepare_likeness(frozen())
    gdt = likeness[(likeness["printed_method"] == "GDT") & (likeness["printed_backbone"] == "scGPT")]

    def of(method: str, backbone: str, weights: str, reverse: str) -> pd.Series:
        keep = (gdt["method"] == method) & (gdt["backbone"] == backbone) & (gdt["weights"] == weights)
        return gdt[keep & (gdt["reverse_features"] == reverse) & (gdt["sampler"] == "per_tf")].iloc[0]

    for model in ("ugrn-mini", "ugrn-mini-log1p"):
        trained, twin = (of("GDT", model, w, LABELLED_ONLY) for w in ("trained", "random"))
        honest = [of("GDT", model, w, COMPUTED)["mean"] for w in ("trained", "random")]
        assert twin["mean"] - honest[1] > 3 * (trained["mean"] - twin["mean"]), "mostly in which halves are filled"
        assert trained["r"] > 0.95 and trained["difference"] < of("GDT", model, "trained", COMPUTED)["difference"] / 3
    computed = gdt[(gdt["method"] == "GDT") & (gdt["reverse_features"] == COMPUTED)]
    assert computed["mean"].max() < 0.62, "no sampler lifts an honest GDT to what is printed"
    degrees = gdt[(gdt["method"] == "Test degrees")]
    assert (degrees["mean Cell-type-specific ChIP"] > 0.68).all(), "degrees would give more than is printed"


def test_the_figure_has_a_point_a_row_and_three_panels() -> None:
    panels = prepare_panels(frozen())
    assert panels.groupby("panel", sort=False).size().tolist() == [19, 19, 19]
    figure = plot_likeness(panels)
    drawn = [p for p in figure.data if p["mode"] == "markers"]
    assert sum(len(p["x"]) for p in drawn) == 57
    titles = [a["text"].replace("<br>", " ") for a in figure.layout.annotations]
    assert titles == list(dict.fromkeys(panels["panel"]))


@pytest.mark.parametrize("file", sorted(FROZEN.glob("*.csv.gz")), ids=lambda f: f.name)
def test_frozen_frames_are_whole(file: Path) -> None:
    frame = read_results(file)
    assert set(frame["seed"]) == {0, 1, 2} and frame["value"].dropna().between(0, 1).all()
    assert ("labelled_only" in file.name) == (frame["reverse_features"] == LABELLED_ONLY).any()


def test_the_second_generation_stands_in_frames_of_its_own() -> None:
    """Its honest GDT is below the printed one, and with labelled reverse halves only above it."""
    assert sorted(set(frozen()["backbone"])) == ["none", "ugrn-mini", "ugrn-mini-log1p"]
    later = prepare_likeness(frozen(folder=SECOND))
    line = later[
        (later["printed_method"] == "GDT") & (later["printed_backbone"] == "scGPT") & (later["method"] == "GDT")
    ]
    line = line.set_index("reverse_features")
    assert set(line["backbone"]) == {"ugrn-mini-2"}
    assert line.loc[COMPUTED, "mean"] < 0.738 < line.loc[LABELLED_ONLY, "mean"]
    assert line.loc[LABELLED_ONLY, "r"] > 0.95


def test_no_table_of_the_benchmark_reads_labels() -> None:
    for file in FROZEN.parent.glob("*.csv.gz"):
        said = pd.read_csv(file, usecols=["reverse_features"])["reverse_features"]
        assert LABELLED_ONLY not in set(said), file.name
