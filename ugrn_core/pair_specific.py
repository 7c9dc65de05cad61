"""Pair-specific response: what is left when gene-level effects are taken out.

S_ij = R_ij - mean_k R_ik - mean_k R_kj + mean_kl R_kl per virtual value, over a reference set of genes k, l without i
and j (and the same for the slope). Raw responses are dominated by how much a source moves everything and how much a
target is moved by everything. The percentile of a pair is taken among seeded random pairs treated in the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ugrn_core.errors import InputError

PAIR_REFERENCE = 256
"""Reference genes of the pair context, drawn once per backbone."""
CONTEXT_REFERENCE = 64
"""Reference genes of a full context, drawn from its own genes."""
RANDOM_PAIRS = 1000
FEWEST_REFERENCE = 8


def reference_genes(candidates: Sequence[str], n: int) -> list[str]:
    """``n`` genes (all, where there are fewer) drawn with seed 0 from the sorted candidates, sorted."""
    pool = sorted(candidates)
    drawn = np.random.default_rng(0).choice(len(pool), min(n, len(pool)), replace=False)
    return [pool[i] for i in sorted(drawn)]


def double_centred(own: np.ndarray, row: np.ndarray, column: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Pair-specific curve (value,) of one pair.

    ``own`` (value,) is its raw curve, ``row`` (reference, value) the source on the reference targets, ``column``
    (reference, value) the reference sources on the target, ``matrix`` (reference, reference, value) source by target;
    its diagonal is not read. The pair's genes are in none of them.
    """
    n = len(matrix)
    off = ~np.eye(n, dtype=bool)
    return own - row.mean(0) - column.mean(0) + matrix[off].mean(0)


def random_pair_peaks(matrix: np.ndarray, n_pairs: int = RANDOM_PAIRS) -> np.ndarray:
    """max_t |pair-specific curve| (pair,) of seeded random pairs (a, b) within the reference matrix.

    ``matrix`` is (reference, reference, value), diagonal not read. Each pair is double-centred by the reference
    genes other than its own two: the sums of :func:`double_centred` taken apart, for all pairs at once.
    """
    n = len(matrix)
    r = np.where(np.eye(n, dtype=bool)[:, :, None], 0.0, matrix).astype(np.float64)
    a, b = random_pairs(n, n_pairs)
    rows, columns, total = r.sum(1), r.sum(0), r.sum((0, 1))
    own, back = r[a, b], r[b, a]
    row = (rows[a] - own) / (n - 2)
    column = (columns[b] - own) / (n - 2)
    rest = total - rows[a] - columns[a] - rows[b] - columns[b] + own + back
    return np.abs(own - row - column + rest / ((n - 2) * (n - 3))).max(1)


def random_pairs(n: int, n_pairs: int = RANDOM_PAIRS) -> tuple[np.ndarray, np.ndarray]:
    """Places of source and target (pair,) of seeded random pairs among ``n`` genes, each at most once."""
    a, b = np.divmod(np.random.default_rng(0).permutation(n * n), n)
    return a[a != b][:n_pairs], b[a != b][:n_pairs]


def percentile(peak: float, peaks: np.ndarray) -> float:
    """Share of random pairs with a smaller peak, 0 to 100."""
    return float(100.0 * (peaks < peak).mean())


@dataclass(frozen=True)
class Reference:
    """Curves among the reference genes: ``matrix`` (reference, reference, value), source by target."""

    genes: tuple[str, ...]
    matrix: np.ndarray

    def without(self, *genes: str) -> tuple[list[int], np.ndarray]:
        """Positions of the reference genes other than ``genes``, and the matrix among them."""
        keep = [i for i, g in enumerate(self.genes) if g not in genes]
        if len(keep) < FEWEST_REFERENCE:
            raise InputError(
                f"The pair-specific response needs at least {FEWEST_REFERENCE} other genes as a reference, "
                f"this context has {len(keep)}. Take a larger gene list, or the pair alone."
            )
        return keep, self.matrix[np.ix_(keep, keep)]
