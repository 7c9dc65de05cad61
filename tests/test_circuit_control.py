"""The positive control on tiny circuits: what goes in, what is kept, and numbers against independent ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.linear_model import ARDRegression, Ridge
from sklearn.metrics import average_precision_score
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from tests.pair_features import pair_features
from ugrn_core.circuits import joint
from ugrn_core.circuits.control import ControlRequest, condition_cases, lesson_pairs, run_control
from ugrn_core.circuits.control_case import (
    CELLS_ALONE,
    PARTS,
    RIVALS,
    STANDING,
    TASKS,
    Condition,
    Pairs,
    Task,
    circuit_of,
    curve_features,
    drawn_cells,
    drawn_pairs,
    features_of,
    regulators_of,
    score_features,
    standardised,
)
from ugrn_core.circuits.control_frame import (
    COLUMNS,
    LEAD,
    MEAN,
    ON_BOTH,
    ON_REGRESSION,
    ON_SCORES,
    OURS,
    WITHOUT_MODEL,
    all_scores,
    drawn,
    mean_auprc,
    read_control,
    weighted_auprc,
)
from ugrn_core.circuits.first_weights import ALONE, curve_parts, effect_tables
from ugrn_core.circuits.joint import CHUNK, pair_cells, train_together, untrained, whole_cells
from ugrn_core.circuits.means import FARTHEST, FITS, ConditionalMeans
from ugrn_core.circuits.rivals import boosted_importance, correlation, partial_correlation, tree_importance
from ugrn_core.circuits.sparse import sparse_weights
from ugrn_core.circuits.training import BASE, GRID, Trained, TrainingSettings, as_backbone
from ugrn_core.cli.app import app
from ugrn_core.errors import Cancelled, InputError
from ugrn_core.figures.circuit_control import (
    CONTROL_COLUMNS,
    conditions_of,
    control_sentences,
    plot_control,
    standing_of,
)
from ugrn_core.methods.gdt import GDT
from ugrn_core.methods.vvp import VVP
from ugrn_core.paths import ASSETS, ROOT
from ugrn_core.store import Store
from ugrn_core.types import Context, SweepSettings

TINY = TrainingSettings(width=48, n_heads=12, ff_width=16, n_layers=1, steps=2, tokens=200)
REQUEST = ControlRequest(
    train=((10, 1), (12, 2)),
    test=((10, 11), (14, 12)),
    conditions=(Condition(),),
    n_cells=200,
    training=TINY,
    seeds=1,
    resamples=50,
)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    with Store(tmp_path_factory.mktemp("control")) as store:
        yield store


@pytest.fixture(scope="module")
def frame(kept):
    return run_control(REQUEST, kept)


@pytest.mark.parametrize("confounded", [False, True])
@pytest.mark.parametrize("task", TASKS)
def test_pairs_are_all_arrows_and_as_many_negatives_of_their_kind(task, confounded) -> None:
    circuit = circuit_of(30, 5, Condition("observed", confounded))
    names, arrows = circuit.measured, set(circuit.edges)
    pairs = drawn_pairs(circuit, task, 5)
    named = [(names[s], names[t]) for s, t in pairs.places.tolist()]
    seen = {e for e in arrows if set(e) <= set(names)}
    assert pairs.labels.sum() == len(seen) == (1 - pairs.labels).sum()
    for pair, label in zip(named, pairs.labels, strict=True):
        turned = pair[::-1]
        if task == "unordered":
            assert (pair in arrows or turned in arrows) == bool(label)
            assert set(pair) & set(regulators_of(circuit))
        else:
            assert (pair in arrows) == bool(label)
    expected = {"unordered": 0.0, "turned": 1.0}.get(task)
    assert expected is None or pairs.reversed_share == expected
    if task == "unordered":
        first = [pair in arrows for pair, label in zip(named, pairs.labels, strict=True) if label]
        assert 0.2 < np.mean(first) < 0.8, "the order of a pair says nothing"


def test_reversed_share_counts_arrows_turned_round() -> None:
    assert Pairs(np.array([[0, 1], [1, 2], [1, 0], [2, 0]]), np.array([1, 1, 0, 0])).reversed_share == 0.5


def test_a_screen_holds_one_regulator_in_every_second_cell_and_hidden_genes_are_not_shown() -> None:
    condition = Condition("perturbed", True)
    circuit = circuit_of(12, 3, condition)
    cells = drawn_cells(circuit, condition, 120, 3)
    assert cells.shape == (120, len(circuit.measured)) and circuit.hidden
    plain = drawn_cells(circuit, Condition("observed", True), 120, 3)
    assert not np.allclose(cells[::2], plain[::2])
    found = standardised(cells)
    np.testing.assert_allclose(found.mean(0), 1.0, atol=1e-4)
    np.testing.assert_allclose(found.std(0), 0.4, atol=1e-4)


def test_features_of_one_sweep_are_those_of_the_probes() -> None:
    circuit = circuit_of(10, 1, Condition())
    cells = standardised(drawn_cells(circuit, Condition(), 100, 1))
    model = as_backbone(train_together([(circuit.measured, cells)], TINY), "tiny", "standardised")
    asked = {task: drawn_pairs(circuit, task, 1) for task in TASKS}
    settings = SweepSettings(BASE, GRID)
    found = curve_features(model, circuit.measured, asked, settings)
    assert set(found) == {(*part, task) for part in PARTS for task in TASKS}
    for task, pairs in asked.items():
        named = [(circuit.measured[s], circuit.measured[t]) for s, t in pairs.places]
        for context, cell in (("pair", Context()), ("full", Context("genes", circuit.measured))):
            for method in (VVP, GDT):
                expected = pair_features(method, model, named, cell, settings)
                np.testing.assert_allclose(found[method.name, context, task], expected, rtol=1e-4, atol=1e-6)


def test_conditional_means_are_ridge_regressions_on_powers_of_all_other_genes() -> None:
    rng = np.random.default_rng(0)
    cells = rng.gamma(2.0, 1.0, (300, 5)).astype(np.float32)
    cells[:, 1] += cells[:, 0] ** 2
    means = ConditionalMeans.of(cells)
    z = (cells - cells.mean(0)) / cells.std(0)
    powers = np.stack([np.clip(z, -FARTHEST, FARTHEST) ** p for p in (1, 2, 3)], -1)
    powers = (powers - powers.mean(0)) / powers.std(0)
    penalty = 0.1 * len(cells)
    for target in range(5):
        others = np.delete(powers, target, 1).reshape(len(cells), -1)
        expected = Ridge(penalty, fit_intercept=False).fit(others, z[:, target]).predict(others)
        found = (means.given_all(cells)[:, target] - cells[:, target].mean()) / cells[:, target].std()
        np.testing.assert_allclose(found, expected, atol=1e-4)
    pairs = np.tile([0, 1], (len(cells), 1))
    found = (means.given_one(pairs, cells[:, :2]) - cells[:, :2].mean(0)) / cells[:, :2].std(0)
    for source, target in ((0, 1), (1, 0)):
        line = Ridge(penalty, fit_intercept=False).fit(powers[:, source], z[:, target])
        np.testing.assert_allclose(found[:, target], line.predict(powers[:, source]), atol=1e-4)


def test_a_sparse_regression_finds_the_two_sources_of_a_target_and_is_a_ridge_at_its_own_variances() -> None:
    """At the fixed point the weights are a ridge regression on the sources that are left, each with a penalty of its
    own, and each variance is that of its weights over how much of them the cells decide."""
    rng = np.random.default_rng(3)
    z = rng.standard_normal((1500, 12))
    z[:, 0] = 0.7 * z[:, 4] - 0.5 * z[:, 7] + 0.4 * rng.standard_normal(1500)
    z = (z - z.mean(0)) / z.std(0)
    weights = sparse_weights(z[:, :, None], z)[:, 0, 0]
    assert set(np.argsort(-np.abs(weights))[:2]) == {4, 7} and weights[0] == 0 and (weights == 0).sum() > 3
    kept = np.flatnonzero(weights)
    line = ARDRegression(alpha_1=0, alpha_2=0, lambda_1=0, lambda_2=0, fit_intercept=False, max_iter=300)
    expected = line.fit(z[:, 1:], z[:, 0]).coef_
    np.testing.assert_allclose(weights[[4, 7]], expected[[3, 6]], atol=0.01)
    assert np.abs(np.delete(weights, [4, 7])).max() < 0.05 and len(kept) < 8


def test_both_fits_share_what_a_pair_alone_says() -> None:
    cells = np.random.default_rng(0).gamma(2.0, 1.0, (300, 10)).astype(np.float32)
    cells[:, 1] += cells[:, 0] ** 2
    dense, sparse = (ConditionalMeans.of(cells, fit) for fit in FITS)
    np.testing.assert_array_equal(dense.alone, sparse.alone)
    assert (sparse.among == 0).sum() > (dense.among == 0).sum()
    z = np.array([-1.0, 2.0])
    np.testing.assert_allclose(sparse.responses(z)[1][0, 1], dense.responses(z)[1][0, 1], atol=0.1)


def test_responses_of_the_regression_are_differences_of_its_means() -> None:
    means = ConditionalMeans.of(np.random.default_rng(0).gamma(2.0, 1.0, (200, 5)).astype(np.float32))
    z = np.array([-3.0, 0.5, 2.0])
    alone, among = means.responses(z)
    for source, target in ((0, 1), (4, 2)):
        cells = np.tile(means.centre, (len(z) + 1, 1))
        cells[1:, source] += means.scale[source] * z
        of_all = means.given_all(cells)[:, target]
        np.testing.assert_allclose(among[source, target], (of_all[1:] - of_all[0]) / means.scale[target], atol=1e-5)
        pairs = np.tile([source, target], (len(cells), 1))
        of_one = means.given_one(pairs, cells[:, [source, target]])[:, 1]
        np.testing.assert_allclose(alone[source, target], (of_one[1:] - of_one[0]) / means.scale[target], atol=1e-5)


def test_a_backbone_begins_with_the_curves_of_the_regression() -> None:
    """With an axis for every gene, what is left is the softmax's own bend and that lines between knots are straight."""
    circuit = circuit_of(30, 1, Condition())
    cells = standardised(drawn_cells(circuit, Condition(), 400, 1))
    settings = replace(TINY, width=12 * 31)
    first = Trained(untrained([(circuit.measured, cells)], settings).eval(), circuit.measured, settings, (), (), (0, 2))
    model = as_backbone(first, "first", "standardised")
    named = [(s, t) for s in circuit.measured for t in circuit.measured if s != t]
    sweep = SweepSettings(BASE, GRID)
    among, beyond = np.split(effect_tables(ConditionalMeans.of(cells)), 2)
    parts = curve_parts((np.array(GRID) - BASE) / 0.4)
    alone = ConditionalMeans.of(cells).responses((np.array(GRID) - BASE) / 0.4)[0]
    np.testing.assert_allclose(np.einsum("kts,vk->stv", among + beyond, parts), alone, atol=1e-4)
    for cell, tables in (
        (Context("genes", circuit.measured), among + ALONE / 31 * beyond),
        (Context(), among + beyond),
    ):
        found = pair_features(VVP, model, named, cell, sweep)[:, : len(GRID)] / 0.4
        at = tuple(np.array([[circuit.measured.index(g) for g in pair] for pair in named]).T)
        expected = np.einsum("pk,vk->pv", tables.transpose(2, 1, 0)[at], parts)
        assert 1 - ((found - expected) ** 2).mean() / (expected**2).mean() > 0.95
    with pytest.raises(ValueError, match="12 heads"):
        untrained([(circuit.measured, cells)], replace(TINY, n_heads=2))


