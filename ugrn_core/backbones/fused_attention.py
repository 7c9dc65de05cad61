"""Attention in dual numbers as one kernel for NVIDIA GPUs: scores never leave the chip, whatever the context.

Over the keys met so far a query keeps the largest score m and four sums, all scaled by exp(-m):

    l = sum_k e_k             a = sum_k e_k v_k
    u = sum_k e_k ds_k        t = sum_k e_k (dv_k + ds_k v_k)          with e_k = exp(s_k)

The answer is a / l, its tangent t / l - (u / l) (a / l). A block of keys adds to the sums after they were scaled to the
new m, as in FlashAttention (Dao et al. 2022, arXiv 2205.14135), here with its forward-mode rule.

:func:`tiled_dual_attention` is the same in torch, block by block, and serves as the kernel's oracle where there is no
GPU. Triton comes with torch's CUDA builds; elsewhere the kernel is not there and
:func:`ugrn_core.backbones.transformer.dual_attention` holds blocks of scores instead.

Shapes: B cells, L tokens, H heads, c width of a head.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any, cast

import torch
from torch import Tensor

QUERIES, KEYS, WARPS = 64, 32, 4
"""Query rows and keys of a block of the kernel, and warps that share it."""

WIDEST_HEAD = 128
"""Heads beyond this width do not fit the registers of a block."""

PRECISION = "ieee"
"""How the kernel multiplies float32: ``ieee`` exactly, ``tf32x3`` in three TF32 products, ``tf32`` in one."""


def is_fused(qkv: Tensor) -> bool:
    """Whether the kernel answers for projections qkv (2, B, L, 3, H, c)."""
    fits = qkv.is_cuda and qkv.dtype in (torch.float32, torch.bfloat16) and qkv.shape[-1] <= WIDEST_HEAD
    return fits and has_triton()


@cache
def has_triton() -> bool:
    """Whether Triton can be imported."""
    try:
        import triton  # noqa: F401 # pyright: ignore[reportMissingImports]
    except ImportError:
        return False
    return True


def fused_dual_attention(
    qkv: Tensor, precision: str | None = None, *, queries: int = QUERIES, keys: int = KEYS, warps: int = WARPS
) -> Tensor:
    """Softmax attention and its tangent, (2, B, L, H, c), of projections qkv (2, B, L, 3, H, c), by the kernel.

    ``precision`` is of products of float32 numbers, by default :data:`PRECISION`; bfloat16 input is multiplied as it is
    and summed in float32.
    """
    import triton  # pyright: ignore[reportMissingImports]

    from ugrn_core.backbones.fused_attention_kernel import kernel

    qkv = qkv.contiguous()
    _, n_cells, n, _, n_heads, c = qkv.shape
    result = qkv.new_empty(2, n_cells, n, n_heads, c)
    grid = (triton.cdiv(n, queries), n_cells * n_heads)
    options: dict[str, Any] = {"num_warps": warps}
    width = max(16, triton.next_power_of_2(c))
    launch = cast(Any, kernel)[grid]
    scale = 1.0 / math.sqrt(c)
    launch(qkv, result, n_cells, n, n_heads, scale, c, width, queries, keys, precision or PRECISION, **options)
    return result
