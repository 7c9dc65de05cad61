"""The Network page in headless Chromium: genes to network to edge to files; groups of cells to their difference."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.settled import settled
from tests.browser.test_journey import h5ad  # noqa: F401 (a fixture)
from ugrn_core.backbones.registry import BACKBONES, is_available
from ugrn_core.network.example import read_example
from ugrn_core.network.exports.folder import FILES
from ugrn_core.session_file import read_session
from ui.shared import example

pytestmark = pytest.mark.skipif(not is_available(BACKBONES["ugrn-mini-3"]), reason="ugrn-mini-3 is not here")
GENES = "GATA1 KLF1 TAL1 SPI1 CEBPA MYC SOX2 NANOG POU5F1 STAT1 HBB MPO CSF1R OCT4 NOSUCHGENE"
PATIENCE = 60_000


def table(page: Page):
    """The first table that is seen."""
    return page.locator("[data-testid=stDataFrame]:visible").first


def drawing(page: Page):
    """The page inside the drawing."""
    return page.frame_locator("[data-testid=stIFrame]")


def click_an_edge(page: Page) -> None:
    """Click where the drawing has an edge and no gene."""
    settled(page)
    page.locator("[data-testid=stIFrame]").scroll_into_view_if_needed()
    canvas = drawing(page).locator("canvas")
    at = canvas.evaluate(
        """(canvas) => {
            const hit = (x, y) => network.getNodeAt({x, y}) === undefined && network.getEdgeAt({x, y});
            for (let y = 8; y < canvas.clientHeight; y += 3)
                for (let x = 8; x < canvas.clientWidth; x += 3)
                    if (hit(x, y) && [-3, 3].every((d) => hit(x + d, y) === hit(x, y) && hit(x, y + d) === hit(x, y)))
                        return {x, y};
        }"""
    )
    canvas.click(position=at)


def expect_to_stand_out(page: Page, edge: str) -> None:
    """Exactly the edge ``SOURCE>TARGET`` has a band behind it in the drawing, and its two genes a ring."""
    bands = "edges.get().filter((e) => e.background && e.background.enabled).flatMap((e) => [e.from, e.to])"
    names = f"() => [{bands}, network.getSelectedNodes()].map((all) => all.map((n) => nodes.get(n).label.trim()))"
    for _ in range(100):
        found = drawing(page).locator("canvas").evaluate(names)
        if found == [edge.split(">")] * 2:
            return
        page.wait_for_timeout(200)
    raise AssertionError(f"{found} stands out, not {edge}")


def edge_of(page: Page) -> str:
    return parse_qs(urlsplit(page.url).query)["edge"][0]


def numbers(page: Page, label: str):
    return page.get_by_test_id("stMetric").filter(has_text=label)


def test_a_gene_list_becomes_a_network_that_is_filtered_looked_into_and_taken_away(page, app):
    page.goto(f"{app}/network")
    expect(page.get_by_text("The network has no genes yet")).to_be_visible()
    box = page.get_by_role("textbox", name="Genes of the network")
    box.fill(GENES)
    box.press("Control+Enter")
    expect(page.get_by_text("NOSUCHGENE").first).to_be_visible()
    start = page.get_by_role("button", name="Predict the network")
    expect(start.or_(numbers(page, "Edges scored")).first).to_be_visible(timeout=PATIENCE)
    if start.is_visible():  # in a second try the answer is stored
        start.click()
    expect(numbers(page, "Edges scored")).to_contain_text("120", timeout=PATIENCE)
    expect(drawing(page).locator("canvas")).to_be_visible()
    expect(drawing(page).get_by_text("no sign of regulation").first).to_be_attached()

    page.get_by_role("radio", name="Best edges").click()
    best = page.get_by_role("spinbutton", name="The best")
    best.fill("12")
    best.press("Enter")
    expect(numbers(page, "Shown")).to_contain_text("12")
    expect(page).to_have_url(re.compile("best=12"))

    click_an_edge(page)
    expect(page.get_by_text("its curves are below the drawing")).to_be_visible()
    expect(page).to_have_url(re.compile("edge="))
    clicked = edge_of(page)
    expect_to_stand_out(page, clicked)
    settled(page)
    table(page).click(position={"x": 16, "y": 50})  # the box of the first row
    expect(page.get_by_role("button", name=re.compile("in the pair explorer"))).to_be_visible()
    expect(page.locator(".annotation-text", has_text="change of predicted").first).to_be_visible()
    settled(page)
    expect_to_stand_out(page, edge_of(page))
    page.reload()  # the address names it
    expect_to_stand_out(page, edge_of(page))

    with page.expect_download() as taken:
        page.get_by_role("button", name="All files (zip)").click()
    with zipfile.ZipFile(taken.value.path()) as archive:
        assert sorted(archive.namelist()) == sorted(FILES)
        rows = list(csv.DictReader(io.TextIOWrapper(archive.open("edges.csv"), "utf-8")))
        recipe = json.loads(archive.read("recipe.json"))
    assert len(rows) == 120 and len({(r["source"], r["target"]) for r in rows}) == 120
    assert recipe["shown"]["cap"] == 12 and recipe["command"].startswith("ugrn network --genes genes.txt")
    with page.expect_download() as one:
        page.get_by_role("button", name="network.sif").click()
    assert len(one.value.path().read_text("utf-8").strip().splitlines()) == 12

    page.get_by_role("button", name=re.compile("in the pair explorer")).click()
    expect(page.get_by_role("heading", name="Pair explorer")).to_be_visible()
    expect(page.locator(".annotation-text", has_text="change of predicted").first).to_be_visible()


def test_groups_of_an_h5ad_become_two_networks_and_their_difference(page, app, h5ad):  # noqa: F811
    page.goto(f"{app}/network?mode=two")
    page.get_by_role("combobox", name="Cells").click()
    page.get_by_role("option", name="Upload cells").click()
    page.locator("[data-testid=stSidebar] input[type=file]").set_input_files(h5ad)
    expect(page.get_by_text("cells.h5ad · 40 cells · 18 genes")).to_be_visible()
    page.get_by_role("button", name="Predict both networks").click()
    expect(numbers(page, "Gained")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("its scores rank edges")).to_be_visible()
    expect(page.locator(".stPlotlyChart").first).to_be_visible()
    table(page).click(position={"x": 16, "y": 50})
    expect(page.get_by_role("button", name=re.compile("in the pair explorer"))).to_be_visible()
    page.get_by_role("radio", name="T", exact=True).click()
    expect(drawing(page).locator("canvas")).to_be_visible()
    expect(page.get_by_text("--group kind=T").last).to_be_visible()
    page.reload()  # the upload is found by its hash, both networks without another click
    expect(page.get_by_text("cells.h5ad · 40 cells · 18 genes")).to_be_visible()
    expect(numbers(page, "Gained")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("link", name="My results").click()
    expect(page.get_by_text("Network of B and Network of T")).to_be_visible()
    expect(page.get_by_text("finished").first).to_be_visible()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save the session").click()
    session = read_session(Path(saved.value.path()).read_bytes())
    assert len(session.cells) >= 1 and any(run.results for run in session.runs)
    page.get_by_test_id("stMain").get_by_role("button", name="Open", exact=True).first.click()  # as it was left
    expect(numbers(page, "Gained")).to_be_visible(timeout=PATIENCE)


def test_the_start_page_shows_a_network_by_one_click(page, app):
    found = read_example()
    scored = f"{found.factors * (len(found.genes) - 1):,}"
    page.goto(app)
    page.get_by_role("button", name="Predict a network").click()
    expect(numbers(page, "Edges scored")).to_contain_text(scored, timeout=PATIENCE)
    expect(drawing(page).locator("canvas")).to_be_visible()
    gene = example.NETWORK.split()[0]
    search = page.get_by_role("combobox", name="Search")
    search.click()
    search.fill(gene)
    search.press("Enter")
    expect(page).to_have_url(re.compile(f"search={gene}"))
    page.reload()  # the view is in the address, the network in the store
    expect(numbers(page, "Edges scored")).to_contain_text(scored, timeout=PATIENCE)
    expect(page).to_have_url(re.compile(f"search={gene}"))
