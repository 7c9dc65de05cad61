"""Masked-value pre-training of an embedded model: resumable, seeds fixed, every figure recorded as it is measured.

A run lives in a folder: ``settings.json``, ``last.safetensors`` (weights and optimiser), ``step-N.safetensors``
(weights), ``curve.csv`` (held-out reconstruction and gene-disjoint regulatory AUPRC by step).
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
from sklearn.decomposition import TruncatedSVD

from ugrn_core.backbones.transformer import LeanTransformer, TransformerConfig
from ugrn_core.pretrain.corpus import Corpus, Scale
from ugrn_core.pretrain.sampling import Batch, Sampler
from ugrn_core.whole_files import whole_file

PublishedLayout = Literal["scgpt", "scbenchmark"]
UNIT = {"bins": 10.0, "log1p": 1.0}  # the loss is measured in these units, so that both scales train alike
HELD_OUT_BATCHES = ((4, 4), (32, 4), (256, 6))  # (genes a cell, batches) of the held-out figure
HELD_OUT_MASK_RATE = 0.4


@dataclass(frozen=True)
class PretrainSettings:
    """Everything that decides the weights beside the corpus.

    ``embedding_scale`` is the standard deviation of the gene embeddings before training. It matters in the
    scBenchmark layout, where no norm brings genes and values to one size.
    """

    scale: Scale
    layout: PublishedLayout
    width: int = 128
    n_layers: int = 3
    n_heads: int = 4
    ff_width: int = 128
    steps: int = 6000
    warmup: int = 200
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    replace_share: float = 0.0
    embedding_scale: float = 1.0
    seed: int = 0
    checkpoint_every: int = 500


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


def new_model(settings: PretrainSettings, corpus: Corpus) -> LeanTransformer:
    """Weights before training: torch's defaults, gene embeddings from a truncated SVD of the centred corpus."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        model = LeanTransformer(model_config(settings, len(corpus.genes)))
    rng = np.random.default_rng(settings.seed)
    sampler = Sampler(corpus)
    which = rng.choice(len(sampler.parts), size=6000, p=sampler.part_share)
    rows = [rng.integers(sampler.parts[k].rows.start, sampler.parts[k].rows.stop) for k in which]
    matrix = corpus.values[np.sort(rows)].astype(np.float32)
    matrix -= matrix.mean(0)
    svd = TruncatedSVD(settings.width, random_state=settings.seed).fit(matrix)
    genes = svd.components_.T * np.sqrt(svd.singular_values_)
    genes *= settings.embedding_scale / genes.std()
    with torch.no_grad():
        model.gene_embedding.weight[: len(corpus.genes)] = torch.from_numpy(genes).float()
        cast(torch.nn.Linear, model.head[2]).bias.fill_(float(corpus.values[rows[:500]].astype(np.float32).mean()))
    return model


def masked_loss(model: LeanTransformer, batch: Batch, unit: float) -> torch.Tensor:
    """Mean squared error of the hidden values, in squared units."""
    predicted = model(torch.from_numpy(batch.genes), torch.from_numpy(batch.shown))
    weight = torch.from_numpy(batch.weight)
    error = (predicted - torch.from_numpy(batch.truth)) / unit
    return (error.square() * weight).sum() / weight.sum()


def held_out_r2(model: LeanTransformer, corpus: Corpus) -> dict[int, float]:
    """R2 of hidden values on held-out data sets, pooled over fixed batches, by number of genes a cell."""
    sampler, scores = Sampler(corpus, held_out=True), {}
    for n_genes, batches in HELD_OUT_BATCHES:
        truth, predicted = [], []
        for i in range(batches):
            batch = sampler.draw(10_000 + n_genes, i, n_genes, HELD_OUT_MASK_RATE)
            with torch.no_grad():
                out = model(torch.from_numpy(batch.genes), torch.from_numpy(batch.shown)).numpy()
            hidden = batch.weight > 0
            truth.append(batch.truth[hidden])
            predicted.append(out[hidden])
        y, p = np.concatenate(truth), np.concatenate(predicted)
        scores[n_genes] = float(1 - ((y - p) ** 2).mean() / y.var())
    return scores


def pretrain(
    settings: PretrainSettings,
    corpus: Corpus,
    folder: Path,
    evaluate: Callable[[LeanTransformer], dict[str, float]],
    say: Callable[[str], None],
) -> None:
    """Train from the last saved step of ``folder``, or from the start; a killed run loses at most 100 steps."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "settings.json").write_text(json.dumps(asdict(settings), indent=1))
    model = new_model(settings, corpus)
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay, betas=(0.9, 0.98)
    )
    step = _resume(folder, model, optimizer)
    sampler = Sampler(corpus, replace_share=settings.replace_share)
    losses: list[float] = []
    started, first = time.monotonic(), step
    while step < settings.steps:
        for group in optimizer.param_groups:
            group["lr"] = settings.learning_rate * _schedule(step, settings)
        model.train()
        loss = masked_loss(model, sampler.draw(settings.seed, step), UNIT[settings.scale])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
        step += 1
        if step % 100 == 0:
            rate = (time.monotonic() - started) / (step - first)
            say(f"step {step}/{settings.steps} loss {np.mean(losses[-100:]):.4f} {rate:.2f} s a step")
            _save(folder, model, optimizer, step)
        if step % settings.checkpoint_every == 0 or step == settings.steps:
            model.eval()
            save_file(model.state_dict(), folder / f"step-{step}.safetensors")
            row = {"step": step, "loss": round(float(np.mean(losses[-500:])), 4)}
            row |= {f"r2_{n}_genes": round(r, 4) for n, r in held_out_r2(model, corpus).items()}
            row |= {k: round(v, 4) for k, v in evaluate(model).items()}
            _append(folder / "curve.csv", row)
            say(json.dumps(row))


def _schedule(step: int, settings: PretrainSettings) -> float:
    """Linear warm-up, then cosine to a hundredth."""
    if step < settings.warmup:
        return (step + 1) / settings.warmup
    share = (step - settings.warmup) / max(1, settings.steps - settings.warmup)
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * share))


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
