"""Wide tables in the paper's form, made in this one place from the long frame of results, and the paper's own.

The printed tables (arXiv 2605.08128, section 4) are data here, with whether their averages recompute.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from ugrn_core.methods.catalogue import METHODS
from ugrn_core.paths import ASSETS

AVERAGE = "Avg"

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


def paper_table(table: int) -> pd.DataFrame:
    """A printed table, methods as columns, one row as printed; key columns are text (``Avg`` marks averages)."""
    file = ASSETS / "benchmark" / "paper" / f"table_{table}.csv"
    keys = ("backbone", "network", "data_set", "species", "metric", "neg_ratio")
    return pd.read_csv(file, keep_default_na=False, dtype=dict.fromkeys(keys, str))


def wide_table(frame: pd.DataFrame, table: int, metric: str = "auprc", subset: str = "all") -> pd.DataFrame:
    """Mean values over tests and seeds: one row a row of the paper's table, one column a method, and a row ``Avg``.

    Methods of a random-weights backbone are columns of their own. A cell is the mean of the values there are, NaN
    where there is none; rows and methods come in the order of the frame and of the registry.
    """
    keys = list(ROW_KEYS[table])
    chosen = _chosen(frame, metric, subset)
    means = chosen.groupby([*keys, "column"], sort=False)["value"].mean().unstack("column")
    order = [name + twin for twin in ("", " (random weights)") for name in METHODS]
    given = [c for c in dict.fromkeys(chosen["column"]) if c not in order]
    means = means.reindex(columns=[c for c in (*order, *given) if c in means.columns]).reset_index()
    means.columns.name = None
    means[keys] = means[keys].astype(str)
    average = {k: AVERAGE if k == keys[0] else "" for k in keys} | means.drop(columns=keys).mean().to_dict()
    return pd.concat([means, pd.DataFrame([average])], ignore_index=True)


def interval_table(frame: pd.DataFrame, table: int, metric: str = "auprc", subset: str = "all") -> pd.DataFrame:
    """:func:`wide_table` as text: each mean with its lowest and highest seed, or a word where there is one seed."""
    wide = wide_table(frame, table, metric, subset)
    keys = list(ROW_KEYS[table])
    spread = seed_spread(_chosen(frame, metric, subset), keys)
    for column in wide.columns.drop(keys):
        rows = [(AVERAGE, *[""] * (len(keys) - 1)) if row[0] == AVERAGE else row for row in _rows(wide, keys)]
        found = [spread.loc[(*row, column)] if (*row, column) in spread.index else None for row in rows]
        wide[column] = [
            with_seeds(value, *(of if of is not None else (float("nan"), float("nan"), 0)))
            for value, of in zip(wide[column], found, strict=True)
        ]
    return wide


def with_seeds(value: float, low: float, high: float, seeds: float) -> str:
    """A mean with its lowest and highest seed, such as ``0.674 [0.671, 0.678]``; empty where there is no value."""
    if pd.isna(value):
        return ""
    return f"{value:.3f} [{low:.3f}, {high:.3f}]" if seeds > 1 else f"{value:.3f} (1 seed)"


def seed_spread(tests: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """Lowest and highest seed of every row and column, and how many seeds: ``low, high, seeds`` by (keys, column).

    ``tests`` has ``column, seed, value`` and the ``keys`` that name a row. A seed's value is its mean over the tests of
    the row. A row ``Avg`` has the means of the rows by seed, where a row without a value for a seed has its own mean.
    """
    keys = list(keys)
    there = tests.dropna(subset="value").astype(dict.fromkeys([*keys, "column"], str))
    by = there.groupby([*keys, "column", "seed"])["value"].mean().unstack("seed")
    mean = there.groupby([*keys, "column"])["value"].mean().reindex(by.index)
    spread = _between(by, mean)
    filled = by.apply(lambda of_seed: of_seed.fillna(mean))
    whole = _between(filled.groupby(level="column").mean(), mean.groupby(level="column").mean())
    whole["seeds"] = by.notna().groupby(level="column").any().sum(axis=1)
    head = dict.fromkeys(keys, "") | {keys[0]: AVERAGE}
    return pd.concat([spread, whole.reset_index().assign(**head).set_index([*keys, "column"])])


def _between(by_seed: pd.DataFrame, mean: pd.Series) -> pd.DataFrame:
    """The lowest and highest of the columns, with the mean between them, and how many have a value."""
    low, high = by_seed.min(axis=1), by_seed.max(axis=1)
    return pd.DataFrame(
        {"low": low.clip(upper=mean), "high": high.clip(lower=mean), "seeds": by_seed.notna().sum(axis=1)}
    )


def _rows(wide: pd.DataFrame, keys: Sequence[str]) -> list[tuple[str, ...]]:
    return list(wide[list(keys)].astype(str).itertuples(index=False, name=None))


def _chosen(frame: pd.DataFrame, metric: str, subset: str) -> pd.DataFrame:
    """Rows of a metric and a subset with their ``column``; those of random weights are columns of their own."""
    chosen = frame[(frame["metric"] == metric) & (frame["subset"] == subset)]
    method = chosen["method"].astype(str)
    column = method.where(chosen["weights"] != "random", method + " (random weights)")
    return chosen.assign(column=column)


def string_beside_nonspecific(frame: pd.DataFrame, metric: str = "auprc", subset: str = "all") -> str:
    """A sentence: mean values on STRING and on Non-specific ChIP, and why the first are partly by construction.

    Of the given methods, the best known ones and co-expression; nothing where the frame lacks one of both networks.
    """
    chosen = _chosen(frame[frame["weights"] != "random"], metric, subset)
    named = chosen[chosen["method"].isin(AGREES) | ~chosen["method"].isin(METHODS)]
    spread = seed_spread(named, ["test_network"]).reset_index()
    there = named.dropna(subset="value").astype({"test_network": str, "column": str})
    means = there.groupby(["test_network", "column"])["value"].mean()
    said = {
        (of.column, of.test_network): with_seeds(means[of.test_network, of.column], of.low, of.high, of.seeds)
        for of in spread.itertuples()
        if of.test_network in (STRING, NONSPECIFIC)
    }
    order = [m for m in dict.fromkeys(chosen["column"].astype(str)) if m not in METHODS]
    names = [n for n in (*order, *AGREES) if (n, STRING) in said and (n, NONSPECIFIC) in said]
    if not names:
        return ""
    shown = "; ".join(f"{n} {said[n, STRING]} and {said[n, NONSPECIFIC]}" for n in names)
    return (
        "STRING counts co-expression among its evidence, so that agreement with it is partly by construction. "
        f"On STRING and on {NONSPECIFIC}: {shown}."
    )
