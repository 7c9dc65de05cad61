"""BEELINE's networks: the layout, the pins, the report, and, where the data are, what they hold."""

from __future__ import annotations

import csv
import functools
import hashlib
import http.server
import io
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from ugrn_core.beeline import expression, networks, registry
from ugrn_core.beeline.networks import (
    GENE_SETS,
    NETWORK_FOLDERS,
    ROWS,
    SPECIES,
    Network,
    Row,
    load_network,
)
from ugrn_core.beeline.report import network_report
from ugrn_core.cli.app import app
from ugrn_core.errors import FetchError, InputError
from ugrn_core.paths import beeline_folder
from ugrn_core.pinned import PinnedFile
from ugrn_core.types import Vocabulary

PART = "STRING Dataset/hESC/TFs+500"
NEEDS_DATA = pytest.mark.skipif(beeline_folder() is None, reason="UGRN_DATA_DIR names no folder with BEELINE networks")


def write_network(root: Path, edges: list[tuple[str, str]], genes: list[str], tfs: list[str]) -> Path:
    folder = root / PART
    folder.mkdir(parents=True)
    (folder / "Target.csv").write_text("\n".join([",Gene,index", *(f"{i},{g},{i}" for i, g in enumerate(genes))]))
    (folder / "TF.csv").write_text("\n".join([",TF,index", *(f"{i},{g},{genes.index(g)}" for i, g in enumerate(tfs))]))
    (folder / "BL--network.csv").write_text("\n".join(["Gene1,Gene2", *(f"{s},{t}" for s, t in edges)]) + "\n")
    return root


def test_edges_lose_self_loops_and_repetitions_and_a_gene_called_na_stays(tmp_path: Path) -> None:
    edges = [("SOX2", "NA"), ("SOX2", "NA"), ("SOX2", "SOX2"), ("NANOG", "SOX2")]
    root = write_network(tmp_path, edges, ["SOX2", "NANOG", "NA", "MYC"], ["SOX2", "NANOG"])
    network = load_network("STRING", "hESC", folder=root)
    assert network.edges == (("NANOG", "SOX2"), ("SOX2", "NA"))
    assert network.genes == ("MYC", "NA", "NANOG", "SOX2") and network.tfs == ("NANOG", "SOX2")


@pytest.mark.parametrize(
    ("edges", "tfs", "words"),
    [
        ([("SOX2", "KLF4")], ["SOX2"], "KLF4.*not in Target.csv"),
        ([("MYC", "SOX2")], ["SOX2"], "MYC.*not in TF.csv"),
    ],
)
def test_a_network_that_contradicts_itself_is_refused(
    tmp_path: Path, edges: list[tuple[str, str]], tfs: list[str], words: str
) -> None:
    root = write_network(tmp_path, edges, ["SOX2", "MYC"], tfs)
    with pytest.raises(InputError, match=words):
        load_network("STRING", "hESC", folder=root)


def test_rows_that_do_not_exist_are_named() -> None:
    with pytest.raises(InputError, match="mESC only"):
        load_network("LOF/GOF", "hESC")
    with pytest.raises(InputError, match=r"TFs\+500 and TFs\+1000"):
        load_network("STRING", "hESC", "TFs+2000")


def test_report_counts_by_hand() -> None:
    network = Network(
        Row("STRING", "hESC"),
        "TFs+500",
        ("A", "B", "C", "D"),
        ("A", "B", "D"),
        (("A", "B"), ("A", "C"), ("B", "A"), ("D", "A")),
    )
    report = network_report(network, Vocabulary(["A", "B", "C"], range(3)))
    assert (report.genes, report.genes_kept, report.genes_lost) == (4, 3, "D")
    assert (report.edges, report.edges_kept, report.regulators_kept, report.regulators_labelled) == (4, 3, 2, 2)
    assert report.reciprocal_share == pytest.approx(2 / 3)
    assert report.density == pytest.approx(3 / 4) and report.density_labelled == pytest.approx(3 / 4)


