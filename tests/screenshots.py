"""Pictures of every page, light and dark, into docs/images: ``make screenshots``.

Results are kept in the project's own cache: the first run computes the reference of the percentile, which takes
minutes; later ones read it. ``python -m tests.screenshots start network`` takes some.
"""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.app_server import ROOT, app_server, launch
from ugrn_core.paths import cache_folder
from ui.shared import example

FOLDER = ROOT / "docs" / "images"
SIZE = {"width": 1280, "height": 800}
PATIENCE = 600_000  # milliseconds, for the reference of the percentile
PAIRS = "GATA1, KLF1\nGATA1, HBB\nSPI1, CSF1R\nPOU5F1, NANOG\nTP53, MDM2"

VIEWS = {
    "start": "",
    "pair": "pair?source=GATA1&target=KLF1",
    "cells": "pair?source=SPI1&target=LYZ&context=cells&cells=example&column=bulk_labels"
    "&levels=CD14%2B Monocyte,CD19%2B B,Dendritic",
    "targets": "pair?mode=targets&source=GATA1&targets=KLF1,HBB,TAL1,SPI1",
    "list": "pair?mode=list",
    "network": f"network?genes={example.GENES}&edge=SPIB>CD79A",
    "difference": "network?mode=two&cells=example&column=bulk_labels&level=CD14%2B Monocyte&to_level=CD19%2B B",
}
"""Name of a picture and the address it shows."""


def main() -> None:
    """Take all pictures."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    log = Path(tempfile.mkdtemp()) / "app.log"
    with app_server(cache_folder(), log) as url, sync_playwright() as playwright:
        browser = launch(playwright)
        for name, address in VIEWS.items() if len(sys.argv) < 2 else [(n, VIEWS[n]) for n in sys.argv[1:]]:
            for scheme in ("light", "dark"):
                _take(browser, f"{url}/{address}", FOLDER / f"{name}-{scheme}.png", scheme)
        browser.close()


def _take(browser: Browser, url: str, file: Path, scheme: Literal["light", "dark"]) -> None:
    context = browser.new_context(viewport=SIZE, color_scheme=scheme)
    page = context.new_page()
    page.goto(url)
    if "mode=list" in url:
        page.get_by_label("Pairs, one a line").fill(PAIRS)
        page.keyboard.press("Control+Enter")
        page.locator("[data-testid=stDataFrame]").first.wait_for()
        page.mouse.click(640, 790)
    elif "network?" in url:
        _predict(page)
    else:
        page.locator(".stPlotlyChart .annotation-text").first.wait_for(timeout=PATIENCE)
    if "pair?source" in url:
        _settle(page)
    page.locator("[data-testid=stMain]").evaluate("main => main.scrollTo(0, 0)")
    page.wait_for_timeout(2000)
    Image.open(io.BytesIO(page.screenshot())).convert("RGB").save(file, optimize=True)
    print(f"{file.relative_to(ROOT)}  {file.stat().st_size / 1000:.0f} kB")
    context.close()


def _predict(page: Page) -> None:
    """Have the networks computed where they are not stored, and wait for what is drawn of them."""
    start, drawn = page.get_by_role("button", name="Predict"), page.get_by_test_id("stMetric")
    start.or_(drawn).first.wait_for(timeout=PATIENCE)
    page.wait_for_timeout(2000)
    if start.count():
        start.first.click()
    drawn.first.wait_for(timeout=PATIENCE)
    page.locator(".stPlotlyChart").first.wait_for(timeout=PATIENCE)
    page.wait_for_timeout(4000)


def _settle(page: Page) -> None:
    """Start what waits for a click, and wait until nothing is under way."""
    later = page.get_by_role("button", name="takes about")
    page.wait_for_timeout(2000)
    if later.count():
        later.first.click()
    page.get_by_text("random pairs").first.wait_for(timeout=PATIENCE)


if __name__ == "__main__":
    main()
