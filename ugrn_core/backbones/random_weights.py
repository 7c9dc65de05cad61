"""The random-weights twin of a backbone: what a score owes to the architecture and the vocabulary alone."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import torch

from ugrn_core.backbones.backbone import TransformerBackbone
from ugrn_core.backbones.transformer import LeanTransformer


def random_twin(backbone: TransformerBackbone, seed: int = 0, *, keep_embeddings: bool = False) -> TransformerBackbone:
    """A backbone of the same shape, card and vocabulary with torch's default initial weights, gene embeddings included.

    ``keep_embeddings`` keeps the trained gene embeddings under a transformer of random weights: what curves owe to the
    embeddings alone. Deterministic for a seed; the global random state is untouched.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = LeanTransformer(backbone.model.config).to(backbone.device)
    what, ending = "random weights", "random"
    if keep_embeddings:
        model.gene_embedding.load_state_dict(backbone.model.gene_embedding.state_dict())
        what, ending = "random transformer over the trained embeddings", "random-transformer"
    name, label = f"{backbone.card.name}-{ending}", f"{backbone.card.label} ({what})"
    card = replace(backbone.card, name=name, label=label, embedded=False, objective="random")
    twin = "random twin" if not keep_embeddings else "random transformer"
    fingerprint = hashlib.sha256(f"{twin} {seed} of {backbone.fingerprint}".encode()).hexdigest()
    return TransformerBackbone(model, card, backbone.vocabulary, fingerprint)
