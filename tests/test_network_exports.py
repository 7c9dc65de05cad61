"""Files of a network: read back by the libraries that read them, hostile names, the same bytes again."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from datetime import date

import anndata
import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.small_network import small_edge_table
from ugrn_core.errors import InputError
from ugrn_core.genes.tfs import is_tf
from ugrn_core.network.edge_table import COLUMNS, DIRECTIONS, KNOWN, SLOPE_DIRECTIONS, TAGS, in_order
from ugrn_core.network.exports.folder import check_genes
from ugrn_core.network.exports.graph import (
    NOT_HDF5,
    NOT_SIF,
    NOT_UNICODE,
    NOT_XML,
    RELATION,
    cyjs,
    gexf,
    graphml,
    network_graph,
    sif,
)
from ugrn_core.network.exports.h5ad import CellNetwork, network_h5ad
from ugrn_core.network.question import NetworkRequest
from ugrn_core.network.table import csv_lines
from ugrn_core.spreadsheet import csv_text, unguarded
from ugrn_core.translation.scoring import NOVELTY
from ugrn_core.types import Context

ABOUT = {"caption": 'Top 3 of 9 & <more> "quoted"', "prevalence": 0.012}
HOSTILE = ["A&B", "<script>alert(1)</script>", 'a"b', "x'y", "]]>", "é😀", "HLA-A,B", "&amp;", " \u00a0x", "-->"]
HOSTILE += ["=1+1", "@x", "'=x"]

some_names = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(st.characters(codec=None, exclude_categories=[]), min_size=1, max_size=6),
    st.sampled_from(["TP53", "SOX2", "GATA1"]),
)


@st.composite
def edge_tables(draw):
    """Edge tables of a few genes of any name, in order."""
    genes = draw(st.lists(some_names, min_size=2, max_size=7, unique=True))
    pairs = draw(st.lists(st.tuples(st.sampled_from(genes), st.sampled_from(genes)), max_size=12, unique=True))
    pairs = [(s, t) for s, t in pairs if s != t]
    decimals = st.integers(-9_000_000, 9_000_000).map(lambda n: n / 1e6)
    rows = [
        {
            "source": s,
            "target": t,
            "score": draw(decimals),
            "probability": draw(st.integers(0, 10**6)) / 1e6,
            "spread": draw(st.integers(0, 10**6)) / 1e6,
            "slope": draw(st.one_of(decimals, st.just(math.nan))),
            "slope_direction": draw(st.sampled_from(SLOPE_DIRECTIONS)),
            "direction": draw(st.sampled_from(DIRECTIONS)),
            "novelty": draw(st.sampled_from(NOVELTY)),
            "known": draw(st.sampled_from(KNOWN)),
            "tag": draw(st.sampled_from(TAGS)),
        }
        for s, t in pairs
    ]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    numbers = ["score", "probability", "spread", "slope"]
    return in_order(table.astype(dict.fromkeys(numbers, float)).astype({"source": object, "target": object}))


def genes_of(table):
    return sorted({*table["source"], *table["target"]})


def expected_edges(table):
    rows = table.to_dict("records")
    return {(r.pop("source"), r.pop("target")): {k: v for k, v in r.items() if v == v} for r in rows}


def is_refused(table, cannot):
    return any(cannot.search(gene) for gene in genes_of(table))


def read_back(graph):
    """Edges with their attributes, and genes with theirs."""
    return {(u, v): d for u, v, d in graph.edges(data=True)}, dict(graph.nodes(data=True))


FORMATS = {
    "graphml": (graphml, lambda b: nx.read_graphml(io.BytesIO(b)), NOT_XML),
    "gexf": (gexf, lambda b: nx.read_gexf(io.BytesIO(b)), NOT_XML),
    "cyjs": (cyjs, lambda b: nx.cytoscape_graph(json.loads(b)), NOT_UNICODE),
}


@pytest.mark.parametrize("name", FORMATS)
@given(table=edge_tables())
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_networkx_reads_back_what_was_written(name, table):
    write, read, cannot = FORMATS[name]
    graph = network_graph(table, ABOUT)
    if is_refused(table, cannot):
        with pytest.raises(InputError, match="has no place for"):
            write(graph)
        return
    edges, genes = read_back(read(write(graph)))
    if name == "gexf":
        assert all(edge.pop("weight") == edge["probability"] for edge in edges.values())
    own = {"id", "source", "target"}  # of the format
    edges = {pair: {k: v for k, v in edge.items() if k not in own} for pair, edge in edges.items()}
    assert edges == expected_edges(table)
    assert sorted(genes) == genes_of(table)
    degrees = table["source"].value_counts(), table["target"].value_counts()
    for gene, found in genes.items():
        assert (found["out_degree"], found["in_degree"]) == tuple(d.get(gene, 0) for d in degrees)
        assert isinstance(found["is_tf"], bool) and found["is_tf"] == is_tf(gene)


@given(table=edge_tables())
@settings(max_examples=120, deadline=None)
def test_sif_is_read_back(table):
    graph = network_graph(table, ABOUT)
    if is_refused(table, NOT_SIF):
        with pytest.raises(InputError, match="SIF has no place for"):
            sif(graph)
        return
    rows = [line.split("\t") for line in sif(graph).decode().splitlines()]
    assert ([(s, t) for s, _, t in rows] and {relation for _, relation, _ in rows} == {RELATION}) or not rows
    assert {(s, t) for s, _, t in rows} == set(expected_edges(table)) and len(rows) == len(table)


@given(table=edge_tables())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_anndata_reads_back_what_was_written(table):
    genes = genes_of(table)
    assume(len(genes) > 1)
    sources = tuple(dict.fromkeys(table["source"]))
    request = NetworkRequest(sources, tuple(genes))
    one = CellNetwork("two genes alone", request, 10.0, table, '{"recipe": 2}')
    if is_refused(table, NOT_HDF5):
        with pytest.raises(InputError, match="HDF5 has no place for"):
            network_h5ad([one], ABOUT)
        return
    cells = anndata.read_h5ad(io.BytesIO(network_h5ad([one], ABOUT)))
    place = {gene: n for n, gene in enumerate(cells.var_names)}
    assert set(place) == set(genes) and (np.asarray(cells.X) == 10).all()
    for name in ("score", "probability"):
        matrix = cells.varp[name].tocoo()
        found = dict(zip(zip(matrix.row.tolist(), matrix.col.tolist(), strict=True), matrix.data, strict=True))
        assert found == {(place[s], place[t]): v for s, t, v in zip(table.source, table.target, table[name])}  # noqa: B905
    assert cells.uns["ugrn"]["prevalence"] == 0.012 and list(cells.uns["ugrn"]["recipes"]) == ['{"recipe": 2}']


@given(table=edge_tables())
@settings(max_examples=100, deadline=None)
def test_lines_of_csv_are_those_of_pandas(table):
    lines = csv_lines(table)
    if any("\r" in gene for gene in genes_of(table)):  # pandas leaves it bare, where other readers end the line
        rows = [[unguarded(cell) for cell in row[:2]] for row in csv.reader(io.StringIO(lines, newline=""))]
        assert rows == table[["source", "target"]].to_numpy().tolist()
        return
    assert lines == csv_text(table, "%.6f").removeprefix(",".join(COLUMNS) + "\n")


@pytest.mark.parametrize(
    ("gene", "file"), [("A\x01", "GraphML"), ("A\tB", "SIF"), ("\ud800", "GraphML"), ("", "GraphML")]
)
def test_a_gene_that_a_file_has_no_place_for_is_refused_before_the_run(gene, file):
    check_genes(NetworkRequest(("A", "B & C"), ("A", "<D>", "é😀", "HLA-A,B")))
    with pytest.raises(InputError, match=f"{file} has no place for"):
        check_genes(NetworkRequest(("A",), ("B", gene)))


def test_graph_files_say_what_they_are():
    graph = network_graph(small_edge_table(), ABOUT)
    assert nx.read_graphml(io.BytesIO(graphml(graph))).graph["caption"] == ABOUT["caption"]
    assert json.loads(cyjs(graph))["data"]["caption"] == ABOUT["caption"]
    text = gexf(graph).decode()
    assert "Top 3 of 9 &amp; &lt;more&gt;" in text and str(date.today().year) not in re.sub("[0-9.]{6,}", "", text)
    assert "lastmodified" not in text


def test_no_file_depends_on_anything_but_the_network():
    table = small_edge_table()
    again = table.copy()
    for write in (graphml, gexf, cyjs, sif):
        assert write(network_graph(table, ABOUT)) == write(network_graph(again, ABOUT))


def test_a_network_without_a_shown_edge_is_a_file_all_the_same():
    table = small_edge_table().head(0)
    graph = network_graph(table, ABOUT)
    assert nx.read_graphml(io.BytesIO(graphml(graph))).number_of_edges() == 0
    assert nx.read_gexf(io.BytesIO(gexf(graph))).number_of_nodes() == 0 and sif(graph) == b""
    request = NetworkRequest(("G1",), ("G1", "G2"))
    cells = anndata.read_h5ad(io.BytesIO(network_h5ad([CellNetwork("c", request, 1.0, table, "{}")], ABOUT)))
    assert cells.shape == (1, 2) and cells.varp["score"].nnz == 0


def test_networks_of_groups_share_one_h5ad():
    table = small_edge_table(2, 4)
    genes = ("G1", "G2", "G3", "G4")
    means = {"CD4+ T/NK": (1.0, 2.0, 3.0, 4.0), "B": (0.5, 0.0, 0.0, 9.0)}
    networks = [
        CellNetwork(name, NetworkRequest(genes[:2], genes[:n], Context("profile", genes[:n], m[:n], name)), 1.0,
                    table[table["target"].isin(genes[:n])], "{}")
        for (name, m), n in zip(means.items(), (4, 3), strict=True)
    ]  # fmt: skip
    cells = anndata.read_h5ad(io.BytesIO(network_h5ad(networks, ABOUT)))
    assert list(cells.obs_names) == list(means) and cells.varp["score: CD4+ T-NK"].nnz == len(table)
    np.testing.assert_allclose(cells.X, [[1, 2, 3, 4], [0.5, 0, 0, np.nan]])
    with pytest.raises(InputError, match="same name"):
        network_h5ad([networks[0], networks[0]], ABOUT)
