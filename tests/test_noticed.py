"""What a reading of the code found that no test noticed: each of these fails where the code says something else.

The changes themselves are those by hand of ``tests/campaign/mutate.py``.
"""

from __future__ import annotations

import io
import itertools
import subprocess
import sys
import zipfile
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from tests.campaign import mutate
from tests.planted import PlantedBackbone, planted_networks
from tests.small_network import trained
from ugrn_core.added_genes import with_genes
from ugrn_core.backbones.toy import ToyBackbone
from ugrn_core.beeline.networks import ROWS, Network, Row
from ugrn_core.benchmark.metrics import unseen_masks
from ugrn_core.benchmark.sampling import sample_pairs
from ugrn_core.data import groups as groups_room
from ugrn_core.data.column import Codes
from ugrn_core.data.groups import Groups, affordable
from ugrn_core.errors import InputError
from ugrn_core.genes.tfs import is_tf
from ugrn_core.network.direction import N_RANDOM, DirectionRule, _own_rule, directions
from ugrn_core.network.edge_filter import edges_within
from ugrn_core.network.edge_table import DIRECTIONS
from ugrn_core.pair import PairRequest, pair_residual
from ugrn_core.stored_sweep import source_key
from ugrn_core.translation.training_set import TrainRequest, beeline_training_set, judged_rows
from ugrn_core.translators.exchange import bring_in
from ugrn_core.translators.library import MAX_BYTES
from ugrn_core.types import Context, SweepSettings

TFS = ("GATA1", "SPI1", "TP53", "STAT1", "E2F1", "MYC", "KLF1", "CEBPA", "SOX2", "NANOG", "POU5F1", "TAL1")
OTHERS = tuple(f"GENE{i}" for i in range(60))


@pytest.fixture
def toy() -> ToyBackbone:
    import torch

    return ToyBackbone(1, torch.device("cpu"))


def test_the_values_of_a_profile_are_part_of_what_is_asked(toy: ToyBackbone) -> None:
    settings = SweepSettings(1.0, (0.5, 2.0))
    genes = ("SOX2", "NANOG")
    keys = {source_key(toy, Context("profile", genes, (1.0, x)), settings, "SOX2") for x in (1.0, 2.0, 3.0)}
    assert len(keys) == 3


def test_a_data_set_that_is_judged_is_in_no_training_of_its_judges_whatever_its_networks() -> None:
    rows = ROWS
    networks = planted_networks(PlantedBackbone(), tuple({*rows, *judged_rows(rows)}))
    found = beeline_training_set(TrainRequest("x", seeds=1, max_pos=50), rows, networks)
    assert {j.group for j in found.held_out} == {row.data_set for row in rows}
    for judged in found.held_out:
        assert len(judged.trains) == 1
        assert judged.trains[0].data_sets and judged.group not in judged.trains[0].data_sets


def test_a_gene_is_unseen_on_either_side_of_a_pair() -> None:
    masks = unseen_masks([("A", "B"), ("X", "B"), ("A", "Y"), ("X", "Y")], {"A", "B"})
    assert masks["one_unseen"].tolist() == [False, True, True, False]
    assert masks["both_unseen"].tolist() == [False, False, False, True]
    assert masks["all"].all()


def test_the_default_prevalence_is_the_cards_and_not_the_prior(toy: ToyBackbone) -> None:
    made = trained(toy)
    rare = replace(made, card=replace(made.card, prevalence=0.001))
    logits = np.array([-1.0, 0.0, 2.0])
    np.testing.assert_array_equal(rare.probabilities(logits), made.probabilities(logits, 0.001))
    assert rare.probabilities(logits).max() < made.probabilities(logits, made.card.prior).min()


def test_direction_is_held_against_the_top_percent_of_its_own_class() -> None:
    genes = (*TFS, *OTHERS)
    pairs = list(itertools.product(genes, genes))
    rng = np.random.default_rng(1)
    both = np.array([is_tf(s) and is_tf(t) for s, t in pairs])
    gap = np.where(both, 1.0, 100.0) * rng.uniform(0.0, 1.0, len(pairs))
    scores = SimpleNamespace(
        request=SimpleNamespace(sources=genes, targets=genes),
        at=lambda places: (gap[places, None], np.zeros(len(places)), None),
        edges=lambda places: [pairs[i] for i in places],
    )
    rule = _own_rule(scores)  # pyright: ignore
    assert rule.tf_tf == pytest.approx(np.percentile(gap[both], 99.0))
    assert rule.tf_other == pytest.approx(np.percentile(gap[~both], 99.0), rel=0.03)
    assert both.sum() < N_RANDOM < (~both).sum()
    rule = DirectionRule(tf_tf=1.0, tf_other=10.0)
    asked = [("GATA1", "SPI1"), ("GATA1", "GENE1"), ("GENE1", "GENE2"), ("GATA1", "SPI1"), ("GATA1", "SPI1")]
    said = directions(asked, np.array([5.0, 5.0, 11.0, -5.0, 1.0]), rule)
    assert said == [DIRECTIONS[0], DIRECTIONS[2], DIRECTIONS[0], DIRECTIONS[1], DIRECTIONS[2]]


