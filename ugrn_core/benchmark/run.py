"""A run of the benchmark: who is scored, what is trained once, and what of it is still to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.beeline.expression import Expression
from ugrn_core.beeline.networks import Row
from ugrn_core.benchmark.features import FeatureCache, FeatureContext
from ugrn_core.benchmark.given import GivenScores
from ugrn_core.benchmark.protocols import Split
from ugrn_core.benchmark.request import BenchmarkRequest, Samples
from ugrn_core.benchmark.results import NONE, BlockKey, Parts
from ugrn_core.benchmark.sampling import LabelledPairs
from ugrn_core.benchmark.scores import has_scores, scores_name
from ugrn_core.methods.catalogue import METHODS, trained_parts
from ugrn_core.methods.method import Method
from ugrn_core.store import Store
from ugrn_core.types import SweepSettings


@dataclass(frozen=True)
class Contestant:
    """A backbone with one kind of weights (``trained`` or ``random``), or nothing for the methods without a model."""

    backbone: Backbone | None = None
    weights: str = NONE

    @property
    def name(self) -> str:
        """Name of the backbone, the same for its random twin."""
        return NONE if self.backbone is None else self.backbone.card.name.removesuffix("-random")


@dataclass(frozen=True)
class Unit:
    """One training at one ratio and seed: what is trained once and tested on several rows."""

    contestant: Contestant
    split: Split
    neg_ratio: int
    seed: int

    def key(self, row: Row, method: str) -> BlockKey:
        """Name of the block of one test and one method."""
        c = self.contestant
        return (c.name, c.weights, method, self.split.label, *row, str(self.neg_ratio), str(self.seed))


@dataclass(frozen=True)
class Run:
    """Everything a run reads, and the parts file it writes; ``scores`` is a folder for the scores of each pair.

    ``given`` are methods that come as scores; they stand among those without a model.
    """

    request: BenchmarkRequest
    samples: Samples
    expression: Mapping[str, Expression]
    parts: Parts
    store: Store | None = None
    scores: Path | None = None
    given: tuple[GivenScores, ...] = ()

    def methods(self, contestant: Contestant) -> list[Method]:
        """The methods of the request that a contestant runs, in the order of the registry, then the given ones."""
        wanted = [METHODS[name] for name in METHODS if name in self.request.methods]
        wanted += [given.method() for given in self.given]
        return [m for m in wanted if m.needs_model == (contestant.backbone is not None)]

    def units(self, contestant: Contestant) -> list[Unit]:
        """All trainings of a contestant."""
        r = self.request
        return [
            Unit(contestant, split, ratio, seed)
            for ratio in r.protocol.neg_ratios
            for split in r.splits
            for seed in range(r.seeds)
        ]

    def todo(self, unit: Unit) -> list[tuple[Row, Method]]:
        """Tests and methods of a unit whose blocks are not there, or all of them where its scores are still wanted."""
        blocks = [(row, m) for row in unit.split.tests for m in self.methods(unit.contestant)]
        scores = self.scores_file(unit)
        if scores is not None and not has_scores(scores, self.parts.run):
            return blocks
        return [(row, m) for row, m in blocks if unit.key(row, m.name) not in self.parts]

    def scores_file(self, unit: Unit) -> Path | None:
        """Where the scores of a unit go: balanced pairs of the first seed only, and of models only.

        Shortcuts can be computed again at once, and the edge look-up would tell the edges that were trained on.
        """
        c = unit.contestant
        if self.scores is None or c.backbone is None or unit.seed != 0 or unit.neg_ratio != 1:
            return None
        return self.scores / scores_name(self.request.protocol_name, unit.split.label, c.name, c.weights)

    def settings(self, backbone: Backbone) -> SweepSettings:
        """Settings of the sweep: those of the request, else the backbone's own."""
        return self.request.settings or SweepSettings(backbone.card.base, backbone.card.grid)

    def bank(self, backbone: Backbone) -> FeatureCache:
        """An empty feature bank of a backbone."""
        genes = {row.data_set: network.genes for row, network in self.samples.networks.items()}
        r = self.request
        around = FeatureContext(r.context, self.settings(backbone), genes, self.expression)
        return FeatureCache(backbone, around, self.store)

    def pending(self, contestant: Contestant) -> tuple[list[Unit], list[LabelledPairs], list[Method]]:
        """Units with something to do, the samples they read, and the methods whose features they read."""
        units = [unit for unit in self.units(contestant) if self.todo(unit)]
        samples = [self.samples.train(u.split, u.neg_ratio, u.seed) for u in units]
        samples += [self.samples.test(row, u.neg_ratio, u.seed) for u in units for row in u.split.tests]
        methods = {p.name: p for m in self.methods(contestant) for p in (trained_parts(m) or (m,))}
        return units, list({id(s): s for s in samples}.values()), list(methods.values())
