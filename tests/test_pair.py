"""The pair pipeline: closed forms through all its layers, the store between, notes and refusals."""

from __future__ import annotations

import json
import shlex
import sys

import numpy as np
import pytest
import torch

from ugrn_core import stored_sweep
from ugrn_core.backbones.toy import ToyBackbone
from ugrn_core.errors import InputError
from ugrn_core.estimate import estimate
from ugrn_core.pair import (
    PairRequest,
    compare_targets,
    estimate_curves,
    estimate_pair,
    estimate_specific,
    explore_pair,
    pair_residual,
    pair_specific,
    score_pairs,
)
from ugrn_core.pair_output import pair_command, pair_frame, pair_json
from ugrn_core.reference import reference_of_context
from ugrn_core.store import Store
from ugrn_core.stored_sweep import source_key
from ugrn_core.types import Context, SweepSettings

SETTINGS = SweepSettings(1.0, (0.25, 0.5, 2.0, 4.0))


@pytest.fixture
def toy():
    return ToyBackbone(2, torch.device("cpu"))


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "store") as store:
        yield store


def request(context=None, settings=SETTINGS):
    return PairRequest("SOX2", "NANOG", context or Context(), settings)


def weight(toy, source, target):
    s, t = toy.vocabulary.ids([source, target])
    return toy.weights[t, s].item()


def test_explore_pair_in_closed_form(toy, store):
    for _ in range(2):  # computed, then read
        result = explore_pair(toy, request(), store)
        grid = np.array(SETTINGS.grid)
        for curves, s, t in ((result.forward, "SOX2", "NANOG"), (result.reverse, "NANOG", "SOX2")):
            np.testing.assert_allclose(curves.response, weight(toy, s, t) * (grid**2 - 1), rtol=1e-4, atol=1e-5)
            np.testing.assert_allclose(curves.slope, weight(toy, s, t) * 2 * grid, rtol=1e-4, atol=1e-5)
        assert result.residual < 1e-5 and result.context_size == 2


def test_profile_context_has_its_own_base_values(toy, store):
    genes = toy.vocabulary.symbols[:12]
    values = tuple(np.linspace(0.5, 3, 12))
    result = explore_pair(toy, request(Context("profile", genes, values, "group")), store)
    base = values[genes.index("SOX2")]
    expected = weight(toy, "SOX2", "NANOG") * (np.array(SETTINGS.grid) ** 2 - base**2)
    np.testing.assert_allclose(result.forward.response, expected, rtol=1e-3, atol=1e-4)
    assert result.residual < 1e-4 and result.context_size == 12 and not result.notes


def test_missing_genes_are_added_and_that_is_said(toy):
    context = Context("genes", ("TP53", "MDM2", "BAX"), None, "three")
    result = explore_pair(toy, request(context), residual=False)
    assert result.context_size == 5
    assert "SOX2, NANOG were not in the context and added at 1." in result.notes


def test_nothing_is_computed_twice(toy, store, monkeypatch):
    calls = []
    real = stored_sweep.sweep_pairs
    monkeypatch.setattr(
        stored_sweep, "sweep_pairs", lambda b, pairs, *a, **k: calls.append(list(pairs)) or real(b, pairs, *a, **k)
    )
    pairs = [("SOX2", t) for t in toy.vocabulary.symbols if t != "SOX2"]
    first = stored_sweep.directed_pairs(toy, pairs[:20], Context(), SETTINGS, store)
    again = stored_sweep.directed_pairs(toy, pairs, Context(), SETTINGS, store)
    assert sorted(p for c in calls for p in c) == sorted(pairs)
    np.testing.assert_array_equal(again.response[:20], first.response)
    fresh = stored_sweep.directed_pairs(toy, pairs, Context(), SETTINGS)
    np.testing.assert_allclose(again.response, fresh.response, rtol=1e-6)
    np.testing.assert_allclose(again.slope, fresh.slope, rtol=1e-6)


def test_sources_are_kept_sixteen_at_a_time_and_told(toy, store, monkeypatch):
    swept, told = [], []
    real = stored_sweep.sweep_sources
    monkeypatch.setattr(
        stored_sweep,
        "sweep_sources",
        lambda b, genes, sources, *a, **k: swept.append(len(sources)) or real(b, genes, sources, *a, **k),
    )
    genes = toy.vocabulary.symbols[:18]
    cell, tell = Context("genes", genes), lambda share, _: told.append(share)
    for runs in ([16, 2], [16, 2]):  # computed, then read
        told.clear()
        found = list(stored_sweep.stored_sources(toy, cell, genes, SETTINGS, store, progress=tell))
        assert swept == runs and [sweep.source for sweep in found] == list(genes)
        assert 16 / 18 in told and told == sorted(told) and told[-1] == 1
    assert told == [16 / 18, 1]
    part = source_key(toy, cell, SETTINGS, "SOX2", slopes=False)
    assert part != source_key(toy, cell, SETTINGS, "SOX2") == source_key(toy, cell, SETTINGS, "SOX2", slopes=True)


