"""How many of the best edges can be shown at an expected false discovery rate: the mean of 1 - p over them."""

from __future__ import annotations

import numpy as np

from ugrn_core.errors import InputError

ROUNDING = 1e-12


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
