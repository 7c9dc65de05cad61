"""The translator network f (Eq. 5): two hidden layers of 128 and 64, ReLU, one logit; trained as in the paper.

Adam 1e-3, batches of 128, 50 epochs, binary cross-entropy (Eq. 2). Inputs are standardised by the statistics of the
training pairs, which belong to the translator.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from ugrn_core.errors import Cancelled, InputError
from ugrn_core.types import Cancel, Progress

HIDDEN = (128, 64)


@dataclass(frozen=True)
class TrainSettings:
    """Training settings; the defaults are the paper's (section 4.2)."""

    epochs: int = 50
    batch: int = 128
    learning_rate: float = 1e-3


class TranslatorNet(nn.Module):
    """Standardisation and MLP; features (pair, feature) in, logits (pair,) out."""

    def __init__(self, n_features: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_features))
        self.register_buffer("scale", torch.ones(n_features))
        self.layers = nn.ModuleList(
            nn.Linear(a, b) for a, b in zip((n_features, *HIDDEN), (*HIDDEN, 1), strict=True)
        )

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        x = (features - self.mean) / self.scale
        for layer in self.layers[:-1]:
            x = F.relu(layer(x))
        return self.layers[-1](x).squeeze(-1)


def train_net(
    features: np.ndarray,
    labels: np.ndarray,
    *,
    seed: int,
    settings: TrainSettings = TrainSettings(),
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> tuple[TranslatorNet, list[float]]:
    """Train on features (pair, feature) and labels (pair,) in {0, 1}; returns the net and the mean loss of each epoch.

    Deterministic for a seed and a number of threads; the global random state is untouched.
    """
    if len(features) != len(labels) or features.ndim != 2:
        raise ValueError(f"features {features.shape}, labels {labels.shape}")
    if not np.isfinite(features).all():
        raise InputError("Some pair features are not finite; check the backbone and the value grid.")
    if not 0 < labels.mean() < 1:
        raise InputError(f"Training needs positives and negatives, got {int(labels.sum())} of {len(labels)} positive.")
    generator = torch.Generator().manual_seed(seed)
    x = torch.from_numpy(np.ascontiguousarray(features, dtype=np.float32))
    y = torch.from_numpy(np.ascontiguousarray(labels, dtype=np.float32))
    net = TranslatorNet(x.shape[1])
    _seed_weights(net, generator)
    net.mean.copy_(x.mean(0))
    net.scale.copy_(x.std(0, unbiased=False).clamp_min(1e-8))
    optimizer = torch.optim.Adam(net.parameters(), lr=settings.learning_rate)
    history = []
    for epoch in range(settings.epochs):
        if cancel and cancel():
            raise Cancelled("Training stopped on request.")
        total = 0.0
        for rows in torch.randperm(len(x), generator=generator).split(settings.batch):
            loss = F.binary_cross_entropy_with_logits(net(x[rows]), y[rows])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
        history.append(total / len(x))
        if progress:
            progress((epoch + 1) / settings.epochs, f"epoch {epoch + 1} of {settings.epochs}, loss {history[-1]:.4f}")
    net.eval().requires_grad_(False)
    return net, history


def predict_logits(net: TranslatorNet, features: np.ndarray) -> np.ndarray:
    """Logits (pair,) float32 of features (pair, feature)."""
    with torch.no_grad():
        return net(torch.from_numpy(np.ascontiguousarray(features, dtype=np.float32))).numpy()


def _seed_weights(net: TranslatorNet, generator: torch.Generator) -> None:
    """torch's default initialisation of linear layers, U(-1/sqrt(fan_in), 1/sqrt(fan_in)), from our own generator."""
    with torch.no_grad():
        for layer in net.layers:
            bound = layer.in_features**-0.5
            layer.weight.uniform_(-bound, bound, generator=generator)
            layer.bias.uniform_(-bound, bound, generator=generator)
