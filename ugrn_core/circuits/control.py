"""Positive control: the whole pipeline on circuits whose arrows are known.

Cells are simulated, a backbone is trained on them, its sweep becomes pair features, a translator learns from some
circuits and is asked about others that it never met. Each circuit has a backbone of its own, as no cells are shared.
Beside it stand scores from the cells alone and the same pipeline on random weights.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score, roc_auc_score

from ugrn_core.backbones.backbone import TransformerBackbone
from ugrn_core.backbones.random_weights import random_twin
from ugrn_core.circuits.circuit import Circuit
from ugrn_core.circuits.random_circuit import random_circuit
from ugrn_core.circuits.rivals import correlation, partial_correlation, tree_importance
from ugrn_core.circuits.simulation import measured_cells, simulate
from ugrn_core.circuits.training import BASE, GRID, TrainingSettings, as_backbone, train
from ugrn_core.errors import Cancelled
from ugrn_core.probes.gdt import gdt_features
from ugrn_core.probes.vvp import vvp_features
from ugrn_core.store import Store
from ugrn_core.sweep import sweep_sources
from ugrn_core.translators.mlp import predict_logits, train_net
from ugrn_core.types import Cancel, Context, Progress, SweepSettings, part_of

Kind = Literal["observed", "perturbed"]
Task = Literal["unordered", "directed", "turned"]
TASKS: dict[Task, str] = {
    "unordered": "is there an arrow between two genes, whichever way; the order of a pair is drawn by lot",
    "directed": "does the first gene regulate the second; negatives are other genes of the same regulators",
    "turned": "which way does an arrow point; negatives are the arrows turned round",
}
OURS = "Ens of all"
CONTEXTS = ("pair", "full")
PROBES = ("VVP", "GDT")
SPECIFIC = "VVP, pair-specific"
RIVALS = ("Correlation", "Partial correlation", "Tree importance", "Tree importance, regulators known")
COLUMNS = [
    "cells", "confounded", "task", "method", "weights", "circuit", "n_genes", "measure", "value", "low", "high",
    "n_pos", "n_neg", "prior", "reversed_share",
]  # fmt: skip
SCHEMA = 2
UNIT, SPREAD = "standardised", 0.4
"""Cells are ``1 + 0.4 z`` a gene: base 1 is every gene's mean, and the grid goes 2.5 standard deviations either way."""

STEP = 0.2


TRAINING = TrainingSettings(
    steps=8000,
    learning_rate=2e-3,
    tokens=1500,
    width=48,
    kinship=1.0,
    pair_share=0.25,
    whole_share=0.35,
    mask_rate=(0.05, 0.4),
)
"""Backbones of about 35,000 weights: the pair alone and the whole cell are asked about, so both are met in training."""


@dataclass(frozen=True)
class Condition:
    """How cells come about. ``perturbed``: in half of them one regulator each is held at a level drawn by lot."""

    cells: Kind = "observed"
    confounded: bool = False


@dataclass(frozen=True)
class ControlRequest:
    """Circuits as (genes, seed): those a translator learns from, and those it is asked about."""

    train: tuple[tuple[int, int], ...] = tuple((50, seed) for seed in range(1, 7))
    test: tuple[tuple[int, int], ...] = ((50, 101), (50, 102), (100, 103), (100, 104), (200, 105))
    conditions: tuple[Condition, ...] = (Condition(), Condition("perturbed"), Condition("observed", True))
    n_cells: int = 4000
    training: TrainingSettings = TRAINING
    seeds: int = 3
    resamples: int = 500


@dataclass(frozen=True)
class Case:
    """One circuit: pairs and labels a task, and for every score a number or features a pair.

    ``pairs[task]`` (pair, 2) are places of genes, first gene first; ``features[weights, probe, context, task]`` and
    ``scores[rival, task]`` follow their order.
    """

    pairs: Mapping[Task, np.ndarray]
    labels: Mapping[Task, np.ndarray]
    features: Mapping[tuple[str, str, str, Task], np.ndarray]
    scores: Mapping[tuple[str, Task], np.ndarray]


