"""Gene names of any origin onto the symbols of a backbone's vocabulary, with a report for every name.

In this order, the first that fits: the symbol as written; an Ensembl id (version dropped; mouse ids through the
ortholog); a mouse symbol with a one-to-one human ortholog; the symbol in another case; an everyday name (OCT4), the
symbol before or after a renaming (those often met, and all if the user has put HGNC's complete set into the cache;
see :func:`ugrn_core.genes.tables.hgnc_file`); the same without separators (``SOX-2``, ``HLA.A``);
a mouse symbol in upper case. A name with several possible genes is ambiguous and never decided by chance.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import pandas as pd

from ugrn_core.errors import GeneError
from ugrn_core.genes.suggest import Spelling, spelling
from ugrn_core.genes.tables import (
    MouseGene,
    alias_key,
    everyday_names,
    former_symbols,
    hgnc_names,
    human_symbols_by_id,
    mouse_genes,
)
from ugrn_core.types import Vocabulary

Status = Literal["exact", "alias", "ortholog", "ambiguous", "unknown"]
Species = Literal["human", "mouse"]

MAX_SUGGESTED = 100
"""Names of one list that get suggestions; further unknown names are reported without."""

# CELLxGENE writes SYMBOL_ID where a symbol stands for two genes
_ENSEMBL = re.compile(r"(?:[\w.-]+_)?(ENS(?:MUS)?G\d{11})(?:\.\d+)?(?:_PAR_Y)?", re.IGNORECASE)
_SEPARATED = re.compile(r"[A-Za-z]{2,}[-. _]\d+[A-Za-z]?")


@dataclass(frozen=True)
class GeneRecord:
    """What became of one name; ``symbol`` is None for an ambiguous or unknown one."""

    name: str
    status: Status
    symbol: str | None = None
    note: str = ""
    suggestions: tuple[str, ...] = ()


@dataclass(frozen=True)
class GeneReport:
    """One record a name, in the order given."""

    records: tuple[GeneRecord, ...]

    @property
    def symbols(self) -> tuple[str, ...]:
        """Symbols of the vocabulary, in order, each once."""
        return tuple(dict.fromkeys(r.symbol for r in self.records if r.symbol is not None))

    @property
    def unresolved(self) -> tuple[GeneRecord, ...]:
        """Ambiguous and unknown names."""
        return tuple(r for r in self.records if r.symbol is None)

    def frame(self) -> pd.DataFrame:
        """Columns gene, status, symbol, note, suggestions (joined by commas), all text; one row a name."""
        rows = [(r.name, r.status, r.symbol or "", r.note, ", ".join(r.suggestions)) for r in self.records]
        return pd.DataFrame(rows, columns=["gene", "status", "symbol", "note", "suggestions"], dtype=object)

    def sentence(self) -> str:
        """The report in plain words: what is missing first, then what was read in another way."""
        n, count = len(self.records), Counter(r.status for r in self.records)
        parts = [_missing([r for r in self.records if r.status == "unknown"], n, count["ambiguous"])]
        if count["ambiguous"]:
            unclear = [r for r in self.records if r.status == "ambiguous"]
            named = "; ".join(f"{r.name} may be {' or '.join(r.suggestions)}" for r in unclear[:3])
            parts.append(f"{_count(count['ambiguous'], 'is', 'are')} ambiguous ({named}{_more(unclear, 3)}).")
        if count["ortholog"]:
            parts.append(f"{_count(count['ortholog'], 'was', 'were')} read as mouse and replaced by human orthologs.")
        if count["alias"]:
            renamed = [r for r in self.records if r.status == "alias"]
            named = ", ".join(f"{r.name} is {r.symbol}" for r in renamed[:3])
            parts.append(f"{_count(count['alias'], 'goes', 'go')} by another name here ({named}{_more(renamed, 3)}).")
        return " ".join(parts)


def resolve(
    names: Sequence[str], vocabulary: Vocabulary, species: Species | None = None, *, strict: bool = False
) -> GeneReport:
    """Report of every name; ``species`` None means that each name is read by its own spelling.

    A list without a gene of the vocabulary is a GeneError, and with ``strict`` so is any ambiguous or unknown name.
    """
    index = spelling(vocabulary)
    records: list[GeneRecord] = []
    first: dict[str, str] = {}
    suggested = 0
    for name in map(str.strip, names):
        record = _read(name, vocabulary, index, species)
        if record.status == "unknown" and suggested < MAX_SUGGESTED:
            record, suggested = replace(record, suggestions=index.suggest(name)), suggested + 1
        if record.symbol is not None and first.setdefault(record.symbol, name) != name:
            record = replace(record, note=f"{record.note}; same gene as {first[record.symbol]}".lstrip("; "))
        records.append(record)
    report = GeneReport(tuple(records))
    if not report.symbols:
        raise GeneError(_none_left(report, vocabulary))
    if strict and report.unresolved:
        raise GeneError(f"{report.sentence()} Correct the list, or go on without strict.")
    return report


def resolve_one(name: str, vocabulary: Vocabulary, species: Species | None = None) -> str:
    """Symbol of one gene; a name that is unknown or ambiguous is a GeneError with suggestions."""
    index = spelling(vocabulary)
    record = _read(name.strip(), vocabulary, index, species)
    if record.symbol is not None:
        return record.symbol
    if record.status == "ambiguous":
        raise GeneError(f"{name} is ambiguous: it may be {' or '.join(record.suggestions)}. Give one of these.")
    near = index.suggest(name.strip())
    advice = f"Did you mean {' or '.join(near)}?" if near else "Give a gene symbol such as SOX2, or an Ensembl id."
    reason = f" ({record.note})" if record.note else ""
    raise GeneError(
        f"{name or 'An empty name'} is not one of the {len(vocabulary):,} genes of this model{reason}. {advice}"
    )


def _read(name: str, vocabulary: Vocabulary, index: Spelling, species: Species | None) -> GeneRecord:
    """Record of one stripped name, without suggestions if unknown."""
    if name in vocabulary:
        others = [s for s in everyday_names().get(alias_key(name), ()) if s in vocabulary and s != name]
        note = f"also an everyday name of {' and '.join(others)}" if others else ""
        return GeneRecord(name, "exact", name, note)
    ensembl = _ENSEMBL.fullmatch(name)
    if ensembl:
        return _from_ensembl(name, ensembl[1].upper(), vocabulary)
    mouse = mouse_genes().by_symbol.get(name) if species != "human" and name != name.upper() else None
    record = _from_mouse(name, mouse, vocabulary) if mouse else None
    if record is None and name.upper() in index.by_upper:
        symbol = index.by_upper[name.upper()]
        if mouse or species == "mouse":
            record = GeneRecord(name, "ortholog", symbol, "no one-to-one ortholog known, matched by spelling")
        else:
            record = GeneRecord(name, "exact", symbol, f"written {symbol} here")
    record = record or _from_alias(name, vocabulary) or _from_separators(name, index)
    if record is None and species != "human" and name.upper() in mouse_genes().by_upper:
        record = _from_mouse(name, mouse_genes().by_upper[name.upper()], vocabulary)
    return record or GeneRecord(name, "unknown", note="a mouse gene without an ortholog here" if mouse else "")


def _from_ensembl(name: str, gene_id: str, vocabulary: Vocabulary) -> GeneRecord:
    if gene_id.startswith("ENSMUSG"):
        mouse = mouse_genes().by_id.get(gene_id)
        record = _from_mouse(name, mouse, vocabulary) if mouse else None
        note = f"mouse gene {mouse.symbol}, no ortholog here" if mouse else "not a known Ensembl id"
        return record or GeneRecord(name, "unknown", note=note)
    symbol = human_symbols_by_id().get(gene_id)
    if symbol is None:
        return GeneRecord(name, "unknown", note="no symbol is known for this Ensembl id")
    if symbol in vocabulary:
        return GeneRecord(name, "alias", symbol, "Ensembl id")
    key = alias_key(symbol)
    known = [s for s in former_symbols().get(key, hgnc_names().get(key, ())) if s in vocabulary]
    if len(known) == 1:
        return GeneRecord(name, "alias", known[0], f"Ensembl id of {symbol}")
    return GeneRecord(name, "unknown", note=f"Ensembl id of {symbol}, which is not in the vocabulary")


def _from_mouse(name: str, mouse: MouseGene, vocabulary: Vocabulary) -> GeneRecord | None:
    """Ortholog of a mouse gene: one to one, else by spelling among several, else ambiguous; None if none is known."""
    human = [s for s in mouse.human if s in vocabulary]
    if mouse.one_to_one and human:
        note = f"one-to-one ortholog of mouse {mouse.symbol}"
        other = mouse.symbol.upper()
        if other != human[0].upper() and other in vocabulary:
            note += f"; {other}, of the same spelling, is another gene"
        return GeneRecord(name, "ortholog", human[0], note)
    same = [s for s in human if s.upper() == mouse.symbol.upper()]
    if same:
        note = f"one of {len(mouse.human)} human orthologs, the one of the same spelling"
        return GeneRecord(name, "ortholog", same[0], note)
    if not human:
        return None
    note = f"mouse {mouse.symbol} has no one-to-one ortholog"
    return GeneRecord(name, "ambiguous", note=note, suggestions=tuple(human))


def _from_alias(name: str, vocabulary: Vocabulary) -> GeneRecord | None:
    key = alias_key(name)
    tables = (
        (everyday_names(), "everyday name"),
        (former_symbols(), "other symbol of a renamed gene"),
        (hgnc_names(), "previous or other symbol by HGNC"),
    )
    for table, source in tables:
        meant = [s for s in table.get(key, ()) if s in vocabulary]
        if len(meant) == 1:
            return GeneRecord(name, "alias", meant[0], source)
        if meant:
            return GeneRecord(name, "ambiguous", note=f"{source} of several genes", suggestions=tuple(meant))
    return None


def _from_separators(name: str, index: Spelling) -> GeneRecord | None:
    """SOX-2 as SOX2, and R's HLA.A as HLA-A."""
    tried = [name.upper().replace(".", "-")]
    if _SEPARATED.fullmatch(name):
        tried.append(alias_key(name))
    tried.append(name.translate(str.maketrans("αβγδκ", "ABGDK")).upper())
    symbol = next((index.by_upper[t] for t in tried if t in index.by_upper), None)
    return GeneRecord(name, "alias", symbol, f"read as {symbol}") if symbol else None


