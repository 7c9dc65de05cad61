"""Scores of single pairs joined with BEELINE: which pairs a method ranks, which of them are edges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ugrn_core.beeline.networks import Edge, Network, Row, load_network
from ugrn_core.benchmark.protocols import Split, protocol
from ugrn_core.benchmark.request import cut_network
from ugrn_core.benchmark.run_facts import RunFacts
from ugrn_core.benchmark.sampling import sample_pairs
from ugrn_core.benchmark.scores import read_scores, scores_name
from ugrn_core.errors import InputError
from ugrn_core.methods.catalogue import METHODS
from ugrn_core.methods.shortcuts import KnownEdges
from ugrn_core.types import Vocabulary


@dataclass(frozen=True)
class LabelledScores:
    """Pairs of a test with labels (pair,) in {0, 1} and the scores (pair,) of every column there is.

    Where both directions are ranked as one, a pair stands for both.
    """

    pairs: tuple[Edge, ...]
    labels: np.ndarray
    scores: Mapping[str, np.ndarray]

    @property
    def prior(self) -> float:
        """Share of edges among the pairs."""
        return float(self.labels.mean())


def score_files(facts: RunFacts, split: Split, folder: Path) -> dict[str, Path]:
    """Files with the scores of a training by the model, by kind of weights; only those there are."""
    cut = f" ({facts.max_sources} sources)" if facts.max_sources else ""
    name = f"{protocol(facts.table).name}{cut}"
    files = {w: folder / scores_name(name, split.label, facts.backbone, w) for w in ("trained", "random")}
    return {weights: file for weights, file in files.items() if file.is_file()}


def join_scores(
    files: Mapping[str, Path], facts: RunFacts, split: Split, row: Row, vocabulary: Vocabulary
) -> LabelledScores:
    """Scores of the balanced pairs of a test (seed 0) with their labels, which come from the user's BEELINE.

    ``files``: see :func:`score_files`. Columns are methods, random weights marked; shortcuts are computed here.
    Pairs that no longer are those of the scores (another vocabulary, other samples) are an InputError.
    """
    network = _network(row, facts, vocabulary)
    sample = sample_pairs(network, sampler=facts.sampler, neg_ratio=1, max_pos=facts.max_pos or None, seed=0)
    found: dict[str, np.ndarray] = {}
    for weights, file in files.items():
        marked = " (random weights)" if weights == "random" else ""
        found |= {f"{method}{marked}": v for method, v in read_scores(file, row, sample.pairs).items()}
    strays = sorted({file.name for file in files.values()}) if any(np.isnan(v).any() for v in found.values()) else []
    if strays or not found:
        raise InputError(
            f"The scores of single pairs ({', '.join(strays) or 'no file'}) are of other pairs than {row} has here. "
            "They were made with another model or other samples; make them again with --scores."
        )
    edges = frozenset(edge for r in split.train for edge in _network(r, facts, vocabulary).edges)
    known = KnownEdges(edges, frozenset(network.tfs), frozenset(network.edges), network.genes)
    found |= {m.name: m.shortcut(known, sample.pairs) for m in METHODS.values() if m.shortcut is not None}
    if sample.units is None:
        return LabelledScores(sample.pairs, sample.labels, found)
    pairs = tuple(pair for pair in sample.pairs if pair[0] < pair[1])
    return LabelledScores(pairs, sample.by_unit(sample.labels), {m: sample.by_unit(v) for m, v in found.items()})


def _network(row: Row, facts: RunFacts, vocabulary: Vocabulary) -> Network:
    return cut_network(load_network(*row, facts.gene_set), vocabulary, facts.max_sources or None)
