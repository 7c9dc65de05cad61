"""``network.gexf``: for Gephi; probabilities are the weights of its layouts, ranks where there are none."""

from __future__ import annotations

import io
from xml.etree.ElementTree import SubElement

import networkx as nx
from networkx.readwrite.gexf import GEXFWriter

from ugrn_core.network.exports.graph import NOT_XML, check_texts, texts_of


def gexf(graph: nx.DiGraph) -> bytes:
    """The graph as GEXF, UTF-8, with what the graph says of itself as its description, and without a date.

    A gene that XML has no place for is an InputError.
    """
    check_texts(texts_of(graph), NOT_XML, "GEXF")
    weighted = nx.DiGraph(graph)
    n = weighted.number_of_edges()
    for rank, (*_, edge) in enumerate(sorted(weighted.edges(data=True), key=lambda e: -e[2]["score"])):
        edge["weight"] = edge.get("probability", (n - rank) / n)
    writer = GEXFWriter()
    writer.add_graph(weighted)
    meta = writer.xml.find("meta")
    assert meta is not None
    del meta.attrib["lastmodifieddate"]  # networkx writes the day; the same network gives the same bytes
    SubElement(meta, "description").text = "; ".join(f"{k}: {v}" for k, v in graph.graph.items())
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()
