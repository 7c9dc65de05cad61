"""What a run will cost: passes, seconds on this machine, memory, and the share already in the store."""

from __future__ import annotations

import time
from dataclasses import dataclass

import psutil
import torch

from ugrn_core.backbones.backbone import Backbone, TransformerBackbone
from ugrn_core.data.context import ACTIVATIONS, max_context_genes
from ugrn_core.sweep import batch_size


@dataclass(frozen=True)
class Estimate:
    """Passes, seconds, peak bytes of activations, and the share of passes that the store already holds."""

    passes: int
    seconds: float
    bytes: int
    cached_share: float


def multiply_adds(backbone: Backbone, tokens: int, *, slopes: bool = True) -> float:
    """Multiply-adds of one pass over ``tokens`` tokens; with slopes linear layers count twice, attention thrice."""
    d, layers = backbone.width, backbone.n_layers
    linear, attention = (2, 3) if slopes else (1, 1)
    return linear * tokens * (6 * d * d * layers + 3 * d * d) + attention * 2 * tokens * tokens * d * layers


def estimate(
    backbone: Backbone, tokens: int, passes: int, cached_share: float = 0.0, *, slopes: bool = True
) -> Estimate:
    """Cost of ``passes`` passes over contexts of ``tokens`` tokens (``<cls>`` included), dual ones where ``slopes``
    are read."""
    todo = round(passes * (1 - cached_share))
    seconds = todo * multiply_adds(backbone, tokens, slopes=slopes) / _rate(backbone) if todo else 0.0
    rows = min(batch_size(tokens, backbone.device), max(1, passes))
    memory = rows * tokens * backbone.width * ACTIVATIONS * 4 // (1 if slopes else 2)
    return Estimate(passes, seconds, memory, cached_share)


def context_room(backbone: Backbone, memory: int | None = None) -> int | None:
    """Genes of the largest virtual cell that fits half of ``memory`` bytes, by default of what is free on this machine;
    None where a backbone needs next to none."""
    if not isinstance(backbone, TransformerBackbone):
        return None
    free = psutil.virtual_memory().available if memory is None else memory
    return max_context_genes(free, backbone.width, backbone.model.config.n_heads)


_rates: dict[str, float] = {}


def _rate(backbone: Backbone) -> float:
    """Multiply-adds a second of this backbone's dual pass on this machine, from one short timed pass; kept."""
    if backbone.fingerprint not in _rates:
        tokens = 65
        rows = batch_size(tokens, backbone.device)
        ids = torch.zeros(tokens - 1, dtype=torch.int64, device=backbone.device)
        values = torch.full((rows, tokens - 1), backbone.card.base, device=backbone.device)
        for _ in range(2):  # the first call warms up
            started = time.perf_counter()
            out, _ = backbone.dual(ids, values, torch.ones_like(values))
            out.sum().item()  # waits for the device
            seconds = time.perf_counter() - started
        _rates[backbone.fingerprint] = rows * multiply_adds(backbone, tokens) / max(seconds, 1e-6)
    return _rates[backbone.fingerprint]