def test_a_gene_that_no_file_has_stands_at_base() -> None:
    cell, notes = with_genes(Context("profile", ("A",), (2.0,)), ["A", "B"], 10.0)
    assert cell.values == (2.0, 10.0)
    assert "10" in notes[0]


@pytest.mark.parametrize("worse", [0, 1])
def test_the_residual_is_the_worse_of_both_directions(toy, monkeypatch: pytest.MonkeyPatch, worse: int) -> None:
    told = iter([0.1 + 0.6 * (worse == 0), 0.1 + 0.6 * (worse == 1)])
    monkeypatch.setattr(sys.modules["ugrn_core.pair"], "relative_residual", lambda *_: next(told))
    request = PairRequest("SOX2", "NANOG", Context(), SweepSettings(1.0, (0.5, 2.0)))
    assert pair_residual(toy, request) == pytest.approx(0.7)


def test_a_rate_that_is_met_exactly_is_met() -> None:
    assert edges_within(np.array([0.75, 0.25]), 0.25) == 1
    assert edges_within(np.array([0.75, 0.25]), 0.5) == 2
    assert edges_within(np.array([0.75, 0.25]), 0.49) == 1


@pytest.mark.parametrize("rate", [-0.1, 0.0, 1.0, 1.5])
def test_a_rate_that_is_no_share_is_refused(rate: float) -> None:
    with pytest.raises(InputError, match="between 0 and 1"):
        edges_within(np.array([0.75, 0.25]), rate)


def test_degrees_are_those_of_all_edges_and_not_of_the_drawn_ones() -> None:
    genes = tuple(sorted(["A", "B", *(f"T{i}" for i in range(9))]))
    edges = tuple(sorted([("A", "T0"), *(("B", f"T{i}") for i in range(1, 9))]))
    network = Network(Row("STRING", "hESC"), "TFs+500", genes, ("A", "B"), edges)
    for seed in range(6):
        drawn = sample_pairs(network, sampler="degree_matched", neg_ratio=1, max_pos=1, seed=seed)
        assert drawn.n_pos == 1
        assert len(drawn.labels) == 2, "a target whose edges were not drawn has its degree all the same"


def test_the_reader_of_files_can_take_no_more_memory_than_it_was_given() -> None:
    code = "from ugrn_core.data.reader import _give_up; _give_up(64 << 20, 60.0); bytearray(16 << 20); print('some')\n"
    code += "try: bytearray(256 << 20)\nexcept MemoryError: print('no more')"
    done = subprocess.run([sys.executable, "-c", code], cwd=mutate.ROOT, capture_output=True, text=True, check=False)
    if sys.platform == "linux":
        assert done.stdout.split("\n") == ["some", "no more", ""]


def test_no_more_profiles_are_kept_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups_room, "MAX_PROFILE_VALUES", 50)
    found = {
        "two": Codes(np.array([0, 1, 0], np.int16), ("a", "b")),
        "three": Codes(np.array([0, 1, 2], np.int16), ("a", "b", "c")),
    }
    kept, notes = affordable(Groups(dict(found)), ("three", "two"), n_genes=10, filled=3)
    assert list(kept) == ["two"], "1 + 2 levels of 10 genes fit into 50 values, 3 more do not"
    assert "three" in notes[0]
    assert list(affordable(Groups(dict(found)), ("three", "two"), n_genes=8, filled=3)[0]) == ["three", "two"]


def test_a_small_zip_of_large_files_is_refused_unread() -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.json", b"{}")
        archive.writestr("x.safetensors", bytes(MAX_BYTES + 1))
    assert len(content.getvalue()) < MAX_BYTES / 100
    with pytest.raises(InputError, match="at most"):
        bring_in([("x.zip", content.getvalue())])
