"""The translator network f (Eq. 5): two hidden layers of 128 and 64, ReLU, one logit; trained as in the paper.

Adam 1e-3, batches of 128, 50 epochs, binary cross-entropy (Eq. 2). Inputs are standardised by the statistics of the
training pairs, which belong to the translator.

A network this small spends its time between the matrix products, and a benchmark trains hundreds of them: the step is
written out by hand (forward, backward and Adam over one flat vector of weights), several times faster than autograd
and torch.optim, to which a test holds it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ugrn_core.errors import InputError, stop_if
from ugrn_core.types import Cancel, Progress

Result = TypeVar("Result")

HIDDEN = (128, 64)
BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8
"""Adam's defaults (Kingma and Ba 2015), which the paper does not change."""


@dataclass(frozen=True)
class TrainSettings:
    """Training settings; the defaults are the paper's (section 4.2).

    ``dropout``: share of the units of each hidden layer left out of a step; ``weight_decay``: decoupled, as in AdamW.
    """

    epochs: int = 50
    batch: int = 128
    learning_rate: float = 1e-3
    hidden: tuple[int, int] = HIDDEN
    dropout: float = 0.0
    weight_decay: float = 0.0


class _Unset(nn.Linear):
    """A linear map without initial weights; ``nn.utils.skip_init`` would import half a second of torch for that."""

    def reset_parameters(self) -> None:
        pass


