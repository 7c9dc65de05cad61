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
from ugrn_core.errors import GeneError, InputError
from ugrn_core.genes.file_names import names_of
from ugrn_core.network import edge_table as edge_table_room
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
    network_gene,
    select_edges,
)
from ugrn_core.network.edge_table import (
    DIRECTIONS,
    SLOPE_DIRECTIONS,
    TAGS,
    beeline_edges,
    check_edge_table,
    in_order,
    known_words,
    tag_words,
)
from ugrn_core.network.layout import ROOM, place_genes, prepare_nodes
from ugrn_core.network.summary import STRONGEST, hub_table, known_enrichment
from ugrn_core.translation.scoring import NOVELTY
from ugrn_core.types import Vocabulary


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
    found = known_enrichment(table, len(table), best=5)
    assert found is not None and (found.best, found.scored) == (5, len(table) - 1)
    assert found.known == pytest.approx(2 / 5) and found.chance == pytest.approx(3 / (len(table) - 1))
    assert found.times == pytest.approx((2 / 5) / (3 / (len(table) - 1))) and "The best 5 hold" in found.sentence()
    assert "times as many known edges as chance (" in found.sentence()
    cut = known_enrichment(table, 10 * len(table), best=5)
    assert cut is not None and cut.times == found.times
    assert f"known edges as all of the best {len(table) - 1:,} (" in cut.sentence() and "chance" not in cut.sentence()
    assert known_enrichment(table.assign(known="not checked"), len(table), best=5) is None
    assert known_enrichment(table, len(table), best=10) is None, "a quarter of all is no best part"
    assert known_enrichment(table.assign(known="no"), len(table), best=5) is None


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


def test_limits_that_are_met_leave_edges_in_and_say_nothing():
    table = small_edge_table().assign(probability=0.5)
    assert select_edges(table, min_probability=0.5).notes == select_edges(table, cap=len(table)).notes == ()
    assert len(select_edges(table, min_probability=0.5).table) == len(table)
    assert select_edges(table, max_fdr=0.5).notes == ()
    looked_at = select_edges(table, max_fdr=0.5, genes=["G9"])
    assert looked_at.notes == ("28 edges of other genes left out.",) and looked_at.fdr == 0.5
    assert select_edges(table.head(0), max_fdr=0.5).notes == select_edges(table.head(0), max_fdr=0.5, cap=3).notes == ()


def test_notes_count_what_was_left_out_and_name_five():
    table = small_edge_table(2, 4)
    asked = [f"X{i}" for i in range(6)]
    five = "X0, X1, X2, X3, X4"
    assert select_edges(table, targets=["G1", *asked[:5]]).notes[-1] == f"{five}: not a target of this network."
    assert select_edges(table, genes=["G1", *asked]).notes[-1] == f"{five} and 1 more: not in this network."
    chain = in_order(table.head(3).assign(source=["A", "B", "C"], target=["B", "C", "D"]))
    assert select_edges(chain, near=("a", 1)).notes == ("2 edges beyond 1 step of a left out.",)
    assert select_edges(chain, near=("A", 2)).notes == ("1 edge beyond 2 steps of A left out.",)
    assert select_edges(chain, near=("A", 3)).notes == ()
    assert select_edges(chain, near=("X", 1)).notes[0] == "X has no edge in this network."
    assert select_edges(chain, cap=2).notes == ("Showing the top 2 of 3 edges.",)
    assert select_edges(chain, tags=[]).notes == ("3 edges of another tag than none left out.",)


def test_a_drawing_holds_three_hundred_genes():
    star = small_edge_table(1, 320)
    shown = drawable(star)
    assert len(shown.table) == 299 and list(shown.table) == list(star)
    assert list(drawable(star.tail(5)).table.index) == [0, 1, 2, 3, 4]


