"""``ugrn activities``: edges and cells in, the activity of every factor in every group of cells out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ugrn_core.cli.contexts import CellOptions, read_data
from ugrn_core.cli.options import GeneColumnOption, LayerOption
from ugrn_core.cli.output import progress_on_stderr, say, write_csv
from ugrn_core.errors import InputError

TOP = 1000


def activities(
    edges: Annotated[Path, typer.Option(metavar="FILE", help="Edges with scores: edges.csv of a network, or others.")],
    cells: Annotated[str, typer.Option(metavar="FILE|example", help="File of cells.")],
    by: Annotated[str, typer.Option(metavar="COLUMN", help="The column of groups of cells.")],
    top: Annotated[int, typer.Option(metavar="K", help="Best edges that are taken for the network.")] = TOP,
    sign_column: Annotated[
        str | None, typer.Option(metavar="NAME|N", help="Column of signs that were learnt: above 0 or below.")
    ] = None,
    signs: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Instead: a table of source, target and sign; only edges that it has."),
    ] = None,
    layer: LayerOption = None,
    gene_column: GeneColumnOption = None,
) -> None:
    """Say how high the targets of every factor are in every group, against random networks, as CSV.

    The t-value of a univariate linear model over genes, as decoupler's ulm. Every edge weighs 1, because slopes are no
    signs; with --sign-column or --signs 1 or -1.
    """
    from ugrn_core.benchmark.given import read_score_table
    from ugrn_core.cli.cell_values import by_file
    from ugrn_core.cli.output import stop_on_interrupt
    from ugrn_core.evidence.activities import activities as activities_of
    from ugrn_core.evidence.activities import with_signs
    from ugrn_core.evidence.evidence import file_places

    if top < 1:
        raise InputError(f"--top is {top}; give a number of edges from 1 on.")
    if signs is not None and sign_column is not None:
        raise InputError(
            "Signs come from a column of the edges (--sign-column) or from a table (--signs): leave one out."
        )
    listed = read_score_table(edges)
    say(f"{edges.name}: {listed.said}")
    table = listed.frame
    if sign_column is not None:
        table = table.assign(sign=read_score_table(edges, score=sign_column).frame["score"])
        if (table["sign"] == 0).any():
            raise InputError(
                f"{int((table['sign'] == 0).sum()):,} edges have the sign 0. Leave them out of {edges.name}."
            )
    data = read_data(cells, CellOptions(by, layer, gene_column))
    places = file_places(data, list(dict.fromkeys([*table["source"], *table["target"]])))
    table, places, _ = by_file(table, places, data, listed.human)
    if signs is not None:
        table, told = with_signs(table, read_score_table(signs).frame)
        say(f"{signs.name}: {told}")
    with stop_on_interrupt() as cancel, progress_on_stderr() as progress:
        found = activities_of(table, data, places, by, n_best=top, progress=progress, cancel=cancel)
    write_csv(found)
