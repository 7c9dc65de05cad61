"""The random-weights twin of a backbone: what a score owes to the architecture and the vocabulary alone."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import torch

from ugrn_core.backbones.backbone import TransformerBackbone
from ugrn_core.backbones.transformer import LeanTransformer


def random_twin(backbone: TransformerBackbone, seed: int = 0) -> TransformerBackbone:
    """A backbone of the same shape, card and vocabulary with torch's default initial weights, gene embeddings included.

    Deterministic for a seed; the global random state is untouched.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = LeanTransformer(backbone.model.config).to(backbone.device)
    name, label = f"{backbone.card.name}-random", f"{backbone.card.label} (random weights)"
    card = replace(backbone.card, name=name, label=label, embedded=False)
    fingerprint = hashlib.sha256(f"random twin {seed} of {backbone.fingerprint}".encode()).hexdigest()
    return TransformerBackbone(model, card, backbone.vocabulary, fingerprint)
