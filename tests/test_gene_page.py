"""The Gene page without a browser: empty, working, both sides, ranks, filters, likeness, and the ways out of it."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import streamlit as st

from tests.test_pages import TOY, framed, fresh, h5ad  # noqa: F401 (a fixture)
from ugrn_core.backbones.registry import load_backbone
from ugrn_core.errors import Cancelled
from ugrn_core.genes.tfs import is_tf
from ugrn_core.pair import PairRequest, explore_pair, pair_specific
from ugrn_core.types import Context, SweepSettings
from ui.gene import found, keys, rows
from ui.shared import address, work


@pytest.fixture
def gene():
    at = framed("gene.py")
    at.query_params["gene"] = "GATA1"
    return at


@pytest.fixture(autouse=True)
def no_networks(monkeypatch):
    monkeypatch.setattr(found, "missing_networks", lambda: ["none is here"])


def table(at):
    return at.dataframe[0].value


def said(at):
    return " ".join(m.value for m in [*at.caption, *at.markdown])


def settings():
    card = load_backbone(TOY, "cpu").card
    return SweepSettings(card.base, card.grid)


def test_without_a_gene_the_page_says_what_to_do():
    at = framed("gene.py").run()
    assert not at.exception and "Choose a gene above" in at.info[0].value and not at.dataframe


def test_a_gene_as_source_is_ranked_by_what_the_pair_explorer_says(gene):
    at = gene.run()
    assert not at.exception and not at.error
    shown = table(at)
    assert len(shown) == 39 and "What moves when GATA1 moves: 39 genes" in said(at)
    sizes = shown["specific"].abs().to_numpy()
    assert (np.diff(sizes) <= 0).all()
    toy = load_backbone(TOY, "cpu")
    best = shown.iloc[0]["gene"]
    alone = explore_pair(toy, PairRequest("GATA1", best, Context(), settings()), residual=False)
    assert abs(shown.iloc[0]["response"]) == pytest.approx(np.abs(alone.forward.response).max(), rel=1e-4)
    assert shown.iloc[0]["at"] == settings().grid[np.abs(alone.forward.response).argmax()]
    assert "random pairs" in said(at) and "transcription factor" in said(at)


def test_a_gene_as_target_starts_with_the_factors(gene):
    gene.query_params["side"] = "target"
    at = gene.run()
    assert set(table(at)["gene"]) == {g for g in load_backbone(TOY, "cpu").vocabulary.symbols if is_tf(g)} - {"GATA1"}
    gene.query_params["factors"] = "no"
    assert len(table(gene.run())) == 39


def test_the_rank_as_predicted_needs_nothing_of_other_genes(gene):
    gene.query_params["rank"] = "response"
    at = gene.run()
    assert "specific" not in table(at) and (np.diff(table(at)["response"].abs()) <= 0).all()


def test_filters_by_text_and_list(gene):
    gene.query_params["text"], gene.query_params["only"] = "gata", "GATA2,GATA4,KLF1,OCT4"
    at = gene.run()
    assert sorted(table(at)["gene"]) == ["GATA2", "GATA4"]
    gene.query_params["text"] = "nothing of the kind"
    assert "No gene passes" in gene.run().info[0].value


def test_genes_alike_come_first(gene):
    gene.query_params["alike"] = "HBB"
    at = gene.run()
    shown = table(at)
    assert shown.iloc[0]["gene"] == "HBB" and shown.iloc[0]["likeness"] == pytest.approx(1)
    assert (np.diff(shown["likeness"]) <= 1e-9).all() and "Nearest in shape to **HBB**" in said(at)
    next(b for b in at.button if b.key == "gene back").click().run()
    assert "likeness" not in table(at)


def test_the_address_holds_the_view(gene):
    gene.query_params["side"], gene.query_params["text"] = "target", "GATA"
    at = gene.run()
    written = {k: v[0] if isinstance(v, list) else v for k, v in at.query_params.items()}
    assert written == {"model": TOY, "gene": "GATA1", "side": "target", "text": "GATA"}


def test_an_address_without_sense_is_said(gene):
    gene.query_params["side"] = "sideways"
    assert "side='sideways'; expected one of source, target" in gene.run().error[0].value


def test_an_unknown_gene_is_said_and_another_spelling_understood(gene):
    gene.query_params["gene"] = "NOSUCH"
    assert "not one of the 40 genes" in gene.run().error[0].value
    gene.query_params["gene"] = "Oct4"
    assert "Oct4 is POU5F1 here." in said(gene.run())


def test_the_translator_rank_without_a_translator_says_what_to_do(gene):
    gene.query_params["rank"] = "score"
    assert "No translator reads curves of" in gene.run().info[0].value


def test_the_factors_are_there_while_the_rest_is_under_way(gene, monkeypatch):
    monkeypatch.setattr(work, "GRACE", 0.2)
    began = threading.Event()
    real = found.neighbourhood

    def slow(backbone, request, store, *, progress, cancel):
        if request.reach == "all":
            progress(0.3, "12 of 39 genes")
            began.set()
            while not cancel():
                threading.Event().wait(0.01)
            raise Cancelled("Stopped.")
        return real(backbone, request, store, progress=progress, cancel=cancel)

    monkeypatch.setattr(found, "neighbourhood", slow)
    real_estimate = found.estimate_neighbourhood

    def long(backbone, request, store):
        cost = real_estimate(backbone, request, store)
        return cost if request.reach == "factors" else type(cost)(cost.passes, 30.0, cost.bytes, 0.0)

    monkeypatch.setattr(found, "estimate_neighbourhood", long)
    at = gene.run()
    assert began.wait(5) and set(table(at)["gene"]) <= {g for g in table(at)["gene"] if is_tf(g)}
    assert at.get("progress")[0].proto.value == 30 and "12 of 39 genes" in at.get("progress")[0].proto.text
    next(b for b in at.button if b.label == "Stop").click().run()
    assert "stopped. What was finished is kept." in said(at) and len(at.dataframe) > 0


def test_a_large_model_says_what_it_takes_and_sweeps_the_factors_first(gene, monkeypatch):
    real = found.estimate_neighbourhood

    def large(backbone, request, store):
        cost = real(backbone, request, store)
        seconds = 720.0 if request.reach == "factors" else 9000.0
        return type(cost)(cost.passes, seconds, cost.bytes, 0.0)

    monkeypatch.setattr(found, "estimate_neighbourhood", large)
    at = gene.run()
    offered = [b for b in at.button if "takes about" in b.label]
    assert [b.label for b in offered] == ["GATA1 with transcription factors: takes about 12 min"] and not at.dataframe
    at = offered[0].click().run()
    assert len(at.dataframe) > 0 and all(map(is_tf, table(at)["gene"]))
    assert [b.label for b in at.button if "takes about" in b.label] == ["GATA1 with all genes: takes about 2.5 h"]


def test_cells_give_their_virtual_cell_and_say_who_is_detected(gene, tmp_path):
    path = h5ad(tmp_path / "cells.h5ad")
    gene.session_state["cells_from"], gene.session_state["cells_path"] = "path", str(path)
    gene.session_state["context"] = "cells"
    at = gene.run()
    if at.dataframe and "gene" in table(at):
        assert "of the cells of cells" in said(at)
        assert "detected" in table(at)


def test_a_gene_list_as_virtual_cell_is_pair_specific_too(gene):
    genes = load_backbone(TOY, "cpu").vocabulary.symbols[:20]
    gene.query_params["context"], gene.query_params["genes"] = "genes", ",".join(genes)
    at = gene.run()
    assert not at.error and len(table(at)) == 19
    context = Context("genes", genes, None, "the pasted list")
    best = table(at).iloc[0]
    alone = pair_specific(load_backbone(TOY, "cpu"), PairRequest("GATA1", best["gene"], context, settings()))
    assert best["percentile"] == pytest.approx(alone.forward_percentile, abs=0.5)
    at.query_params["side"] = "target"
    at.run()
    assert any(b.label.startswith("Move all genes") for b in at.button)


def choose(monkeypatch, *chosen):
    """AppTest cannot click a row: the table is drawn as if some were chosen."""
    real = st.dataframe

    def drawn(*args, on_select=None, **kwargs):
        real(*args, **kwargs)
        return {"selection": {"rows": list(chosen)}}

    monkeypatch.setattr(rows.st, "dataframe", drawn)


def test_chosen_rows_lead_to_pair_targets_and_network(gene, monkeypatch):
    went = []
    monkeypatch.setattr(rows.st, "switch_page", lambda page, query_params: went.append((page, query_params)))
    choose(monkeypatch, 0)
    at = gene.run()
    best = table(at)["gene"]
    next(b for b in at.button if b.key == "gene pair").click().run()
    assert went.pop() == (
        rows.PAIR_PAGE,
        {"model": TOY, "source": "GATA1", "target": best.iloc[0], "mode": "pair"},
    )
    next(b for b in at.button if b.key == "gene other").click().run()
    assert went.pop() == (address.GENE_PAGE, {"gene": best.iloc[0], "model": TOY})
    next(b for b in at.button if b.key == "gene like").click().run()
    assert at.session_state[keys.ALIKE] == best.iloc[0]
    at.session_state[keys.ALIKE] = ""
    choose(monkeypatch, 0, 2)
    at.run()
    next(b for b in at.button if b.key == "gene targets").click().run()
    assert went.pop()[1]["targets"] == f"{best.iloc[0]},{best.iloc[2]}"
    next(b for b in at.button if b.key == "gene network").click().run()
    assert went.pop()[0] == rows.NETWORK_PAGE
    assert at.session_state["net genes"] == f"GATA1, {best.iloc[0]}, {best.iloc[2]}"
