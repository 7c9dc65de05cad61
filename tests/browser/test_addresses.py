"""Addresses in a browser: reload and Back restore the view, and a link opens the model that it names."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlparse

import pytest
from playwright.sync_api import Page, expect
from streamlit.proto.BackMsg_pb2 import BackMsg

from tests.browser.settled import settled


def words(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlparse(page.url).query).items()}


def test_an_example_of_the_start_page_has_an_address_and_back_leads_to_the_start(page: Page, app: str) -> None:
    page.goto(app)
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_contain_text("Ask a cell model")
    settled(page)
    page.get_by_role("button", name="Open GATA1 and KLF1").click()
    expect(heading).to_have_text("Pair explorer")
    settled(page)
    asked = {"model": "ugrn-mini-3", "source": "GATA1", "target": "KLF1"}
    assert urlparse(page.url).path == "/pair" and asked.items() <= words(page).items()
    page.reload()
    expect(page.get_by_text("Largest change of KLF1")).to_be_visible()
    settled(page)
    assert asked.items() <= words(page).items()
    page.go_back()
    expect(heading).to_contain_text("Ask a cell model")
    assert urlparse(page.url).path == "/"
    page.go_forward()
    expect(page.get_by_text("Largest change of KLF1")).to_be_visible()
    assert urlparse(page.url).path == "/pair" and asked.items() <= words(page).items()


def test_opening_a_page_asks_the_server_for_one_run_of_its_script(page: Page, app: str) -> None:
    sent: list[Any] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    for path, there in (("", "Ask a cell model"), ("pair?source=GATA1&target=KLF1", "Largest change of KLF1")):
        sent.clear()
        page.goto(f"{app}/{path}")
        expect(page.get_by_text(there).first).to_be_visible()
        expect(page.locator(".stPlotlyChart").first).to_be_visible()
        settled(page)
        asked = [BackMsg.FromString(frame).WhichOneof("type") for frame in sent]
        assert asked.count("rerun_script") == 1, (path, asked)
    at = page.evaluate(CURVE_POINT)
    page.mouse.move(*at)
    page.mouse.click(*at)  # a click on a curve moves x there
    page.wait_for_url(re.compile(r"[?&]x=-?[0-9.]+"))


CURVE_POINT = """() => {
    const figure = document.querySelector(".js-plotly-plot"), curve = figure.data[0];
    const box = figure.getBoundingClientRect();
    const { xaxis, yaxis } = figure._fullLayout, [x, y] = [curve.x[20], curve.y[20]];
    return [box.left + xaxis._offset + xaxis.d2p(x) + 1, box.top + yaxis._offset + yaxis.d2p(y) + 1];
}"""


@pytest.mark.parametrize("path", ["pair?source=GATA1&target=KLF1", "translators?mode=train"])
def test_a_link_opens_the_model_that_it_names_and_keeps_it(page: Page, app: str, path: str) -> None:
    page.goto(f"{app}/{path}&model=ugrn-mini")
    box = page.get_by_test_id("stSidebar").get_by_role("combobox", name=re.compile("Model"))
    expect(box).to_have_value("UGRN mini")
    settled(page)
    assert words(page)["model"] == "ugrn-mini"
    page.reload()
    expect(box).to_have_value("UGRN mini")


def test_back_restores_what_a_page_leaves_out_of_its_address(page: Page, app: str) -> None:
    page.goto(f"{app}/gene?model=toy-square&gene=GATA1")
    expect(page.get_by_text("What moves when GATA1 moves: 39 genes")).to_be_visible()
    settled(page)
    page.get_by_role("radio", name="As target").click()
    expect(page.get_by_text("What moves GATA1:")).to_be_visible()
    expect(page).to_have_url(re.compile("side=target"))
    settled(page)
    page.wait_for_timeout(1600)  # an address on its way turns nothing back
    page.go_back()
    expect(page.get_by_text("What moves when GATA1 moves: 39 genes")).to_be_visible()
    assert "side" not in words(page)
    page.go_forward()
    expect(page.get_by_text("What moves GATA1:")).to_be_visible()
    page.get_by_role("link", name="Pair explorer").click()
    expect(page.get_by_role("heading", name="Pair explorer")).to_be_visible()
    settled(page)
    page.get_by_role("link", name="Gene").click()
    expect(page.get_by_text("What moves GATA1:")).to_be_visible()  # a page without an address is as it was left
