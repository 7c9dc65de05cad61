"""Dockerfile and workflow: linted, and true to the project they are for."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
WORKFLOW = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8"))
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


def test_the_dockerfile_is_linted() -> None:
    hadolint = shutil.which("hadolint", path=str(Path(sys.executable).parent)) or shutil.which("hadolint")
    if hadolint is None:
        pytest.skip("hadolint is not installed here")
    done = subprocess.run([hadolint, str(ROOT / "Dockerfile")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_container_runs_as_nobody_in_particular_and_says_how_it_is() -> None:
    last = DOCKERFILE.rpartition("\nFROM ")[2]
    assert re.search(r"^USER [1-9]\d*$", last, re.MULTILINE)
    assert "\nVOLUME /cache\n" in last
    assert "UGRN_CACHE_DIR=/cache" in last
    assert "/_stcore/health" in last


def test_what_the_dockerfile_copies_and_pins_is_there() -> None:
    for line in re.findall(r"^COPY (?!--from)(.*)$", DOCKERFILE, re.MULTILINE):
        for name in line.split()[:-1]:
            assert (ROOT / name).exists(), name
    pins = re.findall(r"\b[\w-]+==[\w.]+", DOCKERFILE)
    assert pins
    assert set(pins) <= set((ROOT / "constraints.txt").read_text("utf-8").split())


def test_the_workflow_calls_targets_that_there_are() -> None:
    steps = [step["run"] for job in WORKFLOW["jobs"].values() for step in job["steps"] if "run" in step]
    called = {step.split()[1] for step in steps if step.startswith("make ")}
    assert {"setup", "lint", "test", "docs", "wheel"} == called
    assert called <= TARGETS
    assert WORKFLOW["permissions"] == {"contents": "read"}
    versions = WORKFLOW["jobs"]["test"]["strategy"]["matrix"]["python"]
    assert f"PYTHONS := {' '.join(versions)}" in (ROOT / "Makefile").read_text("utf-8")
