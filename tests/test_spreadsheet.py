"""Cells that no spreadsheet runs, and that read back the same."""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd
import pytest
import streamlit
from hypothesis import given
from hypothesis import strategies as st

from ugrn_core.paths import ROOT
from ugrn_core.spreadsheet import csv_text, guarded, guarded_table, unguarded, unguarded_table

STARTS = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"


@given(st.text() | st.text(alphabet=f"'a{STARTS}"))
def test_every_text_is_read_back(text: str) -> None:
    assert unguarded(guarded(text)) == text


@given(st.text(alphabet=f"'a1{STARTS}"))
def test_no_cell_begins_like_a_formula(text: str) -> None:
    assert guarded(text)[:1] not in STARTS or not text


@pytest.mark.parametrize("plain", ["SOX2", "HLA-A", "5'-UTR", "'quoted'", "", "3.5", "a=b"])
def test_names_stay_as_they_are(plain: str) -> None:
    assert guarded(plain) == plain


def test_a_table_keeps_its_numbers_and_guards_its_texts_and_titles() -> None:
    table = pd.DataFrame(
        {"gene": ["=1+1", "SOX2"], "@x": pd.Categorical(["-a", "b"]), "slope": [-0.5, 2.0], "note": [None, "+"]}
    )
    text = csv_text(table)
    assert text == "gene,'@x,slope,note\n'=1+1,'-a,-0.5,\nSOX2,b,2.0,'+\n"
    again = pd.read_csv(io.StringIO(text), keep_default_na=False)
    assert [unguarded(gene) for gene in again["gene"]] == list(table["gene"])
    assert list(again["slope"]) == [-0.5, 2.0]


@given(st.lists(st.tuples(st.sampled_from(["=1", "'=1", "''-a", "'b", "SOX2", ""]), st.none() | st.integers())))
def test_a_table_is_read_back_whatever_stands_there_twice(rows: list[tuple[str, int | None]]) -> None:
    table = pd.DataFrame(rows, columns=["gene", "n"], dtype=object)
    for one in (table, table.astype({"gene": "category"})):
        pd.testing.assert_frame_equal(unguarded_table(guarded_table(one)), one, check_categorical=False)


def test_the_download_of_tables_on_pages_is_hidden_as_it_guards_nothing():
    """Streamlit labels the button so; the label is in the script that it serves."""
    label, style = "Download as CSV", (ROOT / "assets" / "style.css").read_text("utf-8")
    rule = f'[data-testid="stElementToolbarButton"]:has(button[aria-label^="{label}"]) {{ display: none; }}'
    assert rule in style
    scripts = Path(streamlit.__file__).parent.joinpath("static", "static", "js").glob("DataFrame*.js")
    assert any(label in script.read_text("utf-8") for script in scripts)
