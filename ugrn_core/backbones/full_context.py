"""The sweep's own way through the lean transformer: exact, but nothing is computed twice.

In a sweep with a fixed background only the source's token differs from the base cell when it enters the first layer.
With weight w of the source's key and u the mean of the other values, a token reads u + w (v_s - u) there, and u does
not depend on the virtual value. Tokens of the base cell are projected once a context. Results equal
:meth:`LeanTransformer.dual` to float32 rounding.

Shapes: B rows, G genes, L tokens, H heads, c width of a head.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ugrn_core.backbones.threads import over_rows
from ugrn_core.backbones.transformer import LeanTransformer, dual_linear, dual_softmax


class BaseCell:
    """The first layer at a base cell, kept for every source swept over it.

    ``gene_ids`` and ``base`` are (G,).
    """

    def __init__(self, model: LeanTransformer, gene_ids: Tensor, base: Tensor) -> None:
        self.model = model
        self.gene_ids = gene_ids
        self.tokens = model.embed(gene_ids, base[None])[0]  # (L, D)
        self.layer = model.blocks[0]
        q, k, v = self.layer.heads(self.tokens[None])
        self.q, self.k, self.v = q[0] / math.sqrt(q.shape[-1]), k[0], v[0]  # (H, L, c)
        self.scores = self.q @ self.k.transpose(1, 2)  # (H, L, L)

    @torch.no_grad()
    def sweep(self, at: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Reconstruction and slope, both (B, G), with gene ``at`` (B,) set to ``value`` (B,).

        Both may lie on the host; then nothing waits for the device.
        """
        return over_rows(self._rows, at, value, device=self.tokens.device)

    def _rows(self, at: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        sources, which = (at + 1).unique(return_inverse=True)
        left = [self._without(source) for source in sources.tolist()]
        at, which, value = (x.to(self.tokens.device, non_blocking=True) for x in (at, which, value))
        z = self._first_layer(at + 1, value, self.gene_ids[at], left, which)
        for layer in self.model.blocks[1:]:
            z = layer.dual(z)
        return self.model.dual_decode(z[:, 1:])

    def _first_layer(
        self, at: Tensor, value: Tensor, gene_ids: Tensor, left: list[tuple[Tensor, Tensor]], which: Tensor
    ) -> Tensor:
        """``left`` is :meth:`_without` of every different source, ``which`` (B,) says whose a row reads."""
        b, (h, n, c) = len(at), self.q.shape
        source = self.model.dual_tokens(gene_ids, value, torch.ones_like(value))  # (2B, D)
        rows = torch.arange(b, device=at.device)
        z = self.tokens.new_zeros(2, b, n, h * c)
        z[0] = self.tokens
        z[0, rows, at], z[1, rows, at] = source.chunk(2)
        qkv = dual_linear(self.layer.qkv, source).view(2, b, 3, h, c)
        q, k, v = qkv.unbind(2)  # each (2, B, H, c)
        mixed = self._others(left, which, k, v)
        mixed[:, rows, at] = self._source_row(at, q / math.sqrt(c), k, v)
        return self.layer.after_attention(z.flatten(0, 1), mixed.view(2 * b, n, h * c))

    def _others(self, left: list[tuple[Tensor, Tensor]], which: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """What every token but the source reads, with its tangent: (2, B, L, H, c)."""
        b, (h, n, c) = len(which), self.q.shape
        u = torch.stack([values for values, _ in left])[which]  # (B, L, H, c)
        log_left = torch.stack([total for _, total in left])[which]  # (B, L, H)
        scores = self.q @ k.permute(2, 3, 0, 1).reshape(h, c, 2 * b)  # (H, L, 2B)
        s, ds = scores.view(h, n, 2, b).permute(2, 3, 1, 0)  # each (B, L, H)
        w = torch.sigmoid(s - log_left)
        dw = w * torch.sigmoid(log_left - s) * ds
        gap = v[0][:, None] - u  # (B, L, H, c)
        result = torch.stack([u, gap * dw[..., None]])
        result[0].addcmul_(gap, w[..., None])
        result[1].addcmul_(v[1][:, None].expand_as(gap), w[..., None])
        return result

    def _without(self, key: int) -> tuple[Tensor, Tensor]:
        """Attention over all keys but one: the mean value (L, H, c) and the log of the summed weights (L, H).

        Computed afresh, once a source: taking one key out of a finished sum cancels where that key dominates.
        """
        scores = self.scores.clone()
        scores[:, :, key] = -torch.inf
        top = scores.amax(-1, keepdim=True)
        weights = scores.sub_(top).exp_()
        total = weights.sum(-1, keepdim=True)
        mean = (weights @ self.v) / total
        return mean.transpose(0, 1), (top + total.log()).squeeze(-1).transpose(0, 1)

    def _source_row(self, at: Tensor, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """What the source's own token reads, with its tangent: (2, B, H, c)."""
        b, (h, n, c) = len(at), self.q.shape
        scores = q.permute(2, 0, 1, 3).reshape(h, 2 * b, c) @ self.k.transpose(1, 2)  # (H, 2B, L)
        s, ds = scores.view(h, 2, b, n).permute(1, 2, 0, 3)  # each (B, H, L)
        here = at[:, None, None].expand(b, h, 1)
        own = (q[0] * k[0]).sum(-1, keepdim=True)
        s = s.scatter(2, here, own)
        ds = ds.scatter(2, here, (q[1] * k[0] + q[0] * k[1]).sum(-1, keepdim=True))
        p = s.softmax(-1)
        w = dual_softmax(p, ds)
        base_values = self.v  # (H, L, c)
        old = self.v[:, at].transpose(0, 1)  # (B, H, c)
        read = torch.stack([p, w], 0).permute(2, 0, 1, 3).reshape(h, 2 * b, n) @ base_values  # (H, 2B, c)
        read = read.view(h, 2, b, c).permute(1, 2, 0, 3)
        p_here, w_here = p.gather(2, here), w.gather(2, here)  # (B, H, 1)
        mixed = read[0] + p_here * (v[0] - old)
        tangent = read[1] + w_here * (v[0] - old) + p_here * v[1]
        return torch.stack([mixed, tangent])
