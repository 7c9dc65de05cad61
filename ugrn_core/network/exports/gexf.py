"""``network.gexf``: for Gephi; probabilities are the weights of its layouts."""

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
    for *_, edge in weighted.edges(data=True):
        edge["weight"] = edge["probability"]
    writer = GEXFWriter()
    writer.add_graph(weighted)
    meta = writer.xml.find("meta")
    assert meta is not None
    del meta.attrib["lastmodifieddate"]  # networkx writes the day; the same network gives the same bytes
    SubElement(meta, "description").text = "; ".join(f"{k}: {v}" for k, v in graph.graph.items())
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()
