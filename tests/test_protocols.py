"""What the tables train on and test on, and what of a test counts as unseen."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ugrn_core.beeline.networks import ROWS, SPECIES, Row
from ugrn_core.benchmark.metrics import edge_overlap, unseen_masks
from ugrn_core.benchmark.protocols import PROTOCOLS, held_out_rows, protocol
from ugrn_core.errors import InputError


@given(st.sets(st.sampled_from(ROWS), min_size=1))
def test_the_training_source_and_its_network_variants_are_excluded(train: set[Row]) -> None:
    tests = held_out_rows(train)
    assert not {r.data_set for r in train} & {r.data_set for r in tests}
    assert [r for r in ROWS if r.data_set not in {t.data_set for t in train}] == list(tests), "and nothing else is"


def test_table_1_has_the_papers_19_rows_in_its_order() -> None:
    (split,) = PROTOCOLS[1].splits
    assert split.train == (Row("STRING", "hESC"),) and len(split.tests) == 19
    assert [str(r) for r in split.tests[:2]] == ["hHEP STRING", "mDC STRING"]
    assert split.tests[12] == Row("LOF/GOF", "mESC") and split.tests[-1] == Row("Cell-type-specific ChIP", "mHSC-L")


def test_table_2_takes_every_row_once_as_the_source() -> None:
    assert [s.train for s in PROTOCOLS[2].splits] == [(r,) for r in ROWS]
    assert PROTOCOLS[2].splits[0] == PROTOCOLS[1].splits[0]


@pytest.mark.parametrize("table", [1, 2, 3, 4, 6])
def test_no_data_set_is_on_both_sides(table: int) -> None:
    for split in PROTOCOLS[table].splits:
        assert not {r.data_set for r in split.train} & {r.data_set for r in split.tests}
        assert len(split.tests) > 5


def test_table_3_takes_all_networks_of_a_set() -> None:
    trains = {s.label: s.train for s in PROTOCOLS[3].splits}
    assert {k: len(v) for k, v in trains.items()} == {s: 4 if s == "mESC" else 3 for s in SPECIES}


def test_table_4_goes_from_one_species_to_the_other() -> None:
    human, mouse = PROTOCOLS[4].splits
    assert {SPECIES[r.data_set] for r in human.train} == {"human"} == {SPECIES[r.data_set] for r in mouse.tests}
    assert len(human.train) == len(mouse.tests) == 6 and len(human.tests) == 16
    assert human.train_sets == "hESC|hHEP" and human.train_network == "STRING|Non-specific ChIP|Cell-type-specific ChIP"


def test_table_5_goes_from_one_network_to_the_others() -> None:
    for split in PROTOCOLS[5].splits:
        assert {r.network for r in split.train} == {split.label}
        assert set(split.train) | set(split.tests) == set(ROWS) and not set(split.train) & set(split.tests)


def test_table_6_is_table_1_with_more_negatives() -> None:
    assert PROTOCOLS[6].splits == PROTOCOLS[1].splits and PROTOCOLS[6].neg_ratios == (1, 2, 3, 5, 10)


def test_other_tables_are_refused() -> None:
    with pytest.raises(InputError, match="1 to 6"):
        protocol(7)


GENE = st.sampled_from("ABCDEF")
PAIRS = st.lists(st.tuples(GENE, GENE), min_size=1, max_size=20, unique=True)


@given(PAIRS, PAIRS)
def test_unseen_pairs_share_no_gene_with_training(train: list[tuple[str, str]], test: list[tuple[str, str]]) -> None:
    seen = {g for pair in train for g in pair}
    masks = unseen_masks(test, seen)
    for pair, both, one in zip(test, masks["both_unseen"], masks["one_unseen"], strict=True):
        assert both == (not set(pair) & seen)
        assert one == ((pair[0] in seen) != (pair[1] in seen))
        assert pair not in train or not (both or one), "a subset of unseen genes never leaks a pair"
    assert masks["all"].all()


def test_edge_overlap_is_the_share_of_test_edges_trained_on() -> None:
    known, positive = np.array([True, False, True, True]), np.array([True, True, False, False])
    assert edge_overlap(known, positive) == 0.5
    assert np.isnan(edge_overlap(known, np.zeros(4, bool)))
