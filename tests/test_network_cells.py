"""What the cells show of a network's edges, on its page: asked, shown beside, filtered by, taken away."""

from __future__ import annotations

import io
import json
import shlex
from dataclasses import replace

import anndata as ad
import networkx as nx
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from tests.test_network_page import edges, finished, press, words
from tests.test_pages import fresh, with_cells  # noqa: F401 (a fixture for every test)
from ugrn_core.cli.app import app
from ugrn_core.evidence.activities import COLUMNS as ACTIVITY_COLUMNS
from ugrn_core.evidence.evidence import COLUMNS
from ugrn_core.figures.activities import plot_activities, prepare_activities
from ugrn_core.figures.style import SERIES
from ugrn_core.jobs import JOBS
from ui.network import files as network_files
from ui.network import keys
from ui.shared import uploads
from ui.shared.cells import Cells


@pytest.fixture
def page(tmp_path, monkeypatch) -> AppTest:
    """The network of 40 cells of two kinds, all its edges shown in a table."""
    at = with_cells("network.py", tmp_path, monkeypatch)
    at.query_params.update({"from": "cells", "rule": "best", "best": "5000", "view": "table"})
    return finished(press(at.run(), "Predict the network"), n_runs=200)


def asked(at: AppTest) -> AppTest:
    if "Ask the cells" in [b.label for b in at.button]:
        press(at, "Ask the cells")
    for _ in range(200):
        if "Evidence of 40 cells" in words(at):
            return at
        at.run()
    raise AssertionError(words(at))


def test_evidence_stands_beside_the_edges_and_can_be_filtered_by(page, tmp_path, monkeypatch):
    before = edges(page)
    assert not set(COLUMNS) & set(before)
    page.selectbox(key="net within").set_value("kind").run()
    beside = edges(asked(page))
    pd.testing.assert_frame_equal(beside[list(before)], before)  # nothing of it enters the model's columns
    assert list(beside)[-len(COLUMNS) :] == list(COLUMNS)
    assert "within 2 groups" in words(page)
    before.to_csv(tmp_path / "edges.csv", index=False)
    line = next(c.value for c in page.code if c.value.startswith("ugrn evidence")).split()[1:]
    at = {"edges.csv": str(tmp_path / "edges.csv"), "cells.h5ad": str(tmp_path / "cells.h5ad")}
    done = CliRunner().invoke(app, [str(at.get(word, word)) for word in line])
    assert done.exit_code == 0, done.output
    same = pd.read_csv(io.StringIO(done.stdout))
    alike = [name for name in COLUMNS if name != "agreement"]  # which is among all scored edges, not those shown
    pd.testing.assert_frame_equal(same[alike], beside[alike], check_dtype=False, atol=2e-6)
    page.toggle(key=keys.AGREE).set_value(True).run()
    left = edges(page) if (beside["cells_show"] == "yes").any() else beside.head(0)
    assert len(left) == (beside["cells_show"] == "yes").sum()
    page.toggle(key=keys.AGREE).set_value(False).run()
    page.toggle(key=keys.SURE).set_value(True).run()
    assert edges(page)["agreement"].dropna().is_monotonic_decreasing
    page.session_state["net edge"] = tuple(beside.loc[0, ["source", "target"]])
    page.run()
    assert "The cells show it:" in words(page)
    JOBS._jobs.clear()  # the answer lies in the store: it opens where the file of cells is not
    page.session_state["cells"] = replace(page.session_state["cells"], file=None)
    again = edges(asked(page.run()))
    pd.testing.assert_series_equal(again["cells_spearman_low"], edges(page)["cells_spearman_low"])


def test_the_graph_files_hold_what_the_cells_show_once_they_were_asked(page, tmp_path, monkeypatch):
    made = []
    real = network_files.show
    monkeypatch.setattr(network_files, "show", lambda *a: (made.append(a), real(*a)))
    page.toggle(key=keys.AGREE).set_value(False)
    page.toggle(key=keys.SURE).set_value(True)
    page.number_input(key="net cells best").set_value(7).run()
    beside = edges(asked(page).run()).set_index(["source", "target"])
    network, shown, known, token, evidence, said = made[-1]
    share = network.asked.translator.card.prevalence
    wanted = network_files.Wanted(network, shown, known, share, "ugrn network --out .", token, evidence)
    folder = network_files._folder(wanted)
    cyjs = json.loads((folder / "network.cyjs").read_text())
    for graph in (
        nx.read_graphml(folder / "network.graphml"),
        nx.read_gexf(folder / "network.gexf"),
        nx.cytoscape_graph(cyjs),
    ):
        assert set(graph.edges()) == set(beside.index)
        for source, target, values in graph.edges(data=True):
            row = beside.loc[(source, target)]
            assert values["cells_show"] == row["cells_show"] and set(COLUMNS) - set(values) == {
                c for c in COLUMNS if pd.isna(row[c])
            }
            assert values["cells_spearman"] == pytest.approx(row["cells_spearman"])
    cells = ad.read_h5ad(folder / "network.h5ad")
    at = [cells.var_names.get_loc(g) for g in beside.index[0]]
    assert cells.varp["cells_both"][at[0], at[1]] == pytest.approx(beside["cells_both"].iloc[0])
    assert not set(COLUMNS) & set(pd.read_csv(folder / "edges.csv"))  # all scored edges, as the model has them
    line = next(c.value for c in page.code if c.value.startswith("ugrn network"))
    assert said == ("--evidence", "--best", "7", "--surest") and shlex.join(said) in line
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, [*shlex.split(line)[1:-1], "net"])
    assert done.exit_code == 0, done.output
    graphs = [nx.read_graphml(f / "network.graphml") for f in (folder, tmp_path / "net")]
    assert dict(graphs[0].edges) == dict(graphs[1].edges) and list(graphs[0].edges) == list(graphs[1].edges)


