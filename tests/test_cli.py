"""``ugrn``: exact output on closed forms and tiny checkpoints, one sentence and status 2 for every mistake."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import select
import shlex
import subprocess
import sys
from pathlib import Path

import anndata
import numpy as np
import pandas as pd
import pytest
import torch
from safetensors import safe_open
from safetensors.numpy import load_file
from typer.testing import CliRunner, Result

import ugrn_core
from ugrn_core.backbones import registry
from ugrn_core.backbones import registry as published
from ugrn_core.backbones.registry import load_backbone
from ugrn_core.backbones.toy import GENES, ToyBackbone
from ugrn_core.cli import app, output
from ugrn_core.paths import ASSETS
from ugrn_core.pinned import PinnedFile

KEYS = [
    *("source", "target", "backbone", "fingerprint", "context_size", "base", "grid", "forward", "reverse", "residual"),
    *("company", "without"),
]
CELL_GENES = [
    *("TP53", "MDM2", "CDKN1A", "SOX2", "NANOG", "POU5F1", "GATA1", "KLF1", "TAL1", "HBB"),
    *("MYC", "CCND1", "STAT1", "IRF1", "CXCL10", "SPI1", "CEBPA", "MPO", "HNF4A", "ALB"),
]
GRID = [0.25, 0.5, 2.0, 3.0, 4.0, 5.0]


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder for each test."""
    monkeypatch.setenv("UGRN_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("UGRN_DEVICE", "cpu")
    return tmp_path / "cache"


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(app, [str(w) for w in words])


def good(*words: str | Path) -> Result:
    result = run(*words)
    assert result.exit_code == 0, result.output
    return result


def answer(*words: str | Path) -> dict:
    return json.loads(good(*words, "--json").stdout)


def real(*words: str, **more: object) -> subprocess.CompletedProcess[str]:
    """A process of its own: ``python -m ugrn_core ...``."""
    command = [sys.executable, "-m", "ugrn_core", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, **more)  # pyright: ignore


def toy_weights() -> dict[tuple[str, str], float]:
    """W[target, source] of the toys, drawn here again from their description (seed 0, 3 decimals)."""
    drawn = np.random.default_rng(0).standard_normal((len(GENES), len(GENES))).round(3)
    return {(t, s): drawn[i, j] for i, t in enumerate(GENES) for j, s in enumerate(GENES)}


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


# pair


@pytest.mark.parametrize("base", [1.0, 2.5])
def test_pair_json_is_the_closed_form_of_the_linear_toy(base: float) -> None:
    found = answer("pair", "NANOG", "SOX2", "--backbone", "toy-linear", "--base", str(base))
    weights = toy_weights()
    assert list(found) == KEYS
    assert (found["source"], found["target"], found["backbone"]) == ("NANOG", "SOX2", "toy-linear")
    assert (found["base"], found["grid"], found["context_size"]) == (base, GRID, 2)
    assert re.fullmatch("[0-9a-f]{64}", found["fingerprint"])
    for direction, w in (("forward", weights["SOX2", "NANOG"]), ("reverse", weights["NANOG", "SOX2"])):
        assert list(found[direction]) == ["response", "slope"]
        np.testing.assert_allclose(found[direction]["response"], w * (np.array(GRID) - base), atol=2e-6)
        np.testing.assert_allclose(found[direction]["slope"], np.full(6, w), atol=1e-6)
    assert 0 <= found["residual"] < 1e-5


def test_pair_json_is_the_closed_form_of_the_square_toy_on_a_grid_of_my_own() -> None:
    found = answer("pair", "GATA1", "HBB", "--backbone", "toy-square", "--base", "2", "--grid", "0,7.5,-1")
    w, x = toy_weights()["HBB", "GATA1"], np.array([0.0, 7.5, -1.0])
    assert found["grid"] == x.tolist()
    np.testing.assert_allclose(found["forward"]["response"], w * (x**2 - 4), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(found["forward"]["slope"], 2 * w * x, rtol=1e-5, atol=1e-6)


def test_pair_under_follow_has_slopes_and_neither_response_nor_residual() -> None:
    found = answer("pair", "GATA1", "HBB", "--backbone", "toy-square", "--background", "follow")
    assert list(found) == KEYS
    assert found["residual"] is None
    assert found["forward"]["response"] is None
    np.testing.assert_allclose(found["reverse"]["slope"], 2 * toy_weights()["GATA1", "HBB"] * np.array(GRID), rtol=1e-5)


@pytest.mark.parametrize("layout", ["scgpt", "scbenchmark"])
def test_pair_of_a_checkpoint_folder_is_what_plain_passes_and_autograd_say(
    layout: str, request: pytest.FixtureRequest
) -> None:
    folder = request.getfixturevalue(f"{layout}_folder")
    found = answer("pair", "TP53", "MDM2", "--backbone", folder, "--grid", "0.5,4")
    model = load_backbone(folder, "cpu")
    base = model.card.base
    for direction, pair in (("forward", ["TP53", "MDM2"]), ("reverse", ["MDM2", "TP53"])):
        ids = torch.from_numpy(model.vocabulary.ids(pair))
        rest = model.reconstruct(ids, torch.full((1, 2), base))[0, 1]
        for t, x in enumerate([0.5, 4.0]):
            values = torch.tensor([[x, base]], requires_grad=True)
            out = model.model(ids, values)[0, 1]  # pyright: ignore[reportAttributeAccessIssue]
            (slope,) = torch.autograd.grad(out, values)
            assert found[direction]["response"][t] == pytest.approx((out - rest).item(), abs=1e-5)
            assert found[direction]["slope"][t] == pytest.approx(slope[0, 0].item(), abs=1e-5)


def test_pair_without_json_is_the_same_as_csv_and_notes_stay_on_stderr() -> None:
    words = ["pair", "Oct4", "NANOG", "--backbone", "toy-linear", "--grid", "2,9"]
    result = good(*words)
    frame = pd.read_csv(io.StringIO(result.stdout))
    found = answer(*words)
    columns = ["direction", "source", "target", "virtual_value", "response", "slope", "unit", "company"]
    assert list(frame.columns) == columns
    forward = frame[frame.direction == "forward"]
    assert forward.source.tolist() == ["POU5F1", "POU5F1"]
    np.testing.assert_allclose(forward.response, found["forward"]["response"], rtol=1e-6)
    np.testing.assert_allclose(frame.slope[2:], found["reverse"]["slope"], rtol=1e-6)
    assert "Oct4 is POU5F1 here." in result.stderr
    assert "0 to 5 toy units" in result.stderr  # 9 lies outside the domain
    assert "residual" in result.stderr


def test_pair_in_a_gene_list_adds_what_is_missing_and_says_so(tmp_path: Path) -> None:
    genes = write(tmp_path / "genes.txt", "NANOG, KLF4, MYC, NOSUCHGENE")
    result = good("pair", "NANOG", "SOX2", "--backbone", "toy-linear", "--context", genes, "--json")
    found = json.loads(result.stdout)
    assert found["context_size"] == 4
    assert "SOX2 was not in the context" in result.stderr
    assert "NOSUCHGENE" in result.stderr
    np.testing.assert_allclose(found["forward"]["slope"], toy_weights()["SOX2", "NANOG"], atol=1e-6)
    strict = run("pair", "NANOG", "SOX2", "--backbone", "toy-linear", "--context", genes, "--strict")
    assert strict.exit_code == 2
    assert "NOSUCHGENE" in strict.stderr


@pytest.fixture
def cells(tmp_path: Path) -> Path:
    """12 cells x 20 genes of the tiny checkpoints, counts; 7 of ``kind`` B, 5 of ``kind`` T."""
    counts = np.random.default_rng(0).poisson(3, (12, 20)).astype(np.float32)
    kind = pd.Categorical(["B"] * 7 + ["T"] * 5)
    names = [str(i) for i in range(12)]
    data = anndata.AnnData(counts, obs=pd.DataFrame({"kind": kind}, index=names), var=pd.DataFrame(index=CELL_GENES))
    data.write_h5ad(tmp_path / "cells.h5ad")
    return tmp_path / "cells.h5ad"


def test_pair_among_cells_of_a_group_stands_on_their_mean_profile(cells: Path, scbenchmark_folder: Path) -> None:
    words = ["pair", "TP53", "MDM2", "--backbone", scbenchmark_folder, "--context", cells, "--group", "kind=T"]
    result = good(*words, "--json")
    found = json.loads(result.stdout)
    assert found["context_size"] == 20
    assert "kind = T (5 cells): 20 genes" in result.stderr
    counts = anndata.read_h5ad(cells).X[7:]
    profile = np.log1p(1e4 * counts / counts.sum(1, keepdims=True)).mean(0)
    model = load_backbone(scbenchmark_folder, "cpu")
    ids = torch.from_numpy(model.vocabulary.ids(CELL_GENES))
    rows = torch.from_numpy(profile).float().repeat(7, 1)
    rows[1:, CELL_GENES.index("TP53")] = torch.tensor(found["grid"])
    plain = model.reconstruct(ids, rows)[:, CELL_GENES.index("MDM2")]
    np.testing.assert_allclose(found["forward"]["response"], (plain[1:] - plain[0]).numpy(), atol=2e-5)


def test_options_of_cells_are_used(cells: Path, scgpt_folder: Path) -> None:
    words = ["pair", "TP53", "MDM2", "--backbone", scgpt_folder, "--context", cells]
    factors = good(*words, "--variable", "0", "--layer", "X", "--gene-column", "index", "--json")
    assert json.loads(factors.stdout)["context_size"] == 14  # 13 of the 20 are TFs; MDM2 is added
    assert "MDM2 was not among the genes chosen and added at its own mean" in factors.stderr
    for extra, said in (
        (["--group", "kind"], "expected COLUMN=LEVEL"),
        (["--group", "kind=NK"], "Choose from: B, T"),
        (["--layer", "spliced"], "There is no layer 'spliced'"),
        (["--gene-column", "symbols"], "symbols"),
        (["--background", "follow"], "no place for a base value a gene"),
    ):
        result = run(*words, *extra)
        assert result.exit_code == 2
        assert said in result.stderr
    cells.write_bytes(cells.read_bytes()[:2000])
    result = run(*words)
    assert result.exit_code == 2
    assert "Traceback" not in result.stderr


def test_the_command_a_result_names_gives_that_result_again() -> None:
    from ugrn_core.pair import PairRequest, explore_pair
    from ugrn_core.pair_output import pair_command, pair_json
    from ugrn_core.types import Context, SweepSettings

    settings = SweepSettings(1.25, (0.1, 3.0), "fixed")
    result = explore_pair(load_backbone("toy-square"), PairRequest("TP53", "BAX", Context(), settings))
    words = shlex.split(pair_command(result, "toy-square"))
    assert words[0] == "ugrn"
    assert json.loads(good(*words[1:]).stdout) == pair_json(result)


@pytest.mark.skipif(not (ASSETS / "models" / "ugrn-mini-3").is_dir(), reason="its weights are not in this copy")
def test_ugrn_mini_3_is_the_default_and_its_slope_integrates_to_its_response() -> None:
    found = answer("pair", "NANOG", "SOX2")
    assert found["backbone"] == "ugrn-mini-3"
    assert found["base"] == 0 and found["grid"] == [-3, -2, -1, 1, 2, 3]
    assert found["residual"] < 0.05
    model = load_backbone("ugrn-mini-3", "cpu")
    ids = torch.from_numpy(model.vocabulary.ids(["NANOG", "SOX2"]))
    cells = torch.tensor([[float(x), 0.0] for x in [0, *found["grid"]]])
    plain = model.reconstruct(ids, cells)[:, 1]
    np.testing.assert_allclose(found["forward"]["response"], (plain[1:] - plain[0]).numpy(), atol=1e-4)


# mistakes

MISTAKES = [
    (["pair", "NANOG", "NOTAGENE"], "NOTAGENE is not one of the 40 genes"),
    (["pair", "NANOG", "nanog"], "two different genes"),
    (["pair", "NANOG", "SOX2", "--grid", "1,x"], "--grid is '1,x'"),
    (["pair", "NANOG", "SOX2", "--grid", ""], "--grid is ''"),
    (["pair", "NANOG", "SOX2", "--grid", "2,2"], "twice"),
    (["pair", "NANOG", "SOX2", "--grid", "nan"], "finite"),
    (["pair", "NANOG", "SOX2", "--base", "inf"], "finite"),
    (["pair", "NANOG", "SOX2", "--base", "1e300"], "up to 1,000,000, got 1e+300"),
    (["pair", "NANOG", "SOX2", "--device", "abacus"], "abacus"),
    (["pair", "NANOG", "SOX2", "--group", "cell=B"], "--group needs a file of cells"),
    (["pair", "NANOG", "SOX2", "--variable", "9", "--context", "genes.txt"], "--variable needs a file of cells"),
    (["pair", "NANOG", "SOX2", "--context", "example", "--layer", "raw"], "one way only"),
    (["pair", "NANOG", "SOX2", "--context", "example"], "toy units"),
    (["pair", "NANOG", "SOX2", "--context", "nosuchfile.txt"], "nosuchfile.txt"),
    (["pair", "NANOG", "SOX2", "--context", "nosuchfile.h5ad"], "nosuchfile.h5ad"),
    (["genes", "nosuchfile.txt"], "nosuchfile.txt"),
    (["sweep", "--genes", "nosuchfile.txt", "--sources", "x", "--out", "x.safetensors"], "nosuchfile.txt"),
    (["sweep", "--genes", "x", "--sources", "x", "--out", "x.npz"], ".safetensors"),
    (["sweep", "--genes", "x", "--sources", "x", "--out", "nosuchfolder/x.safetensors"], "no folder nosuchfolder"),
]


@pytest.mark.parametrize(("words", "said"), MISTAKES, ids=lambda x: " ".join(x) if isinstance(x, list) else "")
def test_a_mistake_is_one_sentence_on_stderr_and_status_2(words: list[str], said: str) -> None:
    result = run(*words, "--backbone", "toy-linear")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.splitlines()[-1].startswith("ugrn: ")
    assert said in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["pair", "NANOG"], "TARGET"),
        (["pair", "NANOG", "SOX2", "--background", "sideways"], "sideways"),
        (["pair", "NANOG", "SOX2", "--base", "high"], "--base"),
        (["pear", "NANOG", "SOX2"], "pear"),
        (["sweep", "--genes", "x"], "--sources"),
        (["models", "--jsn"], "--jsn"),
    ],
)
def test_wrong_usage_ends_with_status_2_too(words: list[str], said: str) -> None:
    result = run(*words)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert said in result.stderr


