"""What a run of the benchmark is asked for, and the pairs that follow from it.

The reverse half of a pair's features: computed for every pair, or for those alone whose reverse carries a label.

``labelled_only`` sets the half that says target -> source to 0 unless the reverse pair is an edge of the network or a
drawn negative. It **reads the test labels**: of a pair whose reverse is an edge the half is there, of most others it is
not. Nobody should rank genes by it; it exists to see what tables look like that were made this way.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np

from ugrn_core.beeline.networks import ROWS, SPECIES, Edge, Network, Row
from ugrn_core.benchmark.protocols import BALANCED, Protocol, Split, protocol
from ugrn_core.benchmark.sampling import SAMPLERS, LabelledPairs, sample_pairs, union_pairs
from ugrn_core.errors import InputError
from ugrn_core.methods.catalogue import METHODS
from ugrn_core.translators.kinds import PAPER, KindName, kind_of
from ugrn_core.translators.schema import ContextName
from ugrn_core.types import SweepSettings, Vocabulary

ReverseFeatures = Literal["computed", "labelled_only"]
COMPUTED: ReverseFeatures = "computed"
LABELLED_ONLY: ReverseFeatures = "labelled_only"
REVERSE_FEATURES: dict[ReverseFeatures, str] = {
    COMPUTED: "of every pair",
    LABELLED_ONLY: "of pairs whose reverse has a label: reads the test labels",
}


def reverse_is_labelled(sample: LabelledPairs, edges: Collection[Edge]) -> np.ndarray:
    """Whether the reverse of each pair, (pair,) bool, is one of ``edges`` or itself among the sample's pairs."""
    labelled = {*sample.pairs, *edges}
    return np.array([(t, s) in labelled for s, t in sample.pairs], bool)


