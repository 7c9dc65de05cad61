"""From logits to probabilities that mean something: calibrated on data sets the translator never saw, at a prior.

A logit l becomes slope * l + intercept (Platt 1999), fitted on held-out pairs; the prior of those pairs is kept. At
another share of edges (prevalence) the logit moves by the difference of the log odds of both priors.

Where all candidate pairs are there, few of them edges, isotonic regression takes the place of the line: what is shown
of a network are the best one in a thousand pairs, of which a line through all of them says little.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from ugrn_core.checked_json import STRICT, Count, Inside, Share, Value, Words
from ugrn_core.errors import InputError

Knots = tuple[tuple[float, float], ...]
N_BINS = 10
FEWEST_PAIRS = 100
"""Held-out pairs without which nothing is calibrated."""
MOST_KNOTS = 1000


@dataclass(frozen=True, config=STRICT)
class ReliabilityBin:
    """Pairs of about the same probability: the mean of what was said, the share of edges among them, their number."""

    predicted: Share
    observed: Share
    n: Count


@dataclass(frozen=True, config=STRICT)
class Calibration:
    """A fitted calibration and how well it does on held-out groups, each left out of the fit when it was judged.

    Between ``knots`` (logit, calibrated logit) it is read where there are any, and is the same beyond the outer ones;
    the line is that of all pairs. ``prior`` is the share of edges among the pairs it was fitted on, ``held_out`` the
    groups (data sets, or folds of genes), ``brier_prior`` the Brier score of always saying the prior.
    """

    slope: Annotated[Value, Field(ge=0)]
    intercept: Value
    prior: Inside
    n_pairs: Count
    held_out: Words
    brier: Share
    brier_prior: Share
    reliability: Annotated[tuple[ReliabilityBin, ...], Field(max_length=100)]
    knots: Annotated[tuple[tuple[Value, Value], ...], Field(max_length=MOST_KNOTS)] = ()

    def __post_init__(self) -> None:
        logits, calibrated = zip(*self.knots, strict=True) if self.knots else ((), ())
        if any(b <= a for a, b in pairwise(logits)) or any(b < a for a, b in pairwise(calibrated)):
            raise ValueError("knots must rise, or pairs would change places")

    def __call__(self, logits: np.ndarray) -> np.ndarray:
        """Calibrated logits (pair,) float64 at ``prior``."""
        return _calibrated(logits, self.slope, self.intercept, self.knots)


def _calibrated(logits: np.ndarray, slope: float, intercept: float, knots: Knots) -> np.ndarray:
    values = np.asarray(logits, np.float64)
    return np.interp(values, *np.array(knots).T) if knots else slope * values + intercept


def fit_calibration(
    logits: np.ndarray, labels: np.ndarray, groups: Sequence[str], *, steps: bool = False
) -> Calibration | None:
    """Calibration of held-out logits (pair,), judged by leaving one group out at a time; None where it cannot be had.

    With ``steps`` it is that of :func:`isotonic_knots`, else a line.
    It takes 100 pairs of both classes. With a single group the judgement is of the fit itself.
    """
    if len(labels) < FEWEST_PAIRS or not 0 < labels.sum() < len(labels):
        return None

    def fitted(rows: np.ndarray) -> tuple[float, float, Knots]:
        slope, intercept = platt(logits[rows], labels[rows])
        return slope, intercept, isotonic_knots(logits[rows], labels[rows]) if steps and slope > 0 else ()

    at = np.array(groups)
    names = tuple(dict.fromkeys(groups))
    said = np.empty(len(labels))
    for name in names:
        inside = at == name
        fit = ~inside if 0 < labels[~inside].sum() < (~inside).sum() else inside
        said[inside] = probability(_calibrated(logits[inside], *fitted(fit)))
    slope, intercept, knots = fitted(np.ones(len(labels), bool))
    prior = float(labels.mean())
    return Calibration(
        slope=slope,
        intercept=intercept,
        knots=knots,
        prior=prior,
        n_pairs=len(labels),
        held_out=names,
        brier=float(np.mean((said - labels) ** 2)),
        brier_prior=prior * (1 - prior),
        reliability=reliability_curve(labels, said),
    )


def isotonic_knots(logits: np.ndarray, labels: np.ndarray) -> Knots:
    """Knots (logit, calibrated logit) in the middle of the blocks of isotonic regression (Zadrozny and Elkan 2002).

    A block's share of edges counts one pair more, an edge as often as any pair is one, so that none is 0 or 1. Where
    that puts a small block beyond its neighbour they are pooled by size: few pairs do not move many.
    """
    from sklearn.isotonic import IsotonicRegression

    order = np.argsort(logits, kind="stable")
    values, edges = np.asarray(logits, np.float64)[order], np.asarray(labels, np.float64)[order]
    shares = IsotonicRegression().fit_transform(values, edges)
    starts = np.flatnonzero(np.r_[True, np.diff(shares) > 0])
    sizes = np.diff(np.r_[starts, len(values)])
    middle = np.add.reduceat(values, starts) / sizes
    share = (np.add.reduceat(edges, starts) + edges.mean()) / (sizes + 1)
    share = IsotonicRegression().fit_transform(np.arange(len(share)), share, sample_weight=sizes)
    return tuple(zip(middle.tolist(), (np.log(share) - np.log1p(-share)).tolist(), strict=True))


def platt(logits: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """Slope and intercept of the logistic regression of labels on logits, without a penalty.

    A slope below 0 would turn the ranking around; the held-out pairs then say nothing, and every pair gets the prior.
    """
    from sklearn.linear_model import LogisticRegression  # here: whoever only reads probabilities waits for it too long

    model = LogisticRegression(C=np.inf).fit(np.asarray(logits, np.float64)[:, None], labels)
    slope = float(model.coef_[0, 0])
    return (slope, float(model.intercept_[0])) if slope > 0 else (0.0, log_odds(float(np.mean(labels))))


def reliability_curve(
    labels: np.ndarray, probabilities: np.ndarray, n_bins: int = N_BINS
) -> tuple[ReliabilityBin, ...]:
    """Bins of equal size by probability, lowest first; fewer bins where there are fewer pairs."""
    order = np.argsort(probabilities, kind="stable")
    parts = [rows for rows in np.array_split(order, n_bins) if len(rows)]
    return tuple(
        ReliabilityBin(float(probabilities[rows].mean()), float(labels[rows].mean()), len(rows)) for rows in parts
    )


def probability(logits: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-logit)), without overflow, float64."""
    return np.exp(-np.logaddexp(0.0, -np.asarray(logits, np.float64)))


def shift_prevalence(logits: np.ndarray, prior: float, prevalence: float) -> np.ndarray:
    """Logits at another share of edges; both shares lie between 0 and 1."""
    for name, value in (("prior", prior), ("prevalence", prevalence)):
        if not 0 < value < 1:
            raise InputError(f"The {name} is {value:g}; it must lie between 0 and 1, e.g. 0.01: one edge in 100 pairs.")
    return np.asarray(logits, np.float64) + log_odds(prevalence) - log_odds(prior)


def log_odds(share: float) -> float:
    """log(share / (1 - share))."""
    return float(np.log(share) - np.log1p(-share))
