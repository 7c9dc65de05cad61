"""What moves A towards B: geometry written out, closed forms, circuits whose moved gene is known, and the command."""

from __future__ import annotations

import io
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import false_discovery_control
from typer.testing import CliRunner

from tests.test_pages import h5ad
from ugrn_core.backbones.registry import load_backbone
from ugrn_core.circuits.simulation import measured_cells, simulate
from ugrn_core.circuits.teaching import teaching_circuit
from ugrn_core.cli import app
from ugrn_core.cli.drivers import _level
from ugrn_core.corpus_vectors import corpus_vectors
from ugrn_core.data.h5ad import read_h5ad
from ugrn_core.drivers import drivers as room
from ugrn_core.drivers.drivers import (
    COLUMNS,
    DOSE_COLUMNS,
    DriversRequest,
    between_groups,
    find_drivers,
    to_set,
)
from ugrn_core.drivers.toward import Doses, carriers, doses, shuffles
from ugrn_core.errors import InputError
from ugrn_core.estimate import estimate
from ugrn_core.genes.tfs import is_tf, transcription_factors
from ugrn_core.store import Store
from ugrn_core.types import Context, SweepSettings


def test_a_response_is_its_part_along_the_difference_and_the_rest():
    rng = np.random.default_rng(0)
    response, difference, own = rng.normal(size=(4, 30)), rng.normal(size=30), 7
    found = doses(response.astype(np.float32), difference, own, shuffles(difference, 200))
    others = np.arange(30) != own
    r, d = response[:, others], difference[others]
    for t in range(4):
        part = r[t] @ d / (d @ d)
        np.testing.assert_allclose(found.towards[t], part, rtol=1e-5)
        rest = np.linalg.norm(r[t] - part * d) / np.linalg.norm(d)
        np.testing.assert_allclose(found.aside[t], rest, rtol=1e-5)
        np.testing.assert_allclose(found.alignment[t], r[t] @ d / np.linalg.norm(r[t]) / np.linalg.norm(d), rtol=1e-5)
        np.testing.assert_allclose(found.nearer[t], 1 - ((d - r[t]) ** 2).sum() / (d @ d), rtol=1e-5)
    by_chance = []
    for other in shuffles(difference, 200).T.astype(float):
        place = np.flatnonzero(other == np.float32(difference[own]))[0]
        other[[own, place]] = other[[place, own]]  # the source's part stays with the source
        kept = other[others]
        np.testing.assert_allclose(np.sort(kept), np.sort(d), rtol=1e-6)
        by_chance.append((r @ kept).max() / (d @ d))
    np.testing.assert_allclose(found.shuffled, by_chance, rtol=1e-4)
    assert found.p == (1 + (np.array(by_chance) >= found.towards.max()).sum()) / 201
    share = response[found.best] * difference
    share[own] = -np.inf
    assert carriers(response[found.best], difference, own, 3).tolist() == np.argsort(-share)[:3].tolist()


def test_the_source_itself_counts_nowhere():
    difference = np.array([5.0, 0.0, 0.0])
    found = doses(np.array([[9.0, 1.0, 1.0]]), difference, 0, shuffles(difference, 20))
    assert found.towards[0] == found.alignment[0] == found.aside[0] == 0
    assert carriers(np.array([9.0, 1.0, 1.0]), difference, 0, 3).tolist() == []


