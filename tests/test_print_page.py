"""Figures for print and reports on the pages: every state of the panel, and what the three reports say."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable

import plotly.graph_objects as go
import pytest
from streamlit.testing.v1 import AppTest

from tests.test_network_page import GENES, page, predict, toy, translators  # noqa: F401 (fixtures)
from tests.test_pages import framed, fresh  # noqa: F401
from ugrn_core.errors import Cancelled, InputError
from ugrn_core.figures.report import Report, report_html
from ui.gene import found
from ui.gene import page as gene_page
from ui.network import views as network_views
from ui.pair import view as pair_view
from ui.shared import figure_panel, for_print, work

KEY = "pair-figure"


@pytest.fixture
def pair(monkeypatch: pytest.MonkeyPatch) -> AppTest:
    at = framed("pair.py")
    at.query_params["source"], at.query_params["target"] = "GATA1", "KLF1"
    monkeypatch.setattr(for_print, "what_is_missing", lambda: None)
    return at


def opened(at: AppTest) -> AppTest:
    at.session_state[f"print {KEY}"] = True
    return at.run()


def labels(at: AppTest) -> list[str]:
    return [b.proto.label for b in at.get("download_button")]


def press(at: AppTest, label: str) -> AppTest:
    return next(b for b in at.button if b.label == label).click().run()


def test_nothing_of_it_is_made_before_it_is_opened(pair: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(for_print, "what_is_missing", pytest.fail)
    at = pair.run()
    assert not at.exception
    assert not [n for n in at.number_input if n.label == "Width (mm)"]
    assert "Report" in labels(at)


def test_what_is_missing_on_the_server_is_said(pair: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(for_print, "what_is_missing", lambda: "There is no Chromium here.")
    at = opened(pair)
    assert any("There is no Chromium here. The HTML file" in i.value for i in at.info)
    assert not [b for b in at.button if b.label.startswith("Make the")]


def test_a_pdf_is_made_on_a_click_at_the_width_asked_for(pair: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def drawn(figure, kind, width, **_):
        asked.append((kind, width, len(figure.data)))
        return b"%PDF" + bytes(4000)

    monkeypatch.setattr(for_print, "printed", drawn)
    at = opened(pair)
    assert not asked
    next(n for n in at.number_input if n.label == "Width (mm)").set_value(85.0)
    at = press(at.run(), "Make the PDF")
    assert not at.exception and [(kind, width) for kind, width, _ in asked] == [("pdf", 85.0)]
    assert "PDF, 85 mm, 4 kB" in labels(at)
    at = at.button_group(key=f"print kind {KEY}").set_value("svg").run()
    assert "PDF, 85 mm, 4 kB" not in labels(at)  # another file is another question
    assert "SVG, 85 mm, 4 kB" in labels(press(at, "Make the SVG"))


def test_a_failure_is_said_in_place(pair: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_args, **_more):
        raise InputError("Drawing the figure took more than 2,048 MB.")

    monkeypatch.setattr(for_print, "printed", fails)
    at = press(opened(pair), "Make the PDF")
    assert "more than 2,048 MB" in at.error[0].value and not at.exception


def test_drawing_can_be_stopped(pair: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped = threading.Event()

    def slow(*_args, progress, cancel, **_more):
        while not cancel():
            threading.Event().wait(0.01)
        stopped.set()
        raise Cancelled("Stopped.")

    monkeypatch.setattr(for_print, "printed", slow)
    monkeypatch.setattr(work, "GRACE", 0.1)
    at = press(opened(pair), "Make the PDF")
    assert "PDF of 180 mm" in at.get("progress")[-1].proto.text
    press(at, "Stop")
    assert stopped.wait(5)


def caught(monkeypatch: pytest.MonkeyPatch, where) -> list[tuple[Callable[[], Report], go.Figure]]:
    """Reports that a page would make, with their figures."""
    reports = []
    real = figure_panel.figure_panel

    def panel(figure, frame, **said):
        if said.get("report") is not None:
            reports.append((said["report"], figure))
        real(figure, frame, **said)

    monkeypatch.setattr(where, "figure_panel", panel)
    return reports


def test_the_report_on_a_pair(pair: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    reports = caught(monkeypatch, pair_view)
    at = pair.run()
    assert not at.exception
    make, figure = reports[-1]
    report = make()
    told = dict(report.facts)
    value = next(m for m in at.metric if m.label == "Largest change of KLF1").value
    assert (
        told["Largest change of KLF1"].startswith(f"{value} at GATA1 ")
        and "random pairs" in told["Largest change of KLF1"]
    )
    assert list(report.genes["role"]) == ["source", "target"]
    assert report.command == next(c.value for c in at.code if c.value.startswith("ugrn pair"))
    text = report_html(report, figure)
    assert "GATA1 → KLF1" in text and "toy-square" in text and "neither cause nor effect" in text


def test_the_report_on_a_gene(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(found, "missing_networks", lambda: ["none is here"])
    reports = caught(monkeypatch, gene_page)
    at = framed("gene.py")
    at.query_params["gene"] = "GATA1"
    at.run()
    assert not at.exception
    report = reports[-1][0]()
    (best,) = report.best.values()
    assert report.title == "GATA1 as source" and len(best) == 8
    assert list(best["gene"]) == list(at.dataframe[0].value["gene"][:8])
    assert report.command.startswith("ugrn gene GATA1")


def test_the_report_on_a_network_holds_its_recipe(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    reports = caught(monkeypatch, network_views)
    page.session_state["net view"] = "figure"
    at = predict(page)
    make, figure = reports[-1]
    report = make()
    assert json.loads(report.recipe)["sources"] and len(report.best) == 1
    assert dict(report.facts)["Edges scored"].startswith(next(m.value for m in at.metric if m.label == "Edges scored"))
    assert any("prevalence" in caveat for caveat in report.caveats)
    assert dict(report.settings)["Translator"] == "first"
    assert len(report_html(report, figure)) > 1_000_000
    assert GENES.split(",")[0] in report.recipe
