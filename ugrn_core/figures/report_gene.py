"""What a report says of a gene: one side of it, or both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.errors import InputError
from ugrn_core.figures.neighbourhood import beside, plot_trajectories, prepare_trajectories
from ugrn_core.figures.report import NOTES, Report, asked_rows, genes_table
from ugrn_core.genes.file_names import in_file, named_as_in_file
from ugrn_core.neighbourhood.run import Neighbourhood, Side
from ugrn_core.neighbourhood.table import Rank

ROWS, BEST = {1: 16, 2: 12}, {1: 8, 2: 5}
"""Rows of a heat map, and of a table, by the number of sides: a report is to fit one page."""
COLUMNS = ["gene", "tf", "specific", "percentile", "response", "score", "at", "slope_direction", "known"]


def rank_words(rank: Rank, deciding: str) -> str:
    """By what rows are ranked, for readers; ``deciding`` is the measure that ranks."""
    words = {"specific": f"pair-specific {deciding}", "response": f"{deciding} as predicted"}
    return words.get(rank, "the translator's score")


def gene_report(
    backbone: Backbone,
    found: Neighbourhood,
    tables: Mapping[Side, pd.DataFrame],
    rank: Rank,
    *,
    command: str,
    names: str = "",
    notes: Sequence[str] = (),
) -> Report:
    """``tables`` hold the rows of each side that is told, best first, with the places in ``found`` as their index.

    ``names`` says what became of the names of a list or file, ``notes`` what is unusual about the question. Without any
    row there is nothing to tell, and that is an InputError.
    """
    n_rows, n_best = ROWS[len(tables)], BEST[len(tables)]
    drawn = [heat_map(found, side, table, backbone.card.unit, n_rows) for side, table in tables.items() if len(table)]
    if not drawn:
        raise InputError(f"No gene passes, so that there is nothing to report of {called(found)}.")
    request, words = found.request, rank_words(rank, found.deciding)
    gene, context, sides = called(found), request.context, list(tables)
    human = "" if gene == request.gene else f" ({request.gene} in human)"
    moved = {"source": f"when {gene} moves", "target": f"of {gene} when others move"}
    n_genes = 2 if context.kind == "pair" else len(context.genes)
    caveats = [*NOTES]
    if any(table["percentile"].notna().any() for table in tables.values()):
        caveats.append("A percentile is among random pairs of genes.")
    if rank == "score":
        caveats.append("The score ranks; over a whole vocabulary it is no probability.")
    return Report(
        title=f"{gene}{human} as {' and as '.join(sides)}",
        subtitle=f"What {backbone.card.label} predicts {', and '.join(moved[side] for side in sides)}",
        facts=[(f"Genes with {gene} as {side}", f"{len(table):,}, by {words}") for side, table in tables.items()],
        settings=asked_rows(backbone, context, request.settings, n_genes),
        genes=genes_table([(gene, " and ".join(sides))]),
        genes_note=names,
        caveats=(*caveats, *notes),
        command=command,
        best={f"Best with {gene} as {side}": _best(table, n_best, found) for side, table in tables.items()},
        figure=beside(drawn),
    )


def called(found: Neighbourhood) -> str:
    """The gene that was asked about, by its name in a mouse file."""
    return in_file(found.request.context.names, (found.request.gene,))[0]


def heat_map(found: Neighbourhood, side: Side, table: pd.DataFrame, unit: str, rows: int) -> go.Figure:
    """The trajectories of the first ``rows`` of a table: pair-specific where they are there, else as predicted."""
    return plot_trajectories(trajectories_of(found, side, table, unit, rows), gene=called(found), side=side)


def trajectories_of(found: Neighbourhood, side: Side, table: pd.DataFrame, unit: str, rows: int) -> pd.DataFrame:
    """The frame of :func:`heat_map`, by the names of a mouse file."""
    request, first = found.request, table.head(rows)
    base, context = request.settings.base, request.context
    if context.values is not None and side == "source":
        base = context.values[context.genes.index(request.gene)]
    curves = (found.specific or found.raw)[side][found.deciding][first.index]
    frame = prepare_trajectories(list(first["gene"]), curves, request.settings.grid, base, unit, found.deciding)
    return named_as_in_file(frame, context.names, ("gene",))


def _best(table: pd.DataFrame, n: int, found: Neighbourhood) -> pd.DataFrame:
    best = named_as_in_file(table[COLUMNS].head(n), found.request.context.names, ("gene",))
    best = best.rename(columns={"response": found.deciding, "human_gene": "in human"})
    return best.assign(tf=["yes" if tf else "no" for tf in best["tf"]])
