"""What each table of the paper trains on and tests on; pure bookkeeping, no data.

Tests leave out the training data sets with all their networks (Tables 1 to 4 and 6). Table 5 goes across networks:
the same data sets stand on both sides, so genes of the training occur in every test and unseen genes are nearly none.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ugrn_core.beeline.networks import NETWORK_FOLDERS, ROWS, SPECIES, Row
from ugrn_core.errors import InputError

BALANCED = (1,)
NEG_RATIOS = (1, 2, 3, 5, 10)

SHORT_NETWORKS = {"Str": "STRING", "Nsp": "Non-specific ChIP", "L/G": "LOF/GOF", "Spc": "Cell-type-specific ChIP"}
"""The paper's names of the networks."""


@dataclass(frozen=True)
class Split:
    """One training and its tests: ``train`` is one row, or several taken together (see ``union_pairs``)."""

    label: str
    train: tuple[Row, ...]
    tests: tuple[Row, ...]

    @property
    def train_sets(self) -> str:
        """Data sets of the training, joined by ``|``."""
        return "|".join(dict.fromkeys(row.data_set for row in self.train))

    @property
    def train_network(self) -> str:
        """Networks of the training, joined by ``|``."""
        return "|".join(dict.fromkeys(row.network for row in self.train))


@dataclass(frozen=True)
class Protocol:
    """A table of the paper: its splits, and the ratios of negatives to positives it is run at."""

    table: int
    title: str
    splits: tuple[Split, ...]
    neg_ratios: tuple[int, ...] = BALANCED
    note: str = ""

    @property
    def name(self) -> str:
        return f"table_{self.table}"


def held_out_rows(train: Collection[Row], rows: Sequence[Row] = ROWS) -> tuple[Row, ...]:
    """Rows left for testing when the training source and its network variants are excluded: other data sets only."""
    seen = {row.data_set for row in train}
    return tuple(row for row in rows if row.data_set not in seen)


def _table_1() -> tuple[Split, ...]:
    train = (Row("STRING", "hESC"),)
    return (Split("Str hESC", train, held_out_rows(train)),)


def _table_2() -> tuple[Split, ...]:
    short = {long: name for name, long in SHORT_NETWORKS.items()}
    return tuple(Split(f"{short[row.network]} {row.data_set}", (row,), held_out_rows((row,))) for row in ROWS)


def _table_3() -> tuple[Split, ...]:
    trains = {s: tuple(row for row in ROWS if row.data_set == s) for s in SPECIES}
    return tuple(Split(s, train, held_out_rows(train)) for s, train in trains.items())


def _table_4() -> tuple[Split, ...]:
    trains = {k: tuple(row for row in ROWS if SPECIES[row.data_set] == k) for k in ("human", "mouse")}
    return tuple(Split(k, train, held_out_rows(train)) for k, train in trains.items())


def _table_5() -> tuple[Split, ...]:
    return tuple(
        Split(n, tuple(r for r in ROWS if r.network == n), tuple(r for r in ROWS if r.network != n))
        for n in NETWORK_FOLDERS
    )


PROTOCOLS: dict[int, Protocol] = {
    p.table: p
    for p in (
        Protocol(1, "Trained on hESC STRING, tested on every network of the other data sets", _table_1()),
        Protocol(2, "Trained on each network of each data set, tested on the other data sets", _table_2()),
        Protocol(3, "Trained on all networks of one data set, tested on the other data sets", _table_3()),
        Protocol(
            4,
            "Trained on one species, tested on the other",
            _table_4(),
            note="The printed Origin columns fit a reading in which the row names the tested species; here the "
            "columns train_sets and test_set name both sides.",
        ),
        Protocol(
            5,
            "Trained on one network of all data sets, tested on the other networks",
            _table_5(),
            note="The same data sets, and so the same genes, stand on both sides: pairs of unseen genes are nearly "
            "none, and a share of the test edges was trained on (edge_overlap).",
        ),
        Protocol(6, "Trained on hESC STRING, with more negatives in training and test", _table_1(), NEG_RATIOS),
    )
}


def protocol(table: int) -> Protocol:
    """The protocol of a table, 1 to 6; another number is an :class:`InputError`."""
    if table not in PROTOCOLS:
        raise InputError(f"table {table}; the paper has the tables 1 to {len(PROTOCOLS)} that can be run.")
    return PROTOCOLS[table]
