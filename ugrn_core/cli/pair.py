"""``ugrn pair``: response and slope of one pair, both directions; the pair explorer without a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

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
from ugrn_core.errors import CheckpointError

if TYPE_CHECKING:
    from ugrn_core.types import PairResult

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
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of CSV.")] = False,
) -> None:
    """Curves of one pair, both directions, as CSV or JSON.

    SOURCE is moved along the virtual values and TARGET is read, then the other way round. Response: change of the
    predicted target when the source goes from base to the virtual value. Slope: its derivative there. Residual: how
    far the slope's integral is from the response; it is small when both are right.
    """
    from ugrn_core.backbones.registry import load_backbone
    from ugrn_core.cli.contexts import CellOptions, read_context
    from ugrn_core.cli.genes import read_gene
    from ugrn_core.download import duration
    from ugrn_core.pair import PairRequest, estimate_pair, explore_pair
    from ugrn_core.pair_output import pair_frame, pair_json
    from ugrn_core.store import Store

    model = load_backbone(backbone, device)
    request = PairRequest(
        read_gene(source, model.vocabulary),
        read_gene(target, model.vocabulary),
        read_context(context, CellOptions(group, layer, gene_column, variable), model, strict),
        sweep_settings(model.card, base, grid, background),
    )
    with Store() as store, progress_on_stderr() as progress:
        cost = estimate_pair(model, request, store)
        if cost.seconds >= LONG:
            say(f"This takes about {duration(cost.seconds)} on {model.device} ({cost.passes:,} passes).")
        result = explore_pair(model, request, store, progress=progress)
    for note in result.notes:
        say(note)
    _check_finite(result)
    if as_json:
        write_json(pair_json(result))
        return
    if result.residual is not None:
        say(f"residual {result.residual:.2g}; {result.context_size:,} genes; {result.backbone}")
    write_csv(pair_frame(result))


def _check_finite(result: PairResult) -> None:
    """Refuse curves with numbers that are none, which neither JSON nor a reader can use."""
    import numpy as np

    curves = [a for c in (result.forward, result.reverse) for a in (c.response, c.slope) if a is not None]
    if not np.isfinite([*np.concatenate(curves), result.residual or 0.0]).all():
        raise CheckpointError(
            f"{result.backbone} answers {result.source} and {result.target} with values that are not finite numbers: "
            "its weights are damaged or the values asked for lie too far outside those of its training."
        )
