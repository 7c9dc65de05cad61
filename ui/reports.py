"""What a report says of a gene and of a network, beside its figure.

Each is made when it is asked for, outside the page's run: from what is handed over and nothing of the session.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.figures.report import NOTES, Report, Rows, asked_rows, genes_table
from ugrn_core.types import SweepSettings
from ui.contexts import ContextChoice
from ui.gene.state import Asked as GeneAsked

BEST, ROWS, HEIGHT = 8, 16, 360
"""Rows of a result, rows of a heat map, and pixels of a network that a report holds: it is to fit one page."""


def of_gene(
    backbone: Backbone,
    asked: GeneAsked,
    side: str,
    table: pd.DataFrame,
    ranked_by: str,
    command: str,
    figure: go.Figure,
) -> Report:
    """``table`` holds the rows of the side shown, best first; ``figure`` is that of the first of them."""
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
        genes_note=names(asked.choice),
        caveats=(*NOTES, "A percentile is among random pairs of genes.", *asked.choice.notes, *asked.notes),
        command=command,
        best=best,
        best_title=f"Best {len(best):,} genes",
        figure=figure,
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
    figure: go.Figure,
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
        genes_note=names(choice),
        caveats=(*NOTES, *dict.fromkeys(notes)),
        command=command,
        best=shown[[column for column in columns if column in shown]].head(BEST),
        best_title=f"Best {min(BEST, len(shown)):,} of the {len(shown):,} edges shown",
        recipe=recipe,
        figure=go.Figure(figure).update_layout(height=HEIGHT, legend_font_size=10, legend_tracegroupgap=2),
    )


def names(choice: ContextChoice) -> str:
    """What became of the names of a list or file, in a sentence."""
    return "" if choice.report is None else choice.report.sentence()
