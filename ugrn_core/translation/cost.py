"""What the training of a translator will take, said before it starts."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.estimate import estimate
from ugrn_core.methods.catalogue import reads_curves
from ugrn_core.sweep import sweep_pairs
from ugrn_core.translation.training_set import TrainingSet, TrainRequest
from ugrn_core.translators.kinds import Kind, kind_of
from ugrn_core.translators.schema import PARTS, FeatureSchema, feature_schema
from ugrn_core.types import SweepSettings

TRIAL_PAIRS = 96
TRIAL_ROWS = 2048


@dataclass(frozen=True)
class TrainingCost:
    """``pairs`` different pairs, each swept in both directions; seconds of sweeps (nothing stored) and of training."""

    pairs: int
    trainings: int
    sweep_seconds: float
    training_seconds: float

    @property
    def seconds(self) -> float:
        return self.sweep_seconds + self.training_seconds


def training_cost(backbone: Backbone, request: TrainRequest, material: TrainingSet) -> TrainingCost:
    """Cost by short trials of a sweep and of a training epoch on this machine; stored sweeps make it less."""
    samples = [*material.members, *(sample for j in material.held_out for sample in j.samples)]
    pairs = {pair for sample in samples for pair in sample.pairs}
    settings = request.settings or SweepSettings(backbone.card.base, backbone.card.grid)
    parts = len(PARTS[request.method])
    groups = {j.group: j.trains for j in material.held_out if j.trains}
    trained = [*material.members, *(sample for trains in groups.values() for sample in trains)]
    rows, trainings = parts * sum(len(sample.labels) for sample in trained), parts * len(trained)
    kind = kind_of(request.kind)
    epoch = _training_seconds(2 * len(settings.grid), kind) / TRIAL_ROWS
    epochs = request.epochs or kind.epochs or 1
    schema = feature_schema(backbone, request.method, request.context, settings)
    sweeps = sweep_seconds(backbone, schema, len(pairs), [len(genes) for genes in material.genes.values()])
    return TrainingCost(len(pairs), trainings, sweeps, rows * epochs * epoch)


def sweep_seconds(backbone: Backbone, schema: FeatureSchema, n_pairs: int, set_sizes: Sequence[int]) -> float:
    """Seconds for the features of pairs in both directions, or in a full context of all genes of every data set."""
    settings = schema.settings
    if not reads_curves(schema.parts):
        return 0.0
    if schema.context == "full":
        return sum(estimate(backbone, n + 1, n * len(settings.grid)).seconds for n in set_sizes)
    symbols = backbone.vocabulary.symbols
    trial = [(symbols[i], symbols[-1 - i]) for i in range(min(TRIAL_PAIRS, len(symbols) // 2))]
    sweep_pairs(backbone, trial[:8], settings)  # warms up
    started = time.perf_counter()
    sweep_pairs(backbone, trial, settings)
    return 2 * n_pairs * (time.perf_counter() - started) / len(trial)


def _training_seconds(n_features: int, kind: Kind) -> float:
    """Seconds of one epoch over ``TRIAL_ROWS`` rows, or of the whole training of a kind without epochs."""
    features = np.random.default_rng(0).normal(size=(TRIAL_ROWS, n_features)).astype(np.float32)
    started = time.perf_counter()
    kind.train(features, (features[:, 0] > 0).astype(np.int8), seed=0, epochs=kind.epochs and 1)
    return time.perf_counter() - started
