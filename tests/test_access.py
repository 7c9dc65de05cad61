"""Who may do what on a server that others use too: paths, results, translators (docs/deploy.md)."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import streamlit as st
from streamlit.runtime.context import StreamlitHeaders
from streamlit.testing.v1 import AppTest

from tests.test_pages import framed, fresh  # noqa: F401 (a fixture for every test)
from tests.test_translator_page import renamed, words
from ugrn_core.backbones.registry import load_backbone
from ugrn_core.errors import CheckpointError, InputError
from ugrn_core.paths import cache_folder
from ugrn_core.translators.exchange import bring_in
from ugrn_core.translators.library import load_translator, own_folder, save_translator
from ui.results import stored
from ui.server import access, folders, session
from ui.server.session import store


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server is reached by others."""
    monkeypatch.setattr(access, "loopback", lambda _: False)
    monkeypatch.delenv("UGRN_ALLOWED_ROOT", raising=False)
    monkeypatch.delenv("UGRN_SHARED_LIBRARY", raising=False)


def come_through_proxy(monkeypatch: pytest.MonkeyPatch, *headers: tuple[str, str]) -> None:
    monkeypatch.setattr(access.st, "context", SimpleNamespace(headers=StreamlitHeaders(headers)))


# paths


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    """A folder that may be opened, and one beside it that may not."""
    inside, outside = tmp_path / "root", tmp_path / "root-beside"
    for folder in (inside, outside):
        folder.mkdir()
        (folder / "args.json").write_text('{"nheads": "a secret of another user"}')
        (folder / "cells.h5ad").touch()
    (inside / "link.h5ad").symlink_to(outside / "cells.h5ad")
    (inside / "away").symlink_to(outside)
    (inside / "model").mkdir()
    (inside / "model" / "args.json").symlink_to(outside / "args.json")
    return inside, outside


@pytest.mark.parametrize("own", [True, False])
def test_with_a_root_nothing_outside_of_it_is_opened_not_even_on_ones_own_machine(places, own, monkeypatch):
    inside, outside = places
    monkeypatch.setattr(folders, "own_machine", lambda: own)
    monkeypatch.setenv("UGRN_ALLOWED_ROOT", str(inside))
    assert folders.paths_welcome()
    assert folders.typed_path(f" {inside}/cells.h5ad ") == inside / "cells.h5ad"
    for text in (
        *(f"{outside}/cells.h5ad", f"{inside}/../root-beside/cells.h5ad", f"{inside}/link.h5ad"),
        *(f"{inside}/away/cells.h5ad", f"{inside}/away", "/etc/passwd", "/", "~", "..", str(outside), f"{inside}/.."),
    ):
        with pytest.raises(InputError, match="may not be opened") as refused:
            folders.typed_path(text)
        assert "root-beside" not in str(refused.value).replace(text, ""), "it is not said where links lead"
    with pytest.raises(InputError, match=r"args.json in .* leads out"):
        folders.typed_folder(f"{inside}/model")
    (inside / "model" / "args.json").unlink()
    assert folders.typed_folder(f"{inside}/model") == inside / "model"


@pytest.mark.parametrize("name", ["matrix.mtx", "matrix.mtx.gz", "GSM1_MATRIX.MTX"])
def test_the_names_beside_a_matrix_lead_nowhere_either(name, places, monkeypatch):
    inside, outside = places
    monkeypatch.setenv("UGRN_ALLOWED_ROOT", str(inside))
    (inside / "counts").mkdir()
    (inside / "counts" / name).touch()
    assert folders.typed_cells(f"{inside}/counts/{name}") == inside / "counts" / name
    (inside / "counts" / "features.tsv").symlink_to(outside / "args.json")
    for text in (f"{inside}/counts/{name}", f"{inside}/counts"):
        with pytest.raises(InputError, match=r"features.tsv in .* leads out"):
            folders.typed_cells(text)
    assert folders.typed_cells(f"{inside}/cells.h5ad") == inside / "cells.h5ad", "a file that is whole by itself"


@pytest.mark.parametrize("text", ["\0", "a\0b", "x" * 5_000, "~nobodyofthatname/x", "a/" + "y" * 300, "\ud800"])
@pytest.mark.parametrize("root", [True, False])
def test_odd_paths_are_a_sentence(text, root, tmp_path, monkeypatch):
    if root:
        monkeypatch.setenv("UGRN_ALLOWED_ROOT", str(tmp_path))
        text = f"{tmp_path}/{text}"
    with pytest.raises((InputError, CheckpointError)) as refused:
        load_backbone(folders.typed_folder(text))
    assert 10 < len(str(refused.value)) < 700


