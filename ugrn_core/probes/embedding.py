"""Embedding baselines: the sum of the gene embeddings of source and target (Eq. 7), and what a sum cannot say."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from ugrn_core.backbones.backbone import Backbone


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


def _both(backbone: Backbone, pairs: Sequence[tuple[str, str]]) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings (pair, width) of the sources and of the targets."""
    genes = sorted({g for pair in pairs for g in pair})
    ids = torch.from_numpy(backbone.vocabulary.ids(genes)).to(backbone.device)
    table = backbone.gene_embeddings(ids).cpu().numpy()
    row = {g: i for i, g in enumerate(genes)}
    return table[[row[s] for s, _ in pairs]], table[[row[t] for _, t in pairs]]
