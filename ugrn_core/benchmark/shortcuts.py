"""Scores that need no model at all: what a benchmark figure must beat before it says anything about a model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ugrn_core.beeline.networks import Edge
from ugrn_core.genes.tfs import is_tf


@dataclass(frozen=True)
class Known:
    """What a shortcut may know: edges of the training network, and the regulators that the test's TF.csv lists."""

    train_edges: frozenset[Edge]
    regulators: frozenset[str]


def edge_lookup(known: Known, pairs: Sequence[Edge]) -> np.ndarray:
    """1 where the pair is an edge of the training network, else 0: (pair,)."""
    return np.array([pair in known.train_edges for pair in pairs], np.float32)


def gene_degrees(known: Known, pairs: Sequence[Edge]) -> np.ndarray:
    """log(1 + out-degree of the source) + log(1 + in-degree of the target) in the training network: (pair,)."""
    out = Counter(s for s, _ in known.train_edges)
    into = Counter(t for _, t in known.train_edges)
    return np.array([np.log1p(out[s]) + np.log1p(into[t]) for s, t in pairs], np.float32)


def target_is_tf(known: Known, pairs: Sequence[Edge]) -> np.ndarray:
    """1 where the target is in the census of transcription factors (Lambert et al. 2018), else 0: (pair,)."""
    return np.array([is_tf(t) for _, t in pairs], np.float32)


def target_is_regulator(known: Known, pairs: Sequence[Edge]) -> np.ndarray:
    """1 where the target is a regulator of the test's TF.csv, else 0: (pair,). It reads the test's gene list only."""
    return np.array([t in known.regulators for _, t in pairs], np.float32)
