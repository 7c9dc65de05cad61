"""Simulated circuits against closed forms, and the tiny models trained on them against do()."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import stats

from ugrn_core.backbones.registry import BACKBONES, load_backbone
from ugrn_core.circuits.circuit import Circuit, Gene, Production, Regulator
from ugrn_core.circuits.random_circuit import random_circuit
from ugrn_core.circuits.shipped import SHIPPED, circuit_name, circuit_number
from ugrn_core.circuits.simulation import effects_of, measured_cells, simulate
from ugrn_core.circuits.teaching import ARROWS, GENES, LOOSE, teaching_circuit
from ugrn_core.circuits.training import TrainingSettings, save, train
from ugrn_core.errors import Cancelled, GeneError, InputError
from ugrn_core.paths import ASSETS


def hill(x: float, half: float, steepness: float) -> float:
    return x**steepness / (half**steepness + x**steepness)


CHAIN = Circuit(
    (
        Gene("S", 3.0, 0.1),
        Gene("A", 6.0, 0.1, (Regulator("S", 1, 2.5, 2.0),)),
        Gene("C", 5.0, 0.2, (Regulator("A", -1, 2.0, 3.0),)),
    ),
    noise=0.8,
)


def test_without_noise_a_chain_stands_where_its_closed_form_says() -> None:
    still = Circuit(CHAIN.genes, noise=1e-4)
    levels = simulate(still, 20, 0, life_times=40)
    s = 3.1
    a = 0.1 + 6.0 * hill(s, 2.5, 2.0)
    c = 0.2 + 5.0 * (1 - hill(a, 2.0, 3.0))
    np.testing.assert_allclose(levels, np.tile([s, a, c], (20, 1)), rtol=2e-3)


def test_production_joins_shares_as_the_logic_says() -> None:
    two = (Regulator("P", 1, 2.0, 3.0), Regulator("N", -1, 1.0, 2.0))
    genes = (Gene("P", 1.0), Gene("N", 1.0), Gene("both", 4.0, 0.3, two), Gene("either", 4.0, 0.3, two, "or"))
    p, n = 2.7, 0.6
    up, down = hill(p, 2.0, 3.0), 1 - hill(n, 1.0, 2.0)
    made = Production(Circuit(genes, 0.5))(np.array([[p, n, 9.0, 9.0]]))[0]
    np.testing.assert_allclose(made[2:], [0.3 + 4 * up * down, 0.3 + 4 * (1 - (1 - up) * (1 - down))])


@pytest.mark.parametrize("step", [0.1, 1.0])
def test_a_gene_whose_regulator_is_held_has_the_exact_gamma_law_whatever_the_step(step: float) -> None:
    held = simulate(CHAIN, 20_000, 3, {"S": 2.0}, step=step)
    mean = 0.1 + 6.0 * hill(2.0, 2.5, 2.0)
    a = held[:, 1]
    gamma = stats.gamma(2 * mean / CHAIN.noise**2, scale=CHAIN.noise**2 / 2)
    assert stats.kstest(a, gamma.cdf).pvalue > 1e-3
    assert a.mean() == pytest.approx(mean, rel=0.01)
    assert a.var() == pytest.approx(CHAIN.noise**2 * mean / 2, rel=0.04)


def test_moments_of_a_linear_pair_are_those_of_its_closed_form() -> None:
    """Far below its half level a Hill function of steepness 1 is a line of slope g = most / half. Then
    cov(A, B) = g var(A) / 2 and var(B) = g cov(A, B) + noise^2 mean(B) / 2."""
    gain, half = 0.8, 1e5
    pair = Circuit((Gene("A", 4.0), Gene("B", gain * half, 0.5, (Regulator("A", 1, half, 1.0),))), noise=0.7)
    a, b = simulate(pair, 30_000, 1, step=0.04, life_times=22).T
    mean_a = 4.05
    mean_b = 0.5 + gain * mean_a
    var_a = 0.7**2 * mean_a / 2
    cov = gain * var_a / 2
    assert a.mean() == pytest.approx(mean_a, rel=0.01) and b.mean() == pytest.approx(mean_b, rel=0.015)
    assert a.var() == pytest.approx(var_a, rel=0.04)
    assert np.cov(a, b)[0, 1] == pytest.approx(cov, rel=0.08)
    assert b.var() == pytest.approx(gain * cov + 0.7**2 * mean_b / 2, rel=0.04)


def test_spread_is_the_log_normal_spread_of_production() -> None:
    quiet = Circuit((Gene("S", 3.0, 1e-6, spread=0.7, quiet=1e3),), noise=0.5)
    logs = np.log(simulate(quiet, 20_000, 2)[:, 0] / 3.0)
    assert logs.mean() == pytest.approx(0, abs=0.02) and logs.std() == pytest.approx(0.7, rel=0.03)


def test_an_intervention_holds_its_gene_moves_what_follows_and_nothing_before() -> None:
    levels = simulate(CHAIN, 4000, 5, {"A": 4.0})
    assert (levels[:, 1] == 4.0).all()
    assert levels[:, 0].mean() == pytest.approx(3.1, rel=0.03)
    assert levels[:, 2].mean() == pytest.approx(0.2 + 5.0 * (1 - hill(4.0, 2.0, 3.0)), rel=0.03)
    some = np.where(np.arange(4000) % 2 == 0, 4.0, np.nan)
    mixed = simulate(CHAIN, 4000, 5, {"A": some})
    assert (mixed[::2, 1] == 4.0).all() and mixed[1::2, 1].std() > 0.1


def test_effects_are_mean_log_levels_under_do() -> None:
    effects = effects_of(CHAIN, "S", (0.1, 1.0, 2.0), 0, n_cells=3000)
    assert effects.genes == ("S", "A", "C")
    for value, mean in zip(effects.values, effects.means, strict=True):
        level = 0.1 + 6.0 * hill(float(np.expm1(value)), 2.5, 2.0)
        gamma = stats.gamma(2 * level / CHAIN.noise**2, scale=CHAIN.noise**2 / 2)
        assert mean[0] == pytest.approx(value)
        assert mean[1] == pytest.approx(gamma.expect(np.log1p), abs=0.02)
    response = effects.response("A", 1.0)
    assert response[1] == 0 and response[2] == pytest.approx(effects.means[2, 1] - effects.means[1, 1])
    clamped = effects_of(CHAIN, "S", (0.1, 2.0), 0, {"A": 1.0})
    assert abs(clamped.response("C", 0.1)[1]) < 0.06 and clamped.means[0, 1] == pytest.approx(1.0)
    with pytest.raises(ValueError, match="not among the values"):
        effects.response("A", 0.5)


def test_the_same_arguments_give_the_same_cells_and_another_seed_gives_others() -> None:
    one, again, other = (simulate(teaching_circuit(1), 50, seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)
    assert (one >= 0).all() and np.isfinite(one).all()


def test_what_a_circuit_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="every regulator"):
        Circuit((Gene("A", 1.0, regulators=(Regulator("Z", 1, 1.0, 1.0),)),), 0.5)
    with pytest.raises(ValueError, match="positive"):
        Regulator("A", 1, 0.0, 2.0)
    with pytest.raises(GeneError, match=r"Q9 is not a gene of this circuit; it has S, A, C"):
        simulate(CHAIN, 2, 0, {"Q9": 1.0})
    with pytest.raises(InputError, match="a level is zero or above"):
        simulate(CHAIN, 2, 0, {"A": -1.0})


@pytest.mark.parametrize("seed", SHIPPED)
def test_the_teaching_circuit_has_its_pattern_and_do_shows_it(seed: int) -> None:
    circuit = teaching_circuit(seed)
    assert circuit.names == GENES and circuit.edges == {(s, t): sign for s, t, sign in ARROWS}
    assert all(not g.regulators for g in circuit.genes if g.name in LOOSE)
    moved = {s: effects_of(circuit, s, (0.1, 2.0), 7) for s in ("A", "B", "D", "X", "P", "H")}

    def change(source: str, target: str) -> float:
        return float(moved[source].response(target, 0.1)[1])

    for source, target, sign in ARROWS:
        if source in moved:
            assert sign * change(source, target) > 0.8
    assert change("A", "F") > 1.0  # along the chain
    for source, target in (("B", "A"), ("D", "E"), ("D", "H"), ("X", "Y"), ("A", "H")):
        assert abs(change(source, target)) < 0.1


def test_a_random_circuit_is_acyclic_connected_and_stands_between_its_extremes() -> None:
    for seed in range(3):
        circuit = random_circuit(50, seed)
        place = {name: i for i, name in enumerate(circuit.names)}
        assert all(place[s] < place[t] and s.startswith("R") for s, t in circuit.edges)
        assert len(circuit.names) == 50 and 50 <= len(circuit.edges) <= 150
        cells = measured_cells(circuit, simulate(circuit, 300, seed, step=0.25))
        assert (cells.std(0) > 0.05).all()
    assert random_circuit(50, 1) == random_circuit(50, 1) != random_circuit(50, 2)


def test_hidden_regulators_act_on_several_genes_and_are_not_measured() -> None:
    circuit = random_circuit(60, 0, confounded=True)
    assert circuit.hidden and not set(circuit.hidden) & set(circuit.measured) and len(circuit.measured) == 60
    targets = [t for s, t in circuit.edges if s in circuit.hidden]
    assert len(targets) > 2 * len(circuit.hidden)
    levels = simulate(circuit, 20, 0, step=0.25)
    assert measured_cells(circuit, levels).shape == (20, 60)


def test_training_is_repeatable_watched_stopped_and_written_as_a_checkpoint(tmp_path) -> None:
    cells = measured_cells(CHAIN, simulate(CHAIN, 500, 0))
    settings, watched = TrainingSettings(steps=60, width=16, ff_width=16, n_heads=2), []
    shares: list[float] = []
    one = train(
        cells, CHAIN.measured, settings, watch=lambda x: watched.append(len(x)), progress=lambda s, _: shares.append(s)
    )
    two = train(cells, CHAIN.measured, settings)
    assert one.losses == two.losses and len(one.losses) == 3 and watched == [1, 2, 3] and shares[-1] == 1.0
    backbone = save(one, tmp_path / "chain", "chain", "A chain")
    again = load_backbone(tmp_path / "chain", "cpu")
    assert backbone.fingerprint == again.fingerprint and again.vocabulary.symbols == ("S", "A", "C")
    assert again.card.unit == "log1p" and again.card.base == 1.0 and again.card.domain[0] >= 0.0
    ids = torch.arange(3)
    with torch.no_grad():
        expected = one.model(ids, torch.ones(1, 3))
    torch.testing.assert_close(again.reconstruct(ids, torch.ones(1, 3)), expected, atol=0.02, rtol=0.02)
    with pytest.raises(Cancelled):
        train(cells, CHAIN.measured, settings, cancel=lambda: True)


def test_training_lowers_the_loss_below_the_variance_of_the_cells() -> None:
    varied = Circuit((replace(CHAIN.genes[0], spread=0.9), *CHAIN.genes[1:]), CHAIN.noise)
    cells = measured_cells(varied, simulate(varied, 2000, 0))
    trained = train(cells, CHAIN.measured, TrainingSettings(steps=200, width=16, ff_width=16, n_heads=2))
    assert trained.losses[-1] < 0.9 * cells.var(0).mean()


def test_seeds_of_students_go_round_the_shipped_circuits() -> None:
    assert [circuit_number(seed) for seed in range(1, 8)] == [1, 2, 3, 4, 5, 1, 2]
    for seed in (0, -3, 10**9):
        with pytest.raises(InputError, match="seed is"):
            circuit_number(seed)
    assert {r.name for r in BACKBONES.values() if r.kind == "circuit"} == {circuit_name(n) for n in SHIPPED}


@pytest.fixture(scope="module", params=SHIPPED)
def shipped(request):
    return request.param, load_backbone(circuit_name(request.param), device="cpu")


def response(backbone, source: str, target: str, beside: tuple[str, ...] = ()) -> float:
    """Change of the model's target when the source goes from 0.1 to 2.0, other genes at base."""
    genes = [source, target, *beside]
    ids = torch.from_numpy(backbone.vocabulary.ids(genes))
    values = torch.full((2, len(genes)), backbone.card.base)
    values[:, 0] = torch.tensor([0.1, 2.0])
    low, high = backbone.reconstruct(ids, values)[:, 1]
    return float(high - low)


