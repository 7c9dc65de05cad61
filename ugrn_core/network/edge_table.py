"""The edge table: one row a scored pair, the truth of every view, export and comparison of a network."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pandas as pd

from ugrn_core.beeline.networks import GENE_SETS, ROWS, Edge, load_network
from ugrn_core.beeline.registry import missing_networks
from ugrn_core.errors import InputError
from ugrn_core.genes.file_names import HUMAN_COLUMNS
from ugrn_core.translation.scoring import NOVELTY

COLUMNS = {
    "source": "symbol of the gene that is moved",
    "target": "symbol of the gene that is read",
    "score": "mean logit of the translator",
    "probability": "calibrated, at the prevalence of the run; none in a virtual cell that no calibration is for",
    "spread": "standard deviation of the probability over the networks of the translator",
    "slope": "of source -> target: the largest over the virtual values by size, in the model's unit; where the "
    "translator reads responses alone, the mean from the lowest virtual value to the highest",
    "slope_direction": "rises, falls, flat, or not read: the sign of that slope, which is no sign of regulation",
    "direction": "whether the score tells source -> target from target -> source",
    "novelty": "what of the pair the translator saw in training",
    "known": "whether another known network has the edge",
    "tag": "the one word for an edge's standing",
}
"""Columns in order, with what they hold. Numbers have 6 decimals."""
DECIMALS = 6

SLOPE_DIRECTIONS = ("rises", "falls", "flat", "not read")
DIRECTIONS = ("source to target", "target to source", "undecided", "not called")
KNOWN = ("yes", "no", "not checked")
TAGS = ("training pair", "known network", "both genes unseen", "model only")
"""In the order in which they win: an edge has one tag."""


def check_edge_table(table: pd.DataFrame) -> None:
    """Refuse a table that lacks a column or names an edge twice."""
    lacking = [name for name in COLUMNS if name not in table]
    if lacking:
        raise InputError(f"The edge table has no column {', '.join(lacking)}; expected {', '.join(COLUMNS)}.")
    twice = table.duplicated(["source", "target"])
    if twice.any():
        first = table.loc[twice].iloc[0]
        raise InputError(f"The edge table names {first['source']} -> {first['target']} twice; expected each edge once.")


def in_order(table: pd.DataFrame) -> pd.DataFrame:
    """Best score first, ties by source and target; columns in order, rows numbered anew."""
    ordered = table.sort_values(["score", "source", "target"], ascending=[False, True, True], ignore_index=True)
    return ordered[columns_of(table)]


def columns_of(table: pd.DataFrame) -> list[str]:
    """Those of :data:`COLUMNS` and, where genes are named as in a mouse file, :data:`HUMAN_COLUMNS` behind."""
    return [*COLUMNS, *(name for name in HUMAN_COLUMNS if name in table)]


def known_words(pairs: Sequence[Edge], known: Collection[Edge] | None) -> list[str]:
    """``KNOWN`` of each pair; ``known`` None means that nothing was checked."""
    if known is None:
        return [KNOWN[2]] * len(pairs)
    return [KNOWN[0] if pair in known else KNOWN[1] for pair in pairs]


def tag_words(novelty: Sequence[str], known: Sequence[str]) -> list[str]:
    """The one word of each edge: the first of ``TAGS`` that holds."""
    return [_tag(n, k) for n, k in zip(novelty, known, strict=True)]


def beeline_edges() -> frozenset[Edge] | None:
    """All edges of all BEELINE networks that are here, None where a file is missing."""
    if missing_networks():
        return None
    return frozenset(e for gene_set in GENE_SETS for row in ROWS for e in load_network(*row, gene_set).edges)


def _tag(novelty: str, known: str) -> str:
    if novelty == NOVELTY[0]:
        return TAGS[0]
    if known == KNOWN[0]:
        return TAGS[1]
    return TAGS[2] if novelty == NOVELTY[3] else TAGS[3]