def test_pairs_are_kept_in_sixteen_buckets_and_read_in_groups_of_200_keys_or_4096_pairs(toy, store, monkeypatch):
    targets = {"SOX2": 4, "NANOG": 14, "GATA1": 9, "KLF1": 6, "TP53": 12}
    assert {target: stored_sweep.bucket_of(target) for target in targets} == targets, "they are part of the keys"

    def groups(*sizes: int) -> list[int]:
        rows = {(f"G{i}", 0): {f"T{j}": [j] for j in range(size)} for i, size in enumerate(sizes)}
        found = list(stored_sweep._cell_groups(rows))
        assert [cell for group in found for cell in group] == list(rows)
        return [len(group) for group in found]

    assert groups(*[1] * 401) == [200, 200, 1]
    assert groups(4095, 1) == [2] and groups(4095, 2) == [1, 1] and groups(4096, 4096, 1) == [1, 1, 1]
    assert groups(4096, 4095, 1) == [1, 2] and groups(2000, 2000, 96, 1) == [3, 1] and groups() == []
    told: list[float] = []
    monkeypatch.setattr(stored_sweep, "KEYS_A_GROUP", 2)
    pairs = [(s, t) for s in ("SOX2", "TP53") for t in ("NANOG", "GATA1", "KLF1", "NANOG")]
    stored_sweep.directed_pairs(toy, pairs, Context(), SETTINGS, store, progress=lambda share, _: told.append(share))
    assert told == [3 / 8, 6 / 8, 1]


def test_full_context_is_stored_whatever_the_gene_order(toy, store, monkeypatch):
    swept = []
    real = stored_sweep.sweep_sources
    monkeypatch.setattr(
        stored_sweep,
        "sweep_sources",
        lambda b, genes, sources, *a, **k: swept.extend(sources) or real(b, genes, sources, *a, **k),
    )
    genes = toy.vocabulary.symbols[:9]
    straight = list(stored_sweep.stored_sources(toy, Context("genes", genes), genes[:3], SETTINGS, store))
    turned = list(stored_sweep.stored_sources(toy, Context("genes", genes[::-1]), genes[:4], SETTINGS, store))
    assert swept == list(genes[:4])
    for a, b in zip(straight, turned, strict=False):
        assert a.source == b.source
        np.testing.assert_array_equal(a.slope, b.slope[:, ::-1])
    s, t = toy.vocabulary.ids([genes[1], genes[5]])
    expected = toy.weights[t, s].item() * (np.array(SETTINGS.grid) ** 2 - 1)
    np.testing.assert_allclose(straight[1].response[:, 5], expected, rtol=1e-4, atol=1e-5)


def test_stored_follow_has_no_response(toy, store):
    follow = SweepSettings(1.0, SETTINGS.grid, "follow")
    for _ in range(2):
        result = explore_pair(toy, request(settings=follow), store)
        assert result.forward.response is None and result.residual is None
        np.testing.assert_allclose(
            result.forward.slope, weight(toy, "SOX2", "NANOG") * 2 * np.array(SETTINGS.grid), rtol=1e-4
        )
    assert pair_json(result)["forward"]["response"] is None


@pytest.mark.parametrize("size", [0, 20])
def test_pair_specific_by_hand(toy, store, size):
    """On the toys R_ij is W_ji (x^2 - b^2): pair-specific responses are double-centred weights times that rise."""
    context = Context("genes", toy.vocabulary.symbols[:size], None, "x") if size else Context()
    found = [pair_specific(toy, request(context), s) for s in (None, store, store)]
    genes = [g for g in (toy.vocabulary.symbols[:size] or toy.vocabulary.symbols) if g not in ("SOX2", "NANOG")]
    w = {(s, t): weight(toy, s, t) for s in [*genes, "SOX2"] for t in [*genes, "NANOG"] if s != t}
    centred = (
        w["SOX2", "NANOG"]
        - np.mean([w["SOX2", k] for k in genes])
        - np.mean([w[k, "NANOG"] for k in genes])
        + np.mean([w[k, m] for k in genes for m in genes if k != m])
    )
    rise = np.array(SETTINGS.grid) ** 2 - 1
    for specific in found:
        np.testing.assert_allclose(specific.forward.response, centred * rise, rtol=1e-3, atol=1e-4)
        np.testing.assert_allclose(specific.forward.slope, centred * 2 * np.array(SETTINGS.grid), rtol=1e-3, atol=1e-4)
        assert specific.n_reference == len(genes)
        assert 0 <= specific.forward_percentile <= 100


