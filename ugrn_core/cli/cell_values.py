"""Cells of a file one by one, for commands that ask more of them than their means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ugrn_core.cli.contexts import CellOptions
from ugrn_core.cli.output import progress_on_stderr, say
from ugrn_core.errors import InputError
from ugrn_core.paths import user_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from ugrn_core.data.cell_values import CellChoice, CellValues
    from ugrn_core.data.expression import ExpressionData
    from ugrn_core.types import Cancel


def read_values(
    text: str,
    data: ExpressionData,
    genes: Sequence[int],
    cells: CellOptions,
    *,
    within: str | None = None,
    donors: str | None = None,
    cancel: Cancel | None = None,
) -> CellValues:
    """The cells of a group (all by default) of the file that ``data`` was read from; ``genes`` by place."""
    from ugrn_core.data.cell_values import read_cell_values
    from ugrn_core.data.h5ad import example_file
    from ugrn_core.data.untrusted import read_untrusted_cells

    choice = choice_of(data, genes, cells, within, donors)
    with progress_on_stderr() as progress:
        if text == "example":
            found = read_cell_values(example_file(), choice, progress)
        else:
            found = read_untrusted_cells(user_path(text), choice, progress=progress, cancel=cancel)
    for note in found.notes:
        say(note)
    return found


def choice_of(
    data: ExpressionData, genes: Sequence[int], cells: CellOptions, within: str | None = None, donors: str | None = None
) -> CellChoice:
    """What is read of the cells by the options of a command."""
    from ugrn_core.data.cell_values import CellChoice

    column, level = cells.column_and_level(data) or ("", "")
    if level is None:
        raise InputError(f"--group is {cells.group!r}; expected COLUMN=LEVEL. For all groups together: --within.")
    group = (column, level) if cells.group is not None else None
    return CellChoice(tuple(genes), data.matrix, cells.gene_column, group, within, donors)


def by_file(
    table: pd.DataFrame, places: Mapping[str, int], data: ExpressionData, human: Mapping[str, str]
) -> tuple[pd.DataFrame, dict[str, int], dict[str, str]]:
    """Edges and places by the names of a mouse file, and what it calls the names given; else all as it was.

    ``human``: human symbols that came with the edges.
    """
    from ugrn_core.genes.file_names import called_in_file, told_by_file

    if data.species != "mouse":
        return table, dict(places), {}
    called = called_in_file([*table["source"], *table["target"]], data.genes, places)
    named = told_by_file(table, called, human)
    return named, {called[name]: at for name, at in places.items()}, called
