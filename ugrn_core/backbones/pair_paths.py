"""The pair context's own way through the lean transformer: exact, but nothing is computed twice.

The cell holds ``<cls>``, the source and the target. In the first layer only the source's token moves, so that every
score without it belongs to a gene, and the projections to a gene and value. The last layer is computed for the target
alone. Results equal :meth:`LeanTransformer.dual` to float32 rounding.

Shapes: P pairs, T values, R = P T rows, U different genes, H heads, c width of a head, D = H c.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from ugrn_core.backbones.transformer import Layer, LeanTransformer, dual_affine, dual_linear

CLS, SOURCE, TARGET = range(3)


def sweep_pairs(model: LeanTransformer, gene_ids: Tensor, base: float, grid: Tensor) -> tuple[Tensor, Tensor]:
    """Target's reconstruction and slope, each (P, T), of pairs (P, 2), source first, in a cell of these two alone."""
    shape = len(gene_ids), len(grid)
    *between, last = model.blocks
    if between:
        z = _first_layer(model, gene_ids, base, grid, CLS)
        for layer in between[1:]:
            q, k, v = dual_linear(layer.qkv, z).view(2, -1, 3, 3, layer.n_heads, z.shape[-1] // layer.n_heads).unbind(3)
            z = layer.after_attention(z, small_attention(q, k, v).view_as(z))
        z = _last_layer(last, z)
    else:
        z = _first_layer(model, gene_ids, base, grid, TARGET)
    out, slope = model.dual_decode(z[:, -1])
    return out.view(shape), slope.view(shape)


def pairs_at_base(model: LeanTransformer, gene_ids: Tensor, base: float) -> Tensor:
    """Reconstruction (P, 2) of both genes of pairs (P, 2) in a cell of these two alone, both at ``base``."""
    genes, where = gene_ids.unique(return_inverse=True)
    where = F.pad(where, (1, 0), value=len(genes))  # <cls> stands before the pair
    tokens, qkv = _base_tokens(model, genes, base)
    x, qkv = tokens[where], qkv[where]
    for i, layer in enumerate(model.blocks):
        first = SOURCE if i == len(model.layers) - 1 else CLS
        if i:
            qkv = layer.qkv(x).view(*x.shape[:2], 3, layer.n_heads, -1)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)  # each (P, H, 3, c)
        mixed = F.scaled_dot_product_attention(q[:, :, first:], k, v).transpose(1, 2).flatten(2)
        x = layer.norm1(x[:, first:] + layer.out(mixed))
        x = layer.norm2(x + layer.ff_out(F.relu(layer.ff_in(x))))
    return model.decode(x)