def test_the_table_of_a_closed_form():
    """Of M(v) = Wv the response is a column of W times the step, and there are no random weights."""
    toy = load_backbone("toy-linear")
    genes = toy.vocabulary.symbols[:8]
    rng = np.random.default_rng(1)
    values, difference = rng.uniform(0, 5, 8).astype(np.float32), rng.normal(size=8)
    cell = Context("profile", genes, tuple(map(float, values)), "A")
    settings = SweepSettings(toy.card.base, toy.card.grid)
    found = find_drivers(toy, DriversRequest(cell, tuple(difference), genes[:5], settings))
    assert list(found.table) == list(COLUMNS) and list(found.doses) == list(DOSE_COLUMNS)
    pd.testing.assert_frame_equal(found.table, found.table.round(6), check_exact=True)
    assert found.table["p_random"].isna().all() and "p_random is empty" in found.notes[0]
    import torch

    ids = torch.from_numpy(toy.vocabulary.ids(genes))
    row = found.doses.set_index(["source", "value"])
    for i, source in enumerate(genes[:5]):
        for value in settings.grid:
            moved = torch.tensor(values)
            moved[i] = value
            response = (toy.reconstruct(ids, moved[None]) - toy.reconstruct(ids, torch.tensor(values)[None]))[0].numpy()
            others = np.arange(8) != i
            truth = response[others] @ difference[others] / (difference[others] @ difference[others])
            assert row.loc[(source, value), "towards"] == pytest.approx(truth, abs=1e-4)
    table = found.table
    assert table["towards"].is_monotonic_decreasing and table["rank_towards"].tolist() == [1, 2, 3, 4, 5]
    best = found.doses.groupby("source")["towards"].max()
    np.testing.assert_allclose(table["towards"], best[table["source"]].to_numpy())
    up = table["value"] > table["value_a"]
    assert (table["move"] == np.where(up, "up", "down")).all()
    np.testing.assert_allclose(
        table["value_b"] - table["value_a"], difference[[genes.index(s) for s in table["source"]]], atol=1e-5
    )


@pytest.mark.parametrize(("moved", "at_most"), [("H", 1), ("A", 2)])
def test_the_moved_gene_of_a_circuit_leads_there(moved, at_most):
    """Cells in which one gene was held high are B; of the genes that regulate, it is among the first to lead there."""
    circuit, model = teaching_circuit(1), load_backbone("circuit-1")
    means = [_means(circuit)]
    high = float(np.expm1(means[0][circuit.names.index(moved)] + 0.8))
    means.append(_means(circuit, {moved: high}))
    cell = Context("profile", circuit.measured, tuple(map(float, means[0])), "A")
    difference = tuple(map(float, means[1] - means[0]))
    regulators = tuple(dict.fromkeys(s for s, _ in circuit.edges))
    settings = SweepSettings(1.0, model.card.grid)
    seen: list[float] = []
    with Store() as store:
        request = DriversRequest(cell, difference, regulators, settings)
        found = find_drivers(model, request, store, progress=lambda share, _: seen.append(share))
        assert room.estimate_drivers(model, request, store).cached_share == 1
        back = find_drivers(model, DriversRequest(cell, tuple(-x for x in difference), regulators, settings), store)
    first = found.table.set_index("source").loc[moved]
    assert first["rank_towards"] <= at_most and first["move"] == "up"
    assert first["p_shuffled"] < 0.05
    assert first["p_random"] == pytest.approx(1 / (1 + len(regulators)))  # none goes as far
    assert back.table.set_index("source").loc[moved, "move"] == "down"
    assert seen == sorted(seen) and seen[-1] == 1


def _means(circuit, do=None) -> np.ndarray:
    return measured_cells(circuit, simulate(circuit, 400, 3, do, step=0.3, life_times=8.0)).mean(0)


@pytest.fixture
def cells(tmp_path, monkeypatch):
    monkeypatch.setenv("UGRN_CACHE_DIR", str(tmp_path / "cache"))
    return h5ad(tmp_path / "cells.h5ad")


def test_groups_stand_at_their_means(cells):
    model, data = load_backbone("ugrn-mini"), read_h5ad(cells)
    states = between_groups(data, model, ("kind", "B"), ("kind", "T"))
    places = [data.genes.index(g) for g in states.cell.genes]
    b, t = (data.profile(("kind", level)).bins[places] for level in "BT")
    np.testing.assert_allclose(np.array(states.cell.values), b, rtol=1e-6)
    np.testing.assert_allclose(states.difference, t - b, rtol=1e-4, atol=1e-5)
    assert states.sources == tuple(g for g in states.cell.genes if is_tf(g))
    with pytest.raises(InputError, match="holds a virtual cell of 3"):
        between_groups(data, model, ("kind", "B"), ("kind", "T"), sources=data.genes[:4], cap=3)
    with pytest.raises(InputError, match="are the same"):
        between_groups(data, model, ("kind", "B"), ("kind", "B"))


