"""The seven data sets and four kinds of reference network of BEELINE, as edges between gene symbols.

An edge goes from a regulator to its target. Symbols are those of the files: human symbols as they are, mouse symbols
in upper case, to be matched to a human vocabulary by spelling.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, NamedTuple

from ugrn_core.beeline.registry import network_files
from ugrn_core.errors import InputError
from ugrn_core.types import Vocabulary

GeneSet = Literal["TFs+500", "TFs+1000"]
Edge = tuple[str, str]

GENE_SETS: tuple[GeneSet, ...] = ("TFs+500", "TFs+1000")
SPECIES: dict[str, Literal["human", "mouse"]] = {
    "hESC": "human",
    "hHEP": "human",
    "mDC": "mouse",
    "mESC": "mouse",
    "mHSC-E": "mouse",
    "mHSC-GM": "mouse",
    "mHSC-L": "mouse",
}
"""Data sets in the paper's order, with their species."""

NETWORK_FOLDERS: dict[str, str] = {
    "STRING": "STRING Dataset",
    "Non-specific ChIP": "Non-Specific Dataset",
    "LOF/GOF": "Lofgof Dataset",
    "Cell-type-specific ChIP": "Specific Dataset",
}
"""Kinds of network in the paper's order, with the folder that holds them."""


class Row(NamedTuple):
    """One reference network: a kind of evidence and a data set. The benchmark has 22 of them a gene set."""

    network: str
    data_set: str

    def __str__(self) -> str:
        return f"{self.data_set} {self.network}"


ROWS: tuple[Row, ...] = tuple(
    Row(network, data_set)
    for network in NETWORK_FOLDERS
    for data_set in SPECIES
    if network != "LOF/GOF" or data_set == "mESC"
)
"""The 22 rows of the paper's Table 2, in its order."""


@dataclass(frozen=True)
class Network:
    """A reference network: its genes, the regulators its file lists (TF.csv), and its edges; all sorted, each once.

    ``tfs`` are BEELINE's regulators, a wider list than the transcription factors of
    :func:`ugrn_core.genes.tfs.is_tf`; every source of an edge is among them.
    """

    row: Row
    gene_set: str
    genes: tuple[str, ...]
    tfs: tuple[str, ...]
    edges: tuple[Edge, ...]

    def within(self, vocabulary: Vocabulary) -> Network:
        """The part of the network whose genes a backbone knows."""
        return self.among(frozenset(g for g in self.genes if g in vocabulary))

    def among(self, genes: frozenset[str]) -> Network:
        """The part of the network among ``genes``."""
        return replace(
            self,
            genes=tuple(g for g in self.genes if g in genes),
            tfs=tuple(g for g in self.tfs if g in genes),
            edges=tuple((s, t) for s, t in self.edges if s in genes and t in genes),
        )

    def with_sources(self, sources: frozenset[str]) -> Network:
        """The part of the network that starts at ``sources``; the genes that can be targets stay."""
        return replace(
            self,
            tfs=tuple(g for g in self.tfs if g in sources),
            edges=tuple((s, t) for s, t in self.edges if s in sources),
        )


def load_network(network: str, data_set: str, gene_set: str = "TFs+500", folder: Path | None = None) -> Network:
    """One reference network; edges are BL--network.csv's, without self-loops and repetitions.

    ``folder`` holds the published layout and is read as it is; without it the pinned files of ``UGRN_DATA_DIR`` or of
    the cache are read, once each, and bytes with another hash are a FetchError.
    """
    row = check_row(network, data_set, gene_set)
    part = f"{NETWORK_FOLDERS[network]}/{data_set}/{gene_set}"
    files = network_files(part) if folder is None else _as_they_are(folder / part)
    there = {file.name: file for file in files}
    genes, tfs, pairs = (
        _columns(there[name], files[there[name]], columns)
        for name, columns in (("Target.csv", ["Gene"]), ("TF.csv", ["TF"]), ("BL--network.csv", ["Gene1", "Gene2"]))
    )
    edges = sorted({(s, t) for s, t in pairs if s != t})
    genes, tfs = ({name for (name,) in rows} for rows in (genes, tfs))
    _check(there["TF.csv"].parent, genes, tfs, edges)
    return Network(row, gene_set, tuple(sorted(genes)), tuple(sorted(tfs)), tuple(edges))


def check_row(network: str, data_set: str, gene_set: str) -> Row:
    """The row of that name, or an :class:`InputError` with what there is."""
    if gene_set not in GENE_SETS:
        raise InputError(f"gene set {gene_set!r}; there are {' and '.join(GENE_SETS)}.")
    row = Row(network, data_set)
    if row not in ROWS:
        raise InputError(
            f"BEELINE has no network {network!r} for {data_set!r}. Networks: {', '.join(NETWORK_FOLDERS)} (LOF/GOF for "
            f"mESC only). Data sets: {', '.join(SPECIES)}."
        )
    return row


def _as_they_are(folder: Path) -> dict[Path, bytes]:
    """The three files of a network, whatever they hold."""
    try:
        return {folder / name: (folder / name).read_bytes() for name in ("Target.csv", "TF.csv", "BL--network.csv")}
    except OSError as error:
        raise InputError(f"{error}; expected BEELINE's layout NETWORK/SET/GENE SET in {folder}.") from error


def _columns(file: Path, content: bytes, names: list[str]) -> list[tuple[str, ...]]:
    """Columns of a CSV as text, line by line: no word, NA included, is read as a missing value."""
    try:
        rows = csv.reader(io.StringIO(content.decode("utf-8"), newline=""))
        titles = next(rows, [])
        missing = [name for name in names if name not in titles]
        if missing:
            raise InputError(f"{file} has the columns {titles}, expected one called {missing[0]}.")
        places = [titles.index(name) for name in names]
        return [tuple([row[place].strip() for place in places]) for row in rows if row]
    except (UnicodeDecodeError, IndexError, csv.Error) as error:
        raise InputError(
            f"{file} is not a CSV with a value of {' and '.join(names)} in every line: {error}."
        ) from error


def _check(folder: Path, genes: set[str], tfs: set[str], edges: list[Edge]) -> None:
    strays = sorted({g for edge in edges for g in edge} - genes) + sorted(tfs - genes)
    sources = sorted({s for s, _ in edges} - tfs)
    if strays:
        raise InputError(f"{folder}: {', '.join(strays[:3])} and others are named but are not in Target.csv.")
    if sources:
        raise InputError(f"{folder}: {', '.join(sources[:3])} and others regulate but are not in TF.csv.")
