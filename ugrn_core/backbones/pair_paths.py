"""The pair context's own way through the lean transformer: exact, but nothing is computed twice.

The cell holds ``<cls>``, the source and the target. The first layer is put together from parts of genes and values; the
last one is computed for the target alone. Tokens stand one after another, each with all rows, so that what is done
to one token touches memory that lies together. Results equal :meth:`LeanTransformer.dual` to float32 rounding.

Shapes: P pairs, T values, R = P T rows, U different genes, H heads, c width of a head, D = H c.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ugrn_core.backbones.dual_numbers import dual_affine
from ugrn_core.backbones.pair_first_layer import CLS, SOURCE, TARGET, first_layer, mix, weights
from ugrn_core.backbones.row_threads import over_rows
from ugrn_core.backbones.transformer import Layer, LeanTransformer


def sweep_pairs(model: LeanTransformer, gene_ids: Tensor, base: float, grid: Tensor) -> tuple[Tensor, Tensor]:
    """Target's reconstruction and slope, each (P, T), of pairs (P, 2), source first, in a cell of these two alone.

    Ids may lie on the host; then nothing waits for the device.
    """
    return over_rows(lambda rows: _sweep_rows(model, rows, base, grid), gene_ids, device=grid.device)


def pairs_at_base(model: LeanTransformer, gene_ids: Tensor, base: float) -> Tensor:
    """Reconstruction (P, 2) of both genes of pairs (P, 2) in a cell of these two alone, both at ``base``."""
    device = model.gene_embedding.weight.device
    return over_rows(lambda rows: (_base_rows(model, rows, base),), gene_ids, device=device)[0]


def small_attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Softmax attention and its tangent over a few keys: (2, Q, R, H, c) of q (2, Q, R, H, c), k and v (2, K, R, H, c).

    A loop over keys with elementwise products: for three tokens that is several times faster than batched products
    of 3 x 3 matrices.
    """
    s = q.new_empty(2, k.shape[1], *q.shape[1:4])  # (2, K, Q, R, H)
    product = torch.empty_like(q[0])
    for key in range(k.shape[1]):
        torch.sum(torch.mul(q[0], k[0, key], out=product), -1, out=s[0, key])
        torch.sum(torch.mul(q[1], k[0, key], out=product).addcmul_(q[0], k[1, key]), -1, out=s[1, key])
    p, w = weights(s[0], s[1], q.shape[-1])
    result = torch.empty_like(q)
    mix(result[0], list(zip(p, v[0], strict=True)))
    mix(result[1], [*zip(w, v[0], strict=True), *zip(p, v[1], strict=True)])
    return result


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


def _base_rows(model: LeanTransformer, gene_ids: Tensor, base: float) -> Tensor:
    """Reconstruction (P, 2), by plain passes whose first projections are of genes instead of pairs."""
    device = model.gene_embedding.weight.device
    genes, where = (x.to(device, non_blocking=True) for x in gene_ids.unique(return_inverse=True))
    where = F.pad(where, (1, 0), value=len(genes))  # <cls> stands before the pair
    values = torch.full((len(genes) + 1,), base, device=device)
    values[-1] = model.config.cls_value
    tokens = model.embed_genes(F.pad(genes, (0, 1), value=model.config.cls_id)) + model.embed_values(values)
    x, projected = tokens[where], model.blocks[0].qkv(tokens)[where]
    for i, layer in enumerate(model.blocks):
        asked = SOURCE if i == len(model.layers) - 1 else CLS
        qkv = projected if i == 0 else layer.qkv(x)
        q, k, v = qkv.view(*x.shape[:2], 3, layer.n_heads, -1).permute(2, 0, 3, 1, 4)  # each (P, H, 3, c)
        mixed = F.scaled_dot_product_attention(q[:, :, asked:], k, v).transpose(1, 2).flatten(2)
        x = layer.norm1(x[:, asked:] + layer.out(mixed))
        x = layer.norm2(x + layer.ff_out(F.relu(layer.ff_in(x))))
    return model.decode(x)