def test_a_filter_says_itself_in_options():
    rule = EdgeFilter(
        0.125, 0.5, ("rises",), ("undecided",), ("model only",), ("A", "B"), ("C",), ("D",), ("E", 2), 3, 1_000_000
    )
    assert rule.cli_args() == [
        "--top", "1000000", "--fdr", "0.5", "--min-probability", "0.125", "--top-per-source", "3",
        "--slope", "rises", "--direction", "undecided", "--tag", "model only",
        "--only-sources", "A,B", "--only-targets", "C", "--only-genes", "D", "--around", "E", "--steps", "2",
    ]  # fmt: skip
    assert EdgeFilter().cli_args() == []


def test_genes_of_a_filter_are_named_as_the_network_names_them():
    vocabulary = Vocabulary(("GATA1", "SPI1", "POU5F1", "KLF1", "TAL1", "MYC"), range(6))
    rule = EdgeFilter(sources=("gata1", "GATA1"), targets=("OCT4",), genes=("spi1", "POU5F1"), near=("gata1", 2))
    named = rule.named(vocabulary, ("GATA1", "SPI1"), ("POU5F1",))
    assert named == EdgeFilter(sources=("GATA1",), targets=("POU5F1",), genes=("SPI1", "POU5F1"), near=("GATA1", 2))
    assert EdgeFilter(cap=3).named(vocabulary, ("GATA1",), ()) == EdgeFilter(cap=3)
    with pytest.raises(InputError, match=r"^SPI1 is no target of this network, which has POU5F1\. Give one of these"):
        EdgeFilter(targets=("SPI1",)).named(vocabulary, ("SPI1",), ("POU5F1",))
    five = ("GATA1", "SPI1", "POU5F1", "KLF1", "TAL1")
    with pytest.raises(InputError, match=r"^MYC is no gene of .* has GATA1, SPI1, POU5F1, KLF1, TAL1\. Give"):
        network_gene("MYC", vocabulary, five, "gene")
    with pytest.raises(InputError, match=r"^Oct4 \(POU5F1\) is .* has A, GATA1, SPI1, KLF1, TAL1 and others. Give"):
        network_gene("Oct4", vocabulary, ("A", *five[:2], *five[3:], "MYC"), "gene")
    with pytest.raises(GeneError):
        network_gene("NOSUCH", vocabulary, five, "gene")
    names = names_of({"GATA1": "Gata1", "MADEUP": "Made"})
    for asked, called in (("Gata1", "Gata1"), ("GATA1", "Gata1"), ("MADEUP", "Made"), ("Made", "Made")):
        assert network_gene(asked, vocabulary, ("GATA1", "MADEUP"), "gene", "mouse", names) == called


def test_an_edge_table_is_whole_and_has_each_edge_once():
    table = small_edge_table()
    check_edge_table(table)
    twice = pd.concat([table, table.iloc[[4]]], ignore_index=True)
    with pytest.raises(InputError, match=f"names {table['source'][4]} -> {table['target'][4]} twice"):
        check_edge_table(twice)
    with pytest.raises(InputError, match="has no column known, tag; expected source, target"):
        check_edge_table(table.drop(columns=["known", "tag"]))
    mouse = table.assign(human_target="x", extra=1, human_source="y")
    assert list(in_order(mouse)) == [*table, "human_source", "human_target"]
    mixed = table.assign(score=[*np.repeat([1.0, 2.0], 16)]).sample(frac=1, random_state=2)
    found = in_order(mixed)
    expected = sorted(mixed.itertuples(index=False), key=lambda row: (-row.score, row.source, row.target))
    assert edge_pairs(found) == [(row.source, row.target) for row in expected] and list(found.index) == list(range(32))


def test_words_of_an_edge_say_its_standing(monkeypatch):
    pairs = [("A", "B"), ("B", "A")]
    assert known_words(pairs, {("A", "B")}) == ["yes", "no"]
    assert known_words(pairs, None) == ["not checked"] * 2
    for known in ("no", "not checked"):
        assert tag_words(NOVELTY, [known] * 4) == ["training pair", "model only", "model only", "both genes unseen"]
    assert tag_words(NOVELTY, ["yes"] * 4) == ["training pair", *["known network"] * 3]
    monkeypatch.setattr(edge_table_room, "missing_networks", lambda: ["a file"])
    assert beeline_edges() is None
    monkeypatch.setattr(edge_table_room, "missing_networks", list)
    monkeypatch.setattr(edge_table_room, "load_network", lambda *row: type("Made", (), {"edges": [row]}))
    found = beeline_edges()
    assert found is not None and ("STRING", "hESC", "TFs+500") in found and ("STRING", "hESC", "TFs+1000") in found


