"""``ugrn network``: files, the same bytes again, recipes that are run again, groups of cells, Ctrl-C."""

from __future__ import annotations

import io
import json
import re
import shlex
import signal
import unicodedata
import zipfile
from pathlib import Path

import anndata
import networkx as nx
import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from ugrn_core.backbones.registry import load_backbone
from ugrn_core.cli import network_run
from ugrn_core.cli.app import app
from ugrn_core.cli.output import stop_on_interrupt
from ugrn_core.data.h5ad import example_data
from ugrn_core.data.standardised import standardised
from ugrn_core.errors import InputError
from ugrn_core.network import blocks
from ugrn_core.network import recipe as recipe_module
from ugrn_core.network.compare import COLUMNS as CHANGE_COLUMNS
from ugrn_core.network.distinct_names import folder_names
from ugrn_core.network.edge_filter import EdgeFilter
from ugrn_core.network.edge_table import check_edge_table
from ugrn_core.network.exports.folder import FILES, zip_files
from ugrn_core.network.exports.groups import GROUP_FILES
from ugrn_core.network.recipe import MAX_BYTES, read_recipe, recipe_text
from ugrn_core.store import Store
from ugrn_core.translation.scoring import score_pairs
from ugrn_core.translators.library import load_translator

GENES = ["GATA1", "KLF1", "HBB", "TAL1", "SPI1", "OCT4", "NOSUCHGENE", "HBA1", "GYPA", "EPOR"]
GROUPS = ["CD14+ Monocyte", "CD56+ NK"]


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    """One store for the tests of this file, and no BEELINE."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UGRN_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        patch.delenv("UGRN_DATA_DIR", raising=False)
        yield


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inputs")
    (folder / "genes.txt").write_text("\n".join(GENES))
    (folder / "known.csv").write_text("GATA1,KLF1\nTAL1,HBB\n")
    return folder


def ugrn(*words, status=0):
    result = CliRunner().invoke(app, ["network", *map(str, words)])
    assert result.exit_code == status, result.output
    return result


def contents(folder: Path) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in sorted(folder.rglob("*")) if f.is_file()}


@pytest.fixture(scope="module")
def first(inputs, tmp_path_factory):
    """A network of the list, with its output."""
    out = tmp_path_factory.mktemp("first")
    result = ugrn("--genes", inputs / "genes.txt", "--known", inputs / "known.csv", "--top", 12, "--out", out)
    return out, result


def test_all_files_are_written_and_tell_the_same(first, inputs):
    out, result = first
    assert set(contents(out)) == set(FILES) and result.stdout == ""
    table = pd.read_csv(out / "edges.csv")
    check_edge_table(table)
    assert set(table["source"]) == {"GATA1", "KLF1", "TAL1", "SPI1", "POU5F1"} and len(table) == 5 * 8
    kept = load_translator("hESC-STRING-class-3")
    expected = score_pairs(kept, load_backbone("ugrn-mini-3"), list(zip(table["source"], table["target"], strict=True)))
    scored = [t.set_index(["source", "target"])["score"].sort_index() for t in (table, expected)]
    np.testing.assert_allclose(*scored, atol=3e-5)
    shown = set(zip(table["source"][:12], table["target"][:12], strict=True))
    assert (
        set(nx.read_graphml(out / "network.graphml").edges()) == shown == set(nx.read_gexf(out / "network.gexf").edges)
    )
    assert set(nx.cytoscape_graph(json.loads((out / "network.cyjs").read_text())).edges()) == shown
    assert {tuple(line.split("\t")[::2]) for line in (out / "network.sif").read_text().splitlines()} == shown
    matrix = anndata.read_h5ad(out / "network.h5ad").varp["probability"]
    assert matrix.nnz == 12 and matrix.sum() == pytest.approx(table["probability"][:12].sum())
    assert "GATA1" in (out / "network.html").read_text()
    report = pd.read_csv(out / "genes.csv", keep_default_na=False)
    assert (
        report["gene"].tolist() == GENES
        and dict(zip(report["gene"], report["symbol"], strict=True))["OCT4"] == "POU5F1"
    )
    assert set(table.loc[table["known"] == "yes", "target"]) == {"KLF1", "HBB"}
    likely = int((table["probability"] > kept.card.prevalence).sum())
    best, idle = f"top 12 of {likely}", f"{40 - likely} edges no more probable than any pair"
    for said in ("40 edges", best, idle, "--prevalence", "expected to be wrong"):
        assert said in result.stderr, result.stderr
    assert 12 < likely < 40 and best in nx.read_graphml(out / "network.graphml").graph["selection"]


def test_a_report_lies_in_the_folder_and_goes_with_its_network(first, inputs, tmp_path):
    again = ["--recipe", first[0] / "recipe.json", "--known", inputs / "known.csv", "--out", tmp_path]
    ugrn(*again, "--report", "html")
    assert set(contents(tmp_path)) == {*FILES, "report.html"}
    page, table = (tmp_path / "report.html").read_text(), pd.read_csv(tmp_path / "edges.csv")
    told = page[: page.index("<figure>")] + page[page.index("</figure>") :]
    best = re.findall(r"<tr><td>(\w+)</td><td>(\w+)</td>", told[told.index("Best 6 of the 12 edges shown") :])
    assert best[:6] == list(zip(table["source"][:6], table["target"][:6], strict=True))
    assert "Network of 5 sources and 9 genes" in told and "40, 5 × 9 genes" in told and "NOSUCHGENE" in told
    assert "&quot;sources&quot;" in told and "prevalence of" in told and ", known.csv" in told
    ugrn(*again)
    assert set(contents(tmp_path)) == set(FILES)


def test_the_same_store_gives_the_same_bytes(first, inputs, tmp_path):
    out, _ = first
    again = ugrn("--genes", inputs / "genes.txt", "--known", inputs / "known.csv", "--top", 12, "--out", tmp_path / "b")
    assert contents(tmp_path / "b") == contents(out) and "stored already" in again.stderr


def test_the_line_of_the_recipe_makes_the_same_bytes(first, inputs, tmp_path, monkeypatch):
    out, _ = first
    monkeypatch.chdir(inputs)
    words = shlex.split(json.loads((out / "recipe.json").read_text())["command"])
    assert words[:2] == ["ugrn", "network"] and words[-2:] == ["--out", "."]
    ugrn(*words[2:-1], tmp_path / "b")
    assert contents(tmp_path / "b") == contents(out)


def test_a_recipe_is_made_again_with_the_same_bytes(first, inputs, tmp_path):
    out, _ = first
    ugrn("--recipe", out / "recipe.json", "--known", inputs / "known.csv", "--out", tmp_path / "b")
    assert contents(tmp_path / "b") == contents(out)
    without = ugrn("--recipe", out / "recipe.json", "--out", tmp_path / "c")
    assert "2 of known.csv; here none" in without.stderr
    assert (tmp_path / "c" / "genes.csv").read_bytes() == (out / "genes.csv").read_bytes()


def test_what_is_shown_and_assumed_can_be_changed_on_the_way(first, tmp_path):
    out, _ = first
    ugrn("--recipe", out / "recipe.json", "--prevalence", 0.2, "--only-sources", "GATA1", "--out", tmp_path / "b")
    there = read_recipe((tmp_path / "b" / "recipe.json").read_bytes())
    assert there.settings.prevalence == 0.2 and there.shown_edges() == EdgeFilter(sources=("GATA1",))
    assert {u for u, _ in nx.read_graphml(tmp_path / "b" / "network.graphml").edges()} == {"GATA1"}
    assert "--recipe recipe.json" in there.command and "--prevalence 0.2 --only-sources GATA1" in there.command


def test_nothing_in_the_files_is_of_this_machine(first):
    out, _ = first
    for name, content in contents(out).items():
        for trace in (str(out), str(Path.home()), "/tmp/"):
            assert trace.encode() not in content, (name, trace)


def changed(recipe: dict, place: str, value) -> str:
    *way, last = place.split(".")
    at = recipe
    for key in way:
        at = at[key]
    at[last] = value
    return json.dumps(recipe)


@pytest.mark.parametrize(
    ("place", "value", "why"),
    [
        ("model.fingerprint", "0" * 64, "made with model ugrn-mini-3 .000000000000., here is ugrn-mini-3"),
        (
            "translator.digest",
            "0" * 64,
            "made with translator hESC-STRING-class-3 .0+., here is hESC-STRING-class-3",
        ),
        ("sources", ["KLF1"], "genes of the recipe were changed.*sha256 is .*, expected"),
        ("names", ["KLF1"], "names of the recipe were changed"),
        ("settings.base", 3.0, "asks for"),
        ("model.name", "/etc/passwd", "path, expected a name"),
        ("model.name", "unheard-of", "folder of its checkpoint"),
        ("translator.name", "../x", "cannot be the name of a translator"),
        ("recipe", 1, "not the recipe.json of a network: recipe"),
        ("settings.grid", "1,2", "settings.grid"),
        ("shown.cap", 0, "shown.cap"),
        ("extra", 1, "extra"),
    ],
)
def test_a_recipe_that_does_not_fit_says_what_differs(first, tmp_path, place, value, why):
    file = tmp_path / "recipe.json"
    file.write_text(changed(json.loads((first[0] / "recipe.json").read_text()), place, value))
    result = ugrn("--recipe", file, "--out", tmp_path / "b", status=2)
    assert re.search(why, result.stderr.replace("\n", " ")), result.stderr
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"x"', "\x00", '{"recipe": 2}', b"\xff\xfe", "[" * 100_000])
def test_texts_that_are_no_recipe_are_refused(text):
    with pytest.raises(InputError, match=r"not the recipe.json of a network"):
        read_recipe(text)


def test_a_recipe_has_a_size_limit_and_reads_back_as_itself(first, monkeypatch):
    text = (first[0] / "recipe.json").read_text()
    assert recipe_text(read_recipe(text)) == text
    monkeypatch.setattr(recipe_module, "MAX_BYTES", 100)
    with pytest.raises(InputError, match="at most 100"):
        read_recipe(text)
    assert len(text) < MAX_BYTES


def test_groups_of_cells_give_a_network_each_and_their_difference(tmp_path):
    between = [word for group in GROUPS for word in ("--between", group)]
    more = ["--variable", 25, "--top", 100]
    result = ugrn("--h5ad", "example", "--group", "bulk_labels", *between, *more, "--out", tmp_path / "a")
    folders = ["CD14+_Monocyte", "CD56+_NK"]
    assert {p.name for p in (tmp_path / "a").iterdir()} == {*folders, *GROUP_FILES}
    assert all(set(contents(tmp_path / "a" / folder)) == set(FILES) for folder in folders)
    tables = [pd.read_csv(tmp_path / "a" / folder / "edges.csv") for folder in folders]
    difference = pd.read_csv(tmp_path / "a" / "difference.csv")
    assert difference.columns.tolist() == CHANGE_COLUMNS and set(difference["change"]) > {"gained", "kept"}
    assert all(table["probability"].isna().all() for table in tables), "none is calibrated for means of cells"
    pairs = [[*zip(table.source, table.target, strict=True)] for table in tables]
    found = difference[difference["change"] == "gained"]
    gained = set(pairs[1][:100]) - set(pairs[0][:100])
    assert set(zip(found.source, found.target, strict=True)) == gained & set(pairs[0])
    for edge in found.itertuples():
        assert [ranked.index((edge.source, edge.target)) + 1 for ranked in pairs] == [edge.rank_a, edge.rank_b]
    cells = anndata.read_h5ad(tmp_path / "a" / "networks.h5ad")
    assert list(cells.obs_names) == GROUPS and f"score: {GROUPS[0]}" in cells.varp
    data = example_data()
    column = {gene: n for n, gene in enumerate(data.genes)}
    for row, group in enumerate(GROUPS):
        log1p, whole = data.groups["bulk_labels"][group].log1p, data.whole.log1p
        means = standardised(log1p, whole, data.variance, data.n_cells)
        for gene, value in zip(cells.var_names, np.asarray(cells.X)[row], strict=True):
            assert np.isnan(value) or gene not in column or value == pytest.approx(means[column[gene]], rel=1e-5)
    for said in (
        "CD14+ Monocyte (129 cells)",
        "2 networks",
        "first look",
        "nothing was tested",
        "compared by rank",
        "no probability and no expected FDR",
    ):
        assert said in result.stderr, result.stderr
    assert result.stderr.count("first look") == 1
    one = ["--h5ad", "example", "--group", f"bulk_labels={GROUPS[1]}", *more]
    assert "By default own cells are asked in two genes alone" in ugrn(*one, "--out", tmp_path / "p").stderr
    one = ugrn(*one, "--context", "full", "--out", tmp_path / "b")
    assert contents(tmp_path / "b") == contents(tmp_path / "a" / folders[1]) and "stored already" in one.stderr
    ugrn("--recipe", tmp_path / "b" / "recipe.json", "--out", tmp_path / "c")
    assert contents(tmp_path / "c") == contents(tmp_path / "b"), "the recipe holds the means, no h5ad is needed"


def test_folders_of_groups_have_names_of_their_own():
    levels = ["B/cell", "B cell", "T", "../..", "b_CELL"]
    assert list(folder_names(levels).values()) == ["B_cell_1", "B_cell_2", "T", "group", "b_CELL_3"]


@pytest.mark.parametrize(
    "levels",
    [
        ["B cell", "B_cell", "B_cell_1"],
        ["B_cell_1", "B cell", "B_cell"],
        ["B cell", "B_cell", "B_cell_1", "B_cell_2", "b cell_1"],
        ["NK/T", "NK-T", "NK T", "NK_T"],
        ["", "group", ".", "..", "/", "group_1"],
        [" a", "a", "a ", "A", "a_1"],
        ["difference.csv", "networks.h5ad", "Difference.csv", "networks.h5ad_1"],
        ["x" * 300, "x" * 301, "\u00e9" * 200, "e\u0301" * 200],
        ["na\u00efve", "nai\u0308ve"],
        [str(i) for i in range(200)],
    ],
)
def test_no_two_groups_share_a_folder_and_none_takes_the_place_of_a_file(levels):
    names = list(folder_names(levels, GROUP_FILES).values())
    assert len({unicodedata.normalize("NFC", name).casefold() for name in (*names, *GROUP_FILES)}) == len(levels) + 2
    for name in names:
        assert name and name not in (".", "..") and "/" not in name and len(name.encode()) <= 255


def test_groups_with_names_alike_have_a_folder_and_a_matrix_each(tmp_path):
    """B cell, B_cell and B_cell_1 beside NK/T and NK-T, of a column with = in its name."""
    cells = example_cells(["B cell", "B_cell", "B_cell_1", "NK/T", "NK-T"], "leiden_res=0.5")
    cells.write_h5ad(tmp_path / "cells.h5ad")
    given = ["--h5ad", tmp_path / "cells.h5ad", "--group", "leiden_res=0.5", "--variable", 10, "--top", 20]
    ugrn(*given, "--out", tmp_path / "a")
    folders = {p.name for p in (tmp_path / "a").iterdir() if p.is_dir()}
    assert folders == {"B_cell_2", "B_cell_3", "B_cell_1", "NK_T", "NK-T"}
    recipes = [read_recipe((tmp_path / "a" / folder / "recipe.json").read_bytes()) for folder in folders]
    assert len({recipe.cell.label for recipe in recipes}) == 5
    written = anndata.read_h5ad(tmp_path / "a" / "networks.h5ad")
    assert list(written.obs_names) == ["B cell", "B_cell", "B_cell_1", "NK-T", "NK/T"]
    assert {"score: NK-T_1", "score: NK-T_2", "score: B cell"} <= set(written.varp)
    one = [*given[:3], "leiden_res=0.5=NK/T", *given[4:], "--context", "full", "--out", tmp_path / "b"]
    ugrn(*one)
    assert contents(tmp_path / "b") == contents(tmp_path / "a" / "NK_T")


def example_cells(levels: list[str], column: str) -> anndata.AnnData:
    """100 cells of the bundled example with a column of one's own."""
    cells = anndata.AnnData(example_data().sample[:100].copy(), var=pd.DataFrame(index=list(example_data().genes)))
    cells.obs[column] = pd.Categorical([levels[i % len(levels)] for i in range(100)])
    return cells


