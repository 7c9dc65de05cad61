"""The check of a device, on the processor in small sizes: every part runs, its figures are right, and no more than
torch, numpy, safetensors and pydantic is imported."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import torch

from ugrn_core.bench.__main__ import main
from ugrn_core.bench.check.exactness import Exactness, missed, without_rounding
from ugrn_core.bench.check.limits import counted_failures, out_of_memory, two_sessions
from ugrn_core.bench.check.models import CPU, scgpt_size
from ugrn_core.bench.check.run import PARTS, goals
from ugrn_core.bench.sizes import QUICK_CHECK
from ugrn_core.paths import ROOT
from ugrn_core.sweep import sweep_sources
from ugrn_core.types import SweepSettings

FOREIGN = ("streamlit", "typer", "pandas", "anndata", "sklearn", "scipy", "diskcache", "pooch", "scgpt", "psutil")
"""What a borrowed machine does not have."""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict:
    """A whole check, in a process in which nothing foreign can be imported."""
    out = tmp_path_factory.mktemp("check") / "folder" / "report.json"
    code = f"""
import sys
for name in {FOREIGN!r}:
    sys.modules[name] = None
sys.argv = ["check", "--check", "--quick", "--device", "cpu", "--out", {str(out)!r}]
from ugrn_core.bench.__main__ import main
main()
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(done.stdout) == json.loads(out.read_text())
    return json.loads(out.read_text())


def test_every_part_runs_with_what_a_borrowed_machine_gets(report: dict) -> None:
    assert {name: report[name].get("failed") for name in PARTS} == dict.fromkeys(PARTS)
    assert report["scgpt"]["reference"].startswith("torch.nn")
    assert report["scgpt"]["slope_difference"] < 1e-4


def test_float32_is_within_the_goal_of_float64(report: dict) -> None:
    lines = report["exactness"]["lines"]
    models = {line["model"] for line in lines}
    assert {"toy-linear", "toy-square", "ugrn-mini", "ugrn-mini-log1p", "scGPT size, random weights"} <= models
    assert {(line["context"], line["what"]) for line in lines} == {
        (c, w) for c in ("pair", "full") for w in ("VVP", "GDT")
    }
    assert all(line["median"] < 1e-5 for line in lines)
    assert report["exactness"]["missed_beyond_the_processors_own_rounding"] == 0


def test_sessions_take_turns_and_a_run_can_be_stopped(report: dict) -> None:
    found = two_sessions(QUICK_CHECK, CPU)
    assert found["largest_difference"] == 0.0
    assert report["two_sessions"]["largest_difference"] == 0.0
    assert found["cancelled"] and report["two_sessions"]["cancelled"]


def test_running_out_of_memory_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    from ugrn_core.backbones.full_context import BaseCell

    backbone = scgpt_size(QUICK_CHECK.bench, CPU)[0]
    genes = list(backbone.vocabulary.symbols[:20])
    settings = SweepSettings(backbone.card.base, backbone.card.grid)
    wanted = list(sweep_sources(backbone, genes, genes[:3], settings))
    sweep = BaseCell.sweep

    def small(cell: BaseCell, at: torch.Tensor, value: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        if len(at) > 4:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return sweep(cell, at, value)

    monkeypatch.setattr(BaseCell, "sweep", small)
    with counted_failures() as failures:
        found = list(sweep_sources(backbone, genes, genes[:3], settings, batch=16))
    assert len(failures) == 2
    assert all(abs(a.slope - b.slope).max() < 1e-5 for a, b in zip(found, wanted, strict=True))
    assert "not_run" in out_of_memory(QUICK_CHECK, CPU)


def test_goals_are_judged_from_what_was_measured() -> None:
    report = {
        "device": {"device": "cuda:0"},
        "exactness": {"missed_beyond_the_processors_own_rounding": 1},
        "scgpt": {"passes": {"float32": {"dual": {"gemm_fraction": 0.61}}}},
        "network": {"seconds": 61.0},
    }
    assert [(g["value"], g["met"]) for g in goals(report)] == [(1, False), (0.61, True), (61.0, False)]


def test_only_float32_on_the_device_is_held_to_the_goal() -> None:
    lines = [
        Exactness("m", "pair", p, "float64", "GDT", largest, 0.0, largest <= 1e-5)
        for p, largest in (("float32", 3e-5), ("TF32", 1e-2), ("float32 on the processor", 2e-5))
    ]
    assert [e.precision for e in missed(lines)] == ["float32"]
    assert without_rounding(lines) == []


def test_an_unknown_device_is_one_sentence(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["check", "--check", "--device", "cuda:77"])
    assert main() == 2
    (said,) = capsys.readouterr().err.splitlines()
    assert "cuda:77" in said
