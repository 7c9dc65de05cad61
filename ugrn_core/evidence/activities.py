"""Activity of every source in groups of cells, from its targets: the univariate linear model, as decoupler's ``ulm``.

For a group and a source the values of all genes are regressed on the weights of its targets (0 for all other genes);
the activity is the t-value of the slope (Badia-i-Mompel et al. 2022). Values are differences of the group's mean log
values from those of all cells. Every edge weighs 1: a slope is no sign of regulation, so that without signs that were
learnt an activity says that the targets are high together, not that the source activates them. Edges with a ``sign``
(of a translator that was trained on signed edges, or of a table of somebody's) weigh 1 or -1.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.stats import t as student

from ugrn_core.data.expression import ExpressionData
from ugrn_core.errors import InputError, stop_if
from ugrn_core.genes.file_names import HUMAN_COLUMNS, human_by_name
from ugrn_core.types import Cancel, Progress

LEAST_TARGETS = 5
MOST_OF_GENES = 0.5
"""Share of the genes that a source has as targets at most: of more it says what the others are, which are few."""
N_RANDOM = 200
SEED = 0
COLUMNS = {
    "group": "level of the column of cells",
    "source": "the factor",
    "targets": "its targets among the edges taken that are in the file",
    "activity": "t-value of the univariate linear model: how much higher its targets are than other genes",
    "p": "its two-sided p-value, which takes genes for independent",
    "p_random": "share of random networks of the same degrees in which the activity is as large in size",
    "rank": "rank in the group by activity, 1 the largest",
}


def with_signs(edges: pd.DataFrame, signs: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """The edges with the ``sign`` that somebody's table (source, target, score) gives them, 0 for those that it lacks,
    and how many it has, in a sentence. Those of a mouse file are found by its names or by their human symbols."""
    known = {(s, t): np.sign(x) for s, t, x in signs[["source", "target", "score"]].itertuples(index=False) if x}
    ends = [end for end in (["source", "target"], [*HUMAN_COLUMNS]) if set(end).issubset(edges)]
    pairs = zip(*(edges[end].itertuples(index=False, name=None) for end in ends), strict=True)
    found = np.array([next((known[p] for p in same if p in known), 0.0) for same in pairs])
    if not found.any():
        raise InputError(
            f"None of the {len(known):,} edges with a sign is among the {len(edges):,} of the network. Give a table of "
            "source, target and sign (above 0 or below) between genes of it."
        )
    up, n = int((found > 0).sum()), int((found != 0).sum())
    said = f"{n:,} of {len(edges):,} edges have a sign: {up:,} activate, {n - up:,} repress."
    return edges.assign(sign=found), said


def ulm(weights: np.ndarray, values: np.ndarray) -> np.ndarray:
    """t-value (source, group) of the slope of ``values`` (gene, group) on ``weights`` (gene, source), with a level;
    NaN where one of them is constant."""
    n = len(weights)
    x, y = weights - weights.mean(0), values - values.mean(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        r = (x.T @ y) / np.sqrt(np.outer((x**2).sum(0), (y**2).sum(0)))
        r = np.clip(r, -1, 1)
        return r * np.sqrt((n - 2) / (1 - r**2))


def activities(
    edges: pd.DataFrame,
    data: ExpressionData,
    places: Mapping[str, int],
    column: str,
    *,
    n_best: int,
    n_random: int = N_RANDOM,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> pd.DataFrame:
    """Activities (:data:`COLUMNS`) of sources in each group of ``column``, largest first in every group.

    Taken are the ``n_best`` of the edges (source, target, score; where there is a ``sign``, those with one), and
    of their sources those with at least :data:`LEAST_TARGETS` targets and no more than half of the genes.

    ``places``: where the genes of the network stand in the file. The other genes of the table are what targets are
    compared with. Random networks have the same edges with their targets exchanged at random, so that every source and
    every target keeps its number of edges, but for pairs that would come twice. Edges that are named as in a mouse file
    give ``human_source`` behind.
    """
    if column not in data.groups:
        raise InputError(f"{data.label} has no groups by {column!r}. Choose from: {', '.join(data.groups) or 'none'}.")
    there = edges[edges["source"].isin(list(places)) & edges["target"].isin(list(places))]
    ordered = there.sort_values(["score", "source", "target"], ascending=[False, True, True])
    ordered = ordered[ordered["source"] != ordered["target"]].drop_duplicates(["source", "target"])
    genes = sorted(set(ordered["target"]))
    best = (ordered[ordered["sign"] != 0] if "sign" in ordered else ordered).head(n_best)
    counts = best["source"].value_counts()
    sources = sorted(counts.index[(counts >= LEAST_TARGETS) & (counts <= MOST_OF_GENES * len(genes))])
    if not sources:
        raise InputError(
            f"No source has {LEAST_TARGETS} targets, and at most half of the {len(genes):,} genes, among the best "
            f"{len(best):,} edges that are in the file. Take {'fewer' if (counts >= LEAST_TARGETS).any() else 'more'} "
            "edges (--top)."
        )
    levels = list(data.groups[column])
    at = [places[g] for g in genes]
    values = np.stack([data.profile((column, v)).log1p[at] - data.whole.log1p[at] for v in levels], 1).astype(float)
    row, col = {g: i for i, g in enumerate(genes)}, {s: i for i, s in enumerate(sources)}
    taken = best["source"].isin(sources).to_numpy()
    of_source, of_target = best["source"][taken].map(col).to_numpy(int), best["target"].map(row).to_numpy(int)
    signs = np.sign(best["sign"].to_numpy(float)) if "sign" in best else np.ones(len(best))

    def of_targets(targets: np.ndarray) -> np.ndarray:
        weights = np.zeros((len(genes), len(sources)))
        weights[targets[taken], of_source] = signs[taken]
        return ulm(weights, values)

    found = of_targets(of_target)
    rng, larger = np.random.default_rng(SEED), np.ones(found.shape)
    for turn in range(n_random):
        stop_if(cancel, "Stopped on request.")
        larger += np.abs(of_targets(rng.permutation(of_target))) >= np.abs(found)
        if progress:
            progress((turn + 1) / n_random, f"{turn + 1} of {n_random} random networks")
    parts = [
        pd.DataFrame(
            {
                "group": level,
                "source": sources,
                "targets": counts.reindex(sources).to_numpy(int),
                "activity": found[:, i],
                "p": 2 * student.sf(np.abs(found[:, i]), len(genes) - 2),
                "p_random": larger[:, i] / (n_random + 1),
            }
        ).sort_values(["activity", "source"], ascending=[False, True])
        for i, level in enumerate(levels)
    ]
    table = pd.concat([part.assign(rank=np.arange(1, len(part) + 1)) for part in parts], ignore_index=True)
    table = table.round({"activity": 6, "p_random": 6})[list(COLUMNS)]
    human = human_by_name(edges)
    return table.assign(human_source=table["source"].map(human)) if human else table
