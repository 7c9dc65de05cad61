"""The shown edges as a networkx graph, and its files: GraphML, Cytoscape JSON, GEXF, SIF; and as regulons:
``regulons.gmt``, ``adjacencies.csv`` of pySCENIC, ``decoupler.csv``.

No edge has a sign of regulation, so that all weights of regulons are positive: the probability, or where there is none
a falling share of ranks, as in GEXF. decoupler takes a negative weight for repression.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Mapping
from xml.etree.ElementTree import SubElement

import networkx as nx
import pandas as pd
from networkx.readwrite.gexf import GEXFWriter

from ugrn_core.errors import InputError
from ugrn_core.genes.file_names import human_by_name
from ugrn_core.network.edge_table import check_edge_table
from ugrn_core.network.layout import prepare_nodes
from ugrn_core.spreadsheet import csv_text

NAME = "Predicted gene regulatory network"
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 has no place for."""
NOT_UNICODE = re.compile("[\ud800-\udfff]")
"""Halves of characters, which no encoding has a place for."""
NOT_HDF5 = re.compile("[\x00\ud800-\udfff]")
"""HDF5 ends a text at a zero."""

RELATION = "predicted"
NOT_SIF = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]|^ | $")
"""Tabs part the columns, and readers differ in what else ends a line; blanks around a name are stripped by some."""


def network_graph(table: pd.DataFrame, about: Mapping[str, str | float]) -> nx.DiGraph:
    """Directed graph of an edge table, genes by name and edges in the order of the table.

    Edges carry every column of the table, but for what is not known (NaN); genes carry is_tf, out_degree,
    in_degree and, where they are named as in a mouse file, human_symbol; the graph carries a name and ``about``.
    """
    check_edge_table(table)
    graph = nx.DiGraph()
    graph.graph.update({"name": NAME, **about})
    nodes, human = prepare_nodes(table), human_by_name(table)
    graph.add_nodes_from(zip(nodes["gene"], nodes.drop(columns="gene").to_dict("records"), strict=True))
    nx.set_node_attributes(graph, human, "human_symbol")
    attributes = table.drop(columns=["source", "target"]).to_dict("records")
    for source, target, values in zip(table["source"], table["target"], attributes, strict=True):
        graph.add_edge(source, target, **{k: v for k, v in values.items() if v == v})
    return graph


def check_texts(texts: Iterable[str], cannot: re.Pattern[str], file: str) -> None:
    """Refuse a text with characters that a kind of file has no place for, and an empty one."""
    for text in texts:
        found = cannot.search(text)
        if found or not text:
            what = f"holds the character U+{ord(found[0]):04X}" if found else "is empty"
            raise InputError(
                f"{text!r} {what}, which {file} has no place for. Rename that gene in the vocabulary of the model, or "
                "leave it out of the network."
            )


def texts_of(graph: nx.DiGraph) -> list[str]:
    """Names of the genes, and what the graph says of itself."""
    return [*graph, *map(str, graph.graph.values())]


def graphml(graph: nx.DiGraph) -> bytes:
    """The graph as GraphML, UTF-8; a gene that XML has no place for is an InputError."""
    check_texts(texts_of(graph), NOT_XML, "GraphML")
    out = io.BytesIO()
    nx.write_graphml_xml(graph, out, named_key_ids=False)  # not write_graphml: it takes lxml where that is installed
    return out.getvalue()


def cyjs(graph: nx.DiGraph) -> bytes:
    """The graph as Cytoscape JSON, UTF-8; half a character in a gene is an InputError."""
    check_texts(texts_of(graph), NOT_UNICODE, "Cytoscape JSON")
    content = nx.cytoscape_data(graph)
    content["data"] = dict(content["data"])  # Cytoscape reads an object where networkx has a list of pairs
    return (json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


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


def sif(graph: nx.DiGraph) -> bytes:
    """The edges as SIF with tabs, UTF-8; a gene with a tab, a line break or a blank at its ends is an InputError."""
    check_texts(graph, NOT_SIF, "SIF")
    return "".join(f"{source}\t{RELATION}\t{target}\n" for source, target in graph.edges()).encode()


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
