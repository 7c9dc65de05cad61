"""A user's own edges as training data: a network of the genes named, its regulators being the sources."""

from __future__ import annotations

from dataclasses import dataclass

from ugrn_core.beeline.networks import Edge, Network, Row
from ugrn_core.errors import InputError
from ugrn_core.genes.pair_list import PairColumns, PairList, pair_list
from ugrn_core.genes.resolve import GeneReport, resolve
from ugrn_core.types import Vocabulary

OWN = "own edges"


@dataclass(frozen=True)
class OwnEdges:
    """Positives as a network, negatives where the file gives labels, and what became of every gene name.

    ``listed``: the pairs as they were written; its sentence says what was read as what.
    """

    network: Network
    negatives: tuple[Edge, ...]
    report: GeneReport
    notes: tuple[str, ...]
    listed: PairList


def parse_edges(text: str, vocabulary: Vocabulary, columns: PairColumns = PairColumns()) -> OwnEdges:  # noqa: B008
    """Edges of a text (see :mod:`ugrn_core.genes.pair_list`): all positive, but for labels of 0 where there are labels.

    Names are resolved to the vocabulary; pairs with an unknown gene, self-pairs and repetitions are left out and
    counted in the notes. A pair with both labels is an InputError.
    """
    listed = pair_list(text, columns)
    if not listed.pairs:
        raise InputError("The list holds no pair. Give some, one a line, e.g. SOX2,NANOG.")
    report = resolve(list(dict.fromkeys(g for pair in listed.pairs for g in pair)), vocabulary)
    symbol = {r.name: r.symbol for r in report.records}
    kept: dict[Edge, int] = {}
    unknown, itself = 0, 0
    for (s, t), label in zip(listed.pairs, listed.labels or [1] * len(listed.pairs), strict=True):
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
    left_out = [f"{n:,} {'pair' if n == 1 else 'pairs'} {what} left out." for n, what in counts if n]
    negatives = tuple(sorted(p for p, label in kept.items() if not label))
    return OwnEdges(network, negatives, report, tuple(left_out), listed)
