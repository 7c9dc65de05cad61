"""Translators: the trainer against autograd, torch.optim and scikit-learn; calibration; what is kept on disk."""

from __future__ import annotations

import io
import json
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file
from sklearn.calibration import calibration_curve
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from typer.testing import CliRunner, Result

from tests.planted import GENE_NAMES, PlantedBackbone, planted_networks
from ugrn_core.backbones.toy import ToyBackbone
from ugrn_core.beeline.networks import ROWS, SPECIES, Row
from ugrn_core.benchmark.features import sweep_table
from ugrn_core.benchmark.metrics import ranking_metrics
from ugrn_core.benchmark.sampling import LabelledPairs, sample_pairs, union_pairs
from ugrn_core.cli.app import app
from ugrn_core.errors import Cancelled, InputError
from ugrn_core.methods.shortcuts import KnownEdges, gene_degrees
from ugrn_core.network.whole import candidates, whole_frame
from ugrn_core.pair_hashes import pair_hashes
from ugrn_core.translation import training as training_room
from ugrn_core.translation.edge_list import parse_edges
from ugrn_core.translation.held_out import (
    SHORTCUTS,
    chosen_frame,
    held_out_frame,
    needed_rows,
    open_rows,
    training_rows,
)
from ugrn_core.translation.scoring import EDGE_COLUMNS, score_pairs
from ugrn_core.translation.training import train_translator
from ugrn_core.translation.training_set import (
    TrainingSet,
    TrainRequest,
    beeline_training_set,
    held_out_pairs,
    judged_rows,
    own_training_set,
    told_pairs,
)
from ugrn_core.translators import library, mlp
from ugrn_core.translators.calibration import (
    Calibration,
    fit_calibration,
    isotonic_knots,
    platt,
    probability,
    reliability_curve,
    shift_prevalence,
)
from ugrn_core.translators.kinds import INVERSE_PENALTY, KINDS
from ugrn_core.translators.library import delete_translator, list_translators, load_translator, save_translator
from ugrn_core.translators.mlp import TrainSettings, TranslatorNet, _seed_weights, predict_logits, train_net
from ugrn_core.translators.schema import check_schema, feature_schema
from ugrn_core.translators.translator import Translator
from ugrn_core.types import Context, SweepSettings