def test_compare_and_score_agree_with_explore(toy, store):
    targets = ["NANOG", "MDM2"]
    results = compare_targets(toy, "SOX2", targets, Context(), SETTINGS, store)
    frame = score_pairs(toy, [("SOX2", t) for t in targets], Context(), SETTINGS, store)
    for row, result in enumerate(results):
        assert result.target == targets[row]
        response = result.forward.response
        assert frame.loc[row, "forward_max_response"] == response[np.abs(response).argmax()]
        assert frame.loc[row, "reverse_response_at_4"] == result.reverse.response[3]


def test_values_outside_the_domain_are_flagged(toy):
    result = explore_pair(toy, request(settings=SweepSettings(1.0, (2.0, 99.0))), residual=False)
    assert any("99" in note and "0 to 5" in note for note in result.notes)
    assert not explore_pair(toy, request(settings=SweepSettings(0.0, (2.0, 5.0))), residual=False).notes
    below = explore_pair(toy, request(settings=SweepSettings(-1.0, (2.0,))), residual=False)
    assert any("(0 to 5 toy units): -1." in note for note in below.notes)


def test_output_forms(toy):
    result = explore_pair(toy, request())
    frame = pair_frame(result)
    assert len(frame) == 8 and set(frame["direction"]) == {"forward", "reverse"}
    told = json.loads(json.dumps(pair_json(result)))
    assert list(told) == [
        "source",
        "target",
        "backbone",
        "fingerprint",
        "context_size",
        "base",
        "grid",
        "forward",
        "reverse",
        "residual",
        "company",
        "without",
    ]
    words = shlex.split(pair_command(result, "toy-square"))
    assert words[:4] == ["ugrn", "pair", "SOX2", "NANOG"] and words[words.index("--grid") + 1] == "0.25,0.5,2,4"
    odd = PairRequest("SOX2", "NANOG", Context(), SweepSettings(1.2345678, (1e-7, 123456.75)))
    words = shlex.split(pair_command(odd, "toy-square"))
    assert float(words[words.index("--base") + 1]) == 1.2345678
    assert tuple(map(float, words[words.index("--grid") + 1].split(","))) == odd.settings.grid


def test_progress_rises_to_the_end_through_both_parts(toy):
    shares = []
    explore_pair(
        toy,
        request(Context("genes", toy.vocabulary.symbols[:30])),
        progress=lambda share, text: shares.append(share),
    )
    assert len(shares) >= 4 and shares == sorted(shares) and shares[-1] == pytest.approx(1.0)


def test_estimate_knows_what_is_stored(toy, store):
    before = estimate_pair(toy, request(), store)
    explore_pair(toy, request(), store)
    after = estimate_pair(toy, request(), store)
    assert before.passes == 2 * (4 + 16 * 5) and before.seconds > 0 and before.bytes > 0
    assert after.cached_share == 1.0 and after.seconds == 0.0


def test_what_an_estimate_counts(toy, store):
    """Tokens with <cls>, dual passes, and the share that is kept: 1 where all is, a half where one direction is."""
    fixed, follow = SETTINGS, SweepSettings(1.0, SETTINGS.grid, "follow")
    cell = Context("genes", toy.vocabulary.symbols[:12])
    for context, tokens in ((Context(), 3), (cell, 13)):
        asked, other = request(context, fixed), request(context, follow)
        for there in (None, store):
            assert estimate_pair(toy, asked, there) == estimate(toy, tokens, 2 * (4 + 16 * 5))
            assert estimate_pair(toy, other, there) == estimate(toy, tokens, 2 * 4)
            assert estimate_curves(toy, asked, there) == estimate(toy, tokens, 2 * 4)
        n = len(reference_of_context(toy, context))
        assert estimate_specific(toy, asked) == estimate(toy, tokens, (n * (n - 1) if tokens == 3 else n) * 4)
        explore_pair(toy, asked, store)
        assert estimate_pair(toy, asked, store) == estimate(toy, tokens, 2 * (4 + 16 * 5), 1.0)
    swept = request(cell, follow)
    list(stored_sweep.stored_sources(toy, cell, ["SOX2"], follow, store))
    assert estimate_curves(toy, swept, store) == estimate(toy, 13, 2 * 4, 0.5)
    assert estimate_pair(toy, request(settings=follow), None).cached_share == 0


