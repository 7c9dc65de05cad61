"""What is known of one gene: other names it goes by, its ids, its mouse ortholog, whether it is a factor."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from ugrn_core.genes.tables import everyday_names, former_symbols, human_symbols_by_id, mouse_genes
from ugrn_core.genes.tfs import is_tf


@dataclass(frozen=True)
class GeneFacts:
    """``names``: everyday and former names; ``ensembl``: human ids; ``mouse``: symbols of its orthologs."""

    symbol: str
    factor: bool
    names: tuple[str, ...]
    ensembl: tuple[str, ...]
    mouse: tuple[str, ...]


@lru_cache(maxsize=1024)
def gene_facts(symbol: str) -> GeneFacts:
    """Facts of a human symbol, from the tables that ship; what they lack is empty."""
    tables = (everyday_names(), former_symbols())
    names = {name for table in tables for name, meant in table.items() if symbol in meant and name != symbol}
    ids = sorted(i for i, s in human_symbols_by_id().items() if s == symbol)
    return GeneFacts(symbol, is_tf(symbol), tuple(sorted(names)), tuple(ids), mouse_symbols(symbol))


def mouse_symbols(symbol: str) -> tuple[str, ...]:
    """Mouse symbols whose human ortholog is ``symbol``."""
    return tuple(sorted(name for name, gene in mouse_genes().by_symbol.items() if symbol in gene.human))