def planted(n: int = 4000, n_features: int = 12, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Features and labels with a signal that is not linear: the sign of a product and a sum."""
    rng = np.random.default_rng(seed)
    x = rng.normal(3.0, 5.0, (n, n_features)).astype(np.float32)
    z = (x - 3.0) / 5.0
    return x, (z[:, 0] * z[:, 1] + 0.5 * z[:, 2] > 0).astype(np.int8)


def reference(x: np.ndarray, y: np.ndarray, seed: int, settings: TrainSettings) -> tuple[TranslatorNet, list[float]]:
    """The same training in plain autograd with torch.optim.AdamW."""
    generator = torch.Generator().manual_seed(seed)
    features, labels = torch.from_numpy(x), torch.from_numpy(y.astype(np.float32))
    net = TranslatorNet(x.shape[1], settings.hidden)
    _seed_weights(net, generator)
    net.mean.copy_(features.mean(0))
    net.scale.copy_(features.std(0, unbiased=False))
    optimizer = torch.optim.AdamW(net.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay)

    def thinned(h: torch.Tensor) -> torch.Tensor:
        if not settings.dropout:
            return h
        return h * (torch.rand(h.shape, generator=generator) >= settings.dropout) / (1 - settings.dropout)

    def logits(rows: torch.Tensor) -> torch.Tensor:
        first, second, last = net.linear_layers()
        h = thinned(F.relu(first((features[rows] - net.mean) / net.scale)))
        return last(thinned(F.relu(second(h)))).squeeze(-1)

    history = []
    for _ in range(settings.epochs):
        total = 0.0
        for rows in torch.randperm(len(features), generator=generator).split(settings.batch):
            loss = F.binary_cross_entropy_with_logits(logits(rows), labels[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
        history.append(total / len(features))
    return net.requires_grad_(False), history


REGULARISED = TrainSettings(epochs=3, batch=100, hidden=(24, 8), dropout=0.3, weight_decay=0.5)


@pytest.mark.parametrize(("n_features", "settings"), [(2, None), (12, None), (64, None), (12, REGULARISED)])
def test_training_is_autograd_and_adam(n_features: int, settings: TrainSettings | None) -> None:
    x, y = planted(500, max(n_features, 3))
    x, settings = x[:, :n_features], settings or TrainSettings(epochs=3)
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


def test_training_takes_one_thread_and_leaves_the_number_of_others_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = planted(300)
    before, seen = torch.get_num_threads(), []
    real = mlp._epoch

    def look(*given: Any) -> float:
        fresh = threading.Thread(target=lambda: seen.append(("new thread", torch.get_num_threads())))
        fresh.start()
        fresh.join()
        seen.append(("training", torch.get_num_threads()))
        return real(*given)

    monkeypatch.setattr(mlp, "_epoch", look)
    mlp._thread.cache_clear()
    try:
        torch.set_num_threads(2)
        train_net(x, y, seed=0, settings=TrainSettings(epochs=1))
        assert seen == [("new thread", 2), ("training", 1)] and torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


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


def test_settings_are_those_of_the_paper_and_of_the_kinds_as_they_were_measured() -> None:
    assert TrainSettings() == TrainSettings(50, 128, 1e-3, (128, 64), 0.0, 0.0)
    assert KINDS["mlp"].settings == TrainSettings() and INVERSE_PENALTY == 1
    assert KINDS["dropout"].settings == TrainSettings(5, 256, 1e-3, (64, 32), 0.3, 0.01)
    assert len(TranslatorNet(7).linear_layers()) == 3


def test_weights_begin_as_those_of_torch_do_from_the_seed_of_the_run() -> None:
    net, generator = TranslatorNet(9, (4, 25)), torch.Generator().manual_seed(3)
    _seed_weights(net, torch.Generator().manual_seed(3))
    for layer, n_in in zip(net.linear_layers(), (9, 4, 25), strict=True):
        for tensor in (layer.weight, layer.bias):
            expected = torch.rand(tensor.shape, generator=generator) * 2 / n_in**0.5 - 1 / n_in**0.5
            torch.testing.assert_close(tensor.detach(), expected, rtol=1e-5, atol=1e-6)


def test_a_net_is_told_of_as_it_learns_and_is_still_afterwards() -> None:
    x, y = planted(300)
    x[:, 3], x[:, 4] = 7.0, 0.001 * x[:, 4]
    watched: list[tuple[int, float]] = []
    told: list[float] = []
    net, history = train_net(
        x,
        y,
        seed=0,
        settings=TrainSettings(epochs=4),
        watch=lambda *at: watched.append(at),
        progress=lambda share, _: told.append(share),
    )
    assert watched == [*enumerate(history, 1)] and told == [0.25, 0.5, 0.75, 1.0]
    assert not net.training and not any(p.requires_grad for p in net.parameters())
    spread = x.std(0)
    np.testing.assert_allclose(net.scale, np.where(np.arange(12) == 3, 1, spread), rtol=1e-5)
    np.testing.assert_allclose(net.mean, x.mean(0), rtol=1e-5, atol=1e-6)
    for features, labels in ((x[:-1], y), (x[:, :, None], y)):
        with pytest.raises(ValueError, match="features"):
            train_net(features, labels, seed=0)
    with pytest.raises(InputError, match="got 0 of 300 positive"):
        train_net(x, np.zeros(300), seed=0)


# calibration


def test_a_few_pairs_at_an_end_do_not_move_the_many_behind_them() -> None:
    """Ten pairs without an edge below 2,000 of which one in a hundred is one: these keep their share."""
    labels = np.zeros(2010, np.int8)
    labels[10::100] = 1
    knots = np.array(isotonic_knots(np.arange(2010.0), labels))
    shares = 1 / (1 + np.exp(-knots[:, 1]))
    np.testing.assert_allclose(shares, [labels.mean() / 11, (20 + labels.mean()) / 2001])
    last = np.array(isotonic_knots(np.arange(120.0), np.r_[np.zeros(119), 1.0]))[-1, 1]
    assert 1 / (1 + np.exp(-last)) == pytest.approx((1 + 1 / 120) / 2), "one pair is no certainty"
    small = np.array(isotonic_knots(np.arange(2001.0), np.r_[0, labels[10:], 1][:2001]))
    assert (np.diff(small[:, 1]) >= 0).all()
    one_below = np.array(isotonic_knots(np.arange(1101.0), np.r_[0, 1, 1, np.zeros(998), np.ones(100)]))
    assert (np.diff(one_below[:, 1]) >= 0).all()
    assert 1 / (1 + np.exp(-one_below[1, 1])) == pytest.approx(0.002, rel=0.1), "the one pair is pooled with a thousand"


def test_steps_are_the_middles_of_their_blocks_with_one_pair_more() -> None:
    logits, labels = np.array([5.0, 0.0, 2.0, 1.0]), np.array([1, 0, 0, 1])
    knots = np.array(isotonic_knots(logits, labels))
    np.testing.assert_allclose(knots[:, 0], [0, 1.5, 5])
    np.testing.assert_allclose(1 / (1 + np.exp(-knots[:, 1])), [0.5 / 2, 1.5 / 3, 1.5 / 2])
    facts = {"prior": 0.5, "n_pairs": 4, "held_out": ("a",), "brier": 0.1, "brier_prior": 0.25, "reliability": ()}
    flat = Calibration(slope=0.5, intercept=0.25, knots=((0.0, -1.0), (2.0, -1.0), (4.0, 3.0)), **facts)
    np.testing.assert_allclose(flat(np.array([-9.0, 1.0, 3.0, 9.0])), [-1, -1, 1, 3])
    np.testing.assert_allclose(replace(flat, knots=())(np.array([2.0, -1.0])), [1.25, -0.25])
    for knots_ in (((0.0, 1.0), (0.0, 2.0)), ((0.0, 1.0), (1.0, 0.5))):
        with pytest.raises(ValueError, match="must rise"):
            replace(flat, knots=knots_)


def test_a_calibration_takes_a_hundred_pairs_of_both_classes() -> None:
    rng = np.random.default_rng(5)
    logits = rng.normal(0, 2, 101)
    labels = (rng.random(101) < probability(logits)).astype(np.int8)
    for n, steps in ((100, True), (99, False)):
        assert (fit_calibration(logits[:n], labels[:n], ["a"] * n) is not None) == steps
    for one in (np.zeros(101, np.int8), np.ones(101, np.int8)):
        assert fit_calibration(logits, one, ["a"] * 101) is None
    found = fit_calibration(3 * logits, labels, ["a"] * 101)
    assert found is not None and found.knots == () and 0 < found.slope < 1
    np.testing.assert_allclose([found.slope, found.intercept], platt(3 * logits, labels))
    assert found.brier == pytest.approx(np.mean((probability(found(3 * logits)) - labels) ** 2)), "of the fit itself"
    stepped = fit_calibration(3 * logits, labels, ["a"] * 101, steps=True)
    assert stepped is not None and stepped.knots == isotonic_knots(3 * logits, labels)
    one_edge = fit_calibration(logits, np.array([1, *[0] * 100]), ["a"] * 101)
    assert one_edge is not None and one_edge.prior == 1 / 101


def test_a_group_is_judged_by_the_others_where_they_have_both_classes() -> None:
    rng = np.random.default_rng(6)
    logits = rng.normal(0, 2, 200)
    labels = (rng.random(200) < probability(logits)).astype(np.int8)
    groups = ["a"] * 150 + ["b"] * 50
    inside = np.array(groups) == "a"
    for outside in (0, 1):
        labels[~inside] = 0
        labels[np.flatnonzero(~inside)[:outside]] = 1
        found = fit_calibration(logits, labels, groups)
        assert found is not None
        said = np.empty(200)
        for rows, fit in ((inside, ~inside if outside else inside), (~inside, inside)):
            slope, intercept = platt(logits[fit], labels[fit])
            said[rows] = probability(slope * logits[rows] + intercept)
        assert found.brier == pytest.approx(np.mean((said - labels) ** 2))


def test_platt_is_a_logistic_regression_and_never_turns_the_ranking_around() -> None:
    rng = np.random.default_rng(0)
    true = rng.normal(0, 2, 20_000)
    y = (rng.random(20_000) < 1 / (1 + np.exp(-true))).astype(np.int8)
    slope, intercept = platt(true / 3 + 1, y)
    assert slope == pytest.approx(3, rel=0.05) and intercept == pytest.approx(-3, rel=0.05)
    assert platt(-true, y) == (0.0, pytest.approx(np.log(y.mean() / (1 - y.mean()))))
    assert platt(4 * true, y)[0] == pytest.approx(1 / 4, rel=0.05)


def test_what_all_candidates_say_is_isotonic_and_promises_what_the_head_holds() -> None:
    """Few edges, and logits that say too little of the best pairs: a line promises nothing there, the steps do."""
    rng = np.random.default_rng(4)
    logits = rng.normal(-6, 1, 200_000)
    true = logits + 5 * np.maximum(logits - np.quantile(logits, 0.99), 0)
    y = (rng.random(len(true)) < probability(true)).astype(np.int8)
    steps, line = (fit_calibration(logits, y, ["a"] * 100_000 + ["b"] * 100_000, steps=b) for b in (True, False))
    assert steps is not None and line is not None and line.knots == () and len(steps.knots) > 10
    best = np.argsort(-logits)[:500]
    said = [probability(c(logits[best])).mean() for c in (steps, line)]
    assert said[0] == pytest.approx(y[best].mean(), abs=0.05) and said[1] < 0.5 * y[best].mean()
    theirs = IsotonicRegression(out_of_bounds="clip").fit(logits, y).predict(logits)
    assert np.abs(probability(steps(logits)) - theirs).mean() < 0.1 * y.mean()
    assert (np.diff(steps(np.linspace(-20, 9, 1000))) >= 0).all() and steps.brier < line.brier
    turned = fit_calibration(-logits, y, ["a"] * len(y), steps=True)
    assert turned is not None and turned.knots == () and turned.slope == 0
    with pytest.raises(ValueError, match="must rise"):
        replace(steps, knots=steps.knots[::-1])


def test_reliability_curve_is_scikit_learns_with_counts() -> None:
    rng = np.random.default_rng(1)
    p = rng.random(1000)
    y = (rng.random(1000) < p).astype(np.int8)
    observed, predicted = calibration_curve(y, p, n_bins=10, strategy="quantile")
    bins = reliability_curve(y, p)
    np.testing.assert_allclose([b.observed for b in bins], observed)
    np.testing.assert_allclose([b.predicted for b in bins], predicted)
    assert sum(b.n for b in bins) == 1000


def test_calibration_is_judged_on_groups_left_out() -> None:
    """Two groups with opposite errors: each is judged by the fit of the other, so that the Brier score shows it."""
    rng = np.random.default_rng(2)
    logits = rng.normal(0, 2, 4000)
    y = (rng.random(4000) < probability(logits)).astype(np.int8)
    groups = ["a"] * 2000 + ["b"] * 2000
    found = fit_calibration(logits, y, groups)
    assert found is not None and found.held_out == ("a", "b") and found.n_pairs == 4000
    by_hand = np.empty(4000)
    for fit, judged in ((slice(2000, None), slice(0, 2000)), (slice(0, 2000), slice(2000, None))):
        model = LogisticRegression(C=np.inf).fit(logits[fit, None], y[fit])
        by_hand[judged] = model.predict_proba(logits[judged, None])[:, 1]
    assert found.brier == pytest.approx(np.mean((by_hand - y) ** 2), rel=1e-6)
    assert found.brier < found.brier_prior == pytest.approx(y.mean() * (1 - y.mean()))
    assert fit_calibration(logits[:50], y[:50], groups[:50]) is None


def test_prevalence_is_bayes_rule() -> None:
    """P(edge | x) at another prior: likelihood ratio times the new odds."""
    p, prior, prevalence = 0.8, 0.5, 0.01
    shifted = probability(shift_prevalence(np.array([np.log(p / (1 - p))]), prior, prevalence))[0]
    ratio = (p / (1 - p)) / (prior / (1 - prior))
    odds = ratio * prevalence / (1 - prevalence)
    assert shifted == pytest.approx(odds / (1 + odds))
    with pytest.raises(InputError, match="between 0 and 1"):
        shift_prevalence(np.zeros(1), 0.5, 1.0)
    with pytest.raises(InputError, match="The prior is 0; it must"):
        shift_prevalence(np.zeros(1), 0.0, 0.5)


@given(st.floats(-800, 800))
def test_probability_never_overflows(logit: float) -> None:
    assert 0 <= probability(np.array([logit]))[0] <= 1


# translators that are kept

REQUEST = TrainRequest("hESC-STRING", max_pos=300, epochs=20, seeds=2)
STRING = (Row("STRING", "hESC"),)


def material(rows: tuple[Row, ...] = STRING, request: TrainRequest = REQUEST) -> TrainingSet:
    needed = dict.fromkeys([*rows, *judged_rows(rows)])
    return beeline_training_set(request, rows, planted_networks(PlantedBackbone(), tuple(needed)))


@pytest.fixture(scope="module")
def kept() -> Translator:
    return train_translator(PlantedBackbone(), REQUEST, material())


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of its own, and no shipped translators beside the test's."""
    monkeypatch.setenv("UGRN_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(library, "shipped_folder", lambda: tmp_path / "shipped")
    return tmp_path / "cache"


def test_judged_rows_are_other_data_sets_of_the_same_networks() -> None:
    assert set(judged_rows(STRING)) == {r for r in ROWS if r.network == "STRING" and r.data_set != "hESC"}
    assert judged_rows(ROWS) == ROWS, "trained on all sets: each is left out in turn"
    assert {r.data_set for r in judged_rows((Row("LOF/GOF", "mESC"),))} == set(SPECIES) - {"mESC"}


def test_a_translator_finds_the_planted_truth_and_is_calibrated(kept: Translator) -> None:
    card = kept.card
    assert card.metrics[0].test == "hHEP STRING" and len(card.metrics) == 6
    assert min(m.auroc for m in card.metrics) > 0.95
    assert card.calibration is not None and card.calibration.brier < 0.1
    assert set(card.calibration.held_out) == set(SPECIES) - {"hESC"}
    network = planted_networks(PlantedBackbone(), STRING)[STRING[0]]
    assert card.prevalence == pytest.approx(len(network.edges) / (30 * 89))
    assert card.prior == pytest.approx(card.n_pos / (card.n_pos + card.n_neg))


def test_trained_on_all_sets_each_is_left_out_in_turn() -> None:
    rows = tuple(r for r in ROWS if r.network == "STRING")
    request = replace(REQUEST, max_pos=60, seeds=1, epochs=5)
    found = material(rows, request)
    for j in found.held_out:
        assert j.trains and not any(j.group in train.data_sets for train in j.trains), "not in its own training"
        assert not told_pairs(j.trains) & set(j.test.pairs), "networks of several sets share edges"
        assert set(j.test.data_sets) == {j.group}
    card = train_translator(PlantedBackbone(), request, found).card
    assert card.calibration is not None and set(card.calibration.held_out) == set(SPECIES)


def test_probabilities_match_what_is_true_at_the_prevalence(kept: Translator) -> None:
    """All candidates of an unseen data set: the mean probability at their density is near their share of edges."""
    network = planted_networks(PlantedBackbone(), (Row("STRING", "mESC"),))[Row("STRING", "mESC")]
    candidates = [(s, t) for s in network.tfs for t in network.genes if s != t]
    share = len(network.edges) / len(candidates)
    table = score_pairs(kept, PlantedBackbone(), candidates, prevalence=share)
    assert table["probability"].mean() == pytest.approx(share, abs=0.05)
    rising = score_pairs(kept, PlantedBackbone(), candidates, prevalence=0.5)["probability"]
    assert (rising.to_numpy() >= table["probability"].to_numpy()).all()


def test_scores_are_an_edge_table_with_novelty(kept: Translator) -> None:
    trained = material().members[0].pairs[0]
    seen = kept.card.genes
    unseen = [g for g in GENE_NAMES if g not in seen]
    pairs = [trained, (seen[0], unseen[0]), (unseen[0], unseen[1]), trained]
    table = score_pairs(kept, PlantedBackbone(), pairs)
    assert tuple(table.columns) == EDGE_COLUMNS and len(table) == 3
    novelty = {(r.source, r.target): r.novelty for r in table.itertuples()}
    assert novelty == {trained: "pair seen", pairs[1]: "one gene unseen", pairs[2]: "both genes unseen"}
    assert table["score"].is_monotonic_decreasing
    features = sweep_table(PlantedBackbone(), [trained], Context(), kept.card.schema.settings)
    by_part = {m: features.forward_and_reverse(k, [trained]) for m, k in (("VVP", "response"), ("GDT", "slope"))}
    expected = np.mean([predict_logits(n, by_part[m])[0] for m in ("VVP", "GDT") for n in kept.nets[m]])
    got = table[(table.source == trained[0]) & (table.target == trained[1])]["score"].item()
    assert got == pytest.approx(expected, abs=2e-5)


def test_a_translator_survives_the_disk_byte_by_byte(kept: Translator, own_cache: Path) -> None:
    file = save_translator(kept)
    again = load_translator("hESC-STRING")
    assert again.card == kept.card and (again.pair_hashes == kept.pair_hashes).all()
    pairs = [(GENE_NAMES[0], g) for g in GENE_NAMES[1:20]]
    pd.testing.assert_frame_equal(
        score_pairs(again, PlantedBackbone(), pairs), score_pairs(kept, PlantedBackbone(), pairs)
    )
    first = file.read_bytes(), file.with_suffix(".json").read_bytes()
    save_translator(train_translator(PlantedBackbone(), REQUEST, material()))
    assert (file.read_bytes(), file.with_suffix(".json").read_bytes()) == first
    card = json.loads(first[1])
    assert not any("|" in str(v) and "->" in str(v) for v in card.values())
    assert [t.name for t in list_translators() if not t.shipped] == ["hESC-STRING"]
    delete_translator("hESC-STRING")
    with pytest.raises(InputError, match="no translator hESC-STRING"):
        load_translator("hESC-STRING")


def test_a_card_holds_genes_and_hashes_but_no_edge(kept: Translator, own_cache: Path) -> None:
    text = save_translator(kept).with_suffix(".json").read_text()
    content = json.loads(text)
    assert set(kept.card.genes) == set(content["genes"]) and "label" not in text
    assert kept.pair_hashes.tolist() == sorted({int(h) for m in material().members for h in pair_hashes(m.pairs)})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"method": "GDT"}, "was trained on other features"),
        ({"grid": (1.0, 2.0)}, "grid"),
        ({"context": "full"}, "context full instead of pair"),
        ({"fingerprint": "else"}, "another model"),
    ],
)
def test_features_of_another_schema_are_refused(kept: Translator, change: dict, words: str) -> None:
    with pytest.raises(InputError, match=words):
        check_schema("x", kept.card.schema, replace(kept.card.schema, **change))


