"""What is shown of a network: filters, neighbourhoods, caps, hubs, places, and two networks beside each other."""

from __future__ import annotations

import time

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.small_network import TABLES, edge_pairs, small_edge_table
from ugrn_core.errors import InputError
from ugrn_core.network.compare import (
    CHANGES,
    COLUMNS,
    compare_networks,
    comparison_notes,
    cut_words,
    genes_in_one,
    same_cut,
)
from ugrn_core.network.edge_filter import (
    DRAWN_EDGES,
    DRAWN_GENES,
    TOP_WITHOUT_FDR,
    EdgeFilter,
    drawable,
    expected_fdr,
    select_edges,
)
from ugrn_core.network.edge_table import DIRECTIONS, SLOPE_DIRECTIONS, TAGS, in_order
from ugrn_core.network.layout import ROOM, place_genes, prepare_nodes
from ugrn_core.network.summary import STRONGEST, hub_table, known_enrichment


def graph(table):
    return nx.DiGraph(edge_pairs(table))


def test_no_filter_keeps_all_in_order():
    table = small_edge_table()
    left = select_edges(table.sample(frac=1, random_state=0))
    assert left.notes == ()
    pd.testing.assert_frame_equal(left.table, table)
    ties = table.assign(score=table["score"].max())
    ordered = ties.sort_values(["source", "target"], ignore_index=True)
    pd.testing.assert_frame_equal(select_edges(ties.sample(frac=1, random_state=0)).table, ordered)


@given(
    TABLES,
    st.sets(st.sampled_from(SLOPE_DIRECTIONS)),
    st.sets(st.sampled_from(DIRECTIONS)),
    st.sets(st.sampled_from(TAGS)),
    st.sets(st.sampled_from(["G1", "g2", " G3 "])),
    st.sets(st.sampled_from(["g1", "G2", "G3"])),
    st.floats(0, 1),
    st.integers(1, 6),
)
@settings(max_examples=40, deadline=None)
def test_filters_are_those_of_a_loop_over_edges(table, slopes, directions, tags, sources, targets, least, top):
    kept, taken = [], {}
    for row in table.itertuples():
        named = row.source in {s.strip().upper() for s in sources} and row.target in {t.upper() for t in targets}
        words = row.slope_direction in slopes and row.direction in directions and row.tag in tags
        if words and named and row.probability >= least and taken.get(row.source, 0) < top:
            taken[row.source] = taken.get(row.source, 0) + 1
            kept.append((row.source, row.target))
    left = select_edges(
        table,
        slope_directions=sorted(slopes),
        directions=sorted(directions),
        tags=sorted(tags),
        sources=sorted(sources),
        targets=sorted(targets),
        min_probability=least,
        top_per_source=top,
    )
    assert edge_pairs(left.table) == kept
    dropped = sum(int(note.split(" edge")[0].replace(",", "")) for note in left.notes if "left out" in note)
    assert dropped == len(table) - len(kept)


@given(TABLES, st.floats(0, 1))
@settings(max_examples=40, deadline=None)
def test_the_longest_list_of_best_edges_within_an_expected_fdr(table, most):
    left = select_edges(table, max_fdr=most)
    fits = [n for n in range(1, len(table) + 1) if 1 - table["probability"].head(n).mean() <= most + 1e-12]
    assert edge_pairs(left.table) == edge_pairs(table.head(max(fits, default=min(TOP_WITHOUT_FDR, len(table)))))
    assert left.fdr == pytest.approx(1 - left.table["probability"].mean())
    assert any("No list of best edges" in note for note in left.notes) == (not fits)


def test_where_no_edge_reaches_the_fdr_the_top_is_shown_with_its_own():
    table = small_edge_table().assign(probability=0.1)
    left = select_edges(table, max_fdr=0.2, cap=7)
    assert len(left.table) == 7 and left.fdr == pytest.approx(0.9)
    assert left.notes == (
        "No list of best edges has an expected FDR of at most 20 %: the top 7 of 32 edges are shown, with 90 %.",
    )


def test_what_is_looked_at_within_a_network_can_have_another_fdr():
    table = small_edge_table()
    weak = edge_pairs(select_edges(table, max_fdr=0.5).table)[-1][1]
    left = select_edges(table, max_fdr=0.5, genes=[weak])
    assert left.fdr > 0.5 and any("is of all" in note for note in left.notes)
    assert {weak} <= {*left.table["source"], *left.table["target"]}
    assert all(weak in pair for pair in edge_pairs(left.table))


