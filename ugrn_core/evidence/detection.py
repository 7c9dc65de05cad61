"""How strong a pair is among pairs that are detected as often: rare genes correlate little whatever they do."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

MAX_BINS = 10
GENES_A_BIN = 5
LEAST_PAIRS = 20
"""Pairs of the same detection below which no percentile is given."""


def detection_bins(detection: np.ndarray) -> np.ndarray:
    """Bin (gene,) of each gene by its share of cells: up to :data:`MAX_BINS` bins of as many genes each."""
    n_bins = max(1, min(MAX_BINS, len(detection) // GENES_A_BIN))
    return np.minimum((rankdata(detection) - 0.5) / len(detection) * n_bins, n_bins - 1).astype(int)


def percentiles(
    strength: np.ndarray, source_detection: np.ndarray, detection: np.ndarray, pairs: np.ndarray
) -> np.ndarray:
    """Percentile (source, gene), 0 to 1, of the strength of each of ``pairs`` among those whose source and target are
    in the same bins of detection (a pair as strong counts half); NaN where there are too few, or no strength."""
    found = np.full(strength.shape, np.nan, np.float32)
    of_source, of_gene = detection_bins(source_detection), detection_bins(detection)
    asked = pairs & np.isfinite(strength)
    for s in np.unique(of_source):
        rows = of_source == s
        for t in np.unique(of_gene):
            alike = asked & np.outer(rows, of_gene == t)
            if (n := alike.sum()) >= LEAST_PAIRS:
                found[alike] = (rankdata(strength[alike]) - 0.5) / n
    return found