def test_ctrl_c_keeps_what_was_finished(inputs, tmp_path, monkeypatch):
    real = network_run.predict_network
    scored = []

    def interrupted(*given, progress, **named):
        def then_ctrl_c(share, sentence):
            progress(share, sentence)
            scored.append(share)
            if len(scored) == 1:
                signal.raise_signal(signal.SIGINT)

        return real(*given, progress=then_ctrl_c, **named)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # tests may run where it is ignored
    monkeypatch.setattr(network_run, "predict_network", interrupted)
    monkeypatch.setattr(blocks, "PAIRS_A_BLOCK", 5)
    monkeypatch.setenv("UGRN_CACHE_DIR", str(tmp_path / "cache"))
    words = ["--genes", inputs / "genes.txt", "--out", tmp_path / "a"]
    result = ugrn(*words, status=130)
    assert "goes on from there" in result.stderr and not (tmp_path / "a" / "edges.csv").exists()
    with Store() as store:
        finished = store.stats().entries
    assert 0 < finished < 5
    monkeypatch.setattr(network_run, "predict_network", real)
    again = ugrn(*words)
    assert "% is stored already" in again.stderr and (tmp_path / "a" / "recipe.json").exists()
    assert signal.signal(signal.SIGINT, before) is signal.default_int_handler


