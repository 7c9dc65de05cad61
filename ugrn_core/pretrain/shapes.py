"""Do a model's curves say more than straight lines, in data sets that it never saw?

Pairs are chosen by what training left (related genes, then those whose curves bend most); judged are they in the
held-out data sets: the squared correlation of the target's values with the source's own (a line), and with the model's
curve read at the source's values.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.pretrain.standardise import ZCorpus
from ugrn_core.sweep import sweep_pairs
from ugrn_core.types import SweepSettings

SOURCES = 600
TARGETS_EACH = 8
RELATED = 0.35
"""Least absolute cosine of a related pair."""
FEWEST_PROFILES = 30
FEWEST_DATA_SETS = 4
REACH = 3.0
LISTED = 20


def shape_figures(backbone: Backbone, held_out: ZCorpus, vectors: np.ndarray) -> dict[str, Any]:
    """Means over related pairs, over the tenth that bends most, and the twenty that bend most one by one.

    ``vectors`` (gene, dimension) are of unit length, from the training parts alone.
    """
    parts = [p for p in held_out.parts if p.n >= FEWEST_PROFILES]
    counts = np.zeros((len(parts), len(held_out.genes)), bool)
    for k, part in enumerate(parts):
        counts[k, part.genes] = True
    pairs = _related(vectors, np.flatnonzero(counts.sum(0) >= FEWEST_DATA_SETS))
    grid = np.round(np.linspace(-REACH, REACH, 25), 3)
    names = [(held_out.genes[i], held_out.genes[j]) for i, j in pairs]
    response = sweep_pairs(backbone, names, SweepSettings(backbone.card.base, tuple(grid.tolist()))).response
    assert response is not None  # fixed background
    line = (response @ grid / (grid @ grid))[:, None] * grid
    bend = np.sqrt(((response - line) ** 2).mean(1))
    judged = np.array(
        [_judged(i, j, grid, r, held_out, parts, counts) for (i, j), r in zip(pairs, response, strict=True)]
    )
    order = np.argsort(-bend, kind="stable")
    return {
        "related": _means(judged),
        "most_bent_tenth": _means(judged[order[: len(order) // 10]]),
        "most_bent": [
            {
                "source": names[k][0],
                "target": names[k][1],
                "line_r2": round(float(judged[k, 0]), 3),
                "curve_r2": round(float(judged[k, 1]), 3),
                "below": round(float(response[k, 0]), 2),
                "above": round(float(response[k, -1]), 2),
            }
            for k in order[:LISTED]
        ],
    }


def _related(vectors: np.ndarray, pool: np.ndarray) -> list[tuple[int, int]]:
    rng = np.random.default_rng(0)
    pairs = []
    for i in rng.choice(pool, min(SOURCES, len(pool)), replace=False):
        cosine = np.abs(vectors[pool] @ vectors[i])
        near = [j for j, c in zip(pool, cosine, strict=True) if j != i and c > RELATED]
        pairs += [(int(i), int(j)) for j in rng.permutation(near)[:TARGETS_EACH]]
    return pairs


def _judged(
    i: int, j: int, grid: np.ndarray, response: np.ndarray, held_out: ZCorpus, parts: list, counts: np.ndarray
) -> tuple[float, float]:
    """r2 of line and curve, means over the held-out data sets that measured both genes, weighted by profiles."""
    found, weights = [], []
    for part in (p for p, there in zip(parts, counts, strict=True) if there[i] and there[j]):
        x, y = (np.clip(held_out.z[part.rows, g], -REACH, REACH) for g in (i, j))
        found.append((_r2(x, y), _r2(np.interp(x, grid, response), y)))
        weights.append(part.n)
    line, curve = np.average(found, axis=0, weights=weights)
    return float(line), float(curve)


def _r2(x: np.ndarray, y: np.ndarray) -> float:
    if x.std() < 1e-6 or y.std() < 1e-6:
        return 0.0
    return float(np.corrcoef(x, y)[0, 1] ** 2)


def _means(judged: np.ndarray) -> dict[str, float]:
    line, curve = judged.mean(0)
    better = float((judged[:, 1] > judged[:, 0]).mean())
    return {"pairs": len(judged), "line_r2": round(line, 4), "curve_r2": round(curve, 4), "better": round(better, 3)}
