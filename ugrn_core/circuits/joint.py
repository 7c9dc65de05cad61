"""One backbone for the cells of many circuits, as one foundation model is trained on many tissues.

Every gene of every circuit has an embedding of its own; all other weights are shared, so that what is learnt of
reading cells in one circuit serves in all. A batch belongs to one circuit. Most batches are virtual cells and teach
conditional means (:mod:`ugrn_core.circuits.means`), the rest hidden values of real cells. No arrow is known to the
training.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from ugrn_core.backbones.transformer import LeanTransformer
from ugrn_core.circuits.first_weights import first_model
from ugrn_core.circuits.means import FARTHEST, ConditionalMeans
from ugrn_core.circuits.training import (
    Trained,
    TrainingSettings,
    draw_batch,
    masked_loss,
    schedule,
)
from ugrn_core.errors import stop_if
from ugrn_core.types import Cancel, Progress

CHUNK = 250
"""Steps between two looks at the loss, and after which a training can be taken up again."""

HIDDEN_SHARE, PAIR_SHARE = 0.1, 0.35
"""Of the batches: hidden values of real cells, and pairs alone; the others are virtual cells of all genes."""

HIDDEN_WEIGHT = 0.3
PAIR_WEIGHT, WHOLE_WEIGHT = 3.0, 15.0
"""Of what a moved gene changes, beside where things stand before: in a whole cell one gene changes little."""

PAIR_AT_BASE = 0.7
EMBEDDING_RATE = 2.0
"""An embedding is met in the batches of its own circuit only, and learns faster."""

Group = tuple[tuple[str, ...], np.ndarray]
"""Genes, under names that no other circuit has, and their cells (cell, gene) float32."""

Checkpoint = dict[str, np.ndarray]


def dense(groups: Sequence[Group]) -> list[ConditionalMeans]:
    """What is taught where nothing else is said."""
    return [ConditionalMeans.of(cells) for _, cells in groups]


def untrained(
    groups: Sequence[Group], settings: TrainingSettings, taught: Sequence[ConditionalMeans] | None = None
) -> LeanTransformer:
    """The model at its first step, :mod:`ugrn_core.circuits.first_weights`."""
    cells = [c for _, c in groups]
    centre, scale = (float(np.mean([part(c, axis=0).mean() for c in cells])) for part in (np.mean, np.std))
    return first_model(taught or dense(groups), settings, centre, scale)


def train_together(
    groups: Sequence[Group],
    settings: TrainingSettings,
    taught: Sequence[ConditionalMeans] | None = None,
    *,
    kept: Callable[[int], Checkpoint | None] | None = None,
    keep: Callable[[int, Checkpoint], None] | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Trained:
    """Train on the cells of all ``groups`` and what is ``taught`` of them, by default their dense regression.
    Deterministic for a seed on one machine, stopped in between or not.

    ``keep`` is given the state after every :data:`CHUNK` steps, by their number, and ``kept`` gives it back.
    """
    s = settings
    taught = taught or dense(groups)
    model = untrained(groups, s, taught)
    optimizer = _optimizer(model, s)
    starts = np.cumsum([0, *(len(genes) for genes, _ in groups)])
    chunks = -(-s.steps // CHUNK)
    losses, done = _resume(model, optimizer, kept, chunks)
    share = np.sqrt([len(genes) for genes, _ in groups])
    for chunk in range(done, chunks):
        rng = np.random.default_rng([s.seed, int(starts[-1]), chunk])
        found = []
        for step in range(chunk * CHUNK, min(s.steps, (chunk + 1) * CHUNK)):
            stop_if(cancel, "Training was stopped.")
            at = int(rng.choice(len(groups), p=share / share.sum()))
            loss = _loss(model, rng, groups[at][1], taught[at], int(starts[at]), s)
            for group in optimizer.param_groups:
                group["lr"] = group["rate"] * schedule(step, s)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            found.append(loss.item())
        losses.append(float(np.mean(found)))
        if keep is not None:
            keep(chunk + 1, _state(model, optimizer, losses))
        if progress is not None:
            progress((chunk + 1) / chunks, f"backbone, {chunk + 1} of {chunks} parts, loss {losses[-1]:.3f}")
    genes = tuple(gene for names, _ in groups for gene in names)
    mean = tuple(round(float(v), 4) for _, cells in groups for v in cells.mean(0))
    domain = min(float(c.min()) for _, c in groups), max(float(c.max()) for _, c in groups)
    return Trained(model.eval(), genes, s, tuple(losses), mean, (round(domain[0], 2), round(domain[1], 2)))


def _optimizer(model: LeanTransformer, s: TrainingSettings) -> torch.optim.Optimizer:
    embeddings = [model.gene_embedding.weight]
    others = [p for name, p in model.named_parameters() if name != "gene_embedding.weight"]
    groups = [
        {"params": embeddings, "rate": EMBEDDING_RATE * s.learning_rate},
        {"params": others, "rate": s.learning_rate},
    ]
    return torch.optim.AdamW(groups, lr=s.learning_rate, weight_decay=0.0, betas=(0.9, 0.98))


def _loss(
    model: LeanTransformer,
    rng: np.random.Generator,
    cells: np.ndarray,
    means: ConditionalMeans,
    start: int,
    s: TrainingSettings,
) -> Tensor:
    """Loss of one batch of a circuit whose first gene is token ``start``, in squared standard deviations."""
    variance = float(means.scale.mean()) ** 2
    kind = rng.random()
    if kind < HIDDEN_SHARE:
        ids, truth, shown, hidden = draw_batch(rng, cells, s)
        return HIDDEN_WEIGHT * masked_loss(model, ids + start, truth, shown, hidden) / variance
    if kind < HIDDEN_SHARE + PAIR_SHARE:
        ids, values = pair_cells(rng, means, s.tokens // 6)
        error = _error(model, ids + start, values, means.given_one(ids, values))
        before, after = error.chunk(2)
        return (error.square().mean() + PAIR_WEIGHT * (after - before)[:, 1].square().mean()) / variance
    values, moved = whole_cells(rng, means, max(4, s.tokens // (cells.shape[1] + 1)))
    ids = np.broadcast_to(np.arange(cells.shape[1]), values.shape)
    error = _error(model, ids + start, values, means.given_all(values))
    change = error[1:] - error[:1]
    others = torch.ones_like(change).scatter_(1, torch.from_numpy(moved)[:, None], 0.0)
    return (error[0].square().mean() + WHOLE_WEIGHT * (change * others).square().mean()) / variance


def _error(model: LeanTransformer, ids: np.ndarray, values: np.ndarray, truth: np.ndarray) -> Tensor:
    return model(torch.from_numpy(ids), torch.from_numpy(values)) - torch.from_numpy(truth)


def pair_cells(rng: np.random.Generator, means: ConditionalMeans, n: int) -> tuple[np.ndarray, np.ndarray]:
    """``n`` pairs of genes (2n, 2) at values (2n, 2), then the same with the first gene moved; the second one mostly
    stands at its mean."""
    pairs = np.argsort(rng.random((n, len(means.centre))), axis=1)[:, :2]
    z = np.zeros((2 * n, 2), np.float32)
    z[:, 1] = np.tile(np.where(rng.random(n) < PAIR_AT_BASE, 0.0, rng.uniform(-FARTHEST, FARTHEST, n)), 2)
    z[n:, 0] = rng.uniform(-FARTHEST, FARTHEST, n)
    ids = np.vstack([pairs, pairs])
    return ids, means.centre[ids] + means.scale[ids] * z


def whole_cells(rng: np.random.Generator, means: ConditionalMeans, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Values (n, gene) of virtual cells of all genes, and which gene is moved in each but the first, (n - 1,)."""
    moved = rng.integers(len(means.centre), size=n - 1)
    z = np.zeros((n, len(means.centre)), np.float32)
    z[np.arange(1, n), moved] = rng.uniform(-FARTHEST, FARTHEST, n - 1)
    return means.centre + means.scale * z, moved


