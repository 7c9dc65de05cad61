"""Where the genes of a drawn network stand: the same places for every view of it."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pandas as pd

from ugrn_core.genes.file_names import human_by_name
from ugrn_core.genes.tfs import is_tf
from ugrn_core.network.edge_filter import drawable
from ugrn_core.network.edge_table import in_order

PLACE_COLUMNS = ["gene", "x", "y"]
PATH_LENGTHS = 100
"""Up to so many genes distances follow the lengths of paths (Kamada and Kawai 1989), which reads best and takes a
second; beyond, ForceAtlas2 (Jacomy et al. 2014)."""
ROOM = np.array([1.1, 0.75])
"""Least distance of two genes across and down: a name is wider than it is high."""
WIDE = 1.6
"""Width of a drawing for each unit of its height."""
SPREAD = np.array([0.65, 0.5])
"""Standard distance of genes from their middle across and down, for the square root of their number."""
GAP = 0.9
"""Room around a part, and half the room between two."""


def prepare_nodes(table: pd.DataFrame) -> pd.DataFrame:
    """Genes of an edge table, ``gene, is_tf, out_degree, in_degree``, by name; degrees are numbers of its edges."""
    out, into = (table[end].astype(object).value_counts() for end in ("source", "target"))
    genes = pd.Index(sorted({*out.index, *into.index}), dtype=object)
    human = human_by_name(table)
    return pd.DataFrame(
        {
            "gene": genes,
            "is_tf": np.array([is_tf(human.get(str(gene), str(gene))) for gene in genes], bool),
            "out_degree": out.reindex(genes, fill_value=0).to_numpy(np.int64),
            "in_degree": into.reindex(genes, fill_value=0).to_numpy(np.int64),
        }
    )


def place_genes(table: pd.DataFrame) -> pd.DataFrame:
    """Places (:data:`PLACE_COLUMNS`) of the genes that a drawing of ``table`` holds, by name, y upwards.

    Drawn are the best edges that :func:`~ugrn_core.network.edge_filter.drawable` keeps, so that any table may be given.
    The unit is the usual distance of a gene to its nearest. Parts without an edge between them stand side by side,
    largest first. Deterministic; the order of rows does not matter. About a second for 300 genes.
    """
    shown = drawable(in_order(table)).table
    parts = [_laid_out(part) for part in _parts(shown)]
    offsets = _packed([np.ptp(places, axis=0) for _, places in parts])
    genes = [gene for names, _ in parts for gene in names]
    moved = [places - places.min(0) + offset for (_, places), offset in zip(parts, offsets, strict=True)]
    xy = np.vstack([np.empty((0, 2)), *moved])
    if len(xy):
        xy -= (xy.max(0) + xy.min(0)) / 2
    places = pd.DataFrame({"gene": pd.Series(genes, dtype=object), "x": xy[:, 0], "y": xy[:, 1]}).round(3)
    places[["x", "y"]] += 0.0  # no minus zero
    return places.sort_values("gene", ignore_index=True)[PLACE_COLUMNS]


def _parts(table: pd.DataFrame) -> list[nx.Graph]:
    """Connected parts as graphs, largest first, nodes and edges in the order of their names."""
    pairs = sorted({(min(s, t), max(s, t)) for s, t in zip(table["source"], table["target"], strict=True)})
    whole = nx.Graph(pairs)
    part_of = {gene: min(part) for part in nx.connected_components(whole) for gene in part}
    edges: dict[str, list[tuple[str, str]]] = {}
    for pair in pairs:
        edges.setdefault(part_of[pair[0]], []).append(pair)
    made = []
    for first in sorted(edges):
        part = nx.Graph()
        part.add_nodes_from(sorted({gene for pair in edges[first] for gene in pair}))
        part.add_edges_from(edges[first])
        made.append(part)
    return sorted(made, key=len, reverse=True)


def _laid_out(part: nx.Graph) -> tuple[list[str], np.ndarray]:
    """Genes and places (gene, 2) of a part: the longer way across, neighbours about 1 apart, none on another."""
    found = nx.kamada_kawai_layout(part) if len(part) <= PATH_LENGTHS else nx.forceatlas2_layout(part, seed=0)
    xy = np.array([found[gene] for gene in part], float)
    xy = _turned(xy - xy.mean(0))
    size = np.sqrt(float((xy**2).sum(1).mean()))
    return list(part), _apart(xy * SPREAD * np.sqrt(len(xy)) / size)


def _turned(xy: np.ndarray) -> np.ndarray:
    """Rotated so that the places spread most along x."""
    (xx, xy_), (_, yy) = xy.T @ xy
    angle = 0.5 * np.arctan2(2 * xy_, xx - yy)
    cos, sin = np.cos(angle), np.sin(angle)
    return xy @ np.array([[cos, -sin], [sin, cos]])


def _apart(xy: np.ndarray, rounds: int = 200) -> np.ndarray:
    """Places moved so far that no two genes are nearer than :data:`ROOM`, as far as ``rounds`` of pushes get."""
    xy = xy + 1e-3 * np.stack([np.cos(np.arange(len(xy))), np.sin(np.arange(len(xy)))], 1)  # none on another
    for _ in range(rounds):
        across, down = (place[:, None] - place for place in (xy / ROOM).T)
        distance = np.sqrt(across**2 + down**2)
        np.fill_diagonal(distance, np.inf)
        if distance.min() >= 0.999:
            break
        push = np.maximum(1 - distance, 0) / distance
        xy = xy + 0.5 * np.stack([(across * push).sum(1), (down * push).sum(1)], 1) * ROOM
    return xy


def _packed(sizes: list[np.ndarray]) -> list[np.ndarray]:
    """Lower left corners of boxes in rows from the top: of rows as wide as the first one, two, ... boxes, those
    that a drawing of :data:`WIDE` to 1 shows largest."""
    padded = [size + 2 * GAP for size in sizes]
    widths = np.cumsum([float(size[0]) for size in padded])
    packings = [_in_rows(padded, float(width)) for width in widths]
    extents = [np.ptp(np.vstack([c, np.add(c, padded)]), axis=0) for c in packings]
    return min(zip(extents, packings, strict=True), key=lambda e: max(e[0][0] / WIDE, e[0][1]), default=(None, []))[1]


def _in_rows(sizes: list[np.ndarray], width: float) -> list[np.ndarray]:
    """Lower left corners of boxes in rows of at most ``width``, or of the one box that is wider."""
    corners, across, top, height = [], 0.0, 0.0, 0.0
    for size in sizes:
        if across and across + size[0] > width + 1e-9:
            across, top, height = 0.0, top - height, 0.0
        height = max(height, float(size[1]))
        corners.append(np.array([across, top - float(size[1])]))
        across += float(size[0])
    return corners
