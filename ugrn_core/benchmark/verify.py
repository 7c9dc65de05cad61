"""A contributed run computed again, as far as this machine can: what is the same, what differs, what was not tried.

Which pairs were drawn follows from the networks and the genes of the model; counts and every score without a model are
then computed anew, and scores of single pairs, where they were sent, give their AUPRC and AUROC again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from ugrn_core.beeline.networks import load_network
from ugrn_core.beeline.registry import missing_networks
from ugrn_core.benchmark.contributed import Contributed
from ugrn_core.benchmark.metrics import ranking_metrics
from ugrn_core.benchmark.protocols import protocol
from ugrn_core.benchmark.request import cut_network
from ugrn_core.benchmark.results import NONE
from ugrn_core.benchmark.run_facts import RunFacts, benchmark_command
from ugrn_core.benchmark.runner import frame_of_given, same_pairs
from ugrn_core.benchmark.sampling import sample_pairs
from ugrn_core.benchmark.scores import read_scores, score_files
from ugrn_core.errors import InputError
from ugrn_core.methods.catalogue import METHODS
from ugrn_core.types import Progress, Vocabulary, part_of

NEAR = 2e-6
"""Frames have six decimals; scores of pairs are float32."""
NEAR_SCORES = 1e-4
KEYS = ["train_sets", "train_network", "test_set", "test_network", "neg_ratio", "seed", "subset", "metric", "method"]
Outcome = Literal["the same", "differs", "not checked"]


@dataclass(frozen=True)
class Check:
    """One thing looked at: of which frame (empty: of the card), what, how it came out, and the numbers."""

    frame: str
    what: str
    outcome: Outcome
    said: str


@dataclass(frozen=True)
class Known:
    """What this machine knows of a model: its genes and the fingerprint of its weights, where it is here."""

    vocabulary: Vocabulary | None
    fingerprint: str | None


def verify(found: Contributed, known: Callable[[str], Known], progress: Progress | None = None) -> list[Check]:
    """All checks of a folder that was read; ``known`` says what is known here of a model by name."""
    checks = [_fingerprint(found, known(found.card.model).fingerprint)]
    for n, (stem, frame) in enumerate(found.frames.items()):
        facts = found.facts[stem]
        part = part_of(progress, n / len(found.frames), (n + 1) / len(found.frames))
        checks.append(_command(found, stem, facts))
        model = facts.backbone if facts.backbone != NONE else found.card.model
        vocabulary = known(model).vocabulary
        checks += _again(stem, frame, facts, model, vocabulary, part)
        checks.append(_scores(found.folder / "scores" / stem, stem, frame, facts, vocabulary))
        checks.append(_rest(stem, frame, checks))
    return checks


def _fingerprint(found: Contributed, here: str | None) -> Check:
    card = found.card
    if card.fingerprint is None or here is None:
        why = "the card has none" if card.fingerprint is None else f"{card.model} is not here"
        return Check("", "fingerprint of the weights", "not checked", why)
    outcome: Outcome = "the same" if card.fingerprint == here else "differs"
    return Check("", "fingerprint of the weights", outcome, f"{card.fingerprint[:12]} sent, {here[:12]} here")


def _command(found: Contributed, stem: str, facts: RunFacts) -> Check:
    """Whether the line on the card is the one that the frame asks for."""
    sent = found.card.commands.get(stem)
    if sent is None:
        return Check(stem, "command", "not checked", "the card has none of it")
    wanted = benchmark_command(facts, "OUT").removesuffix(" --out OUT")
    return Check(stem, "command", "the same" if wanted in sent else "differs", f"the frame is of: {wanted}")


def _again(
    stem: str,
    frame: pd.DataFrame,
    facts: RunFacts,
    model: str,
    vocabulary: Vocabulary | None,
    progress: Progress | None,
) -> list[Check]:
    """Counts and scores without a model, computed anew from the networks."""
    what = ("counts of every test", "scores without a model")
    if missing_networks(facts.gene_set):
        return [Check(stem, w, "not checked", "the networks are not here: ugrn fetch beeline") for w in what]
    if vocabulary is None:
        return [Check(stem, w, "not checked", f"the genes of {model} are not here") for w in what]
    methods = tuple(m.name for m in METHODS.values() if not m.needs_model and m.name in set(frame["method"]))
    if not methods:
        return [Check(stem, w, "not checked", "the frame has no score without a model") for w in what]
    ours = frame_of_given(same_pairs(facts, methods), [], vocabulary, progress=progress)
    theirs = frame[frame["method"].isin(methods) & (frame["weights"] == NONE)]
    both = ours.merge(theirs, on=KEYS, suffixes=("", "_sent"))
    lost = len(ours) + len(theirs) - 2 * len(both)
    counts = (both["n_pos"] != both["n_pos_sent"]) | (both["n_neg"] != both["n_neg_sent"])
    gap = (both["value"] - both["value_sent"]).abs()
    off = (gap > NEAR) | (both["value"].isna() != both["value_sent"].isna())
    return [
        _counted(
            stem, what[0], int(counts.sum()) + lost, len(both), f"{lost} rows stand on one side only" if lost else ""
        ),
        _counted(stem, what[1], int(off.sum()), len(both), f"by up to {gap.max():.4f}" if off.any() else ""),
    ]


def _scores(folder: Path, stem: str, frame: pd.DataFrame, facts: RunFacts, vocabulary: Vocabulary | None) -> Check:
    """AUPRC and AUROC of the scores of single pairs (first seed, as many negatives as positives)."""
    what = "values from the scores of single pairs"
    splits = protocol(facts.table).splits
    files = {split: score_files(facts, split, folder) for split in splits}
    if not any(files.values()):
        return Check(stem, what, "not checked", f"no scores were sent in scores/{stem}")
    if vocabulary is None or missing_networks(facts.gene_set):
        return Check(stem, what, "not checked", "the networks, or the genes of the model, are not here")
    n, off, most = 0, 0, 0.0
    for split in splits:
        for row in (r for r in split.tests if not facts.test_sets or r.data_set in facts.test_sets):
            network = cut_network(load_network(*row, facts.gene_set), vocabulary, facts.max_sources or None)
            sample = sample_pairs(network, sampler=facts.sampler, max_pos=facts.max_pos or None)
            for weights, file in files[split].items():
                try:
                    held = read_scores(file, row, sample.pairs)
                except InputError as error:
                    return Check(stem, what, "differs", str(error))
                for method, scores in held.items():
                    sent = frame[
                        (frame["method"] == method) & (frame["weights"] == weights) & (frame["subset"] == "all")
                        & (frame["seed"] == 0) & (frame["neg_ratio"] == 1) & (frame["test_set"] == row.data_set)
                        & (frame["test_network"] == row.network) & (frame["train_sets"] == split.train_sets)
                        & (frame["train_network"] == split.train_network)
                    ].set_index("metric")["value"]  # fmt: skip
                    by_unit = sample.by_unit(scores)
                    if pd.isna(by_unit).any():
                        return Check(stem, what, "differs", f"{file.name} is of other pairs than {row} has here")
                    again = ranking_metrics(sample.by_unit(sample.labels), by_unit)
                    gaps = [abs(again[m] - sent[m]) for m in again if m in sent and pd.notna(sent[m])]
                    n, off = n + len(gaps), off + sum(gap > NEAR_SCORES for gap in gaps)
                    most = max([most, *gaps])
    return _counted(stem, what, off, n, f"by up to {most:.4f}" if off else "")


def _rest(stem: str, frame: pd.DataFrame, checks: list[Check]) -> Check:
    """What could not be computed again here."""
    scored = any(c.frame == stem and "single pairs" in c.what and c.outcome != "not checked" for c in checks)
    model = frame[(frame["weights"] != NONE) & frame["value"].notna()]
    left = model[(model["seed"] != 0) | (model["subset"] != "all") | (model["neg_ratio"] != 1)] if scored else model
    given = frame[~frame["method"].isin(METHODS) & frame["value"].notna()]
    n = len(left) + len(given)
    return Check(stem, "values that need the model itself", "not checked", f"{n:,} of {len(frame):,} rows")


def _counted(stem: str, what: str, off: int, n: int, more: str) -> Check:
    said = f"{n - min(off, n):,} of {n:,} rows" + (f"; the others differ {more}".rstrip() if off else "")
    return Check(stem, what, "differs" if off or not n else "the same", said)
