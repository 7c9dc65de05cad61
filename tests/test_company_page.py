"""The section "In company" of the pair explorer: its states, numbers and address."""

from __future__ import annotations

import json
import threading

import pytest
from streamlit.testing.v1 import AppTest

from tests.test_pages import framed, fresh, weight  # noqa: F401
from ugrn_core.errors import Cancelled
from ui.pair import company
from ui.shared import work
from ui.shared.genes import COMPANY


@pytest.fixture
def pair() -> AppTest:
    at = framed("pair.py")
    at.query_params["source"], at.query_params["target"] = "GATA1", "KLF1"
    return at


def charts(at: AppTest) -> list[dict]:
    return [json.loads(chart.proto.spec) for chart in at.get("plotly_chart")]


def captions(at: AppTest) -> str:
    return " ".join(c.value for c in at.caption)


def test_a_pair_is_alone_until_a_gene_is_chosen(pair: AppTest) -> None:
    at = pair.run()
    assert [s.value for s in at.subheader] == ["In company"]
    assert "Does a third gene change this answer?" in captions(at)
    assert len(charts(at)) == 1
    assert not at.error and not at.exception


def test_a_third_gene_brings_curves_with_and_without_and_a_surface(pair: AppTest) -> None:
    pair.session_state[COMPANY.name] = ["SCL"]
    at = pair.run()
    assert not at.error and not at.exception
    assert "SCL is TAL1 here." in captions(at) and "TAL1 is absent" in captions(at)
    slider = next(s for s in at.slider if "stands at" in s.label)
    assert (slider.label, slider.value, slider.min, slider.max) == ("TAL1 stands at (toy units)", 5.0, 0.0, 5.0)
    at = slider.set_value(3.0).run()
    assert at.query_params["with"] == "SCL=3"
    _, curves, surface = charts(at)
    assert {trace["name"] for trace in curves["data"] if "name" in trace} == {"without", "with TAL1=3"}
    by_name = {t["name"]: t["y"] for t in curves["data"] if t["mode"] == "markers"}
    assert by_name["without"] == pytest.approx(by_name["with TAL1=3"])  # genes of a toy do not interact
    x, z = surface["data"][0]["x"], surface["data"][0]["z"]
    assert len(x) == 25 and z[0] == pytest.approx([weight("GATA1", "KLF1") * (v**2 - 1) for v in x], abs=1e-4)
    commands = [c.value for c in at.code]
    assert sum("--with TAL1=3" in c for c in commands) == 2
    assert sum("--surface 25" in c for c in commands) == 1


def test_the_measure_can_be_chosen_and_its_table_is_beside_it(pair: AppTest) -> None:
    pair.session_state[COMPANY.name] = ["TAL1", "SPI1"]
    at = pair.run()
    curves = charts(at)[1]
    assert {trace["name"] for trace in curves["data"] if "name" in trace} == {"without", "with all of them"}
    at = at.button_group(key="company measure").set_value("mixed").run()
    at = at.button_group(key="company gene").set_value("SPI1").run()
    drawn = charts(at)[2]
    assert drawn["layout"]["yaxis"]["title"]["text"] == "SPI1 (toy units)"
    assert drawn["layout"]["annotations"][0]["text"].startswith("second derivative of predicted KLF1")
    assert not any(map(any, drawn["data"][0]["z"]))
    assert "Largest:" in captions(at)
    assert (at.query_params["measure"], at.query_params["moved"]) == ("mixed", "SPI1")
    table = at.dataframe[-1].value
    assert {"companion", "mixed", "interaction"} < set(table.columns) and len(table) == 625


def test_an_address_brings_company_and_values_outside_the_pre_training(pair: AppTest) -> None:
    pair.query_params["with"] = "TAL1=30,SPI1=2.5"
    at = pair.run()
    assert not at.error and not at.exception
    sliders = {s.label: (s.value, s.max) for s in at.slider if "stands at" in s.label}
    assert sliders == {"TAL1 stands at (toy units)": (30.0, 30.0), "SPI1 stands at (toy units)": (2.5, 5.0)}
    assert "TAL1=30" in captions(at) and "never saw" in captions(at)
    assert at.query_params["with"] == "TAL1=30,SPI1=2.5"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("TAL1=30,TAL1=2", "named twice|once"),
        ("TALL1=3", "TALL1 is not one of"),
        ("KLF1=3", "source or target"),
        ("TAL1=nan", "stands at|finite|number"),
        ("TAL1", "such as TAL1=30"),
        ("TAL1=1e9", "1,000,000"),
    ],
)
def test_what_has_no_meaning_is_said_and_the_pair_stays(pair: AppTest, given: str, words: str) -> None:
    pair.query_params["with"] = given
    at = pair.run()
    assert not at.exception
    assert len(charts(at)) >= 1
    if given != "TAL1=30,TAL1=2":  # the later value is taken
        assert any(part in at.error[0].value for part in words.split("|")), [e.value for e in at.error]


def test_too_many_are_left_out_and_said(pair: AppTest) -> None:
    pair.session_state[COMPANY.name] = ["TAL1", "SPI1", "MYC", "HBB"]
    at = pair.run()
    assert "At most 3 further genes: HBB left out." in captions(at)
    assert len([s for s in at.slider if "stands at" in s.label]) == 3


def test_follow_has_no_place_for_company(pair: AppTest) -> None:
    pair.session_state[COMPANY.name], pair.session_state["background"] = ["TAL1"], "follow"
    at = pair.run()
    assert "Background 'follow' sets every gene" in at.error[0].value and len(charts(at)) == 1


def test_a_long_surface_is_a_job_that_the_next_question_replaces(pair: AppTest, monkeypatch) -> None:
    release, stopped = threading.Event(), []

    def slow(*_args: object, progress=None, cancel=None, **_kwargs: object):
        while not release.wait(0.02):
            if cancel is not None and cancel():
                stopped.append(True)
                raise Cancelled("Stopped.")

    real = company.estimate_surface
    monkeypatch.setattr(company, "response_surface", slow)
    monkeypatch.setattr(company, "estimate_surface", lambda *a: type(real(*a))(1, 3.0, 1, 0.0))
    monkeypatch.setattr(work, "GRACE", 0.1)
    pair.session_state[COMPANY.name] = ["TAL1"]
    at = pair.run()
    assert "Surface of GATA1 and TAL1" in at.get("progress")[-1].proto.text
    next(s for s in at.slider if "stands at" in s.label).set_value(1.0).run()
    for _ in range(200):
        if stopped:
            break
        threading.Event().wait(0.02)
    release.set()
    assert stopped


def test_the_report_on_a_pair_in_company_names_all_of_it(pair: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    real = company.figure_panel

    def panel(*given, **said):
        if said["key"] == "company-curves":
            made.append(said["report"])
        real(*given, **said)

    monkeypatch.setattr(company, "figure_panel", panel)
    pair.query_params["with"] = "TAL1=2,SPI1=3"
    at = pair.run()
    assert not at.exception
    report = made[-1]()
    assert report.title == "GATA1 → KLF1 in company of TAL1, SPI1"
    assert list(report.genes["gene"]) == ["GATA1", "KLF1", "TAL1", "SPI1"]
    assert "--with TAL1=2 --with SPI1=3" in report.command
    assert dict(report.settings)["Virtual cell"] == "the pair alone, with TAL1=2 SPI1=3, 4 genes"
    assert any("absent" in caveat for caveat in report.caveats)
    assert [label for label, _ in report.facts] == [
        "Largest change of KLF1, without",
        "Largest change of KLF1, with TAL1=2 SPI1=3",
    ]
