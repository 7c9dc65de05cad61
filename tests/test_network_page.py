"""The Network page without a browser: every state of it, on closed forms and, for cells, on the small model."""

from __future__ import annotations

import io
import json
import re
import shlex
import threading
import zipfile

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from tests.small_network import trained
from tests.test_pages import embedded, framed, fresh, h5ad  # noqa: F401 (a fixture for every test)
from ugrn_core.backbones.registry import load_backbone
from ugrn_core.beeline.registry import missing_networks
from ugrn_core.cli.app import app
from ugrn_core.data.h5ad import read_h5ad
from ugrn_core.errors import Cancelled
from ugrn_core.genes.tfs import is_tf
from ugrn_core.jobs import JOBS
from ugrn_core.network.direction import direction_rule
from ugrn_core.network.edge_filter import EdgeFilter
from ugrn_core.network.example import read_example
from ugrn_core.network.exports.folder import FILES
from ugrn_core.network.question import NetworkRequest, default_sources
from ugrn_core.network.run import predict_network
from ugrn_core.network.table import edge_table
from ugrn_core.translators.library import save_translator
from ui.network import edge as network_edge
from ui.network import files as network_files
from ui.network import filters, keys
from ui.network import run as network_run
from ui.network.known_edges import ReferenceEdges
from ui.network.views import nothing_passes
from ui.shared import kept, work
from ui.shared.cells import Cells

GENES = "GATA1,KLF1,TAL1,HBB,SPI1,CEBPA,MPO,CSF1R,MYC,SOX2,NANOG,STAT1"


@pytest.fixture(scope="module")
def toy():
    return load_backbone("toy-square")


@pytest.fixture(scope="module")
def translators(toy):
    """Two translators of the toy."""
    return {"first": named(trained(toy), "first"), "second": named(trained(toy, "GDT"), "second")}


def named(translator, name):
    from dataclasses import replace

    return replace(translator, card=replace(translator.card, name=name))


@pytest.fixture
def page(translators) -> AppTest:
    """The page with the list of genes, and one translator for the toy."""
    save_translator(translators["first"])
    at = framed("network.py")
    at.query_params["genes"] = GENES
    at.session_state["net known"] = "none"  # reading BEELINE takes most of a second
    return at


def words(at: AppTest) -> str:
    said = [*at.markdown, *at.caption, *at.info, *at.error, *at.warning, *at.code]
    return " ".join(str(e.value) for e in said).replace("\\", "")


def facts(at: AppTest) -> dict[str, tuple[str, str]]:
    return {m.label: (m.value, m.delta) for m in at.metric}


def press(at: AppTest, label: str) -> AppTest:
    return next(b for b in at.button if b.label == label).click().run()


def finished(at: AppTest, what: str = "Edges scored", n_runs: int = 60) -> AppTest:
    """Run the page until its numbers are there."""
    for _ in range(n_runs):
        if what in facts(at):
            break
        at.run()
    assert not at.exception, at.exception
    assert what in facts(at), words(at)
    return at


def predict(at: AppTest) -> AppTest:
    at.run()
    return finished(press(at, "Predict the network"))


def edges(at: AppTest) -> pd.DataFrame:
    return next(d.value for d in at.dataframe if {"source", "target", "probability"} <= set(d.value))


def expected(toy, translator, **more) -> pd.DataFrame:
    """The edge table of the list, computed without the page."""
    genes = tuple(GENES.split(","))
    request = NetworkRequest(default_sources(genes), genes)
    scores = predict_network(toy, translator, request)
    return edge_table(scores, translator, direction_rule(toy, translator, scores), **more)


# what is asked


def test_empty_says_what_to_give(translators):
    save_translator(translators["first"])
    at = framed("network.py").run()
    assert not at.exception and "no genes yet" in at.info[0].value and not at.metric
    press(at, f"Fill in {len(read_example().genes)} genes of blood cells")
    assert "no genes yet" not in words(at) and "SPI1" in at.session_state["net genes"]


