"""Which edges of a network are shown and written as a graph, as one record: for files, views, recipes and commands."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import pandas as pd

from ugrn_core.network.edge_table import COLUMNS
from ugrn_core.network.filters import Selection, select_edges

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
    genes: tuple[str, ...] | None = None
    near: tuple[str, int] | None = None
    top_per_source: int | None = None
    cap: int | None = None

    def select(self, table: pd.DataFrame) -> Selection:
        """The edges of ``table`` that are shown, best first, with notes on the others."""
        return select_edges(table, **asdict(self))

    def check(self) -> None:
        """Refuse what no edge table could be asked for; an :class:`~ugrn_core.errors.InputError` says what."""
        self.select(pd.DataFrame({name: pd.Series(dtype=object) for name in COLUMNS}))

    def words(self) -> list[str]:
        """The options of ``ugrn network`` that ask for the same."""
        listed = (
            ("--slope", self.slope_directions), ("--direction", self.directions), ("--tag", self.tags),
            ("--only-sources", self.sources), ("--only-genes", self.genes),
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
