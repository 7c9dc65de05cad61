"""The shipped result tables: whole, of the shipped weights, and what the README says of them."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from ugrn_core.benchmark.results import COLUMNS, read_results
from ugrn_core.paths import ASSETS, ROOT

TABLES = sorted((ASSETS / "benchmark").glob("*_table_*.csv.gz"))
README_ROWS = {"all pairs": "all", "both genes unseen": "both_unseen"}
README_COLUMNS = [
    ("trained", "Baseline-Emb"),
    ("trained", "VVP"),
    ("trained", "GDT"),
    ("trained", "Ens"),
    ("trained", "Marginal-Ens"),
    ("none", "Target is listed"),
    ("random", "Ens"),
]


def means(table: Path) -> pd.Series:
    """Mean AUPRC by (subset, weights, method) over rows and seeds."""
    frame = read_results(table)
    frame = frame[frame["metric"].str.lower() == "auprc"]
    return frame.groupby(["subset", "weights", "method"])["value"].mean()


def test_all_six_tables_are_shipped():
    expected = {f"{model}_table_{n}.csv.gz" for model in ("ugrn-mini", "ugrn-mini-log1p") for n in range(1, 7)}
    assert expected <= {t.name for t in TABLES}


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.name)
def test_a_table_is_whole(table):
    frame = read_results(table)
    assert list(frame.columns) == list(COLUMNS)
    assert set(frame["weights"]) == {"none", "trained", "random"}
    assert set(frame["seed"]) == ({0} if "_cut" in table.name else {0, 1, 2})
    assert (frame.loc[frame["value"].isna(), "reason"] != "").all()
    assert frame["value"].dropna().between(0, 1).all()


def test_the_readme_tells_the_figures_of_the_tables():
    text = (ROOT / "README.md").read_text()
    rows = re.findall(r"^\| Table (\d), ([a-z ]+) \|(.*)\|$", text, re.MULTILINE)
    assert len(rows) == 4
    for number, what, cells in rows:
        found = means(ASSETS / "benchmark" / f"ugrn-mini_table_{number}.csv.gz")
        expected = [f"{found[README_ROWS[what], *key]:.3f}" for key in README_COLUMNS]
        assert [c.strip() for c in cells.split("|")] == expected, (number, what)
