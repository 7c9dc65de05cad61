"""Methods of others that infer a network from expression alone, run here on the data sets whose expression is here.

Each takes the cells of one data set, as BEELINE has them (logarithms), and scores every (listed regulator, gene).
GRNBoost2 is scikit-learn's gradient boosting with the settings of arboreto, gene by gene; RegDiffusion is its authors'
package, which is an extra (``pip install ugrn-explorer[peers]``).
"""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from ugrn_core.beeline.expression import Expression
from ugrn_core.errors import InputError, stop_if
from ugrn_core.types import Cancel, Progress

BOOSTING = {"learning_rate": 0.01, "n_estimators": 5000, "max_features": 0.1, "subsample": 0.9}
"""arboreto's settings of GRNBoost2 (SGBM_KWARGS): stochastic gradient boosting of trees of depth 3."""
WINDOW = 25
"""Rounds over which the mean out-of-bag improvement must not fall below 0 (arboreto's EARLY_STOP_WINDOW_LENGTH)."""
DIFFUSION_STEPS = 300


@dataclass(frozen=True)
class PeerQuestion:
    """Cells (cell, gene) float64, where the regulators stand among the genes, a seed, and who is told and asked."""

    cells: np.ndarray
    regulators: np.ndarray
    seed: int = 0
    progress: Progress | None = None
    cancel: Cancel | None = None


@dataclass(frozen=True)
class Peer:
    """A method: ``compute`` gives scores (regulator, gene), more meaning rather an edge; ``package``: what it needs."""

    name: str
    label: str
    reference: str
    compute: Callable[[PeerQuestion], np.ndarray]
    package: str = ""


def pearson(q: PeerQuestion) -> np.ndarray:
    """Absolute correlation of regulator and gene over the cells; 0 where one of them does not vary."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.abs(np.nan_to_num(np.corrcoef(q.cells.T)))[q.regulators]


def spearman(q: PeerQuestion) -> np.ndarray:
    """Absolute correlation of ranks over the cells."""
    return pearson(PeerQuestion(rankdata(q.cells, axis=0), q.regulators))


def grnboost2(q: PeerQuestion) -> np.ndarray:
    """Importance of each regulator in boosted trees that predict the gene, times the number of trees."""
    scores = np.zeros((len(q.regulators), q.cells.shape[1]))
    for gene in range(q.cells.shape[1]):
        stop_if(q.cancel, "Stopped on request; finished scores are kept.")
        scores[:, gene] = boosted(q, gene)
        if q.progress:
            q.progress((gene + 1) / q.cells.shape[1], f"GRNBoost2: {gene + 1:,} of {q.cells.shape[1]:,} genes")
    return scores


def boosted(q: PeerQuestion, gene: int) -> np.ndarray:
    """GRNBoost2's scores (regulator,) of one gene; 0 for itself."""
    from sklearn.ensemble import GradientBoostingRegressor

    others = q.regulators != gene
    model = GradientBoostingRegressor(**BOOSTING, random_state=q.seed)
    model.fit(q.cells[:, q.regulators[others]], q.cells[:, gene], monitor=_no_longer_better)
    scores = np.zeros(len(q.regulators))
    scores[others] = model.feature_importances_ * len(model.estimators_)
    return scores


def _no_longer_better(round_: int, model, _) -> bool:
    """Whether boosting stops after this round: the mean out-of-bag improvement of the last rounds is below 0."""
    if round_ < WINDOW - 1:
        return False
    return float(np.mean(model.oob_improvement_[round_ - WINDOW + 1 : round_ + 1])) < 0


def regdiffusion(q: PeerQuestion) -> np.ndarray:
    """Weights of the adjacency matrix, absolute, regulators in rows as its authors have them."""
    return np.abs(_adjacency(q))[q.regulators]


def regdiffusion_transposed(q: PeerQuestion) -> np.ndarray:
    """The same with sources and targets exchanged."""
    return np.abs(_adjacency(q).T)[q.regulators]


def _adjacency(q: PeerQuestion) -> np.ndarray:
    """Adjacency (gene, gene) of a RegDiffusion model trained for ``DIFFUSION_STEPS`` steps."""
    return _trained_adjacency(np.ascontiguousarray(q.cells).tobytes(), q.cells.shape, q.seed)


@lru_cache(maxsize=1)
def _trained_adjacency(content: bytes, shape: tuple[int, int], seed: int) -> np.ndarray:
    """The same of float64 cells as bytes; the last one is kept, since its transpose is a peer of its own."""
    import regdiffusion as package  # pyright: ignore[reportMissingImports] (an extra)

    cells = np.frombuffer(content).reshape(shape)
    still = cells.std(0) == 0
    moving = cells[:, ~still]
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):  # it talks
        trainer = package.RegDiffusionTrainer(
            moving, n_steps=DIFFUSION_STEPS, batch_size=min(128, len(moving)), device="cpu", seed=seed
        )
        trainer.train()
    whole = np.zeros((shape[1], shape[1]))
    whole[np.ix_(~still, ~still)] = trainer.get_adj()
    whole.setflags(write=False)
    return whole


PEERS: dict[str, Peer] = {
    p.name: p
    for p in (
        Peer("Pearson", "absolute correlation of the cells", "", pearson),
        Peer("Spearman", "absolute rank correlation of the cells", "", spearman),
        Peer("GRNBoost2", "boosted trees, arboreto's settings", "Moerman et al. 2019", grnboost2),
        Peer("RegDiffusion", "diffusion, 300 steps", "Zhu and Slonim 2024", regdiffusion, "regdiffusion"),
        Peer(
            "RegDiffusion transposed", "its transpose", "Zhu and Slonim 2024", regdiffusion_transposed, "regdiffusion"
        ),
    )
}


def peers_named(names: Sequence[str]) -> list[Peer]:
    """Peers by name, all where none is named; one whose package is missing is an InputError only if it was named."""
    unknown = [n for n in names if n not in PEERS]
    if unknown:
        raise InputError(f"there is no peer {', '.join(unknown)}; there are {', '.join(PEERS)}.")
    lacking = [n for n in names if not is_here(PEERS[n])]
    if lacking:
        package = PEERS[lacking[0]].package
        raise InputError(
            f"{', '.join(lacking)} needs the package {package}, which is not here: pip install 'ugrn-explorer[peers]', "
            "or in a checkout pip install '.[peers]'."
        )
    return [PEERS[n] for n in names] or [p for p in PEERS.values() if is_here(p)]


def is_here(peer: Peer) -> bool:
    """Whether the package of a peer is installed."""
    return not peer.package or importlib.util.find_spec(peer.package) is not None


def peer_scores(
    peer: Peer,
    expression: Expression,
    regulators: Sequence[str],
    seed: int = 0,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> pd.DataFrame:
    """Scores ``source, target, score`` of every regulator that has expression and every gene, sorted; 0 is left out.

    Deterministic for a seed on one machine.
    """
    at = {g: i for i, g in enumerate(expression.genes)}
    listed = [g for g in sorted(regulators) if g in at]
    if not listed:
        raise InputError(f"no regulator of {expression.data_set} has expression; {peer.name} cannot be run.")
    where = np.array([at[g] for g in listed], int)
    scores = peer.compute(PeerQuestion(expression.values.astype(float), where, seed, progress, cancel))
    frame = pd.DataFrame(scores, index=listed, columns=list(expression.genes)).stack().reset_index()
    frame.columns = ["source", "target", "score"]
    kept = frame[(frame["source"] != frame["target"]) & (frame["score"] != 0)]
    return kept.sort_values(["source", "target"], ignore_index=True)
