"""The kinds of translator: the paper's network, and one that is linear. A card, a run and a file name theirs.

The linear one is L2 logistic regression: one linear map of the standardised features, its optimum found exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch

from ugrn_core.errors import InputError, stop_if
from ugrn_core.translators.mlp import TrainSettings, TranslatorNet, check_training, standardise, train_net
from ugrn_core.types import Cancel, Progress

INVERSE_PENALTY = 1.0
"""C of Hastie, Tibshirani and Friedman (and of scikit-learn), fixed in advance and not tuned."""
MOST_STEPS = 2000

KindName = Literal["mlp", "logistic", "dropout"]
PAPER: KindName = "mlp"


def train_logistic(
    features: np.ndarray,
    labels: np.ndarray,
    *,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
    watch: Callable[[int, float], None] | None = None,
) -> tuple[TranslatorNet, list[float]]:
    """Fit to features (pair, feature) and labels (pair,) in {0, 1}; the net and its mean loss, the only epoch.

    The optimum is unique: there is no seed. ``watch`` is told epoch 1 and the loss.
    """
    from sklearn.linear_model import LogisticRegression  # here: whoever only reads translators waits for it too long

    check_training(features, labels)
    stop_if(cancel, "Training stopped on request.")
    net = TranslatorNet(features.shape[1], hidden=())
    x = standardise(net, torch.from_numpy(np.ascontiguousarray(features, dtype=np.float32))).numpy().astype(np.float64)
    fit = LogisticRegression(C=INVERSE_PENALTY, tol=1e-6, max_iter=MOST_STEPS).fit(x, labels)
    (layer,) = net.linear_layers()
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(fit.coef_))
        layer.bias.copy_(torch.from_numpy(fit.intercept_))
    net.eval().requires_grad_(False)
    logits = fit.decision_function(x)
    loss = float(np.mean(np.logaddexp(0, logits) - labels * logits))
    if watch:
        watch(1, loss)
    if progress:
        progress(1.0, f"loss {loss:.4f}")
    return net, [loss]


@dataclass(frozen=True)
class Kind:
    """``settings`` of the training by steps, with the default number of epochs; None where the optimum is found."""

    name: KindName
    label: str
    settings: TrainSettings | None

    @property
    def hidden(self) -> tuple[int, ...]:
        """The widths between features and logit."""
        return () if self.settings is None else self.settings.hidden

    @property
    def epochs(self) -> int | None:
        """The default, None where there are none."""
        return None if self.settings is None else self.settings.epochs

    def train(
        self,
        features: np.ndarray,
        labels: np.ndarray,
        *,
        seed: int,
        epochs: int | None = None,
        progress: Progress | None = None,
        cancel: Cancel | None = None,
        watch: Callable[[int, float], None] | None = None,
    ) -> tuple[TranslatorNet, list[float]]:
        """A net of this kind and its mean loss by epoch; ``seed`` moves nothing where the optimum is unique."""
        told = {"progress": progress, "cancel": cancel, "watch": watch}
        if self.settings is None:
            self.check_epochs(epochs)
            return train_logistic(features, labels, **told)
        settings = replace(self.settings, epochs=epochs or self.settings.epochs)
        return train_net(features, labels, seed=seed, settings=settings, **told)

    def check_epochs(self, epochs: int | None) -> None:
        """Epochs asked of a kind that has none are an :class:`InputError`."""
        if epochs is not None and self.epochs is None:
            raise InputError(
                f"A translator of kind {self.name} has no epochs ({epochs} were asked for): leave them out."
            )


KINDS: dict[str, Kind] = {
    k.name: k
    for k in (
        Kind("mlp", "network of 128 and 64 units (the paper's)", TrainSettings()),
        Kind("logistic", "logistic regression with an L2 penalty", None),
        Kind(
            "dropout",
            "network of 64 and 32 units with dropout and weight decay",
            TrainSettings(epochs=5, batch=256, hidden=(64, 32), dropout=0.3, weight_decay=0.01),
        ),
    )
}


def kind_of(name: str) -> Kind:
    """The kind of that name; another one is an :class:`InputError`."""
    if name not in KINDS:
        raise InputError(f"there is no translator of kind {name!r}; there are {', '.join(KINDS)}.")
    return KINDS[name]