def _resume(
    model: LeanTransformer,
    optimizer: torch.optim.Optimizer,
    kept: Callable[[int], Checkpoint | None] | None,
    chunks: int,
) -> tuple[list[float], int]:
    """Losses so far and the number of finished chunks; the last state that was kept is put in place."""
    if kept is None:
        return [], 0
    for chunk in range(chunks, 0, -1):
        state = kept(chunk)
        if state is not None:
            _restore(model, optimizer, state)
            return state["losses"].tolist(), chunk
    return [], 0


def _state(model: LeanTransformer, optimizer: torch.optim.Optimizer, losses: Sequence[float]) -> Checkpoint:
    arrays = {f"weight|{name}": p.detach().numpy().copy() for name, p in model.named_parameters()}
    for name, p in model.named_parameters():
        for part, value in optimizer.state[p].items():
            arrays[f"{part}|{name}"] = value.detach().numpy().copy()
    return arrays | {"losses": np.array(losses)}


def _restore(model: LeanTransformer, optimizer: torch.optim.Optimizer, state: Mapping[str, np.ndarray]) -> None:
    with torch.no_grad():
        for name, p in model.named_parameters():
            p.copy_(torch.from_numpy(state[f"weight|{name}"]))
            of_it = [key.partition("|")[0] for key in state if key.endswith(f"|{name}")]
            optimizer.state[p] = {
                part: torch.from_numpy(state[f"{part}|{name}"].copy()) for part in of_it if part != "weight"
            }