def test_another_backbone_is_refused_in_scoring(kept: Translator) -> None:
    with pytest.raises(InputError, match=r"planted.*another model"):
        score_pairs(kept, PlantedBackbone(seed=1), [(GENE_NAMES[0], GENE_NAMES[1])])
    with pytest.raises(InputError, match="context full instead of pair"):
        score_pairs(kept, PlantedBackbone(), [GENE_NAMES[:2]], Context("genes", GENE_NAMES[:9]))
    with pytest.raises(InputError, match="two different genes"):
        score_pairs(kept, PlantedBackbone(), [(GENE_NAMES[0], GENE_NAMES[0])])


def test_emb_does_not_mind_another_grid() -> None:
    request = replace(REQUEST, method="Baseline-Emb", seeds=1, epochs=2)
    emb = train_translator(PlantedBackbone(), request, material(STRING, request))
    check_schema("x", emb.card.schema, replace(emb.card.schema, grid=(9.0,), context="full"))


def test_damaged_translators_are_refused(kept: Translator, own_cache: Path) -> None:
    file = save_translator(kept)
    tensors = load_file(file)
    save_file({k: v for k, v in tensors.items() if k != "VVP.1.layers.0.weight"}, file)
    with pytest.raises(InputError, match="does not hold what its card says"):
        load_translator(file)
    save_file(tensors | {"extra": np.zeros(1, np.float32)}, file)
    with pytest.raises(InputError, match="extra"):
        load_translator(file)
    file.write_bytes(b"\x80\x04N.")  # a pickle
    with pytest.raises(InputError, match="cannot be read as a translator"):
        load_translator(file)
    file.with_suffix(".json").write_text("{}")
    with pytest.raises(InputError, match="cannot be read as the card"):
        load_translator(file)
    assert "cannot be read" in list_translators()[0].problem


