"""Activities of factors: the linear model against least squares, random networks, planted groups, the command."""

from __future__ import annotations

import io

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from scipy.stats import linregress
from typer.testing import CliRunner

from ugrn_core.cli import app
from ugrn_core.data.h5ad import read_h5ad
from ugrn_core.errors import Cancelled, InputError
from ugrn_core.evidence.activities import COLUMNS, LEAST_TARGETS, activities, ulm

GENES = [f"GENE{i}" for i in range(60)]
FACTORS = ["GATA1", "SPI1", "MYC"]


def test_the_t_value_is_that_of_least_squares():
    rng = np.random.default_rng(0)
    weights, values = (rng.random((40, 3)) > 0.7).astype(float), rng.normal(size=(40, 2))
    found = ulm(weights, values)
    for s in range(3):
        for g in range(2):
            line = linregress(weights[:, s], values[:, g])
            assert found[s, g] == pytest.approx(line.slope / line.stderr, rel=1e-8)
    assert np.isnan(ulm(np.zeros((40, 1)), values)).all()


OF_DECOUPLER = {
    "S": [-0.606839, 1.327666, -0.012589],
    "T": [1.208287, 0.614660, 0.302877],
    "SIGNED": [-0.931105, 0.926506, 1.138581],
}
"""What ``dc.mt.ulm(values, net, tmin=5)`` of decoupler 2.2.0 gives for the case below, sources by samples."""


def test_the_t_value_is_that_of_decoupler():
    rng = np.random.default_rng(7)
    values, weights = rng.normal(size=(3, 30)).round(3), np.zeros((30, 3))
    for source in (0, 1):
        weights[rng.choice(30, 9, replace=False), source] = 1
    for gene in rng.choice(30, 8, replace=False):
        weights[gene, 2] = rng.choice([-1, 1])
    np.testing.assert_allclose(ulm(weights, values.T), [*OF_DECOUPLER.values()], atol=1e-6)


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """Cells of two groups: the 12 targets of GATA1 are high in b; SPI1 has others, MYC too few."""
    rng = np.random.default_rng(1)
    x = rng.poisson(5, (80, len(GENES) + 3)).astype(np.float32)
    x[40:, 3:15] += rng.poisson(6, (40, 12))
    kinds = pd.DataFrame({"kind": pd.Categorical(["a"] * 40 + ["b"] * 40)}, index=[f"c{i}" for i in range(80)])
    folder = tmp_path_factory.mktemp("activities")
    ad.AnnData(x, obs=kinds, var=pd.DataFrame(index=FACTORS + GENES)).write_h5ad(folder / "cells.h5ad")
    good = [("GATA1", g) for g in GENES[:12]] + [("SPI1", g) for g in GENES[10:30]] + [("MYC", g) for g in GENES[:3]]
    rest = [(s, g) for s in FACTORS for g in GENES if (s, g) not in set(good)]
    edges = pd.DataFrame(good + rest, columns=["source", "target"])
    edges["score"] = [2.0 - i / 1000 for i in range(len(edges))]
    edges.to_csv(folder / "edges.csv", index=False)
    return folder, edges, len(good)


def test_the_factor_whose_targets_are_high_is_active(planted):
    folder, edges, n_best = planted
    data = read_h5ad(folder / "cells.h5ad")
    places = {g: i for i, g in enumerate(data.genes)}
    seen: list[float] = []
    found = activities(edges, data, places, "kind", n_best=n_best, progress=lambda share, _: seen.append(share))
    assert list(found) == list(COLUMNS) and set(found["source"]) == {"GATA1", "SPI1"}  # MYC has too few
    row = found.set_index(["group", "source"])
    at = [places[g] for g in GENES]
    value = (data.groups["kind"]["b"].log1p - data.whole.log1p)[at]
    line = linregress([float(g in GENES[:12]) for g in GENES], value)
    assert row.loc[("b", "GATA1"), "activity"] == pytest.approx(line.slope / line.stderr, rel=1e-4)
    assert row.loc[("b", "GATA1"), "p"] == pytest.approx(line.pvalue, rel=1e-3)
    assert row.loc[("b", "GATA1"), "rank"] == 1 and row.loc[("a", "GATA1"), "rank"] == 2
    assert row.loc[("b", "GATA1"), "p_random"] < 0.02 < row.loc[("b", "SPI1"), "p_random"] + 0.02
    assert row.loc[("b", "GATA1"), "targets"] == 12 and seen[-1] == 1
    with pytest.raises(InputError, match="no groups by 'x'"):
        activities(edges, data, places, "x", n_best=n_best)
    with pytest.raises(InputError, match=f"No source has {LEAST_TARGETS} targets"):
        activities(edges, data, places, "kind", n_best=3)
    with pytest.raises(InputError, match="Take fewer edges"):  # who has all genes as targets says nothing of them
        activities(edges, data, places, "kind", n_best=len(edges))
    with pytest.raises(Cancelled):
        activities(edges, data, places, "kind", n_best=n_best, cancel=lambda: True)