def test_activities_are_those_of_the_command(page, tmp_path):
    page.number_input(key=keys.ACTIVITY_TOP).set_value(200).run()
    press(page, "Compute the activities")
    for _ in range(200):
        found = [d.value for d in page.dataframe if "p_random" in d.value and "p" in d.value]
        if found:
            break
        page.run()
    assert found and not page.exception, words(page)
    edges(page)[["source", "target", "score"]].to_csv(tmp_path / "edges.csv", index=False)
    line = next(c.value for c in page.code if c.value.startswith("ugrn activities")).split()[1:]
    at = {name: str(tmp_path / name) for name in ("edges.csv", "cells.h5ad")}
    done = CliRunner().invoke(app, [str(at.get(word, word)) for word in line])
    assert done.exit_code == 0, done.output
    same = pd.read_csv(io.StringIO(done.stdout))
    pd.testing.assert_frame_equal(found[-1].reset_index(drop=True), same, check_dtype=False, atol=2e-5)


def test_a_square_is_an_activity_and_its_mark_what_random_networks_do():
    table = pd.DataFrame(
        [
            (g, s, 6, a, 0.5, p, 1)
            for g, s, a, p in (
                ("x", "A", 3.0, 0.01),
                ("x", "B", -1.0, 0.4),
                ("y", "A", -2.0, 0.2),
                ("y", "B", 5.0, 0.05),
            )
        ],
        columns=[*ACTIVITY_COLUMNS],
    )
    frame = prepare_activities(table)
    assert frame["source"].tolist() == ["A", "A", "B", "B"] and set(prepare_activities(table, 1)["source"]) == {"B"}
    (square,) = plot_activities(frame, "kind").data
    assert square.colorscale[-1][1] == SERIES[0].colour and square.zmax == -square.zmin, "blue is above, as everywhere"
    assert (list(square.x), list(square.y)) == (["x", "y"], ["A", "B"])
    assert [list(row) for row in square.z] == [[3.0, -2.0], [-1.0, 5.0]]
    assert [list(row) for row in square.text] == [["•", ""], ["", "•"]]


def test_a_file_that_is_gone_is_said(page):
    held = page.session_state["cells"]
    page.session_state["cells"] = Cells(held.data, "test", "cells.h5ad")
    press(page, "Ask the cells")
    for _ in range(60):
        if "Upload it again" in words(page):
            break
        page.run()
    assert "Upload it again to ask the cells" in words(page) and not page.exception


def test_other_methods_run_on_the_same_cells(page, tmp_path):
    page.multiselect(key=keys.PEERS).set_value(["Pearson", "Spearman"]).run()
    press(page, "Run them on the cells")
    for _ in range(200):
        found = [d.value for d in page.dataframe if "rank_correlation" in d.value]
        if found:
            break
        page.run()
    assert found[0]["method"].tolist() == ["network", "Pearson", "Spearman"] and not page.exception
    ranks = next(d.value for d in page.dataframe if "rank_method" in d.value)
    assert set(ranks["method"]) == {"Pearson", "Spearman"} and ranks["rank_network"].min() == 1
    edges(page)[["source", "target", "score"]].to_csv(tmp_path / "edges.csv", index=False)
    line = next(c.value for c in page.code if c.value.startswith("ugrn peers")).split()[1:]
    at = {name: str(tmp_path / name) for name in ("edges.csv", "cells.h5ad")}
    done = CliRunner().invoke(app, [*(str(at.get(word, word)) for word in line[:-1]), str(tmp_path / "peers")])
    assert done.exit_code == 0, done.output
    assert pd.read_csv(io.StringIO(done.stdout))["method"].tolist() == found[0]["method"].tolist()


def test_an_upload_is_kept_once_and_goes_with_the_session(monkeypatch):
    state: dict = {}
    monkeypatch.setattr(uploads.st, "session_state", state)
    upload = io.BytesIO(b"some cells")
    first = uploads.copy_of("one", upload)
    assert first is not None and first.read_bytes() == b"some cells" and upload.tell() == 0
    assert uploads.copy_of("one", upload) == first
    second = uploads.copy_of("two", io.BytesIO(b"others"))
    assert second is not None and second.read_bytes() == b"others" and not first.exists()
    state.clear()
    assert not second.exists()
    monkeypatch.setattr(uploads.shutil, "copyfileobj", lambda *_: (_ for _ in ()).throw(OSError(28, "full")))
    assert uploads.copy_of("three", upload) is None