def test_standing_is_among_the_same_source_and_target_and_beside_the_way_round() -> None:
    response = np.zeros((4, 4, 1), np.float32)
    response[0, 1], response[1, 2], response[0, 2], response[3, 2] = 0.9, -0.5, 0.2, 0.1
    asked: dict[Task, Pairs] = {"directed": Pairs(np.array([[0, 2]]), np.array([1]))}
    found = features_of({"VVP": response}, {"VVP": response}, asked)[STANDING, "full", "directed"][0]
    there, back = np.split(found, 2)
    row, column = np.sqrt([0.9, 0.2, 0.0]), np.sqrt([0.2, 0.5, 0.1])
    expected = [
        (np.sqrt(0.2) - row.mean()) / row.std(),
        (np.sqrt(0.2) - column.mean()) / column.std(),
        np.sqrt(0.5),
    ]
    np.testing.assert_allclose(there, expected, rtol=1e-5)
    assert back[2] == there[2] and back[0] == 0.0, "a source that moves nothing stands nowhere"


def test_a_translator_on_all_scores_gets_those_of_cells_alone_both_ways() -> None:
    tables = {name: np.arange(9.0).reshape(3, 3) + 10 * n for n, name in enumerate(RIVALS)}
    found = score_features(tables, Pairs(np.array([[0, 2]]), np.array([1])))
    n = sum(told == CELLS_ALONE for told in RIVALS.values())
    assert found.tolist() == [[*(2 + 10 * i for i in range(n)), *(6 + 10 * i for i in range(n))]] and n == 4


