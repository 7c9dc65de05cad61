"""The first layer of the pair context, where every token is a gene's part plus a value's part.

Projections are linear, so that a gene is projected once, whatever its values, and a value once, whatever its genes. A
score between two tokens is the sum of four: gene with gene, gene with value, value with gene, value with value. Only
the first is of a pair; the others are read from small tables. Tangents come from the source's value alone.

Shapes: P pairs, T values, U different genes, H heads, c width of a head, D = H c. Fixed parts are, in this order, the
whole of ``<cls>``, the base value, the T values and the T tangents of these: N = 2 + 2 T.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ugrn_core.backbones.dual_numbers import dual_linear, dual_softmax
from ugrn_core.backbones.transformer import LeanTransformer

CLS, SOURCE, TARGET = range(3)


@dataclass(frozen=True)
class FirstLayerParts:
    """Tokens and first-layer projections, each (query, key, value), of genes (U, ...) and of fixed parts (N, ...)."""

    genes: Tensor  # (U, D)
    fixed: Tensor  # (N, D)
    gene_qkv: Tensor  # (3, U, H, c)
    fixed_qkv: Tensor  # (3, N, H, c)
    n_values: int

    @property
    def values(self) -> slice:
        """The T values among the fixed parts."""
        return slice(2, 2 + self.n_values)

    @property
    def tangents(self) -> slice:
        """The tangents of the T values among the fixed parts."""
        return slice(2 + self.n_values, None)


def parts_of(model: LeanTransformer, genes: Tensor, base: float, grid: Tensor) -> FirstLayerParts:
    """Parts of different genes (U,) in cells at ``base`` with one value out of ``grid`` (T,)."""
    layer = model.blocks[0]
    cls = grid.new_tensor([model.config.cls_value]), torch.tensor([model.config.cls_id], device=grid.device)
    still = model.embed_values(torch.cat([cls[0], grid.new_tensor([base])]))
    still[:1] += model.embed_genes(cls[1])
    primal, tangent = model.dual_values(grid, torch.ones_like(grid)).chunk(2)
    fixed, tokens = torch.cat([still, primal, tangent]), model.embed_genes(genes)
    n_still = len(still) + len(grid)
    projected = F.linear(torch.cat([fixed, tokens]), layer.qkv.weight)
    projected[:n_still] += layer.qkv.bias
    qkv = projected.view(len(projected), 3, layer.n_heads, -1).transpose(0, 1)
    return FirstLayerParts(tokens, fixed, qkv[:, len(fixed) :], qkv[:, : len(fixed)], len(grid))


def first_layer(model: LeanTransformer, gene_ids: Tensor, base: float, grid: Tensor, first: int = CLS) -> Tensor:
    """What leaves the first layer: tokens from ``first`` on with their tangents, (2, 3 - first, P T, D)."""
    layer = model.blocks[0]
    genes, where = (x.to(grid.device, non_blocking=True) for x in gene_ids.unique(return_inverse=True))
    source, target = where.unbind(1)
    parts = parts_of(model, genes, base, grid)
    p, w = first_weights(parts, source, target)  # (key, query, P, T, H)
    p, w = p[:, first:], w[:, first:]
    gene_value, fixed_value = parts.gene_qkv[2], parts.fixed_qkv[2]
    moved = gene_value[source, None] + fixed_value[parts.values]  # (P, T, H, c)
    values = {CLS: fixed_value[0], SOURCE: moved, TARGET: (gene_value[target] + fixed_value[1])[:, None]}
    mixed = moved.new_empty(2, *p.shape[1:], moved.shape[-1])
    mix(mixed[0], [(p[key], value) for key, value in values.items()])
    mix(mixed[1], [*((w[key], value) for key, value in values.items()), (p[SOURCE], fixed_value[parts.tangents])])
    n_tokens, n_rows = 3 - first, len(source) * parts.n_values
    z = dual_linear(layer.out, mixed.view(2, n_tokens * n_rows, -1)).view(2, n_tokens, len(source), parts.n_values, -1)
    if first == CLS:
        z[0, CLS] += parts.fixed[0]
        z[0, SOURCE] += parts.genes[source, None] + parts.fixed[parts.values]
        z[1, SOURCE] += parts.fixed[parts.tangents]
    z[0, -1] += (parts.genes[target] + parts.fixed[1])[:, None]
    return layer.after_sum(z.view(2, n_tokens * n_rows, -1)).view(2, n_tokens, n_rows, -1)


def first_weights(parts: FirstLayerParts, source: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Attention weights of pairs of genes, given by their places, and their tangents: each (key, query, P, T, H)."""
    (gene_q, gene_k, _), (fixed_q, fixed_k, _) = parts.gene_qkv, parts.fixed_qkv
    v, dv = parts.values, parts.tangents
    left = torch.einsum("uhc,nhc->unh", gene_q, fixed_k)  # query of a gene, key of a fixed part
    right = torch.einsum("nhc,uhc->unh", fixed_q, gene_k)  # the other way round
    fixed = torch.einsum("nhc,mhc->nmh", fixed_q, fixed_k)
    own = (gene_q * gene_k).sum(-1)  # (U, H)
    pair = (gene_q[source] * gene_k[target]).sum(-1)  # (P, H)
    back = (gene_q[target] * gene_k[source]).sum(-1)
    both = left + right
    along = torch.arange(parts.n_values, device=source.device)
    same = fixed[v, v][along, along]  # each value with itself, (T, H)
    slant = (fixed[dv, v] + fixed[v, dv])[along, along]
    s = left.new_empty(3, 3, len(source), parts.n_values, left.shape[-1])
    ds = torch.zeros_like(s)
    s[CLS, CLS] = fixed[0, 0]
    s[SOURCE, CLS] = right[source, None, 0] + fixed[0, v]
    s[TARGET, CLS] = (right[target, 0] + fixed[0, 1])[:, None]
    s[CLS, SOURCE] = left[source, None, 0] + fixed[v, 0]
    s[SOURCE, SOURCE] = (own[:, None] + both[:, v] + same)[source]
    s[TARGET, SOURCE] = (pair + left[source, 1])[:, None] + (right[:, v] + fixed[v, 1])[target]
    s[CLS, TARGET] = (left[target, 0] + fixed[1, 0])[:, None]
    s[SOURCE, TARGET] = (back + right[source, 1])[:, None] + (left[:, v] + fixed[1, v])[target]
    s[TARGET, TARGET] = (own + both[:, 1] + fixed[1, 1])[target, None]
    ds[SOURCE, CLS] = fixed[0, dv]
    ds[CLS, SOURCE] = fixed[dv, 0]
    ds[SOURCE, SOURCE] = (both[:, dv] + slant)[source]
    ds[TARGET, SOURCE] = (right[:, dv] + fixed[dv, 1])[target]
    ds[SOURCE, TARGET] = (left[:, dv] + fixed[1, dv])[target]
    return weights(s, ds, gene_q.shape[-1])


def weights(s: Tensor, ds: Tensor, width: int) -> tuple[Tensor, Tensor]:
    """Softmax over keys, dimension 0, of scores in heads of ``width``, and its tangent. Scores are used up."""
    scale = 1.0 / math.sqrt(width)
    p = s.mul_(scale).softmax(0)
    return p, dual_softmax(p, ds.mul_(scale), 0)


def mix(out: Tensor, terms: list[tuple[Tensor, Tensor]]) -> None:
    """Sum of weight (query, ..., H) times value (..., H, c) into ``out`` (query, ..., H, c)."""
    for n, (weight, value) in enumerate(terms):
        if n:
            out.addcmul_(weight[..., None], value)
        else:
            torch.mul(weight[..., None], value, out=out)