def test_shipped_models_are_small_and_carry_their_loss_curve(shipped) -> None:
    number, backbone = shipped
    folder = ASSETS / "models" / circuit_name(number)
    assert sum(f.stat().st_size for f in folder.iterdir()) < 100_000
    assert 15_000 < sum(p.numel() for p in backbone.model.parameters()) < 25_000
    about = json.loads((folder / "card.json").read_text())["about"]
    assert about["loss"][-1] < 0.8 * about["loss"][0]
    assert backbone.vocabulary.symbols == GENES and backbone.card.name == circuit_name(number)


def test_shipped_models_answer_as_do_does_where_an_arrow_is_and_are_fooled_where_lesson_eight_says(shipped) -> None:
    number, backbone = shipped
    circuit = teaching_circuit(number)
    for source, target, sign in ARROWS:
        true = float(effects_of(circuit, source, (0.1, 2.0), 7).response(target, 0.1)[1])
        said = response(backbone, source, target)
        assert 0.45 < said / true < 1.35, (source, target, true, said)
        assert np.sign(said) == sign
    assert abs(response(backbone, "X", "Y")) < 0.15
    assert response(backbone, "B", "A") > 0.5  # no effect of B on A, but the model says so
    confounded, known = response(backbone, "D", "E"), response(backbone, "D", "E", ("H",))
    assert confounded > 0.5 and known < 0.85 * confounded
    chain, mediated = response(backbone, "A", "F"), response(backbone, "A", "F", ("B",))
    assert chain > 0.9 and mediated < 0.9 * chain
