"""From one gene to its neighbours, to a pair of them, back, and to genes that behave alike; in headless Chromium."""

from __future__ import annotations

import csv
import re

from playwright.sync_api import expect

from tests.browser.settled import settled

MODEL = "toy-square"


def test_from_a_gene_to_its_neighbours_and_to_a_pair(page, app):
    page.goto(f"{app}/gene?model={MODEL}")
    expect(page.get_by_text("Choose a gene above")).to_be_visible(timeout=120_000)  # the first page of a server
    box = page.get_by_role("combobox", name="Gene")
    box.fill("oct4")
    box.press("Enter")
    expect(page.get_by_text("oct4 is POU5F1 here.")).to_be_visible()
    box.fill("GATA1")
    box.press("Enter")
    expect(page.get_by_text("What moves when GATA1 moves: 39 genes")).to_be_visible()
    expect(page).to_have_url(re.compile("gene=GATA1"))
    expect(page.locator(".stPlotlyChart .heatmaplayer image").first).to_be_attached()
    with page.expect_download() as download:
        page.get_by_role("button", name="All rows as CSV").click()
    with open(download.value.path(), newline="", encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    assert len(table) == 39 and {row["side"] for row in table} == {"source"}
    best = table[0]["gene"]

    settled(page)
    page.get_by_test_id("stDataFrame").first.click(position={"x": 16, "y": 54})  # the box of the first row
    page.get_by_role("button", name=f"Find genes like {best}").click()
    expect(page.get_by_text(f"Nearest in shape to {best} first")).to_be_visible()
    expect(page).to_have_url(re.compile(f"alike={best}"))
    page.reload()
    expect(page.get_by_text(f"Nearest in shape to {best} first")).to_be_visible()
    settled(page)
    page.get_by_role("button", name="Back to the rank").click()
    expect(page.get_by_text("Nearest in shape")).to_have_count(0)

    settled(page)
    page.get_by_test_id("stDataFrame").first.click(position={"x": 16, "y": 54})
    page.get_by_role("button", name=f"Open GATA1 → {best}").click()
    expect(page.get_by_role("heading", name="Pair explorer")).to_be_visible()
    expect(page.locator(".annotation-text", has_text=f"change of predicted {best} (").first).to_be_visible()
    page.get_by_role("button", name=f"All of {best}").click()
    expect(page.get_by_text(f"What moves when {best} moves: 39 genes")).to_be_visible()
    page.get_by_role("radio", name="As target").click()
    expect(page.get_by_text(f"What moves {best}:")).to_be_visible()
    expect(page).to_have_url(re.compile("side=target"))