def test_scores_of_pairs_are_the_curves_of_their_direction(toy):
    pairs = [("SOX2", "NANOG"), ("TP53", "SOX2"), ("MDM2", "NANOG")]
    grid = np.array(SETTINGS.grid)
    w = {(s, t): weight(toy, s, t) for s, t in [*pairs, *((t, s) for s, t in pairs)]}
    frame = score_pairs(toy, pairs, Context(), SETTINGS)
    under = score_pairs(toy, pairs, Context(), SweepSettings(1.0, SETTINGS.grid, "follow"))
    assert under["forward_max_response"].isna().all() and under["reverse_max_response"].isna().all()
    for direction, ends in (("forward", pairs), ("reverse", [(t, s) for s, t in pairs])):
        rise = np.array([w[e] for e in ends])[:, None] * (grid**2 - 1)
        slope = np.array([w[e] for e in ends])[:, None] * 2 * grid
        np.testing.assert_allclose(frame[f"{direction}_max_response"], rise[:, 3], rtol=1e-4, atol=1e-5)
        for found in (frame, under):
            np.testing.assert_allclose(found[f"{direction}_max_slope"], slope[:, 3], rtol=1e-4)
        for t, value in enumerate(SETTINGS.grid):
            np.testing.assert_allclose(frame[f"{direction}_response_at_{value:g}"], rise[:, t], rtol=1e-4, atol=1e-5)
            np.testing.assert_allclose(under[f"{direction}_slope_at_{value:g}"], slope[:, t], rtol=1e-4)


def test_the_share_of_a_run_that_is_done_counts_passes(toy, monkeypatch):
    """4 values and 16 nodes in each of 5 intervals; without the residual the curves are all."""
    told: list[float] = []
    real = stored_sweep.directed_pairs

    def from_the_start(*args, progress=None, **named):
        if progress:
            progress(0.0, "")
        return real(*args, progress=progress, **named)

    monkeypatch.setattr(sys.modules["ugrn_core.pair"], "directed_pairs", from_the_start)
    tell = lambda share, _: told.append(share)  # noqa: E731
    explore_pair(toy, request(), progress=tell)
    assert told == sorted(told) and told[0] == 0 and told[-1] == 1
    assert pytest.approx(4 / (4 + 16 * 5)) in told
    told.clear()
    explore_pair(toy, request(), residual=False, progress=tell)
    assert told == sorted(told) and told[0] == 0 and told[-1] == 1
    cell = Context("profile", toy.vocabulary.symbols[:12], tuple(np.linspace(0.5, 3, 12)), "cells")
    told.clear()
    pair_residual(toy, request(cell), progress=tell)  # two bases: two parts
    assert told == sorted(told) and told[0] == 0 and told[-1] == 1 and 0.5 in told
    told.clear()
    pair_residual(toy, request(), progress=tell)
    assert told == sorted(told) and told[0] == 0 and told[-1] == 1


def test_same_gene_and_empty_lists_are_refused(toy):
    with pytest.raises(InputError, match="same gene"):
        explore_pair(toy, PairRequest("SOX2", "SOX2", Context(), SETTINGS))
    with pytest.raises(InputError, match="no pair"):
        score_pairs(toy, [], Context(), SETTINGS)


def test_estimates_count_passes_and_know_what_is_stored(toy, store):
    """Both directions a value; all pairs of 40 genes, or 12 sources of a full context, in the reference."""
    alone, full = request(), request(Context("genes", toy.vocabulary.symbols[:12]))
    n = len(SETTINGS.grid)
    assert estimate_curves(toy, alone, store).passes == estimate_curves(toy, full, store).passes == 2 * n
    genes = len(toy.vocabulary)
    assert estimate_specific(toy, alone, store).passes == genes * (genes - 1) * n
    assert estimate_specific(toy, full, store).passes == 12 * n
    assert estimate_curves(toy, full, store).cached_share == estimate_specific(toy, full, store).cached_share == 0
    explore_pair(toy, full, store, residual=False)
    assert estimate_curves(toy, full, store).cached_share == 1 and estimate_curves(toy, full, store).seconds == 0
    assert estimate_specific(toy, full, store).cached_share == 0
    pair_specific(toy, full, store)
    assert estimate_specific(toy, full, store).cached_share == 1


@pytest.mark.parametrize("grid", [(1.0,), (1.0, 2.0)])
def test_a_virtual_value_at_the_base_changes_nothing_and_is_no_error(toy, store, grid):
    request = PairRequest("NANOG", "SOX2", Context(), SweepSettings(1.0, grid))
    result = explore_pair(toy, request, store)
    assert result.forward.response is not None and result.forward.response[0] == 0
    assert result.residual is not None and result.residual < 1e-5
