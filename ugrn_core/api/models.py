"""Models by name."""

from __future__ import annotations

from pathlib import Path

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.backbones.registry import BACKBONES, load_backbone


def load(name: str | Path | None = None, *, device: str | None = None) -> Backbone:
    """A model to ask: one of ``ugrn models``, or the folder of a checkpoint.

    Parameters
    ----------
    name
        ``"ugrn-mini"``, or a folder in the layout of scGPT or scBenchmark. By default the first model of the registry.
    device
        ``"cuda"``, ``"cuda:1"``, ``"mps"`` or ``"cpu"``; by default ``UGRN_DEVICE``, else the best there is.

    Returns
    -------
    The model, read anew at every call: keep it. ``model.card`` has its unit, base value and virtual values,
    ``model.vocabulary`` its genes, ``model.fingerprint`` a hash of its weights. Nothing is unpickled.

    Raises
    ------
    InputError
        No model and no folder has that name.
    CheckpointError
        The model is not on this machine, or its files are damaged.
    """
    return load_backbone(next(iter(BACKBONES)) if name is None else name, device)
