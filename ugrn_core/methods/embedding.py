"""Embedding baselines: the sum of the gene embeddings of source and target (Eq. 7), and what a sum cannot say."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.methods.method import Method
from ugrn_core.methods.reading import Beside, Reading

_axes: dict[str, np.ndarray] = {}
"""The principal axes of the last model that was asked, by its fingerprint."""


def embedding_features(backbone: Backbone, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
    """Pair features (pair, embedding width) float32; symmetric in source and target, needs no expression."""
    source, target = _both(backbone, pairs)
    return source + target


def embedding_pair_features(backbone: Backbone, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
    """Product and absolute difference (pair, 2 x embedding width) float32; symmetric, needs no expression. Ours.

    The sum of Eq. 7 says which genes are there and not whether they belong together: a score that is linear in it is a
    score of the source plus one of the target. The sum of the products is the scalar product of both.
    """
    source, target = _both(backbone, pairs)
    return np.hstack([source * target, np.abs(source - target)])


def embedding_cosines(backbone: Backbone, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
    """Cosine of both gene embeddings, what each band of axes adds to it, and the cosine in each band. Ours.

    (pair, 1 + 2 x band) float32, symmetric. Bands are 1, 1, 2, 4, ... of the principal axes of all genes' embeddings
    (each of unit length, not centred), the largest first: broad programmes such as division, then narrower ones.
    """
    source, target = (_unit(_unit(x) @ principal_axes(backbone)) for x in _both(backbone, pairs))
    bands = [slice(*ends) for ends in pairwise(_ends(source.shape[1]))]
    parts = [(source[:, b], target[:, b]) for b in bands]
    added = np.stack([_dot(s, t) for s, t in parts], 1)
    inside = np.stack([_dot(_unit(s), _unit(t)) for s, t in parts], 1)
    return np.hstack([added.sum(1, keepdims=True), added, inside]).astype(np.float32)


def principal_axes(backbone: Backbone) -> np.ndarray:
    """Axes (width, axis) float64 along which unit embeddings of the vocabulary vary about 0, the largest first."""
    key = backbone.fingerprint
    if key not in _axes:
        vocabulary = backbone.vocabulary
        ids = torch.from_numpy(vocabulary.ids(vocabulary.symbols)).to(backbone.device)
        unit = _unit(backbone.gene_embeddings(ids).cpu().numpy())
        _axes.clear()
        _axes[key] = np.linalg.eigh(unit.T @ unit)[1][:, ::-1]
    return _axes[key]


def _ends(width: int) -> list[int]:
    """Ends of bands: 0, 1, 2, 4, 8, ... and the width."""
    ends = [0, 1]
    while 2 * ends[-1] < width:
        ends.append(2 * ends[-1])
    return ends if width == 1 else [*ends, width]


def _unit(x: np.ndarray) -> np.ndarray:
    x = x.astype(np.float64, copy=False)
    return x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-9)


def _dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.einsum("ij,ij->i", a, b)


def _both(backbone: Backbone, pairs: Sequence[tuple[str, str]]) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings (pair, width) of the sources and of the targets."""
    genes = sorted({g for pair in pairs for g in pair})
    ids = torch.from_numpy(backbone.vocabulary.ids(genes)).to(backbone.device)
    table = backbone.gene_embeddings(ids).cpu().numpy()
    row = {g: i for i, g in enumerate(genes)}
    return table[[row[s] for s, _ in pairs]], table[[row[t] for _, t in pairs]]


COSINES = Beside("cosines of the embeddings", embedding_cosines)
BASELINE_EMB = Method(
    "Baseline-Emb",
    "translator on gene embeddings (Eq. 7)",
    "baseline",
    Reading((), (Beside("sum of the embeddings", embedding_features),)),
)
EMB_PAIR = Method(
    "Emb-pair",
    "translator on product and difference of gene embeddings (ours)",
    "control",
    Reading((), (Beside("product and difference of the embeddings", embedding_pair_features),)),
)
