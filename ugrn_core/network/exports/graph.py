"""The shown edges as a networkx graph, the one thing that GraphML, GEXF, Cytoscape JSON and SIF are written from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import networkx as nx
import pandas as pd

from ugrn_core.errors import InputError
from ugrn_core.genes.file_names import human_by_name
from ugrn_core.network.edge_table import check_edge_table
from ugrn_core.network.layout import prepare_nodes

NAME = "Predicted gene regulatory network"
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 has no place for."""
NOT_UNICODE = re.compile("[\ud800-\udfff]")
"""Halves of characters, which no encoding has a place for."""
NOT_HDF5 = re.compile("[\x00\ud800-\udfff]")
"""HDF5 ends a text at a zero."""


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
