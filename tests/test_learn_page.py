"""Every lesson and every step of it, without a browser."""

from __future__ import annotations

from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from ugrn_core.lessons.catalogue import LESSONS
from ui.lessons.state import STEPS

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def fresh(tmp_path, monkeypatch):
    monkeypatch.setenv("UGRN_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(ROOT)
    st.cache_resource.clear()


def opened(**address: str) -> AppTest:
    path = ROOT / "pages" / "learn.py"
    script = f"import runpy\nfrom ui import frame\nwith frame.around_page():\n    runpy.run_path({str(path)!r})\n"
    at = AppTest.from_string(script, default_timeout=180)
    at.session_state["model"] = "toy-linear"
    for name, value in address.items():
        at.query_params[name] = value
    return at.run()


def words(at: AppTest) -> str:
    kinds = ("title", "subheader", "markdown", "caption", "success", "info", "warning", "error")
    return " ".join(str(e.value) for kind in kinds for e in at.get(kind))


def press(at: AppTest, key: str) -> AppTest:
    return at.button(key=key).click().run()


@pytest.mark.parametrize("number", LESSONS)
@pytest.mark.parametrize("step", STEPS)
def test_every_step_of_every_lesson_is_drawn(number: int, step: str) -> None:
    at = opened(lesson=str(number), step=step, seed="3", said=f"{number}=0")
    assert not at.exception and not at.error, words(at)
    text = words(at)
    assert f"{number}. {LESSONS[number].title}" in text and "circuit-3" in text
    if step in ("look", "check") or (number == 6 and step == "predict"):
        assert at.get("plotly_chart")
    if step == "seen":
        assert at.get("latex") or LESSONS[number].equation in text
    if step == "check":
        assert len(at.number_input) == len(LESSONS[number].check(3))