def test_a_model_without_a_translator_says_so():
    at = framed("network.py")
    at.query_params["genes"] = GENES
    at.run()
    assert "No translator reads curves of toy-square yet" in at.info[0].value and not at.exception


def test_the_example_stands_in_the_address_as_a_word(page):
    page.query_params["genes"] = "example"
    page.run()
    genes = list(read_example().genes)
    assert not page.exception and page.session_state["net genes"].replace(",", " ").split() == genes
    assert one(page.query_params["genes"]) == "example", "the list is too long for an address, the word is not"


def one(value: str | list[str]) -> str:
    return value[0] if isinstance(value, list) else value


def test_genes_without_a_factor_have_no_source(page):
    page.query_params["genes"] = "HBB,MPO,CSF1R"
    page.run()
    assert "None of the 3 genes is a transcription factor" in page.error[0].value
    page.session_state["net sources from"] = "chosen"
    page.run()
    assert "no sources yet" in words(page)
    page.session_state["net sources"] = "gata1, NOSUCH"
    page.run()
    assert not page.error and "1 sources × 4 targets" in words(page)


def test_unknown_genes_are_said_before_and_after(page):
    page.query_params["genes"] = f"{GENES},OCT4,NOSUCHGENE"
    page.run()
    assert "NOSUCHGENE" in words(page) and "OCT4 is POU5F1" in words(page)
    finished(press(page, "Predict the network"))
    report = next(d.value for d in page.dataframe if "status" in d.value)
    assert dict(zip(report["gene"], report["status"], strict=True))["NOSUCHGENE"] == "unknown"


def test_the_cost_is_said_before_anything_runs(page, monkeypatch):
    monkeypatch.setattr(network_run, "predict_network", lambda *a, **k: pytest.fail("nobody asked for it"))
    page.run()
    said = words(page)
    n = sum(map(is_tf, GENES.split(",")))
    assert f"{n} sources × 12 targets" in said and f"{n * 11} edges" in said and "passes" in said
    assert "It runs on this machine (cpu" in said and not page.metric


def test_a_cluster_is_named_where_the_environment_names_one(page, monkeypatch):
    monkeypatch.setenv("UGRN_SCHEDULER", "tcp://127.0.0.1:9")
    page.run()
    assert "Dask cluster at tcp://127.0.0.1:9" in words(page)
    press(page, "Predict the network")
    for _ in range(20):
        if page.error:
            break
        page.run()
    assert "No Dask scheduler answers at tcp://127.0.0.1:9" in page.error[0].value and not page.exception


def test_a_gene_list_as_the_cell_needs_another_translator(page):
    page.query_params["cell"] = "full"
    page.run()
    assert "trained on other features" in page.error[0].value and not page.exception


# the job


def blocked(monkeypatch) -> threading.Event:
    """Make the run a job that waits until it is stopped."""
    monkeypatch.setattr(work, "GRACE", 0.3)
    began = threading.Event()

    def slow(*args, progress=None, cancel=None, **more):
        progress(0.25, "33 of 132 pairs of genes scored")
        began.set()
        while not cancel():
            threading.Event().wait(0.01)
        raise Cancelled("Stopped on request.")

    monkeypatch.setattr(network_run, "predict_network", slow)
    return began


def test_running_shows_progress_and_time_and_can_be_stopped_and_go_on(page):
    page.run()
    with pytest.MonkeyPatch.context() as slowly:
        began = blocked(slowly)
        press(page, "Predict the network")
        assert began.wait(5)
        page.run()
        shown = page.get("progress")[0].proto
        assert shown.value == 25 and "33 of 132 pairs" in shown.text and re.search("left|done", shown.text)
        job = JOBS.get(page.query_params["job"])
        page.button(key="stop network 0").click().run()
        page.run()
        assert "stopped. What was finished is kept." in words(page) and job.stop.is_set()
    page.button(key="again network 0").click().run()
    finished(page)


