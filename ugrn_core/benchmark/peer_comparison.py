"""Edges of a network beside those that other methods infer from the same cells: overlap, ranks, known edges."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import rankdata
from sklearn.metrics import average_precision_score

from ugrn_core.beeline.expression import Expression
from ugrn_core.beeline.networks import Edge
from ugrn_core.benchmark.peers import Peer, peer_scores
from ugrn_core.data.cell_values import CellValues
from ugrn_core.errors import InputError
from ugrn_core.genes.file_names import HUMAN_COLUMNS
from ugrn_core.types import Cancel, Progress, part_of

OURS = "network"
DEFAULT_K = (50, 100, 500, 1000)
COLUMNS = {
    "method": "the network given, or a method that was run on the cells",
    "pairs": "pairs of a source and another gene that both have scores for",
    "rank_correlation": "Spearman correlation of its scores with those of the network over these pairs",
    "auprc": "average precision against the reference, over pairs whose source and target the reference knows",
    "prior": "share of these pairs that are edges of the reference: what chance gives",
    "known_pairs": "number of these pairs",
}
"""Columns beside those of the overlaps, ``overlap_K`` and ``chance_K``."""


@dataclass(frozen=True)
class Comparison:
    """``summary``: a row a method, the network first. ``ranks``: ``source, target`` and the rank of every pair by every
    method, 1 the best (averages where scores are equal); behind, the human symbols that came with the edges."""

    summary: pd.DataFrame
    ranks: pd.DataFrame


def scores_on_cells(
    peers: Sequence[Peer],
    cells: CellValues,
    symbols: Sequence[str],
    sources: Sequence[str],
    *,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> dict[str, pd.DataFrame]:
    """Scores ``source, target, score`` of every peer; ``symbols`` name the genes of ``cells``. Deterministic."""
    expression = Expression("the cells", tuple(symbols), cells.values.toarray())
    found: dict[str, pd.DataFrame] = {}
    for n, peer in enumerate(peers):
        within = part_of(progress, n / len(peers), (n + 1) / len(peers))
        found[peer.name] = peer_scores(peer, expression, sources, progress=within, cancel=cancel)
    return found


def compare(
    edges: pd.DataFrame,
    theirs: dict[str, pd.DataFrame],
    reference: Collection[Edge] | None = None,
    ks: Sequence[int] = DEFAULT_K,
) -> Comparison:
    """Compare ``edges`` (source, target, score) with what every method gives for the same pairs.

    A pair that a method left out has its score 0. ``overlap_K``: share of its best K pairs that are among the best K
    of the network; ``chance_K``: the same for random pairs. Equal scores are ordered by source and target.
    """
    pairs = edges[edges["source"] != edges["target"]].drop_duplicates(["source", "target"])
    pairs = pairs.sort_values(["source", "target"], ignore_index=True)
    if len(pairs) < 2:
        raise InputError("The network has fewer than two pairs; there is nothing to compare.")
    scores = {OURS: pairs["score"].to_numpy(float)}
    for name, table in theirs.items():
        joined = pairs[["source", "target"]].merge(table, how="left", on=["source", "target"])
        scores[name] = joined["score"].fillna(0.0).to_numpy(float)
    ranks = pairs[["source", "target"]].assign(**{name: rankdata(-s) for name, s in scores.items()})
    ranks = ranks.assign(**{name: pairs[name] for name in HUMAN_COLUMNS if name in pairs})
    known = None if reference is None else _known(pairs, reference)
    best = {name: np.argsort(-s, kind="stable") for name, s in scores.items()}
    rows = []
    for name, score in scores.items():
        row: dict[str, object] = {"method": name, "pairs": len(pairs)}
        row["rank_correlation"] = _correlation(ranks[OURS].to_numpy(), ranks[name].to_numpy())
        row |= _against(score, known)
        for k in ks:
            there = k <= len(pairs)
            shared = len(set(best[name][:k]) & set(best[OURS][:k])) / k if there else float("nan")
            row |= {f"overlap_{k}": shared, f"chance_{k}": k / len(pairs) if there else float("nan")}
        rows.append(row)
    return Comparison(pd.DataFrame(rows).round(6), ranks)


def _known(pairs: pd.DataFrame, reference: Collection[Edge]) -> tuple[np.ndarray, np.ndarray]:
    """Which pairs the reference could know, and which it has, each (pair,) bool; none is an InputError."""
    edges = set(reference)
    sources, genes = {s for s, _ in edges}, {g for edge in edges for g in edge}
    could = (pairs["source"].isin(sources) & pairs["target"].isin(genes)).to_numpy()
    has = np.array([edge in edges for edge in zip(pairs["source"], pairs["target"], strict=True)])
    if not has.any() or has[could].all():
        raise InputError(
            "The reference has none of these pairs, or all of them. Give edges between genes of the network."
        )
    return could, has


def _against(score: np.ndarray, known: tuple[np.ndarray, np.ndarray] | None) -> dict[str, float]:
    if known is None:
        return {"auprc": float("nan"), "prior": float("nan"), "known_pairs": 0}
    could, has = known
    precision = float(average_precision_score(has[could], score[could]))
    return {"auprc": precision, "prior": float(has[could].mean()), "known_pairs": int(could.sum())}


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.corrcoef(one, other)[0, 1]) if one.std() > 0 and other.std() > 0 else float("nan")
