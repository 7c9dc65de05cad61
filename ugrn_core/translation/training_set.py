"""What a translator is trained on and judged by: pairs of every seed, and held-out tests.

Trained on some data sets, it is judged by the others (the same kinds of network where they have them). Trained on all
of them, each data set is left out in turn and scored by networks trained on the rest. Trained on a user's own edges,
folds of genes are left out in turn. Networks of several data sets share edges: no pair of a test is one that the
networks it judges were told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ugrn_core.beeline.networks import Edge, Network, Row
from ugrn_core.benchmark.prevalence import candidates
from ugrn_core.benchmark.protocols import held_out_rows
from ugrn_core.benchmark.sampling import LabelledPairs, sample_pairs, union_pairs
from ugrn_core.errors import InputError
from ugrn_core.translation.edge_list import OwnEdges
from ugrn_core.translators.kinds import PAPER, KindName, kind_of
from ugrn_core.translators.names import check_name
from ugrn_core.translators.schema import ContextName
from ugrn_core.types import SweepSettings

FOLDS = 3


@dataclass(frozen=True)
class TrainRequest:
    """What to train: the method, the sampler, N/P, at most so many positives a network, and k seeds.

    ``kind`` is a translator's, and ``epochs`` are its own default where None. ``calibrate_on``: probabilities are
    calibrated on all candidate pairs of these held-out data sets instead of on pairs drawn of every one.
    """

    name: str
    method: str = "Ens"
    context: ContextName = "pair"
    sampler: str = "per_tf"
    neg_ratio: int = 1
    max_pos: int | None = 2000
    epochs: int | None = None
    seeds: int = 3
    settings: SweepSettings | None = None
    kind: KindName = PAPER
    calibrate_on: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_name(self.name)
        for what in ("epochs", "seeds"):
            value = getattr(self, what)
            if value is not None and value < 1:
                raise InputError(f"{what} is {getattr(self, what)}; it must be at least 1.")
        kind_of(self.kind).check_epochs(self.epochs)

    def how(self, seed: int) -> dict[str, object]:
        """How pairs are drawn for a seed."""
        return {"sampler": self.sampler, "neg_ratio": self.neg_ratio, "max_pos": self.max_pos, "seed": seed}


@dataclass(frozen=True)
class HeldOutTest:
    """A held-out test of a group; ``trains`` is what its networks learn from, one of each seed as those that are kept,
    and empty where those are judged themselves.

    ``whole`` are candidate pairs at the share of edges that there is, to calibrate on; None where the test serves.
    """

    name: str
    group: str
    trains: tuple[LabelledPairs, ...]
    test: LabelledPairs
    whole: LabelledPairs | None = None

    @property
    def samples(self) -> tuple[LabelledPairs, ...]:
        """All pairs that judging needs the features of."""
        return (self.test, *self.trains, *(() if self.whole is None else (self.whole,)))


@dataclass(frozen=True)
class TrainingSet:
    """Training pairs of each seed, held-out tests, the training networks, and the genes of every data set."""

    members: tuple[LabelledPairs, ...]
    held_out: tuple[HeldOutTest, ...]
    networks: tuple[Network, ...]
    genes: Mapping[str, tuple[str, ...]]


def judged_rows(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Rows by which a translator trained on ``rows`` is judged and calibrated.

    Other data sets, in the same kinds of network where they have them; the rows themselves where no set is left.
    """
    others = held_out_rows(rows)
    same = tuple(r for r in others if r.network in {row.network for row in rows})
    return same or others or tuple(rows)


def beeline_training_set(request: TrainRequest, rows: Sequence[Row], networks: Mapping[Row, Network]) -> TrainingSet:
    """Pairs of BEELINE rows; ``networks`` holds ``rows`` and :func:`judged_rows`, in the backbone's vocabulary."""
    chosen = [networks[row] for row in rows]
    members = _members(request, chosen)
    judged = judged_rows(rows)
    strange = sorted(set(request.calibrate_on) - {row.data_set for row in judged})
    if strange:
        there = ", ".join(dict.fromkeys(row.data_set for row in judged))
        raise InputError(f"{', '.join(strange)} is no data set to calibrate on; this training is judged by {there}.")
    tests = held_out_pairs(request, rows, networks)
    trains: dict[str, tuple[LabelledPairs, ...]] = {}
    held_out = []
    for row in judged:
        others = [networks[r] for r in rows if r.data_set != row.data_set]
        if row in rows and row.data_set not in trains:
            asked = told_pairs([tests[r] for r in judged if r.data_set == row.data_set])
            trains[row.data_set] = _members(request, others, asked)
        learnt = trains.get(row.data_set, ())
        whole = _whole(networks[row], others, learnt or members) if row.data_set in request.calibrate_on else None
        held_out.append(HeldOutTest(str(row), row.data_set, learnt, tests[row], whole))
    genes = {row.data_set: network.genes for row, network in networks.items()}
    return TrainingSet(members, tuple(held_out), tuple(chosen), genes)


