"""The shown edges as regulons: ``regulons.gmt``, ``adjacencies.csv`` of pySCENIC, ``decoupler.csv``.

No edge has a sign of regulation, so that all weights are positive: the probability, or where there is none a falling
share of ranks, as in GEXF. decoupler takes a negative weight for repression.
"""

from __future__ import annotations

import networkx as nx
import pandas as pd

from ugrn_core.network.exports.graph import NOT_SIF, check_texts
from ugrn_core.spreadsheet import csv_text

REMARK = "predicted targets, no sign of regulation"


def gmt(graph: nx.DiGraph) -> bytes:
    """A line a source, those with the most targets first: its name, a remark and its targets, best first; UTF-8.

    What ``pyscenic aucell``, GSEA and decoupler's ``read_gmt`` take. A gene with a tab, a line break or a blank at its
    ends is an InputError.
    """
    check_texts(graph, NOT_SIF, "GMT")
    targets: dict[str, list[str]] = {}
    for source, target, _ in weighted(graph).itertuples(index=False, name=None):
        targets.setdefault(source, []).append(target)
    order = sorted(targets, key=lambda source: (-len(targets[source]), source))
    return "".join("\t".join((source, REMARK, *targets[source])) + "\n" for source in order).encode()


def adjacencies(graph: nx.DiGraph) -> bytes:
    """``TF,target,importance``, as GRNBoost2 of pySCENIC writes them."""
    return csv_text(weighted(graph).set_axis(["TF", "target", "importance"], axis=1), "%.6f").encode()


def decoupler(graph: nx.DiGraph) -> bytes:
    """``source,target,weight``, as decoupler reads a network."""
    return csv_text(weighted(graph), "%.6f").encode()


def weighted(graph: nx.DiGraph) -> pd.DataFrame:
    """``source, target, weight`` of the edges, best first; weights are positive."""
    edges = sorted(graph.edges(data=True), key=lambda edge: (-edge[2]["score"], edge[0], edge[1]))
    n = len(edges)
    rows = [(s, t, edge.get("probability", (n - rank) / n)) for rank, (s, t, edge) in enumerate(edges)]
    return pd.DataFrame(rows, columns=["source", "target", "weight"])