def test_a_reload_finds_the_job_and_its_genes_again(page, monkeypatch):
    from ui.shared import address

    blocked(monkeypatch)
    monkeypatch.setattr(address, "MOST_GENES", 2)
    press(page.run(), "Predict the network")
    page.run()
    assert page.query_params["genes"].startswith("~")
    kept.SHELVES.clear()  # as for somebody else who was given the link
    reloaded = framed("network.py")
    reloaded.query_params.update(dict(page.query_params))
    reloaded.run()
    assert reloaded.query_params["job"] == page.query_params["job"] and reloaded.get("progress")


def test_a_bug_in_the_run_is_said_and_can_be_tried_again(page, monkeypatch):
    def broken(*args, **more):
        raise ZeroDivisionError

    monkeypatch.setattr(network_run, "predict_network", broken)
    press(page.run(), "Predict the network")
    page.run()
    assert "bug in the program (ZeroDivisionError)" in page.error[0].value and not page.exception
    assert page.button(key="again network 0").label == "Try again"


def test_a_stored_network_is_there_without_a_click(page):
    predict(page)
    JOBS._jobs.clear()
    again = framed("network.py")
    again.query_params.update(dict(page.query_params))
    finished(again.run())
    assert facts(again) == facts(page)


# what is shown


def test_done_shows_the_edges_of_the_run(page, toy, translators):
    predict(page)
    table = expected(toy, translators["first"])
    assert facts(page)["Edges scored"][0] == f"{len(table)}"
    got = edges(page)
    within = table.head(len(got))
    pd.testing.assert_frame_equal(
        got[["source", "target"]].astype(object), within[["source", "target"]].astype(object), check_dtype=False
    )
    np.testing.assert_allclose(got["probability"], within["probability"], atol=1e-6)
    fdr = 1 - within["probability"].mean()
    assert facts(page)["Expected FDR"][0] == f"{100 * fdr:.3g} %"
    assert "Hypotheses of toy-square, read by first" in words(page) and "prevalence of" in words(page)
    assert "ugrn network --genes genes.txt --context pair --translator first" in words(page)


def test_no_edge_within_the_rate_shows_the_best_ones_with_theirs(page, toy, translators):
    page.query_params["fdr"] = "0.01"
    predict(page)
    table = expected(toy, translators["first"])
    assert (1 - table["probability"].iloc[0]) > 0.01
    assert facts(page)["Shown"] == ("50", "best ones: none within 1%")
    assert "No list of best edges has an expected FDR of at most 1 %" in words(page)
    assert facts(page)["Expected FDR"][0] == f"{100 * (1 - table['probability'].head(50).mean()):.3g} %"


def test_the_prevalence_moves_probabilities_and_no_order(page, toy, translators):
    page.query_params["rule"], page.query_params["best"] = "best", "30"
    predict(page)
    first = edges(page)
    page.number_input(key=filters.prevalence_key("first")).set_value(0.3).run()
    page.run()
    second = edges(page)
    table = expected(toy, translators["first"], prevalence=0.3).head(30)
    np.testing.assert_allclose(second["probability"], table["probability"], atol=1e-6)
    assert page.query_params["prevalence"] == "0.3" and "--prevalence 0.3 " in words(page)
    shared = framed("network.py")
    shared.query_params.update(dict(page.query_params))
    assert facts(finished(shared.run())) == facts(page)
    assert list(first["target"]) == list(second["target"]) and not np.allclose(
        first["probability"], second["probability"]
    )


def test_filters_search_and_neighbourhood(page):
    page.query_params["rule"], page.query_params["best"], page.query_params["view"] = "best", "500", "table"
    predict(page)
    whole = edges(page)
    page.session_state["net search"] = ["HBB"]
    page.run()
    assert set(edges(page)["target"]) == {"HBB"} and page.query_params["search"] == "HBB"
    page.session_state["net search"] = []
    page.session_state["net slopes"] = ["falls"]
    page.run()
    assert len(edges(page)) == (whole["slope_direction"] == "falls").sum() > 0
    page.session_state["net slopes"] = []
    page.session_state["net of targets"] = ["HBB"]
    page.run()
    assert set(edges(page)["target"]) == {"HBB"} and len(edges(page)) > 1
    page.session_state["net of targets"] = []
    page.session_state["net of sources"], page.session_state["net per source"] = ["GATA1", "MYC"], 2
    page.run()
    assert list(edges(page)["source"].value_counts()) == [2, 2]
    assert "Filters: 2" in [block.proto.popover.label for block in page.get("popover")]


