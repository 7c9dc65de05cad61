"""From a 10x file to drivers in headless Chromium: samples, network, what the cells show, activities, report."""

from __future__ import annotations

import re
import time
from pathlib import Path

import h5py
import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.browser.settled import settled
from tests.browser.test_journey import GENES
from tests.browser.test_network_journey import numbers, table
from tests.test_other_hdf5 import put
from ugrn_core.backbones.registry import BACKBONES, is_available

pytestmark = pytest.mark.skipif(not is_available(BACKBONES["ugrn-mini-3"]), reason="ugrn-mini-3 is not here")

PATIENCE = 120_000
"""Milliseconds; reading cells starts a process of its own, which a busy machine is slow with."""


@pytest.fixture(scope="session")
def tenx(tmp_path_factory) -> Path:
    """60 cells of two samples; GATA1, KLF1 and HBB are higher in the second and go together."""
    rng = np.random.default_rng(3)
    x = rng.poisson(3.0, (60, len(GENES))) + 1
    red = [GENES.index(g) for g in ("GATA1", "KLF1", "HBB")]
    x[30:, red] += rng.poisson(6.0, (30, 1)) + 4
    path = tmp_path_factory.mktemp("tenx") / "filtered_feature_bc_matrix.h5"
    letters = rng.choice(list("ACGT"), (60, 16))
    with h5py.File(path, "w") as file:
        matrix = file.create_group("matrix")
        put(matrix, x.T)
        del matrix["barcodes"]
        matrix["barcodes"] = np.array([f"{''.join(row)}-{1 + (i >= 30)}" for i, row in enumerate(letters)], "S")
        features = matrix.create_group("features")
        features["id"], features["name"] = np.array(GENES, "S"), np.array(GENES, "S")
        features["feature_type"] = np.array(["Gene Expression"] * len(GENES), "S")
    return path


class Steps:
    """Seconds of every step of a journey, printed as it goes (``pytest -s``)."""

    def __init__(self) -> None:
        self._before = time.perf_counter()

    def done(self, what: str) -> None:
        now = time.perf_counter()
        print(f"{now - self._before:6.1f} s  {what}")
        self._before = now


def upload(page: Page, file: Path) -> None:
    page.get_by_role("combobox", name="Cells", exact=True).click()
    page.get_by_role("option", name="Upload cells").click()
    page.locator("[data-testid=stSidebar] input[type=file]").set_input_files(file)
    expect(page.get_by_text(f"{file.name} · 60 cells · 18 genes")).to_be_visible()


def opened(page: Page, title: str, start: str, given: str) -> None:
    """Open a panel and press its button, where what it gives is not stored already, by a first try; wait for it."""
    settled(page)
    page.get_by_text(title, exact=True).click()
    button, there = page.get_by_role("button", name=start), page.get_by_text(given)
    expect(button.or_(there).first).to_be_visible()
    if button.is_visible():
        button.click()
    expect(there).to_be_visible(timeout=PATIENCE)


def test_from_a_10x_file_to_a_network_its_evidence_and_drivers(page, app, tenx):
    steps = Steps()
    page.goto(f"{app}/network?from=cells&column=sample&level=2&rule=best&best=60&view=figure")
    steps.done("the page")
    upload(page, tenx)
    steps.done("the file is read, its groups are there")
    start = page.get_by_role("button", name="Predict the network")
    expect(start.or_(numbers(page, "Edges scored")).first).to_be_visible(timeout=PATIENCE)
    if start.is_visible():  # in a second try the answer is stored
        start.click()
    expect(numbers(page, "Edges scored")).to_be_visible(timeout=PATIENCE)
    steps.done("the network")

    opened(page, "What the cells show of these edges", "Ask the cells", "Evidence of 30 cells")
    steps.done("what the cells show")
    given = "factors as decoupler's ulm gives them"
    opened(page, "Activities of its factors in groups of cells", "Compute the activities", given)
    settled(page)
    steps.done("activities")
    with page.expect_download() as told:
        page.get_by_role("button", name="Report", exact=True).first.click()
    report = Path(told.value.path()).read_text("utf-8")
    assert "Network of 2" in report and "GATA1" in report and "--group sample=2" in report
    steps.done("the report")
    with page.expect_download() as graph:
        page.get_by_role("button", name="network.graphml").click()
    assert "cells_spearman" in Path(graph.value.path()).read_text("utf-8")

    steps.done("a file of the graph")

    page.get_by_role("link", name="Drivers").click()
    expect(page.get_by_role("heading", name="Drivers")).to_be_visible()
    again = page.get_by_role("button", name=re.compile("^(Start|Find|Run|Compute|Rank)"))
    leads = page.get_by_text("leads farthest")
    expect(again.or_(leads).first).to_be_visible(timeout=PATIENCE)
    if again.count():
        again.first.click()
    expect(leads).to_be_visible(timeout=PATIENCE)
    steps.done("drivers")
    expect(table(page)).to_be_visible()
    expect(page.get_by_text("--from sample=1 --to sample=2").last).to_be_attached()
