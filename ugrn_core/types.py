"""The words of the project as plain records: no torch, no files, no Streamlit."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np

Progress = Callable[[float, str], None]
"""Called with the finished share (0 to 1) and a short sentence; a page passes a bar, a test a list."""

Cancel = Callable[[], bool]
"""Asked between batches; true means stop and raise :class:`ugrn_core.errors.Cancelled`."""


MIN_DETECTION = 0.05
"""A gene counts as detected in a group of cells if this share of them shows it: droplets show most TFs in few cells."""


def part_of(progress: Progress | None, start: float, stop: float) -> Progress | None:
    """Progress of one part of a run, mapped onto ``start`` to ``stop`` of the whole; None stays None."""
    if progress is None:
        return None
    return lambda share, text: progress(start + share * (stop - start), text)


def counted(progress: Progress | None, done: int, n: int, whole: int, what: str) -> Progress | None:
    """Progress of the next ``n`` things after ``done`` of ``whole``, told in these whatever words it has itself."""
    if progress is None:
        return None

    def tell(share: float, _words: str) -> None:
        now = done + share * n
        progress(now / whole, f"{int(now):,} of {whole:,} {what}")

    return tell


Background = Literal["fixed", "follow"]
ContextKind = Literal["pair", "genes", "profile"]

Objective = Literal["reconstructed", "distilled", "random", "none"]


class Vocabulary:
    """Gene symbols of a backbone and their token ids; special tokens such as ``<cls>`` are not genes."""

    def __init__(self, symbols: Sequence[str], ids: Sequence[int]) -> None:
        self.symbols = tuple(symbols)
        self._ids = dict(zip(self.symbols, map(int, ids), strict=True))

    @classmethod
    def from_tokens(cls, tokens: dict[str, int]) -> Vocabulary:
        """Vocabulary of a ``vocab.json``; tokens in angle brackets are special."""
        genes = sorted((i, s) for s, i in tokens.items() if not (s.startswith("<") and s.endswith(">")))
        return cls([s for _, s in genes], [i for i, _ in genes])

    @cached_property
    def in_order(self) -> tuple[str, ...]:
        """The symbols, sorted."""
        return tuple(sorted(self.symbols))

    @cached_property
    def digest(self) -> str:
        """sha256 (hex) of the sorted symbols."""
        return hashlib.sha256("\n".join(self.in_order).encode()).hexdigest()

    def __len__(self) -> int:
        return len(self.symbols)

    def __contains__(self, symbol: object) -> bool:
        return symbol in self._ids

    def ids(self, symbols: Sequence[str]) -> np.ndarray:
        """Token ids (gene,) int64; a symbol that is not in the vocabulary is a KeyError (resolve names first)."""
        return np.array([self._ids[s] for s in symbols], dtype=np.int64)


@dataclass(frozen=True)
class BackboneCard:
    """What one must know of a backbone to query it; values are in ``unit``.

    ``domain`` is the range of values met in pre-training (values outside are legal and flagged); ``base`` and
    ``grid`` are the defaults of a virtual cell and its virtual values. ``drop_zero_genes``: genes at 0 never reached
    this model in pre-training, so that a profile leaves them out. ``n_bins`` is 0 for continuous models.
    ``objective`` is what the weights were made for: a distilled model is no evidence about models that learnt by
    reconstruction.
    """

    name: str
    label: str
    layout: Literal["scgpt", "scbenchmark", "toy"]
    unit: str
    domain: tuple[float, float]
    base: float
    grid: tuple[float, ...]
    max_seq_len: int
    n_bins: int = 0
    drop_zero_genes: bool = False
    embedded: bool = False
    licence: str = ""
    objective: Objective = "reconstructed"


@dataclass(frozen=True)
class Measured:
    """Genes of a data set that are not in the context: mean value in the backbone's unit, and share of cells with it.

    ``digest`` stands for the content where contexts are compared.
    """

    digest: str
    genes: Mapping[str, tuple[float, float]] = field(compare=False, repr=False)


@dataclass(frozen=True)
class FileNames:
    """Names of genes in a file of another species than the model's (mouse), by the model's symbol; none stands twice.

    ``digest`` stands for the content where contexts are compared.
    """

    digest: str
    names: Mapping[str, str] = field(compare=False, repr=False)

    def of(self, symbol: str) -> str:
        """Name of a symbol; itself where none is known."""
        return self.names.get(symbol, symbol)

    @cached_property
    def symbols(self) -> Mapping[str, str]:
        """The model's symbol by name."""
        return {name: symbol for symbol, name in self.names.items()}

    def symbol(self, name: str) -> str:
        """The model's symbol of a name; itself where none is known."""
        return self.symbols.get(name, name)


@dataclass(frozen=True)
class Context:
    """The genes of a virtual cell beside the pair asked about.

    ``pair``: the pair alone. ``genes``: a fixed set, all at the base value. ``profile``: a fixed set with one base
    value each (``values``, in the backbone's unit), e.g. the mean profile of a cell group; a gene that is added to it
    stands at its own mean where it is ``measured``. ``names``: of genes of a mouse file.
    """

    kind: ContextKind = "pair"
    genes: tuple[str, ...] = ()
    values: tuple[float, ...] | None = None
    label: str = "the pair alone"
    measured: Measured | None = None
    names: FileNames | None = None

    def __post_init__(self) -> None:
        if (self.kind == "pair") != (not self.genes):
            raise ValueError(f"a {self.kind} context with {len(self.genes)} genes")
        if (self.kind == "profile") != (self.values is not None):
            raise ValueError(f"a {self.kind} context with values {self.values is not None}")
        if self.values is not None and len(self.values) != len(self.genes):
            raise ValueError(f"{len(self.genes)} genes, {len(self.values)} base values")


@dataclass(frozen=True)
class SweepSettings:
    """Base value, virtual values and background of a sweep; part of every cache key."""

    base: float
    grid: tuple[float, ...]
    background: Background = "fixed"


@dataclass(frozen=True)
class Curves:
    """Response and slope of one directed pair over the virtual values, each (value,) float32.

    ``response[t]`` is M(v with source<-grid[t])_target - M(v)_target; None under the ``follow`` background.
    ``slope[t]`` is the derivative of the reconstructed target with respect to the source's value at grid[t].
    """

    source: str
    target: str
    response: np.ndarray | None
    slope: np.ndarray


@dataclass(frozen=True)
class PairResult:
    """What the pair explorer and ``ugrn pair`` show of one pair: both directions and the residual badge."""

    source: str
    target: str
    backbone: str
    fingerprint: str
    unit: str
    context: Context
    context_size: int
    settings: SweepSettings
    forward: Curves
    reverse: Curves
    residual: float | None
    notes: tuple[str, ...] = field(default=())
