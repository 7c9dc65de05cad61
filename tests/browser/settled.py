"""Wait until a page stands still: what is drawn anew takes no click and is there twice for a moment."""

from __future__ import annotations

from playwright.sync_api import Page

QUIET = """quiet => {
    const busy = document.querySelector("[data-testid=stStatusWidget], [data-testid=stProgress], [data-stale=true]");
    const now = performance.now();
    if (busy || !("stillSince" in window)) window.stillSince = now;
    return now - window.stillSince > quiet;
}"""


def settled(page: Page, quiet: float = 400.0) -> None:
    """Return once nothing has run, progressed or been stale on ``page`` for ``quiet`` milliseconds.

    Fewer are enough where what a run has changed is there to be seen already, so that only its end is waited for.
    """
    page.evaluate("() => { delete window.stillSince; }")
    page.wait_for_function(QUIET, arg=quiet)
