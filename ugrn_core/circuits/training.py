"""A tiny backbone trained on the cells of a circuit: the project's own transformer and its masked-value objective.

Some values of a cell are hidden and predicted from the rest (mean squared error of the hidden ones). A fifth of the
hidden values is not masked but replaced by that of another cell, so that the model learns to look past the value that
a target itself shows: then a response is how the model's expectation of the target moves with the source, which is
what a virtual cell asks for. Genes a cell are drawn log-uniformly, so that it must also make sense of a pair alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from ugrn_core.backbones.backbone import TransformerBackbone
from ugrn_core.backbones.checkpoint import fingerprint, save_checkpoint, to_backbone
from ugrn_core.backbones.transformer import LeanTransformer, TransformerConfig
from ugrn_core.errors import stop_if
from ugrn_core.types import BackboneCard, Cancel, Progress, Vocabulary

BASE = 1.0
GRID = (0.1, 0.4, 0.7, 1.3, 1.6, 2.0)
MASK_VALUE = -1.0
MOST_GENES = 256
LICENCE = "MIT (simulated cells and weights made by this project)"
MASK_RATE = (0.15, 0.6)
"""Range of the share of values hidden in a batch."""

LOSS_EVERY = 20
"""Steps of which one point of the loss curve is the mean."""


@dataclass(frozen=True)
class TrainingSettings:
    """Everything that decides the weights beside the cells.

    ``tokens`` a batch bound its cells by their genes; ``embedding_scale`` is the size of the first gene embeddings.
    """

    width: int = 32
    n_layers: int = 2
    n_heads: int = 4
    ff_width: int = 64
    steps: int = 2000
    warmup: int = 50
    learning_rate: float = 3e-3
    tokens: int = 1500
    most_cells: int = 512
    replace_share: float = 0.2
    embedding_scale: float = 0.5
    seed: int = 0


@dataclass(frozen=True)
class Trained:
    """A trained model with its loss curve: ``losses`` are means over :data:`LOSS_EVERY` steps each.

    ``mean`` is the mean cell (gene,), ``domain`` the range of values met.
    """

    model: LeanTransformer
    genes: tuple[str, ...]
    settings: TrainingSettings
    losses: tuple[float, ...]
    mean: tuple[float, ...]
    domain: tuple[float, float]


def train(
    cells: np.ndarray,
    genes: tuple[str, ...],
    settings: TrainingSettings,
    *,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
    watch: Callable[[list[float]], None] | None = None,
) -> Trained:
    """Train on ``cells`` (cell, gene) float32, log1p. Deterministic for a seed on one machine and thread count.

    ``watch`` is given the loss curve so far whenever it has a new point. 800 steps for 14 genes take about 10 s on one
    idle core, and several times that on a busy one.
    """
    s = settings
    model = new_model(s, _random_embeddings(cells.shape[1], s), float(cells.mean()))
    optimizer = torch.optim.AdamW(model.parameters(), lr=s.learning_rate, weight_decay=0.0, betas=(0.9, 0.98))
    rng = np.random.default_rng([s.seed, cells.shape[1]])
    losses: list[float] = []
    recent: list[float] = []
    for step in range(s.steps):
        for group in optimizer.param_groups:
            group["lr"] = s.learning_rate * schedule(step, s)
        loss = masked_loss(model, *draw_batch(rng, cells, s))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        recent.append(loss.item())
        if len(recent) == LOSS_EVERY:
            stop_if(cancel, "Training was stopped.")
            losses.append(float(np.mean(recent)))
            recent.clear()
            if watch is not None:
                watch(losses)
            if progress is not None:
                progress((step + 1) / s.steps, f"step {step + 1:,} of {s.steps:,}, loss {losses[-1]:.3f}")
    domain = (round(float(cells.min()), 2), round(float(cells.max()), 2))
    mean = tuple(round(float(v), 4) for v in cells.mean(0))
    return Trained(model.eval(), genes, s, tuple(losses), mean, domain)


def as_backbone(trained: Trained, name: str, unit: str = "log1p") -> TransformerBackbone:
    """The model as a backbone, without a file: full precision, otherwise what :func:`save` and a reader give.

    ``unit`` names the scale of the cells it was trained on.
    """
    tokens = _tokens(trained)
    card = BackboneCard(
        name=name,
        label=name,
        layout="scbenchmark",
        unit=unit,
        domain=trained.domain,
        base=BASE,
        grid=GRID,
        max_seq_len=MOST_GENES,
        embedded=True,
        licence=LICENCE,
    )
    weights = fingerprint(trained.model.state_dict(), trained.model.config, tokens)
    return TransformerBackbone(trained.model, card, Vocabulary.from_tokens(tokens), weights)


def save(trained: Trained, folder: Path, name: str, label: str) -> TransformerBackbone:
    """Write a checkpoint folder in the scBenchmark layout (half precision, about 50 kB); returns what a reader gets."""
    args = {"max_seq_len": MOST_GENES, "dropout": 0.0, "pad_token": "<pad>"}
    saved = save_checkpoint(
        folder,
        trained.model,
        _tokens(trained),
        args,
        "scbenchmark",
        facts=_facts(trained, name, label),
        dtype=torch.float16,
    )
    return to_backbone(saved, device="cpu")


def _tokens(trained: Trained) -> dict[str, int]:
    return {g: i for i, g in enumerate([*trained.genes, "<pad>", "<cls>"])}


def _facts(trained: Trained, name: str, label: str) -> dict[str, Any]:
    return {
        "name": name,
        "label": label,
        "domain": list(trained.domain),
        "base": BASE,
        "grid": list(GRID),
        "embedded": True,
        "licence": LICENCE,
        "about": {
            "settings": asdict(trained.settings),
            "loss": [round(x, 4) for x in trained.losses],
            "mean": dict(zip(trained.genes, trained.mean, strict=True)),
        },
    }


def new_model(s: TrainingSettings, embeddings: np.ndarray, mean: float) -> LeanTransformer:
    """A model before its training: ``embeddings`` (gene, width) of its genes, and ``mean`` as its first answer."""
    n = len(embeddings)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(s.seed)
        model = LeanTransformer(
            TransformerConfig(
                vocab_size=n + 2,
                width=s.width,
                n_layers=s.n_layers,
                n_heads=s.n_heads,
                ff_width=s.ff_width,
                gene_width=s.width,
                gene_norm=False,
                value_norm=False,
                cls_id=n + 1,
                cls_value=0.0,
            )
        )
    with torch.no_grad():
        model.gene_embedding.weight[:n] = torch.from_numpy(embeddings).float()
        cast(torch.nn.Linear, model.head[2]).bias.fill_(mean)
    return model


def _random_embeddings(n_genes: int, s: TrainingSettings) -> np.ndarray:
    """Gene embeddings before training, (gene, width)."""
    rng = np.random.default_rng([s.seed, s.width])
    rng.standard_normal((s.width, s.width))  # once a rotation; still drawn, so that the shipped models come out again
    return s.embedding_scale * rng.standard_normal((n_genes, s.width))


def draw_batch(rng: np.random.Generator, cells: np.ndarray, s: TrainingSettings) -> tuple[np.ndarray, ...]:
    """Gene ids, true values, shown values and which were hidden, each (cell, gene)."""
    n_genes = cells.shape[1]
    most = min(n_genes, MOST_GENES)
    n = round(math.exp(rng.uniform(math.log(2), math.log(most))))
    b = min(s.most_cells, s.tokens // (n + 1))
    rows = rng.integers(len(cells), size=(b, 1))
    ids = np.argsort(rng.random((b, n_genes)), axis=1)[:, :n]
    truth = cells[rows, ids]
    hidden = rng.random((b, n)) < rng.uniform(*MASK_RATE)
    at, forced = np.arange(b), rng.integers(n, size=b)  # at least one hidden, at least one shown
    hidden[at, forced] = True
    hidden[at, (forced + 1) % n] = False
    replaced = rng.random((b, n)) < s.replace_share
    strange = cells[rng.integers(len(cells), size=(b, n)), ids]
    shown = np.where(hidden, np.where(replaced, strange, np.float32(MASK_VALUE)), truth)
    return ids, truth, shown, hidden


def masked_loss(
    model: LeanTransformer, ids: np.ndarray, truth: np.ndarray, shown: np.ndarray, hidden: np.ndarray
) -> Tensor:
    """Mean squared error of the hidden values."""
    weight = torch.from_numpy(hidden).float()
    error = model(torch.from_numpy(ids), torch.from_numpy(shown)) - torch.from_numpy(truth)
    return (error.square() * weight).sum() / weight.sum()


def schedule(step: int, s: TrainingSettings) -> float:
    """Linear warm-up, then cosine to a hundredth."""
    if step < s.warmup:
        return (step + 1) / s.warmup
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * (step - s.warmup) / max(1, s.steps - s.warmup)))
