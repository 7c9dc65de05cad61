"""The models of the bench: scGPT's size with random weights, the official model on the same, and the embedded one."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from ugrn_core.backbones.backbone import TransformerBackbone
from ugrn_core.backbones.checkpoint import Checkpoint, load_checkpoint, save_checkpoint, to_backbone
from ugrn_core.backbones.passport import official, official_reconstruction
from ugrn_core.backbones.registry import BACKBONES, is_available
from ugrn_core.backbones.transformer import LeanTransformer, TransformerConfig
from ugrn_core.bench.sizes import Sizes

MINI = "ugrn-mini"
MINI_SHAPE = {"width": 128, "n_layers": 3, "n_heads": 4}
"""Shape of the embedded model, for the copy of the project that lacks it."""

SPARE_GENES = 100
"""Genes of a random vocabulary beyond the largest context: the passes look up a context's tokens and no others."""


@dataclass(frozen=True)
class OfficialModel:
    """``scgpt.model.TransformerModel``, frozen, in evaluation mode."""

    model: nn.Module
    checkpoint: Checkpoint

    def __call__(self, gene_ids: Tensor, values: Tensor) -> Tensor:
        """Reconstructed values (cell, gene); differentiable where ``values`` asks for it."""
        return official_reconstruction(self.model, self.checkpoint, gene_ids, values)


def scgpt_size(sizes: Sizes, device: torch.device) -> tuple[TransformerBackbone, OfficialModel]:
    """Ours and the official model on the same random weights, through files in the official layout."""
    shape = {"width": sizes.scgpt_width, "n_layers": sizes.scgpt_layers, "n_heads": sizes.scgpt_heads}
    with tempfile.TemporaryDirectory(prefix="ugrn-bench-") as folder:
        checkpoint = random_checkpoint(Path(folder) / "scgpt-size", sizes.scgpt_genes + SPARE_GENES, **shape)
        theirs = official(checkpoint).to(device)
    return to_backbone(checkpoint, device=device), OfficialModel(theirs, checkpoint)


def mini(genes: int, device: torch.device) -> TransformerBackbone:
    """``ugrn-mini``, or one of its shape with random weights and at least ``genes`` genes where it is missing."""
    record = BACKBONES[MINI]
    if record.folder is not None and is_available(record):
        return load_checkpoint(record.folder, device=device, card=record.facts)
    with tempfile.TemporaryDirectory(prefix="ugrn-bench-") as folder:
        name = f"{MINI}-random"
        return to_backbone(random_checkpoint(Path(folder) / name, genes + SPARE_GENES, **MINI_SHAPE), device=device)


def random_checkpoint(
    folder: Path, genes: int, *, width: int, n_layers: int, n_heads: int, seed: int = 0
) -> Checkpoint:
    """A checkpoint in scGPT's layout with torch's default initial weights; the global random state is untouched."""
    symbols = [f"G{i}" for i in range(genes)]
    tokens = {symbol: i for i, symbol in enumerate([*symbols, "<pad>", "<cls>"])}
    config = TransformerConfig(
        vocab_size=len(tokens),
        width=width,
        n_layers=n_layers,
        n_heads=n_heads,
        ff_width=width,
        gene_width=width,
        gene_norm=True,
        value_norm=True,
        cls_id=tokens["<cls>"],
        cls_value=-2.0,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = LeanTransformer(config)
    args = {"max_seq_len": 1200, "n_bins": 51, "pad_token": "<pad>"}
    return save_checkpoint(folder, model, tokens, args, "scgpt")
