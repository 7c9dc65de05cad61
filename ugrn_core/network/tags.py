"""What is known of an edge beside its score: what the translator had seen, and whether another network has it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ugrn_core.beeline.networks import GENE_SETS, ROWS, Edge, load_network
from ugrn_core.beeline.registry import missing_networks
from ugrn_core.network.edge_table import KNOWN, TAGS
from ugrn_core.translation.scoring import NOVELTY


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
