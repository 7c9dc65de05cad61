"""The Benchmark page without a browser: every table, the choices, and what is said where something is missing."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from tests.test_pages import framed, fresh  # noqa: F401 (a fixture for every test)
from ugrn_core.beeline.networks import load_network
from ugrn_core.errors import UGRNError


def page(**query: str) -> AppTest:
    at = framed("benchmark.py")
    at.session_state["model"] = "ugrn-mini"
    for name, value in query.items():
        at.query_params[name] = value
    return at.run()


def words(at: AppTest) -> str:
    said = [*at.markdown, *at.caption, *at.info, *at.warning, *at.code]
    return " ".join(str(element.value) for element in said)


def beeline_is_here() -> bool:
    try:
        load_network("STRING", "mDC")
    except UGRNError:
        return False
    return True


@pytest.mark.parametrize("table", range(1, 7))
def test_every_table_is_drawn_with_its_numbers_and_downloads(table):
    at = page(table=str(table))
    assert not at.exception and not at.error
    assert at.get("plotly_chart") and at.dataframe
    assert {"CSV", "HTML"} <= {b.proto.label for b in at.get("download_button")}
    assert "**All pairs:**" in words(at) and "ugrn benchmark --table" in words(at)


def test_a_sampler_without_results_says_how_to_get_them():
    at = page(sampler="uniform")
    assert not at.exception and not at.get("plotly_chart")
    assert "There are no results" in at.info[0].value and "--sampler uniform" in words(at)


def test_a_model_without_weights_says_how_to_get_them():
    at = page(results="scgpt-human")
    assert not at.exception
    assert "ugrn fetch scgpt-human" in words(at)


def test_the_slider_of_table_6_changes_the_view():
    at = page(table="6")
    before = at.dataframe[0].value.copy()
    assert at.select_slider[0].options == ["1", "2", "3", "5", "10"]
    at.select_slider[0].set_value("10").run()
    assert not at.exception and not before.equals(at.dataframe[0].value)


def test_filters_leave_only_what_is_chosen():
    at = page(sets="mDC", networks="STRING")
    assert not at.exception
    text = at.dataframe[0].value.to_string()
    assert "mDC" in text and "mESC" not in text


def test_a_cell_shows_its_seeds_and_where_beeline_is_its_curves():
    at = page(row="STRING mDC", method="VVP")
    assert not at.exception
    if beeline_is_here():
        assert len(at.get("plotly_chart")) >= 2
    else:
        assert "beeline" in words(at).lower()
