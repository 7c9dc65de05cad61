"""One backbone for the cells of many circuits, as one foundation model is trained on many tissues.

Every gene of every circuit has an embedding of its own; all other weights are shared, so that what is learnt of
reading cells in one circuit serves in all. A batch holds cells of one circuit. No arrow is known to the training.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch

from ugrn_core.backbones.transformer import LeanTransformer
from ugrn_core.circuits.training import (
    Trained,
    TrainingSettings,
    draw_batch,
    first_embeddings,
    masked_loss,
    new_model,
    schedule,
)
from ugrn_core.errors import Cancelled
from ugrn_core.types import Cancel, Progress

CHUNK = 250
"""Steps between two looks at the loss, and after which a training can be taken up again."""

Group = tuple[tuple[str, ...], np.ndarray]
"""Genes, under names that no other circuit has, and their cells (cell, gene) float32."""

Checkpoint = dict[str, np.ndarray]


def untrained(groups: Sequence[Group], settings: TrainingSettings) -> LeanTransformer:
    """The model at its first step; ``settings.kinship`` says how much of the embeddings comes from correlations."""
    rows = []
    for _, cells in groups:
        found = first_embeddings(cells, settings)
        rows.append(np.pad(found, ((0, 0), (0, settings.width - found.shape[1]))))
    mean = float(np.mean([cells.mean() for _, cells in groups]))
    return new_model(settings, np.vstack(rows), mean)


def train_together(
    groups: Sequence[Group],
    settings: TrainingSettings,
    *,
    kept: Callable[[int], Checkpoint | None] | None = None,
    keep: Callable[[int, Checkpoint], None] | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Trained:
    """Train on the cells of all ``groups``. Deterministic for a seed on one machine, stopped in between or not.

    ``keep`` is given the state after every :data:`CHUNK` steps, by their number, and ``kept`` gives it back.
    """
    s = settings
    model = untrained(groups, s)
    optimizer = torch.optim.AdamW(model.parameters(), lr=s.learning_rate, weight_decay=0.0, betas=(0.9, 0.98))
    starts = np.cumsum([0, *(len(genes) for genes, _ in groups)])
    chunks = -(-s.steps // CHUNK)
    losses, done = _resume(model, optimizer, kept, chunks)
    for chunk in range(done, chunks):
        rng = np.random.default_rng([s.seed, int(starts[-1]), chunk])
        found = []
        for step in range(chunk * CHUNK, min(s.steps, (chunk + 1) * CHUNK)):
            if cancel is not None and cancel():
                raise Cancelled("Training was stopped.")
            at = int(rng.integers(len(groups)))
            ids, truth, shown, hidden = draw_batch(rng, groups[at][1], s)
            for group in optimizer.param_groups:
                group["lr"] = s.learning_rate * schedule(step, s)
            loss = masked_loss(model, ids + starts[at], truth, shown, hidden)
            optimizer.zero_grad(set_to_none=True)
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
