"""The rows of a sweep that the bench times: a batch as the sweep makes it, two sources in it where there is room."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ugrn_core.backbones.backbone import TransformerBackbone
from ugrn_core.sweep import batch_size


@dataclass(frozen=True)
class SweepRows:
    """Genes ``ids`` (gene,) at ``base`` (gene,); in each row the gene ``at`` (row,) stands at ``value`` (row,)."""

    ids: Tensor
    base: Tensor
    at: Tensor
    value: Tensor

    @property
    def values(self) -> Tensor:
        """Input values (row, gene)."""
        return self.base.repeat(len(self.at), 1).scatter_(1, self.at[:, None], self.value[:, None])

    @property
    def tangents(self) -> Tensor:
        """Direction of each row (row, gene): one at the moved gene."""
        return torch.zeros_like(self.values).scatter_(1, self.at[:, None], 1.0)

    @property
    def sources(self) -> int:
        """Different genes moved."""
        return len(self.at.unique())

    def first(self, n: int) -> SweepRows:
        """The first ``n`` rows, repeated where there are fewer."""
        which = torch.arange(n) % len(self.at)
        return SweepRows(self.ids, self.base, self.at[which], self.value[which])


def random_genes(backbone: TransformerBackbone, n: int, seed: int = 0) -> list[str]:
    """``n`` different genes of the vocabulary, the same for a seed."""
    symbols = backbone.vocabulary.symbols
    order = torch.randperm(len(symbols), generator=torch.Generator().manual_seed(seed))
    return [symbols[int(i)] for i in order[:n]]


def sweep_rows(backbone: TransformerBackbone, n_genes: int) -> SweepRows:
    """One batch out of the middle of a sweep: the last values of one source and the first ones of the next."""
    device, card = backbone.device, backbone.card
    ids = torch.from_numpy(backbone.vocabulary.ids(random_genes(backbone, n_genes))).to(device)
    size = batch_size(n_genes + 1, device)
    values = torch.tensor(card.grid, device=device).repeat(2 + size // len(card.grid))
    sources = torch.arange(len(values), device=device) // len(card.grid) % n_genes
    start = max(0, len(card.grid) - size // 2)
    rows = slice(start, start + size)
    return SweepRows(ids, torch.full((n_genes,), card.base, device=device), sources[rows], values[rows])
