"""Passport of a checkpoint: what was loaded, whether its bytes are known, and what it answers on a fixed cell."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from ugrn_core.backbones.checkpoint import Checkpoint, read_checkpoint, to_backbone
from ugrn_core.backbones.fetch import KNOWN_WEIGHTS
from ugrn_core.errors import CheckpointError
from ugrn_core.pinned import sha256_of, stamp_of

CELL_GENES = 8


@dataclass(frozen=True)
class Passport:
    """Facts of a checkpoint folder, for showing.

    ``known_as`` names the published weights with the same sha256; None means these bytes are not known to us, which
    is no fault. ``cell`` is the reconstruction, to 4 decimals, of the first 8 genes of the vocabulary at 1, 2, ..., 8:
    the same weights give the same numbers on every machine, whatever the spelling of the file.
    """

    folder: Path
    layout: str
    weights: str
    size: int
    sha256: str
    known_as: str | None
    fingerprint: str
    matched: int
    ignored: tuple[str, ...]
    n_genes: int
    n_heads: int
    width: int
    n_layers: int
    max_seq_len: int
    cell: tuple[float, ...]


def passport(folder: str | Path) -> Passport:
    """Passport of a folder; reads the weights twice and hashes them (about a second for whole-human scGPT)."""
    return passport_of(read_checkpoint(folder))


def passport_of(checkpoint: Checkpoint) -> Passport:
    """Passport of a checkpoint that was read; the fixed cell runs on the CPU, so that it does not depend on the GPU."""
    backbone = to_backbone(checkpoint, device="cpu")
    genes = torch.from_numpy(backbone.vocabulary.ids(backbone.vocabulary.symbols[:CELL_GENES]))
    values = torch.arange(1, len(genes) + 1, dtype=torch.float32)[None]
    cell = backbone.reconstruct(genes, values)[0].double()
    sha256 = sha256_of(checkpoint.weights)
    if stamp_of(checkpoint.weights) != checkpoint.stamp:
        raise CheckpointError(f"{checkpoint.weights} changed while it was read. Try again.")
    return Passport(
        folder=checkpoint.folder,
        layout=checkpoint.layout.label,
        weights=checkpoint.weights.name,
        size=checkpoint.weights.stat().st_size,
        sha256=sha256,
        known_as=KNOWN_WEIGHTS.get(sha256),
        fingerprint=backbone.fingerprint,
        matched=len(checkpoint.state),
        ignored=checkpoint.ignored,
        n_genes=len(backbone.vocabulary),
        n_heads=checkpoint.config.n_heads,
        width=checkpoint.config.width,
        n_layers=checkpoint.config.n_layers,
        max_seq_len=backbone.card.max_seq_len,
        cell=tuple(round(x, 4) for x in cell.tolist()),
    )
