"""Everything of the benchmark that is shipped, and the line that makes each of it again, read from the frames."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from ugrn_core.benchmark.prevalence import PREVALENCE_COLUMNS, paired_file, prevalence_line
from ugrn_core.benchmark.results import NONE, read_results
from ugrn_core.benchmark.run_facts import benchmark_command, read_facts
from ugrn_core.methods.catalogue import METHODS
from ugrn_core.paths import ASSETS

SHIPPED = ASSETS / "benchmark"
PEERS, PREVALENCE, CIRCUITS = "peers", "prevalence", "circuits/control.csv.gz"
State = Literal["there", "begun", "to make"]
MINUTES = {1: 8, 2: 12, 3: 8, 4: 8, 5: 8, 6: 13}
"""About, of an embedded model and its random twin, on one idle core, for each table."""
MINUTES_OF = {"full": 40, PEERS: 25, PREVALENCE: 60, CIRCUITS: 5}
"""The same for a cut in the full context, and for what is no table."""


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
