"""A server that others reach, in headless Chromium: the token once, everybody their own files, nothing in links."""

from __future__ import annotations

import json
import os
import re
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.app_server import app_server
from ugrn_core.translators.library import shipped_folder

TOKEN = "only those who started it know"
GENES = ["GATA1", "KLF1", "TAL1", "HBB", "SPI1", "CEBPA", "TP53", "MDM2", "MYC", "SOX2", "NANOG", "POU5F1"]


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("shared")
    options = ("--server.address", "0.0.0.0", "--server.allowedHosts", "127.0.0.1")
    with app_server(folder / "cache", folder / "log.txt", *options, UGRN_TOKEN=TOKEN) as url:
        yield url


@pytest.fixture
def visit(browser: Browser, server: str) -> Iterator:
    """A function that opens an address as somebody new; whatever a page asks elsewhere or throws fails the test."""
    contexts, strange = [], []

    def new(path: str = "/", token: str | None = TOKEN) -> Page:
        context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
        contexts.append(context)
        page = context.new_page()
        own = (server, "data:", "blob:", "ws")
        page.on("request", lambda r: None if r.url.startswith(own) else strange.append(r.url))
        page.on("pageerror", lambda error: strange.append(f"error on the page: {error}"))
        page.on("console", lambda m: strange.append(m.text) if "Content Security Policy" in m.text else None)
        page.goto(server + path)
        if token is not None:
            page.get_by_label("Token of this server").fill(token)
            page.get_by_role("button", name="Enter").click()
        return page

    yield new
    for context in contexts:
        context.close()
    assert not strange, strange[:5]


def test_the_token_is_asked_for_once_and_is_in_no_address(visit, server):
    page = visit("/pair?source=GATA1&target=KLF1", token="not the right one at all")
    expect(page.get_by_role("status")).to_have_text("That is not the token of this server.")
    page.get_by_label("Token of this server").fill(TOKEN)
    page.get_by_role("button", name="Enter").click()
    expect(page).to_have_url(re.compile(r"/pair\?.*source=GATA1"))
    expect(page.locator(".annotation-text", has_text="change of predicted KLF1 (").first).to_be_visible()
    assert TOKEN not in page.url and "token" not in page.url
    page.reload()
    expect(page.locator(".annotation-text", has_text="change of predicted KLF1 (").first).to_be_visible()
    cookies = {c["name"]: c for c in page.context.cookies()}
    door = next(c for name, c in cookies.items() if name.startswith("ugrn-door"))
    assert door["httpOnly"] and door["sameSite"] == "Lax" and door["value"] != TOKEN
    assert "ugrn-door" not in page.evaluate("document.cookie")
    link = page.url
    other = visit(link.removeprefix(server), token=None)
    expect(other.get_by_label("Token of this server")).to_be_visible()


