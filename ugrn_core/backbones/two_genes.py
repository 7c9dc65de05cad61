"""The pair context's own way through the lean transformer: exact, but nothing is computed twice.

The cell holds ``<cls>``, the source and the target. Where it enters the first layer every token is a gene's part plus a
value's part. Projections are linear, so that a gene is projected once, whatever its values, and a value once, whatever
its genes. A score between two tokens is the sum of four: gene with gene, gene with value, value with gene, value with
value. Only the first is of a pair; the others are read from small tables. Tangents come from the source's value alone.
The last layer is computed for the target alone. Tokens stand one after another, each with all rows, so that what is
done to one token touches memory that lies together. Results equal :meth:`LeanTransformer.dual` to float32 rounding.
Where no slope is read, plain passes do, whose first projections are of genes at their values.

Shapes: P pairs, T values, R = P T rows, U different genes, H heads, c width of a head, D = H c. Fixed parts are, in
this order, the whole of ``<cls>``, the base value, the T values and the T tangents of these: N = 2 + 2 T.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ugrn_core.backbones.linear import affine, spare_rows
from ugrn_core.backbones.threads import over_rows
from ugrn_core.backbones.transformer import Layer, LeanTransformer, dual_affine, dual_linear, dual_softmax

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
    projected = affine(torch.cat([fixed, tokens]), layer.qkv.weight)
    projected[:n_still] += layer.qkv.bias
    qkv = projected.view(len(projected), 3, layer.n_heads, -1).transpose(0, 1)
    return FirstLayerParts(tokens, fixed, qkv[:, len(fixed) :], qkv[:, : len(fixed)], len(grid))


def first_layer(model: LeanTransformer, gene_ids: Tensor, base: float, grid: Tensor, first: int = CLS) -> Tensor:
    """What leaves the first layer: tokens from ``first`` on with their tangents, (2, 3 - first, P T, D)."""
    layer = model.blocks[0]
    genes, where = _different(gene_ids, grid.device)
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


def sweep_pairs(model: LeanTransformer, gene_ids: Tensor, base: float, grid: Tensor) -> tuple[Tensor, Tensor]:
    """Target's reconstruction and slope, each (P, T), of pairs (P, 2), source first, in a cell of these two alone.

    Ids may lie on the host; then nothing waits for the device.
    """
    out, slope = _over_pairs(lambda rows: _sweep_rows(model, rows, base, grid), gene_ids, grid.device)
    return out, slope


def reconstruct_pairs(model: LeanTransformer, gene_ids: Tensor, base: float, grid: Tensor) -> Tensor:
    """What :func:`sweep_pairs` gives first, (P, T), by plain passes, in half the time or less."""

    def rows(ids: Tensor) -> tuple[Tensor]:
        return (_plain_rows(model, ids, base, grid, TARGET).view(len(ids), -1),)

    return _over_pairs(rows, gene_ids, grid.device)[0]


def pairs_at_base(model: LeanTransformer, gene_ids: Tensor, base: float) -> Tensor:
    """Reconstruction (P, 2) of both genes of pairs (P, 2) in a cell of these two alone, both at ``base``."""
    value = model.gene_embedding.weight.new_tensor([base])
    return _over_pairs(lambda ids: (_plain_rows(model, ids, base, value, SOURCE).T,), gene_ids, value.device)[0]


def small_attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Softmax attention and its tangent over a few keys: (2, Q, R, H, c) of q (2, Q, R, H, c), k and v (2, K, R, H, c).

    A loop over keys with elementwise products: for three tokens that is several times faster than batched products
    of 3 x 3 matrices.
    """
    s, ds = q.new_empty(2, k.shape[1], *q.shape[1:4])  # each (K, Q, R, H)
    product = torch.empty_like(q[0])
    for key in range(k.shape[1]):
        torch.sum(torch.mul(q[0], k[0, key], out=product), -1, out=s[key])
        torch.sum(torch.mul(q[1], k[0, key], out=product).addcmul_(q[0], k[1, key]), -1, out=ds[key])
    p, w = weights(s, ds, q.shape[-1])
    result = torch.empty_like(q)
    mix(result[0], list(zip(p, v[0], strict=True)))
    mix(result[1], [*zip(w, v[0], strict=True), *zip(p, v[1], strict=True)])
    return result


def _over_pairs(
    function: Callable[[Tensor], tuple[Tensor, ...]], gene_ids: Tensor, device: torch.device
) -> tuple[Tensor, ...]:
    """Pairs (P, 2) on threads, each with a number of them that comes often; what is added for that is left out."""

    def rows(ids: Tensor) -> tuple[Tensor, ...]:
        return tuple(found[: len(ids)] for found in function(_filled(ids, device)))

    return over_rows(rows, gene_ids, device=device)


