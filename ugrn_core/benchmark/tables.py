"""Wide tables in the paper's form, made in this one place from the long frame of results."""

from __future__ import annotations

import pandas as pd

from ugrn_core.benchmark.methods import METHODS
from ugrn_core.benchmark.paper import AVERAGE

STRING, NONSPECIFIC = "STRING", "Non-specific ChIP"
AGREES = ("Co-expression", "VVP", "GDT")
"""Methods that are named where agreement with STRING is spoken of, beside the given ones."""

ROW_KEYS: dict[int, tuple[str, ...]] = {
    1: ("test_network", "test_set"),
    2: ("train_network", "train_sets"),
    3: ("train_sets",),
    4: ("train_sets",),
    5: ("train_network",),
    6: ("neg_ratio",),
}
"""The columns of the frame that name the rows of each table."""


def wide_table(frame: pd.DataFrame, table: int, metric: str = "auprc", subset: str = "all") -> pd.DataFrame:
    """Mean values over tests and seeds: one row a row of the paper's table, one column a method, and a row ``Avg``.

    Methods of a random-weights backbone are columns of their own. A cell is the mean of the values there are, NaN
    where there is none; rows and methods come in the order of the frame and of the registry.
    """
    keys = list(ROW_KEYS[table])
    chosen = frame[(frame["metric"] == metric) & (frame["subset"] == subset)]
    column = chosen["method"].where(chosen["weights"] != "random", chosen["method"] + " (random weights)")
    means = chosen.assign(column=column).groupby([*keys, "column"], sort=False)["value"].mean().unstack("column")
    order = [name + twin for twin in ("", " (random weights)") for name in METHODS]
    given = [c for c in dict.fromkeys(column) if c not in order]
    means = means.reindex(columns=[c for c in (*order, *given) if c in means.columns]).reset_index()
    means.columns.name = None
    means[keys] = means[keys].astype(str)
    average = {k: AVERAGE if k == keys[0] else "" for k in keys} | means.drop(columns=keys).mean().to_dict()
    return pd.concat([means, pd.DataFrame([average])], ignore_index=True)


def string_beside_nonspecific(frame: pd.DataFrame, metric: str = "auprc", subset: str = "all") -> str:
    """A sentence: mean values on STRING and on Non-specific ChIP, and why the first are partly by construction.

    Of the given methods, the best known ones and co-expression; nothing where the frame lacks one of both networks.
    """
    chosen = frame[(frame["metric"] == metric) & (frame["subset"] == subset) & (frame["weights"] != "random")]
    named = chosen[chosen["method"].isin(AGREES) | ~chosen["method"].isin(METHODS)]
    means = named.assign(method=named["method"].astype(str), test_network=named["test_network"].astype(str))
    means = means.groupby(["method", "test_network"])["value"].mean().unstack()
    if not {STRING, NONSPECIFIC} <= set(means.columns):
        return ""
    means = means[[STRING, NONSPECIFIC]].dropna()
    order = [m for m in dict.fromkeys(chosen["method"].astype(str)) if m not in METHODS]
    names = [n for n in (*order, *AGREES) if n in means.index]
    if not names:
        return ""
    shown = "; ".join(f"{n} {means.loc[n, STRING]:.3f} and {means.loc[n, NONSPECIFIC]:.3f}" for n in names)
    return (
        "STRING counts co-expression among its evidence, so that agreement with it is partly by construction. "
        f"On STRING and on {NONSPECIFIC}: {shown}."
    )
