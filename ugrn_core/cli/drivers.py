"""``ugrn drivers``: two groups of cells in, the factors by how far each moves the first towards the second out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ugrn_core.backbones.registry import DEFAULT_BACKBONE
from ugrn_core.cli.contexts import CellOptions, read_data
from ugrn_core.cli.options import (
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
    from ugrn_core.drivers.drivers import States


def drivers(
    cells: Annotated[str, typer.Option(metavar="FILE|example", help="File of cells.")],
    from_: Annotated[str, typer.Option("--from", metavar="COLUMN=A", help="The group to start from.")],
    to: Annotated[str | None, typer.Option("--to", metavar="COLUMN=B", help="The group to go to.")] = None,
    to_genes: Annotated[
        Path | None, typer.Option("--to-genes", metavar="FILE", help="Instead: genes that should rise.")
    ] = None,
    sources: Annotated[
        Path | None, typer.Option("--sources", metavar="FILE", help="Genes to move instead of factors.")
    ] = None,
    sources_column: SourcesColumnOption = None,
    factors: Annotated[
        int | None, typer.Option(metavar="N", help="Factors to move, those that differ most; default: 200.")
    ] = None,
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
    from ugrn_core.cli.genes import read_genes
    from ugrn_core.cli.output import stop_on_interrupt
    from ugrn_core.data.context import VARIABLE_GENES
    from ugrn_core.drivers.drivers import CONTROL, N_FACTORS, DriversRequest, estimate_drivers, find_drivers
    from ugrn_core.estimate import context_room
    from ugrn_core.spreadsheet import csv_text
    from ugrn_core.store import Store
    from ugrn_core.time_left import duration
    from ugrn_core.whole_files import write_whole

    if (to is None) == (to_genes is None):
        raise InputError("Say where to go: either --to COLUMN=B or --to-genes FILE.")
    if factors is not None and (factors < 1 or sources is not None):
        raise InputError(f"--factors is {factors}; give a number from 1 on, and no --sources with it.")
    model = load_backbone(backbone, device)
    data = read_data(cells, CellOptions(from_, layer, gene_column, variable))
    named = None
    if sources is not None:
        named = read_genes(sources, model.vocabulary, False, sources_column, regulators=True).symbols
    size = {
        "sources": named,
        "n_factors": N_FACTORS if factors is None else factors,
        "n_variable": VARIABLE_GENES if variable is None else variable,
        "cap": context_room(model),
    }
    states = _states(data, model, from_, to, to_genes, size)
    for note in states.notes:
        say(note)
    settings = sweep_settings(model.card, None, grid, "fixed")
    request = DriversRequest(states.cell, states.difference, states.sources, settings)
    with Store() as store, stop_on_interrupt() as cancel:
        cost = estimate_drivers(model, request, store)
        say(f"This takes about {duration(cost.seconds)}; {cost.cached_share:.0%} of it is in the store.")
        with progress_on_stderr() as progress:
            found = find_drivers(model, request, store, progress=progress, cancel=cancel)
    for note in (*found.notes, CONTROL):
        say(note)
    if doses is not None:
        write_whole(doses, csv_text(found.doses).encode())
    write_csv(found.table)


def _states(
    data: ExpressionData, model: Backbone, from_: str, to: str | None, to_genes: Path | None, size: dict[str, Any]
) -> States:
    """A and B as they were asked for."""
    from ugrn_core.cli.genes import read_genes
    from ugrn_core.drivers.drivers import between_groups, to_set

    a = _level(data, "--from", from_)
    if to is not None:
        return between_groups(data, model, a, _level(data, "--to", to), **size)
    assert to_genes is not None
    return to_set(data, model, a, read_genes(to_genes, model.vocabulary, False).symbols, **size)


def _level(data: ExpressionData, option: str, said: str) -> tuple[str, str]:
    column, level = CellOptions(said).column_and_level(data) or ("", None)
    if level is None:
        raise InputError(
            f"{option} is {said!r}; expected COLUMN=LEVEL, such as {column}={next(iter(data.groups[column]))}."
        )
    return column, level