def _missing(unknown: list[GeneRecord], n: int, ambiguous: int) -> str:
    if not unknown:
        whole = "All" if not ambiguous else f"{n - ambiguous:,} of"
        return f"{whole} {n:,} genes were recognised." if n > 1 else "The gene was recognised."
    meant = list(dict.fromkeys(s for r in unknown for s in r.suggestions[:1]))[:3]
    named = ", ".join(r.name for r in unknown[:3])
    text = f"{len(unknown):,} of {n:,} {'gene is' if n == 1 else 'genes are'} not in the vocabulary ({named}"
    return f"{text}{_more(unknown, 3)})." + (f" Did you mean {', '.join(meant)}?" if meant else "")


def _none_left(report: GeneReport, vocabulary: Vocabulary) -> str:
    if not report.records:
        return "The list holds no gene. Give at least one gene symbol, e.g. SOX2."
    return (
        f"No gene is left. {report.sentence()} The model knows {len(vocabulary):,} genes by symbol (SOX2), everyday "
        "name (OCT4) or Ensembl id (ENSG00000181449)."
    )


def _count(n: int, one: str, many: str) -> str:
    return f"{n:,} {one if n == 1 else many}"


def _more(records: Sequence[GeneRecord], shown: int) -> str:
    return ", ..." if len(records) > shown else ""
