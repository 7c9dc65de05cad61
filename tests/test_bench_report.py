"""The kept report of the bench, and what the README quotes of it."""

from __future__ import annotations

import json
import re
from decimal import Decimal

import pytest

from ugrn_core.bench.goals import goals
from ugrn_core.bench.sizes import FULL
from ugrn_core.paths import ROOT

REPORT = json.loads((ROOT / "docs" / "benchmarks" / "latest.json").read_text("utf-8"))
ROW = re.compile(r"^\| .+ \| `([a-z_]+\.[a-z0-9_]+)` \| ([0-9.,]+) \| (at least|at most) ([0-9.,]+) \|$", re.M)
QUOTED = ROW.findall((ROOT / "README.md").read_text("utf-8"))


def number(text: str) -> Decimal:
    return Decimal(text.replace(",", ""))


def test_the_kept_report_is_a_full_run_of_a_quiet_machine():
    assert REPORT["full_size"] and not REPORT["machine"]["busy_before"]
    assert {g["figure"] for g in REPORT["goals"]} == set(goals(FULL))


@pytest.mark.parametrize(("figure", "value", "sense", "goal"), QUOTED)
def test_the_readme_quotes_the_kept_report(figure, value, sense, goal):
    part, key = figure.split(".")
    place = Decimal(1).scaleb(number(value).as_tuple().exponent)
    assert abs(number(value) - Decimal(REPORT[part][key])) <= place / 2
    judged = next(g for g in REPORT["goals"] if g["figure"] == figure)
    assert (judged["sense"], Decimal(str(judged["goal"]))) == (sense, number(goal))


def test_the_readme_quotes_every_ratio_that_has_a_goal_and_names_what_was_missed():
    ratios = {g["figure"] for g in REPORT["goals"] if "per_second" not in g["figure"]}
    assert {figure for figure, *_ in QUOTED} == ratios
    readme = (ROOT / "README.md").read_text("utf-8")
    missed = [g for g in REPORT["goals"] if not g["met"]]
    assert all(f"`{g['figure']}`" in readme.split("Missed:")[1].split("\n\n")[0] for g in missed)
    assert all(g["profile"] for g in missed if not g["figure"].startswith("memory."))