def of_edges(edges, probability, **more) -> pd.DataFrame:
    table = small_edge_table(5, 9).head(len(edges))
    ends = {"source": [e[0] for e in edges], "target": [e[1] for e in edges]}
    score = np.log(np.array(probability) / (1 - np.array(probability)))
    return in_order(table.assign(**ends, probability=probability, score=np.round(score, 6), **more))


def test_changes_are_ordered_by_size_then_name_and_told_to_six_decimals():
    edges = [("B", "C"), ("B", "A"), ("A", "C"), ("C", "A"), ("D", "A")]
    a = of_edges(edges, [0.5, 0.5, 0.5, 0.2000001, 0.3])
    a = a.assign(human_source=a["source"].str.lower(), human_target=a["target"].str.lower())
    b = of_edges(edges[:4], [0.25, 0.75, 0.75, 0.3000006])
    compared = compare_networks(a, b, threshold=0.3)
    assert edge_pairs(compared) == [("A", "C"), ("B", "A"), ("B", "C"), ("C", "A"), ("D", "A")]
    assert compared["change"].tolist() == ["kept", "kept", "lost", "gained", "scored in a only"]
    np.testing.assert_array_equal(compared["probability_change"], [0.25, 0.25, -0.25, 0.100001, np.nan])
    assert compared["rank_a"].tolist() == [1, 2, 3, 5, 4] and list(compared.index) == [0, 1, 2, 3, 4]
    assert list(compared) == [*COLUMNS, "human_source", "human_target"]
    assert compared["human_source"].tolist() == list("abbcd")
    with pytest.raises(InputError, match="not both"):
        compare_networks(a, b, threshold=0.3, shown_b=b)
    for one in ({"shown_a": a}, {"shown_b": b}):
        with pytest.raises(InputError, match="needs to know which"):
            compare_networks(a, b, **one)
    with pytest.raises(InputError, match="D -> A is shown in b but not among"):
        compare_networks(a, b, shown_a=a, shown_b=a)
    with pytest.raises(InputError, match="twice"):
        compare_networks(a, pd.concat([b, b]), threshold=0.3)


def test_networks_are_cut_at_the_higher_of_their_lowest():
    edges = [("B", "C"), ("B", "A"), ("A", "C")]
    a, b = of_edges(edges, [0.9, 0.5, 0.3]), of_edges(edges, [0.8, 0.6, 0.5])
    left, right, cut = same_cut(a, b)
    assert cut == 0.5 and left["probability"].tolist() == [0.9, 0.5] and len(right) == 3
    assert same_cut(a.head(0), b.head(0))[2] == 0 and same_cut(a.head(0), b)[2] == 0.5
    assert cut_words(0.5) == "Both networks are cut at a probability of 0.5, the higher of their two cuts."


def test_notes_on_two_networks_count_what_there_is():
    a, b = small_edge_table(1, 3), small_edge_table(1, 13)
    said = comparison_notes(a, b, compare_networks(a, b, shown_a=a, shown_b=b.tail(0)))
    kept = "G4, G5, G6, G7, G8, G9"
    assert said[0] == "From a to b: 0 gained, 2 lost, 0 kept."
    assert said[1:] == (f"Genes in b only: G10, G11, G12, G13, {kept}.",)
    more = small_edge_table(1, 14)
    compared = compare_networks(more, a, shown_a=more, shown_b=a.head(1))
    said = comparison_notes(more, a, compared, ("x", "y"))
    assert said[0] == "From x to y: 0 gained, 1 lost, 1 kept."
    assert said[1] == "11 edges shown in x not scored in the other: neither gained nor lost."
    assert said[2:] == (f"Genes in x only: G10, G11, G12, G13, G14, {kept[:-4]} and 1 more.",)
