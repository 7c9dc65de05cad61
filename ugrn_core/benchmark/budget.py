"""What a run will cost, said before it starts: pairs, passes of the model, trainings, and seconds on this machine.

Seconds come from small trials: pairs computed through the store (so that what is there counts), one training.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ugrn_core.benchmark.features import ANYWHERE, FeatureCache, both_directions, pairs_by_place
from ugrn_core.benchmark.results import NONE
from ugrn_core.benchmark.run import Contestant, Run
from ugrn_core.estimate import estimate
from ugrn_core.methods.catalogue import trained_parts
from ugrn_core.methods.marginal import REFERENCE
from ugrn_core.methods.method import Method, Source
from ugrn_core.stored_sweep import directed_pairs
from ugrn_core.sweep import sweep_pairs
from ugrn_core.time_left import duration
from ugrn_core.translators.kinds import KINDS, Kind

TRIAL_PAIRS = 96
TRIAL_STEPS = 32
BLOCK_SECONDS = 0.02
"""Scores and metrics of one test by one method, about."""


@dataclass(frozen=True)
class Budget:
    """Cost of what a contestant still has to do. ``pairs`` are directed, seconds an estimate for this machine."""

    name: str
    weights: str
    pairs: int
    passes: int
    trainings: int
    blocks: int
    feature_seconds: float
    training_seconds: float

    @property
    def seconds(self) -> float:
        return self.feature_seconds + self.training_seconds

    def sentence(self) -> str:
        """The budget in plain words."""
        who = "methods without a model" if self.name == NONE else f"{self.name} ({self.weights})"
        if not self.blocks:
            return f"{who}: nothing left to do."
        return (
            f"{who}: {self.blocks:,} blocks, {self.pairs:,} directed pairs, {self.passes:,} passes, "
            f"{self.trainings:,} trainings, about {duration(self.seconds)}."
        )


def budget(run: Run, contestant: Contestant) -> Budget:
    """Budget of a contestant; runs trials of a second or two."""
    units, samples, methods = run.pending(contestant)
    blocks = sum(len(run.todo(unit)) for unit in units)
    if contestant.backbone is None or not units:
        return Budget(contestant.name, contestant.weights, 0, 0, 0, blocks, 0.0, BLOCK_SECONDS * blocks)
    bank = run.bank(contestant.backbone)
    pairs = {place: both_directions(found) for place, found in pairs_by_place(samples, bank.surroundings).items()}
    sources: set[Source] = {m.source for m in methods if m.curves}
    passes, seconds = 0, 0.0
    for place, asked in pairs.items():
        cost = _pair_cost(bank, asked, sources) if place == ANYWHERE else _cell_cost(bank, place, asked)
        passes, seconds = passes + cost[0], seconds + cost[1]
    parts = {p.name: p for m in run.methods(contestant) for p in trained_parts(m)}
    steps = sum(-(-len(run.samples.train(u.split, u.neg_ratio, u.seed).pairs) // 128) for u in units)
    kind = KINDS[run.request.translator]
    a_step = sum(_step_seconds(part, bank, kind) for part in parts.values())
    training = steps * (kind.epochs or 1) * a_step + BLOCK_SECONDS * blocks
    n_pairs = sum(map(len, pairs.values()))
    return Budget(
        contestant.name, contestant.weights, n_pairs, passes, len(units) * len(parts), blocks, seconds, training
    )


def _pair_cost(bank: FeatureCache, pairs: Sequence[tuple[str, str]], sources: set[Source]) -> tuple[int, float]:
    """Passes and seconds of the pair context: the curves, and the reference pairs behind the gene level."""
    a_pair = len(bank.surroundings.settings.grid) + 1
    chosen = np.random.default_rng(0).permutation(len(pairs))[:TRIAL_PAIRS]
    trial = [pairs[i] for i in chosen]
    settings = bank.surroundings.settings
    passes, seconds = 0, 0.0
    sweep_pairs(bank.backbone, trial[:8], settings)  # warms up
    if "curves" in sources:
        cell = bank.surroundings.cell(ANYWHERE)
        rate = _timed(lambda: directed_pairs(bank.backbone, trial, cell, settings, bank.store)) / len(trial)
        passes, seconds = passes + a_pair * len(pairs), seconds + rate * len(pairs)
    if "gene level" in sources:
        rate = _timed(lambda: sweep_pairs(bank.backbone, trial, settings)) / len(trial)
        n_reference = 2 * REFERENCE * len({g for pair in pairs for g in pair})
        passes, seconds = passes + a_pair * n_reference, seconds + rate * n_reference
    return passes, seconds


def _cell_cost(bank: FeatureCache, place: str, pairs: Sequence[tuple[str, str]]) -> tuple[int, float]:
    """Passes and seconds of a full context: every gene of a pair and of the reference is a source."""
    n_genes = len(bank.surroundings.genes[place])
    n_sources = min(len({s for s, _ in pairs}) + REFERENCE, n_genes)
    cost = estimate(bank.backbone, n_genes + 1, n_sources * len(bank.surroundings.settings.grid))
    return cost.passes, cost.seconds


def _step_seconds(method: Method, bank: FeatureCache, kind: Kind) -> float:
    """Seconds for 128 pairs of an epoch of its training, or of a training without epochs."""
    symbols = bank.backbone.vocabulary.symbols[:2]
    beside = () if method.reading is None else method.reading.beside
    width = 2 * len(method.curves) * len(bank.surroundings.settings.grid)
    width += sum(b.features(bank.backbone, [(symbols[0], symbols[1])]).shape[1] for b in beside)
    rng = np.random.default_rng(0)
    x = rng.standard_normal((128 * TRIAL_STEPS, width or 2), dtype=np.float32)
    y = np.arange(len(x)) % 2
    return _timed(lambda: kind.train(x, y, seed=0, epochs=kind.epochs and 1)) / TRIAL_STEPS


def _timed(work) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
