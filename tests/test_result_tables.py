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


def test_the_cut_is_the_same_in_both_contexts():
    frames = [read_results(ASSETS / "benchmark" / f"ugrn-mini_table_1_{c}_cut.csv.gz") for c in ("pair", "full")]
    same = ["protocol", "test_set", "test_network", "seed", "subset", "method", "weights", "n_pos", "n_neg", "prior"]
    pd.testing.assert_frame_equal(frames[0][same], frames[1][same])
    assert [set(f["context"]) - {"none"} for f in frames] == [{"pair"}, {"full"}]
    assert {f["protocol"].iloc[0] for f in frames} == {"table_1 (100 sources)"}


def test_the_readme_tells_the_figures_of_the_tables():
    text = (ROOT / "README.md").read_text()
    row = r"^\| (Cut of )?Table (\d), (?:(\w+) context, )?([a-z ]+)( \(log1p\))? \|(.*)\|$"
    rows = re.findall(row, text, re.MULTILINE)
    assert len(rows) == 12
    for cut, number, context, what, log1p, cells in rows:
        name = f"ugrn-mini{'-log1p' if log1p else ''}_table_{number}{f'_{context}_cut' if cut else ''}.csv.gz"
        found = means(ASSETS / "benchmark" / name)
        expected = [f"{found[README_ROWS[what], *key]:.3f}" for key in README_COLUMNS]
        assert [c.strip() for c in cells.split("|")] == expected, (name, what)
