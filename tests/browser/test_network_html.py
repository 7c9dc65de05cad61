"""The drawn network as a file in a browser without a connection: it draws, answers, and asks nobody for anything."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.small_network import small_edge_table
from tests.test_network_figures import HOSTILE, hostile_table
from ugrn_core.figures.network_html import network_html
from ugrn_core.network.layout import place_genes


@pytest.fixture
def opened(browser, tmp_path):
    """Opens HTML text as a file; requests, dialogs and errors of the page fail the test."""
    context = browser.new_context(viewport={"width": 1000, "height": 700}, offline=True)
    strange: list[str] = []

    def show(text):
        file = tmp_path / "network.html"
        file.write_text(text, encoding="utf-8")
        page = context.new_page()
        page.on("request", lambda r: strange.append(r.url) if r.url != file.as_uri() else None)
        page.on("dialog", lambda dialog: strange.append(dialog.message))
        page.on("pageerror", lambda error: strange.append(str(error)))
        page.on("console", lambda message: strange.append(message.text) if message.type == "error" else None)
        page.goto(file.as_uri())
        page.locator("#mynetwork canvas").wait_for()
        return page

    yield show
    context.close()
    assert not [what for what in strange if not what.startswith("data:")], strange


def drawn(page) -> np.ndarray:
    """Pixels of the drawing."""
    page.wait_for_timeout(300)
    return np.asarray(Image.open(io.BytesIO(page.locator("#mynetwork").screenshot())).convert("RGB"), int)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_file_draws_searches_and_zooms(opened, theme):
    table = small_edge_table(4, 12)
    page = opened(network_html(table, place_genes(table), theme=theme, caption="A network", highlight="G3"))
    said = page.get_by_role("status")
    expect(said).to_contain_text("G3: other gene; 11 edges out, 3 in")
    first = drawn(page)
    paper = first[2, 2]
    assert (paper.mean() > 200) == (theme == "light")
    assert 0.01 < (np.abs(first - paper).sum(2) > 60).mean() < 0.5
    find = page.get_by_label("Find a gene")
    find.fill("g7")
    find.press("Enter")
    expect(said).to_contain_text("G7: other gene; 0 edges out, 4 in")
    find.fill("G99")
    find.press("Enter")
    expect(said).to_contain_text("No gene of this drawing")
    before = drawn(page)
    page.get_by_role("button", name="Zoom in").press("Enter")
    assert (np.abs(drawn(page) - before) > 60).mean() > 0.005
    page.get_by_text("edges as a table").click()
    expect(page.get_by_role("row")).to_have_count(len(table) + 1)


def test_hostile_names_do_nothing(opened):
    table = hostile_table()
    page = opened(network_html(table, place_genes(table), theme="light", caption=HOSTILE[1]))
    expect(page.locator("#about")).to_contain_text(HOSTILE[1])
    for symbol in HOSTILE:
        page.get_by_label("Find a gene").fill(symbol)
        page.get_by_label("Find a gene").press("Enter")
        expect(page.get_by_role("status")).to_contain_text(symbol.strip())
    page.get_by_role("button", name="Fit").click()
    box = page.locator("#mynetwork").bounding_box()
    for n, symbol in enumerate(sorted(HOSTILE)):
        at = page.evaluate(f"network.canvasToDOM(network.getPosition({n}))")
        page.mouse.move(box["x"] + at["x"], box["y"] + at["y"], steps=8)
        expect(page.locator("div.vis-tooltip")).to_contain_text(symbol.strip())
    assert page.evaluate("window.hurt") is None
    assert page.locator("img, iframe, a").count() == 0