def test_nothing_left_says_why(page):
    page.query_params["rule"], page.query_params["probability"] = "probability", "1"
    predict(page)
    assert "No edge passes: allow a larger FDR" in words(page) and facts(page)["Shown"][0] == "0"
    unknown, checked = ReferenceEdges(), ReferenceEdges(frozenset({("GATA1", "KLF1")}))
    for asked, known, said in (
        (EdgeFilter(cap=50, tags=("known network",)), unknown, "choose a list under Known edges"),
        (EdgeFilter(cap=50, tags=("known network",)), checked, "take away some of the filters"),
        (EdgeFilter(cap=50, tags=("known network", "model only")), unknown, "take away some of the filters"),
        (EdgeFilter(max_fdr=0.1), unknown, "allow a larger FDR"),
    ):
        assert said in nothing_passes(asked, known)


@pytest.mark.parametrize("view", ["graph", "figure", "matrix", "hubs", "degrees", "fdr", "table"])
def test_every_view_is_drawn(page, view):
    page.query_params["view"] = view
    predict(page)
    assert not page.error and page.query_params.get("view", "graph") == view
    if view in ("hubs", "table"):
        assert {"hubs": "strongest_targets", "table": "spread"}[view] in set(page.dataframe[0].value)
    else:
        assert page.get("iframe" if view == "graph" else "plotly_chart")


def test_the_chosen_edge_shows_its_curves(page, toy, translators):
    page.query_params["edge"] = "GATA1>HBB"
    predict(page)
    drawn = json.loads(page.get("plotly_chart")[0].proto.spec)
    titles = [a["text"] for a in drawn["layout"]["annotations"]]
    assert any("change of predicted HBB (toy units) when GATA1" in t.replace("<br>", " ") for t in titles)
    row = expected(toy, translators["first"]).query("source == 'GATA1' and target == 'HBB'").iloc[0]
    assert f"probability **{row['probability']:.3f}**" in words(page) and "not a sign of regulation" in words(page)
    assert any(b.label == "Open GATA1 and HBB in the pair explorer" for b in page.button)


def test_the_chosen_edge_shows_why_the_translator_says_so(page, toy, translators):
    page.query_params.update({"edge": "GATA1>HBB", "why": "yes"})
    predict(page)
    bars = json.loads(page.get("plotly_chart")[-1].proto.spec)["data"]
    row = expected(toy, translators["first"]).query("source == 'GATA1' and target == 'HBB'").iloc[0]
    frame = next(d.value for d in page.dataframe if "adds" in d.value)
    drawn = sum(sum(trace["y"]) for trace in bars)
    assert drawn == pytest.approx(frame["adds"].sum())
    (usual,) = (float(u.replace("−", "-")) for u in re.findall(r"and ([+−][0-9.e−+]+) to the mean", words(page)))
    assert drawn == pytest.approx(row["score"] - usual, abs=2e-2)
    assert one(page.query_params["why"]) == "yes"
    page.session_state["net why"] = False
    page.run()
    assert "why" not in page.query_params and "to the mean of" not in words(page)


def test_no_edge_is_chosen_at_first_and_that_is_said(page):
    predict(page)
    assert "Choose an edge, in a table" in words(page) and not page.get("plotly_chart")


