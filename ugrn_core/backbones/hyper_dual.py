"""The lean core in hyper-dual numbers: one pass gives two first derivatives and the exact mixed second one.

An activation stands stacked with its derivatives along two directions a and b of the input values and with its mixed
second derivative: z (4, B, L, D) holds x, x_a, x_b, x_ab. What is linear maps all four alike; a product x y has

    (x y)_ab = x_ab y + x_a y_b + x_b y_a + x y_ab.

Corners (ReLU, LeakyReLU, the ceiling of values) have no curvature of their own: their second derivative is 0 wherever
it exists, and so it is in reverse-mode autograd applied twice. Shapes as in
:mod:`ugrn_core.backbones.transformer`: B cells, L tokens, D width, H heads, c width of a head.
"""

from __future__ import annotations

import math
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ugrn_core.backbones.linear import affine
from ugrn_core.backbones.threads import over_rows
from ugrn_core.backbones.transformer import DECODER_SLOPE, VALUE_CEILING, Layer, LeanTransformer

SCORE_BLOCK = 1 << 20
"""Attention scores of one kind held at once (floats): query rows are taken in blocks of so many."""


def hyper_dual(
    model: LeanTransformer, gene_ids: Tensor, values: Tensor, first: Tensor, second: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Reconstruction M, its derivatives along ``first`` and ``second``, and the mixed one: four of (B, G).

    ``values``, ``first`` and ``second`` are (B, G), ``gene_ids`` (G,) or (B, G). With a one at gene s in ``first`` and
    at gene m in ``second`` the last result is d2 M(v)_k / (d v_s d v_m) for every k, in the backbone's unit per unit
    squared. The first two results are those of :meth:`LeanTransformer.dual` to float32 rounding. About six times the
    multiply-adds of a plain pass.
    """
    if gene_ids.dim() == 1:
        return over_rows(lambda v, a, b: _rows(model, gene_ids, v, a, b), values, first, second)
    return over_rows(lambda g, v, a, b: _rows(model, g, v, a, b), gene_ids, values, first, second)


def _rows(
    model: LeanTransformer, gene_ids: Tensor, values: Tensor, first: Tensor, second: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    gene_ids = F.pad(gene_ids, (1, 0), value=model.config.cls_id)
    values = F.pad(values, (1, 0), value=model.config.cls_value)
    z = _values(model, values, F.pad(first, (1, 0)), F.pad(second, (1, 0)))
    z[0] += model.embed_genes(gene_ids)
    for layer in model.blocks:
        z = _layer(layer, z)
    z = z[:, :, 1:]
    for linear in cast("list[nn.Linear]", list(model.head)[:2]):
        z = _relu(_linear(linear, z), DECODER_SLOPE)
    value, a, b, ab = _linear(cast(nn.Linear, model.head[2]), z).squeeze(-1)
    return value, a, b, ab


def _values(model: LeanTransformer, values: Tensor, first: Tensor, second: Tensor) -> Tensor:
    """Value part of the tokens, (4, B, L, D)."""
    below = values <= VALUE_CEILING
    inner = torch.stack([values.clamp(max=VALUE_CEILING), first * below, second * below, torch.zeros_like(values)])
    z = _linear(model.value_out, _relu(_linear(model.value_in, inner.unsqueeze(-1))))
    return z if model.value_norm is None else _norm(model.value_norm, z)


def _layer(layer: Layer, z: Tensor) -> Tensor:
    z = _norm(layer.norm1, z + _linear(layer.out, _attention(layer, z)))
    return _norm(layer.norm2, z + _linear(layer.ff_out, _relu(_linear(layer.ff_in, z))))


def _linear(linear: nn.Linear, z: Tensor) -> Tensor:
    """Affine map of the values, linear map of their derivatives, as one matrix product."""
    y = affine(z, linear.weight)
    y[0] += linear.bias
    return y


def _relu(z: Tensor, slope: float = 0.0) -> Tensor:
    """ReLU, or LeakyReLU of a negative ``slope``: derivatives pass, or shrink, with the value."""
    return torch.where(z[0] > 0, z, slope * z)


def _norm(norm: nn.LayerNorm, z: Tensor) -> Tensor:
    """LayerNorm of c = x - mean(x) over r = (mean(c^2) + eps)^(-1/2), by the rule of products and of powers.

    With u = mean(c c_a), w = mean(c c_b) and t = mean(c_a c_b + c c_ab): r_a = -r^3 u, r_b = -r^3 w,
    r_ab = 3 r^5 u w - r^3 t.
    """
    c, a, b, ab = z - z.mean(-1, keepdim=True)

    def mean(x: Tensor, y: Tensor) -> Tensor:
        return (x * y).mean(-1, keepdim=True)

    r = (mean(c, c) + norm.eps).rsqrt()
    u, w = mean(c, a) * r**2, mean(c, b) * r**2
    t = (mean(a, b) + mean(c, ab)) * r**2
    y = torch.stack([c, a - u * c, b - w * c, ab - w * a - u * b + (3 * u * w - t) * c])
    y *= r * norm.weight
    y[0] += norm.bias
    return y


def _attention(layer: Layer, z: Tensor) -> Tensor:
    """Softmax attention of tokens z (4, B, L, D), a block of query rows at a time; (4, B, L, D)."""
    _, n_cells, n, d = z.shape
    c = d // layer.n_heads
    q, k, v = _linear(layer.qkv, z).view(4, n_cells, n, 3, layer.n_heads, c).permute(3, 0, 1, 4, 2, 5)
    rows = max(1, SCORE_BLOCK // (n_cells * layer.n_heads * n))
    keys = k.transpose(-1, -2) / math.sqrt(c)
    blocks = [_product(_softmax(_product(q[:, :, :, i : i + rows], keys)), v) for i in range(0, n, rows)]
    return torch.cat(blocks, 3).transpose(2, 3).flatten(3)


def _product(x: Tensor, y: Tensor) -> Tensor:
    """Matrix product of x (4, ..., m, n) and y (4, ..., n, k) by the rule of products."""
    return torch.stack(
        [
            x[0] @ y[0],
            x[1] @ y[0] + x[0] @ y[1],
            x[2] @ y[0] + x[0] @ y[2],
            x[3] @ y[0] + x[1] @ y[2] + x[2] @ y[1] + x[0] @ y[3],
        ]
    )


def _softmax(s: Tensor) -> Tensor:
    """p = softmax(s) over the last dimension: p_a = p (s_a - <s_a>), where <x> = sum(p x), and

    p_ab = p ((s_a - <s_a>) (s_b - <s_b>) - <(s_a - <s_a>) (s_b - <s_b>)> + s_ab - <s_ab>).
    """
    p = s[0].softmax(-1)

    def centred(x: Tensor) -> Tensor:
        return x - (p * x).sum(-1, keepdim=True)

    a, b = centred(s[1]), centred(s[2])
    return torch.stack([p, p * a, p * b, p * (centred(a * b) + centred(s[3]))])
