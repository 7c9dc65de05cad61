"""Samples without the leak: what is balanced exactly, and what scores that read the answers make of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from tests.planted import GENE_NAMES, PlantedBackbone, planted_networks
from ugrn_core.beeline.networks import ROWS, Network, Row, load_network
from ugrn_core.benchmark.exchange import RECIPROCAL, reciprocal_share
from ugrn_core.benchmark.given import EVERYWHERE, GivenScores
from ugrn_core.benchmark.request import BenchmarkRequest, Samples
from ugrn_core.benchmark.results import Parts
from ugrn_core.benchmark.run import Contestant, Run
from ugrn_core.benchmark.runner import run_benchmark
from ugrn_core.benchmark.sampling import EXCHANGED, LabelledPairs, sample_pairs, union_pairs
from ugrn_core.errors import InputError
from ugrn_core.methods.catalogue import METHODS
from ugrn_core.methods.shortcuts import KnownEdges, gene_degrees
from ugrn_core.paths import beeline_folder

ANSWERS = tuple(m for m in METHODS.values() if m.family == "answers")
GENES = tuple(f"G{i:02d}" for i in range(40))
ROW = Row("STRING", "hESC")


def network_of(seed: int, both_ways: float, row: Row = ROW) -> Network:
    """40 genes, the first 16 regulators; edges at random, more into some, and among regulators often both ways."""
    rng = np.random.default_rng(seed)
    tfs = GENES[:16]
    weight = np.linspace(0.5, 0.05, 40)
    edges = {(s, t) for s in tfs for j, t in enumerate(GENES) if s != t and rng.random() < weight[j]}
    edges |= {(t, s) for s, t in sorted(edges) if t in tfs and rng.random() < both_ways}
    return Network(row, "TFs+500", GENES, tfs, tuple(sorted(edges)))


ONE_WAY, BOTH_WAYS = network_of(0, 0.2), network_of(1, 1.0)


def parts_of(sample: LabelledPairs) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    return sample.positives(), [p for p, y in zip(sample.pairs, sample.labels, strict=True) if not y]


def test_the_networks_of_these_tests_are_of_both_kinds() -> None:
    assert reciprocal_share(ONE_WAY) < RECIPROCAL < reciprocal_share(BOTH_WAYS)


@given(st.integers(0, 50), st.floats(0, 0.2), st.integers(0, 3), st.one_of(st.none(), st.integers(1, 60)))
@settings(max_examples=40, deadline=None)
def test_every_gene_stands_as_often_among_edges_as_among_non_edges(
    number: int, both_ways: float, seed: int, max_pos: int | None
) -> None:
    network = network_of(number, both_ways)
    edges = set(network.edges)
    sample = sample_pairs(network, sampler=EXCHANGED, max_pos=max_pos, seed=seed)
    if reciprocal_share(network) > RECIPROCAL:
        return
    positives, negatives = parts_of(sample)
    assert set(positives) <= edges and not set(negatives) & edges and len(positives) == len(negatives)
    assert sample.n_pos <= (max_pos or len(edges)) and sample.units is None
    assert all(s != t and s in network.tfs for s, t in negatives)
    for end in (0, 1):
        assert Counter(p[end] for p in positives) == Counter(p[end] for p in negatives)
    assert sum((t, s) in edges for s, t in positives) == sum((t, s) in edges for s, t in negatives)
    again = sample_pairs(network, sampler=EXCHANGED, max_pos=max_pos, seed=seed)
    assert again.pairs == sample.pairs and (again.labels == sample.labels).all()


def test_most_edges_find_a_partner_and_seeds_differ() -> None:
    sample = sample_pairs(ONE_WAY, sampler=EXCHANGED)
    assert sample.n_pos > 0.5 * len(ONE_WAY.edges)
    assert sample.pairs != sample_pairs(ONE_WAY, sampler=EXCHANGED, seed=1).pairs


def test_where_edges_run_both_ways_a_unit_is_the_pair_without_direction() -> None:
    edges = set(BOTH_WAYS.edges)
    sample = sample_pairs(BOTH_WAYS, sampler=EXCHANGED)
    assert sample.units is not None
    label = dict(zip(sample.pairs, sample.labels, strict=True))
    unit = dict(zip(sample.pairs, sample.units, strict=True))
    for (s, t), y in label.items():
        assert label[(t, s)] == y and unit[(t, s)] == unit[(s, t)], "both directions, one label, one unit"
        assert ((s, t) in edges or (t, s) in edges) == bool(y)
        assert s in BOTH_WAYS.tfs or t in BOTH_WAYS.tfs
    labels = sample.by_unit(sample.labels)
    assert len(labels) == len(sample.pairs) / 2 and labels.mean() == 0.5
    positives, negatives = parts_of(sample)
    assert Counter(g for p in positives for g in p) == Counter(g for p in negatives for g in p)


def test_values_of_units_are_means_of_what_there_is() -> None:
    pairs = (("A", "B"), ("B", "A"), ("A", "C"), ("C", "A"))
    sample = LabelledPairs(pairs, np.array([1, 1, 0, 0]), ("x", "x", "y", "y"), np.array([1, 1, 0, 0]))
    assert sample.by_unit(np.array([1.0, 2.0, np.nan, 5.0])).tolist() == [5.0, 1.5]
    assert np.isnan(sample.by_unit(np.array([1.0, 2.0, np.nan, np.nan]))[0])
    assert sample.only(["x"]).by_unit(np.array([1.0, 2.0])).tolist() == [1.5]
    plain = replace(sample, units=None)
    assert plain.by_unit(sample.labels) is sample.labels


def test_a_union_is_an_edge_in_any_and_a_non_edge_in_none_in_either_direction() -> None:
    members = [BOTH_WAYS, network_of(2, 0.1, Row("Non-specific ChIP", "hESC"))]
    edges = {e for n in members for e in n.edges}
    union = union_pairs(members, sampler=EXCHANGED, max_pos=None, neg_ratio=1, seed=0)
    _, negatives = parts_of(union)
    assert negatives and not any((s, t) in edges or (t, s) in edges for s, t in negatives)
    for s, t in union.positives():
        assert (s, t) in edges or (t, s) in edges


def test_other_ratios_are_refused() -> None:
    with pytest.raises(InputError, match="one negative for each positive"):
        sample_pairs(ONE_WAY, sampler=EXCHANGED, neg_ratio=2)
    with pytest.raises(InputError, match="table 6 has other ratios"):
        BenchmarkRequest(6, sampler=EXCHANGED)


# scores

REQUEST = BenchmarkRequest(
    1, max_pos=400, seeds=1, test_sets=("mDC", "mESC"), sampler=EXCHANGED, methods=("GDT", *(m.name for m in ANSWERS))
)


def both_way_networks(rows: tuple[Row, ...], whole: bool = False) -> dict[Row, Network]:
    """Planted networks; those of STRING hold the reverse of every edge among regulators too, or all do."""
    networks = planted_networks(PlantedBackbone(), rows)
    for row, n in networks.items():
        if row.network == "STRING" or whole:
            edges = {*n.edges, *((t, s) for s, t in n.edges if t in n.tfs)}
            networks[row] = replace(n, edges=tuple(sorted(edges)), tfs=n.tfs)
    return networks


def scored(folder: Path, networks: dict[Row, Network], *given: GivenScores):
    parts = Parts(folder / "parts", REQUEST.header())
    run = Run(REQUEST, Samples(REQUEST, networks), {}, parts, given=given)
    return run, run_benchmark(run, [Contestant(), Contestant(PlantedBackbone(), "trained")])


def test_a_planted_truth_is_found_without_the_leak_and_answers_are_not(tmp_path: Path) -> None:
    _, frame = scored(tmp_path, planted_networks(PlantedBackbone(), REQUEST.rows))
    whole = frame[(frame.subset == "all") & (frame.metric == "auroc")].groupby("method")["value"].mean()
    assert whole["GDT"] > 0.95
    for method in ANSWERS:
        assert abs(whole[method.name] - 0.5) < 0.05, method.name


def test_units_are_ranked_by_the_mean_of_both_directions(tmp_path: Path) -> None:
    scores = {(s, t): float(hash((s, t)) % 1000) for s in GENE_NAMES for t in GENE_NAMES if s < t or s > "G080"}
    mine = GivenScores("MINE", {EVERYWHERE: scores})
    run, frame = scored(tmp_path, both_way_networks(REQUEST.rows, whole=True), mine)
    for row in (r for r in REQUEST.rows if r.data_set == "mDC"):
        sample = run.samples.test(row, 1, 0)
        if sample.units is None:
            continue
        values = np.array([scores.get(p, np.nan) for p in sample.pairs])
        by_unit = sample.by_unit(values)
        oracle = roc_auc_score(sample.by_unit(sample.labels), np.where(np.isnan(by_unit), -1, by_unit))
        of = frame[(frame.test_set == "mDC") & (frame.test_network == row.network) & (frame.subset == "all")]
        got = of[(of.method == "MINE") & (of.metric == "auroc")].iloc[0]
        assert got["value"] == pytest.approx(oracle) and got.units == "both directions"
        assert got.n_pos == sample.by_unit(sample.labels).sum()
        reverse = of[of.method == "Reverse is an edge"].iloc[0]
        assert reverse.status == "missing" and "both directions are one unit" in reverse.reason
        break
    else:
        pytest.fail("no network of the test runs both ways")


def test_a_row_of_fewer_than_fifty_edges_is_empty_with_its_n(tmp_path: Path) -> None:
    networks = planted_networks(PlantedBackbone(), REQUEST.rows)
    row = Row("STRING", "mDC")
    networks[row] = replace(networks[row], edges=networks[row].edges[::10])
    _, frame = scored(tmp_path, networks)
    cut = frame[(frame.test_set == "mDC") & (frame.test_network == "STRING") & (frame.subset == "all")]
    assert set(cut.status) == {"too_few"} and cut["value"].isna().all() and (cut.n_pos < 50).all()
    assert set(cut.reason) == {f"{cut.n_pos.iloc[0]} positives, fewer than 50"}


# the real networks


@pytest.mark.skipif(beeline_folder() is None, reason="UGRN_DATA_DIR names no folder with BEELINE networks")
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_scores_that_read_the_answers_are_at_chance_on_the_real_networks(row: Row) -> None:
    network = load_network(*row)
    sample = sample_pairs(network, sampler=EXCHANGED)
    known = KnownEdges(frozenset(network.edges), frozenset(network.tfs), frozenset(network.edges), network.genes)
    labels = sample.by_unit(sample.labels)
    n = labels.sum()
    noise = np.sqrt((2 * n + 1) / (12 * n * n))
    read = {m.name: m.shortcut for m in ANSWERS} | {"degrees, as if trained on": gene_degrees}
    if sample.units is not None:
        del read["Reverse is an edge"]  # it is the unit itself, and has no value there
    for name, score in read.items():
        assert score is not None
        value = roc_auc_score(labels, sample.by_unit(score(known, sample.pairs)))
        assert abs(value - 0.5) < 3.5 * noise, (name, value, noise)
