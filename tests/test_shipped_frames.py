"""Every frame that is shipped has a line that makes it again, and a folder of them goes on where it was stopped."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from ugrn_core.benchmark import shipped
from ugrn_core.benchmark.shipped import SHIPPED, Step, shipped_steps
from ugrn_core.cli.app import app
from ugrn_core.cli.benchmark import benchmark

OUT = Path("made")


@pytest.fixture(scope="module")
def steps() -> list[Step]:
    return shipped_steps(OUT)


def test_every_shipped_frame_is_made_by_one_step(steps: list[Step]) -> None:
    files = {f.relative_to(SHIPPED).as_posix() for f in SHIPPED.rglob("*.csv.gz")}
    made = {f for step in steps for f in step.files}
    assert made == files, made ^ files
    firsts = [step.files[0] for step in steps]
    assert len(set(firsts)) == len(firsts)
    names = [Path(step.files[0]).name.removesuffix(".csv.gz") for step in steps if "--keep-scores" in step.words]
    kept = {f"scores/{name}" for name in names}
    assert kept == {f.parent.relative_to(SHIPPED).as_posix() for f in SHIPPED.rglob("*.safetensors")}


def test_every_line_is_one_of_the_command(steps: list[Step]) -> None:
    """Its options are known, and it writes the file that the step says."""
    group = typer.main.get_command(benchmark)
    for step in steps:
        assert step.words[0] == "benchmark"
        sub = step.words[1] if not step.words[1].startswith("-") else ""
        command, rest = (group.commands[sub], step.words[2:]) if sub else (group, step.words[1:])
        given = command.make_context("ugrn", list(rest), resilient_parsing=False).params
        folder = OUT / step.files[0]
        assert given["out"] == (folder.parent if sub == "peers" else folder)


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("ugrn-mini-2-random-transformer_table_1.csv.gz", ("--weights", "random_transformer")),
        ("ugrn-mini-2-reconstructed_table_1_logistic.csv.gz", ("--translator", "logistic")),
        ("frozen/second_generation/ugrn-mini-2_table_1_labelled_only.csv.gz", ("--reverse-features", "labelled_only")),
        ("frozen/none_table_6_per_tf.csv.gz", ("--weights", "none")),
        ("ugrn-mini_table_1_full_cut.csv.gz", ("--context", "full", "--max-sources", "100")),
        ("circuits/control.csv.gz", ("--table", "circuits")),
        ("peers/peers_table_1_exchanged.csv.gz", ("peers", "--sets", "hHEP,mDC", "--sampler", "exchanged")),
    ],
)
def test_lines_say_what_the_frames_are(steps: list[Step], file: str, words: tuple[str, ...]) -> None:
    step = next(s for s in steps if s.files[0] == file)
    options = dict(zip(step.words, [*step.words[1:], ""], strict=True))
    named = dict(zip(words, [*words[1:], ""], strict=True))
    assert all(options.get(o) == v for o, v in named.items() if o.startswith("--")), step.command


def test_the_listing_is_what_a_run_does_and_a_run_goes_on(
    steps: list[Step], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without computing: the process that would compute is recorded, and writes its file."""
    monkeypatch.setattr(shipped, "shipped_steps", lambda out: steps)
    done: list[tuple[str, ...]] = []

    def process(line: list[str], check: bool) -> subprocess.CompletedProcess[str]:
        words = tuple(line[3:])
        step = next(s for s in steps if s.words == words)
        done.append(words)
        fails = "frozen" in step.files[0]
        if not fails:
            (tmp_path / step.files[0]).write_bytes(b"")
        return subprocess.CompletedProcess(line, 2 if fails else 0)

    monkeypatch.setattr(subprocess, "run", process)
    line = ["benchmark", "shipped", "--out", str(tmp_path)]
    (tmp_path / "ugrn-mini_table_2.csv.gz").write_bytes(b"")
    (tmp_path / "ugrn-mini_table_3.csv.gz.parts").write_text("{}")
    listed = CliRunner().invoke(app, [*line, "--plan"])
    assert listed.exit_code == 0 and not done, listed.output
    rows = {r.split()[0]: r for r in listed.stdout.splitlines() if ".csv.gz" in r.split()[0]}
    assert set(rows) == {s.files[0] for s in steps}
    assert " there " in rows["ugrn-mini_table_2.csv.gz"] and " begun " in rows["ugrn-mini_table_3.csv.gz"]
    assert sum(" to make " in r for r in rows.values()) == len(steps) - 2
    assert f"{len(steps) - 1} of {len(steps)} steps" in listed.stderr
    run = CliRunner().invoke(app, line)
    assert run.exit_code == 1 and "Not made: frozen/" in run.stderr
    assert done == [s.words for s in steps if s.files[0] != "ugrn-mini_table_2.csv.gz"]
    done.clear()
    again = CliRunner().invoke(app, [*line, "--only", "peers,circuits"])
    assert again.exit_code == 0 and not done, "all of these are there"
    nothing = CliRunner().invoke(app, [*line, "--only", "mars"])
    assert nothing.exit_code == 2 and "no file that is shipped" in nothing.output
