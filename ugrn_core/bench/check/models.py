"""Models of the check, from memory or the project's folders: no registry, no download, no official package needed."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from ugrn_core.backbones.backbone import Backbone, TransformerBackbone
from ugrn_core.backbones.checkpoint import load_checkpoint, to_backbone
from ugrn_core.backbones.passport import official
from ugrn_core.backbones.toy import ToyBackbone
from ugrn_core.backbones.transformer import LeanTransformer
from ugrn_core.bench.models import SPARE_GENES, OfficialModel, random_checkpoint
from ugrn_core.bench.sizes import Sizes
from ugrn_core.errors import InputError
from ugrn_core.paths import ASSETS

CPU = torch.device("cpu")
EMBEDDED = ("ugrn-mini", "ugrn-mini-log1p")
SCGPT_SIZE = "scGPT size, random weights"
Forward = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class ReferenceModel:
    """Somebody else's forward on the weights of the scGPT-size model, and what it is."""

    forward: Forward
    what: str


def scgpt_size(sizes: Sizes, device: torch.device) -> tuple[TransformerBackbone, ReferenceModel]:
    """The random model of scGPT's size beside the official package, or beside torch's own layers where that is
    missing."""
    shape = {"width": sizes.scgpt_width, "n_layers": sizes.scgpt_layers, "n_heads": sizes.scgpt_heads}
    with tempfile.TemporaryDirectory(prefix="ugrn-check-") as folder:
        checkpoint = random_checkpoint(Path(folder) / "scgpt-size", sizes.scgpt_genes + SPARE_GENES, **shape)
        ours = to_backbone(checkpoint, device=device)
        try:
            theirs = OfficialModel(official(checkpoint).to(device), checkpoint)
        except InputError:
            return ours, ReferenceModel(TorchLayers(ours.model), "torch.nn.TransformerEncoderLayer, same weights")
    return ours, ReferenceModel(theirs, "scgpt.model.TransformerModel")


def every_model(sizes: Sizes) -> dict[str, Backbone]:
    """The toys, the embedded models that are here, and scGPT's size, on the processor."""
    found: dict[str, Backbone] = {"toy-linear": ToyBackbone(1, CPU), "toy-square": ToyBackbone(2, CPU)}
    for name in EMBEDDED:
        if (ASSETS / "models" / name).is_dir():
            found[name] = load_checkpoint(ASSETS / "models" / name, device="cpu")
    return found | {SCGPT_SIZE: scgpt_size(sizes, CPU)[0]}


def moved(backbone: Backbone, device: torch.device, dtype: torch.dtype = torch.float32) -> Backbone:
    """A copy of a backbone on another device or in another precision."""
    if isinstance(backbone, ToyBackbone):
        toy = ToyBackbone(1 if backbone.power == 1 else 2, device)
        toy.weights = toy.weights.to(dtype)
        return toy
    assert isinstance(backbone, TransformerBackbone)
    model = LeanTransformer(backbone.model.config)
    model.load_state_dict(backbone.model.state_dict())
    return replace(backbone, model=model.to(device, dtype))


class TorchLayers(nn.Module):
    """The lean core's weights in torch's own encoder layers."""

    def __init__(self, lean: LeanTransformer) -> None:
        super().__init__()
        config, device = lean.config, lean.gene_embedding.weight.device
        self.lean = lean
        self.layers = nn.ModuleList()
        for ours in lean.blocks:
            theirs = nn.TransformerEncoderLayer(
                config.width, config.n_heads, config.ff_width, dropout=0.0, batch_first=True, device=device
            )
            attention = theirs.self_attn
            pairs = [(attention.in_proj_weight, ours.qkv.weight), (attention.in_proj_bias, ours.qkv.bias)]
            for a, b in (
                (attention.out_proj, ours.out),
                (theirs.linear1, ours.ff_in),
                (theirs.linear2, ours.ff_out),
                (theirs.norm1, ours.norm1),
                (theirs.norm2, ours.norm2),
            ):
                pairs += [(a.weight, b.weight), (a.bias, b.bias)]
            with torch.no_grad():
                for a, b in pairs:
                    a.copy_(b)
            self.layers.append(theirs)
        self.eval().requires_grad_(False)

    def forward(self, gene_ids: Tensor, values: Tensor) -> Tensor:
        """Reconstructed values (cell, gene)."""
        x = self.lean.embed(gene_ids, values)
        for layer in self.layers:
            x = layer(x)
        return self.lean.decode(x[:, 1:])
