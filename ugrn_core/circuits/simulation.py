"""Cells of a circuit, as it runs by itself or under interventions do(gene = level).

Within a step the production of a gene is held; then its level is a square-root (Feller) process, whose value at the
end of the step is drawn from its exact law, a scaled noncentral chi-square. So levels never turn negative, and a gene
whose regulators stand still has its exact stationary law, a gamma distribution of mean ``production`` and variance
``noise ** 2 x production / 2``, whatever the step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ugrn_core.circuits.circuit import Circuit, Production
from ugrn_core.errors import InputError

LIFE_TIMES = 15.0
"""How long a simulation runs, in life times of a gene product, before its cells are looked at."""

STEP = 0.1
CELLS_AN_EFFECT = 600


@dataclass(frozen=True)
class Effects:
    """Mean log1p level (value, gene) over cells, under do(source = value) for each of ``values`` (log1p)."""

    source: str
    values: np.ndarray
    genes: tuple[str, ...]
    means: np.ndarray

    def response(self, target: str, base: float) -> np.ndarray:
        """Change (value,) of ``target`` against do(source = base); ``base`` is among the values."""
        curve = self.means[:, self.genes.index(target)]
        at = np.flatnonzero(np.isclose(self.values, base))
        if not len(at):
            raise ValueError(f"base {base} is not among the values {self.values}")
        return curve - curve[at[0]]


def simulate(
    circuit: Circuit,
    n_cells: int,
    seed: int,
    do: Mapping[str, float | np.ndarray] | None = None,
    *,
    step: float = STEP,
    life_times: float = LIFE_TIMES,
) -> np.ndarray:
    """Levels (cell, gene) of all genes, hidden ones too, float64, linear scale.

    ``do`` holds genes at a level, one for all cells or one a cell (NaN: this cell's gene is left alone). The same
    arguments give the same cells. Cost: about 0.3 s for 4,000 cells of 14 genes.
    """
    names = circuit.names
    held = _held(circuit, n_cells, do or {})
    free = np.isnan(held)
    rng = np.random.default_rng(seed)
    spread = np.array([g.spread for g in circuit.genes])
    factor = np.exp(spread * rng.standard_normal((n_cells, len(names))))
    production = Production(circuit)
    start = production.basal + production.most * rng.uniform(0.0, 1.0, (n_cells, len(names)))
    levels = np.where(free, start, held)
    decay = np.exp(-step)
    variance = np.array([(circuit.noise / g.quiet) ** 2 for g in circuit.genes])
    scale = variance * (1.0 - decay) / 4.0
    for _ in range(round(life_times / step)):
        freedom = 4.0 * production(levels, factor) / variance
        drawn = scale * rng.noncentral_chisquare(freedom, levels * (decay / scale))
        levels = np.where(free, drawn, held)
    return levels


def measured_cells(circuit: Circuit, levels: np.ndarray) -> np.ndarray:
    """What a cell shows: log1p of the levels of the measured genes, (cell, gene) float32."""
    return np.log1p(levels[:, circuit.indices(circuit.measured)]).astype(np.float32)


def effects_of(
    circuit: Circuit,
    source: str,
    values: Sequence[float],
    seed: int,
    clamp: Mapping[str, float] | None = None,
    n_cells: int = CELLS_AN_EFFECT,
) -> Effects:
    """What do(source = value) does to every gene: the truth a response is held against. Values are log1p.

    ``clamp`` holds further genes at log1p values. Every value meets the same cells: their factors on production are
    drawn first, from the same seed.
    """
    marks = np.asarray(values, float)
    held = {gene: float(np.expm1(v)) for gene, v in (clamp or {}).items()}
    means = [np.log1p(simulate(circuit, n_cells, seed, held | {source: float(np.expm1(v))})).mean(0) for v in marks]
    return Effects(source, marks, circuit.names, np.stack(means))


def _held(circuit: Circuit, n_cells: int, do: Mapping[str, float | np.ndarray]) -> np.ndarray:
    held = np.full((n_cells, len(circuit.names)), np.nan)
    for at, (gene, level) in zip(circuit.indices(do), do.items(), strict=True):
        if np.any(np.asarray(level) < 0) or np.any(np.isinf(level)):
            raise InputError(f"do({gene} = {level}): a level is zero or above. Give log1p values to effects_of only.")
        held[:, at] = level
    return held
