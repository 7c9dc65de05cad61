"""From logits to probabilities that mean something: calibrated on data sets the translator never saw, at a prior.

A logit l becomes slope * l + intercept (Platt 1999), fitted on held-out pairs; the prior of those pairs is kept. At
another share of edges (prevalence) the logit moves by the difference of the log odds of both priors.

Where all candidate pairs are there, few of them edges, the head of the list has a slope of its own: what is shown of a
network are the best one in a thousand pairs, of which a line through all of them says little.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass as plain_dataclass
from typing import Annotated

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from ugrn_core.checked_json import STRICT, Count, Inside, Share, Value, Words
from ugrn_core.errors import InputError

N_BINS = 10
FEWEST_PAIRS = 100
"""Held-out pairs without which nothing is calibrated."""
HEAD = 0.01
"""Share of the held-out pairs beyond whose logit a bent calibration has its second slope."""


@dataclass(frozen=True, config=STRICT)
class ReliabilityBin:
    """Pairs of about the same probability: the mean of what was said, the share of edges among them, their number."""

    predicted: Share
    observed: Share
    n: Count


@dataclass(frozen=True, config=STRICT)
class Calibration:
    """A fitted calibration and how well it does on held-out groups, each left out of the fit when it was judged.

    Above ``knee`` the slope is ``slope_above``; without one it is the same everywhere. ``prior`` is the share of edges
    among the pairs it was fitted on, ``held_out`` the groups (data sets, or folds of genes), ``brier_prior`` the Brier
    score of always saying the prior.
    """

    slope: Annotated[Value, Field(ge=0)]
    intercept: Value
    prior: Inside
    n_pairs: Count
    held_out: Words
    brier: Share
    brier_prior: Share
    reliability: Annotated[tuple[ReliabilityBin, ...], Field(max_length=100)]
    knee: Value | None = None
    slope_above: Annotated[Value, Field(ge=0)] | None = None

    def __call__(self, logits: np.ndarray) -> np.ndarray:
        """Calibrated logits (pair,) float64 at ``prior``."""
        return Line(self.slope, self.intercept, self.knee, self.slope_above)(logits)


@plain_dataclass(frozen=True)
class Line:
    """slope * logit + intercept, with ``slope_above`` beyond ``knee`` where there is one."""

    slope: float
    intercept: float
    knee: float | None = None
    slope_above: float | None = None

    def __call__(self, logits: np.ndarray) -> np.ndarray:
        values = np.asarray(logits, np.float64)
        found = self.slope * values + self.intercept
        if self.knee is None or self.slope_above is None:
            return found
        return found + (self.slope_above - self.slope) * np.maximum(values - self.knee, 0)


def fit_calibration(
    logits: np.ndarray, labels: np.ndarray, groups: Sequence[str], *, bent: bool = False
) -> Calibration | None:
    """Calibration of held-out logits (pair,), judged by leaving one group out at a time; None where it cannot be had.

    ``bent`` gives the best ``HEAD`` of them a slope of their own.
    It takes 100 pairs of both classes. With a single group the judgement is of the fit itself.
    """
    if len(labels) < FEWEST_PAIRS or not 0 < labels.sum() < len(labels):
        return None
    at = np.array(groups)
    names = tuple(dict.fromkeys(groups))
    said = np.empty(len(labels))
    for name in names:
        inside = at == name
        fit = ~inside if 0 < labels[~inside].sum() < (~inside).sum() else inside
        said[inside] = probability(_line(logits[fit], labels[fit], bent)(logits[inside]))
    line = _line(logits, labels, bent)
    prior = float(labels.mean())
    return Calibration(
        slope=line.slope,
        intercept=line.intercept,
        knee=line.knee,
        slope_above=line.slope_above,
        prior=prior,
        n_pairs=len(labels),
        held_out=names,
        brier=float(np.mean((said - labels) ** 2)),
        brier_prior=prior * (1 - prior),
        reliability=reliability_curve(labels, said),
    )


def _line(logits: np.ndarray, labels: np.ndarray, bent: bool) -> Line:
    return bent_platt(logits, labels) if bent else Line(*platt(logits, labels))


def bent_platt(logits: np.ndarray, labels: np.ndarray) -> Line:
    """Logistic regression of labels on logits and on what they have beyond the best ``HEAD``, without a penalty.

    Where either slope would turn the ranking around it is one line, see :func:`platt`.
    """
    from sklearn.linear_model import LogisticRegression

    values = np.asarray(logits, np.float64)
    knee = float(np.quantile(values, 1 - HEAD))
    model = LogisticRegression(C=np.inf, max_iter=1000).fit(np.c_[values, np.maximum(values - knee, 0)], labels)
    slope, more = (float(c) for c in model.coef_[0])
    if slope <= 0 or slope + more <= 0:
        return Line(*platt(logits, labels))
    return Line(slope, float(model.intercept_[0]), knee, slope + more)


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


def false_discovery_rate(probabilities: np.ndarray) -> float:
    """Expected share of non-edges among pairs of these probabilities: the mean of 1 - p; NaN for no pair."""
    return float((1 - probabilities).mean()) if len(probabilities) else float("nan")
