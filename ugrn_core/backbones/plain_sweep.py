"""The sweep spelt out with dual passes, for backbones that have no shorter way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor


class Dual(Protocol):
    """Anything that answers a dual pass."""

    def dual(self, gene_ids: Tensor, values: Tensor, tangents: Tensor) -> tuple[Tensor, Tensor]: ...


@dataclass(frozen=True)
class PlainCell:
    """A cell of gene_ids (gene,) at base (gene,); every sweep is a dual pass of its own."""

    backbone: Dual
    gene_ids: Tensor
    base: Tensor

    def sweep(self, at: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        at, value = at.to(self.base.device), value.to(self.base.device)
        values = self.base.repeat(len(at), 1).scatter_(1, at[:, None], value[:, None])
        tangents = torch.zeros_like(values).scatter_(1, at[:, None], 1.0)
        return self.backbone.dual(self.gene_ids, values, tangents)


def plain_pairs(
    backbone: Dual, gene_ids: Tensor, base: float, grid: Tensor, *, follow: bool = False
) -> tuple[Tensor, Tensor]:
    """Target's reconstruction and slope, each (pair, value), of gene_ids (pair, 2), source first.

    Under ``follow`` the target moves along with the source instead of standing at ``base``.
    """
    n, n_values = len(gene_ids), len(grid)
    values = grid.new_full((n, n_values, 2), base)
    values[:, :, 0] = grid
    if follow:
        values[:, :, 1] = grid
    tangents = torch.zeros_like(values)
    tangents[:, :, 0] = 1.0
    rows = gene_ids[:, None].expand(-1, n_values, -1).reshape(-1, 2)
    out, slope = backbone.dual(rows, values.view(-1, 2), tangents.view(-1, 2))
    return out[:, 1].view(n, n_values), slope[:, 1].view(n, n_values)
