"""What the control's circuits, cells and backbones are made by, against plain NumPy and held numbers.

Backbones, cells and features are kept by ``SCHEMA`` of :mod:`ugrn_core.circuits.control`: numbers that another recipe
would give here mean that it has to rise, and that the shipped control is of an older recipe.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import asdict, replace

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.ensemble import ExtraTreesRegressor, GradientBoostingRegressor
from sklearn.metrics import average_precision_score

from ugrn_core.circuits import control, control_frame, first_weights, joint
from ugrn_core.circuits.circuit import Circuit, Gene, Production, Regulator
from ugrn_core.circuits.control import ControlRequest, condition_cases, run_control
from ugrn_core.circuits.control_case import Condition, circuit_of, drawn_cells, drawn_pairs, rival_scores
from ugrn_core.circuits.control_frame import read_control
from ugrn_core.circuits.first_weights import curve_parts, first_model
from ugrn_core.circuits.joint import pair_cells, train_together, whole_cells
from ugrn_core.circuits.means import FITS, ConditionalMeans, Fit
from ugrn_core.circuits.random_circuit import random_circuit
from ugrn_core.circuits.rivals import boosted_importance, correlation, partial_correlation, tree_importance
from ugrn_core.circuits.shipped import train_circuit
from ugrn_core.circuits.simulation import effects_of, simulate
from ugrn_core.circuits.training import (
    TrainingSettings,
    as_backbone,
    draw_batch,
    new_model,
    save,
    schedule,
    train,
)
from ugrn_core.errors import Cancelled, InputError
from ugrn_core.paths import ASSETS
from ugrn_core.types import Progress

SMALL = TrainingSettings(width=48, n_heads=12, ff_width=16, n_layers=2)


HELD_BATCH = [10, 5, 23, 19]
HELD_TRAINING = (6.588208, 4.573763)
HELD_LOSSES = [6.599201, 5.955541, 1.100620]
HELD_MOVED = [1.0175836, 1.8415456]
HELD_WHOLE = [0.5363344, 1.8966738]
HELD_CIRCUITS = {
    (10, 1, False): "e9982bf5d86b",
    (10, 1, True): "cf4d2a17eb93",
    (50, 701, False): "a15c40219647",
    (100, 702, True): "a5c9cc3586cd",
}
"""What the recipe gave when the control was shipped."""


def cells_of(n: int, seed: int, n_cells: int = 300) -> np.ndarray:
    """Cells whose genes bend one another."""
    cells = np.random.default_rng(seed).gamma(2.0, 1.0, (n_cells, n)).astype(np.float32)
    cells[:, 1] += cells[:, 0] ** 2 / 4
    cells[:, 2] -= cells[:, 3]
    return cells


def test_parts_of_a_curve_are_a_line_a_square_and_a_cubic_across_it() -> None:
    expected = [[2.0, 2.0, 1 / 3], [-1.0, 0.5, 1 / 3], [3.0, 4.5, 3.0], [0.0, 0.0, 0.0]]
    np.testing.assert_allclose(curve_parts(np.array([2.0, -1.0, 3.0, 0.0])), expected)


def parts_at(z: np.ndarray) -> np.ndarray:
    return np.stack([z, z**2 / 2, (z**3 - 3 * z) / 6])


def softmax(x: np.ndarray) -> np.ndarray:
    x = np.exp(x - x.max(-1, keepdims=True))
    return x / x.sum(-1, keepdims=True)


def begun(means: ConditionalMeans, z: np.ndarray, axes: np.ndarray, centre: float, scale: float) -> np.ndarray:
    """What a model begins with for genes at ``z`` (gene,), NaN where masked: pairs of heads, written down."""
    n = len(z)
    knots = np.linspace(-2.5, 2.5, 11)
    said = np.array([np.interp(np.nan_to_num(z), knots, part) for part in parts_at(knots)])  # (part, source)
    at = np.array([-2.0, -0.7, 1.1, 2.3])
    alone, among = (np.linalg.lstsq(parts_at(at).T, curves.transpose(2, 0, 1).reshape(4, -1), rcond=None)[0]
                    .reshape(3, *curves.shape[:2]).transpose(0, 2, 1) for curves in means.responses(at))  # fmt: skip
    left = 4.5 / (len(means.centre) + 1)
    beyond = (alone - among) / (1 - left)
    answer = np.zeros(n)
    for table, sharpness, gain, of_cls, part in (
        *((among[k] - left * beyond[k], 6.0, 1000.0, math.log(1000.0), said[k]) for k in range(3)),
        *((beyond[k], 0.3, 4.5, 0.0, said[k]) for k in range(3)),
    ):
        scores = np.arcsinh(sharpness * table)
        np.fill_diagonal(scores, 0.0)
        up, down = (softmax(np.hstack([np.full((n, 1), of_cls), sign * scores[:n, :n]])) for sign in (1, -1))
        answer += gain / (2 * sharpness) * ((up - down)[:, 1:] @ part)
    channels = 0.3 * np.vstack([said, answer])  # beside an embedding of mean 0, in every token
    width = axes.shape[1]
    mean = channels.sum(0) / width
    spread = np.sqrt(((axes**2).sum(1) + (channels**2).sum(0)) / width - mean**2)
    normed = (channels[3] - mean) / spread
    length = math.sqrt((axes[0] ** 2).sum())
    return centre + 1.0001 * scale * length / math.sqrt(width) / 0.3 * normed


def test_a_model_begins_with_what_its_pairs_of_heads_say(monkeypatch) -> None:
    """Without what is drawn by lot: two circuits, an axis or more a gene, a masked gene and one far off."""
    centre, scale = 1.3, 0.45
    means = [ConditionalMeans.of(cells_of(n, n)) for n in (8, 10)]
    settings = replace(SMALL, width=12 * 12)
    monkeypatch.setattr(first_weights, "BY_CHANCE", 0.0)
    model = first_model(means, settings, centre, scale).eval()
    axes = model.gene_embedding.weight[:18].detach().numpy().astype(float)
    for start, of_circuit, moved in ((0, means[0], 4), (8, means[1], 7)):
        n = len(of_circuit.centre)
        z = np.zeros(n)
        z[moved], z[2], z[1] = 1.3, -2.8, np.nan
        values = np.where(np.isnan(z), -1.0, centre + scale * z).astype(np.float32)
        with torch.no_grad():
            found = model(torch.arange(start, start + n), torch.from_numpy(values)[None])[0].numpy()
        expected = begun(of_circuit, z, axes[start : start + n], centre, scale)
        assert np.ptp(expected) > 0.2
        np.testing.assert_allclose(found, expected, atol=2e-4)


def test_the_first_weights_leave_what_they_do_not_lay_as_it_was_drawn() -> None:
    means, settings = ConditionalMeans.of(cells_of(8, 1)), replace(SMALL, width=12 * 4)
    model = first_model([means], settings, 1.0, 0.4)
    table = model.gene_embedding.weight.detach().numpy().astype(float)
    genes, cls, free, answer = table[:8], table[model.config.cls_id], 36, 40
    axes = genes[:, :free]
    length = ((axes**2).sum(1) + axes.sum(1) ** 2 / 2).max() + 1.0
    np.testing.assert_allclose((genes**2).sum(1), length, rtol=1e-5)
    np.testing.assert_allclose(genes.sum(1), 0, atol=1e-5)
    assert cls[free] == 1 and (cls[:free] == 0).all() and (cls[answer:-2] == 0).all()
    np.testing.assert_allclose(cls[-2:], np.array([1, -1]) * math.sqrt(length / 2), rtol=1e-5)
    drawn = new_model(settings, genes, 1.0)
    laid = model.value_out.weight
    assert (laid == 0).all(1).nonzero().flatten().tolist() == [free, answer] and not model.value_out.bias[answer:].any()
    assert (laid[free + 1 : answer, 12:] == 0).all(), "eleven knots and what is masked"
    torch.testing.assert_close(laid[answer + 1 :], 0.02 * drawn.value_out.weight[answer + 1 :])
    ours, theirs = model.state_dict(), drawn.state_dict()
    for name in ("head.0", "head.1"):
        assert not ours[f"{name}.bias"][:2].any() and torch.equal(ours[f"{name}.bias"][2:], theirs[f"{name}.bias"][2:])
        assert torch.equal(ours[f"{name}.weight"][2:], theirs[f"{name}.weight"][2:])
    torch.testing.assert_close(ours["head.2.weight"][:, 2:], 0.02 * theirs["head.2.weight"][:, 2:])
    for n, (ours, theirs) in enumerate(zip(model.blocks, drawn.blocks, strict=True)):
        torch.testing.assert_close(ours.ff_out.weight, 0.02 * theirs.ff_out.weight)
        assert not ours.ff_out.bias.any() and not ours.out.bias.any()
        assert n == 0 or torch.equal(ours.qkv.weight, theirs.qkv.weight)
    torch.testing.assert_close(model.blocks[1].out.weight, 0.02 * drawn.blocks[1].out.weight)
    for wrong in (replace(settings, width=36), replace(settings, n_heads=6)):
        with pytest.raises(ValueError, match="12 heads of 4 or more"):
            first_model([means], wrong, 1.0, 0.4)
    with pytest.raises(ValueError, match="8 genes or more"):
        first_model([means, ConditionalMeans.of(cells_of(7, 1))], settings, 1.0, 0.4)


# training


def test_the_rate_of_learning_warms_up_and_falls_like_a_cosine() -> None:
    settings = TrainingSettings(steps=10, warmup=4)
    found = [schedule(step, settings) for step in (0, 2, 3, 4, 6, 7, 10)]
    fall = [0.01 + 0.99 * (1 + math.cos(math.pi * part)) / 2 for part in (0, 1 / 3, 1 / 2, 1)]
    assert found == pytest.approx([0.25, 0.75, 1.0, *fall])
    assert [schedule(4, replace(settings, steps=n)) for n in (4, 5)] == [1.0, 1.0]
    assert schedule(5, replace(settings, steps=5)) == pytest.approx(0.01)
    assert schedule(5, replace(settings, steps=4)) == pytest.approx(0.01)


def test_a_batch_hides_some_values_of_a_cell_and_shows_others_of_strange_ones() -> None:
    cells = np.arange(40 * 7, dtype=np.float32).reshape(40, 7) + 1  # a value tells its cell and gene
    settings = TrainingSettings(tokens=60, most_cells=12, replace_share=0.25)
    sizes, hidden_shares, strange = set(), [], []
    for seed in range(300):
        ids, truth, shown, hidden = draw_batch(np.random.default_rng(seed), cells, settings)
        b, n = ids.shape
        sizes.add(n)
        assert b == min(12, 60 // (n + 1)) and all(len(set(row)) == n for row in ids.tolist())
        assert (truth % 7 == (ids + 1) % 7).all() and len({*((truth - 1) // 7)[0].tolist()}) == 1
        assert (shown[~hidden] == truth[~hidden]).all() and (shown[hidden] != truth[hidden]).mean() > 0.5
        assert hidden.any(1).all() and not hidden.all(1).any()
        other = shown[hidden] != -1
        assert (shown[hidden][other] % 7 == (ids[hidden][other] + 1) % 7).all()
        if n == 7:
            hidden_shares.append(hidden.mean())
        strange.append(other.mean())
    assert sizes == {2, 3, 4, 5, 6, 7} and np.mean(strange) == pytest.approx(0.25, abs=0.02)
    assert min(hidden_shares) < 0.25 and max(hidden_shares) > 0.5
    assert np.mean(hidden_shares) == pytest.approx((0.375 * 5 + 1) / 7, abs=0.04), "one is hidden and one shown anyway"
    ids, _, _, hidden = draw_batch(np.random.default_rng(5), cells, settings)
    assert [*ids.shape, int(ids[:, 0].sum()), int(hidden.sum())] == HELD_BATCH


def test_a_shipped_model_begins_as_its_card_says() -> None:
    """Two points of the loss curve, the cells' means and their range: circuit, cells and training come out again."""
    card = json.loads((ASSETS / "models" / "circuit-2" / "card.json").read_text())
    settings = {k: v for k, v in card["about"]["settings"].items() if k != "kinship"}
    assert settings == asdict(TrainingSettings(seed=2))
    begun = train_circuit(2, 40)
    assert list(begun.losses) == pytest.approx(card["about"]["loss"][:2], abs=2e-4)
    assert dict(zip(begun.genes, begun.mean, strict=True)) == card["about"]["mean"]
    assert list(begun.domain) == card["domain"]


