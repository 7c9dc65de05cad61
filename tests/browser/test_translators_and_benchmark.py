"""Translators and benchmark in headless Chromium: train on own edges, take the files away, look into a square."""

from __future__ import annotations

import json
import re
import zipfile

import pytest
from playwright.sync_api import expect

from tests.browser.settled import settled
from ugrn_core.backbones.registry import BACKBONES, is_available
from ugrn_core.beeline.registry import missing_networks

pytestmark = pytest.mark.skipif(not is_available(BACKBONES["ugrn-mini-3"]), reason="ugrn-mini-3 is not here")
FACTORS = ("GATA1", "KLF1", "TAL1", "SPI1", "CEBPA", "MYC", "SOX2", "NANOG", "POU5F1", "STAT1")


def test_own_edges_become_a_translator_that_can_be_taken_away(page, app):
    page.goto(f"{app}/translators?mode=train")
    page.get_by_role("radio", name="My own edges").click()
    expect(page.get_by_text("There are no edges yet")).to_be_visible()
    lines = [f"{a},{b},{(i + j) % 2}" for i, a in enumerate(FACTORS) for j, b in enumerate(FACTORS) if i != j]
    box = page.get_by_role("textbox", name="Edges: source,target")
    box.fill("\n".join(["source,target,label", *lines, "NOSUCHGENE,MYC,1"]))
    box.press("Control+Enter")
    expect(page.get_by_text("Gene report: 11 names, 1 not used")).to_be_visible()
    name = page.get_by_role("textbox", name="Name")
    name.fill("browsermade")
    name.press("Enter")
    expect(page.get_by_text("ugrn translator train browsermade")).to_have_count(1)
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.get_by_text("browsermade is trained and kept.")).to_be_visible(timeout=90_000)
    expect(page.locator(".stPlotlyChart").first).to_be_visible()
    page.get_by_role("button", name="Look at it").click()
    expect(page).to_have_url(re.compile("translator=browsermade"))
    with page.expect_download() as taken:
        page.get_by_role("button", name="browsermade.zip").click()
    with zipfile.ZipFile(taken.value.path()) as archive:
        assert sorted(archive.namelist()) == ["browsermade.json", "browsermade.safetensors"]
        assert json.loads(archive.read("browsermade.json"))["networks"] == ["own edges"]
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Yes, delete it").click()
    expect(page.get_by_text("browsermade", exact=False).filter(has_text="Ens")).to_have_count(0)


def test_a_square_of_the_benchmark_opens_and_leads_to_the_pair_explorer(page, app):
    page.set_default_timeout(90_000)  # a long page: it stands still late on a busy machine
    page.goto(f"{app}/benchmark?results=ugrn-mini")  # of which all tables are here
    expect(page.get_by_text("All pairs:")).to_be_visible()
    page.get_by_role("radio", name="Table 6").click()
    expect(page.get_by_test_id("stSlider")).to_be_visible()
    page.get_by_role("radio", name="Table 1").click()
    expect(page.get_by_test_id("stSlider")).to_have_count(0)
    expect(page.get_by_text("tested on every network of the other data sets")).to_be_visible()
    settled(page)
    tested = page.get_by_role("combobox", name="Tested on")
    tested.click()
    tested.fill("STRING mDC")
    tested.press("Enter")
    expect(page).to_have_url(re.compile("row=STRING"))
    expect(page.get_by_text(re.compile(r"^seeds 0\.\d{3} to 0\.\d{3}$"))).to_be_visible()
    if missing_networks("TFs+500"):
        expect(page.get_by_text("Fetch its networks once")).to_be_visible()
    else:
        expect(page.get_by_text("Most wrongly ranked")).to_be_visible()
    settled(page)
    with page.expect_download() as table:
        page.get_by_role("button", name="All rows of the run").click()
    assert "ugrn-mini" in table.value.suggested_filename


def test_somebodys_scores_are_put_beside_the_run(page, app):
    """A file from a notebook, its method named: it stands among the others, also where it lacks a test; a wrong file
    is said."""
    page.set_default_timeout(90_000)  # a long page: it stands still late on a busy machine
    page.goto(f"{app}/benchmark?results=ugrn-mini-2&row=STRING mDC")
    expect(page.get_by_text("All pairs:")).to_be_visible(timeout=90_000)
    settled(page)
    page.get_by_text("Put the scores of another method beside these").click()
    name = page.get_by_role("textbox", name="Name of the method")
    name.fill("MINE")
    name.press("Enter")
    settled(page)
    lines = [f"{a},{b},{(3 * i + j) % 7}" for i, a in enumerate(FACTORS) for j, b in enumerate(FACTORS) if i != j]
    mine = {"name": "mine.csv", "mimeType": "text/csv", "buffer": "\n".join(["TF,target,importance", *lines]).encode()}
    upload = page.get_by_test_id("stFileUploaderDropzoneInput")
    upload.set_input_files(mine)
    if missing_networks("TFs+500"):
        expect(page.get_by_text("the scores are held against them")).to_be_visible()
        return
    said = re.compile(r"On STRING .*MINE 0\.\d{3} \[[\d., ]+\] and 0\.\d{3}")
    expect(page.get_by_text(said)).to_be_visible(timeout=120_000)
    settled(page)
    method = page.get_by_role("combobox", name="Method", exact=True)
    method.click()
    method.fill("MINE")
    method.press("Enter")
    expect(page.get_by_text("No score: no score of any of these pairs was given.")).to_be_visible(timeout=90_000)
    upload.set_input_files({"name": "none.csv", "mimeType": "text/csv", "buffer": b"no table at all"})
    expect(page.get_by_text("Which column holds the sources and which the targets cannot be told")).to_be_visible()
