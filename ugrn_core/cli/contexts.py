"""``--context`` and what belongs to it: the virtual cell a pair is asked in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ugrn_core.cli.genes import read_genes
from ugrn_core.cli.output import progress_on_stderr, say
from ugrn_core.errors import GeneError, InputError
from ugrn_core.paths import user_path

if TYPE_CHECKING:
    from ugrn_core.backbones.backbone import Backbone
    from ugrn_core.data.expression import ExpressionData
    from ugrn_core.genes.resolve import GeneReport
    from ugrn_core.types import Context

CELL_SUFFIXES = (".h5ad", ".h5", ".hdf5", ".loom", ".mtx", ".zip", ".tar", ".tgz", ".gz")
"""Files of cells, as opposed to gene lists; what is in tables of text is asked of their first rows."""


@dataclass(frozen=True)
class CellOptions:
    """What can be said of a context of cells: its group as COLUMN=LEVEL, its matrix, its gene names, its size.

    ``gene_column`` may be said of a gene list too.
    """

    group: str | None = None
    layer: str | None = None
    gene_column: str | None = None
    variable: int | None = None

    def given(self) -> list[str]:
        """Options by name that were given."""
        return self.cli_args()[::2]

    def of_cells(self) -> list[str]:
        """Options given that say nothing of a gene list."""
        return [name for name in self.given() if name != "--gene-column"]

    def cli_args(self) -> list[str]:
        """The options that were given, as words of a command."""
        options = {
            "--group": self.group,
            "--layer": self.layer,
            "--gene-column": self.gene_column,
            "--variable": self.variable,
        }
        return [word for name, value in options.items() if value is not None for word in (name, str(value))]

    def column_and_level(self, data: ExpressionData) -> tuple[str, str | None] | None:
        """``--group`` as a column of the data and its level, None for the column alone; either may hold "=".

        A column or level that is not there, and a text that can be read in two ways, are InputErrors.
        """
        if self.group is None:
            return None
        places = [i for i, letter in enumerate(self.group) if letter == "="]
        splits: list[tuple[str, str | None]] = [(self.group[:i], self.group[i + 1 :]) for i in places]
        meant = [(c, level) for c, level in splits if c in data.groups and level in data.groups[c]]
        meant += [(self.group, None)] if self.group in data.groups else []
        if len(meant) > 1:
            ways = " or ".join(f"the column {c!r}" + ("" if v is None else f" with the level {v!r}") for c, v in meant)
            raise InputError(f"--group {self.group!r} may mean {ways}. Rename one of these columns of the file.")
        if not meant:
            column, level = next((s for s in splits if s[0] in data.groups), splits[0] if splits else (self.group, ""))
            data.profile((column, level or ""))  # says which columns or levels there are
        return meant[0]


def read_context(text: str, cells: CellOptions, backbone: Backbone, strict: bool) -> Context:
    """Context of ``pair``, of a gene list, of cells in a file or of ``example``; choices are said."""
    from ugrn_core.data.context import list_context, pair_context

    file = user_path(text)
    if text == "example" or holds_cells(file):
        return cell_context(read_data(text, cells), cells, backbone, strict)[0]
    wrong = cells.given() if text == "pair" else cells.of_cells()
    if wrong:
        raise InputError(f"{wrong[0]} needs a file of cells as the context, but --context is {text!r}.")
    if text == "pair":
        return pair_context()
    return list_context(read_genes(file, backbone.vocabulary, strict, cells.gene_column), file.name)


def holds_cells(file: Path) -> bool:
    """Whether a context is cells: by its name, as a folder, or as a table with many columns of numbers."""
    from ugrn_core.data.containers.table import holds_cells

    if file.suffix.lower() in CELL_SUFFIXES or file.is_dir():
        return True
    try:
        if not file.is_file():  # "pair"; and a pipe can be read once only
            return False
        with file.open("rb") as stream:
            return holds_cells(stream)
    except (OSError, ValueError):  # said where the list is read
        return False


def read_data(text: str, cells: CellOptions) -> ExpressionData:
    """The cells of a file or of ``example``; what was chosen in reading them is said."""
    from ugrn_core.data.h5ad import example_data
    from ugrn_core.data.untrusted import read_untrusted_h5ad

    if text != "example":
        with progress_on_stderr() as progress:
            data = read_untrusted_h5ad(
                user_path(text),
                layer=cells.layer,
                gene_column=cells.gene_column,
                group=cells.group,
                progress=progress,
            )
    elif cells.layer or cells.gene_column:
        raise InputError("--layer and --gene-column are for files of your own; the example is read in one way only.")
    else:
        data = example_data()
    for note in data.notes:
        say(note)
    return data


def cell_context(
    data: ExpressionData, cells: CellOptions, backbone: Backbone, strict: bool
) -> tuple[Context, GeneReport]:
    """Genes and means of the cells as a context, with the report of every gene of the file; choices are said."""
    from ugrn_core.data.context import VARIABLE_GENES, data_context
    from ugrn_core.estimate import context_room

    context, report, notes = data_context(
        data,
        backbone.card,
        backbone.vocabulary,
        group=_one_group(data, cells),
        n_variable=VARIABLE_GENES if cells.variable is None else cells.variable,
        cap=context_room(backbone),
    )
    if strict and report.unresolved:
        raise GeneError(f"{report.sentence()} Correct the file, or go on without --strict.")
    for note in notes:
        say(note)
    return context, report


def _one_group(data: ExpressionData, cells: CellOptions) -> tuple[str, str] | None:
    """Column and level of the one group that is asked for; a column alone is an InputError."""
    column, level = cells.column_and_level(data) or ("", "")
    if level is None:
        levels = ", ".join(list(data.groups[column])[:8])
        raise InputError(f"--group is {cells.group!r}; expected COLUMN=LEVEL, a level of it being one of: {levels}.")
    return (column, level) if cells.group is not None else None