def test_what_is_written_beside_weights(tmp_path) -> None:
    cells = cells_of(4, 2, 60)
    settings = TrainingSettings(
        steps=41, warmup=5, width=12, n_heads=2, ff_width=8, n_layers=1, tokens=60, most_cells=9
    )
    shares: list[float] = []
    made = train(cells, ("A", "B", "C", "D"), settings, progress=lambda share, _: shares.append(share))
    assert shares == pytest.approx([20 / 41, 40 / 41]) and made.losses == pytest.approx(HELD_TRAINING, rel=1e-3)
    assert made.mean == tuple(round(float(v), 4) for v in cells.mean(0))
    assert made.domain == (round(float(cells.min()), 2), round(float(cells.max()), 2))
    assert made.model.config == replace(made.model.config, vocab_size=6, gene_norm=False, value_norm=False, cls_id=5)
    assert made.model.config.cls_value == 0.0
    live, kept = as_backbone(made, "four"), save(made, tmp_path / "four", "four", "Four genes")
    for backbone in (live, kept):
        card = backbone.card
        assert card.embedded and (card.base, card.grid, card.max_seq_len) == (1.0, (0.1, 0.4, 0.7, 1.3, 1.6, 2.0), 256)
    args, card = (json.loads((tmp_path / "four" / f"{name}.json").read_text()) for name in ("args", "card"))
    assert (args["dropout"], args["max_seq_len"], card["embedded"]) == (0.0, 256, True)
    assert card["about"]["loss"] == [round(x, 4) for x in made.losses] and card["label"] == "Four genes"