def test_own_edges_are_held_against_the_network(page):
    page.query_params["rule"], page.query_params["best"], page.query_params["view"] = "best", "500", "table"
    predict(page)
    page.session_state["net known"] = "own"
    page.run()
    assert "There are no edges yet" in words(page) and facts(page)["Known among them"] == ("–", "not checked")
    page.session_state["net known text"] = "GATA1,KLF1\nKLF1 -> HBB\nNOSUCH,GATA1"
    page.run()
    table = edges(page)
    known = table[table["known"] == "yes"]
    assert {tuple(e) for e in known[["source", "target"]].to_numpy()} == {("GATA1", "KLF1"), ("KLF1", "HBB")}
    assert facts(page)["Known among them"][1].endswith("of all, your list") and "1 pair with a gene" in words(page)


def test_an_address_without_sense_is_said(page):
    page.query_params["view"] = "moon"
    page.run()
    assert "The address says view='moon'" in page.error[0].value and not page.exception
    page.query_params["view"], page.query_params["fdr"] = "graph", "much"
    page.run()
    assert "'much' where a number is expected" in words(page)
    page.query_params["fdr"], page.query_params["prevalence"] = "0.5", "7"
    page.run()
    assert "expected a share from 0.0001 to 0.5" in words(page)


# two networks


def test_two_translators_are_compared(page, toy, translators):
    save_translator(translators["second"])
    page.query_params.update({"mode": "two", "against": "translators", "rule": "best", "best": "20"})
    page.query_params.update({"translator": "first", "to_translator": "second"})
    page.run()
    finished(press(page, "Predict both networks"), "Gained")
    share = page.session_state[filters.prevalence_key("first")]
    a, b = (expected(toy, translators[n], prevalence=share).head(20) for n in ("first", "second"))
    cut = max(a["probability"].min(), b["probability"].min())
    a, b = (t[t["probability"] >= cut] for t in (a, b))
    pairs_a, pairs_b = ({tuple(e) for e in t[["source", "target"]].to_numpy()} for t in (a, b))
    assert facts(page)["Gained"] == (f"{len(pairs_b - pairs_a)}", "only in second")
    assert facts(page)["Lost"] == (f"{len(pairs_a - pairs_b)}", "only in first")
    assert facts(page)["Kept"][0] == f"{len(pairs_a & pairs_b)}"
    page.session_state["net which"] = "second"
    page.run()
    alone = set(map(tuple, edges(page)[["source", "target"]].to_numpy()))
    assert facts(page)["Shown"][0] == "20" and len(alone) == 20 and alone >= pairs_b


def test_one_translator_cannot_be_compared(page):
    page.query_params.update({"mode": "two", "against": "translators"})
    page.run()
    assert "only one translator for this model" in words(page) and not page.exception


def test_two_groups_need_cells(page):
    page.query_params["mode"] = "two"
    page.run()
    assert "There are no cells yet" in words(page) and not page.exception


@pytest.fixture
def with_cells(tmp_path) -> AppTest:
    """The page of the small model, with 40 cells of two kinds of 20 genes."""
    at = framed("network.py")
    at.session_state["model"] = embedded()
    data = read_h5ad(h5ad(tmp_path / "cells.h5ad"))
    at.session_state["cells"] = Cells(data, "test", "cells.h5ad")
    at.session_state["cells_from"] = "path"
    return at


def test_groups_of_cells_become_networks_that_are_compared(with_cells, monkeypatch):
    monkeypatch.setattr("ui.shared.cells._path", lambda: None)
    monkeypatch.setattr("ui.shared.cells.paths_welcome", lambda: True)
    at = with_cells
    at.query_params.update({"mode": "two", "rule": "best", "best": "15", "column": "kind"})
    at.run()
    assert "B:" in words(at) and "T:" in words(at)
    finished(press(at, "Predict both networks"), "Gained", 200)
    assert facts(at)["Shown, B"] == ("15", "by rank") and "In means of cells its scores rank edges" in words(at)
    compared = next(d.value for d in at.dataframe if "probability_change" in d.value)
    assert compared["probability_change"].isna().all() and compared[["rank_a", "rank_b"]].notna().any(axis=None)
    first = compared.iloc[0]
    at.session_state["net edge"] = (first["source"], first["target"])
    for _ in range(60):
        at.run()
        if len(at.get("plotly_chart")) == 2:
            break
    drawn = json.loads(at.get("plotly_chart")[-1].proto.spec)
    assert {t["name"] for t in drawn["data"]} >= {"B", "T"}
    assert "--h5ad cells.h5ad --group kind --between B --between T" in words(at)