@pytest.mark.parametrize("name", ["../x", "", "a/b", ".hidden", "x" * 65])
def test_names_that_are_no_file_names_are_refused(name: str, own_cache: Path) -> None:
    with pytest.raises(InputError):
        replace(REQUEST, name=name)
    with pytest.raises(InputError):
        delete_translator(name)


def test_training_can_be_watched_and_cancelled() -> None:
    seen: list[tuple[str, int, int, float]] = []
    request = replace(REQUEST, seeds=1, epochs=3)
    train_translator(PlantedBackbone(), request, material(STRING, request), watch=lambda *a: seen.append(a))
    assert [s[:3] for s in seen] == [(m, 0, e) for m in ("VVP", "GDT") for e in (1, 2, 3)]
    with pytest.raises(Cancelled):
        train_translator(PlantedBackbone(), request, material(STRING, request), cancel=lambda: True)


def test_progress_covers_the_networks_that_only_judge() -> None:
    rows = tuple(r for r in ROWS if r.network == "STRING")
    request = replace(REQUEST, max_pos=60, seeds=1, epochs=2)
    told: list[tuple[float, str]] = []
    train_translator(PlantedBackbone(), request, material(rows, request), progress=lambda *a: told.append(a))
    shares = [share for share, _ in told]
    assert shares == sorted(shares) and shares[-1] == pytest.approx(1.0)
    kept = [share for share, words in told if words.startswith("GDT, seed 1")]
    assert max(kept) == pytest.approx(0.6 + 0.4 / 8), "one training is kept, seven judge"
    assert {words.split(":")[0] for _, words in told if words.startswith("without")} == {
        f"without {s}" for s in SPECIES
    }


