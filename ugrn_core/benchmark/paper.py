"""The printed tables of the paper (arXiv 2605.08128, section 4), as data, and whether their averages recompute.

The CSVs under ``assets/benchmark/paper`` hold the numbers as printed, the row of averages included (``Avg``), with
data sets and networks under the names used here. Table 1 has both backbones, Tables 2 to 6 are scBenchmark's.
"""

from __future__ import annotations

import pandas as pd

from ugrn_core.methods.catalogue import PAPER_METHODS
from ugrn_core.paths import ASSETS

TOLERANCE = 0.001
"""Printed numbers have three decimals, and so have the numbers they were averaged from."""
AVERAGE = "Avg"


def paper_table(table: int) -> pd.DataFrame:
    """A printed table, methods as columns, one row as printed; key columns are text (``Avg`` marks averages)."""
    file = ASSETS / "benchmark" / "paper" / f"table_{table}.csv"
    keys = ("backbone", "network", "data_set", "species", "metric", "neg_ratio")
    return pd.read_csv(file, keep_default_na=False, dtype=dict.fromkeys(keys, str))


def printed_averages(table: int) -> pd.DataFrame:
    """Printed and recomputed averages: ``block, method, printed, recomputed, gap``; no row for Table 4, which has none.

    A block is what one average stands for: a backbone in Table 1, a metric in Table 6, else the whole table.
    """
    frame = paper_table(table)
    methods = [m for m in PAPER_METHODS if m in frame]
    blocks = next((c for c in ("backbone", "metric") if c in frame), None)
    groups = [("table", frame)] if blocks is None else list(frame.groupby(blocks, sort=False))
    rows = []
    for name, group in groups:
        average = (group == AVERAGE).any(axis=1)
        for method in methods if average.any() else ():
            printed = float(group.loc[average, method].iloc[0])
            recomputed = float(group.loc[~average, method].mean())
            rows.append((name, method, printed, recomputed, abs(printed - recomputed)))
    return pd.DataFrame(rows, columns=["block", "method", "printed", "recomputed", "gap"])
