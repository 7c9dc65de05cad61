"""Translators: the trainer against autograd, torch.optim and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from ugrn_core.errors import Cancelled, InputError
from ugrn_core.translators.mlp import TrainSettings, TranslatorNet, _seed_weights, predict_logits, train_net


def planted(n: int = 4000, n_features: int = 12, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Features and labels with a signal that is not linear: the sign of a product and a sum."""
    rng = np.random.default_rng(seed)
    x = rng.normal(3.0, 5.0, (n, n_features)).astype(np.float32)
    z = (x - 3.0) / 5.0
    return x, (z[:, 0] * z[:, 1] + 0.5 * z[:, 2] > 0).astype(np.int8)


def reference(x: np.ndarray, y: np.ndarray, seed: int, settings: TrainSettings) -> tuple[TranslatorNet, list[float]]:
    """The same training in plain autograd with torch.optim.Adam."""
    generator = torch.Generator().manual_seed(seed)
    features, labels = torch.from_numpy(x), torch.from_numpy(y.astype(np.float32))
    net = TranslatorNet(x.shape[1])
    _seed_weights(net, generator)
    net.mean.copy_(features.mean(0))
    net.scale.copy_(features.std(0, unbiased=False))
    optimizer = torch.optim.Adam(net.parameters(), lr=settings.learning_rate)
    history = []
    for _ in range(settings.epochs):
        total = 0.0
        for rows in torch.randperm(len(features), generator=generator).split(settings.batch):
            loss = F.binary_cross_entropy_with_logits(net(features[rows]), labels[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
        history.append(total / len(features))
    return net.requires_grad_(False), history


@pytest.mark.parametrize("n_features", [2, 12, 64])
def test_training_is_autograd_and_adam(n_features: int) -> None:
    x, y = planted(500, max(n_features, 3))
    x, settings = x[:, :n_features], TrainSettings(epochs=3)
    net, history = train_net(x, y, seed=1, settings=settings)
    oracle, expected = reference(x, y, 1, settings)
    for (name, ours), theirs in zip(net.state_dict().items(), oracle.state_dict().values(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=2e-5, msg=name)
    assert history == pytest.approx(expected, rel=1e-4)


def test_training_is_the_same_twice_and_leaves_the_global_random_state_alone() -> None:
    x, y = planted(300)
    before = torch.random.get_rng_state()
    nets = [train_net(x, y, seed=s, settings=TrainSettings(epochs=2))[0] for s in (5, 5, 6)]
    assert torch.equal(before, torch.random.get_rng_state())
    a, b, c = (predict_logits(net, x) for net in nets)
    assert (a == b).all() and not (a == c).all()


def test_net_finds_the_closed_form_that_logistic_regression_finds() -> None:
    """Two normal classes of one covariance: the best logit is linear, and scikit-learn knows it."""
    rng = np.random.default_rng(0)
    y = (rng.random(20_000) < 0.5).astype(np.int8)
    x = (rng.normal(0, 1, (20_000, 4)) + y[:, None] * np.array([1.0, -0.5, 0.25, 0.0])).astype(np.float32)
    train, test = slice(0, 10_000), slice(10_000, None)
    linear = LogisticRegression().fit(x[train], y[train]).decision_function(x[test])
    net, history = train_net(x[train], y[train], seed=0, settings=TrainSettings(epochs=5))
    logits = predict_logits(net, x[test])
    assert np.corrcoef(linear, logits)[0, 1] > 0.98
    assert roc_auc_score(y[test], logits) > roc_auc_score(y[test], linear) - 0.01
    assert history[-1] < history[0]


def test_planted_signal_is_found_and_shuffled_labels_are_not() -> None:
    x, y = planted()
    test_x, test_y = planted(seed=1)
    net, _ = train_net(x, y, seed=0)
    assert roc_auc_score(test_y, predict_logits(net, test_x)) > 0.95
    shuffled = np.random.default_rng(2).permutation(y)
    net, _ = train_net(x, shuffled, seed=0)
    assert abs(roc_auc_score(test_y, predict_logits(net, test_x)) - 0.5) < 0.05


def test_units_of_the_features_do_not_matter() -> None:
    x, y = planted(300)
    settings = TrainSettings(epochs=2)
    plain, _ = train_net(x, y, seed=0, settings=settings)
    scaled, _ = train_net(x * 1024 + 4096, y, seed=0, settings=settings)
    np.testing.assert_allclose(predict_logits(plain, x), predict_logits(scaled, x * 1024 + 4096), atol=1e-3)


def test_bad_input_and_cancel() -> None:
    x, y = planted(50)
    with pytest.raises(InputError, match="positives and negatives"):
        train_net(x, np.ones(50), seed=0)
    with pytest.raises(InputError, match="not finite"):
        train_net(np.full_like(x, np.nan), y, seed=0)
    with pytest.raises(Cancelled):
        train_net(x, y, seed=0, cancel=lambda: True)
