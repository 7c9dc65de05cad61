"""Tables and names on the command line: what was read as what is said, chosen otherwise, and kept in the line."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from ugrn_core.cli import app

GENES = "GATA1 KLF1 HBB TAL1 SPI1 OCT4 EPOR".split()  # noqa: SIM905


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    """One store for the tests of this file, and no BEELINE."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UGRN_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        patch.delenv("UGRN_DATA_DIR", raising=False)
        yield


def ugrn(*words: object, status: int = 0, typed: str | None = None) -> Result:
    result = CliRunner().invoke(app, [str(w) for w in words], input=typed)
    assert result.exit_code == status, result.output
    return result


def frame(result: Result) -> pd.DataFrame:
    from io import StringIO

    return pd.read_csv(StringIO(result.stdout), keep_default_na=False)


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


RANKED = ",group,names,other\n0,B,CD79A,SOX2\n1,T,CD3D,NANOG\n"


def test_genes_says_which_column_it_took_and_takes_another(tmp_path):
    file = written(tmp_path / "ranked.csv", RANKED)
    found = ugrn("genes", file)
    assert frame(found)["gene"].tolist() == ["CD79A", "CD3D"]
    assert "Genes: column names of 4 (group, names, other)." in found.stderr
    assert frame(ugrn("genes", file, "--gene-column", "other"))["gene"].tolist() == ["SOX2", "NANOG"]
    wrong = ugrn("genes", file, "--gene-column", "nope", status=2)
    assert "Choose from: no title, group, names, other" in wrong.stderr


def test_genes_of_a_pipe_and_of_standard_input():
    assert frame(ugrn("genes", "-", typed="SOX2 NANOG"))["gene"].tolist() == ["SOX2", "NANOG"]
    there, end = os.pipe()  # what the shell makes of <(printf 'SOX2\nNANOG\n')
    os.write(end, b"SOX2\nNANOG\n")
    os.close(end)
    try:
        assert frame(ugrn("genes", f"/dev/fd/{there}"))["gene"].tolist() == ["SOX2", "NANOG"]
    finally:
        os.close(there)


