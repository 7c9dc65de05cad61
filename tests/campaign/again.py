"""``make again``: is a test of the fast part red one time in so many? Runs of it in a row, each in an order of its own.

Files and the tests of a file are shuffled by the seed of the run, and Hypothesis draws other examples each time (the
suite draws the same). A red run prints what pytest said; the same seed brings the same order and the same examples.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tests.campaign.forked import ROOT, in_a_fork, warm_up

FAST = "not slow and not browser"


class Shuffled:
    """Files in an order drawn by a seed, and their tests too; what a file builds once stays in one piece."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        drawn = random.Random(self.seed)
        files = sorted({item.path for item in items})
        place = {file: at for at, file in enumerate(drawn.sample(files, len(files)))}
        drawn.shuffle(items)
        items.sort(key=lambda item: place[item.path])


def run_once(seed: int, tests: list[str], log: Path) -> bool:
    """Whether all tests are green in the order and with the examples of a seed; what pytest said is in ``log``."""

    def run() -> int:
        options = ["-q", "-n", "0", "--no-header", "-p", "no:cacheprovider", "-m", FAST]
        drawn = ["--hypothesis-profile=default", f"--hypothesis-seed={seed}"]
        return int(pytest.main([*options, *drawn, *tests], plugins=[Shuffled(seed)]))

    return in_a_fork(run, ROOT, log) == 0


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make again", description=__doc__)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1, help="of the first run; each run has the next one")
    parser.add_argument("tests", nargs="*", help="instead of the whole fast part")
    asked = parser.parse_args(argv)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    warm_up()
    red = 0
    with tempfile.TemporaryDirectory(prefix="ugrn-again-") as folder:
        for seed in range(asked.seed, asked.seed + asked.times):
            log, began = Path(folder) / f"{seed}.log", time.monotonic()
            green = run_once(seed, asked.tests, log)
            red += not green
            told = log.read_text("utf-8", "replace").strip().splitlines()
            last = told[-1].strip("= ") if told else "nothing"
            print(f"seed {seed}: {'green' if green else 'RED'}, {time.monotonic() - began:.0f} s, {last}", flush=True)
            if not green:
                print("\n".join(told[-60:]), flush=True)
    print(f"{asked.times - red} of {asked.times} runs green")
    return 1 if red else 0


if __name__ == "__main__":
    sys.exit(main())
