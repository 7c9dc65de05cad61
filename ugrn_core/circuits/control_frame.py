"""How the positive control came out: one long frame, with intervals over circuits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score, roc_auc_score

from ugrn_core.circuits.control import BACKBONES, WEIGHTS, ControlCase, ControlRequest, Weights
from ugrn_core.circuits.control_case import (
    KNOWS_ARROWS,
    PARTS,
    PROBES,
    RIVALS,
    SPECIFIC,
    STANDING,
    TASKS,
    Condition,
    Task,
)
from ugrn_core.circuits.means import FITS, Fit
from ugrn_core.errors import InputError
from ugrn_core.methods.gdt import GDT
from ugrn_core.translators.mlp import predict_logits, train_net

TOGETHER = (("VVP", "pair"), ("VVP", "full"), (STANDING, "full"))
"""Parts that one translator is given side by side, as well as each its own."""

OURS = "Ens of all"
"""Mean of two logits, of the translators on every part and of the one on :data:`TOGETHER`, and of both backbones. Its
lead is stated."""

WITHOUT_MODEL = "Translator on correlations"
ON_SCORES = "Translator on all scores"
ON_REGRESSION: dict[Fit, str] = {
    "dense": "Translator on the dense regression",
    "sparse": "Translator on the sparse regression",
}
ON_BOTH = "Translator on both regressions"
"""What the same translators make of all scores from cells alone, of each regression that a backbone is taught, and of
both: the last knows all that the backbones are taught."""

NO_WEIGHTS = "none"
MEAN = "mean"
AUPRC, AUROC, LEAD = "AUPRC", "AUROC", "lead"
COLUMNS = [
    "cells", "confounded", "n_cells", "task", "method", "told", "weights", "circuit", "n_genes", "measure", "value",
    "low", "high", "n_pos", "n_neg", "prior", "reversed_share",
]  # fmt: skip
Key = tuple[str, str]
"""Method and weights."""

Part = tuple[str, str]
"""Probe and virtual cell, of :data:`PARTS`."""


def judged(
    request: ControlRequest, condition: Condition, learnt: Sequence[ControlCase], asked: Sequence[ControlCase]
) -> pd.DataFrame:
    """Rows of one condition (:data:`COLUMNS`).

    ``measure`` is AUPRC or AUROC, of each circuit and (``circuit`` "mean") on average; ``lead`` is by how much
    :data:`OURS` stands above the method in mean AUPRC. ``low`` and ``high`` are 95 % intervals over circuits drawn
    with replacement and pairs drawn within each, the same draws for every method.
    """
    frames = []
    for task in TASKS:
        scores = all_scores(learnt, asked, task, request.seeds)
        frames.append(_rows(scores, asked, task, condition, request))
    return pd.concat(frames, ignore_index=True)


def told_of(method: str) -> str:
    """What a method is told of the circuits."""
    return RIVALS.get(method, KNOWS_ARROWS)


def all_scores(
    learnt: Sequence[ControlCase], asked: Sequence[ControlCase], task: Task, seeds: int
) -> dict[Key, list[np.ndarray]]:
    """Scores of the pairs of every asked circuit, by method and weights."""
    scores: dict[Key, list[np.ndarray]] = {
        (rival, NO_WEIGHTS): [case.scores[rival, task] for case in asked] for rival in RIVALS
    }
    labels = [case.pairs[task].labels for case in learnt]
    scores[WITHOUT_MODEL, NO_WEIGHTS] = _translated(
        [case.cell_features[task] for case in learnt], labels, [case.cell_features[task] for case in asked], seeds
    )

    def translated(features: Callable[[ControlCase], Sequence[np.ndarray]]) -> list[np.ndarray]:
        known, new = ([_ways(features(case), task) for case in cases] for cases in (learnt, asked))
        return _of_ways(known, labels, new, seeds)

    def of_parts(
        features: Callable[[ControlCase, Part], np.ndarray], parts: Sequence[Part]
    ) -> dict[Part, list[np.ndarray]]:
        return {part: translated(lambda case, p=part: [features(case, p)]) for part in parts}

    def together(features: Callable[[ControlCase, Part], np.ndarray]) -> list[np.ndarray]:
        return translated(lambda case: [features(case, part) for part in TOGETHER])

    scores[ON_SCORES, NO_WEIGHTS] = translated(lambda case: [case.score_features[task]])
    parts = [part for part in PARTS if part[0] != GDT.name]
    for fit in FITS:

        def regressed(case: ControlCase, part: Part, f: Fit = fit) -> np.ndarray:
            return case.regression[f, *part, task]

        scores[ON_REGRESSION[fit], NO_WEIGHTS] = _all(of_parts(regressed, parts), together(regressed))
    scores[ON_BOTH, NO_WEIGHTS] = _mean([scores[name, NO_WEIGHTS] for name in ON_REGRESSION.values()])
    for weights in WEIGHTS:
        found = []
        for fit in BACKBONES[weights]:

            def asked_of(case: ControlCase, part: Part, w: Weights = weights, f: Fit = fit) -> np.ndarray:
                return case.features[w, f, *part, task]

            found.append(_named(of_parts(asked_of, PARTS), together(asked_of), weights))
        scores |= {key: _mean([of_one[key] for of_one in found]) for key in found[0]}
    return scores


def _ways(parts: Sequence[np.ndarray], task: Task) -> list[np.ndarray]:
    """Features of a circuit's pairs, (pair, feature): in their order, and turned where a pair has none.

    ``parts`` hold the way there before the way back; every number enters as its signed square root and its size.
    """
    there, back = [], []
    for features in parts:
        for way, found in zip((there, back), np.hsplit(features, 2), strict=True):
            size = np.sqrt(np.abs(found))
            way += [np.sign(found) * size, size]
    ways = [(*there, *back), (*back, *there)][: 2 if task == "unordered" else 1]
    return [np.hstack(way) for way in ways]


def _of_ways(
    learnt: Sequence[Sequence[np.ndarray]],
    labels: Sequence[np.ndarray],
    asked: Sequence[Sequence[np.ndarray]],
    seeds: int,
) -> list[np.ndarray]:
    """As :func:`_translated`; a pair that is there in two orders is learnt and asked about in both."""
    x = [way for ways in learnt for way in ways]
    y = [of_one for of_one, ways in zip(labels, learnt, strict=True) for _ in ways]
    found = iter(_translated(x, y, [way for ways in asked for way in ways], seeds))
    return [np.mean([next(found) for _ in ways], axis=0) for ways in asked]


def _named(
    logits: Mapping[Part, list[np.ndarray]], together: list[np.ndarray], weights: Weights
) -> dict[Key, list[np.ndarray]]:
    """Methods of one backbone: each probe in each virtual cell, both probes, and all parts together."""
    named: dict[Key, list[np.ndarray]] = {}
    for context in ("pair", "full"):
        for probe in PROBES:
            named[f"{probe}, {context}", weights] = logits[probe, context]
        named[f"Ens, {context}", weights] = _mean([logits[probe, context] for probe in PROBES])
    for part in (SPECIFIC, STANDING):
        named[f"{part}, full", weights] = logits[part, "full"]
    named[OURS, weights] = _all(logits, together)
    return named


def _all(of_parts: Mapping[Part, list[np.ndarray]], together: list[np.ndarray]) -> list[np.ndarray]:
    return _mean([_mean(list(of_parts.values())), together])


def _translated(
    learnt: Sequence[np.ndarray], labels: Sequence[np.ndarray], asked: Sequence[np.ndarray], seeds: int
) -> list[np.ndarray]:
    """Logits of the asked circuits by the product's translator, the mean over several seeds."""
    x, y = np.vstack(learnt), np.concatenate(labels)
    nets = [train_net(x, y, seed=seed)[0] for seed in range(seeds)]
    return [np.mean([predict_logits(net, features) for net in nets], axis=0) for features in asked]


