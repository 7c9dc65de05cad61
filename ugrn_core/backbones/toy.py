"""Two backbones in closed form, for tests and teaching: M(v) = W v (``toy-linear``), M(v) = W v^2 (``toy-square``).

W[k, s] is the weight of source s on target k, drawn once (seed 0) for 40 well-known genes; it says nothing of
biology. Every answer is exact: the response of k to s <- x from base b is W[k, s] (x - b), or W[k, s] (x^2 - b^2);
the slope is W[k, s], or 2 W[k, s] x; the residual is 0.
"""

from __future__ import annotations

import hashlib
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from ugrn_core.backbones.backbone import PlainCell, plain_pairs, reconstructed_pairs
from ugrn_core.types import BackboneCard, Vocabulary

GENES = (
    # transcription factors
    *("POU5F1", "SOX2", "NANOG", "KLF4", "MYC", "TP53", "GATA1", "GATA2", "GATA4", "GATA6"),
    *("SPI1", "RUNX1", "TAL1", "CEBPA", "STAT1", "STAT3", "IRF1", "NFKB1", "HNF4A", "FOXA2"),
    # targets
    *("CDKN1A", "MDM2", "BAX", "CCND1", "BCL2", "DNMT3B", "LIN28A", "LEFTY2", "HBB", "KLF1"),
    *("CD34", "CSF1R", "MPO", "ALB", "APOA1", "TTR", "CXCL10", "SOCS3", "NFKBIA", "IL6"),
)


class ToyBackbone:
    """M(v) = W v**power over the genes of a cell; implements :class:`ugrn_core.backbones.backbone.Backbone`."""

    def __init__(self, power: Literal[1, 2], device: torch.device, seed: int = 0) -> None:
        weights = np.random.default_rng(seed).standard_normal((len(GENES), len(GENES))).round(3).astype("<f4")
        self.power = power
        self.device = device
        self.weights = torch.from_numpy(weights).to(device)
        self.vocabulary = Vocabulary(GENES, range(len(GENES)))
        self.fingerprint = hashlib.sha256(f"{power} {' '.join(GENES)}".encode() + weights.tobytes()).hexdigest()
        self.width = len(GENES)
        self.n_layers = 1
        self.n_heads = 1
        self.card = BackboneCard(
            name="toy-linear" if power == 1 else "toy-square",
            label=f"Toy in closed form, M(v) = W v{'' if power == 1 else '^2'}",
            layout="toy",
            unit="toy units",
            domain=(0.0, 5.0),
            base=1.0,
            grid=(0.25, 0.5, 2.0, 3.0, 4.0, 5.0),
            max_seq_len=len(GENES),
            embedded=True,
            licence="MIT",
            objective="none",
        )

    def reconstruct(self, gene_ids: Tensor, values: Tensor) -> Tensor:
        """W v or W v^2, (batch, gene), over the genes of the cell."""
        return _apply(self._among(gene_ids), values**self.power)

    def dual(self, gene_ids: Tensor, values: Tensor, tangents: Tensor) -> tuple[Tensor, Tensor]:
        """Reconstruction, and W t or 2 W (v t)."""
        inner = tangents if self.power == 1 else 2 * values * tangents
        return self.reconstruct(gene_ids, values), _apply(self._among(gene_ids), inner)

    def hyper_dual(
        self, gene_ids: Tensor, values: Tensor, first: Tensor, second: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Reconstruction, both derivatives, and the mixed one: 0, or 2 W (a b); no gene of a toy changes another's."""
        mixed = torch.zeros_like(values) if self.power == 1 else 2 * first * second
        out, a = self.dual(gene_ids, values, first)
        return out, a, self.dual(gene_ids, values, second)[1], _apply(self._among(gene_ids), mixed)

    def base_cell(self, gene_ids: Tensor, base: Tensor) -> PlainCell:
        """A cell whose sweeps are dual passes."""
        return PlainCell(self, gene_ids, base)

    def sweep_pairs(self, gene_ids: Tensor, base: float, grid: Tensor) -> tuple[Tensor, Tensor]:
        """Reconstruction and slope of the target, each (pair, value)."""
        return plain_pairs(self, gene_ids, base, grid)

    def reconstruct_pairs(self, gene_ids: Tensor, base: float, grid: Tensor) -> Tensor:
        """Reconstruction of the target, (pair, value)."""
        return reconstructed_pairs(self, gene_ids, base, grid)

    def pairs_at_base(self, gene_ids: Tensor, base: float) -> Tensor:
        """Reconstruction of both genes of each pair at base, (pair, 2)."""
        return self.reconstruct(gene_ids, torch.full(gene_ids.shape, base, device=self.device))

    def attention(self, gene_ids: Tensor, values: Tensor) -> Tensor:
        """|W| among the genes, rows (queries, targets) scaled to sum 1: (batch, gene, gene); values do not matter."""
        size = self._among(gene_ids).abs()
        return (size / size.sum(-1, keepdim=True)).expand(len(values), -1, -1)

    def gene_embeddings(self, gene_ids: Tensor) -> Tensor:
        """Rows of W: a gene by the weights of all 40 sources on it, (gene, 40)."""
        return self.weights[gene_ids]

    def _among(self, gene_ids: Tensor) -> Tensor:
        """W among the genes of a cell: (gene, gene), or (batch, gene, gene) where gene_ids is (batch, gene)."""
        return self.weights[gene_ids.unsqueeze(-1), gene_ids.unsqueeze(-2)]


def _apply(weights: Tensor, values: Tensor) -> Tensor:
    """(batch, target) of weights ([batch,] target, source) and values (batch, source)."""
    return (weights @ values.unsqueeze(-1)).squeeze(-1)
