"""The tours of the Start page: every step is a page with an address that it takes, and they lead to the end."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from tests.test_pages import framed, fresh  # noqa: F401 (a fixture for every test)
from ui import frame
from ui.start import keys, tour

STEPS = [(name, place) for name, steps in tour.TOURS.items() for place in range(len(steps))]


def words(at: AppTest) -> str:
    return " ".join(str(e.value) for e in [*at.markdown, *at.error, *at.info])


@pytest.mark.parametrize(("name", "place"), STEPS)
def test_a_step_is_a_page_that_takes_its_address(name: str, place: int, monkeypatch: pytest.MonkeyPatch) -> None:
    step, gone = tour.TOURS[name][place], []
    assert step.page in frame.PAGES.values()
    monkeypatch.setattr(tour.st, "switch_page", lambda page, query_params: gone.append((page, query_params)))
    at = framed(step.page.removeprefix("pages/"))
    at.session_state["model"], at.session_state[keys.TOUR] = "ugrn-mini-3", (name, place)
    at.session_state["net known"], at.session_state["page"] = "none", step.page
    at.query_params.update(dict(step.address))
    at.run()
    assert not at.exception and not at.error and step.words in words(at)
    assert all(at.query_params.get(key) for key in step.address if key in ("cells", "level", "source"))
    if place + 1 == len(tour.TOURS[name]):
        assert not [b for b in at.button if b.label == "Next"]
        next(b for b in at.button if b.label == "End").click().run()
        assert step.words not in words(at) and not gone
        return
    after = tour.TOURS[name][place + 1]
    next(b for b in at.button if b.label == "Next").click().run()
    assert gone == [(after.page, dict(after.address))] and at.session_state[keys.TOUR] == (name, place + 1)


def test_another_page_shows_no_step() -> None:
    at = framed("results.py")
    at.session_state[keys.TOUR], at.session_state["page"] = ("cells", 0), "pages/results.py"
    at.run()
    assert tour.TOURS["cells"][0].words not in words(at)
