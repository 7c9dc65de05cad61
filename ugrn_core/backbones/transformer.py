"""The lean post-norm transformer behind every scFM of this project, plain and in dual numbers.

One cell is a set of gene tokens. A token is the sum of a gene embedding and an encoded value; ``<cls>`` is put
before the genes. The decoder reads every token and gives back one reconstructed value a gene. The layer is that
of scGPT (Cui et al. 2024) and scBenchmark (Qi et al. 2025): self-attention, add, norm, feed-forward, add, norm.

:meth:`LeanTransformer.forward` is the plain pass. :meth:`LeanTransformer.dual` carries a tangent beside every
activation (forward-mode differentiation), so that one pass gives all reconstructed values and their derivative
along one direction of the input values. Activations and tangents are stacked in one tensor (2, ...) or (2B, ...), the
first half activations, so that a linear map of both is one matrix product. Softmax and LayerNorm have symmetric
Jacobians: their forward-mode rule is torch's own fused backward kernel.

Shapes: B cells, G genes, L = G + 1 tokens, D width, H heads, c = D / H width of a head.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ugrn_core.backbones.fused_attention import fused_dual_attention, is_fused
from ugrn_core.backbones.linear import Linear, add_linear_, affine
from ugrn_core.backbones.threads import over_rows, side_by_side

SCORE_BLOCK = 1 << 18
"""Attention scores held at once on a processor (floats): a block stays in a core's L2 cache."""

DEVICE_SCORE_BLOCK = 1 << 26
"""The same on a GPU, where few large products are faster than many small ones."""

QUERY_ROWS = 32
"""Fewest query rows of a block: fewer leave the matrix product idle."""

VALUE_CEILING = 512.0  # both published models clamp their input values here
LAYER_NORM_EPS = 1e-5
DECODER_SLOPE = 0.01  # LeakyReLU of the decoder


def dual_linear(linear: nn.Linear, z: Tensor) -> Tensor:
    """Affine map of primals, linear map of tangents, as one matrix product."""
    return dual_affine(linear.weight, linear.bias, z)