def groups_of(*sizes: int) -> list[joint.Group]:
    return [(tuple(f"{n}.{g}" for g in range(n)), (1 + cells_of(n, n) / 9).astype(np.float32)) for n in sizes]


def test_a_training_of_several_circuits_comes_out_again(monkeypatch) -> None:
    monkeypatch.setattr(joint, "CHUNK", 8)
    groups = groups_of(8, 11)
    settings = replace(SMALL, steps=20, warmup=2, tokens=120, learning_rate=3e-4, n_layers=1)
    taught = [ConditionalMeans.of(cells, "sparse") for _, cells in groups]
    shares: list[float] = []
    states: dict[int, joint.Checkpoint] = {}
    made = train_together(
        groups, settings, taught, keep=states.__setitem__, progress=lambda share, _: shares.append(share)
    )
    assert shares == pytest.approx([1 / 3, 2 / 3, 1]) and sorted(states) == [1, 2, 3]
    assert list(made.losses) == pytest.approx(HELD_LOSSES, rel=1e-3)
    joined = [cells for _, cells in groups]
    assert made.mean == tuple(round(float(v), 4) for cells in joined for v in cells.mean(0))
    assert made.domain == (round(min(map(np.min, joined)), 2), round(max(map(np.max, joined)), 2))
    for kept, computed in (({1: states[1], 2: states[2]}, [3]), ({1: states[1]}, [2, 3]), ({}, [1, 2, 3])):
        again: dict[int, joint.Checkpoint] = {}
        resumed = train_together(groups, settings, taught, kept=kept.get, keep=again.__setitem__)
        assert sorted(again) == computed and resumed.losses == made.losses