@given(TABLES, st.integers(1, 4), st.floats(0.0, 0.6))
@settings(max_examples=40, deadline=None)
def test_neighbourhoods_are_those_of_networkx(table, steps, least):
    left = select_edges(table, min_probability=least, near=("g1", steps))
    network = graph(table[table["probability"] >= least])
    if "G1" not in network:
        assert left.table.empty and any("has no edge" in note for note in left.notes)
        return
    around = nx.ego_graph(network.to_undirected(), "G1", radius=steps)
    assert set(edge_pairs(left.table)) == set(network.subgraph(around).edges)


def test_genes_that_are_not_there_are_named():
    notes = select_edges(small_edge_table(), sources=["G9", "G1"], genes=["NOSUCH"]).notes
    assert any(note.startswith("G9: not a source") for note in notes)
    assert any(note.startswith("NOSUCH: not in this network") for note in notes)


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"max_fdr": 1.5}, "between 0 and 1, got 1.5"),
        ({"min_probability": -0.1}, "smallest probability"),
        ({"top_per_source": 0}, "at least 1, got 0"),
        ({"cap": 0}, "at least 1, got 0"),
        ({"near": ("G1", 0)}, "at least 1 step"),
        ({"tags": ["new"]}, "no tag 'new'; expected any of training pair"),
        ({"slope_directions": ["up"]}, "no slope direction 'up'"),
    ],
)
def test_filters_without_sense_are_refused(asked, why):
    with pytest.raises(InputError, match=why):
        select_edges(small_edge_table(), **asked)


def test_probabilities_that_are_missing_are_not_filtered_by():
    with pytest.raises(InputError, match="have no probability"):
        select_edges(small_edge_table().assign(probability=np.nan), max_fdr=0.5)


@given(TABLES, st.sampled_from([0.01, 0.1, 0.5]))
@settings(max_examples=40, deadline=None)
def test_an_edge_no_more_probable_than_any_pair_is_no_finding(table, prevalence):
    left = select_edges(table, prevalence=prevalence, cap=15)
    findings = table[table["probability"] > prevalence]
    assert edge_pairs(left.table) == edge_pairs(findings)[:15]
    idle = len(table) - len(findings)
    assert any("no more probable than any pair" in note and note.startswith(f"{idle:,} ") for note in left.notes) == (
        idle > 0
    )


def test_a_translator_without_signal_shows_no_edge():
    flat = small_edge_table().assign(probability=0.012030)
    assert select_edges(flat, prevalence=0.012030441, max_fdr=0.5).table.empty
    assert len(select_edges(flat.assign(probability=np.nan), prevalence=0.012030441).table) == len(flat), "ranks stay"


def test_rules_that_read_probabilities_become_the_best_edges():
    assert EdgeFilter(max_fdr=0.5, tags=("model only",)).by_rank() == EdgeFilter(cap=50, tags=("model only",))
    assert EdgeFilter(min_probability=0.1, cap=7).by_rank() == EdgeFilter(cap=7)
    assert EdgeFilter(cap=7, near=("A", 1)).by_rank() == EdgeFilter(cap=7, near=("A", 1))


def test_the_best_edges_stand_beside_chance_without_what_was_trained_on():
    table = small_edge_table(5, 9).assign(known="no", novelty="both genes unseen")
    table.loc[[0, 1, 4, 20], "known"] = "yes"
    table.loc[1, "novelty"] = "pair seen"
    found = known_enrichment(table, best=5)
    assert found is not None and (found.best, found.scored) == (5, len(table) - 1)
    assert found.known == pytest.approx(2 / 5) and found.chance == pytest.approx(3 / (len(table) - 1))
    assert found.times == pytest.approx((2 / 5) / (3 / (len(table) - 1))) and "The best 5 hold" in found.sentence()
    assert known_enrichment(table.assign(known="not checked"), best=5) is None
    assert known_enrichment(table, best=10) is None, "a quarter of all is no best part"
    assert known_enrichment(table.assign(known="no"), best=5) is None


@pytest.mark.parametrize("more", [{}, {"probability": np.nan}])
def test_what_differs_is_told_by_rank_where_there_are_no_probabilities(more):
    a, b = (small_edge_table(3, 6, seed).assign(**more) for seed in (0, 1))
    shown_a, shown_b, cut = same_cut(a.head(8), b.head(8))
    compared = compare_networks(a, b, shown_a=shown_a, shown_b=shown_b)
    place = {pair: n + 1 for n, pair in enumerate(edge_pairs(b))}
    assert [place[pair] for pair in edge_pairs(compared)] == compared["rank_b"].tolist()
    assert np.isnan(cut) == bool(more) == ("by rank" in cut_words(cut))
    if more:
        moved = np.abs(np.log(compared["rank_b"] / compared["rank_a"]))
        assert (np.diff(moved) <= 1e-12).all() and len(shown_a) == len(shown_b) == 8


