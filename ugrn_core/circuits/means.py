"""What a backbone of many circuits is taught: the conditional mean of every gene, given one other gene or all others.

As :mod:`ugrn_core.pretrain.targets` does for the embedded models, a mean is estimated from the cells and taught, which
costs far fewer steps than single noisy cells. A mean is a sum of bent lines, one a source: cubic polynomials of its
standardised value, by regression of the target on all of them at once: by ridge regression, which spreads what is
known over many genes, or by one that leaves most genes out (:mod:`ugrn_core.circuits.sparse`). No arrow
enters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ugrn_core.circuits.sparse import sparse_weights

Fit = Literal["dense", "sparse"]
FITS: dict[Fit, str] = {
    "dense": "ridge regression: what is known is spread over many genes",
    "sparse": "most genes are left out",
}
"""How the mean of a gene among all others is estimated; given one gene alone it is ridge regression."""

DEGREE = 3
RIDGE = 0.1
"""Of standardised powers; like the degree chosen on circuits that are in no test."""

FARTHEST = 2.5
"""Standard deviations beyond which a line goes on level: there are no cells to bend it by."""


@dataclass(frozen=True)
class ConditionalMeans:
    """``alone`` and ``among`` are weights (source, power, target) on standardised powers of the source's value.

    ``centre, scale`` (gene,) standardise values, ``power_mean, power_scale`` (gene, power) their powers.
    """

    centre: np.ndarray
    scale: np.ndarray
    power_mean: np.ndarray
    power_scale: np.ndarray
    alone: np.ndarray
    among: np.ndarray

    @classmethod
    def of(cls, cells: np.ndarray, fit: Fit = "dense") -> ConditionalMeans:
        """Of cells (cell, gene). Cost: one solve of three times as many unknowns as there are genes; if sparse, about
        ten a gene."""
        centre, scale = cells.mean(0), cells.std(0)
        z = ((cells - centre) / scale).astype(float)
        n_cells, n = z.shape
        powers = _powers(z)
        mean, spread = powers.mean(0), powers.std(0)
        powers = (powers - mean) / spread
        inner = np.einsum("cid,cie->ide", powers, powers) / n_cells + RIDGE * np.eye(DEGREE)
        said = np.einsum("cid,cj->idj", powers, z) / n_cells
        alone = np.linalg.solve(inner, said)
        if fit == "sparse":
            among = sparse_weights(powers, z)
        else:
            among = _without_own(powers.reshape(n_cells, -1), z).reshape(n, DEGREE, n)
        own = np.arange(n)
        alone[own, :, own] = 0.0
        arrays = (centre, scale, mean, spread, alone, among)
        return cls(*(a.astype(np.float32) for a in arrays))

    def given_all(self, values: np.ndarray) -> np.ndarray:
        """Mean (cell, gene) of every gene given all others, at ``values`` (cell, gene) of the whole circuit."""
        powers = self._standard(np.arange(values.shape[1]), values)
        found = np.tensordot(powers, self.among, axes=([1, 2], [0, 1]))
        return self.centre + self.scale * found

    def given_one(self, pairs: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Mean (cell, 2) of either gene of ``pairs`` (cell, 2) given the other one alone, at ``values`` (cell, 2)."""
        powers = self._standard(pairs, values)
        turned = pairs[:, ::-1]
        found = (powers[:, ::-1] * self.alone[turned, :, pairs]).sum(-1)
        return self.centre[pairs] + self.scale[pairs] * found

    def responses(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What moving a source to ``z`` (value,) standard deviations from its mean changes in a target, (source,
        target, value) in standard deviations of the target: of the pair alone, and among all genes."""
        moved = (_powers(z) - _powers(np.zeros(1)))[None] / self.power_scale[:, None]  # (source, value, power)
        alone, among = (np.einsum("svp,spt->stv", moved, weights) for weights in (self.alone, self.among))
        return alone, among

    def _standard(self, genes: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Standardised powers (cell, gene, power)."""
        powers = _powers((values - self.centre[genes]) / self.scale[genes])
        return (powers - self.power_mean[genes]) / self.power_scale[genes]


def _powers(z: np.ndarray) -> np.ndarray:
    """First to third power (..., power), level beyond :data:`FARTHEST`."""
    near = np.clip(z, -FARTHEST, FARTHEST)
    return np.stack([near**power for power in range(1, DEGREE + 1)], -1)


def _without_own(powers: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Ridge weights (gene x power, target) of every target on the powers of all other genes.

    All genes' powers are inverted once; a target's own are then taken out by the formula of a block inverse.
    """
    n_cells, n = z.shape
    own = np.repeat(np.arange(n), DEGREE)[:, None] == np.arange(n)
    inverse = np.linalg.inv(powers.T @ powers / n_cells + RIDGE * np.eye(n * DEGREE))
    found = inverse @ np.where(own, 0.0, powers.T @ z / n_cells)
    for target in range(n):
        block = slice(target * DEGREE, (target + 1) * DEGREE)
        found[:, target] -= inverse[:, block] @ np.linalg.solve(inverse[block, block], found[block, target])
    return np.where(own, 0.0, found)