class TranslatorNet(nn.Module):
    """Standardisation and MLP; features (pair, feature) in, logits (pair,) out. Made without initial weights.

    Without ``hidden`` layers it is a linear map: a logistic regression.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, n_features: int, hidden: tuple[int, ...] = HIDDEN) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_features))
        self.register_buffer("scale", torch.ones(n_features))
        sizes = (n_features, *hidden, 1)
        self.layers = nn.ModuleList(_Unset(a, b) for a, b in pairwise(sizes))

    def linear_layers(self) -> list[nn.Linear]:
        """The three layers from the features to the logit."""
        return [layer for layer in self.layers if isinstance(layer, nn.Linear)]

    def forward(self, features: Tensor) -> Tensor:
        x = (features - self.mean) / self.scale
        *hidden, last = self.linear_layers()
        for layer in hidden:
            x = F.relu(layer(x))
        return last(x).squeeze(-1)


def train_net(
    features: np.ndarray,
    labels: np.ndarray,
    *,
    seed: int,
    settings: TrainSettings = TrainSettings(),
    progress: Progress | None = None,
    cancel: Cancel | None = None,
    watch: Callable[[int, float], None] | None = None,
) -> tuple[TranslatorNet, list[float]]:
    """Train on features (pair, feature) and labels (pair,) in {0, 1}; returns the net and the mean loss of each epoch.

    Deterministic for a seed: runs on one thread of the CPU (matrices this small lose by sharing), and leaves the global
    random state alone. ``watch`` is told each epoch (from 1) and its loss, for a live curve.
    """
    check_training(features, labels)
    generator = torch.Generator().manual_seed(seed)
    x = torch.from_numpy(np.ascontiguousarray(features, dtype=np.float32))
    y = torch.from_numpy(np.ascontiguousarray(labels, dtype=np.float32))[:, None]
    net = TranslatorNet(x.shape[1], settings.hidden)
    _seed_weights(net, generator)
    x = _on_one_thread(lambda: standardise(net, x))
    step = _Step(net, settings, generator)
    history = []
    for epoch in range(settings.epochs):
        stop_if(cancel, "Training stopped on request.")
        order = torch.randperm(len(x), generator=generator)
        history.append(_on_one_thread(lambda rows=order: _epoch(step, x, y, rows.split(settings.batch))))
        if watch:
            watch(epoch + 1, history[-1])
        if progress:
            progress((epoch + 1) / settings.epochs, f"epoch {epoch + 1} of {settings.epochs}, loss {history[-1]:.4f}")
    net.eval().requires_grad_(False)
    return net, history


def predict_logits(net: TranslatorNet, features: np.ndarray) -> np.ndarray:
    """Logits (pair,) float32 of features (pair, feature)."""
    with torch.no_grad():
        return net(torch.from_numpy(np.ascontiguousarray(features, dtype=np.float32))).numpy()


def check_training(features: np.ndarray, labels: np.ndarray) -> None:
    """Features (pair, feature) must be finite, and labels (pair,) of both classes, or an :class:`InputError`."""
    if len(features) != len(labels) or features.ndim != 2:
        raise ValueError(f"features {features.shape}, labels {labels.shape}")
    if not np.isfinite(features).all():
        raise InputError("Some pair features are not finite; check the backbone and the value grid.")
    if not 0 < labels.mean() < 1:
        raise InputError(f"Training needs positives and negatives, got {int(labels.sum())} of {len(labels)} positive.")


def standardise(net: TranslatorNet, x: Tensor) -> Tensor:
    """Features as the net sees them; their statistics become the net's. One that is the same everywhere keeps its unit.

    A class that all training genes have says nothing, and must not speak loudest where a gene has another.
    """
    spread = x.std(0, unbiased=False)
    net.mean.copy_(x.mean(0))
    net.scale.copy_(torch.where(spread > 1e-8, spread, torch.ones_like(spread)))
    return (x - net.mean) / net.scale


def _epoch(step: _Step, x: Tensor, y: Tensor, batches: Sequence[Tensor]) -> float:
    """One pass over all batches; the mean loss."""
    return torch.stack([step(x[rows], y[rows]) for rows in batches]).sum().item() / len(x)


def _on_one_thread(work: Callable[[], Result]) -> Result:
    """Do ``work`` on a thread on which torch uses no others; the number of threads elsewhere stays as it is."""
    return _thread().submit(work).result()


@cache
def _thread() -> ThreadPoolExecutor:
    n, pool = torch.get_num_threads(), ThreadPoolExecutor(1, thread_name_prefix="ugrn-train")

    def start() -> None:
        torch.get_num_threads()  # or the number below would be overwritten at first use
        torch.set_num_threads(1)  # of this thread, and of threads not yet started

    pool.submit(start).result()
    torch.set_num_threads(n)
    return pool


class _Step:
    """One step of Adam on a batch. The net's weights and their gradients become views of two flat vectors."""

    def __init__(self, net: TranslatorNet, settings: TrainSettings, generator: torch.Generator) -> None:
        tensors = list(net.layers.parameters())
        sizes = [t.numel() for t in tensors]
        self.flat = torch.cat([t.detach().reshape(-1) for t in tensors])
        self.gradient = torch.zeros_like(self.flat)
        self.first, self.second = torch.zeros_like(self.flat), torch.zeros_like(self.flat)
        self.scratch = torch.empty_like(self.flat)
        parts = [part.view(t.shape) for part, t in zip(self.flat.split(sizes), tensors, strict=True)]
        for tensor, part in zip(tensors, parts, strict=True):
            tensor.data = part
        self.weights = parts[0::2], parts[1::2]
        grads = [part.view(t.shape) for part, t in zip(self.gradient.split(sizes), tensors, strict=True)]
        self.gradients = grads[0::2], grads[1::2]
        self.settings, self.generator = settings, generator
        self.n = 0

    @torch.no_grad()
    def __call__(self, x: Tensor, y: Tensor) -> Tensor:
        """Sum of the losses of the batch x (pair, feature), y (pair, 1), before the weights move."""
        (w1, w2, w3), (b1, b2, b3) = self.weights
        h1 = self._thinned(torch.addmm(b1, x, w1.T).relu_())
        h2 = self._thinned(torch.addmm(b2, h1, w2.T).relu_())
        logits = torch.addmm(b3, h2, w3.T)
        loss = F.binary_cross_entropy_with_logits(logits, y, reduction="sum")
        self._backward(x, h1, h2, logits.sigmoid_().sub_(y).div_(len(x)))
        self._adam()
        return loss

    def _thinned(self, h: Tensor) -> Tensor:
        """Hidden units (pair, unit) with a share of them at 0 and the others larger by as much."""
        if not self.settings.dropout:
            return h
        kept = torch.rand(h.shape, generator=self.generator) >= self.settings.dropout
        return h.mul_(kept).div_(1 - self.settings.dropout)

    def _backward(self, x: Tensor, h1: Tensor, h2: Tensor, d3: Tensor) -> None:
        """Gradients from ``d3``, the derivative of the mean loss by the logits (pair, 1)."""
        _, w2, w3 = self.weights[0]
        (g1, g2, g3), (c1, c2, c3) = self.gradients
        left = 1 - self.settings.dropout
        d2 = torch.mm(d3, w3).mul_(h2 > 0).div_(left)
        d1 = torch.mm(d2, w2).mul_(h1 > 0).div_(left)
        for delta, below, weight, bias in ((d3, h2, g3, c3), (d2, h1, g2, c2), (d1, x, g1, c1)):
            torch.mm(delta.T, below, out=weight)
            torch.sum(delta, 0, out=bias)

    def _adam(self) -> None:
        self.n += 1
        self.flat.mul_(1 - self.settings.learning_rate * self.settings.weight_decay)
        self.first.lerp_(self.gradient, 1 - BETA_1)
        self.second.mul_(BETA_2).addcmul_(self.gradient, self.gradient, value=1 - BETA_2)
        torch.sqrt(self.second, out=self.scratch).div_(math.sqrt(1 - BETA_2**self.n)).add_(EPSILON)
        self.flat.addcdiv_(self.first, self.scratch, value=-self.settings.learning_rate / (1 - BETA_1**self.n))


def _seed_weights(net: TranslatorNet, generator: torch.Generator) -> None:
    """torch's default initialisation of linear layers, U(-1/sqrt(fan_in), 1/sqrt(fan_in)), from our own generator."""
    with torch.no_grad():
        for layer in net.linear_layers():
            bound = layer.in_features**-0.5
            layer.weight.uniform_(-bound, bound, generator=generator)
            layer.bias.uniform_(-bound, bound, generator=generator)
