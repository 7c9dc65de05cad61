"""In which of BEELINE's networks an edge is, for every edge of one gene."""

from __future__ import annotations

from collections.abc import Mapping

from ugrn_core.beeline.networks import GENE_SETS, ROWS, Edge, load_network
from ugrn_core.beeline.registry import missing_networks


def edges_by_gene() -> Mapping[str, Mapping[Edge, str]] | None:
    """Edges of every gene, as source or target, each with the names of its networks; None where a file is missing."""
    if missing_networks():
        return None
    names: dict[Edge, list[str]] = {}
    for row in ROWS:
        for edge in {e for gene_set in GENE_SETS for e in load_network(*row, gene_set).edges}:
            names.setdefault(edge, []).append(str(row))
    found: dict[str, dict[Edge, str]] = {}
    for edge, rows in names.items():
        text = ", ".join(rows)
        for gene in edge:
            found.setdefault(gene, {})[edge] = text
    return found
