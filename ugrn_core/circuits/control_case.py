"""One circuit of the positive control: its cells, the pairs that are asked about, and what is known of each pair."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ugrn_core.backbones.backbone import TransformerBackbone
from ugrn_core.circuits.circuit import Circuit
from ugrn_core.circuits.means import ConditionalMeans
from ugrn_core.circuits.random_circuit import random_circuit
from ugrn_core.circuits.rivals import boosted_importance, correlation, partial_correlation, tree_importance
from ugrn_core.circuits.simulation import measured_cells, simulate
from ugrn_core.circuits.training import BASE, GRID
from ugrn_core.sweep import sweep_pairs, sweep_sources
from ugrn_core.types import SweepSettings

Kind = Literal["observed", "perturbed"]
Task = Literal["unordered", "directed", "turned"]
TASKS: dict[Task, str] = {
    "unordered": "is there an arrow between two genes, whichever way; the order of a pair is drawn by lot",
    "directed": "does the first gene regulate the second; negatives are other genes of the same regulators",
    "turned": "which way does an arrow point; negatives are the arrows turned round",
}
PROBES = ("VVP", "GDT")
SPECIFIC = "VVP, pair-specific"
STANDING = "VVP, standing"
PARTS = (*((p, context) for p in PROBES for context in ("pair", "full")), (SPECIFIC, "full"), (STANDING, "full"))
"""Features a translator is trained on: probe and virtual cell, the pair alone or all genes, each at its mean."""

CELLS_ALONE = "cells"
KNOWS_REGULATORS = "cells, and which genes regulate"
KNOWS_ARROWS = "cells, and the arrows of other circuits"
RIVALS = {
    "Correlation": CELLS_ALONE,
    "Partial correlation": CELLS_ALONE,
    "Tree importance": CELLS_ALONE,
    "Boosted trees": CELLS_ALONE,
    "Tree importance, told the regulators": KNOWS_REGULATORS,
}
"""Scores from cells alone, and what each is told."""

SPREAD = 0.4
"""Cells are ``1 + 0.4 z`` a gene: base 1 is every gene's mean, and the grid goes 2.5 standard deviations either way."""

STEP = 0.2


PartFeatures = dict[tuple[str, str, Task], np.ndarray]
"""Features of pairs by probe, context and task."""


@dataclass(frozen=True)
class Condition:
    """How cells come about. ``perturbed``: in half of them one regulator each is held at a level drawn by lot."""

    cells: Kind = "observed"
    confounded: bool = False


@dataclass(frozen=True)
class Pairs:
    """Pairs of a task as places of genes, (pair, 2), and whether each has an arrow, (pair,)."""

    places: np.ndarray
    labels: np.ndarray

    @property
    def reversed_share(self) -> float:
        """Share of the negatives that are an arrow of this task turned round."""
        arrows = {tuple(p) for p in self.places[self.labels == 1].tolist()}
        negatives = self.places[self.labels == 0].tolist()
        return float(np.mean([(t, s) in arrows for s, t in negatives])) if negatives else 0.0


def circuit_of(n_genes: int, seed: int, condition: Condition) -> Circuit:
    """The circuit; hidden common regulators are added where the condition has them."""
    return random_circuit(n_genes, seed, confounded=condition.confounded)


def drawn_cells(circuit: Circuit, condition: Condition, n_cells: int, seed: int) -> np.ndarray:
    """Measured cells (cell, gene) float32, log1p."""
    if condition.cells == "perturbed":
        levels = perturbed_levels(circuit, n_cells, seed)
    else:
        levels = simulate(circuit, n_cells, seed, step=STEP)
    return measured_cells(circuit, levels)


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


def standardised(cells: np.ndarray) -> np.ndarray:
    """Cells (cell, gene) in the unit of the control's backbones: every gene with mean 1 and the same spread."""
    return (1.0 + SPREAD * (cells - cells.mean(0)) / cells.std(0)).astype(np.float32)


def regulators_of(circuit: Circuit) -> list[str]:
    """Measured genes that regulate, in order."""
    sources = {s for s, _ in circuit.edges}
    return [name for name in circuit.measured if name in sources]


def drawn_pairs(circuit: Circuit, task: Task, seed: int) -> Pairs:
    """All arrows, and as many negatives, each of which has a gene that regulates."""
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
    return Pairs(pairs, np.repeat([1, 0], [len(arrows), len(negatives)]))


def rival_tables(circuit: Circuit, cells: np.ndarray) -> dict[str, np.ndarray]:
    """A table (gene, gene), source by target, for each of :data:`RIVALS`."""
    everyone = range(cells.shape[1])
    known = [circuit.measured.index(name) for name in regulators_of(circuit)]
    found = (
        correlation(cells),
        partial_correlation(cells),
        tree_importance(cells, everyone),
        boosted_importance(cells, everyone),
        tree_importance(cells, known),
    )
    return dict(zip(RIVALS, found, strict=True))


def rival_scores(table: np.ndarray, pairs: Pairs, task: Task) -> np.ndarray:
    """Scores (pair,) of a table; the larger of both ways where a pair has no order."""
    table = np.maximum(table, table.T) if task == "unordered" else table
    return table[pairs.places[:, 0], pairs.places[:, 1]]


