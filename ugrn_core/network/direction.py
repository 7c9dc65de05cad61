"""Whether a score tells source -> target from target -> source, held against random pairs of the same class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.beeline.networks import Edge
from ugrn_core.genes.tfs import is_tf
from ugrn_core.methods.catalogue import reads_curves
from ugrn_core.network.blocks import curves_alone, score_block, translator_digest
from ugrn_core.network.edge_table import DIRECTIONS
from ugrn_core.network.scores import NetworkScores, mean_over_seeds
from ugrn_core.store import Store
from ugrn_core.stored_sweep import question_key
from ugrn_core.sweep import SCHEMA
from ugrn_core.translators.translator import Translator, TranslatorCard
from ugrn_core.types import Cancel, Context

N_RANDOM = 1000
PERCENTILE = 99.0
MOST_RECIPROCAL = 0.5
FEWEST_RANDOM = 100
"""Random pairs of a class without which nothing is called."""


@dataclass(frozen=True)
class DirectionRule:
    """Thresholds of |logit(s -> t) - logit(t -> s)| for pairs of two factors and for others; None: not called, with
    the ``reason``."""

    tf_tf: float | None
    tf_other: float | None
    reason: str = ""


def direction_rule(
    backbone: Backbone,
    translator: Translator,
    scores: NetworkScores,
    cancel: Cancel | None = None,
    *,
    store: Store | None = None,
) -> DirectionRule:
    """The rule for a network: the 99th percentile of random pairs, seeded, in the same kind of virtual cell.

    For two genes alone they are drawn from the whole vocabulary, so that the rule is the translator's, and kept in the
    store; in a full context they are the network's own pairs.
    """
    reason = why_not(translator.card)
    if reason:
        return DirectionRule(None, None, reason)
    if scores.request.context.kind != "pair":
        return _own_rule(scores)
    settings = translator.card.schema.settings
    key = question_key(backbone, f"direction-1-{SCHEMA}", Context(), settings, translator_digest(translator))
    kept = None if store is None else store.get(key)
    limits = _limits_alone(backbone, translator, cancel) if kept is None else kept["limits"]
    if store is not None and kept is None:
        store.put(key, {"limits": limits})
    found = [None if np.isnan(limit) else float(limit) for limit in limits]
    lacking = "" if None not in found else "the model knows too few genes of a class for random pairs"
    return DirectionRule(found[0], found[1], lacking)


def _limits_alone(backbone: Backbone, translator: Translator, cancel: Cancel | None) -> np.ndarray:
    """Thresholds (two factors, others) float64 in cells of two genes, NaN where there are too few pairs."""
    rng = np.random.default_rng(0)
    symbols = np.array(backbone.vocabulary.symbols)
    factor = np.array([is_tf(s) for s in symbols])
    curves = curves_alone(backbone, translator.card.schema)
    limits = np.full(2, np.nan)
    for n, others in enumerate((symbols[factor], symbols[~factor])):
        pairs = _random_pairs(rng, symbols[factor], others)
        if len(pairs) >= FEWEST_RANDOM:
            block = score_block(backbone, translator, pairs, curves, cancel=cancel)
            limits[n] = _threshold(block.forward.mean(0) - block.reverse.mean(0))
    return limits


def why_not(card: TranslatorCard) -> str:
    """Why a translator calls no direction; empty where it does."""
    if not reads_curves(card.schema.parts):
        return "sums of embeddings are the same in both directions"
    if card.reciprocal is None:
        return "its card does not say how many of its training edges run both ways: train it again"
    if card.reciprocal > MOST_RECIPROCAL:
        return f"{card.reciprocal:.0%} of its training edges run both ways"
    return ""


def directions(pairs: Sequence[Edge], gap: np.ndarray, rule: DirectionRule) -> list[str]:
    """``DIRECTIONS`` of edges; ``gap`` (edge,) is their mean logit minus that of target -> source."""
    limit = np.array([_limit(rule, s, t) for s, t in pairs])
    words = np.select([np.isnan(limit), gap > limit, gap < -limit], [DIRECTIONS[3], *DIRECTIONS[:2]], DIRECTIONS[2])
    return words.tolist()


def _limit(rule: DirectionRule, source: str, target: str) -> float:
    both = is_tf(source) and is_tf(target)
    limit = rule.tf_tf if both else rule.tf_other
    return np.nan if limit is None else limit


def _own_rule(scores: NetworkScores) -> DirectionRule:
    rng = np.random.default_rng(0)
    n_places = len(scores.request.sources) * len(scores.request.targets)
    places = rng.choice(n_places, min(n_places, 8 * N_RANDOM), replace=False)
    logits, against, _ = scores.at(places)
    gaps = mean_over_seeds(logits) - against
    places, gaps = places[np.isfinite(gaps)], gaps[np.isfinite(gaps)]
    both = np.array([is_tf(s) and is_tf(t) for s, t in scores.edges(places)], bool)
    classes = [gaps[both][:N_RANDOM], gaps[~both][:N_RANDOM]]
    found = [None if len(c) < FEWEST_RANDOM else _threshold(c) for c in classes]
    return DirectionRule(found[0], found[1], "" if None not in found else "too few pairs of a class in this network")


def _random_pairs(rng: np.random.Generator, first: np.ndarray, second: np.ndarray) -> list[Edge]:
    if not len(first) or not len(second):
        return []
    drawn = zip(rng.choice(first, 2 * N_RANDOM).tolist(), rng.choice(second, 2 * N_RANDOM).tolist(), strict=True)
    return list(dict.fromkeys((s, t) for s, t in drawn if s != t))[:N_RANDOM]


def _threshold(gaps: np.ndarray) -> float:
    return float(np.percentile(np.abs(gaps), PERCENTILE))
