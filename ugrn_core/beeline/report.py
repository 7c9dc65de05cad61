"""What a backbone's vocabulary leaves of a reference network, and what kind of network it is."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass

import pandas as pd

from ugrn_core.beeline.networks import Edge, Network
from ugrn_core.types import Vocabulary


@dataclass(frozen=True)
class NetworkReport:
    """Counts of one network in one vocabulary; shares are 0 to 1 and of what was kept.

    ``reciprocal_share``: edges whose reverse is an edge too. ``density``: edges among (listed regulator, gene) pairs;
    ``density_labelled``: the same over the regulators that have an edge (dense ChIP networks come near 0.6).
    ``reversed_share``: of the candidates for negatives, those whose reverse is an edge.
    """

    network: str
    data_set: str
    gene_set: str
    genes: int
    genes_kept: int
    genes_lost: str
    regulators: int
    regulators_kept: int
    regulators_labelled: int
    edges: int
    edges_kept: int
    reciprocal_share: float
    density: float
    density_labelled: float
    candidates: int
    reversed_share: float


def network_report(network: Network, vocabulary: Vocabulary) -> NetworkReport:
    """Report of one network; a network of which no edge is left has shares of 0."""
    kept = network.within(vocabulary)
    edges = set(kept.edges)
    sources, listed = {s for s, _ in edges}, frozenset(kept.tfs)
    candidates = _pairs(kept) - len(edges)
    return NetworkReport(
        network=network.row.network,
        data_set=network.row.data_set,
        gene_set=network.gene_set,
        genes=len(network.genes),
        genes_kept=len(kept.genes),
        genes_lost=" ".join(g for g in network.genes if g not in vocabulary),
        regulators=len(network.tfs),
        regulators_kept=len(kept.tfs),
        regulators_labelled=len(sources),
        edges=len(network.edges),
        edges_kept=len(edges),
        reciprocal_share=reciprocal_share(edges),
        density=density(kept),
        density_labelled=len(edges) / max(len(sources) * (len(kept.genes) - 1), 1),
        candidates=candidates,
        reversed_share=sum(t in listed and (t, s) not in edges for s, t in edges) / max(candidates, 1),
    )


def density(network: Network) -> float:
    """Share of (listed regulator, other gene) pairs that are edges: the chance of a random candidate."""
    return len(network.edges) / max(_pairs(network), 1)


def reciprocal_share(edges: Collection[Edge]) -> float:
    """Share of different edges whose reverse is among them; 0 of none."""
    there = set(edges)
    return sum((t, s) in there for s, t in there) / max(len(there), 1)


def report_frame(networks: Iterable[Network], vocabulary: Vocabulary) -> pd.DataFrame:
    """One row a network, the columns of :class:`NetworkReport`."""
    return pd.DataFrame([asdict(network_report(n, vocabulary)) for n in networks])


def _pairs(network: Network) -> int:
    """Number of (listed regulator, other gene) pairs."""
    return len(network.tfs) * (len(network.genes) - 1)