def cell_features(cells: np.ndarray, pairs: Pairs) -> np.ndarray:
    """Signed correlation and partial correlation of every pair, (pair, 2): what a translator without a model gets."""
    inverse = np.linalg.inv(np.cov(cells.T.astype(float)) + 1e-3 * np.eye(cells.shape[1]))
    scale = np.sqrt(np.diag(inverse))
    tables = (np.corrcoef(cells.T.astype(float)), -inverse / np.outer(scale, scale))
    at = pairs.places[:, 0], pairs.places[:, 1]
    return np.stack([table[at] for table in tables], 1).astype(np.float32)


def score_features(tables: Mapping[str, np.ndarray], pairs: Pairs) -> np.ndarray:
    """All scores from cells alone of every pair, there and back, (pair, 2 x score)."""
    s, t = pairs.places.T
    alone = [tables[rival] for rival, told in RIVALS.items() if told == CELLS_ALONE]
    there, back = (np.stack([table[at] for table in alone], 1) for at in ((s, t), (t, s)))
    return np.hstack([there, back]).astype(np.float32)


def regression_features(means: ConditionalMeans, asked: Mapping[Task, Pairs]) -> PartFeatures:
    """Parts (no slopes) of the regression that a backbone is taught, at the values it is asked at."""
    responses = means.responses((np.array(GRID) - BASE) / SPREAD)
    alone, among = (SPREAD * r.astype(np.float32) for r in responses)
    return features_of({"VVP": alone}, {"VVP": among}, asked)


def curve_features(
    model: TransformerBackbone, genes: tuple[str, ...], asked: Mapping[Task, Pairs], settings: SweepSettings
) -> PartFeatures:
    """:func:`features_of` a model: one sweep of all genes in their common cell, and one of every asked pair alone."""
    return features_of(_alone(model, genes, asked, settings), _whole(model, genes, settings), asked)


def features_of(
    alone: Mapping[str, np.ndarray], whole: Mapping[str, np.ndarray], asked: Mapping[Task, Pairs]
) -> PartFeatures:
    """Pair features (pair, 2 x value) of :data:`PARTS` by probe, context and task, from tables (source, target, value)
    by probe."""
    specific, standing = _specific(whole["VVP"]), _standing(whole["VVP"])
    found = {}
    for task, pairs in asked.items():
        s, t = pairs.places.T
        for probe in alone:
            for context, table in (("pair", alone[probe]), ("full", whole[probe])):
                found[probe, context, task] = np.hstack([table[s, t], table[t, s]])
        for name, table in ((SPECIFIC, specific), (STANDING, standing)):
            found[name, "full", task] = np.hstack([table[s, t], table[t, s]])
    return found


def _whole(model: TransformerBackbone, genes: tuple[str, ...], settings: SweepSettings) -> dict[str, np.ndarray]:
    """Response and slope, (source, target, value) float32, among all genes."""
    response, slope = [], []
    for sweep in sweep_sources(model, genes, genes, settings):
        assert sweep.response is not None  # fixed background
        response.append(sweep.response.T)
        slope.append(sweep.slope.T)
    return {"VVP": np.stack(response), "GDT": np.stack(slope)}


def _alone(
    model: TransformerBackbone, genes: tuple[str, ...], asked: Mapping[Task, Pairs], settings: SweepSettings
) -> dict[str, np.ndarray]:
    """The same for pairs alone; NaN where a pair is not asked about."""
    unordered = {(min(p), max(p)) for pairs in asked.values() for p in pairs.places.tolist()}
    both = sorted({*unordered, *((t, s) for s, t in unordered)})
    sweep = sweep_pairs(model, [(genes[s], genes[t]) for s, t in both], settings)
    assert sweep.response is not None  # fixed background
    s, t = np.array(both).T
    tables = {}
    for probe, curves in (("VVP", sweep.response), ("GDT", sweep.slope)):
        tables[probe] = np.full((len(genes), len(genes), len(settings.grid)), np.nan, np.float32)
        tables[probe][s, t] = curves
    return tables


def _specific(response: np.ndarray) -> np.ndarray:
    """Pair-specific size of the response, (source, target, value): what stands out of what this source moves and of
    what moves this target, in the manner of :mod:`ugrn_core.pair_specific`."""
    sizes = np.abs(response)
    own = np.arange(len(sizes))
    sizes[own, own] = np.nan
    centred = sizes - np.nanmean(sizes, 1, keepdims=True) - np.nanmean(sizes, 0, keepdims=True)
    return np.nan_to_num(centred + np.nanmean(sizes, (0, 1))).astype(np.float32)


def _standing(response: np.ndarray) -> np.ndarray:
    """How a response stands among others, (source, target, 3): its size against those of this source and against
    those on this target, in standard deviations (as CLR does, Faith et al. 2007), and the weaker step of the
    strongest way round by a third gene (as ARACNE asks, Margolin et al. 2006)."""
    sizes = np.sqrt((response**2).mean(-1))
    own = np.arange(len(sizes))
    sizes[own, own] = 0.0
    either = np.maximum(sizes, sizes.T)
    around = np.stack([np.minimum(row[:, None], either).max(0) for row in either])
    roots = np.sqrt(sizes)
    roots[own, own] = np.nan
    among = [
        (roots - np.nanmean(roots, a, keepdims=True)) / np.maximum(np.nanstd(roots, a, keepdims=True), 1e-12)
        for a in (1, 0)
    ]
    return np.nan_to_num(np.stack([*among, np.sqrt(around)], -1)).astype(np.float32)
