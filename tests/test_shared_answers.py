"""Two sessions that ask the same: computed and drawn once; what one has loaded is never seen by the other."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.test_pages import embedded, facts, framed, fresh, h5ad  # noqa: F401 (a fixture for every test)
from ugrn_core.recent import RECENT
from ui.pair import trajectories, view
from ui.shared import kept


@pytest.fixture
def made(monkeypatch) -> Counter[str]:
    """How often curves were computed, residuals integrated, and figures drawn."""
    counts: Counter[str] = Counter()

    def count(module: object, name: str) -> None:
        real: Callable = getattr(module, name)

        def counted(*given, **more):
            counts[name] += 1
            return real(*given, **more)

        monkeypatch.setattr(module, name, counted)

    count(view, "explore_pair")
    count(view, "pair_residual")
    count(view, "pair_specific")
    count(trajectories, "plot_curves")
    return counts


def session(source: str = "GATA1", target: str = "KLF1", **state: object) -> AppTest:
    at = framed("pair.py")
    at.query_params["source"], at.query_params["target"] = source, target
    for key, value in state.items():
        at.session_state[key] = value
    for _ in range(60):  # cells are read in the background
        at.run()
        if at.get("plotly_chart") and facts(at)["Residual"][0] != "...":
            break
    assert not at.exception and not at.error
    return at


def drawn(at: AppTest) -> dict:
    return json.loads(at.get("plotly_chart")[0].proto.spec)


def test_the_same_question_of_two_sessions_is_computed_and_drawn_once(made):
    first, second = session(), session()
    assert made == {"explore_pair": 1, "pair_residual": 1, "pair_specific": made["pair_specific"], "plot_curves": 1}
    assert drawn(first) == drawn(second) and facts(first) == facts(second)
    assert facts(first)["Residual"][1] == "slope and response agree"
    assert list(made).index("plot_curves") < list(made).index("pair_residual")  # the figure is what one waits for
    session("KLF1", "GATA1")
    assert made["explore_pair"] == made["plot_curves"] == 2
    first.slider[0].set_value(2.0).run()  # the figure of this one alone
    assert made["explore_pair"] == 2 and made["plot_curves"] == 3 and drawn(first) != drawn(second)


def everything(at: AppTest) -> str:
    """All that a session was sent, and its address."""
    return " ".join(str(element.proto) for element in at.main) + str(at.query_params) + str(at.sidebar)


def cells(file: Path) -> dict[str, object]:
    return {"context": "cells", "cells_from": "path", "cells_path": str(file), "model": embedded(), "specific": False}


def test_what_a_visitor_has_loaded_reaches_nobody_else(tmp_path, made, monkeypatch):
    own, other = (h5ad(tmp_path / name) for name in ("patient-of-ada.h5ad", "sample.h5ad"))
    shelves = iter(("ada", "ben", "cleo"))

    def visit(**state: object) -> AppTest:
        shelf = kept.SHELVES.of(next(shelves))
        monkeypatch.setattr(kept, "shelf", lambda: shelf)
        return session(**state)

    ada, ben, cleo = visit(**cells(own)), visit(**cells(other)), visit()
    assert "patient-of-ada" in everything(ada) and drawn(ada)["data"]
    assert "patient-of-ada" not in everything(ben) + everything(cleo)
    assert "sample" in everything(ben) and "sample" not in everything(cleo)  # the same numbers under another name
    assert made["explore_pair"] == 3 and drawn(ada) == drawn(ben) != drawn(cleo)


def test_who_has_opened_a_session_of_somebody_else_shares_nothing(made):
    session()
    kept.SHELVES.of("own machine").opened.add({"0" * 64: b"what somebody says"})
    RECENT.clear()
    session()
    assert made["explore_pair"] == made["plot_curves"] == 2
    assert not RECENT._answers
