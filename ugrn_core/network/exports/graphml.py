"""``network.graphml``: for Cytoscape, Gephi, yEd, igraph, networkx."""

from __future__ import annotations

import io

import networkx as nx

from ugrn_core.network.exports.graph import NOT_XML, check_texts, texts_of


def graphml(graph: nx.DiGraph) -> bytes:
    """The graph as GraphML, UTF-8; a gene that XML has no place for is an InputError."""
    check_texts(texts_of(graph), NOT_XML, "GraphML")
    out = io.BytesIO()
    nx.write_graphml_xml(graph, out, named_key_ids=False)  # not write_graphml: it takes lxml where that is installed
    return out.getvalue()
