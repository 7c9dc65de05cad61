"""A circuit is a model like any other: every page takes it."""

from __future__ import annotations

from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.framed_page import framed_page
from ui.shared import work

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def fresh(tmp_path, monkeypatch):
    monkeypatch.setenv("UGRN_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(work, "GRACE", 20.0)
    monkeypatch.chdir(ROOT)
    st.cache_resource.clear()


def opened(page: str, **address: str) -> AppTest:
    at = framed_page(page, 120)
    for name, value in {"model": "circuit-3", **address}.items():
        at.query_params[name] = value
    return at.run()


def words(at: AppTest) -> str:
    return " ".join(str(e.value) for kind in ("error", "info", "warning", "caption", "markdown") for e in at.get(kind))


def test_the_pair_explorer_shows_curves_of_a_circuit() -> None:
    at = opened("pair.py", source="A", target="B")
    assert not at.exception and not at.error, words(at)
    assert len(at.get("plotly_chart")) == 1
    assert [m.label for m in at.metric][:2] == ["Largest change of B", "Largest change of A"]
    assert "14 genes" in words(at) and "log1p" in words(at)


@pytest.mark.parametrize(
    "page", ["start.py", "network.py", "translators.py", "benchmark.py", "gene.py", "drivers.py", "results.py"]
)
def test_other_pages_take_a_circuit(page: str) -> None:
    at = opened(page)
    assert not at.exception
    assert at.session_state["model"] == "circuit-3"