# a user's own edges


def test_own_edges_with_and_without_labels() -> None:
    vocabulary = ToyBackbone(1, torch.device("cpu")).vocabulary
    plain = parse_edges("OCT4,SOX2\nSOX2,NANOG\nSOX2,SOX2\nSOX2,NOGENE\n", vocabulary)
    assert plain.network.edges == (("POU5F1", "SOX2"), ("SOX2", "NANOG")) and plain.negatives == ()
    assert plain.network.tfs == ("POU5F1", "SOX2")
    assert [n.split(" left")[0] for n in plain.notes] == [
        "1 pair with a gene the model does not know",
        "1 pair of a gene with itself",
    ]
    labelled = parse_edges("source,target,label\nSOX2,NANOG,1\nMYC,TP53,0\n", vocabulary)
    assert labelled.network.edges == (("SOX2", "NANOG"),) and labelled.negatives == (("MYC", "TP53"),)
    for text, words in (
        ("source,target,label\nSOX2,NANOG,maybe\n", "Line 2.*0 or 1"),
        ("source,target,label\nSOX2,NANOG,1\nSOX2,NANOG,0\n", "both 1 and 0"),
        ("source,target,label\nSOX2,NANOG,0\n", "no positive edge"),
        ("gene,label\nSOX2,1\n", "expected source, target and label"),
    ):
        with pytest.raises(InputError, match=words):
            parse_edges(text, vocabulary)


def test_own_edges_are_judged_on_genes_left_out() -> None:
    network = planted_networks(PlantedBackbone(), STRING)[STRING[0]]
    text = "\n".join(f"{s},{t}" for s, t in network.edges)
    edges = parse_edges(text, PlantedBackbone().vocabulary)
    found = own_training_set(replace(REQUEST, seeds=1), edges)
    assert len(found.held_out) == 3
    for j in found.held_out:
        assert len(j.trains) == 1
        assert not {g for p in j.trains[0].pairs for g in p} & {g for p in j.test.pairs for g in p}
    card = train_translator(PlantedBackbone(), replace(REQUEST, seeds=1, name="mine"), found).card
    assert card.networks == ("own edges",) and np.mean([m.auroc for m in card.metrics]) > 0.8
    assert card.calibration is not None


# the commands


def test_commands_make_show_use_and_delete(scgpt_folder: Path, own_cache: Path, tmp_path: Path) -> None:
    genes = ["TP53", "MDM2", "CDKN1A", "SOX2", "NANOG", "POU5F1", "GATA1", "KLF1", "MYC", "STAT1"]
    edges = tmp_path / "edges.csv"
    edges.write_text("\n".join(f"{s},{t}" for i, s in enumerate(genes) for t in genes[i + 1 : i + 4]))

    def ugrn(*words: str, status: int = 0) -> Result:
        result = CliRunner().invoke(app, list(words))
        assert result.exit_code == status, result.output
        return result

    options = ["--backbone", str(scgpt_folder), "--edges", str(edges), "--epochs", "2", "--seeds", "1"]
    made = ugrn("translator", "train", "mine", *options)
    assert Path(made.stdout.strip()) == own_cache / "translators" / "mine.safetensors"
    assert "mine" in ugrn("translator", "list").stdout
    assert json.loads(ugrn("translator", "show", "mine").stdout)["networks"] == ["own edges"]
    pairs = tmp_path / "pairs.txt"
    pairs.write_text("SOX2 -> NANOG\nOCT4,HBB\nSOX2,NOGENE\n")
    scored = ugrn("score", "--pairs", str(pairs), "--translator", "mine", "--backbone", str(scgpt_folder))
    table = pd.read_csv(io.StringIO(scored.stdout))
    assert tuple(table.columns) == EDGE_COLUMNS and set(table["source"]) == {"SOX2", "POU5F1"}
    assert "1 of 3 pairs are left out" in scored.stderr and "--prevalence" in scored.stderr
    everywhere = ugrn("translator", "test", "all-sets", status=2).stderr
    assert "no translator all-sets" in everywhere, "the shipped ones are not here"
    ugrn("translator", "delete", "mine")
    assert "no translator mine" in ugrn("translator", "show", "mine", status=2).stderr
    assert "no network is called Strong" in ugrn("translator", "train", "x", "--network", "Strong", status=2).stderr


# on chosen networks


def test_whole_networks_are_ranked_pair_by_pair_without_edges_of_the_training(kept: Translator) -> None:
    row = Row("Non-specific ChIP", "mDC")
    networks = planted_networks(PlantedBackbone(), (*STRING, row))
    trained = [networks[r] for r in STRING if r.data_set in kept.card.train_sets]
    (line,) = whole_frame(kept, PlantedBackbone(), [row], networks, trained).to_dict("records")
    known = {e for n in trained for e in n.edges}
    pairs = {(s, t) for s in networks[row].tfs for t in networks[row].genes if s != t} - known
    assert set(candidates(networks[row], frozenset(known))) == pairs and line["pairs"] == len(pairs)
    edges = set(networks[row].edges) - known
    assert line["prevalence"] == pytest.approx(len(edges) / len(pairs))
    for listed, share in (("listed", line["prevalence"]), ("shown", kept.card.prevalence)):
        table = score_pairs(kept, PlantedBackbone(), sorted(pairs), prevalence=share)
        right = [(s, t) in edges for s, t in zip(table["source"], table["target"], strict=True)]
        assert line["best_50"] == pytest.approx(np.mean(right[:50])) and line["best_50"] > 0.8
        assert line["best_200"] == pytest.approx(np.mean(right[:200]))
        rate = np.cumsum(1 - table["probability"]) / np.arange(1, len(table) + 1)
        assert line[listed] == np.flatnonzero(rate <= 0.5).max() + 1
        assert line[f"{listed}_wrong"] == pytest.approx(1 - np.mean(right[: line[listed]]))
    assert line["listed"] != line["shown"]
    seen = Row("STRING", kept.card.train_sets[0])
    with pytest.raises(InputError, match="test it on other data sets"):
        whole_frame(kept, PlantedBackbone(), [seen], networks)


