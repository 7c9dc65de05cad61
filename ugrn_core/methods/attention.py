"""Attention baseline (Eq. 4): attention after softmax, averaged over heads, summed over layers, gene tokens only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.methods.method import Method

Orientation = Literal["as_printed", "transposed"]


def attention_matrix(backbone: Backbone, genes: Sequence[str], cells: np.ndarray) -> np.ndarray:
    """Attention (gene, gene) float32, query by key, averaged over ``cells`` (gene,) or (cell, gene).

    One cell and one layer are alive at a time, so that memory grows with the square of the context only once.
    """
    cells = np.atleast_2d(np.asarray(cells, dtype=np.float32))
    ids = torch.from_numpy(backbone.vocabulary.ids(genes)).to(backbone.device)
    total = torch.zeros(len(genes), len(genes), device=backbone.device)
    for cell in torch.from_numpy(cells).to(backbone.device):
        total += backbone.attention(ids, cell[None])[0]
    return (total / len(cells)).cpu().numpy()


def attention_scores(
    matrix: np.ndarray,
    genes: Sequence[str],
    pairs: Sequence[tuple[str, str]],
    orientation: Orientation = "as_printed",
) -> np.ndarray:
    """Origin-Attn scores (pair,): ``as_printed`` reads the source as query, ``transposed`` as key."""
    if orientation not in ("as_printed", "transposed"):
        raise ValueError(f"orientation {orientation!r}")
    row = {g: i for i, g in enumerate(genes)}
    read = matrix if orientation == "as_printed" else matrix.T
    return np.array([read[row[s], row[t]] for s, t in pairs], dtype=np.float32)


ORIGIN_ATTN = Method(
    "Origin-Attn",
    "attention (Eq. 4)",
    "origin",
    from_expression=lambda probes, pairs: attention_scores(probes.attention, probes.genes, pairs),
)