def test_the_factors_that_differ_most_are_moved_or_those_named(cells):
    model, data = load_backbone("ugrn-mini"), read_h5ad(cells)
    groups = ("kind", "B"), ("kind", "T")
    every = between_groups(data, model, *groups)
    few = between_groups(data, model, *groups, n_factors=3)
    change = {g: abs(d) for g, d in zip(every.cell.genes, every.difference, strict=True)}
    assert few.sources == tuple(sorted(sorted(every.sources, key=lambda g: -change[g])[:3]))
    assert set(every.cell.genes) - set(few.cell.genes) == set(every.sources) - set(few.sources)
    assert "differ most" in few.notes[1]
    named = between_groups(data, model, *groups, sources=("HBB", "SOX17"))
    assert named.sources == ("HBB", "SOX17") and "SOX17" in named.cell.genes and "GATA1" not in named.cell.genes


def test_towards_a_set_of_genes_is_their_mean_response(cells):
    model, data = load_backbone("ugrn-mini"), read_h5ad(cells)
    wanted = ("HBB", "MPO", "ALAS2")
    states = to_set(data, model, ("kind", "B"), wanted)
    genes = states.cell.genes
    assert {g for g, d in zip(genes, states.difference, strict=True) if d} == set(wanted)
    response, difference = np.random.default_rng(0).normal(size=(2, len(genes))), np.array(states.difference)
    free = next(i for i, g in enumerate(genes) if g not in wanted)
    response[:, free] = 0
    found = doses(response, difference, free, shuffles(difference, 10))
    np.testing.assert_allclose(found.towards, response[:, [genes.index(g) for g in wanted]].mean(1))


def test_the_command_says_what_the_core_says(cells, tmp_path):
    line = ["drivers", "--cells", str(cells), "--from", "kind=B", "--to", "kind=T", "--backbone", "ugrn-mini"]
    done = CliRunner().invoke(app, [*line, "--doses", str(tmp_path / "doses.csv")])
    assert "this order did no better than the size of each factor's own change" in done.stderr
    assert done.exit_code == 0, done.output
    table = pd.read_csv(io.StringIO(done.stdout))
    model, data = load_backbone("ugrn-mini"), read_h5ad(cells)
    states = between_groups(data, model, ("kind", "B"), ("kind", "T"))
    settings = SweepSettings(model.card.base, model.card.grid)
    found = find_drivers(model, DriversRequest(states.cell, states.difference, states.sources, settings))
    pd.testing.assert_frame_equal(table, found.table, check_dtype=False, atol=2e-6)
    assert len(pd.read_csv(tmp_path / "doses.csv")) == len(table) * len(model.card.grid)
    (tmp_path / "genes.txt").write_text("\n".join(states.cell.genes[:2]))
    some = CliRunner().invoke(app, [*line[:5], "--to-genes", str(tmp_path / "genes.txt"), *line[7:]])
    assert some.exit_code == 0 and len(some.stdout.splitlines()) == len(table) + 1


def test_what_is_no_question_is_said(cells):
    line = ["drivers", "--cells", str(cells), "--from", "kind=B", "--backbone", "ugrn-mini"]
    done = CliRunner().invoke(app, line)
    assert done.exit_code == 2 and "either --to COLUMN=B or --to-genes FILE" in done.stderr
    data = read_h5ad(cells)
    with pytest.raises(InputError, match="--to is 'kind'; expected COLUMN=LEVEL, such as kind=B"):
        _level(data, "--to", "kind")
    with pytest.raises(InputError, match="no level 'X'"):
        _level(data, "--to", "kind=X")


def test_shuffles_are_of_the_genes_and_the_same_every_time():
    difference = np.array([1.0, -2.0, 0.5, 3.0])
    found = shuffles(difference)
    assert found.shape == (4, 999)
    np.testing.assert_array_equal(np.sort(found, axis=0), np.tile(np.sort(difference)[:, None], 999))
    np.testing.assert_array_equal(
        found[:, 1], np.random.default_rng(0).permuted(np.tile(difference[:, None], 999), axis=0)[:, 1]
    )