def _different(gene_ids: Tensor, device: torch.device) -> tuple[Tensor, Tensor]:
    """The genes (U,) of pairs (P, 2), each once, the first perhaps again at the end; and their places (P, 2)."""
    genes, where = (x.to(device, non_blocking=True) for x in gene_ids.unique(return_inverse=True))
    return _filled(genes, device), where


def _filled(x: Tensor, device: torch.device) -> Tensor:
    """x (n, ...) with its first row again, :func:`spare_rows` times."""
    spare = spare_rows(len(x), device)
    return torch.cat([x, x[:1].expand(spare, *x.shape[1:])]) if spare else x


def _sweep_rows(model: LeanTransformer, gene_ids: Tensor, base: float, grid: Tensor) -> tuple[Tensor, Tensor]:
    later = model.blocks[1:]
    z = first_layer(model, gene_ids, base, grid, CLS if later else TARGET)  # (2, tokens, R, D)
    for layer in later:
        z = _layer(layer, z, z[:, TARGET:] if layer is later[-1] else z)
    out, slope = model.dual_decode(z[:, 0])
    return out.view(len(gene_ids), -1), slope.view(len(gene_ids), -1)


def _layer(layer: Layer, z: Tensor, asked: Tensor) -> Tensor:
    """The layer on z (2, 3, R, D) for the tokens ``asked`` of it, in their shape."""
    n_rows, d = z.shape[2:]
    kept = asked.reshape(2, -1, d).contiguous()
    tokens = kept, z.view(2, -1, d), z.view(2, -1, d)
    q, k, v = (
        dual_affine(weight, bias, x).view(2, -1, n_rows, layer.n_heads, d // layer.n_heads)
        for x, weight, bias in zip(tokens, layer.qkv.weight.split(d), layer.qkv.bias.split(d), strict=True)
    )
    return layer.after_attention(kept, small_attention(q, k, v).view_as(kept)).view_as(asked)


def _plain_rows(model: LeanTransformer, gene_ids: Tensor, base: float, grid: Tensor, first: int) -> Tensor:
    """Reconstruction (3 - first, R) of the tokens from ``first`` on, without tangents."""
    tokens, cells = _plain_tokens(model, gene_ids, base, grid)
    x, first_layer_qkv = tokens[cells], model.blocks[0].qkv(tokens)
    for n, layer in enumerate(model.blocks):
        asked = x[first:] if n == len(model.layers) - 1 else x
        if n == 0:
            q, k, v = (projected[cells] for projected in first_layer_qkv.chunk(3, -1))
            q = q[-len(asked) :]
        else:
            weights, biases = layer.qkv.weight.chunk(3), layer.qkv.bias.chunk(3)
            q, k, v = (affine(z, w, b) for z, w, b in zip((asked, x, x), weights, biases, strict=True))
        q, k, v = (z.view(*z.shape[:2], layer.n_heads, -1) for z in (q, k, v))
        x = layer.norm1(layer.out(_plain_attention(q, k, v).flatten(2)).add_(asked))
        x = layer.norm2(layer.ff_out(layer.ff_in(x).relu_()).add_(x))
    return model.decode(x)


def _plain_tokens(model: LeanTransformer, gene_ids: Tensor, base: float, grid: Tensor) -> tuple[Tensor, Tensor]:
    """Tokens of different genes at each value of ``grid`` and at ``base``, then ``<cls>``; and their places (3, R)."""
    genes, where = _different(gene_ids, grid.device)
    values = torch.cat([grid, grid.new_tensor([base])])
    of_genes = (model.embed_genes(genes)[:, None] + model.embed_values(values)).flatten(0, 1)
    cls = model.embed(genes[:0], values[None, :0])[0]
    source, target = (where * len(values))[:, :, None].unbind(1)
    moved = source + torch.arange(len(grid), device=grid.device)  # (P, T)
    still = (target + len(grid)).expand_as(moved)
    return torch.cat([of_genes, cls]), torch.stack([torch.full_like(moved, len(of_genes)), moved, still]).flatten(1)


def _plain_attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """:func:`small_attention` without tangents: (Q, R, H, c) of q (Q, R, H, c), k and v (K, R, H, c)."""
    s = torch.stack([(q * key).sum(-1) for key in k])  # (K, Q, R, H)
    mixed = torch.empty_like(q)
    mix(mixed, list(zip(s.div_(math.sqrt(q.shape[-1])).softmax(0), v, strict=True)))
    return mixed