def test_a_translator_is_tested_on_chosen_networks_beside_the_shortcuts(kept: Translator) -> None:
    rows = (Row("Non-specific ChIP", "mDC"), Row("STRING", "hHEP"))
    networks = planted_networks(PlantedBackbone(), (*STRING, *rows))
    frame = chosen_frame(kept, PlantedBackbone(), rows, networks).set_index(["test", "scored_by"])
    assert set(frame.index.get_level_values("scored_by")) == {"Ens", *SHORTCUTS}
    card = next(m for m in kept.card.metrics if m.test == "hHEP STRING")
    assert frame.loc[("hHEP STRING", "Ens"), "auroc"] == pytest.approx(card.auroc, abs=1e-6), "the pairs of the card"
    assert frame.loc[("mDC Non-specific ChIP", "Ens"), "auroc"] > 0.95
    told = told_pairs(material().members)
    sample = sample_pairs(networks[rows[0]], max_pos=300, without=told)
    assert not told & set(sample.pairs) and told & set(sample_pairs(networks[rows[0]], max_pos=300).pairs)
    known = KnownEdges(frozenset(networks[STRING[0]].edges), frozenset(networks[rows[0]].tfs))
    expected = roc_auc_score(sample.labels, gene_degrees(known, sample.pairs))
    assert frame.loc[("mDC Non-specific ChIP", "Gene degrees"), "auroc"] == pytest.approx(expected)
    with pytest.raises(InputError, match=r"trained on data of hESC STRING.*other data sets"):
        chosen_frame(kept, PlantedBackbone(), STRING, networks)
    with pytest.raises(InputError, match="another model"):
        chosen_frame(kept, PlantedBackbone(seed=1), rows, networks)


def test_own_edges_are_tested_beside_the_shortcuts_that_read_no_training(kept: Translator) -> None:
    own = replace(kept, card=replace(kept.card, networks=("own edges",), train_sets=("own edges",)))
    networks = planted_networks(PlantedBackbone(), STRING)
    assert open_rows(own.card) == ROWS
    frame = chosen_frame(own, PlantedBackbone(), STRING, networks)
    assert list(frame["scored_by"]) == ["Ens", "Target is a TF", "Target is listed"]
    told = told_pairs(material().members)
    sample = sample_pairs(networks[STRING[0]], **REQUEST.how(0), without=told)  # pyright: ignore
    assert (frame["n_pos"][0], frame["n_neg"][0]) == (sample.n_pos, sample.n_neg), "none of its own edges"


def test_no_network_of_a_judged_data_set_is_in_its_training() -> None:
    """Trained on two networks of every set, each set is judged by what was trained on neither of its two."""
    rows = tuple(row for row in ROWS if row.network in ("STRING", "Non-specific ChIP"))
    found = material(rows)
    assert len(found.held_out) == len(rows)
    for judgement in found.held_out:
        assert judgement.trains
        for train in judgement.trains:
            assert set(train.data_sets) == {row.data_set for row in rows} - {judgement.group}


def test_what_features_are_is_described_and_told_apart(kept: Translator) -> None:
    planted_one = PlantedBackbone()
    follow = SweepSettings(1.0, (0.5, 2.0), "follow")
    made = feature_schema(planted_one, "GDT", "pair", follow)
    assert made.settings == follow and made.parts == ("GDT",) and made.fingerprint == planted_one.fingerprint
    assert feature_schema(planted_one, "VVP", "full", replace(follow, background="fixed")).context == "full"
    for method in ("VVP", "Ens"):
        with pytest.raises(InputError, match=f"{method} reads responses"):
            feature_schema(planted_one, method, "pair", follow)
    with pytest.raises(InputError, match="no translator can be kept of 'Attn'"):
        feature_schema(planted_one, "Attn", "pair", follow)
    check_schema("x", made, replace(made, backbone="called otherwise"))
    with pytest.raises(InputError, match=r"here: base 2\.0 instead of 1\.0. Use its"):
        check_schema("x", made, replace(made, base=2.0))
    embedded = replace(made, method="Baseline-Emb")
    check_schema("x", embedded, replace(embedded, base=2.0, grid=(1.0,), context="full", background="fixed"))
    with pytest.raises(InputError, match=r"fingerprint planted 0\).*Use that model"):
        check_schema("x", embedded, replace(embedded, fingerprint="other"))


def test_logits_are_means_over_seeds_and_parts_of_features_that_fit(kept: Translator) -> None:
    rng = np.random.default_rng(0)
    x = {part: rng.normal(size=(5, 6)).astype(np.float32) for part in ("VVP", "GDT")}
    expected = np.mean([predict_logits(net, x[part]) for part, nets in kept.nets.items() for net in nets], 0)
    np.testing.assert_allclose(kept.logits(x), expected, rtol=1e-5)
    for wrong, got in ((x["GDT"][:, :5], r"\(5,\)"), (x["GDT"][0], r"\(\)"), (x["GDT"][..., None], r"\(6, 1\)")):
        with pytest.raises(InputError, match=f"reads 6 GDT features a pair, got {got}"):
            kept.logits(x | {"GDT": wrong})
    raw = replace(kept, card=replace(kept.card, calibration=None))
    logits = np.array([-1.0, 0.5])
    shifted = logits + np.log(0.1 / 0.9) - np.log(raw.card.prior / (1 - raw.card.prior))
    np.testing.assert_allclose(raw.probabilities(logits, 0.1), probability(shifted))


ALL_STRING = tuple(row for row in ROWS if row.network == "STRING")
LINES = TrainRequest("lines", max_pos=40, seeds=2, kind="logistic")


