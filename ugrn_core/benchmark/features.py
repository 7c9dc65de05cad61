"""Pair features of a backbone for a whole benchmark: everything that is needed is computed once, then read by pair.

In the pair context a pair has the same features in every data set. In the full context the virtual cell holds all
genes of a data set, so that features belong to (data set, pair).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.beeline.expression import Expression
from ugrn_core.beeline.networks import Edge
from ugrn_core.benchmark.sampling import LabelledPairs
from ugrn_core.methods.expression_probes import ExpressionProbes, expression_probes
from ugrn_core.methods.marginal import REFERENCE, GeneLevel, gene_level
from ugrn_core.methods.method import Method
from ugrn_core.methods.perturbation import perturbation_features
from ugrn_core.methods.reading import Reading
from ugrn_core.store import Store
from ugrn_core.stored_sweep import directed_pairs
from ugrn_core.translators.schema import ContextName
from ugrn_core.types import Cancel, Context, Progress, SweepSettings, part_of

ANYWHERE = ""
"""Place of the features of the pair context: the same in all data sets."""


@dataclass(frozen=True)
class CurveTable:
    """Response and slope (pair, value) of directed pairs; ``codes`` (pair,) rise and name the pairs by gene number."""

    number: dict[str, int]
    codes: np.ndarray
    response: np.ndarray | None
    slope: np.ndarray

    def forward_and_reverse(self, kind: str, pairs: Sequence[Edge]) -> np.ndarray:
        """Features (pair, 2 x value) float32: source -> target, then target -> source; ``kind`` response or slope."""
        curves = getattr(self, kind)
        if curves is None:
            raise ValueError(f"there is no {kind} in this table")
        there = self._rows(pairs)
        back = self._rows([(t, s) for s, t in pairs])
        return np.hstack([curves[there], curves[back]])

    def _rows(self, pairs: Sequence[Edge]) -> np.ndarray:
        codes = pair_codes(pairs, self.number)
        rows = np.searchsorted(self.codes, codes)
        if len(codes) and (rows.max() >= len(self.codes) or (self.codes[rows] != codes).any()):
            raise KeyError("a pair that was not swept")
        return rows


def sweep_table(
    backbone: Backbone,
    pairs: Iterable[Edge],
    context: Context,
    settings: SweepSettings,
    store: Store | None = None,
    *,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> CurveTable:
    """Table of the given pairs in both directions, each once, computed through the store."""
    asked = both_directions(pairs)
    number = {g: i for i, g in enumerate(sorted({g for pair in asked for g in pair}))}
    codes = pair_codes(asked, number)
    order = np.argsort(codes)
    asked = [asked[i] for i in order]
    swept = directed_pairs(backbone, asked, context, settings, store, progress=progress, cancel=cancel)
    return CurveTable(number, codes[order], swept.response, swept.slope)


def both_directions(pairs: Iterable[Edge]) -> list[Edge]:
    """The pairs and their reverses, each once, sorted."""
    once = set(pairs)
    return sorted(once | {(t, s) for s, t in once})


def pair_codes(pairs: Sequence[Edge], number: dict[str, int]) -> np.ndarray:
    """One whole number a pair, (pair,) int64, unique for the genes of ``number``."""
    n = len(number)
    return np.fromiter((number[s] * n + number[t] for s, t in pairs), dtype=np.int64, count=len(pairs))


@dataclass(frozen=True)
class FeatureContext:
    """Where features are taken: the context, its settings, the genes of each data set, and what expression there is."""

    context: ContextName
    settings: SweepSettings
    genes: Mapping[str, tuple[str, ...]]
    expression: Mapping[str, Expression]

    def place(self, data_set: str) -> str:
        """Key under which the features of a data set are held."""
        return ANYWHERE if self.context == "pair" else data_set

    def cell(self, place: str) -> Context:
        """The virtual cell of a place."""
        if place == ANYWHERE:
            return Context()
        return Context("genes", self.genes[place], label=f"genes of {place}")


@dataclass(frozen=True)
class _Step:
    """A computation that a benchmark needs: ``compute(store, progress=..., cancel=...)`` goes to ``kept[place]``."""

    cost: int
    kept: dict[str, Any]
    place: str
    compute: Callable[..., Any]


@dataclass
class FeatureCache:
    """Features of one backbone; :meth:`prepare` computes, the other methods read."""

    backbone: Backbone
    surroundings: FeatureContext
    store: Store | None = None
    curves: dict[str, CurveTable] = field(default_factory=dict)
    levels: dict[str, GeneLevel] = field(default_factory=dict)
    probes: dict[str, ExpressionProbes] = field(default_factory=dict)

    def missing(self, method: Method, data_sets: Collection[str]) -> str:
        """Why a method cannot score pairs of these data sets; empty where it can."""
        if "response" in method.curves and self.surroundings.settings.background == "follow":
            return "a response is not defined under background 'follow'"
        if method.needs_expression:
            lacking = [d for d in data_sets if d not in self.surroundings.expression]
            if lacking:
                return f"needs expression of {', '.join(lacking)}, which is not here"
        return ""

    def prepare(
        self,
        samples: Sequence[LabelledPairs],
        methods: Collection[Method],
        progress: Progress | None = None,
        cancel: Cancel | None = None,
    ) -> None:
        """Compute what ``methods`` read of the pairs of ``samples``, through the store."""
        steps = self._steps(samples, methods)
        whole, done = sum(step.cost for step in steps), 0
        for step in steps:
            part = part_of(progress, done / whole, (done + step.cost) / whole)
            step.kept[step.place] = step.compute(self.store, progress=part, cancel=cancel)
            done += step.cost

    def _steps(self, samples: Sequence[LabelledPairs], methods: Collection[Method]) -> list[_Step]:
        """What has to be computed for ``methods``, place by place; costs are in passes of the model, about."""
        sources, around = {m.source for m in methods if m.curves}, self.surroundings
        steps = []
        for place, asked in pairs_by_place(samples, around).items():
            genes, where = sorted({g for pair in asked for g in pair}), (around.cell(place), around.settings)
            alone = place == ANYWHERE
            if "curves" in sources:
                cost = 2 * len(asked) if alone else len(genes) ** 2
                steps.append(_Step(cost, self.curves, place, partial(sweep_table, self.backbone, asked, *where)))
            if "gene level" in sources:
                cost = (2 if alone else 1) * REFERENCE * len(genes)
                steps.append(_Step(cost, self.levels, place, partial(gene_level, self.backbone, genes, *where)))
        with_expression = {d for sample in samples for d in sample.data_sets} & set(around.expression)
        for data_set in sorted(with_expression) if any(m.needs_expression for m in methods) else ():
            genes = around.genes[data_set]
            compute = partial(expression_probes, self.backbone, around.expression[data_set], genes)
            steps.append(_Step(len(genes) ** 2 // 3, self.probes, data_set, compute))
        return steps

    def features(self, method: Method, sample: LabelledPairs) -> np.ndarray:
        """Features (pair, feature) float32 that the translator of ``method`` reads."""
        if method.reading is None:
            raise ValueError(f"{method.name} has no translator")
        if method.source == "expression":
            return _by_place(sample, sample.data_sets, self._both_effects)
        tables = self.levels if method.source == "gene level" else self.curves
        read = partial(self._read, method.reading, tables)
        return _by_place(sample, [self.surroundings.place(d) for d in sample.data_sets], read)

    def _both_effects(self, data_set: str, pairs: Sequence[Edge]) -> np.ndarray:
        probes = self.probes[data_set]
        return perturbation_features(probes.effects, probes.genes, probes.genes, pairs)

    def _read(
        self,
        reading: Reading,
        tables: Mapping[str, CurveTable] | Mapping[str, GeneLevel],
        place: str,
        pairs: Sequence[Edge],
    ) -> np.ndarray:
        there, back = {}, {}
        for name in reading.curves:
            there[name], back[name] = np.split(tables[place].forward_and_reverse(name, pairs), 2, axis=1)
        return reading.features(self.backbone, pairs, there, back)


def pairs_by_place(samples: Sequence[LabelledPairs], surroundings: FeatureContext) -> dict[str, set[Edge]]:
    """The pairs of all samples, each once a place, by place."""
    found: dict[str, set[Edge]] = {}
    for sample in samples:
        for pair, data_set in zip(sample.pairs, sample.data_sets, strict=True):
            found.setdefault(surroundings.place(data_set), set()).add(pair)
    return dict(sorted(found.items()))


def _by_place(sample: LabelledPairs, places: Sequence[str], read) -> np.ndarray:
    """Rows of each place read together and put back into the order of the sample."""
    at = np.array(places)
    out: np.ndarray | None = None
    for place in dict.fromkeys(places):
        rows = np.flatnonzero(at == place)
        part = read(place, [sample.pairs[r] for r in rows])
        if out is None:
            out = np.empty((len(places), part.shape[1]), np.float32)
        out[rows] = part
    assert out is not None, "a sample without pairs"
    return out
