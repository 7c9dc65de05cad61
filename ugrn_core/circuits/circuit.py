"""A gene circuit: who regulates whom, how strongly, and how noisily.

The kinetics are those of BoolODE (Pratapa et al. 2020) and GeneNetWeaver (Schaffter et al. 2011) without their
separate step of translation: production by Hill functions, first-order decay, and noise that grows with the square
root of the level. Time is counted in life times of a gene product, so that decay has rate 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ugrn_core.errors import GeneError

Logic = Literal["and", "or"]


@dataclass(frozen=True)
class Regulator:
    """One arrow into a gene. Its share of the full production is h = u / (1 + u) with u = (level / half) ** steepness,
    or 1 - h where it represses (``sign`` -1)."""

    gene: str
    sign: Literal[1, -1]
    half: float
    steepness: float

    def __post_init__(self) -> None:
        if self.sign not in (1, -1) or self.half <= 0 or self.steepness <= 0:
            raise ValueError(f"regulator {self}: sign is 1 or -1, half and steepness are positive")


@dataclass(frozen=True)
class Gene:
    """A gene: production is ``basal + most x shares``, shares joined as ``logic`` says (no regulator: 1).

    ``spread`` is the standard deviation, between cells, of the logarithm of a factor on ``most``: cells differ.
    ``quiet`` divides the noise of the circuit for this gene.
    """

    name: str
    most: float
    basal: float = 0.05
    regulators: tuple[Regulator, ...] = ()
    logic: Logic = "and"
    spread: float = 0.0
    quiet: float = 1.0

    def __post_init__(self) -> None:
        if self.most < 0 or self.basal <= 0 or self.spread < 0 or self.quiet <= 0:
            raise ValueError(f"gene {self.name}: most and spread cannot be negative, basal and quiet must be positive")


@dataclass(frozen=True)
class Circuit:
    """Genes with their regulators. ``noise`` is c in dx = (production - x) dt + c sqrt(x) dW.

    ``hidden`` genes act but are not measured: latent confounders.
    """

    genes: tuple[Gene, ...]
    noise: float
    hidden: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        known = set(self.names)
        unknown = {r.gene for g in self.genes for r in g.regulators} | set(self.hidden)
        if len(known) != len(self.genes) or not unknown <= known:
            raise ValueError("a circuit has every gene once, and every regulator and hidden gene among its genes")
        if self.noise <= 0:
            raise ValueError(f"noise {self.noise} must be positive")

    @property
    def names(self) -> tuple[str, ...]:
        """All genes in order, hidden ones too."""
        return tuple(g.name for g in self.genes)

    @property
    def measured(self) -> tuple[str, ...]:
        """Genes that a cell shows, in order."""
        return tuple(n for n in self.names if n not in self.hidden)

    @property
    def edges(self) -> dict[tuple[str, str], int]:
        """Sign of every arrow (source, target)."""
        return {(r.gene, g.name): r.sign for g in self.genes for r in g.regulators}

    def indices(self, names: Mapping[str, object] | tuple[str, ...]) -> np.ndarray:
        """Places of genes in :attr:`names`; a gene that is not in the circuit is a :class:`GeneError`."""
        at = {name: i for i, name in enumerate(self.names)}
        unknown = [name for name in names if name not in at]
        if unknown:
            raise GeneError(f"{unknown[0]} is not a gene of this circuit; it has {', '.join(self.names)}.")
        return np.array([at[name] for name in names], dtype=np.int64)


class Production:
    """Production rates of a circuit as one function of levels; the arrows lie side by side in arrays."""

    def __init__(self, circuit: Circuit) -> None:
        arrows = [(i, r, g.logic) for i, g in enumerate(circuit.genes) for r in g.regulators]
        at = {name: i for i, name in enumerate(circuit.names)}
        self.basal = np.array([g.basal for g in circuit.genes])
        self.most = np.array([g.most for g in circuit.genes])
        self.source = np.array([at[r.gene] for _, r, _ in arrows], np.int64)
        self.half = np.array([r.half for _, r, _ in arrows])
        self.steepness = np.array([r.steepness for _, r, _ in arrows])
        target = np.array([i for i, _, _ in arrows], np.int64)
        self.regulated, self.first = np.unique(target, return_index=True)
        either = np.array([logic == "or" for _, _, logic in arrows])
        activates = np.array([r.sign > 0 for _, r, _ in arrows])
        self.complement = activates == either  # shares enter the product as h or as 1 - h
        self.either = either[self.first] if len(arrows) else either

    def __call__(self, levels: np.ndarray, factor: np.ndarray | float = 1.0) -> np.ndarray:
        """Production (cell, gene) at ``levels`` (cell, gene); ``factor`` multiplies the regulated part."""
        shares = np.ones_like(levels)
        if len(self.source):
            u = (levels[:, self.source] / self.half) ** self.steepness
            u = np.where(self.complement, 1.0 / (1.0 + u), u / (1.0 + u))
            joined = np.multiply.reduceat(u, self.first, axis=1)
            shares[:, self.regulated] = np.where(self.either, 1.0 - joined, joined)
        return self.basal + self.most * factor * shares
