"""``ugrn`` among other programs: full disks, closed and narrow streams, pipes, home folders."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ugrn_core.cli import app

pytestmark = pytest.mark.skipif(os.name == "nt", reason="streams are those of POSIX")

PAIR = "pair GATA1 KLF1 --backbone toy-square"
GENES = "genes {folder}/genes.txt --backbone toy-square"


def shell(command: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """A command in bash, with ``ugrn`` and ``folder`` filled in; ``PIPESTATUS`` of ugrn is its exit status."""
    program = f"{shlex.quote(sys.executable)} -m ugrn_core"
    line = command.replace("ugrn", program).replace("{folder}", str(folder))
    done = subprocess.run(
        ["bash", "-c", f"{line}\nexit ${{PIPESTATUS[0]}}"],
        capture_output=True,
        timeout=300,
        env={
            "PATH": os.environ["PATH"], "HOME": str(folder), "UGRN_CACHE_DIR": str(folder / "c"), "LC_ALL": "C.UTF-8"
        }
        | environment,
    )  # fmt: skip
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    assert b"Exception ignored" not in done.stderr, done.stderr.decode()
    return done


LISTED = "GATA1\nIL\u20111\u03b2\n=1+1\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "genes.txt").write_text(LISTED, encoding="utf-8")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("UGRN_CACHE_DIR", str(tmp_path / "c"))
    return tmp_path


def here(line: str) -> Result:
    """A command in this process, where the streams and the locale do not matter: no shell reads its words."""
    return CliRunner().invoke(app, shlex.split(line))


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """What the genes of the list are, written where everything is UTF-8."""
    folder = tmp_path_factory.mktemp("wide")
    (folder / "genes.txt").write_text(LISTED, encoding="utf-8")
    return shell(f"ugrn {GENES}", folder).stdout


@pytest.mark.parametrize("words", [PAIR, GENES, "--version", "pair -h"])
def test_a_full_disk_behind_stdout_is_one_sentence(folder: Path, words: str) -> None:
    done = shell(f"ugrn {words} > /dev/full", folder)
    last = done.stderr.decode().strip().splitlines()[-1]
    assert done.returncode == 2
    assert last == "ugrn: The results cannot be written to standard output: No space left on device."


def test_a_closed_stdout_is_one_sentence(folder: Path) -> None:
    done = shell(f"ugrn {PAIR} >&-", folder)
    assert done.returncode == 2
    assert b"standard output is closed" in done.stderr


@pytest.mark.parametrize("end", ["2> /dev/full", "2>&-"])
def test_notes_that_cannot_be_written_do_not_stop_the_results(folder: Path, end: str) -> None:
    done = shell(f"ugrn {GENES} {end}", folder)
    assert done.returncode == 0
    assert done.stdout.startswith(b"gene,status")


def test_a_reader_that_has_seen_enough_ends_in_silence(folder: Path) -> None:
    done = shell(f"ugrn {GENES} | true", folder)
    assert done.returncode != 2
    assert b"Broken pipe" not in done.stderr


@pytest.mark.parametrize(
    "narrow", [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}]
)
def test_results_are_utf8_whatever_the_locale(folder: Path, wide: bytes, narrow: dict[str, str]) -> None:
    done = shell(f"ugrn {GENES}", folder, **narrow)
    assert (done.returncode, done.stdout) == (0, wide)
    assert "IL\u20111\u03b2" in done.stdout.decode()
    assert shell("ugrn models", folder, **narrow).returncode == 0


def test_a_gene_that_is_a_formula_is_guarded(wide: bytes) -> None:
    assert b"\n'=1+1," in wide


def test_the_home_folder_is_read_where_the_shell_has_not(folder: Path) -> None:
    sweep = "sweep --genes=~/list.txt --sources=~/list.txt --out=~/made.safetensors --backbone toy-square"
    (folder / "list.txt").write_text("GATA1\nKLF1\n")
    assert here(sweep).exit_code == 0
    assert (folder / "made.safetensors").is_file()
    assert here(f"{PAIR} --context=~/list.txt").exit_code == 0
    for words in (f"{PAIR} --context ~nouser/x.h5ad", "genes ~nouser/list.txt"):
        done = here(words)
        assert done.exit_code == 2
        assert "~nouser" in done.stderr
    assert here("pair GATA1 KLF1 --backbone ~nouser/model").exit_code == 2


def test_a_sweep_into_a_device_or_a_full_disk_leaves_nothing(folder: Path) -> None:
    (folder / "list.txt").write_text("GATA1\nKLF1\n")
    (folder / "full.safetensors").symlink_to("/dev/full")
    sweep = "ugrn sweep --genes {folder}/list.txt --sources {folder}/list.txt --backbone toy-square --out"
    done = shell(f"{sweep} {{folder}}/full.safetensors", folder)
    assert done.returncode == 2
    assert b"no plain file" in done.stderr
    assert not list(Path("/dev").glob("full*partial*"))


def test_a_network_of_no_steps_or_into_stdout_is_refused(folder: Path) -> None:
    for words, said in (
        (f"--around GATA1 --steps 0 --out {folder}/out", "at least 1 step"),
        ("--out -", "standard output"),
    ):
        done = here(f"network --genes {folder}/genes.txt {words}")
        assert done.exit_code == 2
        assert said in done.stderr
    assert not (folder / "out").exists()


def test_json_is_ascii_and_read_back_and_notes_stand_elsewhere(folder: Path) -> None:
    done = shell("ugrn pair OCT4 SOX2 --backbone toy-linear --json", folder, PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert json.loads(done.stdout)["source"] == "POU5F1"
    assert done.stderr == b"OCT4 is POU5F1 here.\n"