def test_without_the_token_nothing_but_health_answers(server):
    for path in ("/_stcore/host-config", "/_stcore/metrics", "/static/js/x.js", "/media/x", "/_stcore/upload_file/a/b"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(server + path, timeout=10)
        assert refused.value.code == 401
    with urllib.request.urlopen(f"{server}/_stcore/health", timeout=10) as answer:
        assert answer.read() == b"ok"
    assert b" 403 " in handshake(server)


def handshake(server: str, **headers: str) -> bytes:
    """First line of the answer to a socket that asks to be opened."""
    where = urlsplit(server)
    lines = {"Host": where.netloc, "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
             "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", **headers}  # fmt: skip
    text = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    with socket.create_connection((where.hostname or "", where.port or 0), timeout=10) as opened:
        opened.sendall(f"GET /_stcore/stream HTTP/1.1\r\n{text}\r\n".encode())
        return opened.recv(200).partition(b"\r\n")[0]


def test_a_page_of_another_site_opens_no_socket_even_with_the_cookie(visit, server):
    page = visit()
    expect(page.get_by_role("heading", name="Ask a cell model")).to_be_visible()
    cookie = "; ".join(f"{c['name']}={c['value']}" for c in page.context.cookies())
    assert b" 101 " in handshake(server, Cookie=cookie, Origin=server)
    assert b" 403 " in handshake(server, Cookie=cookie, Origin="https://evil.example")
    assert b" 403 " in handshake(server, Origin=server)


def cells(path: Path, label: str) -> Path:
    counts = np.random.default_rng(1).poisson(2.0, (40, len(GENES))).astype(np.float32) + 1
    kinds = pd.DataFrame({"kind": pd.Categorical([label, "T"] * 20)}, index=[f"c{i}" for i in range(40)])
    ad.AnnData(counts, obs=kinds, var=pd.DataFrame(index=GENES)).write_h5ad(path)
    return path


def test_sessions_see_only_their_own_uploads(visit, tmp_path):
    one, other = visit("/pair"), visit("/pair")
    for page in (one, other):
        page.get_by_test_id("stSidebar").get_by_role("combobox", name="Cells").click()
        page.get_by_role("option", name="Upload cells").click()
    one.locator("[data-testid=stSidebar] input[type=file]").set_input_files(cells(tmp_path / "patients.h5ad", "B"))
    expect(one.get_by_text("patients.h5ad · 40 cells")).to_be_visible()
    other.reload()
    expect(other.get_by_test_id("stSidebar").get_by_role("combobox", name="Cells")).to_be_visible()
    expect(other.get_by_text("40 cells")).to_have_count(0)
    assert "patients" not in other.content()
    options = other.get_by_test_id("stSidebar").get_by_role("combobox", name="Cells")
    options.click()
    expect(other.get_by_role("option", name="Path of cells")).to_have_count(0)


def test_own_translators_are_those_of_the_browser_and_are_found_again(visit, server, tmp_path):
    card = json.loads((shipped_folder() / "hESC-Nsp.json").read_text()) | {"name": "guest"}
    (tmp_path / "guest.json").write_text(json.dumps(card))
    (tmp_path / "guest.safetensors").write_bytes((shipped_folder() / "hESC-Nsp.safetensors").read_bytes())
    one, other = visit("/translators"), visit("/translators")
    one.get_by_role("button", name="Bring one in").click()
    one.locator("input[type=file]").last.set_input_files([tmp_path / "guest.json", tmp_path / "guest.safetensors"])
    one.get_by_role("button", name="Add", exact=True).click()
    one.get_by_role("button", name="Show it").click()
    expect(one).to_have_url(re.compile("translator=guest"))
    link = one.url
    one.reload()
    expect(one.get_by_role("button", name="guest.zip")).to_be_visible()
    other.goto(link)
    expect(other.get_by_text("There is no translator guest here.")).to_be_visible()
    expect(other.get_by_text("Clear", exact=True)).to_have_count(0)


def test_started_behind_a_proxy_no_token_is_asked_for_and_no_path_taken(browser, tmp_path):
    hosts = ("--server.allowedHosts", "127.0.0.1", "--server.allowedHosts", "cells.example.org")
    options = (*hosts, "--", "--behind-proxy")
    with app_server(tmp_path / "cache", tmp_path / "log.txt", *options) as url:
        page = browser.new_context().new_page()
        page.goto(f"{url}/pair")
        box = page.get_by_test_id("stSidebar").get_by_role("combobox", name="Cells")
        box.click()
        expect(page.get_by_role("option", name="Upload cells")).to_be_visible()
        expect(page.get_by_role("option", name="Path of cells")).to_have_count(0)
        page.context.close()
        named = {"Host": "cells.example.org", "X-Forwarded-For": "10.1.2.3", "X-Forwarded-Proto": "https"}
        assert b" 101 " in handshake(url, Origin="https://cells.example.org", **named)
        assert b" 403 " in handshake(url, Origin="https://evil.example", **named)
    assert "token" not in (tmp_path / "log.txt").read_text()


def test_forwarded_requests_take_no_path_on_ones_own_machine_either(browser, app):
    context = browser.new_context(extra_http_headers={"X-Forwarded-For": "10.1.2.3"})
    page = context.new_page()
    page.goto(f"{app}/pair?model=own&folder=/etc")
    box = page.get_by_test_id("stSidebar").get_by_role("combobox", name="Cells")
    box.click()
    expect(page.get_by_role("option", name="Upload cells")).to_be_visible()
    expect(page.get_by_role("option", name="Path of cells")).to_have_count(0)
    assert os.sep + "etc" not in page.get_by_test_id("stSidebar").inner_text()
    context.close()
