"""The whole set of frames for a model, everything that is shipped, and the line that makes each of it again."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from ugrn_core.benchmark.prevalence import PREVALENCE_COLUMNS, paired_file, prevalence_line
from ugrn_core.benchmark.protocols import BALANCED, PROTOCOLS
from ugrn_core.benchmark.request import BenchmarkRequest
from ugrn_core.benchmark.results import NONE, read_results
from ugrn_core.benchmark.run_facts import benchmark_command, read_facts
from ugrn_core.benchmark.sampling import EXCHANGED
from ugrn_core.methods.catalogue import METHODS
from ugrn_core.paths import ASSETS
from ugrn_core.types import SweepSettings

CUT: dict[str, Any] = {"max_sources": 100, "test_sets": ("mDC", "mHSC-E")}
"""The cut of Table 1 that is run in both contexts."""

SHIPPED = ASSETS / "benchmark"
PEERS, PREVALENCE, CIRCUITS = "peers", "prevalence", "circuits/control.csv.gz"
State = Literal["there", "begun", "to make"]
MINUTES = {1: 8, 2: 12, 3: 8, 4: 8, 5: 8, 6: 13}
"""About, of an embedded model and its random twin, on one idle core, for each table."""

MINUTES_OF = {"full": 40, PEERS: 25, PREVALENCE: 60, CIRCUITS: 5}
"""The same for a cut in the full context, and for what is no table."""


@dataclass(frozen=True)
class Planned:
    """One run of the set; its file is ``MODEL_table_NAME.csv.gz``. ``with_scores``: scores of pairs are kept too."""

    name: str
    changes: dict[str, Any]
    with_scores: bool = False

    def request(self, settings: SweepSettings, seeds: int) -> BenchmarkRequest:
        """The request of the run."""
        return BenchmarkRequest(settings=settings, seeds=seeds, **self.changes)

    def file(self, model: str) -> str:
        """Name of the file for a model."""
        return f"{model}_table_{self.name}.csv.gz"


def planned_runs(full_context: bool = False) -> tuple[Planned, ...]:
    """Tables 1 to 6 as the paper draws pairs, Table 1 with other draws, Tables 1 to 5 without the leak, the cut.

    ``full_context``: also the cut with all genes of a data set in the virtual cell, which costs more than all others.
    """
    runs = [Planned(str(n), {"table": n}, n == 1) for n in PROTOCOLS]
    runs += [Planned(f"1_{s}", {"table": 1, "sampler": s}) for s in ("uniform", "degree_matched", "tf_matched")]
    runs += [
        Planned(f"{n}_{EXCHANGED}", {"table": n, "sampler": EXCHANGED})
        for n, protocol in PROTOCOLS.items()
        if protocol.neg_ratios == BALANCED
    ]
    runs.append(Planned("1_logistic", {"table": 1, "translator": "logistic"}))
    runs.append(Planned("1_pair_cut", {"table": 1} | CUT, True))
    if full_context:
        runs.append(Planned("1_full_cut", {"table": 1, "context": "full"} | CUT, True))
    return tuple(runs)


@dataclass(frozen=True)
class Step:
    """One line of ``ugrn`` and what it makes: ``files`` below the folder of results, the first of them the last to be
    written; ``words`` are what stands behind ``ugrn``; ``minutes`` of one idle core, about."""

    files: tuple[str, ...]
    words: tuple[str, ...]
    minutes: int

    @property
    def command(self) -> str:
        return shlex.join(("ugrn", *self.words))

    def state(self, out: Path) -> State:
        """Whether what it makes is in a folder, or parts of it are."""
        file = out / self.files[0]
        if file.is_file():
            return "there"
        return "begun" if file.with_name(f"{file.name}.parts").is_file() else "to make"


def shipped_steps(out: Path, shipped: Path = SHIPPED) -> list[Step]:
    """The steps that make every frame in ``shipped`` again, below ``out``: tables, then rankings, which take peers'
    scores, then the control on circuits."""
    files = sorted(f.relative_to(shipped) for f in shipped.rglob("*.csv.gz"))
    steps = [_table(shipped, f, out) for f in files if f.parts[0] not in (PEERS, PREVALENCE, "circuits", "contributed")]
    scores = sorted(f.as_posix() for f in files if f.parts[0] == PEERS and not f.name.startswith("peers_table_"))
    frames = [f for f in files if f.parts[0] == PEERS and f.name.startswith("peers_table_")]
    steps += [_peers(shipped, f, scores, out) for f in frames]
    ranked = [f for f in files if f.parts[0] == PREVALENCE and (shipped / paired_file(f)).is_file()]
    steps += [_ranked(shipped, f, out) for f in ranked]
    if (shipped / CIRCUITS).is_file():
        words = ("benchmark", "--table", "circuits", "--threads", "1", "--out", str(out / CIRCUITS))
        steps.append(Step((CIRCUITS,), words, MINUTES_OF[CIRCUITS]))
    return steps


def _table(shipped: Path, file: Path, out: Path) -> Step:
    """A table of the paper, by what its frame says of itself; scores of its pairs too, where they are shipped."""
    facts = read_facts(shipped / file)
    words = [*shlex.split(benchmark_command(facts, str(out / file)))[1:], "--threads", "1"]
    stem = file.name.removesuffix(".csv.gz")
    if (shipped / "scores" / stem).is_dir() and len(file.parts) == 1:
        words += ["--keep-scores", str(out / "scores" / stem)]
    whole = MINUTES_OF["full"] if facts.context == "full" else MINUTES[facts.table]
    without_model, alone = facts.backbone == NONE, len(facts.weights) == 1
    return Step((file.as_posix(),), tuple(words), max(whole // (4 if without_model else 2 if alone else 1), 1))


def _peers(shipped: Path, file: Path, scores: list[str], out: Path) -> Step:
    """Methods of others on the data sets of their frame, with the scores they give; ``scores`` are files' names."""
    frame = read_results(shipped / file)
    sets, sampler = dict.fromkeys(map(str, frame["test_set"])), str(frame["sampler"].iloc[0])
    words = ("benchmark", "peers", "--out", str(out / PEERS), "--sets", ",".join(sets), "--sampler", sampler)
    return Step((file.as_posix(), *scores), (*words, "--threads", "1"), MINUTES_OF[PEERS])


def _ranked(shipped: Path, file: Path, out: Path) -> Step:
    """Rankings of all candidates."""
    frame = pd.read_csv(shipped / file, keep_default_na=False, usecols=list(PREVALENCE_COLUMNS))
    peers = out / PEERS if not set(frame["method"]) <= set(METHODS) else None
    words = shlex.split(prevalence_line(frame, str(out / file), peers))[1:]
    return Step((file.as_posix(), paired_file(file).as_posix()), (*words, "--threads", "1"), MINUTES_OF[PREVALENCE])