# files


def test_files_hold_the_network_and_a_recipe_brings_it_back(page, monkeypatch):
    made = []
    real = network_files.show
    monkeypatch.setattr(network_files, "show", lambda *a: (made.append(a), real(*a)))
    page.query_params["rule"], page.query_params["best"] = "best", "25"
    predict(page)
    labels = [d.proto.label for d in page.get("download_button")]
    assert "All files (zip)" in labels and set(FILES) <= set(labels)
    network, shown, known, token, *_ = made[-1]
    wanted = network_files.Wanted(network, shown, known, 0.1, "ugrn network --out .", token)
    with zipfile.ZipFile(io.BytesIO(network_files._zipped(wanted))) as archive:
        assert sorted(archive.namelist()) == sorted(FILES)
        table = pd.read_csv(archive.open("edges.csv"))
        recipe = archive.read("recipe.json")
        sif = archive.read("network.sif").decode().splitlines()
    assert len(table) == network.scores.n_edges and len([line for line in sif if line.strip()]) == 25
    again = framed("network.py")
    again.query_params["from"] = "recipe"
    again.run()
    assert "There is no recipe yet" in words(again)
    next(f for f in again.file_uploader if f.key == "net recipe file").set_value(
        ("recipe.json", recipe, "application/json")
    )
    finished(again.run())
    assert again.session_state["net best"] == 25 and facts(again)["Shown"][0] == "25"
    assert again.session_state[filters.prevalence_key("first")] == 0.1
    assert "ugrn network --recipe recipe.json" in words(again)


def test_the_command_line_makes_the_files_of_the_page_byte_by_byte(page, tmp_path, monkeypatch):
    made = []
    real = network_files.show
    monkeypatch.setattr(network_files, "show", lambda *a: (made.append(a), real(*a)))
    page.query_params["genes"] = f"{GENES},OCT4,NOSUCHGENE"
    page.session_state["net known"] = "none" if missing_networks() else "beeline"
    page.query_params["fdr"], page.query_params["sources"] = "0.7", "GATA1,KLF1,MYC"
    predict(page)
    network, shown, known, token, *_ = made[-1]
    share = filters.prevalence_key("first")
    line = next(c.value for c in page.code if c.value.startswith("ugrn network"))
    wanted = network_files.Wanted(network, shown, known, page.session_state[share], line, token)
    folder = network_files._folder(wanted)
    (tmp_path / "genes.txt").write_text(network.asked.genes.gene_list)
    (tmp_path / "sources.txt").write_text("GATA1\nKLF1\nMYC\n")
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, shlex.split(line)[1:])
    assert result.exit_code == 0, result.output
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes(), name


def test_what_is_no_recipe_is_refused(page):
    page.query_params["from"] = "recipe"
    page.run()
    next(f for f in page.file_uploader if f.key == "net recipe file").set_value(
        ("recipe.json", b'{"recipe": 2}', "application/json")
    )
    page.run()
    assert "not the recipe.json of a network" in words(page) and not page.exception


# the way to the pair explorer and from the start page


def test_an_edge_opens_in_the_pair_explorer(page, monkeypatch):
    gone = []
    monkeypatch.setattr(network_edge.st, "switch_page", lambda to, query_params: gone.append((to, query_params)))
    page.query_params["edge"] = "GATA1>HBB"
    predict(page)
    press(page, "Open GATA1 and HBB in the pair explorer")
    to, query = gone[-1]
    assert to == "pages/pair.py" and query["source"] == "GATA1" and query["target"] == "HBB"
    assert query["grid"] == "0.25,0.5,2,3,4,5" and query["model"] == "toy-square"
    pair = framed("pair.py")
    pair.query_params.update(query)
    pair.run()
    assert (
        not pair.error
        and "HBB" in json.loads(pair.get("plotly_chart")[0].proto.spec)["layout"]["annotations"][0]["text"]
    )


