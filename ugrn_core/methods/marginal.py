"""The gene-level part of responses and slopes: how much a source moves anything, how much a target is moved.

Of a pair (i, j) it is mean_k R_ik + mean_k R_kj - mean_kl R_kl per virtual value, over reference genes k, l: what the
pair-specific response (:mod:`ugrn_core.pair_specific`) takes away. A translator that sees nothing else is the
``marginal`` control: what it reaches needs no knowledge of pairs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.beeline.networks import Edge
from ugrn_core.methods.method import Method
from ugrn_core.methods.reading import RESPONSES, SLOPES
from ugrn_core.pair_specific import reference_genes
from ugrn_core.store import Store
from ugrn_core.stored_sweep import question_key, stored_sources
from ugrn_core.sweep import sweep_pairs
from ugrn_core.types import Cancel, Context, Progress, SweepSettings

REFERENCE = 32
"""Reference genes, drawn from the vocabulary for the pair context, from the genes of a full one."""
VERSION = f"gene-level-1-{REFERENCE}"
GENES_A_GROUP = 32

Means = dict[str, np.ndarray]
"""``out_response``, ``in_response``, ``out_slope``, ``in_slope``: each (value,) of a gene, or (gene, value) of many."""


@dataclass(frozen=True)
class GeneLevel:
    """Means of genes over the reference, (gene, value) float32 each, and the grand means (value,)."""

    number: dict[str, int]
    means: Means
    grand: Means

    def forward_and_reverse(self, kind: str, pairs: Sequence[Edge]) -> np.ndarray:
        """Gene-level features (pair, 2 x value) float32, laid out as the curves are; ``kind`` response or slope."""
        sources = [self.number[s] for s, _ in pairs]
        targets = [self.number[t] for _, t in pairs]
        out, into, grand = self.means[f"out_{kind}"], self.means[f"in_{kind}"], self.grand[kind]
        return np.hstack([out[sources] + into[targets] - grand, out[targets] + into[sources] - grand])


def gene_level(
    backbone: Backbone,
    genes: Sequence[str],
    context: Context,
    settings: SweepSettings,
    store: Store | None = None,
    *,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> GeneLevel:
    """Gene-level means of ``genes``; cost in the pair context: 64 directed pairs a gene."""
    alone = context.kind == "pair"
    reference = reference_genes(backbone.vocabulary.symbols if alone else context.genes, REFERENCE)
    wanted = sorted({*genes, *reference})
    question = _Question(backbone, reference, context, settings, store, cancel)
    found: dict[str, Means] = {}
    for group in question.alone(wanted) if alone else question.in_context(wanted):
        found |= group
        if progress:
            progress(len(found) / len(wanted), f"gene level: {len(found):,} of {len(wanted):,} genes")
    names = list(found[wanted[0]])
    means = {name: np.stack([found[g][name] for g in wanted]) for name in names}
    grand = {name[4:]: np.mean([found[g][name] for g in reference], 0) for name in names if name.startswith("out_")}
    return GeneLevel({g: i for i, g in enumerate(wanted)}, means, grand)


@dataclass(frozen=True)
class _Question:
    """What all means of a gene level have in common."""

    backbone: Backbone
    reference: Sequence[str]
    context: Context
    settings: SweepSettings
    store: Store | None
    cancel: Cancel | None

    def alone(self, genes: Sequence[str]) -> Iterator[dict[str, Means]]:
        """Means in the pair context, group by group; the means are kept, the reference pairs behind them are not."""
        keys = {g: question_key(self.backbone, VERSION, self.context, self.settings, g) for g in genes}
        for start in range(0, len(genes), GENES_A_GROUP):
            group = genes[start : start + GENES_A_GROUP]
            found = {g: None if self.store is None else self.store.get(keys[g]) for g in group}
            missing = [g for g in group if found[g] is None]
            if missing:
                fresh = self._sweep_reference(missing)
                if self.store is not None:
                    self.store.put_many({keys[g]: means for g, means in fresh.items()})
                found |= fresh
            yield {g: means for g, means in found.items() if means is not None}

    def _sweep_reference(self, genes: Sequence[str]) -> dict[str, Means]:
        others = {g: [r for r in self.reference if r != g] for g in genes}
        there = [(g, r) for g in genes for r in others[g]]
        pairs = [*there, *((r, g) for g, r in there)]
        swept = sweep_pairs(self.backbone, pairs, self.settings, cancel=self.cancel)
        found: dict[str, Means] = {}
        start = 0
        for g in genes:
            rows = slice(start, start + len(others[g]))
            back = slice(rows.start + len(there), rows.stop + len(there))
            found[g] = {"out_slope": swept.slope[rows].mean(0), "in_slope": swept.slope[back].mean(0)}
            if swept.response is not None:
                found[g] |= {"out_response": swept.response[rows].mean(0), "in_response": swept.response[back].mean(0)}
            start = rows.stop
        return found

    def in_context(self, genes: Sequence[str]) -> Iterator[dict[str, Means]]:
        """Means in a full context, from the sweeps of all its asked genes and of the reference."""
        column = {g: k for k, g in enumerate(self.context.genes)}
        found: dict[str, Means] = {g: {} for g in genes}
        of_reference: dict[str, list[np.ndarray]] = {}
        sweeps = stored_sources(self.backbone, self.context, genes, self.settings, self.store, cancel=self.cancel)
        for sweep in sweeps:
            others = [column[r] for r in self.reference if r != sweep.source]
            for kind, curves in (("slope", sweep.slope), ("response", sweep.response)):
                if curves is None:
                    continue
                found[sweep.source][f"out_{kind}"] = curves[:, others].mean(1)
                if sweep.source in self.reference:
                    of_reference.setdefault(kind, []).append(curves)
        for kind, rows in of_reference.items():
            stacked = np.stack(rows)  # (reference, value, gene), in the order of the genes asked
            swept = [r for r in genes if r in self.reference]
            for g in genes:
                others = [i for i, r in enumerate(swept) if r != g]
                found[g][f"in_{kind}"] = stacked[others][:, :, column[g]].mean(0)
        yield found


MARGINAL_VVP = Method(
    "Marginal-VVP", "translator on the gene-level part of responses", "control", RESPONSES, "gene level"
)
MARGINAL_GDT = Method("Marginal-GDT", "translator on the gene-level part of slopes", "control", SLOPES, "gene level")
MARGINAL_ENS = Method(
    "Marginal-Ens",
    "mean logit of Marginal-VVP and Marginal-GDT",
    "control",
    members=(MARGINAL_VVP.name, MARGINAL_GDT.name),
)
