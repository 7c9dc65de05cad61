"""Mouse in, mouse out: tables and files of a mouse file have its names, and the human symbols beside them."""

from __future__ import annotations

import io
import json
import re

import anndata as ad
import networkx as nx
import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from tests.test_network_page import edges, finished, press, words
from tests.test_pages import framed
from ugrn_core.backbones.registry import load_backbone
from ugrn_core.cli import app
from ugrn_core.data.context import data_context
from ugrn_core.data.h5ad import read_h5ad
from ugrn_core.figures.curves import prepare_pair, prepare_targets
from ugrn_core.figures.report_pair import pair_report
from ugrn_core.genes.file_names import HUMAN_COLUMNS, human_symbol, mouse_symbol, names_of
from ugrn_core.genes.pair_list import pair_list
from ugrn_core.jobs import JOBS
from ugrn_core.network.question import NetworkRequest
from ugrn_core.network.recipe import read_recipe
from ugrn_core.pair import PairRequest, explore_pair
from ugrn_core.pair_output import pair_json
from ugrn_core.types import SweepSettings
from ui.network import clicks
from ui.network.views import VIEWS
from ui.shared import cells

HUMAN = {
    "Gata1": "GATA1", "Klf1": "KLF1", "Spi1": "SPI1", "Tal1": "TAL1", "Trp53": "TP53", "Cebpa": "CEBPA", "Myc": "MYC",
    "Gypa": "GYPA", "Epor": "EPOR", "Cd74": "CD74", "Cd34": "CD34", "Mpo": "MPO", "Cd14": "CD14",
    "Hmga1b": "HMGA1", "Csf1r": "CSF1R", "Elane": "ELANE", "Car2": "CA2",
}  # fmt: skip
IDS = {"Gata1": "ENSMUSG00000031162", "Spi1": "ENSMUSG00000002111"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """60 mouse cells of two kinds; Hmga1 and Hmga1b are both HMGA1, and Hmga1b is seen in more of them."""
    folder = tmp_path_factory.mktemp("mouse")
    rng = np.random.default_rng(0)
    genes = [*HUMAN, "Hmga1"]
    x = rng.poisson(3, (60, len(genes))).astype(np.float32) + 1
    x[30:, :4] += 5
    x[5:, -1] = 0
    kind = pd.DataFrame({"kind": pd.Categorical(["ery"] * 30 + ["mye"] * 30)}, index=[f"c{i}" for i in range(60)])
    ad.AnnData(x, obs=kind, var=pd.DataFrame(index=genes)).write_h5ad(folder / "mouse.h5ad")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UGRN_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        patch.delenv("UGRN_DATA_DIR", raising=False)
        yield folder


def ugrn(*words, status=0):
    done = CliRunner().invoke(app, list(map(str, words)))
    assert done.exit_code == status, done.output
    return done


@pytest.fixture(scope="module")
def network(folder):
    """A network of one group, all of its edges in the graph files."""
    line = ("--h5ad", folder / "mouse.h5ad", "--group", "kind=mye", "--context", "full", "--only-sources", "Gata1,TP53")
    ugrn("network", *line, "--out", folder / "net")
    return folder / "net"


def is_mouse(table: pd.DataFrame, *ends: str) -> None:
    """Names of the file in the columns, the human symbols of the same genes behind."""
    for end in ends:
        assert set(table[end]) <= set(HUMAN), table
        assert list(table[f"human_{end}"]) == [HUMAN[name] for name in table[end]]


def test_names_of_a_context_are_those_of_the_file_and_none_stands_twice(folder):
    data, backbone = read_h5ad(folder / "mouse.h5ad"), load_backbone("ugrn-mini-3")
    context, _, notes = data_context(data, backbone.card, backbone.vocabulary)
    names = context.names
    assert data.species == "mouse" and names is not None
    assert {names.of(g): g for g in context.genes} == HUMAN  # Trp53 is no TP53 in another case, nor Car2 CA2
    assert any("Hmga1 (Hmga1b is used)" in note for note in notes)
    assert len(set(names.names.values())) == len(names.names) > 10_000  # genes that may be added have names too
    assert names.of("GATA2") == "Gata2" and names.symbol("Gata2") == "GATA2" and names.of("NOGENE") == "NOGENE"


@pytest.mark.parametrize(
    ("name", "symbol", "human"),
    [
        ("Trp53", "Trp53", "TP53"),
        ("ENSMUSG00000031162.4", "Gata1", "GATA1"),
        ("mm10_Gata1", "Gata1", "GATA1"),
        ("Hbb-bs", "Hbb-bs", ""),
        ("Nosuchgene", "Nosuchgene", ""),
    ],
)
def test_a_mouse_name_and_its_human_gene(name, symbol, human):
    assert (mouse_symbol(name), human_symbol(name)) == (symbol, human)


def test_an_edge_that_is_clicked_is_found_by_the_names_of_the_file():
    asked = NetworkRequest(("GATA1",), ("KLF1", "SPI1"), names=names_of({"GATA1": "Gata1", "KLF1": "Klf1"}))
    assert clicks.held(asked, [" Gata1 ", "Klf1"]) == ("Gata1", "Klf1")
    assert all(clicks.held(asked, wrong) is None for wrong in (["Klf1", "Gata1"], ["Gata1", "TP53"], []))
    assert clicks.held(NetworkRequest(("GATA1",), ("KLF1",)), ["GATA1", "KLF1", "more"]) == ("GATA1", "KLF1")


def test_every_file_of_a_network_has_the_names_of_the_file(network):
    table = pd.read_csv(network / "edges.csv")
    is_mouse(table, "source", "target")
    assert list(table)[-2:] == list(HUMAN_COLUMNS)
    graph = nx.read_graphml(network / "network.graphml")
    assert graph.nodes["Trp53"]["human_symbol"] == "TP53" and graph.nodes["Trp53"]["is_tf"]
    for other in (
        nx.read_gexf(network / "network.gexf"),
        nx.cytoscape_graph(json.loads((network / "network.cyjs").read_text())),
    ):
        assert set(other.edges()) == set(graph.edges()) and {s for s, _ in graph.edges()} <= {"Gata1", "Trp53"}
        assert next(iter(other.edges(data=True)))[2]["human_source"] in HUMAN.values()
    cells = ad.read_h5ad(network / "network.h5ad")
    assert dict(cells.var["human_symbol"]) == {name: HUMAN[name] for name in cells.var_names}
    assert cells.var.loc["Trp53", "is_tf"] and cells.varp["score"].nnz == graph.number_of_edges()
    drawn = (network / "network.html").read_text()
    assert "Trp53" in drawn and '"TP53"' not in drawn
    for line in (network / "regulons.gmt").read_text().splitlines():
        name, _, *targets = line.split("\t")
        assert sorted(targets) == sorted(graph.successors(name))


def test_a_recipe_makes_the_same_files_again(network, folder):
    recipe = read_recipe((network / "recipe.json").read_bytes())
    assert recipe.file_names is not None and recipe.file_names["TP53"] == "Trp53" and recipe.species == "mouse"
    ugrn("network", "--recipe", network / "recipe.json", "--out", folder / "again")
    for file in ("edges.csv", "network.h5ad", "network.graphml", "recipe.json"):
        assert (folder / "again" / file).read_bytes() == (network / file).read_bytes()
    twice = recipe.model_copy(update={"file_names": {"TP53": "A", "MYC": "A"}}).model_dump_json()
    (folder / "twice.json").write_text(twice)
    assert (
        "two genes are called A" in ugrn("network", "--recipe", folder / "twice.json", "--out", folder, status=2).output
    )


def test_two_groups_compared_have_the_names_too(folder):
    line = ("--h5ad", folder / "mouse.h5ad", "--group", "kind", "--top", 20, "--evidence", "--out", folder / "two")
    ugrn("network", *line)
    is_mouse(pd.read_csv(folder / "two" / "difference.csv"), "source", "target")
    edges = nx.read_graphml(folder / "two" / "ery" / "network.graphml").edges(data=True)
    assert all(np.isfinite(values["cells_spearman"]) for *_, values in edges)
    ask = ("network", "--genes", folder / "mouse.h5ad", "--out", folder, "--evidence")
    assert "--evidence asks the cells of --h5ad" in ugrn(*ask, status=2).stderr
    assert (
        "give --evidence with it" in ugrn("network", "--h5ad", "example", "--best", 5, "--out", folder, status=2).stderr
    )


def test_evidence_of_edges_in_human_symbols_is_told_by_the_file(network, folder):
    table = pd.read_csv(network / "edges.csv")
    human = table.assign(source=table["human_source"], target=table["human_target"])[["source", "target", "score"]]
    human.to_csv(folder / "human.csv", index=False)
    done = ugrn("evidence", "--edges", folder / "human.csv", "--cells", folder / "mouse.h5ad", "--within", "kind")
    found = pd.read_csv(io.StringIO(done.stdout))
    is_mouse(found, "source", "target")
    assert found["cells_spearman"].notna().all() and len(found) == len(table)


def test_drivers_and_activities(network, folder):
    doses = folder / "doses.csv"
    line = ("--cells", folder / "mouse.h5ad", "--from", "kind=ery", "--to", "kind=mye", "--grid", "-1,1")
    found = pd.read_csv(io.StringIO(ugrn("drivers", *line, "--doses", doses).stdout))
    is_mouse(found, "source")
    is_mouse(pd.read_csv(doses), "source")
    assert {g for genes in found["carried_by"] for g in genes.split(", ")} <= set(HUMAN)
    line = ("--edges", network / "edges.csv", "--cells", folder / "mouse.h5ad", "--by", "kind", "--top", 60)
    is_mouse(pd.read_csv(io.StringIO(ugrn("activities", *line).stdout)), "source")


def test_a_pair_and_a_gene_in_mouse_cells(folder):
    where = ("--context", folder / "mouse.h5ad", "--group", "kind=ery", "--grid", "-1,1")
    found = pd.read_csv(io.StringIO(ugrn("pair", "Trp53", "MYC", *where).stdout))
    is_mouse(found, "source", "target")
    assert set(found["source"]) == {"Trp53", "Myc"}
    ugrn("gene", "Gata1", *where, "--rank", "response", "--as", "source", "--out", folder / "gene.csv")
    is_mouse(pd.read_csv(folder / "gene.csv"), "gene")


def test_curves_of_a_pair_start_where_each_gene_stands_and_have_the_names_of_the_file(folder):
    backbone = load_backbone("ugrn-mini-3", "cpu")
    context, _, _ = data_context(read_h5ad(folder / "mouse.h5ad"), backbone.card, backbone.vocabulary)
    request = PairRequest("TP53", "MYC", context, SweepSettings(0.0, (-1.0, 1.0)))
    result = explore_pair(backbone, request, residual=False)
    frame = prepare_pair({"all cells": result})
    is_mouse(frame, "source", "target")
    assert context.values is not None
    stands = {name: context.values[context.genes.index(HUMAN[name])] for name in ("Trp53", "Myc")}
    assert frame.groupby("source")["base"].unique().map(list).to_dict() == {n: [v] for n, v in stands.items()}
    assert list(prepare_targets([result])["series"].unique()) == ["Myc"]
    report = pair_report(backbone, result, frame, None, None, command="ugrn pair")
    assert report.title == "Trp53 → Myc" and "Myc" in report.facts[0][0]
    told = pair_json(result)
    assert (told["source"], told["source_in_file"], told["target_in_file"]) == ("TP53", "Trp53", "Myc")


def test_peers_and_their_ranks(network, folder):
    (folder / "known.csv").write_text("GATA1,KLF1\nSpi1,Cd14\n")
    line = ("--edges", network / "edges.csv", "--cells", folder / "mouse.h5ad", "--out", folder / "peers", "--k", 10)
    done = ugrn("peers", *line, "--methods", "Spearman", "--reference", folder / "known.csv")
    assert pd.read_csv(io.StringIO(done.stdout))["known_pairs"].max() > 0  # a reference in either species
    is_mouse(pd.read_csv(folder / "peers" / "ranks.csv"), "source", "target")


def test_ids_of_ensembl_are_told_by_symbol(folder):
    cells = ad.read_h5ad(folder / "mouse.h5ad")[:, list(IDS)].copy()
    cells.var_names = [IDS[name] for name in cells.var_names]
    cells.write_h5ad(folder / "ids.h5ad")
    (folder / "ids.csv").write_text("source,target,score\nGata1,Spi1,1\nSpi1,Gata1,0.5\n")
    done = ugrn("evidence", "--edges", folder / "ids.csv", "--cells", folder / "ids.h5ad")
    is_mouse(pd.read_csv(io.StringIO(done.stdout)), "source", "target")


def test_regulons_are_read_by_our_own_reader_and_weigh_more_for_better_edges(network):
    pairs = set(pair_list((network / "regulons.gmt").read_text()).pairs)
    theirs, ours = (pd.read_csv(network / name) for name in ("adjacencies.csv", "decoupler.csv"))
    assert list(theirs) == ["TF", "target", "importance"] and list(ours) == ["source", "target", "weight"]
    assert set(zip(ours["source"], ours["target"], strict=True)) == pairs
    assert ours["weight"].between(0, 1).all() and ours["weight"].is_monotonic_decreasing
    np.testing.assert_array_equal(theirs.to_numpy(), ours.to_numpy())


def test_the_page_of_a_network_knows_genes_by_the_names_of_the_file(folder):
    at = framed("network.py")
    file = folder / "mouse.h5ad"
    at.session_state["model"], at.session_state["cells_from"] = "ugrn-mini-3", "path"
    at.session_state["cells"] = cells.Cells(read_h5ad(file), "mouse", "mouse.h5ad", file=file)
    at.query_params.update({"from": "cells", "rule": "best", "best": "5000", "view": "table"})
    finished(press(at.run(), "Predict the network"), n_runs=200)
    at.session_state["net of sources"] = ["Trp53", "GATA1"]  # either name
    shown = edges(at.run())
    is_mouse(shown, "source", "target")
    assert set(shown["source"]) == {"Trp53", "Gata1"} and at.session_state["net of sources"] == ["Trp53", "Gata1"]
    at.session_state["net edge"] = ("Trp53", "Myc")
    at.run()
    said = words(at)
    assert "Trp53 → Myc" in [s.value for s in at.subheader] and "TP53 and MYC in human" in said
    curves = next(d.value for d in at.dataframe if "virtual_value" in d.value)
    assert set(curves["source"]) == {"Trp53", "Myc"}
    assert any(c.value.startswith("ugrn pair TP53 MYC") for c in at.code)
    press(at, "Ask the cells")
    for _ in range(200):
        if "Evidence of 60 cells" in words(at):
            break
        at.run()
    assert edges(at)["cells_spearman"].notna().all() and not at.exception


def told(at) -> list[str]:
    """What a page says in words, tables and figures, less commands and what stands in a human column."""
    said = [str(e.value) for e in (*at.markdown, *at.caption, *at.subheader, *at.info, *at.metric)]
    said += [b.label for b in at.button]
    for chart in at.get("plotly_chart"):
        said.append(chart.proto.spec)
    for table in (d.value for d in at.dataframe):
        plain = table[
            [c for c in table if not str(c).startswith("human") and c not in ("symbol", "suggestions", "note")]
        ]
        said += [plain.to_csv(index=False)]
    return [re.sub(r"\(?\b[A-Z0-9]+(?: and [A-Z0-9]+)? in human\)?", "", text.replace("\\", "")) for text in said]


PAGES = {
    "pair.py": {"source": "TP53", "target": "MYC", "context": "cells", "with": "KLF1=1"},
    "gene.py": {"gene": "TP53", "context": "cells", "rank": "response"},
    "drivers.py": {"column": "kind", "a": "ery", "b": "mye"},
    "network.py": {"from": "cells", "rule": "best", "best": "5000", "edge": "Trp53>Myc"},
}


@pytest.mark.parametrize("page", PAGES)
def test_every_view_has_the_names_of_the_file(folder, page):
    at = framed(page)
    file = folder / "mouse.h5ad"
    at.session_state["model"], at.session_state["cells_from"] = "ugrn-mini-3", "path"
    at.session_state["cells"] = cells.Cells(read_h5ad(file), "mouse", "mouse.h5ad", file=file)
    at.query_params.update(PAGES[page])
    at.run()
    if page == "network.py":
        there = "Predict the network" not in [b.label for b in at.button]  # computed by another test
        finished(at if there else press(at, "Predict the network"), n_runs=200)
    views = list(VIEWS) if page == "network.py" else [""]
    wrong: set[str] = set()
    for view in views:
        if view:
            at.session_state["net view"] = view
        for _ in range(100):
            at.run()
            if not any(job.state in ("queued", "working") for job in JOBS._jobs.values()):
                break
        assert not at.exception, at.exception
        for text in told(at.run()):
            wrong |= {
                f"{view} {m[0]}" for m in re.finditer(rf".{{0,80}}\b(?:{'|'.join(HUMAN.values())})\b.{{0,40}}", text)
            }
    assert any("Trp53" in text for text in told(at))
    assert not wrong, sorted(wrong)[:20]


def test_company_surfaces_and_reports_have_the_names_of_the_file(folder):
    where = ("--context", folder / "mouse.h5ad", "--group", "kind=ery", "--grid", "-1,1")
    pair = ("pair", "Trp53", "MYC", *where, "--with", "Klf1=1")
    curves = pd.read_csv(io.StringIO(ugrn(*pair).stdout))
    is_mouse(curves, "source", "target")
    assert set(curves["company"].dropna()) == {"Klf1=1"}
    surface = pd.read_csv(io.StringIO(ugrn(*pair, "--surface", 3).stdout))
    is_mouse(surface, "source", "target", "companion")
    assert set(surface["companion"]) == {"Klf1"} and list(surface)[-1] == "human_companion"
    points = json.loads(ugrn(*pair, "--surface", 3, "--json").stdout)
    assert (points["source_in_file"], points["surfaces"][0]["companion_in_file"]) == ("Trp53", "Klf1")
    ugrn(*pair, "--out", folder / "pair.html")
    ugrn("gene", "Trp53", *where, "--rank", "response", "--report", folder / "gene.html")
    line = ("--h5ad", folder / "mouse.h5ad", "--group", "kind=mye", "--context", "full", "--out", folder / "told")
    ugrn("network", *line, "--report", "html")
    for report in (folder / "pair.html", folder / "gene.html", folder / "told" / "report.html"):
        text = re.sub(r"<code.*?</code>|<pre.*?</pre>", "", report.read_text(), flags=re.S)
        beside = r"<td>[A-Z0-9]+</td>|\([A-Z0-9]+ in human\)|<script[^>]*>.{100000,}?</script>"
        text = re.sub(beside, "", text, flags=re.S)
        assert "Trp53" in text, report
        found = [m[0] for m in re.finditer(rf".{{60}}\b(?:{'|'.join(HUMAN.values())})\b.{{40}}", text)]
        assert not found, (report.name, found[:10])
