"""Rows of one frame of results beside those of another, where both are of the same pairs."""

from __future__ import annotations

import pandas as pd

from ugrn_core.benchmark.results import COLUMNS, TESTS

WITNESS = "Gene degrees"
"""A score whose values tell the pairs of a test: it needs no model, and every frame may have it."""
SAME = (
    *(c for c in TESTS if c not in ("backbone", "weights")),
    *("gene_set", "sampler", "max_pos", "subset", "metric", "units", "n_pos", "n_neg"),
)


def put_beside(frame: pd.DataFrame, more: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """``frame`` with the rows of methods that only ``more`` has, and a sentence on those left out, if any.

    A row is taken where ``WITNESS`` has the same value in both frames on that test, seed and subset: then the pairs are
    the same. Rows without that witness are left out.
    """
    new = more[~more["method"].isin(set(frame["method"]))]
    known = _witness(frame).merge(_witness(more), on=list(SAME), suffixes=("", "_more"))
    same = known[
        (known["value"] - known["value_more"]).abs().lt(2e-6) | known[["value", "value_more"]].isna().all(axis=1)
    ]
    kept = new.merge(same[list(SAME)], on=list(SAME), how="inner")[list(COLUMNS)]
    lost = sorted(set(new["method"].astype(str)) - set(kept["method"].astype(str)))
    note = f"{', '.join(lost)}: scored on other pairs than these, and left out." if lost else ""
    if kept.empty:
        return frame, note
    return pd.concat([frame, kept], ignore_index=True), note


def _witness(frame: pd.DataFrame) -> pd.DataFrame:
    found = frame[(frame["method"] == WITNESS)][[*SAME, "value"]]
    return found.astype({c: str for c in SAME if found[c].dtype == "category"}).drop_duplicates(list(SAME))
