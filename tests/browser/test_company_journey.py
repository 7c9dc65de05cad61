"""From a gene to a neighbour, to the pair with a third gene, to a report that is printed; in headless Chromium."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.settled import settled

MODEL = "toy-square"


def test_from_a_gene_to_a_pair_in_company_and_to_its_report(page, app, browser, tmp_path: Path):
    page.goto(f"{app}/gene?model={MODEL}&gene=GATA1")
    expect(page.get_by_text("What moves when GATA1 moves: 39 genes")).to_be_visible(timeout=120_000)
    settled(page)
    page.get_by_test_id("stDataFrame").first.click(position={"x": 16, "y": 54})  # the box of the first row
    opened = page.get_by_role("button", name=re.compile("Open GATA1 → "))
    neighbour = opened.inner_text().rpartition("→ ")[2].strip()
    opened.click()
    expect(page.get_by_role("heading", name="Pair explorer")).to_be_visible()
    expect(page.locator(".annotation-text", has_text=f"change of predicted {neighbour} (").first).to_be_visible()

    settled(page)
    third = "SCL" if neighbour != "TAL1" else "PU.1"
    symbol = {"SCL": "TAL1", "PU.1": "SPI1"}[third]
    box = page.get_by_role("combobox", name="Further genes in the virtual cell")
    box.fill(third)
    box.press("Enter")
    expect(page.get_by_text(f"{third} is {symbol} here.")).to_be_visible()
    expect(page.locator(".legendtext", has_text=f"with {symbol}=5")).to_be_visible()
    expect(page.locator(".stPlotlyChart .heatmaplayer image").first).to_be_attached()
    settled(page)
    page.get_by_role("slider", name=f"{symbol} stands at").press("Home")
    expect(page.locator(".legendtext", has_text=f"with {symbol}=0")).to_be_visible()
    expect(page).to_have_url(re.compile(f"with={third}%3D0"))
    page.reload()
    expect(page.locator(".legendtext", has_text=f"with {symbol}=0")).to_be_visible()

    settled(page)
    for kind, start in (("SVG", b"<svg"), ("PNG", b"\x89PNG")):
        with page.expect_download() as download:
            page.get_by_role("button", name=kind, exact=True).nth(1).click()
        picture = download.value.path().read_bytes()
        assert picture.startswith(start) and download.value.suggested_filename.endswith(f".{kind.lower()}")
        assert kind == "PNG" or f"with {symbol}=0".encode() in picture  # of this figure, not of another
    with page.expect_download() as download:
        page.get_by_role("button", name="Report").nth(1).click()  # that of the curves in company
    report = tmp_path / "report.html"
    download.value.save_as(report)
    context = browser.new_context(offline=True)
    paper = context.new_page()
    asked: list[str] = []
    paper.on("request", lambda request: asked.append(request.url))
    paper.goto(report.as_uri())
    expect(paper.get_by_role("heading", name=f"GATA1 → {neighbour} in company of {symbol}")).to_be_visible()
    expect(paper.locator("figure .main-svg").first).to_be_visible()
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    pdf = paper.pdf(prefer_css_page_size=True)
    context.close()
    assert len(re.findall(rb"/Type\s*/Page\b[^s]", pdf)) == 1