def features_of(sample: LabelledPairs) -> dict[str, np.ndarray]:
    settings = SweepSettings(PlantedBackbone().card.base, PlantedBackbone().card.grid)
    table = sweep_table(PlantedBackbone(), sample.pairs, Context(), settings)
    return {
        m: table.forward_and_reverse(k, sample.pairs).astype(np.float32)  # pyright: ignore
        for m, k in (("VVP", "response"), ("GDT", "slope"))
    }


def test_a_training_on_all_sets_is_its_nets_its_tests_and_its_calibration() -> None:
    found, told = material(ALL_STRING, LINES), list[float]()
    made = train_translator(PlantedBackbone(), LINES, found, progress=lambda share, _: told.append(share))

    def learnt(samples: list[LabelledPairs], test: LabelledPairs) -> np.ndarray:
        x = features_of(test)
        return np.mean(
            [
                predict_logits(KINDS["logistic"].train(features_of(s)[part], s.labels, seed=0)[0], x[part])
                for part in ("VVP", "GDT")
                for s in samples
            ],
            0,
        )

    first = found.held_out[0].test
    np.testing.assert_allclose(made.logits(features_of(first)), learnt([*found.members], first), rtol=2e-3, atol=2e-3)
    logits = []
    for metric, j in zip(made.card.metrics, found.held_out, strict=True):
        assert len(j.trains) == 2 and metric.test == j.name
        logits.append(learnt([*j.trains], j.test))
        truth = ranking_metrics(j.test.labels, logits[-1])
        assert (metric.auroc, metric.auprc) == pytest.approx((truth["auroc"], truth["auprc"]), abs=0.01)
        assert (metric.n_pos, metric.n_neg) == (j.test.n_pos, j.test.n_neg)
    labels = np.concatenate([j.test.labels for j in found.held_out])
    groups = [j.group for j in found.held_out for _ in j.test.labels]
    expected, calibration = fit_calibration(np.concatenate(logits), labels, groups), made.card.calibration
    assert expected is not None and calibration is not None and calibration.held_out == expected.held_out
    assert (calibration.slope, calibration.intercept) == pytest.approx((expected.slope, expected.intercept), rel=0.05)
    assert calibration.n_pairs == len(labels) and calibration.brier == pytest.approx(expected.brier, abs=0.005)
    assert made.card.n_pos == found.members[0].n_pos and made.card.gene_set == "TFs+500"
    middle = 0.6 + 0.4 / (1 + 7)
    shares = [0.6 + (middle - 0.6) * k / 4 for k in range(1, 5)] + [
        middle + (1 - middle) * k / 28 for k in range(1, 29)
    ]
    np.testing.assert_allclose(told[-32:], shares)
    assert told == sorted(told) and 0 < told[0] < 0.6 and max(told[:-32]) == pytest.approx(0.6)


def test_training_pairs_and_tests_are_drawn_as_the_request_says() -> None:
    networks = planted_networks(PlantedBackbone(), ALL_STRING)
    found = material(ALL_STRING, replace(LINES, calibrate_on=("mDC",)))
    for seed, member in enumerate(found.members):
        expected = union_pairs([networks[r] for r in ALL_STRING], **LINES.how(seed))  # pyright: ignore
        assert member.pairs == expected.pairs
    for row, j in zip(ALL_STRING, found.held_out, strict=True):
        others = [networks[r] for r in ALL_STRING if r.data_set != row.data_set]
        test = sample_pairs(networks[row], **LINES.how(0))  # pyright: ignore
        asked = set(test.pairs)
        trains = [union_pairs(others, **LINES.how(seed), without=asked) for seed in range(2)]  # pyright: ignore
        assert [t.pairs for t in j.trains] == [t.pairs for t in trains] and j.test.pairs == test.pairs
        assert not asked & told_pairs(trains)
        assert (j.whole is not None) == (row.data_set == "mDC")
        if j.whole is not None:
            told = {e for n in others for e in n.edges} | told_pairs(trains)
            every = {(s, t) for s in networks[row].tfs for t in networks[row].genes if s != t}
            assert set(j.whole.pairs) == every - told
    kept = material()
    assert not any(j.trains for j in kept.held_out), "the networks that are kept judge"
    assert not any(told_pairs(kept.members) & set(j.test.pairs) for j in kept.held_out)
    needed = planted_networks(PlantedBackbone(), tuple(dict.fromkeys([*STRING, *judged_rows(STRING)])))
    drawn = held_out_pairs(REQUEST, STRING, needed)
    assert [drawn[row].pairs for row in judged_rows(STRING)] == [j.test.pairs for j in kept.held_out]
    assert TrainRequest("x") == TrainRequest("x", "Ens", "pair", "per_tf", 1, 2000, None, 3, None, "mlp", ())
    assert TrainRequest("x", epochs=1, seeds=1).seeds == 1
    for wrong in ({"epochs": 0}, {"seeds": 0}):
        with pytest.raises(InputError, match="is 0; it must be at least 1"):
            TrainRequest("x", **wrong)


def own_edges(positives: list[tuple[str, str]], negatives: list[tuple[str, str]] | None = None) -> Any:
    rows = [f"{s},{t},1" for s, t in positives] + [f"{s},{t},0" for s, t in negatives or ()]
    return parse_edges("\n".join(["source,target,label", *rows]), PlantedBackbone().vocabulary)


def test_labelled_edges_are_taken_as_they_are_in_three_folds_of_genes() -> None:
    genes = GENE_NAMES[:24]
    fold = dict(zip(genes, np.random.default_rng(0).permutation(24) % 3, strict=True))
    of = [[g for g in genes if fold[g] == f] for f in range(3)]
    positives = [(of[0][0], g) for g in of[0][1:5]] + [(of[1][0], of[1][1])]  # one in fold 1, none in fold 2
    negatives = [(g, of[0][0]) for g in of[0][1:5]] + [(of[1][1], of[1][0]), (of[1][2], of[1][1])]
    negatives += [(of[2][0], g) for g in of[2][1:]] + [(of[0][0], of[1][2])]
    negatives += [(of[1][3], g) for g in of[1][4:]] + [(of[0][5], g) for g in of[0][6:]]
    found = own_training_set(replace(LINES, seeds=2), own_edges(positives, negatives))
    labelled = sorted([(p, 1) for p in positives] + [(p, 0) for p in negatives])
    for member in found.members:
        assert [*zip(member.pairs, member.labels.tolist(), strict=True)] == labelled
        assert member.data_sets == ("own edges",) * len(labelled)
    assert [j.name for j in found.held_out] == ["gene fold 1 of 3", "gene fold 2 of 3"]
    for f, j in enumerate(found.held_out):
        assert len(j.trains) == 2
        for sample, inside in ((j.test, True), *((train, False) for train in j.trains)):
            expected = [(p, y) for p, y in labelled if all((fold[g] == f) == inside for g in p)]
            assert [*zip(sample.pairs, sample.labels.tolist(), strict=True)] == expected