@given(st.sets(st.tuples(st.sampled_from("ABC"), st.sampled_from("ABCDE")).filter(lambda e: e[0] != e[1]), min_size=1))
def test_candidates_and_their_reverses_are_those_the_samplers_draw_from(edges: set[tuple[str, str]]) -> None:
    network = Network(Row("STRING", "hESC"), "TFs+500", tuple("ABCDE"), tuple("ABC"), tuple(sorted(edges)))
    report = network_report(network, Vocabulary(list("ABCDE"), range(5)))
    candidates = {(s, t) for s in "ABC" for t in "ABCDE" if s != t} - edges
    assert report.candidates == len(candidates)
    assert report.reversed_share == pytest.approx(sum((t, s) in edges for s, t in candidates) / max(len(candidates), 1))
    assert report.density == pytest.approx(len(edges) / 12)


def test_the_command_reports_every_network_for_a_vocabulary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network(Row("STRING", "hESC"), "TFs+500", ("SOX2", "XYZ"), ("SOX2", "XYZ"), (("SOX2", "XYZ"),))
    monkeypatch.setattr(networks, "load_network", lambda *row: replace(network, row=Row(*row[:2])))
    result = CliRunner().invoke(app, ["beeline", "--backbone", "toy-linear"])
    assert result.exit_code == 0, result.output
    table = pd.read_csv(io.StringIO(result.stdout))
    assert [Row(*r) for r in table[["network", "data_set"]].itertuples(index=False)] == list(ROWS)
    assert set(table["genes_lost"]) == {"XYZ"} and set(table["edges_kept"]) == {0} and set(table["edges"]) == {1}
    assert "knows 50.0% of the genes and 0.0% of the edges of 22 networks" in result.stderr


def test_every_row_is_pinned_with_three_files() -> None:
    paths = set(registry.pinned_files())
    assert len(ROWS) == 22
    assert paths == {
        f"{NETWORK_FOLDERS[r.network]}/{r.data_set}/{g}/{name}"
        for r in ROWS
        for g in GENE_SETS
        for name in ("BL--network.csv", "Target.csv", "TF.csv")
    }
    assert all(len(file.sha256) == 64 and file.size > 0 for file in registry.pinned_files().values())