@pytest.mark.parametrize("fit", FITS)
def test_no_gene_says_anything_of_itself(fit: Fit) -> None:
    means, own = ConditionalMeans.of(cells_of(8, 1), fit), np.arange(8)
    assert not means.alone[own, :, own].any() and not means.among[own, :, own].any()


def test_virtual_cells_move_a_gene_anywhere_in_the_range_of_cells() -> None:
    means = ConditionalMeans.of(cells_of(8, 1))
    pairs, values = pair_cells(np.random.default_rng(1), means, 3000)
    z = (values - means.centre[pairs]) / means.scale[pairs]
    assert (z[:3000, 0] == 0).all() and (np.abs(z[:, 1]) < 1e-6).mean() == pytest.approx(0.7, abs=0.03)
    for moved in (z[3000:, 0], z[:3000, 1][np.abs(z[:3000, 1]) > 1e-6], whole(means)):
        assert moved.min() == pytest.approx(-2.5, abs=0.03) and moved.max() == pytest.approx(2.5, abs=0.03)
        assert moved.mean() == pytest.approx(0, abs=0.1)
    assert z[3000:3002, 0] == pytest.approx(HELD_MOVED, rel=1e-4)
    assert whole(means)[:2] == pytest.approx(HELD_WHOLE, rel=1e-4)


def whole(means: ConditionalMeans) -> np.ndarray:
    values, moved = whole_cells(np.random.default_rng(1), means, 3001)
    return ((values - means.centre) / means.scale)[np.arange(1, 3001), moved]


# what is asked

