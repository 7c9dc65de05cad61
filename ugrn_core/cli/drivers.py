"""``ugrn drivers``: two groups of cells in, the factors by how far each moves the first towards the second out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ugrn_core.cli.contexts import CellOptions, read_data
from ugrn_core.cli.options import (
    DEFAULT_BACKBONE,
    BackboneOption,
    DeviceOption,
    GeneColumnOption,
    GridOption,
    LayerOption,
    SourcesColumnOption,
    VariableOption,
    sweep_settings,
)
from ugrn_core.cli.output import progress_on_stderr, say, write_csv
from ugrn_core.errors import InputError

if TYPE_CHECKING:
    from ugrn_core.backbones.backbone import Backbone
    from ugrn_core.data.expression import ExpressionData
    from ugrn_core.types import Context

MOST_SAID = 3


def drivers(
    cells: Annotated[str, typer.Option(metavar="FILE|example", help="File of cells.")],
    from_: Annotated[str, typer.Option("--from", metavar="COLUMN=A", help="The group to start from.")],
    to: Annotated[str | None, typer.Option("--to", metavar="COLUMN=B", help="The group to go to.")] = None,
    to_genes: Annotated[
        Path | None, typer.Option("--to-genes", metavar="FILE", help="Instead: genes that should rise.")
    ] = None,
    sources: Annotated[
        Path | None, typer.Option("--sources", metavar="FILE", help="Genes to move; default: the factors.")
    ] = None,
    sources_column: SourcesColumnOption = None,
    layer: LayerOption = None,
    gene_column: GeneColumnOption = None,
    variable: VariableOption = None,
    backbone: BackboneOption = DEFAULT_BACKBONE,
    grid: GridOption = None,
    doses: Annotated[
        Path | None, typer.Option("--doses", metavar="FILE", help="CSV to write: every factor at every value.")
    ] = None,
    device: DeviceOption = None,
) -> None:
    """Move every factor in the virtual cell of A and rank by how far its response leads towards B, as CSV.

    Beside the model: shuffled differences, the same model with random weights, the factor's own change from A to B,
    and its co-expression in the corpus. What a model says is a hypothesis.
    """
    from ugrn_core.backbones.registry import load_backbone
    from ugrn_core.cli.contexts import _room
    from ugrn_core.cli.genes import read_genes
    from ugrn_core.cli.interrupt import stop_on_interrupt
    from ugrn_core.data.context import VARIABLE_GENES
    from ugrn_core.download import duration
    from ugrn_core.drivers.drivers import DriversRequest, default_sources, estimate_drivers, find_drivers
    from ugrn_core.spreadsheet import csv_text
    from ugrn_core.store import Store
    from ugrn_core.whole_files import write_whole

    if (to is None) == (to_genes is None):
        raise InputError("Say where to go: either --to COLUMN=B or --to-genes FILE.")
    model = load_backbone(backbone, device)
    data = read_data(cells, CellOptions(from_, layer, gene_column, variable))
    n_variable, cap = VARIABLE_GENES if variable is None else variable, _room(model)
    cell, difference = _states(data, model, from_, to, to_genes, n_variable, cap)
    chosen = default_sources(cell)
    if sources is not None:
        chosen = read_genes(sources, model.vocabulary, False, sources_column, regulators=True).symbols
        chosen = _those_there(chosen, cell)
    request = DriversRequest(cell, difference, chosen, sweep_settings(model.card, None, grid, "fixed"))
    with Store() as store, stop_on_interrupt() as cancel:
        cost = estimate_drivers(model, request, store)
        say(
            f"{len(chosen):,} factors in a virtual cell of {len(cell.genes):,} genes: about {duration(cost.seconds)}, "
            f"{cost.cached_share:.0%} in the store."
        )
        with progress_on_stderr() as progress:
            found = find_drivers(model, request, store, progress=progress, cancel=cancel)
    for note in found.notes:
        say(note)
    if doses is not None:
        write_whole(doses, csv_text(found.doses).encode())
    write_csv(found.table)


def _states(
    data: ExpressionData,
    model: Backbone,
    from_: str,
    to: str | None,
    to_genes: Path | None,
    n_variable: int,
    cap: int | None,
) -> tuple[Context, tuple[float, ...]]:
    """The virtual cell of A and what separates B from it; choices are said."""
    from ugrn_core.cli.genes import read_genes
    from ugrn_core.data.context import data_context
    from ugrn_core.drivers.drivers import between_groups
    from ugrn_core.drivers.drivers import to_genes as towards_genes

    a = _level(data, "--from", from_)
    if to is not None:
        cell, difference, notes = between_groups(
            data, model, a, _level(data, "--to", to), n_variable=n_variable, cap=cap
        )
    else:
        assert to_genes is not None
        wanted = read_genes(to_genes, model.vocabulary, False).symbols
        first, _, notes = data_context(data, model.card, model.vocabulary, group=a, n_variable=n_variable, cap=cap)
        cell, difference, more = towards_genes(first, wanted, model.card.base)
        notes = (*notes, *more)
    for note in notes:
        say(note)
    return cell, difference


def _level(data: ExpressionData, option: str, said: str) -> tuple[str, str]:
    column, level = CellOptions(said).column_and_level(data) or ("", None)
    if level is None:
        raise InputError(
            f"{option} is {said!r}; expected COLUMN=LEVEL, such as {column}={next(iter(data.groups[column]))}."
        )
    return column, level


def _those_there(sources: tuple[str, ...], cell: Context) -> tuple[str, ...]:
    absent = [s for s in sources if s not in cell.genes]
    if absent:
        more = ", ..." if len(absent) > MOST_SAID else ""
        say(f"Not among the genes of the virtual cell, so not moved: {', '.join(absent[:MOST_SAID])}{more}.")
    return tuple(s for s in sources if s in cell.genes)