def test_urls_are_quoted() -> None:
    url = registry.file_url(f"{PART}/TF.csv")
    assert url.endswith("/Dataset/Benchmark%20Dataset/STRING%20Dataset/hESC/TFs%2B500/TF.csv")


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Address of a local server of the files of a folder."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A local server with one network, pinned by its own bytes; the cache is empty and no local data are set."""
    root = write_network(tmp_path / "served", [("A", "B")], ["A", "B"], ["A"])
    files = {
        f"{PART}/{f.name}": PinnedFile(f.name, f.stat().st_size, hashlib.sha256(f.read_bytes()).hexdigest())
        for f in (root / PART).iterdir()
    }
    monkeypatch.setattr(registry, "pinned_files", lambda: files)
    monkeypatch.setenv("UGRN_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("UGRN_DATA_DIR", raising=False)
    with served(root) as url:
        yield url


def test_networks_are_fetched_with_progress_and_then_found(mirror: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"ugrn fetch beeline.*UGRN_DATA_DIR"):
        load_network("STRING", "hESC")
    shares: list[float] = []
    folder = registry.fetch_networks("TFs+500", lambda share, _: shares.append(share), base_url=mirror)
    assert folder == tmp_path / "cache" / "beeline" and shares[-1] == 1.0
    assert load_network("STRING", "hESC").edges == (("A", "B"),)
    assert registry.missing_networks() == ()


def test_a_changed_file_is_refused(mirror: str) -> None:
    folder = registry.fetch_networks(base_url=mirror)
    changed = folder / PART / "BL--network.csv"
    changed.write_text(changed.read_text().replace("A,B", "B,A"))
    with pytest.raises(FetchError, match="not the pinned"):
        load_network("STRING", "hESC")
    with pytest.raises(FetchError, match="not the pinned"):
        registry.fetch_networks(base_url=mirror)


def test_without_a_connection_the_message_says_what_to_do(mirror: str) -> None:
    with pytest.raises(FetchError, match="ugrn fetch beeline"):
        registry.fetch_networks(base_url=f"{mirror}/nowhere")


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, str]]:
    """BEELINE's archive in small, its address on a local server, and its hash as the pinned one."""
    file = tmp_path / "served" / expression.ARCHIVE
    file.parent.mkdir()
    with zipfile.ZipFile(file, "w") as held:
        for data_set in SPECIES:
            name = "hHep" if data_set == "hHEP" else data_set
            held.writestr(f"BEELINE-data/inputs/scRNA-Seq/{name}/ExpressionData.csv", f",c1,c2\nA,0,1\n{name},2,3\n")
            held.writestr(f"BEELINE-data/inputs/scRNA-Seq/{name}/PseudoTime.csv", "not wanted")
    monkeypatch.setattr(expression, "ARCHIVE_SHA256", hashlib.sha256(file.read_bytes()).hexdigest())
    monkeypatch.setenv("UGRN_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("UGRN_DATA_DIR", raising=False)
    with served(file.parent) as url:
        yield file, f"{url}/{file.name}"


def test_expression_is_fetched_unpacked_and_found(archive: tuple[Path, str]) -> None:
    assert expression.find_expression("hHEP", "TFs+500") is None
    told: list[float] = []
    folder = expression.fetch_expression(lambda share, _: told.append(share), url=archive[1])
    assert told[-1] == 1.0 and not (folder / expression.ARCHIVE).exists() and not list(folder.rglob("Pseudo*"))
    file = expression.find_expression("hHEP", "TFs+500")
    assert file is not None
    network = Network(Row("STRING", "hHEP"), "TFs+500", ("A", "hHep"), (), ())
    assert expression.load_expression(file, network).values.tolist() == [[0, 2], [1, 3]]
    archive[0].unlink()
    assert expression.fetch_expression(url=archive[1]) == folder, "what is there is not fetched again"


def test_an_archive_put_there_by_hand_is_verified_and_used(archive: tuple[Path, str]) -> None:
    folder = registry.fetched_folder()
    folder.mkdir(parents=True)
    nowhere = f"{archive[1]}.nowhere"
    with pytest.raises(FetchError, match=r"404.*BEELINE-data.zip.*by hand"):
        expression.fetch_expression(url=nowhere)
    (folder / expression.ARCHIVE).write_bytes(b"something else")
    with pytest.raises(FetchError, match="not the pinned"):
        expression.fetch_expression(url=nowhere)
    (folder / expression.ARCHIVE).write_bytes(archive[0].read_bytes())
    expression.fetch_expression(url=nowhere)
    assert all(expression.find_expression(data_set, "TFs+500") for data_set in SPECIES)


def test_an_archive_without_a_set_is_refused(archive: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(archive[0], "w") as held:
        held.writestr("BEELINE-data/inputs/scRNA-Seq/hESC/ExpressionData.csv", ",c1\nA,0\n")
    monkeypatch.setattr(expression, "ARCHIVE_SHA256", hashlib.sha256(archive[0].read_bytes()).hexdigest())
    with pytest.raises(FetchError, match="0 expression files of hHEP, expected one"):
        expression.fetch_expression(url=archive[1])


@NEEDS_DATA
@pytest.mark.parametrize("gene_set", GENE_SETS)
def test_the_index_file_says_the_same_edges_as_the_symbol_file(gene_set: str) -> None:
    """Label.csv (indices into Target.csv) against BL--network.csv (symbols), which is what is read."""
    folder = beeline_folder()
    assert folder is not None
    for row in ROWS:
        at = folder / NETWORK_FOLDERS[row.network] / row.data_set / gene_set
        with (at / "Target.csv").open() as lines:
            name = {r["index"]: r["Gene"] for r in csv.DictReader(lines)}
        with (at / "Label.csv").open() as lines:
            labelled = [(name[r["TF"]], name[r["Target"]]) for r in csv.DictReader(lines)]
        network = load_network(*row, gene_set)
        assert sorted(labelled) == list(network.edges), row


@NEEDS_DATA
def test_real_networks_have_the_published_counts() -> None:
    hesc, dense = load_network("STRING", "hESC"), load_network("Cell-type-specific ChIP", "mHSC-E", "TFs+1000")
    assert (len(hesc.genes), len(hesc.tfs), len(hesc.edges)) == (910, 410, 4257)
    labelled = {s for s, _ in dense.edges}
    kept = network_report(dense, Vocabulary(dense.genes, range(len(dense.genes))))
    assert len(labelled) == 33 and kept.density_labelled == pytest.approx(0.553, abs=0.001)
