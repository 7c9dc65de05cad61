"""``network.h5ad``: for scanpy and its relatives. Virtual cells are the rows, edges lie in ``.varp``.

``X`` (cell, gene) float32: the values of the virtual cells in the model's unit: for groups of cells their mean
profiles, without cells the base value. NaN is a gene that is not in that cell. ``obs``: a row a network, named as its
cells. ``var``: the genes of the networks, with is_tf, is_source, is_target; of a mouse file by its names, with
human_symbol. ``varp``: ``score`` and ``probability`` of the shown edges, sparse (source, target), nothing where an edge
is not shown or has none, and what cells showed of them where they were asked (``cells_spearman`` and the like); of
several networks each has its own, ``score: ROW``. ``uns["ugrn"]``: what the graph
files say of themselves, and the recipes as JSON.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from ugrn_core.errors import InputError
from ugrn_core.genes.file_names import in_file
from ugrn_core.genes.tfs import is_tf
from ugrn_core.network.distinct_names import distinct_names
from ugrn_core.network.edge_table import COLUMNS
from ugrn_core.network.exports.graph import NOT_HDF5, check_texts
from ugrn_core.network.question import NetworkRequest

MATRICES = ("score", "probability")


@dataclass(frozen=True)
class CellNetwork:
    """One network for the file: the virtual cell by name, its question, base value, shown edges, recipe (JSON)."""

    name: str
    request: NetworkRequest
    base: float
    table: pd.DataFrame
    recipe: str


def network_h5ad(networks: Sequence[CellNetwork], about: Mapping[str, str | float]) -> bytes:
    """The networks as an h5ad file; the same bytes for the same networks.

    Two rows of one name, and a name that HDF5 has no place for, are InputErrors.
    """
    import anndata  # here: it takes most of a second, and nobody waits for it who only asks for a network

    names = [n.name for n in networks]
    if len(set(names)) < len(names):
        raise InputError(f"Two networks have the same name: {', '.join(names)}.")
    keys = distinct_names(names, lambda name: name.replace("/", "-"))  # HDF5 takes a slash for a folder
    genes = tuple(dict.fromkeys(g for n in networks for g in (*n.request.sources, *n.request.targets)))
    called = in_file(networks[0].request.names, genes)
    check_texts([*called, *names], NOT_HDF5, "HDF5")
    cells = anndata.AnnData(
        np.stack([_values(n, genes) for n in networks]),
        obs=pd.DataFrame({"context": [n.request.context.kind for n in networks]}, index=pd.Index(names, dtype=object)),
        var=_genes(networks, genes, called),
    )
    for network in networks:
        numbers = [c for c in network.table if c not in COLUMNS and network.table[c].dtype.kind == "f"]  # of cells
        for matrix in (*MATRICES, *numbers):
            name = matrix if len(networks) == 1 else f"{matrix}: {keys[network.name]}"
            cells.varp[name] = edge_matrix(network.table, called, matrix)
    cells.uns["ugrn"] = dict(about) | {"recipes": [n.recipe for n in networks]}
    with tempfile.TemporaryDirectory(prefix="ugrn-h5ad-") as folder:
        file = Path(folder) / "network.h5ad"
        cells.write_h5ad(file)
        return file.read_bytes()


def _values(network: CellNetwork, genes: Sequence[str]) -> np.ndarray:
    """Values (gene,) float32 of a virtual cell."""
    context = network.request.context
    if context.kind == "pair":
        own = {*network.request.sources, *network.request.targets}
        return np.array([network.base if gene in own else np.nan for gene in genes], np.float32)
    values = context.values or (network.base,) * len(context.genes)
    at = dict(zip(context.genes, values, strict=True))
    return np.array([at.get(gene, np.nan) for gene in genes], np.float32)


def _genes(networks: Sequence[CellNetwork], genes: Sequence[str], called: Sequence[str]) -> pd.DataFrame:
    sources = {g for n in networks for g in n.request.sources}
    targets = {g for n in networks for g in n.request.targets}
    columns: dict[str, list] = {
        "is_tf": [is_tf(g) for g in genes],
        "is_source": [g in sources for g in genes],
        "is_target": [g in targets for g in genes],
    }
    if networks[0].request.names is not None:
        columns["human_symbol"] = list(genes)
    return pd.DataFrame(columns, index=pd.Index(called, dtype=object))


def edge_matrix(table: pd.DataFrame, genes: Sequence[str], column: str) -> sparse.csr_matrix:
    """Values (source, target) float64 of a column of the edge table, nothing where it has no row or no number."""
    table = table[table[column].notna()]
    place = pd.Series(range(len(genes)), index=list(genes))
    where = place[table["source"]].to_numpy(), place[table["target"]].to_numpy()
    matrix = sparse.csr_matrix((table[column].to_numpy(np.float64), where), shape=(len(genes), len(genes)))
    matrix.sort_indices()
    return matrix
