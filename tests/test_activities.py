"""Activities of factors: the linear model against least squares, random networks, planted groups, the command."""

from __future__ import annotations

import io
from types import SimpleNamespace

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from scipy.stats import linregress
from scipy.stats import t as student
from typer.testing import CliRunner

from ugrn_core.cli import app
from ugrn_core.data.h5ad import read_h5ad
from ugrn_core.errors import Cancelled, InputError
from ugrn_core.evidence.activities import COLUMNS, LEAST_TARGETS, activities, ulm, with_signs

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


def test_a_perfect_line_has_no_end():
    """Where weights are the values, r is 1 but for rounding, on either side of it."""
    weights = np.random.default_rng(3).random((30, 40))
    found = np.diag(ulm(weights, 3 * weights)), np.diag(ulm(weights, -weights))
    assert (found[0] > 1e6).all() and (found[1] < -1e6).all()


def file_of(genes, levels) -> SimpleNamespace:
    """As much of a file of cells as is asked for: two groups, each gene with a value in either and in all."""
    values = {level: SimpleNamespace(log1p=np.array(v, float)) for level, v in levels.items()}
    whole = SimpleNamespace(log1p=np.linspace(0.2, 0.9, len(genes)))
    return SimpleNamespace(
        label="cells", genes=genes, groups={"kind": values}, whole=whole, profile=lambda key: values[key[1]]
    )


def test_the_table_is_that_of_its_parts_with_ties_and_edges_that_do_not_count():
    genes = [f"G{i:02d}" for i in range(12)]
    rng = np.random.default_rng(4)
    data = file_of(genes, {"x": rng.random(12), "y": rng.random(12)})
    places = {g: i for i, g in enumerate(genes)}
    rows = [("G03", g, 9.0) for g in genes[6:12]]  # six targets: half of the twelve genes
    rows += [("G01", g, 8.0) for g in genes[2:7] if g != "G01"]  # five
    rows += [("G02", g, 7.0) for g in genes[5:12]]  # seven are too many
    rows += [("G04", g, 6.0) for g in genes[8:12]]  # four are too few
    rows += [("G00", g, 5.0) for g in reversed(genes[2:7])]  # five, and those of G01
    rows += [("G05", g, 5.0) for g in genes[:4]]  # these and one after the last that is taken
    last = len(rows)
    rows += [("G05", "G04", 5.0), ("G06", "G00", 5.0), ("G06", "G01", 4.0)]
    rows += [("OUT", g, 9.5) for g in genes[:6]] + [("G01", "AWAY", 9.5), ("G01", "G01", 9.5), ("G03", "G06", 8.5)]
    edges = pd.DataFrame(rows, columns=["source", "target", "score"]).sample(frac=1, random_state=1)
    found = activities(edges, data, places, "kind", n_best=last)
    sources = {"G00": genes[2:7], "G01": genes[2:7], "G03": genes[6:12]}
    weights = np.array([[float(g in targets) for targets in sources.values()] for g in genes])
    values = np.stack([data.groups["kind"][level].log1p - data.whole.log1p for level in "xy"], 1)
    truth = ulm(weights, values)
    kept = pd.DataFrame(rows[:last], columns=["source", "target", "score"])
    kept = kept.sort_values(["score", "source", "target"], ascending=[False, True, True])
    of, at = kept["source"].to_numpy(), kept["target"].map(places).to_numpy()
    drawn, larger = np.random.default_rng(0), np.ones(truth.shape)
    for _ in range(200):
        other = drawn.permutation(at)
        random = np.zeros(weights.shape)
        for i, source in enumerate(sources):
            random[other[of == source], i] = 1
        larger += np.abs(ulm(random, values)) >= np.abs(truth)
    expected = []
    for j, level in enumerate("xy"):
        order = sorted(range(3), key=lambda i: (-truth[i, j], list(sources)[i]))
        for rank, i in enumerate(order, 1):
            source, t = list(sources)[i], truth[i, j]
            p = 2 * student.sf(abs(t), 10)
            expected.append((level, source, len(sources[source]), round(t, 6), p, round(larger[i, j] / 201, 6), rank))
    pd.testing.assert_frame_equal(found, pd.DataFrame(expected, columns=list(COLUMNS)), check_dtype=False, rtol=1e-12)
    named = edges.assign(human_source=edges["source"].str.lower(), human_target=edges["target"].str.lower())
    again = activities(named, data, places, "kind", n_best=last)
    pd.testing.assert_frame_equal(again[list(COLUMNS)], found)
    assert list(again["human_source"]) == [s.lower() for s in found["source"]]


def test_random_networks_that_are_the_same_are_as_large():
    genes = [f"G{i}" for i in range(10)]
    data = file_of(genes, {"x": np.random.default_rng(0).random(10)})
    edges = pd.DataFrame({"source": "G0", "target": genes[1:6], "score": 1.0})
    rest = pd.DataFrame({"source": "G9", "target": [*genes[6:9], "G0"], "score": 0.5})
    more = pd.DataFrame({"source": "G8", "target": ["G9"], "score": 0.1})
    told: list[float] = []
    places = {g: i for i, g in enumerate(genes)}
    found = activities(
        pd.concat([edges, rest, more]), data, places, "kind", n_best=5, n_random=3, progress=lambda p, _: told.append(p)
    )
    assert found["p_random"].tolist() == [1.0]  # its five targets are all there are to exchange
    np.testing.assert_allclose(told, [1 / 3, 2 / 3, 1])
    with pytest.raises(InputError, match=r"at most half of the 9 genes, among the best 5 edges .* Take fewer"):
        activities(pd.concat([edges, rest]), data, places, "kind", n_best=5)
    signed = pd.concat([edges.assign(sign=[0.0, 1, 1, -2, -0.5]), rest.assign(sign=1.0), more.assign(sign=1.0)])
    with pytest.raises(InputError, match=r"No source has 5 targets.* Take more"):
        activities(signed, data, places, "kind", n_best=9)


def test_signs_are_given_to_edges_by_their_names_or_by_human_symbols():
    edges = pd.DataFrame({"source": ["Gata1", "Spi1", "Myc"], "target": ["Klf1", "Gata1", "Spi1"], "score": 1.0})
    signs = pd.DataFrame(
        {"source": ["GATA1", "Spi1", "MYC"], "target": ["KLF1", "Gata1", "SPI1"], "score": [-0.4, 2.0, 0.0]}
    )
    upper = {f"human_{end}": edges[end].str.upper() for end in ("source", "target")}
    found, said = with_signs(edges.assign(**upper), signs)
    assert found["sign"].tolist() == [-1, 1, 0]
    assert said == "2 of 3 edges have a sign: 1 activate, 1 repress."
    assert with_signs(edges, signs)[0]["sign"].tolist() == [0, 1, 0]
    with pytest.raises(InputError, match="None of the 1 edges with a sign is among the 3"):
        with_signs(edges, signs.tail(2).assign(source="X"))
