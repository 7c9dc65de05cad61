"""Runs of the command line in a saved session: another machine, and its pages, find them without computing."""

from __future__ import annotations

import io

import pandas as pd
import pytest
import streamlit as st
from typer.testing import CliRunner

from tests.test_network_page import finished, words
from tests.test_pages import framed
from ugrn_core import stored_sweep, sweep
from ugrn_core.cli import app
from ugrn_core.jobs import JOBS
from ugrn_core.network import executors
from ugrn_core.session_file import Session, read_session
from ugrn_core.store import Store
from ui.results.runs import _cells
from ui.shared.kept import SHELVES

GROUPS = "bulk_labels=CD14+ Monocyte", "bulk_labels=CD19+ B"
LIST = "GATA1\nKLF1\nTAL1\nSPI1\nHBB\nGYPA\n"
DRIVERS = [
    "drivers",
    "--cells",
    "example",
    "--from",
    GROUPS[0],
    "--to",
    GROUPS[1],
    "--factors",
    "3",
    "--variable",
    "50",
]


def ugrn(*given: object, status: int = 0):
    done = CliRunner().invoke(app, list(map(str, given)))
    assert done.exit_code == status, done.output
    return done


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A session with a network, a gene and drivers, saved in one cache; what is asked of it has another."""
    folder = tmp_path_factory.mktemp("runs")
    (folder / "genes.txt").write_text(LIST)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UGRN_CACHE_DIR", str(folder / "one"))
        patch.delenv("UGRN_DATA_DIR", raising=False)
        lines = [f"network --genes {folder}/genes.txt", "gene GATA1 --tfs --rank response --as source"]
        lines.append(" ".join(f"'{word}'" for word in DRIVERS))
        saved = ugrn(
            "session", "save", *(word for line in lines for word in ("--run", line)), "--out", folder / "s.zip"
        )
        assert "3 runs with" in saved.stderr
        patch.setenv("UGRN_CACHE_DIR", str(folder / "other"))
        yield folder


@pytest.fixture
def nothing_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object):
        raise AssertionError("it was computed")

    for place, name in ((executors, "score_task"), (stored_sweep, "sweep_sources"), (stored_sweep, "sweep_pairs")):
        monkeypatch.setattr(place, name, fails)
    monkeypatch.setattr(sweep, "sweep_sources", fails)


def test_what_commands_found_is_in_the_file(folder) -> None:
    session = read_session((folder / "s.zip").read_bytes())
    assert [run.title for run in session.runs] == [
        "ugrn network: genes.txt",
        "ugrn gene: GATA1",
        "ugrn drivers: example",
    ]
    assert all(run.results and set(run.results) <= set(session.results) for run in session.runs)
    assert session.runs[0].about == "network --genes genes.txt" and "--factors 3" in session.runs[2].about
    assert str(folder) not in repr(session.runs), "no path of this machine"
    network, gene, drivers = (next(iter(run.found.values())) for run in session.runs)
    assert len(network) == 4 * 6 - 4 and set(gene["side"]) == {"source"} and len(drivers) == 3
    listed = pd.read_csv(io.StringIO(ugrn("session", "show", folder / "s.zip").stdout))
    assert (listed["kind"] == "run").sum() == 3


def test_commands_read_it_beside_their_own_store(folder, nothing_computed) -> None:
    where = ("--session", folder / "s.zip")
    again = ugrn(*where, "network", "--genes", folder / "genes.txt", "--out", folder / "net")
    assert "results were read from s.zip and not computed here" in again.stderr
    was = read_session((folder / "s.zip").read_bytes()).runs
    pd.testing.assert_frame_equal(pd.read_csv(folder / "net" / "edges.csv")[["source", "target", "score"]],
                                  was[0].found["edges"][["source", "target", "score"]])  # fmt: skip
    found = pd.read_csv(io.StringIO(ugrn(*where, *DRIVERS).stdout))
    assert found["source"].tolist() == was[2].found["found"]["source"].tolist()
    with Store() as store:
        assert store.stats().entries == 0, "the store believes nobody"


@pytest.fixture
def a_new_server():
    """Nothing is remembered, and no job is under way when it ends."""
    st.cache_resource.clear()
    JOBS._jobs.clear()
    SHELVES.clear()
    yield
    for job in list(JOBS._jobs.values()):
        job.stop.set()
        job.wait(5)
    JOBS._jobs.clear()
    SHELVES.clear()


@pytest.mark.parametrize("number", [0, 1, 2])
def test_pages_open_them(folder, nothing_computed, a_new_server, number: int) -> None:
    session = read_session((folder / "s.zip").read_bytes())
    shelf = SHELVES.of("own machine")
    run = session.runs[number]
    shelf.take(Session(session.cells, session.lists, (run,), session.results), _cells, (run.page,))
    at = framed(run.page.removeprefix("pages/"))
    at.session_state["net known"] = "none"
    at.query_params.update(dict(run.address))
    at.run()
    if number == 0:
        finished(at)
    for _ in range(100):
        if "not computed here" in words(at):
            break
        at.run()
    assert not at.exception and "not computed here" in words(at), words(at)


def test_what_is_no_run_is_said(folder) -> None:
    for line, why in (("sweep --genes x", "expected a command of these"), ("'", "expected a command of these"),
                      ("network --recipe r.json", "cannot be read|no address")):  # fmt: skip
        said = ugrn("session", "save", "--run", line, "--out", folder / "x.zip", status=2).stderr
        assert any(word in said for word in why.split("|")), said
    assert "cannot be read" in ugrn("--session", folder / "none.zip", "models", status=2).stderr
