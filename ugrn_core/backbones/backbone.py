"""What a backbone answers: reconstruct, dual and hyper-dual passes, sweeps, attention, gene embeddings.

Every probe is built from these. :class:`TransformerBackbone` is a loaded checkpoint; :func:`random_twin` is the same
with random weights. A backbone that has no shorter way sweeps in dual passes (:class:`PlainCell`, :func:`plain_pairs`).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Protocol

import torch
from torch import Tensor

from ugrn_core.backbones.full_context import BaseCell
from ugrn_core.backbones.hyper_dual import hyper_dual
from ugrn_core.backbones.threads import over_rows
from ugrn_core.backbones.transformer import LeanTransformer
from ugrn_core.backbones.two_genes import pairs_at_base, reconstruct_pairs, sweep_pairs
from ugrn_core.types import BackboneCard, Vocabulary


class SweptCell(Protocol):
    """A cell at its base values, ready to have one gene moved; what does not change is computed once."""

    def sweep(self, at: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Reconstruction and slope, both (row, gene), with gene ``at[row]`` at ``value[row]``, the others at base.

        ``at`` and ``value`` may lie on the host.
        """
        ...


class Backbone(Protocol):
    """A frozen scFM M. Values are float32 in the card's unit; ``gene_ids`` is (gene,) or (batch, gene) int64.

    ``width``, ``n_layers`` and ``n_heads`` serve estimates of time and memory only.
    """

    @property
    def card(self) -> BackboneCard: ...
    @property
    def vocabulary(self) -> Vocabulary: ...
    @property
    def fingerprint(self) -> str: ...
    @property
    def device(self) -> torch.device: ...
    @property
    def width(self) -> int: ...
    @property
    def n_layers(self) -> int: ...
    @property
    def n_heads(self) -> int: ...

    def reconstruct(self, gene_ids: Tensor, values: Tensor) -> Tensor:
        """Reconstructed values (batch, gene) of values (batch, gene)."""
        ...

    def dual(self, gene_ids: Tensor, values: Tensor, tangents: Tensor) -> tuple[Tensor, Tensor]:
        """Reconstruction and its derivative along ``tangents``, both (batch, gene)."""
        ...

    def hyper_dual(
        self, gene_ids: Tensor, values: Tensor, first: Tensor, second: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Reconstruction, its derivatives along ``first`` and ``second``, and the mixed one, each (batch, gene)."""
        ...

    def base_cell(self, gene_ids: Tensor, base: Tensor) -> SweptCell:
        """The cell of gene_ids (gene,) at base (gene,)."""
        ...

    def sweep_pairs(self, gene_ids: Tensor, base: float, grid: Tensor) -> tuple[Tensor, Tensor]:
        """Target's reconstruction and slope, each (pair, value), of gene_ids (pair, 2), source first and moved
        along ``grid`` (value,), in cells of these two genes alone."""
        ...

    def reconstruct_pairs(self, gene_ids: Tensor, base: float, grid: Tensor) -> Tensor:
        """The reconstruction (pair, value) that :meth:`sweep_pairs` gives, where no slope is wanted."""
        ...

    def pairs_at_base(self, gene_ids: Tensor, base: float) -> Tensor:
        """Reconstruction (pair, 2) of both genes of gene_ids (pair, 2), both at ``base`` in a cell of their own."""
        ...

    def attention(self, gene_ids: Tensor, values: Tensor) -> Tensor:
        """Head-averaged attention summed over layers, (batch, gene, gene), query by key."""
        ...

    def gene_embeddings(self, gene_ids: Tensor) -> Tensor:
        """Rows of the gene embedding table, (gene, embedding width)."""
        ...


class Dual(Protocol):
    """Anything that answers a dual pass."""

    def dual(self, gene_ids: Tensor, values: Tensor, tangents: Tensor) -> tuple[Tensor, Tensor]: ...


class Plain(Protocol):
    """Anything that answers a plain pass."""

    def reconstruct(self, gene_ids: Tensor, values: Tensor) -> Tensor: ...


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
    rows, values = _pair_cells(gene_ids, base, grid, follow=follow)
    tangents = torch.zeros_like(values)
    tangents[:, 0] = 1.0
    out, slope = backbone.dual(rows, values, tangents)
    return out[:, 1].view(len(gene_ids), -1), slope[:, 1].view(len(gene_ids), -1)


def reconstructed_pairs(backbone: Plain, gene_ids: Tensor, base: float, grid: Tensor) -> Tensor:
    """The first of :func:`plain_pairs`, (pair, value), by plain passes."""
    return backbone.reconstruct(*_pair_cells(gene_ids, base, grid))[:, 1].view(len(gene_ids), -1)


def _pair_cells(gene_ids: Tensor, base: float, grid: Tensor, *, follow: bool = False) -> tuple[Tensor, Tensor]:
    """Genes and values, each (pair x value, 2), of the cells of pairs."""
    values = grid.new_full((len(gene_ids), len(grid), 2), base)
    values[:, :, 0] = grid
    if follow:
        values[:, :, 1] = grid
    rows = gene_ids[:, None].expand(-1, len(grid), -1).reshape(-1, 2)
    return rows, values.view(-1, 2)


@dataclass(frozen=True)
class TransformerBackbone:
    """A loaded checkpoint: the lean core with its card, vocabulary and fingerprint."""

    model: LeanTransformer
    card: BackboneCard
    vocabulary: Vocabulary
    fingerprint: str

    def __post_init__(self) -> None:
        self.model.eval().requires_grad_(False)

    @property
    def device(self) -> torch.device:
        return self.model.gene_embedding.weight.device

    @property
    def width(self) -> int:
        return self.model.config.width

    @property
    def n_layers(self) -> int:
        return self.model.config.n_layers

    @property
    def n_heads(self) -> int:
        return self.model.config.n_heads

    @torch.no_grad()
    def reconstruct(self, gene_ids: Tensor, values: Tensor) -> Tensor:
        if gene_ids.dim() == 1:
            return over_rows(lambda rows: (self.model(gene_ids, rows),), values)[0]
        return over_rows(lambda ids, rows: (self.model(ids, rows),), gene_ids, values)[0]

    @torch.no_grad()
    def dual(self, gene_ids: Tensor, values: Tensor, tangents: Tensor) -> tuple[Tensor, Tensor]:
        return self.model.dual(gene_ids, values, tangents)

    @torch.no_grad()
    def hyper_dual(
        self, gene_ids: Tensor, values: Tensor, first: Tensor, second: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        return hyper_dual(self.model, gene_ids, values, first, second)

    @torch.no_grad()
    def base_cell(self, gene_ids: Tensor, base: Tensor) -> SweptCell:
        return BaseCell(self.model, gene_ids, base)

    @torch.no_grad()
    def sweep_pairs(self, gene_ids: Tensor, base: float, grid: Tensor) -> tuple[Tensor, Tensor]:
        return sweep_pairs(self.model, gene_ids, base, grid)

    @torch.no_grad()
    def reconstruct_pairs(self, gene_ids: Tensor, base: float, grid: Tensor) -> Tensor:
        return reconstruct_pairs(self.model, gene_ids, base, grid)

    @torch.no_grad()
    def pairs_at_base(self, gene_ids: Tensor, base: float) -> Tensor:
        return pairs_at_base(self.model, gene_ids, base)

    @torch.no_grad()
    def attention(self, gene_ids: Tensor, values: Tensor) -> Tensor:
        return self.model.attention(gene_ids, values)

    @torch.no_grad()
    def gene_embeddings(self, gene_ids: Tensor) -> Tensor:
        return self.model.gene_embedding(gene_ids)


def random_twin(backbone: TransformerBackbone, seed: int = 0, *, keep_embeddings: bool = False) -> TransformerBackbone:
    """A backbone of the same shape, card and vocabulary with torch's default initial weights, gene embeddings included.

    ``keep_embeddings`` keeps the trained gene embeddings under a transformer of random weights: what curves owe to the
    embeddings alone. Deterministic for a seed; the global random state is untouched.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = LeanTransformer(backbone.model.config).to(backbone.device)
    what, ending = "random weights", "random"
    if keep_embeddings:
        model.gene_embedding.load_state_dict(backbone.model.gene_embedding.state_dict())
        what, ending = "random transformer over the trained embeddings", "random-transformer"
    name, label = f"{backbone.card.name}-{ending}", f"{backbone.card.label} ({what})"
    card = replace(backbone.card, name=name, label=label, embedded=False, objective="random")
    twin = "random twin" if not keep_embeddings else "random transformer"
    fingerprint = hashlib.sha256(f"{twin} {seed} of {backbone.fingerprint}".encode()).hexdigest()
    return TransformerBackbone(model, card, backbone.vocabulary, fingerprint)
