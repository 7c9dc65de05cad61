"""A translator as bytes and back, for workers that share no disk with whoever asks."""

from __future__ import annotations

import json

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from ugrn_core.errors import InputError
from ugrn_core.translators.library import from_tensors, tensors_of
from ugrn_core.translators.translator import Translator, card_from_json, card_json

CARD = "card"


def pack_translator(translator: Translator) -> bytes:
    """The translator as a safetensors file in memory; the tensor ``card`` is JSON text."""
    text = np.frombuffer(json.dumps(card_json(translator.card), allow_nan=False).encode(), np.uint8).copy()
    return save(tensors_of(translator) | {CARD: torch.from_numpy(text)})


def open_translator(content: bytes) -> Translator:
    """The translator of :func:`pack_translator`."""
    try:
        tensors = load(content)
        card = card_from_json(tensors.pop(CARD).numpy().tobytes())
    except (SafetensorError, LookupError, ValueError, TypeError) as error:
        raise InputError(f"The translator that was sent does not open: {str(error)[:200]}") from error
    return from_tensors(card, tensors, "the translator that was sent")
