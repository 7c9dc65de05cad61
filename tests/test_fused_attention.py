"""Attention with tangents in one kernel: its mathematics in torch, and the kernel itself in Triton's interpreter."""

from __future__ import annotations

import importlib.util
import math
import os
import subprocess
import sys

import pytest
import torch

from ugrn_core.backbones.fused_attention import is_fused
from ugrn_core.backbones.transformer import dual_attention

SHAPES = [(2, 70, 2, 16), (1, 33, 3, 20), (1, 129, 1, 64), (1, 1, 1, 8)]


def projections(cells: int, n: int, heads: int, c: int, size: float = 2.0) -> torch.Tensor:
    return size * torch.randn(2, cells, n, 3, heads, c, generator=torch.Generator().manual_seed(n), dtype=torch.float64)


def tiled_dual_attention(qkv: torch.Tensor, keys: int) -> torch.Tensor:
    """The kernel's mathematics in torch: all queries at once, ``keys`` at a time."""
    q, k, v = qkv.permute(3, 0, 1, 4, 2, 5)  # each (2, B, H, L, c)
    q = q / math.sqrt(q.shape[-1])
    top = q.new_full((*q.shape[1:4], 1), -math.inf)
    total, turned = torch.zeros_like(top), torch.zeros_like(top)
    read, moved = torch.zeros_like(q[0]), torch.zeros_like(q[0])
    for start in range(0, k.shape[3], keys):
        block_k, block_v = k[:, :, :, start : start + keys], v[:, :, :, start : start + keys]
        s = q[0] @ block_k[0].mT
        ds = q[1] @ block_k[0].mT + q[0] @ block_k[1].mT
        new_top = torch.maximum(top, s.amax(-1, keepdim=True))
        kept, e = (top - new_top).exp(), (s - new_top).exp()
        w, top = e * ds, new_top
        total = total * kept + e.sum(-1, keepdim=True)
        turned = turned * kept + w.sum(-1, keepdim=True)
        read = read * kept + e @ block_v[0]
        moved = moved * kept + e @ block_v[1] + w @ block_v[0]
    read = read / total
    return torch.stack([read, moved / total - turned / total * read]).permute(0, 1, 3, 2, 4)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("keys", [1, 7, 32, 500])
def test_tiles_add_up_to_softmax_attention_and_its_forward_mode(shape: tuple[int, int, int, int], keys: int) -> None:
    qkv = projections(*shape)

    def attend(primal: torch.Tensor) -> torch.Tensor:
        q, k, v = primal.permute(2, 0, 3, 1, 4)
        return ((q @ k.mT / q.shape[-1] ** 0.5).softmax(-1) @ v).transpose(1, 2)

    expected = torch.func.jvp(attend, (qkv[0],), (qkv[1],))
    for ours in (tiled_dual_attention(qkv, keys), dual_attention(qkv)):
        torch.testing.assert_close(ours[0], expected[0])
        torch.testing.assert_close(ours[1], expected[1])


def test_large_scores_neither_overflow_nor_lose_the_tangent() -> None:
    qkv = projections(1, 40, 2, 16, size=40.0)
    torch.testing.assert_close(tiled_dual_attention(qkv, 8), dual_attention(qkv))


def test_a_processor_holds_blocks_of_scores() -> None:
    assert not is_fused(projections(1, 5, 1, 8).float())


@pytest.mark.skipif(importlib.util.find_spec("triton") is None, reason="Triton is not installed (CUDA builds bring it)")
def test_the_kernel_in_tritons_interpreter() -> None:
    code = """
import torch
from ugrn_core.backbones.transformer import dual_attention
from ugrn_core.backbones.fused_attention import fused_dual_attention
for cells, n, heads, c in [(2, 70, 2, 16), (1, 33, 3, 20)]:
    qkv = torch.randn(2, cells, n, 3, heads, c, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(fused_dual_attention(qkv), dual_attention(qkv), rtol=1e-4, atol=1e-5)
"""
    environment = os.environ | {"TRITON_INTERPRET": "1"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
