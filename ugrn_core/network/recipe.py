"""What made a network, as JSON: enough to make it again, and to see that it is the same."""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import version
from typing import Any

from ugrn_core import __version__
from ugrn_core.backbones.backbone import Backbone
from ugrn_core.network.blocks import translator_digest
from ugrn_core.network.request import NetworkRequest
from ugrn_core.translators.translator import Translator

RECIPE_VERSION = 1
LIBRARIES = ("torch", "numpy", "pandas")


def build_recipe(
    backbone: Backbone,
    translator: Translator,
    request: NetworkRequest,
    *,
    prevalence: float | None,
    command: str,
    notes: tuple[str, ...] = (),
) -> dict[str, Any]:
    """The recipe; ``command`` is the CLI line that makes the network again. It names no file of this machine."""
    card = translator.card
    return {
        "recipe": RECIPE_VERSION,
        "command": command,
        "model": {"name": backbone.card.name, "fingerprint": backbone.fingerprint, "unit": backbone.card.unit},
        "translator": {
            "name": card.name,
            "digest": translator_digest(translator),
            "method": card.schema.method,
            "networks": list(card.networks),
            "train_sets": list(card.train_sets),
            "calibrated": card.calibration is not None,
        },
        "settings": {
            "base": card.schema.base,
            "grid": list(card.schema.grid),
            "background": card.schema.background,
            "prevalence": card.prevalence if prevalence is None else prevalence,
        },
        "context": {
            "kind": request.context.kind,
            "label": request.context.label,
            "genes": len(request.context.genes),
            "sha256": _hash([request.context.genes, request.context.values]),
        },
        "sources": list(request.sources),
        "targets": list(request.targets),
        "genes_sha256": _hash([request.sources, request.targets]),
        "notes": list(notes),
        "versions": {"ugrn-explorer": __version__} | {name: version(name) for name in LIBRARIES},
    }


def recipe_text(recipe: dict[str, Any]) -> str:
    """The recipe as a file."""
    return json.dumps(recipe, indent=1, allow_nan=False) + "\n"


def _hash(content: object) -> str:
    return hashlib.sha256(json.dumps(content, separators=(",", ":")).encode()).hexdigest()
