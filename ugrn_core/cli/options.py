"""Options that several commands share, and the settings they make."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ugrn_core.errors import InputError
from ugrn_core.types import Background, SweepSettings

if TYPE_CHECKING:
    from ugrn_core.genes.pair_list import PairColumns
    from ugrn_core.types import BackboneCard

DEFAULT_BACKBONE = "ugrn-mini-2"

BackboneOption = Annotated[
    str, typer.Option(metavar="NAME|FOLDER", help="A model of `ugrn models`, or the folder of a checkpoint.")
]
BaseOption = Annotated[
    float | None, typer.Option(metavar="X", help="Base value of the virtual cell; default: the model's.")
]
GridOption = Annotated[str | None, typer.Option(metavar="A,B,C", help="Virtual values; default: the model's.")]
BackgroundOption = Annotated[
    Background, typer.Option(help="fixed: the other genes stay at base; follow: all move along (slope only).")
]
DeviceOption = Annotated[
    str | None, typer.Option(metavar="D", help="cuda, mps or cpu; default: UGRN_DEVICE, else the best there is.")
]
SchedulerOption = Annotated[
    str | None, typer.Option(metavar="tcp://HOST:PORT", help="Dask cluster that computes; default: UGRN_SCHEDULER.")
]
GeneSetOption = Annotated[str, typer.Option(metavar="TFs+500|TFs+1000", help="Which genes of each set.")]
FeatureContextOption = Annotated[str, typer.Option(metavar="pair|full", help="Two genes, or all of the data set.")]
MaxPosOption = Annotated[int, typer.Option(help="Most positives of each network of each data set; 0: all.")]
ContextGroupOption = Annotated[
    str | None, typer.Option("--group", metavar="COLUMN=LEVEL", help="Cells of an h5ad context, e.g. cell_type=B.")
]
LayerOption = Annotated[
    str | None, typer.Option("--layer", metavar="NAME", help="Matrix of the h5ad: X, raw or a layer.")
]
VariableOption = Annotated[
    int | None,
    typer.Option("--variable", metavar="N", help="Most variable genes of the cells beside their TFs: 500, up to 3000."),
]
GeneColumnOption = Annotated[
    str | None,
    typer.Option("--gene-column", metavar="NAME|N", help="Column of the genes; default: by its title."),
]
SourcesColumnOption = Annotated[
    str | None, typer.Option("--sources-column", metavar="NAME|N", help="Column of --sources; default: found.")
]
SourceColumnOption = Annotated[
    str | None, typer.Option("--source-column", metavar="NAME|N", help="Column of the sources; default: by its title.")
]
TargetColumnOption = Annotated[
    str | None, typer.Option("--target-column", metavar="NAME|N", help="Column of the targets; default: by its title.")
]
LabelColumnOption = Annotated[
    str | None,
    typer.Option("--label-column", metavar="NAME|N|none", help="Column of labels 1, 0; default: by title."),
]
StrictOption = Annotated[bool, typer.Option("--strict", help="Stop at gene names the model does not know.")]


def pair_columns(
    file: Path | None, option: str, source: str | None, target: str | None, label: str | None
) -> PairColumns:
    """Columns of a table of edges that were named; without the file they are about, they are an InputError."""
    from ugrn_core.genes.pair_list import PairColumns

    columns = PairColumns(source, target, label)
    if file is None and columns.words():
        raise InputError(f"{columns.words()[0]} is about a table of edges: give one with {option}.")
    return columns


def sweep_settings(card: BackboneCard, base: float | None, grid: str | None, background: Background) -> SweepSettings:
    """Settings of a sweep: what was given, and the card's defaults for the rest; meaningless ones are refused."""
    from ugrn_core.sweep import check_settings

    values = card.grid if grid is None else parse_grid(grid)
    settings = SweepSettings(card.base if base is None else base, values, background)
    check_settings(settings)
    return settings


def parse_grid(text: str) -> tuple[float, ...]:
    """Virtual values of ``1,5,15`` in the order given; one that is not a number is an :class:`InputError`."""
    words = text.split(",")
    try:
        return tuple(float(word) for word in words)
    except ValueError as error:
        raise InputError(f"--grid is {text!r}; expected numbers between commas, such as 1,5,15.") from error
