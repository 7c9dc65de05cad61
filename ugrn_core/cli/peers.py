"""``ugrn peers``: other methods on the cells of a network, beside it."""

from __future__ import annotations

import hashlib
from functools import partial
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
FIGURES = (".html", ".pdf", ".svg")
WIDTH = 180.0
"""Millimetres of a .pdf or .svg."""


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
    figure: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The ranks as a figure, a dot an edge: .html, .pdf or .svg."),
    ] = None,
) -> None:
    """Run GRNBoost2, RegDiffusion and correlations on the cells and compare each with the network, as CSV.

    Every source of the edges against every gene of theirs that the file has. Scores of the same cells and genes that
    lie in the folder are taken from there, so that a run that was stopped goes on. RegDiffusion is an extra:
    ugrn-explorer[peers].
    """
    from ugrn_core.benchmark.given import read_score_table
    from ugrn_core.benchmark.peer_comparison import compare, scores_on_cells
    from ugrn_core.benchmark.peers import peers_named
    from ugrn_core.cli.benchmark import listed
    from ugrn_core.cli.cell_values import by_file, choice_of, read_values
    from ugrn_core.cli.output import stop_on_interrupt
    from ugrn_core.evidence.evidence import genes_to_read
    from ugrn_core.evidence.kept import cells_key, kept_scores
    from ugrn_core.genes.file_names import orthologs
    from ugrn_core.spreadsheet import csv_text, unguarded_table
    from ugrn_core.store import Store
    from ugrn_core.whole_files import write_whole

    sizes = _sizes(k)
    if cells_used < 3:
        raise InputError(f"--cells-used is {cells_used}; give a number from 3 on.")
    if figure is not None:
        _check_figure(figure)
    chosen = peers_named(listed(methods))
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
    table, places, called = by_file(table, places, data, listed.human)
    sources = list(table["source"].unique())
    if known is not None and data.species == "mouse":
        called = {**orthologs(), **called}
        known = {(called.get(s, s), called.get(t, t)) for s, t in known}
    out.mkdir(parents=True, exist_ok=True)
    found: dict[str, pd.DataFrame] = {}
    with stop_on_interrupt() as cancel:
        read = read_values(cells, data, list(places.values()), options, cancel=cancel).at_most(cells_used)
        say(f"{read.values.shape[0]:,} cells and {len(places):,} genes.")
        choice = choice_of(data, list(places.values()), options)
        digest = _digest(read, tuple(places), sources)
        for peer in chosen:
            file = out / f"{peer.name.replace(' ', '_')}_{digest}.csv"
            if file.is_file():
                say(f"{file} is there already.")
                found[peer.name] = unguarded_table(read_score_table(file).frame)
                continue
            there = [s for s in sources if s in places]
            key = cells_key(f"peer {peer.name}", data, choice, tuple(places), there, (), cells_used)
            with progress_on_stderr() as progress, Store() as store:
                more = {"progress": progress, "cancel": cancel}
                scores = partial(scores_on_cells, [peer], read, tuple(places), there, **more)
                found[peer.name] = kept_scores(store, key, lambda name=peer.name, run=scores: run()[name])
            write_whole(file, csv_text(found[peer.name]).encode())
    in_cells = table[table["source"].isin(list(places)) & table["target"].isin(list(places))]
    compared = compare(in_cells, found, known, sizes)
    write_whole(out / "ranks.csv", csv_text(compared.ranks).encode())
    if figure is not None:
        _draw(compared.ranks, list(found), figure)
    write_csv(compared.summary)


def _check_figure(file: Path) -> None:
    """Refuse a file that no figure can be written to, before anything is computed."""
    from ugrn_core.figures.printed import what_is_missing

    kind = file.suffix.lower()
    if kind not in FIGURES or file.is_dir() or not file.absolute().parent.is_dir():
        raise InputError(
            f"--figure is {str(file)!r}; expected a file in a folder that is there, ending in {', '.join(FIGURES)}."
        )
    if kind != ".html" and (missing := what_is_missing()):
        raise InputError(missing)


def _draw(ranks: pd.DataFrame, methods: list[str], file: Path) -> None:
    """Ranks by every method against those of the network."""
    from ugrn_core.figures.peer_ranks import plot_ranks, prepare_ranks
    from ugrn_core.figures.printed import printed
    from ugrn_core.figures.standalone import standalone_html
    from ugrn_core.whole_files import write_whole

    drawn, kind = plot_ranks(prepare_ranks(ranks, methods)), file.suffix.lower()
    if kind == ".html":
        said = "Ranks of pairs, 1 the best. Agreement of two methods is no proof of either."
        page = standalone_html(drawn, title="A network and other methods", note=said, command="ugrn peers")
        write_whole(file, page.encode())
    else:
        write_whole(file, printed(drawn, "pdf" if kind == ".pdf" else "svg", WIDTH))
    say(f"{file} is written.")


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
