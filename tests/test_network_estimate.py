"""The estimate before a network run: counts held against what the run computes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.small_network import trained
from ugrn_core.backbones.registry import load_backbone
from ugrn_core.errors import InputError
from ugrn_core.network import blocks, estimate, run
from ugrn_core.network.blocks import block_pairs
from ugrn_core.network.estimate import count_edges, estimate_network
from ugrn_core.network.question import NetworkRequest
from ugrn_core.network.run import predict_network
from ugrn_core.store import Store
from ugrn_core.translators.library import load_translator
from ugrn_core.types import Context


@pytest.fixture(scope="module")
def toy():
    return load_backbone("toy-square")


@pytest.fixture(scope="module")
def genes(toy):
    return toy.vocabulary.symbols


gene_sets = st.lists(st.sampled_from("ABCDEFGHIJKL"), min_size=1, max_size=12, unique=True).map(tuple)


@given(gene_sets, gene_sets)
@settings(max_examples=80, deadline=None)
def test_edges_and_pairs_are_counted_without_listing_them(sources, targets):
    if len({*sources, *targets}) < 2:
        return
    request = NetworkRequest(sources, targets)
    assert count_edges(request) == sum(s != t for s in sources for t in targets)
    assert request.n_pairs == sum(map(len, block_pairs(request)))


def test_passes_and_stored_share_of_two_genes_alone(toy, genes, tmp_path, monkeypatch):
    kept, request = trained(toy), NetworkRequest(genes[:12:2], genes[3:15])
    before = estimate_network(toy, kept, request)
    swept = []
    real = blocks.sweep_pairs

    def counted(backbone, pairs, *rest, **named):
        swept.append(len(pairs))
        return real(backbone, pairs, *rest, **named)

    monkeypatch.setattr(blocks, "sweep_pairs", counted)
    with Store(tmp_path) as store:
        scores = predict_network(toy, kept, request, store)
        after = estimate_network(toy, kept, request, store)
        half = estimate_network(toy, kept, NetworkRequest(genes[:12:2], genes[2:15]), store)
    assert before.passes == sum(swept) * len(kept.card.schema.grid)
    assert before.edges == scores.n_edges and before.cached_share == 0 and before.seconds > 0
    assert after.cached_share == 1 and after.seconds == 0 and "stored already" in after.sentence()
    assert half.cached_share == 0, "other targets are other blocks"


def test_passes_and_stored_share_of_a_full_context(toy, genes, tmp_path):
    kept = trained(toy, context="full")
    cell = Context("genes", tuple(genes[:12]), label="a list")
    first, both = (NetworkRequest(tuple(genes[1:4]), tuple(genes[2:n]), cell) for n in (8, 12))
    with Store(tmp_path) as store:
        assert estimate_network(toy, kept, both, store).cached_share == 0
        predict_network(toy, kept, first, store)
        part = estimate_network(toy, kept, both, store)
        assert part.cached_share == 7 / 11 and part.passes == 11 * len(kept.card.schema.grid)
        predict_network(toy, kept, both, store)
        assert estimate_network(toy, kept, both, store).cached_share == 1


@pytest.mark.parametrize("kind", ["pair", "full"])
def test_responses_alone_cost_less_than_curves(toy, genes, kind, tmp_path):
    """Nothing of slopes is counted where none is read; a sweep with slopes that is stored counts as done."""
    cell = Context("genes", tuple(genes[:12]), label="a list") if kind == "full" else Context()
    request = NetworkRequest(tuple(genes[1:4]), tuple(genes[2:12]), cell)
    lean, whole = (estimate_network(toy, trained(toy, method, kind), request) for method in ("VVP", "Ens"))
    assert lean.passes == whole.passes
    if kind == "full":
        assert lean.seconds < whole.seconds / 1.9 and lean.bytes < whole.bytes and lean.disk < whole.disk
        with Store(tmp_path) as store:
            predict_network(toy, trained(toy, "Ens", kind), request, store)
            assert estimate_network(toy, trained(toy, "VVP", kind), request, store).cached_share == 1


def test_embeddings_need_no_pass(toy, genes):
    cost = estimate_network(toy, trained(toy, "Baseline-Emb"), NetworkRequest(genes[:3], genes[:9]))
    assert cost.passes == 0 and cost.edges == 24


def test_a_translator_of_other_features_is_refused_before_the_run(toy, genes):
    cell = Context("genes", tuple(genes[:9]), label="a list")
    with pytest.raises(InputError, match="other features"):
        estimate_network(toy, trained(toy), NetworkRequest(genes[:3], genes[:9], cell))


def test_memory_of_a_large_network_is_bounded_by_its_blocks(toy, genes, monkeypatch):
    """What grows with the square lies on disk."""
    monkeypatch.setattr(blocks, "PAIRS_A_BLOCK", 40)
    kept = trained(toy)
    small, large = (NetworkRequest(genes[:n], genes[:n]) for n in (10, len(genes)))
    a, b = (estimate_network(toy, kept, r) for r in (small, large))
    assert b.edges / a.edges > 15 and b.disk / a.disk > 15 and b.bytes < 2 * a.bytes


@pytest.mark.parametrize("context", ["pair", "full"])
def test_a_network_of_all_genes_by_all_genes_is_estimated_by_a_few_looks(context, tmp_path, monkeypatch):
    """19,115 x 19,115: neither all pairs nor all addresses are written down."""
    model = load_backbone("ugrn-mini", "cpu")
    genes = model.vocabulary.symbols
    cell = Context() if context == "pair" else Context("genes", genes, label="all")
    looked = []
    monkeypatch.setattr(Store, "__contains__", lambda store, key: bool(looked.append(key)))
    made = load_translator("all-sets")
    if context == "full":
        made = replace(made, card=replace(made.card, schema=replace(made.card.schema, context="full")))
        monkeypatch.setattr(estimate, "check_request", lambda *_: ())
    with Store(tmp_path) as store:
        cost = estimate.estimate_network(model, made, NetworkRequest(genes, genes, cell), store)
    assert cost.edges == len(genes) * (len(genes) - 1)
    assert cost.cached_share == 0 and cost.seconds > 3600
    assert len(looked) <= 500


def test_the_share_of_a_large_network_is_one_from_below(toy, tmp_path, monkeypatch):
    kept, request = trained(toy), NetworkRequest(toy.vocabulary.symbols[:20], toy.vocabulary.symbols[:20])
    monkeypatch.setattr(blocks, "PAIRS_A_BLOCK", 20)
    with Store(tmp_path) as store:
        predict_network(toy, kept, request, store)
        assert run.finished_share(toy, kept, request, store) == 1
        monkeypatch.setattr(run, "LOOKED_AT_PAIRS", 60)
        assert 0 < run.finished_share(toy, kept, request, store) < 1
        assert run.finished_share(toy, kept, request, None) == 0
