"""Edges and non-edges that no shortcut tells apart: two edges, and the same two with their targets exchanged.

Of edges a -> b and c -> d the non-edges are a -> d and c -> b. Every regulator is then the source, and every gene the
target, as often among edges as among non-edges, and so is every degree, every transcription factor and every list of
regulators. Exchanges are made only where as many of the two non-edges as of the two edges have an edge the other way,
and between targets of about the same in-degree, so that sums of degrees are balanced too.

Where many edges run both ways (more than ``RECIPROCAL`` of them) the reverse of a pair all but tells its label. Then
the unit is the pair without direction: an edge if either direction is one, with both directions in the sample.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from ugrn_core.beeline.networks import Edge, Network

RECIPROCAL = 0.3
"""Share of edges with an edge the other way, above which both directions are one unit."""
ROUNDS = 60
"""Times that what is left of the edges is paired anew."""


@dataclass(frozen=True)
class Exchanged:
    """As many edges as non-edges, each as pairs of gene numbers (pair, 2); ``both_ways``: pairs have no direction."""

    positive: np.ndarray
    negative: np.ndarray
    both_ways: bool


def reciprocal_share(network: Network) -> float:
    """Share of the edges whose reverse is an edge."""
    edges = set(network.edges)
    return sum((t, s) in edges for s, t in edges) / len(edges) if edges else 0.0


def exchanged(
    network: Network, max_pos: int | None, forbidden: Collection[Edge], rng: np.random.Generator
) -> Exchanged:
    """Edges of a network with their exchanged counterparts, at most ``max_pos`` of each, over ``network.genes``.

    Edges that find no partner are left out. ``forbidden`` pairs are no non-edges.
    """
    number = {g: i for i, g in enumerate(network.genes)}
    both_ways = reciprocal_share(network) > RECIPROCAL
    edge = _matrix(network.edges, number)
    listed = np.zeros(len(number), bool)
    listed[[number[g] for g in network.tfs]] = True
    taken = edge | _matrix([p for p in forbidden if p[0] in number and p[1] in number], number)
    if both_ways:
        edge, taken = edge | edge.T, taken | taken.T
    free = ~taken
    np.fill_diagonal(free, val=False)
    if not both_ways:
        free &= listed[:, None]
    there = np.argwhere(np.triu(edge) if both_ways else edge)
    if both_ways:
        there = _turned(there, listed, rng)
    return _rounds(there, free, edge, both_ways, max_pos, rng)


def _rounds(
    there: np.ndarray,
    free: np.ndarray,
    edge: np.ndarray,
    both_ways: bool,
    max_pos: int | None,
    rng: np.random.Generator,
) -> Exchanged:
    """Pair up edges at random within octaves of the target's degree, keep the exchanges that are allowed, go on."""
    octave = np.log2(np.maximum(edge.sum(0), 1)).astype(int)
    most = len(there) if max_pos is None else max_pos
    kept: list[np.ndarray] = []
    made: list[np.ndarray] = []
    n = 0
    for _ in range(ROUNDS):
        order = rng.permutation(len(there))
        order = order[np.argsort(octave[there[order, 1]], kind="stable")]
        first, second = order[0 : len(order) // 2 * 2 : 2], order[1::2]
        good = _allowed(there[first], there[second], free, edge, both_ways, octave)
        first, second = first[good], second[good]
        new = np.concatenate([_ends(there[first], there[second]), _ends(there[second], there[first])], axis=1)
        once = _first_of_each(new.reshape(-1, 2), len(edge), both_ways).reshape(-1, 2).all(1)
        chosen = rng.permutation(np.flatnonzero(once))[: max((most - n) // 2, 0)]
        first, second, new = first[chosen], second[chosen], new[chosen].reshape(-1, 2)
        kept += [there[first], there[second]]
        made.append(new)
        free[new[:, 0], new[:, 1]] = False
        if both_ways:
            free[new[:, 1], new[:, 0]] = False
        n += 2 * len(chosen)
        there = np.delete(there, np.concatenate([first, second]), axis=0)
        if n + 1 >= most or len(there) < 2:
            break
    empty = np.empty((0, 2), int)
    return Exchanged(np.concatenate([empty, *kept]), np.concatenate([empty, *made]), both_ways)


def _allowed(
    one: np.ndarray, other: np.ndarray, free: np.ndarray, edge: np.ndarray, both_ways: bool, octave: np.ndarray
) -> np.ndarray:
    """Whether two edges (pair, 2) may exchange their targets, (pair,) bool."""
    (a, b), (c, d) = one.T, other.T
    good = free[a, d] & free[c, b] & (a != c) & (b != d) & (octave[b] == octave[d])
    if not both_ways:
        reverse = edge.T.astype(int)
        good &= reverse[a, b] + reverse[c, d] == reverse[a, d] + reverse[c, b]
    return good


def _ends(sources: np.ndarray, targets: np.ndarray) -> np.ndarray:
    return np.column_stack([sources[:, 0], targets[:, 1]])


def _first_of_each(pairs: np.ndarray, n: int, both_ways: bool) -> np.ndarray:
    """Whether no earlier line of ``pairs`` is the same pair, (pair,) bool."""
    ends = np.sort(pairs, axis=1) if both_ways else pairs
    first = np.zeros(len(pairs), bool)
    first[np.unique(ends[:, 0] * n + ends[:, 1], return_index=True)[1]] = True
    return first


def _turned(pairs: np.ndarray, listed: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Pairs without direction, turned so that a listed regulator stands first, at random where both are."""
    turn = np.where(listed[pairs[:, 0]] & listed[pairs[:, 1]], rng.random(len(pairs)) < 0.5, listed[pairs[:, 1]])
    return np.where(turn[:, None], pairs[:, ::-1], pairs)


def _matrix(pairs: Collection[Edge], number: dict[str, int]) -> np.ndarray:
    found = np.zeros((len(number), len(number)), bool)
    for s, t in pairs:
        found[number[s], number[t]] = True
    return found
