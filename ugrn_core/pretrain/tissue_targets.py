"""What a model is taught of tissues: how genes that go together do so differently in one tissue than in another.

One corpus file has cells of several tissues. In every tissue a gene has a mean, and the points f of its cells
(:mod:`ugrn_core.pretrain.targets`) have a spread of their own: l_i' S l_j stands where the cosine of two genes stands
for all tissues together. A virtual cell of a tissue has the tissue's genes at their means, by which it is told, and one
gene moved. **Only every second cell of a tissue is read**: the others judge (:mod:`ugrn_core.pretrain.tissues`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ugrn_core.data.standardised import MIN_DEVIATION, standardised
from ugrn_core.pretrain.tissues import LEAST_DETECTION, groups_of, moments
from ugrn_core.pretrain.vectors import Knowledge

UNUSUAL = 300
"""Genes of a tissue, the most unlike the average, by which a virtual cell of it is told."""
LARGEST_ASSOCIATION = 0.95
RIDGE = 0.43
"""Noise beside the signal of a value, (1 - a^2) / a^2 at a^2 = 0.7, when cells are placed in the space of vectors."""


@dataclass(frozen=True)
class Tissues:
    """``means`` (tissue, gene) in standard deviations of the file, ``spread`` (tissue, dimension, dimension),
    ``detected`` (tissue, gene) bool, and ``unusual`` (tissue, ``UNUSUAL``) gene columns."""

    means: np.ndarray
    spread: np.ndarray
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
            told[rows] = np.einsum("cd,cgd->cg", said, vectors[genes[rows]])
        return np.clip(told, -LARGEST_ASSOCIATION, LARGEST_ASSOCIATION)


def tissue_knowledge(values: np.ndarray, tissues: np.ndarray, knowledge: Knowledge) -> Tissues:
    """From log1p ``values`` (cell, gene) of one file and the ``tissues`` (cell,) of its cells (half a minute, 2 GB)."""
    mean, variance = moments(values)
    means, spreads, detected = [], [], []
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
        own = np.einsum("gd,de,ge->g", vectors, spread, vectors)[detected[-1][varies]]
        spreads.append(spread / max(own.mean(), 1e-6))
    there = np.stack(detected)
    unlike = np.where(there, np.abs(np.stack(means)), 0)
    unusual = np.argsort(-unlike, axis=1, kind="stable")[:, :UNUSUAL]
    return Tissues(np.stack(means), np.stack(spreads).astype(np.float32), there, unusual)
