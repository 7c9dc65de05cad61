"""Kinds of translator: each is what it says, on disk as in memory, and nothing that is given to it is ignored."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from sklearn.metrics import roc_auc_score

from tests.planted import PlantedBackbone, planted_networks
from ugrn_core.beeline.networks import Row
from ugrn_core.errors import Cancelled, InputError
from ugrn_core.translation.cost import training_cost
from ugrn_core.translation.edge_list import parse_edges
from ugrn_core.translation.training import train_translator
from ugrn_core.translation.training_set import (
    TrainRequest,
    beeline_training_set,
    judged_rows,
    own_training_set,
)
from ugrn_core.translators.exchange import open_translator, pack_translator
from ugrn_core.translators.kinds import INVERSE_PENALTY, KINDS, kind_of, train_logistic
from ugrn_core.translators.library import load_translator, save_translator
from ugrn_core.translators.mlp import TranslatorNet, predict_logits

ROWS = (Row("STRING", "hESC"),)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UGRN_CACHE_DIR", str(tmp_path / "cache"))


def drawn(n: int = 800) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.normal(50, [1, 5, 0.1, 20], (n, 4)).astype(np.float32)
    return x, (x[:, 0] - 50 + 0.2 * (x[:, 1] - 50) + rng.normal(0, 1, n) > 0).astype(np.int8)


def test_logistic_regression_is_the_optimum_of_its_definition() -> None:
    x, y = drawn()
    net, history = train_logistic(x, y)
    z = (x - x.mean(0, dtype=np.float64)) / x.std(0, dtype=np.float64)

    def objective(w: np.ndarray) -> float:
        logits = z @ w[:-1] + w[-1]
        return float((np.logaddexp(0, logits) - y * logits).sum() + w[:-1] @ w[:-1] / (2 * INVERSE_PENALTY))

    best = minimize(objective, np.zeros(5), method="BFGS", options={"gtol": 1e-8}).x
    (layer,) = net.linear_layers()
    np.testing.assert_allclose(layer.weight.numpy()[0], best[:-1], atol=2e-3)
    np.testing.assert_allclose(layer.bias.numpy()[0], best[-1], atol=2e-3)
    logits = z @ best[:-1] + best[-1]
    np.testing.assert_allclose(predict_logits(net, x), logits, atol=5e-3)
    assert history == [pytest.approx(np.mean(np.logaddexp(0, logits) - y * logits), abs=1e-4)]


def test_it_is_told_and_refuses_like_the_network() -> None:
    x, y = drawn(50)
    told: list[object] = []
    train_logistic(x, y, watch=lambda *at: told.append(at), progress=lambda *at: told.append(at))
    assert told[0][0] == 1 and told[1][0] == 1.0  # pyright: ignore[reportIndexIssue]
    with pytest.raises(InputError, match="positives and negatives"):
        train_logistic(x, np.ones(50))
    with pytest.raises(InputError, match="not finite"):
        train_logistic(np.full_like(x, np.inf), y)
    with pytest.raises(Cancelled):
        train_logistic(x, y, cancel=lambda: True)


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_finds_a_planted_line_and_has_the_layers_it_says(name: str) -> None:
    x, y = drawn()
    net, _ = KINDS[name].train(x, y, seed=0)
    assert roc_auc_score(y, predict_logits(net, x)) > 0.85
    assert tuple(layer.out_features for layer in net.linear_layers()) == (*KINDS[name].hidden, 1)


@pytest.mark.parametrize("name", KINDS)
def test_what_all_training_pairs_have_in_common_does_not_drown_the_rest(name: str) -> None:
    x, y = drawn()
    constant = np.hstack([x, np.ones((len(x), 1), np.float32)])
    net, _ = KINDS[name].train(constant, y, seed=0)
    other = np.hstack([x, np.zeros((len(x), 1), np.float32)])
    assert np.abs(predict_logits(net, other) - predict_logits(net, constant)).max() < 1
    assert roc_auc_score(y, predict_logits(net, other)) > 0.85


def test_epochs_of_a_kind_without_any_are_refused() -> None:
    with pytest.raises(InputError, match="no epochs"):
        KINDS["logistic"].train(*drawn(50), seed=0, epochs=3)
    with pytest.raises(InputError, match="no epochs"):
        TrainRequest("a", kind="logistic", epochs=50)
    with pytest.raises(InputError, match="mlp, logistic, dropout"):
        kind_of("forest")
    with pytest.raises(InputError, match="mlp, logistic, dropout"):
        TrainRequest("a", kind="forest")  # pyright: ignore[reportArgumentType]


def test_a_logistic_translator_is_trained_judged_kept_sent_and_read_again() -> None:
    request = TrainRequest("line", method="Ens", max_pos=200, seeds=2, kind="logistic")
    networks = planted_networks(PlantedBackbone(), tuple({*ROWS, *judged_rows(ROWS)}))
    material = beeline_training_set(request, ROWS, networks)
    assert training_cost(PlantedBackbone(), request, material).training_seconds < 60
    made = train_translator(PlantedBackbone(), request, material)
    assert (made.card.kind, made.card.epochs, made.card.seeds) == ("logistic", None, 2)
    assert min(m.auroc for m in made.card.metrics) > 0.95, "the planted truth is a line in the curves"
    save_translator(made)
    x = {p: np.random.default_rng(0).normal(size=(5, 6)).astype(np.float32) for p in ("VVP", "GDT")}
    for back in (load_translator("line"), open_translator(pack_translator(made))):
        assert back.card == made.card
        np.testing.assert_array_equal(back.logits(x), made.logits(x))


def test_probabilities_can_be_calibrated_on_all_candidates_of_the_held_out_sets() -> None:
    networks = planted_networks(PlantedBackbone(), tuple({*ROWS, *judged_rows(ROWS)}))
    request = TrainRequest("whole", method="VVP", max_pos=200, seeds=2, kind="logistic", calibrate_on=("mDC",))
    material = beeline_training_set(request, ROWS, networks)
    edges = {edge for row in ROWS for edge in networks[row].edges}
    drawn = {pair for member in material.members for pair in member.pairs}
    (judgement,) = (j for j in material.held_out if j.whole is not None)
    network = networks[next(row for row in judged_rows(ROWS) if str(row) == judgement.name)]
    everything = {(s, t) for s in network.tfs for t in network.genes if s != t}
    assert judgement.whole is not None and set(judgement.whole.pairs) == everything - edges - drawn
    made = train_translator(PlantedBackbone(), request, material)
    labels, calibration = judgement.whole.labels, made.card.calibration
    assert calibration is not None and calibration.held_out == ("mDC",) and len(calibration.knots) > 1
    assert calibration.n_pairs == len(labels) and calibration.prior == labels.mean()
    assert [m.n_pos for m in made.card.metrics] == [j.test.n_pos for j in material.held_out], "as without"
    with pytest.raises(InputError, match="is no data set to calibrate on"):
        beeline_training_set(replace(request, calibrate_on=("hESC",)), ROWS, networks)
    with pytest.raises(InputError, match="leave out --calibrate-on"):
        own_training_set(
            request, parse_edges(",".join(PlantedBackbone().vocabulary.symbols[:2]), PlantedBackbone().vocabulary)
        )


def test_weights_of_another_kind_than_the_card_says_are_refused() -> None:
    networks = planted_networks(PlantedBackbone(), tuple({*ROWS, *judged_rows(ROWS)}))
    request = TrainRequest("line", method="GDT", max_pos=200, seeds=1, kind="logistic")
    made = train_translator(PlantedBackbone(), request, beeline_training_set(request, ROWS, networks))
    posing = replace(made, card=replace(made.card, kind="mlp", epochs=50))
    with pytest.raises(InputError, match="does not hold what its card says"):
        open_translator(pack_translator(posing))


def test_a_net_without_hidden_layers_is_a_line() -> None:
    net = TranslatorNet(3, hidden=())
    (layer,) = net.linear_layers()
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[1.0, -2.0, 0.5]]))
        layer.bias.fill_(0.25)
    assert predict_logits(net, np.array([[1, 1, 2]], np.float32)).tolist() == [pytest.approx(0.25)]
