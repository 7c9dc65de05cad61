"""Scores on disk: their order held against a plain sort, and the memory it takes."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pandas as pd
import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ugrn_core.network import scores as network_scores
from ugrn_core.network import table as table_module
from ugrn_core.network.blocks import BlockScores
from ugrn_core.network.direction import DirectionRule
from ugrn_core.network.question import NetworkRequest
from ugrn_core.network.scores import ScoreFiles, ordered_places
from ugrn_core.network.table import edge_table, probabilities, write_edges
from ugrn_core.translators.library import load_translator

names = st.lists(st.text("AB1é😀-", min_size=1, max_size=4), min_size=1, max_size=9, unique=True)


@given(names, names, st.integers(0, 2**32 - 1), st.sampled_from([1e-7, 1e-3, 1.0, 1e5]), st.integers(1, 20))
@settings(max_examples=150, deadline=None)
def test_the_order_is_that_of_a_plain_sort(sources, targets, seed, size, piece):
    rng = np.random.default_rng(seed)
    scores = np.round(rng.normal(0, size, (len(sources), len(targets))), 7).astype(np.float32)
    scores[rng.random(scores.shape) < 0.2] = scores.flat[0]
    scores[rng.random(scores.shape) < 0.1] = np.nan
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(network_scores, "EDGES_A_PIECE", piece)
        found = ordered_places(lambda a, b: scores[a:b], sources, targets).array
    rounded = np.rint(np.clip(scores.astype(np.float64) * 1e6, -(2**31), 2**31 - 1))
    listed = [(-rounded[i, j], s, t, i * len(targets) + j)
              for i, s in enumerate(sources) for j, t in enumerate(targets) if np.isfinite(scores[i, j])]  # fmt: skip
    assert found.tolist() == [place for *_, place in sorted(listed)]


def filled(n_sources, n_targets, n_seeds=3, seed=0):
    """Scores of a made-up network: what a run leaves, block by block."""
    rng = np.random.default_rng(seed)
    genes = tuple(f"G{i:05d}" for i in rng.permutation(n_targets))
    request = NetworkRequest(genes[:n_sources], genes)
    files = ScoreFiles(request, n_seeds)
    for n, source in enumerate(request.sources):
        pairs = [(source, t) for t in genes[n + 1 :]]
        logits = rng.normal(-2, 1.5, (2, n_seeds, len(pairs))).astype(np.float32)
        slope = rng.normal(0, 0.1, (2, len(pairs))).astype(np.float32)
        files.fill(pairs, BlockScores(logits[0], logits[1], slope[0], slope[1]))
    return files.finished(())


def test_every_edge_is_read_back_from_where_it_was_put():
    rng = np.random.default_rng(1)
    request = NetworkRequest(("B", "A", "C"), ("C", "D", "A"))
    pairs = [("B", "C"), ("B", "D"), ("B", "A"), ("A", "C"), ("A", "D"), ("C", "D")]
    block = BlockScores(*rng.normal(0, 1, (2, 2, 6)).astype(np.float32), *rng.normal(0, 1, (2, 6)).astype(np.float32))
    files = ScoreFiles(request, 2)
    files.fill(pairs, block)
    scores = files.finished(())
    assert scores.n_edges == 7 == np.isfinite(scores.logits.mean(0)).sum()
    places = scores.order()
    logits, against, slope = scores.at(places)
    for n, edge in enumerate(scores.edges(places)):
        turned = edge not in pairs
        row = pairs.index(edge[::-1] if turned else edge)
        there, back = (block.reverse, block.forward) if turned else (block.forward, block.reverse)
        np.testing.assert_array_equal(logits[n], there[:, row])
        assert against[n] == pytest.approx(back[:, row].mean(), rel=1e-6)
        assert slope[n] == (block.reverse_slope if turned else block.slope)[row]


def test_a_large_network_is_ordered_and_written_in_little_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(network_scores, "EDGES_A_PIECE", 1 << 17)
    monkeypatch.setattr(network_scores, "KEPT_BYTES", 1 << 20)
    translator, rule = load_translator("all-sets"), DirectionRule(None, None, "a test")
    tracemalloc.start()
    try:
        scores = filled(200, 7_000, translator.card.seeds)
        tracemalloc.reset_peak()
        resident = psutil.Process().memory_info().rss
        best = probabilities(scores, translator, limit=1000)
        table = edge_table(scores, translator, rule, limit=1000)
        grown = psutil.Process().memory_info().rss - resident
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    whole = scores.values.array.nbytes + scores.order().nbytes
    assert whole > 35e6 and peak < 15e6 and grown < 40e6, (whole, peak, grown)
    mean = scores.logits.mean(0).ravel()
    top = np.sort(mean[np.isfinite(mean)])[::-1][:1000]
    np.testing.assert_allclose(table["score"], top, atol=1e-6)
    pd.testing.assert_frame_equal(table, table.round(6), check_exact=True)
    np.testing.assert_allclose(table["probability"], best, atol=1e-6)


def test_no_more_edges_are_ordered_than_have_a_number():
    many = range(1 << 16)
    with pytest.raises(ValueError, match="65,536 x 65,536 edges are more"):
        ordered_places(lambda *_: 1 / 0, many, many)
    with pytest.raises(ZeroDivisionError):
        ordered_places(lambda *_: 1 / 0, many, many[1:])


def test_writing_keeps_no_more_than_it_is_asked_for(tmp_path, monkeypatch):
    monkeypatch.setattr(table_module, "ROWS_A_PART", 2_000)
    translator, rule = load_translator("all-sets"), DirectionRule(None, None, "a test")
    scores = filled(20, 2_500, translator.card.seeds)
    scores.order()
    tracemalloc.start()
    try:
        kept = write_edges(scores, translator, rule, tmp_path / "edges.csv", keep=3_000)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(kept) == 3_000 and kept.equals(edge_table(scores, translator, rule, limit=3_000))
    assert (tmp_path / "edges.csv").stat().st_size > 5e6 and peak < 8e6, peak


def test_all_edges_are_written_once_in_order(tmp_path, monkeypatch):
    monkeypatch.setattr(network_scores, "EDGES_A_PIECE", 500)
    translator, rule = load_translator("all-sets"), DirectionRule(None, None, "a test")
    scores = filled(12, 180, translator.card.seeds)
    write_edges(scores, translator, rule, tmp_path / "edges.csv")
    lines = (tmp_path / "edges.csv").read_text().splitlines()[1:]
    rows = [line.split(",") for line in lines]
    assert len({(r[0], r[1]) for r in rows}) == 12 * 179
    keys = [(-float(r[2]), r[0], r[1]) for r in rows]
    assert keys == sorted(keys)
