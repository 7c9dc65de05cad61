"""Runs of others: what is let in, what is refused at the door, and what can be computed again."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from ugrn_core.backbones.registry import load_backbone
from ugrn_core.beeline.networks import load_network
from ugrn_core.benchmark.contributed import CARD, card_json, make_card, read_contributed, read_frame
from ugrn_core.benchmark.results import read_results, write_results
from ugrn_core.benchmark.run_facts import benchmark_command, run_facts
from ugrn_core.benchmark.shipped import planned_runs
from ugrn_core.benchmark.verify import Check, Known, verify
from ugrn_core.cli.app import app
from ugrn_core.errors import InputError
from ugrn_core.paths import ASSETS, beeline_folder
from ugrn_core.types import SweepSettings

SHIPPED = ASSETS / "benchmark" / "ugrn-mini_table_1.csv.gz"
FRAME = "run_table_1"


def small_frame() -> pd.DataFrame:
    """The shipped Table 1 on one data set."""
    frame = read_results(SHIPPED)
    return frame[frame["test_set"] == "mHSC-L"].reset_index(drop=True)


def contributed(folder: Path, frame: pd.DataFrame | None = None, **card: Any) -> Path:
    """A folder as `ugrn benchmark pack` leaves it."""
    frame = small_frame() if frame is None else frame
    folder.mkdir(exist_ok=True)
    write_results(frame, folder / f"{FRAME}.csv.gz")
    command = benchmark_command(run_facts(frame), f"{FRAME}.csv.gz")
    made = card_json(make_card("ugrn-mini", known("ugrn-mini").fingerprint, {FRAME: command}, who="Ada")) | card
    (folder / CARD).write_text(json.dumps(made))
    return folder


@cache
def known(model: str) -> Known:
    loaded = load_backbone("ugrn-mini", "cpu")
    return Known(loaded.vocabulary, loaded.fingerprint) if model == "ugrn-mini" else Known(None, None)


def of(checks: list[Check], what: str) -> Check:
    return next(c for c in checks if what in c.what)


def test_a_folder_is_read_whole(tmp_path: Path) -> None:
    found = read_contributed(contributed(tmp_path / "run"))
    assert found.card.who == "Ada" and found.card.versions["python"] and set(found.frames) == {FRAME}
    assert found.facts[FRAME].backbone == "ugrn-mini" and found.facts[FRAME].test_sets == ("mHSC-L",)
    pd.testing.assert_frame_equal(found.frames[FRAME], read_results(tmp_path / "run" / f"{FRAME}.csv.gz"))


def test_a_grid_that_begins_below_zero_is_itself_in_the_command(tmp_path: Path) -> None:
    """Cells that begin with a minus are guarded in files."""
    frame = small_frame()
    frame.loc[frame["grid"] != "none", "grid"] = "-3 -2 2 3"
    found = read_contributed(contributed(tmp_path / "run", frame))
    assert benchmark_command(found.facts[FRAME], "x.csv") == benchmark_command(run_facts(frame), "x.csv")
    assert "--grid -3,-2,2,3" in benchmark_command(found.facts[FRAME], "x.csv")


@pytest.mark.parametrize(
    ("card", "said"),
    [
        ({"who": ""}, "who"),
        ({"who": "x" * 5000}, "who"),
        ({"who": "a\nb"}, "control characters"),
        ({"made": "yesterday"}, "made"),
        ({"fingerprint": "abc"}, "fingerprint"),
        ({"extra": 1}, "unknown entry"),
        ({"commands": {f"c{i}": "x" for i in range(100)}}, "commands"),
        ({"versions": {"ugrn": 3}}, "versions"),
        ({"model": ["x"]}, "model"),
    ],
)
def test_cards_that_are_none_are_refused(tmp_path: Path, card: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_contributed(contributed(tmp_path / "run", **card))


def spoil(column: str, value: object) -> Callable[[pd.DataFrame], pd.DataFrame]:
    def change(frame: pd.DataFrame) -> pd.DataFrame:
        spoilt = frame.astype({column: object})
        spoilt.loc[3, column] = value
        return spoilt

    return change


@pytest.mark.parametrize(
    "change",
    [
        spoil("value", 1.5),
        spoil("value", -0.1),
        spoil("value", "high"),
        spoil("value", np.inf),
        spoil("n_pos", -1),
        spoil("n_pos", 2.5),
        spoil("seed", "one"),
        spoil("metric", "f1"),
        spoil("subset", "some"),
        spoil("status", "fine"),
        spoil("sampler", "mine"),
        spoil("gene_set", "all"),
        spoil("weights", "stolen"),
        spoil("test_set", "mars"),
        spoil("method", "<script>alert(1)</script>"),
        spoil("method", "x" * 300),
        spoil("reason", "a\x1b[31mb"),
        spoil("protocol", "table_9"),
        spoil("units", "apples"),
        lambda frame: frame.assign(extra=1),
        lambda frame: frame.drop(columns="value"),
        lambda frame: frame.iloc[:0],
        lambda frame: frame.assign(status="missing"),
    ],
)
def test_frames_that_are_none_are_refused(tmp_path: Path, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    folder = contributed(tmp_path / "run")
    change(small_frame()).to_csv(folder / f"{FRAME}.csv.gz", index=False)
    with pytest.raises(InputError):
        read_contributed(folder)


def test_files_that_are_none_are_refused(tmp_path: Path) -> None:
    folder = contributed(tmp_path / "run")
    file = folder / f"{FRAME}.csv.gz"
    whole = file.read_bytes()
    for content in (b"", b"no gzip", whole[:200], gzip.compress(b"\xff\xfe\x00"), gzip.compress(b"a,b\n1,2\n")):
        file.write_bytes(content)
        with pytest.raises(InputError, match=FRAME):
            read_contributed(folder)
    file.unlink()
    with pytest.raises(InputError, match="no frame of results"):
        read_contributed(folder)
    file.symlink_to(SHIPPED)
    with pytest.raises(InputError, match="no plain file"):
        read_contributed(folder)
    with pytest.raises(InputError, match="cannot be read"):
        read_contributed(tmp_path / "nowhere")


def test_what_is_not_there_is_not_called_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UGRN_DATA_DIR", raising=False)
    monkeypatch.setenv("UGRN_CACHE_DIR", str(tmp_path / "cache"))
    checks = verify(read_contributed(contributed(tmp_path / "run")), lambda _: Known(None, None))
    assert {c.outcome for c in checks if c.what != "command"} == {"not checked"}
    assert "the networks are not here" in of(checks, "counts").said
    assert of(checks, "fingerprint").said == "ugrn-mini is not here"


real = pytest.mark.skipif(beeline_folder() is None, reason="UGRN_DATA_DIR names no folder with BEELINE networks")


@real
def test_a_shipped_run_is_the_same_again_and_a_changed_one_differs(tmp_path: Path) -> None:
    checks = verify(read_contributed(contributed(tmp_path / "run")), known)
    for what in ("fingerprint", "command", "counts", "without a model"):
        assert of(checks, what).outcome == "the same", of(checks, what)
    assert of(checks, "single pairs").outcome == "not checked"
    rest = of(checks, "need the model itself")
    frame = small_frame()
    assert rest.said.startswith(f"{(frame['value'].notna() & (frame['weights'] != 'none')).sum():,} of {len(frame):,}")
    spoilt = small_frame()
    at = spoilt.index[(spoilt["method"] == "Gene degrees") & spoilt["value"].notna()][0]
    spoilt.loc[at, "value"] += 0.01
    spoilt.loc[spoilt["method"] == "Edge look-up", "n_pos"] += 1
    other = contributed(tmp_path / "other", spoilt, fingerprint="0" * 64, commands={FRAME: "ugrn benchmark --table 2"})
    checks = verify(read_contributed(other), known)
    for what in ("fingerprint", "command", "counts", "without a model"):
        assert of(checks, what).outcome == "differs", of(checks, what)
    assert "by up to 0.0100" in of(checks, "without a model").said


@real
def test_scores_of_pairs_give_their_values_again(tmp_path: Path) -> None:
    frame = read_results(SHIPPED)
    folder = contributed(tmp_path / "run", frame)
    (folder / "scores").mkdir()
    (folder / "scores" / FRAME).symlink_to(ASSETS / "benchmark" / "scores" / "ugrn-mini_table_1")
    checks = verify(read_contributed(folder), known)
    assert of(checks, "single pairs").outcome == "the same", of(checks, "single pairs")


def test_the_command_tells_outcomes_and_its_status(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UGRN_DATA_DIR", raising=False)
    monkeypatch.setenv("UGRN_CACHE_DIR", str(tmp_path / "cache"))
    folder = contributed(tmp_path / "run")
    (folder / CARD).unlink()
    packed = CliRunner().invoke(
        app, ["benchmark", "pack", str(folder), "--who", "Ada", "--backbone", "ugrn-mini", "--device", "cpu"]
    )
    assert packed.exit_code == 0 and "1 frames of ugrn-mini" in packed.output, packed.output
    result = CliRunner().invoke(app, ["benchmark", "verify", str(folder)])
    assert result.exit_code == 0 and "the networks are not here" in result.output, result.output
    card = json.loads((folder / CARD).read_text())
    (folder / CARD).write_text(json.dumps(card | {"fingerprint": "0" * 64}))
    differs = CliRunner().invoke(app, ["benchmark", "verify", str(folder)])
    assert differs.exit_code == 1 and "differs" in differs.output
    (folder / CARD).write_text("{")
    assert CliRunner().invoke(app, ["benchmark", "verify", str(folder)]).exit_code == 2


def test_the_whole_set_names_every_shipped_kind_of_frame() -> None:
    names = {run.file("ugrn-mini") for run in planned_runs(full_context=True)}
    shipped = {f.name for f in SHIPPED.parent.glob("ugrn-mini_table_*.csv.gz")}
    assert shipped <= names
    assert {f"ugrn-mini_table_{n}_exchanged.csv.gz" for n in range(1, 6)} <= names and len(names) == len(
        planned_runs(full_context=True)
    )
    for run in planned_runs(full_context=True):
        request = run.request(SweepSettings(1.0, (2.0,)), 3)
        assert request.seeds == 3
        facts = (
            run_facts(read_results(SHIPPED.parent / run.file("ugrn-mini")))
            if run.file("ugrn-mini") in shipped
            else None
        )
        if facts is not None:
            same = (request.table, request.sampler, request.context, request.max_sources or 0, request.test_sets or ())
            assert same == (facts.table, facts.sampler, facts.context, facts.max_sources, facts.test_sets)
            assert request.max_pos == facts.max_pos


@real
def test_the_plan_says_its_cost_and_stops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UGRN_CACHE_DIR", str(tmp_path / "cache"))
    assert load_network("STRING", "mDC").edges
    line = [
        "benchmark",
        "all",
        "--out",
        str(tmp_path / "o"),
        "--backbone",
        "ugrn-mini",
        "--seeds",
        "1",
        "--threads",
        "1",
    ]
    result = CliRunner().invoke(app, [*line, "--plan", "--only", "1_pair_cut"])
    assert result.exit_code == 0 and "1 runs of ugrn-mini to make" in result.output, result.output
    assert "passes" in result.output and not list((tmp_path / "o").iterdir())
    wrong = CliRunner().invoke(app, [*line, "--only", "7"])
    assert wrong.exit_code == 2 and "--only names 7" in wrong.output
    assert read_frame(SHIPPED).shape[0] > 0