def _mean(parts: Sequence[Sequence[np.ndarray]]) -> list[np.ndarray]:
    return [np.mean(circuit, axis=0) for circuit in zip(*parts, strict=True)]


def _rows(
    scores: Mapping[Key, Sequence[np.ndarray]],
    asked: Sequence[ControlCase],
    task: Task,
    condition: Condition,
    request: ControlRequest,
) -> pd.DataFrame:
    pairs = [case.pairs[task] for case in asked]
    labels = [p.labels for p in pairs]
    draws = drawn(labels, request.resamples)
    found = {key: np.array([_auprc(y, s) for y, s in zip(labels, given, strict=True)]) for key, given in scores.items()}
    resampled = {key: mean_auprc(labels, given, draws) for key, given in scores.items()}
    ours = (OURS, "trained")
    rows = []
    for (method, weights), given in scores.items():
        key = method, weights
        common = {**asdict(condition), "n_cells": request.n_cells, "task": task, "method": method, "weights": weights}
        common["told"] = told_of(method)
        for n, (n_genes, seed) in enumerate(request.asked(condition)):
            facts = {
                "circuit": f"{n_genes} genes, seed {seed}",
                "n_genes": n_genes,
                "n_pos": int(labels[n].sum()),
                "n_neg": int((1 - labels[n]).sum()),
                "prior": float(labels[n].mean()),
                "reversed_share": pairs[n].reversed_share,
            }
            rows.append(common | facts | {"measure": AUPRC, "value": found[key][n]})
            rows.append(common | facts | {"measure": AUROC, "value": float(roc_auc_score(labels[n], given[n]))})
        facts = {
            "circuit": MEAN,
            "n_pos": int(sum(y.sum() for y in labels)),
            "n_neg": int(sum((1 - y).sum() for y in labels)),
            "prior": float(np.mean([y.mean() for y in labels])),
            "reversed_share": float(np.mean([p.reversed_share for p in pairs])),
        }
        low, high = np.quantile(resampled[key], (0.025, 0.975))
        rows.append(common | facts | {"measure": AUPRC, "value": found[key].mean(), "low": low, "high": high})
        lead = resampled[ours] - resampled[key]
        low, high = np.quantile(lead, (0.025, 0.975))
        above = float(found[ours].mean() - found[key].mean())
        rows.append(common | facts | {"measure": LEAD, "value": above, "low": low, "high": high})
    return pd.DataFrame(rows).reindex(columns=COLUMNS)


