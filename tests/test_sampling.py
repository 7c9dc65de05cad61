"""Samplers: what they may never draw, what they promise to draw, and that a seed says it all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ugrn_core.beeline.networks import Network, Row
from ugrn_core.benchmark.sampling import SAMPLERS, LabelledPairs, sample_pairs, union_pairs
from ugrn_core.errors import InputError
from ugrn_core.genes.tfs import is_tf

GENES = ("SOX2", "NANOG", "MYC", "TP53", "GATA1", "HBB", "ALB", "BAX", "IL6", "TTR", "MPO", "CD34")
DRAWN = sorted(name for name, sampler in SAMPLERS.items() if sampler.draw is not None)
"""Samplers that share their positives; the others: tests/test_exchange.py."""
REGULATORS = ("ALB", "GATA1", "MYC", "SOX2", "TTR")


@st.composite
def networks(draw: st.DrawFn, data_set: str = "hESC", name: str = "STRING") -> Network:
    possible = [(s, t) for s in REGULATORS for t in GENES if s != t]
    edges = draw(st.lists(st.sampled_from(possible), min_size=1, unique=True))
    row = Row(name, data_set)
    return Network(row, "TFs+500", tuple(sorted(GENES)), tuple(sorted(REGULATORS)), tuple(sorted(edges)))


def negatives(sample: LabelledPairs) -> list[tuple[str, str]]:
    return [p for p, y in zip(sample.pairs, sample.labels, strict=True) if not y]


@given(networks(), st.sampled_from(DRAWN), st.sampled_from([1, 2, 10]), st.integers(0, 5), st.booleans())
@settings(max_examples=150, deadline=None)
def test_no_self_pair_no_positive_no_repetition(
    network: Network, sampler: str, neg_ratio: int, seed: int, cut: bool
) -> None:
    max_pos = max(1, len(network.edges) // 2) if cut else None
    sample = sample_pairs(network, sampler=sampler, neg_ratio=neg_ratio, max_pos=max_pos, seed=seed)
    drawn = negatives(sample)
    assert len(set(sample.pairs)) == len(sample.pairs) == len(sample.labels)
    assert not set(drawn) & set(network.edges), "also not a positive that was cut off"
    wide = sampler in ("all_pairs", "tf_x_gene")  # any gene, or any factor of the census
    sources = network.genes if wide else network.tfs
    assert all(s != t and s in sources and t in network.genes for s, t in drawn)
    assert sample.n_pos == (max_pos or len(network.edges)) and set(sample.positives()) <= set(network.edges)
    assert sample.n_neg == len(drawn) <= neg_ratio * sample.n_pos
    again = sample_pairs(network, sampler=sampler, neg_ratio=neg_ratio, max_pos=max_pos, seed=seed)
    assert again.pairs == sample.pairs and (again.labels == sample.labels).all()


@given(networks(), st.sampled_from(sorted(SAMPLERS)), st.integers(0, 5), st.sets(st.integers(0, 59)))
@settings(max_examples=150, deadline=None)
def test_pairs_that_are_left_out_are_neither(network: Network, sampler: str, seed: int, places: set[int]) -> None:
    """What a training was told is in no test: neither as an edge nor, being one, as a negative."""
    every = [(s, t) for s in network.tfs for t in network.genes]
    told = {every[i] for i in places}
    sample = sample_pairs(network, sampler=sampler, seed=seed, without=told)
    assert not told & set(sample.pairs) and set(sample.positives()) <= set(network.edges)
    if sampler != "exchanged":  # which takes both directions of an edge, and has edges only for its non-edges
        assert not set(negatives(sample)) & set(network.edges) and sample.n_pos == len(set(network.edges) - told)
    both = union_pairs([network], sampler=sampler, seed=seed, without=told)
    assert both.pairs == sample.pairs
    assert sample_pairs(network, sampler=sampler, seed=seed, without=()).pairs == sample_pairs(
        network, sampler=sampler, seed=seed
    ).pairs  # fmt: skip


@given(networks(), st.integers(1, 10), st.integers(0, 3))
@settings(max_examples=100, deadline=None)
def test_per_tf_draws_what_each_regulator_has_room_for(network: Network, neg_ratio: int, seed: int) -> None:
    drawn = negatives(sample_pairs(network, neg_ratio=neg_ratio, seed=seed))
    for s in network.tfs:
        n_pos = sum(edge[0] == s for edge in network.edges)
        room = len(network.genes) - 1 - n_pos
        assert sum(pair[0] == s for pair in drawn) == min(neg_ratio * n_pos, room)


@given(networks(), st.integers(0, 3))
@settings(max_examples=100, deadline=None)
def test_tf_matched_keeps_the_share_of_factor_targets(network: Network, seed: int) -> None:
    drawn = negatives(sample_pairs(network, sampler="tf_matched", neg_ratio=2, seed=seed))
    for s in network.tfs:
        for factor in (True, False):
            n_pos = sum(a == s and is_tf(t) == factor for a, t in network.edges)
            room = sum(is_tf(t) == factor for t in network.genes if t != s) - n_pos
            assert sum(a == s and is_tf(t) == factor for a, t in drawn) == min(2 * n_pos, room)


@given(networks(), st.sampled_from(DRAWN), st.integers(0, 3))
@settings(max_examples=60, deadline=None)
def test_fewer_negatives_are_a_part_of_more(network: Network, sampler: str, seed: int) -> None:
    parts = [set(negatives(sample_pairs(network, sampler=sampler, neg_ratio=k, seed=seed))) for k in (1, 2, 5)]
    assert parts[0] <= parts[1] <= parts[2]


def big_network() -> Network:
    genes = tuple(sorted(f"G{i:03d}" for i in range(200)))
    rng = np.random.default_rng(0)
    weights = np.linspace(0, 1, 200) ** 2
    edges = {
        (genes[s], genes[t])
        for s in range(20)
        for t in rng.choice(200, 15, replace=False, p=weights / weights.sum())
        if s != t
    }
    return Network(Row("STRING", "hESC"), "TFs+500", genes, genes[:20], tuple(sorted(edges)))


def test_degree_matched_targets_follow_the_in_degree() -> None:
    network = big_network()
    degree = {g: sum(t == g for _, t in network.edges) for g in network.genes}
    drawn = {
        name: [degree[t] for seed in range(20) for _, t in negatives(sample_pairs(network, sampler=name, seed=seed))]
        for name in ("per_tf", "degree_matched")
    }
    positive = np.mean([degree[t] for _, t in network.edges])
    assert min(drawn["degree_matched"]) > 0
    assert np.mean(drawn["per_tf"]) < 0.6 * positive
    assert np.mean(drawn["degree_matched"]) > 0.8 * positive


def test_in_degrees_are_those_of_the_network_and_not_of_the_drawn_positives() -> None:
    """One positive is drawn of two; what the other one points to can still be a negative."""
    network = Network(Row("STRING", "hESC"), "TFs+500", ("A", "B", "X", "Y"), ("A", "B"), (("A", "X"), ("B", "Y")))
    for seed in range(6):
        sample = sample_pairs(network, sampler="degree_matched", max_pos=1, seed=seed)
        (source, target), (other,) = sample.positives()[0], negatives(sample)
        assert other == (source, "Y" if target == "X" else "X")


def test_uniform_draws_every_candidate_alike() -> None:
    network = big_network()
    seeds = 300
    counts: dict[tuple[str, str], int] = {}
    for seed in range(seeds):
        for pair in negatives(sample_pairs(network, sampler="uniform", seed=seed)):
            counts[pair] = counts.get(pair, 0) + 1
    n_candidates = 20 * 199 - len(network.edges)
    expected = seeds * len(network.edges) / n_candidates
    observed = np.array([*counts.values(), *[0] * (n_candidates - len(counts))])
    chi2 = ((observed - expected) ** 2 / expected).sum() / n_candidates
    assert 0.8 < chi2 < 1.1


def test_caps_show_in_the_counts() -> None:
    genes = ("A", "B", "C", "D")
    network = Network(Row("STRING", "hESC"), "TFs+500", genes, ("A",), (("A", "B"), ("A", "C")))
    sample = sample_pairs(network)
    assert (sample.n_pos, sample.n_neg) == (2, 1)
    full = Network(Row("STRING", "hESC"), "TFs+500", genes, ("A",), (("A", "B"), ("A", "C"), ("A", "D")))
    assert sample_pairs(full).n_neg == 0


def test_reverse_of_a_positive_stays_a_candidate_and_is_counted() -> None:
    network = Network(Row("STRING", "hESC"), "TFs+500", ("A", "B"), ("A", "B"), (("A", "B"),))
    assert sample_pairs(network).n_neg == 0, "B regulates nothing, so per_tf draws nothing for it"
    sample = sample_pairs(network, sampler="uniform")
    assert (sample.n_reversed, sample.n_neg) == (1, 1)


def test_seeds_and_rows_differ_while_samplers_and_ratios_share_their_positives() -> None:
    network = big_network()
    first = sample_pairs(network, max_pos=100, seed=0)
    assert set(first.pairs) != set(sample_pairs(network, max_pos=100, seed=1).pairs)
    for other in ({"sampler": "uniform"}, {"neg_ratio": 5}):
        assert sample_pairs(network, max_pos=100, seed=0, **other).positives() == first.positives()


@given(networks(), networks(name="Non-specific ChIP"), networks(data_set="mDC"))
@settings(max_examples=60, deadline=None)
def test_a_union_is_positive_if_in_any_and_negative_only_if_in_none(a: Network, b: Network, c: Network) -> None:
    union = union_pairs([a, b, c], sampler="per_tf", neg_ratio=2, max_pos=None, seed=1)
    edges = set(a.edges) | set(b.edges) | set(c.edges)
    assert len(set(union.pairs)) == len(union.pairs)
    assert set(union.positives()) == edges
    assert not set(negatives(union)) & edges
    assert {d for p, d in zip(union.pairs, union.data_sets, strict=True) if p in set(a.edges)} <= {"hESC"}


def test_one_network_is_its_own_union() -> None:
    network = big_network()
    alone = sample_pairs(network, max_pos=50, seed=3)
    union = union_pairs([network], max_pos=50, seed=3)
    assert union.pairs == alone.pairs and (union.labels == alone.labels).all()


def test_unknown_samplers_and_ratios_are_refused() -> None:
    with pytest.raises(InputError, match="per_tf, uniform, degree_matched, tf_matched"):
        sample_pairs(big_network(), sampler="random")
    with pytest.raises(InputError, match="at least 1"):
        sample_pairs(big_network(), neg_ratio=0)