def test_small_responses_count_and_none_is_no_way():
    difference = np.array([0.0, 1.0, 0.0, 0.0])
    response = np.array([[3.0, 0.0, 0.0, 0.0], [1.0, 0.3, 0.0, -0.4], [0.0, 0.01, 0.0, 0.0]])
    found = doses(response, difference, 0, shuffles(difference, 40))
    np.testing.assert_allclose(found.towards, [0, 0.3, 0.01])
    np.testing.assert_allclose(found.alignment, [0, 0.6, 1])
    np.testing.assert_allclose(found.aside, [0, 0.4, 0], atol=1e-12)
    np.testing.assert_allclose(found.nearer, [0, 0.6 - 0.09 - 0.16, 0.02 - 0.0001])
    assert np.isfinite(found.shuffled).all() and set(np.round(found.shuffled, 6)) == {0, 0.3}
    heavy = np.array([0.0, 1000.0, 2.0**-10, 0.0])  # a shuffle that gives the source all changes places with its own
    left = doses(np.array([[0.0, 0.0, 1.0, 1.0]]), heavy, 0, np.array([[1000.0], [0], [2.0**-10], [0]], np.float32))
    assert left.shuffled[0] == pytest.approx(2.0**-10 / (heavy @ heavy))
    assert found.best == 1 and found.p == pytest.approx((1 + (found.shuffled > 0.2).sum()) / 41)
    assert Doses(np.array([0.1, 0.5]), *np.zeros((2, 2)), np.array([0.5, 0.6, 0.4])).p == 3 / 4
    assert carriers(np.array([9.0, 0.5, -1.0, 0.25, 0.0]), np.ones(5), 0, 4).tolist() == [1, 3]


@pytest.mark.parametrize("source", [0, 99])
def test_a_source_within_the_difference_is_found_by_chance_as_often_as_another(source):
    """Of responses that have nothing to do with two wanted genes one in twenty has p of 0.05: the source's own part,
    which counts nowhere, must not fall to other genes in the shuffles."""
    rng = np.random.default_rng(1)
    difference = np.zeros(100)
    difference[:2] = 1
    mixed = shuffles(difference)
    steps = np.linspace(-1, 1, 4)[:, None]
    p = [doses(steps * rng.normal(size=100), difference, source, mixed).p for _ in range(400)]
    assert 0.02 < np.mean(np.array(p) <= 0.05) < 0.085


def cell_of(genes, values) -> Context:
    return Context("profile", tuple(genes), tuple(map(float, values)), "A")


def test_a_request_that_is_none_is_refused():
    settings, cell = SweepSettings(1.0, (0.0, 2.0)), cell_of("ABC", [1, 2, 3])
    DriversRequest(cell, (0.0, 1.0, 0.0), ("A",), settings)
    with pytest.raises(ValueError, match="a difference for every gene"):
        DriversRequest(cell, (0.0, 1.0), ("A",), settings)
    with pytest.raises(ValueError, match="the means of cells"):
        DriversRequest(Context(), (), ("A",), settings)
    with pytest.raises(InputError, match="do not differ"):
        DriversRequest(cell, (0.0, 0.0, 0.0), ("A",), settings)
    with pytest.raises(InputError, match="No transcription factor"):
        DriversRequest(cell, (0.0, 1.0, 0.0), (), settings)
    with pytest.raises(InputError, match="X, Y: not in the virtual cell"):
        DriversRequest(cell, (0.0, 1.0, 0.0), ("A", "X", "Y"), settings)


def test_fifty_of_many_factors_are_moved_with_random_weights_and_the_cost_says_so(tmp_path):
    many = tuple(f"G{i:03d}" for i in range(60))
    order = np.random.default_rng(0).permutation(60)[:50]
    assert room._drawn(many) == tuple(many[i] for i in sorted(order)) and room._drawn(many[:9]) == many[:9]
    toy = load_backbone("toy-linear")
    genes = toy.vocabulary.symbols[:7]
    for n_sources in (3, 7):
        request = DriversRequest(cell_of(genes, range(7)), (1.0,) * 7, genes[:n_sources], SweepSettings(1, (0, 2, 3)))
        found = room.estimate_drivers(toy, request)
        assert found == estimate(toy, 8, 2 * n_sources * 3, 0.0) and found.passes == 6 * n_sources
    with Store(tmp_path) as store:
        find_drivers(toy, DriversRequest(request.context, (1.0,) * 7, genes[:2], request.settings), store)
        assert room.estimate_drivers(toy, request, store).cached_share == pytest.approx(2 / 7)


