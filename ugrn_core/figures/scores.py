"""Scored pairs as a table for the eye: each direction's curve in one cell, beside its largest values."""

from __future__ import annotations

import pandas as pd


def prepare_scores(scored: pd.DataFrame) -> pd.DataFrame:
    """Frame of :func:`ugrn_core.pair.score_pairs` with its columns at virtual values gathered into lists.

    ``forward`` and ``reverse`` hold the response at every virtual value (under ``follow`` the slope), in grid order.
    """
    at_values = [c for c in scored.columns if "_at_" in c]
    table = scored.drop(columns=at_values)
    for direction in ("forward", "reverse"):
        own = [c for c in at_values if c.startswith(direction)]
        table[direction] = scored[own].astype(float).to_numpy().tolist()
    first = ["source", "target", "forward_max_response", "forward", "reverse_max_response", "reverse"]
    return table[[*first, *(c for c in table.columns if c not in first)]]
