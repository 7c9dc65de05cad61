"""From a pre-training run to a shipped checkpoint folder in its published layout."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import torch
from safetensors.torch import load_file
from torch import nn

from ugrn_core.backbones.checkpoint import Checkpoint, save_checkpoint
from ugrn_core.backbones.transformer import LeanTransformer
from ugrn_core.data.standardised import LARGEST
from ugrn_core.data.standardised import UNIT as STANDARDISED
from ugrn_core.pretrain.doors import BASE, CENTRE, GRID, LOG1P_TOP, MASK_VALUE, PER_DEVIATION, TOP, Unit
from ugrn_core.pretrain.sampling import GENES_A_CELL
from ugrn_core.pretrain.train import PretrainSettings, model_config
from ugrn_core.types import BackboneCard
from ugrn_core.whole_files import write_whole

LABELS = {
    "ugrn-mini-2": "ugrn-mini-2: small embedded model, scGPT layout, standardised values, distilled",
    "ugrn-mini-2-reconstructed": "ugrn-mini-2-reconstructed: the same model trained on hidden values alone",
    "ugrn-mini-3": "ugrn-mini-3: small embedded model, scGPT layout, standardised values, distilled with tissues",
    "ugrn-mini-log1p-2": "ugrn-mini-log1p-2: small embedded model, scBenchmark layout, log1p values, distilled",
}
LICENCE = "MIT (weights made by this project; the sources of its training data are listed in the model card)"


@dataclass(frozen=True)
class Facing:
    """How an exported model counts. ``centre`` and ``size``: a value v of training is (v - centre) / size outside."""

    unit: str
    domain: tuple[float, float]
    centre: float
    size: float
    base: float
    grid: tuple[float, ...]


FACING: dict[Unit, Facing] = {
    "standardised": Facing(
        STANDARDISED,
        (-LARGEST, LARGEST),
        CENTRE,
        PER_DEVIATION,
        0.0,
        (-3.0, -2.0, -1.0, 1.0, 2.0, 3.0),
    ),
    "log1p": Facing("log1p", (0.0, LOG1P_TOP), 0.0, 1.0, BASE["log1p"], GRID["log1p"]),
}
"""Training counts within 0 to 50, as binned models do; outside a standardised model counts in deviations, mean at 0."""


def run_card(unit: Unit) -> BackboneCard:
    """Card of a model that is still in training."""
    layout = "scgpt" if unit == "standardised" else "scbenchmark"
    domain = (0.0, TOP if unit == "standardised" else LOG1P_TOP)
    return BackboneCard("run", "run", layout, unit, domain, BASE[unit], GRID[unit], GENES_A_CELL[1] + 1)


def export(run: Path, step: int, name: str, folder: Path) -> Checkpoint:
    """Write weights, ``args.json``, ``vocab.json``, ``card.json`` and ``curve.csv`` of one step of a run."""
    settings = PretrainSettings(**json.loads((run / "settings.json").read_text()))
    genes = json.loads((run / "genes.json").read_text())
    model = LeanTransformer(model_config(settings, len(genes)))
    model.load_state_dict(load_file(run / f"step-{step}.safetensors"))
    facing = FACING[settings.unit]
    model = _rounded(_turned_out(model, facing))
    tokens = {g: i for i, g in enumerate([*genes, "<pad>", "<cls>"])}
    args: dict[str, object] = {"max_seq_len": GENES_A_CELL[1] + 1, "dropout": 0.0, "pad_token": "<pad>"}
    if settings.layout == "scgpt":
        mask = (MASK_VALUE - facing.centre) / facing.size
        args |= {"n_bins": 51, "mask_value": mask, "fast_transformer": False}
    facts = {
        "name": name,
        "label": LABELS[name],
        "unit": facing.unit,
        "domain": facing.domain,
        "base": facing.base,
        "grid": facing.grid,
        "objective": settings.objective,
        "drop_zero_genes": False,
        "embedded": True,
        "licence": LICENCE,
        "about": {"step": step, "settings": vars(settings)},
    }
    saved = save_checkpoint(folder, model, tokens, args, settings.layout, facts=facts, dtype=torch.float16)
    write_whole(folder / "curve.csv", (run / "curve.csv").read_bytes())
    return saved


def _turned_out(model: LeanTransformer, facing: Facing) -> LeanTransformer:
    """The same function with values counted outside: the first and the last linear map take the change of unit up."""
    config = replace(model.config, cls_value=(model.config.cls_value - facing.centre) / facing.size)
    turned = LeanTransformer(config)
    turned.load_state_dict(model.state_dict())
    last = cast(nn.Linear, turned.head[2])
    with torch.no_grad():
        turned.value_in.bias.add_(facing.centre * turned.value_in.weight[:, 0])
        turned.value_in.weight.mul_(facing.size)
        last.bias.sub_(facing.centre).div_(facing.size)
        last.weight.div_(facing.size)
    return turned


def _rounded(model: LeanTransformer) -> LeanTransformer:
    """Weights as float16 holds them."""
    model.load_state_dict({k: v.half().float() for k, v in model.state_dict().items()})
    return model