def dual_affine(weight: Tensor, bias: Tensor, z: Tensor) -> Tensor:
    """:func:`dual_linear` of a weight (out, in) and a bias (out,)."""
    y = affine(z, weight)
    y[: z.shape[0] // 2] += bias
    return y


def dual_add_linear_(z: Tensor, linear: nn.Linear, x: Tensor) -> Tensor:
    """Add :func:`dual_linear` of x (2B, ..., in) to z (2B, ..., out) in place; returns z."""
    add_linear_(z, x, linear.weight)
    z[: z.shape[0] // 2] += linear.bias
    return z


def dual_relu_(z: Tensor, slope: float = 0.0) -> Tensor:
    """ReLU, or LeakyReLU of a negative ``slope``, in place; returns z."""
    primal, tangent = z.chunk(2)
    torch.ops.aten.leaky_relu_backward.grad_input(tangent, primal, slope, False, grad_input=tangent)
    F.leaky_relu_(primal, slope)
    return z


def dual_norm(norm: nn.LayerNorm, z: Tensor) -> Tensor:
    """LayerNorm and its tangent: dy = g / sigma * (dx - mean(dx) - xhat * mean(xhat * dx)).

    The backward kernel is given xhat with mean 0 and deviation 1: from x itself it loses digits where the mean is
    large or sigma far from 1.
    """
    x, dx = z.chunk(2)
    out = torch.empty_like(z)
    xhat, dy = out.chunk(2)
    torch.sub(x, x.mean(-1, keepdim=True), out=xhat)
    variance = torch.linalg.vector_norm(xhat, dim=-1, keepdim=True).square_().div_(z.shape[-1])
    rstd = variance.add_(norm.eps).rsqrt_()
    xhat.mul_(rstd)
    unscaled, _, _ = torch.ops.aten.native_layer_norm_backward(
        dx,
        xhat,
        list(norm.normalized_shape),
        torch.zeros_like(rstd),
        torch.ones_like(rstd),
        None,
        None,
        [True, False, False],
    )
    torch.mul(unscaled, rstd, out=dy).mul_(norm.weight)
    torch.addcmul(norm.bias, xhat, norm.weight, out=xhat)
    return out


def dual_softmax(p: Tensor, ds: Tensor, keys: int = -1) -> Tensor:
    """Tangent of p = softmax(s) over dimension ``keys``: p * (ds - sum(p * ds))."""
    return torch.ops.aten._softmax_backward_data(ds, p, keys, p.dtype)


def dual_attention(qkv: Tensor) -> Tensor:
    """Softmax attention and its tangent, (2, B, L, H, c), of projections qkv (2, B, L, 3, H, c).

    With P = softmax(S) and W = dP = P * (dS - rowsum(P * dS)), the tangent of P V is P dV + W V. Scores are held a
    block at a time: some query rows of some heads of some cells, over all keys. On a CUDA device with Triton they are
    never held at all (:mod:`ugrn_core.backbones.fused_attention`).
    """
    if is_fused(qkv):
        return fused_dual_attention(qkv)
    _, n_cells, n, _, n_heads, c = qkv.shape
    cells, heads, rows = _block(n_cells, n, n_heads, SCORE_BLOCK if qkv.is_cpu else DEVICE_SCORE_BLOCK)
    result = qkv.new_empty(2, n_cells, n, n_heads, c)

    def attend(corner: tuple[int, int]) -> None:
        i, j = corner
        block = qkv[:, i : i + cells, :, :, j : j + heads].permute(3, 0, 1, 4, 2, 5)  # (3, 2, cells, heads, L, c)
        b, h = block.shape[2:4]
        q, k, v = block.reshape(3, 2, b * h, n, c)  # views where a block is of one cell
        scores = qkv.new_empty(2, b * h * rows * n)
        for r in range(0, n, rows):
            mixed = _dual_rows(q[:, :, r : r + rows], k, v, scores)
            result[:, i : i + b, r : r + rows, j : j + h] = mixed.view(2, b, h, -1, c).transpose(2, 3)

    corners = [(i, j) for i in range(0, n_cells, cells) for j in range(0, n_heads, heads)]
    side_by_side(attend, corners, qkv.device)
    return result


def _block(n_cells: int, n: int, n_heads: int, size: int) -> tuple[int, int, int]:
    """Cells, heads and query rows whose scores over n keys fit ``size``: whole cells first, then heads, then rows."""
    cells = min(n_cells, max(1, size // (n_heads * n * n)))
    heads = max(1, min(n_heads, size // (n * n)))
    return cells, heads, min(n, max(QUERY_ROWS, size // (heads * n)))


def _dual_rows(q: Tensor, k: Tensor, v: Tensor, scores: Tensor) -> Tensor:
    """What queries q (2, M, rows, c) read of keys and values (2, M, L, c), and its tangent: (2, M, rows, c).

    ``scores`` (2, at least M rows L) is space to work in.
    """
    scale = 1.0 / math.sqrt(q.shape[-1])
    shape = (2, *q.shape[1:3], k.shape[2])
    s, ds = scores[:, : math.prod(shape[1:])].view(shape)
    keys, dkeys = k.transpose(-1, -2)
    torch.baddbmm(s, q[0], keys, beta=0, alpha=scale, out=s)
    torch.baddbmm(ds, q[0], dkeys, beta=0, alpha=scale, out=ds)
    torch.baddbmm(ds, q[1], keys, alpha=scale, out=ds)
    p = s.softmax(-1)
    w = dual_softmax(p, ds)
    mixed = q.new_empty(q.shape)
    torch.bmm(p, v[0], out=mixed[0])
    torch.bmm(p, v[1], out=mixed[1])
    torch.baddbmm(mixed[1], w, v[0], out=mixed[1])
    return mixed


@dataclass(frozen=True)
class TransformerConfig:
    """Shape of a :class:`LeanTransformer`.

    ``gene_width`` differs from ``width`` only where a linear map follows the gene embedding (scBenchmark).
    ``cls_id`` and ``cls_value`` are the token and value of ``<cls>``.
    """

    vocab_size: int
    width: int
    n_layers: int
    n_heads: int
    ff_width: int
    gene_width: int
    gene_norm: bool
    value_norm: bool
    cls_id: int
    cls_value: float

    def __post_init__(self) -> None:
        if self.width % self.n_heads:
            raise ValueError(f"width {self.width} is not a multiple of n_heads {self.n_heads}")


class Layer(nn.Module):
    """Post-norm encoder layer with ReLU feed-forward."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        d, f = config.width, config.ff_width
        self.n_heads = config.n_heads
        self.qkv = Linear(d, 3 * d)
        self.out = Linear(d, d)
        self.ff_in = Linear(d, f)
        self.ff_out = Linear(f, d)
        self.norm1 = nn.LayerNorm(d, eps=LAYER_NORM_EPS)
        self.norm2 = nn.LayerNorm(d, eps=LAYER_NORM_EPS)

    def heads(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Query, key and value, each (B, H, L, D/H), of tokens (B, L, D)."""
        b, n, d = x.shape
        q, k, v = self.qkv(x).view(b, n, 3, self.n_heads, d // self.n_heads).permute(2, 0, 3, 1, 4)
        return q, k, v

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.heads(x)
        mixed = F.scaled_dot_product_attention(q, k, v)  # (B, H, L, D/H)
        x = self.norm1(x + self.out(mixed.transpose(1, 2).flatten(2)))
        return self.norm2(x + self.ff_out(F.relu(self.ff_in(x))))

    def attention(self, x: Tensor) -> Tensor:
        """Attention weights after softmax, averaged over heads: (B, L, L), rows are queries and sum to 1."""
        q, k, _ = self.heads(x)
        scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
        return scores.softmax(-1).mean(1)

    def dual(self, z: Tensor) -> Tensor:
        """The layer on tokens and tangents stacked as z (2B, L, D): first the B primals, then the B tangents.

        z is used up: it holds something else afterwards. So it is with what follows.
        """
        b2, n, d = z.shape
        qkv = dual_linear(self.qkv, z).view(2, b2 // 2, n, 3, self.n_heads, d // self.n_heads)
        return self.after_attention(z, dual_attention(qkv).view(b2, n, d))

    def after_attention(self, z: Tensor, mixed: Tensor) -> Tensor:
        """What follows attention, on stacked residual stream z and mixed values, both (2B, L, D)."""
        return self.after_sum(dual_add_linear_(z, self.out, mixed))

    def after_sum(self, z: Tensor) -> Tensor:
        """What follows the sum of the residual stream and attention, (2B, L, D)."""
        z = dual_norm(self.norm1, z)
        return dual_norm(self.norm2, dual_add_linear_(z, self.ff_out, dual_relu_(dual_linear(self.ff_in, z))))


class LeanTransformer(nn.Module):
    """Gene tokens with values in, one reconstructed value a gene out; values in the backbone's own scale."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        d, e = config.width, config.gene_width
        self.config = config
        self.gene_embedding = nn.Embedding(config.vocab_size, e)
        self.gene_map = Linear(e, d) if e != d else None
        self.gene_norm = nn.LayerNorm(d, eps=LAYER_NORM_EPS) if config.gene_norm else None
        self.value_in = Linear(1, d)
        self.value_out = Linear(d, d)
        self.value_norm = nn.LayerNorm(d, eps=LAYER_NORM_EPS) if config.value_norm else None
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.n_layers))
        self.head = nn.ModuleList([Linear(d, d), Linear(d, d), Linear(d, 1)])

    @property
    def blocks(self) -> list[Layer]:
        """The layers in order."""
        return cast("list[Layer]", list(self.layers))

    def embed_genes(self, gene_ids: Tensor) -> Tensor:
        """Gene part of the tokens, (..., D)."""
        x = self.gene_embedding(gene_ids)
        if self.gene_map is not None:
            x = self.gene_map(x)
        return x if self.gene_norm is None else self.gene_norm(x)

    def embed(self, gene_ids: Tensor, values: Tensor) -> Tensor:
        """Tokens (B, G + 1, D), ``<cls>`` first, of gene_ids (G,) or (B, G) and values (B, G)."""
        gene_ids, values = self._with_cls(gene_ids, values, self.config.cls_value)
        return self.embed_genes(gene_ids) + self.embed_values(values)

    def embed_values(self, values: Tensor) -> Tensor:
        """Value part of the tokens, (..., D)."""
        x = self.value_out(F.relu(self.value_in(values.clamp(max=VALUE_CEILING).unsqueeze(-1))))
        return x if self.value_norm is None else self.value_norm(x)

    def decode(self, tokens: Tensor) -> Tensor:
        """Reconstructed values (...) of tokens (..., D)."""
        x = F.leaky_relu(self.head[0](tokens), DECODER_SLOPE)
        x = F.leaky_relu(self.head[1](x), DECODER_SLOPE)
        return self.head[2](x).squeeze(-1)

    def forward(self, gene_ids: Tensor, values: Tensor) -> Tensor:
        """Reconstructed values (B, G) of values (B, G); gene_ids (G,) or (B, G)."""
        x = self.embed(gene_ids, values)
        for layer in self.blocks:
            x = layer(x)
        return self.decode(x[:, 1:])

    def attention(self, gene_ids: Tensor, values: Tensor) -> Tensor:
        """Head-averaged attention summed over layers, gene tokens only: (B, G, G), query by key.

        Softmax runs over all tokens, ``<cls>`` among them; its row and column are dropped afterwards. One layer's
        weights are alive at a time.
        """
        x = self.embed(gene_ids, values)
        total = x.new_zeros(x.shape[0], x.shape[1] - 1, x.shape[1] - 1)
        for layer in self.blocks:
            total += layer.attention(x)[:, 1:, 1:]
            x = layer(x)
        return total

    def dual(self, gene_ids: Tensor, values: Tensor, tangents: Tensor) -> tuple[Tensor, Tensor]:
        """Reconstruction and its directional derivative, both (B, G).

        ``tangents`` (B, G) is the direction in the space of input values; a one at gene s and zeros elsewhere makes
        the second result d M(v)_k / d v_s for every k. Equals ``torch.func.jvp`` of :meth:`forward` to float32
        rounding, at about 2.4 times the multiply-adds of one plain pass.
        """
        if gene_ids.dim() == 1:
            return over_rows(lambda v, t: self._dual_rows(gene_ids, v, t), values, tangents)
        return over_rows(self._dual_rows, gene_ids, values, tangents)

    def _dual_rows(self, gene_ids: Tensor, values: Tensor, tangents: Tensor) -> tuple[Tensor, Tensor]:
        gene_ids, values = self._with_cls(gene_ids, values, self.config.cls_value)
        z = self.dual_tokens(gene_ids, values, F.pad(tangents, (1, 0)))
        for layer in self.blocks:
            z = layer.dual(z)
        return self.dual_decode(z[:, 1:])

    def dual_tokens(self, gene_ids: Tensor, values: Tensor, tangents: Tensor) -> Tensor:
        """Tokens and tangents stacked, (2B, ..., D), of values and tangents (B, ...); no ``<cls>`` is added."""
        z = self.dual_values(values, tangents)
        z[: z.shape[0] // 2] += self.embed_genes(gene_ids)
        return z

    def dual_values(self, values: Tensor, tangents: Tensor) -> Tensor:
        """Value part of tokens and its tangents stacked, (2B, ..., D)."""
        primal = self.value_in(values.clamp(max=VALUE_CEILING).unsqueeze(-1))
        tangent = (tangents * (values <= VALUE_CEILING)).unsqueeze(-1) * self.value_in.weight.squeeze(-1)
        z = dual_linear(self.value_out, dual_relu_(torch.cat([primal, tangent])))
        return z if self.value_norm is None else dual_norm(self.value_norm, z)

    def dual_decode(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Reconstruction and slope, each (B, ...), of stacked tokens and tangents (2B, ..., D)."""
        for linear in cast("list[nn.Linear]", list(self.head)[:2]):
            z = dual_relu_(dual_linear(linear, z), DECODER_SLOPE)
        primal, tangent = dual_linear(cast(nn.Linear, self.head[2]), z).squeeze(-1).chunk(2)
        return primal, tangent

    def _with_cls(self, gene_ids: Tensor, values: Tensor, cls_value: float) -> tuple[Tensor, Tensor]:
        return F.pad(gene_ids, (1, 0), value=self.config.cls_id), F.pad(values, (1, 0), value=cls_value)
