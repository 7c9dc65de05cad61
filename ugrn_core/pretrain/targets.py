"""What a distilled model is taught: the conditional mean of every gene of a virtual cell, given its other genes.

A profile is taken as a point f in the space of the corpus' decomposition, of which every value is a noisy reading:
z = a <l, f> + noise, a^2 the share of a value that is signal. Given other genes' values the mean of f has a closed form
(ridge regression), and where all curves are straight it is the exact Gaussian conditional mean. A gene's bend is added
to what its value says of f. **A gene's own value is visible to the model and says nothing about its target**: every
target is left out of its own evidence, as in a sweep, where the target stands at its base value.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ugrn_core.pretrain.vectors import KNOTS, Knowledge

STEP = float(KNOTS[1] - KNOTS[0])
SMALL = 96
"""Up to so many genes the solve runs over genes, beyond over dimensions."""


@dataclass(frozen=True)
class Teacher:
    """``vectors`` (gene, dimension) and ``bends`` (gene, knot, dimension) as tensors; ``signal`` is a^2."""

    vectors: Tensor
    bends: Tensor
    signal: float

    @classmethod
    def of(cls, knowledge: Knowledge, signal: float) -> Teacher:
        return cls(torch.from_numpy(knowledge.vectors), torch.from_numpy(knowledge.bends), signal)

    def evidence(self, genes: Tensor, z: Tensor) -> Tensor:
        """What values z (cell, gene) say of f, (cell, gene, dimension): the line, and the bend between two knots.

        The part of a bend along the line moves the value. The part across is not read as a value: it is scaled so that
        in a pair, where a line gives a^2 <l_i, l_j> z, a bend b gives a^2 <b, l_j> as well.
        """
        at = (z.clamp(float(KNOTS[0]), float(KNOTS[-1])) - float(KNOTS[0])) / STEP
        low = at.long().clamp(max=len(KNOTS) - 2)
        bend = torch.lerp(self.bends[genes, low], self.bends[genes, low + 1], (at - low).unsqueeze(-1))
        line = self.vectors[genes]
        along = (line * bend).sum(-1, keepdim=True)
        return line * (z.unsqueeze(-1) + along) + (1 - self.signal) * (bend - line * along)

    def means(self, genes: Tensor, z: Tensor, counts: Tensor) -> Tensor:
        """Conditional mean (cell, gene) of each gene given the others that count; ``counts`` (cell, gene) is 0 or 1."""
        vectors = self.vectors[genes] * counts.unsqueeze(-1)
        said = self.evidence(genes, z) * counts.unsqueeze(-1)
        odds = self.signal / (1 - self.signal)
        read = _ridge(vectors, odds)  # rows l_j' (I + odds L' L)^-1
        others = said.sum(1, keepdim=True) - said
        own = (read * vectors).sum(-1)
        return odds * (read * others).sum(-1) / (1 - odds * own).clamp(min=1e-3)


def _ridge(vectors: Tensor, odds: float) -> Tensor:
    """Rows of L (I + odds L' L)^-1 for L (cell, gene, dimension)."""
    n, d = vectors.shape[1:]
    if n > SMALL:
        inner = torch.eye(d) + odds * vectors.transpose(1, 2) @ vectors
        return torch.linalg.solve(inner, vectors.transpose(1, 2)).transpose(1, 2)
    gram = vectors @ vectors.transpose(1, 2)
    return vectors - gram @ torch.linalg.solve(torch.eye(n) / odds + gram, vectors)
