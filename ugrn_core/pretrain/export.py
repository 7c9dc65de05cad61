"""From a pre-training run to a shipped checkpoint folder in its published layout."""

from __future__ import annotations

import json
from pathlib import Path

from safetensors.torch import load_file

from ugrn_core.backbones.checkpoint import Checkpoint, save_checkpoint
from ugrn_core.backbones.transformer import LeanTransformer
from ugrn_core.pretrain.sampling import GENES_A_CELL
from ugrn_core.pretrain.train import PretrainSettings, model_config
from ugrn_core.whole_files import write_whole

LABELS = {
    "ugrn-mini": "ugrn-mini: small embedded model, scGPT layout, binned values",
    "ugrn-mini-log1p": "ugrn-mini-log1p: small embedded model, scBenchmark layout, log1p values",
}
LICENCE = "MIT (weights made by this project; the sources of its training data are listed in the model card)"


def export(run: Path, step: int, name: str, folder: Path) -> Checkpoint:
    """Write weights, ``args.json``, ``vocab.json``, ``card.json`` and ``curve.csv`` of one step of a run."""
    settings = PretrainSettings(**json.loads((run / "settings.json").read_text()))
    genes = json.loads((run / "genes.json").read_text())
    model = LeanTransformer(model_config(settings, len(genes)))
    model.load_state_dict(load_file(run / f"step-{step}.safetensors"))
    tokens = {g: i for i, g in enumerate([*genes, "<pad>", "<cls>"])}
    args: dict[str, object] = {"max_seq_len": GENES_A_CELL[1], "dropout": 0.0, "pad_token": "<pad>"}
    if settings.layout == "scgpt":
        args |= {"n_bins": 51, "mask_value": -1, "fast_transformer": False}
    facts = {
        "name": name,
        "label": LABELS[name],
        "drop_zero_genes": False,
        "embedded": True,
        "licence": LICENCE,
        "about": {"step": step, "settings": vars(settings)},
    }
    saved = save_checkpoint(folder, model, tokens, args, settings.layout, facts=facts)
    write_whole(folder / "curve.csv", (run / "curve.csv").read_bytes())
    return saved