def test_an_odd_path_typed_into_the_page_is_said_there():
    at = framed("start.py")
    at.session_state["model"], at.session_state["model_folder"] = "own", "y" * 300
    at.run()
    assert not at.exception and "is no path of this machine" in at.error[0].value


@pytest.mark.parametrize(
    "name", ["Forwarded", "x-forwarded-for", "X-Forwarded-Host", "X-FORWARDED-PROTO", "X-Real-IP", "Via"]
)
def test_behind_a_proxy_no_path_is_opened_unless_a_root_is_set(name, places, monkeypatch):
    inside, _ = places
    monkeypatch.delenv("UGRN_ALLOWED_ROOT", raising=False)
    assert folders.paths_welcome() and access.own_machine()
    come_through_proxy(monkeypatch, (name, "1.2.3.4"))
    assert not folders.paths_welcome() and not access.own_machine()
    with pytest.raises(InputError, match="may not be opened"):
        folders.typed_path(f"{inside}/cells.h5ad")
    monkeypatch.setenv("UGRN_ALLOWED_ROOT", str(inside))
    assert folders.typed_path(f"{inside}/cells.h5ad") == inside / "cells.h5ad"


def test_started_as_behind_a_proxy_no_path_is_opened_either(monkeypatch):
    monkeypatch.delenv("UGRN_ALLOWED_ROOT", raising=False)
    monkeypatch.setenv("UGRN_BEHIND_PROXY", "1")
    assert not folders.paths_welcome()


def test_files_outside_are_never_quoted(places, shared, monkeypatch):
    inside, outside = places
    monkeypatch.setenv("UGRN_ALLOWED_ROOT", str(inside))
    for folder in (outside, inside / "away", inside / "model"):
        at = framed("pair.py")
        at.session_state["model"], at.session_state["model_folder"] = "own", str(folder)
        at.run()
        assert at.error and not at.exception and "secret" not in words(at)


def test_without_a_root_a_shared_server_offers_no_path_and_a_link_opens_none(shared, places):
    at = framed("pair.py")
    at.query_params.update({"model": "own", "folder": str(places[1])})
    at.run()
    assert not at.exception and at.session_state["model"] != "own" and "secret" not in words(at)
    assert "own" not in at.selectbox(key="model").options


# results


def clears(at: AppTest) -> list[object]:
    return [button for button in at.button if button.key == "clear results"]


def test_results_of_a_shared_server_are_not_cleared_from_a_browser(monkeypatch):
    at = framed("pair.py")
    at.query_params["source"], at.query_params["target"] = "GATA1", "KLF1"
    at.run()
    n = store().stats().entries
    assert n > 0 and clears(at)
    monkeypatch.setattr(access, "loopback", lambda _: False)
    at.run()
    assert not clears(at) and str(cache_folder()) not in words(at), "nor is it told where they lie"
    stored._clear()
    assert store().stats().entries == n, "however the button came to be clicked"
    monkeypatch.undo()


# translators


def translators(name: str = "") -> AppTest:
    at = framed("translators.py")
    at.session_state["model"] = "ugrn-mini"
    if name:
        at.query_params["translator"] = name
    return at.run()


def offered(at: AppTest) -> list[str]:
    return [option.partition(" ")[0] for option in at.selectbox(key="translator").options]


def test_own_translators_of_a_shared_server_belong_to_a_session(shared):
    one, other = translators(), translators()
    folder = cache_folder() / "translators-of-sessions" / one.session_state["visitor"].owner
    bring_in(renamed("guest"), own=folder)
    one.run()
    assert "guest" in offered(one) and "all-sets" in offered(one)
    other.run()
    assert "guest" not in offered(other) and "all-sets" in offered(other)
    by_link = translators("guest")
    assert not by_link.exception and "There is no translator guest here" in by_link.warning[0].value
    bring_in(renamed("mine"))
    one.run()
    assert "mine" not in offered(one), "those of the server's own user are not everybody's either"


def test_one_library_for_all_is_a_setting(shared, monkeypatch):
    monkeypatch.setenv("UGRN_SHARED_LIBRARY", "1")
    bring_in(renamed("guest"))
    assert "guest" in offered(translators()) and "guest" in offered(translators())