def held_out_pairs(
    request: TrainRequest, rows: Sequence[Row], networks: Mapping[Row, Network], tests: Sequence[Row] = ()
) -> dict[Row, LabelledPairs]:
    """Pairs of the tests (default: :func:`judged_rows`) of a translator trained on ``rows``.

    Where the kept networks are judged they are none that these were told; where others are trained for the test, on
    the other data sets, it is these that are not told the test's.
    """
    asked = tests or judged_rows(rows)
    apart = not set(asked) <= set(rows)  # else nobody asks what was told: of all sets that takes seconds
    told = told_pairs(_members(request, [networks[row] for row in rows])) if apart else frozenset()
    return {
        row: sample_pairs(networks[row], **request.how(0), without=() if row in rows else told)  # pyright: ignore[reportArgumentType]
        for row in asked
    }


def told_pairs(samples: Iterable[LabelledPairs]) -> frozenset[Edge]:
    """Pairs of any of the samples."""
    return frozenset(pair for sample in samples for pair in sample.pairs)


def _members(
    request: TrainRequest, networks: Sequence[Network], without: frozenset[Edge] = frozenset()
) -> tuple[LabelledPairs, ...]:
    """Training pairs of every seed."""
    return tuple(union_pairs(networks, **request.how(seed), without=without) for seed in range(request.seeds))


def _whole(network: Network, trained: Sequence[Network], drawn: Sequence[LabelledPairs]) -> LabelledPairs:
    """All candidates of a network, but edges of the training and pairs that were drawn for it."""
    return candidates(network, told_pairs(drawn).union(edge for n in trained for edge in n.edges))


def own_training_set(request: TrainRequest, edges: OwnEdges) -> TrainingSet:
    """Pairs of a user's own edges: labelled negatives are taken as they are, else the sampler draws them."""
    if request.calibrate_on:
        raise InputError("Own edges say nothing of the pairs they do not name: leave out --calibrate-on.")
    members = tuple(_own_pairs(request, edges, seed) for seed in range(request.seeds))
    names = edges.network.genes
    fold = dict(zip(names, np.random.default_rng(0).permutation(len(names)) % FOLDS, strict=True))
    held_out = []
    for f in range(FOLDS):
        inside = [fold[s] == f and fold[t] == f for s, t in members[0].pairs]
        outside = [[fold[s] != f and fold[t] != f for s, t in member.pairs] for member in members]
        trains = tuple(map(_rows, members, outside))
        test = _rows(members[0], inside)
        if all(0 < part.n_pos < len(part.labels) for part in (*trains, test)):
            held_out.append(HeldOutTest(f"gene fold {f + 1} of {FOLDS}", f"gene fold {f + 1}", trains, test))
    genes = {edges.network.row.data_set: edges.network.genes}
    return TrainingSet(members, tuple(held_out), (edges.network,), genes)


def _own_pairs(request: TrainRequest, edges: OwnEdges, seed: int) -> LabelledPairs:
    if not edges.negatives:
        return sample_pairs(edges.network, **request.how(seed))  # pyright: ignore[reportArgumentType]
    labelled = sorted([(p, 1) for p in edges.network.edges] + [(p, 0) for p in edges.negatives])
    labels = np.array([y for _, y in labelled], np.int8)
    return LabelledPairs(tuple(p for p, _ in labelled), labels, (edges.network.row.data_set,) * len(labelled))


def _rows(sample: LabelledPairs, mask: Sequence[bool]) -> LabelledPairs:
    rows = np.flatnonzero(mask)
    pairs, sets = tuple(sample.pairs[i] for i in rows), tuple(sample.data_sets[i] for i in rows)
    return LabelledPairs(pairs, sample.labels[rows], sets)
