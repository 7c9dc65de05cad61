"""Which edges of a network are shown and written as a graph, as one record: for files, views, recipes and commands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import pandas as pd

from ugrn_core.errors import InputError
from ugrn_core.genes.lookup import Species
from ugrn_core.genes.resolve import resolve_one
from ugrn_core.network.edge_table import COLUMNS
from ugrn_core.network.filters import TOP_WITHOUT_FDR, Selection, select_edges
from ugrn_core.types import FileNames, Vocabulary

TOP = 1_000
"""Edges shown where nothing else is asked for."""


@dataclass(frozen=True)
class Shown:
    """Filters of :func:`ugrn_core.network.filters.select_edges`, under the same names; without any, the best edges."""

    min_probability: float | None = None
    max_fdr: float | None = None
    slope_directions: tuple[str, ...] | None = None
    directions: tuple[str, ...] | None = None
    tags: tuple[str, ...] | None = None
    sources: tuple[str, ...] | None = None
    targets: tuple[str, ...] | None = None
    genes: tuple[str, ...] | None = None
    near: tuple[str, int] | None = None
    top_per_source: int | None = None
    cap: int | None = None

    def select(self, table: pd.DataFrame, prevalence: float | None = None) -> Selection:
        """The edges of ``table`` that are shown, best first, with notes on the others.

        ``prevalence``: that of its probabilities; an edge that is no more probable is not shown.
        """
        return select_edges(table, **asdict(self), prevalence=prevalence)

    @property
    def reads_probabilities(self) -> bool:
        """Whether it asks for more than an order."""
        return self.min_probability is not None or self.max_fdr is not None

    def by_rank(self) -> Shown:
        """The same for a network without probabilities: the best edges in place of a rule that reads them."""
        if not self.reads_probabilities:
            return self
        return replace(self, min_probability=None, max_fdr=None, cap=self.cap or TOP_WITHOUT_FDR)

    def named(
        self,
        vocabulary: Vocabulary,
        sources: Sequence[str],
        targets: Sequence[str],
        species: Species | None = None,
        file_names: FileNames | None = None,
    ) -> Shown:
        """The same with genes as the edge table of a network names them, resolved as those of a gene list are.

        A name that is no gene is a GeneError, one that is no source, target or gene of the network an InputError.
        """
        genes = tuple(dict.fromkeys([*sources, *targets]))

        def symbols(names: Sequence[str] | None, there: Sequence[str], what: str) -> tuple[str, ...] | None:
            if names is None:
                return None
            found = [network_gene(name, vocabulary, there, what, species, file_names) for name in names]
            return tuple(dict.fromkeys(found))

        near = symbols(self.near and self.near[:1], genes, "gene")
        return replace(
            self,
            sources=symbols(self.sources, sources, "source"),
            targets=symbols(self.targets, targets, "target"),
            genes=symbols(self.genes, genes, "gene"),
            near=None if near is None or self.near is None else (near[0], self.near[1]),
        )

    def check(self) -> None:
        """Refuse what no edge table could be asked for; an :class:`~ugrn_core.errors.InputError` says what."""
        self.select(pd.DataFrame({name: pd.Series(dtype=object) for name in COLUMNS}))

    def words(self) -> list[str]:
        """The options of ``ugrn network`` that ask for the same."""
        listed = (
            ("--slope", self.slope_directions), ("--direction", self.directions), ("--tag", self.tags),
            ("--only-sources", self.sources), ("--only-targets", self.targets), ("--only-genes", self.genes),
        )  # fmt: skip
        numbers = (
            ("--top", self.cap), ("--fdr", self.max_fdr), ("--min-probability", self.min_probability),
            ("--top-per-source", self.top_per_source),
        )  # fmt: skip
        words = [word for name, value in numbers if value is not None for word in (name, f"{value:.9g}")]
        words += [word for name, values in listed if values is not None for word in (name, ",".join(values))]
        if self.near is not None:
            words += ["--around", self.near[0], "--steps", str(self.near[1])]
        return words


def network_gene(
    name: str,
    vocabulary: Vocabulary,
    there: Sequence[str],
    what: str,
    species: Species | None = None,
    file_names: FileNames | None = None,
) -> str:
    """A gene as the edge table of a network names it: its symbol, or its name in a mouse file (``file_names``).

    ``there``: symbols of the genes of the network, which ``what`` calls: gene, source or target. A name that is no gene
    is a GeneError, one that is not there an InputError.
    """
    called_there = {symbol if file_names is None else file_names.of(symbol): symbol for symbol in there}
    if name in called_there:
        return name
    symbol = name if name in there else resolve_one(name, vocabulary, species)
    if symbol not in there:
        called = name if symbol == name else f"{name} ({symbol})"
        listed = list(called_there)
        some = ", ".join(listed[:5]) + (" and others" if len(listed) > 5 else "")
        raise InputError(f"{called} is no {what} of this network, which has {some}. Give one of these {what}s.")
    return symbol if file_names is None else file_names.of(symbol)