@pytest.mark.parametrize("name", ["~$genes.txt", "~nouser"])
def test_names_with_a_tilde_are_names(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if "$" in name:
        written(tmp_path / name, "SOX2 NANOG MYC")
        ugrn("pair", "SOX2", "NANOG", "--context", name, "--backbone", "toy-linear")
    else:
        assert "~nouser cannot be read as text: there is no such file" in ugrn("genes", name, status=2).stderr


def test_score_reads_columns_and_leaves_self_pairs_out(tmp_path):
    file = written(tmp_path / "pairs.csv", "target,tf,other\nKLF1,GATA1,HBB\nGATA1,GATA1,HBB\nNOGENE,GATA1,HBB\n")
    found = ugrn("score", "--pairs", file, "--translator", "all-sets")
    assert frame(found)[["source", "target"]].to_numpy().tolist() == [["GATA1", "KLF1"]]
    assert "pairs.csv: Source: column tf, target: column target." in found.stderr
    assert "1 of 3 pairs are left out: source and target are the same gene." in found.stderr
    assert "1 of 3 pairs are left out: a gene of theirs is unknown." in found.stderr
    chosen = ugrn("score", "--pairs", file, "--translator", "all-sets", "--target-column", "other")
    assert frame(chosen)["target"].tolist() == ["HBB"]
    alone = written(tmp_path / "self.csv", "GATA1,GATA1\n")
    assert "two different genes" in ugrn("score", "--pairs", alone, "--translator", "all-sets", status=2).stderr
    unclear = written(tmp_path / "three.csv", "GATA1,KLF1,HBB\nTAL1,SPI1,EPOR\n")
    assert "--source-column" in ugrn("score", "--pairs", unclear, "--translator", "all-sets", status=2).stderr


def test_an_option_about_a_file_that_is_not_given_is_a_mistake(tmp_path):
    for words in (
        ["translator", "train", "mine", "--label-column", "mor"],
        ["network", "--genes", "x.txt", "--out", tmp_path / "o", "--source-column", "tf"],
        ["network", "--genes", "x.txt", "--out", tmp_path / "o", "--sources-column", "tf"],
        ["score", "--pairs", "x.csv", "--translator", "all-sets", "--gene-column", "gene"],
        ["pair", "SOX2", "NANOG", "--gene-column", "gene"],
    ):
        assert "give" in ugrn(*words, status=2).stderr or "needs" in ugrn(*words, status=2).stderr


@pytest.fixture
def inputs(tmp_path):
    rows = "\n".join(f"{i},{gene},TP53" for i, gene in enumerate(GENES))
    written(tmp_path / "genes.csv", f"n,first,second\n{rows}\n")
    written(tmp_path / "sources.csv", "tf,target\nGATA1,KLF1\nOCT4,HBB\n")
    written(tmp_path / "known.tsv", "target\tregulated by\tlabel\nKLF1\tGATA1\t1\nHBB\tGATA1\t0\n")
    return tmp_path


def test_a_network_keeps_its_columns_in_its_line_and_resolves_the_names_of_filters(inputs, monkeypatch):
    words = ["network", "--genes", inputs / "genes.csv", "--gene-column", "first", "--sources", inputs / "sources.csv"]
    words += ["--sources-column", "tf", "--known", inputs / "known.tsv", "--source-column", "regulated by"]
    found = ugrn(*words, "--around", "Oct-4", "--only-sources", "gata1,OCT4", "--only-targets", "hbb,Klf1,Tal1,GATA1",
                 "--out", inputs / "a")  # fmt: skip
    assert "known.tsv: Source: column regulated by, target: column target, label: column label." in found.stderr
    recipe = json.loads((inputs / "a" / "recipe.json").read_text())
    assert recipe["sources"] == ["GATA1", "POU5F1"]
    assert recipe["known"]["edges"] == 1  # a label of 0 is no known edge
    assert recipe["shown"]["near"] == ["POU5F1", 1]
    assert recipe["shown"]["sources"] == ["GATA1", "POU5F1"]
    assert recipe["shown"]["targets"] == ["HBB", "KLF1", "TAL1", "GATA1"]
    assert (inputs / "a" / "network.sif").read_text()
    monkeypatch.chdir(inputs)
    again = shlex.split(recipe["command"])
    assert again[-2:] == ["--out", "."]
    ugrn(*again[1:-1], inputs / "b")
    assert (inputs / "b" / "network.sif").read_bytes() == (inputs / "a" / "network.sif").read_bytes()
    edges = pd.read_csv(inputs / "a" / "edges.csv")
    sif = ugrn("score", "--pairs", inputs / "a" / "network.sif", "--translator", recipe["translator"]["name"])
    both = frame(sif).merge(edges, on=["source", "target"], suffixes=("", "_there"))
    assert len(both) == len(frame(sif)) > 0
    assert (both["score"] - both["score_there"]).abs().max() < 1e-5


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--around", "TP53"], "TP53 is no gene of this network, which has GATA1, KLF1"),
        (["--around", "p53"], "p53 (TP53) is no gene of this network"),
        (["--around", "NOSUCH"], "NOSUCH is not one of the"),
        (["--only-sources", "GATA1,HBB"], "HBB is no source of this network"),
        (["--only-targets", "HBB,TP53"], "TP53 is no target of this network"),
        (["--only-targets", "NOSUCH"], "NOSUCH is not one of the"),
        (["--only-genes", "DEC1"], "DEC1 is ambiguous"),
    ],
)
def test_a_gene_of_a_filter_that_is_not_there_is_an_error_and_no_empty_file(words, said, inputs):
    out = inputs / "o"
    found = ugrn("network", "--genes", inputs / "genes.csv", "--gene-column", "first", *words, "--out", out, status=2)
    assert said in found.stderr
    assert not out.exists()