def without_reverse(features: np.ndarray, kept: np.ndarray, columns: Sequence[int] = ()) -> np.ndarray:
    """Features (pair, feature) with the reverse at 0 where ``kept`` (pair,) is False; the given ones stay.

    The reverse stands in ``columns``, by default the second half.
    """
    cut = features.copy()
    chosen = np.array(columns or range(features.shape[1] // 2, features.shape[1]), int)
    cut[np.ix_(~kept, chosen)] = 0.0
    return cut


@dataclass(frozen=True)
class BenchmarkRequest:
    """A run: a table of the paper and the choices it leaves open; None means no cap, or the defaults of the backbone.

    ``max_pos`` counts for each (network, data set). ``max_sources``: only that many regulators of each network, drawn
    once (for contexts in which a source is expensive); the name of the protocol says so. ``test_sets``: only these.
    ``reverse_features`` of ``labelled_only`` reads the test labels: see :mod:`ugrn_core.benchmark.request`.
    ``translator`` is the kind that is trained on pair features (:mod:`ugrn_core.translators.kinds`).
    """

    table: int
    gene_set: str = "TFs+500"
    context: ContextName = "pair"
    sampler: str = "per_tf"
    max_pos: int | None = 2000
    seeds: int = 3
    max_sources: int | None = None
    test_sets: tuple[str, ...] | None = None
    methods: tuple[str, ...] = tuple(METHODS)
    settings: SweepSettings | None = None
    reverse_features: ReverseFeatures = COMPUTED
    translator: KindName = PAPER

    def __post_init__(self) -> None:
        unknown = [m for m in self.methods if m not in METHODS]
        if unknown or not self.methods:
            raise InputError(f"no method is called {', '.join(unknown)!r}; there are {', '.join(METHODS)}.")
        if self.sampler not in SAMPLERS:
            raise InputError(f"sampler {self.sampler!r}; there are {', '.join(SAMPLERS)}.")
        if SAMPLERS[self.sampler].draw is None and self.protocol.neg_ratios != BALANCED:
            raise InputError(
                f"sampler {self.sampler} draws one negative for each positive; table {self.table} has other ratios."
            )
        if self.reverse_features not in REVERSE_FEATURES:
            raise InputError(f"reverse_features {self.reverse_features!r}; there are {' and '.join(REVERSE_FEATURES)}.")
        kind_of(self.translator)
        if self.context not in ("pair", "full"):
            raise InputError(f"context {self.context!r}; there are pair and full.")
        for name in ("max_pos", "seeds", "max_sources"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise InputError(f"{name} is {value}; it must be at least 1.")
        if not self.splits:
            wanted = ", ".join(self.test_sets or ())
            raise InputError(f"table {self.table} has no test on {wanted}; data sets are {', '.join(SPECIES)}.")

    @property
    def protocol(self) -> Protocol:
        return protocol(self.table)

    @property
    def protocol_name(self) -> str:
        """``table_1``, or ``table_1 (100 sources)`` where regulators are cut."""
        cut = "" if self.max_sources is None else f" ({self.max_sources} sources)"
        return f"{self.protocol.name}{cut}"

    @property
    def splits(self) -> tuple[Split, ...]:
        """The splits of the protocol with the tests that are wanted; a split without a test is left out."""
        wanted = [
            Split(s.label, s.train, tuple(r for r in s.tests if self.test_sets is None or r.data_set in self.test_sets))
            for s in self.protocol.splits
        ]
        return tuple(s for s in wanted if s.tests)

    @property
    def rows(self) -> tuple[Row, ...]:
        """Every row that is trained or tested on, in the paper's order."""
        used = {row for split in self.splits for row in (*split.train, *split.tests)}
        return tuple(row for row in ROWS if row in used)

    def header(self) -> dict[str, Any]:
        """The request as JSON-like content: what makes two runs the same run."""
        return asdict(self)


@dataclass
class Samples:
    """The pairs of a run, each drawn once when first asked for; ``networks`` are those of the request's rows."""

    request: BenchmarkRequest
    networks: Mapping[Row, Network]
    _drawn: dict[tuple[object, ...], LabelledPairs] = field(default_factory=dict)

    def test(self, row: Row, neg_ratio: int, seed: int) -> LabelledPairs:
        """Pairs of a test row."""
        key = (row, neg_ratio, seed)
        if key not in self._drawn:
            self._drawn[key] = sample_pairs(self.networks[row], **self._how(neg_ratio, seed))
        return self._drawn[key]

    def train(self, split: Split, neg_ratio: int, seed: int) -> LabelledPairs:
        """Pairs of a training: of its row, or of the union of its rows."""
        if len(split.train) == 1:
            return self.test(split.train[0], neg_ratio, seed)
        key = (split.train, neg_ratio, seed)
        if key not in self._drawn:
            members = [self.networks[row] for row in split.train]
            self._drawn[key] = union_pairs(members, **self._how(neg_ratio, seed))
        return self._drawn[key]

    def train_edges(self, split: Split) -> frozenset[Edge]:
        """All edges of the training networks, drawn or not."""
        return frozenset(edge for row in split.train for edge in self.networks[row].edges)

    def everything(self) -> list[LabelledPairs]:
        """Every sample of the run."""
        for neg_ratio in self.request.protocol.neg_ratios:
            for seed in range(self.request.seeds):
                for split in self.request.splits:
                    self.train(split, neg_ratio, seed)
                    for row in split.tests:
                        self.test(row, neg_ratio, seed)
        return list(self._drawn.values())

    def reversed_negatives(self) -> tuple[int, int]:
        """Negatives of the tests that are a drawn positive turned round, and all (first seed and ratio)."""
        tests = dict.fromkeys(row for split in self.request.splits for row in split.tests)
        drawn = [self.test(row, self.request.protocol.neg_ratios[0], 0) for row in tests]
        return sum(sample.n_reversed for sample in drawn), sum(sample.n_neg for sample in drawn)

    def _how(self, neg_ratio: int, seed: int) -> dict[str, Any]:
        r = self.request
        return {"sampler": r.sampler, "neg_ratio": neg_ratio, "max_pos": r.max_pos, "seed": seed}


def cut_network(network: Network, vocabulary: Vocabulary, max_sources: int | None) -> Network:
    """The part of a network that a run is about: genes of the vocabulary, and at most ``max_sources`` regulators.

    The regulators are drawn once (seed 0) among those with an edge.
    """
    kept = network.within(vocabulary)
    sources = sorted({s for s, _ in kept.edges})
    if max_sources is None or len(sources) <= max_sources:
        return kept
    rng = np.random.default_rng([0, zlib.crc32(f"{network.row.network}|{network.row.data_set}|sources".encode())])
    return kept.with_sources(frozenset(sources[i] for i in rng.choice(len(sources), max_sources, replace=False)))
