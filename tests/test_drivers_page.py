"""The Drivers page without a browser: what it waits for, its run, its table as the command line gives it."""

from __future__ import annotations

import io
import shlex

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from tests.test_gene_page import choose
from tests.test_network_page import words
from tests.test_pages import framed, fresh, with_cells  # noqa: F401 (a fixture for every test)
from ugrn_core.cli.app import app
from ui.shared import address


@pytest.fixture
def page(tmp_path, monkeypatch) -> AppTest:
    return with_cells("drivers.py", tmp_path, monkeypatch)


def finished(at: AppTest) -> AppTest:
    for _ in range(200):
        at.run()
        if at.dataframe:
            return at
    raise AssertionError(words(at))


def table(at: AppTest) -> pd.DataFrame:
    return next(d.value for d in at.dataframe if "rank_corpus" in d.value)


def test_it_waits_for_cells():
    at = framed("drivers.py").run()
    assert "There are no cells yet" in words(at) and not at.exception


def test_the_table_is_that_of_the_command(page, tmp_path):
    found = table(finished(page))
    line = shlex.split(next(c.value for c in page.code if c.value.startswith("ugrn drivers")))[1:]
    here = [str(tmp_path / "cells.h5ad") if word == "cells.h5ad" else word for word in line]
    done = CliRunner().invoke(app, here)
    assert done.exit_code == 0, done.output
    same = pd.read_csv(io.StringIO(done.stdout))
    pd.testing.assert_frame_equal(same, found.reset_index(drop=True), check_dtype=False, atol=2e-6)
    assert f"{found.loc[0, 'source']} leads farthest" in words(page) and len(page.get("plotly_chart")) == 1
    page.selectbox(key="drivers b").set_value("B").run()
    assert "Choose two different groups" in words(page)


def test_a_chosen_factor_leads_to_its_page(page, monkeypatch):
    went = []
    monkeypatch.setattr(address.st, "switch_page", lambda page, query_params: went.append((page, query_params)))
    choose(monkeypatch, 1)
    second = table(finished(page))["source"].iloc[1]
    page.button(key="drivers table gene").click().run()
    assert went == [(address.GENE_PAGE, {"model": page.session_state["model"], "gene": second})]


def test_the_question_stands_in_the_address(page):
    page.query_params.update({"column": "kind", "a": "T", "b": "B", "factors": "7"})
    page.run()
    assert (page.selectbox(key="drivers a").value, page.selectbox(key="drivers b").value) == ("T", "B")
    assert page.number_input(key="drivers factors").value == 7
    page.selectbox(key="drivers b").set_value("T").run()
    said = {name: value[0] if isinstance(value, list) else value for name, value in page.query_params.items()}
    assert (said["a"], said["b"], said["factors"], said["column"]) == ("T", "T", "7", "kind") and "towards" not in said
    page.query_params["factors"] = "0"
    assert "factors='0'; expected a whole number" in words(page.run())


def test_towards_genes_that_should_rise(page):
    page.session_state["drivers to"] = "set"
    page.run()
    assert "name those that should rise" in words(page)
    page.text_area(key="drivers set").set_value("HBB, MPO").run()
    assert len(table(finished(page))) > 3
    assert any("--to-genes genes.txt" in c.value for c in page.code)