REQUEST = ControlRequest(
    train=((10, 1), (12, 2)), test=((10, 11), (14, 12)), conditions=(Condition(),), n_cells=60, training=SMALL
)


def test_the_control_is_a_request_written_down() -> None:
    sizes = (50, 100, 200, 50, 100, 50, 50, 100, 50, 50, 100, 50, 50)
    training = TrainingSettings(
        steps=120, warmup=20, learning_rate=2e-5, tokens=800, width=600, n_heads=12, n_layers=1, ff_width=64
    )
    assert ControlRequest() == ControlRequest(
        train=tuple((50, seed) for seed in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)),
        test=tuple((n, 701 + k) for k, n in enumerate(sizes)),
        conditions=(Condition("observed", False), Condition("perturbed", False), Condition("observed", True)),
        fewer=4,
        n_cells=2000,
        training=training,
        seeds=3,
        resamples=1000,
    )


def test_shares_of_a_control_rise_evenly(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[float, str]] = []

    def taught(*_: object, progress: Progress, **__: object) -> None:
        progress(0.5, "half")
        progress(1.0, "all")

    monkeypatch.setattr(control, "train_together", taught)
    for name in ("as_backbone", "random_twin"):
        monkeypatch.setattr(control, name, lambda *_: None)
    monkeypatch.setattr(control._Run, "means", lambda *_: None)
    monkeypatch.setattr(control._Run, "case", lambda _, named, __: named)
    found = condition_cases(REQUEST, Condition(), progress=lambda share, words: told.append((share, words)))
    assert found == ([(10, 1), (12, 2)], [(10, 11), (14, 12)])
    shares = [0, 0.025, 0.05, 0.075, 0.2, 0.3, 0.4, 0.5, 0.5, 0.625, 0.75, 0.875]
    assert [share for share, _ in told] == pytest.approx(shares)
    assert told[1][1] == "observed, cells of 12 genes" and told[-1][1] == "observed, circuit 4 of 4, 14 genes"
    with pytest.raises(Cancelled):
        condition_cases(REQUEST, Condition(), cancel=lambda: True)
    told.clear()
    monkeypatch.setattr(control, "condition_cases", lambda *_, progress, **__: progress(0.5, "") or ([], []))
    monkeypatch.setattr(control_frame, "judged", lambda *_: pd.DataFrame({"x": [1, 2]}))
    both = run_control(ControlRequest(), progress=lambda share, _: told.append((share, "")))
    assert [share for share, _ in told] == pytest.approx([1 / 6, 3 / 6, 5 / 6]) and list(both.index) == [*range(6)]


# circuits and cells


@pytest.mark.parametrize(("asked", "held"), HELD_CIRCUITS.items())
def test_random_circuits_come_out_again(asked: tuple[int, int, bool], held: str) -> None:
    n, seed, confounded = asked
    circuit = random_circuit(n, seed, confounded=confounded)
    assert len(circuit.measured) == n and hashlib.sha256(repr(circuit).encode()).hexdigest()[:12] == held


def test_a_random_circuit_has_ten_genes_or_more() -> None:
    with pytest.raises(ValueError, match="9 genes are too few"):
        random_circuit(9, 0)


CONTROL = ASSETS / "benchmark" / "circuits" / "control.csv.gz"


def test_the_shipped_control_asks_about_these_cells() -> None:
    shipped, condition = read_control(CONTROL), Condition("perturbed")
    of_it = shipped[(shipped["cells"] == "perturbed") & (shipped["circuit"] == "50 genes, seed 701")]
    circuit = circuit_of(50, 701, condition)
    cells = drawn_cells(circuit, condition, 2000, 701)
    for task in ("unordered", "directed"):
        pairs = drawn_pairs(circuit, task, 701)
        for name, table in (("Correlation", correlation(cells)), ("Partial correlation", partial_correlation(cells))):
            row = of_it[(of_it["method"] == name) & (of_it["task"] == task) & (of_it["measure"] == "AUPRC")]
            found = average_precision_score(pairs.labels, rival_scores(table, pairs, task))
            assert found == pytest.approx(row["value"].item(), abs=1e-4), (name, task)


FOREST = ExtraTreesRegressor(30, max_features="sqrt", min_samples_leaf=5, random_state=0)
BOOSTED = GradientBoostingRegressor(
    n_estimators=60, learning_rate=0.1, max_depth=3, subsample=0.5, max_features=2, random_state=0
)


