"""Positives and negatives of a reference network, drawn by a named sampler.

Candidates for negatives are (regulator of TF.csv, gene of the set), of some samplers with more sources: no self pair,
no positive; the reverse of a positive stays one. Everything is drawn without replacement from a seed. A sampler draws
in an order that does not depend on how many it is asked for, so that the negatives of N/P = 1 are among those of
N/P = 10, and all samplers and ratios share the positives of a seed. One sampler is unlike the others: ``exchanged``
draws edges and non-edges together, so that nothing but the pair tells them apart.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from ugrn_core.beeline.networks import Edge, Network
from ugrn_core.benchmark.exchange import exchanged
from ugrn_core.errors import InputError
from ugrn_core.genes.tfs import is_tf


@dataclass(frozen=True)
class LabelledPairs:
    """Pairs (source, target) with labels (pair,) in {0, 1} and the data set each was drawn from; sorted, each once.

    ``units`` (pair,): the number of what is ranked as one, from 0, where both directions are (they share their label);
    None where every pair is ranked by itself.
    """

    pairs: tuple[Edge, ...]
    labels: np.ndarray
    data_sets: tuple[str, ...]
    units: np.ndarray | None = None

    def by_unit(self, values: np.ndarray) -> np.ndarray:
        """Means (unit,) of ``values`` (pair,) over the pairs of each unit that have one; NaN where none has."""
        if self.units is None:
            return values
        there = ~np.isnan(values.astype(float))
        n = int(self.units.max(initial=-1)) + 1
        counts = np.bincount(self.units[there], minlength=n)
        sums = np.bincount(self.units[there], values[there].astype(float), minlength=n)
        return np.divide(sums, counts, out=np.full(n, np.nan), where=counts > 0)

    @property
    def n_pos(self) -> int:
        return int(self.labels.sum())

    @property
    def n_neg(self) -> int:
        return len(self.labels) - self.n_pos

    def positives(self) -> list[Edge]:
        """Pairs with label 1."""
        return [pair for pair, label in zip(self.pairs, self.labels, strict=True) if label]

    def only(self, data_sets: Collection[str]) -> LabelledPairs:
        """The pairs drawn from the given data sets."""
        rows = [i for i, d in enumerate(self.data_sets) if d in data_sets]
        pairs, kept = tuple(self.pairs[i] for i in rows), tuple(self.data_sets[i] for i in rows)
        units = None if self.units is None else np.unique(self.units[rows], return_inverse=True)[1]
        return LabelledPairs(pairs, self.labels[rows], kept, units)

    @property
    def n_reversed(self) -> int:
        """Negatives whose reverse is a drawn positive."""
        edges = set(self.positives())
        return sum((t, s) in edges for (s, t), y in zip(self.pairs, self.labels, strict=True) if not y)


@dataclass(frozen=True)
class Draw:
    """What a sampler sees. ``free`` and ``positive`` are (source, gene) bool over sorted sources and genes."""

    free: np.ndarray
    positive: np.ndarray
    in_degree: np.ndarray
    gene_is_tf: np.ndarray
    neg_ratio: int


@dataclass(frozen=True)
class Sampler:
    """A way to draw negatives: ``draw(question, rng)`` gives the chosen (source, gene) bool, a part of ``free``.

    ``title`` is its name in words, ``label`` what it does. ``sources`` is what may be the source of a negative:
    regulators of TF.csv, those and every factor of the census, or any gene. Without ``draw`` positives and negatives
    are drawn together (:mod:`ugrn_core.benchmark.exchange`).
    """

    name: str
    title: str
    label: str
    draw: Callable[[Draw, np.random.Generator], np.ndarray] | None
    sources: Literal["listed", "factors", "genes"] = "listed"

    def rows(self, network: Network) -> tuple[str, ...]:
        """Sources of candidates, sorted."""
        if self.sources == "listed":
            return network.tfs
        listed = frozenset(network.tfs)
        return tuple(g for g in network.genes if self.sources == "genes" or g in listed or is_tf(g))


def sample_pairs(
    network: Network,
    *,
    sampler: str = "per_tf",
    neg_ratio: int = 1,
    max_pos: int | None = None,
    seed: int = 0,
    forbidden: Collection[Edge] = (),
    without: Collection[Edge] = (),
) -> LabelledPairs:
    """Positives (at most ``max_pos``, drawn evenly) and ``neg_ratio`` times as many negatives; fewer where they end.

    ``forbidden`` pairs are never negatives (edges of other networks in a union), pairs of ``without`` are neither
    (those of a test, in a training). Deterministic for a seed and a row.
    """
    if sampler not in SAMPLERS:
        raise InputError(f"sampler {sampler!r}; there are {', '.join(SAMPLERS)}.")
    if neg_ratio < 1 or (max_pos is not None and max_pos < 1):
        raise InputError(f"N/P is {neg_ratio} and the most positives {max_pos}; both must be at least 1.")
    if without:
        left_out = {*without, *(pair[::-1] for pair in without)} if sampler == EXCHANGED else set(without)
        forbidden = {*forbidden, *left_out, *network.edges}
        network = replace(network, edges=tuple(edge for edge in network.edges if edge not in left_out))
    draw = SAMPLERS[sampler].draw
    if draw is None:
        return _exchanged_pairs(network, neg_ratio, max_pos, seed, forbidden)
    chosen = _some_positives(network, max_pos, seed)
    sources = SAMPLERS[sampler].rows(network)
    question = _question(network, sources, chosen, forbidden, neg_ratio)
    drawn = draw(question, _generator(network, seed, "negatives"))
    negatives = [(sources[i], network.genes[j]) for i, j in np.argwhere(drawn)]
    labelled = sorted([(pair, 1) for pair in chosen] + [(pair, 0) for pair in negatives])
    labels = np.array([label for _, label in labelled], dtype=np.int8)
    return LabelledPairs(tuple(pair for pair, _ in labelled), labels, (network.row.data_set,) * len(labelled))


def union_pairs(networks: Sequence[Network], **settings: object) -> LabelledPairs:
    """Sampled pairs of several networks together: positive if in any, negative only if in none; each pair once.

    Every network contributes by the same ``settings`` (those of :func:`sample_pairs`), so that a dense one does not
    crowd out the others. A pair drawn from two data sets counts for the first.
    """
    edges = {edge for network in networks for edge in network.edges}
    if settings.get("sampler") == EXCHANGED:  # of a union's unit neither direction may be an edge of any
        edges |= {(t, s) for s, t in edges}
    merged: dict[Edge, tuple[int, str]] = {}
    for network in networks:
        part = sample_pairs(network, forbidden=edges, **settings)  # pyright: ignore[reportArgumentType]
        for pair, label, data_set in zip(part.pairs, part.labels, part.data_sets, strict=True):
            merged.setdefault(pair, (int(label), data_set))
    pairs = tuple(sorted(merged))
    labels = np.array([merged[pair][0] for pair in pairs], dtype=np.int8)
    return LabelledPairs(pairs, labels, tuple(merged[pair][1] for pair in pairs))


def _exchanged_pairs(
    network: Network, neg_ratio: int, max_pos: int | None, seed: int, forbidden: Collection[Edge]
) -> LabelledPairs:
    """Edges and the non-edges that exchanging their targets gives; units where the network runs both ways."""
    if neg_ratio != 1:
        raise InputError(f"N/P is {neg_ratio}; sampler {EXCHANGED} draws one negative for each positive.")
    drawn = exchanged(network, max_pos, forbidden, _generator(network, seed, "exchanged"))
    label: dict[Edge, int] = {}
    for ends, value in ((drawn.positive, 1), (drawn.negative, 0)):
        for i, j in ends:
            pair = (network.genes[i], network.genes[j])
            label |= {pair: value, pair[::-1]: value} if drawn.both_ways else {pair: value}
    pairs = tuple(sorted(label))
    labels = np.array([label[pair] for pair in pairs], dtype=np.int8)
    units = None
    if drawn.both_ways:
        number = {pair: i for i, pair in enumerate(p for p in pairs if p[0] < p[1])}
        units = np.array([number[(min(p), max(p))] for p in pairs], dtype=np.int64)
    return LabelledPairs(pairs, labels, (network.row.data_set,) * len(pairs), units)


def _generator(network: Network, seed: int, purpose: str) -> np.random.Generator:
    name = f"{network.row.network}|{network.row.data_set}|{network.gene_set}|{purpose}"
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def _some_positives(network: Network, max_pos: int | None, seed: int) -> list[Edge]:
    if max_pos is None or len(network.edges) <= max_pos:
        return list(network.edges)
    rows = _generator(network, seed, "positives").choice(len(network.edges), max_pos, replace=False)
    return [network.edges[i] for i in sorted(rows)]


def _question(
    network: Network, sources: Sequence[str], chosen: Sequence[Edge], forbidden: Collection[Edge], neg_ratio: int
) -> Draw:
    column = {g: j for j, g in enumerate(network.genes)}
    start = {g: i * len(column) for i, g in enumerate(sources)}

    def among(pairs: Collection[Edge]) -> np.ndarray:
        """Whether each (source, target) is one of the pairs; of a union most are of other networks."""
        found = np.zeros((len(start), len(column)), bool)
        found.reshape(-1)[[start[s] + column[t] for s, t in pairs if s in start and t in column]] = True
        return found

    edge, positive = among(network.edges), among(chosen)
    free = ~(edge | among(forbidden))
    for i, g in enumerate(sources):
        free[i, column[g]] = False
    return Draw(free, positive, edge.sum(0), np.array([is_tf(g) for g in network.genes], bool), neg_ratio)


def _per_tf(q: Draw, rng: np.random.Generator) -> np.ndarray:
    return _each_tf(q, rng, lambda free: rng.permutation(free))


def _degree_matched(q: Draw, rng: np.random.Generator) -> np.ndarray:
    """Exponential races: a target of in-degree d comes first with probability in proportion to d; d = 0 never."""

    def order(free: np.ndarray) -> np.ndarray:
        targets = free[q.in_degree[free] > 0]
        return targets[np.argsort(rng.exponential(size=len(targets)) / q.in_degree[targets], kind="stable")]

    return _each_tf(q, rng, order)


def _each_tf(q: Draw, rng: np.random.Generator, order: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """For each regulator, N/P times its positives from its free targets, first come first served."""
    drawn = np.zeros_like(q.free)
    for i in np.flatnonzero(q.positive.any(1)):
        drawn[i, order(np.flatnonzero(q.free[i]))[: q.neg_ratio * q.positive[i].sum()]] = True
    return drawn


def _tf_matched(q: Draw, rng: np.random.Generator) -> np.ndarray:
    """For each regulator, N/P negatives a positive whose target is a transcription factor where the positive's is."""
    drawn = np.zeros_like(q.free)
    for i in np.flatnonzero(q.positive.any(1)):
        free = rng.permutation(np.flatnonzero(q.free[i]))
        for is_factor in (True, False):
            wanted = q.neg_ratio * (q.positive[i] & (q.gene_is_tf == is_factor)).sum()
            drawn[i, free[q.gene_is_tf[free] == is_factor][:wanted]] = True
    return drawn


def _uniform(q: Draw, rng: np.random.Generator) -> np.ndarray:
    drawn = np.zeros_like(q.free)
    free = rng.permutation(np.flatnonzero(q.free.ravel()))
    drawn.ravel()[free[: q.neg_ratio * q.positive.sum()]] = True
    return drawn


EXCHANGED = "exchanged"
"""The sampler of this project's own protocol: no shortcut, and no score that reads answers, is above chance."""

SAMPLERS: dict[str, Sampler] = {
    s.name: s
    for s in (
        Sampler("per_tf", "per TF", "as many for each regulator as it has positives", _per_tf),
        Sampler("uniform", "uniform", "evenly among all candidates", _uniform),
        Sampler("degree_matched", "by degree", "per TF, targets in proportion to in-degree", _degree_matched),
        Sampler("tf_matched", "by TF status", "per TF, factors where its positives are factors", _tf_matched),
        Sampler("tf_x_gene", "factor and gene", "evenly, any factor to any gene", _uniform, "factors"),
        Sampler("all_pairs", "any two genes", "evenly among all pairs of genes", _uniform, "genes"),
        Sampler(EXCHANGED, "exchanged", "two edges with their targets exchanged: no shortcut is above chance", None),
    )
}
