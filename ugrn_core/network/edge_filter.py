"""Which edges of a network are shown and written as a graph: filters, caps, and the expected FDR of what is left.

The expected FDR of the best edges is the mean of 1 - p over them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace

import numpy as np
import pandas as pd

from ugrn_core.errors import InputError
from ugrn_core.genes.lookup import Species
from ugrn_core.genes.resolve import resolve_one
from ugrn_core.network.edge_table import COLUMNS, DECIMALS, DIRECTIONS, SLOPE_DIRECTIONS, TAGS, check_edge_table
from ugrn_core.types import FileNames, Vocabulary

ROUNDING = 1e-12
DRAWN_EDGES = 1_000
DRAWN_GENES = 300
"""What a drawing takes before it can be neither read nor moved."""
TOP_WITHOUT_FDR = 50
"""Edges shown where no set of edges reaches the rate asked for, unless a cap says otherwise."""
TOP = 1_000
"""Edges shown where nothing else is asked for."""


def fdr_of_top(probabilities: np.ndarray) -> np.ndarray:
    """Expected FDR (k,) of the top 1, 2, ... edges; probabilities (edge,) fall. It rises with k."""
    misses = np.cumsum(1.0 - np.asarray(probabilities, np.float64))
    return misses / np.arange(1, len(misses) + 1)


def edges_within(probabilities: np.ndarray, fdr: float) -> int:
    """Number of top edges whose expected FDR is at most ``fdr``; 0 where no edge reaches it."""
    if not 0 < fdr < 1:
        raise InputError(f"The FDR is {fdr:g}; it must lie between 0 and 1, e.g. 0.5: half of the edges shown.")
    return longest_within(probabilities, fdr)


def longest_within(probabilities: np.ndarray, fdr: float) -> int:
    """The same for any rate. A curve that rounding lets fall again by a hair is no obstacle, nor a rate met exactly."""
    fits = np.flatnonzero(fdr_of_top(probabilities) <= fdr + ROUNDING)
    return int(fits[-1]) + 1 if fits.size else 0


@dataclass(frozen=True)
class Selection:
    """Edges left, best score first, and a sentence for everything that was left out."""

    table: pd.DataFrame
    notes: tuple[str, ...] = ()

    @property
    def fdr(self) -> float:
        """Expected false discovery rate of these edges, NaN where there is none."""
        return expected_fdr(self.table)


def expected_fdr(table: pd.DataFrame) -> float:
    """Mean of 1 - probability over the edges of ``table``; NaN for no edge. It holds at the prevalence of the run."""
    return float((1 - table["probability"]).mean()) if len(table) else float("nan")


def select_edges(
    table: pd.DataFrame,
    *,
    min_probability: float | None = None,
    max_fdr: float | None = None,
    slope_directions: Sequence[str] | None = None,
    directions: Sequence[str] | None = None,
    tags: Sequence[str] | None = None,
    sources: Sequence[str] | None = None,
    targets: Sequence[str] | None = None,
    genes: Sequence[str] | None = None,
    near: tuple[str, int] | None = None,
    top_per_source: int | None = None,
    cap: int | None = None,
    prevalence: float | None = None,
) -> Selection:
    """The edges that pass every filter given, best score first, ties by source and target.

    Edges that are no more probable than any pair, that is than ``prevalence``, are no findings and left out first.
    The network is made of ``slope_directions``, ``directions``, ``tags``, ``sources``, ``targets``,
    ``min_probability``, then ``top_per_source``, then ``max_fdr`` (the longest list of best edges whose expected rate
    is at most that; where there is none, the top :data:`TOP_WITHOUT_FDR`, or ``cap``, and a note says so). ``genes``
    (edges from or to any of them) and ``near`` (a gene and a number of steps, along edges either way: all edges among
    the genes reached) look into that network, ``cap`` keeps its best. Symbols are matched whatever their case.
    """
    check_edge_table(table)
    _check_numbers(table, min_probability, max_fdr, top_per_source, cap)
    left = _Left(table.sort_values(["score", "source", "target"], ascending=[False, True, True], ignore_index=True))
    if prevalence is not None:
        chance = round(prevalence, DECIMALS)
        idle = f"no more probable than any pair ({percent(prevalence)})"
        left.keep(lambda t: t["probability"].isna() | (t["probability"] > chance), idle)
    for column, names, known in (
        ("slope_direction", slope_directions, SLOPE_DIRECTIONS),
        ("direction", directions, DIRECTIONS),
        ("tag", tags, TAGS),
    ):
        if names is not None:
            _check_names(column, names, known)
            word = column.replace("_", " ")
            left.keep(lambda t, c=column, n=names: t[c].isin(n), f"of another {word} than {', '.join(names) or 'none'}")
    if sources is not None:
        left.keep(lambda t: _matches(t["source"], sources), "from other sources")
        left.say_missing(sources, table["source"], "not a source of this network")
    if targets is not None:
        left.keep(lambda t: _matches(t["target"], targets), "to other targets")
        left.say_missing(targets, table["target"], "not a target of this network")
    if min_probability is not None:
        left.keep(lambda t: t["probability"] >= min_probability, f"below a probability of {min_probability:g}")
    if top_per_source is not None:
        ranks = f"beyond the top {top_per_source} a source"
        left.keep(lambda t: t.groupby("source", observed=True).cumcount() < top_per_source, ranks)
    if max_fdr is not None:
        _within_fdr(left, max_fdr, TOP_WITHOUT_FDR if cap is None else cap)
    if genes is not None:
        left.keep(lambda t: _matches(t["source"], genes) | _matches(t["target"], genes), "of other genes")
        left.say_missing(genes, pd.concat([table["source"], table["target"]]), "not in this network")
    if near is not None:
        _within_steps(left, *near)
    if max_fdr is not None and (rate := expected_fdr(left.table)) > max_fdr and (genes or near):
        left.notes.append(f"The expected FDR of the edges shown is {percent(rate)}; {percent(max_fdr)} is of all.")
    return _capped(left.table, left.notes, cap if cap is not None else len(left.table))


def drawable(table: pd.DataFrame, *, max_edges: int = DRAWN_EDGES, max_genes: int = DRAWN_GENES) -> Selection:
    """The top edges of ``table``, in its order, that a drawing can hold: as many as fit both limits."""
    both = table[["source", "target"]].to_numpy().ravel()
    new = ~pd.Series(both).duplicated().to_numpy()
    genes = np.cumsum(new.reshape(len(table), 2).sum(axis=1))
    fits = min(int((genes <= max_genes).sum()), max_edges)
    return _capped(table.reset_index(drop=True), [], fits)


@dataclass
class _Left:
    """What is left so far, and what was said about the rest."""

    table: pd.DataFrame
    notes: list[str] = field(default_factory=list)

    def keep(self, keeps: Callable[[pd.DataFrame], pd.Series], others: str) -> None:
        kept = self.table[keeps(self.table).to_numpy(bool)]
        dropped = len(self.table) - len(kept)
        if dropped:
            self.notes.append(f"{edge_count(dropped)} {others} left out.")
        self.table = kept.reset_index(drop=True)

    def say_missing(self, asked: Sequence[str], there: pd.Series, what: str) -> None:
        known = set(there.str.casefold())
        missing = [gene for gene in dict.fromkeys(asked) if gene.strip().casefold() not in known]
        if missing:
            more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
            self.notes.append(f"{', '.join(missing[:5])}{more}: {what}.")


def edge_count(n: int) -> str:
    """``1 edge``, ``1,200 edges``."""
    return f"{n:,} edge{'' if n == 1 else 's'}"


def percent(share: float) -> str:
    """``12.3 %`` of a share."""
    return f"{100 * share:.3g} %"


def _within_fdr(left: _Left, max_fdr: float, otherwise: int) -> None:
    best, n = longest_within(left.table["probability"].to_numpy(float), max_fdr), len(left.table)
    if best:
        left.keep(lambda t: pd.Series(t.index < best), f"beyond an expected FDR of {percent(max_fdr)}")
    elif n:
        left.table = left.table.head(otherwise)
        left.notes.append(
            f"No list of best edges has an expected FDR of at most {percent(max_fdr)}: the top {len(left.table):,} of "
            f"{edge_count(n)} are shown, with {percent(expected_fdr(left.table))}."
        )


def _within_steps(left: _Left, gene: str, steps: int) -> None:
    if steps < 1:
        raise InputError(f"The neighbourhood of {gene} needs at least 1 step, got {steps}.")
    everyone = pd.unique(left.table[["source", "target"]].to_numpy().ravel())
    reached = {name for name in everyone if name.casefold() == gene.strip().casefold()}
    if not reached:
        left.notes.append(f"{gene} has no edge in this network.")
    for _ in range(steps):
        touched = left.table["source"].isin(reached) | left.table["target"].isin(reached)
        reached |= set(left.table.loc[touched, ["source", "target"]].to_numpy().ravel())
    word = "step" if steps == 1 else "steps"
    left.keep(lambda t: t["source"].isin(reached) & t["target"].isin(reached), f"beyond {steps} {word} of {gene}")


def _capped(table: pd.DataFrame, notes: list[str], cap: int) -> Selection:
    if cap >= len(table):
        return Selection(table, tuple(notes))
    return Selection(table.head(cap), (*notes, f"Showing the top {cap:,} of {edge_count(len(table))}."))


def _matches(column: pd.Series, symbols: Sequence[str]) -> pd.Series:
    return column.str.casefold().isin([symbol.strip().casefold() for symbol in symbols])


def _check_names(column: str, names: Sequence[str], known: Sequence[str]) -> None:
    unknown = [name for name in names if name not in known]
    if unknown:
        raise InputError(f"There is no {column.replace('_', ' ')} {unknown[0]!r}; expected any of {', '.join(known)}.")


def _check_numbers(
    table: pd.DataFrame, min_probability: float | None, max_fdr: float | None, top: int | None, cap: int | None
) -> None:
    for name, share in (("smallest probability", min_probability), ("largest expected FDR", max_fdr)):
        if share is None:
            continue
        if not 0 <= share <= 1:
            raise InputError(f"The {name} is a share between 0 and 1, got {share:g}.")
        if table["probability"].isna().any():
            raise InputError(f"Some edges have no probability: the {name} says nothing. Filter by score instead.")
    for name, count in (("edges a source", top), ("edges", cap)):
        if count is not None and count < 1:
            raise InputError(f"The number of {name} to show is at least 1, got {count}.")


@dataclass(frozen=True)
class EdgeFilter:
    """Filters of :func:`select_edges`, under the same names; without any, the best edges."""

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

    def by_rank(self) -> EdgeFilter:
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
    ) -> EdgeFilter:
        """The same with genes as the edge table of a network names them, resolved as those of a gene list are.

        A name that is no gene is a GeneError, one that is no source, target or gene of the network an InputError.
        """
        genes = tuple(dict.fromkeys([*sources, *targets]))

        def one(name: str, there: Sequence[str], what: str) -> str:
            return network_gene(name, vocabulary, there, what, species, file_names)

        def several(names: Sequence[str] | None, there: Sequence[str], what: str) -> tuple[str, ...] | None:
            return None if names is None else tuple(dict.fromkeys(one(name, there, what) for name in names))

        return replace(
            self,
            sources=several(self.sources, sources, "source"),
            targets=several(self.targets, targets, "target"),
            genes=several(self.genes, genes, "gene"),
            near=None if self.near is None else (one(self.near[0], genes, "gene"), self.near[1]),
        )

    def check(self) -> None:
        """Refuse what no edge table could be asked for; an :class:`~ugrn_core.errors.InputError` says what."""
        self.select(pd.DataFrame({name: pd.Series(dtype=object) for name in COLUMNS}))

    def cli_args(self) -> list[str]:
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
