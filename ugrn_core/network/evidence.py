"""What cells show beside the edges of a network that are shown: the same on the page and from the command line."""

from __future__ import annotations

import pandas as pd

from ugrn_core.evidence.evidence import Evidence, agreeing, surest_first
from ugrn_core.network.edge_filter import Selection, edge_count


def beside_edges(
    found: Evidence, selection: Selection, scores: pd.Series, *, agree: bool = False, surest: bool = False
) -> Selection:
    """The edges shown with the columns of the evidence, those of a mouse file by its names.

    ``scores`` are those of all edges. ``agree``: only edges that the cells show too; ``surest``: those first in which
    model and cells are both sure.
    """
    shown, notes = found.beside(selection.table, scores.to_numpy()), list(selection.notes)
    if agree:
        kept = agreeing(shown)
        notes.append(f"{edge_count(len(shown) - len(kept))} that the cells do not show left out.")
        shown = kept
    return Selection(surest_first(shown) if surest else shown, tuple(notes))
