"""What a report says of a network, beside its figure; made when it is asked for, outside the page's run."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.figures.report import NOTES, Report, Rows, asked_rows
from ugrn_core.types import SweepSettings
from ui.shared.contexts import ContextChoice
from ui.shared.report_parts import BEST, HEIGHT, names


def report_on_network(
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
