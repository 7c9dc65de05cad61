"""What a user does, in headless Chromium: the example, other genes, cells good and bad, downloads, waiting, sharing."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence

import anndata as ad
import numpy as np
import pandas as pd
import pytest
import torch
from playwright.sync_api import Page, expect

from tests.browser.app_server import app_server
from tests.browser.settled import settled
from ugrn_core.backbones.checkpoint import save_checkpoint
from ugrn_core.backbones.registry import BACKBONES, is_available
from ugrn_core.backbones.transformer import LeanTransformer, TransformerConfig
from ui.shared import example

GENES = [
    *("GATA1", "KLF1", "TAL1", "HBB", "SPI1", "CEBPA", "MPO", "CSF1R", "TP53", "MDM2", "CDKN1A", "MYC", "SOX2"),
    *("NANOG", "POU5F1", "STAT1", "IRF1", "CXCL10"),
]
TIMES_THE_LEAST = 5
"""A page of ours is at once where it takes so many times as long as the least page with a figure."""
MODEL = "ugrn-mini-3" if is_available(BACKBONES["ugrn-mini-3"]) else "toy-square"


@pytest.fixture(scope="session")
def h5ad(tmp_path_factory):
    """40 cells of two kinds."""
    counts = np.random.default_rng(1).poisson(2.0, (40, len(GENES))).astype(np.float32) + 1
    kinds = pd.DataFrame({"kind": pd.Categorical(["B", "T"] * 20)}, index=[f"c{i}" for i in range(40)])
    path = tmp_path_factory.mktemp("cells") / "cells.h5ad"
    ad.AnnData(counts, obs=kinds, var=pd.DataFrame(index=GENES)).write_h5ad(path)
    return path


@pytest.fixture(scope="session")
def large_checkpoint(tmp_path_factory):
    """A checkpoint of scGPT's width with half its layers, random weights and 1,100 genes."""
    symbols = [*GENES, *(f"GENE{i}" for i in range(1100 - len(GENES))), "<pad>", "<cls>", "<eoc>"]
    tokens = {s: i for i, s in enumerate(symbols)}
    torch.manual_seed(0)
    config = TransformerConfig(
        vocab_size=len(tokens), width=512, n_layers=6, n_heads=8, ff_width=512, gene_width=512, gene_norm=True,
        value_norm=True, cls_id=tokens["<cls>"], cls_value=-2.0,
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("large")
    args = {"max_seq_len": 1200, "n_bins": 51, "input_emb_style": "continuous", "pad_value": -2, "pad_token": "<pad>"}
    save_checkpoint(folder, LeanTransformer(config), tokens, args | {"mask_value": -1}, "scgpt")
    return folder


def title_of(page: Page, target: str):
    """The sentence above the first curve."""
    return page.locator(".annotation-text", has_text=f"change of predicted {target} (").first


def choose(page: Page, field: str, text: str) -> None:
    """Type a gene into a field and take what is offered first."""
    box = page.get_by_role("combobox", name=field)
    box.click()
    box.fill(text)
    box.press("Enter")


def test_first_visit_by_a_link_is_no_dead_end(page, app):
    """The very first address asked of a server is that of a page; must stay the first test."""
    page.goto(f"{app}/pair?model={MODEL}&source=GATA1&target=KLF1")
    expect(title_of(page, "KLF1")).to_be_visible()
    expect(page.get_by_text("Page not found")).to_have_count(0)
    expect(page.get_by_role("heading", name="Pair explorer")).to_be_visible()


def test_the_journey(page, app, h5ad, tmp_path):
    page.goto(app)
    expect(page.get_by_role("heading", name="Ask a cell model")).to_be_visible()
    page.get_by_role("button", name=f"Open {example.SOURCE} and {example.TARGET}").click()
    expect(title_of(page, example.TARGET)).to_be_visible()
    expect(page.get_by_text("slope and response agree")).to_be_visible()

    choose(page, "Target", "TAL1")
    expect(title_of(page, "TAL1")).to_be_visible()
    expect(page).to_have_url(re.compile("target=TAL1"))

    with page.expect_download() as csv_file:
        page.get_by_role("button", name="CSV").first.click()
    rows = list(csv.DictReader(csv_file.value.path().read_text("utf-8").splitlines()))
    assert csv_file.value.suggested_filename.startswith("GATA1_to_TAL1")
    assert {(r["source"], r["target"]) for r in rows} == {("GATA1", "TAL1"), ("TAL1", "GATA1")}
    with page.expect_download() as html_file:
        page.get_by_role("button", name="HTML").click()
    assert "Plotly.newPlot" in html_file.value.path().read_text("utf-8")

    broken = tmp_path / "broken.h5ad"
    broken.write_bytes(h5ad.read_bytes()[:3000])
    page.get_by_role("combobox", name="Cells").click()
    page.get_by_role("option", name="Upload cells").click()
    page.locator("[data-testid=stSidebar] input[type=file]").set_input_files(broken)
    expect(page.locator("[data-testid=stSidebar] [data-testid=stAlert]")).to_be_visible()
    expect(title_of(page, "TAL1")).to_be_visible()

    page.locator("[data-testid=stSidebar] input[type=file]").set_input_files(h5ad)
    expect(page.get_by_text("cells.h5ad · 40 cells · 18 genes")).to_be_visible()
    expect(page.locator("[data-testid=stSidebar] [data-testid=stAlert]")).to_have_count(0)
    if MODEL != "toy-square":
        page.get_by_role("radio", name="Cells").click()
        page.get_by_role("combobox", name="Group cells by").click()
        page.get_by_role("option", name="kind").click()
        expect(page.get_by_text("cells.h5ad, kind = B", exact=True)).to_be_visible()
        expect(title_of(page, "TAL1")).to_be_visible()


TYPED = {
    "p53": "p53 is TP53 here.",  # not CFAP53
    "MLL": "MLL is KMT2A here.",  # not MLLT1
    "CD3": "CD3 is ambiguous: it may be CD3D or CD3E or CD3G.",  # not CD300A
    "IL-1β": "IL-1β is IL1B here.",
}


def test_enter_takes_the_name_that_was_typed_and_no_gene_that_looks_like_it(page, app):
    page.goto(f"{app}/pair?model={MODEL}&target=KLF1")
    for typed, said in TYPED.items():
        choose(page, "Source", typed)
        expect(page.get_by_text(said)).to_be_visible()
        expect(page.get_by_role("combobox", name="Source")).to_have_value(typed)
        settled(page)


def test_genes_are_chosen_by_keyboard_alone(page, app):
    page.goto(f"{app}/pair?model={MODEL}")
    expect(page.get_by_text("Choose a source and a target")).to_be_visible()
    source = page.get_by_role("combobox", name="Source")
    source.focus()
    page.keyboard.type("gata")
    options = page.get_by_role("listbox", name="Source").get_by_role("option")
    expect(options.first).to_have_attribute("aria-selected", "true")
    expect(options.first).to_contain_text("TF")
    page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(source).to_have_value("GATA1")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("oct4")
    page.keyboard.press("Enter")
    expect(title_of(page, "POU5F1")).to_be_visible()
    expect(page.get_by_text("oct4 is POU5F1 here.")).to_be_visible()
    page.get_by_role("button", name="Swap source and target").click()
    expect(page.get_by_role("combobox", name="Source")).to_have_value("oct4")


def test_several_targets_are_added_removed_and_typed_at_once_and_one_too_many_is_said(page, app):
    page.goto(f"{app}/pair?model={MODEL}&mode=targets&source=GATA1&targets=KLF1")
    expect(title_of(page, "KLF1")).to_be_visible()
    choose(page, "Targets", "HBB")
    expect(title_of(page, "targets")).to_be_visible()
    page.get_by_role("button", name="Remove KLF1").click()
    expect(title_of(page, "HBB")).to_be_visible()
    expect(page).to_have_url(re.compile(r"targets=HBB(&|$)"))
    settled(page)
    choose(page, "Targets", "KLF1, HBB; TAL1 oct4")
    for name in ("KLF1", "HBB", "TAL1", "oct4"):
        expect(page.get_by_role("button", name=f"Remove {name}")).to_be_visible()
    expect(title_of(page, "targets")).to_be_visible()
    settled(page)
    choose(page, "Targets", "SPI1, MYC, MDM2")
    expect(page.get_by_text("At most 6 targets are compared: MDM2 left out.")).to_be_visible()
    expect(page.get_by_role("button", name="Remove MYC")).to_be_visible()
    expect(page.get_by_role("button", name="Remove MDM2")).to_have_count(0)


def test_a_row_of_a_scored_list_opens_as_a_pair(page, app):
    page.goto(f"{app}/pair?model={MODEL}&mode=list")
    pairs = page.get_by_role("textbox", name="Pairs, one a line")
    pairs.fill("GATA1, KLF1\nTP53 -> MDM2")
    pairs.press("Control+Enter")
    table = page.get_by_test_id("stDataFrame").first
    expect(table).to_be_visible()
    table.click(position={"x": 16, "y": 90})  # the box of the second row
    page.get_by_role("button", name="Open TP53 and MDM2 as a pair").click()
    expect(title_of(page, "MDM2")).to_be_visible()
    expect(page.get_by_role("radio", name="One pair")).to_be_checked()
    expect(page.get_by_role("combobox", name="Target")).to_have_value("MDM2")


def test_long_work_says_how_long_shows_progress_and_stops(page, app, large_checkpoint):
    page.goto(f"{app}/pair?source=GATA1&target=KLF1&context=genes&model={MODEL}")
    page.get_by_role("combobox", name="Model").click()
    page.get_by_role("option", name="A checkpoint folder").click()
    folder = page.get_by_role("textbox", name="Checkpoint folder")
    folder.fill(str(large_checkpoint))
    folder.press("Enter")
    expect(page.get_by_text(re.compile("Your own weights · .*1,100 genes"))).to_be_visible()
    values = page.get_by_role("textbox", name="Virtual values (bins)")  # a model of another unit has its own grid
    values.fill(", ".join(map(str, range(1, 50))))
    values.press("Enter")
    genes = page.get_by_role("textbox", name="Genes of the virtual cell")
    genes.fill(" ".join([*GENES, *(f"GENE{i}" for i in range(1000))]))
    genes.press("Control+Enter")
    start = page.get_by_role("button", name=re.compile("Curves of GATA1 and KLF1.*takes about"))
    working = page.get_by_text(re.compile(r"Curves of GATA1 and KLF1.*(left|nearly done|waits for)"))
    stop = page.get_by_test_id("stMain").get_by_role("button", name="Stop", exact=True)
    expect(start.or_(working).first).to_be_visible(timeout=120_000)  # the estimate is a trial of this machine
    page.wait_for_timeout(1000)  # nobody clicks on what has just appeared
    if start.count():
        start.first.click()
    expect(working).to_be_visible()
    expect(page).to_have_url(re.compile("job=[0-9a-f]{32}"))
    page.reload()  # the job is found again by its address
    expect(working).to_be_visible()
    page.wait_for_timeout(1000)
    stop.first.click()
    expect(page.get_by_text("stopped. What was finished is kept.")).to_be_visible()
    expect(page.get_by_role("button", name="Go on")).to_be_visible()


@pytest.fixture(scope="module")
def least(browser, tmp_path_factory):
    """A page that does next to nothing, in a server of its own."""
    folder = tmp_path_factory.mktemp("least")
    with app_server(folder / "cache", folder / "log.txt", script="tests/browser/one_figure.py") as address:
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(address)
        expect(title_of(page, "IRF1")).to_be_visible()
        yield page
        page.close()


@pytest.mark.skipif(MODEL == "toy-square", reason="ugrn-mini-3 is not in this copy of the project")
@pytest.mark.parametrize("context", ["", "genes"])
def test_changing_the_target_redraws_at_once(page, app, least, context):
    """Server up, model loaded: under 2 s from an empty cache, under 0.3 s from the cache, while the percentile follows
    in the background. The best of several counts, as other work on the machine comes on top. Where the least page with
    a figure takes long by itself, so many times as long."""
    targets = GENES[1:6]
    known = "&context=genes&genes=" + ",".join(_fifty_genes()) if context else ""
    page.goto(f"{app}/pair?model={MODEL}&source=STAT1&target=IRF1{known}")
    expect(title_of(page, "IRF1")).to_be_visible()
    fresh = _draws(page, targets, 2)
    drawn = ["IRF1", *targets[: len(fresh)]]
    floor = min(_draws(least, [f"GENE{i}" for i in range(10)], 0))
    enough = max(0.3, TIMES_THE_LEAST * floor)
    again = _draws(page, (drawn * 30)[:30], enough)
    print(f"{context or 'pair'}: fresh {np.round(fresh, 2)}, from the cache {np.round(again, 2)} s; {floor=:.3f}")
    assert min(fresh) < 2 and min(again) < enough


def _draws(page: Page, targets: Sequence[str], enough: float) -> list[float]:
    """Seconds to the figure of one target after another, until one of them took less than ``enough``."""
    seconds: list[float] = []
    for target in targets:
        seconds.append(_seconds_to_draw(page, target))
        if seconds[-1] < enough:
            break
    return seconds


def _fifty_genes() -> list[str]:
    from ugrn_core.genes.tfs import transcription_factors

    vocabulary = set(BACKBONES["ugrn-mini-3"].folder.joinpath("vocab.json").read_text("utf-8").split('"'))
    return [*GENES, *sorted(transcription_factors() & vocabulary)[:32]]


def _seconds_to_draw(page: Page, target: str) -> float:
    """From the key that takes a gene to the figure that shows it, by the clock of the page."""
    box = page.get_by_role("combobox", name="Target")
    box.click()
    box.fill(target)
    page.wait_for_timeout(300)
    page.evaluate("""target => {
        window.drawn = null;
        const wanted = `predicted ${target} (`;
        const watch = new MutationObserver(() => {
            const there = [...document.querySelectorAll('.annotation-text')].some(e => e.textContent.includes(wanted));
            if (there) { window.drawn = performance.now() - window.pressed; watch.disconnect(); }
        });
        const press = () => { window.pressed = performance.now(); };
        document.addEventListener('keydown', press, {capture: true, once: true});
        watch.observe(document.body, {subtree: true, childList: true, characterData: true});
    }""", target)  # fmt: skip
    box.press("Enter")
    page.wait_for_function("window.drawn !== null")
    return page.evaluate("window.drawn") / 1000
