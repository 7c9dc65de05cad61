"""Scores that need no model at all: what a benchmark figure must beat before it says anything about a model.

Those of the second half read the answers: the edges of the very network that is tested on. They are no method. They say
what a table would look like if something of the answers had reached the features, and which samplers shut that out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ugrn_core.beeline.networks import Edge
from ugrn_core.corpus_vectors import corpus_vectors
from ugrn_core.genes.tfs import is_tf
from ugrn_core.methods.method import Method
from ugrn_core.pair_hashes import pair_hashes

SHRUNK = 0.9
"""Share of a gene's variance that the corpus vectors are taken to explain in partial correlations."""


@dataclass(frozen=True)
class KnownEdges:
    """Edges of the training network, and the regulators that the test's TF.csv lists; ``answers``: the test's edges;
    ``genes``: those of the test's data set."""

    train_edges: frozenset[Edge]
    regulators: frozenset[str]
    answers: frozenset[Edge] = frozenset()
    genes: tuple[str, ...] = ()


def edge_lookup(known: KnownEdges, pairs: Sequence[Edge]) -> np.ndarray:
    """1 where the pair is an edge of the training network, else 0: (pair,)."""
    return np.array([pair in known.train_edges for pair in pairs], np.float32)


def gene_degrees(known: KnownEdges, pairs: Sequence[Edge]) -> np.ndarray:
    """log(1 + out-degree of the source) + log(1 + in-degree of the target) in the training network: (pair,)."""
    out, into = _degrees(known.train_edges)
    ends = np.array([(out[s], into[t]) for s, t in pairs], float).reshape(-1, 2)
    return np.log1p(ends).sum(1).astype(np.float32)


@lru_cache(maxsize=8)
def _degrees(edges: frozenset[Edge]) -> tuple[Counter[str], Counter[str]]:
    """How many edges leave each gene, and how many end there. BEELINE has seven data sets: what lies outside of each
    is asked of for one test after another."""
    return Counter(s for s, _ in edges), Counter(t for _, t in edges)


def target_is_tf(known: KnownEdges, pairs: Sequence[Edge]) -> np.ndarray:
    """1 where the target is in the census of transcription factors (Lambert et al. 2018), else 0: (pair,)."""
    return np.array([is_tf(t) for _, t in pairs], np.float32)


def target_is_regulator(known: KnownEdges, pairs: Sequence[Edge]) -> np.ndarray:
    """1 where the target is a regulator of the test's TF.csv, else 0: (pair,). It reads the test's gene list only."""
    return np.array([t in known.regulators for _, t in pairs], np.float32)


def coexpression(known: KnownEdges, pairs: Sequence[Edge]) -> np.ndarray:
    """Cosine of both genes in the vectors of the pre-training corpus (:mod:`ugrn_core.corpus_vectors`): (pair,)."""
    return corpus_vectors().cosine(pairs)


def partial_coexpression(known: KnownEdges, pairs: Sequence[Edge]) -> np.ndarray:
    """Partial correlation (pair,) given all genes of the test's data set, under the covariance of the corpus vectors.

    The covariance is ``SHRUNK`` times the cosines plus the rest of the unit matrix, so that it can be inverted.
    """
    row = {g: i for i, g in enumerate(known.genes)}
    precision, scale = _precision(known.genes)
    at = np.array([row[s] for s, _ in pairs]), np.array([row[t] for _, t in pairs])
    return (-precision[at] / (scale[at[0]] * scale[at[1]])).astype(np.float32)


@lru_cache(maxsize=32)
def _precision(genes: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Inverse (gene, gene) of the covariance, and the roots of its diagonal; asked for many times in a run."""
    vectors = corpus_vectors().of(genes).astype(np.float64)
    precision = np.linalg.inv(SHRUNK * vectors @ vectors.T + (1 - SHRUNK) * np.eye(len(genes)))
    return precision, np.sqrt(np.diag(precision))


def reverse_is_an_edge(known: KnownEdges, pairs: Sequence[Edge]) -> np.ndarray:
    """1 where target -> source is an edge of the test network, else 0, ties at random: (pair,)."""
    return _ties_at_random(np.array([(t, s) in known.answers for s, t in pairs], float), pairs)


def has_an_edge(known: KnownEdges, pairs: Sequence[Edge]) -> np.ndarray:
    """1 where source and target both have an edge in the test network, else 0, ties at random: (pair,)."""
    touched = {g for edge in known.answers for g in edge}
    return _ties_at_random(np.array([s in touched and t in touched for s, t in pairs], float), pairs)


def target_out_degree(known: KnownEdges, pairs: Sequence[Edge]) -> np.ndarray:
    """Out-degree of the target in the test network, ties at random: (pair,)."""
    out = Counter(s for s, _ in known.answers)
    return _ties_at_random(np.array([out[t] for _, t in pairs], float), pairs)


def degrees_of_the_test(known: KnownEdges, pairs: Sequence[Edge]) -> np.ndarray:
    """:func:`gene_degrees` of the test network, ties at random: (pair,)."""
    return _ties_at_random(gene_degrees(KnownEdges(known.answers, known.regulators), pairs).astype(float), pairs)


def _ties_at_random(scores: np.ndarray, pairs: Sequence[Edge]) -> np.ndarray:
    """Scores (pair,) in [0, 1): their ranks, equal ones in an order that the pairs' hashes draw."""
    _, rank = np.unique(scores, return_inverse=True)
    drawn = pair_hashes(pairs) / 2.0**64
    return (rank + drawn) / (rank.max(initial=0) + 1)


CORPUS = (
    Method("Co-expression", "cosine in the corpus, no training", "corpus", shortcut=coexpression),
    Method("Partial correlation", "in the corpus, given the set's genes", "corpus", shortcut=partial_coexpression),
)
SHORTCUTS = (
    Method("Edge look-up", "is it an edge of the training network", "shortcut", shortcut=edge_lookup),
    Method("Gene degrees", "degrees in the training network", "shortcut", shortcut=gene_degrees),
    Method("Target is a TF", "is the target in the census of factors", "shortcut", shortcut=target_is_tf),
    Method("Target is listed", "is the target in the test's TF.csv", "shortcut", shortcut=target_is_regulator),
)
ANSWERS = (
    Method("Reverse is an edge", "is target -> source an edge of the test", "answers", shortcut=reverse_is_an_edge),
    Method("Has an edge", "do both genes have an edge in the test", "answers", shortcut=has_an_edge),
    Method("Target's out-degree", "out-degree of the target in the test", "answers", shortcut=target_out_degree),
    Method("Test degrees", "degrees in the test network", "answers", shortcut=degrees_of_the_test),
)
