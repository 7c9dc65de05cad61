"""``ugrn evidence``: edges and cells in, the edges with what the cells say of each out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ugrn_core.cli.contexts import CellOptions, read_data
from ugrn_core.cli.options import GeneColumnOption, LayerOption, SourceColumnOption, TargetColumnOption
from ugrn_core.cli.output import progress_on_stderr, say, write_csv
from ugrn_core.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from ugrn_core.evidence.evidence import Evidence
    from ugrn_core.types import Cancel

TOP = 1000
BEST = 100
"""As :data:`ugrn_core.evidence.evidence.BEST`, which would load scipy for a help text."""


def evidence(
    edges: Annotated[Path, typer.Option(metavar="FILE", help="Edges with scores: edges.csv of a network, or others.")],
    cells: Annotated[str, typer.Option(metavar="FILE|example", help="File of cells.")],
    group: Annotated[str | None, typer.Option(metavar="COLUMN=LEVEL", help="Only these cells.")] = None,
    within: Annotated[str | None, typer.Option(metavar="COLUMN", help="Correlate within each of these groups.")] = None,
    donors: Annotated[str | None, typer.Option(metavar="COLUMN", help="Resample donors instead of cells.")] = None,
    layer: LayerOption = None,
    gene_column: GeneColumnOption = None,
    source_column: SourceColumnOption = None,
    target_column: TargetColumnOption = None,
    score_column: Annotated[
        str | None, typer.Option(metavar="NAME|N", help="Column of the scores; default: by its title.")
    ] = None,
    top: Annotated[int, typer.Option(metavar="K", help="Best edges by score.")] = TOP,
    best: Annotated[int, typer.Option(metavar="K", help="Pairs that count as the best of the cells.")] = BEST,
    agree: Annotated[bool, typer.Option("--agree", help="Only edges that the cells show too.")] = False,
    surest: Annotated[bool, typer.Option("--surest", help="Edges first of which model and cells are sure.")] = False,
) -> None:
    """Say of every edge what the cells show, as a CSV of the edges with further columns.

    Correlations within groups with intervals, net of detection, the share of cells that show both genes, how often
    the pair is among the best when cells are drawn again, and its place among pairs that are detected as often.
    """
    from ugrn_core.benchmark.given import read_score_table
    from ugrn_core.cli.cell_values import by_file, choice_of, read_values
    from ugrn_core.cli.output import stop_on_interrupt
    from ugrn_core.evidence.evidence import agreeing, genes_to_read, surest_first
    from ugrn_core.evidence.evidence import evidence as evidence_of
    from ugrn_core.evidence.kept import cells_key, kept_evidence
    from ugrn_core.genes.pair_list import PairColumns
    from ugrn_core.store import Store

    for option, number in (("--top", top), ("--best", best)):
        if number < 1:
            raise InputError(f"{option} is {number}; give a number from 1 on.")
    listed = read_score_table(edges, PairColumns(source_column, target_column), score_column)
    say(f"{edges.name}: {listed.said}")
    by_score = listed.frame.sort_values(["score", "source", "target"], ascending=[False, True, True])
    table = by_score.drop_duplicates(["source", "target"], ignore_index=True)
    table = table[table["source"] != table["target"]].reset_index(drop=True)
    if table.empty:
        raise InputError(f"{edges.name} has no edge between two genes.")
    chosen = CellOptions(group, layer, gene_column)
    data = read_data(cells, chosen)
    places, left_out = genes_to_read(list(table["source"].unique()), list(table["target"].unique()), data)
    if left_out:
        say(left_out)
    table, places, _ = by_file(table, places, data, listed.human)
    sources, targets = (list(table[end].unique()) for end in ("source", "target"))

    def compute(cancel: Cancel) -> Evidence:
        read = read_values(cells, data, list(places.values()), chosen, within=within, donors=donors, cancel=cancel)
        with progress_on_stderr() as progress:
            return evidence_of(read, tuple(places), sources, targets, best, progress=progress, cancel=cancel)

    asked = choice_of(data, list(places.values()), chosen, within, donors)
    key = cells_key("evidence", data, asked, tuple(places), sources, targets, best)
    with Store() as store, stop_on_interrupt() as cancel:
        found = kept_evidence(store, key, lambda: compute(cancel))
    say(found.notes[0])
    beside = found.beside(table)
    chosen_edges = beside.head(top)
    say(_counted(chosen_edges, len(table)))
    kept = agreeing(chosen_edges) if agree else chosen_edges
    write_csv(surest_first(kept) if surest else kept)


def _counted(best: pd.DataFrame, n_edges: int) -> str:
    from ugrn_core.evidence.evidence import SHOWS

    counts = best["cells_show"].value_counts()
    said = ", ".join(f"{word} {counts.get(word, 0):,}" for word in SHOWS)
    return f"Of the best {len(best):,} of {n_edges:,} edges, the cells show: {said}."
