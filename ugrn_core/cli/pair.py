"""``ugrn pair``: response and slope of one pair, both directions; the pair explorer without a browser."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ugrn_core.backbones.registry import DEFAULT_BACKBONE
from ugrn_core.cli.options import (
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
from ugrn_core.cli.output import check_print, in_a_folder, json_text, progress_on_stderr, say, write_file, write_text
from ugrn_core.errors import CheckpointError, InputError

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from ugrn_core.backbones.backbone import Backbone
    from ugrn_core.company import Companion
    from ugrn_core.estimate import Estimate
    from ugrn_core.pair import PairRequest
    from ugrn_core.store import Store
    from ugrn_core.types import PairResult, Progress

Kind = Literal["csv", "json", "pdf", "svg", "html"]
KINDS: tuple[Kind, ...] = ("csv", "json", "pdf", "svg", "html")

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
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A file by its ending: .csv, .json, .pdf, .svg, or .html (a report)."),
    ] = None,
    width: Annotated[float, typer.Option(metavar="MM", help="Width of a .pdf or .svg in millimetres.")] = 180.0,
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
    from ugrn_core.pair_output import pair_command
    from ugrn_core.store import Store

    kind = _kind(out, as_json, surface)
    if kind in ("pdf", "svg"):
        _check_print(width)
    model = load_backbone(backbone, device)
    request = PairRequest(
        read_gene(source, model.vocabulary),
        read_gene(target, model.vocabulary),
        read_context(context, CellOptions(group, layer, gene_column, variable), model, strict),
        sweep_settings(model.card, base, grid, background),
    )
    companions = read_companions(company or (), lambda name: read_gene(name, model.vocabulary))
    more = [*CellOptions(group, layer, gene_column, variable).cli_args()]
    more += [word for c in companions for word in ("--with", str(c))]
    with Store() as store, progress_on_stderr() as progress:
        if surface is not None:
            text = _surfaces(model, request, companions, surface, kind, store, progress)
        else:
            line = pair_command(request, backbone, context=context, more=more)
            text = _curves(model, request, companions, kind, store, progress, line, width)
    if out is None:
        assert isinstance(text, str)
        write_text(text.removesuffix("\n"))
        return
    write_file(out, text.encode() if isinstance(text, str) else text, "--out")
    say(f"{out} is written.")


def _kind(out: Path | None, as_json: bool, surface: int | None) -> Kind:
    """What is asked for, by the ending of the file; what cannot be made is refused before anything is computed."""
    if out is None:
        return "json" if as_json else "csv"
    kind: Kind | None = next((k for k in KINDS if out.suffix.lower() == f".{k}"), None)
    if kind is None or not in_a_folder(out):
        raise InputError(
            f"--out is {str(out)!r}; expected a file in a folder that is there, ending in .{', .'.join(KINDS)}."
        )
    if as_json and kind != "json":
        raise InputError(f"--json and --out {str(out)!r} ask for two things: leave one out.")
    if surface is not None and kind not in ("csv", "json"):
        raise InputError(f"--surface writes a table: name a .csv or .json file, not {str(out)!r}.")
    return kind


def _check_print(width: float) -> None:
    from ugrn_core.figures.printed import WIDTHS

    check_print()
    if not WIDTHS[0] <= width <= WIDTHS[1]:
        raise InputError(f"--width is {width:g} mm; expected {WIDTHS[0]:g} to {WIDTHS[1]:,.0f}.")


def _curves(
    model: Backbone,
    request: PairRequest,
    companions: Sequence[Companion],
    kind: Kind,
    store: Store,
    progress: Progress,
    line: str,
    width: float,
) -> str | bytes:
    """Curves of both directions, with companions also those without them, as what is asked for."""
    from ugrn_core.company import estimate_in_company, explore_in_company
    from ugrn_core.pair_output import company_frame, pair_json
    from ugrn_core.spreadsheet import csv_text

    _say_cost(model, estimate_in_company(model, request, companions, store))
    result, without = explore_in_company(model, request, companions, store, progress=progress)
    for note in result.notes:
        say(note)
    found = (result,) if without is None else (result, without)
    curves = [a for r in found for c in (r.forward, r.reverse) for a in (c.response, c.slope) if a is not None]
    _check_finite(model, request, [*curves, [result.residual or 0.0]])
    if kind == "json":
        return json_text(pair_json(result, companions, without))
    if result.residual is not None:
        say(f"residual {result.residual:.2g}; {result.context_size:,} genes; {result.backbone}")
    if kind == "csv":
        return csv_text(company_frame(result, companions, without))
    figure, frame = _figure(model, request, companions, found, store)
    if kind == "html":
        from ugrn_core.figures.report import report_html
        from ugrn_core.figures.report_pair import pair_report

        genes = [c.gene for c in companions]
        return report_html(pair_report(model, result, frame, result.residual, command=line, companions=genes), figure)
    from ugrn_core.figures.printed import printed

    return printed(figure, kind, width)


def _figure(
    model: Backbone,
    request: PairRequest,
    companions: Sequence[Companion],
    found: Sequence[PairResult],
    store: Store,
) -> tuple[go.Figure, pd.DataFrame]:
    """The figure of the page, and its frame."""
    from ugrn_core.company import in_company
    from ugrn_core.figures.pair_figure import pair_figure
    from ugrn_core.figures.report_pair import WITHOUT

    cell = in_company(model, request, companions)[0]
    if len(found) == 1:
        names, asked = (request.context.label,), (cell,)
    else:
        names, asked = (WITHOUT, f"with {' '.join(c.called(cell.context.names) for c in companions)}"), (request, cell)
    results = dict(zip(names, reversed(found), strict=True))
    return pair_figure(model, dict(zip(names, asked, strict=True)), results, store)


def _surfaces(
    model: Backbone,
    request: PairRequest,
    companions: Sequence[Companion],
    steps: int,
    kind: Kind,
    store: Store,
    progress: Progress,
) -> str:
    """Source by each companion."""
    from dataclasses import replace

    from ugrn_core.company import MEASURES, estimate_surface, in_company, response_surface
    from ugrn_core.pair_output import surface_frame, surface_json
    from ugrn_core.spreadsheet import csv_text
    from ugrn_core.types import part_of

    if not companions:
        raise InputError("--surface needs a further gene: name one with --with, such as --with TAL1=30.")
    costs = [estimate_surface(model, request, companions, c.gene, steps, store) for c in companions]
    for note in in_company(model, request, companions)[1]:
        say(note)
    passes, seconds = sum(cost.passes for cost in costs), sum(cost.seconds for cost in costs)
    _say_cost(model, replace(costs[0], passes=passes, seconds=seconds))
    surfaces, n = [], len(companions)
    for i, companion in enumerate(companions):
        within = part_of(progress, i / n, (i + 1) / n)
        surfaces.append(response_surface(model, request, companions, companion.gene, steps, store, progress=within))
    _check_finite(model, request, [getattr(s, name).ravel() for s in surfaces for name in MEASURES])
    if kind == "json":
        return json_text(surface_json(model, request, companions, surfaces))
    return csv_text(surface_frame(surfaces))


def _say_cost(model: Backbone, cost: Estimate) -> None:
    from ugrn_core.time_left import duration

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