def run_control(
    request: ControlRequest,
    store: Store | None = None,
    *,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> pd.DataFrame:
    """Long frame (:data:`COLUMNS`): AUPRC and AUROC of every method on every test circuit, and how far each stands
    below :data:`OURS` on average, with a 95 % interval over resampled pairs (the same pairs for both).

    Finished circuits are kept in ``store``, so that a run that was stopped goes on. Cost: one to two minutes a circuit
    on one core.
    """
    circuits = [*request.train, *request.test]
    frames = []
    for number, condition in enumerate(request.conditions):
        cases = []
        for at, (n_genes, seed) in enumerate(circuits):
            if cancel is not None and cancel():
                raise Cancelled("The control was stopped; finished circuits are kept.")
            done, whole = number * len(circuits) + at, len(circuits) * len(request.conditions)
            if progress is not None:
                progress(done / whole, f"circuit {done + 1} of {whole}, {n_genes} genes")
            within = part_of(progress, done / whole, (done + 1) / whole)
            cases.append(circuit_case(n_genes, seed, condition, request, store, progress=within, cancel=cancel))
        learnt, asked = cases[: len(request.train)], cases[len(request.train) :]
        for task in TASKS:
            frames.append(_judge(learnt, asked, task, condition, request))
    return pd.concat(frames, ignore_index=True)[COLUMNS]


def circuit_case(
    n_genes: int,
    seed: int,
    condition: Condition,
    request: ControlRequest,
    store: Store | None = None,
    *,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Case:
    """Everything that is asked of one circuit."""
    asked = {"schema": SCHEMA, "n_genes": n_genes, "seed": seed, **asdict(condition), "n_cells": request.n_cells}
    asked["training"] = asdict(request.training)
    key = hashlib.sha256(f"circuit control {json.dumps(asked, sort_keys=True)}".encode()).hexdigest()
    kept = None if store is None else store.get(key)
    if kept is None:
        kept = _arrays(_compute(n_genes, seed, condition, request, progress, cancel))
        if store is not None:
            store.put(key, kept)
    return _case(kept)


def lesson_pairs(request: ControlRequest, store: Store | None = None) -> dict[str, np.ndarray]:
    """The pairs of lesson 4: responses both ways of unordered pairs, float16, and labels; the first condition.

    ``train_x, train_y`` from the circuits a translator learns from, ``test_x, test_y`` from the others.
    """
    key = ("trained", "VVP", "pair", "unordered")
    parts: dict[str, np.ndarray] = {}
    for name, circuits in (("train", request.train), ("test", request.test)):
        cases = [circuit_case(n, seed, request.conditions[0], request, store) for n, seed in circuits]
        parts[f"{name}_x"] = np.vstack([case.features[key] for case in cases]).astype(np.float16)
        parts[f"{name}_y"] = np.concatenate([case.labels["unordered"] for case in cases]).astype(np.float16)
    return parts


def perturbed_levels(circuit: Circuit, n_cells: int, seed: int) -> np.ndarray:
    """Cells of a screen: in every second one a measured regulator, drawn by lot, is held at up to its full level."""
    rng = np.random.default_rng([seed, n_cells])
    regulators = [g for g in circuit.genes if g.name in regulators_of(circuit)]
    which = np.where(np.arange(n_cells) % 2 == 0, rng.integers(len(regulators), size=n_cells), -1)
    do = {
        g.name: np.where(which == i, rng.uniform(0.0, g.basal + g.most, n_cells), np.nan)
        for i, g in enumerate(regulators)
    }
    return simulate(circuit, n_cells, seed, do, step=STEP)


def regulators_of(circuit: Circuit) -> list[str]:
    """Measured genes that regulate, in order."""
    sources = {s for s, _ in circuit.edges}
    return [name for name in circuit.measured if name in sources]


def drawn_pairs(circuit: Circuit, task: Task, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Pairs (pair, 2) as places among the measured genes, and labels: all arrows, and as many negatives."""
    place = {name: i for i, name in enumerate(circuit.measured)}
    arrows = [(place[s], place[t]) for s, t in circuit.edges if s in place and t in place]
    regulators = [place[name] for name in regulators_of(circuit)]
    rng = np.random.default_rng([seed, list(TASKS).index(task)])
    if task == "turned":
        negatives = [(t, s) for s, t in arrows]
    else:
        taken = set(arrows) | ({(t, s) for s, t in arrows} if task == "unordered" else set())
        free = [(s, t) for s in regulators for t in range(len(place)) if s != t and (s, t) not in taken]
        if task == "unordered":
            free = sorted({(min(p), max(p)) for p in free})
        negatives = [free[i] for i in rng.choice(len(free), min(len(arrows), len(free)), replace=False)]
    pairs = np.array([*arrows, *negatives], np.int64)
    if task == "unordered":
        turn = rng.random(len(pairs)) < 0.5
        pairs[turn] = pairs[turn, ::-1]
    return pairs, np.repeat([1, 0], [len(arrows), len(negatives)])


def _compute(
    n_genes: int,
    seed: int,
    condition: Condition,
    request: ControlRequest,
    progress: Progress | None,
    cancel: Cancel | None,
) -> Case:
    circuit = random_circuit(n_genes, seed, confounded=condition.confounded)
    if condition.cells == "perturbed":
        levels = perturbed_levels(circuit, request.n_cells, seed)
    else:
        levels = simulate(circuit, request.n_cells, seed, step=STEP)
    cells = measured_cells(circuit, levels)
    trained = train(standardised(cells), circuit.measured, request.training, progress=progress, cancel=cancel)
    backbone = as_backbone(trained, f"random-circuit-{n_genes}-{seed}", UNIT)
    drawn = {task: drawn_pairs(circuit, task, seed) for task in TASKS}
    whole = Context("genes", circuit.measured, label="all genes, each at its mean")
    settings = SweepSettings(BASE, GRID)
    features = {}
    for weights, model in (("trained", backbone), ("random", random_twin(backbone))):
        sizes = _sizes(model, circuit.measured, settings)
        for task, (pairs, _) in drawn.items():
            named = [(circuit.measured[s], circuit.measured[t]) for s, t in pairs]
            for context, cell in zip(CONTEXTS, (Context(), whole), strict=True):
                features[weights, "VVP", context, task] = vvp_features(model, named, cell, settings)
                features[weights, "GDT", context, task] = gdt_features(model, named, cell, settings)
            there, back = sizes[pairs[:, 0], pairs[:, 1]], sizes[pairs[:, 1], pairs[:, 0]]
            features[weights, SPECIFIC, "full", task] = np.hstack([there, back]).astype(np.float32)
    regulators = [circuit.measured.index(name) for name in regulators_of(circuit)]
    trees = [tree_importance(cells, known) for known in (range(n_genes), regulators)]
    tables = dict(zip(RIVALS, (correlation(cells), partial_correlation(cells), *trees), strict=True))
    scores = {}
    for task, (pairs, _) in drawn.items():
        for rival, table in tables.items():
            table = np.maximum(table, table.T) if task == "unordered" else table
            scores[rival, task] = table[pairs[:, 0], pairs[:, 1]]
    return Case({t: drawn[t][0] for t in TASKS}, {t: drawn[t][1] for t in TASKS}, features, scores)


def standardised(cells: np.ndarray) -> np.ndarray:
    """Cells (cell, gene) in the unit of the control's backbones: every gene with mean 1 and the same spread."""
    return (1.0 + SPREAD * (cells - cells.mean(0)) / cells.std(0)).astype(np.float32)


def _sizes(model: TransformerBackbone, genes: tuple[str, ...], settings: SweepSettings) -> np.ndarray:
    """Pair-specific size of the response among all genes, (source, target, value): what stands out of what this source
    moves and of what moves this target, in the manner of :mod:`ugrn_core.probes.pair_specific`."""
    found = []
    for sweep in sweep_sources(model, genes, genes, settings):
        assert sweep.response is not None  # fixed background
        found.append(np.abs(sweep.response.T))
    sizes = np.stack(found)
    sizes[np.arange(len(genes)), np.arange(len(genes))] = np.nan
    centred = sizes - np.nanmean(sizes, 1, keepdims=True) - np.nanmean(sizes, 0, keepdims=True)
    return np.nan_to_num(centred + np.nanmean(sizes, (0, 1)))


def _judge(
    learnt: Sequence[Case], asked: Sequence[Case], task: Task, condition: Condition, request: ControlRequest
) -> pd.DataFrame:
    """Rows of one task under one condition."""
    scores = {(rival, "none"): [case.scores[rival, task] for case in asked] for rival in RIVALS}
    for weights in ("random", "trained"):
        parts = [(probe, context) for probe in PROBES for context in CONTEXTS] + [(SPECIFIC, "full")]
        logits = {part: _translated(learnt, asked, (weights, *part, task), request.seeds) for part in parts}
        for context in CONTEXTS:
            for probe in PROBES:
                scores[f"{probe}, {context}", weights] = logits[probe, context]
            scores[f"Ens, {context}", weights] = _mean([logits[p, context] for p in PROBES])
        scores[f"{SPECIFIC}, full", weights] = logits[SPECIFIC, "full"]
        scores[OURS, weights] = _mean(list(logits.values()))
    labels = [case.labels[task] for case in asked]
    return _rows(scores, labels, asked, task, condition, request)


def _translated(
    learnt: Sequence[Case], asked: Sequence[Case], key: tuple[str, str, str, Task], seeds: int
) -> list[np.ndarray]:
    """Logits of the asked circuits, the mean over translators of several seeds."""
    x = np.vstack([case.features[key] for case in learnt])
    y = np.concatenate([case.labels[key[-1]] for case in learnt])
    nets = [train_net(x, y, seed=seed)[0] for seed in range(seeds)]
    return [np.mean([predict_logits(net, case.features[key]) for net in nets], axis=0) for case in asked]


def _mean(parts: Sequence[Sequence[np.ndarray]]) -> list[np.ndarray]:
    return [np.mean(circuit, axis=0) for circuit in zip(*parts, strict=True)]


def _rows(
    scores: Mapping[tuple[str, str], Sequence[np.ndarray]],
    labels: Sequence[np.ndarray],
    asked: Sequence[Case],
    task: Task,
    condition: Condition,
    request: ControlRequest,
) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    draws = [[_resample(rng, y) for y in labels] for _ in range(request.resamples)]
    best = {k: [_drawn_auprc(s, labels, draw) for draw in draws] for k, s in scores.items()}
    rows = []
    for (method, weights), given in scores.items():
        common = {**asdict(condition), "task": task, "method": method, "weights": weights}
        for (n_genes, seed), y, s, case in zip(request.test, labels, given, asked, strict=True):
            facts = {
                "circuit": f"{n_genes} genes, seed {seed}",
                "n_genes": n_genes,
                "n_pos": int(y.sum()),
                "n_neg": int((1 - y).sum()),
                "prior": float(y.mean()),
                "reversed_share": _reversed_share(case, task),
            }
            rows.append(common | facts | {"measure": "AUPRC", "value": float(average_precision_score(y, s))})
            rows.append(common | facts | {"measure": "AUROC", "value": float(roc_auc_score(y, s))})
        mean = float(np.mean([average_precision_score(y, s) for y, s in zip(labels, given, strict=True)]))
        low, high = np.quantile(best[method, weights], (0.025, 0.975))
        overall = common | {"circuit": "mean", "n_pos": int(sum(y.sum() for y in labels))}
        rows.append(overall | {"measure": "AUPRC", "value": mean, "low": float(low), "high": float(high)})
        lead = np.subtract(best[OURS, "trained"], best[method, weights])
        ours = np.mean([average_precision_score(y, s) for y, s in zip(labels, scores[OURS, "trained"], strict=True)])
        low, high = np.quantile(lead, (0.025, 0.975))
        rows.append(
            overall | {"measure": "below ours", "value": float(ours - mean), "low": float(low), "high": float(high)}
        )
    return pd.DataFrame(rows).reindex(columns=COLUMNS)


def _resample(rng: np.random.Generator, y: np.ndarray) -> np.ndarray:
    """Places drawn with replacement, positives and negatives apart, so that the prior stays."""
    parts = [np.flatnonzero(y == label) for label in (1, 0)]
    return np.concatenate([rng.choice(part, len(part)) for part in parts])


def _drawn_auprc(given: Sequence[np.ndarray], labels: Sequence[np.ndarray], draw: Sequence[np.ndarray]) -> float:
    found = [average_precision_score(y[at], s[at]) for y, s, at in zip(labels, given, draw, strict=True)]
    return float(np.mean(found))


def _reversed_share(case: Case, task: Task) -> float:
    """Share of the negatives that are an arrow turned round."""
    pairs, labels = case.pairs[task], case.labels[task]
    arrows = {tuple(p) for p in case.pairs["directed"][case.labels["directed"] == 1]}
    negatives = pairs[labels == 0]
    return float(np.mean([(t, s) in arrows for s, t in negatives.tolist()]))


def _arrays(case: Case) -> dict[str, np.ndarray]:
    """A case as named arrays for the store."""
    arrays = {f"pairs|{t}": p for t, p in case.pairs.items()} | {f"labels|{t}": y for t, y in case.labels.items()}
    arrays |= {"features|" + "|".join(k): x for k, x in case.features.items()}
    return arrays | {"scores|" + "|".join(k): x for k, x in case.scores.items()}


def _case(arrays: Mapping[str, np.ndarray]) -> Case:
    parts: dict[str, dict] = {"pairs": {}, "labels": {}, "features": {}, "scores": {}}
    for name, array in arrays.items():
        part, *key = name.split("|")
        parts[part][key[0] if len(key) == 1 else tuple(key)] = array
    return Case(**parts)
