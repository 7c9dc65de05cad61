"""Every page and every state of it, without a browser: empty, working, stopped, done, failed."""

from __future__ import annotations

import io
import json
import threading
from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.framed_page import framed_page
from ugrn_core.backbones.toy import GENES
from ugrn_core.data.h5ad import read_h5ad
from ugrn_core.errors import Cancelled, FetchError, InputError
from ugrn_core.jobs import JOBS
from ui import frame
from ui.pair import view as pair_view
from ui.server import session
from ui.server.session import store
from ui.shared import address, cells, gene_report, genes, kept, work
from ui.start import page as start

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted(p for p in (ROOT / "pages").glob("*.py") if p.name != "__init__.py")
TOY = "toy-square"


def framed(page: Path | str) -> AppTest:
    """A page with its frame. AppTest itself does not follow ``st.switch_page`` through ``st.navigation``."""
    at = framed_page(page, 60)
    at.session_state["model"] = TOY
    return at


@pytest.fixture(autouse=True)
def fresh(tmp_path, monkeypatch):
    monkeypatch.setenv("UGRN_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(work, "GRACE", 2.0)  # quick jobs are done when the page is drawn
    monkeypatch.chdir(ROOT)
    session._store.clear()  # of the folder of before, as are the libraries;
    session._libraries.clear()  # what else is kept for all sessions is told apart by its key
    yield
    for job in list(JOBS._jobs.values()):
        job.stop.set()
        job.wait(5)
    JOBS._jobs.clear()
    kept.SHELVES.clear()


@pytest.fixture
def pair() -> AppTest:
    at = framed("pair.py")
    at.query_params["source"], at.query_params["target"] = "GATA1", "KLF1"
    return at


def titles(at: AppTest) -> list[str]:
    drawn = json.loads(at.get("plotly_chart")[0].proto.spec)
    return [a["text"].replace("<br>", " ") for a in drawn["layout"]["annotations"]]


def names(at: AppTest) -> list[str]:
    drawn = json.loads(at.get("plotly_chart")[0].proto.spec)
    return list(dict.fromkeys(trace["name"] for trace in drawn["data"] if "name" in trace))


def facts(at: AppTest) -> dict[str, tuple[str, str]]:
    return {m.label: (m.value, m.delta) for m in at.metric}


def weight(source: str, target: str) -> float:
    """W[target, source] of the toy, as its docstring says."""
    drawn = np.random.default_rng(0).standard_normal((len(GENES), len(GENES))).round(3)
    return float(drawn[GENES.index(target), GENES.index(source)])


def h5ad(path: Path, n_cells: int = 40) -> Path:
    counts = np.random.default_rng(1).poisson(2.0, (n_cells, len(GENES))).astype(np.float32) + 1
    kinds = pd.DataFrame({"kind": pd.Categorical(["B", "T"] * (n_cells // 2))}, index=[f"c{i}" for i in range(n_cells)])
    ad.AnnData(counts, obs=kinds, var=pd.DataFrame(index=list(GENES))).write_h5ad(path)
    return path


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_every_page_opens(page):
    at = framed(page).run()
    assert not at.exception and not at.error
    assert len(at.title) == 1


def test_every_page_is_in_the_menu_and_nothing_else():
    assert sorted(ROOT / path for path in frame.PAGES.values()) == PAGES


def test_the_app_opens_at_the_start_page():
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    at.session_state["model"] = TOY
    at.run()
    assert not at.exception and at.title[0].value.startswith("Ask a cell model")


# Start


def test_start_says_what_curves_cannot_tell_and_what_is_here():
    at = framed("start.py").run()
    said = " ".join(m.value for m in at.markdown)
    assert "Not cause and effect" in said and "no sign of activation or repression" in said
    assert "A hypothesis" in said
    assert titles(at)[0] == "change of predicted KLF1 (toy units) when GATA1 goes from 1 to x"
    assert "scGPT whole-human (33 million cells)" in said
    aside = next(e for e in at.expander if "more: controls, the first generation" in e.label)
    aside_said = {m.value for m in aside.markdown}
    assert any("Toy" in s for s in aside_said) and not any("mini log1p 2" in s or "scGPT" in s for s in aside_said)
    assert "Download (208 MB)" in [b.label for b in at.button] or "Download (207 MB)" in [b.label for b in at.button]


def test_start_offers_the_pairs_whose_curves_bend(monkeypatch):
    at = framed("start.py").run()
    assert not any(s.key == "bent example" for s in at.selectbox), "none for a model whose shapes were not judged"
    monkeypatch.setattr(start, "bent_pairs", lambda model: (("GATA1", "KLF1"), ("KLF1", "ACTB")))
    at = framed("start.py").run()
    (offered,) = [s for s in at.selectbox if s.key == "bent example"]
    assert offered.options == ["GATA1 → KLF1", "KLF1 → ACTB"] and offered.value is None and not at.exception


def test_start_without_the_genes_of_the_example_says_so(monkeypatch):
    monkeypatch.setattr(start.example, "SOURCE", "NOSUCH")
    at = framed("start.py").run()
    assert "does not know NOSUCH and KLF1" in at.info[0].value and not at.exception


def download(at: AppTest) -> AppTest:
    return next(b for b in at.button if b.label.startswith("Download")).click().run()


def test_download_shows_progress_and_can_be_stopped(monkeypatch):
    monkeypatch.setattr(work, "GRACE", 0.2)
    began, asked = threading.Event(), []

    def slow(name, progress, cancel):
        progress(0.25, "best_model.pt: 50 of 200 MB")
        began.set()
        while not cancel():
            asked.append(name)
            threading.Event().wait(0.01)
        raise Cancelled("Stopped.")

    monkeypatch.setattr(start, "fetch", slow)
    at = download(framed("start.py").run())
    assert began.wait(5) and set(asked) == {"scgpt-human"}
    assert at.get("progress")[0].proto.value == 25 and "50 of 200 MB" in at.get("progress")[0].proto.text
    at.button(key="stop fetch scgpt-human").click().run()
    at.run()
    assert any("stopped" in c.value for c in at.caption)
    assert at.button(key="again fetch scgpt-human").label == "Go on"


def test_download_offline_says_what_to_do(monkeypatch):
    def offline(name, progress, cancel):
        raise FetchError("Could not get it. Put these files into the folder by hand:\n- best_model.pt")

    monkeypatch.setattr(start, "fetch", offline)
    at = download(framed("start.py").run())
    assert "by hand" in at.error[0].value and at.button(key="again fetch scgpt-human").label == "Try again"
    assert not at.exception and len(at.title) == 1


# Pair explorer, one pair


def test_pair_empty_says_what_to_choose():
    at = framed("pair.py").run()
    assert at.info[0].value == "Choose a source and a target above to see their curves."
    assert not at.metric and not at.get("plotly_chart")


def test_pair_done_in_closed_form(pair):
    pair.run()
    assert not pair.exception and not pair.error
    expected = weight("GATA1", "KLF1") * (5.0**2 - 1)
    assert facts(pair)["Largest change of KLF1"][0] == f"{expected:+.3g} toy units".replace("-", "−")
    assert facts(pair)["Residual"] == ("< 0.01 %", "slope and response agree")
    assert facts(pair)["Virtual cell"] == ("2 genes", "the pair alone")
    assert titles(pair)[:2] == [
        "change of predicted KLF1 (toy units) when GATA1 goes from 1 to x",
        "change of predicted GATA1 (toy units) when KLF1 goes from 1 to x",
    ]
    assert names(pair) == ["response as predicted", "pair-specific"]
    assert "of random pairs" in facts(pair)["Largest change of KLF1"][1]
    numbers = pair.dataframe[0].value
    assert list(numbers["measure"].unique()) == ["raw", "pair-specific"] and len(numbers) == 2 * 2 * 6
    assert pair.code[0].value == (
        "ugrn pair GATA1 KLF1 --backbone toy-square --context pair --base 1 --grid 0.25,0.5,2,3,4,5 "
        "--background fixed --json"
    )
    assert [d.proto.label for d in pair.get("download_button")] == ["CSV", "HTML", "Report"]


def test_pair_specific_is_left_out_on_request(pair, monkeypatch):
    monkeypatch.setattr(pair_view, "pair_specific", lambda *a, **k: pytest.fail("not asked for"))
    pair.session_state["specific"] = False
    pair.run()
    assert names(pair) == ["response as predicted"] and facts(pair)["Largest change of KLF1"][1] == "at GATA1 = 5"


def test_pair_settings_change_the_curves_and_the_address(pair):
    pair.run()
    pair.session_state["base toy units"] = 2.0
    pair.session_state["grid toy units"] = "4; 1 3"
    pair.run()
    assert titles(pair)[0].endswith("when GATA1 goes from 2 to x")
    assert sorted(pair.dataframe[0].value["virtual_value"].unique()) == [1, 3, 4]
    assert pair.query_params["base"] == "2" and pair.query_params["grid"] == "1,3,4"
    pair.session_state["background"] = "follow"
    pair.run()
    assert titles(pair)[0].startswith("slope of predicted KLF1") and facts(pair)["Residual"][0] == "none"
    assert pair.dataframe[0].value["response"].isna().all()


def test_a_control_draws_the_results_alone(pair):
    pair.run()
    pair.number_input(key="base toy units").set_value(3.0).run()
    assert titles(pair)[0].endswith("when GATA1 goes from 3 to x")
    assert not pair.title  # nothing but the results was sent again


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"target": "GATA1"}, "Source and target are the same gene"),
        ({"target": "KLFF1"}, "Did you mean KLF1"),
        ({"grid toy units": "1, x"}, "'x' among the virtual values is not a number"),
        ({"grid toy units": " "}, "empty"),
        ({"grid toy units": "2, 2"}, "twice"),
    ],
)
def test_pair_errors_are_said_and_the_page_lives_on(pair, given, message):
    pair.run()
    for key, value in given.items():
        pair.session_state[key] = value
    pair.run()
    assert message in pair.error[0].value and not pair.exception and not pair.get("plotly_chart")
    pair.session_state["target"], pair.session_state["grid toy units"] = "SOX2", "2, 3"
    pair.run()
    assert not pair.error and "SOX2" in titles(pair)[0]


def test_other_spellings_are_said(pair):
    pair.query_params["target"] = "oct4"
    pair.run()
    assert "POU5F1" in titles(pair)[0] and "oct4 is POU5F1 here." in [c.value for c in pair.caption]


def test_addresses_fill_the_controls_and_nonsense_is_said(pair):
    pair.query_params["base"], pair.query_params["background"] = "many", "fixed"
    pair.run()
    assert "base='many'; expected a number" in pair.error[0].value and pair.get("plotly_chart")
    other = framed("pair.py")
    other.query_params.update(
        {"source": "SOX2", "target": "NANOG", "base": "0.5", "grid": "2,3", "model": "toy-linear"}
    )
    other.run()
    assert titles(other)[0] == "change of predicted NANOG (toy units) when SOX2 goes from 0.5 to x"
    assert other.session_state["model"] == "toy-linear"


def blocked(monkeypatch, name: str = "explore_pair", error: Exception | None = None) -> threading.Event:
    """Make the work of the pair view a job that waits until it is stopped, or that fails."""
    monkeypatch.setattr(work, "AT_ONCE", -1.0)
    monkeypatch.setattr(work, "GRACE", 0.3)
    began = threading.Event()

    def slow(*args, progress=None, cancel=None, **more):
        began.set()
        if error is not None:
            raise error
        progress(0.5, "1 of 2 sources swept")
        while not cancel():
            threading.Event().wait(0.01)
        raise Cancelled("Stopped on request.")

    monkeypatch.setattr(pair_view, name, slow)
    return began


def test_pair_working_shows_progress_time_and_stop(pair, monkeypatch):
    began = blocked(monkeypatch)
    pair.run()
    assert began.is_set() and not pair.exception and not pair.get("plotly_chart")
    shown = pair.get("progress")[0].proto
    assert shown.value == 50 and "1 of 2 sources swept" in shown.text and ("left" in shown.text or "done" in shown.text)
    job = pair.query_params["job"]
    assert JOBS.status(job).state == "working"
    pair.button(key="stop curves 0").click().run()
    pair.run()
    assert any("stopped" in c.value for c in pair.caption) and JOBS.get(job).stop.is_set()
    assert "job" not in pair.query_params


def test_another_question_stops_the_job_of_the_one_before(pair, monkeypatch):
    blocked(monkeypatch)
    pair.run()
    job = JOBS.get(pair.query_params["job"])
    pair.session_state["target"] = "SOX2"
    pair.run()
    assert job.stop.is_set() and pair.query_params["job"] != job.id


def test_a_reload_finds_the_running_job_again(pair, monkeypatch):
    blocked(monkeypatch)
    pair.run()
    reloaded = framed("pair.py")
    reloaded.query_params.update(dict(pair.query_params))
    reloaded.run()
    assert reloaded.query_params["job"] == pair.query_params["job"] and reloaded.get("progress")


def test_a_reload_finds_the_genes_of_a_job_that_the_address_cannot_hold(pair, monkeypatch):
    blocked(monkeypatch)
    monkeypatch.setattr(address, "MOST_GENES", 2)
    pair.query_params["context"] = "genes"
    pair.session_state["gene_text"] = "TP53, MDM2, SOX2"
    pair.run()
    assert pair.query_params["genes"].startswith("~")
    kept.SHELVES.clear()  # as for somebody else who was given the link
    reloaded = framed("pair.py")
    reloaded.query_params.update(dict(pair.query_params))
    reloaded.run()
    assert reloaded.query_params["job"] == pair.query_params["job"] and not reloaded.info


def test_a_name_of_the_gene_report_leads_to_its_page(pair, monkeypatch):
    went, rows, draw = [], [0], st.dataframe
    monkeypatch.setattr(address.st, "switch_page", lambda page, query_params: went.append((page, query_params["gene"])))

    def chosen(frame, **look):
        event = draw(frame, **look)
        return {"selection": {"rows": list(rows)}} if look.get("key") == "gene-report table" else event

    monkeypatch.setattr(gene_report.st, "dataframe", chosen)
    pair.query_params["context"] = "genes"
    pair.session_state["gene_text"] = "p53, NOSUCHGENE, MDM2"
    pair.run()
    pair.button(key="gene-report table gene").click().run()
    assert went == [(address.GENE_PAGE, "TP53")]
    rows[:] = [1]
    pair.run()
    assert "does not know this name" in " ".join(c.value for c in pair.caption)


def test_a_job_of_another_model_lends_no_genes(pair, monkeypatch):
    blocked(monkeypatch)
    pair.query_params["context"] = "genes"
    pair.session_state["gene_text"] = "TP53, MDM2, SOX2"
    pair.run()
    other = framed("pair.py")
    other.query_params.update(dict(pair.query_params) | {"model": "toy-linear", "genes": ""})
    other.run()
    assert "no genes yet" in other.info[0].value and not other.exception


def test_pair_failed_by_a_bug_says_so_and_can_be_tried_again(pair, monkeypatch):
    blocked(monkeypatch, error=ZeroDivisionError("oops"))
    pair.run()
    assert "bug in the program (ZeroDivisionError)" in pair.error[0].value and not pair.exception
    assert pair.button(key="again curves 0").label == "Try again"


def test_pair_failed_by_input_says_why_without_trying_again(pair, monkeypatch):
    blocked(monkeypatch, error=InputError("Not with these genes."))
    pair.run()
    assert pair.error[0].value == "Not with these genes." and not [b for b in pair.button if b.label == "Try again"]


def test_long_work_waits_for_a_click(pair, monkeypatch):
    blocked(monkeypatch)
    monkeypatch.setattr(work, "UNASKED", -1.0)
    pair.run()
    asked = next(b for b in pair.button if "takes about" in b.label)
    assert not pair.get("progress") and "GATA1 and KLF1" in asked.label
    asked.click().run()
    assert pair.get("progress")
    reloaded = framed("pair.py")
    reloaded.query_params.update(dict(pair.query_params))
    reloaded.run()  # asks for no click again
    assert reloaded.get("progress") and reloaded.query_params["job"] == pair.query_params["job"]


# contexts


def test_a_gene_list_has_its_report(pair):
    pair.query_params.update({"context": "genes", "genes": "TP53,MDM2,OCT4,NOPE"})
    pair.run()
    report = pair.dataframe[1].value
    assert dict(zip(report["gene"], report["status"], strict=True)) == {
        "TP53": "exact", "MDM2": "exact", "OCT4": "alias", "NOPE": "unknown",
    }  # fmt: skip
    assert facts(pair)["Virtual cell"] == ("5 genes", "the pasted list")
    assert "GATA1, KLF1 were not in the context and added at 1." in [c.value for c in pair.caption]
    assert "--context genes.txt" in pair.code[0].value
    assert [d.proto.label for d in pair.get("download_button")] == ["CSV", "HTML", "Report", "CSV", "genes.txt"]
    assert any("at least 8 other genes" in c.value for c in pair.caption) and not pair.error


def test_an_empty_gene_list_and_no_cells_say_what_is_missing(pair):
    pair.query_params["context"] = "genes"
    pair.run()
    assert "no genes yet" in pair.info[0].value
    pair.session_state["context"] = "cells"
    pair.run()
    assert "no cells yet" in pair.info[0].value and not pair.get("plotly_chart")
    assert "Use the example: 700 blood cells" in [b.label for b in pair.button]


def embedded() -> str:
    from ugrn_core.backbones.registry import BACKBONES, is_available

    if not is_available(BACKBONES["ugrn-mini-3"]):
        pytest.skip("ugrn-mini-3 is not in this copy of the project")
    return "ugrn-mini-3"


def with_cells(page: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """A page of the default model whose cells, 40 of two kinds, came from a path that was typed."""
    monkeypatch.setattr(cells, "_path", lambda: None)
    monkeypatch.setattr(cells, "paths_welcome", lambda: True)
    file = h5ad(folder / "cells.h5ad")
    at = framed(page)
    at.session_state["model"] = embedded()
    at.session_state["cells"] = cells.Cells(read_h5ad(file), "test", "cells.h5ad", file=file)
    at.session_state["cells_from"] = "path"
    return at


def test_groups_of_the_example_cells_are_overlaid():
    at = framed("pair.py")
    at.query_params.update(
        {
            "model": embedded(), "source": "SPI1", "target": "CD14", "context": "cells", "cells": "example",
            "column": "bulk_labels", "levels": "CD14+ Monocyte,CD19+ B", "grid": "-1,1", "specific": "no",
        }
    )  # fmt: skip
    at.run()
    for _ in range(60):
        if at.get("plotly_chart") and facts(at)["Residual"][0] != "...":
            break
        at.run()
    assert not at.exception and not at.error
    assert not next(t for t in at.toggle if t.label == "Pair-specific").value
    assert names(at) == ["CD14+ Monocyte", "CD19+ B"]
    assert titles(at)[0].endswith("when SPI1 goes from its mean in the group to x")
    assert "--context example --group 'bulk_labels=CD14+ Monocyte'" in at.code[0].value


def test_toy_units_have_no_profiles_and_that_is_said(pair):
    pair.query_params.update({"context": "cells", "cells": "example"})
    pair.run()
    assert "profiles of cells exist in" in pair.error[0].value and not pair.exception


def test_uploads_are_read_kept_and_let_go(tmp_path):
    at = framed("start.py")
    at.session_state["cells_from"] = "upload"
    at.run()
    at.file_uploader[0].set_value(("mine.h5ad", h5ad(tmp_path / "mine.h5ad").read_bytes(), "application/x-hdf5"))
    for _ in range(30):
        at.run()
        if "cells" in at.session_state and not at.get("progress"):
            break
    assert not at.exception and not at.error
    kept = at.session_state["cells"]
    assert kept.data.n_cells == 40 and set(kept.data.groups["kind"]) == {"B", "T"} and kept.word == "mine.h5ad"
    at.run()
    assert at.session_state["upload_turn"] == 1 and at.session_state["cells"] is kept  # the file itself is let go


def test_a_broken_upload_is_said_and_the_page_lives_on():
    at = framed("start.py")
    at.session_state["cells_from"] = "upload"
    at.run()
    at.file_uploader[0].set_value(("broken.h5ad", io.BytesIO(b"not HDF5").getvalue(), "application/x-hdf5"))
    for _ in range(30):
        at.run()
        if at.error:
            break
    assert "HDF5" in at.error[0].value and not at.exception and len(at.title) == 1
    assert "cells" not in at.session_state


# several targets, lists


def test_targets_side_by_side():
    at = framed("pair.py")
    at.query_params.update({"mode": "targets", "source": "GATA1", "targets": "KLF1,HBB,oct4"})
    at.run()
    assert not at.exception and names(at) == ["KLF1", "HBB", "POU5F1"]
    assert titles(at)[0] == "change of predicted targets (toy units) when GATA1 goes from 1 to x"
    assert at.code[0].value.count("ugrn pair GATA1") == 3
    peaks = at.dataframe[1].value.query("direction == 'forward'").set_index("target")["peak"]
    assert peaks["HBB"] == pytest.approx(weight("GATA1", "HBB") * 24, rel=1e-4)


def test_targets_empty_says_what_to_choose():
    at = framed("pair.py")
    at.query_params["mode"] = "targets"
    at.run()
    assert "at least one target" in at.info[0].value


def test_a_list_of_pairs_is_scored():
    at = framed("pair.py")
    at.query_params["mode"] = "list"
    at.run()
    assert "no pairs yet" in at.info[0].value
    at.session_state["pair_text"] = "GATA1, KLF1\nOCT4 -> SOX2\nNOPE, TP53"
    at.run()
    assert not at.exception and not at.error
    table = at.dataframe[0].value
    assert list(zip(table["source"], table["target"], strict=True)) == [("GATA1", "KLF1"), ("POU5F1", "SOX2")]
    assert table["forward_max_response"][0] == pytest.approx(weight("GATA1", "KLF1") * 24, rel=1e-4)
    assert any("2 of 3 pairs are scored" in c.value for c in at.caption)
    assert 'ugrn pair "$source" "$target"' in at.code[0].value
    at.session_state["pair_text"] = "GATA1\n"
    at.run()
    assert "Line 1 of the pair list is not a pair" in at.error[0].value


def test_stored_results_are_counted_and_cleared(pair):
    pair.run()
    assert store().stats().entries > 0
    pair.run()
    assert any(m.value.startswith(f"{store().stats().entries} results, ") for m in pair.markdown)
    pair.session_state["source"] = None  # nothing is computed while it is cleared
    pair.run()
    pair.button(key="clear results").click().run()
    assert store().stats().entries == 0


# what a session may open


def test_paths_are_for_ones_own_machine_or_below_the_root(tmp_path, monkeypatch):
    from ui.server import folders

    monkeypatch.setattr(folders, "own_machine", lambda: False)
    monkeypatch.delenv("UGRN_ALLOWED_ROOT", raising=False)
    assert not folders.paths_welcome()
    with pytest.raises(InputError, match="may not be opened"):
        folders.typed_path("/etc/passwd")
    monkeypatch.setenv("UGRN_ALLOWED_ROOT", str(tmp_path))
    assert folders.paths_welcome() and folders.typed_path(str(tmp_path / "a.h5ad")) == tmp_path / "a.h5ad"
    for text in (f"{tmp_path}/../x", "/etc/passwd", str(tmp_path) + "-other/x"):
        with pytest.raises(InputError, match="below"):
            folders.typed_path(text)
    outside = tmp_path / "link"
    outside.symlink_to("/etc")
    with pytest.raises(InputError, match="below"):
        folders.typed_path(str(outside / "passwd"))


LISTENING = {
    "127.0.0.1": True, "localhost": True, "::1": True, "0.0.0.0": False, "10.0.0.7": False, "": False, "my.host": False,
}  # fmt: skip


@pytest.mark.parametrize(("address", "own"), LISTENING.items())
def test_own_machine_is_loopback_alone(address, own, monkeypatch):
    from ui.server import folders

    monkeypatch.setattr(st, "get_option", lambda name: address if name == "server.address" else None)
    assert folders.own_machine() is own


def test_a_checkpoint_folder_that_is_none_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("UGRN_ALLOWED_ROOT", str(tmp_path))
    at = framed("pair.py")
    at.session_state["model"] = "own"
    at.run()
    assert "No checkpoint folder is given yet" in at.info[0].value and not at.exception
    at.session_state["model_folder"] = str(tmp_path)
    at.run()
    assert "not a checkpoint: no args.json" in at.error[0].value and not at.exception


def test_own_checkpoint_by_folder(scgpt_folder, tmp_path, monkeypatch):
    monkeypatch.setenv("UGRN_ALLOWED_ROOT", str(tmp_path))
    at = framed("pair.py")
    at.session_state["model"], at.session_state["model_folder"] = "own", str(scgpt_folder)
    at.session_state["specific"] = False
    at.query_params.update({"source": "GATA1", "target": "KLF1"})
    at.run()
    assert not at.exception and titles(at)[0].startswith("change of predicted KLF1 (bins)")
    assert f"--backbone {scgpt_folder}" in at.code[0].value
    again = framed("pair.py")
    again.query_params.update(dict(at.query_params))
    again.run()  # as when the page is loaded anew
    assert not again.exception and titles(again) == titles(at)


# a page that is closed


def waiting(progress, cancel):
    while not cancel():
        threading.Event().wait(0.01)
    raise Cancelled("Stopped on request.")


def test_jobs_of_a_closed_page_are_stopped_unless_somebody_else_wants_them(monkeypatch):
    monkeypatch.setattr(session, "PATIENCE", 0.05)
    left, stays = session.Visitor("left"), session.Visitor("stays")
    for who, key in ((left, "alone"), (left, "shared"), (stays, "shared")):
        who.jobs.add(JOBS.submit(key, waiting, device=key, owner=who.owner).id)
    alone, shared = (next(j for j in map(JOBS.get, left.jobs) if j.key == key) for key in ("alone", "shared"))
    left.leave()
    assert alone.wait(5) and alone.state == "cancelled"
    assert not shared.stop.is_set()


def test_a_page_that_comes_back_keeps_its_jobs(monkeypatch):
    monkeypatch.setattr(session, "PATIENCE", 0.2)
    back = session.Visitor("back")
    back.jobs.add(JOBS.submit("mine", waiting, owner="back").id)
    back.leave()
    back.stay()
    threading.Event().wait(0.4)
    assert not JOBS.get(next(iter(back.jobs))).stop.is_set()


# the fields for genes


def test_the_fields_get_all_symbols_once_and_mark_factors():
    class Words:
        symbols = ("TP53", "HBB", "GATA1")

    assert genes._texts("test", Words()) == ("GATA1\nHBB\nTP53", "GATA1\nTP53")


def test_addresses_that_are_still_on_their_way_turn_nothing_back(monkeypatch):
    """The browser asks with an address before the last one: no link, unless that was some time ago (Back)."""
    clock = [100.0]
    monkeypatch.setattr(address.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(address.st, "session_state", {"model": TOY})
    monkeypatch.setattr(address.st, "query_params", Written())
    left = [{"gene": "GATA1"}, {"gene": "GATA1", "alike": "KLF1"}, {"gene": "KLF1"}]
    for said in left:
        address.put(said)
        clock[0] += address.ON_ITS_WAY / 4
    before = [{"model": TOY, **said} for said in left]
    assert address._is_on_its_way(before[0]) and address._is_on_its_way(before[1]), "not the last one left alone"
    assert not address._is_on_its_way({"model": TOY, "gene": "SPI1"})
    clock[0] += 2 * address.ON_ITS_WAY
    assert not address._is_on_its_way(before[1])


class Written(dict):
    """Query parameters as the app writes them."""

    to_dict = dict

    def from_dict(self, said):
        self.clear()
        self.update(said)


def test_one_place_writes_addresses():
    """A page that writes its own does not know what is on its way, and turns back what was clicked in the meantime."""
    writers = [f.name for f in (ROOT / "ui").rglob("*.py") if "query_params.from_dict" in f.read_text("utf-8")]
    assert writers == ["address.py"]


def test_a_model_of_an_address_that_is_not_here_is_named_until_another_is_chosen(pair):
    del pair.session_state["model"]
    pair.query_params["model"] = "nothing-like-it"
    pair.run()
    assert "nothing-like-it, which the address asks for, is not here" in pair.warning[0].value.replace("\\", "")
    pair.run()
    assert pair.warning and not pair.exception
    pair.selectbox(key="model").set_value(TOY).run()
    assert not pair.warning


def test_a_negative_value_bears_a_minus_sign_and_no_hyphen(pair, monkeypatch):
    pair.session_state["specific"] = False
    pair.query_params["grid"], pair.query_params["base"] = "-3,-1", "-0.5"
    pair.run()
    assert facts(pair)["Largest change of KLF1"][1] == "at GATA1 = −3"
    assert "when GATA1 goes from −0.5 to x" in titles(pair)[0]
    assert any("GATA1 at −" in c.value for c in pair.caption)
