"""The file behind the cells of a session, for what is asked of them one by one."""

from __future__ import annotations

from ugrn_core.data.cell_values import CellChoice, CellValues, read_cell_values
from ugrn_core.data.h5ad import example_file
from ugrn_core.data.untrusted import read_untrusted_cells
from ugrn_core.errors import InputError
from ugrn_core.types import Cancel, Progress
from ui.shared.cells import EXAMPLE, Cells


def read_values(
    cells: Cells, choice: CellChoice, progress: Progress | None = None, cancel: Cancel | None = None
) -> CellValues:
    """The cells of a choice, read by a process of their own; those of the example here."""
    if cells.word == EXAMPLE:
        return read_cell_values(example_file(), choice, progress)
    if cells.file is None or not cells.file.exists():
        raise InputError("The file of these cells is not here any more. Upload it again to ask the cells.")
    return read_untrusted_cells(cells.file, choice, progress=progress, cancel=cancel)
