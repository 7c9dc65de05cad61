"""Pre-training of an embedded model: resumable, seeds fixed, every figure recorded as it is measured.

A run lives in a folder: ``settings.json``, ``last.safetensors`` (weights and optimiser), ``step-N.safetensors``
(weights), ``curve.csv`` (how well virtual means and hidden values are met, by step).

Objectives. ``distilled``: most batches teach the conditional means of the corpus (:mod:`ugrn_core.pretrain.targets`),
the rest the hidden values of real profiles. ``reconstructed``: hidden values alone, as the published models were made.
``random``: no step at all. All three start from the same weights.
"""

from __future__ import annotations

import csv
import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, cast

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from ugrn_core.backbones.transformer import LeanTransformer, TransformerConfig
from ugrn_core.pretrain.doors import Unit, ValueRange
from ugrn_core.pretrain.sampling import Batch, BatchSampler
from ugrn_core.pretrain.vectors import Knowledge
from ugrn_core.whole_files import whole_file

LayoutName = Literal["scgpt", "scbenchmark"]
Objective = Literal["distilled", "reconstructed", "random"]

FAINT = 0.25
"""What is known beyond the taught dimensions has so much of its size in the embeddings: cosines by bands of axes read
it as well as whole, and attention is hardly led astray."""
REAL_WEIGHT = 0.3
"""Weight of a batch of hidden values beside a batch of means: single cells are mostly noise."""
SAVE_EVERY = 100
LEAST_MOVE = 0.02
"""A gene moved by less, at the end of its range, says nothing of slopes."""
TISSUE_LEVEL, TISSUE_SLOPES = 0.2, 10.0
"""Weights of values and slopes in cells of tissues: their slopes are what differs, and small beside the values."""


@dataclass(frozen=True)
class PretrainSettings:
    """Everything that decides the weights beside the corpus.

    ``n_dims`` dimensions of the corpus are taught, as many as a head of attention has. ``signal``: see
    :class:`ugrn_core.pretrain.targets`. ``tissue_share`` is of batches of means.
    """

    unit: Unit
    layout: LayoutName
    objective: Objective = "distilled"
    n_dims: int = 64
    width: int = 128
    n_layers: int = 3
    n_heads: int = 2
    ff_width: int = 256
    steps: int = 6000
    warmup: int = 100
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    signal: float = 0.7
    real_share: float = 0.1
    tissue_share: float = 0.2
    slope_weight: float = 1.0
    seed: int = 0
    checkpoint_every: int = 1000

    @property
    def all_steps(self) -> int:
        """Steps of the whole run."""
        return 0 if self.objective == "random" else self.steps


def model_config(settings: PretrainSettings, n_genes: int) -> TransformerConfig:
    """Tokens are the genes in order, then ``<pad>`` and ``<cls>``."""
    scgpt = settings.layout == "scgpt"
    return TransformerConfig(
        vocab_size=n_genes + 2,
        width=settings.width,
        n_layers=settings.n_layers,
        n_heads=settings.n_heads,
        ff_width=settings.ff_width,
        gene_width=settings.width,
        gene_norm=scgpt,
        value_norm=scgpt,
        cls_id=n_genes + 1,
        cls_value=-2.0 if scgpt else 0.0,
    )


def new_model(settings: PretrainSettings, knowledge: Knowledge, door: ValueRange) -> LeanTransformer:
    """Weights before training: torch's defaults, but for what would take long to find.

    Gene embeddings are the corpus' vectors, and :data:`FAINT` what lies beyond. The first layer's first head looks for
    genes alike, its second for genes opposed. The value encoder's kinks lie spread over the range of values. The
    decoder starts at the mean value.
    """
    n = len(knowledge.vectors)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        model = LeanTransformer(model_config(settings, n))
        with torch.no_grad():
            known = np.hstack([knowledge.vectors, FAINT * knowledge.beyond])
            model.gene_embedding.weight[:n] = torch.from_numpy(known) * math.sqrt(settings.width)
            _look_for_genes_alike(model)
            sign = torch.where(torch.rand(settings.width) < 0.5, 1.0, -1.0)
            model.value_in.weight.copy_((sign * 5 / door.widest)[:, None])
            model.value_in.bias.copy_(-sign * 5 * torch.rand(settings.width))
            if model.value_norm is not None:
                model.value_norm.weight.fill_(0.5)
            cast(nn.Linear, model.head[2]).bias.fill_(float(door.centre.mean()))
    return model


def _look_for_genes_alike(model: LeanTransformer) -> None:
    """Query and key of the first layer: plus and minus identity on as many dimensions as a head has."""
    config, qkv = model.config, model.blocks[0].qkv.weight
    size = config.width // config.n_heads
    for head in range(config.n_heads):
        rows = slice(head * size, (head + 1) * size)
        qkv[rows, :size] += (1.0 if head % 2 == 0 else -1.0) * torch.eye(size)
        qkv[config.width :][rows, :size] += torch.eye(size)


def reconstructed(model: LeanTransformer, batch: Batch) -> Tensor:
    return model(torch.from_numpy(batch.genes), torch.from_numpy(batch.shown))


def weighted_error(predicted: Tensor, batch: Batch, scale: float) -> Tensor:
    """Mean squared error where a batch weighs, in squared ``scale``."""
    weight = torch.from_numpy(batch.weight)
    error = (predicted - torch.from_numpy(batch.truth)) / scale
    return (error.square() * weight).sum() / weight.sum().clamp(min=1)