def test_a_card_says_what_it_was_trained_on_and_a_training_that_says_nothing_is_refused() -> None:
    genes, planted_one = GENE_NAMES[:8], PlantedBackbone()
    settings = SweepSettings(2.0, (0.0, 1.0, 3.0))
    request = replace(LINES, name="own", settings=settings)
    one = own_training_set(request, own_edges([(genes[0], genes[1])], [(g, genes[0]) for g in genes[1:]]))
    made = train_translator(planted_one, request, one)
    assert made.card.schema.settings == settings and made.card.n_pos == 1
    assert made.card.metrics == () and made.card.calibration is None, "nothing was held out"
    one_gene = replace(one.networks[0], genes=genes[:2], tfs=genes[:1])
    dense = train_translator(planted_one, request, replace(one, networks=(one_gene,)))
    assert dense.card.prevalence == 1 - 1e-6
    with pytest.raises(InputError, match="cannot be described in a card"):
        train_translator(planted_one, request, replace(one, networks=(replace(one_gene, gene_set="x" * 5000),)))
    for labels in (np.zeros(8, np.int8), np.ones(8, np.int8)):
        member = replace(one.members[0], labels=labels)
        with pytest.raises(InputError, match=f"got {labels.sum()} of 8 positive"):
            train_translator(planted_one, request, replace(one, members=(member,)))
    judged = material(STRING, replace(LINES, seeds=1)).held_out[0]
    flat = replace(judged, test=replace(judged.test, labels=np.ones_like(judged.test.labels)))
    whole = train_translator(planted_one, LINES, replace(material(STRING, LINES), held_out=(flat, judged)))
    assert [m.test for m in whole.card.metrics] == [judged.name], "a test of one class ranks nothing"
    assert training_room._named(None, "x") is None and training_room._watching(None, "x", 0) is None


def test_where_there_is_no_translator_it_is_said_how_to_make_one(own_cache: Path) -> None:
    with pytest.raises(InputError, match=r"no translator x\. There is none yet; make one with `ugrn translator train`"):
        load_translator("x")


def test_shortcuts_are_fitted_on_other_data_sets_than_the_tests(kept: Translator) -> None:
    sets = tuple(dict.fromkeys(row.data_set for row in ROWS))
    card = replace(kept.card, networks=("STRING",), train_sets=sets, max_pos=30)
    assert training_rows(card) == ALL_STRING == needed_rows(card)
    assert needed_rows(kept.card)[0] == STRING[0] and set(needed_rows(kept.card)[1:]) == set(judged_rows(STRING))
    own = replace(card, networks=("own edges",))
    assert training_rows(own) == needed_rows(own) == ()
    assert list(held_out_frame(own, {STRING[0]: None})["scored_by"]) == ["Ens"] * 6  # pyright: ignore
    assert list(held_out_frame(card)["scored_by"]) == ["Ens"] * 6
    networks = planted_networks(PlantedBackbone(), ALL_STRING)
    frame = held_out_frame(replace(card, metrics=card.metrics[:2]), networks)
    tests = [m.test for m in card.metrics[:2]]
    assert list(frame["test"][:2]) == tests and set(frame["test"][2:]) == set(tests)
    assert list(frame["scored_by"][2:]) == [*SHORTCUTS] * 2 and "Gene degrees" in SHORTCUTS and len(SHORTCUTS) < 12
    row = next(r for r in ALL_STRING if str(r) == tests[0])
    others = frozenset(e for r in ALL_STRING if r != row for e in networks[r].edges)
    sample = sample_pairs(networks[row], max_pos=30)
    expected = roc_auc_score(
        sample.labels, gene_degrees(KnownEdges(others, frozenset(networks[row].tfs)), sample.pairs)
    )
    line = frame[(frame["test"] == tests[0]) & (frame["scored_by"] == "Gene degrees")].iloc[0]
    assert line["auroc"] == pytest.approx(expected) and line["n_pos"] == sample.n_pos
    with pytest.raises(InputError, match="Choose at least one network"):
        chosen_frame(kept, PlantedBackbone(), [], networks)
    empty = Row("STRING", "hHEP")
    without = networks | {empty: replace(networks[empty], edges=())}
    with pytest.raises(InputError, match="planted knows no edge of hHEP STRING; leave it out"):
        chosen_frame(kept, PlantedBackbone(), [empty], without)


def test_scores_have_six_decimals_and_an_order_and_ask_what_they_can(
    kept: Translator, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted_one = PlantedBackbone()
    genes = GENE_NAMES[:4]
    pairs = [(s, t) for s in genes for t in genes if s != t]
    table = score_pairs(kept, planted_one, pairs)
    pd.testing.assert_frame_equal(table, table.round(6), check_exact=True)
    assert (table["score"] != table["score"].round(4)).any()
    monkeypatch.setattr(Translator, "logits", lambda *_: np.zeros(len(pairs), np.float32))
    tied = score_pairs(kept, planted_one, pairs[::-1])
    assert [*zip(tied["source"], tied["target"], strict=True)] == pairs and list(tied.index) == list(range(12))
    with pytest.raises(InputError, match="no pair to score"):
        score_pairs(kept, planted_one, [])
    with pytest.raises(InputError, match=f"got {genes[1]} twice"):
        score_pairs(kept, planted_one, [pairs[0], (genes[1], genes[1])])
    with pytest.raises(InputError, match="one base value for all genes"):
        score_pairs(kept, planted_one, pairs, Context("profile", genes, (1.0,) * 4))
    with pytest.raises(InputError, match="context full instead of pair"):
        score_pairs(kept, planted_one, pairs, Context("genes", genes))
    full = replace(kept, card=replace(kept.card, schema=replace(kept.card.schema, context="full")))
    assert len(score_pairs(full, planted_one, pairs, Context("genes", genes))) == 12
    with pytest.raises(InputError, match=f"{genes[3]} and others are not in the context"):
        score_pairs(full, planted_one, pairs, Context("genes", genes[:3]))
    with pytest.raises(InputError, match="context pair instead of full"):
        score_pairs(full, planted_one, pairs)