def test_the_table_is_what_its_parts_say():
    """Four factors, two that go as far; B - A is the same in all genes but one, and one gene is not in the corpus."""
    genes, values = ("GATA1", "KLF1", "NOSUCH", "SPI1", "TAL1"), np.array([2.0, 0.5, 1.0, 0.0, 1.5])
    change = np.array([0.5, 0.5, 0.5, -0.75, 0.5])
    request = DriversRequest(cell_of(genes, values), tuple(change), genes[:4], SweepSettings(1.0, (0.5, 2.0)))
    shuffled = np.array([0.1, 0.25, 0.3])
    dose = {
        s: Doses(np.array(towards), np.array([0.1, 0.2]), np.array([0.3, 0.1]), shuffled)
        for s, towards in zip(genes[:4], ([-1, 0.25], [0.25, 0], [0.125, 0.1], [0.0, 0.5]), strict=True)
    }
    leading = dict.fromkeys(genes, ("TAL1", "SPI1"))
    table = room._table(request, dose, leading, np.array([0.25, 0.3, 0.01]))
    order = ["SPI1", "GATA1", "KLF1", "NOSUCH"]
    at = [genes.index(s) for s in order]
    assert table["source"].tolist() == order and list(table.index) == [0, 1, 2, 3]
    assert table["move"].tolist() == ["up", "down", "down", "down"]  # GATA1 and KLF1 stand there
    assert table["value"].tolist() == [2.0, 2.0, 0.5, 0.5] and table["towards"].tolist() == [0.5, 0.25, 0.25, 0.125]
    assert table["alignment"].tolist() == [0.2, 0.2, 0.1, 0.1] and table["aside"].tolist() == [0.1, 0.1, 0.3, 0.3]
    np.testing.assert_allclose(table["nearer"], 2 * table["towards"] - table["towards"] ** 2 - table["aside"] ** 2)
    p = np.array([1, 3, 3, 3]) / 4
    np.testing.assert_allclose(table["p_shuffled"], p)
    np.testing.assert_allclose(table["q_shuffled"], false_discovery_control(p))
    np.testing.assert_allclose(table["p_random"], [1 / 4, 3 / 4, 3 / 4, 3 / 4])
    assert table["value_a"].tolist() == values[at].tolist()
    assert table["value_b"].tolist() == (values + change)[at].tolist()
    assert table["rank_change"].tolist() == [1, 2, 2, 2] and table["rank_towards"].tolist() == [1, 2, 3, 4]
    vectors, corpus = corpus_vectors().of(genes), []
    for s in order:
        others = [i for i in range(5) if genes[i] != s]
        with_source = vectors[others] @ vectors[genes.index(s)]
        corpus.append(0 if s in ("NOSUCH", "SPI1") else np.corrcoef(with_source, change[others])[0, 1])
    assert min(abs(corpus[1]), abs(corpus[2])) > 0.01
    np.testing.assert_allclose(table["corpus"], corpus, atol=1e-6)
    by_size = sorted(map(abs, corpus), reverse=True)
    assert table["rank_corpus"].tolist() == [by_size.index(abs(c)) + 1 for c in corpus]
    assert set(table["carried_by"]) == {"TAL1, SPI1"} and list(table) == list(COLUMNS)
    doses_of = room._dose_table(request, dose)
    assert list(doses_of.index) == list(range(8)) and doses_of["towards"].tolist()[:3] == [-1, 0.25, 0.25]


@pytest.mark.parametrize(("name", "told"), [("toy-linear", [0.5, 1]), ("circuit-1", [0.3, 0.6, 0.8, 1])])
def test_progress_is_shared_by_the_model_and_its_random_twin(monkeypatch, name, told):
    model = load_backbone(name)
    genes = model.vocabulary.symbols[:6]
    request = DriversRequest(cell_of(genes, range(6)), (1.0,) * 6, genes[:3], SweepSettings(1.0, (0.0, 2.0)))
    monkeypatch.setattr(room, "TWIN_SOURCES", 2)
    seen, moved = [], room._moved

    def halfway(*given):
        given[4](0.5, "halfway")
        return moved(*given)

    monkeypatch.setattr(room, "_moved", halfway)
    find_drivers(model, request, progress=lambda share, _: seen.append(round(share, 6)))
    assert list(dict.fromkeys(seen)) == told


def test_eight_genes_are_named_that_carry_it():
    toy = load_backbone("toy-linear")
    genes = toy.vocabulary.symbols[:40]
    request = DriversRequest(cell_of(genes, range(40)), (1.0,) * 40, genes[:3], SweepSettings(1.0, (0.0, 2.0)))
    carried = find_drivers(toy, request).table["carried_by"]
    assert carried.str.split(", ").str.len().max() == 8


