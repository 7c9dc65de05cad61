"""What moves A towards B: geometry written out, closed forms, circuits whose moved gene is known, and the command."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from tests.test_pages import h5ad
from ugrn_core.backbones.registry import load_backbone
from ugrn_core.circuits.simulation import measured_cells, simulate
from ugrn_core.circuits.teaching import teaching_circuit
from ugrn_core.cli import app
from ugrn_core.cli.drivers import _level
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
from ugrn_core.drivers.toward import carriers, doses, shuffles
from ugrn_core.errors import InputError
from ugrn_core.genes.tfs import is_tf
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
        kept = other[others]
        by_chance.append((r @ kept).max() / (kept @ kept))
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
