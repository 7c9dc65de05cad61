"""Embedding baseline (Eq. 7): the sum of the gene embeddings of source and target."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from ugrn_core.backbones.backbone import Backbone


def embedding_features(backbone: Backbone, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
    """Pair features (pair, embedding width) float32; symmetric in source and target, needs no expression."""
    genes = sorted({g for pair in pairs for g in pair})
    ids = torch.from_numpy(backbone.vocabulary.ids(genes)).to(backbone.device)
    table = backbone.gene_embeddings(ids).cpu().numpy()
    row = {g: i for i, g in enumerate(genes)}
    return table[[row[s] for s, _ in pairs]] + table[[row[t] for _, t in pairs]]
