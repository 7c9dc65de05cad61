"""The official scGPT model beside ours on the same checkpoint: do both reconstruct the same values?

The official side is ``scgpt.model.TransformerModel`` of the scgpt package (Cui et al. 2024). It is filled with the
tensors of the file by a renaming of its own, so that it does not lean on the code it is there to check.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ugrn_core.backbones.checkpoint import Checkpoint, read_checkpoint, read_tensors, to_backbone
from ugrn_core.errors import CheckpointError, InputError

TOLERANCE = 1e-5
"""Largest difference, as a share of max(1, max |M|), that float32 rounding explains (DESIGN: backbones)."""


@dataclass(frozen=True)
class ParityReport:
    """Largest absolute difference over all values compared, and the tolerance it was held against."""

    folder: Path
    n_cells: int
    n_genes: int
    largest_value: float
    max_abs_difference: float
    tolerance: float

    @property
    def passed(self) -> bool:
        return self.max_abs_difference < self.tolerance


def parity(folder: str | Path, n_genes: int = 64, seed: int = 0) -> ParityReport:
    """Compare both models on the CPU on 4 cells of ``n_genes`` random genes (fewer in a smaller vocabulary).

    Cells: all genes at a fifth of the model's range; random whole values; random values; random whole values with one
    gene above the ceiling of 512. Whole-human scGPT needs about 1 GB and some seconds.
    """
    if n_genes < 1:
        raise InputError(f"parity needs at least one gene, got {n_genes}.")
    checkpoint = read_checkpoint(folder)
    ours, theirs = to_backbone(checkpoint, device="cpu"), official(checkpoint)
    generator = torch.Generator().manual_seed(seed)
    everyone = torch.from_numpy(ours.vocabulary.ids(ours.vocabulary.symbols))
    genes = everyone[torch.randperm(len(everyone), generator=generator)[:n_genes]]
    low, high = ours.card.domain
    values = low + torch.rand(4, len(genes), generator=generator) * (high - low)
    values[0] = low + 0.2 * (high - low)
    values[[1, 3]] = values[[1, 3]].round()
    values[3, 0] = 600.0
    mine = ours.reconstruct(genes, values)
    with torch.no_grad():
        official_values = official_reconstruction(theirs, checkpoint, genes, values)
    largest = float(official_values.abs().max())
    return ParityReport(
        folder=checkpoint.folder,
        n_cells=len(values),
        n_genes=len(genes),
        largest_value=largest,
        max_abs_difference=float((mine - official_values).abs().max()),
        tolerance=TOLERANCE * max(1.0, largest),
    )


def official_model(folder: str | Path) -> nn.Module:
    """``scgpt.model.TransformerModel`` with the weights of ``folder``, on the CPU, in evaluation mode."""
    return official(read_checkpoint(folder))


def official(checkpoint: Checkpoint) -> nn.Module:
    """:func:`official_model` of a checkpoint that was read."""
    if checkpoint.layout.name != "scgpt":
        raise InputError(
            f"{checkpoint.folder} has the {checkpoint.layout.label} layout: no official package to compare."
        )
    args, tokens = checkpoint.args, checkpoint.tokens
    pad = args.get("pad_token", "<pad>")
    if pad not in tokens:
        raise CheckpointError(f"{checkpoint.folder}: vocab.json has no {pad}, which the official model needs.")
    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of flash_attn, torchtext and odd numbers of heads: nothing for the user
        model = _model_class()(
            ntoken=len(tokens),
            d_model=args["embsize"],
            nhead=args["nheads"],
            d_hid=args["d_hid"],
            nlayers=args["nlayers"],
            vocab=tokens,
            dropout=0.0,
            pad_token=pad,
            pad_value=args["pad_value"],
            input_emb_style="continuous",
            use_fast_transformer=False,
        )
    wanted = {n for n in model.state_dict() if not n.startswith("cls_decoder.")}
    tensors = {_official_name(n): t.float() for n, t in read_tensors(checkpoint.weights).items()}
    if missing := sorted(wanted - tensors.keys()):
        raise CheckpointError(f"{checkpoint.folder}: the official model also needs {', '.join(missing)}.")
    model.load_state_dict({n: tensors[n] for n in wanted}, strict=False)
    return model.eval().requires_grad_(False)


def official_reconstruction(model: nn.Module, checkpoint: Checkpoint, gene_ids: Tensor, values: Tensor) -> Tensor:
    """``mlm_output`` of the genes, (cell, gene), with ``<cls>`` at ``pad_value`` put first as in pre-training."""
    cells = len(values)
    cls = torch.full((cells, 1), checkpoint.tokens["<cls>"], device=gene_ids.device)
    ids = torch.cat([cls, gene_ids.expand(cells, -1)], 1)
    cls_value = torch.full((cells, 1), float(checkpoint.args["pad_value"]), device=values.device)
    with_cls = torch.cat([cls_value, values], 1)
    padding = torch.zeros_like(ids, dtype=torch.bool)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch calls its own nested tensors a prototype
        return model(ids, with_cls, src_key_padding_mask=padding)["mlm_output"][:, 1:]


def _official_name(name: str) -> str:
    """Stored name to the official model's without flash attention."""
    name = name.removeprefix("module.").replace("self_attn._impl.", "self_attn.")
    return name.replace("Wqkv.weight", "in_proj_weight").replace("Wqkv.bias", "in_proj_bias")


def _model_class() -> Any:
    try:
        from scgpt.model import TransformerModel
    except ImportError as error:
        raise InputError(
            "Parity needs the official scgpt package: pip install 'ugrn-explorer[parity]', or 'make setup' without "
            f"LIGHT in a checkout ({error})."
        ) from error
    return TransformerModel
