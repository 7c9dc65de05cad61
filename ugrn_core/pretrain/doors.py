"""The unit at a model's door: how a value in standard deviations from a gene's mean becomes the model's value.

``standardised``: 25 + 8 z, kept within 0 to 50, the bins' range: the same virtual value means the same for every gene.
``log1p``: the gene's mean in the corpus plus z times its deviation there. A deviation has a floor: a gene that hardly
varies would else be at the end of its range wherever its value is moved to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

Unit = Literal["standardised", "log1p"]

MASK_VALUE = -1.0
CENTRE, PER_DEVIATION, TOP = 25.0, 8.0, 50.0
LOG1P_TOP = 8.0
LOG1P_WIDEST = 4.0
LOG1P_FLOOR = 0.5
"""Added in squares to a gene's deviation in log1p of counts per 10,000."""

BASE: dict[Unit, float] = {"standardised": CENTRE, "log1p": 0.25}
GRID: dict[Unit, tuple[float, ...]] = {
    "standardised": (1.0, 9.0, 17.0, 33.0, 41.0, 49.0),
    "log1p": (0.0, 0.5, 1.0, 1.5, 2.0, 3.0),
}


@dataclass(frozen=True)
class ValueRange:
    """``centre`` and ``size`` (gene,) of one standard deviation, ``top`` of the range, ``scale`` for the loss.

    ``base`` is where genes rest in a virtual cell, ``widest`` the end of the values that virtual cells are given.
    """

    centre: np.ndarray
    size: np.ndarray
    top: float
    scale: float
    base: float
    widest: float

    @classmethod
    def of(cls, unit: Unit, mean: np.ndarray, deviation: np.ndarray) -> ValueRange:
        if unit == "standardised":
            return cls(np.full_like(mean, CENTRE), np.full_like(mean, PER_DEVIATION), TOP, PER_DEVIATION, CENTRE, TOP)
        size = np.sqrt(deviation**2 + LOG1P_FLOOR**2)
        return cls(mean, size.astype(np.float32), LOG1P_TOP, LOG1P_FLOOR, BASE[unit], LOG1P_WIDEST)

    def values(self, genes: np.ndarray, z: np.ndarray) -> np.ndarray:
        """The model's values of z, both (cell, gene) float32, within the range."""
        return np.clip(self.centre[genes] + self.size[genes] * z, 0, self.top).astype(np.float32)

    def z(self, genes: np.ndarray, values: np.ndarray | np.float32) -> np.ndarray:
        """Standard deviations of the model's values, (cell, gene) float32."""
        return ((values - self.centre[genes]) / self.size[genes]).astype(np.float32)

    def span(self, genes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The base value and both ends of a virtual cell's values, in standard deviations of each gene."""
        base, low, high = (self.z(genes, np.float32(v)) for v in (self.base, 0, self.widest))
        return base, low, high
