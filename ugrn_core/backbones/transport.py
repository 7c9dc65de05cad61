"""A backbone as bytes and back, for workers that share no disk with whoever asks: a safetensors file in memory.

The tensors are the lean core's in float32; the tensor ``about`` is JSON text with config, card, vocabulary and
fingerprint. A toy is its power alone: its weights are drawn anew.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from ugrn_core.backbones.backbone import Backbone, TransformerBackbone
from ugrn_core.backbones.devices import choose_device
from ugrn_core.backbones.layouts import empty_model
from ugrn_core.backbones.toy import ToyBackbone
from ugrn_core.backbones.transformer import TransformerConfig
from ugrn_core.errors import CheckpointError, InputError
from ugrn_core.types import BackboneCard, Vocabulary

ABOUT = "about"


def pack_backbone(backbone: Backbone) -> bytes:
    """The backbone as bytes; the same backbone gives the same bytes on every device."""
    about: dict[str, Any] = {"fingerprint": backbone.fingerprint}
    tensors: dict[str, Tensor] = {}
    if isinstance(backbone, ToyBackbone):
        about["power"] = backbone.power
    elif isinstance(backbone, TransformerBackbone):
        symbols = backbone.vocabulary.symbols
        about |= {
            "config": asdict(backbone.model.config),
            "card": asdict(backbone.card),
            "symbols": symbols,
            "ids": backbone.vocabulary.ids(symbols).tolist(),
        }
        tensors = {n: t.detach().cpu().contiguous() for n, t in backbone.model.state_dict().items()}
    else:
        raise InputError(f"{backbone.card.name} cannot be sent to workers: it is no checkpoint and no toy.")
    text = np.frombuffer(json.dumps(about).encode(), np.uint8).copy()
    return save(tensors | {ABOUT: torch.from_numpy(text)})


def open_backbone(content: bytes, device: str | torch.device | None = None) -> Backbone:
    """The backbone of :func:`pack_backbone`, on ``device`` (default: :func:`choose_device`)."""
    try:
        tensors = load(content)
        about = json.loads(tensors.pop(ABOUT).numpy().tobytes())
        backbone = _toy(about, device) if "power" in about else _transformer(about, tensors, device)
    except (SafetensorError, LookupError, ValueError, TypeError, RuntimeError) as error:
        raise CheckpointError(f"The model that was sent does not open: {str(error)[:200]}") from error
    if backbone.fingerprint != about["fingerprint"]:
        raise CheckpointError(f"A toy of another version was sent: got {about['fingerprint'][:12]}.")
    return backbone


def _toy(about: dict[str, Any], device: str | torch.device | None) -> ToyBackbone:
    return ToyBackbone(about["power"], choose_device(device))


def _transformer(about: dict[str, Any], state: dict[str, Tensor], device: str | torch.device | None) -> Backbone:
    card = about["card"]
    card = BackboneCard(**(card | {"domain": tuple(card["domain"]), "grid": tuple(card["grid"])}))
    model = empty_model(TransformerConfig(**about["config"]))
    model.load_state_dict(state, strict=True, assign=True)
    vocabulary = Vocabulary(about["symbols"], about["ids"])
    return TransformerBackbone(model.to(choose_device(device)), card, vocabulary, about["fingerprint"])
