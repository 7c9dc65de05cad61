"""``network.sif``: source, relation, target in every line, for Cytoscape and pathway tools.

The format has no place for numbers or remarks: what the edges are worth stands in the other files.
"""

from __future__ import annotations

import re

import networkx as nx

from ugrn_core.network.exports.graph import check_texts

RELATION = "predicted"
NOT_SIF = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]|^ | $")
"""Tabs part the columns, and readers differ in what else ends a line; blanks around a name are stripped by some."""


def sif(graph: nx.DiGraph) -> bytes:
    """The edges as SIF with tabs, UTF-8; a gene with a tab, a line break or a blank at its ends is an InputError."""
    check_texts(graph, NOT_SIF, "SIF")
    return "".join(f"{source}\t{RELATION}\t{target}\n" for source, target in graph.edges()).encode()
