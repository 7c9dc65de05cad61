"""Positive control: the whole pipeline on circuits whose arrows are known.

Cells of many circuits are simulated, two backbones are trained on all of them, one for each way of estimating what is
taught, their sweeps become pair features, translators learn the arrows of some circuits and are asked about others. Of
those the backbones have seen cells, and nobody an arrow. Beside them stand scores from the cells alone, the same
translators on what is taught, and the same pipeline on weights that were never trained.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from ugrn_core.backbones.backbone import TransformerBackbone, random_twin
from ugrn_core.circuits.control_case import (
    TASKS,
    Condition,
    Pairs,
    PartFeatures,
    Task,
    cell_features,
    circuit_of,
    curve_features,
    drawn_cells,
    drawn_pairs,
    regression_features,
    rival_scores,
    rival_tables,
    score_features,
    standardised,
)
from ugrn_core.circuits.joint import Checkpoint, Group, train_together
from ugrn_core.circuits.means import FITS, ConditionalMeans, Fit
from ugrn_core.circuits.training import BASE, GRID, TrainingSettings, as_backbone
from ugrn_core.errors import stop_if
from ugrn_core.store import Store
from ugrn_core.types import Cancel, Progress, SweepSettings, part_of

Weights = Literal["trained", "random"]
WEIGHTS: dict[Weights, str] = {
    "trained": "trained on the cells",
    "random": "all drawn by lot",
}
BACKBONES: dict[Weights, tuple[Fit, ...]] = {
    "trained": tuple(FITS),
    "random": ("dense",),
}
"""Backbones of each kind of weights by what they are taught; where all is drawn by lot, one is enough."""

UNIT = "standardised"
SCHEMA = 5
TRAINING = TrainingSettings(
    steps=120, warmup=20, learning_rate=2e-5, tokens=800, width=600, n_heads=12, n_layers=1, ff_width=64
)
"""A backbone of about 2.6 million shared weights and 600 a gene; it begins close to what it is taught."""

Named = tuple[int, int]
"""A circuit: its number of measured genes and its seed."""

SIZES = (50, 100, 200, 50, 100, 50, 50, 100, 50, 50, 100, 50, 50)
"""Genes of the circuits that are asked about; the first few have some of each size."""


@dataclass(frozen=True)
class ControlRequest:
    """Circuits that translators learn from, and those they are asked about."""

    train: tuple[Named, ...] = tuple((50, seed) for seed in range(1, 13))
    test: tuple[Named, ...] = tuple(zip(SIZES, range(701, 701 + len(SIZES)), strict=True))
    conditions: tuple[Condition, ...] = (Condition(), Condition("perturbed"), Condition("observed", True))
    fewer: int | None = 4
    n_cells: int = 2000
    training: TrainingSettings = TRAINING
    seeds: int = 3
    resamples: int = 1000

    def asked(self, condition: Condition) -> tuple[Named, ...]:
        """Circuits that are asked about: all under the first condition, the first :attr:`fewer` under others."""
        return self.test if condition == self.conditions[0] else self.test[: self.fewer]

    def circuits(self, condition: Condition) -> tuple[Named, ...]:
        """All of them, those of the training first."""
        return (*self.train, *self.asked(condition))


@dataclass(frozen=True)
class ControlCase:
    """One circuit with its pairs a task, features by weights, what the backbone is taught, probe, context and task, and
    scores by rival and task.

    The others are for translators without a model: ``cell_features`` and ``score_features`` by task, and the parts of
    the regressions by fit, probe, context and task.
    """

    pairs: Mapping[Task, Pairs]
    features: Mapping[tuple[Weights, Fit, str, str, Task], np.ndarray]
    cell_features: Mapping[Task, np.ndarray]
    score_features: Mapping[Task, np.ndarray]
    regression: Mapping[tuple[Fit, str, str, Task], np.ndarray]
    scores: Mapping[tuple[str, Task], np.ndarray]


def run_control(
    request: ControlRequest,
    store: Store | None = None,
    *,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> pd.DataFrame:
    """The long frame of :func:`ugrn_core.circuits.control_frame.judged`, all conditions.

    Cells, scores of rivals, the backbone after every few hundred steps, and features are kept in ``store``, so that a
    run that was stopped goes on. Cost: about ten minutes of one idle core a condition.
    """
    from ugrn_core.circuits.control_frame import judged

    frames = []
    for n, condition in enumerate(request.conditions):
        within = part_of(progress, n / len(request.conditions), (n + 1) / len(request.conditions))
        learnt, asked = condition_cases(request, condition, store, progress=within, cancel=cancel)
        frames.append(judged(request, condition, learnt, asked))
    return pd.concat(frames, ignore_index=True)


def condition_cases(
    request: ControlRequest,
    condition: Condition,
    store: Store | None = None,
    *,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> tuple[list[ControlCase], list[ControlCase]]:
    """Everything that is known of each circuit, those of the training and those of the test."""
    run = _Run(request, condition, store, progress, cancel)
    models = run.models(0.1, 0.5)
    cases = []
    for n, named in enumerate(run.circuits):
        run.say(0.5 + 0.5 * n / len(run.circuits), f"circuit {n + 1} of {len(run.circuits)}, {named[0]} genes")
        cases.append(run.case(named, models))
    return cases[: len(request.train)], cases[len(request.train) :]


def lesson_pairs(request: ControlRequest, store: Store | None = None) -> dict[str, np.ndarray]:
    """The pairs of lesson 4: responses both ways of unordered pairs, float16, and labels; the first condition.

    ``train_x, train_y`` from the circuits a translator learns from, ``test_x, test_y`` from the others.
    """
    parts: dict[str, np.ndarray] = {}
    both = condition_cases(request, request.conditions[0], store)
    for name, cases in zip(("train", "test"), both, strict=True):
        rows = [
            np.hstack([c.features["trained", "dense", "VVP", w, "unordered"] for w in ("pair", "full")]) for c in cases
        ]
        parts[f"{name}_x"] = np.vstack(rows).astype(np.float16)
        parts[f"{name}_y"] = np.concatenate([c.pairs["unordered"].labels for c in cases]).astype(np.float16)
    return parts


@dataclass(frozen=True)
class _Run:
    """One condition; everything it computes is kept by what it depends on."""

    request: ControlRequest
    condition: Condition
    store: Store | None
    progress: Progress | None = None
    cancel: Cancel | None = None

    @property
    def circuits(self) -> tuple[Named, ...]:
        return self.request.circuits(self.condition)

    def say(self, share: float, words: str) -> None:
        stop_if(self.cancel, "The control was stopped; what is finished is kept.")
        if self.progress is not None:
            self.progress(share, f"{self.condition.cells}, {words}")

    def cells(self, named: Named) -> np.ndarray:
        """Measured cells (cell, gene), log1p."""
        n_genes, seed = named
        circuit = circuit_of(n_genes, seed, self.condition)

        def drawn() -> Checkpoint:
            return {"cells": drawn_cells(circuit, self.condition, self.request.n_cells, seed)}

        return self._kept(self._key("cells", named), drawn)["cells"]

    def groups(self, start: float, end: float) -> list[Group]:
        """Genes of all circuits under names of their own, and their cells as the backbone sees them."""
        found = []
        for n, named in enumerate(self.circuits):
            self.say(start + (end - start) * n / len(self.circuits), f"cells of {named[0]} genes")
            found.append((self.genes(named), standardised(self.cells(named))))
        return found

    def genes(self, named: Named) -> tuple[str, ...]:
        """Names that no other circuit has."""
        measured = circuit_of(*named, self.condition).measured
        return tuple(f"{named[0]}-{named[1]}.{gene}" for gene in measured)

    def models(self, start: float, end: float) -> dict[tuple[Weights, Fit], TransformerBackbone]:
        """The backbones, and one of random weights."""
        groups = self.groups(0.0, start)
        models: dict[tuple[Weights, Fit], TransformerBackbone] = {}
        for n, fit in enumerate(FITS):
            at, until = (start + (end - start) * (n + part) / len(FITS) for part in (0, 1))
            models["trained", fit] = self._taught(fit, groups, part_of(self.progress, at, until))
        models["random", "dense"] = random_twin(models["trained", "dense"])
        return models

    def _taught(self, fit: Fit, groups: list[Group], progress: Progress | None) -> TransformerBackbone:
        """The backbone that is taught one fit."""

        def kept(chunk: int) -> Checkpoint | None:
            return None if self.store is None else self.store.get(self._backbone_key(fit, chunk))

        def keep(chunk: int, state: Checkpoint) -> None:
            if self.store is not None:
                self.store.put(self._backbone_key(fit, chunk), state)

        settings, taught = self.request.training, [self.means(named, fit) for named in self.circuits]
        trained = train_together(groups, settings, taught, kept=kept, keep=keep, progress=progress, cancel=self.cancel)
        return as_backbone(trained, f"circuits, {fit}", UNIT)

    def case(self, named: Named, models: Mapping[tuple[Weights, Fit], TransformerBackbone]) -> ControlCase:
        """What is known of a circuit."""
        circuit = circuit_of(*named, self.condition)
        pairs: dict[Task, Pairs] = {task: drawn_pairs(circuit, task, named[1]) for task in TASKS}
        features: dict[tuple[Weights, Fit, str, str, Task], np.ndarray] = {}
        for (weights, fit), model in models.items():
            key = self._key(f"features {weights}, {fit}", named, self.request.training, self.circuits)
            found = self._kept(key, lambda m=model: _flat(self._features(named, m, pairs)))
            features |= {(weights, fit, *part): array for part, array in _by_part(found).items()}
        regression: dict[tuple[Fit, str, str, Task], np.ndarray] = {}
        for fit in FITS:
            found = regression_features(self.means(named, fit), pairs)
            regression |= {(fit, *part): array for part, array in found.items()}
        cells, tables = self.cells(named), self.rivals(named)
        return ControlCase(
            pairs,
            features,
            {task: cell_features(cells, pairs[task]) for task in TASKS},
            {task: score_features(tables, pairs[task]) for task in TASKS},
            regression,
            {(name, task): rival_scores(t, pairs[task], task) for name, t in tables.items() for task in TASKS},
        )

    def means(self, named: Named, fit: Fit) -> ConditionalMeans:
        """What a backbone is taught of a circuit."""
        key = self._key(f"means {fit}", named)
        return ConditionalMeans(
            **self._kept(key, lambda: dict(vars(ConditionalMeans.of(standardised(self.cells(named)), fit))))
        )

    def rivals(self, named: Named) -> dict[str, np.ndarray]:
        """Tables of all rivals by name."""
        circuit = circuit_of(*named, self.condition)
        return self._kept(self._key("rivals", named), lambda: rival_tables(circuit, self.cells(named)))

    def _features(
        self, named: Named, model: TransformerBackbone, pairs: Mapping[Task, Pairs]
    ) -> dict[tuple[str, str, Task], np.ndarray]:
        return curve_features(model, self.genes(named), pairs, SweepSettings(BASE, GRID))

    def _backbone_key(self, fit: Fit, chunk: int) -> str:
        return self._key(f"backbone {fit}, {chunk}", self.request.training, self.circuits)

    def _key(self, part: str, *more: Any) -> str:
        asked = {"schema": SCHEMA, "part": part, **asdict(self.condition), "n_cells": self.request.n_cells}
        asked["more"] = [asdict(m) if isinstance(m, TrainingSettings) else m for m in more]
        return hashlib.sha256(f"circuit control {json.dumps(asked, sort_keys=True)}".encode()).hexdigest()

    def _kept(self, key: str, compute: Callable[[], Checkpoint]) -> Checkpoint:
        found = None if self.store is None else self.store.get(key)
        if found is None:
            found = compute()
            if self.store is not None:
                self.store.put(key, found)
        return found


def _flat(features: Mapping[tuple[str, str, Task], np.ndarray]) -> Checkpoint:
    return {"|".join(key): array for key, array in features.items()}


def _by_part(flat: Checkpoint) -> PartFeatures:
    """What :func:`_flat` made one level."""
    parts = ((name.split("|"), array) for name, array in flat.items())
    return {(probe, context, _task(task)): array for (probe, context, task), array in parts}


def _task(name: str) -> Task:
    return next(task for task in TASKS if task == name)
