"""Scores of every pair of a test, keyed by pair hash and without labels, and joined with BEELINE where it is here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from ugrn_core.beeline.networks import Edge, Network, Row, load_network
from ugrn_core.benchmark.protocols import Split, protocol
from ugrn_core.benchmark.request import cut_network
from ugrn_core.benchmark.run_facts import RunFacts
from ugrn_core.benchmark.sampling import sample_pairs
from ugrn_core.errors import InputError
from ugrn_core.methods.catalogue import METHODS
from ugrn_core.methods.shortcuts import KnownEdges
from ugrn_core.pair_hashes import pair_hashes
from ugrn_core.types import Vocabulary
from ugrn_core.whole_files import whole_file


def scores_name(protocol_name: str, split: str, backbone: str, weights: str) -> str:
    """Name of the file with the scores of one training by one contestant."""
    name = f"{protocol_name} {split} {backbone} {weights}".replace("/", "-").replace(" ", "_")
    return f"{name.replace('(', '').replace(')', '')}.safetensors"


def write_scores(
    file: Path, pairs: Mapping[Row, Sequence[Edge]], scores: Mapping[Row, Mapping[str, np.ndarray]], run: str
) -> None:
    """Write the scores of several tests of a run; the file appears when it is whole."""
    tensors: dict[str, np.ndarray] = {}
    for row, methods in scores.items():
        hashes = pair_hashes(pairs[row])
        order = np.argsort(hashes)
        tensors[f"{row.data_set}|{row.network}|hash"] = hashes[order]
        for method, values in methods.items():
            tensors[f"{row.data_set}|{row.network}|{method}"] = values[order].astype(np.float32)
    file.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(file) as partial:
        save_file(tensors, partial, {"run": run})


def has_scores(file: Path, run: str) -> bool:
    """Whether the scores of a run are in their file; a file of another run is an InputError."""
    if not file.is_file():
        return False
    try:
        with safe_open(file, framework="numpy") as tensors:
            held = (tensors.metadata() or {}).get("run")
    except (OSError, SafetensorError) as error:
        raise InputError(f"{file} cannot be read as scores of a benchmark: {error}. Delete it.") from error
    if held != run:
        raise InputError(f"{file} holds scores of another run. Give this one a folder of its own with --scores.")
    return True


def read_scores(file: Path, row: Row, pairs: Sequence[Edge]) -> dict[str, np.ndarray]:
    """Scores (pair,) by method of the given pairs of a test, in their order; NaN for a pair the file does not hold."""
    try:
        with safe_open(file, framework="numpy") as tensors:
            prefix = f"{row.data_set}|{row.network}|"
            names = [n for n in tensors.keys() if n.startswith(prefix)]  # noqa: SIM118 (not a dict)
            held = {n.removeprefix(prefix): tensors.get_tensor(n) for n in names}
    except (OSError, SafetensorError) as error:
        raise InputError(f"{file} cannot be read as scores of a benchmark: {error}.") from error
    if "hash" not in held:
        raise InputError(f"{file} holds no scores of {row}.")
    place = {h: i for i, h in enumerate(held.pop("hash").tolist())}
    at = np.array([place.get(h, -1) for h in pair_hashes(pairs).tolist()], int)
    return {method: np.append(values, np.float32(np.nan))[at] for method, values in held.items()}


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
