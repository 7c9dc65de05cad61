"""One server and one browser for all tests here; every test has a page, hence a session, of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.app_server import app_server, chromium, launch


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests of this folder drive a browser; where there is none they are skipped, or fail if it is required.

    Each is tried a second time, and the summary names those that needed it.
    """
    here = Path(__file__).parent
    required = os.environ.get("UGRN_REQUIRE_BROWSER") == "1"
    for item in items:
        if here in Path(item.path).parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.flaky(reruns=1))  # on a busy machine a page may be drawn under a click
            if chromium() is None and not required:
                item.add_marker(pytest.mark.skip(reason="no Chromium at $CHROMIUM or /usr/bin/chromium"))


@pytest.fixture(scope="package")
def app(tmp_path_factory) -> Iterator[str]:
    """Address of a running app."""
    if chromium() is None:
        pytest.fail("UGRN_REQUIRE_BROWSER is 1, and there is no Chromium at $CHROMIUM or /usr/bin/chromium")
    folder = tmp_path_factory.mktemp("app")
    with app_server(folder / "cache", folder / "log.txt") as url:
        yield url


@pytest.fixture(scope="package")
def browser(app) -> Iterator[object]:
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=30_000)
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture
def page(browser, app) -> Iterator[object]:
    """A fresh page; whatever it asks of another machine than this one, or throws, fails the test."""
    view = {"width": 1280, "height": 800}
    context = browser.new_context(viewport=view, accept_downloads=True, reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(30_000)
    strange: list[str] = []
    page.on("request", lambda r: strange.append(r.url) if not r.url.startswith((app, "data:", "blob:", "ws")) else None)
    page.on("pageerror", lambda error: strange.append(f"error on the page: {error}"))
    yield page
    context.close()
    assert not strange, strange[:5]
