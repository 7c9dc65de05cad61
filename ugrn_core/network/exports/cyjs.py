"""``network.cyjs``: the JSON of Cytoscape and Cytoscape.js."""

from __future__ import annotations

import json

import networkx as nx

from ugrn_core.network.exports.graph import NOT_UNICODE, check_texts, texts_of


def cyjs(graph: nx.DiGraph) -> bytes:
    """The graph as Cytoscape JSON, UTF-8; half a character in a gene is an InputError."""
    check_texts(texts_of(graph), NOT_UNICODE, "Cytoscape JSON")
    content = nx.cytoscape_data(graph)
    content["data"] = dict(content["data"])  # Cytoscape reads an object where networkx has a list of pairs
    return (json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()