def test_the_start_page_leads_to_a_network_that_starts_by_itself(page, monkeypatch):
    from ui.start import page as start

    gone = []
    monkeypatch.setattr(start.st, "switch_page", lambda to, query_params=None: gone.append((to, query_params)))
    at = framed("start.py").run()
    press(at, "Predict a network")
    assert gone[0][0] == "pages/network.py" and keys.START_NOW in at.session_state
    page.session_state[keys.START_NOW] = True
    finished(page.run())
    assert keys.START_NOW not in page.session_state


def test_two_models_are_compared_and_each_keeps_its_own_translator(page, toy):
    other = load_backbone("toy-linear")
    save_translator(named(trained(other), "linear"))
    page.query_params.update({"mode": "two", "against": "models", "to_model": "toy-linear", "edge": "GATA1>HBB"})
    page.query_params.update({"rule": "best", "best": "10"})
    page.run()
    assert "Predict both networks" in [b.label for b in page.button]
    finished(press(page, "Predict both networks"), "Gained")
    assert set(facts(page)) >= {"FDR, toy-square", "FDR, toy-linear"}
    assert "Hypotheses of toy-square and toy-linear, read by first and linear" in words(page)
    lines = next(c.value for c in page.code if "toy-linear" in c.value).splitlines()
    assert [line.split(" --out ")[1] for line in lines] == ["a", "b"] and "--translator linear" in lines[1]
    drawn = json.loads(page.get("plotly_chart")[-1].proto.spec)
    assert len({trace["name"] for trace in drawn["data"]}) == 1  # curves of two models have no common unit


def test_steps_around_a_gene(page):
    page.query_params.update({"rule": "best", "best": "500", "view": "table", "per_source": "1"})
    predict(page)
    whole = edges(page)
    gene = whole["source"].iloc[0]
    page.session_state["net near"], page.session_state["net steps"] = gene, 1
    page.run()
    touching = whole[(whole["source"] == gene) | (whole["target"] == gene)]
    reached = {gene, *touching["source"], *touching["target"]}
    got = edges(page)
    assert set(got["source"]) | set(got["target"]) == reached and len(touching) <= len(got) < len(whole)
    assert page.query_params["near"] == gene


def test_a_group_of_own_cells_opens_in_the_pair_explorer_with_its_means(with_cells, monkeypatch):
    monkeypatch.setattr("ui.shared.cells._path", lambda: None)
    monkeypatch.setattr("ui.shared.cells.paths_welcome", lambda: True)
    gone = []
    monkeypatch.setattr(network_edge.st, "switch_page", lambda to, query_params: gone.append(query_params))
    at = with_cells
    at.query_params.update({"from": "cells", "column": "kind", "level": "T", "edge": "GATA1>HBB"})
    at.run()
    finished(press(at, "Predict the network"), n_runs=200)
    assert "By default own cells are asked in two genes alone" in words(at)
    assert "--h5ad cells.h5ad --group kind=T --context pair" in words(at)
    assert "--prevalence" not in words(at), "it is the translator's own"
    at.session_state["net cell of cells"] = "full"
    at.run()
    finished(press(at, "Predict the network"), n_runs=200)
    assert "--h5ad cells.h5ad --group kind=T --context full" in words(at) and "--prevalence" not in words(at)
    assert facts(at)["Expected FDR"] == ("–", "not known: no calibration here") and at.query_params["cell"] == "full"
    assert "FDR" not in [option for c in at.get("button_group") for option in getattr(c, "options", [])]
    for _ in range(60):
        if "Open GATA1 and HBB in the pair explorer" in [b.label for b in at.button]:
            break
        at.run()
    press(at, "Open GATA1 and HBB in the pair explorer")
    assert gone[-1]["context"] == "cells" and gone[-1]["column"] == "kind" and gone[-1]["levels"] == "T"
