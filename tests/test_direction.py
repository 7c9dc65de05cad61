"""When a direction is called: the threshold of each class of pairs, by counting."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ugrn_core.genes.tfs import is_tf, transcription_factors
from ugrn_core.network import direction as room
from ugrn_core.network.direction import DirectionRule, direction_rule, directions, why_not
from ugrn_core.network.edge_table import DIRECTIONS
from ugrn_core.store import Store
from ugrn_core.types import SweepSettings

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


def test_a_translator_that_cannot_tell_calls_nothing_and_says_why() -> None:
    def card(parts: tuple[str, ...] = ("VVP",), reciprocal: float | None = 0.5) -> Any:
        return SimpleNamespace(schema=SimpleNamespace(parts=parts), reciprocal=reciprocal)

    assert why_not(card()) == ""
    assert why_not(card(("Baseline-Emb",))) == "sums of embeddings are the same in both directions"
    assert why_not(card(reciprocal=None)).startswith("its card does not say how many")
    assert why_not(card(reciprocal=0.75)) == "75% of its training edges run both ways"
    translator, backbone, none = SimpleNamespace(card=card(("Baseline-Emb",))), SimpleNamespace(), SimpleNamespace()
    rule = direction_rule(backbone, translator, none)  # pyright: ignore
    assert rule == DirectionRule(None, None, why_not(translator.card))


def network_of(n_sources: int, n_targets: int, gap: Any) -> Any:
    """Scores of factors to other genes and, at the end, factors; every edge has its own gap."""
    factors = tuple(sorted(transcription_factors()))
    sources = factors[:n_sources]
    targets = (*(f"NOGENE{i}" for i in range(n_targets - 40)), *factors[100:140])
    edges = [(s, t) for s in sources for t in targets]
    gaps = np.random.default_rng(3).normal(size=len(edges)) * gap(np.arange(len(edges)))
    request = SimpleNamespace(sources=sources, targets=targets, context=SimpleNamespace(kind="genes"))
    return SimpleNamespace(
        request=request,
        at=lambda places: (gaps[places, None] + 1.0, np.ones(len(places)), None),
        edges=lambda places: [edges[p] for p in places],
        gaps=gaps,
        all=edges,
    )


def test_of_a_large_network_the_same_pairs_are_drawn_once_and_a_thousand_of_a_class_are_taken() -> None:
    found = network_of(100, 95, lambda n: np.where(n % 500 == 7, np.nan, 1.0))
    places = np.random.default_rng(0).choice(9_500, 8_000, replace=False)
    gaps = found.gaps[places]
    both = np.array([is_tf(found.all[p][1]) for p in places])
    limits = [np.percentile(np.abs(gaps[which & np.isfinite(gaps)][:1000]), 99) for which in (both, ~both)]
    assert room._own_rule(found) == DirectionRule(*map(pytest.approx, limits), "")  # pyright: ignore


def test_a_class_of_a_hundred_pairs_is_enough() -> None:
    """Forty pairs of two factors for each source: two have 80, and 100 pairs of others."""
    rule = room._own_rule(network_of(2, 90, lambda n: 1.0))
    assert rule.tf_tf is None and rule.tf_other is not None
    assert rule.reason == "too few pairs of a class in this network"
    assert room._own_rule(network_of(2, 89, lambda n: 1.0)).tf_other is None
    rule = room._own_rule(network_of(3, 40, lambda n: 1.0))
    assert rule.tf_tf is not None and rule.tf_other is None


def test_random_pairs_are_of_two_genes_and_the_same_every_time() -> None:
    first, second = np.array(["A", "B"]), np.array([f"G{i}" for i in range(900)] + ["A"])
    drawn, rng = np.random.default_rng(0), np.random.default_rng(0)
    made = zip(drawn.choice(first, 2000).tolist(), drawn.choice(second, 2000).tolist(), strict=True)
    expected = list(dict.fromkeys((s, t) for s, t in made if s != t))
    assert len(expected) > 1000
    assert room._random_pairs(rng, first, second) == expected[:1000]
    assert room._random_pairs(rng, first[:1], first[:1]) == []
    assert room._random_pairs(rng, first[:0], second) == room._random_pairs(rng, first, second[:0]) == []


def test_for_two_genes_alone_the_rule_is_of_random_pairs_of_the_vocabulary_and_kept(monkeypatch, tmp_path) -> None:
    factors, others = sorted(transcription_factors())[:15], [f"NOGENE{i}" for i in range(9)]
    settings = SweepSettings(1.0, (0.5, 2.0))
    schema = SimpleNamespace(parts=("VVP",), settings=settings)
    backbone: Any = SimpleNamespace(vocabulary=SimpleNamespace(symbols=(*others, *factors)), fingerprint="x")
    translator: Any = SimpleNamespace(card=SimpleNamespace(schema=schema, reciprocal=0.0))
    scores: Any = SimpleNamespace(request=SimpleNamespace(context=SimpleNamespace(kind="pair")))
    asked: list[list[tuple[str, str]]] = []

    def block(_backbone: Any, _translator: Any, pairs: Any, _curves: Any, cancel: Any = None) -> Any:
        asked.append(pairs)
        n = np.arange(len(pairs))
        return SimpleNamespace(forward=np.stack([n, 3.0 * n]), reverse=np.stack([-n, n, 3.0 * n]))

    monkeypatch.setattr(room, "score_block", block)
    monkeypatch.setattr(room, "translator_digest", lambda _: "digest")
    rule = direction_rule(backbone, translator, scores)
    rng = np.random.default_rng(0)
    of_two = room._random_pairs(rng, np.array(factors), np.array(factors))
    mixed = room._random_pairs(rng, np.array(factors), np.array(others))
    assert asked == [of_two, mixed] and len(of_two) == 210 and len(mixed) == 135
    assert rule.tf_tf == pytest.approx(0.99 * 209) and rule.tf_other == pytest.approx(0.99 * 134) and not rule.reason
    with Store(tmp_path) as store:
        few: Any = SimpleNamespace(vocabulary=SimpleNamespace(symbols=(*others, *factors[:11])), fingerprint="y")
        for _ in range(2):
            lacking = direction_rule(few, translator, scores, store=store)
            assert lacking.tf_tf == pytest.approx(0.99 * 109) and lacking.tf_other is None
            assert lacking.reason == "the model knows too few genes of a class for random pairs"
            assert len(asked) == 3
        ten: Any = SimpleNamespace(vocabulary=SimpleNamespace(symbols=(*factors[:10], *range(10))), fingerprint="z")
        monkeypatch.setattr(room, "_random_pairs", lambda *_: [("A", "B")] * (100 if len(asked) == 3 else 99))
        assert direction_rule(ten, translator, scores, store=store).tf_tf is not None
