"""A server that warms up: pages wait for its imports and for nothing else; a failure is logged and in nobody's way."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest

from ugrn_core.store import Store
from ui.server import warm


@pytest.fixture(autouse=True)
def cold(monkeypatch):
    monkeypatch.setattr(warm, "_imported", None)


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == warm.THREAD]


def test_pages_wait_for_the_imports_and_not_for_the_example(monkeypatch):
    warm.wait()  # nothing was begun: a script that runs by itself does not wait
    imports, example, asked = threading.Event(), threading.Event(), []

    def room(name: str) -> object:
        asked.append(name)
        if name != "ui.shared.example":
            imports.wait(10)
        return SimpleNamespace(answer_once=lambda: example.wait(10))

    monkeypatch.setattr(warm.importlib, "import_module", room)
    warm.start()
    page = threading.Thread(target=warm.wait)
    page.start()
    page.join(0.05)
    assert page.is_alive() and asked == ["ui.frame"]
    imports.set()
    page.join(5)
    assert not page.is_alive() and set(warm.ROOMS) <= set(asked)
    assert threads()  # it computes the example, and no page waits for it
    example.set()
    threads()[0].join(5)


def test_what_cannot_be_imported_is_logged_and_pages_go_on(monkeypatch, caplog):
    monkeypatch.setattr(warm, "ROOMS", ("ui.no_such_room",))
    warm.start()
    warm.wait()
    for thread in threads():
        thread.join(5)
    assert "a page cannot be imported" in caplog.text and "no_such_room" in caplog.text


def test_every_room_of_the_opening_pages_is_there_and_a_session_finds_what_was_loaded(tmp_path, monkeypatch):
    from ui.shared import example, models

    monkeypatch.setattr(example, "store", lambda: Store(tmp_path))
    for room in warm.ROOMS:
        warm.importlib.import_module(room)
    example.answer_once()
    backbone = models.first_choice()
    assert {example.SOURCE, example.TARGET} <= set(backbone.vocabulary.symbols)
    assert models.load(models.available()[0]) is backbone
    with Store(tmp_path) as kept:
        assert kept.stats().entries
