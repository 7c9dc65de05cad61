"""The kernel of :mod:`ugrn_core.backbones.fused_attention`, in Triton; importing it needs Triton."""

from __future__ import annotations

import triton  # pyright: ignore[reportMissingImports]
import triton.language as tl  # pyright: ignore[reportMissingImports]


@triton.jit
def kernel(
    qkv,  # (2, B, L, 3, H, c), contiguous
    result,  # (2, B, L, H, c), contiguous
    n_cells,
    n,
    n_heads,
    scale,
    C: tl.constexpr,
    WIDTH: tl.constexpr,
    QUERIES: tl.constexpr,
    KEYS: tl.constexpr,
    PRECISION: tl.constexpr,
):
    """A program reads for QUERIES rows of one head of one cell; WIDTH is C filled up to a power of two."""
    cell = (tl.program_id(1) // n_heads).to(tl.int64)
    head = tl.program_id(1) % n_heads
    token = 3 * n_heads * C  # stride of a token; a part (query, key, value) takes n_heads * C of it
    tangents = n_cells.to(tl.int64) * n * token
    across = tl.arange(0, WIDTH)
    rows = tl.program_id(0) * QUERIES + tl.arange(0, QUERIES)
    there = (rows < n)[:, None] & (across < C)[None, :]
    at = qkv + cell * n * token + head * C
    from_q = at + rows[:, None] * token + across[None, :]
    q = tl.load(from_q, mask=there, other=0.0)
    dq = tl.load(from_q + tangents, mask=there, other=0.0)
    top = tl.full((QUERIES,), float("-inf"), tl.float32)
    total = tl.zeros((QUERIES,), tl.float32)
    turned = tl.zeros((QUERIES,), tl.float32)
    read = tl.zeros((QUERIES, WIDTH), tl.float32)
    moved = tl.zeros((QUERIES, WIDTH), tl.float32)
    for start in range(0, n, KEYS):
        keys = start + tl.arange(0, KEYS)
        inside = keys < n
        mask = inside[:, None] & (across < C)[None, :]
        from_k = at + n_heads * C + keys[:, None] * token + across[None, :]
        from_v = from_k + n_heads * C
        k = tl.load(from_k, mask=mask, other=0.0)
        dk = tl.load(from_k + tangents, mask=mask, other=0.0)
        s = tl.dot(q, tl.trans(k), input_precision=PRECISION) * scale
        s = tl.where(inside[None, :], s, float("-inf"))
        ds = tl.dot(dq, tl.trans(k), input_precision=PRECISION)
        ds = tl.dot(q, tl.trans(dk), ds, input_precision=PRECISION) * scale
        new_top = tl.maximum(top, tl.max(s, 1))
        kept = tl.exp(top - new_top)
        e = tl.exp(s - new_top[:, None])
        w = e * ds
        total = total * kept + tl.sum(e, 1)
        turned = turned * kept + tl.sum(w, 1)
        v = tl.load(from_v, mask=mask, other=0.0)
        dv = tl.load(from_v + tangents, mask=mask, other=0.0)
        e = e.to(v.dtype)
        read = tl.dot(e, v, read * kept[:, None], input_precision=PRECISION)
        moved = tl.dot(e, dv, moved * kept[:, None], input_precision=PRECISION)
        moved = tl.dot(w.to(v.dtype), v, moved, input_precision=PRECISION)
        top = new_top
    read = read / total[:, None]
    moved = moved / total[:, None] - (turned / total)[:, None] * read
    to = result + (cell * n * n_heads + head) * C + rows[:, None] * n_heads * C + across[None, :]
    half = n_cells.to(tl.int64) * n * n_heads * C
    tl.store(to, read.to(result.dtype.element_ty), mask=there)
    tl.store(to + half, moved.to(result.dtype.element_ty), mask=there)
