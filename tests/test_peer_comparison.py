"""A network beside other methods on the same cells: overlaps and ranks by hand, known edges, and the command."""

from __future__ import annotations

import io

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from scipy import sparse, stats
from sklearn.metrics import average_precision_score
from typer.testing import CliRunner

from ugrn_core.benchmark import peers
from ugrn_core.benchmark.peer_comparison import OURS, compare, scores_on_cells
from ugrn_core.benchmark.peers import PEERS
from ugrn_core.circuits.random_circuit import random_circuit
from ugrn_core.circuits.simulation import measured_cells, simulate
from ugrn_core.cli import app
from ugrn_core.data.cell_values import CellValues
from ugrn_core.errors import Cancelled, InputError
from ugrn_core.figures import peer_ranks
from ugrn_core.figures.peer_ranks import COLUMNS as RANK_COLUMNS
from ugrn_core.figures.peer_ranks import plot_ranks, prepare_ranks


def network(n: int = 60, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    pairs = [(f"S{i}", f"G{j}") for i in range(n // 10) for j in range(10)]
    return pd.DataFrame(pairs, columns=["source", "target"]).assign(score=np.round(rng.normal(size=len(pairs)), 1))


def test_overlap_rank_and_precision_are_those_of_direct_computation():
    ours, theirs = network(), network(seed=1).iloc[5:]
    reference = set(zip(ours["source"][::7], ours["target"][::7], strict=True))
    found = compare(ours, {"other": theirs}, reference, (5, 20, 99))
    ordered = ours.sort_values(["source", "target"], ignore_index=True)
    other = ordered.merge(theirs, how="left", on=["source", "target"])["score_y"].fillna(0).to_numpy()
    row = found.summary.set_index("method")
    assert row.loc["other", "rank_correlation"] == pytest.approx(stats.spearmanr(ordered["score"], other)[0], abs=1e-6)
    best = [set(np.argsort(-s, kind="stable")[:20]) for s in (ordered["score"].to_numpy(), other)]
    assert row.loc["other", "overlap_20"] == len(best[0] & best[1]) / 20
    assert row.loc[OURS, "overlap_20"] == 1 and row.loc["other", "chance_5"] == pytest.approx(5 / 60, abs=1e-6)
    assert np.isnan(row.loc["other", "overlap_99"])
    could = ordered["source"].isin({s for s, _ in reference}) & ordered["target"].isin({t for _, t in reference})
    has = [pair in reference for pair in zip(ordered["source"], ordered["target"], strict=True)]
    truth = average_precision_score(np.array(has)[could], other[could])
    assert row.loc["other", "auprc"] == pytest.approx(truth, abs=1e-6)
    assert row.loc["other", "prior"] == pytest.approx(np.mean(np.array(has)[could]), abs=1e-6)
    np.testing.assert_allclose(found.ranks["other"], stats.rankdata(-other))


def test_a_dot_of_the_figure_is_an_edge_and_its_ranks(monkeypatch):
    ours, theirs = network(), network(seed=1)
    ranks = compare(ours, {"A": theirs, "B": ours}, None, (5,)).ranks
    frame = prepare_ranks(ranks, ["A", "B"])
    assert list(frame) == RANK_COLUMNS and len(frame) == 2 * len(ranks)
    drawn = plot_ranks(frame)
    assert [trace.name for trace in drawn.data] == ["A", "B"]
    for trace in drawn.data:
        dots = pd.DataFrame(list(trace.customdata), columns=["source", "target"]).assign(x=trace.x, y=trace.y)
        same = dots.merge(ranks, on=["source", "target"])
        assert len(same) == len(ranks) and (same["x"] == same[OURS]).all() and (same["y"] == same[trace.name]).all()
    titles = drawn.layout.xaxis.title.text, drawn.layout.yaxis.title.text, drawn.layout.yaxis2.title.text
    assert titles == ("rank in the network", "rank by A", "rank by B")
    five = plot_ranks(pd.concat([frame.assign(method=str(n)) for n in range(5)], ignore_index=True)).layout
    assert five.xaxis3.domain[1] == five.yaxis.domain[1] == 1 and five.yaxis4.domain[0] == 0
    monkeypatch.setattr(peer_ranks, "MOST_DOTS", 7)
    few = prepare_ranks(ranks, ["A"])
    assert len(few) == 7 and few["rank_network"].tolist() == sorted(ranks[OURS])[:7]


def test_a_reference_without_these_pairs_is_said():
    with pytest.raises(InputError, match="none of these pairs"):
        compare(network(), {}, {("A", "B")})
    assert compare(network(), {}).summary["auprc"].isna().all()


@pytest.fixture(scope="module")
def circuit():
    made = random_circuit(20, 1)
    return made, measured_cells(made, simulate(made, 300, 2, step=0.5, life_times=8.0))


def test_methods_run_on_cells_find_arrows_and_can_be_stopped(circuit, monkeypatch):
    monkeypatch.setitem(peers.BOOSTING, "n_estimators", 60)
    made, cells = circuit
    values = CellValues(made.measured, sparse.csr_matrix(cells), np.zeros(300, np.float32), None, None, 300)
    regulators = [n for n in made.measured if n.startswith("R")]
    chosen, seen = [PEERS["Spearman"], PEERS["GRNBoost2"]], []
    found = scores_on_cells(chosen, values, made.measured, regulators, progress=lambda share, _: seen.append(share))
    table = pd.DataFrame([(s, t) for s in regulators for t in made.measured if s != t], columns=["source", "target"])
    known = set(made.edges)
    ours = table.assign(score=[float(pair in known) for pair in zip(table["source"], table["target"], strict=True)])
    summary = compare(ours, found, known, (10,)).summary.set_index("method")
    assert summary.loc[OURS, "auprc"] == 1
    assert (summary.loc[["Spearman", "GRNBoost2"], "auprc"] > 1.5 * summary.loc[OURS, "prior"]).all()
    assert seen == sorted(seen) and seen[-1] == 1
    with pytest.raises(Cancelled):
        scores_on_cells(chosen, values, made.measured, regulators, cancel=lambda: True)


def test_fewer_cells_are_drawn_with_a_seed(circuit):
    made, cells = circuit
    values = CellValues(made.measured, sparse.csr_matrix(cells), np.arange(300, dtype=np.float32), None, None, 300)
    some = values.at_most(50)
    assert some.values.shape == (50, 20) and values.at_most(300) is values
    np.testing.assert_array_equal(some.values.toarray(), cells[some.rate.astype(int)])


def test_the_command_compares_and_keeps_scores(circuit, tmp_path):
    _, cells = circuit
    symbols = ["GATA1", "SPI1", "MYC", "SOX2", *(f"GENE{i}" for i in range(16))]
    data = ad.AnnData(np.expm1(cells), var=pd.DataFrame(index=symbols))
    data.write_h5ad(tmp_path / "cells.h5ad")
    table = pd.DataFrame([(s, t) for s in symbols[:4] for t in symbols if s != t], columns=["source", "target"])
    table.assign(score=np.arange(len(table))).to_csv(tmp_path / "edges.csv", index=False)
    (tmp_path / "known.csv").write_text("source,target\nGATA1,GENE3\nSPI1,GENE5\nMYC,GENE3\n")
    line = ["peers", "--edges", str(tmp_path / "edges.csv"), "--cells", str(tmp_path / "cells.h5ad"), "--k", "10"]
    line += ["--out", str(tmp_path / "out"), "--methods", "Pearson,Spearman"]
    done = CliRunner().invoke(app, [*line, "--reference", str(tmp_path / "known.csv")])
    assert done.exit_code == 0, done.output
    found = pd.read_csv(io.StringIO(done.stdout))
    assert found["method"].tolist() == [OURS, "Pearson", "Spearman"] and found["auprc"].notna().all()
    assert list(pd.read_csv(tmp_path / "out" / "ranks.csv")) == ["source", "target", *found["method"]]
    again = CliRunner().invoke(app, [*line, "--cells-used", "100"])
    assert again.exit_code == 0 and "is there already" not in again.stderr  # other cells, other scores
    assert len(list((tmp_path / "out").glob("Pearson_*.csv"))) == 2
    drawn = CliRunner().invoke(app, [*line, "--figure", str(tmp_path / "ranks.html")])
    assert drawn.exit_code == 0 and "rank by Spearman" in (tmp_path / "ranks.html").read_text()
    wrong = CliRunner().invoke(app, [*line, "--figure", str(tmp_path / "ranks.gif")])
    assert wrong.exit_code == 2 and "ending in .html, .pdf, .svg" in wrong.stderr
    wrong = CliRunner().invoke(app, [*line[:-4], "--out", str(tmp_path / "out"), "--k", "x"])
    assert wrong.exit_code == 2 and "--k is 'x'" in wrong.stderr
