"""Layers in dual numbers: every activation with its tangent, stacked in one tensor (2, ...) or (2B, ...).

The first half holds primals, the second tangents, so that a linear map of both is one matrix product. Softmax and
LayerNorm have symmetric Jacobians: their forward-mode rule is torch's own fused backward kernel.

Shapes: B cells, L tokens, D width, H heads, c width of a head.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ugrn_core.backbones.fused_attention import fused_dual_attention, is_fused
from ugrn_core.backbones.row_threads import side_by_side

SCORE_BLOCK = 1 << 18
"""Attention scores held at once on a processor (floats): a block stays in a core's L2 cache."""

DEVICE_SCORE_BLOCK = 1 << 26
"""The same on a GPU, where few large products are faster than many small ones."""

QUERY_ROWS = 32
"""Fewest query rows of a block: fewer leave the matrix product idle."""


def dual_linear(linear: nn.Linear, z: Tensor) -> Tensor:
    """Affine map of primals, linear map of tangents, as one matrix product."""
    return dual_affine(linear.weight, linear.bias, z)


def dual_affine(weight: Tensor, bias: Tensor, z: Tensor) -> Tensor:
    """:func:`dual_linear` of a weight (out, in) and a bias (out,)."""
    y = F.linear(z, weight)
    y[: z.shape[0] // 2] += bias
    return y


def dual_add_linear_(z: Tensor, linear: nn.Linear, x: Tensor) -> Tensor:
    """Add :func:`dual_linear` of x (2B, ..., in) to z (2B, ..., out) in place; returns z."""
    flat = z.view(-1, z.shape[-1])
    torch.addmm(flat, x.reshape(-1, x.shape[-1]), linear.weight.t(), out=flat)
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
    heads = n_heads if cells > 1 else max(1, min(n_heads, size // (n * n)))
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