def slope_error(predicted: Tensor, batch: Batch, scale: float) -> Tensor:
    """Mean squared error of slopes, in ``scale`` a standard deviation, between the cells in a row of a batch."""
    assert batch.move is not None
    error = (predicted - torch.from_numpy(batch.truth)).unflatten(0, (batch.alike, -1))
    move = torch.from_numpy(batch.move)[:, None]
    weight = torch.from_numpy(batch.weight[: len(move)]) * (move.abs() > LEAST_MOVE)
    slope = (error[1:] - error[:-1]) / (scale * torch.where(move.abs() > LEAST_MOVE, move, 1.0))
    return (slope.square().mean(0) * weight).sum() / weight.sum().clamp(min=1)


def explained(model: LeanTransformer, batches: list[Batch]) -> float:
    """Share of the variance explained (R2) where the batches weigh, against their mean."""
    truth, found = [], []
    for batch in batches:
        with torch.no_grad():
            out = reconstructed(model, batch).numpy()
        truth.append(batch.truth[batch.weight > 0])
        found.append(out[batch.weight > 0])
    y, p = np.concatenate(truth), np.concatenate(found)
    return float(1 - ((y - p) ** 2).mean() / y.var())


def pretrain(
    settings: PretrainSettings,
    sampler: BatchSampler,
    model: LeanTransformer,
    folder: Path,
    evaluate: Callable[[LeanTransformer], dict[str, float]],
    say: Callable[[str], None],
) -> None:
    """Train from the last saved step of ``folder``, or from the start; a killed run loses at most 100 steps."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "settings.json").write_text(json.dumps(asdict(settings), indent=1))
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay, betas=(0.9, 0.98)
    )
    step, losses = _resume(folder, model, optimizer), []
    started, first = time.monotonic(), step
    steps = settings.all_steps
    while step < steps:
        for group in optimizer.param_groups:
            group["lr"] = _rate(step, settings)
        model.train()
        loss = _loss(model, sampler, settings, step)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
        step += 1
        if step % SAVE_EVERY == 0 or step == steps:
            rate = (time.monotonic() - started) / (step - first)
            say(f"step {step}/{steps} loss {np.mean(losses[-SAVE_EVERY:]):.4f} {rate:.2f} s a step")
            _save(folder, model, optimizer, step)
        if step % settings.checkpoint_every == 0 or step == steps:
            _record(folder, model, step, evaluate(model.eval()), say)
    if not steps:
        _record(folder, model, 0, evaluate(model.eval()), say)


def _loss(model: LeanTransformer, sampler: BatchSampler, settings: PretrainSettings, step: int) -> Tensor:
    scale = sampler.door.scale
    share = settings.real_share if settings.objective == "distilled" else 1.0
    if np.random.default_rng([settings.seed, step, 2]).random() < share:
        weight = REAL_WEIGHT if settings.objective == "distilled" else 1.0
        batch = sampler.real(settings.seed, step)
        return weight * weighted_error(reconstructed(model, batch), batch, scale)
    tissues = sampler.tissues is not None and settings.objective == "distilled"
    if tissues and np.random.default_rng([settings.seed, step, 4]).random() < settings.tissue_share:
        batch = sampler.of_tissues(settings.seed, step)
        predicted = reconstructed(model, batch)
        level = weighted_error(predicted, batch, scale)
        return TISSUE_LEVEL * level + TISSUE_SLOPES * slope_error(predicted, batch, scale)
    batch = sampler.moved(settings.seed, step)
    predicted = reconstructed(model, batch)
    return weighted_error(predicted, batch, scale) + settings.slope_weight * slope_error(predicted, batch, scale)


def _rate(step: int, settings: PretrainSettings) -> float:
    """Learning rate: linear warm-up times a cosine to a hundredth."""
    rise = min(1.0, (step + 1) / settings.warmup)
    return settings.learning_rate * rise * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * step / settings.steps)))


def _record(
    folder: Path, model: LeanTransformer, step: int, figures: dict[str, float], say: Callable[[str], None]
) -> None:
    save_file(model.state_dict(), folder / f"step-{step}.safetensors")
    row = {"step": step, **{k: round(v, 4) for k, v in figures.items()}}
    _append(folder / "curve.csv", row)
    say(json.dumps(row))


def _save(folder: Path, model: LeanTransformer, optimizer: torch.optim.Optimizer, step: int) -> None:
    tensors = {f"model.{k}": v for k, v in model.state_dict().items()}
    for name, p in model.named_parameters():
        for key, value in optimizer.state[p].items():
            tensors[f"optimizer.{key}.{name}"] = value.detach().clone()
    with whole_file(folder / "last.safetensors") as partial:
        save_file(tensors, partial, metadata={"step": str(step)})


def _resume(folder: Path, model: LeanTransformer, optimizer: torch.optim.Optimizer) -> int:
    file = folder / "last.safetensors"
    if not file.exists():
        return 0
    tensors = load_file(file)
    model.load_state_dict({k[6:]: v for k, v in tensors.items() if k.startswith("model.")})
    for name, p in model.named_parameters():
        optimizer.state[p] = {k: tensors[f"optimizer.{k}.{name}"] for k in ("step", "exp_avg", "exp_avg_sq")}
    return int(tensors[f"optimizer.step.{name}"].item())


def _append(file: Path, row: dict[str, float]) -> None:
    new = not file.exists()
    with file.open("a", newline="") as stream:
        writer = csv.DictWriter(stream, row)
        if new:
            writer.writeheader()
        writer.writerow(row)
