"""Methods of others: correlations and boosting against independent computations, planted edges, and the command."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr
from sklearn.ensemble import GradientBoostingRegressor
from typer.testing import CliRunner

from ugrn_core.beeline.expression import Expression
from ugrn_core.benchmark.peers import (
    BOOSTING,
    PEERS,
    WINDOW,
    PeerQuestion,
    grnboost2,
    is_here,
    pearson,
    peer_scores,
    peers_named,
    spearman,
)
from ugrn_core.benchmark.results import read_results
from ugrn_core.cli.app import app
from ugrn_core.errors import Cancelled, InputError
from ugrn_core.paths import beeline_folder

GENES = ("TF1", "TF2", "TF3", "A", "B", "STILL")


def cells() -> np.ndarray:
    """A follows TF1, B goes against TF2; TF3 does nothing, and one gene does not vary."""
    rng = np.random.default_rng(0)
    x = rng.gamma(2.0, 1.0, (120, 6))
    x[:, 3] = x[:, 0] + 0.2 * rng.random(120)
    x[:, 4] = 8 - x[:, 1] + 0.2 * rng.random(120)
    x[:, 5] = 1.0
    return np.maximum(x, 0)


REGULATORS = np.array([0, 1, 2])


def test_correlations_are_those_of_numpy_and_scipy() -> None:
    x = cells()
    got = pearson(PeerQuestion(x, REGULATORS))
    assert got[0, 3] == pytest.approx(abs(np.corrcoef(x[:, 0], x[:, 3])[0, 1])) and got[1, 4] > 0.9
    assert (got[:, 5] == 0).all(), "a gene that does not vary has no correlation"
    ranks = spearman(PeerQuestion(x, REGULATORS))
    assert ranks[1, 4] == pytest.approx(abs(spearmanr(x[:, 1], x[:, 4]).statistic))


def test_boosting_has_arboretos_settings_and_stops_as_arboreto_does() -> None:
    """By hand for one gene: the same regressor, stopped where the mean of the last 25 improvements falls below 0."""
    assert BOOSTING == {"learning_rate": 0.01, "n_estimators": 5000, "max_features": 0.1, "subsample": 0.9}
    x = cells()
    got = grnboost2(PeerQuestion(x, REGULATORS, seed=3))
    rounds = []

    def monitor(i: int, model: GradientBoostingRegressor, _: object) -> bool:
        rounds.append(i)
        return i >= WINDOW - 1 and model.oob_improvement_[max(0, i - WINDOW + 1) : i + 1].mean() < 0

    by_hand = GradientBoostingRegressor(
        learning_rate=0.01, n_estimators=5000, max_features=0.1, subsample=0.9, random_state=3
    ).fit(x[:, REGULATORS], x[:, 3], monitor=monitor)
    assert WINDOW <= len(rounds) < 5000
    np.testing.assert_allclose(got[:, 3], by_hand.feature_importances_ * len(rounds))
    assert got[:, 3].argmax() == 0 and got[:, 4].argmax() == 1, "planted edges are found"
    assert got[0, 0] == 0, "no gene is its own regulator"


def test_scores_are_a_table_without_self_pairs_and_zeros() -> None:
    expression = Expression("mDC", GENES, cells().astype(np.float32))
    told: list[float] = []
    frame = peer_scores(
        PEERS["GRNBoost2"], expression, ["TF1", "TF2", "ELSEWHERE"], progress=lambda f, _: told.append(f)
    )
    assert list(frame.columns) == ["source", "target", "score"] and (frame["score"] > 0).all()
    assert set(frame["source"]) == {"TF1", "TF2"} and not (frame["source"] == frame["target"]).any()
    assert told[-1] == 1.0
    again = peer_scores(PEERS["GRNBoost2"], expression, ["TF2", "TF1"])
    pd.testing.assert_frame_equal(frame, again)
    with pytest.raises(InputError, match="no regulator of mDC has expression"):
        peer_scores(PEERS["Pearson"], expression, ["X"])
    with pytest.raises(Cancelled):
        peer_scores(PEERS["GRNBoost2"], expression, ["TF1"], cancel=lambda: True)


def test_peers_by_name() -> None:
    assert [p.name for p in peers_named(["Spearman"])] == ["Spearman"]
    assert {"Pearson", "Spearman", "GRNBoost2"} <= {p.name for p in peers_named([])}
    with pytest.raises(InputError, match="no peer GENIE3"):
        peers_named(["GENIE3"])
    if not is_here(PEERS["RegDiffusion"]):
        with pytest.raises(InputError, match="pip install"):
            peers_named(["RegDiffusion"])


@pytest.mark.skipif(not is_here(PEERS["RegDiffusion"]), reason="regdiffusion (the extra `peers`) is not installed")
def test_regdiffusion_scores_every_pair_and_its_transpose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(grnboost2.__globals__, "DIFFUSION_STEPS", 3)
    x = cells()
    one, transposed = (
        PEERS[n].compute(PeerQuestion(x, np.arange(6))) for n in ("RegDiffusion", "RegDiffusion transposed")
    )
    np.testing.assert_allclose(one, transposed.T)
    assert (one[:, 5] == 0).all() and np.isfinite(one).all()


@pytest.mark.skipif(beeline_folder() is None, reason="UGRN_DATA_DIR names no folder with BEELINE networks")
def test_the_command_writes_scores_once_and_a_frame(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ugrn_core.beeline.networks import load_network

    monkeypatch.setenv("UGRN_CACHE_DIR", str(tmp_path / "cache"))
    genes = load_network("STRING", "mHSC-L").genes
    place = tmp_path / "cache" / "beeline" / "BEELINE-data" / "inputs" / "scRNA-Seq" / "mHSC-L" / "ExpressionData.csv"
    place.parent.mkdir(parents=True)
    rng = np.random.default_rng(0)
    pd.DataFrame(rng.random((len(genes), 12)).round(3), index=list(genes)).to_csv(place)
    line = [
        "benchmark",
        "peers",
        "--out",
        str(tmp_path / "p"),
        "--sets",
        "mHSC-L",
        "--methods",
        "Pearson",
        "--seeds",
        "1",
    ]
    result = CliRunner().invoke(app, line)
    assert result.exit_code == 0, result.output
    frame = read_results(tmp_path / "p" / "peers_table_1.csv.gz")
    assert {"Pearson", "Gene degrees"} <= set(frame["method"]) and set(frame["test_set"]) == {"mHSC-L"}
    assert (frame.loc[(frame["method"] == "Pearson") & (frame["subset"] == "all"), "coverage"] > 0.9).all()
    again = CliRunner().invoke(app, line)
    assert again.exit_code == 0 and "is there already" in again.output
    wrong = CliRunner().invoke(app, ["benchmark", "peers", "--out", str(tmp_path / "p"), "--sets", "mars"])
    assert wrong.exit_code == 2 and "--sets names mars" in wrong.output
