"""What a distilled model is taught: the conditional mean of every gene of a virtual cell, given its other genes.

A profile is taken as a point f in the space of the corpus' decomposition, of which every value is a noisy reading:
z = a <l, f> + noise, a^2 the share of a value that is signal. Given other genes' values the mean of f has a closed form
(ridge regression), and where all curves are straight it is the exact Gaussian conditional mean. In place of a value
stands what it counts as, which says less of f the further from the mean it is; a gene's bend is added to what its value
says of genes that go with it. **A gene's own value is visible to the model and says nothing about its target**: every
target is left out of its own evidence, as in a sweep, where the target stands at its base value.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ugrn_core.pretrain.vectors import KNOTS, RISE_KNOTS, Knowledge

BENT = 0.5
"""So much of a bend is taught, times the absolute cosine of two genes: whole ones tell more of the shape of curves and
less of which genes are related, and the more they differ between genes the less of them is learnt."""
SMALL = 96
"""Up to so many genes the solve runs over genes, beyond over dimensions."""


@dataclass(frozen=True)
class Teacher:
    """``vectors`` (gene, dimension), ``rise`` (knot,) and ``bends`` (gene, knot, dimension) as tensors; ``signal`` is
    a^2."""

    vectors: Tensor
    rise: Tensor
    bends: Tensor
    signal: float

    @classmethod
    def of(cls, knowledge: Knowledge, signal: float) -> Teacher:
        vectors, rise, bends = map(torch.from_numpy, (knowledge.vectors, knowledge.rise, knowledge.bends))
        return cls(vectors, rise, bends, signal)

    def counts_as(self, z: Tensor) -> Tensor:
        """How values z count, of the same shape: a line between two knots of the rise."""
        low, share = _between(z, RISE_KNOTS)
        return torch.lerp(self.rise[low], self.rise[low + 1], share)

    def means(self, genes: Tensor, z: Tensor, counts: Tensor) -> Tensor:
        """Conditional mean (cell, gene) of each gene given the others that count; ``counts`` (cell, gene) is 0 or 1."""
        vectors = self.vectors[genes] * counts.unsqueeze(-1)
        said = vectors * self.counts_as(z).unsqueeze(-1)
        odds = self.signal / (1 - self.signal)
        read = _ridge(vectors, odds)  # rows l_j' (I + odds L' L)^-1
        others = said.sum(1, keepdim=True) - said
        found = (read * others).sum(-1)
        if genes.shape[1] <= SMALL:
            found = found + self._bent(vectors, read, genes, z)
        own = (read * vectors).sum(-1)
        return odds * found / (1 - odds * own).clamp(min=1e-3)

    def _bent(self, vectors: Tensor, read: Tensor, genes: Tensor, z: Tensor) -> Tensor:
        """What the bends of the other genes add to each (cell, gene); left out of large cells, where they are many.

        Scaled so that in a pair, where a line gives a^2 <l_i, l_j> z, a bend b gives a^2 BENT |<l_i, l_j>| <b, l_j>:
        what is unrelated has no shape.
        """
        low, share = _between(z, KNOTS)
        bend = torch.lerp(self.bends[genes, low], self.bends[genes, low + 1], share.unsqueeze(-1))
        cosine = vectors @ vectors.transpose(1, 2)  # 0 where a gene does not count
        related = BENT * cosine.abs() * (1 - torch.eye(genes.shape[1]))
        return (1 - self.signal) * (read @ bend.transpose(1, 2) * related).sum(-1)


def _between(z: Tensor, knots: np.ndarray) -> tuple[Tensor, Tensor]:
    """The knot at or below each value and the share of the next one; values beyond are at the ends."""
    first, last = float(knots[0]), float(knots[-1])
    at = (z.clamp(first, last) - first) / float(knots[1] - knots[0])
    low = at.long().clamp(max=len(knots) - 2)
    return low, at - low


def _ridge(vectors: Tensor, odds: float) -> Tensor:
    """Rows of L (I + odds L' L)^-1 for L (cell, gene, dimension)."""
    n, d = vectors.shape[1:]
    if n > SMALL:
        inner = torch.eye(d) + odds * vectors.transpose(1, 2) @ vectors
        return torch.linalg.solve(inner, vectors.transpose(1, 2)).transpose(1, 2)
    gram = vectors @ vectors.transpose(1, 2)
    return vectors - gram @ torch.linalg.solve(torch.eye(n) / odds + gram, vectors)