def test_an_unknown_model_a_missing_folder_and_a_broken_one_are_told_apart(tmp_path: Path, scgpt_folder: Path) -> None:
    (scgpt_folder / "best_model.pt").write_bytes(b"PK\x03\x04 cut off")
    for name, said in (
        ("toy-linaer", "Did you mean toy-linear?"),
        (str(tmp_path / "nowhere"), "nowhere"),
        (str(scgpt_folder), "cut off, damaged"),
        ("scgpt-human", "ugrn fetch scgpt-human"),
    ):
        result = run("pair", "TP53", "MDM2", "--backbone", name)
        assert result.exit_code == 2
        assert said in result.stderr


def test_an_answer_that_is_no_number_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = ToyBackbone.dual

    def no_number(self: ToyBackbone, *cell: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        out, slope = plain(self, *cell)
        return out, slope * float("nan")

    monkeypatch.setattr(ToyBackbone, "dual", no_number)
    result = run("pair", "NANOG", "SOX2", "--backbone", "toy-linear", "--json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "not finite numbers" in result.stderr


def test_a_bug_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(registry, "status", broken)
    result = run("models")
    assert isinstance(result.exception, ZeroDivisionError)


# genes, models


def test_genes_reports_every_name_as_csv(tmp_path: Path) -> None:
    file = write(tmp_path / "list.csv", "gene,logFC\nOCT4,2.1\nNANOG,0.3\nnosuchgene,1\n")
    result = good("genes", file, "--backbone", "toy-linear")
    frame = pd.read_csv(io.StringIO(result.stdout), keep_default_na=False)
    assert frame.gene.tolist() == ["OCT4", "NANOG", "nosuchgene"]
    assert frame.status.tolist() == ["alias", "exact", "unknown"]
    assert frame.symbol.tolist() == ["POU5F1", "NANOG", ""]
    assert "1 of 3 genes are not in the vocabulary" in result.stderr
    assert run("genes", file, "--backbone", "toy-linear", "--strict").exit_code == 2


def test_genes_without_a_known_one_is_a_mistake(tmp_path: Path) -> None:
    result = run("genes", write(tmp_path / "list.txt", "spam eggs"), "--backbone", "toy-linear")
    assert result.exit_code == 2
    assert "No gene is left" in result.stderr


def test_models_names_all_of_the_registry_and_what_to_do_for_the_missing() -> None:
    found = {m["name"]: m for m in answer("models")}
    assert list(found) == list(registry.BACKBONES)
    assert found["toy-linear"] | {"available": True, "folder": None} == found["toy-linear"]
    assert not found["scgpt-human"]["available"]
    assert "ugrn fetch scgpt-human" in found["scgpt-human"]["note"]
    table = good("models").stdout
    assert all(name in table for name in registry.BACKBONES)
    assert "ugrn fetch scgpt-human" in table


# sweep


@pytest.fixture
def lists(tmp_path: Path) -> tuple[Path, Path]:
    """Gene list and source list; one source is not among the genes."""
    return write(tmp_path / "genes.txt", "\n".join(GENES[5:])), write(tmp_path / "sources.txt", "TP53 HBB NANOG")


def test_sweep_file_holds_the_closed_form_under_the_names_it_states(lists: tuple[Path, Path], tmp_path: Path) -> None:
    out = tmp_path / "features.safetensors"
    words = ["--genes", lists[0], "--sources", lists[1], "--out", out, "--backbone", "toy-square", "--grid", "3,0.5"]
    result = good("sweep", *words)
    tensors = load_file(out)
    with safe_open(out, "numpy") as file:
        says = {k: json.loads(v) for k, v in file.metadata().items()}
    genes = says["genes"]
    assert says["sources"] == ["TP53", "HBB", "NANOG"]
    assert says["grid"] == [3.0, 0.5]
    assert genes == [*GENES[5:], "NANOG"]
    assert "NANOG was not in the context" in result.stderr
    assert (says["base"], says["background"], says["backbone"]) == (1.0, "fixed", "toy-square")
    assert says["fingerprint"] == load_backbone("toy-square").fingerprint
    weights, x = toy_weights(), np.array(says["grid"])
    w = np.array([[weights[k, s] for k in genes] for s in says["sources"]])
    np.testing.assert_allclose(tensors["slope"], 2 * w[:, None] * x[:, None], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(tensors["response"], w[:, None] * (x**2 - 1)[:, None], rtol=1e-4, atol=2e-5)
    assert sorted(tensors) == ["response", "slope"]
    assert result.stdout == ""


def test_sweep_under_follow_has_no_response(lists: tuple[Path, Path], tmp_path: Path) -> None:
    out = tmp_path / "features.safetensors"
    words = ["--genes", lists[0], "--sources", lists[1], "--out", out, "--backbone", "toy-square"]
    good("sweep", *words, "--background", "follow")
    tensors = load_file(out)
    assert list(tensors) == ["slope"]
    assert tensors["slope"][0, 2, 0] == pytest.approx(2 * 2.0 * toy_weights()["TP53", "TP53"], rel=1e-5)


def test_a_stopped_sweep_leaves_no_file_and_goes_on_from_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    everyone = write(tmp_path / "genes.txt", "\n".join(GENES))
    out = tmp_path / "features.safetensors"
    words = ["--genes", everyone, "--sources", everyone, "--out", out, "--backbone", "toy-linear"]
    plain, rows = ToyBackbone.dual, []

    def counted(self: ToyBackbone, gene_ids: torch.Tensor, values: torch.Tensor, tangents: torch.Tensor) -> object:
        if stop_at is not None and len(rows) + len(values) > stop_at:
            raise KeyboardInterrupt
        rows.extend(values)
        return plain(self, gene_ids, values, tangents)

    monkeypatch.setattr(ToyBackbone, "dual", counted)
    stop_at = 30 * len(GRID)  # in the second group of sources
    assert run("sweep", *words).exit_code == 130
    assert list(tmp_path.glob("features*")) == []
    before, stop_at = len(rows), None
    good("sweep", *words)
    assert 0 < len(rows) - before < len(GENES) * len(GRID)
    first, before = out.read_bytes(), len(rows)
    good("sweep", *words)
    assert len(rows) == before  # all of it came from the store
    assert out.read_bytes() == first
    w = toy_weights()
    expected = np.array([[w[k, s] for k in GENES] for s in GENES])
    np.testing.assert_allclose(load_file(out)["slope"][:, 4], expected, atol=1e-6)


def test_sweep_progress_on_a_terminal_is_a_bar_with_the_time_left(lists: tuple[Path, Path], tmp_path: Path) -> None:
    master, slave = pty.openpty()
    words = [
        "--genes",
        lists[0],
        "--sources",
        lists[1],
        "--out",
        tmp_path / "f.safetensors",
        "--backbone",
        "toy-linear",
    ]
    command = [sys.executable, "-m", "ugrn_core", "sweep", *map(str, words)]
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "100"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=slave, env=environment) as process:
        os.close(slave)
        seen = b""
        while select.select([master], [], [], 60)[0]:
            try:
                seen += os.read(master, 4096)
            except OSError:  # the other end is closed
                break
        assert process.stdout is not None
        assert process.stdout.read() == b""
    os.close(master)
    assert process.returncode == 0
    text = seen.decode(errors="replace")
    assert "3 of 3 sources swept" in text
    assert "100%" in text
    assert re.search(r"\d:\d\d:\d\d", text)


def test_progress_in_a_log_file_is_a_line_now_and_then(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    clock = [0.0]
    monkeypatch.setattr(output.time, "monotonic", lambda: clock[0])
    with output.progress_on_stderr() as progress:
        for second in range(1, 41):
            clock[0] = float(second)
            progress(second / 40, f"{second} of 40")
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 4
    assert lines[0].startswith(" 25%  10 of 40, about 30 s left")


# fetch, cache, doctor


@pytest.fixture
def small_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> published.PinnedCheckpoint:
    """``scgpt-human`` pinned to one small file on a closed port of this machine."""
    import hashlib

    content = b"weights"
    pinned = published.PinnedCheckpoint(
        "http://127.0.0.1:9", "a page", (PinnedFile("args.json", len(content), hashlib.sha256(content).hexdigest()),)
    )
    monkeypatch.setitem(published.PINNED, "scgpt-human", pinned)
    return pinned


def test_fetch_without_a_connection_says_which_files_belong_where(
    small_checkpoint: published.PinnedCheckpoint, own_cache: Path
) -> None:
    result = run("fetch", "scgpt-human")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert str(own_cache / "checkpoints" / "scgpt-human") in result.stderr
    assert str(small_checkpoint.files[0]) in result.stderr


def test_fetch_takes_files_put_there_by_hand_and_refuses_wrong_ones(
    small_checkpoint: published.PinnedCheckpoint, own_cache: Path
) -> None:
    folder = own_cache / "checkpoints" / "scgpt-human"
    folder.mkdir(parents=True)
    write(folder / "args.json", "weights")
    assert good("fetch", "scgpt-human").stdout == f"{folder}\n"
    write(folder / "args.json", "w8ights")
    result = run("fetch", "scgpt-human")
    assert result.exit_code == 2
    assert small_checkpoint.files[0].sha256 in result.stderr


def test_fetch_of_an_unknown_name_lists_what_there_is() -> None:
    result = run("fetch", "gpt-5")
    assert result.exit_code == 2
    assert "scgpt-human" in result.stderr


def test_cache_counts_results_and_clears_them(own_cache: Path) -> None:
    good("pair", "NANOG", "SOX2", "--backbone", "toy-linear")
    before = answer("cache")
    assert before["folder"] == str(own_cache / "results")
    assert before["results"] > 0
    assert str(before["results"]) in good("cache").stdout
    after = json.loads(good("cache", "--clear", "--json").stdout)
    assert after["results"] == 0


def test_a_full_cache_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UGRN_CACHE_LIMIT", "10")
    result = run("pair", "NANOG", "SOX2", "--backbone", "toy-linear")
    assert result.exit_code == 2
    assert "is full" in result.stderr


def test_doctor_reports_every_part() -> None:
    report = answer("doctor")
    assert list(report) == ["environment", "device", "cache", "models", "faults"]
    assert torch.__version__.startswith(report["environment"]["torch"]), "a wheel may be called without its build"
    assert report["environment"]["UGRN_DEVICE"] == "cpu"
    assert report["device"]["device"] == "cpu"
    assert report["device"]["threads"] == torch.get_num_threads()
    assert list(report["models"]) == list(registry.BACKBONES)
    assert report["models"]["toy-linear"] == {"state": "ready"}
    assert report["faults"] == []
    text = good("doctor").stdout
    assert all(word in text for word in ("environment", "device", "cache", "models", "ugrn fetch scgpt-human"))


def test_doctor_finds_a_damaged_model_and_shows_the_rest(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "models" / "ugrn-mini"
    folder.mkdir(parents=True)
    for name in ("args.json", "vocab.json", "model.safetensors"):
        write(folder / name, "{}")
    monkeypatch.setattr(registry, "ASSETS", tmp_path)
    result = run("doctor", "--json")
    report = json.loads(result.stdout)
    assert result.exit_code == 2
    assert report["models"]["ugrn-mini"] == {"state": "cannot be used"}
    assert report["models"]["toy-square"] == {"state": "ready"}
    assert len(report["faults"]) == 1
    assert str(folder) in report["faults"][0]
    assert report["faults"][0] in result.stderr


def test_doctor_compares_a_checkpoint_with_the_official_model(scgpt_folder: Path) -> None:
    report = answer("doctor", "--parity", scgpt_folder)["parity"]
    assert report["passed"]
    assert report["max_abs_difference"] < report["tolerance"]
    assert report["passport"]["known_as"] is None
    assert len(report["passport"]["cell"]) == 8


def test_doctor_fails_where_the_official_model_disagrees(scgpt_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ugrn_core.backbones import passport

    true = passport.official_reconstruction
    monkeypatch.setattr(passport, "official_reconstruction", lambda *inputs: true(*inputs) + 0.01)
    result = run("doctor", "--parity", scgpt_folder, "--json")
    assert result.exit_code == 2
    assert not json.loads(result.stdout)["parity"]["passed"]
    assert "do not trust its curves" in result.stderr


def test_doctor_of_a_layout_without_an_official_model_says_so(scbenchmark_folder: Path) -> None:
    result = run("doctor", "--parity", scbenchmark_folder)
    assert result.exit_code == 2
    assert "no official package to compare" in result.stderr


# processes of their own


def test_help_is_light() -> None:
    script = (
        "import sys; from ugrn_core.cli import main; sys.argv = ['ugrn', '--help']\n"
        "try: main()\n"
        "except SystemExit: heavy = {'torch', 'pandas', 'scipy', 'scanpy', 'anndata', 'streamlit', 'plotly'}\n"
        "print('loaded:', sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert "loaded: []" in done.stderr
    assert "pair" in done.stdout


def test_the_module_and_the_entry_point_are_the_same_program() -> None:
    assert real("--version").stdout == f"ugrn {ugrn_core.__version__}\n"
    assert good("--version").stdout == f"ugrn {ugrn_core.__version__}\n"


def test_a_real_process_keeps_stdout_clean_and_gives_status_2_for_a_mistake() -> None:
    wrong = real("genes", "nosuchfile.txt")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert len(wrong.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", ["pair", "models", "genes", "sweep", "fetch", "cache", "doctor", "bench"])
def test_every_command_explains_itself(command: str) -> None:
    assert f" {command} [OPTIONS]" in good(command, "--help").stdout
    assert command in good("--help").stdout