@given(TABLES, st.integers(1, 40), st.integers(2, 9))
@settings(max_examples=60, deadline=None)
def test_a_drawing_holds_as_many_of_the_best_as_fit(table, max_edges, max_genes):
    shown = drawable(table, max_edges=max_edges, max_genes=max_genes)
    n = len(shown.table)
    assert edge_pairs(shown.table) == edge_pairs(table.head(n))
    assert n <= max_edges and len({*shown.table["source"], *shown.table["target"]}) <= max_genes
    if n < len(table):
        more = table.head(n + 1)
        assert n == max_edges or len({*more["source"], *more["target"]}) > max_genes
        assert shown.notes == (f"Showing the top {n:,} of {len(table):,} edges.",)


def test_hubs_are_those_of_networkx():
    table = small_edge_table(5, 12)
    network, hubs = graph(table), hub_table(table)
    assert dict(zip(hubs["gene"], hubs["out_degree"], strict=True)) == dict(network.out_degree())
    assert dict(zip(hubs["gene"], hubs["in_degree"], strict=True)) == dict(network.in_degree())
    assert hubs["out_degree"].is_monotonic_decreasing
    first = hubs.iloc[0]
    own = table[table["source"] == first["gene"]]
    assert first["mean_probability_out"] == pytest.approx(own["probability"].mean(), abs=1e-6)
    assert first["strongest_targets"] == ", ".join(own["target"].head(STRONGEST))
    last = hubs[hubs["out_degree"] == 0].iloc[0]
    assert np.isnan(last["mean_probability_out"]) and last["strongest_targets"] == ""
    pd.testing.assert_frame_equal(hubs, hub_table(table.sample(frac=1, random_state=1)))


def test_genes_know_whether_they_are_factors():
    table = small_edge_table(2, 3).replace({"G1": "GATA1", "G2": "HBB", "G3": "SPI1"})
    nodes = prepare_nodes(table)
    assert list(nodes["gene"]) == ["GATA1", "HBB", "SPI1"] and list(nodes["is_tf"]) == [True, False, True]


def test_a_network_without_edges_has_no_hubs_and_no_places():
    nothing = small_edge_table().head(0)
    assert hub_table(nothing).empty and place_genes(nothing).empty and prepare_nodes(nothing).empty
    assert list(place_genes(nothing).columns) == ["gene", "x", "y"]
    assert np.isnan(expected_fdr(nothing)) and drawable(nothing).notes == ()


