"""When a direction is called: the threshold of each class of pairs, by counting."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ugrn_core.genes.tfs import is_tf, transcription_factors
from ugrn_core.network.direction import DirectionRule, direction_rule, directions
from ugrn_core.network.edge_table import DIRECTIONS

FACTORS = tuple(sorted(transcription_factors()))[:30]
OTHERS = tuple(f"NOGENE{i}" for i in range(30))


def scores() -> Any:
    """Gaps of a network of 30 factors and 30 others: small between factors, ten times as large to others."""
    rng = np.random.default_rng(0)
    edges = [(s, t) for s in FACTORS for t in (*FACTORS, *OTHERS)]
    gaps = np.array([rng.normal() * (1 if is_tf(t) else 10) for _, t in edges])
    against = rng.normal(size=len(edges))

    def at(places: np.ndarray) -> tuple[np.ndarray, np.ndarray, None]:
        return np.stack([against[places] + gaps[places]] * 2, axis=-1), against[places], None

    request = SimpleNamespace(sources=FACTORS, targets=(*FACTORS, *OTHERS), context=SimpleNamespace(kind="genes"))
    return SimpleNamespace(
        request=request, at=at, edges=lambda places: [edges[p] for p in places], gaps=gaps, all=edges
    )


def test_a_threshold_is_the_99th_percentile_of_its_own_class() -> None:
    found = scores()
    card = SimpleNamespace(schema=SimpleNamespace(parts=("VVP", "GDT")), reciprocal=0.1)
    translator: Any = SimpleNamespace(card=card)
    backbone: Any = None
    rule = direction_rule(backbone, translator, found)
    both = np.array([is_tf(t) for _, t in found.all])
    assert both.sum() == (~both).sum() == 900
    assert rule.tf_tf == pytest.approx(np.percentile(np.abs(found.gaps[both]), 99))
    assert rule.tf_other == pytest.approx(np.percentile(np.abs(found.gaps[~both]), 99))
    assert rule.tf_other > 5 * rule.tf_tf


def test_a_direction_is_called_beyond_the_threshold_of_the_pairs_class() -> None:
    forward, backward, neither, uncalled = DIRECTIONS
    pairs = [("SOX2", "NANOG"), ("SOX2", "ALB"), ("ALB", "SOX2")]
    rule = DirectionRule(tf_tf=1.0, tf_other=3.0)
    assert directions(pairs, np.array([2.0, 2.0, 2.0]), rule) == [forward, neither, neither]
    assert directions(pairs, np.array([-2.0, -4.0, 4.0]), rule) == [backward, backward, forward]
    assert directions(pairs, np.array([9.0, 9.0, 9.0]), DirectionRule(None, 3.0)) == [uncalled, forward, forward]
