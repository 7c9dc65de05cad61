"""All candidate pairs at the share of edges that there really is, instead of as many negatives as positives.

Methods are trained as in Table 1. A test ranks every pair of a listed regulator and a gene of the data set, without the
pairs whose label training showed: all edges of the training network, and the negatives that were drawn of it in any
seed. Every score has an interval over sources (a bootstrap that draws regulators) and one over seeds, and two methods
are compared on the same resamples.
"""

from __future__ import annotations

import shlex
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import wilcoxon

from ugrn_core.beeline.networks import Edge, Network, Row
from ugrn_core.benchmark.metrics import HEAD, Ranking, Resampled, head, paired, resampled, source_weights
from ugrn_core.benchmark.protocols import Split, protocol
from ugrn_core.benchmark.request import Samples
from ugrn_core.benchmark.results import NONE
from ugrn_core.benchmark.run import Contestant, Run
from ugrn_core.benchmark.sampling import LabelledPairs
from ugrn_core.benchmark.scoring import Scored, TrainedUnit
from ugrn_core.errors import InputError, stop_if
from ugrn_core.methods.catalogue import METHODS, trained_parts
from ugrn_core.methods.method import Method
from ugrn_core.spreadsheet import unguarded_table
from ugrn_core.translators.kinds import KINDS, PAPER, KindName
from ugrn_core.types import Cancel, Progress, part_of

PROTOCOL = "prevalence"
RESAMPLES = 200
PREVALENCE_COLUMNS = (
    *("protocol", "backbone", "weights", "objective", "translator", "method", "context", "train_sets"),
    *("train_network", "test_set", "test_network", "gene_set", "max_pos", "seeds", "metric", "value", "low", "high"),
    *("seed_low", "seed_high", "resamples", "n_pos", "n_candidates", "n_sources", "prevalence", "n_excluded"),
    *("coverage", "status", "reason"),
)
PAIRED_COLUMNS = (
    *("test_set", "test_network", "metric", "method_a", "method_b", "value_a", "value_b", "difference", "low"),
    *("high", "p", "kind", "n"),
)
ALL_TESTS = "all"
"""Test of the lines that compare two methods over all tests at once."""


@dataclass
class Candidates(Samples):
    """The samples of a run whose tests are all candidate pairs; training is drawn as ever."""

    _whole: dict[tuple[Row, Split], LabelledPairs] = field(default_factory=dict)

    def test(self, row: Row, neg_ratio: int, seed: int) -> LabelledPairs:
        """All candidates of a test row, whatever the ratio and the seed."""
        split = next(s for s in self.request.splits if row in s.tests)
        if (row, split) not in self._whole:
            self._whole[row, split] = candidates(self.networks[row], self.told(split))
        return self._whole[row, split]

    def train(self, split: Split, neg_ratio: int, seed: int) -> LabelledPairs:
        """Pairs of a training, which is of one row here."""
        return Samples.test(self, split.train[0], neg_ratio, seed)

    def told(self, split: Split) -> frozenset[Edge]:
        """Pairs whose label training showed: edges, drawn or not, and the negatives of every seed."""
        drawn = [self.train(split, 1, seed) for seed in range(self.request.seeds)]
        return self.train_edges(split).union(*(sample.pairs for sample in drawn))


def candidates(network: Network, told: frozenset[Edge]) -> LabelledPairs:
    """Every (listed regulator, gene) of a network but self pairs and those in ``told``, labelled."""
    edges = set(network.edges)
    pairs = tuple((s, t) for s in network.tfs for t in network.genes if s != t and (s, t) not in told)
    labels = np.array([pair in edges for pair in pairs], np.int8)
    return LabelledPairs(pairs, labels, (network.row.data_set,) * len(pairs))


@dataclass(frozen=True)
class Entry:
    """What one method did on one test: who it is, its resampled scores (None: it has none) and those of each seed."""

    about: dict[str, Any]
    name: str
    row: Row
    result: Resampled | None
    by_seed: np.ndarray


