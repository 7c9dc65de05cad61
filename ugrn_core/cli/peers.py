"""``ugrn peers``: other methods on the cells of a network, beside it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ugrn_core.cli.contexts import CellOptions, read_data
from ugrn_core.cli.options import GeneColumnOption, LayerOption
from ugrn_core.cli.output import progress_on_stderr, say, write_csv
from ugrn_core.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from ugrn_core.beeline.networks import Edge
    from ugrn_core.data.cell_values import CellValues

MOST_CELLS = 2000


def peers(
    edges: Annotated[Path, typer.Option(metavar="FILE", help="Edges with scores: edges.csv of a network, or others.")],
    cells: Annotated[str, typer.Option(metavar="FILE|example", help="File of cells.")],
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Folder for the scores of every method, and the ranks.")],
    methods: Annotated[str, typer.Option(metavar="A,B", help="Only these methods; default: all installed.")] = "",
    reference: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Known edges to hold all against, one a line or a table.")
    ] = None,
    k: Annotated[str, typer.Option("--k", metavar="A,B", help="Numbers of best pairs compared.")] = "50,100,500,1000",
    group: Annotated[str | None, typer.Option(metavar="COLUMN=LEVEL", help="Only these cells.")] = None,
    layer: LayerOption = None,
    gene_column: GeneColumnOption = None,
    cells_used: Annotated[
        int, typer.Option("--cells-used", metavar="N", help="At most so many cells, drawn with a fixed seed.")
    ] = MOST_CELLS,
) -> None:
    """Run GRNBoost2, RegDiffusion and correlations on the cells and compare each with the network, as CSV.

    Every source of the edges against every gene of theirs that the file has. Scores of the same cells and genes that
    lie in the folder are taken from there, so that a run that was stopped goes on. RegDiffusion is an extra:
    ugrn-explorer[peers].
    """
    from ugrn_core.benchmark.peer_comparison import compare, scores_on_cells
    from ugrn_core.benchmark.peers import peers_named
    from ugrn_core.benchmark.score_table import read_score_table
    from ugrn_core.cli.benchmark import words
    from ugrn_core.cli.cell_values import read_values
    from ugrn_core.cli.interrupt import stop_on_interrupt
    from ugrn_core.evidence.evidence import genes_to_read
    from ugrn_core.spreadsheet import csv_text, unguarded_table
    from ugrn_core.whole_files import write_whole

    sizes = _sizes(k)
    if cells_used < 3:
        raise InputError(f"--cells-used is {cells_used}; give a number from 3 on.")
    chosen = peers_named(words(methods))
    listed = read_score_table(edges)
    say(f"{edges.name}: {listed.said}")
    table = listed.frame
    known = None if reference is None else _edges(reference)
    options = CellOptions(group, layer, gene_column)
    data = read_data(cells, options)
    sources, targets = list(table["source"].unique()), list(table["target"].unique())
    places, left_out = genes_to_read(sources, targets, data)
    if left_out:
        say(left_out)
    out.mkdir(parents=True, exist_ok=True)
    found: dict[str, pd.DataFrame] = {}
    with stop_on_interrupt() as cancel:
        read = read_values(cells, data, list(places.values()), options, cancel=cancel).at_most(cells_used)
        say(f"{read.values.shape[0]:,} cells and {len(places):,} genes.")
        digest = _digest(read, tuple(places), sources)
        for peer in chosen:
            file = out / f"{peer.name.replace(' ', '_')}_{digest}.csv"
            if file.is_file():
                say(f"{file} is there already.")
                found[peer.name] = unguarded_table(read_score_table(file).frame)
                continue
            with progress_on_stderr() as progress:
                there = [s for s in sources if s in places]
                scored = scores_on_cells([peer], read, tuple(places), there, progress=progress, cancel=cancel)
            found |= scored
            write_whole(file, csv_text(scored[peer.name]).encode())
    in_cells = table[table["source"].isin(list(places)) & table["target"].isin(list(places))]
    compared = compare(in_cells, found, known, sizes)
    write_whole(out / "ranks.csv", csv_text(compared.ranks).encode())
    write_csv(compared.summary)


def _digest(cells: CellValues, symbols: tuple[str, ...], sources: list[str]) -> str:
    """Tells scores of these cells, genes and sources apart from others in the folder."""
    whole = hashlib.sha256(repr((symbols, sorted(sources))).encode())
    for part in (cells.values.data, cells.values.indices, cells.values.indptr):
        whole.update(part.tobytes())
    return whole.hexdigest()[:12]


def _sizes(text: str) -> tuple[int, ...]:
    try:
        sizes = tuple(int(word) for word in text.split(","))
    except ValueError:
        sizes = ()
    if not sizes or min(sizes) < 1:
        raise InputError(f"--k is {text!r}; expected whole numbers from 1 on between commas, such as 100,500.")
    return tuple(dict.fromkeys(sizes))


def _edges(file: Path) -> set[Edge]:
    """Positive edges of a list, by the names that it gives them."""
    from ugrn_core.cli.genes import read_pairs_text
    from ugrn_core.genes.pair_list import pair_list

    listed = pair_list(read_pairs_text(file))
    say(f"{file.name}: {listed.said}")
    labels = listed.labels or (1,) * len(listed.pairs)
    return {pair for pair, label in zip(listed.pairs, labels, strict=True) if label}
