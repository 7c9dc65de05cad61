"""What is kept of a visitor: cells, lists and runs outlive a session, bounded, and are found by their own visitor."""

from __future__ import annotations

import threading
from dataclasses import replace

import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.small_network import trained
from tests.test_network_page import GENES, edges, facts, finished, named, press, words
from tests.test_pages import embedded, framed, fresh, h5ad  # noqa: F401 (a fixture for every test)
from ugrn_core.backbones.registry import load_backbone
from ugrn_core.data.h5ad import example_data, read_h5ad
from ugrn_core.errors import InputError
from ugrn_core.jobs import JOBS
from ugrn_core.network import executors
from ugrn_core.session_file import read_session, with_results, write_session
from ugrn_core.translators.library import save_translator
from ui.network import run as network_run
from ui.server.session import store
from ui.shared import kept, work
from ui.shared.cells import Cells
from ui.shared.kept import SHELVES, Shelf, Shelves, VisitorRun


@pytest.fixture
def page() -> AppTest:
    save_translator(named(trained(load_backbone("toy-square")), "first"))
    at = framed("network.py")
    at.query_params["genes"] = GENES
    at.session_state["net known"], at.session_state["page"] = "none", "pages/network.py"
    return at


def anew(at: AppTest, page: str = "network.py", **more: str) -> AppTest:
    """The page in a new session, by the address of another one, as after a reload long after it."""
    other = framed(page)
    other.session_state["net known"], other.session_state["page"] = "none", f"pages/{page}"
    for name, values in at.query_params.items():
        other.query_params[name] = values
    for name, value in more.items():
        other.query_params[name] = value
    other.query_params.pop("job", None)
    return other.run()


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Networks wait for this before they are computed."""
    gate, real = threading.Event(), network_run.predict_network

    def waiting(*given, cancel=None, **more):
        while not gate.wait(0.01):
            if cancel is not None and cancel():
                break
        return real(*given, cancel=cancel, **more)

    monkeypatch.setattr(network_run, "predict_network", waiting)
    monkeypatch.setattr(work, "GRACE", 0.05)
    return gate


def test_lists_and_cells_are_found_by_their_hash_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    shelf, text = Shelf(), "GATA1\nKLF1\n"
    mark = shelf.put_text(text)
    assert shelf.put_text(" \n") == ""
    assert shelf.text(mark) == text and shelf.text(mark[1:]) is None and shelf.text("~" + "0" * 32) is None
    assert shelf.put_text("x" * (kept.TEXT_BYTES + 1)) == ""
    monkeypatch.setattr(kept, "TEXTS_BYTES", 30)
    marks = [shelf.put_text(f"{n:015}") for n in range(3)]
    assert [shelf.text(m) is None for m in [mark, *marks]] == [True, True, False, False]
    data = example_data()
    digests = [shelf.put_cells(Cells(replace(data, label=str(n)), str(n), "cells.h5ad")) for n in range(2)]
    assert len({*digests, data.digest}) == 3 and replace(data, label="0").digest == digests[0]
    monkeypatch.setattr(kept, "CELLS_BYTES", 1)
    third = shelf.put_cells(Cells(replace(data, label="third"), "third", "cells.h5ad"))
    assert list(shelf.cells) == [third], "the last one stays whatever its size"


def test_visitors_do_not_see_each_other_and_those_who_came_longest_ago_go(monkeypatch: pytest.MonkeyPatch) -> None:
    shelves = Shelves()
    ada, bob = shelves.of("ada"), shelves.of("bob")
    mark = ada.put_text("GATA1")
    assert bob.text(mark) is None and shelves.of("ada") is ada
    monkeypatch.setattr(kept, "MOST_SHELVES", 2)
    shelves.of("eve")
    assert shelves.of("ada") is ada and shelves.of("bob") is not bob
    monkeypatch.setattr(kept, "LOOK_EVERY", 0.0)
    monkeypatch.setattr(kept, "ALL_BYTES", 10)
    last = shelves.of("bob")
    last.put_text("a list of some length")
    assert shelves.of("bob") is last and shelves.of("ada") is not ada, "bytes of all are bounded"


def test_a_run_that_was_asked_for_goes_on_without_its_page_up_to_a_few(monkeypatch: pytest.MonkeyPatch) -> None:
    shelf, gate = Shelf(), threading.Event()

    def waits(progress, cancel):
        while not gate.wait(0.005) and not cancel():
            pass

    monkeypatch.setattr(kept, "MOST_GOING_ON", 2)
    jobs = [JOBS.submit((n, "run"), waits, device=str(n), owner="page") for n in range(4)]
    runs = [shelf.note(n, "", f"Run {n}", "", job, asked_for=n != 3) for n, job in enumerate(jobs)]
    for job in jobs:
        JOBS.cancel(job.id, "page")
    assert [job.stop.is_set() for job in jobs] == [True, False, False, True], "the oldest has lost its keeper"
    assert shelf.asked_for((1, "run")) and not shelf.asked_for((3, "run")) and runs[1].going_on
    shelf.stop(runs[1])
    assert jobs[1].wait(5) and runs[1].state() == "cancelled" and not shelf.asked_for((1, "run"))
    gate.set()
    assert jobs[2].wait(5) and runs[2].state() == "done" and runs[2].share() == 1
    monkeypatch.setattr(JOBS, "status", lambda _: None)
    assert runs[2].state() == "done", "it is remembered when the job is forgotten"
    shelf.forget(runs[2])
    assert runs[2].id not in shelf.runs


def test_the_networks_of_a_run_are_its_title_and_curves_of_an_edge_are_not() -> None:
    shelf = Shelf()
    for key, title in ((("network", "B"), "Network of B"), (("network", "T"), "Network of T"), (("edge", 1), "Curves")):
        job = JOBS.submit(key, lambda *_: "done", device="titles")
        run = shelf.note("both", "", title, "", job, asked_for=True)
    assert run.title == "Network of B and Network of T" and list(run.jobs) == [("network", "B"), ("network", "T")]


def test_another_page_does_not_take_the_address_of_a_run() -> None:
    shelf = Shelf()
    job = JOBS.submit(("network", "left"), lambda *_: "done", device="left")
    run = shelf.note("both", "pages/network.py", "Network of B", "", job, asked_for=True)
    shelf.addressed(["both"], {"mode": "two", "job": "x"}, "pages/network.py")
    shelf.addressed(["both"], {"model": "ugrn-mini-3"}, "pages/learn.py")  # the session still has its task
    assert run.address == {"mode": "two"}


def test_finished_runs_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST_RUNS", 3)
    shelf = Shelf()
    for n in range(5):
        job = JOBS.submit(("quick", n), lambda *_: "done", device=str(n))
        assert job.wait(5)
        shelf.note(n, "", f"Run {n}", "", job, asked_for=True)
    assert [run.title for run in shelf.runs.values()] == ["Run 2", "Run 3", "Run 4"]
    assert all(isinstance(run, VisitorRun) for run in shelf.runs.values())


def test_two_groups_survive_a_reload_and_leaving(page: AppTest, held: threading.Event, tmp_path) -> None:
    data = read_h5ad(h5ad(tmp_path / "cells.h5ad"))
    page.session_state["model"] = embedded()
    page.session_state["cells"], page.session_state["cells_from"] = Cells(data, "test", "cells.h5ad"), "again"
    SHELVES.of("own machine").put_cells(page.session_state["cells"])
    page.query_params.clear()
    page.query_params.update({"mode": "two", "column": "kind"})
    page.run()
    press(page, "Predict both networks")
    (run,) = SHELVES.of("own machine").runs.values()
    assert page.query_params["cells"] == data.digest
    again = anew(page)
    assert "Predict both networks" not in [b.label for b in again.button], "it goes on without another click"
    assert "Network of B and Network of T" in words(list_page()) and "running" in badges(list_page())
    held.set()
    finished(again, "Gained", 200)
    assert len(SHELVES.of("own machine").runs) == 1 and run.state() == "done" and run.address["mode"] == "two"


def test_a_long_list_survives_a_reload(page: AppTest) -> None:
    listed = "\n".join([*GENES.split(","), *(f"NOGENE{n}" for n in range(80))])
    page.session_state["net genes"] = listed
    page.query_params.clear()
    page.run()
    assert not page.exception and page.query_params["genes"].startswith("~")
    assert anew(page).session_state["net genes"] == listed
    lost = anew(page, genes="~" + "0" * 32)
    assert "not kept here" in words(lost) and not lost.exception


def test_a_list_of_pairs_survives_a_reload() -> None:
    at = framed("pair.py")
    at.query_params["mode"] = "list"
    at.session_state["pair_text"] = "GATA1, KLF1\nSPI1 -> CSF1R"
    at.run()
    assert not at.exception and at.query_params["pairs"].startswith("~")
    assert anew(at, "pair.py").session_state["pair_text"] == "GATA1, KLF1\nSPI1 -> CSF1R"


def test_cells_that_are_not_kept_are_said(page: AppTest) -> None:
    page.query_params["cells"] = "0" * 32
    page.run()
    assert "cells of this address are not kept here" in words(page) and not page.exception


def test_my_results_lists_opens_stops_and_deletes(page: AppTest, held: threading.Event) -> None:
    assert "Nothing was run yet" in words(list_page())
    page.run()
    press(page, "Predict the network")
    other = list_page()
    assert "Network of your list" in words(other) and "sources × 12 targets" in words(other)
    assert "running" in badges(other) and any("Network of your list" in b.label for b in other.sidebar.button)
    press(other, "Stop")
    assert "stopped" in badges(list_page()) and not SHELVES.of("own machine").going_on()
    page.run()
    assert "stopped. What was finished is kept" in words(page)
    held.set()
    finished(press(page, "Go on"))
    done = list_page()
    assert "finished" in badges(done) and "Open" in [b.label for b in done.button]
    assert facts(page)["Edges scored"][0] == "99"
    press(done, "Delete")
    assert "Nothing was run yet" in words(list_page())


def test_a_saved_session_opens_on_another_machine_without_computing(page, monkeypatch, tmp_path) -> None:
    finished(press(page.run(), "Predict the network"))
    shelf, was = SHELVES.of("own machine"), edges(page)
    shelf.put_cells(Cells(replace(example_data(), label="mine"), "token", "cells.h5ad"))
    saved = write_session(with_results(shelf.session(), store().packed), "0.0")
    (run,) = shelf.runs.values()
    monkeypatch.setenv("UGRN_CACHE_DIR", str(tmp_path / "another machine"))
    st.cache_resource.clear()
    JOBS._jobs.clear()
    SHELVES.clear()
    save_translator(named(trained(load_backbone("toy-square")), "first"))
    other, back = SHELVES.of("own machine"), read_session(saved)
    with pytest.raises(InputError, match=r"page 'pages/network\.py' that is not here"):
        other.take(back, lambda held: held, ())
    assert not other.runs and not other.cells and other.opened.state is None
    other.take(back, lambda held: Cells(held.data, "session", held.word, held.options), ("pages/network.py",))
    (found,) = other.runs.values()
    assert (found.title, found.address, found.state()) == (run.title, run.address, "done") and found.id != run.id
    assert list(found.found["edges"]["source"]) == list(was["source"]) and "Network of your list" in words(list_page())

    computed: list[object] = []
    real = executors.score_task
    monkeypatch.setattr(executors, "score_task", lambda *given: computed.append(given) or real(*given))
    again = finished(anew(page))
    assert "not computed here" in words(again) and not computed
    pd.testing.assert_frame_equal(edges(again), was)
    assert store().stats().entries == 0, "the store believes nobody"
    assert len(other.runs) == 1, "what was opened stands once in the list"
    assert with_results(other.session(), lambda key: other.opened.get(key)).results == back.results, (
        "it can be handed on"
    )

    SHELVES._shelves["ada"] = SHELVES._shelves.pop("own machine")
    strange = anew(page)
    assert "Predict the network" in [b.label for b in strange.button], "another visitor does not see it"
    SHELVES._shelves["own machine"] = SHELVES._shelves.pop("ada")
    here = finished(press(finished(anew(page)), "Compute it here"))
    assert computed and "not computed here" not in words(here) and store().stats().entries
    pd.testing.assert_frame_equal(edges(here), was)


def list_page() -> AppTest:
    at = framed("results.py").run()
    assert not at.exception, at.exception
    return at


def badges(at: AppTest) -> str:
    return " ".join(str(e.value) for e in at.markdown)
