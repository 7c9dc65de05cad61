"""What a frame of results is of, read from the frame itself, and the command that makes it again."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ugrn_core.benchmark.protocols import protocol
from ugrn_core.benchmark.request import COMPUTED, LABELLED_ONLY, REVERSE_FEATURES
from ugrn_core.benchmark.results import NONE
from ugrn_core.errors import InputError
from ugrn_core.methods.catalogue import METHODS
from ugrn_core.spreadsheet import unguarded_table
from ugrn_core.translators.kinds import PAPER

RANDOM_TRANSFORMER = "random_transformer"
"""Choice of weights: a transformer of random ones over the trained gene embeddings; its name ends in the words."""
PROTOCOL = re.compile(r"table_(?P<table>[1-6])(?: \((?P<sources>\d+) sources\))?")


@dataclass(frozen=True)
class RunFacts:
    """What all rows of one run have in common; ``base`` and ``grid`` are None where no method has a model.

    ``max_pos`` and ``max_sources`` of 0 mean all, ``test_sets`` and ``methods`` are empty where they are complete;
    ``given`` names methods that came as scores.
    """

    table: int
    backbone: str
    weights: tuple[str, ...]
    sampler: str
    gene_set: str
    context: str
    background: str
    base: float | None
    grid: str
    max_pos: int
    max_sources: int
    seeds: int
    neg_ratios: tuple[int, ...]
    test_sets: tuple[str, ...]
    methods: tuple[str, ...]
    reverse_features: str = COMPUTED
    translator: str = PAPER
    given: tuple[str, ...] = ()

    @property
    def reads_labels(self) -> bool:
        """Whether features were made with the test labels: nothing of a model then."""
        return self.reverse_features == LABELLED_ONLY

    @property
    def label(self) -> str:
        """What tells this run from others of the same table, backbone and sampler."""
        cut = f", {self.max_sources} sources a network" if self.max_sources else ""
        sets = f", tests on {', '.join(self.test_sets)}" if self.test_sets else ""
        most = f", {self.max_pos:,} positives a network" if self.max_pos else ", all positives"
        background = f", {self.background} background" if self.background not in (NONE, "fixed") else ""
        kind = "" if self.translator == PAPER else f", {self.translator} translator"
        seeds = "1 seed" if self.seeds == 1 else f"{self.seeds} seeds"
        reads = f", reverse features {REVERSE_FEATURES[LABELLED_ONLY]}" if self.reads_labels else ""
        return f"{self.gene_set}, {self.context} context{background}{most}{cut}{sets}{kind}, {seeds}{reads}"


def run_facts(frame: pd.DataFrame) -> RunFacts:
    """Facts on a frame of one run; a frame of several runs is an :class:`InputError`."""
    model = frame[frame["backbone"] != NONE]
    trained = frame[frame["translator"] != NONE]
    named = PROTOCOL.fullmatch(_only(frame, "protocol"))
    if named is None:
        raise InputError(f"the protocol {_only(frame, 'protocol')!r} is not one of the six tables.")
    table = int(named["table"])
    tested = tuple(dict.fromkeys(map(str, frame["test_set"])))
    methods = set(map(str, frame["method"]))
    of_table = {row.data_set for split in protocol(table).splits for row in split.tests}
    return RunFacts(
        table=table,
        backbone=_only(model, "backbone") if len(model) else NONE,
        weights=tuple(sorted(set(map(str, model["weights"])))),
        sampler=_only(frame, "sampler"),
        gene_set=_only(frame, "gene_set"),
        context=_only(model, "context") if len(model) else NONE,
        background=_only(model, "background") if len(model) else NONE,
        base=float(_only(model, "base")) if len(model) else None,
        grid=_only(model, "grid") if len(model) else "",
        max_pos=int(_only(frame, "max_pos")),
        max_sources=int(named["sources"] or 0),
        seeds=int(frame["seed"].nunique()),
        neg_ratios=tuple(sorted(int(r) for r in frame["neg_ratio"].unique())),
        test_sets=() if set(tested) == of_table else tested,
        translator=_only(trained, "translator") if len(trained) else PAPER,
        reverse_features=LABELLED_ONLY if (frame["reverse_features"] == LABELLED_ONLY).any() else COMPUTED,
        methods=() if methods >= set(METHODS) else tuple(m for m in METHODS if m in methods),
        given=tuple(dict.fromkeys(str(m) for m in frame["method"] if m not in METHODS)),
    )


def read_facts(file: Path) -> RunFacts:
    """:func:`run_facts` of a file of ours, of which only the columns that say them are read; a damaged one is an
    :class:`InputError`."""
    words = dict.fromkeys((c for c in FACT_COLUMNS if c not in ("base", *COUNTS)), "category")
    columns, empty = list(FACT_COLUMNS), {"base": [""]}
    try:
        frame = pd.read_csv(file, usecols=columns, keep_default_na=False, na_values=empty, dtype=words)
    except (OSError, ValueError) as error:
        raise InputError(f"{file} cannot be read as benchmark results: {error}.") from error
    return run_facts(unguarded_table(frame))


COUNTS = ("neg_ratio", "max_pos", "seed")
FACT_COLUMNS = (
    *("protocol", "backbone", "weights", "translator", "method", "context", "background", "base", "grid"),
    *("reverse_features", "test_set", "gene_set", "sampler", *COUNTS),
)


def benchmark_command(facts: RunFacts, out: str) -> str:
    """The line of ``ugrn benchmark`` that makes a run again."""
    weights = NONE if facts.backbone == NONE else facts.weights[0] if len(facts.weights) == 1 else "both"
    backbone, ending = facts.backbone, f"-{RANDOM_TRANSFORMER.replace('_', '-')}"
    if backbone.endswith(ending):
        backbone, weights = backbone.removesuffix(ending), RANDOM_TRANSFORMER
    line = [
        *("ugrn", "benchmark", "--table", str(facts.table)),
        *(() if backbone == NONE else ("--backbone", backbone)),
        *("--gene-set", facts.gene_set),
        *(() if facts.context == NONE else ("--context", facts.context)),
        *("--sampler", facts.sampler, "--max-pos", str(facts.max_pos), "--seeds", str(facts.seeds)),
        *(("--weights", weights) if weights != "both" else ()),
        *(("--scores", f"{facts.given[0]}.csv", "--name", facts.given[0]) if len(facts.given) == 1 else ()),
        *(("--max-sources", str(facts.max_sources)) if facts.max_sources else ()),
        *(("--test-sets", ",".join(facts.test_sets)) if facts.test_sets else ()),
        *(("--methods", ",".join(facts.methods)) if facts.methods else ()),
        *(() if facts.base is None else ("--base", f"{facts.base:g}", "--grid", facts.grid.replace(" ", ","))),
        *(("--background", facts.background) if facts.background not in (NONE, "fixed") else ()),
        *(("--translator", facts.translator) if facts.translator != PAPER else ()),
        *(("--reverse-features", facts.reverse_features) if facts.reads_labels else ()),
        *("--out", out),
    ]
    return shlex.join(line)


def _only(frame: pd.DataFrame, column: str) -> str:
    """The one value of a column."""
    found = [str(v) for v in frame[column].unique()]
    if len(found) != 1:
        raise InputError(
            f"the results are of several runs: {column} is {', '.join(found[:4]) or 'nothing'}. Put each run into a "
            "file of its own."
        )
    return found[0]