def test_the_command_gives_the_same(planted):
    folder, edges, n_best = planted
    line = ["activities", "--edges", str(folder / "edges.csv"), "--cells", str(folder / "cells.h5ad"), "--by", "kind"]
    done = CliRunner().invoke(app, [*line, "--top", str(n_best)])
    assert done.exit_code == 0, done.output
    data = read_h5ad(folder / "cells.h5ad")
    same = activities(edges, data, {g: i for i, g in enumerate(data.genes)}, "kind", n_best=n_best)
    pd.testing.assert_frame_equal(pd.read_csv(io.StringIO(done.stdout)), same, check_dtype=False)


def test_signs_that_were_learnt_turn_an_activity_round(planted, tmp_path):
    folder, edges, n_best = planted
    data = read_h5ad(folder / "cells.h5ad")
    places = {g: i for i, g in enumerate(data.genes)}
    plain = activities(edges, data, places, "kind", n_best=n_best, n_random=20)
    turned = activities(edges.assign(sign=-0.5), data, places, "kind", n_best=n_best, n_random=20)
    both = plain.merge(turned, on=["group", "source"])
    np.testing.assert_allclose(both["activity_x"], -both["activity_y"], atol=1e-6)
    assert (both["p_random_x"] == both["p_random_y"]).all()
    edges.assign(mor=-0.5).to_csv(tmp_path / "signed.csv", index=False)
    line = ["activities", "--edges", str(tmp_path / "signed.csv"), "--cells", str(folder / "cells.h5ad")]
    line += ["--by", "kind", "--top", str(n_best), "--sign-column", "mor"]
    done = CliRunner().invoke(app, line)
    assert done.exit_code == 0, done.output
    same = pd.read_csv(io.StringIO(done.stdout))
    np.testing.assert_allclose(same["activity"], turned["activity"], atol=1e-6)
    known = edges.head(12).assign(mor=[-1.0] * 6 + [1.0] * 6)[["source", "target", "mor"]]  # of GATA1
    known.to_csv(tmp_path / "mor.csv", index=False)
    where = ["activities", "--edges", str(folder / "edges.csv"), "--cells", str(folder / "cells.h5ad"), "--by", "kind"]
    done = CliRunner().invoke(app, [*where, "--signs", str(tmp_path / "mor.csv")])
    assert "12 of " in done.stderr and "6 activate, 6 repress" in done.stderr, done.output
    signed = pd.read_csv(io.StringIO(done.stdout)).set_index(["group", "source"])
    weights = [float(known.set_index("target")["mor"].get(g, 0.0)) for g in GENES]
    values = (data.groups["kind"]["b"].log1p - data.whole.log1p)[[places[g] for g in GENES]]
    line_b = linregress(weights, values)
    assert set(signed.index.get_level_values(1)) == {"GATA1"}
    assert signed.loc[("b", "GATA1"), "activity"] == pytest.approx(line_b.slope / line_b.stderr, rel=1e-4)
    (tmp_path / "none.csv").write_text("source,target,mor\nX,Y,1\n")
    none = CliRunner().invoke(app, [*where, "--signs", str(tmp_path / "none.csv")])
    assert none.exit_code == 2 and "None of the 1 edges with a sign" in none.stderr
    edges.assign(mor=0).to_csv(tmp_path / "signed.csv", index=False)
    assert "have the sign 0" in CliRunner().invoke(app, line).stderr
