"""One gene against all others: every row is what a call for its pair alone says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from tests.small_network import trained
from ugrn_core import places
from ugrn_core.backbones.registry import load_backbone
from ugrn_core.backbones.toy import ToyBackbone
from ugrn_core.errors import Cancelled, InputError
from ugrn_core.gene_effects.effects import gene_effects
from ugrn_core.genes.tfs import is_tf
from ugrn_core.neighbourhood import run
from ugrn_core.neighbourhood.export import gene_command, gene_csv
from ugrn_core.neighbourhood.run import (
    NeighbourhoodRequest,
    estimate_neighbourhood,
    neighbourhood,
    other_genes,
    with_effects,
)
from ugrn_core.neighbourhood.table import (
    COLUMNS,
    filtered,
    likeness,
    neighbour_table,
    ranked,
    shape_order,
    translator_scores,
)
from ugrn_core.pair import PairRequest, explore_pair, pair_specific
from ugrn_core.store import Store
from ugrn_core.translation.scoring import score_pairs
from ugrn_core.types import Context, SweepSettings

SETTINGS = SweepSettings(1.0, (0.25, 2.0, 5.0))
FOLLOW = SweepSettings(1.0, (0.25, 2.0, 5.0), "follow")


@pytest.fixture
def toy():
    return ToyBackbone(2, torch.device("cpu"))


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "store") as store:
        yield store


def specific_of(toy, pair, settings=SETTINGS, context=None):
    return pair_specific(toy, PairRequest(*pair, context or Context(), settings))


@pytest.mark.parametrize("settings", [SETTINGS, FOLLOW], ids=["fixed", "follow"])
def test_curves_of_two_genes_alone_are_those_of_single_calls(toy, store, settings):
    for _ in range(2):  # computed, then read
        found = neighbourhood(toy, NeighbourhoodRequest("GATA1", Context(), settings), store)
        assert sorted(found.others) == sorted(set(toy.vocabulary.symbols) - {"GATA1"})
        assert found.deciding == ("slope" if settings is FOLLOW else "response")
        for i, other in enumerate(found.others):
            alone = explore_pair(toy, PairRequest("GATA1", other, Context(), settings), residual=False)
            for side, curves in (("source", alone.forward), ("target", alone.reverse)):
                for name, values in found.raw[side].items():
                    np.testing.assert_allclose(values[i], getattr(curves, name), rtol=1e-5, atol=1e-6)


def test_pair_specific_rows_are_those_of_the_pair_explorer(toy):
    found = neighbourhood(toy, NeighbourhoodRequest("SOX2", Context(), SETTINGS))
    found = with_effects(found, gene_effects(toy, SETTINGS, n_reference=256))
    tables = {side: neighbour_table(found, side).set_index("gene") for side in ("source", "target")}
    for other in ("NANOG", "ALB", "GATA1", "IL6"):
        alone = specific_of(toy, ("SOX2", other))
        row = found.others.index(other)
        for side, curves, percentile in (
            ("source", alone.forward, alone.forward_percentile),
            ("target", alone.reverse, alone.reverse_percentile),
        ):
            np.testing.assert_allclose(found.specific[side]["response"][row], curves.response, rtol=1e-4, atol=1e-4)
            np.testing.assert_allclose(found.specific[side]["slope"][row], curves.slope, rtol=1e-4, atol=1e-4)
            said = tables[side].loc[other]
            assert abs(said["specific"]) == pytest.approx(np.abs(curves.response).max(), rel=1e-4, abs=1e-4)
            assert said["percentile"] == pytest.approx(percentile, abs=0.2)


def test_a_full_context_gives_the_rows_of_the_pair_explorer_too(toy, store):
    genes = ("SOX2", *[g for g in toy.vocabulary.symbols if g != "SOX2"][:24])
    values = tuple(np.linspace(0.5, 3, len(genes)))
    for context in (Context("genes", genes, None, "list"), Context("profile", genes, values, "cells")):
        found = neighbourhood(toy, NeighbourhoodRequest("SOX2", context, SETTINGS), store)
        assert found.n_reference == 25 and set(found.others) == set(genes) - {"SOX2"}
        for other in ("NANOG", "CCND1", "GATA1"):
            row = found.others.index(other)
            alone = explore_pair(toy, PairRequest("SOX2", other, context, SETTINGS), residual=False)
            centred = specific_of(toy, ("SOX2", other), context=context)
            for side, raw, own in (
                ("source", alone.forward, centred.forward),
                ("target", alone.reverse, centred.reverse),
            ):
                np.testing.assert_allclose(found.raw[side]["response"][row], raw.response, rtol=1e-4, atol=1e-5)
                np.testing.assert_allclose(found.specific[side]["response"][row], own.response, rtol=1e-3, atol=1e-3)
            table = neighbour_table(found, "target").set_index("gene")
            assert table.loc[other, "percentile"] == pytest.approx(centred.reverse_percentile, abs=0.5)


def test_a_large_context_moves_the_factors_and_the_reference_and_leaves_the_rest_out(toy, monkeypatch):
    monkeypatch.setattr(run, "CONTEXT_REFERENCE", 12)
    context = Context("genes", toy.vocabulary.symbols, None, "list")
    found = neighbourhood(toy, NeighbourhoodRequest("SOX2", context, SETTINGS, "factors"))
    table = neighbour_table(found, "target")
    moved = {g for g in toy.vocabulary.symbols if is_tf(g)} - {"SOX2"}
    assert moved <= set(table["gene"]) and len(table) < len(found.others)
    assert len(neighbour_table(found, "source")) == len(found.others)
    assert table["specific"].notna().all() and np.isfinite(found.specific["source"]["response"]).all()
    whole = neighbourhood(toy, NeighbourhoodRequest("SOX2", context, SETTINGS, "all"))
    assert len(neighbour_table(whole, "target")) == len(whole.others)


def test_factors_come_first_and_are_a_question_of_their_own(toy, store, monkeypatch):
    request = NeighbourhoodRequest("GATA1", Context(), SETTINGS, "factors")
    others = other_genes(toy, request)
    assert set(others) == {g for g in toy.vocabulary.symbols if is_tf(g)} - {"GATA1"}
    neighbourhood(toy, request, store)
    swept = []
    real = run.sweep_pairs
    monkeypatch.setattr(run, "sweep_pairs", lambda b, p, *a, **k: swept.extend(p) or real(b, p, *a, **k))
    everything = NeighbourhoodRequest("GATA1", Context(), SETTINGS)
    assert 0 < estimate_neighbourhood(toy, everything, store).cached_share < 1
    found = neighbourhood(toy, everything, store)
    assert found.others[: len(others)] == others
    assert {g for pair in swept for g in pair} == set(toy.vocabulary.symbols) - set(others)
    assert estimate_neighbourhood(toy, everything, store).cached_share == 1


def test_what_is_kept_is_bounded_and_another_gene_of_the_same_place_is_not_mistaken(toy, store, monkeypatch):
    monkeypatch.setattr(places, "PLACES", 2)
    for gene in toy.vocabulary.symbols[:12]:
        found = neighbourhood(toy, NeighbourhoodRequest(gene, Context(), SETTINGS), store)
        for side, pair in (("source", (gene, "IL6")), ("target", ("IL6", gene))):
            alone = explore_pair(toy, PairRequest(*pair, Context(), SETTINGS), residual=False).forward
            row = found.others.index("IL6")
            np.testing.assert_allclose(found.raw[side]["response"][row], alone.response, rtol=1e-5, atol=1e-6)
    assert store.stats().entries <= 2 * 2  # two places, factors and others


def test_a_stopped_run_keeps_the_parts_it_had(toy, store):
    stop = []
    with pytest.raises(Cancelled):
        neighbourhood(
            toy,
            NeighbourhoodRequest("GATA1", Context(), SETTINGS),
            store,
            progress=lambda share, text: stop.append(share) if text.endswith("genes") else None,
            cancel=lambda: bool(stop),
        )
    assert estimate_neighbourhood(toy, NeighbourhoodRequest("GATA1", Context(), SETTINGS), store).cached_share > 0.4


def test_scores_are_those_of_single_pairs(toy):
    translator = trained(toy)
    found = neighbourhood(toy, NeighbourhoodRequest("GATA1", Context(), SweepSettings(toy.card.base, toy.card.grid)))
    for side in ("source", "target"):
        scores = translator_scores(translator, toy, found, side)
        table = score_pairs(translator, toy, found.pairs(side)).set_index(["source", "target"])
        expected = table.loc[found.pairs(side), "score"].to_numpy()
        np.testing.assert_allclose(scores, expected, atol=1e-4)
        shown = neighbour_table(found, side, scores=scores, translator=translator).set_index("gene")
        assert shown.loc["SOX2", "novelty"] == "pair seen" and shown.loc["SOX2", "tag"] == "training pair"
    with pytest.raises(InputError, match="Use its settings"):
        translator_scores(
            translator, toy, neighbourhood(toy, NeighbourhoodRequest("GATA1", Context(), SETTINGS)), "source"
        )


def test_a_translator_reads_its_own_among_more_virtual_values(toy):
    translator, base, grid = trained(toy), toy.card.base, toy.card.grid
    more = (max(grid) + 0.5, *reversed(grid), max(grid) + 1)
    request = NeighbourhoodRequest("GATA1", Context(), SweepSettings(base, more), "factors")
    found = neighbourhood(toy, request)
    table = score_pairs(translator, toy, found.pairs("source")).set_index(["source", "target"])
    expected = table.loc[found.pairs("source"), "score"].to_numpy()
    np.testing.assert_allclose(translator_scores(translator, toy, found, "source"), expected, atol=1e-4)


def test_ranks_are_by_size_with_ties_by_name_and_nothing_last():
    table = pd.DataFrame(
        {"gene": ["B", "A", "C", "D"], "specific": [1.0, -1.0, -3.0, np.nan], "score": [0.1, -5.0, 2.0, 2.0]}
    )
    assert list(ranked(table, "specific")["gene"]) == ["C", "A", "B", "D"]
    assert list(ranked(table, "score")["gene"]) == ["C", "D", "B", "A"]
    assert list(ranked(table, "specific").index) == [2, 1, 0, 3]


def test_filters_and_columns(toy):
    found = neighbourhood(toy, NeighbourhoodRequest("GATA1", Context(), SETTINGS))
    known = {("GATA1", "KLF1"): "hESC STRING"}
    table = neighbour_table(found, "source", known=known)
    assert list(table.columns) == list(COLUMNS)
    assert table.set_index("gene").loc["KLF1", "known"] == "hESC STRING" and (table["known"] != "").sum() == 1
    assert set(filtered(table, factors=True)["gene"]) == {g for g in found.others if is_tf(g)}
    assert list(filtered(table, genes=["HBB", "NOSUCH"])["gene"]) == ["HBB"]
    assert set(filtered(table, text=" gata")["gene"]) == {"GATA2", "GATA4", "GATA6"}


def brute_force(curves, row):
    """Cosines by loops."""
    found = []
    for other in curves:
        a, b = [float(x) for x in curves[row]], [float(x) for x in other]
        lengths = sum(x * x for x in a) ** 0.5, sum(x * x for x in b) ** 0.5
        found.append(sum(x * y for x, y in zip(a, b, strict=True)) / (lengths[0] * lengths[1]) if all(lengths) else 0.0)
    return found


def test_shape_search_is_brute_force(toy):
    curves = np.random.default_rng(0).standard_normal((300, 6)).astype(np.float32)
    curves[7] = 0
    curves[9] = 3 * curves[5]
    for row in (5, 20, 299):
        expected = brute_force(curves, row)
        np.testing.assert_allclose(likeness(curves, row), expected, atol=1e-6)
    near = likeness(curves, 5)
    assert np.argsort(-near)[:2].tolist() in ([5, 9], [9, 5])


def test_shape_order_puts_like_beside_like():
    rng = np.random.default_rng(0)
    kinds = rng.standard_normal((3, 6))
    of = rng.integers(0, 3, 30)
    curves = kinds[of] * rng.uniform(0.5, 9, (30, 1)) + 0.01 * rng.standard_normal((30, 6))
    order = shape_order(curves.astype(np.float32))
    assert sorted(order) == list(range(30))
    assert (np.diff(of[order]) != 0).sum() == 2
    assert list(shape_order(curves[:2])) == [0, 1] and list(shape_order(curves[:0])) == []


def test_the_csv_holds_curves_of_both_sides_and_the_command_names_the_question(toy):
    request = NeighbourhoodRequest("GATA1", Context(), SETTINGS)
    found = neighbourhood(toy, request)
    tables = [ranked(neighbour_table(found, side), "response") for side in ("source", "target")]
    lines = gene_csv(found, tables).splitlines()
    assert lines[0].split(",") == [*COLUMNS, "response_at_0.25", "response_at_2", "response_at_5"]
    assert len(lines) == 1 + 2 * 39
    first = lines[1].split(",")
    alone = explore_pair(toy, PairRequest("GATA1", first[1], Context(), SETTINGS), residual=False).forward
    np.testing.assert_allclose([float(x) for x in first[-3:]], alone.response, rtol=1e-5)
    line = gene_command(request, "toy-square", "response", factors=True)
    assert line.startswith("ugrn gene GATA1 --as both --rank response --backbone toy-square --context pair --base 1 ")
    assert line.endswith("--grid 0.25,2,5 --background fixed --tfs --out GATA1.csv")


def test_questions_without_sense_are_refused(toy):
    with pytest.raises(InputError, match="not in the virtual cell"):
        neighbourhood(toy, NeighbourhoodRequest("GATA1", Context("genes", ("TP53", "MDM2"), None, "two"), SETTINGS))
    with pytest.raises(InputError, match="no other gene"):
        neighbourhood(toy, NeighbourhoodRequest("GATA1", Context("genes", ("GATA1",), None, "one"), SETTINGS))


def test_a_transformer_gives_single_calls_too(scgpt_folder):
    model = load_backbone(str(scgpt_folder), "cpu")
    settings = SweepSettings(model.card.base, model.card.grid)
    found = neighbourhood(model, NeighbourhoodRequest("TP53", Context(), settings))
    for i, other in enumerate(found.others):
        alone = explore_pair(model, PairRequest("TP53", other, Context(), settings), residual=False)
        np.testing.assert_allclose(found.raw["source"]["response"][i], alone.forward.response, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(found.raw["target"]["slope"][i], alone.reverse.slope, rtol=1e-4, atol=1e-5)
