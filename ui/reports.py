"""What a report says of a pair, of a gene and of a network, beside its figure.

Each is made when it is asked for, outside the page's run: from what is handed over and nothing of the session.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.figures.curves import RAW, prepare_peaks
from ugrn_core.figures.report import Report, Rows, asked_rows, genes_table
from ugrn_core.figures.titles import short_unit, slope_unit
from ugrn_core.pair import PairSpecific
from ugrn_core.types import PairResult, SweepSettings
from ui.contexts import ContextChoice
from ui.facts_row import beyond, residual_words, signed
from ui.gene.state import Asked as GeneAsked

BEST = 15
"""Rows of a result that a report holds."""
NOTES = (
    "A hypothesis of the model, not a measurement: it learnt which genes vary together, and neither cause nor effect.",
    "Up or down does not tell activation from repression.",
)
RESIDUAL_NOTE = (
    "The residual compares the integral of the slope with the response, which are computed in different ways."
)


def of_pair(
    backbone: Backbone,
    result: PairResult,
    frame: pd.DataFrame,
    residual: float | None,
    specific: PairSpecific | None,
    choice: ContextChoice,
    command: str,
) -> Report:
    """``frame`` is that of the figure, whose first series is the one reported on."""
    settings, genes = result.settings, (result.source, result.target)
    peaks = prepare_peaks(frame)
    own = peaks[(peaks["series"] == peaks["series"].iloc[0]) & (peaks["measure"] == RAW)]
    short = short_unit(result.unit)
    what, unit = (
        ("Largest change", short) if result.forward.response is not None else ("Steepest slope", slope_unit(short))
    )
    percentiles = [None, None] if specific is None else [specific.forward_percentile, specific.reverse_percentile]
    facts = []
    for peak, share in zip(own.itertuples(), percentiles, strict=False):
        usual = "" if share is None or specific is None else f"; pair-specific part {beyond(share, specific.n_random)}"
        facts.append((f"{what} of {peak.target}", f"{signed(peak.peak)} {unit} at {peak.source} {peak.at:g}{usual}"))
    value, words = residual_words(residual, settings.background)
    facts.append(("Residual", f"{value}, {words}"))
    return Report(
        title=f"{genes[0]} → {genes[1]}",
        subtitle=f"What {backbone.card.label} predicts of one gene when the other moves, in both directions",
        facts=facts,
        settings=asked_rows(backbone, result.context, settings, result.context_size),
        genes=genes_table(zip(genes, ("source", "target"), strict=True)),
        genes_note=_names(choice),
        caveats=(*NOTES, RESIDUAL_NOTE, *choice.notes, *result.notes),
        command=command,
    )


def of_gene(
    backbone: Backbone, asked: GeneAsked, side: str, table: pd.DataFrame, ranked_by: str, command: str
) -> Report:
    """``table`` holds the rows of the side shown, best first."""
    request, settings = asked.request, asked.request.settings
    moved = f"when {request.gene} moves" if side == "source" else f"of {request.gene} when others move"
    columns = ["gene", "tf", "specific", "percentile", "response", "at", "slope_direction", "known"]
    best = table[[name for name in columns if name in table]].head(BEST)
    return Report(
        title=f"{request.gene} as {side}",
        subtitle=f"What {backbone.card.label} predicts {moved}",
        facts=[("Genes in the table", f"{len(table):,}, by {ranked_by}")],
        settings=_asked(backbone, asked, settings),
        genes=genes_table([(request.gene, side)]),
        genes_note=_names(asked.choice),
        caveats=(*NOTES, "A percentile is among random pairs of genes.", *asked.choice.notes, *asked.notes),
        command=command,
        best=best,
        best_title=f"Best {len(best):,} genes",
    )


def _asked(backbone: Backbone, asked: GeneAsked, settings: SweepSettings) -> Rows:
    context = asked.request.context
    return asked_rows(backbone, context, settings, 2 if context.kind == "pair" else len(context.genes))


def of_network(
    backbone: Backbone,
    settings: SweepSettings,
    choice: ContextChoice,
    shown: pd.DataFrame,
    *,
    facts: Rows,
    name: str,
    translator: str,
    notes: Sequence[str],
    command: str,
    recipe: str,
) -> Report:
    """``shown`` are the edges that are shown, best first; ``facts`` what stands above them on the page."""
    context = choice.main
    sure = not shown["probability"].isna().all()
    columns = ["source", "target", "probability" if sure else "score", "slope_direction", "tag", "known"]
    n_genes = 2 if context.kind == "pair" else len(context.genes)
    report = choice.report
    genes = pd.DataFrame() if report is None else report.frame().query("status != 'exact'").head(BEST)
    return Report(
        title=f"Network of {name}",
        subtitle=f"Edges that {translator} reads from {backbone.card.label}",
        facts=facts,
        settings=[*asked_rows(backbone, context, settings, n_genes), ("Translator", translator)],
        genes=genes,
        genes_note=_names(choice),
        caveats=(*NOTES, *dict.fromkeys(notes)),
        command=command,
        best=shown[[column for column in columns if column in shown]].head(BEST),
        best_title=f"Best {min(BEST, len(shown)):,} of the {len(shown):,} edges shown",
        recipe=recipe,
    )


def _names(choice: ContextChoice) -> str:
    """What became of the names of a list or file, in a sentence."""
    return "" if choice.report is None else choice.report.sentence()