@given(TABLES, st.integers(1, 30), st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_places_do_not_depend_on_the_order_of_rows(table, n, random):
    table = table.head(n)
    places = place_genes(table)
    rows = list(range(len(table)))
    random.shuffle(rows)
    pd.testing.assert_frame_equal(places, place_genes(table.iloc[rows]))
    assert list(places["gene"]) == sorted({*table["source"], *table["target"]})
    assert np.isfinite(places[["x", "y"]].to_numpy()).all()


def nearest(places):
    xy = places[["x", "y"]].to_numpy() / ROOM
    distance = np.linalg.norm(xy[:, None] - xy[None], axis=-1)
    np.fill_diagonal(distance, np.inf)
    return distance.min()


def test_no_two_genes_stand_on_one_another():
    star = small_edge_table(1, 60)
    crowd = small_edge_table(12, 40)
    apart = in_order(pd.concat([star, small_edge_table(3, 9).replace(r"^G", "H", regex=True)], ignore_index=True))
    for table in (star, crowd, apart):
        assert nearest(place_genes(table)) > 0.9


def test_genes_with_an_edge_stand_nearer_than_others():
    table = small_edge_table(8, 60).groupby("source").head(7)
    places = place_genes(table).set_index("gene")
    network = nx.Graph(edge_pairs(table))
    xy = places.loc[list(network)].to_numpy()
    distance = np.linalg.norm(xy[:, None] - xy[None], axis=-1)
    linked = nx.to_numpy_array(network) > 0
    rest = ~linked & ~np.eye(len(linked), dtype=bool)
    assert distance[linked].mean() < 0.7 * distance[rest].mean()


def large_table(seed=0):
    """About 320 genes and 1,200 edges from a few busy sources."""
    rng = np.random.default_rng(seed)
    edges = {(f"TF{s % 50}", f"G{t}") for s, t in zip(rng.zipf(1.5, 4000), rng.integers(0, 300, 4000), strict=True)}
    kept = sorted(edges)[:: max(1, len(edges) // 1200)][:1200]
    table = small_edge_table(40, 60).head(len(kept)).reset_index(drop=True)
    table["source"], table["target"] = zip(*kept, strict=True)
    return in_order(table.assign(score=rng.normal(size=len(table))))


def test_a_large_network_is_placed_within_its_caps_and_in_little_time():
    table = large_table()
    start = time.process_time()
    places = place_genes(table)
    assert time.process_time() - start < 10
    assert 250 < len(places) <= DRAWN_GENES and len(drawable(table).table) <= DRAWN_EDGES
    pd.testing.assert_frame_equal(places, place_genes(table.sample(frac=1, random_state=3)))
    assert nearest(places) > 0.5


@given(TABLES, TABLES, st.floats(0.05, 0.6))
@settings(max_examples=40, deadline=None)
def test_changes_are_those_of_a_loop_over_edges(a, b, threshold):
    compared = compare_networks(a, b, threshold=threshold)
    p_a, p_b = (dict(zip(edge_pairs(t), t["probability"], strict=True)) for t in (a, b))
    expected = {}
    for pair in {*p_a, *p_b}:
        in_a, in_b = p_a.get(pair, 0) >= threshold, p_b.get(pair, 0) >= threshold
        if not (in_a or in_b):
            continue
        if pair not in p_a or pair not in p_b:
            expected[pair] = CHANGES[3] if pair not in p_a else CHANGES[4]
        else:
            expected[pair] = CHANGES[2] if in_a and in_b else CHANGES[0] if in_b else CHANGES[1]
    assert dict(zip(edge_pairs(compared), compared["change"], strict=True)) == expected
    assert list(compared.columns) == COLUMNS
    both = compared.dropna(subset="probability_change")
    change = [round(p_b[pair] - p_a[pair], 6) for pair in edge_pairs(both)]
    np.testing.assert_allclose(both["probability_change"], change, atol=1e-9)
    assert (np.diff(both["probability_change"].abs()) <= 1e-12).all()
    lone = compared.tail(len(compared) - len(both))
    assert set(lone["change"]) <= set(CHANGES[3:]) and lone["probability_change"].isna().all()


def test_a_network_beside_itself_has_changed_nothing():
    table = small_edge_table()
    compared = compare_networks(table, table, threshold=0.1)
    assert set(compared["change"]) == {"kept"} and (compared["probability_change"] == 0).all()
    assert (compared["score_change"] == 0).all()


def test_shown_edges_decide_what_is_gained_and_lost():
    a, b = small_edge_table(seed=1), small_edge_table(seed=2)
    compared = compare_networks(a, b, shown_a=a.head(5), shown_b=b.head(8))
    of = {change: set(edge_pairs(part)) for change, part in compared.groupby("change")}
    first, second = set(edge_pairs(a.head(5))), set(edge_pairs(b.head(8)))
    assert of.get("lost", set()) == first - second and of.get("gained", set()) == second - first
    assert of.get("kept", set()) == first & second
    notes = comparison_notes(a, b, compared, ("monocytes", "B cells"))
    assert notes[0] == (
        f"From monocytes to B cells: {len(second - first)} gained, {len(first - second)} lost, "
        f"{len(first & second)} kept."
    )


def test_what_one_network_cannot_tell_is_said():
    a, b = small_edge_table(2, 6), small_edge_table(2, 8)
    assert genes_in_one(a, b) == ([], ["G7", "G8"])
    compared = compare_networks(a, b, threshold=0.0)
    notes = comparison_notes(a, b, compared)
    assert "4 edges shown in b not scored in the other: neither gained nor lost." in notes
    assert "Genes in b only: G7, G8." in notes


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({}, "needs to know which edges are shown"),
        ({"threshold": 0.5, "shown_a": small_edge_table()}, "not both"),
        ({"shown_a": small_edge_table(), "shown_b": small_edge_table(5, 10)}, "not among its scored pairs"),
    ],
)
def test_comparisons_without_sense_are_refused(asked, why):
    with pytest.raises(InputError, match=why):
        compare_networks(small_edge_table(), small_edge_table(), **asked)
