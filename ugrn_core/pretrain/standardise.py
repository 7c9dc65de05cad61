"""The corpus standardised within its parts: every value as standard deviations from the gene's mean in its data set.

Mixed units of the sources drop out, and so does what tells one data set from another. A part is taken where it has
enough profiles for a mean and a deviation; a gene where it varies in the part. Held-out data sets are never read.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ugrn_core.pretrain.corpus import Corpus, Part

MIN_PROFILES = 8
"""A part of fewer profiles has no standard deviations worth the name."""

MAX_PROFILES = 2500
"""Of a larger part so many profiles are drawn (seed 0)."""

MIN_DEVIATION = 0.05
"""A gene counts in a part where its log1p values vary by more than this standard deviation."""


@dataclass(frozen=True)
class ZPart:
    """Profiles of one data set as ``rows`` of the matrix; ``genes`` (gene,) int64 are the columns that count in it."""

    name: str
    rows: slice
    genes: np.ndarray

    @property
    def n(self) -> int:
        return self.rows.stop - self.rows.start


@dataclass(frozen=True)
class ZCorpus:
    """``z`` (profile, gene) float32: mean 0 and deviation 1 within a part, 0 where a gene does not count in it."""

    genes: tuple[str, ...]
    z: np.ndarray
    parts: tuple[ZPart, ...]


def standardise(corpus: Corpus, *, held_out: bool = False) -> ZCorpus:
    """Standardise the parts for training, or with ``held_out`` those kept out of it (ten seconds, 1.5 GB)."""
    chosen = [p for p in corpus.parts if p.held_out == held_out and len(p.rows) >= MIN_PROFILES]
    rows = [_rows_of(p) for p in chosen]
    z = np.zeros((sum(map(len, rows)), len(corpus.genes)), np.float32)
    parts, start = [], 0
    for part, at in zip(chosen, rows, strict=True):
        values = corpus.values[at][:, part.measured].astype(np.float32)
        values -= values.mean(0)
        deviation = values.std(0)
        counts = deviation > MIN_DEVIATION
        block, genes = slice(start, start + len(at)), part.measured[counts]
        z[block, genes] = values[:, counts] / deviation[counts]
        parts.append(ZPart(part.name, block, genes))
        start = block.stop
    return ZCorpus(corpus.genes, z, tuple(parts))


def _rows_of(part: Part) -> np.ndarray:
    rows = np.arange(part.rows.start, part.rows.stop)
    if len(rows) <= MAX_PROFILES:
        return rows
    return np.sort(np.random.default_rng(0).choice(rows, MAX_PROFILES, replace=False))
