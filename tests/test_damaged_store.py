"""A damaged store as users meet it: the right numbers, and one sentence about it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from tests.spoilt import spoil
from ugrn_core.cli.app import app

PAIR = ["pair", "GATA1", "KLF1", "--json"]


def ugrn(*words: str, cache: Path) -> Result:
    done = CliRunner().invoke(app, words, env={"UGRN_CACHE_DIR": str(cache)})
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def test_a_pair_out_of_a_damaged_store_is_computed_anew_and_that_is_said_once(tmp_path: Path) -> None:
    first = ugrn(*PAIR, cache=tmp_path)
    assert first.exit_code == 0
    assert spoil(tmp_path / "results") > 1
    again = ugrn(*PAIR, cache=tmp_path)
    assert (again.exit_code, again.stdout) == (0, first.stdout)
    assert again.stderr.count("its checksum does not fit") == 1
    assert "checksum" not in ugrn(*PAIR, cache=tmp_path).stderr


def test_a_file_that_is_no_store_is_left_aside_and_that_is_said_once(tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "cache.db").write_bytes(b"no database " * 1000)
    first = ugrn(*PAIR, cache=tmp_path)
    assert first.exit_code == 0
    assert first.stderr.count("left as it is") == 1
    again = ugrn(*PAIR, cache=tmp_path)
    assert (again.stdout, "left as it is" in again.stderr) == (first.stdout, False)
    assert json.loads(ugrn("cache", "--json", cache=tmp_path).stdout)["left_aside"] == ["cache.db"]
    assert ugrn("cache", "--clear", cache=tmp_path).exit_code == 0
    assert json.loads(ugrn("cache", "--json", cache=tmp_path).stdout)["left_aside"] == []


def told(notes: tuple[str, ...]) -> list[str]:
    from streamlit.testing.v1 import AppTest

    def page() -> None:
        from ui.results import stored

        stored.show()

    from ui.results import stored

    class Spoilt:
        def stats(self):
            from ugrn_core.store import StoreStats

            return StoreStats(Path("/r"), 1, 2, 3)

        def notes(self):
            return notes

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stored, "store", Spoilt)
        at = AppTest.from_function(page).run()
        found = [toast.value for toast in at.toast]
        assert not at.run().toast
    return found


def test_a_page_tells_each_session_once() -> None:
    assert told(()) == []
    assert told(("A stored result in /r is damaged.",)) == ["A stored result in /r is damaged."]