def small_attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Softmax attention and its tangent over a few keys, (2, B, Q, H, c) of q (2, B, Q, H, c), k and v (2, B, K, H, c).

    A loop over keys with elementwise products: for three tokens that is several times faster than batched products
    of 3 x 3 matrices.
    """
    q = q * (1.0 / math.sqrt(q.shape[-1]))
    s, ds = [], []
    for key in range(k.shape[2]):
        kx, dk = k[0, :, key, None], k[1, :, key, None]
        s.append((q[0] * kx).sum(-1))
        ds.append((q[1] * kx).addcmul_(q[0], dk).sum(-1))
    p, w = _weights(torch.stack(s), torch.stack(ds), 0)  # (K, B, Q, H)
    result = torch.empty_like(q)
    _mix(result[0], [(p[key], v[0, :, key]) for key in range(k.shape[2])])
    _mix(result[1], [(a[key], v[n, :, key]) for n, a in ((0, w), (1, p)) for key in range(k.shape[2])])
    return result


def _first_layer(model: LeanTransformer, gene_ids: Tensor, base: float, grid: Tensor, first: int) -> Tensor:
    """What leaves the first layer, (2 R, 3 - first, D): tokens from ``first`` on, with their tangents."""
    layer = model.blocks[0]
    genes, where = gene_ids.unique(return_inverse=True)
    source, target = where.unbind(1)
    n_values = len(grid)
    still, still_qkv = _base_tokens(model, genes, base)  # (U + 1, D), (U + 1, 3, H, c); the last is <cls>
    moved = model.dual_tokens(
        genes[:, None].expand(-1, n_values).reshape(-1),
        grid.repeat(len(genes)),
        grid.new_ones(len(genes) * n_values),
    )
    qkv = dual_linear(layer.qkv, moved).view(2, len(genes), n_values, 3, *still_qkv.shape[2:])
    p, w = _first_weights(still_qkv, qkv, source, target)  # (P, T, 3, 3, H)
    p, w = p[:, :, first:], w[:, :, first:]
    value = qkv[:, source, :, None, 2]  # (2, P, T, 1, H, c)
    here = {CLS: still_qkv[-1, 2], SOURCE: value[0], TARGET: still_qkv[target, 2][:, None, None]}
    mixed = still.new_empty(2, *p.shape[:3], *still_qkv.shape[2:])
    _mix(mixed[0], [(p[..., key, :], v) for key, v in here.items()], spread=False)
    _mix(mixed[1], [*((w[..., key, :], v) for key, v in here.items()), (p[..., SOURCE, :], value[1])], spread=False)
    z = dual_linear(layer.out, mixed.view(-1, still.shape[-1])).view(*mixed.shape[:4], -1)
    tokens = moved.view(2, len(genes), n_values, -1)
    if first == CLS:
        z[0, :, :, CLS] += still[-1]
        z[:, :, :, SOURCE] += tokens[:, source]
    z[0, :, :, -1] += still[target, None]
    return layer.after_sum(z.view(-1, *z.shape[3:]))


def _first_weights(still: Tensor, moved: Tensor, source: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Attention weights of the first layer and their tangents, each (P, T, query, key, H).

    ``still`` (U + 1, 3, H, c) and ``moved`` (2, U, T, 3, H, c) are projections of genes at base and at the values.
    """
    q, k = still[:, 0] / math.sqrt(still.shape[-1]), still[:, 1]  # (U + 1, H, c)
    mq, mk = moved[:, :, :, 0] / math.sqrt(still.shape[-1]), moved[:, :, :, 1]  # (2, U, T, H, c)
    cls_q, cls_k = q[-1], k[-1]
    s = still.new_empty(len(source), moved.shape[2], 3, 3, still.shape[2])
    ds = torch.zeros_like(s)
    s[:, :, CLS, CLS] = (cls_q * cls_k).sum(-1)
    s[:, :, CLS, TARGET] = (cls_q * k).sum(-1)[target, None]
    s[:, :, TARGET, CLS] = (q * cls_k).sum(-1)[target, None]
    s[:, :, TARGET, TARGET] = (q * k).sum(-1)[target, None]
    s[:, :, CLS, SOURCE], ds[:, :, CLS, SOURCE] = (cls_q * mk).sum(-1)[:, source]
    s[:, :, SOURCE, CLS], ds[:, :, SOURCE, CLS] = (mq * cls_k).sum(-1)[:, source]
    s[:, :, SOURCE, SOURCE] = (mq[0] * mk[0]).sum(-1)[source]
    ds[:, :, SOURCE, SOURCE] = (mq[1] * mk[0] + mq[0] * mk[1]).sum(-1)[source]
    s[:, :, SOURCE, TARGET], ds[:, :, SOURCE, TARGET] = (mq[:, source] * k[target, None]).sum(-1)
    s[:, :, TARGET, SOURCE], ds[:, :, TARGET, SOURCE] = (mk[:, source] * q[target, None]).sum(-1)
    return _weights(s, ds, 3)


def _last_layer(layer: Layer, z: Tensor) -> Tensor:
    """The layer on z (2 R, 3, D) for the target alone, (2 R, 1, D)."""
    d, h = z.shape[-1], layer.n_heads
    weight, bias = layer.qkv.weight, layer.qkv.bias
    kept = z[:, TARGET:]
    q = dual_affine(weight[:d], bias[:d], kept).view(2, -1, 1, h, d // h)
    k, v = dual_affine(weight[d:], bias[d:], z).view(2, -1, 3, 2, h, d // h).unbind(3)
    return layer.after_attention(kept, small_attention(q, k, v).view(-1, 1, d))


def _weights(s: Tensor, ds: Tensor, keys: int) -> tuple[Tensor, Tensor]:
    """Softmax of scores over dimension ``keys`` and its tangent."""
    p = s.softmax(keys)
    w = p * ds
    return p, w.sub_(p * w.sum(keys, keepdim=True))


def _mix(out: Tensor, terms: list[tuple[Tensor, Tensor]], spread: bool = True) -> None:
    """Sum of weight (..., H) times value (..., H, c) into ``out``; ``spread`` values over the queries before H."""
    for n, (weight, value) in enumerate(terms):
        value = value.unsqueeze(-3) if spread else value
        if n:
            out.addcmul_(weight[..., None], value)
        else:
            torch.mul(weight[..., None], value, out=out)


def _base_tokens(model: LeanTransformer, genes: Tensor, base: float) -> tuple[Tensor, Tensor]:
    """Tokens (U + 1, D) at base of the genes, then ``<cls>``, and their first-layer projections (U + 1, 3, H, c)."""
    layer = model.blocks[0]
    ids = F.pad(genes, (0, 1), value=model.config.cls_id)
    values = torch.full((len(ids),), base, device=genes.device)
    values[-1] = model.config.cls_value
    nothing = torch.zeros_like(values)
    tokens = model.dual_tokens(ids, values, nothing)[: len(ids)]
    return tokens, layer.qkv(tokens).view(len(ids), 3, layer.n_heads, -1)
