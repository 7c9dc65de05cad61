"""L2 logistic regression as a translator: one linear map of the standardised features, its optimum found exactly.

It minimises the sum of the cross-entropies plus half the squared length of the weights over ``INVERSE_PENALTY``; the
intercept is free. Curves of a pair are strongly correlated features, of which a network with hidden layers learns the
genes of its training by heart sooner than this does.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression

from ugrn_core.errors import Cancelled
from ugrn_core.translators.mlp import TranslatorNet, check_training, standardise
from ugrn_core.types import Cancel, Progress

INVERSE_PENALTY = 1.0
"""C of Hastie, Tibshirani and Friedman (and of scikit-learn), fixed in advance and not tuned."""
MOST_STEPS = 2000


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
    check_training(features, labels)
    if cancel and cancel():
        raise Cancelled("Training stopped on request.")
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
