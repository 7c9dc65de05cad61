"""A user's own edges as training data: a network of the genes named, its regulators being the sources."""

from __future__ import annotations

import csv
from dataclasses import dataclass

from ugrn_core.beeline.networks import Edge, Network, Row
from ugrn_core.errors import InputError
from ugrn_core.genes.gene_list import parse_pairs
from ugrn_core.genes.resolve import GeneReport, resolve
from ugrn_core.types import Vocabulary

OWN = "own edges"


@dataclass(frozen=True)
class OwnEdges:
    """Positives as a network, negatives where the file gives labels, and what became of every gene name."""

    network: Network
    negatives: tuple[Edge, ...]
    report: GeneReport
    notes: tuple[str, ...]


def parse_edges(text: str, vocabulary: Vocabulary) -> OwnEdges:
    """Edges of a text: pairs, one a line, all positive; or a CSV titled source,target,label with labels 1 and 0.

    Names are resolved to the vocabulary; pairs with an unknown gene, self-pairs and repetitions are left out and
    counted in the notes. A pair with both labels is an InputError.
    """
    labelled = _labelled(text)
    pairs = [pair for pair, _ in labelled]
    report = resolve(list(dict.fromkeys(g for pair in pairs for g in pair)), vocabulary)
    symbol = {r.name: r.symbol for r in report.records}
    kept: dict[Edge, int] = {}
    unknown, itself = 0, 0
    for (s, t), label in labelled:
        source, target = symbol[s], symbol[t]
        if source is None or target is None:
            unknown += 1
        elif source == target:
            itself += 1
        elif kept.setdefault((source, target), label) != label:
            raise InputError(f"{source} -> {target} is labelled both 1 and 0; keep one of the two lines.")
    positives = tuple(sorted(p for p, label in kept.items() if label))
    if not positives:
        raise InputError("The list holds no positive edge between two genes of this model. Give some, e.g. SOX2,NANOG.")
    genes = tuple(sorted({g for pair in kept for g in pair}))
    network = Network(Row(OWN, OWN), OWN, genes, tuple(sorted({s for s, _ in kept})), positives)
    counts = ((unknown, "with a gene the model does not know"), (itself, "of a gene with itself"))
    notes = tuple(f"{n:,} {'pair' if n == 1 else 'pairs'} {what} left out." for n, what in counts if n)
    return OwnEdges(network, tuple(sorted(p for p, label in kept.items() if not label)), report, notes)


def _labelled(text: str) -> list[tuple[Edge, int]]:
    """Pairs with labels as the text writes them; without a column of that title every pair is positive."""
    lines = text.lstrip("\ufeff").splitlines()
    title = [cell.strip().lower() for cell in next(csv.reader(lines[:1]), [])]
    if "label" not in title:
        return [(pair, 1) for pair in parse_pairs(text)]
    if not {"source", "target"} <= set(title):
        raise InputError(f"The list has the columns {', '.join(title)}; expected source, target and label.")
    at = [title.index(name) for name in ("source", "target", "label")]
    rows = []
    for number, cells in enumerate(csv.reader(lines[1:]), 2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) < len(title) or cells[at[2]].strip() not in ("0", "1"):
            got = ",".join(cells)[:60]
            raise InputError(f"Line {number} of the list is {got!r}; expected source,target and 0 or 1.")
        rows.append(((cells[at[0]].strip(), cells[at[1]].strip()), int(cells[at[2]])))
    return rows
