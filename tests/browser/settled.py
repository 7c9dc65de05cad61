"""Wait until a page stands still: what is drawn anew takes no click and is there twice for a moment."""

from __future__ import annotations

from playwright.sync_api import Page

QUIET = """() => {
    const busy = document.querySelector("[data-testid=stStatusWidget], [data-testid=stProgress], [data-stale=true]");
    const now = performance.now();
    if (busy || !("stillSince" in window)) window.stillSince = now;
    return now - window.stillSince > 400;
}"""


def settled(page: Page) -> None:
    """Return once nothing has run, progressed or been stale on ``page`` for 0.4 s."""
    page.evaluate("() => { delete window.stillSince; }")
    page.wait_for_function(QUIET)
