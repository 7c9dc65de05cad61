"""``ugrn pair``: response and slope of one pair, both directions; the pair explorer without a browser."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ugrn_core.cli.options import (
    DEFAULT_BACKBONE,
    BackboneOption,
    BackgroundOption,
    BaseOption,
    ContextGroupOption,
    DeviceOption,
    GeneColumnOption,
    GridOption,
    LayerOption,
    StrictOption,
    VariableOption,
    sweep_settings,
)
from ugrn_core.cli.output import progress_on_stderr, say, write_csv, write_json
from ugrn_core.errors import CheckpointError, InputError

if TYPE_CHECKING:
    from ugrn_core.backbones.backbone import Backbone
    from ugrn_core.company import Companion
    from ugrn_core.estimate import Estimate
    from ugrn_core.pair import PairRequest
    from ugrn_core.store import Store
    from ugrn_core.types import Progress

LONG = 5.0
"""Seconds of work from which on the command says beforehand how long it will take."""


def pair(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="Gene that is moved (the regulator).")],
    target: Annotated[str, typer.Argument(metavar="TARGET", help="Gene whose predicted value is read.")],
    backbone: BackboneOption = DEFAULT_BACKBONE,
    context: Annotated[
        str,
        typer.Option(
            metavar="pair|FILE|DATA.h5ad",
            help="The two genes alone, a gene list, or genes and mean values of cells (example: the bundled cells).",
        ),
    ] = "pair",
    group: ContextGroupOption = None,
    layer: LayerOption = None,
    gene_column: GeneColumnOption = None,
    variable: VariableOption = None,
    base: BaseOption = None,
    grid: GridOption = None,
    background: BackgroundOption = "fixed",
    device: DeviceOption = None,
    strict: StrictOption = False,
    company: Annotated[
        list[str] | None,
        typer.Option("--with", metavar="GENE=X", help="A further gene in the virtual cell and its value; up to three."),
    ] = None,
    surface: Annotated[
        int | None,
        typer.Option(metavar="N", help="Instead of curves: SOURCE by each further gene, N by N even values."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of CSV.")] = False,
) -> None:
    """Curves of one pair, both directions, as CSV or JSON.

    SOURCE is moved along the virtual values and TARGET is read, then the other way round. Response: change of the
    predicted target when the source goes from base to the virtual value. Slope: its derivative there. Residual: how
    far the slope's integral is from the response; it is small when both are right. Further genes stand at values of
    their own; the curves come with them and without.
    """
    from ugrn_core.backbones.registry import load_backbone
    from ugrn_core.cli.contexts import CellOptions, read_context
    from ugrn_core.cli.genes import read_gene
    from ugrn_core.company import read_companions
    from ugrn_core.pair import PairRequest
    from ugrn_core.store import Store

    model = load_backbone(backbone, device)
    request = PairRequest(
        read_gene(source, model.vocabulary),
        read_gene(target, model.vocabulary),
        read_context(context, CellOptions(group, layer, gene_column, variable), model, strict),
        sweep_settings(model.card, base, grid, background),
    )
    companions = read_companions(company or (), lambda name: read_gene(name, model.vocabulary))
    with Store() as store, progress_on_stderr() as progress:
        if surface is None:
            _write_curves(model, request, companions, as_json, store, progress)
        else:
            _write_surfaces(model, request, companions, surface, as_json, progress)


def _write_curves(
    model: Backbone,
    request: PairRequest,
    companions: Sequence[Companion],
    as_json: bool,
    store: Store,
    progress: Progress,
) -> None:
    """Curves of both directions, with companions also those without them."""
    from ugrn_core.company import estimate_in_company, explore_in_company
    from ugrn_core.pair_output import company_frame, pair_json

    _say_cost(model, estimate_in_company(model, request, companions, store))
    result, without = explore_in_company(model, request, companions, store, progress=progress)
    for note in result.notes:
        say(note)
    found = (result,) if without is None else (result, without)
    curves = [a for r in found for c in (r.forward, r.reverse) for a in (c.response, c.slope) if a is not None]
    _check_finite(model, request, [*curves, [result.residual or 0.0]])
    if as_json:
        write_json(pair_json(result, companions, without))
        return
    if result.residual is not None:
        say(f"residual {result.residual:.2g}; {result.context_size:,} genes; {result.backbone}")
    write_csv(company_frame(result, companions, without))


def _write_surfaces(
    model: Backbone,
    request: PairRequest,
    companions: Sequence[Companion],
    steps: int,
    as_json: bool,
    progress: Progress,
) -> None:
    """Source by each companion."""
    from dataclasses import replace

    from ugrn_core.company import estimate_surface, in_company, response_surface
    from ugrn_core.pair_output import MEASURES, surface_frame, surface_json
    from ugrn_core.types import part_of

    if not companions:
        raise InputError("--surface needs a further gene: name one with --with, such as --with TAL1=30.")
    n, cost = len(companions), estimate_surface(model, request, companions, steps)
    for note in in_company(model, request, companions)[1]:
        say(note)
    _say_cost(model, replace(cost, passes=n * cost.passes, seconds=n * cost.seconds))
    surfaces = [
        response_surface(model, request, companions, c.gene, steps, progress=part_of(progress, i / n, (i + 1) / n))
        for i, c in enumerate(companions)
    ]
    _check_finite(model, request, [getattr(s, name).ravel() for s in surfaces for name in MEASURES])
    if as_json:
        write_json(surface_json(model, request, companions, surfaces))
    else:
        write_csv(surface_frame(surfaces))


def _say_cost(model: Backbone, cost: Estimate) -> None:
    from ugrn_core.download import duration

    if cost.seconds >= LONG:
        say(f"This takes about {duration(cost.seconds)} on {model.device} ({cost.passes:,} passes).")


def _check_finite(model: Backbone, request: PairRequest, numbers: Sequence[Any]) -> None:
    """Refuse numbers that are none, which neither JSON nor a reader can use."""
    import numpy as np

    if not np.isfinite(np.concatenate(numbers)).all():
        raise CheckpointError(
            f"{model.card.name} answers {request.source} and {request.target} with values that are not finite numbers: "
            "its weights are damaged or the values asked for lie too far outside those of its training."
        )
