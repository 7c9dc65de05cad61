"""A backbone that shows a planted truth exactly, and networks made of that truth."""

from __future__ import annotations

import numpy as np
import torch

from ugrn_core.backbones.backbone import PlainCell, plain_pairs, reconstructed_pairs
from ugrn_core.beeline.networks import ROWS, Network, Row
from ugrn_core.types import BackboneCard, Vocabulary

GENE_NAMES = tuple(f"G{i:03d}" for i in range(150))
CPU = torch.device("cpu")


class PlantedBackbone:
    """M(v) = W v over 150 genes; W[target, source] is the planted truth, so slope and response show it exactly."""

    def __init__(self, seed: int = 0) -> None:
        generator = torch.Generator().manual_seed(seed)
        self.weights = torch.randn(len(GENE_NAMES), len(GENE_NAMES), generator=generator)
        self.vocabulary = Vocabulary(GENE_NAMES, range(len(GENE_NAMES)))
        self.fingerprint, self.device = f"planted {seed}", CPU
        self.width, self.n_layers, self.n_heads = 8, 1, 1
        self.card = BackboneCard("planted", "Planted", "toy", "log1p", (0.0, 5.0), 1.0, (0.5, 2.0, 3.0), 512)

    def reconstruct(self, gene_ids: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
        among = self.weights[gene_ids.unsqueeze(-1), gene_ids.unsqueeze(-2)]
        return (among @ values.unsqueeze(-1)).squeeze(-1)

    def dual(
        self, gene_ids: torch.Tensor, values: torch.Tensor, tangents: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        return self.reconstruct(gene_ids, values), self.reconstruct(gene_ids, tangents)

    def hyper_dual(
        self, gene_ids: torch.Tensor, values: torch.Tensor, first: torch.Tensor, second: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        out, a = self.dual(gene_ids, values, first)
        return out, a, self.reconstruct(gene_ids, second), torch.zeros_like(out)

    def base_cell(self, gene_ids: torch.Tensor, base: torch.Tensor) -> PlainCell:
        return PlainCell(self, gene_ids, base)

    def sweep_pairs(self, gene_ids: torch.Tensor, base: float, grid: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return plain_pairs(self, gene_ids, base, grid)

    def reconstruct_pairs(self, gene_ids: torch.Tensor, base: float, grid: torch.Tensor) -> torch.Tensor:
        return reconstructed_pairs(self, gene_ids, base, grid)

    def pairs_at_base(self, gene_ids: torch.Tensor, base: float) -> torch.Tensor:
        """Reconstruction of both genes of each pair at base, (pair, 2)."""
        return self.reconstruct(gene_ids, torch.full(gene_ids.shape, base))

    def attention(self, gene_ids: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
        return self.weights[gene_ids][:, gene_ids].expand(len(values), -1, -1)

    def gene_embeddings(self, gene_ids: torch.Tensor) -> torch.Tensor:
        return self.weights[gene_ids][:, :5]


def planted_networks(backbone: PlantedBackbone, rows: tuple[Row, ...], shuffle: bool = False) -> dict[Row, Network]:
    """Every data set has 90 of the genes and 30 regulators; an edge is a weight above 1 (one in six)."""
    networks = {}
    for row in rows:
        rng = np.random.default_rng(list(ROWS).index(Row("STRING", row.data_set)))
        genes = tuple(sorted(rng.choice(GENE_NAMES, 90, replace=False)))
        tfs = genes[::3]
        truth = backbone.weights.numpy()
        if shuffle:
            truth = rng.permuted(truth)
        at = {g: i for i, g in enumerate(GENE_NAMES)}
        edges = [(s, t) for s in tfs for t in genes if s != t and truth[at[t], at[s]] > 1]
        networks[row] = Network(row, "TFs+500", genes, tfs, tuple(sorted(edges)))
    return networks
