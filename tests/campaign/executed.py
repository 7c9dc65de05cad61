"""Which test files execute which lines of the core: whom to ask of a change that the tests of its room do not notice.

``python -m tests.campaign.executed`` runs every file of the fast part once under coverage.py (ten minutes on one core)
and writes ``build/executed.json``; ``make mutate ARGS="--wider 60"`` reads it.
"""

from __future__ import annotations

import ast
import json
import os
import sys
import tempfile
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from tests.campaign.forked import ROOT, in_a_fork, warm_up

RECORD = ROOT / "build" / "executed.json"


@dataclass(frozen=True)
class Executed:
    """What a test file takes in seconds, and the lines it executes of each file below the root."""

    seconds: float
    lines: dict[str, frozenset[int]]


def record(test: str, log: Path) -> Executed | None:
    """Run a test file under coverage.py; None where it has no test in the fast part or is red."""
    found = log.with_suffix(".json")

    def run() -> int:
        import coverage
        import pytest

        watch = coverage.Coverage(data_file=None, source=[str(ROOT / "ugrn_core"), str(ROOT / "ui")])
        watch.start()
        options = ["-q", "-n", "0", "--no-header", "-p", "no:cacheprovider", "-m", "not slow and not browser"]
        status = int(pytest.main([*options, test]))
        watch.stop()
        data = watch.get_data()
        lines = {str(Path(f).relative_to(ROOT)): sorted(data.lines(f) or ()) for f in data.measured_files()}
        found.write_text(json.dumps(lines), "utf-8")
        return status

    began = time.monotonic()
    if in_a_fork(run, ROOT, log):
        return None
    lines = {file: frozenset(told) for file, told in json.loads(found.read_text("utf-8")).items()}
    return Executed(time.monotonic() - began, lines)


def read(path: Path = RECORD) -> dict[str, Executed]:
    """The record by test file; a file that is not there is a FileNotFoundError."""
    told = json.loads(path.read_text("utf-8"))
    return {
        test: Executed(one["seconds"], {file: frozenset(at) for file, at in one["lines"].items()})
        for test, one in told.items()
    }


def who_executes(
    found: dict[str, Executed], file: str, line: int, seconds: float, leave_out: Collection[str] = ()
) -> list[str]:
    """Test files that execute the innermost function around a line, closest to the file first, for so many seconds.

    Closest is who executes most lines of the file. A line outside of functions is executed by all that import the file.
    """
    around = _around(file, line)
    closest = sorted(
        (
            (len(at), test)
            for test, one in found.items()
            if test not in leave_out and (at := one.lines.get(file, frozenset())) & around
        ),
        reverse=True,
    )
    asked, left = [], seconds
    for _, test in closest:
        if found[test].seconds <= left:
            left -= found[test].seconds
            asked.append(test)
    return asked


def _around(file: str, line: int) -> frozenset[int]:
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    holders = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.body[0].lineno <= line <= (node.end_lineno or 0)
    ]
    if not holders:
        return frozenset((line,))
    holder = max(holders, key=lambda node: node.lineno)
    return frozenset(range(holder.body[0].lineno, (holder.end_lineno or 0) + 1))


def main() -> int:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    warm_up()
    told = {}
    with tempfile.TemporaryDirectory(prefix="ugrn-executed-") as folder:
        for test in sorted((ROOT / "tests").glob("test_*.py")):
            name = f"tests/{test.name}"
            if one := record(name, Path(folder) / f"{test.stem}.log"):
                told[name] = {"seconds": one.seconds, "lines": {f: sorted(at) for f, at in one.lines.items()}}
            print(f"{name}: {f'{one.seconds:.0f} s' if one else 'left out'}", flush=True)
    RECORD.parent.mkdir(exist_ok=True)
    RECORD.write_text(json.dumps(told), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