def test_a_translator_trained_by_a_session_is_kept_in_its_library(shared):
    from tests.test_translator_page import edges_of_ugrn_mini
    from ui.translators import form as translator_form

    at = framed("translators.py")
    at.session_state["model"] = "ugrn-mini"
    at.query_params["mode"] = "train"
    at.session_state["train source"] = translator_form.OWN_EDGES
    at.session_state["train edges"] = edges_of_ugrn_mini()
    at.session_state["train name"], at.session_state["train epochs"], at.session_state["train seeds"] = "tiny", 1, 1
    at.run()
    next(b for b in at.button if b.label == "Train").click().run()
    for _ in range(20):
        if "is trained and kept" in words(at):
            break
        time.sleep(0.5)
        at.run()
    assert "tiny is trained and kept" in words(at) and not own_folder().exists()
    folder = cache_folder() / "translators-of-sessions" / at.session_state["visitor"].owner
    assert load_translator("tiny", folder).card.name == "tiny"


def test_the_library_is_that_of_the_browser_and_goes_a_week_after_its_last_visit(shared, monkeypatch):
    browser = "0123456789abcdef" * 2
    monkeypatch.setattr(
        session.st,
        "context",
        SimpleNamespace(headers={}, cookies=SimpleNamespace(to_dict=lambda: {session.VISITOR: browser})),
    )
    folder = session.library()
    assert folder is not None and folder == cache_folder() / "translators-of-sessions" / browser
    bring_in(renamed("guest"), own=folder)
    old, other = folder.parent / ("ab" * 16), folder.parent / "not a library"
    for one in (old, other, folder):
        one.mkdir(exist_ok=True)
        os.utime(one, (0, time.time() - session.WEEK - 60))
    assert session.library() == folder, "a visit"
    st.cache_resource.clear()
    session.library()
    assert folder.exists() and other.exists() and not old.exists()


def test_libraries_of_browsers_take_bounded_disk_and_the_longest_unvisited_go_first(shared, monkeypatch):
    own, late, early = (c * 32 for c in "abc")
    cookies = SimpleNamespace(to_dict=lambda: {session.VISITOR: own})
    monkeypatch.setattr(session.st, "context", SimpleNamespace(headers={}, cookies=cookies))
    above = cache_folder() / "translators-of-sessions"
    for name, age in ((own, 9000), (late, 60), (early, 3600)):
        (above / name).mkdir(parents=True)
        (above / name / "a.safetensors").write_bytes(b"x" * 1000)
        os.utime(above / name, (0, time.time() - age))
    monkeypatch.setattr(session, "LIBRARY_BYTES", 3500)
    session.make_room_in_libraries(400)
    assert {folder.name for folder in above.iterdir()} == {own, late, early}
    session.make_room_in_libraries(600)
    assert {folder.name for folder in above.iterdir()} == {own, late}
    monkeypatch.setattr(session, "OWN_BYTES", 1500)
    with pytest.raises(InputError, match="one browser has"):
        session.make_room_in_libraries(600)
    assert (above / own).exists()


@pytest.mark.parametrize("cookie", ["../../x", "", "A" * 32, "0" * 31, "0" * 33, "/etc", "\0" * 32])
def test_a_cookie_is_never_a_path(cookie, shared, monkeypatch):
    monkeypatch.setattr(
        session.st,
        "context",
        SimpleNamespace(headers={}, cookies=SimpleNamespace(to_dict=lambda: {session.VISITOR: cookie})),
    )
    monkeypatch.setattr(session, "visitor", lambda: SimpleNamespace(owner="c" * 32))
    folder = session.library()
    assert folder is not None and folder.name == "c" * 32


def test_what_cannot_be_read_is_shown_with_its_name_and_deleted_by_a_click():
    own_folder().mkdir(parents=True)
    for stem in ("broken", "all-sets", "*odd* name"):
        (own_folder() / f"{stem}.json").write_text("{")
        (own_folder() / f"{stem}.safetensors").touch()
    kept = load_translator("hESC-Nsp")
    save_translator(replace(kept, card=replace(kept.card, name="whole")))
    at = translators()
    assert not at.exception and not at.error and {"broken", "whole", "all-sets", "*odd*"} <= set(offered(at))
    for name in ("broken", "all-sets (own)", "*odd* name"):
        at.session_state["translator"] = name
        at.run()
        assert not at.exception and "cannot be read" in at.error[0].value
        next(b for b in at.button if b.label == "Yes, delete it").click().run()
        assert not at.exception
    assert sorted(f.name for f in own_folder().iterdir()) == ["whole.json", "whole.safetensors"]