def test_a_program_that_was_told_to_ignore_ctrl_c_goes_on():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with stop_on_interrupt() as stopped:
            signal.raise_signal(signal.SIGINT)
            assert not stopped()
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_filters_choose_the_edges_of_the_graph_files(first, inputs, tmp_path):
    words = ["--genes", inputs / "genes.txt", "--out", tmp_path / "a"]
    result = ugrn(*words, "--slope", "rises", "--around", "GATA1", "--steps", 1, "--top-per-source", 3)
    table = pd.read_csv(tmp_path / "a" / "edges.csv")
    recipe = read_recipe((tmp_path / "a" / "recipe.json").read_bytes())
    findings = table[table["probability"] > round(recipe.settings.prevalence, 6)]
    wanted = findings[findings["slope_direction"] == "rises"].groupby("source").head(3)
    near = {"GATA1", *wanted.loc[wanted.source == "GATA1", "target"], *wanted.loc[wanted.target == "GATA1", "source"]}
    wanted = wanted[wanted["source"].isin(near) & wanted["target"].isin(near)]
    found = nx.read_graphml(tmp_path / "a" / "network.graphml")
    assert set(found.edges()) == set(zip(wanted["source"], wanted["target"], strict=True)) and len(wanted)
    assert recipe.shown_edges() == EdgeFilter(slope_directions=("rises",), near=("GATA1", 1), top_per_source=3)
    assert "--top-per-source 3 --slope rises --around GATA1 --steps 1" in recipe.command
    strict = ugrn(*words, "--fdr", 0.01)
    assert "No list of best edges has an expected FDR of at most 1 %" in strict.stderr
    assert f"top {len(findings)} of {len(findings)}" in strict.stderr and "left out" in result.stderr
    assert len(findings) < len(table) and f"{len(table) - len(findings)} edges no more probable" in strict.stderr


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ([], "either --genes or --h5ad"),
        (["--genes", "{genes}", "--h5ad", "example"], "either --genes or --h5ad"),
        (["--genes", "{others}"], "name the sources yourself (of a command: --sources)"),
        (["--genes", "{genes}", "--group", "a=b"], "give --h5ad with it"),
        (["--genes", "{genes}", "--variable", "3"], "give --h5ad with it"),
        (["--genes", "{genes}", "--context", "moon"], "expected pair or full"),
        (["--genes", "{genes}", "--context", "full"], "trained on other features"),
        (["--genes", "{genes}", "--backbone", "toy-square"], "name one with --translator"),
        (["--genes", "{genes}", "--prevalence", "1.5"], "between 0 and 1"),
        (["--genes", "{genes}", "--between", "B"], "give --group COLUMN with it"),
        (["--genes", "{genes}", "--steps", "2"], "give --around GENE"),
        (["--genes", "{genes}", "--tag", "odd"], "There is no tag 'odd'"),
        (["--genes", "{genes}", "--known", "{nowhere}"], "cannot be read as text"),
        (["--h5ad", "example", "--group", "louvain", "--context", "pair"], "same in every group"),
        (["--h5ad", "example", "--group", "bulk_labels", "--between", "CD34+"], "for two groups"),
        (["--h5ad", "example", "--group", "bulk_labels=CD34+", "--context", "full", "--fdr", "0.5"], "--fdr needs"),
        (["--h5ad", "example", "--context", "full", "--prevalence", "0.1"], "--prevalence needs probabilities"),
        (["--h5ad", "example", "--group", "moon"], "no groups by 'moon'"),
        (["--recipe", "{nowhere}"], "cannot be read"),
        (["--recipe", "{genes}", "--strict"], "do not go with --recipe"),
    ],
)
def test_mistakes_are_said_before_anything_is_computed(inputs, tmp_path, words, why):
    (tmp_path / "others.txt").write_text("HBB\nHBA1\n")
    places = {"genes": inputs / "genes.txt", "others": tmp_path / "others.txt", "nowhere": tmp_path / "nowhere"}
    result = ugrn(*(word.format(**places) for word in words), "--out", tmp_path / "out", status=2)
    assert why in result.stderr.replace("\n", " "), result.stderr
    assert not (tmp_path / "out").exists() and "passes" not in result.stderr


def test_a_folder_that_cannot_be_made_is_said(inputs, tmp_path):
    (tmp_path / "file").write_text("")
    result = ugrn("--genes", inputs / "genes.txt", "--out", tmp_path / "file", status=2)
    assert "cannot be written" in result.stderr and "another folder" in result.stderr
    assert "expected to be wrong" not in result.stderr, "said before the run"


def test_an_open_zip_is_the_same_again(first, tmp_path):
    made = []
    for _ in range(2):
        out = io.BytesIO()
        zip_files([first[0] / name for name in FILES], out)
        made.append(out.getvalue())
    with zipfile.ZipFile(io.BytesIO(made[0])) as archive:
        assert made[0] == made[1] and archive.namelist() == list(FILES)
        assert {name: archive.read(name) for name in FILES} == contents(first[0])
