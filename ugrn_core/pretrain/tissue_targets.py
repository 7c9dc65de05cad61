"""What a model is taught of tissues: how genes that go together do so differently in one tissue than in another.

One corpus file has cells of several tissues. In every tissue a gene has a mean, and the points f of its cells
(:mod:`ugrn_core.pretrain.targets`) have a spread of their own: l_i' S l_j, over a power of what both genes vary there,
stands where the cosine of two genes stands for all tissues together. A virtual cell of a tissue has the tissue's genes
at their means, by which it is told, and one gene moved. **What a tissue is taught by is every second of its cells**:
the others judge (:mod:`ugrn_core.pretrain.tissues`), and are read here for each gene's mean and deviation in the whole
file alone, the unit of all values.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ugrn_core.data.standardised import MIN_DEVIATION, standardised
from ugrn_core.pretrain.tissues import LEAST_DETECTION, groups_of, moments
from ugrn_core.pretrain.vectors import Knowledge

UNUSUAL = 300
"""So many genes of a tissue, the most unlike the average first, can tell a virtual cell of it."""
EVENED, LEAST = 0.375, 0.1
"""Of how far a gene varies in a tissue (1 on average) so high a power is taken out of its associations, and this added
to the product of two: wholly taken out, what hardly varies would speak loudest."""
LARGEST_ASSOCIATION = 0.95
RIDGE = 0.43
"""Noise beside the signal of a value, (1 - a^2) / a^2 at a^2 = 0.7, when cells are placed in the space of vectors."""


@dataclass(frozen=True)
class Tissues:
    """``means`` (tissue, gene) in standard deviations of the file, ``spread`` (tissue, dimension, dimension) and what
    it says of single genes as ``own`` (tissue, gene), ``detected`` (tissue, gene) bool, ``unusual`` (tissue, gene)
    the columns of UNUSUAL genes."""

    means: np.ndarray
    spread: np.ndarray
    own: np.ndarray
    detected: np.ndarray
    unusual: np.ndarray

    def associations(
        self, tissue: np.ndarray, sources: np.ndarray, genes: np.ndarray, vectors: np.ndarray
    ) -> np.ndarray:
        """How sources (cell,) go with genes (cell, gene) in their cell's tissue (cell,), each between -1 and 1."""
        told = np.empty(genes.shape, np.float32)
        for t in np.unique(tissue):
            rows = tissue == t
            said = vectors[sources[rows]] @ self.spread[t]
            both = (self.own[t, sources[rows]][:, None] * self.own[t, genes[rows]]) ** EVENED
            told[rows] = np.einsum("cd,cgd->cg", said, vectors[genes[rows]]) / (both + LEAST)
        return np.clip(told, -LARGEST_ASSOCIATION, LARGEST_ASSOCIATION)


def tissue_knowledge(values: np.ndarray, tissues: np.ndarray, knowledge: Knowledge) -> Tissues:
    """From log1p ``values`` (cell, gene) of one file and the ``tissues`` (cell,) of its cells (half a minute, 2 GB)."""
    mean, variance = moments(values)
    means, spreads, owns, detected = [], [], [], []
    varies = np.sqrt(variance) > MIN_DEVIATION
    vectors = knowledge.vectors[varies].astype(np.float64)
    place = vectors @ np.linalg.inv(vectors.T @ vectors + RIDGE * np.eye(vectors.shape[1]))
    for rows in groups_of(tissues).values():
        cells = values[rows[::2]].astype(np.float32)
        detected.append((cells > 0).mean(0) >= LEAST_DETECTION)
        means.append(standardised(cells.mean(0), mean, variance, len(values)))
        z = (cells[:, varies] - mean[varies]) / np.sqrt(variance[varies])
        z -= z.mean(0)
        points = (z / np.maximum(z.std(0), 0.1)) @ place
        spread = points.T @ points / len(points)
        own = np.einsum("gd,de,ge->g", knowledge.vectors, spread, knowledge.vectors)
        scale = max(own[detected[-1] & varies].mean(), 1e-6)
        spreads.append(spread / scale)
        owns.append(own / scale)
    there = np.stack(detected)
    unlike = np.where(there, np.abs(np.stack(means)), 0)
    unusual = np.argsort(-unlike, axis=1, kind="stable")[:, :UNUSUAL]
    spread, own = (np.stack(found).astype(np.float32) for found in (spreads, owns))
    return Tissues(np.stack(means), spread, own, there, unusual)
