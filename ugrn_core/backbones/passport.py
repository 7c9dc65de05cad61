"""Is a checkpoint the model it claims to be?

Its passport says what was loaded, whether its bytes are known, and what it answers on a fixed cell. Parity puts the
official scgpt model beside ours on the same folder.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ugrn_core.backbones.checkpoint import Checkpoint, read_checkpoint, read_tensors, to_backbone
from ugrn_core.backbones.registry import KNOWN_WEIGHTS
from ugrn_core.errors import CheckpointError, InputError
from ugrn_core.pinned import sha256_of, stamp_of

CELL_GENES = 8

TOLERANCE = 1e-5
"""Largest difference, as a share of max(1, max |M|), that float32 rounding explains (DESIGN: backbones)."""


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


def official(checkpoint: Checkpoint) -> nn.Module:
    """``scgpt.model.TransformerModel`` with the weights of a checkpoint, on the CPU, in evaluation mode."""
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
