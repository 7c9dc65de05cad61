"""A figure that is taken away, opened in a browser: keys move x, and response and area with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from ugrn_core.backbones.registry import load_backbone
from ugrn_core.figures.curves import prepare_pair
from ugrn_core.figures.marks import compared, with_slider
from ugrn_core.figures.panels import panel_places, plot_curves
from ugrn_core.figures.standalone import standalone_html
from ugrn_core.pair import PairRequest, explore_pair
from ugrn_core.trajectory import dense_request
from ugrn_core.types import Context, SweepSettings


def test_arrow_keys_move_x_and_both_numbers(browser: Browser, tmp_path: Path) -> None:
    toy = load_backbone("toy-square", "cpu")
    request = PairRequest("NANOG", "SOX2", Context(), SweepSettings(1.0, (0.25, 2.0, 4.0)))
    asked = dense_request(toy, request)
    assert asked is not None
    frame, dense = (prepare_pair({"alone": explore_pair(toy, r, residual=False)}) for r in (request, asked))
    taken = with_slider(plot_curves(frame, dense=dense, at=4.0), panel_places(frame), dense, 4.0)
    file = tmp_path / "curves.html"
    file.write_text(standalone_html(taken, title="NANOG", note="A hypothesis.", command="ugrn pair"), "utf-8")
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.goto(file.as_uri())
    slider = page.get_by_role("slider", name="x")
    expect(slider).to_be_visible()
    expect(page.locator("output")).to_have_text("4")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("output")).to_have_text("3.88")
    there = compared(dense, 3.875).iloc[0]
    told = f"{there['response']:+.3g}".replace("-", "−"), f"area {there['area']:+.3g}".replace("-", "−")
    assert there["response"] == pytest.approx(there["area"], abs=0.02)
    for words in told:
        expect(page.locator("#figure").get_by_text(words, exact=True).first).to_be_visible()
    context.close()
