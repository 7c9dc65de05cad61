"""Predicted networks: scores as of single pairs, resume by counting, probabilities, directions, tags, files."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from unittest import mock

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.small_network import trained
from tests.spoilt import spoil
from ugrn_core.backbones.registry import load_backbone
from ugrn_core.errors import Cancelled, InputError
from ugrn_core.genes.tfs import is_tf
from ugrn_core.methods.catalogue import READINGS
from ugrn_core.network import blocks, direction, executors, run
from ugrn_core.network.direction import DirectionRule, direction_rule, directions
from ugrn_core.network.edge_filter import edges_within, fdr_of_top
from ugrn_core.network.edge_table import (
    COLUMNS,
    DIRECTIONS,
    KNOWN,
    TAGS,
    check_edge_table,
    in_order,
    known_words,
    tag_words,
)
from ugrn_core.network.estimate import estimate_network
from ugrn_core.network.question import NetworkRequest, default_sources
from ugrn_core.network.run import finished_share, predict_network
from ugrn_core.network.table import edge_table, probabilities, write_edges
from ugrn_core.store import Store
from ugrn_core.stored_sweep import source_key
from ugrn_core.sweep import pair_responses, sweep_pairs
from ugrn_core.translation.edge_list import parse_edges
from ugrn_core.translation.scoring import NOVELTY, score_pairs
from ugrn_core.translation.training import train_translator
from ugrn_core.translation.training_set import TrainRequest, own_training_set
from ugrn_core.types import Context, SweepSettings

NO_RULE = DirectionRule(None, None, "a test")


@pytest.fixture(scope="module")
def toy():
    return load_backbone("toy-square")


@pytest.fixture(scope="module")
def genes(toy):
    return toy.vocabulary.symbols


@pytest.fixture(scope="module")
def translator(toy):
    return trained(toy)


@pytest.fixture
def request_(genes):
    return NetworkRequest(tuple(genes[:20:2]), tuple(genes[3:25]))


def all_pairs(request):
    return [(s, t) for s in request.sources for t in request.targets if s != t]


def as_scored(table):
    return table.set_index(["source", "target"])["score"].sort_index()


@pytest.mark.parametrize("method", ["Ens", "VVP", "GDT", "Baseline-Emb", "VVP+class"])
def test_scores_are_those_of_single_pairs(toy, request_, method):
    kept = trained(toy, method)
    scores = predict_network(toy, kept, request_)
    table = edge_table(scores, kept, NO_RULE)
    check_edge_table(table)
    expected = score_pairs(kept, toy, all_pairs(request_))
    assert scores.n_edges == len(table) == len(expected)
    assert expected["score"].is_monotonic_decreasing
    np.testing.assert_allclose(as_scored(table), as_scored(expected), atol=2e-6)
    wanted = expected.set_index(["source", "target"])["probability"].sort_index()
    np.testing.assert_allclose(table.set_index(["source", "target"])["probability"].sort_index(), wanted, atol=2e-6)
    pd.testing.assert_frame_equal(table, in_order(table))


def test_a_run_computes_only_the_values_its_translator_reads(toy, request_):
    """Two of six values: a third of the passes, and the logits of a translator that takes them out of whole curves."""
    base, grid = toy.card.base, toy.card.grid
    lines = [f"{s},{t}" for s, t in pairwise(toy.vocabulary.symbols[:9])]
    edges = parse_edges("\n".join(lines), toy.vocabulary)
    how = TrainRequest("lean", "VVP+class", epochs=2, seeds=1, settings=SweepSettings(base, (grid[1], grid[-1])))
    lean = train_translator(toy, how, own_training_set(how, edges))
    passes, real = {}, {False: sweep_pairs, True: pair_responses}

    def counting(plain):
        def counted(backbone, pairs, settings, **more):
            key = plain, settings.grid
            passes[key] = passes.get(key, 0) + len(pairs) * len(settings.grid)
            return real[plain](backbone, pairs, settings, **more)

        return counted

    with (
        mock.patch("ugrn_core.network.blocks.sweep_pairs", counting(False)),
        mock.patch("ugrn_core.network.blocks.pair_responses", counting(True)),
    ):
        scores = predict_network(toy, lean, request_)
        predict_network(toy, trained(toy), request_)
    assert set(passes) == {(True, lean.card.schema.grid), (False, tuple(grid))}  # no slopes where none is read
    assert passes[True, lean.card.schema.grid] * len(grid) == 2 * passes[False, tuple(grid)]
    assert estimate_network(toy, lean, request_).passes == passes[True, lean.card.schema.grid]
    pairs = all_pairs(request_)
    curves = [sweep_pairs(toy, way, SweepSettings(base, grid)).response for way in (pairs, [(t, s) for s, t in pairs])]
    there, back = ({"response": whole[:, [1, len(grid) - 1]]} for whole in curves)
    features = READINGS["VVP+class"].features(toy, pairs, there, back)
    found = scores.logits.mean(0)
    ours = [found[request_.sources.index(s), request_.targets.index(t)] for s, t in pairs]
    np.testing.assert_allclose(ours, lean.logits({"VVP+class": features}), atol=2e-5)


@pytest.mark.parametrize("method", ["Ens", "VVP"])
def test_scores_in_a_full_context_are_those_of_single_pairs(toy, genes, method):
    kept = trained(toy, method, context="full")
    cell = Context("genes", tuple(genes[:12]), label="a list")
    request = NetworkRequest(tuple(genes[1:4]), tuple(genes[2:12]), cell)
    table = edge_table(predict_network(toy, kept, request), kept, NO_RULE)
    expected = score_pairs(kept, toy, all_pairs(request), cell)
    np.testing.assert_allclose(as_scored(table), as_scored(expected), atol=2e-6)


def test_a_profile_is_scored_with_a_caveat_and_moves_the_scores(toy, translator, genes):
    chosen = tuple(genes[:10])
    flat, steep = (
        Context("profile", chosen, tuple(float(v) for v in values), "cells")
        for values in (np.ones(10), np.linspace(0.5, 3, 10))
    )
    found = [predict_network(toy, translator, NetworkRequest(chosen[:3], chosen, c)) for c in (flat, steep)]
    assert "is calibrated for two genes alone" in found[0].notes[0] and "rank edges" in found[0].notes[0]
    assert not np.allclose(found[0].logits.mean(0), found[1].logits.mean(0), equal_nan=True)


def test_probabilities_hold_in_the_cells_that_a_card_names(toy, translator, genes):
    chosen = tuple(genes[:8])
    cells = NetworkRequest(chosen[:2], chosen, Context("profile", chosen, tuple(np.linspace(1, 5, 8)), "cells"))
    scores = predict_network(toy, translator, cells)
    table = edge_table(scores, translator, NO_RULE)
    assert table["probability"].isna().all() and table["spread"].isna().all() and table["score"].notna().all()
    assert np.isnan(probabilities(scores, translator)).all()
    named = replace(translator, card=replace(translator.card, contexts=("pair", "profile")))
    there = edge_table(predict_network(toy, named, cells), named, NO_RULE)
    assert there["score"].tolist() == table["score"].tolist() and there["probability"].between(0, 1).all()
    assert not any("rank edges" in note for note in predict_network(toy, named, cells).notes)
    alone = NetworkRequest(chosen[:2], chosen)
    only_cells = replace(translator, card=replace(translator.card, contexts=("profile",)))
    assert edge_table(predict_network(toy, only_cells, alone), only_cells, NO_RULE)["probability"].isna().all()


def test_what_is_trained_says_where_it_is_calibrated(toy, translator):
    assert translator.card.contexts == ("pair",)
    assert trained(toy, context="full").card.contexts == ("genes",)
    old = replace(translator.card, contexts=None)
    assert old.holds_in("pair") and not old.holds_in("genes") and not old.holds_in("profile")
    assert trained(toy, method="Baseline-Emb").card.holds_in("profile"), "embeddings are the same in every cell"


def test_a_gene_list_needs_a_translator_of_full_contexts(toy, translator, genes):
    with pytest.raises(InputError, match="context"):
        predict_network(toy, translator, NetworkRequest(genes[:2], genes[:5], Context("genes", tuple(genes[:5]))))


def test_a_stopped_run_goes_on_and_computes_nothing_twice(toy, translator, request_, tmp_path, monkeypatch):
    computed = []
    real = blocks.sweep_pairs

    def counted(backbone, pairs, *rest, **named):
        computed.append(len(pairs))
        return real(backbone, pairs, *rest, **named)

    monkeypatch.setattr(blocks, "sweep_pairs", counted)
    monkeypatch.setattr(blocks, "PAIRS_A_BLOCK", 66)
    sizes = [2 * len(b) for b in blocks.block_pairs(request_)]
    with Store(tmp_path) as store:
        with pytest.raises(Cancelled):
            predict_network(toy, translator, request_, store, cancel=lambda: len(computed) > 1)
        before = len(computed) - 1  # the last one was asked for and stopped
        assert 0 < finished_share(toy, translator, request_, store) < 1
        again = predict_network(toy, translator, request_, store)
        assert computed[before + 1 :] == sizes[before:] and sorted(computed[:before]) == sorted(sizes[:before])
        n = len(computed)
        once_more = predict_network(toy, translator, request_, store)
        assert len(computed) == n and finished_share(toy, translator, request_, store) == 1
    np.testing.assert_array_equal(again.logits, once_more.logits)
    np.testing.assert_array_equal(again.logits, predict_network(toy, translator, request_).logits)


@pytest.mark.parametrize("context", ["pair", "full"])
def test_damaged_blocks_are_computed_anew_in_the_same_cell(toy, genes, context, tmp_path):
    """All blocks are in the store, one is damaged: it must not be answered in another context."""
    kept = trained(toy, context=context)
    cell = Context("genes", tuple(genes[:12]), label="a list") if context == "full" else Context()
    request = NetworkRequest(tuple(genes[1:4]), tuple(genes[2:12]), cell)
    right = predict_network(toy, kept, request).logits
    with Store(tmp_path) as store:
        predict_network(toy, kept, request, store)
        spoil(tmp_path)
        np.testing.assert_array_equal(predict_network(toy, kept, request, store).logits, right)
        assert len(store.notes()) == 1
        assert finished_share(toy, kept, request, store) == 1
    with Store(tmp_path) as store:
        predict_network(toy, kept, request, store)
        assert not store.notes()


def test_sweeps_with_slopes_serve_a_run_that_needs_none_and_not_the_other_way_round(toy, genes, tmp_path, monkeypatch):
    lean, both = (trained(toy, method, context="full") for method in ("VVP", "Ens"))
    cell = Context("genes", tuple(genes[:12]), label="a list")
    small, large = (NetworkRequest(tuple(genes[1:4]), tuple(genes[2:n]), cell) for n in (8, 12))
    asked = []
    for name in ("sweep_sources", "source_responses"):
        real = getattr(executors, name)

        def seen(backbone, cell_genes, sources, *rest, name=name, real=real, **named):
            asked.append((name, sorted(sources)))
            return real(backbone, cell_genes, sources, *rest, **named)

        monkeypatch.setattr(executors, name, seen)
    right = predict_network(toy, lean, large).logits
    asked.clear()
    with Store(tmp_path) as store:
        predict_network(toy, lean, small, store)
        assert asked == [("source_responses", sorted(genes[1:8]))]
        predict_network(toy, both, small, store)
        assert asked[1:] == [("sweep_sources", sorted(genes[1:8]))]
        predict_network(toy, lean, large, store)
        assert asked[2:] == [("source_responses", sorted(genes[8:12]))]
        settings = lean.card.schema.settings
        for gene in genes[1:12]:
            whole, alone = (store.get(source_key(toy, cell, settings, gene, slopes=s)) for s in (True, False))
            assert alone is not None and set(alone) == {"response"}
            assert (set(whole) == {"response", "slope"}) if gene in genes[1:8] else whole is None
        spoil(tmp_path)
        np.testing.assert_allclose(predict_network(toy, lean, large, store).logits, right, atol=2e-6)
    monkeypatch.setattr(Store, "__contains__", lambda *_: True)  # all of it was there a moment ago
    with Store(tmp_path / "cleared") as store:
        np.testing.assert_allclose(predict_network(toy, lean, large, store).logits, right, atol=2e-6)
        assert set(store.get(source_key(toy, cell, settings, genes[1]))) == {"response", "slope"}


def test_the_slope_of_an_edge_is_the_largest_or_what_responses_tell(toy, genes):
    """In W v^2 the mean slope between two values is that at their middle."""
    request = NetworkRequest(tuple(genes[:3]), tuple(genes[:9]))
    tables = {}
    for method in ("VVP", "GDT", "Ens"):
        kept = trained(toy, method)
        table = edge_table(predict_network(toy, kept, request), kept, NO_RULE)
        tables[method] = table.set_index(["source", "target"])["slope"].sort_index()
    grid = toy.card.grid
    np.testing.assert_allclose(tables["GDT"], tables["Ens"], atol=2e-6)
    np.testing.assert_allclose(tables["VVP"] / tables["GDT"], (min(grid) + max(grid)) / 2 / max(grid), rtol=1e-4)
    one = {"response": np.ones((4, 1), np.float32)}
    assert np.isnan(blocks.edge_slopes((2.0,), one)).all()


def test_blocks_that_are_cleared_meanwhile_are_computed_in_the_same_cell(toy, genes, tmp_path, monkeypatch):
    kept = trained(toy, context="full")
    request = NetworkRequest(tuple(genes[1:4]), tuple(genes[2:12]), Context("genes", tuple(genes[:12]), label="a list"))
    with Store(tmp_path) as store:
        right = predict_network(toy, kept, request, store).logits
        store.clear()
        monkeypatch.setattr(run, "finished_share", lambda *_: 1.0)
        np.testing.assert_array_equal(predict_network(toy, kept, request, store).logits, right)


def test_every_pair_of_genes_is_swept_once(request_):
    listed = [frozenset(p) for block in blocks.block_pairs(request_) for p in block]
    assert len(listed) == len(set(listed))
    assert set(listed) == {frozenset(p) for p in all_pairs(request_)}


def test_the_digest_tells_translators_apart(toy, translator):
    assert blocks.translator_digest(translator) == blocks.translator_digest(trained(toy))
    assert blocks.translator_digest(translator) != blocks.translator_digest(trained(toy, "VVP"))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60), st.floats(0.01, 0.99))
@settings(max_examples=60, deadline=None)
def test_the_largest_set_within_an_fdr(values, fdr):
    falling = np.sort(values)[::-1]
    k = edges_within(falling, fdr)
    sizes = [n for n in range(1, len(falling) + 1) if (1 - falling[:n]).mean() <= fdr]
    assert k == max(sizes, default=0) or abs(fdr_of_top(falling)[max(k, max(sizes, default=1)) - 1] - fdr) < 1e-12


@pytest.mark.parametrize(("n", "p", "fdr"), [(1000, 0.7, 0.3), (1000, 0.9, 0.1), (777, 0.6, 0.4), (3, 0.5, 0.5)])
def test_a_rate_that_all_edges_meet_exactly_takes_all_of_them(n, p, fdr):
    """The sums of 1 - p rise and fall by a hair: neither stops the list."""
    assert edges_within(np.full(n, p), fdr) == n
    assert edges_within(np.append(np.full(n, p), 0.0), fdr) == n
    assert edges_within(np.full(n, p), fdr - 1e-6) == 0


def test_probabilities_follow_the_prevalence(toy, translator, request_):
    scores = predict_network(toy, translator, request_)
    low, high = (probabilities(scores, translator, p) for p in (0.01, 0.3))
    assert (low < high).all() and (np.diff(low) <= 1e-12).all()
    table = edge_table(scores, translator, NO_RULE, prevalence=0.3)
    np.testing.assert_allclose(table["probability"], high, atol=1e-6)
    seeds = [translator.probabilities(one, 0.3) for one in scores.logits.reshape(2, -1)[:, scores.order()]]
    np.testing.assert_allclose(table["spread"], np.abs(seeds[0] - seeds[1]) / 2, atol=1e-6)


def test_directions_are_called_beyond_the_threshold_only(toy, translator, genes):
    request = NetworkRequest(tuple(genes[:8]), tuple(genes[:8]))
    scores = predict_network(toy, translator, request)
    places = scores.order()
    gap = {
        (s, t): scores.logits.mean(0)[i, j] - scores.logits.mean(0)[j, i]
        for i, s in enumerate(request.sources)
        for j, t in enumerate(request.targets)
    }
    limit = float(np.median([abs(g) for g in gap.values() if np.isfinite(g)]))
    pairs = scores.edges(places)
    gaps = np.array([gap[pair] for pair in pairs])
    words = directions(pairs, gaps, DirectionRule(limit, limit))
    for pair, word in zip(pairs, words, strict=True):
        expected = DIRECTIONS[0] if gap[pair] > limit else DIRECTIONS[1] if gap[pair] < -limit else DIRECTIONS[2]
        assert word == expected
    assert {*words} == {*DIRECTIONS[:3]}
    assert set(directions(pairs, gaps, NO_RULE)) == {DIRECTIONS[3]}
    table = edge_table(scores, translator, DirectionRule(limit, limit))
    assert table["direction"].tolist() == words


def test_no_direction_is_called_where_training_does_not_tell(toy, request_):
    both_ways = trained(toy)
    assert both_ways.card.reciprocal == 1.0
    scores = predict_network(toy, both_ways, request_)
    assert "100% of its training edges run both ways" in direction_rule(toy, both_ways, scores).reason
    old = replace(both_ways, card=replace(both_ways.card, reciprocal=None))
    assert "train it again" in direction_rule(toy, old, scores).reason
    half = replace(both_ways, card=replace(both_ways.card, reciprocal=0.5))
    assert "train" not in direction_rule(toy, half, scores).reason
    emb = trained(toy, "Baseline-Emb")
    assert "same in both directions" in direction_rule(toy, emb, predict_network(toy, emb, request_)).reason


def test_tags_win_in_their_order():
    known = known_words([("A", "B"), ("C", "D")], {("A", "B")})
    assert known == [KNOWN[0], KNOWN[1]] and known_words([("A", "B")], None) == [KNOWN[2]]
    assert tag_words([NOVELTY[0], NOVELTY[3], NOVELTY[3], NOVELTY[1]], [KNOWN[0], KNOWN[0], KNOWN[2], KNOWN[1]]) == [
        TAGS[0], TAGS[1], TAGS[2], TAGS[3],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("sources", "targets", "why"),
    [((), ("A",), "no source"), (("A", "A"), ("B",), "twice"), (("A",), ("A",), "two different genes")],
)
def test_requests_without_sense_are_refused(sources, targets, why):
    with pytest.raises(InputError, match=why):
        NetworkRequest(sources, targets)


def test_edges_are_written_in_parts_as_the_table_has_them(toy, translator, request_, tmp_path, monkeypatch):
    from ugrn_core.network import table as module

    scores = predict_network(toy, translator, request_)
    whole = edge_table(scores, translator, NO_RULE)
    monkeypatch.setattr(module, "ROWS_A_PART", 37)
    assert write_edges(scores, translator, NO_RULE, tmp_path / "edges.csv", keep=50).equals(whole.head(50))
    read = pd.read_csv(tmp_path / "edges.csv", keep_default_na=False)
    pd.testing.assert_frame_equal(read, whole, check_exact=False, atol=1e-9)
    assert list(read.columns) == list(COLUMNS)
    assert edge_table(scores, translator, NO_RULE, limit=5).equals(whole.head(5))


def test_default_sources_are_the_factors(genes):
    assert default_sources(("GATA1", "HBB", "SPI1")) == ("GATA1", "SPI1")
    assert all(is_tf(g) for g in default_sources(genes))


def test_thresholds_of_two_genes_alone_are_kept(toy, request_, tmp_path, monkeypatch):
    kept = trained(toy)
    kept = replace(kept, card=replace(kept.card, reciprocal=0.1))
    scores = predict_network(toy, kept, request_)
    monkeypatch.setattr(direction, "FEWEST_RANDOM", 20)
    plain = direction_rule(toy, kept, scores)
    assert plain.tf_tf is not None and plain.tf_other is not None and plain.tf_tf > 0
    with Store(tmp_path) as store:
        first = direction_rule(toy, kept, scores, store=store)
        monkeypatch.setattr(blocks, "sweep_pairs", None)
        assert direction_rule(toy, kept, scores, store=store) == first == plain
