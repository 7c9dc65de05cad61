"""What all commands of ``ugrn`` do alike, the options that several share, and the settings they make."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from ugrn_core.errors import ColumnError, InputError
from ugrn_core.paths import user_path
from ugrn_core.types import Background, SweepSettings

if TYPE_CHECKING:
    from ugrn_core.genes.pair_list import PairColumns
    from ugrn_core.types import BackboneCard

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
    if file is None and columns.cli_args():
        raise InputError(f"{columns.cli_args()[0]} is about a table of edges: give one with {option}.")
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


class Command(TyperCommand):
    """A command that reads ``~`` in a path where the shell has not, as in ``--genes=~/genes.txt``."""

    def invoke(self, ctx: Any) -> Any:
        ctx.params = _at_home(ctx.params)
        with _options_said(self.params):
            return super().invoke(ctx)


class CommandWithParts(TyperGroup):
    """A command that has commands of its own besides; its options are for itself and none of theirs."""

    def invoke(self, ctx: Any) -> Any:
        ctx.params = _at_home(ctx.params)
        part = next(iter(getattr(ctx, "_protected_args", None) or ctx.args), None)
        given = [p.opts[0] for p in self.params if ctx.get_parameter_source(p.name).name == "COMMANDLINE"]
        if part is not None and given:
            raise InputError(f"{given[0]} stands before {part}: put the options of `{ctx.info_name} {part}` behind it.")
        with _options_said(self.params):
            return super().invoke(ctx)


@contextmanager
def _options_said(params: Sequence[Any]) -> Iterator[None]:
    """Behind an error about columns, the options of the command that name them."""
    try:
        yield
    except ColumnError as error:
        options = [f"--{column}-column" for column in error.columns]
        there = [option for option in options if any(option in p.opts for p in params)]
        if not there:
            raise
        raise InputError(f"{error} Columns are named by {' and '.join(there)}.") from error


def _at_home(params: dict[str, Any]) -> dict[str, Any]:
    return {name: user_path(value) if isinstance(value, Path) else value for name, value in params.items()}
