"""Gene-level effects that come with an embedded model, at its default settings: ``make effects MODEL=NAME``.

Of all genes, or of the reference genes alone, which is enough for pairs and made in a minute.
Two bytes a number: the error is below 1/60,000 of the largest of its kind. What belongs to other weights, genes or
settings is as if it were not there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.gene_effects.effects import GeneEffects
from ugrn_core.paths import ASSETS
from ugrn_core.types import SweepSettings, Vocabulary

FOLDER = ASSETS / "effects"
ABOUT = "about"
STEPS = 32767
"""Of a number in two bytes."""


def shipped_file(backbone: Backbone) -> Path:
    """Where the effects of a model of this name lie, if they do."""
    return FOLDER / f"{backbone.card.name}.safetensors"


def shipped_effects(backbone: Backbone, settings: SweepSettings) -> GeneEffects | None:
    """The shipped effects of all genes of this very model at these very settings, or None."""
    found = shipped_reference(backbone, settings)
    return None if found is None or len(found.genes) < len(backbone.vocabulary) else found


def shipped_reference(backbone: Backbone, settings: SweepSettings) -> GeneEffects | None:
    """What is shipped of this very model at these very settings: effects of all genes, or of the reference alone."""
    file = shipped_file(backbone)
    if not backbone.card.embedded or not file.is_file():
        return None
    stamp = file.stat().st_mtime
    facts, effects = _read(file, stamp)
    if effects is None or facts != _facts(backbone, settings):
        return None
    return _named(file, stamp, backbone.vocabulary)


def packed(backbone: Backbone, settings: SweepSettings, effects: GeneEffects) -> bytes:
    """The bytes of a file of effects; the same effects give the same bytes."""
    arrays: dict[str, np.ndarray] = {"peaks": effects.peaks}
    for end, curves in (("source", effects.as_source), ("target", effects.as_target)):
        for name, values in curves.items():
            scale = np.maximum(np.abs(values).max(0), np.finfo(np.float32).tiny) / STEPS
            arrays[f"{end} {name}"] = np.round(values / scale).astype(np.int16)
            arrays[f"{end} {name} scale"] = scale.astype(np.float32)
    about = f"{_facts(backbone, settings)}\n{' '.join(effects.reference)}"
    return save(arrays, {ABOUT: about})  # one entry: the library writes several in any order


def _facts(backbone: Backbone, settings: SweepSettings) -> str:
    """What effects belong to, as text."""
    facts = [backbone.fingerprint, backbone.vocabulary.digest, settings.base, list(settings.grid), settings.background]
    return json.dumps(facts, separators=(",", ":"))


@lru_cache(maxsize=4)
def _named(file: Path, stamp: float, vocabulary: Vocabulary) -> GeneEffects | None:
    """Effects of a file with the genes of their rows: the same object again for the same file and vocabulary."""
    _, effects = _read(file, stamp)
    if effects is None:
        return None
    whole = len(effects.as_source["slope"]) == len(vocabulary)
    return replace(effects, genes=vocabulary.in_order if whole else effects.reference)


@lru_cache(maxsize=4)
def _read(file: Path, stamp: float) -> tuple[str, GeneEffects | None]:
    """Facts and effects of a file, without their genes; no effects where it cannot be read. ``stamp`` is its time."""
    try:
        with safe_open(file, "numpy") as opened:
            facts, _, reference = (opened.metadata() or {})[ABOUT].partition("\n")
            arrays = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118 (no mapping)
        as_source, as_target = (
            {name: _unpacked(arrays, f"{end} {name}") for name in ("response", "slope") if f"{end} {name}" in arrays}
            for end in ("source", "target")
        )
        return facts, GeneEffects((), tuple(reference.split()), as_source, as_target, arrays["peaks"])
    except (OSError, SafetensorError, KeyError):
        return "", None


def _unpacked(arrays: Mapping[str, np.ndarray], name: str) -> np.ndarray:
    return arrays[name].astype(np.float32) * arrays[f"{name} scale"]
