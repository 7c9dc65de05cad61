"""Gene names of any origin onto the symbols of a backbone's vocabulary, one by one.

In this order, the first that fits: the symbol as written; an Ensembl id (version dropped; mouse ids through the
ortholog); a mouse symbol with a one-to-one human ortholog; the symbol in another case; what ``make_unique`` has
numbered (``CD4-1`` is CD4 once more); an everyday name (OCT4), the symbol before or after a renaming (those often met,
and all if the user has put HGNC's complete set into the cache; see :func:`ugrn_core.genes.tables.hgnc_file`); the same
without separators (``SOX-2``, ``HLA.A``) or with Latin letters for Greek ones (``IL-1β``); a mouse symbol in upper
case; the name inside a longer one (``ENSG00000181449_SOX2``, ``GRCh38_SOX2``, ``SOX2(+)``). A name with several
possible genes is ambiguous, whichever of them the vocabulary holds, and never decided by chance. One letter alone is
no mouse gene.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Literal

from ugrn_core.genes.spelled import ENSEMBL, LONGEST, id_of_another_kind, latin_forms, names_inside, repeat_of, tidy
from ugrn_core.genes.suggest import spelling
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

_SEPARATED = re.compile(r"[A-Za-z]{2,}[-. _]\d+[A-Za-z]?")


@dataclass(frozen=True)
class GeneRecord:
    """What became of one name; ``symbol`` is None for an ambiguous or unknown one."""

    name: str
    status: Status
    symbol: str | None = None
    note: str = ""
    suggestions: tuple[str, ...] = ()


class Lookup:
    """How the names of one list are read; ``species`` None: each by its own spelling. ``given`` are its names."""

    def __init__(self, vocabulary: Vocabulary, species: Species | None = None, given: Collection[str] = ()) -> None:
        self.vocabulary, self.species, self.given = vocabulary, species, given
        self.index = spelling(vocabulary)
        self._hgnc = hgnc_names()

    def read(self, written: str) -> GeneRecord:
        """Record of one stripped name, without suggestions if unknown."""
        if len(written) > LONGEST:
            return GeneRecord(written, "unknown", note=id_of_another_kind(written))
        name = tidy(written)
        record = self._plain(name)
        if record.status == "unknown":
            for inside in names_inside(name):
                found = self._plain(inside)
                if found.status != "unknown":
                    note = f"read as {inside}" + (f", {found.note}" if found.note else "")
                    record = replace(found, status="alias" if found.status == "exact" else found.status, note=note)
                    break
        if record.status == "unknown" and not record.note:
            record = replace(record, note=id_of_another_kind(name))
        return replace(record, name=written)

    def _plain(self, name: str) -> GeneRecord:
        """Record of a name that carries nothing beside the gene."""
        if name in self.vocabulary:
            others = [s for s in everyday_names().get(alias_key(name), ()) if s in self.vocabulary and s != name]
            note = f"also an everyday name of {' and '.join(others)}" if others else ""
            return GeneRecord(name, "exact", name, note)
        ensembl = ENSEMBL.fullmatch(name)
        if ensembl:
            return self._from_ensembl(name, ensembl[1].upper())
        may_be_mouse = self.species != "human" and len(name) > 1
        mouse = mouse_genes().by_symbol.get(name) if may_be_mouse and name != name.upper() else None
        record = self._from_mouse(name, mouse) if mouse else None
        if record is None and name.upper() in self.index.by_upper:
            symbol = self.index.by_upper[name.upper()]
            if mouse or self.species == "mouse":
                record = GeneRecord(name, "ortholog", symbol, "no one-to-one ortholog known, matched by spelling")
            else:
                record = GeneRecord(name, "exact", symbol, f"written {symbol} here")
        record = record or self._from_dots(name) or self._from_repeat(name)
        record = record or self._from_alias(name) or self._from_separators(name)
        if record is None and may_be_mouse and name.upper() in mouse_genes().by_upper:
            record = self._from_mouse(name, mouse_genes().by_upper[name.upper()])
        return record or GeneRecord(name, "unknown", note="a mouse gene without an ortholog here" if mouse else "")

    def _from_ensembl(self, name: str, gene_id: str) -> GeneRecord:
        if gene_id.startswith("ENSMUSG"):
            mouse = mouse_genes().by_id.get(gene_id)
            record = self._from_mouse(name, mouse) if mouse else None
            note = f"mouse gene {mouse.symbol}, no ortholog here" if mouse else "not a known Ensembl id"
            return record or GeneRecord(name, "unknown", note=note)
        symbol = human_symbols_by_id().get(gene_id)
        if symbol is None:
            return GeneRecord(name, "unknown", note="no symbol is known for this Ensembl id")
        if symbol in self.vocabulary:
            return GeneRecord(name, "alias", symbol, "Ensembl id")
        key = alias_key(symbol)
        former = former_symbols().get(key) or [s for gene in self._hgnc.get(key, ()) for s in gene]
        known = [s for s in former if s in self.vocabulary]
        if len(known) == 1:
            return GeneRecord(name, "alias", known[0], f"Ensembl id of {symbol}")
        return GeneRecord(name, "unknown", note=f"Ensembl id of {symbol}, which is not in the vocabulary")

    def _from_mouse(self, name: str, mouse: MouseGene) -> GeneRecord | None:
        """Ortholog of a mouse gene: one to one, by spelling among several, else ambiguous; None if none is known."""
        human = [s for s in mouse.human if s in self.vocabulary]
        if mouse.one_to_one and human:
            note = f"one-to-one ortholog of mouse {mouse.symbol}"
            other = mouse.symbol.upper()
            if other != human[0].upper() and other in self.vocabulary:
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

    def _from_alias(self, name: str) -> GeneRecord | None:
        keys = [alias_key(form) for form in (name, *latin_forms(name))]
        former = {key: (symbols,) for key in keys if (symbols := former_symbols().get(key))}
        everyday = {key: tuple((s,) for s in symbols) for key in keys if (symbols := everyday_names().get(key))}
        tables = (
            (everyday, "everyday name"),
            (former, "other symbol of a renamed gene"),
            (self._hgnc, "previous or other symbol by HGNC"),
        )
        for table, source in tables:
            for key in keys:
                genes = table.get(key, ())
                here = [next((s for s in gene if s in self.vocabulary), gene[0]) for gene in genes]
                known = [s for s in here if s in self.vocabulary]
                if known and len(genes) > 1:
                    absent = ", ".join(s for s in here if s not in self.vocabulary)
                    note = f"{source} of several genes" + (f"; not in this model: {absent}" if absent else "")
                    return GeneRecord(name, "ambiguous", note=note, suggestions=tuple(here))
                if known:
                    return GeneRecord(name, "alias", known[0], source)
        return None

    def _from_repeat(self, name: str) -> GeneRecord | None:
        """CD4-1, CD4.1, CD4_1 as CD4 once more: nobody writes CD41 so.

        MAF-1, after a letter, may be MAF1: it is looked at as MAF once more only if MAF is in the list too.
        """
        base = repeat_of(name)
        record = self._plain(base) if base else None
        if base is None or record is None or record.symbol is None or record.status == "alias":
            return None
        if base[-1].isdigit():
            return replace(record, name=name, status="alias", note=f"{base} once more")
        if base not in self.given:
            return None
        joined = self._from_alias(name) or self._from_separators(name)
        if joined is None:
            return replace(record, name=name, status="alias", note=f"{base} once more")
        either = (record.symbol, joined.symbol) if joined.symbol else (record.symbol, *joined.suggestions)
        return GeneRecord(name, "ambiguous", note=f"{base} once more, or another gene", suggestions=either)

    def _from_dots(self, name: str) -> GeneRecord | None:
        """R's HLA.A as HLA-A."""
        symbol = self.index.by_upper.get(name.upper().replace(".", "-"))
        return GeneRecord(name, "alias", symbol, f"read as {symbol}") if symbol else None

    def _from_separators(self, name: str) -> GeneRecord | None:
        """SOX-2 as SOX2, IL-1β as IL1B."""
        tried = [alias_key(name)] if _SEPARATED.fullmatch(name) else []
        tried += [form for latin in latin_forms(name) for form in (latin.upper(), alias_key(latin))]
        symbol = next((self.index.by_upper[t] for t in tried if t in self.index.by_upper), None)
        return GeneRecord(name, "alias", symbol, f"read as {symbol}") if symbol else None