def test_other_conditions_ask_about_fewer_circuits() -> None:
    request = replace(REQUEST, conditions=(Condition(), Condition("perturbed")), fewer=1)
    assert request.circuits(Condition()) == ((10, 1), (12, 2), (10, 11), (14, 12))
    assert request.asked(Condition("perturbed")) == ((10, 11),)


def test_virtual_cells_have_one_gene_moved_and_pairs_their_first() -> None:
    means = ConditionalMeans.of(np.random.default_rng(0).random((50, 6)).astype(np.float32))
    values, moved = whole_cells(np.random.default_rng(1), means, 9)
    away = np.abs(values - means.centre) > 1e-6
    assert not away[0].any() and (away[1:].sum(1) == 1).all() and (away[1:].argmax(1) == moved).all()
    pairs, values = pair_cells(np.random.default_rng(1), means, 40)
    assert (pairs[:40] == pairs[40:]).all() and (pairs[:, 0] != pairs[:, 1]).all()
    np.testing.assert_array_equal(values[:40, 1], values[40:, 1])
    np.testing.assert_allclose(values[:40, 0], means.centre[pairs[:40, 0]])


def test_a_pair_without_order_is_scored_the_same_either_way(kept) -> None:
    learnt, asked = condition_cases(REQUEST, Condition(), kept)
    turned = [
        replace(case, features={key: np.roll(f, f.shape[1] // 2, axis=1) for key, f in case.features.items()})
        for case in asked
    ]
    first, second = (all_scores(learnt, cases, "unordered", 1)[OURS, "trained"] for cases in (asked, turned))
    for a, b in zip(first, second, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_a_resample_is_scikit_learns_average_precision_of_repeated_pairs() -> None:
    rng = np.random.default_rng(4)
    labels = [rng.permutation(np.repeat([0, 1], [12, 9])), rng.permutation(np.repeat([0, 1], [5, 7]))]
    scores = [np.round(rng.random(len(y)), 1) for y in labels]  # with ties
    draws = drawn(labels, 20)
    assert (draws.circuits.sum(1) == 2).all()
    for y, s, counts in zip(labels, scores, draws.pairs, strict=True):
        assert (counts @ y == y.sum()).all() and (counts.sum(1) == len(y)).all(), "the prior stays"
        expected = [average_precision_score(np.repeat(y, c), np.repeat(s, c)) for c in counts]
        np.testing.assert_allclose(weighted_auprc(y, s, counts), expected)
    each = [weighted_auprc(y, s, c) for y, s, c in zip(labels, scores, draws.pairs, strict=True)]
    expected = [np.average([e[d] for e in each], weights=draws.circuits[d]) for d in range(20)]
    np.testing.assert_allclose(mean_auprc(labels, scores, draws), expected)


class Kind:
    """Draws of a generator, but for the first one, which chooses the kind of a batch."""

    def __init__(self, first: float) -> None:
        self.first, self.drawn = first, np.random.default_rng(4)
        self.random = self.once

    def once(self) -> float:
        self.random = self.drawn.random
        return self.first

    def __getattr__(self, name: str) -> object:
        return getattr(self.drawn, name)


def test_the_loss_weighs_what_changes_with_a_gene_above_what_stands_still(monkeypatch) -> None:
    cells = np.random.default_rng(0).gamma(2.0, 1.0, (50, 6)).astype(np.float32)
    means = ConditionalMeans.of(cells)
    error: dict[str, np.ndarray] = {}

    def model(ids: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
        assert int(ids.min()) >= 7, "the circuit's first gene is token 7"
        error["ids"], error["values"] = ids.numpy() - 7, values.numpy()
        truth = means.given_one if ids.shape[1] == 2 else lambda _, values: means.given_all(values)
        error["made"] = np.random.default_rng(9).random(values.shape).astype(np.float32)
        return torch.from_numpy(truth(error["ids"], error["values"]) + error["made"])

    def loss(kind: float) -> float:
        return float(joint._loss(model, Kind(kind), cells, means, 7, TINY)) * float(means.scale.mean()) ** 2  # pyright: ignore

    found, e = loss(0.2), error["made"]
    half = len(e) // 2
    assert half == TINY.tokens // 6
    assert found == pytest.approx((e**2).mean() + 3.0 * ((e[half:, 1] - e[:half, 1]) ** 2).mean(), rel=1e-4)
    found, e = loss(0.45), error["made"]
    assert len(e) == TINY.tokens // 7
    change = (e[1:] - e[0])[np.isclose(error["values"][1:], means.centre)]
    assert len(change) == (len(e) - 1) * 5, "of all genes but the one that was moved"
    assert found == pytest.approx((e[0] ** 2).mean() + 15.0 * (change**2).sum() / e[1:].size, rel=1e-4)
    few = replace(TINY, tokens=7)
    assert joint._loss(model, Kind(0.45), cells, means, 7, few) > 0 and len(error["made"]) == 4  # pyright: ignore
    met: list[np.ndarray] = []
    monkeypatch.setattr(joint, "masked_loss", lambda _, ids, *__: met.append(ids) or 2.0)
    assert loss(0.05) == pytest.approx(0.3 * 2.0) and met[0].min() >= 7 and met[0].max() < 13


def test_a_training_that_was_stopped_goes_on_to_the_same_weights(monkeypatch) -> None:
    monkeypatch.setattr("ugrn_core.circuits.joint.CHUNK", 3)
    circuit = circuit_of(10, 1, Condition())
    other = circuit_of(11, 2, Condition())
    groups = [
        (tuple(f"{n}.{g}" for g in c.measured), standardised(drawn_cells(c, Condition(), 60, n)))
        for n, c in enumerate((circuit, other))
    ]
    settings = replace(TINY, steps=7)
    whole = train_together(groups, settings)
    states: dict[int, dict[str, np.ndarray]] = {}
    calls = iter(range(100))
    with pytest.raises(Cancelled):
        train_together(groups, settings, keep=states.__setitem__, cancel=lambda: next(calls) == 5)
    assert sorted(states) == [1]
    resumed = train_together(groups, settings, kept=states.get)
    assert whole.losses == resumed.losses and len(whole.losses) == 3
    for (name, a), b in zip(whole.model.state_dict().items(), resumed.model.state_dict().values(), strict=True):
        assert torch.equal(a, b), name
    assert whole.genes == groups[0][0] + groups[1][0]
    assert CHUNK == 250


def test_rivals_find_a_single_strong_arrow_among_noise() -> None:
    rng = np.random.default_rng(0)
    cells = rng.standard_normal((400, 5)).astype(np.float32)
    cells[:, 3] = 0.8 * cells[:, 1] + 0.3 * rng.standard_normal(400)
    for table in (
        correlation(cells),
        partial_correlation(cells),
        tree_importance(cells, range(5)),
        boosted_importance(cells, range(5)),
    ):
        off = np.array(table)
        np.fill_diagonal(off, 0)
        assert {int(i) for i in np.unravel_index(off.argmax(), off.shape)} == {1, 3}
    told = tree_importance(cells, [1, 2])
    assert (told[[0, 3, 4]] == 0).all() and told[:, 3].sum() == pytest.approx(1)
    closed = np.corrcoef(cells.T.astype(float))
    inverse = np.linalg.inv(np.cov(cells.T.astype(float)) + 1e-3 * np.eye(5))
    np.testing.assert_allclose(correlation(cells), np.abs(closed))
    expected = abs(inverse[1, 3]) / np.sqrt(inverse[1, 1] * inverse[3, 3])
    assert partial_correlation(cells)[1, 3] == pytest.approx(expected)


def test_the_frame_has_every_method_circuit_and_task_with_its_prior_and_what_it_is_told(frame) -> None:
    assert list(frame.columns) == COLUMNS
    methods = {*RIVALS, WITHOUT_MODEL, ON_SCORES, *ON_REGRESSION.values(), ON_BOTH}
    for task in TASKS:
        of_task = frame[frame["task"] == task]
        assert methods < set(of_task["method"])
        assert set(of_task.loc[of_task["method"] == OURS, "weights"]) == {"trained", "random"}
        each = of_task[(of_task["measure"] == "AUPRC") & (of_task["circuit"] != MEAN)]
        assert set(each["circuit"]) == {"10 genes, seed 11", "14 genes, seed 12"}
        np.testing.assert_allclose(each["prior"], each["n_pos"] / (each["n_pos"] + each["n_neg"]))
        assert each["prior"].between(0.45, 0.55).all() and each["value"].between(0, 1).all()
        means = of_task[(of_task["measure"] == "AUPRC") & (of_task["circuit"] == MEAN)].set_index(["method", "weights"])
        np.testing.assert_allclose(
            means["value"], each.groupby(["method", "weights"])["value"].mean().reindex(means.index)
        )
        leads = of_task[of_task["measure"] == LEAD].set_index(["method", "weights"])
        np.testing.assert_allclose(leads["value"], means.loc[(OURS, "trained"), "value"] - means["value"], atol=1e-12)
        assert leads.loc[(OURS, "trained"), ["value", "low", "high"]].tolist() == [0, 0, 0]
        assert (leads["low"] <= leads["high"]).all()
    assert frame.loc[frame["method"] == "Boosted trees", "told"].eq("cells").all()
    assert "regulate" in frame.loc[frame["method"] == "Tree importance, told the regulators", "told"].iloc[0]
    assert "other circuits" in frame.loc[frame["method"] == OURS, "told"].iloc[0]


def test_what_is_kept_is_not_computed_again(tmp_path, monkeypatch) -> None:
    with Store(tmp_path) as store:
        first = condition_cases(REQUEST, Condition(), store)
        for name in ("drawn_cells", "rival_tables", "curve_features", "_loss"):
            place = "joint" if name == "_loss" else "control"
            monkeypatch.setattr(f"ugrn_core.circuits.{place}.{name}", _never)
        again = condition_cases(REQUEST, Condition(), store)
    for a, b in zip((*first[0], *first[1]), (*again[0], *again[1]), strict=True):
        for key, array in a.features.items():
            np.testing.assert_array_equal(array, b.features[key])
    assert first[0][0].scores and first[1][0].scores


def _never(*_: object, **__: object):
    raise AssertionError("computed again")


def test_the_pairs_of_a_lesson_are_responses_both_ways_with_labels(kept) -> None:
    parts = lesson_pairs(REQUEST, kept)
    learnt, asked = condition_cases(REQUEST, Condition(), kept)
    assert len(parts["train_y"]) == sum(len(c.pairs["unordered"].labels) for c in learnt)
    assert len(parts["test_y"]) == len(parts["test_x"]) == sum(len(c.pairs["unordered"].labels) for c in asked)
    assert parts["train_x"].shape[1] == 4 * len(GRID) and set(parts["test_y"]) == {0, 1}


def test_the_command_writes_the_frame_and_says_what_it_found(frame, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("UGRN_CACHE_DIR", str(tmp_path / "cache"))
    asked: list[ControlRequest] = []

    def run(request: ControlRequest, store: Store, *, progress) -> pd.DataFrame:
        asked.append(request)
        progress(0.5, "half of it")
        return frame

    monkeypatch.setattr("ugrn_core.circuits.control.run_control", run)
    out = tmp_path / "control.csv.gz"
    done = CliRunner().invoke(app, ["benchmark", "--table", "circuits", "--seeds", "2", "--out", str(out)])
    assert done.exit_code == 0, done.stderr
    assert asked == [ControlRequest(seeds=2)]
    pd.testing.assert_frame_equal(read_control(out), frame, check_dtype=False, rtol=1e-4, atol=1e-6)
    for sentence in control_sentences(frame):
        assert sentence in done.stderr
    assert done.stdout.splitlines()[0] == ",".join(CONTROL_COLUMNS)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--table", "circuits", "--backbone", "ugrn-mini"], "--table circuits has no --backbone"),
        (["--table", "circuits", "--max-pos", "9"], "--table circuits has no --max-pos"),
        (["--table", "circuit"], "--table is 'circuit'; expected 1 to 6, a table of the paper, or circuits"),
        (["--table", "²"], "--table is '²'"),
        (["--table", "7"], "7"),
    ],
)
def test_what_the_control_has_no_use_for_is_refused(given, said, tmp_path) -> None:
    run = CliRunner().invoke(app, ["benchmark", *given, "--out", str(tmp_path / "x.csv")])
    assert run.exit_code == 2 and said in run.stderr and not run.stdout and "Traceback" not in run.stderr
    assert not (tmp_path / "x.csv").exists()


def test_another_csv_is_not_read_as_results_of_the_control(tmp_path) -> None:
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe")
    for name in ("a.csv", "b.csv", "none.csv"):
        with pytest.raises(InputError, match="control"):
            read_control(tmp_path / name)


def test_sentences_and_figure_are_of_the_frame(frame) -> None:
    first = conditions_of(frame)[0]
    lines = standing_of(frame, first, "unordered")
    assert lines["auprc"].is_monotonic_decreasing and set(lines["method"]) >= {
        OURS,
        WITHOUT_MODEL,
        ON_SCORES,
        *ON_REGRESSION.values(),
        ON_BOTH,
        *RIVALS,
    }
    drawn_names = [y for trace in plot_control(lines).data for y in trace["y"]]
    assert sorted(drawn_names) == sorted(lines["name"])
    words = " ".join(control_sentences(frame))
    ours = lines[(lines["method"] == OURS) & (lines["weights"] == "trained")].iloc[0]
    assert f"{ours['auprc']:.3f} ({ours['low']:.3f} to {ours['high']:.3f})" in words
    assert ("below the 0.9 asked for" in words) == (ours["auprc"] < 0.9)


def test_the_goal_is_said_to_be_reached_only_where_every_interval_is_apart(frame) -> None:
    lead = (frame["measure"] == LEAD) & (frame["task"] == "unordered")
    others = lead & ~((frame["method"] == OURS) & (frame["weights"] == "trained"))
    high = (frame["measure"] == "AUPRC") & (frame["circuit"] == MEAN) & (frame["method"] == OURS)
    won = frame.copy()
    won.loc[others, ["value", "low", "high"]] = 0.1, 0.05, 0.2
    won.loc[high & (frame["weights"] == "trained"), "value"] = 0.95
    goal = control_sentences(won)[-2]
    assert "above every other score" in goal and "at or above the 0.9" in goal
    won.loc[others & (frame["method"] == ON_BOTH), "low"] = -0.01
    assert "above every other score but the translators on both regressions" in control_sentences(won)[-2]
    won.loc[others, "low"] = 0.05
    won.loc[others & (frame["method"] == "Boosted trees"), "low"] = -0.01
    assert control_sentences(won)[-2].endswith("not clearly above Boosted trees.")


SHIPPED = ASSETS / "benchmark" / "circuits" / "control.csv.gz"


@pytest.mark.skipif(not SHIPPED.is_file(), reason="no control is shipped")
def test_the_shipped_control_is_that_of_the_default_request_and_the_page_says_what_it_says(monkeypatch) -> None:
    shipped, request = read_control(SHIPPED), ControlRequest()
    for condition in request.conditions:
        of_it = shipped[(shipped["cells"] == condition.cells) & (shipped["confounded"] == condition.confounded)]
        assert set(of_it["circuit"]) == {f"{n} genes, seed {seed}" for n, seed in request.asked(condition)} | {MEAN}
    assert set(shipped["n_cells"]) == {request.n_cells}
    asked = [(c.cells, c.confounded) for c in request.conditions]
    assert conditions_of(shipped) == asked[: len(conditions_of(shipped))]
    monkeypatch.chdir(ROOT)
    at = AppTest.from_string(
        "from ui import frame\nfrom ui.benchmark import circuits\nwith frame.around_page(): circuits.show()\n",
        default_timeout=120,
    ).run()
    assert not at.exception and at.subheader[0].value == "Where the truth is known"
    said = at.markdown[1].value.replace("\\", "")
    assert all(sentence.replace("\\", "") in said for sentence in control_sentences(shipped))
    table = at.dataframe[0].value
    assert table["task"].eq("unordered").all()
    at.button_group(key="control task").set_value("turned").run()
    assert not at.exception and at.dataframe[0].value["task"].eq("turned").all()