@dataclass(frozen=True)
class Draws:
    """Resamples: how often each circuit is drawn, (draw, circuit), and each of its pairs, (draw, pair) a circuit."""

    circuits: np.ndarray
    pairs: tuple[np.ndarray, ...]


def drawn(labels: Sequence[np.ndarray], times: int) -> Draws:
    """Circuits with replacement, and pairs within each, positives and negatives apart, so that the prior stays."""
    rng = np.random.default_rng(0)
    n = len(labels)
    circuits = rng.multinomial(n, np.full(n, 1 / n), size=times)
    pairs = []
    for y in labels:
        counts = np.zeros((times, len(y)), np.int64)
        for label in (0, 1):
            of_label = np.flatnonzero(y == label)
            counts[:, of_label] = rng.multinomial(len(of_label), np.full(len(of_label), 1 / len(of_label)), size=times)
        pairs.append(counts)
    return Draws(circuits, tuple(pairs))


def mean_auprc(labels: Sequence[np.ndarray], scores: Sequence[np.ndarray], draws: Draws) -> np.ndarray:
    """Mean average precision over circuits of every resample, (draw,)."""
    each = [weighted_auprc(y, s, counts) for y, s, counts in zip(labels, scores, draws.pairs, strict=True)]
    return (draws.circuits * np.stack(each, 1)).sum(1) / len(labels)


def weighted_auprc(y: np.ndarray, s: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Average precision (draw,) where pair k occurs ``counts[draw, k]`` times; equal scores count at once."""
    order = np.argsort(-s, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(s[order])), len(s) - 1)
    found = np.cumsum(counts[:, order] * y[order], 1)[:, ends]
    shown = np.cumsum(counts[:, order], 1)[:, ends]
    precision = found / np.maximum(shown, 1)
    return (precision * np.diff(found, axis=1, prepend=0)).sum(1) / found[:, -1]


def _auprc(y: np.ndarray, s: np.ndarray) -> float:
    return float(average_precision_score(y, s))


NUMBERS = ("n_cells", "n_genes", "value", "low", "high", "n_pos", "n_neg", "prior", "reversed_share")


def read_control(file: Path) -> pd.DataFrame:
    """A frame of the control from its CSV; a file with other columns is an :class:`InputError`."""
    try:
        frame = pd.read_csv(file, keep_default_na=False, na_values={c: [""] for c in NUMBERS})
    except (OSError, ValueError) as error:
        raise InputError(f"{file} cannot be read as results of the control: {error}.") from error
    if list(frame.columns) != COLUMNS:
        raise InputError(
            f"{file} is no frame of the control: its columns are {', '.join(map(str, frame.columns[:8]))}."
        )
    return frame
