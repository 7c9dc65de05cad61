"""``python -m tests.campaign.cost FILE.h5ad``: what a network costs beside GRNBoost2, in one run.

Both answer for the same genes, in turns, each as a process from start to written file: ``ugrn network`` with the
default model, translator and virtual cell and an empty store, and GRNBoost2 of ``ugrn_core/benchmark/peers.py`` on the
cells of the file (logarithms), with two processes that share the genes. Its regulators are the genes that ``ugrn
network`` takes as sources. Printed are seconds by the clock and of processor, of children too; those by the clock mean
something on a machine that does nothing else. GRNBoost2's processes have one thread each, ``ugrn`` has two.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parent.parent.parent
PROCESSES = 2


@dataclass(frozen=True)
class Cost:
    """What a command took, in seconds by the clock and of processor."""

    what: str
    clock: float
    processor: float

    def line(self) -> str:
        return f"{self.what:<14}{self.clock:7.1f} s by the clock{self.processor:8.1f} s of processor"


def cost(what: str, command: list[str], **environment: str) -> Cost:
    """Run a command to its end; one that fails is an error with what it said."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True)
    clock, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{what} ended with {done.returncode}: {done.stderr[-2000:]}")
    spent = (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)
    return Cost(what, clock, spent)


def side_by_side(file: Path, times: int) -> list[Cost]:
    """``ugrn network`` and GRNBoost2 on the genes of ``file``, in turns."""
    found: list[Cost] = []
    python = sys.executable
    with tempfile.TemporaryDirectory(prefix="ugrn-cost-") as name:
        folder = Path(name)
        genes, factors = folder / "genes.txt", folder / "factors.txt"
        names = _names(file)
        genes.write_text("\n".join(names))
        factors.write_text("\n".join(_factors(names)))
        for n in range(times):
            network = [python, "-m", "ugrn_core", "network", "--genes", str(genes), "--out", str(folder / f"n{n}")]
            threads = {"OMP_NUM_THREADS": str(PROCESSES), "UGRN_CACHE_DIR": str(folder / f"cache{n}")}
            found.append(cost("ugrn network", network, **threads))
            trees = [python, "-m", "tests.campaign.cost", str(file)]
            trees += ["--grnboost2", str(factors), str(folder / f"trees{n}.csv")]
            found.append(cost("GRNBoost2", trees, OMP_NUM_THREADS="1"))
            print(*(one.line() for one in found[-2:]), sep="\n", flush=True)
    return found


def boost(file: Path, factors: Path, out: Path) -> None:
    """Scores of every factor (names in a file) and gene of ``file``, written as CSV."""
    import anndata

    from ugrn_core.benchmark.peers import PeerQuestion, boosted

    cells = anndata.read_h5ad(file).to_df()
    names = list(cells.columns)
    regulators = np.array([names.index(factor) for factor in factors.read_text().split("\n")])
    question = PeerQuestion(cells.to_numpy(float), regulators)
    with ProcessPoolExecutor(PROCESSES, get_context("fork")) as pool:
        scores = list(pool.map(partial(boosted, question), range(len(names)), chunksize=20))
    pd.DataFrame(scores, index=names, columns=[names[r] for r in regulators]).to_csv(out)


def _names(file: Path) -> list[str]:
    import anndata

    return list(anndata.read_h5ad(file, backed="r").var_names)


def _factors(names: list[str]) -> list[str]:
    """The names that ``ugrn network`` reads as transcription factors."""
    from ugrn_core.backbones.registry import DEFAULT_BACKBONE, load_backbone
    from ugrn_core.genes.resolve import resolve
    from ugrn_core.network.question import default_sources

    report = resolve(names, load_backbone(DEFAULT_BACKBONE).vocabulary)
    factors = set(default_sources(report.symbols))
    return [record.name for record in report.records if record.symbol in factors]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("file", type=Path, help="cells (h5ad), logarithms")
    parser.add_argument("--times", type=int, default=3)
    words = {"nargs": 2, "metavar": ("FACTORS", "CSV"), "type": Path}
    parser.add_argument("--grnboost2", **words, help="GRNBoost2 alone, of factors in a file, scores to another")
    asked = parser.parse_args()
    if asked.grnboost2:
        boost(asked.file, *asked.grnboost2)
        return
    found = side_by_side(asked.file, asked.times)
    for what in dict.fromkeys(one.what for one in found):
        same = [one for one in found if one.what == what]
        median = Cost(what, *(float(np.median([getattr(o, k) for o in same])) for k in ("clock", "processor")))
        print(f"median of {len(same)}: {median.line()}")


if __name__ == "__main__":
    main()