def test_rivals_are_forests_of_scikit_learn() -> None:
    cells = cells_of(16, 3, 60)
    z = (cells - cells.mean(0)) / cells.std(0)
    rest = np.delete(np.arange(16), 4)
    for found, forest in ((tree_importance(cells, range(16)), FOREST), (boosted_importance(cells, range(16)), BOOSTED)):
        np.testing.assert_allclose(found[rest, 4], forest.fit(z[:, rest], z[:, 4]).feature_importances_)
    few = boosted_importance(cells[:, :4], range(4))
    alone = BOOSTED.set_params(max_features=1).fit(z[:, 1:4], z[:, 0]).feature_importances_
    np.testing.assert_allclose(few[1:, 0], alone)
    inverse = np.linalg.inv(np.cov(cells.T.astype(float)) + np.eye(16) / 1000)
    np.testing.assert_allclose(
        partial_correlation(cells)[3, 2], abs(inverse[3, 2]) / np.sqrt(inverse[3, 3] * inverse[2, 2])
    )


PAIR = Circuit((Gene("A", 2.0), Gene("B", 3.0, regulators=(Regulator("A", 1, 1.5, 2.0),))), 0.5)


def test_cells_are_looked_at_after_fifteen_life_times_and_effects_of_six_hundred() -> None:
    np.testing.assert_array_equal(simulate(PAIR, 3, 0), simulate(PAIR, 3, 0, step=0.1, life_times=15.0))
    assert (simulate(PAIR, 3, 0) != simulate(PAIR, 3, 0, life_times=15.1)).all()
    few, usual = effects_of(PAIR, "A", (0.5, 1.0), 3), effects_of(PAIR, "A", (0.5, 1.0), 3, n_cells=600)
    np.testing.assert_array_equal(few.means, usual.means)
    start = simulate(PAIR, 4000, 1, step=0.1, life_times=0.0)
    np.testing.assert_allclose(start.min(0), [0.05, 0.05], atol=0.01)
    assert start.max() < 3.05 and start[:, 1].mean() == pytest.approx(0.05 + 3.0 / 2, abs=0.05)
    assert simulate(PAIR, 2, 0, {"A": 0.0})[0, 0] == 0.0, "a gene that is knocked out"
    for level in (-0.1, np.inf, np.array([0.5, -0.5])):
        with pytest.raises(InputError, match="zero or above"):
            simulate(PAIR, 2, 0, {"A": level})
    with pytest.raises(InputError):
        effects_of(PAIR, "A", (-0.5,), 0)


def test_a_circuit_says_what_it_cannot_be() -> None:
    for wrong in ({"half": 0.0}, {"steepness": 0.0}, {"sign": 0}, {"sign": 2}, {"sign": -2}, {"half": -1.0}):
        with pytest.raises(ValueError, match="sign is 1 or -1"):
            replace(Regulator("A", 1, 1.0, 2.0), **wrong)
    for wrong in ({"most": -0.1}, {"basal": 0.0}, {"spread": -0.1}, {"quiet": 0.0}):
        with pytest.raises(ValueError, match="cannot be negative"):
            replace(Gene("A", 1.0), **wrong)
    at_the_edge = Gene("A", 0.0, 0.01, spread=0.0, quiet=0.01)
    assert Gene("A", 1.0) == Gene("A", 1.0, 0.05, (), "and", 0.0, 1.0)
    assert Regulator("A", -1, 0.01, 0.01).sign == -1
    for genes, hidden in (((at_the_edge, at_the_edge), ()), ((at_the_edge,), ("Z",)), (PAIR.genes[1:], ())):
        with pytest.raises(ValueError, match="every gene once"):
            Circuit(genes, 0.5, hidden)
    for noise in (0.0, -1.0):
        with pytest.raises(ValueError, match="must be positive"):
            Circuit((at_the_edge,), noise)
    assert Circuit(PAIR.genes, 0.01, ("A",)).measured == ("B",)
    assert Circuit((PAIR.genes[1], PAIR.genes[0]), 0.5, ("B", "A")).measured == (), "all may be hidden"
    alone = Production(Circuit((at_the_edge, replace(at_the_edge, name="B", most=2.0)), 0.5))
    np.testing.assert_allclose(alone(np.ones((3, 2)), 3.0), np.tile([0.01, 6.01], (3, 1)))
