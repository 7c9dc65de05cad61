"""What a report says of a gene, beside its figure; made when it is asked for, outside the page's run."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.figures.report import NOTES, Report, Rows, asked_rows, genes_table
from ugrn_core.types import SweepSettings
from ui.gene.state import Asked
from ui.shared.report_parts import BEST, names


def report_on_gene(
    backbone: Backbone,
    asked: Asked,
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


def _asked(backbone: Backbone, asked: Asked, settings: SweepSettings) -> Rows:
    context = asked.request.context
    return asked_rows(backbone, context, settings, 2 if context.kind == "pair" else len(context.genes))
