"""Networks of several groups of cells: one h5ad of all, and what differs between two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ugrn_core.errors import InputError
from ugrn_core.network.compare import compare_networks, comparison_notes, cut_words, same_cut
from ugrn_core.network.edge_filter import Selection
from ugrn_core.network.exports.folder import CANNOT_WRITE
from ugrn_core.network.exports.h5ad import CellNetwork, network_h5ad
from ugrn_core.network.question import NetworkRequest
from ugrn_core.network.recipe import Recipe, recipe_text
from ugrn_core.spreadsheet import csv_text
from ugrn_core.whole_files import remove_sealed, whole_folder

GROUP_FILES = ("difference.csv", "networks.h5ad")
CAVEAT = (
    "A difference between two groups is one of their mean profiles seen through one model: no cell was compared with "
    "another, nothing was tested, and a difference smaller than the spread of either network means nothing."
)


@dataclass(frozen=True)
class GroupNetwork:
    """A finished network of a group: its best edges (``table``) and those shown of them."""

    name: str
    recipe: Recipe
    request: NetworkRequest
    table: pd.DataFrame
    shown: Selection


def write_groups(networks: Sequence[GroupNetwork], a: GroupNetwork, b: GroupNetwork, folder: Path) -> tuple[str, ...]:
    """Write :data:`GROUP_FILES` into ``folder``: edges shown of ``a`` or ``b`` with their change from a to b, and an
    h5ad with a row a network. The notes say how many were gained and lost, and what that is worth.

    Both are cut at the same probability, see :func:`ugrn_core.network.compare.same_cut`.
    """
    shown_a, shown_b, cut = same_cut(a.shown.table, b.shown.table)
    compared = compare_networks(a.table, b.table, shown_a=shown_a, shown_b=shown_b)
    cells = [
        CellNetwork(n.name, n.request, n.recipe.settings.base, n.shown.table, recipe_text(n.recipe)) for n in networks
    ]
    about = {
        "caption": f"Predicted, not measured: networks of {len(networks)} groups of cells. {CAVEAT}",
        "model": a.recipe.model.name,
        "translator": a.recipe.translator.name,
        "prevalence": a.recipe.settings.prevalence,
    }
    try:
        with whole_folder(folder, GROUP_FILES) as written:
            (written / "difference.csv").write_bytes(csv_text(compared, "%.6f").encode())
            (written / "networks.h5ad").write_bytes(network_h5ad(cells, about))
    except OSError as error:
        raise InputError(CANNOT_WRITE.format(folder=folder, error=error)) from error
    return (cut_words(cut), *comparison_notes(a.table, b.table, compared, (a.name, b.name)), CAVEAT)


def remove_groups(folder: Path) -> None:
    """Remove what an earlier run said of its groups, before the first of them is replaced."""
    try:
        remove_sealed(folder, GROUP_FILES)
    except OSError as error:
        raise InputError(CANNOT_WRITE.format(folder=folder, error=error)) from error
