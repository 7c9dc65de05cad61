"""Values as standard deviations from a gene's mean in its data set: the unit of models that count in no other.

Mean and deviation are those of log1p values over the cells of one file, so the value of a gene depends on what else is
in the file: of sorted cells of one kind it says less than of a tissue. All cells together stand at 0 for every gene.
"""

from __future__ import annotations

import numpy as np

from ugrn_core.errors import InputError

UNIT = "standard deviations"

MIN_CELLS = 8
"""Fewer cells, or averages of cells, have no standard deviations worth the name."""

MIN_DEVIATION = 0.05
"""A gene whose log1p values vary by no more than this stands at its mean: dividing by less blows up noise."""

LARGEST = 3.125
"""Values beyond so many deviations stand there, as in pre-training: a gene seen in one cell of a thousand has 30."""


def standardised(log1p: np.ndarray, mean: np.ndarray, variance: np.ndarray, n_cells: int) -> np.ndarray:
    """Standard deviations (..., gene) float32 of log1p values from means (gene,), 0 where a gene hardly varies.

    ``n_cells`` is how many cells mean and variance are of; too few are an InputError.
    """
    if n_cells < MIN_CELLS:
        raise InputError(
            f"This model counts in standard deviations from a gene's mean in its data set, and {n_cells} cells are too "
            f"few for them: it takes {MIN_CELLS}. Use the pair alone or a gene list as the context, or another model."
        )
    deviation = np.sqrt(variance)
    z = np.where(deviation > MIN_DEVIATION, (log1p - mean) / np.maximum(deviation, MIN_DEVIATION), 0)
    return np.clip(z, -LARGEST, LARGEST).astype(np.float32)
