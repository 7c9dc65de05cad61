"""A list of gene names onto the symbols of a backbone's vocabulary, with a report for every name.

How one name is read: :mod:`ugrn_core.genes.lookup`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from ugrn_core.errors import GeneError
from ugrn_core.genes.lookup import GeneRecord, Lookup, Species
from ugrn_core.genes.suggest import spelling
from ugrn_core.types import Vocabulary

MAX_SUGGESTED = 100
"""Names of one list that get suggestions; further unknown names are reported without."""


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
    lookup = Lookup(vocabulary, species, frozenset(names))
    records: list[GeneRecord] = []
    first: dict[str, str] = {}
    suggested = 0
    for name in map(str.strip, names):
        record = lookup.read(name)
        if record.status == "unknown" and suggested < MAX_SUGGESTED:
            record, suggested = replace(record, suggestions=lookup.index.suggest(name)), suggested + 1
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
    record = Lookup(vocabulary, species).read(name.strip())
    if record.symbol is not None:
        return record.symbol
    if record.status == "ambiguous":
        raise GeneError(f"{name} is ambiguous: it may be {' or '.join(record.suggestions)}. Give one of these.")
    near = spelling(vocabulary).suggest(name.strip())
    advice = f"Did you mean {' or '.join(near)}?" if near else "Give a gene symbol such as SOX2, or an Ensembl id."
    reason = f" ({record.note})" if record.note else ""
    raise GeneError(
        f"{name or 'An empty name'} is not one of the {len(vocabulary):,} genes of this model{reason}. {advice}"
    )


def _missing(unknown: list[GeneRecord], n: int, ambiguous: int) -> str:
    if not unknown:
        whole = "All" if not ambiguous else f"{n - ambiguous:,} of"
        return f"{whole} {n:,} genes were recognised." if n > 1 or ambiguous else "The gene was recognised."
    meant = list(dict.fromkeys(s for r in unknown for s in r.suggestions[:1]))[:3]
    named = ", ".join(_short(r.name) for r in unknown[:3])
    text = f"{len(unknown):,} of {n:,} {'gene is' if n == 1 else 'genes are'} not in the vocabulary ({named}"
    text += f"{_more(unknown, 3)})." + (f" Did you mean {', '.join(meant)}?" if meant else "")
    reasons = Counter(r.note for r in unknown if r.note).most_common()
    return text + (f" {reasons[0][1]:,} of them: {reasons[0][0]}." if reasons else "")


def _short(name: str) -> str:
    return name if len(name) <= 40 else f"{name[:37]}..."


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
