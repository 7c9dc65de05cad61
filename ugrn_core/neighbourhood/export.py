"""A neighbourhood taken away: the table with the curves behind it, and the command that makes it again."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

import pandas as pd

from ugrn_core.genes.file_names import named_as_in_file
from ugrn_core.neighbourhood.run import Neighbourhood, NeighbourhoodRequest, Side
from ugrn_core.neighbourhood.table import Rank
from ugrn_core.pair_output import exactly
from ugrn_core.spreadsheet import csv_text


def gene_csv(found: Neighbourhood, tables: Sequence[pd.DataFrame]) -> str:
    """Rows of :func:`~ugrn_core.neighbourhood.table.neighbour_table` of each side, in their order, with the deciding
    curve at every virtual value beside them, as CSV; in cells of a mouse file by its names, ``human_gene`` behind."""
    whole = pd.concat([_with_curves(found, table) for table in tables], ignore_index=True)
    return csv_text(named_as_in_file(whole, found.request.context.names, ("gene",)))


def gene_command(
    request: NeighbourhoodRequest,
    backbone_name: str,
    rank: Rank,
    *,
    side: Side | None = None,
    translator: str | None = None,
    factors: bool = False,
    context: str = "pair",
    more: Sequence[str] = (),
) -> str:
    """The line of ``ugrn gene`` that writes a neighbourhood; the words are those of the command."""
    settings = request.settings
    words = ["ugrn", "gene", request.gene, "--as", side or "both", "--rank", rank, "--backbone", backbone_name]
    words += ["--context", context, *more]
    words += ["--base", exactly(settings.base), "--grid", ",".join(map(exactly, settings.grid))]
    words += ["--background", settings.background]
    words += [] if translator is None else ["--translator", translator]
    words += ["--tfs"] if factors else []
    return shlex.join([*words, "--out", f"{request.gene}.csv"])


def _with_curves(found: Neighbourhood, table: pd.DataFrame) -> pd.DataFrame:
    names = [f"{found.deciding}_at_{exactly(value)}" for value in found.request.settings.grid]
    if table.empty:
        return table.assign(**dict.fromkeys(names, 0.0))
    curves = found.raw[table["side"].iloc[0]][found.deciding][table.index]
    return pd.concat([table, pd.DataFrame(curves, index=table.index, columns=names)], axis=1)
