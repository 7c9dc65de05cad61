"""``ugrn gene``: the same numbers as ``ugrn pair``, whole files, one sentence for every mistake."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.small_network import trained
from tests.test_cli import answer, good, own_cache, run  # noqa: F401 (a fixture)
from ugrn_core.backbones.registry import load_backbone
from ugrn_core.backbones.toy import GENES
from ugrn_core.genes.tfs import is_tf
from ugrn_core.neighbourhood.table import COLUMNS
from ugrn_core.translation.scoring import score_pairs
from ugrn_core.translators.library import save_translator

TOY = "toy-square"
GRID = ["0.25", "0.5", "2", "3", "4", "5"]


@pytest.fixture(autouse=True)
def no_networks(monkeypatch):
    from ugrn_core.neighbourhood import table

    monkeypatch.setattr(table, "missing_networks", lambda: ["none is here"])


def written(tmp_path: Path, *words: str) -> pd.DataFrame:
    out = tmp_path / "out.csv"
    result = good("gene", *words, "--backbone", TOY, "--out", out)
    assert not result.stdout
    return pd.read_csv(out)


def test_both_sides_are_what_ugrn_pair_says(tmp_path):
    table = written(tmp_path, "GATA1")
    assert list(table.columns) == [*COLUMNS, *(f"response_at_{v}" for v in GRID)]
    assert list(table["side"].unique()) == ["source", "target"] and len(table) == 2 * (len(GENES) - 1)
    rows = table.set_index(["side", "gene"])
    for other in ("KLF1", "SPI1"):
        pair = answer("pair", "GATA1", other, "--backbone", TOY)
        for side, direction in (("source", "forward"), ("target", "reverse")):
            curve = rows.loc[(side, other), [f"response_at_{v}" for v in GRID]].to_numpy(float)
            np.testing.assert_allclose(curve, pair[direction]["response"], rtol=1e-5, atol=1e-6)
    for _, part in table.groupby("side"):
        assert (np.diff(part["specific"].abs()) <= 0).all() and part["percentile"].between(0, 100).all()


def test_sides_top_factors_and_rank(tmp_path):
    table = written(tmp_path, "Oct4", "--as", "target", "--top", "5", "--tfs", "--rank", "response")
    assert len(table) == 5 and table["tf"].all() and set(table["side"]) == {"target"}
    assert table["specific"].isna().all() and (np.diff(table["response"].abs()) <= 0).all()


def test_follow_ranks_by_the_slope(tmp_path):
    table = written(tmp_path, "GATA1", "--background", "follow", "--as", "source")
    assert "slope_at_2" in table and table["specific"].notna().all()


def test_a_translator_adds_its_score(tmp_path):
    toy = load_backbone(TOY, "cpu")
    translator = trained(toy)
    file = save_translator(translator, tmp_path)
    table = written(tmp_path, "GATA1", "--translator", str(file), "--as", "source")
    assert (np.diff(table["score"]) <= 0).all() and "training pair" in set(table["tag"])
    pairs = [("GATA1", g) for g in table["gene"][:5]]
    expected = score_pairs(translator, toy, pairs).set_index("target")["score"]
    np.testing.assert_allclose(table["score"][:5], expected.loc[table["gene"][:5]], atol=1e-4)


def test_a_gene_list_is_a_virtual_cell(tmp_path):
    (tmp_path / "genes.txt").write_text("\n".join(GENES[:24]))
    table = written(tmp_path, "ALB", "--context", str(tmp_path / "genes.txt"))
    assert set(table[table["side"] == "source"]["gene"]) == set(GENES[:24])
    pair = answer("pair", "ALB", "SOX2", "--backbone", TOY, "--context", str(tmp_path / "genes.txt"))
    row = table[(table["side"] == "source") & (table["gene"] == "SOX2")].iloc[0]
    np.testing.assert_allclose(row["response_at_5"], pair["forward"]["response"][-1], rtol=1e-4)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["NOSUCH"], "not one of the 40 genes"),
        (["GATA1", "--rank", "score"], "needs a translator"),
        (["GATA1", "--grid", "a"], "expected numbers between commas"),
        (["GATA1", "--context", "no.txt"], "no.txt"),
        (["GATA1", "--translator", "nosuch"], "nosuch"),
    ],
)
def test_mistakes_are_one_sentence_and_leave_no_file(words, said, tmp_path):
    out = tmp_path / "out.csv"
    result = run("gene", *words, "--backbone", TOY, "--out", out)
    assert result.exit_code == 2 and said in result.output and not out.exists()


def test_a_folder_is_no_file(tmp_path):
    for out in (tmp_path, tmp_path / "no" / "x.csv"):
        result = run("gene", "GATA1", "--backbone", TOY, "--out", out)
        assert result.exit_code == 2 and "--out" in result.output


def test_the_command_says_what_it_wrote(tmp_path):
    result = good("gene", "GATA1", "--backbone", TOY, "--top", "3", "--out", tmp_path / "a.csv")
    assert "a.csv: 3 rows as source and 3 rows as target, by specific; toy-square." in result.output


def test_a_report_of_one_page_holds_the_best_of_each_side(tmp_path, monkeypatch):
    out, page = tmp_path / "out.csv", tmp_path / "page.html"
    good("gene", "GATA1", "--backbone", TOY, "--out", out, "--report", page)
    table, text = pd.read_csv(out), page.read_text()
    told = text[: text.index("<figure>")] + text[text.index("</figure>") :]
    assert "GATA1 as source and as target" in told and "ugrn gene GATA1 --as both" in told
    for side, rows in table.groupby("side"):
        listed = told[told.index(f"Best with GATA1 as {side}") :].split("</table>")[0]
        assert re.findall(r"<tr><td>(\w+)</td>", listed) == list(rows["gene"][:5])
        assert f'<td class="number">{rows["specific"].iloc[0]:.3g}</td>'.replace("-", "−") in listed
    again = tmp_path / "again.html"
    result = good("gene", "GATA1", "--backbone", TOY, "--report", again)
    assert again.read_bytes() == page.read_bytes() and "again.html: a report by specific" in result.output
    (tmp_path / "none.txt").write_text("\n".join(g for g in GENES if not is_tf(g)))
    words = ["--context", tmp_path / "none.txt", "--as", "target", "--tfs", "--report", again]
    result = run("gene", "ALB", *words, "--backbone", TOY)
    assert result.exit_code == 2 and "nothing to report" in result.output
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("UGRN_CHROMIUM", raising=False)
    for words, said in (
        ([], "--out FILE.csv"),
        (["--report", "a.txt"], ".html or .pdf"),
        (["--report", "no/a.html"], "folder that is there"),
        (["--report", "a.pdf"], "install chromium"),
    ):
        result = run("gene", "GATA1", "--backbone", TOY, *words)
        assert result.exit_code == 2 and said in result.output
