"""What a report says of a predicted network, and its numbers in words."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.figures.network_look import how_many
from ugrn_core.figures.network_plot import plot_network, prepare_network
from ugrn_core.figures.report import NOTES, Report, asked_rows
from ugrn_core.genes.file_names import HUMAN_COLUMNS
from ugrn_core.network.edge_filter import EdgeFilter
from ugrn_core.network.exports.folder import LOOKED_AT, NetworkFiles
from ugrn_core.network.layout import place_genes
from ugrn_core.network.question import has_probabilities
from ugrn_core.network.recipe import recipe_text
from ugrn_core.network.summary import NetworkFacts, network_facts

BEST, GENES, HEIGHT = 6, 4, 300
"""Rows of edges and of gene names, and pixels of the drawing: a report is to fit one page."""
CHANCES = "Probabilities are those at a prevalence of {:.3g}, the share of pairs assumed to be edges."
RANKS = "Edges are ranked, and no more is known of them."


def network_report(
    backbone: Backbone,
    files: NetworkFiles,
    best: pd.DataFrame,
    shown: pd.DataFrame,
    *,
    name: str,
    known: str = "",
    names: str = "",
    notes: Sequence[str] = (),
    figure: go.Figure | None = None,
) -> Report:
    """``best`` are the best edges of all, ``shown`` those of them that the recipe chooses; both are edge tables.

    ``known`` names where known edges are from, ``names`` says what became of the names of a list or file, ``notes``
    what is unusual. The drawing of the edges shown is made where ``figure`` is not it.
    """
    recipe, request = files.recipe, files.scores.request
    context, sure = request.context, has_probabilities(request, files.translator)
    n_genes = 2 if context.kind == "pair" else len(context.genes)
    share = recipe.settings.prevalence
    chances = CHANCES.format(share) if sure else RANKS
    told = facts_told(
        (len(request.sources), len(request.targets)),
        files.scores.n_edges,
        network_facts(best, shown, share),
        recipe.shown_edges(),
        sure=sure,
        known=None if files.known is None else known,
    )
    human = [name for name in HUMAN_COLUMNS if name in shown]
    columns = ["source", "target", *human, "probability" if sure else "score", "slope_direction", "tag", "known"]
    if figure is None:
        figure = plot_network(prepare_network(shown, place_genes(shown)))
    genes, first = files.genes[files.genes["status"] != "exact"], shown[columns].head(BEST).astype(object)
    return Report(
        title=f"Network of {name}",
        subtitle=f"Edges that {recipe.translator.name} reads from {backbone.card.label}",
        facts=[(label, f"{value}, {below}") for label, value, below in told],
        settings=[
            *asked_rows(backbone, context, files.translator.card.schema.settings, n_genes),
            ("Translator", recipe.translator.name),
        ],
        genes=genes.head(GENES),
        genes_note=names,
        caveats=(*NOTES, *dict.fromkeys(note for note in (chances, how_many(shown), *notes) if note)),
        command=recipe.command,
        best={f"Best {len(first):,} of the {len(shown):,} edges shown": first},
        recipe=recipe_text(recipe),
        figure=go.Figure(figure).update_layout(height=HEIGHT, legend_font_size=10, legend_tracegroupgap=2),
    )


def facts_told(
    size: tuple[int, int],
    n_edges: int,
    facts: NetworkFacts,
    filters: EdgeFilter,
    *,
    sure: bool,
    known: str | None,
) -> list[tuple[str, str, str]]:
    """The facts of a network in words: what it is, its value, what belongs to it.

    ``size``: numbers of sources and targets; ``sure``: edges have probabilities; ``known`` names where known edges are
    from, None where nothing was checked.
    """
    return [
        ("Edges scored", f"{n_edges:,}", f"{size[0]:,} × {size[1]:,} genes"),
        ("Shown", f"{facts.shown:,}", _reached(facts, filters)),
        ("Expected FDR", _share(facts.fdr), _wrong(facts) if sure else "not known: no calibration here"),
        ("Best probability", _number(facts.best), _lift(facts) if sure else "edges have ranks alone"),
        ("Known among them", *_known(facts, known)),
    ]


def _reached(facts: NetworkFacts, filters: EdgeFilter) -> str:
    """By which rule the edges were chosen, and whether the rate asked for was reached."""
    if filters.max_fdr is not None:
        held = facts.fdr <= filters.max_fdr
        return f"within {filters.max_fdr:.0%}" if held else f"best ones: none within {filters.max_fdr:.0%}"
    if filters.min_probability is not None:
        return f"at {filters.min_probability:g} or more"
    return "the best ones"


def _wrong(facts: NetworkFacts) -> str:
    if not facts.shown:
        return "nothing is shown"
    return f"about {round(facts.fdr * facts.shown):,} of {facts.shown:,} wrong"


def _lift(facts: NetworkFacts) -> str:
    return f"mean {facts.lift:.2g} × the prevalence" if facts.shown else "nothing is shown"


def _known(facts: NetworkFacts, known: str | None) -> tuple[str, str]:
    if facts.known is None or facts.known_all is None:
        return "–", "not checked" if known is None else "nothing is shown"
    among = "all" if facts.scored < LOOKED_AT else f"the best {facts.scored:,}"
    return _share(facts.known), f"{_share(facts.known_all)} of {among}, {known}"


def _share(share: float) -> str:
    return "–" if math.isnan(share) else f"{100 * share:.3g} %"


def _number(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.3f}"