def run_prevalence(
    run: Run,
    contestants: Sequence[Contestant],
    resamples: int = RESAMPLES,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
    kinds: Sequence[KindName] = (PAPER,),
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Frames of scores (``PREVALENCE_COLUMNS``) and of comparisons of two methods (``PAIRED_COLUMNS``).

    The run's samples are :class:`Candidates`. What is trained is trained by each of ``kinds`` of translator, on the
    same features. A run that is stopped starts again; its features are in the store.
    """
    if not isinstance(run.samples, Candidates):
        raise ValueError("prevalence is of all candidates")
    entries: list[Entry] = []
    for n, contestant in enumerate(contestants):
        part = part_of(progress, n / len(contestants), (n + 1) / len(contestants))
        entries += _of_contestant(run, contestant, kinds, resamples, part, cancel)
    lines = [line for entry in entries for line in _lines(entry)]
    return pd.DataFrame(lines, columns=list(PREVALENCE_COLUMNS)), _comparisons(entries)


def _of_contestant(
    run: Run,
    contestant: Contestant,
    kinds: Sequence[KindName],
    resamples: int,
    progress: Progress | None,
    cancel: Cancel | None,
) -> list[Entry]:
    units, samples, methods = run.pending(contestant)
    bank, start = None, 0.0
    if contestant.backbone is not None and units:
        bank, start = run.bank(contestant.backbone), 0.7
        bank.prepare(samples, methods, part_of(progress, 0.0, start), cancel)
    units = units if bank is not None else units[:1]  # what is not trained has no seeds
    runs = [replace(run, request=replace(run.request, translator=kind)) for kind in (kinds if bank else kinds[:1])]
    trained = [(r, [TrainedUnit(r, unit, bank, cancel) for unit in units]) for r in runs]
    found = []
    rows = [row for split in run.request.splits for row in split.tests]
    for n, row in enumerate(rows):
        for k, (of_kind, nets) in enumerate(trained):
            stop_if(cancel, "Stopped on request; features are kept.")
            tests = [Scored(of_kind, u, row, t) for u, t in zip(units, nets, strict=True) if row in u.split.tests]
            chosen = [m for m in run.methods(contestant) if k == 0 or trained_parts(m)]
            found += [_entry(of_kind, tests, method, row, resamples) for method in chosen]
        if progress:
            progress(start + (1 - start) * (n + 1) / len(rows), f"{contestant.name}: {n + 1} of {len(rows)} tests")
    return found


def _entry(run: Run, tests: list[Scored], method: Method, row: Row, resamples: int) -> Entry:
    """One method on one test; a method that draws nothing is scored with the first seed only."""
    tests = tests if trained_parts(method) else tests[:1]
    sample = tests[0].sample
    number = {s: i for i, s in enumerate(sorted({s for s, _ in sample.pairs}))}
    sources = np.array([number[s] for s, _ in sample.pairs], int)
    scored = [t.scores(method) for t in tests]
    status, reason = scored[0][1:]
    rankings = [Ranking.of(sample.labels, s, sources) for s, _, _ in scored if s is not None]
    if rankings and not 0 < sample.n_pos < len(sample.labels):
        rankings, status, reason = [], "too_few", f"{sample.n_pos} edges among {len(sample.labels)} candidates"
    seed = [0, zlib.crc32(f"{row.network}|{row.data_set}|sources".encode())]
    result = resampled(rankings, source_weights(len(number), resamples, seed)) if rankings else None
    by_seed = np.array([head(r) for r in rankings]) if rankings else np.full((1, len(HEAD)), np.nan)
    first = tests[0].rows(method, None, status, reason)[0]
    kept = ("backbone", "weights", "objective", "translator", "method", "context", "train_sets", "train_network")
    network = run.samples.networks[row]
    about = {c: first[c] for c in kept} | {
        "protocol": PROTOCOL,
        "test_set": row.data_set,
        "test_network": row.network,
        "gene_set": run.request.gene_set,
        "max_pos": run.request.max_pos or 0,
        "seeds": len(tests),
        "resamples": resamples,
        "n_pos": sample.n_pos,
        "n_candidates": len(sample.labels),
        "n_sources": len(number),
        "prevalence": sample.n_pos / len(sample.labels) if len(sample.labels) else np.nan,
        "n_excluded": len(network.tfs) * (len(network.genes) - 1) - len(sample.labels),
        "coverage": float(tests[0].covered(method, scored[0][0]).mean()) if sample.pairs else np.nan,
        "status": status,
        "reason": reason,
    }
    return Entry(about, shown_name(about), row, result, by_seed)


def _lines(entry: Entry) -> list[dict[str, Any]]:
    """The rows of an entry, one a score."""
    value = np.full(len(HEAD), np.nan) if entry.result is None else entry.result.value
    low, high = np.full((2, len(HEAD)), np.nan) if entry.result is None else entry.result.interval()
    seeds = entry.by_seed.min(0), entry.by_seed.max(0)
    numbers = zip(HEAD, value, low, high, *seeds, strict=True)
    names = ("metric", "value", "low", "high", "seed_low", "seed_high")
    return [entry.about | dict(zip(names, line, strict=True)) for line in numbers]


def _comparisons(entries: Sequence[Entry]) -> pd.DataFrame:
    """Every two methods on every test by the bootstrap over sources, and over all tests by Wilcoxon's signed ranks."""
    scored = {(e.name, e.row): e.result for e in entries if e.result is not None}
    names = list(dict.fromkeys(e.name for e in entries))
    rows = list(dict.fromkeys(e.row for e in entries))
    lines: list[tuple[Any, ...]] = []
    for a, b in combinations(names, 2):
        both = [(row, scored[a, row], scored[b, row]) for row in rows if (a, row) in scored and (b, row) in scored]
        for row, one, other in both:
            found = paired(one, other)
            values = zip(HEAD, one.value, other.value, *found.values(), strict=True)
            lines += [(row.data_set, row.network, m, a, b, *v, "sources", len(one.drawn)) for m, *v in values]
        if both:
            ours, theirs = np.array([o.value for _, o, _ in both]), np.array([o.value for _, _, o in both])
            lines += [_over_tests(m, a, b, ours[:, i], theirs[:, i]) for i, m in enumerate(HEAD)]
    return pd.DataFrame(lines, columns=list(PAIRED_COLUMNS))


def _over_tests(metric: str, a: str, b: str, ours: np.ndarray, theirs: np.ndarray) -> tuple[Any, ...]:
    """Two methods over all tests that have both: mean difference, and p of the signed ranks (NaN below six tests)."""
    there = ~np.isnan(ours) & ~np.isnan(theirs)
    ours, theirs = ours[there], theirs[there]
    difference = ours - theirs
    p = float(wilcoxon(difference).pvalue) if len(difference) >= 6 and difference.any() else np.nan
    means = [float(v.mean()) if len(v) else np.nan for v in (ours, theirs, difference)]
    spread = (float(difference.min()), float(difference.max())) if len(difference) else (np.nan, np.nan)
    return (ALL_TESTS, ALL_TESTS, metric, a, b, *means, *spread, p, "tests", len(difference))


def check_resamples(resamples: int) -> None:
    """Refuse a number of resamples that gives no interval."""
    if not 20 <= resamples <= 10_000:
        raise InputError(f"--resamples is {resamples}; expected 20 to 10,000.")


def shown_name(about: Mapping[str, Any]) -> str:
    """A method as it is shown and compared: with its weights and its translator, where they are not the usual ones."""
    twin = " (random weights)" if about["weights"] == "random" else ""
    kind = str(about["translator"])
    return f"{about['method']}{f' ({kind})' if kind not in (NONE, PAPER) else ''}{twin}"


def named(frame: pd.DataFrame) -> pd.DataFrame:
    """A frame of scores with a column ``name``, :func:`shown_name` of each row."""
    parts = frame[["method", "weights", "translator"]].to_dict("records")
    return frame.assign(name=[shown_name(part) for part in parts])


def head_table(frame: pd.DataFrame) -> pd.DataFrame:
    """Values with their intervals over sources as text: a row a test and method, a column a score of ``HEAD``."""
    scored = named(frame[frame["value"].notna()])
    text = (
        scored["value"].map("{:.3f}".format)
        + scored["low"].map(" [{:.3f},".format)
        + scored["high"].map(" {:.3f}]".format)
    )
    keys = ["test_network", "test_set", "method"]
    wide = scored.assign(method=scored["name"], text=text).pivot(index=keys, columns="metric", values="text")
    order = list(dict.fromkeys(zip(scored["test_network"], scored["test_set"], scored["name"], strict=True)))
    return wide.reindex(order)[list(HEAD)].rename_axis(columns=None).reset_index()


def prevalence_line(frame: pd.DataFrame, out: str, peers: Path | None = None) -> str:
    """The line of ``ugrn benchmark prevalence`` that makes a frame of scores again."""
    model = frame[frame["backbone"] != NONE]
    weights, first = list(dict.fromkeys(model["weights"])), frame.iloc[0]
    kinds = [kind for kind in KINDS if kind in set(frame["translator"])]
    tested = tuple(dict.fromkeys(map(str, frame["test_set"])))
    whole = {row.data_set for split in protocol(1).splits for row in split.tests}
    line = [
        *("ugrn", "benchmark", "prevalence"),
        *(("--backbone", str(model["backbone"].iloc[0])) if len(model) else ()),
        *("--gene-set", str(first["gene_set"])),
        *("--weights", NONE if not weights else weights[0] if len(weights) == 1 else "both"),
        *(("--translator", ",".join(kinds)) if kinds else ()),
        *("--methods", ",".join(m for m in METHODS if m in set(frame["method"]))),
        *(("--test-sets", ",".join(tested)) if set(tested) != whole else ()),
        *("--max-pos", f"{float(first['max_pos']):.0f}", "--seeds", f"{frame['seeds'].astype(float).max():.0f}"),
        *("--resamples", f"{float(first['resamples']):.0f}"),
        *(("--peers", str(peers)) if peers else ()),
        *("--out", out),
    ]
    return shlex.join(line)


def paired_file(file: Path) -> Path:
    """Where the comparisons of a frame of scores are kept: beside it."""
    return file.with_name(file.name.replace(".csv", "_paired.csv", 1))


def read_prevalence(file: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both frames of :func:`run_prevalence` from their files; files with other columns are an InputError."""
    frame, compared = _read(file, PREVALENCE_COLUMNS), _read(paired_file(file), PAIRED_COLUMNS)
    if not frame["value"].notna().any():
        raise InputError(f"{file} has no score of any method; run `ugrn benchmark prevalence` again.")
    return frame, compared


def _read(file: Path, columns: Sequence[str]) -> pd.DataFrame:
    numbers = [c for c in columns if c in NUMBERS]
    try:
        frame = pd.read_csv(file, keep_default_na=False, na_values={c: [""] for c in numbers})
        frame = frame.astype({c: float for c in numbers if c in frame})
    except (OSError, ValueError) as error:
        raise InputError(f"{file} cannot be read as rankings of all candidates: {error}.") from error
    if tuple(frame.columns) != tuple(columns):
        raise InputError(
            f"{file} is no file of rankings of all candidates: its columns are {list(frame.columns)[:8]} ...; expected "
            "what `ugrn benchmark prevalence` writes."
        )
    return unguarded_table(frame)


NUMBERS = (
    *("max_pos", "seeds", "value", "low", "high", "seed_low", "seed_high", "resamples", "n_pos", "n_candidates"),
    *("n_sources", "prevalence", "n_excluded", "coverage", "value_a", "value_b", "difference", "p", "n"),
)
