"""Pair features of a backbone for a whole benchmark: everything that is needed is computed once, then read by pair.

In the pair context a pair has the same features in every data set. In the full context the virtual cell holds all
genes of a data set, so that features belong to (data set, pair).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.beeline.expression import Expression
from ugrn_core.beeline.networks import Edge
from ugrn_core.benchmark.curves import CurveTable, sweep_table
from ugrn_core.benchmark.expression_probes import ExpressionProbes, expression_probes
from ugrn_core.benchmark.gene_level import REFERENCE, GeneLevel, gene_level
from ugrn_core.benchmark.methods import Method
from ugrn_core.benchmark.sampling import LabelledPairs
from ugrn_core.probes.embedding import embedding_features
from ugrn_core.store import Store
from ugrn_core.translators.schema import ContextName
from ugrn_core.types import Cancel, Context, Progress, SweepSettings

ANYWHERE = ""
"""Place of the features of the pair context: the same in all data sets."""


@dataclass(frozen=True)
class Surroundings:
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


@dataclass
class FeatureBank:
    """Features of one backbone; :meth:`prepare` computes, the other methods read."""

    backbone: Backbone
    surroundings: Surroundings
    store: Store | None = None
    curves: dict[str, CurveTable] = field(default_factory=dict)
    levels: dict[str, GeneLevel] = field(default_factory=dict)
    probes: dict[str, ExpressionProbes] = field(default_factory=dict)

    def missing(self, method: Method, data_sets: Collection[str]) -> str:
        """Why a method cannot score pairs of these data sets; empty where it can."""
        if method.kind == "response" and self.surroundings.settings.background == "follow":
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
        kinds = {m.features for m in methods if m.features}
        pairs = pairs_by_place(samples, self.surroundings)
        steps = []
        for place, asked in pairs.items():
            genes = {g for pair in asked for g in pair}
            alone = place == ANYWHERE
            if kinds & {"response", "slope"}:
                steps.append((self._sweep, place, 2 * len(asked) if alone else len(genes) ** 2))
            if kinds & {"gene_level_response", "gene_level_slope"}:
                steps.append((self._gene_level, place, 2 * REFERENCE * len(genes) if alone else REFERENCE * len(genes)))
        if any(m.needs_expression for m in methods):
            sets = sorted({d for sample in samples for d in sample.data_sets} & set(self.surroundings.expression))
            steps += [(self._express, d, len(self.surroundings.genes[d]) ** 2 // 3) for d in sets]
        whole, done = sum(cost for _, _, cost in steps), 0
        for step, place, cost in steps:
            step(place, pairs, _part(progress, done / whole, cost / whole), cancel)
            done += cost

    def features(self, name: str, sample: LabelledPairs) -> np.ndarray:
        """Features (pair, feature) float32 of the name in the registry of methods."""
        if name == "embedding":
            return embedding_features(self.backbone, sample.pairs)
        read = {
            "response": lambda place, pairs: self.curves[place].forward_and_reverse("response", pairs),
            "slope": lambda place, pairs: self.curves[place].forward_and_reverse("slope", pairs),
            "gene_level_response": lambda place, pairs: self.levels[place].forward_and_reverse("response", pairs),
            "gene_level_slope": lambda place, pairs: self.levels[place].forward_and_reverse("slope", pairs),
        }
        if name in read:
            return _by_place(sample, [self.surroundings.place(d) for d in sample.data_sets], read[name])
        if name == "perturbation":
            return _by_place(sample, sample.data_sets, lambda d, pairs: self.probes[d].baseline_pert(pairs))
        raise ValueError(f"no pair features are called {name!r}")

    def _sweep(
        self, place: str, pairs: Mapping[str, set[Edge]], progress: Progress | None, cancel: Cancel | None
    ) -> None:
        self.curves[place] = sweep_table(
            self.backbone,
            pairs[place],
            self.surroundings.cell(place),
            self.surroundings.settings,
            self.store,
            progress=progress,
            cancel=cancel,
        )

    def _gene_level(
        self, place: str, pairs: Mapping[str, set[Edge]], progress: Progress | None, cancel: Cancel | None
    ) -> None:
        self.levels[place] = gene_level(
            self.backbone,
            sorted({g for pair in pairs[place] for g in pair}),
            self.surroundings.cell(place),
            self.surroundings.settings,
            self.store,
            progress=progress,
            cancel=cancel,
        )

    def _express(
        self, data_set: str, pairs: Mapping[str, set[Edge]], progress: Progress | None, cancel: Cancel | None
    ) -> None:
        self.probes[data_set] = expression_probes(
            self.backbone,
            self.surroundings.expression[data_set],
            self.surroundings.genes[data_set],
            self.store,
            progress=progress,
            cancel=cancel,
        )


def pairs_by_place(samples: Sequence[LabelledPairs], surroundings: Surroundings) -> dict[str, set[Edge]]:
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


def _part(progress: Progress | None, start: float, part: float) -> Progress | None:
    return None if progress is None else lambda share, sentence: progress(start + part * share, sentence)
