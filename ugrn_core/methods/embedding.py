"""Embedding baselines: the sum of the gene embeddings of source and target (Eq. 7), and what a sum cannot say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.methods.method import Method
from ugrn_core.methods.reading import Beside, Reading

GENES_AT_ONCE = 4096
"""Genes that are projected at once: of a large model all of them would take a gigabyte."""
_along: dict[str, AlongAxes] = {}
"""What :func:`along_axes` found for the last model that was asked, by its fingerprint."""


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
    along = along_axes(backbone)
    source, target = (backbone.vocabulary.ids([pair[end] for pair in pairs]) for end in (0, 1))
    added = _by_band(along.vectors[source].astype(np.float64) * along.vectors[target])
    inside = added / np.maximum(along.lengths[source] * along.lengths[target], 1e-18)
    return np.hstack([added.sum(1, keepdims=True), added, inside]).astype(np.float32)


@dataclass(frozen=True)
class AlongAxes:
    """Unit embeddings along their principal axes, ``vectors`` (token, axis) float32, and their ``lengths`` (token,
    band) in each band; 0 for tokens that are no genes."""

    vectors: np.ndarray
    lengths: np.ndarray


def along_axes(backbone: Backbone) -> AlongAxes:
    """All genes of a model along the axes on which their unit embeddings vary about 0, the largest first; kept, so
    that a network of many blocks projects a gene once."""
    found = _along.get(backbone.fingerprint)
    if found is None:
        ids = backbone.vocabulary.ids(backbone.vocabulary.symbols)
        embeddings = backbone.gene_embeddings(torch.from_numpy(ids).to(backbone.device)).cpu().numpy()
        unit = embeddings.astype(np.float64)
        unit /= np.maximum(np.linalg.norm(unit, axis=1, keepdims=True), 1e-9)
        axes = np.linalg.eigh(unit.T @ unit)[1][:, ::-1]
        n, width = ids.max() + 1, unit.shape[1]
        found = AlongAxes(np.zeros((n, width), np.float32), np.zeros((n, len(_ends(width)) - 1)))
        for first in range(0, len(ids), GENES_AT_ONCE):
            part = slice(first, first + GENES_AT_ONCE)
            vectors = unit[part] @ axes
            found.vectors[ids[part]] = vectors
            found.lengths[ids[part]] = np.sqrt(_by_band(vectors**2))
        _along.clear()
        _along[backbone.fingerprint] = found
    return found


def _by_band(x: np.ndarray) -> np.ndarray:
    """Sums (row, band) of x (row, axis)."""
    return np.add.reduceat(x, _ends(x.shape[1])[:-1], axis=1)


def _ends(width: int) -> list[int]:
    """Ends of bands: 0, 1, 2, 4, 8, ... and the width."""
    ends = [0, 1]
    while 2 * ends[-1] < width:
        ends.append(2 * ends[-1])
    return ends if width == 1 else [*ends, width]


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