def test_a_cell_is_as_large_as_there_is_room_and_has_factors(cells):
    genes = ("GATA1", "HBB", "MPO", "SPI1", "TAL1")
    size = {"GATA1": 0.5, "HBB": 9.0, "MPO": 9.0, "SPI1": 0.5, "TAL1": 0.25}
    kept, moved, said = room._chosen(genes, size, "vary most", None, 2, 4)
    assert kept == ("GATA1", "HBB", "MPO", "SPI1") and moved == ("GATA1", "SPI1")
    assert said == [
        "2 factors are moved in a virtual cell of 4 genes.",
        "They are the 2 of 3 detected factors that vary most.",
    ]
    assert len(room._chosen(genes, size, "vary most", None, 3, None)[2]) == 1
    assert len(room._chosen(genes, size, "vary most", ("HBB",), 1, None)[2]) == 1
    with pytest.raises(InputError, match="are 4; the memory of this machine holds a virtual cell of 3"):
        room._chosen(genes, size, "vary most", None, 2, 3)
    with pytest.raises(InputError, match="No transcription factor"):
        room._chosen(genes[1:3], size, "vary most", None, 2, None)
    assert room._chosen(genes[1:3], size, "vary most", ("HBB",), 2, None)[1] == ("HBB",)


def test_towards_genes_the_factors_that_vary_most_are_moved(cells, monkeypatch):
    model, data = load_backbone("ugrn-mini"), read_h5ad(cells)
    spread = dict(zip(data.genes, 0.01 * data.variance / data.variance.max(), strict=True))
    monkeypatch.setitem(data.__dict__, "variance", np.array([*spread.values()]))
    states = to_set(data, model, ("kind", "B"), ("HBB",), n_factors=3)
    factors = sorted((g for g in data.genes if is_tf(g)), key=lambda g: -spread[g])
    assert states.sources == tuple(sorted(factors[:3])) and "vary most over all cells" in states.notes[1]
    told = room._cell_of(data, model, ("kind", "B"), 100, None)[2]
    monkeypatch.setattr(room, "data_context", lambda *_, **__: (None, SimpleNamespace(records=()), ("a <cls> b", "c")))
    monkeypatch.setitem(data.__dict__, "variance", np.zeros(0))
    assert room._cell_of(data, model, ("kind", "B"), 100, None)[2] == ("c",) and not any("<cls>" in n for n in told)
    many = sorted(g for g in transcription_factors() if g in model.vocabulary)[:201]
    cell = cell_of(many, np.ones(len(many)))
    monkeypatch.setattr(room, "_cell_of", lambda *_: (cell, dict.fromkeys(many, 1.0), ()))
    assert len(to_set(data, model, ("kind", "B"), ("HBB",)).sources) == 200


@pytest.mark.parametrize("drops", [True, False])
def test_a_gene_that_a_does_not_show_is_left_out_where_the_model_never_saw_one(cells, monkeypatch, drops):
    model, data = load_backbone("ugrn-mini"), read_h5ad(cells)
    model = replace(model, card=replace(model.card, drop_zero_genes=drops))
    a, b = cell_of(["GATA1", "HBB"], [1.0, 1.0]), cell_of(["GATA1", "HBB", "MPO"], [2.0, 1.5, 1.0])
    made = {"B": (a, {}, ("n",)), "T": (b, {}, ("n", "m"))}
    shown = {"B": {"GATA1": 1.0, "HBB": 1.0, "MPO": 0.0}, "T": {"GATA1": 2.0, "HBB": 1.5, "MPO": 1.0}}
    monkeypatch.setattr(room, "_cell_of", lambda _data, _model, group, *_: made[group[1]])
    monkeypatch.setattr(
        room,
        "with_genes",
        lambda cell, every, _base: (cell_of(every, [shown["B" if cell is a else "T"][g] for g in every]), ()),
    )
    states = between_groups(data, model, ("kind", "B"), ("kind", "T"))
    assert states.cell.genes == (("GATA1", "HBB") if drops else ("GATA1", "HBB", "MPO"))
    assert states.difference == ((1.0, 0.5) if drops else (1.0, 0.5, 1.0)) and states.notes[-2:] == (
        "n",
        "In kind = T alone: m",
    )
